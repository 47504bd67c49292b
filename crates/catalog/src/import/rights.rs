//! The right that a new kind of record is likely to need. No description says it: every guess carries its
//! reason, and where there is nothing to go by it is the right that only administrators hold.

use super::fields::quoted;
use crate::catalog::Catalog;
use crate::entity::Entity;
use bitting_policy::{Needs, Registry};
use std::collections::BTreeMap;

/// The row of a role that stands for "nobody but administrators".
const STRICTEST: (&str, &str) = ("System", "Security");

/// The `right` of a new entity's file, and the sentence of the report.
pub(super) fn guess(
    path: &str,
    above: Option<&Entity>,
    catalog: &Catalog,
    registry: &Registry,
) -> (String, String) {
    if let Some(above) = above {
        let reason = format!("Guessed: it hangs under {}.", above.path);
        return (
            format!(
                "{{ who = \"parent\", basis = \"chosen\", reason = {} }}",
                quoted(&reason)
            ),
            format!("{path}: as {}, which it hangs under", above.path),
        );
    }
    let module = path.split('/').next().unwrap_or_default();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for entity in &catalog.entities {
        let same = entity.path.split('/').next() == Some(module);
        if let (true, Needs::Action(action)) = (same, &entity.right.needs)
            && let Some(row) = registry.get(*action)
        {
            *counts.entry(row.full_name()).or_default() += 1;
        }
    }
    let most = counts.into_iter().max_by_key(|(_, count)| *count);
    let (action, why) = match most {
        Some((action, count)) => (
            action,
            format!("{count} kinds of record of {module} need it"),
        ),
        None => {
            let row = registry
                .action(STRICTEST.0, STRICTEST.1)
                .and_then(|id| registry.get(id));
            let name =
                row.map_or_else(|| STRICTEST.0.to_owned(), bitting_policy::Action::full_name);
            (
                name,
                format!("nothing else is known of {module}, and administrators hold it"),
            )
        }
    };
    let reason = format!("Guessed: {why}.");
    (
        format!(
            "{{ action = {}, basis = \"chosen\", reason = {} }}",
            quoted(&action),
            quoted(&reason)
        ),
        format!("{path}: {action}, because {why}"),
    )
}
