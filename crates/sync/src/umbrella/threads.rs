//! A ticket and what is appended to it, per identity of an organisation. The ticket is known by its id, so that it
//! may be moved and edited; while it is open, later windows are appended to it.

use super::psa::{Psa, Ticket, Wanted};
use super::seen::Seen;
use crate::Failure;
use crate::state::{Record, Shelf};
use crate::text::moment;
use crate::work::Work;
use serde_json::{Value, json};

const THREAD: &str = "thread";
/// Windows that a thread remembers to have told of: more than are made up for.
const REMEMBERED: usize = 24;

/// The thread of an identity, a new one where there is none.
fn thread<P>(work: &Work<'_, P>, seen: &Seen) -> Result<Record, Failure> {
    let slug = work.integration;
    let name = format!("{}:{}", seen.org, seen.identity);
    let mut thread = work
        .state
        .find(Shelf::Thread, slug, THREAD, &name)?
        .unwrap_or_else(|| Record::new(slug, THREAD, name));
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
pub fn told<P>(work: &Work<'_, P>, seen: &Seen) -> Result<bool, Failure> {
    Ok(windows(&thread(work, seen)?).contains(&json!(seen.key())))
}

/// Tells a window: by a note on the ticket that is open, else by a new ticket. A ticket that does not show is
/// neither: as long as it may be hidden, the window waits. `gone` are tickets of which somebody said that they are
/// deleted.
pub fn tell<P: Psa>(
    work: &mut Work<'_, P>,
    form: &P::Form,
    wanted: Wanted<'_>,
    gone: &[i64],
) -> Result<(), Failure> {
    let seen = wanted.seen;
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
        if P::append(work, open, seen)? {
            work.counts.changed += 1;
        }
    } else {
        // Looked up first: a run that was cut off may have made it.
        let ticket = if let Some(there) = P::opened(work, seen)? {
            there
        } else {
            let made = P::open(work, form, wanted)?;
            work.counts.created += 1;
            made
        };
        thread.psa_id = Some(ticket);
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
fn open_still<P: Psa>(work: &mut Work<'_, P>, ticket: i64) -> Result<Option<i64>, Failure> {
    match P::ticket(work, ticket)? {
        Ticket::Open => Ok(Some(ticket)),
        Ticket::Closed => Ok(None),
        Ticket::Gone => {
            work.warn(format!(
                "ticket {ticket} was deleted in the PSA; another one is opened"
            ));
            Ok(None)
        }
        Ticket::Unknown(reason) => Err(Failure::Held(format!(
            "ticket {ticket} was deleted, or is hidden from the key ({reason}): what belongs to it waits, and no second one is opened. \
             Let {} see the ticket again; or, where it is deleted, write `gone = [{ticket}]` below [tickets] in the settings",
            P::KEEPER
        ))),
    }
}
