//! What differs between two security levels, cell by cell.

use crate::console::bench::Sign;
use crate::console::page::inline;
use bitting_catalog::security::{Permissions, SecurityLevel, Values};
use maud::{Markup, html};

/// One cell that differs.
pub fn lines(
    permissions: &Permissions,
    held: Option<&SecurityLevel>,
    wanted: &SecurityLevel,
) -> Vec<(Sign, String)> {
    let nothing = Values::default();
    let mut lines = Vec::new();
    for entry in &permissions.entries {
        let full = entry.full_name();
        let old = held
            .and_then(|level| level.settings.get(&full))
            .unwrap_or(&nothing);
        let new = wanted.settings.get(&full).unwrap_or(&nothing);
        for ((cell, from), (_, to)) in old.cells().into_iter().zip(new.cells()) {
            let rank = |value: &Option<String>| {
                let values = entry.values(cell);
                value
                    .as_ref()
                    .and_then(|value| values.iter().position(|known| known == value))
                    .unwrap_or_default()
            };
            let word = |value: &Option<String>| {
                let least = entry.values(cell).first().cloned();
                value.clone().or(least).unwrap_or_else(|| "None".to_owned())
            };
            if word(from) == word(to) {
                continue;
            }
            let sign = match (rank(from), rank(to)) {
                (one, other) if one > other => Sign::Remove,
                (0, _) => Sign::Add,
                _ => Sign::Change,
            };
            let what = if cell == "value" {
                full.clone()
            } else {
                format!("{full}: {}{}", cell[..1].to_uppercase(), &cell[1..])
            };
            lines.push((sign, format!("{what} from {} to {}", word(from), word(to))));
        }
    }
    lines
}

pub fn diff(lines: &[(Sign, String)]) -> Markup {
    html! { ul.diff { @for (sign, text) in lines { @match sign {
        Sign::Add => li.plus { "+ " (inline(text)) },
        Sign::Change => li.change { "~ " (inline(text)) },
        Sign::Remove => li.minus { "− " (inline(text)) },
    } } } }
}
