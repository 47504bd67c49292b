//! Rights granted, missing and in excess, where the PSA told what is held. `entries` does the same inside a row.

use super::{Asked, entries};
use crate::report::{Report, Right, State};
use crate::wanted::Wanted;
use bitting_policy::{Level, Role, Verb, compare};

/// Rights granted, missing and in excess, by comparison.
pub fn compared(asked: &Asked<'_>, wanted: &Wanted, held: &Role, report: &mut Report) {
    let registry = asked.registry;
    let comparison = compare(held, &wanted.role, registry);
    let screen = format!("System > Security Roles > {}", report.role);
    let missing = |module: &str, action: &str, verb: Verb| {
        comparison
            .missing
            .iter()
            .find(|cell| cell.module == module && cell.action == action && cell.verb == verb)
    };
    for (module, action, verb, needed) in wanted.cells() {
        let id = registry.action(module, action);
        let gap = missing(module, action, verb);
        let now = match (gap, id) {
            (Some(cell), _) => cell.held,
            (None, _) if held.admin => needed,
            (None, Some(id)) => held.level(id, verb),
            (None, None) => Level::None,
        };
        report.rights.push(Right {
            module: module.to_owned(),
            action: action.to_owned(),
            verb: Some(verb.as_str()),
            entry: None,
            held: now.to_string(),
            needed: needed.to_string(),
            state: if gap.is_some() {
                State::Missing
            } else {
                State::Granted
            },
            why: wanted.reason(module, action).to_owned(),
            remedy: gap.map_or_else(String::new, |_| {
                format!("{screen} > {module} > {action}: set {verb} to {needed}")
            }),
        });
    }
    entries::compared(
        asked,
        wanted,
        held,
        &comparison,
        &screen,
        &mut report.rights,
    );
    if comparison.excess_admin {
        report.rights.push(Right {
            module: "Every module".to_owned(),
            action: "administrator".to_owned(),
            verb: None,
            entry: None,
            held: "yes".to_owned(),
            needed: "no".to_owned(),
            state: State::Excess,
            why: format!(
                "{} levels more than needed, and every setup table",
                comparison.excess.len()
            ),
            remedy: if report.role.eq_ignore_ascii_case(&wanted.document.name) {
                format!(
                    "`{}` is an administrator's role; apply without --admin and with another --role, or let `bitting learn` \
                     find the rows it uses",
                    report.role
                )
            } else {
                format!(
                    "give the member the role `{}` instead of an administrator's",
                    wanted.document.name
                )
            },
        });
        return;
    }
    for cell in &comparison.excess {
        let reads = if cell.reads_everything {
            "reads across all records, cost and people included"
        } else {
            ""
        };
        report.rights.push(Right {
            module: cell.module.clone(),
            action: cell.action.clone(),
            verb: Some(cell.verb.as_str()),
            entry: None,
            held: cell.held.to_string(),
            needed: cell.needed.to_string(),
            state: State::Excess,
            why: reads.to_owned(),
            remedy: format!(
                "{screen} > {} > {}: set {} to {}",
                cell.module, cell.action, cell.verb, cell.needed
            ),
        });
    }
}
