//! The permission matrix as a golden file: every entity, every verb, and what the levels of the rows it needs
//! decide. Accept a new text with `INSTA_UPDATE=always`.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use bitting_catalog::Catalog;
use bitting_catalog::security::SecurityLevel;
use bitting_catalog::served::Act;
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

/// What each value of each cell that an operation needs decides, the others at their highest.
#[test]
fn every_autotask_entity_act_and_value() {
    let (permissions, registry, catalog) = Catalog::autotask().expect("the shipped data reads");
    fn actions(needs: &Needs, into: &mut Vec<bitting_policy::ActionId>) {
        match needs {
            Needs::Action(action) => into.push(*action),
            Needs::Every(parts) | Needs::Either(parts) => {
                for part in parts {
                    actions(part, into);
                }
            }
            _ => {}
        }
    }
    let mut text = String::new();
    for entity in &catalog.entities {
        let served = entity.served.as_ref().expect("routes");
        for act in Act::EVERY.into_iter().filter(|act| served.can.does(*act)) {
            let own = entity.extra_rights.get(act.word());
            let needs = &own.unwrap_or(&entity.right).needs;
            let asks = served.asks.iter().find(|(asked, _)| *asked == act);
            let verb = asks.map_or(act, |(_, verb)| *verb).verb();
            let mut named = Vec::new();
            actions(needs, &mut named);
            write!(text, "{} {}", entity.path, act.word()).unwrap();
            if named.is_empty() {
                text.push_str(" | any API user");
            }
            for action in &named {
                let row = registry.get(*action).expect("a known action");
                let permission = permissions.deciding(&row.module, &row.name).expect("known");
                write!(text, " | {}", row.full_name()).unwrap();
                for cell in ["value", "view", "add", "edit", "delete"] {
                    let mut line = String::new();
                    let mut outcomes = Vec::new();
                    for value in permission.values(cell) {
                        let mut level = SecurityLevel::default();
                        for other in &named {
                            let row = registry.get(*other).expect("a known action");
                            let other =
                                permissions.deciding(&row.module, &row.name).expect("known");
                            // Of alternatives, the one at hand alone decides.
                            let apart = matches!(needs, Needs::Either(_));
                            if !apart || other.full_name() == permission.full_name() {
                                level.settings.insert(other.full_name(), other.top());
                            }
                        }
                        let values = level.settings.entry(permission.full_name()).or_default();
                        *values.cell(cell).expect("a cell") = Some(value.clone());
                        let role = permissions.role(&registry, 1, &level).expect("a role");
                        let decided = match decide(&role, needs, verb) {
                            Decision::All => "all",
                            Decision::Mine => "mine",
                            Decision::Denied(_) => "no",
                        };
                        write!(line, " {value}={decided}").unwrap();
                        outcomes.push(decided);
                    }
                    outcomes.dedup();
                    // A cell that decides nothing here is not worth a word.
                    if outcomes.len() > 1 {
                        write!(text, " {cell}{line};").unwrap();
                    }
                }
            }
            text.push('\n');
        }
    }
    assert!(catalog.entities.len() > 200, "the whole API");
    insta::assert_snapshot!(text);
}
