//! What to say about a role while it is being set: traps, and rights that reach far. Knows no member.

use super::matrix::Matrix;
use bitting_policy::{Level, Registry, Role, Verb};
use maud::{Markup, html};

/// One remark: `error`, `warning` or `note`, and the words.
pub type Remark = (&'static str, String);

/// Remarks on a role as its form stands, most serious first.
pub fn remarks(registry: &Registry, role: &Role, matrix: &Matrix) -> Vec<Remark> {
    let mut found: Vec<Remark> = Vec::new();
    if role.inactive {
        found.push((
            "warning",
            "The role is inactive: its members may do nothing.".to_owned(),
        ));
    }
    if role.admin {
        let text = "The role is an administrator's: it holds every right, whatever its rows say.";
        found.push(("warning", text.to_owned()));
    }
    let mut deletes = Vec::new();
    for (action, levels) in registry.actions().iter().zip(&matrix.levels) {
        let [add, edit, delete, inquire] = *levels;
        let writes = add.max(edit).max(delete);
        if writes > Level::None && inquire == Level::None {
            let text = format!("{}: Add, Edit and Delete need Inquire.", action.full_name());
            found.push(("error", text));
        } else if writes > inquire {
            let text = format!(
                "{}: writes reach further than Inquire ({inquire}); what was written may not be seen again.",
                action.full_name()
            );
            found.push(("note", text));
        }
        if action.reads_everything && inquire > Level::None {
            let text = format!(
                "{} reads across all objects, cost and personal data too, whatever the other rows say.",
                action.full_name()
            );
            found.push(("warning", text));
        }
        if delete > Level::None {
            deletes.push(action.full_name());
        }
    }
    if !deletes.is_empty() {
        let text = format!(
            "Delete is granted on {}. Few integrations need it.",
            deletes.join(", ")
        );
        found.push(("note", text));
    }
    found.extend(tables(registry, role, matrix));
    let rank = |kind: &str| {
        ["error", "warning", "note"]
            .iter()
            .position(|known| *known == kind)
    };
    found.sort_by_key(|(kind, _)| rank(kind));
    found
}

/// Table Setup has two gates: the row and its customize list.
fn tables(registry: &Registry, role: &Role, matrix: &Matrix) -> Option<Remark> {
    let index = usize::from(registry.table_setup().0);
    let levels = matrix.levels.get(index)?;
    let open = levels[Verb::Inquire.index()] > Level::None;
    let allowed = registry
        .tables()
        .iter()
        .filter(|table| role.lists_table(table.id))
        .count();
    let all = registry.tables().len();
    match (open, allowed) {
        (true, 0) => Some((
            "warning",
            "System / Table Setup is set, but its list allows no table.".to_owned(),
        )),
        (true, some) if some == all => Some((
            "warning",
            format!(
                "System / Table Setup opens all {all} tables. Choose customize to allow only those that are needed."
            ),
        )),
        (false, some) if some < all => Some((
            "note",
            format!(
                "{some} tables are chosen, but System / Table Setup is None: they open nothing until Inquire is set."
            ),
        )),
        _ => None,
    }
}

pub fn shown(remarks: &[Remark]) -> Markup {
    html! {
        h2 { "Remarks" }
        @if remarks.is_empty() { p.hint { "Nothing to remark." } }
        ul.remarks { @for (kind, text) in remarks { li class=(kind) { b { (kind) } " " (text) } } }
    }
}
