//! Proof of a key: what it really holds, told by its own answers and by probes, against what is wanted. Needs
//! nothing but the key; an administrator's key beside it only adds counts.

mod compared;
mod diagnosis;
mod entries;
mod proof;
mod told;

use crate::ConnectError;
use crate::report::Keyed;
use crate::wanted::{Choices, wanted};
use bitting_catalog::Catalog;
use bitting_catalog::profile::{Profile, Status};
use bitting_client::Psa;
use bitting_policy::{Registry, Role, compare};
use serde_json::Value;

pub use crate::report::{Optional, Report, Right, State};

/// What to verify.
pub struct Asked<'a> {
    /// The integration's own key.
    pub key: &'a Psa,
    pub profile: &'a Profile,
    pub choices: &'a Choices,
    pub registry: &'a Registry,
    pub catalog: &'a Catalog,
    /// Somebody who sees everything, to compare counts with.
    pub admin: Option<&'a Psa>,
    /// Also ask for writes that cannot be done.
    pub write_probes: bool,
    /// Believe calls alone, not what the PSA says of the caller's rights.
    pub probes_only: bool,
}

/// Verifies a key.
///
/// # Errors
/// A key that opens nothing: [`crate::symptom::explain`] tells what is behind it.
pub fn verify(asked: &Asked<'_>) -> Result<Report, ConnectError> {
    // Also where an administrator's role was chosen, the guide's rows are the need, and the rest is excess.
    let choices = Choices {
        admin: false,
        ..asked.choices.clone()
    };
    let wanted = wanted(asked.profile, &choices, asked.registry)?;
    // The call that needs no right: what fails here is the key, not the role.
    asked.key.get("system/info")?;
    let me = asked
        .key
        .get("system/myMembers")
        .ok()
        .map(one)
        .unwrap_or_default();
    let key = Keyed {
        profile: wanted.title.clone(),
        address: asked.key.address().to_owned(),
        company: asked.key.company().to_owned(),
        member: me["identifier"].as_str().unwrap_or_default().to_owned(),
    };
    let role = me["securityRole"]["name"].as_str();
    let role = role.unwrap_or(&wanted.document.name);
    let mut report = Report::of(key, role, "with role");
    let told = if asked.probes_only {
        None
    } else {
        told::told(asked, &wanted, &me, &mut report.notes)?
    };
    report.told = told.is_some();
    if report.told {
        report.sources = vec!["mySecurity", "customizeItems", "myMembers"];
    }
    if let Some(held) = &told {
        compared::compared(asked, &wanted, held, &mut report);
        report.features = features(asked, held)?;
    } else {
        report.notes.push(
            "told by probes alone, without mySecurity: they show neither My from All nor what no probe reaches".to_owned(),
        );
    }
    proof::run(asked, &wanted, &mut report)?;
    diagnosis::facts(&wanted, &me, &mut report);
    diagnosis::diagnose(asked, &wanted, &mut report);
    // A proof knows what the profile says, and a profile may know that it does not say all.
    report.notes.extend(wanted.doubts.iter().cloned());
    Ok(report)
}

/// Features that were not asked for: can the key do them?
fn features(asked: &Asked<'_>, held: &Role) -> Result<Vec<Optional>, ConnectError> {
    let mut found = Vec::new();
    for feature in &asked.profile.feature {
        if asked.choices.selection.features.contains(&feature.id)
            || feature.status == Status::Legacy
        {
            continue;
        }
        let mut selection = asked.profile.select(&[&feature.id])?;
        selection
            .answers
            .clone_from(&asked.choices.selection.answers);
        // A feature whose placeholders nobody filled cannot be judged.
        let Ok(document) = asked.profile.role_for(asked.registry, &selection) else {
            continue;
        };
        let Ok(needed) = Role::from_document(asked.registry, &document) else {
            continue;
        };
        found.push(Optional {
            feature: feature.id.clone(),
            title: feature.title.clone(),
            possible: compare(held, &needed, asked.registry).suffices(),
        });
    }
    Ok(found)
}

/// A record that some releases answer as a list of one.
fn one(value: Value) -> Value {
    match value {
        Value::Array(mut rows) if !rows.is_empty() => rows.swap_remove(0),
        Value::Array(_) => Value::Null,
        other => other,
    }
}
