//! Botnet events become tickets: windows of four hours, aligned to the clock, each looked at once. What a window
//! showed waits in a queue until its ticket has it, whatever the PSA says meanwhile.

use super::settings::Settings;
use super::source::{Event, Organisation};
use super::threads::{self, Seen};
use super::{BOARDS, PRIORITIES, SLUG, companies, console};
use crate::Failure;
use crate::api::{Need, id};
use crate::schedule::window;
use crate::state::{Record, Shelf};
use crate::work::{Work, moment};
use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const WINDOW: &str = "ticket window";
/// Kind of the queue's rows in the outbox.
const SEEN: &str = "window";
const HOURS: i64 = 4;
/// Windows that are made up for after a pause: two days.
const MISSED: i64 = 12;

pub fn scan(work: &mut Work<'_>) -> Result<(), Failure> {
    let settings: Settings = work.settings()?;
    if !settings.tickets.on {
        return Ok(());
    }
    let board = chosen(
        work,
        BOARDS,
        "service/boards",
        "board",
        &settings.tickets.board,
    )?;
    let priority = chosen(
        work,
        PRIORITIES,
        "service/priorities",
        "priority",
        &settings.tickets.priority,
    )?;
    let organisations: Vec<Organisation> = console::organisations(work, console::Depth::Names)?;
    let events: Vec<Event> = console::events(work, &organisations)?;
    work.counts.read += events.len() as u64;
    for (start, end) in windows(work)? {
        enqueue(work, &settings, &organisations, &events, (start, end))?;
        work.state.set_watermark(SLUG, WINDOW, &moment(end))?;
    }
    tell(work, &settings, (board, priority))
}

/// Puts what one window showed into the queue: identities above the threshold, of organisations that somebody
/// mapped to a company.
fn enqueue(
    work: &mut Work<'_>,
    settings: &Settings,
    organisations: &[Organisation],
    events: &[Event],
    (start, end): (Timestamp, Timestamp),
) -> Result<(), Failure> {
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
        let Some(name) = names
            .get(org)
            .filter(|_| count > settings.tickets.threshold)
        else {
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
        let mut queued = Record::new(SLUG, SEEN, seen.key());
        let waits = work
            .state
            .find(Shelf::Outbox, SLUG, SEEN, &queued.key)?
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
fn tell(
    work: &mut Work<'_>,
    settings: &Settings,
    (board, priority): (i64, i64),
) -> Result<(), Failure> {
    let mapped = companies::mapped(work)?;
    let oldest = work.now.checked_sub((MISSED * HOURS).hours());
    let mut held = Vec::new();
    for queued in work.state.all(Shelf::Outbox, SLUG, SEEN)? {
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
        let gone = &settings.tickets.gone;
        match threads::tell(work, &seen, company, (board, priority), gone) {
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
fn windows(work: &Work<'_>) -> Result<Vec<(Timestamp, Timestamp)>, Failure> {
    let (_, last) = window(work.now, HOURS);
    let read = work
        .state
        .watermark(SLUG, WINDOW)?
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

/// The record that the settings name.
fn chosen(
    work: &mut Work<'_>,
    need: Need,
    path: &str,
    what: &str,
    word: &str,
) -> Result<i64, Failure> {
    let rows = work.api.all(need, path)?;
    let named = |row: &&Value| {
        id(row).to_string() == word
            || row["name"]
                .as_str()
                .is_some_and(|name| name.eq_ignore_ascii_case(word))
    };
    let found = rows.iter().find(named).map(id);
    found.ok_or_else(|| {
        let known: Vec<&str> = rows
            .iter()
            .filter_map(|row| row["name"].as_str())
            .take(20)
            .collect();
        Failure::Settings(format!(
            "tickets.{what} is `{word}`; choose one of {}",
            known.join(", ")
        ))
    })
}
