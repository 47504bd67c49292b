//! The decision against a slow one that knows only names, and the laws it must keep.

mod knowledge;
mod slow;

use bitting_policy::{
    ActionId, Decision, EntryId, Level, List, ListDocument, Needs, Registry, Role, RoleDocument,
    RowDocument, Verb, Why, allows_entry, allows_table, decide,
};
use knowledge::registry;
use proptest::prelude::*;
use proptest::sample::Index;
use std::collections::BTreeMap;
use std::sync::LazyLock;

static REGISTRY: LazyLock<Registry> = LazyLock::new(registry);

/// Few actions and tables, so that random roles and needs meet.
const ACTIONS: u16 = 6;
const TABLES: u32 = 8;

/// The rows that random roles use: Table Setup among them.
fn actions() -> Vec<ActionId> {
    let mut ids: Vec<_> = REGISTRY
        .actions()
        .iter()
        .map(|a| a.id)
        .take(ACTIONS.into())
        .collect();
    ids[0] = REGISTRY.table_setup();
    ids
}

fn level() -> impl Strategy<Value = Level> {
    prop_oneof![Just(Level::None), Just(Level::My), Just(Level::All)]
}

fn verb() -> impl Strategy<Value = Verb> {
    prop::sample::select(Verb::EVERY.to_vec())
}

fn list(names: Vec<String>) -> impl Strategy<Value = ListDocument> {
    let some = prop::sample::subsequence(names, 0..=4);
    (0..3u8, some).prop_map(|(kind, names)| match kind {
        0 => List::Everything,
        1 => List::Allow(names),
        _ => List::Deny(names),
    })
}

fn table_names() -> Vec<String> {
    let tables = REGISTRY.tables().iter().take(TABLES as usize);
    tables.map(bitting_policy::Table::full_name).collect()
}

const TYPES: [&str; 4] = [
    "Managed Server",
    "Managed Workstation",
    "Firewall",
    "Überwachung",
];

fn document() -> impl Strategy<Value = RoleDocument> {
    let rows = prop::collection::vec([level(), level(), level(), level()], usize::from(ACTIONS));
    let types = TYPES.map(str::to_owned).to_vec();
    let flags = (prop::bool::weighted(0.1), prop::bool::weighted(0.1));
    (rows, list(table_names()), list(types), flags).prop_map(
        |(rows, tables, types, (admin, inactive))| {
            let rows = rows.into_iter().zip(actions()).map(|(levels, id)| {
                let action = REGISTRY.get(id).expect("an action");
                RowDocument {
                    module: action.module.clone(),
                    action: action.name.clone(),
                    add: levels[0],
                    edit: levels[1],
                    delete: levels[2],
                    inquire: levels[3],
                }
            });
            RoleDocument {
                id: 1,
                name: "random".to_owned(),
                admin,
                inactive,
                rows: rows.collect(),
                lists: BTreeMap::from([
                    ("SystemTableSetup".to_owned(), tables),
                    ("CompanyConfigurations".to_owned(), types),
                ]),
            }
        },
    )
}

fn needs() -> impl Strategy<Value = Needs> {
    let leaf = prop_oneof![
        1 => Just(Needs::Anyone),
        1 => Just(Needs::AnyMember),
        5 => any::<Index>().prop_map(|i| Needs::Action(*i.get(&actions()))),
        5 => (0..TABLES).prop_map(|t| Needs::Table(EntryId(t))),
    ];
    leaf.prop_recursive(3, 12, 3, |part| {
        let parts = prop::collection::vec(part, 0..4);
        prop_oneof![
            parts.clone().prop_map(Needs::Every),
            parts.prop_map(Needs::Either)
        ]
    })
}

