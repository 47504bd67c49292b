//! The values that mappings and forms offer, read daily and kept. A value that a setting names and the PSA has
//! no more stops the job that needs it, by name.

use super::{MEMBERS, MY_COMPANY, SLUG};
use crate::Failure;
use crate::api::{Need, id};
use crate::state::{Record, Shelf};
use crate::text::hash;
use crate::work::Work;
use bitting_policy::Verb;
use serde_json::{Value, json};

pub const COMPANY_TYPES: &str = "company/companies/types";
pub const COMPANY_STATUSES: &str = "company/companies/statuses";
pub const ASSET_TYPES: &str = "company/configurations/types";
pub const TEAM_ROLES: &str = "company/teamRoles";
pub const OPPORTUNITY_TYPES: &str = "sales/opportunities/types";
pub const OPPORTUNITY_STATUSES: &str = "sales/opportunities/statuses";
pub const PROBABILITIES: &str = "sales/probabilities";
pub const STAGES: &str = "sales/stages";
pub const ACTIVITY_TYPES: &str = "sales/activities/types";
pub const BOARDS: &str = "service/boards";
pub const SEVERITIES: &str = "service/severities";
pub const SOURCES: &str = "service/sources";
pub const PEOPLE: &str = "system/members";
pub const LOCATIONS: &str = "system/locations";

/// The fifteen tables of the profile and where each is read.
pub const TABLES: [(&str, &str); 15] = [
    ("Activities / Activity Type", ACTIVITY_TYPES),
    ("Agreements / Agreement Type", "finance/agreements/types"),
    ("Company / Company Status", COMPANY_STATUSES),
    ("Company / Company Type", COMPANY_TYPES),
    ("Company / Configuration", ASSET_TYPES),
    (
        "Company / Configuration Status",
        "company/configurations/statuses",
    ),
    ("Company / Team Role", TEAM_ROLES),
    ("Invoicing / Billing Cycle", "finance/billingCycles"),
    ("Opportunities / Opportunity Status", OPPORTUNITY_STATUSES),
    ("Opportunities / Opportunity Type", OPPORTUNITY_TYPES),
    ("Opportunities / Sales Probability", PROBABILITIES),
    ("Opportunities / Sales Stage", STAGES),
    ("Service / Service Board", BOARDS),
    ("Service / Severity", SEVERITIES),
    ("Service / Source", SOURCES),
];

const LOOKUP: &str = "lookup";

/// Reads all of them; one that is refused holds up no other.
pub fn read(work: &mut Work<'_>) -> Result<(), Failure> {
    let mut missing = Vec::new();
    let tables = TABLES
        .iter()
        .map(|(table, path)| (Need::table(table, Verb::Inquire), *path));
    for (need, path) in tables.chain([(MEMBERS, PEOPLE), (MY_COMPANY, LOCATIONS)]) {
        match one(work, need, path) {
            Err(Failure::Right { need, .. }) => missing.push(need),
            other => other?,
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::Held(format!(
        "the key lacks {}; what comes from there cannot be chosen",
        missing.join(", ")
    )))
}

fn one(work: &mut Work<'_>, need: Need, path: &str) -> Result<(), Failure> {
    let rows = work.api.all(need, path)?;
    work.counts.read += rows.len() as u64;
    // Only what a choice needs is kept.
    let kept: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!({
                "id": id(row), "name": row.get("name").or(row.get("description")).or(row.get("identifier")).or(row.get("probability")),
                "identifier": row["identifier"], "won": row["wonFlag"], "lost": row["lostFlag"], "closed": row["closedFlag"],
            })
        })
        .collect();
    let content = json!(kept);
    let mut record = work
        .state
        .find(Shelf::Mapping, SLUG, LOOKUP, path)?
        .unwrap_or_else(|| Record::new(SLUG, LOOKUP, path));
    let print = hash(&content.to_string());
    if record.hash == print {
        work.counts.unchanged += 1;
        return Ok(());
    }
    record.hash = print;
    record.updated = work.moment();
    record.data = content;
    work.counts.changed += 1;
    work.state.put(Shelf::Mapping, &mut record)
}

/// What was read of a table.
pub fn rows(work: &mut Work<'_>, path: &'static str) -> Result<Vec<Value>, Failure> {
    if let Some(record) = work.state.find(Shelf::Mapping, SLUG, LOOKUP, path)? {
        return Ok(record.data.as_array().cloned().unwrap_or_default());
    }
    let table = TABLES.iter().find(|(_, known)| *known == path);
    let need = match (table, path) {
        (Some((table, _)), _) => Need::table(table, Verb::Inquire),
        (None, PEOPLE) => MEMBERS,
        (None, _) => MY_COMPANY,
    };
    one(work, need, path)?;
    let record = work.state.find(Shelf::Mapping, SLUG, LOOKUP, path)?;
    Ok(record
        .and_then(|record| record.data.as_array().cloned())
        .unwrap_or_default())
}

/// The id of the value that a setting names.
pub fn named(
    work: &mut Work<'_>,
    path: &'static str,
    setting: &str,
    word: &str,
) -> Result<i64, Failure> {
    let rows = rows(work, path)?;
    let is = |value: &Value| match value {
        Value::String(text) => text.eq_ignore_ascii_case(word),
        Value::Number(number) => number.to_string() == word,
        _ => false,
    };
    let found = rows
        .iter()
        .find(|row| is(&row["name"]) || is(&row["identifier"]))
        .or_else(|| rows.iter().find(|row| is(&row["id"])));
    found.map(id).ok_or_else(|| {
        let known: Vec<String> = rows
            .iter()
            .take(20)
            .map(|row| row["name"].to_string())
            .collect();
        Failure::Settings(format!(
            "{setting} is `{word}`, which {path} does not have (any more); it has {}",
            known.join(", ")
        ))
    })
}

/// Ids of several values.
pub fn all_named(
    work: &mut Work<'_>,
    path: &'static str,
    setting: &str,
    words: &[String],
) -> Result<Vec<i64>, Failure> {
    words
        .iter()
        .map(|word| named(work, path, setting, word))
        .collect()
}

/// The id of a value that may be left to the PSA.
pub fn maybe(
    work: &mut Work<'_>,
    path: &'static str,
    setting: &str,
    word: Option<&str>,
) -> Result<Option<i64>, Failure> {
    word.map(|word| named(work, path, setting, word))
        .transpose()
}
