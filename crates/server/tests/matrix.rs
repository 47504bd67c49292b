//! The permission matrix as a golden file: every entity, every verb, and what the levels of the rows it needs
//! decide. Accept a new text with `INSTA_UPDATE=always`.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use bitting_catalog::Catalog;
use bitting_policy::{Decision, Level, List, Needs, Registry, Role, Verb, decide};
use std::fmt::Write as _;

/// Sets the verb to `level` (and Inquire to All) on every row the needs name; false where a row does not
/// accept the level.
fn set(registry: &Registry, role: &mut Role, needs: &Needs, verb: Verb, level: Level) -> bool {
    let mut row = |action| {
        let mut levels = [Level::None; 4];
        if level != Level::None && verb != Verb::Inquire {
            levels[3] = Level::All;
        }
        let place = Verb::EVERY
            .iter()
            .position(|other| *other == verb)
            .expect("a verb");
        levels[place] = level;
        role.set(registry, action, levels).is_ok()
    };
    match needs {
        Needs::Anyone | Needs::AnyMember => true,
        Needs::Action(action) => row(*action),
        Needs::Table(table) => {
            let done = row(registry.table_setup());
            role.set_tables(List::Allow([*table].into_iter().collect()));
            done
        }
        Needs::Every(parts) => parts
            .iter()
            .all(|part| set(registry, role, part, verb, level)),
        Needs::Either(parts) => set(registry, role, &parts[0], verb, level),
    }
}

fn names(registry: &Registry, needs: &Needs) -> String {
    let join = |parts: &[Needs], word: &str| {
        parts
            .iter()
            .map(|part| names(registry, part))
            .collect::<Vec<_>>()
            .join(word)
    };
    match needs {
        Needs::Anyone => "anyone".to_owned(),
        Needs::AnyMember => "any member".to_owned(),
        Needs::Action(action) => registry.get(*action).expect("a known action").full_name(),
        Needs::Table(table) => format!(
            "table {}",
            registry
                .get_table(*table)
                .expect("a known table")
                .full_name()
        ),
        Needs::Every(parts) => join(parts, " and "),
        Needs::Either(parts) => join(parts, " or "),
    }
}

#[test]
fn every_entity_verb_and_level() {
    let (registry, catalog) = Catalog::embedded().expect("the shipped data reads");
    let mut text = String::new();
    for entity in &catalog.entities {
        write!(
            text,
            "{} | {}",
            entity.path,
            names(&registry, &entity.right.needs)
        )
        .unwrap();
        for verb in Verb::EVERY {
            write!(text, " | {verb}").unwrap();
            for level in [Level::None, Level::My, Level::All] {
                let mut role = Role::new(&registry, 1, "matrix");
                let decided = if set(&registry, &mut role, &entity.right.needs, verb, level) {
                    match decide(&role, &entity.right.needs, verb) {
                        Decision::All => "all",
                        Decision::Mine => "mine",
                        Decision::Denied(_) => "no",
                    }
                } else {
                    "-"
                };
                write!(text, " {decided}").unwrap();
            }
        }
        text.push('\n');
    }
    assert!(catalog.entities.len() > 400, "the whole API");
    insta::assert_snapshot!(text);
}
