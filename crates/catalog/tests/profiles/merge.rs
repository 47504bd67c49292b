//! Joining features: the highest level per verb, the union of lists, in any order.

use super::{named, registry, shipped};
use bitting_catalog::profile::{Entries, Need, Pattern, Psa, Selection, join_all};
use bitting_policy::Level;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const TABLES: [&str; 4] = [
    "Service / Source",
    "Service / Priority",
    "Company / State",
    "Time / Work Type",
];

fn need() -> impl Strategy<Value = Need> {
    let level = || proptest::sample::select(vec![Level::None, Level::My, Level::All]);
    let entries = prop_oneof![
        Just(Entries::All),
        proptest::collection::btree_set(proptest::sample::select(&TABLES[..]), 0..4).prop_map(
            |names| {
                Entries::Only(
                    names
                        .into_iter()
                        .map(|name| Pattern::Name(name.to_owned()))
                        .collect(),
                )
            }
        ),
    ];
    let action = proptest::sample::select(vec!["Table Setup", "Security", "My Company"]);
    (
        action,
        [level(), level(), level(), level()],
        entries,
        1..5usize,
    )
        .prop_map(|(action, levels, entries, line)| Need {
            module: "System".to_owned(),
            action: action.to_owned(),
            levels,
            entries,
            why: BTreeSet::from([format!("reason {line}")]),
            lines: BTreeSet::from([line]),
        })
}

proptest! {
    #[test]
    fn order_and_repetition_do_not_matter(rows in proptest::collection::vec(need(), 0..8), turn in 0..8usize) {
        let joined = join_all(rows.clone());
        let mut turned = rows.clone();
        turned.rotate_left(turn.min(rows.len()));
        turned.reverse();
        turned.extend(rows.clone());
        prop_assert_eq!(&join_all(turned), &joined);
        prop_assert_eq!(&join_all(joined.clone()), &joined);
    }

    #[test]
    fn a_cell_is_the_highest_of_its_rows_and_a_table_is_in_if_any_row_has_it(rows in proptest::collection::vec(need(), 0..8)) {
        let joined = join_all(rows.clone());
        for need in &joined {
            let same = || rows.iter().filter(|row| row.action == need.action);
            for (place, level) in need.levels.iter().enumerate() {
                prop_assert_eq!(Some(*level), same().map(|row| row.levels[place]).max());
            }
            for table in TABLES {
                prop_assert_eq!(need.entries.allows(table), same().any(|row| row.entries.allows(table)));
            }
        }
        let actions: BTreeSet<&str> = rows.iter().map(|row| row.action.as_str()).collect();
        prop_assert_eq!(joined.len(), actions.len());
    }
}

/// Every subset of features of every shipped profile: the cells are the highest of its parts, and
/// more features never take a right away.
#[test]
fn features_of_shipped_profiles_only_add() {
    let registry = registry();
    for profile in shipped()
        .iter()
        .filter(|p| p.product.psa == Psa::ConnectWise)
    {
        let ids: Vec<&str> = profile.feature.iter().map(|f| f.id.as_str()).collect();
        let none: Vec<String> = ids.iter().map(|id| format!("-{id}")).collect();
        let base = profile.select(&none).expect("its features");
        assert!(base.features.is_empty());
        let base = profile.resolved(&registry, &base).expect("base");
        for mask in 0..1u32 << ids.len().min(8) {
            let on: Vec<&str> = ids
                .iter()
                .enumerate()
                .filter(|(bit, _)| mask >> bit & 1 == 1)
                .map(|(_, id)| *id)
                .collect();
            let mut turned = on.clone();
            turned.reverse();
            let selection = profile.select(&on).expect("its features");
            assert_eq!(selection, profile.select(&turned).expect("its features"));
            let needs: BTreeMap<_, _> = profile
                .resolved(&registry, &selection)
                .expect("its names")
                .into_iter()
                .map(|(action, need)| (action.id, need))
                .collect();
            for (action, need) in &base {
                let more = &needs[&action.id];
                for (held, now) in need.levels.iter().zip(more.levels) {
                    assert!(
                        now >= *held,
                        "{} {:?} lowers {}",
                        profile.file,
                        on,
                        action.full_name()
                    );
                }
            }
        }
    }
}

#[test]
fn a_temporary_feature_raises_one_verb_and_leaves_the_list_alone() {
    let registry = registry();
    let profile = named("connectwise/cloudradial_chat");
    let level = |features: &[&str]| {
        let role = profile.role(&registry, features).expect("a role");
        let row = role
            .rows
            .into_iter()
            .find(|row| row.action == "Table Setup")
            .expect("the row");
        (row.add, row.inquire, role.lists.len())
    };
    assert_eq!(level(&[]), (Level::None, Level::All, 0));
    assert_eq!(level(&["register-source"]), (Level::All, Level::All, 0));
    assert_eq!(
        level(&["all"]),
        (Level::None, Level::All, 0),
        "temporary rights are asked for by name"
    );
}

#[test]
fn an_unknown_feature_names_the_nearest() {
    let profile = named("connectwise/office_protect");
    let error = profile
        .select(&["ticket-setting"])
        .expect_err("no such feature")
        .to_string();
    assert_eq!(
        error,
        "data/profiles/connectwise/office_protect.toml: there is no feature `ticket-setting`, did you mean `ticket-settings`; it has ticket-settings"
    );
}

#[test]
fn a_placeholder_must_be_filled() {
    let registry = registry();
    let profile = named("connectwise/cyberfox_autoelevate");
    let selection = profile.default_selection();
    let names: Vec<&str> = profile
        .unfilled(&selection)
        .iter()
        .map(|gap| gap.name.as_str())
        .collect();
    assert_eq!(names, ["computer-types", "scheduling-levels"]);
    let error = profile
        .role_for(&registry, &selection)
        .expect_err("unfilled")
        .to_string();
    assert!(error.contains(".toml:28:56: `computer-types` is not filled in: every configuration type that means a computer"), "{error}");
    let filled = Selection {
        answers: BTreeMap::from([
            (
                "computer-types".to_owned(),
                vec![
                    "Managed Server".to_owned(),
                    "Managed Workstation".to_owned(),
                ],
            ),
            ("scheduling-levels".to_owned(), vec!["Corporate".to_owned()]),
        ]),
        ..selection
    };
    let role = profile.role_for(&registry, &filled).expect("filled");
    assert_eq!(
        role.lists["CompanyConfigurations"],
        bitting_policy::ListDocument::Allow(vec![
            "Managed Server".to_owned(),
            "Managed Workstation".to_owned()
        ])
    );
}
