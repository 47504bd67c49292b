//! A broken connection: told once to the emergency contact and then daily, the queue is kept, and after the
//! repair the contact hears what was too old to become a ticket.

use super::queue::{EVENT, expired};
use super::settings::Settings;
use crate::Failure;
use crate::mail;
use crate::state::{Record, Shelf};
use crate::text::moment;
use crate::work::Work;
use jiff::ToSpan as _;
use serde_json::json;

/// What a run of `tickets` tells about the connection.
pub fn after(work: &mut Work<'_, ()>, result: Result<(), &Failure>) -> Result<(), Failure> {
    if work.job != "tickets" {
        return Ok(());
    }
    let slug = work.integration;
    let mut standing = match work
        .state
        .find(Shelf::Mapping, slug, "connection", "standing")?
    {
        Some(standing) => standing,
        None => Record::new(slug, "connection", "standing"),
    };
    match result {
        Ok(()) => repaired(work, &mut standing),
        Err(failure) if failure.breaks() || matches!(failure, Failure::Right { .. }) => {
            failed(work, &mut standing, failure)
        }
        Err(_) => Ok(()),
    }
}

fn failed(
    work: &mut Work<'_, ()>,
    standing: &mut Record,
    failure: &Failure,
) -> Result<(), Failure> {
    let settings = Settings::of(work)?;
    let tries = standing.data["tries"].as_u64().unwrap_or(0) + 1;
    let since = standing.data["since"]
        .as_str()
        .map_or_else(|| work.moment(), str::to_owned);
    let mailed = standing.data["mailed"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    standing.data = json!({ "tries": tries, "since": since, "mailed": mailed });
    if tries >= settings.broken_after {
        "broken".clone_into(&mut standing.state);
        let yesterday = work.now.checked_sub(24.hours()).unwrap_or(work.now);
        // A mail of the future was sent by a clock that has gone back since.
        if mailed.is_empty() || mailed <= moment(yesterday) || mailed > work.moment() {
            // Since when is on the ledger before the mail goes out, so that a mail that has to go out again says the same.
            work.state.put(Shelf::Mapping, standing)?;
            let text = format!(
                "Office Protect cannot make tickets since {since}: {failure}.\n\nEvents are kept and become tickets after the repair, \
                 those older than 48 hours excepted.\n"
            );
            let occasion = format!("broken since {since}, after {mailed}");
            let subject = format!(
                "Office Protect: the {} integration is broken",
                work.psa.name()
            );
            tell(work, &settings, standing, &occasion, (&subject, &text))?;
        }
    }
    work.state.put(Shelf::Mapping, standing)
}

fn repaired(work: &mut Work<'_, ()>, standing: &mut Record) -> Result<(), Failure> {
    if standing.id == 0 || standing.data["tries"].as_u64() == Some(0) {
        return Ok(());
    }
    if standing.state == "broken" {
        let settings = Settings::of(work)?;
        let since = standing.data["since"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let events = work.state.all(Shelf::Outbox, work.integration, EVENT)?;
        let list = expired(&events, &since);
        let text = format!(
            "Office Protect makes tickets again. Broken since {since}.\n\nExpired, not ticketed: {list}\n"
        );
        let occasion = format!("repaired, broken since {since}");
        let subject = format!(
            "Office Protect: the {} integration works again",
            work.psa.name()
        );
        tell(work, &settings, standing, &occasion, (&subject, &text))?;
    }
    "working".clone_into(&mut standing.state);
    standing.data = json!({ "tries": 0 });
    work.state.put(Shelf::Mapping, standing)
}

/// Mails; a mail that does not go out is tried again by the next run.
fn tell(
    work: &mut Work<'_, ()>,
    settings: &Settings,
    standing: &mut Record,
    occasion: &str,
    mail: (&str, &str),
) -> Result<(), Failure> {
    let (server, to) = (settings.mail.as_ref(), &settings.emergency_contact);
    match mail::send(work, server, to, occasion, mail) {
        Ok(()) => standing.data["mailed"] = json!(work.moment()),
        Err(ended @ (Failure::CutOff | Failure::Stopped)) => return Err(ended),
        Err(failure) => work.warn(failure.to_string()),
    }
    Ok(())
}
