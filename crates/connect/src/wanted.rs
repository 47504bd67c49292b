//! What an integration shall get: the smallest role for the chosen features, and the form of its API member.
//! Made from the profile and a person's choices alone, before any PSA is asked.

use crate::ConnectError;
use bitting_catalog::profile::lint::{Severity, lint};
use bitting_catalog::profile::{AdminAlternative, Completeness, MemberValue, Profile, Selection};
use bitting_policy::{Level, Registry, Role, RoleDocument, Verb};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Longest member id the form takes, in characters.
pub const IDENTIFIER: usize = 15;
/// Longest name of a member or a role, in characters.
pub const NAME: usize = 30;

/// What a person decides on top of the profile.
#[derive(Debug, Clone, Default)]
pub struct Choices {
    pub selection: Selection,
    /// Name of the security role.
    pub role: Option<String>,
    /// Id of the API member.
    pub member: Option<String>,
    /// Node of the structure whose records it sees.
    pub location: Option<String>,
    /// Board of tickets it makes without one.
    pub board: Option<String>,
    /// Take the administrator's role that the guide offers, instead of its rows.
    pub admin: bool,
}

/// What shall be there in the end.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The profile's title: `Cisco Umbrella`.
    pub title: String,
    pub document: RoleDocument,
    pub role: Role,
    pub member: Form,
    /// Reason of each row, by (module, action).
    pub why: BTreeMap<(String, String), String>,
    /// What a person should know or choose, a sentence each.
    pub notes: Vec<String>,
    /// What the integration may need beside this, because the guide could not be read whole.
    pub doubts: Vec<String>,
}

/// The API member form. What is `None` is left as it is, or to the PSA's default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form {
    pub identifier: String,
    pub name: String,
    pub email: Option<String>,
    /// Node of the structure. For a new member, `Corporate` when nothing else is said.
    pub location: Option<String>,
    /// Whether somebody asked for that location, so that it is kept to on a member that exists.
    pub location_said: bool,
    pub department: Option<String>,
    pub board: Option<String>,
    pub excluded_boards: Vec<String>,
    pub block_price: Option<bool>,
    pub block_cost: Option<bool>,
}

/// Works out what is wanted.
pub fn wanted(
    profile: &Profile,
    choices: &Choices,
    registry: &Registry,
) -> Result<Wanted, ConnectError> {
    let mut document = profile.role_for(registry, &choices.selection)?;
    if let Some(name) = &choices.role {
        document.name.clone_from(name);
    }
    let said = choices.role.is_none().then_some((profile, "role.name"));
    fits("role name", &document.name, NAME, said)?;
    if choices.admin {
        if profile.product.admin_alternative == AdminAlternative::None {
            return Err(ConnectError::InTheWay {
                what: format!(
                    "the guide of {} offers no administrator's role",
                    profile.title()
                ),
                remedy: "leave --admin out".to_owned(),
            });
        }
        document.admin = true;
        document.rows.clear();
        document.lists.clear();
    }
    let role = Role::from_document(registry, &document).map_err(|source| ConnectError::Role {
        profile: faulty(profile, registry),
        fault: Box::new(source),
    })?;
    let mut notes = Vec::new();
    if document.admin {
        notes.push(
            "an administrator's role holds every right; verify and audit say so, and `bitting learn` finds the few it uses"
                .to_owned(),
        );
    } else if document.rows.is_empty() {
        notes.push(match profile.product.admin_alternative {
            AdminAlternative::None => {
                "the profile asks for no right, so its key will read nothing".to_owned()
            }
            _ => "the guide names no row and lets an administrator's role be used: without --admin its key will read nothing"
                .to_owned(),
        });
    }
    let doubts = if document.admin {
        Vec::new()
    } else {
        doubts(profile, choices)
    };
    notes.extend(doubts.iter().cloned());
    let member = form(profile, choices, &mut notes)?;
    let needs = profile.resolved(registry, &choices.selection)?;
    let why = needs
        .into_iter()
        .filter(|(_, need)| need.levels != [Level::None; 4])
        .map(|(_, need)| {
            let why: Vec<String> = need.why.into_iter().collect();
            ((need.module, need.action), why.join("; "))
        })
        .collect();
    Ok(Wanted {
        title: profile.title(),
        // The role's own words, so that names and order are the registry's everywhere.
        document: role.document(registry),
        role,
        member,
        why,
        notes,
        doubts,
    })
}

impl Wanted {
    /// Every cell that is needed: module, action, verb and level, in the screen's order.
    pub fn cells(&self) -> impl Iterator<Item = (&str, &str, Verb, Level)> {
        self.document.rows.iter().flat_map(|row| {
            let levels = row.levels();
            Verb::EVERY
                .into_iter()
                .zip(levels)
                .filter(|(_, level)| *level > Level::None)
                .map(|(verb, level)| (row.module.as_str(), row.action.as_str(), verb, level))
        })
    }

    /// Why a row is needed.
    pub fn reason(&self, module: &str, action: &str) -> &str {
        let key = (module.to_owned(), action.to_owned());
        self.why.get(&key).map_or("", String::as_str)
    }
}

/// Where in its file a profile cannot be: what the lint finds first.
fn faulty(profile: &Profile, registry: &Registry) -> String {
    let found = lint(profile, registry);
    let error = found
        .into_iter()
        .find(|finding| finding.severity == Severity::Error);
    error.map_or_else(|| profile.file.clone(), |finding| finding.place)
}

