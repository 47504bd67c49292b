//! From event to ticket: a queue, a look-up before each creation, and a note when the source has moved on.

use super::face::Face;
use super::queue::EVENT;
use super::settings::Settings;
use super::source::{Event, Standing};
use crate::Failure;
use crate::source::records;
use crate::state::{Record, Shelf};
use crate::work::Work;
use jiff::ToSpan as _;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Events older than this become no tickets.
const HOURS: i64 = 48;

/// Queues new events and makes tickets of them.
pub fn create<A: Face>(work: &mut Work<'_, A>) -> Result<(), Failure> {
    let settings = Settings::of(work)?;
    settings.contact()?;
    enqueue(work, &settings)?;
    let suspended = suspended(work, &settings)?;
    let mut further = None;
    let (mut refused, mut accepted) = (BTreeMap::new(), BTreeSet::new());
    for mut queued in work.state.all(Shelf::Outbox, work.integration, EVENT)? {
        if queued.state != "queued" {
            continue;
        }
        let Ok(event) = serde_json::from_value::<Event>(queued.data.clone()) else {
            return Err(Failure::Held(format!(
                "the queue holds something that is no event: {}",
                queued.key
            )));
        };
        if too_old(work, &event) {
            work.warn(format!(
                "event {} is older than {HOURS} hours and makes no ticket",
                event.id
            ));
            set(work, &mut queued, "expired")?;
            work.counts.skipped += 1;
            continue;
        }
        // Switched off after it was queued: no ticket, as for any other event of the tenant.
        let Some(mapped) = settings
            .company_of(&event.tenant)
            .filter(|mapped| mapped.tickets)
        else {
            work.counts.skipped += 1;
            continue;
        };
        if suspended.contains(&event.tenant) {
            work.counts.skipped += 1;
            continue;
        }
        let company = mapped.company;
        // Asked for at the first ticket that is due.
        let made = match &further {
            Some(further) => ticket(work, &event, company, further),
            None => A::further(work, &settings)
                .and_then(|found| ticket(work, &event, company, further.insert(found))),
        };
        match made {
            Ok((ticket, new)) => {
                queued.psa_id = Some(ticket);
                set(work, &mut queued, "ticketed")?;
                if new {
                    work.counts.created += 1;
                } else {
                    work.counts.unchanged += 1;
                }
                accepted.insert(event.tenant.clone());
            }
            // One record's fault holds up no other; the next run tries again.
            Err(failure) if failure.of_one_record() => {
                work.warn(format!("event {}: {failure}", event.id));
                work.counts.skipped += 1;
                refused
                    .entry(event.tenant.clone())
                    .or_insert_with(|| failure.to_string());
            }
            Err(failure) => return Err(failure),
        }
        work.progress.step(1, &event.id);
    }
    // A tenant of which some tickets are made has odd events; one of which none is made is cut off.
    refused.retain(|tenant, _| !accepted.contains(tenant));
    super::refusals::tell(work, &settings, &refused, &accepted)?;
    let Some(reason) = refused.values().next() else {
        return Ok(());
    };
    let tenants: Vec<&str> = refused.keys().map(String::as_str).collect();
    Err(Failure::Held(format!(
        "the PSA refuses every ticket of {}: {reason}; the events wait, for at most {HOURS} hours",
        tenants.join(", ")
    )))
}

/// Puts events that are not there yet into the queue. Unmapped tenants are not queued, so that a mapping made
/// within 48 hours still brings their events.
fn enqueue<A>(work: &mut Work<'_, A>, settings: &Settings) -> Result<(), Failure> {
    let events: Vec<Event> = records(work, settings.source.as_ref(), "events")?;
    let known = work.state.hashes(Shelf::Outbox, work.integration, EVENT)?;
    let mut seen = BTreeSet::new();
    let mut fresh = Vec::new();
    for event in events {
        work.counts.read += 1;
        let mapped = settings
            .company_of(&event.tenant)
            .is_some_and(|mapped| mapped.tickets);
        let mut record = match known.get(&event.id) {
            // It was too old by a clock that has gone back since.
            Some(queued) if queued.state == "expired" && !too_old(work, &event) => queued.clone(),
            Some(_) => {
                work.counts.unchanged += 1;
                continue;
            }
            None => Record::new(work.integration, EVENT, event.id.clone()),
        };
        if !seen.insert(event.id.clone()) {
            work.counts.unchanged += 1;
            continue;
        }
        if !mapped || too_old(work, &event) {
            work.counts.skipped += 1;
            continue;
        }
        "queued".clone_into(&mut record.state);
        record.updated = work.moment();
        record.data = json!(event);
        fresh.push(record);
    }
    work.state.put_all(Shelf::Outbox, &mut fresh)
}

