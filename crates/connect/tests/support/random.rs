//! Roles as people could have clicked them together: any rows with levels these take, and customize lists of
//! every form beside those that have one. Known to no PSA yet.

use super::registry;
use bitting_policy::{Action, Level, ListDocument, Role, RoleDocument, RowDocument, Verb};
use proptest::prelude::*;
use proptest::sample::Index;
use std::fmt::Write as _;

/// Names that a tenant may have on its own lists.
const OWN: [&str; 4] = ["Managed Server", "Managed Workstation", "Cloud", "Printer"];

/// One row before it is made to fit: which action, four levels, and the list beside it.
type Draw = (Index, bool, [Index; 4], u8, [Index; 3]);

/// A role that the product accepts, with at least one row.
pub fn role(name: &'static str) -> impl Strategy<Value = RoleDocument> {
    let draw = (
        any::<Index>(),
        proptest::bool::weighted(0.4),
        any::<[Index; 4]>(),
        0..5u8,
        any::<[Index; 3]>(),
    );
    proptest::collection::vec(draw, 1..7)
        .prop_map(move |draws| document(name, draws))
        .prop_filter("a role without a row", |document| !document.rows.is_empty())
}

fn document(name: &str, draws: Vec<Draw>) -> RoleDocument {
    let mut document = RoleDocument {
        name: name.to_owned(),
        ..RoleDocument::default()
    };
    let listed: Vec<&Action> = registry()
        .actions()
        .iter()
        .filter(|action| action.customize.is_some())
        .collect();
    for (at, with_list, levels, form, names) in draws {
        let action = if with_list {
            *at.get(&listed)
        } else {
            at.get(registry().actions())
        };
        let mut row = RowDocument {
            module: action.module.clone(),
            action: action.name.clone(),
            ..RowDocument::default()
        };
        for (verb, pick) in Verb::EVERY.into_iter().zip(levels) {
            // Reports belong to nobody: My is taken, and opens none of them.
            let opens = |level: &Level| *level != Level::My || !action.reads_everything;
            let accepted: Vec<Level> = action.levels(verb).filter(opens).collect();
            *cell(&mut row, verb) = *pick.get(&accepted);
        }
        if row.inquire == Level::None {
            row.inquire = action.levels(Verb::Inquire).max().unwrap_or_default();
        }
        let twice = document
            .rows
            .iter()
            .any(|held| held.module == row.module && held.action == row.action);
        if twice || !fits(&row) {
            continue;
        }
        if let Some(list) = action.customize.and_then(|id| registry().get_list(id)) {
            let mut names: Vec<String> = names
                .iter()
                .map(|pick| {
                    if list.fixed {
                        pick.get(registry().tables()).full_name()
                    } else {
                        (*pick.get(&OWN)).to_owned()
                    }
                })
                .collect();
            names.sort();
            names.dedup();
            let entries = match form {
                0 => ListDocument::Everything,
                1 => ListDocument::Deny(names),
                2 => ListDocument::Allow(Vec::new()),
                _ => ListDocument::Allow(names),
            };
            if entries != ListDocument::Everything {
                document.lists.insert(list.identifier.clone(), entries);
            }
        }
        document.rows.push(row);
    }
    // The registry's own order, so that roles compare.
    Role::from_document(registry(), &document)
        .expect("rows that fit")
        .document(registry())
}

/// Whether the product takes the row.
fn fits(row: &RowDocument) -> bool {
    let document = RoleDocument {
        rows: vec![row.clone()],
        ..RoleDocument::default()
    };
    row.levels() != [Level::None; 4] && Role::from_document(registry(), &document).is_ok()
}

/// One cell of a row.
pub fn cell(row: &mut RowDocument, verb: Verb) -> &mut Level {
    match verb {
        Verb::Add => &mut row.add,
        Verb::Edit => &mut row.edit,
        Verb::Delete => &mut row.delete,
        Verb::Inquire => &mut row.inquire,
    }
}

/// The profile that asks for exactly this role.
pub fn profile_text(role: &RoleDocument) -> String {
    let mut text = "[profile]\nvendor = \"Nobody\"\nproduct = \"Drawn\"\npsa = \"connectwise\"\n\
        summary = \"A role drawn by lot.\"\ncompleteness = \"complete\"\nversion = 1\n\n[[source]]\ntitle = \"None\"\n\
        url = \"https://example.com/\"\ntaken = \"2026-11-22\"\n"
        .to_owned();
    for row in &role.rows {
        let _ = write!(
            text,
            "\n[[grant]]\nmodule = {:?}\naction = {:?}\n",
            row.module, row.action
        );
        for (verb, level) in Verb::EVERY.into_iter().zip(row.levels()) {
            let _ = writeln!(text, "{} = \"{level}\"", verb.as_str().to_lowercase());
        }
        let list = registry()
            .action(&row.module, &row.action)
            .and_then(|id| registry().get(id)?.customize)
            .and_then(|id| registry().get_list(id))
            .and_then(|list| role.lists.get(&list.identifier));
        let _ = match list {
            Some(ListDocument::Allow(names)) if names.is_empty() => {
                writeln!(text, "customize = {{ mode = \"none\" }}")
            }
            Some(ListDocument::Allow(names)) => {
                writeln!(
                    text,
                    "customize = {{ mode = \"allow\", entries = {names:?} }}"
                )
            }
            Some(ListDocument::Deny(names)) => {
                writeln!(
                    text,
                    "customize = {{ mode = \"deny\", entries = {names:?} }}"
                )
            }
            _ => Ok(()),
        };
    }
    text
}
