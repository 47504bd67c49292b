//! A ticket and what is appended to it, per identity of an organisation. The ticket is known by its id, so that it
//! may be moved and edited; while it is open, later windows are appended to it.

use super::{ADD_TICKETS, READ_TICKETS, SLUG};
use crate::Failure;
use crate::api::{id, literal, short};
use crate::sight::{self, Standing};
use crate::state::{Record, Shelf};
use crate::work::{Work, hash, moment};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const THREAD: &str = "thread";
/// Windows that a thread remembers to have told of: more than are made up for.
const REMEMBERED: usize = 24;

/// One identity over the threshold in one window.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Seen {
    pub org: String,
    /// What the organisation is called.
    pub name: String,
    pub identity: String,
    pub start: Timestamp,
    pub end: Timestamp,
    pub count: u64,
    pub domains: BTreeMap<String, u64>,
}

impl Seen {
    /// What the ticket of this window is known by; at most 100 characters.
    pub fn key(&self) -> String {
        let identity = if self.org.len() + self.identity.len() > 60 {
            hash(&self.identity)
        } else {
            self.identity.clone()
        };
        short(
            &format!("umbrella:{}:{identity}:{}", self.org, moment(self.start)),
            100,
        )
    }

    fn text(&self) -> String {
        let lines: Vec<String> = self
            .domains
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
}

/// The thread of an identity, a new one where there is none.
fn thread(work: &Work<'_>, seen: &Seen) -> Result<Record, Failure> {
    let name = format!("{}:{}", seen.org, seen.identity);
    let mut thread = work
        .state
        .find(Shelf::Thread, SLUG, THREAD, &name)?
        .unwrap_or_else(|| Record::new(SLUG, THREAD, name));
    if !thread.data.is_object() {
        thread.data = json!({});
    }
    Ok(thread)
}

fn windows(thread: &Record) -> Vec<Value> {
    let windows = thread.data["windows"].as_array();
    windows.cloned().unwrap_or_default()
}

/// Whether the ticket of an identity has this window.
pub fn told(work: &Work<'_>, seen: &Seen) -> Result<bool, Failure> {
    Ok(windows(&thread(work, seen)?).contains(&json!(seen.key())))
}

/// Tells a window: by a note on the ticket that is open, else by a new ticket. A ticket that does not show is
/// neither: as long as it may be hidden, the window waits. `gone` are tickets of which somebody said that they are
/// deleted.
pub fn tell(
    work: &mut Work<'_>,
    seen: &Seen,
    company: i64,
    (board, priority): (i64, i64),
    gone: &[i64],
) -> Result<(), Failure> {
    let mut thread = thread(work, seen)?;
    let mut windows = windows(&thread);
    if windows.contains(&json!(seen.key())) {
        work.counts.unchanged += 1;
        return Ok(());
    }
    let known = thread.psa_id.filter(|ticket| !gone.contains(ticket));
    let open = match known {
        Some(ticket) => open_still(work, ticket)?,
        None => None,
    };
    if let Some(open) = open {
        append(work, seen, open)?;
    } else {
        thread.psa_id = Some(self::open(work, seen, company, board, priority)?);
        thread.data["opened"] = json!(moment(seen.start));
    }
    windows.push(json!(seen.key()));
    let old = windows.len().saturating_sub(REMEMBERED);
    windows.drain(..old);
    thread.data["windows"] = json!(windows);
    thread.hash = seen.key();
    "open".clone_into(&mut thread.state);
    thread.updated = work.moment();
    work.state.put(Shelf::Thread, &mut thread)
}

/// The ticket as long as it is open; nothing where it is closed, or proven to be deleted.
fn open_still(work: &mut Work<'_>, ticket: i64) -> Result<Option<i64>, Failure> {
    match sight::look(work.api, READ_TICKETS, &format!("service/tickets/{ticket}"))? {
        Standing::There(there) if there["closedFlag"] == true => Ok(None),
        Standing::There(_) => Ok(Some(ticket)),
        Standing::Gone => {
            work.warn(format!(
                "ticket {ticket} was deleted in the PSA; another one is opened"
            ));
            Ok(None)
        }
        Standing::Unknown(reason) => Err(Failure::Held(format!(
            "ticket {ticket} was deleted, or is hidden from the key ({reason}): what belongs to it waits, and no second one is opened. \
             Let the key's member see the ticket again; or, where it is deleted, write `gone = [{ticket}]` below [tickets] in the settings"
        ))),
    }
}

fn append(work: &mut Work<'_>, seen: &Seen, ticket: i64) -> Result<(), Failure> {
    let path = format!("service/tickets/{ticket}/notes");
    let mark = format!("[{}]", seen.key());
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
        &json!({ "text": seen.text(), "detailDescriptionFlag": true }),
    )?;
    work.counts.changed += 1;
    Ok(())
}

/// Looked up first: a run that was cut off may have made it.
fn open(
    work: &mut Work<'_>,
    seen: &Seen,
    company: i64,
    board: i64,
    priority: i64,
) -> Result<i64, Failure> {
    let found = work.api.find(
        READ_TICKETS,
        "service/tickets",
        &format!("externalXRef={}", literal(&seen.key())),
    )?;
    if let Some(ticket) = found.iter().map(id).min() {
        return Ok(ticket);
    }
    let body = json!({
        "summary": short(&format!("Umbrella: botnet activity of {} ({})", seen.identity, seen.name), 100),
        "company": { "id": company },
        "board": { "id": board },
        "priority": { "id": priority },
        "initialDescription": seen.text(),
        "externalXRef": seen.key(),
    });
    let made = work.api.post(ADD_TICKETS, "service/tickets", &body)?;
    work.counts.created += 1;
    Ok(id(&made))
}
