//! What a key may do beyond the level that is wanted, by the cells that open it.

use super::Asked;
use super::witness::Witness;
use crate::autotask::known::{actions, columns, head, needs, path, rank};
use crate::autotask::wanted::level_screen;
use crate::report::{Report, Right, State};
use bitting_catalog::security::Permission;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Adds a right for every cell behind an operation that goes further than the level.
pub fn excess(asked: &Asked<'_>, witnesses: &[Witness<'_>], report: &mut Report) {
    let mut found: BTreeMap<(String, &'static str), Vec<String>> = BTreeMap::new();
    for witness in witnesses {
        let Some(told) = witness.told.filter(|told| *told > witness.most) else {
            continue;
        };
        let said = format!(
            "{} {} {}",
            witness.entity.path,
            witness.act.word(),
            told.word()
        );
        for action in actions(needs(witness.entity, witness.act).0) {
            let Some(entry) = asked.screen.permission(action) else {
                continue;
            };
            for cell in columns(entry, witness.verb) {
                let value = asked.screen.value(&asked.wanted.level, entry, cell);
                let top = entry.values(cell).len().saturating_sub(1);
                if rank(entry, cell, &value).is_some_and(|rank| rank < top) {
                    found
                        .entry((entry.full_name(), cell))
                        .or_default()
                        .push(said.clone());
                }
            }
        }
    }
    for ((name, cell), said) in found {
        let Some(entry) = asked.screen.permissions.named(&name) else {
            continue;
        };
        let value = asked.screen.value(&asked.wanted.level, entry, cell);
        let column = match head(cell) {
            "" => String::new(),
            head => format!("{head} "),
        };
        let more = said.len().saturating_sub(3);
        let mut why = said.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
        if more > 0 {
            // Writing to a String cannot fail.
            let _ = write!(why, " and {more} more");
        }
        report.rights.push(Right {
            module: entry.section.clone(),
            action: entry.name.clone(),
            verb: Some(head(cell)).filter(|head| !head.is_empty()),
            entry: None,
            held: "more".to_owned(),
            needed: value.clone(),
            state: State::Excess,
            why,
            remedy: format!(
                "{} > {}: set {column}to {value}{}",
                level_screen(&asked.wanted.level.name),
                path(entry),
                raised(entry, cell, &value)
            ),
        });
    }
}

/// What else lets a cell grant more than it shows.
fn raised(entry: &Permission, cell: &str, value: &str) -> String {
    let rule = entry.derived.as_ref();
    let rule = rule.filter(|rule| rule.cell == cell && rule.from == value);
    rule.map_or_else(String::new, |rule| {
        format!(
            "; where it stands there already, it acts as {} because every row of {} > {} is {}: set one lower",
            rule.to, rule.section, rule.subsection, rule.stands
        )
    })
}
