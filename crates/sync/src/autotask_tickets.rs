//! Tickets of an Autotask instance, as every integration makes them: looked up by their external id before they are
//! made, with values of pick lists that people name, and with notes that are made once. Knows no integration.

use crate::Failure;
use crate::api::short;
use crate::queries::{Permission, Pick, Queries, is};
use crate::text::hash;
use serde_json::{Value, json};

pub const READ_TICKETS: Permission = Permission::new("Service Desk / Tickets", "View");
pub const ADD_TICKETS: Permission = Permission::new("Service Desk / Tickets", "Add");
pub const EDIT_TICKETS: Permission = Permission::new("Service Desk / Tickets", "Edit");

const TICKETS: &str = "Tickets";
const NOTES: &str = "TicketNotes";

/// The status of a ticket that is done: the system's own on every instance, whatever its name there.
pub const COMPLETE: i64 = 5;
/// What sort of note is made: the first of the system's own.
const NOTE_TYPE: i64 = 1;
/// Whom a note shows to: internal users.
const INTERNAL: i64 = 2;

/// Most characters that the PSA takes.
const EXTERNAL_ID: usize = 50;
const TITLE: usize = 255;
const DESCRIPTION: usize = 8000;
const NOTE_TITLE: usize = 250;

/// What a ticket is known by: `prefix:key`, or a fingerprint of the key where that would be too long.
pub fn external_id(prefix: &str, key: &str) -> String {
    let plain = format!("{prefix}:{key}");
    // Bytes, so that it fits however the PSA counts.
    if plain.len() <= EXTERNAL_ID {
        return plain;
    }
    format!("{prefix}:{}", hash(key))
}

/// The ticket with this external id, the oldest where there are several.
pub fn by_external_id(api: Queries<'_>, external_id: &str) -> Result<Option<Value>, Failure> {
    let found = api.find(
        READ_TICKETS,
        TICKETS,
        &[is("eq", "externalID", external_id)],
    )?;
    Ok(found.into_iter().min_by_key(|row| row["id"].as_i64()))
}

/// A ticket by its id; none where it does not show, which is no proof that it is not there.
pub fn by_id(api: Queries<'_>, id: i64) -> Result<Option<Value>, Failure> {
    api.one(READ_TICKETS, TICKETS, id)
}

/// Whether a ticket is done.
pub fn is_complete(ticket: &Value) -> bool {
    ticket["status"] == COMPLETE || !ticket["completedDate"].is_null()
}

/// A ticket as it is to be: `further` are its other fields, those without a value left out.
pub fn body(
    company: i64,
    (title, description): (&str, &str),
    external_id: &str,
    further: &[(&'static str, Option<i64>)],
) -> Value {
    let mut body = json!({
        "companyID": company,
        "title": short(title, TITLE),
        "description": short(description, DESCRIPTION),
        "externalID": external_id,
    });
    for (field, value) in further {
        if let Some(value) = value {
            body[*field] = json!(value);
        }
    }
    body
}

/// Makes a ticket; answers its id. Whoever makes one has looked it up before.
pub fn create(api: Queries<'_>, body: &Value) -> Result<i64, Failure> {
    api.post(ADD_TICKETS, TICKETS, body)
}

/// Changes fields of a ticket.
pub fn change(api: Queries<'_>, id: i64, fields: &[(&str, Value)]) -> Result<(), Failure> {
    let mut change = json!({ "id": id });
    for (field, value) in fields {
        change[*field] = value.clone();
    }
    api.patch(EDIT_TICKETS, TICKETS, &change)
}

/// Hangs an internal note on a ticket, once: `mark` stands in its text and is what it is known by. Answers whether
/// it is new. The security level has no cell for adding notes: whoever sees the ticket may.
pub fn note_once(
    api: Queries<'_>,
    ticket: i64,
    mark: &str,
    (title, text): (&str, &str),
) -> Result<bool, Failure> {
    let there = api.find(READ_TICKETS, NOTES, &[is("eq", "ticketID", ticket)])?;
    let known = |note: &Value| {
        note["description"]
            .as_str()
            .is_some_and(|text| text.contains(mark))
    };
    if there.iter().any(known) {
        return Ok(false);
    }
    let note = json!({
        "title": short(title, NOTE_TITLE), "description": text, "noteType": NOTE_TYPE, "publish": INTERNAL,
    });
    api.post(READ_TICKETS, &format!("{TICKETS}/{ticket}/Notes"), &note)?;
    Ok(true)
}

/// A title as long as the PSA takes it.
pub fn title(text: &str) -> String {
    short(text, TITLE)
}

/// The active values of a pick list of tickets, such as `status`, in the PSA's order.
pub fn picks(api: Queries<'_>, field: &str) -> Result<Vec<Pick>, Failure> {
    api.picks_of(READ_TICKETS, TICKETS, field)
}

/// The value that a setting names, by its name or its id.
pub fn named<'p>(
    picks: &'p [Pick],
    field: &str,
    setting: &str,
    word: &str,
) -> Result<&'p Pick, Failure> {
    let by_name = |pick: &&Pick| pick.name.eq_ignore_ascii_case(word);
    let by_id = |pick: &&Pick| pick.id.to_string() == word;
    let found = picks
        .iter()
        .find(by_name)
        .or_else(|| picks.iter().find(by_id));
    found.ok_or_else(|| {
        let known: Vec<&str> = picks.iter().map(|pick| pick.name.as_str()).collect();
        Failure::Settings(format!(
            "{setting} is `{word}`, and tickets have no such {field} (any more); they have {}",
            known.join(", ")
        ))
    })
}

/// What a category supplies to its tickets, by the names of the tickets' fields; empty where it supplies nothing.
pub fn category_defaults(api: Queries<'_>, category: i64) -> Result<Value, Failure> {
    let of = [is("eq", "ticketCategoryID", category)];
    let found = api.find(READ_TICKETS, "TicketCategoryFieldDefaults", &of)?;
    let mut supplied = json!({});
    let Some(row) = found.first() else {
        return Ok(supplied);
    };
    for (theirs, ours) in [
        ("status", "status"),
        ("priority", "priority"),
        ("queueID", "queueID"),
        ("sourceID", "source"),
        ("issueTypeID", "issueType"),
        ("subIssueTypeID", "subIssueType"),
        ("ticketTypeID", "ticketType"),
    ] {
        if !row[theirs].is_null() {
            supplied[ours] = row[theirs].clone();
        }
    }
    Ok(supplied)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn external_ids_fit_and_stay_apart() {
        assert_eq!(external_id("x", "1"), "x:1");
        let (one, other) = ("a".repeat(60), format!("{}b", "a".repeat(59)));
        assert_eq!(external_id("x", &one).len(), 34);
        assert_ne!(external_id("x", &one), external_id("x", &other));
        assert_eq!(external_id("x", &one), external_id("x", &one));
    }

    #[test]
    fn values_are_named_by_name_or_id_and_a_missing_one_says_what_there_is() {
        let pick = |id, name: &str| Pick {
            id,
            name: name.to_owned(),
            default: false,
        };
        // A name that looks like the id of another value is the name.
        let picks = [pick(1, "New"), pick(5, "Complete"), pick(7, "1")];
        let id = |word: &str| named(&picks, "status", "ticket.status", word).unwrap().id;
        assert_eq!((id("new"), id("5"), id("1")), (1, 5, 7));
        let fault = named(&picks, "status", "ticket.status", "Old").unwrap_err();
        let said = fault.to_string();
        assert!(
            said.contains("ticket.status is `Old`") && said.contains("New, Complete, 1"),
            "{said}"
        );
    }
}
