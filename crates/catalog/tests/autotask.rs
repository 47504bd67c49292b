//! The Autotask data as it ships: it loads, every cross-reference holds, nothing got lost, and every entity's
//! right is written down where a change shows.
//!
//! To accept new golden text: `INSTA_UPDATE=always cargo test -p bitting-catalog`.

#![allow(clippy::unwrap_used)]

use bitting_catalog::Catalog;
use bitting_catalog::entity::{Basis, Right};
use bitting_catalog::profile::screen::ENTRIES;
use bitting_catalog::security::{LevelError, Permissions, Values};
use bitting_catalog::served::{Act, Asked};
use bitting_policy::{Decision, Level, Needs, Registry, Verb, decide};
use std::collections::BTreeMap;
use std::fmt::Write;

fn shipped() -> (Permissions, Registry, Catalog) {
    match Catalog::autotask() {
        Ok(all) => all,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn every_cross_reference_holds() {
    let (_, _, catalog) = shipped();
    let faults = catalog.check(None);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Lists of who sees own records alone are led by these: one without an index is a list that looks through its table.
#[test]
fn what_says_whose_a_row_is_has_an_index() {
    let (_, _, catalog) = shipped();
    let tables: BTreeMap<_, _> = catalog
        .tables()
        .into_iter()
        .map(|table| (table.name.clone(), table))
        .collect();
    let mut bare = Vec::new();
    for entity in &catalog.entities {
        let rows = &entity.served.as_ref().unwrap().rows;
        let own = rows.mine.iter().chain(&rows.own).chain(&rows.territory);
        let own = own.chain(&rows.organizations);
        // Of what may hang on twenty kinds of records nobody asks but below one of them.
        let hung = rows.through.iter().filter(|_| rows.through.len() <= 3);
        for field in own.chain(hung) {
            let field = &entity.fields[*field];
            let indexes = &tables[&entity.table].indexes;
            if &*field.name != "id" && !indexes.contains(&field.column) {
                bare.push(format!("{}.{}", entity.path, field.name));
            }
        }
        if let Some(team) = &rows.team {
            let listing = &tables[&catalog.entity(team.entity).table];
            if !listing.indexes.contains(&team.resource) {
                bare.push(format!("{} by its team", entity.path));
            }
        }
    }
    assert_eq!(bare, Vec::<String>::new());
}

#[test]
fn nothing_got_lost() {
    let (_, _, catalog) = shipped();
    let mut operations: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut below = 0;
    for entity in &catalog.entities {
        let served = entity.served.as_ref().unwrap();
        for asked in served.root.iter() {
            operations.entry(format!("{asked:?}")).or_default().0 += 1;
        }
        if let Some(place) = &served.below {
            below += 1;
            for asked in place.operations.iter() {
                operations.entry(format!("{asked:?}")).or_default().1 += 1;
            }
        }
    }
    let mut text = String::new();
    let _ = writeln!(text, "entities  {}", catalog.entities.len());
    let _ = writeln!(text, "below     {below}");
    let fields: usize = catalog
        .entities
        .iter()
        .map(|entity| entity.fields.len())
        .sum();
    let _ = writeln!(text, "fields    {fields}");
    for (asked, (root, child)) in operations {
        let _ = writeln!(text, "{asked:12} root {root:4} child {child:4}");
    }
    let lists = catalog
        .entities
        .iter()
        .flat_map(|entity| &entity.fields)
        .filter(|field| field.picklist.is_some())
        .count();
    let _ = writeln!(text, "fields with pick lists {lists}");
    insta::assert_snapshot!(text);
}

#[test]
fn rights_of_every_entity() {
    let (_, registry, catalog) = shipped();
    let mut text = String::new();
    for entity in &catalog.entities {
        let served = entity.served.as_ref().unwrap();
        line(&mut text, &registry, &entity.path, &entity.right);
        for (name, right) in &entity.extra_rights {
            if !Act::EVERY.iter().any(|act| act.word() == name) {
                line(&mut text, &registry, &format!("  {name}"), right);
            }
        }
        for act in [Act::Create, Act::Update, Act::Delete] {
            if let Some(right) = entity.extra_rights.get(act.word()) {
                let asks = served.asks.iter().find(|(asked, _)| *asked == act);
                let verb = asks.map_or(act, |(_, verb)| *verb);
                let name = if verb == act {
                    format!("  {}", act.word())
                } else {
                    format!("  {} as {}", act.word(), verb.word())
                };
                line(&mut text, &registry, &name, right);
            }
        }
    }
    insta::assert_snapshot!(text);
}

fn line(text: &mut String, registry: &Registry, name: &str, right: &Right) {
    let basis = match right.basis {
        Basis::Stated => "stated",
        Basis::Granted => "granted",
        Basis::Inferred => "inferred",
        Basis::Chosen => "chosen",
    };
    assert!(!right.reason.is_empty(), "{name} gives no reason");
    let _ = writeln!(
        text,
        "{name:48} {basis:9} {}",
        shown(registry, &right.needs)
    );
}

fn shown(registry: &Registry, needs: &Needs) -> String {
    let joined = |parts: &[Needs], word: &str| {
        let parts: Vec<_> = parts.iter().map(|part| shown(registry, part)).collect();
        format!("({})", parts.join(word))
    };
    match needs {
        Needs::Anyone => "anyone".to_owned(),
        Needs::AnyMember => "any API user".to_owned(),
        Needs::Action(action) => registry.get(*action).unwrap().full_name(),
        Needs::Table(_) => "table".to_owned(),
        Needs::Every(parts) => joined(parts, " and "),
        Needs::Either(parts) => joined(parts, " or "),
    }
}

#[test]
fn whoever_can_be_written_or_read_has_a_route_for_it() {
    let (_, _, catalog) = shipped();
    for entity in &catalog.entities {
        let served = entity.served.as_ref().unwrap();
        let has = |asked| {
            served.root.has(asked)
                || served
                    .below
                    .as_ref()
                    .is_some_and(|below| below.operations.has(asked))
        };
        for (act, asked) in [
            (Act::Create, Asked::Post),
            (Act::Update, Asked::Patch),
            (Act::Delete, Asked::Delete),
        ] {
            assert!(
                !has(asked) || served.can.does(act),
                "{} has a route for {} and says it cannot",
                entity.path,
                act.word()
            );
        }
    }
}

#[test]
fn a_copy_of_the_api_user_reads_everything_and_a_cleared_one_nothing() {
    let (permissions, registry, catalog) = shipped();
    let copy = permissions
        .copy("API User (system) (API-only)", "Copy")
        .unwrap();
    let full = permissions.role(&registry, 1, &copy).unwrap();
    let mut cleared = copy.clone();
    cleared.settings.clear();
    let none = permissions.role(&registry, 2, &cleared).unwrap();
    for entity in &catalog.entities {
        let needs = &entity.right.needs;
        let webhook = entity.path.contains("Webhook");
        let open = decide(&full, needs, Verb::Inquire) == Decision::All;
        assert_eq!(open, !webhook, "{}", entity.path);
        let open = !matches!(decide(&none, needs, Verb::Inquire), Decision::Denied(_));
        assert_eq!(open, *needs == Needs::AnyMember, "{}", entity.path);
    }
}

/// What everybody may read is set up by who has the admin feature set for it; only one's time and the calendar are
/// written without a right.
#[test]
fn what_everybody_reads_is_not_written_by_everybody() {
    let (_, _, catalog) = shipped();
    let mut open = Vec::new();
    for entity in &catalog.entities {
        let served = entity.served.as_ref().unwrap();
        for act in [Act::Create, Act::Update, Act::Delete] {
            let own = entity.extra_rights.get(act.word());
            let right = own.unwrap_or(&entity.right);
            if served.can.does(act) && right.needs == Needs::AnyMember {
                open.push(&*entity.path);
            }
        }
    }
    open.dedup();
    assert_eq!(
        open,
        ["Appointments", "TimeEntries", "TimeEntryAttachments"]
    );
}

#[test]
fn every_value_has_the_level_of_the_one_mapping() {
    let (permissions, registry, _) = shipped();
    for entry in &permissions.entries {
        for cell in ["value", "view", "add", "edit", "delete"] {
            for value in entry.values(cell) {
                if entry.subsection == "Resource Impersonation" && cell == "view" {
                    // Ticks stand alone.
                    continue;
                }
                let mut values = entry.top();
                *values.cell(cell).unwrap() = Some(value.clone());
                let mut level = permissions
                    .copy("API User (system) (API-only)", "One")
                    .unwrap();
                level.settings = [(entry.full_name(), values)].into();
                let role = permissions.role(&registry, 1, &level).unwrap();
                let action = registry.action(&entry.section, &entry.name).unwrap();
                let verb = match cell {
                    "add" => Verb::Add,
                    "edit" => Verb::Edit,
                    "delete" => Verb::Delete,
                    _ => Verb::Inquire,
                };
                assert_eq!(
                    role.level(action, verb),
                    permissions.level(value),
                    "{} {cell} {value}",
                    entry.full_name()
                );
            }
        }
    }
    assert_eq!(permissions.level("My Territories"), Level::My);
}

/// Contracts View None acts as All exactly where every organization row is All; the verbs that follow View follow
/// what it acts as, Add counts again, and Contract Visibility has the last word.
#[test]
fn contracts_of_somebody_who_sees_every_company_are_seen() {
    let (permissions, registry, catalog) = shipped();
    let rows = [
        "Customer & Cancelation",
        "Vendor & Partners",
        "Prospects, Leads, & Dead",
    ];
    let one = |value: &str| Values {
        value: Some(value.to_owned()),
        ..Values::default()
    };
    let action = registry.action("Contracts", "Contracts").unwrap();
    let contracts = catalog.entity_at("Contracts").unwrap();
    for bits in 0..8 {
        for view in [None, Some("None"), Some("Organizations"), Some("All")] {
            for visibility in ["None", "Limited", "Full"] {
                let mut level = bitting_catalog::security::SecurityLevel::default();
                for (at, row) in rows.iter().enumerate() {
                    let value = if bits & (1 << at) == 0 {
                        "My Territories"
                    } else {
                        "All"
                    };
                    level.settings.insert(format!("CRM / {row}"), one(value));
                }
                let values = Values {
                    view: view.map(str::to_owned),
                    add: Some("Yes".to_owned()),
                    ..Values::default()
                };
                level
                    .settings
                    .insert("Contracts / Contracts".to_owned(), values);
                level.settings.insert(
                    "Contracts / Contract Visibility".to_owned(),
                    one(visibility),
                );
                let before = level.clone();
                let said = format!("{bits:03b} {view:?} {visibility}");
                let role = permissions.role(&registry, 1, &level).unwrap();
                let shut = view.is_none() || view == Some("None");
                let acts = shut && bits == 7;
                let expected = match view {
                    _ if acts => Level::All,
                    Some("Organizations") => Level::My,
                    Some("All") => Level::All,
                    _ => Level::None,
                };
                for verb in [Verb::Inquire, Verb::Edit, Verb::Delete] {
                    assert_eq!(role.level(action, verb), expected, "{said} {verb}");
                }
                let add = if expected == Level::None {
                    Level::None
                } else {
                    Level::All
                };
                assert_eq!(role.level(action, Verb::Add), add, "{said}");
                let set = permissions.role_as_set(&registry, 1, &level).unwrap();
                let unchanged = set.level(action, Verb::Inquire) == expected;
                assert_eq!(unchanged, !acts, "{said}");
                assert_eq!(permissions.derivations(&level).len(), usize::from(acts));
                let open = !matches!(
                    decide(&role, &contracts.right.needs, Verb::Inquire),
                    Decision::Denied(_)
                );
                let visible = visibility == "Full" && expected != Level::None;
                assert_eq!(open, visible, "{said}");
                assert_eq!(level, before);
            }
        }
    }
}

/// The product's levels of people, each with the sections that it reaches, from the widest to none.
#[test]
fn the_thirteen_levels_of_people_reach_what_they_are_for() {
    let (permissions, registry, catalog) = shipped();
    let people: Vec<_> = permissions
        .system
        .iter()
        .filter(|level| level.interactive)
        .collect();
    assert_eq!(people.len(), 13);
    assert_eq!(permissions.system.len(), 15);
    let fixed: Vec<&str> = people
        .iter()
        .filter(|level| level.fixed)
        .map(|level| level.name.as_str())
        .collect();
    assert_eq!(
        fixed,
        [
            "Contractor (system)",
            "Time & Attendance (system)",
            "Dashboard User (system)"
        ]
    );
    let sees = |name: &str, path: &str, verb: Verb| {
        let level = people.iter().find(|level| level.name == name).expect(name);
        let role = permissions
            .role(&registry, 1, &permissions.start(level))
            .unwrap();
        let entity = catalog.entity_at(path).unwrap();
        decide(&role, &entity.right.needs, verb)
    };
    let denied =
        |name: &str, path: &str, verb: Verb| matches!(sees(name, path, verb), Decision::Denied(_));
    for (name, path, verb, expected) in [
        (
            "System Administrator (system)",
            "Contracts",
            Verb::Edit,
            Decision::All,
        ),
        (
            "Full Access (system)",
            "Contracts",
            Verb::Edit,
            Decision::All,
        ),
        ("Manager (system)", "Contracts", Verb::Edit, Decision::All),
        (
            "Project Manager (system)",
            "Opportunities",
            Verb::Add,
            Decision::All,
        ),
        (
            "Service Desk User (system)",
            "Tickets",
            Verb::Edit,
            Decision::All,
        ),
        ("Sales (system)", "Opportunities", Verb::Add, Decision::All),
        (
            "Private CRM (system)",
            "Opportunities",
            Verb::Inquire,
            Decision::Mine,
        ),
        ("Team Member (system)", "Tickets", Verb::Add, Decision::All),
        (
            "Contractor (system)",
            "Tickets",
            Verb::Inquire,
            Decision::Mine,
        ),
        (
            "Minimal Access (system)",
            "Tickets",
            Verb::Inquire,
            Decision::Mine,
        ),
        (
            "Co-managed Help Desk (system)",
            "Tickets",
            Verb::Inquire,
            Decision::Mine,
        ),
    ] {
        assert_eq!(sees(name, path, verb), expected, "{name} {path} {verb}");
    }
    for (name, path, verb) in [
        ("Project Manager (system)", "Contracts", Verb::Inquire),
        ("Service Desk User (system)", "Contracts", Verb::Inquire),
        ("Sales (system)", "Contracts", Verb::Inquire),
        ("Project Manager (system)", "InventoryItems", Verb::Inquire),
        ("Team Member (system)", "SalesOrders", Verb::Inquire),
        ("Contractor (system)", "Opportunities", Verb::Inquire),
        ("Time & Attendance (system)", "Tickets", Verb::Inquire),
        ("Dashboard User (system)", "Tickets", Verb::Inquire),
        ("Minimal Access (system)", "Tickets", Verb::Edit),
    ] {
        assert!(denied(name, path, verb), "{name} {path} {verb}");
    }
}

#[test]
fn a_derivation_of_what_is_not_there_is_refused() {
    let text = include_str!("../../../data/autotask/permissions.toml");
    for (from, to, fault) in [
        (
            "from = \"None\"",
            "from = \"Never\"",
            "has no value `Never`",
        ),
        (
            "stands = \"All\"",
            "stands = \"Full\"",
            "has no value `Full`",
        ),
        (
            "subsection = \"Account & Contact Access\", stands",
            "subsection = \"Access\", stands",
            "there is no `CRM > Access`",
        ),
        (
            "shut_by = \"Contract Visibility\"",
            "shut_by = \"Visibility\"",
            "has no `Visibility`",
        ),
    ] {
        let text = text.replacen(from, to, 1);
        let error = bitting_catalog::security::Permissions::read(&text).unwrap_err();
        assert!(error.to_string().contains(fault), "{error}");
    }
}

#[test]
fn a_wrong_name_or_value_says_what_would_do() {
    let (permissions, registry, _) = shipped();
    let mut level = permissions
        .copy("API User (system) (API-only)", "Wrong")
        .unwrap();
    let values = Values {
        view: Some("Sometimes".to_owned()),
        ..Values::default()
    };
    level
        .settings
        .insert("Service Desk / Tickets".to_owned(), values);
    let error = permissions.role(&registry, 1, &level).unwrap_err();
    assert!(matches!(error, LevelError::Value { .. }));
    assert_eq!(
        error.to_string(),
        "Service Desk / Tickets: view cannot be Sometimes; choose None, Mine, Mine + Organizations, All"
    );
    // A cell that a setting does not have: those it has are named.
    let no_cell = |name: &str| {
        let mut level = level.clone();
        let values = Values {
            add: Some("Yes".to_owned()),
            ..Values::default()
        };
        level.settings = [(name.to_owned(), values)].into();
        permissions.role(&registry, 1, &level).unwrap_err()
    };
    for (name, choose) in [
        ("Can create webhooks", "value (Unchecked, Checked)"),
        ("Maximum number of webhooks", "a number as its value"),
    ] {
        let error = no_cell(&format!("Other / {name}")).to_string();
        let said = format!("Other / {name}: add cannot be Yes; choose {choose}");
        assert_eq!(error, said);
    }
    level.settings = [("Service Desk / Tikcets".to_owned(), Values::default())].into();
    let error = permissions.role(&registry, 1, &level).unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no permission `Service Desk / Tikcets`; did you mean `Tickets`?"
    );
}

/// Profiles name controls of the screen; a level has to have each of them, with the same values.
#[test]
fn the_screen_of_the_profiles_and_the_permissions_are_one() {
    let (permissions, _, _) = shipped();
    assert_eq!(ENTRIES.len(), permissions.entries.len());
    for (entry, permission) in ENTRIES.iter().zip(&permissions.entries) {
        assert_eq!(entry.section, permission.section);
        assert_eq!(entry.subsection, permission.subsection);
        assert_eq!(entry.name, permission.name);
        assert_eq!(entry.aliases, permission.aliases);
        for (column, cell) in [
            ("", "value"),
            ("View", "view"),
            ("Add", "add"),
            ("Edit", "edit"),
            ("Delete", "delete"),
        ] {
            let values = entry.values(column).unwrap_or_default();
            assert_eq!(values, permission.values(cell), "{entry:?} {cell}");
        }
    }
}
