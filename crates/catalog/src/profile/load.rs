//! From text to a profile, strictly: an unknown key, a wrong level, a cycle of features or a row
//! said twice is an error with file and line. Reads no file itself and knows no registry.

use super::autotask::{Impersonation, SecurityLevel, Setting, User};
use super::document::{
    Connection, Correction, Edition, Feature, KnownError, Member, Precondition, Product, Profile,
    Psa, Relation, RoleNotes, Source, Status, Step,
};
use super::error::ProfileError;
use super::grant::{Grant, Mode};
use super::nearest::nearest;
use serde::Deserialize;
use std::collections::BTreeSet;
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
    level: Option<Spanned<SecurityLevel>>,
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
        let level_line = read.level.as_ref().map_or(1, |l| lines.of(l.span().start));
        let profile = Profile {
            slug: slug.strip_suffix(".toml").unwrap_or(slug).to_owned(),
            file: file.to_owned(),
            product: read.profile,
            source: read.source,
            edition: read.edition.into_iter().map(|e| lines.edition(e)).collect(),
            role: read.role,
            grant: lines.grants(read.grant),
            level: read.level.map(Spanned::into_inner),
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
        check(&profile, level_line)?;
        Ok(profile)
    }
}

/// Turns byte offsets into lines.
struct Lines<'a>(&'a str);

impl Lines<'_> {
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
    let before = &text.as_bytes()[..offset.min(text.len())];
    1 + before.iter().filter(|byte| **byte == b'\n').count()
}

fn syntax(file: &str, text: &str, error: &toml::de::Error) -> ProfileError {
    let line = error.span().map_or(1, |span| line_of(text, span.start));
    let mut message = error.message().trim().replace('\n', " ");
    if let Some(suggestion) = suggest(&message) {
        message.push_str(", did you mean `");
        message.push_str(&suggestion);
        message.push_str("`?");
    }
    ProfileError::Syntax {
        file: file.to_owned(),
        line,
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

/// What one row cannot show.
fn check(profile: &Profile, level_line: usize) -> Result<(), ProfileError> {
    let refuse = |line: usize, message: String| {
        Err(ProfileError::Inconsistent {
            file: profile.file.clone(),
            line,
            message,
        })
    };
    if profile.source.is_empty() {
        return refuse(
            1,
            "a profile names at least one [[source]]: the guide it is written from".into(),
        );
    }
    match (
        profile.product.psa,
        profile.level.is_some(),
        profile.user.is_some(),
    ) {
        (Psa::ConnectWise, false, false) if profile.settings().next().is_none() => {}
        (Psa::ConnectWise, ..) => {
            return refuse(level_line, "[level], [user] and [[setting]] belong to Autotask profiles; a ConnectWise profile has [[grant]] and [member]".into());
        }
        (Psa::Autotask, true, _) => {
            if let Some((_, grant)) = profile.rows().next() {
                return refuse(grant.line, "[[grant]] belongs to ConnectWise profiles; an Autotask profile has [[setting]]".into());
            }
        }
        (Psa::Autotask, false, _) => {
            return refuse(
                1,
                "an Autotask profile has a [level]: the system level it is copied from".into(),
            );
        }
    }
    check_features(profile)?;
    check_lists(profile)?;
    check_repeats(profile)
}

fn check_features(profile: &Profile) -> Result<(), ProfileError> {
    let ids: Vec<&str> = profile
        .feature
        .iter()
        .map(|feature| feature.id.as_str())
        .collect();
    for (place, feature) in profile.feature.iter().enumerate() {
        let refuse = |message: String| {
            Err(ProfileError::Inconsistent {
                file: profile.file.clone(),
                line: feature.line,
                message,
            })
        };
        let id = &feature.id;
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if id.is_empty() || !id.chars().all(plain) {
            return refuse(format!(
                "feature id `{id}` is typed on a command line: write it in small letters, digits and hyphens"
            ));
        }
        if ids[..place].contains(&id.as_str()) {
            return refuse(format!("feature `{id}` is there twice; join the two"));
        }
        if (feature.status == Status::Temporary) != feature.until.is_some() {
            return refuse(format!(
                "feature `{id}`: `status = \"temporary\"` and `until` (when to take it away) go together"
            ));
        }
        for included in &feature.includes {
            if !ids.contains(&included.as_str()) {
                let hint = nearest(included, ids.iter().copied())
                    .map(|name| format!(", did you mean `{name}`?"))
                    .unwrap_or_default();
                return refuse(format!(
                    "feature `{id}` includes `{included}`, which is no feature{hint}"
                ));
            }
        }
        if let Some(path) = cycle(profile, id) {
            return refuse(format!(
                "features include each other in a circle: {}",
                path.join(" -> ")
            ));
        }
    }
    Ok(())
}

/// The way from a feature back to itself, if there is one.
fn cycle(profile: &Profile, start: &str) -> Option<Vec<String>> {
    let mut seen = BTreeSet::new();
    let mut ways = vec![vec![start.to_owned()]];
    while let Some(way) = ways.pop() {
        let feature = profile.feature(way.last()?)?;
        for next in &feature.includes {
            let mut longer = way.clone();
            longer.push(next.clone());
            if next == start {
                return Some(longer);
            }
            if seen.insert(next.clone()) {
                ways.push(longer);
            }
        }
    }
    None
}

fn check_lists(profile: &Profile) -> Result<(), ProfileError> {
    for (_, grant) in profile.rows() {
        let Some(customize) = &grant.customize else {
            continue;
        };
        let named =
            customize.entries.len() + customize.prefixes.len() + customize.placeholders.len();
        let message = match customize.mode {
            Mode::Allow if named == 0 && !customize.incomplete => {
                "mode `allow` names no entry; write mode `none` for an empty list, or `incomplete = true` where it could not be read"
            }
            Mode::Deny if named == 0 => "mode `deny` names no entry; write mode `all`",
            Mode::Deny if !customize.prefixes.is_empty() => {
                "mode `deny` takes names only; a prefix is for mode `allow`"
            }
            Mode::All | Mode::None if named > 0 => {
                "modes `all` and `none` name no entries; write mode `allow` or `deny`"
            }
            _ => continue,
        };
        return Err(ProfileError::Inconsistent {
            file: profile.file.clone(),
            line: grant.line,
            message: format!("{}: {message}", grant.title()),
        });
    }
    Ok(())
}

/// A row said twice in one group would leave open which one counts.
fn check_repeats(profile: &Profile) -> Result<(), ProfileError> {
    let mut seen = BTreeSet::new();
    let rows = profile
        .rows()
        .map(|(feature, grant)| (feature, grant.title(), grant.line));
    let settings = profile
        .settings()
        .map(|(feature, setting)| (feature, setting.title(), setting.line));
    for (feature, title, line) in rows.chain(settings) {
        let group = feature.map(|feature| feature.id.as_str());
        if !seen.insert((group, title.clone())) {
            return Err(ProfileError::Inconsistent {
                file: profile.file.clone(),
                line,
                message: format!("{title} is there twice; join the two rows"),
            });
        }
    }
    Ok(())
}
