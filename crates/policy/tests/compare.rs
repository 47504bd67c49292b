//! What is missing and what is in excess, for well-known guides and for random roles.

mod knowledge;

use bitting_policy::{Level, List, Registry, Role, Verb, compare};
use knowledge::{guide, registry};
use proptest::prelude::*;
use std::sync::LazyLock;

static REGISTRY: LazyLock<Registry> = LazyLock::new(registry);

const GUIDES: [&str; 4] = ["Propel", "MSPCFO", "Umbrella", "OfficeProtect"];

#[test]
fn a_role_against_itself_differs_in_nothing() {
    for name in GUIDES {
        let role = guide(&REGISTRY, name);
        let same = compare(&role, &role, &REGISTRY);
        assert!(same.suffices() && same.is_least(), "{name}: {same:?}");
        assert!(same.lists.is_empty());
        assert_eq!(same.reads_everything, ["Propel", "MSPCFO"].contains(&name));
    }
}

#[test]
fn taking_one_cell_away_misses_exactly_that_cell() {
    for name in GUIDES {
        let needed = guide(&REGISTRY, name);
        for action in REGISTRY.actions() {
            for verb in Verb::EVERY {
                let mut held = needed.clone();
                // Rows that lose Inquire lose everything, so only the other verbs stand alone.
                if verb == Verb::Inquire
                    || held
                        .set_verb(&REGISTRY, action.id, verb, Level::None)
                        .is_err()
                {
                    continue;
                }
                let missing = compare(&held, &needed, &REGISTRY).missing;
                let excess = compare(&needed, &held, &REGISTRY).excess;
                if needed.level(action.id, verb) == Level::None {
                    assert!(missing.is_empty() && excess.is_empty());
                } else {
                    assert_eq!(missing.len(), 1);
                    assert_eq!(excess.len(), 1);
                    assert_eq!((missing[0].verb, &missing[0].action), (verb, &action.name));
                }
            }
        }
    }
}

#[test]
fn tables_are_compared_one_by_one() {
    let needed = guide(&REGISTRY, "Umbrella");
    let mut held = needed.clone();
    let tables = ["Company / Configuration", "Service / Source"]
        .map(str::to_owned)
        .to_vec();
    let list = REGISTRY.table_list().expect("a list");
    held.set_list(&REGISTRY, list, &List::Allow(tables))
        .expect("known tables");
    let gap = &compare(&held, &needed, &REGISTRY).lists[0];
    assert_eq!(gap.list, "SystemTableSetup");
    assert_eq!(
        gap.missing,
        ["Service / Priority", "Service / Service Board"]
    );
    assert_eq!(gap.excess, ["Service / Source"]);

    held.set_list(&REGISTRY, list, &List::Everything)
        .expect("known tables");
    let open = compare(&held, &needed, &REGISTRY);
    assert!(open.suffices() && !open.is_least());
    assert_eq!(open.lists[0].excess.len(), REGISTRY.tables().len() - 3);
}

#[test]
fn lists_of_tenant_data_are_compared_by_name_and_by_rest() {
    let list = REGISTRY.list("CompanyConfigurations").expect("a list");
    let role = |entries: List<Vec<&str>>| {
        let mut role = guide(&REGISTRY, "Umbrella");
        let entries = match entries {
            List::Everything => List::Everything,
            List::Allow(names) => List::Allow(names.into_iter().map(str::to_owned).collect()),
            List::Deny(names) => List::Deny(names.into_iter().map(str::to_owned).collect()),
        };
        role.set_list(&REGISTRY, list, &entries).expect("any names");
        role
    };
    let gap = |held, needed| {
        let comparison = compare(&role(held), &role(needed), &REGISTRY);
        let gap = comparison.lists.first().cloned().unwrap_or_default();
        (gap.missing, gap.excess, gap.missing_rest, gap.excess_rest)
    };
    let none = Vec::<String>::new;
    let some = |name: &str| vec![name.to_owned()];
    let cases = [
        (
            gap(List::Everything, List::Everything),
            (none(), none(), false, false),
        ),
        (
            gap(List::Allow(vec!["A"]), List::Allow(vec!["a"])),
            (none(), none(), false, false),
        ),
        (
            gap(List::Allow(vec!["A"]), List::Allow(vec!["B"])),
            (some("B"), some("A"), false, false),
        ),
        (
            gap(List::Everything, List::Allow(vec!["B"])),
            (none(), none(), false, true),
        ),
        (
            gap(List::Allow(vec!["A"]), List::Everything),
            (none(), none(), true, false),
        ),
        (
            gap(List::Deny(vec!["A"]), List::Allow(vec!["A"])),
            (some("A"), none(), false, true),
        ),
        (
            gap(List::Deny(vec!["A"]), List::Deny(vec!["B"])),
            (some("A"), some("B"), false, false),
        ),
    ];
    for (found, expected) in cases {
        assert_eq!(found, expected);
    }
}

#[test]
fn an_administrator_has_everything_in_excess_and_an_inactive_role_nothing() {
    let needed = guide(&REGISTRY, "OfficeProtect");
    let mut admin = Role::new(&REGISTRY, 63, "Admin");
    admin.admin = true;
    let found = compare(&admin, &needed, &REGISTRY);
    assert!(found.suffices() && found.excess_admin && found.reads_everything && !found.is_least());
    let cells = REGISTRY.actions().len() * 4;
    assert_eq!(found.excess.len(), cells - 6);

    let mut inactive = needed.clone();
    inactive.inactive = true;
    let found = compare(&inactive, &needed, &REGISTRY);
    assert!(found.inactive && !found.suffices() && found.is_least());
    assert_eq!(found.missing.len(), 6);
}

fn role() -> impl Strategy<Value = Role> {
    let rows = prop::collection::vec((any::<prop::sample::Index>(), any::<[bool; 4]>()), 0..12);
    rows.prop_map(|rows| {
        let mut role = Role::new(&REGISTRY, 1, "random");
        for (row, [add, edit, delete, inquire]) in rows {
            let action = row.get(REGISTRY.actions());
            let level = |on: bool| if on { Level::All } else { Level::None };
            let inquire = level(inquire || add || edit || delete);
            let levels = [level(add), level(edit), level(delete), inquire];
            role.set(&REGISTRY, action.id, levels)
                .expect("All beside Inquire");
        }
        role
    })
}

proptest! {
    #[test]
    fn missing_one_way_is_excess_the_other(held in role(), needed in role()) {
        let there = compare(&held, &needed, &REGISTRY);
        let back = compare(&needed, &held, &REGISTRY);
        let names = |cells: &[bitting_policy::Cell]| -> Vec<_> {
            cells.iter().map(|c| (c.module.clone(), c.action.clone(), c.verb)).collect()
        };
        prop_assert_eq!(names(&there.missing), names(&back.excess));
        prop_assert_eq!(names(&there.excess), names(&back.missing));
        let equal = REGISTRY.actions().iter().all(|a| held.levels(a.id) == needed.levels(a.id));
        prop_assert_eq!(there.suffices() && there.is_least(), equal);
    }
}
