//! Guides of one vendor for one product that do not say the same.

use super::{Finding, Report, Severity};
use crate::profile::document::{Profile, Relation};
use crate::profile::grant::Grant;
use bitting_policy::{ActionId, Level, Registry, Verb};
use std::collections::BTreeMap;

type Rows = BTreeMap<(String, String), [Level; 4]>;

/// Another page beside or after the profile's own, compared cell by cell. Older pages may differ.
pub(super) fn check_editions(report: &mut Report, registry: &Registry) {
    let profile = report.profile;
    let ours = rows(registry, profile.rows().map(|(_, grant)| grant));
    for edition in &profile.edition {
        if edition.relation == Relation::Older || edition.grant.is_empty() {
            continue;
        }
        let theirs = rows(registry, edition.grant.iter());
        for message in differences(&ours, &theirs, &edition.title) {
            report.add(Severity::Warning, "contradiction", 1, message);
        }
    }
}

/// Profiles of the same vendor and product, compared in pairs. Additions to a role are no
/// contradiction.
pub(super) fn check_profiles(profiles: &[Profile], registry: &Registry) -> Vec<Finding> {
    let mut found = Vec::new();
    for (place, left) in profiles.iter().enumerate() {
        for right in &profiles[place + 1..] {
            let (a, b) = (&left.product, &right.product);
            if (a.psa, &a.vendor, &a.product) != (b.psa, &b.vendor, &b.product)
                || a.addon
                || b.addon
            {
                continue;
            }
            let ours = rows(registry, left.rows().map(|(_, grant)| grant));
            let theirs = rows(registry, right.rows().map(|(_, grant)| grant));
            for message in differences(&ours, &theirs, &right.title()) {
                found.push(Finding {
                    severity: Severity::Warning,
                    rule: "contradiction",
                    place: left.place(1),
                    line: 1,
                    message,
                    suggestion: None,
                });
            }
        }
    }
    found
}

fn rows<'a>(registry: &Registry, grants: impl Iterator<Item = &'a Grant>) -> Rows {
    let mut rows = Rows::new();
    for grant in grants {
        let id: Option<ActionId> = registry.action(&grant.module, &grant.action);
        let key = id.and_then(|id| registry.get(id)).map_or_else(
            || (grant.module.clone(), grant.action.clone()),
            |action| (action.module.clone(), action.name.clone()),
        );
        let held = rows.entry(key).or_insert([Level::None; 4]);
        for verb in Verb::EVERY {
            let cell = &mut held[verb.index()];
            *cell = (*cell).max(grant.level(verb));
        }
    }
    rows
}

/// One message per row that differs, in both directions.
fn differences(ours: &Rows, theirs: &Rows, other: &str) -> Vec<String> {
    let mut keys: Vec<&(String, String)> = ours.keys().chain(theirs.keys()).collect();
    keys.sort();
    keys.dedup();
    let none = [Level::None; 4];
    keys.into_iter()
        .filter_map(|key| {
            let here = ours.get(key).unwrap_or(&none);
            let there = theirs.get(key).unwrap_or(&none);
            let cells: Vec<String> = Verb::EVERY
                .into_iter()
                .filter(|verb| here[verb.index()] != there[verb.index()])
                .map(|verb| {
                    format!(
                        "{verb} {} there, {} here",
                        there[verb.index()],
                        here[verb.index()]
                    )
                })
                .collect();
            let (module, action) = key;
            (!cells.is_empty()).then(|| {
                format!(
                    "`{other}` says otherwise of {module} / {action}: {}",
                    cells.join("; ")
                )
            })
        })
        .collect()
}