fn too_old<A>(work: &Work<'_, A>, event: &Event) -> bool {
    work.now
        .checked_sub(HOURS.hours())
        .is_ok_and(|oldest| event.occurred < oldest)
}

/// Tenants whose company is not to be seen at the moment. Only they are held up.
fn suspended<A: Face>(
    work: &mut Work<'_, A>,
    settings: &Settings,
) -> Result<BTreeSet<String>, Failure> {
    let queued = work.state.all(Shelf::Outbox, work.integration, EVENT)?;
    let waiting: BTreeSet<&str> = queued
        .iter()
        .filter(|row| row.state == "queued")
        .filter_map(|row| row.data["tenant"].as_str())
        .collect();
    let mut suspended = BTreeSet::new();
    for mapped in settings
        .tenant
        .iter()
        .filter(|mapped| mapped.tickets && waiting.contains(mapped.tenant.as_str()))
    {
        if let Some(reason) = work.api.closed(mapped.company)? {
            work.warn(format!(
                "tenant {} is suspended: its company {} {reason}; its events wait for at most {HOURS} hours",
                mapped.tenant, mapped.company
            ));
            suspended.insert(mapped.tenant.clone());
        }
    }
    Ok(suspended)
}

/// The ticket of an event, and whether it is new. Looked up first: a run that was cut off may have made it.
fn ticket<A: Face>(
    work: &mut Work<'_, A>,
    event: &Event,
    company: i64,
    further: &Value,
) -> Result<(i64, bool), Failure> {
    if let Some(ticket) = work.api.look_up(event)? {
        return Ok((ticket, false));
    }
    Ok((work.api.make(event, company, further)?, true))
}

/// Notes on the ticket that its event was ignored or remediated. The ticket stays as it is.
pub fn update<A: Face>(work: &mut Work<'_, A>) -> Result<(), Failure> {
    let settings = Settings::of(work)?;
    let events: Vec<Event> = records(work, settings.source.as_ref(), "events")?;
    let known = work.state.hashes(Shelf::Outbox, work.integration, EVENT)?;
    for event in events {
        work.counts.read += 1;
        let Some(mut queued) = known.get(&event.id).cloned() else {
            continue;
        };
        let (Some(ticket), true) = (
            queued.psa_id,
            event.standing != Standing::Open && queued.hash != event.standing.word(),
        ) else {
            work.counts.unchanged += 1;
            continue;
        };
        match note(work, ticket, &event) {
            Ok(new) => {
                event.standing.word().clone_into(&mut queued.hash);
                set(work, &mut queued, "ticketed")?;
                work.counts.changed += u64::from(new);
            }
            Err(failure) if failure.of_one_record() => {
                work.warn(format!("event {}, ticket {ticket}: {failure}", event.id));
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok(())
}

/// The note says what happened; the summary shows it on the board. Both are looked up before.
fn note<A: Face>(work: &mut Work<'_, A>, ticket: i64, event: &Event) -> Result<bool, Failure> {
    let marked = work
        .api
        .mark(ticket, &format!("[{}] ", event.standing.word()))?;
    Ok(work.api.note(ticket, event)? || marked)
}

fn set<A>(work: &Work<'_, A>, queued: &mut Record, state: &str) -> Result<(), Failure> {
    state.clone_into(&mut queued.state);
    queued.updated = work.moment();
    work.state.put(Shelf::Outbox, queued)
}
