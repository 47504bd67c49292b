//! From text to a profile, strictly: an unknown key, a wrong level, a cycle of features or a row
//! said twice is an error with file and line. Reads no file itself and knows no registry.

use super::autotask::{Impersonation, SecurityLevel, Setting};
use super::consistency::check;
use super::document::{
    Connection, Correction, Edition, Feature, KnownError, Precondition, Product, Profile, Relation,
    RoleNotes, Source, Status, Step,
};
use super::error::ProfileError;
use super::form::{Member, User};
use super::grant::Grant;
use super::nearest::nearest;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;
use toml::Spanned;

/// The file as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    profile: Product,
    source: Vec<Source>,
    #[serde(default)]
    edition: Vec<Spanned<EditionText>>,
    #[serde(default)]
    role: RoleNotes,
    #[serde(default)]
    grant: Vec<Spanned<Grant>>,
    level: Option<SecurityLevel>,
    #[serde(default)]
    setting: Vec<Spanned<Setting>>,
    #[serde(default)]
    impersonation: Vec<Spanned<Impersonation>>,
    #[serde(default)]
    feature: Vec<Spanned<FeatureText>>,
    #[serde(default)]
    member: Member,
    user: Option<User>,
    #[serde(default)]
    connection: Vec<Connection>,
    #[serde(default)]
    precondition: Vec<Precondition>,
    #[serde(default)]
    step: Vec<Step>,
    #[serde(default)]
    error: Vec<KnownError>,
    #[serde(default)]
    correction: Vec<Correction>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EditionText {
    title: String,
    url: String,
    relation: Relation,
    note: String,
    #[serde(default)]
    incomplete: bool,
    #[serde(default)]
    grant: Vec<Spanned<Grant>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FeatureText {
    id: String,
    title: String,
    #[serde(default)]
    why: String,
    #[serde(default)]
    default: bool,
    #[serde(default)]
    status: Status,
    #[serde(default)]
    includes: Vec<String>,
    until: Option<String>,
    #[serde(default)]
    grant: Vec<Spanned<Grant>>,
    #[serde(default)]
    setting: Vec<Spanned<Setting>>,
    #[serde(default)]
    impersonation: Vec<Spanned<Impersonation>>,
}

impl Profile {
    /// Reads a profile. `file` names it in messages, and its stem becomes the slug.
    ///
    /// # Errors
    /// [`ProfileError::Syntax`] and [`ProfileError::Inconsistent`], both with file and line.
    pub fn parse(file: &str, text: &str) -> Result<Self, ProfileError> {
        let read: Text = toml::from_str(text).map_err(|error| syntax(file, text, &error))?;
        let lines = Lines(text);
        let slug = file.rsplit(['/', '\\']).next().unwrap_or(file);
        let profile = Profile {
            slug: slug.strip_suffix(".toml").unwrap_or(slug).to_owned(),
            file: file.to_owned(),
            lines: lines.keys(),
            text: text.to_owned(),
            product: read.profile,
            source: read.source,
            edition: read.edition.into_iter().map(|e| lines.edition(e)).collect(),
            role: read.role,
            grant: lines.grants(read.grant),
            level: read.level,
            setting: lines.settings(read.setting),
            impersonation: lines.impersonations(read.impersonation),
            feature: read.feature.into_iter().map(|f| lines.feature(f)).collect(),
            member: read.member,
            user: read.user,
            connection: read.connection,
            precondition: read.precondition,
            step: read.step,
            error: read.error,
            correction: read.correction,
        };
        check(&profile)?;
        Ok(profile)
    }
}

/// The single tables of the file once more, only to learn where their keys stand.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Places {
    profile: Option<Spanned<Keys>>,
    role: Option<Spanned<Keys>>,
    level: Option<Spanned<Keys>>,
    member: Option<Spanned<Keys>>,
    user: Option<Spanned<Keys>>,
}

type Keys = BTreeMap<String, Spanned<IgnoredAny>>;

/// Turns byte offsets into lines.
struct Lines<'a>(&'a str);

impl Lines<'_> {
    /// The line of each single table and of each key in it: `member`, `member.identifier`.
    fn keys(&self) -> BTreeMap<String, usize> {
        let read: Places = toml::from_str(self.0).unwrap_or_default();
        let mut lines = BTreeMap::new();
        for (name, table) in [
            ("profile", read.profile),
            ("role", read.role),
            ("level", read.level),
            ("member", read.member),
            ("user", read.user),
        ] {
            let Some(table) = table else { continue };
            lines.insert(name.to_owned(), self.of(table.span().start));
            for (key, value) in table.into_inner() {
                lines.insert(format!("{name}.{key}"), self.of(value.span().start));
            }
        }
        lines
    }

    fn of(&self, offset: usize) -> usize {
        line_of(self.0, offset)
    }

    fn grants(&self, rows: Vec<Spanned<Grant>>) -> Vec<Grant> {
        rows.into_iter()
            .map(|row| {
                let line = self.of(row.span().start);
                Grant {
                    line,
                    ..row.into_inner()
                }
            })
            .collect()
    }

    fn settings(&self, rows: Vec<Spanned<Setting>>) -> Vec<Setting> {
        rows.into_iter()
            .map(|row| {
                let line = self.of(row.span().start);
                Setting {
                    line,
                    ..row.into_inner()
                }
            })
            .collect()
    }

    fn impersonations(&self, rows: Vec<Spanned<Impersonation>>) -> Vec<Impersonation> {
        rows.into_iter()
            .map(|row| {
                let line = self.of(row.span().start);
                Impersonation {
                    line,
                    ..row.into_inner()
                }
            })
            .collect()
    }

    fn edition(&self, text: Spanned<EditionText>) -> Edition {
        let line = self.of(text.span().start);
        let text = text.into_inner();
        Edition {
            title: text.title,
            url: text.url,
            relation: text.relation,
            note: text.note,
            incomplete: text.incomplete,
            grant: self.grants(text.grant),
            line,
        }
    }

    fn feature(&self, text: Spanned<FeatureText>) -> Feature {
        let line = self.of(text.span().start);
        let text = text.into_inner();
        Feature {
            id: text.id,
            title: text.title,
            why: text.why,
            default: text.default,
            status: text.status,
            includes: text.includes,
            until: text.until,
            grant: self.grants(text.grant),
            setting: self.settings(text.setting),
            impersonation: self.impersonations(text.impersonation),
            line,
        }
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
    before.split(|byte| *byte == b'\n').count()
}

fn syntax(file: &str, text: &str, error: &toml::de::Error) -> ProfileError {
    let at = error.span().map_or(0, |span| span.start);
    let line = line_of(text, at);
    let before = text.get(..at).unwrap_or_default();
    let column = before
        .rsplit('\n')
        .next()
        .unwrap_or_default()
        .chars()
        .count()
        + 1;
    let mut message = error.message().trim().replace('\n', " ");
    if let Some(suggestion) = suggest(&message) {
        message.push_str(", did you mean `");
        message.push_str(&suggestion);
        message.push_str("`?");
    }
    ProfileError::Syntax {
        file: file.to_owned(),
        line,
        column,
        message,
    }
}

/// Serde names what it found first and what it would have taken after it, each between backticks.
fn suggest(message: &str) -> Option<String> {
    if !message.starts_with("unknown ") {
        return None;
    }
    let mut quoted = message.split('`').skip(1).step_by(2);
    let found = quoted.next()?;
    nearest(found, quoted).map(str::to_owned)
}
