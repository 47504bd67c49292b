//! Pick lists, read daily and kept; a value that a setting names and the PSA has no more stops the job that needs
//! it, by name.

use super::{
    ADD_TODOS, COMPANIES, READ_ASSETS, READ_OPPORTUNITIES, READ_TICKETS, RESOURCES, Working,
};
use crate::Failure;
use crate::queries::Permission;
use crate::state::{Record, Shelf};
use crate::text::hash;
use serde_json::{Value, json};

const LOOKUP: &str = "lookup";

/// A pick list: entity and field, and the permission it comes with.
#[derive(Clone, Copy)]
pub struct List(&'static str, &'static str, Permission);

pub const COMPANY_TYPES: List = List("Companies", "companyType", COMPANIES);
pub const CI_TYPES: List = List("ConfigurationItems", "configurationItemType", READ_ASSETS);
pub const STATUSES: List = List("Opportunities", "status", READ_OPPORTUNITIES);
pub const STAGES: List = List("Opportunities", "stage", READ_OPPORTUNITIES);
pub const ACTIONS: List = List("CompanyToDos", "actionType", ADD_TODOS);
pub const QUEUES: List = List("Tickets", "queueID", READ_TICKETS);
pub const PRIORITIES: List = List("Tickets", "priority", READ_TICKETS);
pub const TICKET_STATUSES: List = List("Tickets", "status", READ_TICKETS);

const ALL: [List; 8] = [
    COMPANY_TYPES,
    CI_TYPES,
    STATUSES,
    STAGES,
    ACTIONS,
    QUEUES,
    PRIORITIES,
    TICKET_STATUSES,
];

/// Reads all of them, and the resources; one that is refused holds up no other.
pub fn read(work: &mut Working<'_>) -> Result<(), Failure> {
    let mut missing = Vec::new();
    for list in ALL {
        match one(work, list) {
            Err(Failure::Right { need, .. }) => missing.push(need),
            other => drop(other?),
        }
    }
    let fields = ["id", "firstName", "lastName", "email", "isActive"];
    let mut people = Vec::new();
    let read = work.api.walk(RESOURCES, "Resources", &[], &fields, |rows| {
        people.extend(rows);
        Ok(())
    });
    match read {
        Err(Failure::Right { need, .. }) => missing.push(need),
        other => other?,
    }
    work.counts.read += people.len() as u64;
    keep(work, "Resources", json!(people))?;
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::Held(format!(
        "the key lacks {}; what comes from there cannot be chosen",
        missing.join(", ")
    )))
}

fn one(work: &mut Working<'_>, list: List) -> Result<Value, Failure> {
    let List(entity, field, need) = list;
    let picks = work.api.picks(need, entity, field)?;
    work.counts.read += picks.len() as u64;
    let content: Vec<Value> = picks
        .into_iter()
        .map(|(id, name)| json!({ "id": id, "name": name }))
        .collect();
    keep(work, &format!("{entity}.{field}"), json!(content))
}

fn keep(work: &mut Working<'_>, name: &str, content: Value) -> Result<Value, Failure> {
    let slug = work.integration;
    let known = work.state.find(Shelf::Mapping, slug, LOOKUP, name)?;
    let mut record = known.unwrap_or_else(|| Record::new(slug, LOOKUP, name));
    let print = hash(&content.to_string());
    if record.hash == print {
        work.counts.unchanged += 1;
        return Ok(content);
    }
    record.hash = print;
    record.updated = work.moment();
    record.data = content.clone();
    work.counts.changed += 1;
    work.state.put(Shelf::Mapping, &mut record)?;
    Ok(content)
}

/// What was read of a list.
pub fn values(work: &mut Working<'_>, list: List) -> Result<Vec<(i64, String)>, Failure> {
    let name = format!("{}.{}", list.0, list.1);
    let known = work
        .state
        .find(Shelf::Mapping, work.integration, LOOKUP, &name)?;
    let content = match known {
        Some(record) => record.data,
        None => one(work, list)?,
    };
    let rows = content.as_array().cloned().unwrap_or_default();
    Ok(rows
        .iter()
        .filter_map(|row| Some((row["id"].as_i64()?, row["name"].as_str()?.to_owned())))
        .collect())
}

/// The id of the value that a setting names.
pub fn named(
    work: &mut Working<'_>,
    list: List,
    setting: &str,
    word: &str,
) -> Result<i64, Failure> {
    let values = values(work, list)?;
    let found = values
        .iter()
        .find(|(_, name)| name.eq_ignore_ascii_case(word))
        .or_else(|| values.iter().find(|(id, _)| id.to_string() == word));
    found.map(|(id, _)| *id).ok_or_else(|| {
        let known: Vec<&str> = values.iter().map(|(_, name)| name.as_str()).collect();
        Failure::Settings(format!(
            "{setting} is `{word}`, which {} of {} does not have (any more); it has {}",
            list.1,
            list.0,
            known.join(", ")
        ))
    })
}
