//! Entries of customize lists: allowed, missing and in excess, where the row is open on both sides.

use super::Asked;
use crate::report::{Right, State};
use crate::wanted::Wanted;
use bitting_policy::{Comparison, Level, ListDocument, Role, Verb};

/// Adds the rights of every entry that the profile names or the role has beyond it.
pub fn compared(
    asked: &Asked<'_>,
    wanted: &Wanted,
    held: &Role,
    comparison: &Comparison,
    screen: &str,
    rights: &mut Vec<Right>,
) {
    let registry = asked.registry;
    let mut push = |list: &str, entry: &str, state: State| {
        let action = registry
            .list(list)
            .and_then(|id| registry.get_list(id))
            .and_then(|list| registry.get(list.action));
        let Some(action) = action else { return };
        let (held, needed) = match state {
            State::Missing => ("not allowed", "allowed"),
            State::Excess => ("allowed", "not needed"),
            _ => ("allowed", "allowed"),
        };
        let at = format!("{screen} > {} > {} > customize", action.module, action.name);
        rights.push(Right {
            module: action.module.clone(),
            action: action.name.clone(),
            verb: None,
            entry: Some(entry.to_owned()),
            held: held.to_owned(),
            needed: needed.to_owned(),
            state,
            why: String::new(),
            remedy: match state {
                State::Missing => format!("{at}: move {entry} to the allowed (left) side"),
                State::Excess => format!("{at}: move {entry} to the disallowed (right) side"),
                _ => String::new(),
            },
        });
    };
    for (list, names) in &wanted.document.lists {
        let ListDocument::Allow(names) = names else {
            continue;
        };
        let open = registry
            .list(list)
            .and_then(|id| registry.get_list(id))
            .is_some_and(|list| {
                held.admin
                    || Verb::EVERY
                        .iter()
                        .any(|verb| held.level(list.action, *verb) > Level::None)
            });
        let gap = comparison.lists.iter().find(|gap| gap.list == *list);
        for name in names {
            let lacks = gap.is_some_and(|gap| {
                gap.missing
                    .iter()
                    .any(|missing| missing.eq_ignore_ascii_case(name))
            });
            // Behind a closed row no entry counts; the row itself is what is missing.
            match (lacks, open) {
                (true, _) => push(list, name, State::Missing),
                (false, true) => push(list, name, State::Granted),
                (false, false) => {}
            }
        }
    }
    for gap in &comparison.lists {
        for name in &gap.missing {
            let said = matches!(
                wanted.document.lists.get(&gap.list),
                Some(ListDocument::Allow(_))
            );
            if !said {
                push(&gap.list, name, State::Missing);
            }
        }
        if gap.missing_rest {
            push(&gap.list, "every other entry", State::Missing);
        }
        if gap.excess_rest {
            push(&gap.list, "every other entry", State::Excess);
        }
        // A list that is open as a whole is one thing to change, not a hundred.
        let open = asked
            .registry
            .list(&gap.list)
            .map(|id| held.list_document(registry, id));
        if open == Some(ListDocument::Everything) && !gap.excess.is_empty() {
            push(
                &gap.list,
                &format!("everything: {} entries more than needed", gap.excess.len()),
                State::Excess,
            );
            continue;
        }
        for name in &gap.excess {
            push(&gap.list, name, State::Excess);
        }
    }
}
