//! Botnet events become tickets: windows of four hours, aligned to the clock, each looked at once. What a window
//! showed waits in a queue until its ticket has it, whatever the PSA says meanwhile.

use super::psa::{Psa, Wanted};
use super::seen::Seen;
use super::settings::Decided;
use super::source::{Event, Organisation};
use super::threads;
use super::{companies, configurations, console};
use crate::Failure;
use crate::schedule::window;
use crate::state::{Record, Shelf};
use crate::text::moment;
use crate::work::Work;
use jiff::{Timestamp, ToSpan as _};
use serde_json::json;
use std::collections::BTreeMap;

const WINDOW: &str = "ticket window";
/// Kind of the queue's rows in the outbox.
const SEEN: &str = "window";
const HOURS: i64 = 4;
/// Windows that are made up for after a pause: two days.
const MISSED: i64 = 12;

pub fn scan<P: Psa>(work: &mut Work<'_, P>) -> Result<(), Failure> {
    let decided = P::decided(work)?;
    if !decided.on {
        return Ok(());
    }
    let form = P::form(work)?;
    let organisations: Vec<Organisation> = console::organisations(work, console::Depth::Names)?;
    let events: Vec<Event> = console::events(work, &organisations)?;
    work.counts.read += events.len() as u64;
    for (start, end) in windows(work)? {
        enqueue(work, &decided, &organisations, &events, (start, end))?;
        work.state
            .set_watermark(work.integration, WINDOW, &moment(end))?;
    }
    tell(work, &decided, &form)
}

/// Puts what one window showed into the queue: identities above the threshold, of organisations that somebody
/// mapped to a company.
fn enqueue<P: Psa>(
    work: &mut Work<'_, P>,
    decided: &Decided,
    organisations: &[Organisation],
    events: &[Event],
    (start, end): (Timestamp, Timestamp),
) -> Result<(), Failure> {
    let slug = work.integration;
    let names: BTreeMap<&str, &str> = organisations
        .iter()
        .filter(|org| !org.company.is_empty())
        .map(|org| (org.org.as_str(), org.name.as_str()))
        .collect();
    let mut found: BTreeMap<(&str, &str), Vec<&Event>> = BTreeMap::new();
    for event in events
        .iter()
        .filter(|event| event.category == "botnet" && event.time >= start && event.time < end)
    {
        found
            .entry((&event.org, &event.identity))
            .or_default()
            .push(event);
    }
    let mut fresh = Vec::new();
    for ((org, identity), events) in found {
        let count: u64 = events.iter().map(|event| event.count).sum();
        let Some(name) = names.get(org).filter(|_| count > decided.threshold) else {
            work.counts.skipped += 1;
            continue;
        };
        let mut domains: BTreeMap<String, u64> = BTreeMap::new();
        for event in events {
            *domains.entry(event.domain.clone()).or_default() += event.count;
        }
        let seen = Seen {
            org: org.to_owned(),
            name: (*name).to_owned(),
            identity: identity.to_owned(),
            start,
            end,
            count,
            domains,
        };
        let mut queued = Record::new(slug, SEEN, seen.key());
        let waits = work
            .state
            .find(Shelf::Outbox, slug, SEEN, &queued.key)?
            .is_some();
        if waits || threads::told(work, &seen)? {
            work.counts.unchanged += 1;
            continue;
        }
        "queued".clone_into(&mut queued.state);
        queued.updated = work.moment();
        queued.data = json!(seen);
        fresh.push(queued);
    }
    work.state.put_all(Shelf::Outbox, &mut fresh)
}

/// Works the queue off, oldest window first. What cannot be told yet stays in it, and holds up nothing else.
fn tell<P: Psa>(work: &mut Work<'_, P>, decided: &Decided, form: &P::Form) -> Result<(), Failure> {
    let slug = work.integration;
    let mapped = companies::mapped(work)?;
    let oldest = work.now.checked_sub((MISSED * HOURS).hours());
    let mut held = Vec::new();
    for queued in work.state.all(Shelf::Outbox, slug, SEEN)? {
        let Ok(seen) = serde_json::from_value::<Seen>(queued.data.clone()) else {
            return Err(Failure::Held(format!(
                "the queue holds something that is no window: {}",
                queued.key
            )));
        };
        let Some(company) = mapped.get(&seen.org).copied() else {
            // Its company may be hidden for a while, or its company id be typed wrong: that may be put right.
            work.counts.skipped += 1;
            if oldest.as_ref().is_ok_and(|oldest| seen.end < *oldest) {
                work.warn(format!(
                    "{} {}: no company was found for two days; its {} botnet requests from {} on make no ticket",
                    seen.org,
                    seen.identity,
                    seen.count,
                    moment(seen.start)
                ));
                work.state.remove(Shelf::Outbox, queued.id)?;
            }
            continue;
        };
        let wanted = Wanted {
            seen: &seen,
            company,
            record: configurations::of(work, &seen.org, company)?,
        };
        match threads::tell(work, form, wanted, &decided.gone) {
            Ok(()) => work.state.remove(Shelf::Outbox, queued.id)?,
            Err(Failure::Held(reason)) => held.push(reason),
            Err(failure) if failure.of_one_record() => {
                work.warn(format!(
                    "{} {}: {failure}; it waits for the next run",
                    seen.org, seen.identity
                ));
            }
            Err(failure) => return Err(failure),
        }
        work.progress.step(1, &seen.org);
    }
    held.sort();
    held.dedup();
    if held.is_empty() {
        return Ok(());
    }
    Err(Failure::Held(held.join("; ")))
}

/// Windows that have ended and were not looked at, oldest first.
fn windows<P>(work: &Work<'_, P>) -> Result<Vec<(Timestamp, Timestamp)>, Failure> {
    let (_, last) = window(work.now, HOURS);
    let read = work
        .state
        .watermark(work.integration, WINDOW)?
        .and_then(|text| text.parse::<Timestamp>().ok());
    let mut windows = Vec::new();
    // By a clock that has gone back since, windows were looked at that have not come yet: they count for nothing.
    // What was told already is not told again, thread by thread.
    let ahead = read.is_some_and(|read| read > last);
    let read = read.filter(|_| !ahead);
    // The first run looks at the window that ended last.
    let most = if read.is_some() || ahead { MISSED } else { 1 };
    for back in (0..most).rev() {
        let Ok(end) = last.checked_sub((back * HOURS).hours()) else {
            continue;
        };
        let Ok(start) = end.checked_sub(HOURS.hours()) else {
            continue;
        };
        if read.is_none_or(|read| end > read) {
            windows.push((start, end));
        }
    }
    Ok(windows)
}
