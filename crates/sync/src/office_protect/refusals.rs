//! Tenants of which the PSA refuses every ticket, while it answers and the key is good: a field that it requires now,
//! a default board without an open status. The emergency contact hears of it once and then daily, the queue is kept,
//! and when tickets are made again he hears what became too old meanwhile.

use super::queue::{EVENT, expired};
use super::settings::Settings;
use crate::Failure;
use crate::mail;
use crate::state::{Record, Shelf};
use crate::text::moment;
use crate::work::Work;
use jiff::ToSpan as _;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// How a tenant stands.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Refused {
    /// Runs in a row that made no ticket of those that were due.
    tries: u64,
    since: String,
    reason: String,
    /// The contact knows.
    told: bool,
}

/// Everything that is kept about it.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Kept {
    tenants: BTreeMap<String, Refused>,
    /// When the last mail went out.
    mailed: String,
}

/// Takes a run over: tenants of which every ticket was refused, with a reason, and those of which one was made.
pub fn tell<A>(
    work: &mut Work<'_, A>,
    settings: &Settings,
    refused: &BTreeMap<String, String>,
    accepted: &BTreeSet<String>,
) -> Result<(), Failure> {
    let found = work
        .state
        .find(Shelf::Mapping, work.integration, "connection", "refusals")?;
    let mut record =
        found.unwrap_or_else(|| Record::new(work.integration, "connection", "refusals"));
    let mut kept: Kept = serde_json::from_value(record.data.clone()).unwrap_or_default();
    for (tenant, reason) in refused {
        let known = kept.tenants.entry(tenant.clone()).or_default();
        known.tries += 1;
        known.reason.clone_from(reason);
        if known.since.is_empty() {
            known.since = work.moment();
        }
    }
    // Since when is on the ledger before a mail goes out, so that one that has to go out again says the same.
    put(work, &mut record, &kept)?;
    mended(work, settings, &mut kept, accepted)?;
    broken(work, settings, &mut kept, refused)?;
    put(work, &mut record, &kept)
}

/// Tenants of which tickets are made again.
fn mended<A>(
    work: &mut Work<'_, A>,
    settings: &Settings,
    kept: &mut Kept,
    accepted: &BTreeSet<String>,
) -> Result<(), Failure> {
    let again: Vec<(String, Refused)> = accepted
        .iter()
        .filter_map(|tenant| kept.tenants.remove_entry(tenant))
        .filter(|(_, known)| known.told)
        .collect();
    if again.is_empty() {
        return Ok(());
    }
    let events = work.state.all(Shelf::Outbox, work.integration, EVENT)?;
    let mut text = "Office Protect makes tickets again of:\n".to_owned();
    for (tenant, known) in &again {
        let own = |event: &&Record| event.data["tenant"] == tenant.as_str();
        let list = expired(events.iter().filter(own), &known.since);
        text = format!(
            "{text}\n{tenant}, refused since {}. Expired, not ticketed: {list}\n",
            known.since
        );
    }
    let occasion = format!("accepted again: {}", sinces(&again));
    let subject = format!("Office Protect: {} takes tickets again", work.psa.name());
    send(work, settings, &occasion, (&subject, &text)).map(|_| ())
}

/// Tenants of which the contact has to know, once and then daily.
fn broken<A>(
    work: &mut Work<'_, A>,
    settings: &Settings,
    kept: &mut Kept,
    refused: &BTreeMap<String, String>,
) -> Result<(), Failure> {
    let long = |known: &Refused| known.tries >= settings.broken_after;
    let now = kept
        .tenants
        .iter()
        .filter(|(tenant, known)| long(known) && refused.contains_key(*tenant));
    let (mut text, mut fresh, mut all) = (String::new(), false, Vec::new());
    for (tenant, known) in now {
        fresh |= !known.told;
        all.push((tenant.clone(), known));
        text = format!(
            "{text}\n{tenant}, since {}: {}\n",
            known.since, known.reason
        );
    }
    let yesterday = work.now.checked_sub(24.hours()).unwrap_or(work.now);
    // A mail of the future was sent by a clock that has gone back since.
    let reminder = kept.mailed <= moment(yesterday) || kept.mailed > work.moment();
    if all.is_empty() || !fresh && !reminder {
        return Ok(());
    }
    let psa = work.psa.name();
    let text = format!(
        "{psa} refuses every ticket that Office Protect makes of:\n{text}\nThe connection works and the key is \
         good: what it says has to be put right in {psa}. Events are kept and become tickets then, those older \
         than 48 hours excepted.\n"
    );
    let occasion = format!("refused: {}, after {}", sinces(&all), kept.mailed);
    let subject = format!("Office Protect: {psa} refuses every ticket");
    if send(work, settings, &occasion, (&subject, &text))? {
        kept.mailed = work.moment();
        for known in kept.tenants.values_mut().filter(|known| long(known)) {
            known.told = true;
        }
    }
    Ok(())
}

fn sinces<R: std::borrow::Borrow<Refused>>(tenants: &[(String, R)]) -> String {
    let each = tenants.iter();
    let each = each.map(|(tenant, known)| format!("{tenant} since {}", known.borrow().since));
    each.collect::<Vec<_>>().join(", ")
}

/// Whether the mail went out; one that does not is tried again by the next run.
fn send<A>(
    work: &mut Work<'_, A>,
    settings: &Settings,
    occasion: &str,
    mail: (&str, &str),
) -> Result<bool, Failure> {
    let (server, to) = (settings.mail.as_ref(), &settings.emergency_contact);
    match mail::send(work, server, to, occasion, mail) {
        Ok(()) => Ok(true),
        Err(ended @ (Failure::CutOff | Failure::Stopped)) => Err(ended),
        Err(failure) => {
            work.warn(failure.to_string());
            Ok(false)
        }
    }
}

/// Writes what is kept, where it is anything new.
fn put<A>(work: &Work<'_, A>, record: &mut Record, kept: &Kept) -> Result<(), Failure> {
    let data = json!(kept);
    if record.data == data || record.id == 0 && *kept == Kept::default() {
        return Ok(());
    }
    record.data = data;
    record.updated = work.moment();
    work.state.put(Shelf::Mapping, record)
}