/// What is said of a profile that holds a part of its guide.
pub(crate) fn partial(profile: &Profile) -> Option<String> {
    if profile.product.completeness == Completeness::Complete {
        return None;
    }
    let gaps = profile.product.gaps.as_deref();
    Some(format!(
        "the guide is in the profile in part ({}), so the integration may need more than this",
        gaps.unwrap_or("some rows could not be read")
            .trim_end_matches('.')
    ))
}

/// What the role may lack because the guide could not be read: a proof knows the profile alone.
fn doubts(profile: &Profile, choices: &Choices) -> Vec<String> {
    let mut notes = Vec::new();
    notes.extend(partial(profile));
    for (_, grant) in profile.selected(&choices.selection) {
        let Some(list) = grant.customize.as_ref().filter(|list| list.incomplete) else {
            continue;
        };
        let named = list.entries.len() + list.prefixes.len() + list.placeholders.len();
        notes.push(match named {
            0 => format!(
                "{}: the guide's list could not be read and nothing of it is allowed; name the entries in the profile",
                grant.title()
            ),
            _ => format!(
                "{}: the guide's list could not be read to its end; what is not named stays closed",
                grant.title()
            ),
        });
    }
    notes
}

fn form(
    profile: &Profile,
    choices: &Choices,
    notes: &mut Vec<String>,
) -> Result<Form, ConnectError> {
    let member = &profile.member;
    let said = |value: &Option<MemberValue>| value.as_ref().and_then(|value| value.value.clone());
    let flag = |value: &Option<MemberValue>| said(value).map(|text| yes(&text));
    let identifier = choices.member.clone().or_else(|| said(&member.identifier));
    let identifier = identifier.unwrap_or_else(|| short(&profile.product.product));
    let written = choices
        .member
        .is_none()
        .then_some((profile, "member.identifier"));
    fits("member id", &identifier, IDENTIFIER, written)?;
    let name =
        said(&member.name).unwrap_or_else(|| profile.product.product.chars().take(NAME).collect());
    fits("member name", &name, NAME, Some((profile, "member.name")))?;
    let location = choices.location.clone().or_else(|| said(&member.location));
    let board = choices
        .board
        .clone()
        .or_else(|| said(&member.default_board));
    let open = [
        (
            "default board",
            &member.default_board,
            board.is_some(),
            "--board",
        ),
        (
            "location",
            &member.location,
            location.is_some(),
            "--location",
        ),
    ];
    for (field, value, filled, option) in open {
        let choose = value.as_ref().and_then(|value| value.choose.as_ref());
        if let (Some(choose), false) = (choose, filled) {
            let why = value.as_ref().map_or("", |value| value.why.as_str());
            let why = if why.is_empty() {
                String::new()
            } else {
                format!(" ({why})")
            };
            notes.push(format!("{field}: choose with {option}: {choose}{why}"));
        }
    }
    // Fields that the plan leaves to a person, and those where the guide names nothing to fill in.
    let by_hand = [
        ("level", &member.level, false),
        ("default territory", &member.territory, false),
        ("time zone", &member.time_zone, false),
        ("licence class", &member.license_class, false),
        (
            "excluded project boards",
            &member.excluded_project_boards,
            false,
        ),
        ("e-mail", &member.email, true),
        ("business unit", &member.department, true),
        ("excluded boards", &member.excluded_boards, true),
        ("block price", &member.block_price, true),
        ("block cost", &member.block_cost, true),
    ];
    for (field, value, filled) in by_hand {
        let Some(value) = value else { continue };
        let text = match (&value.value, filled) {
            (Some(text), false) => Some(text),
            (Some(_), true) => None,
            (None, _) => value.choose.as_ref(),
        };
        notes.extend(text.map(|text| format!("{field}: set by hand: {text}")));
    }
    Ok(Form {
        identifier,
        name: name.trim_end().to_owned(),
        email: said(&member.email),
        location_said: location.is_some(),
        location: location.or_else(|| Some("Corporate".to_owned())),
        department: said(&member.department),
        board,
        excluded_boards: said(&member.excluded_boards)
            .map(|text| parts(&text))
            .unwrap_or_default(),
        block_price: flag(&member.block_price),
        block_cost: flag(&member.block_cost),
    })
}

/// A member id of a product's name: its letters and digits, as many as the form takes.
fn short(product: &str) -> String {
    product
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(IDENTIFIER)
        .collect()
}

/// Whether a text fits its field; where it does not and a profile says it, its place is named too.
fn fits(
    field: &'static str,
    value: &str,
    most: usize,
    written: Option<(&Profile, &str)>,
) -> Result<(), ConnectError> {
    let mut reason = match value.trim().chars().count() {
        0 => "it is empty".to_owned(),
        length if length > most => format!("it has {length} characters, and the form takes {most}"),
        _ => return Ok(()),
    };
    if let Some((profile, key)) = written {
        let (line, column) = profile.spot(profile.line_of(key), &format!("`{value}`"));
        reason = format!("{reason} ({}:{line}:{column})", profile.file);
    }
    Err(ConnectError::Form {
        field,
        value: value.to_owned(),
        reason,
    })
}

fn yes(text: &str) -> bool {
    ["yes", "true", "checked", "on"].contains(&text.trim().to_ascii_lowercase().as_str())
}

fn parts(text: &str) -> Vec<String> {
    let parts = text.split(',').map(|part| part.trim().to_owned());
    parts.filter(|part| !part.is_empty()).collect()
}