fn generosity(decision: Decision) -> u8 {
    match decision {
        Decision::Denied(_) => 0,
        Decision::Mine => 1,
        Decision::All => 2,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn decide_agrees_with_the_slow_reference(document in document(), needs in needs(), verb in verb()) {
        let role = Role::observed(&REGISTRY, &document).expect("known names");
        let fast = decide(&role, &needs, verb);
        prop_assert_eq!(generosity(fast), slow::decide(&REGISTRY, &document, &needs, verb) as u8);
        if let Decision::Denied(refusal) = fast {
            prop_assert_eq!(refusal.verb, verb);
            prop_assert_eq!(refusal.held, role.level(refusal.action, verb));
            let denial = REGISTRY.explain(&refusal, "an/entity");
            prop_assert_eq!(denial.table.is_some(), matches!(refusal.why, Why::TableNotAllowed(_)));
        }
        for name in TYPES {
            let list = REGISTRY.list("CompanyConfigurations").expect("a list");
            let expected = slow::allows(&document, "CompanyConfigurations", name);
            prop_assert_eq!(allows_entry(&role, list, &name.to_uppercase()), expected);
        }
        for table in 0..TABLES {
            let name = REGISTRY.get_table(EntryId(table)).expect("a table").full_name();
            prop_assert_eq!(allows_table(&role, EntryId(table)), slow::allows(&document, "SystemTableSetup", &name));
        }
    }

    #[test]
    fn raising_a_level_never_takes_a_right_away(
        document in document(), needs in needs(), verb in verb(), row in any::<Index>(), raised in verb(), to in level(),
    ) {
        let before = Role::observed(&REGISTRY, &document).expect("known names");
        let mut more = document.clone();
        let row = row.get_mut(&mut more.rows);
        let cell = match raised {
            Verb::Add => &mut row.add,
            Verb::Edit => &mut row.edit,
            Verb::Delete => &mut row.delete,
            Verb::Inquire => &mut row.inquire,
        };
        *cell = to.max(*cell);
        let after = Role::observed(&REGISTRY, &more).expect("known names");
        prop_assert!(generosity(decide(&after, &needs, verb)) >= generosity(decide(&before, &needs, verb)));
    }

    #[test]
    fn widening_the_list_never_takes_a_right_away(
        document in document(), needs in needs(), verb in verb(), table in 0..TABLES,
    ) {
        let mut role = Role::observed(&REGISTRY, &document).expect("known names");
        let before = generosity(decide(&role, &needs, verb));
        let table = EntryId(table);
        role.set_tables(match role.tables().clone() {
            List::Everything => List::Everything,
            List::Allow(mut set) => {
                set.insert(table);
                List::Allow(set)
            }
            List::Deny(set) => List::Deny(set.iter().filter(|t| *t != table).collect()),
        });
        prop_assert!(generosity(decide(&role, &needs, verb)) >= before);
        role.set_tables(List::Everything);
        prop_assert!(generosity(decide(&role, &needs, verb)) >= before);
    }

    #[test]
    fn documents_round_trip(document in document()) {
        let role = Role::observed(&REGISTRY, &document).expect("known names");
        let again = Role::observed(&REGISTRY, &role.document(&REGISTRY)).expect("its own words");
        prop_assert_eq!(&again, &role);
        let lawful = document.rows.iter().all(|row| {
            let action = REGISTRY.action(&row.module, &row.action).and_then(|id| REGISTRY.get(id)).expect("known");
            let cells = Verb::EVERY.into_iter().zip(row.levels());
            let accepted = cells.clone().all(|(verb, level)| action.accepts(verb, level));
            accepted && (row.inquire != Level::None || row.levels() == [Level::None; 4])
        });
        prop_assert_eq!(Role::from_document(&REGISTRY, &document).is_ok(), lawful);
    }
}

#[test]
fn the_refusal_of_every_and_either_is_that_of_the_first() {
    let mut role = Role::new(&REGISTRY, 1, "x");
    let [a, b] = [ActionId(1), ActionId(2)];
    let first = |needs: &Needs, role: &Role| match decide(role, needs, Verb::Inquire) {
        Decision::Denied(refusal) => Some((refusal.action, refusal.why)),
        _ => None,
    };
    let both = Needs::Every(vec![Needs::Action(a), Needs::Action(b)]);
    let either = Needs::Either(vec![Needs::Action(a), Needs::Action(b)]);
    assert_eq!(first(&both, &role), Some((a, Why::Level)));
    assert_eq!(first(&either, &role), Some((a, Why::Level)));
    role.set_verb(&REGISTRY, a, Verb::Inquire, Level::All)
        .expect("accepted");
    assert_eq!(first(&both, &role), Some((b, Why::Level)));
    assert_eq!(first(&either, &role), None);
    assert_eq!(
        first(&Needs::Either(vec![]), &role),
        Some((ActionId::NOWHERE, Why::NoWayIn))
    );
}

#[test]
fn the_list_of_tables_holds_no_names() {
    let role = Role::new(&REGISTRY, 1, "x");
    let table_list = REGISTRY.table_list().expect("a list");
    // Its place among the names is never filled, and asking there must not look like an answer.
    assert!(!allows_entry(&role, table_list, "Service / Service Board"));
    assert!(!allows_entry(&role, bitting_policy::ListId(99), "anything"));
}
