//! Service tickets that a review asks for, once each, and whether they are closed.

use super::settings::Settings;
use super::{ADD_TICKETS, READ_TICKETS, SLUG, lookups};
use crate::Failure;
use crate::api::{id, literal, short};
use crate::state::{Record, Shelf};
use crate::work::Work;
use serde::Deserialize;
use serde_json::json;

const TICKET: &str = "ticket";

/// A ticket that is wanted.
#[derive(Deserialize)]
pub struct Wanted {
    /// What it is about: `asset:12:warranty`.
    pub key: String,
    pub company: i64,
    pub summary: String,
    #[serde(default)]
    pub description: String,
}

pub fn create(work: &mut Work<'_>) -> Result<(), Failure> {
    let settings: Settings = work.settings()?;
    let wanted: Vec<Wanted> = work.input("tickets.jsonl")?;
    if wanted.is_empty() {
        return Ok(());
    }
    let board = lookups::maybe(
        work,
        lookups::BOARDS,
        "tickets.board",
        settings.tickets.board.as_deref(),
    )?;
    let severity = settings.tickets.severity.as_deref();
    if let Some(severity) = severity {
        lookups::named(work, lookups::SEVERITIES, "tickets.severity", severity)?;
    }
    let source = lookups::maybe(
        work,
        lookups::SOURCES,
        "tickets.source",
        settings.tickets.source.as_deref(),
    )?;
    for ticket in wanted {
        work.counts.read += 1;
        let key = short(&format!("propel:{}", ticket.key), 100);
        let mut link = work
            .state
            .find(Shelf::Link, SLUG, TICKET, &key)?
            .unwrap_or_else(|| Record::new(SLUG, TICKET, key.clone()));
        if link.state == "closed" {
            work.counts.unchanged += 1;
            continue;
        }
        let found = work.api.find(
            READ_TICKETS,
            "service/tickets",
            &format!("externalXRef={}", literal(&key)),
        )?;
        let row = match found.into_iter().min_by_key(id) {
            Some(there) => there,
            // Made before, and not to be seen: deleted, or hidden. Neither is a reason for a second one.
            None if link.psa_id.is_some() => {
                work.warn(format!(
                    "ticket {} of {} was deleted, or the key's location hides it",
                    link.psa_id.unwrap_or_default(),
                    ticket.key
                ));
                continue;
            }
            None => {
                let mut body = json!({
                    "summary": short(&ticket.summary, 100), "company": { "id": ticket.company },
                    "initialDescription": ticket.description, "externalXRef": key,
                });
                for (member, value) in [("board", board), ("source", source)] {
                    if let Some(value) = value {
                        body[member] = json!({ "id": value });
                    }
                }
                if let Some(severity) = severity {
                    body["severity"] = json!(severity);
                }
                let made = work.api.post(ADD_TICKETS, "service/tickets", &body);
                let Some(made) = work.taken(&format!("ticket {}", ticket.key), made)? else {
                    continue;
                };
                work.counts.created += 1;
                made
            }
        };
        let state = if row["closedFlag"] == true {
            "closed"
        } else {
            "open"
        };
        if link.id != 0 && link.state == state {
            work.counts.unchanged += 1;
            continue;
        }
        link.psa_id = Some(id(&row));
        state.clone_into(&mut link.state);
        link.updated = work.moment();
        work.state.put(Shelf::Link, &mut link)?;
    }
    Ok(())
}
