//! Proof of an Autotask key. Its own entityInformation tells how far it goes with each entity; then counts, in
//! pairs where an administrator's key is at hand, because a restricted user gets an empty answer and no error.

mod counts;
mod excess;
mod settled;
mod told;
mod witness;

use super::known::{Screen, least};
use super::wanted::Wanted;
use super::{consent, derived};
use crate::ConnectError;
use crate::report::{Keyed, Report, State};
use bitting_client::{Answer, Autotask, ClientError};
use settled::Cell;

/// What to verify.
pub struct Asked<'a> {
    /// The integration's own key.
    pub key: &'a Autotask,
    pub wanted: &'a Wanted,
    pub screen: &'a Screen,
    /// Somebody who sees everything, to compare counts with.
    pub admin: Option<&'a Autotask>,
    /// Believe calls alone, not what entityInformation says.
    pub probes_only: bool,
}

/// Verifies a key.
///
/// # Errors
/// A key that opens nothing, with what is behind it.
pub fn verify(asked: &Asked<'_>) -> Result<Report, ConnectError> {
    let (zone, _) = asked.key.zone().map_err(nobody)?;
    let version = asked.key.ask("GET", "Version", None)?;
    opens(&version)?;
    let wanted = asked.wanted;
    let key = Keyed {
        profile: wanted.title.clone(),
        address: asked.key.address().to_owned(),
        company: zone,
        member: asked.key.user().to_owned(),
    };
    let mut report = Report::of(key, &wanted.level.name, "against security level");
    let told = if asked.probes_only {
        None
    } else {
        told::told(asked, &mut report)?
    };
    report.told = told.is_some();
    if report.told {
        report.sources = vec!["entityInformation"];
    }
    let role = |level| {
        asked
            .screen
            .role(level)
            .map_err(|error| ConnectError::InTheWay {
                what: error.to_string(),
                remedy: "correct the profile".to_owned(),
            })
    };
    let (low, most) = (role(&wanted.least)?, role(&wanted.level)?);
    let witnesses = witness::witnesses(asked, &low, &most, told.as_ref());
    let counts = counts::counts(asked, &witnesses, &mut report)?;
    for (name, column, value) in &wanted.listed {
        let Some(entry) = asked.screen.permissions.named(name) else {
            continue;
        };
        if *value == least(entry, column) {
            continue;
        }
        let cell = Cell {
            entry,
            name: column,
            value,
        };
        let right = settled::right(asked, cell, &witnesses, &counts);
        report.rights.push(right);
    }
    excess::excess(asked, &witnesses, &mut report);
    let acting = derived::acting(&wanted.level, asked.screen)?;
    report
        .notes
        .extend(acting.iter().map(derived::Acting::note));
    facts(asked, &mut report);
    Ok(report)
}

/// A user that discovery does not know.
fn nobody(error: ClientError) -> ConnectError {
    match error.status() {
        Some(404 | 500) => ConnectError::InTheWay {
            what: "no zone knows this user name, so the key opens nothing".to_owned(),
            remedy: "compare it with the Username (Key) of the API user: it looks like an e-mail address, and a \
                     user that was removed is unknown too"
                .to_owned(),
        },
        _ => error.into(),
    }
}

/// The vendor says nothing at all with its 401.
fn opens(answer: &Answer) -> Result<(), ConnectError> {
    if answer.status == 401 {
        return Err(ConnectError::InTheWay {
            what: "the key opens nothing: the secret or the tracking identifier is wrong, or the user is locked or \
                   inactive, or its level is; Autotask answers 401 without a word for all of them"
                .to_owned(),
            remedy: "look at the API user under Admin > Resources (Users); if it is active and not locked, generate \
                     a new secret, because the old one cannot be looked up"
                .to_owned(),
        });
    }
    Ok(())
}

/// What no call can prove.
fn facts(asked: &Asked<'_>, report: &mut Report) {
    let form = &asked.wanted.user;
    report.facts.push(match &form.vendor {
        Some(vendor) => format!("tracking identifier accepted, for integration vendor {vendor}"),
        None => "tracking identifier accepted, a custom one".to_owned(),
    });
    let unproved = report.count(State::Unproved);
    if unproved > 0 {
        let settings = if unproved == 1 {
            "1 setting opens"
        } else {
            &format!("{unproved} settings open")
        };
        report.notes.push(format!(
            "{settings} nothing that a call shows; look at it on the screen"
        ));
    }
    let consent = consent::click(asked.wanted);
    for click in asked.wanted.by_hand.iter().chain(&consent) {
        report
            .notes
            .push(format!("no call tells {}: {}", click.at, click.set));
    }
    if asked.admin.is_none() {
        report.notes.push(
            "counts stand alone: --admin-key names a key that sees everything, to tell hidden records from none"
                .to_owned(),
        );
    }
}
