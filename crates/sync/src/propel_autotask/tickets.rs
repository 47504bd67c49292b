//! Service tickets that a review asks for, once each, and whether they are completed.

use super::Working;
use super::lookups::{self, PRIORITIES, QUEUES, TICKET_STATUSES};
use super::settings::Settings;
use crate::Failure;
use crate::autotask_tickets::{self, body};
use crate::propel::tickets::Wanted;
use crate::state::{Record, Shelf};

const TICKET: &str = "ticket";

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
        further.push((member, Some(value)));
    }
    let slug = work.integration;
    for ticket in wanted {
        work.counts.read += 1;
        let key = autotask_tickets::external_id("propel", &ticket.key);
        let known = work.state.find(Shelf::Link, slug, TICKET, &key)?;
        let mut link = known.unwrap_or_else(|| Record::new(slug, TICKET, key.clone()));
        if link.state == "closed" {
            work.counts.unchanged += 1;
            continue;
        }
        let there = autotask_tickets::by_external_id(work.api, &key)?;
        let (id, state) = match there {
            Some(row) => {
                let state = if autotask_tickets::is_complete(&row) {
                    "closed"
                } else {
                    "open"
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
                let text = (ticket.summary.as_str(), ticket.description.as_str());
                let made = body(ticket.company, text, &key, &further);
                let made = autotask_tickets::create(work.api, &made);
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
