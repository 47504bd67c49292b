//! Botnet events become tickets: windows of four hours, aligned to the clock, each looked at once. A ticket is
//! known by its id, so that it may be moved and edited; while it is open, later windows are appended to it.

use super::settings::Settings;
use super::source::{Event, Organisation};
use super::{ADD_TICKETS, BOARDS, PRIORITIES, READ_TICKETS, SLUG, companies, console};
use crate::Failure;
use crate::api::{Need, id, literal, short};
use crate::schedule::window;
use crate::state::{Record, Shelf};
use crate::work::{Work, hash, moment};
use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const THREAD: &str = "thread";
const WINDOW: &str = "ticket window";
const HOURS: i64 = 4;
/// Windows that are made up for after a pause: two days.
const MISSED: i64 = 12;
/// Windows that a thread remembers to have told of: more than are made up for.
const REMEMBERED: usize = 24;

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
    let organisations: Vec<Organisation> = console::organisations(work)?;
    let events: Vec<Event> = console::events(work, &organisations)?;
    let names: BTreeMap<&str, &str> = organisations
        .iter()
        .map(|org| (org.org.as_str(), org.name.as_str()))
        .collect();
    let mapped = companies::mapped(work)?;
    work.counts.read += events.len() as u64;
    for (start, end) in windows(work)? {
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
        for ((org, identity), events) in found {
            let count: u64 = events.iter().map(|event| event.count).sum();
            let Some(company) = mapped
                .get(org)
                .copied()
                .filter(|_| count > settings.tickets.threshold)
            else {
                work.counts.skipped += 1;
                continue;
            };
            let seen = Seen {
                org,
                identity,
                start,
                end,
                count,
                events,
            };
            let name = names.get(org).copied().unwrap_or(org);
            match seen.tell(work, name, company, board, priority) {
                Err(failure @ (Failure::Invalid { .. } | Failure::InUse { .. })) => {
                    work.warn(format!("{org} {identity}: {failure}"));
                }
                other => other?,
            }
        }
        work.state.set_watermark(SLUG, WINDOW, &moment(end))?;
    }
    Ok(())
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

/// One identity over the threshold in one window.
struct Seen<'e> {
    org: &'e str,
    identity: &'e str,
    start: Timestamp,
    end: Timestamp,
    count: u64,
    events: Vec<&'e Event>,
}

impl Seen<'_> {
    /// What the ticket of this window is known by; at most 100 characters.
    fn key(&self) -> String {
        let identity = if self.org.len() + self.identity.len() > 60 {
            hash(self.identity)
        } else {
            self.identity.to_owned()
        };
        short(
            &format!("umbrella:{}:{identity}:{}", self.org, moment(self.start)),
            100,
        )
    }

    fn text(&self) -> String {
        let mut domains: BTreeMap<&str, u64> = BTreeMap::new();
        for event in &self.events {
            *domains.entry(&event.domain).or_default() += event.count;
        }
        let lines: Vec<String> = domains
            .iter()
            .map(|(domain, count)| format!("  {domain}: {count}"))
            .collect();
        format!(
            "{} blocked botnet requests of {} from {} to {}:\n{}\n[{}]",
            self.count,
            self.identity,
            moment(self.start),
            moment(self.end),
            lines.join("\n"),
            self.key()
        )
    }

    fn tell(
        &self,
        work: &mut Work<'_>,
        name: &str,
        company: i64,
        board: i64,
        priority: i64,
    ) -> Result<(), Failure> {
        let thread = format!("{}:{}", self.org, self.identity);
        let mut thread = work
            .state
            .find(Shelf::Thread, SLUG, THREAD, &thread)?
            .unwrap_or_else(|| Record::new(SLUG, THREAD, thread));
        let told = |thread: &Record| -> Vec<Value> {
            thread.data["windows"]
                .as_array()
                .cloned()
                .unwrap_or_default()
        };
        if thread.hash == self.key() || told(&thread).contains(&json!(self.key())) {
            work.counts.unchanged += 1;
            return Ok(());
        }
        let open = match thread.psa_id {
            Some(ticket) => work
                .api
                .get_if_there(READ_TICKETS, &format!("service/tickets/{ticket}"))?
                .filter(|ticket| ticket["closedFlag"] != true),
            None => None,
        };
        if let Some(open) = open {
            self.append(work, id(&open))?;
        } else {
            thread.psa_id = Some(self.open(work, name, company, board, priority)?);
            if !thread.data.is_object() {
                thread.data = json!({});
            }
            thread.data["opened"] = json!(moment(self.start));
        }
        let mut windows = told(&thread);
        windows.push(json!(self.key()));
        let old = windows.len().saturating_sub(REMEMBERED);
        windows.drain(..old);
        if !thread.data.is_object() {
            thread.data = json!({});
        }
        thread.data["windows"] = json!(windows);
        thread.hash = self.key();
        "open".clone_into(&mut thread.state);
        thread.updated = work.moment();
        work.state.put(Shelf::Thread, &mut thread)
    }

    fn append(&self, work: &mut Work<'_>, ticket: i64) -> Result<(), Failure> {
        let path = format!("service/tickets/{ticket}/notes");
        let mark = format!("[{}]", self.key());
        let notes = work.api.all(READ_TICKETS, &path)?;
        if notes.iter().any(|note| {
            note["text"]
                .as_str()
                .is_some_and(|text| text.contains(&mark))
        }) {
            return Ok(());
        }
        work.api.post(
            ADD_TICKETS,
            &path,
            &json!({ "text": self.text(), "detailDescriptionFlag": true }),
        )?;
        work.counts.changed += 1;
        Ok(())
    }

    /// Looked up first: a run that was cut off may have made it.
    fn open(
        &self,
        work: &mut Work<'_>,
        name: &str,
        company: i64,
        board: i64,
        priority: i64,
    ) -> Result<i64, Failure> {
        let found = work.api.find(
            READ_TICKETS,
            "service/tickets",
            &format!("externalXRef={}", literal(&self.key())),
        )?;
        if let Some(ticket) = found.iter().map(id).min() {
            return Ok(ticket);
        }
        let body = json!({
            "summary": short(&format!("Umbrella: botnet activity of {} ({name})", self.identity), 100),
            "company": { "id": company },
            "board": { "id": board },
            "priority": { "id": priority },
            "initialDescription": self.text(),
            "externalXRef": self.key(),
        });
        work.counts.created += 1;
        Ok(id(&work.api.post(ADD_TICKETS, "service/tickets", &body)?))
    }
}
