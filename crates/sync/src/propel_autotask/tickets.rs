//! Service tickets that a review asks for, once each, and whether they are completed.

use super::lookups::{self, PRIORITIES, QUEUES, TICKET_STATUSES};
use super::settings::Settings;
use super::{ADD_TICKETS, READ_TICKETS, Working};
use crate::Failure;
use crate::api::short;
use crate::propel::tickets::Wanted;
use crate::queries::is;
use crate::state::{Record, Shelf};
use crate::work::hash;
use serde_json::{Value, json};

const TICKET: &str = "ticket";
/// Most characters of a ticket's external id.
const KEY: usize = 50;

pub fn create(work: &mut Working<'_>) -> Result<(), Failure> {
    let settings: Settings = work.settings()?;
    let wanted: Vec<Wanted> = work.input("tickets.jsonl")?;
    if wanted.is_empty() {
        return Ok(());
    }
    let mut further = Vec::new();
    for (member, list, setting, word) in [
        ("queueID", QUEUES, "tickets.queue", &settings.tickets.queue),
        (
            "priority",
            PRIORITIES,
            "tickets.priority",
            &settings.tickets.priority,
        ),
        (
            "status",
            TICKET_STATUSES,
            "tickets.status",
            &settings.tickets.status,
        ),
    ] {
        let value = match word {
            Some(word) => lookups::named(work, list, setting, word)?,
            // Autotask asks for these two; the first of each list is its own default.
            None if member != "queueID" => match lookups::values(work, list)?.first() {
                Some((id, _)) => *id,
                None => continue,
            },
            None => continue,
        };
        further.push((member, value));
    }
    let slug = work.integration;
    for ticket in wanted {
        work.counts.read += 1;
        let mut key = format!("propel:{}", ticket.key);
        if key.len() > KEY {
            key = format!("propel:{}", hash(&ticket.key));
        }
        let known = work.state.find(Shelf::Link, slug, TICKET, &key)?;
        let mut link = known.unwrap_or_else(|| Record::new(slug, TICKET, key.clone()));
        if link.state == "closed" {
            work.counts.unchanged += 1;
            continue;
        }
        let found = work.api.find(
            READ_TICKETS,
            "Tickets",
            &[is("eq", "externalID", key.as_str())],
        )?;
        let there = found.into_iter().min_by_key(|row| row["id"].as_i64());
        let (id, state) = match there {
            Some(row) => {
                let state = if row["completedDate"].is_null() {
                    "open"
                } else {
                    "closed"
                };
                (row["id"].as_i64().unwrap_or_default(), state)
            }
            // Made before, and not to be seen: deleted, or hidden. Neither is a reason for a second one.
            None if link.psa_id.is_some() => {
                work.warn(format!(
                    "ticket {} of {} was deleted, or is hidden from the key",
                    link.psa_id.unwrap_or_default(),
                    ticket.key
                ));
                continue;
            }
            None => {
                let mut body: Value = json!({
                    "companyID": ticket.company, "title": short(&ticket.summary, 255), "description": ticket.description,
                    "externalID": key,
                });
                for (member, value) in &further {
                    body[*member] = json!(value);
                }
                let made = work.api.post(ADD_TICKETS, "Tickets", &body);
                let Some(id) = work.taken(&format!("ticket {}", ticket.key), made)? else {
                    continue;
                };
                work.counts.created += 1;
                (id, "open")
            }
        };
        if link.id != 0 && link.state == state {
            work.counts.unchanged += 1;
            continue;
        }
        link.psa_id = Some(id);
        state.clone_into(&mut link.state);
        link.updated = work.moment();
        work.state.put(Shelf::Link, &mut link)?;
    }
    Ok(())
}
