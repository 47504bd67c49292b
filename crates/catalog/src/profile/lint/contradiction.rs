//! Guides of one vendor for one product that do not say the same.

use super::{Finding, Report, Severity};
use crate::profile::document::{Completeness, Product, Profile, Relation};
use crate::profile::grant::Grant;
use bitting_policy::{Level, Registry, Verb};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

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
        if let Some(message) = difference(&ours, &theirs, &edition.title, edition.incomplete) {
            report.add(Severity::Warning, "contradiction", edition.line, message);
        }
    }
}

/// Profiles of the same vendor and product, compared in pairs. Additions to a role are no
/// contradiction, and neither is what could not be read.
pub(super) fn check_profiles(profiles: &[Profile], registry: &Registry) -> Vec<Finding> {
    let mut found = Vec::new();
    for (place, left) in profiles.iter().enumerate() {
        for right in &profiles[place + 1..] {
            let (a, b) = (&left.product, &right.product);
            let same = (a.psa, &a.vendor, &a.product) == (b.psa, &b.vendor, &b.product);
            let whole = |product: &Product| {
                !product.addon && product.completeness == Completeness::Complete
            };
            if !same || !whole(a) || !whole(b) {
                continue;
            }
            let ours = rows(registry, left.rows().map(|(_, grant)| grant));
            let theirs = rows(registry, right.rows().map(|(_, grant)| grant));
            if let Some(message) = difference(&ours, &theirs, &right.title(), false) {
                found.push(Finding {
                    severity: Severity::Warning,
                    rule: "contradiction",
                    place: left.place(1, ""),
                    line: 1,
                    message,
                    suggestion: None,
                });
            }
        }
    }
    found
}

/// The cells by the registry's names, wildcards spelled out.
fn rows<'a>(registry: &Registry, grants: impl Iterator<Item = &'a Grant>) -> Rows {
    let mut rows = Rows::new();
    for grant in grants {
        let wanted = registry.action(&grant.module, &grant.action);
        let actions = registry.actions().iter().filter(|action| {
            wanted == Some(action.id) || (grant.is_wildcard() && action.module == grant.module)
        });
        for action in actions {
            let key = (action.module.clone(), action.name.clone());
            let held = rows.entry(key).or_insert([Level::None; 4]);
            for verb in Verb::EVERY {
                let cell = &mut held[verb.index()];
                *cell = (*cell).max(grant.level(verb));
            }
        }
    }
    rows
}

/// How many rows a message names before it only counts.
const NAMED: usize = 4;

/// One message for all rows that differ: in both directions, or only where the other asks for more.
fn difference(ours: &Rows, theirs: &Rows, other: &str, only_more: bool) -> Option<String> {
    let keys: BTreeSet<_> = ours.keys().chain(theirs.keys()).collect();
    let none = [Level::None; 4];
    let differs = |there: Level, here: Level| match there.cmp(&here) {
        Ordering::Greater => true,
        Ordering::Less => !only_more,
        Ordering::Equal => false,
    };
    let rows: Vec<String> = keys
        .into_iter()
        .filter_map(|key| {
            let here = ours.get(key).unwrap_or(&none);
            let there = theirs.get(key).unwrap_or(&none);
            let cells: Vec<String> = Verb::EVERY
                .into_iter()
                .map(|verb| (verb, there[verb.index()], here[verb.index()]))
                .filter(|(_, there, here)| differs(*there, *here))
                .map(|(verb, there, here)| format!("{verb} {there}, here {here}"))
                .collect();
            let (module, action) = key;
            (!cells.is_empty()).then(|| format!("{module} / {action} ({})", cells.join("; ")))
        })
        .collect();
    let rest = match rows.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let named = rows.get(..NAMED).unwrap_or(&rows).join(", ");
    (!rows.is_empty()).then(|| format!("`{other}` says otherwise: {named}{rest}"))
}
