//! The registry of the shipped data: what it lists, what it finds, and how it refuses bad data.

mod knowledge;

use bitting_policy::{MyLevel, Registry};
use knowledge::{ACTIONS, TABLES, registry};
use proptest::prelude::*;
use std::fmt::Write;

#[test]
fn listing_is_as_accepted() {
    let registry = registry();
    let mut text = String::new();
    for module in registry.modules() {
        let rows = registry
            .actions()
            .iter()
            .filter(|a| a.module == module.name);
        let _ = writeln!(
            text,
            "{} [{}] {}",
            module.name,
            module.identifier,
            rows.clone().count()
        );
        for row in rows {
            let list = row.customize.and_then(|id| registry.get_list(id));
            let _ = writeln!(
                text,
                "  {:2} {} [{}]{}{}{}{}",
                row.sort_order,
                row.name,
                row.identifier,
                if row.my == MyLevel::Yes { " My" } else { "" },
                if row.report { " report" } else { "" },
                if row.reads_everything {
                    " reads-everything"
                } else {
                    ""
                },
                list.map(|l| format!(" *{} ({})", l.identifier, l.holds))
                    .unwrap_or_default(),
            );
        }
    }
    let _ = writeln!(text, "lists {}", registry.lists().len());
    let _ = writeln!(text, "tables {}", registry.tables().len());
    for table in registry.tables() {
        let _ = writeln!(
            text,
            "  {} ({}, {}): {}",
            table.full_name(),
            table.basis,
            table.module,
            table.entities.join(" ")
        );
    }
    insta::assert_snapshot!(text);
}

#[test]
fn ids_are_places() {
    let registry = registry();
    for (place, action) in registry.actions().iter().enumerate() {
        assert_eq!(usize::from(action.id.0), place);
        assert_eq!(registry.get(action.id), Some(action));
    }
    for (place, table) in registry.tables().iter().enumerate() {
        assert_eq!(table.id.0 as usize, place);
        for entity in &table.entities {
            let shouted = format!("/{}/", entity.to_uppercase());
            assert_eq!(
                registry.table_guarding(&shouted),
                Some(table.id),
                "{entity}"
            );
        }
    }
    for (place, list) in registry.lists().iter().enumerate() {
        assert_eq!(usize::from(list.id.0), place);
        assert_eq!(registry.list(&list.identifier), Some(list.id));
        let carrier = registry.get(list.action).expect("the list's row");
        assert_eq!(carrier.customize, Some(list.id));
    }
    let table_list = registry.table_list().and_then(|id| registry.get_list(id));
    assert_eq!(
        table_list.map(|l| l.identifier.as_str()),
        Some("SystemTableSetup")
    );
    let setup = registry
        .get(registry.table_setup())
        .expect("the row exists");
    assert_eq!(setup.full_name(), "System / Table Setup");
}

#[test]
fn identifiers_are_unique() {
    let registry = registry();
    let mut actions: Vec<_> = registry
        .actions()
        .iter()
        .map(|a| format!("{}.{}", a.module_identifier, a.identifier))
        .collect();
    let mut tables: Vec<_> = registry
        .tables()
        .iter()
        .map(|t| t.identifier.clone())
        .collect();
    for identifiers in [&mut actions, &mut tables] {
        let before = identifiers.len();
        identifiers.sort();
        identifiers.dedup();
        assert_eq!(identifiers.len(), before);
    }
}

#[test]
fn spellings_of_guides_are_found() {
    let registry = registry();
    let actions = [
        (
            "Company",
            "Company/ Contact Group Maintenance",
            "Companies / Company/Contact Group Maintenance",
        ),
        (
            "Companies",
            "Configuration – Display Passwords",
            "Companies / Configuration - Display Passwords",
        ),
        (
            "Companies",
            "Configurations (customize)",
            "Companies / Configurations",
        ),
        (
            "Companies",
            "CRM / Sales Activities",
            "Companies / CRM/Sales Activities",
        ),
        (
            "Companies",
            "Manage Documents",
            "Companies / Manage Attachments",
        ),
        ("Companies", "Teams Members", "Companies / Team Members"),
        ("Companies", "User Scenarios", "Companies / UserCentric"),
        ("Finance", "Agreements (Customize)", "Finance / Agreements"),
        ("Finance", "invoicing", "Finance / Invoicing"),
        ("Projects", "Project Ticket", "Project / Project Tickets"),
        (
            "Project",
            "Project Ticket - Dependancies",
            "Project / Project Ticket - Dependencies",
        ),
        (
            "Service Desk",
            "Service Ticket Dependencies",
            "Service Desk / Service Ticket - Dependencies",
        ),
        ("Service Desk", "Reporting", "Service Desk / Reports"),
        ("System", "API Report", "System / API Reports"),
        ("System", "Table setup", "System / Table Setup"),
        (
            "Time & Expenses",
            "Time Entry",
            "Time & Expense / Time Entry",
        ),
        (
            "Time and Expense",
            "Time Entries",
            "Time & Expense / Time Entry",
        ),
        (
            "Time and Expenses",
            "Time Entry",
            "Time & Expense / Time Entry",
        ),
    ];
    for (module, action, canonical) in actions {
        let found = registry
            .action(module, action)
            .and_then(|id| registry.get(id));
        assert_eq!(
            found.map(bitting_policy::Action::full_name).as_deref(),
            Some(canonical)
        );
    }
    let tables = [
        ("Service/ Service Board", "Service / Service Board"),
        ("Service\\Source", "Service / Source"),
        ("Companies / Company Type", "Company / Company Type"),
        ("Company / Company Statuses", "Company / Company Status"),
        ("General / Workflow Rules", "General / Workflow_Rules"),
        ("invoicing / tax code", "Invoicing / Tax Code"),
        ("Service / Surveys – Service", "Service / Surveys - Service"),
        ("General / In/Out Types", "General / In/Out Types"),
        ("CRM and Sales / Tracks", "CRM & Sales / Tracks"),
        ("Procurement / RMA Status", "Purchasing / RMA Status"),
    ];
    for (spelling, canonical) in tables {
        let found = registry
            .table(spelling)
            .and_then(|id| registry.get_table(id));
        assert_eq!(
            found.map(bitting_policy::Table::full_name).as_deref(),
            Some(canonical),
            "{spelling}"
        );
    }
}

#[test]
fn names_that_do_not_exist_are_refused_with_the_nearest() {
    let registry = registry();
    let actions = [
        ("Configuration", "Configurations"),
        ("Companies", "Company Statuses"),
        ("Companies", "Company Types"),
        ("Companies", "Configuration Types"),
        ("Companies", "Configuration Statuses"),
        ("System", "Setup Tables"),
        ("", ""),
    ];
    for (module, action) in actions {
        assert_eq!(registry.action(module, action), None, "{module} / {action}");
        assert!(registry.nearest_action(module, action).is_some());
    }
    let near = registry
        .nearest_action("Service Desk", "Servce Tickets")
        .map(|a| a.name.as_str());
    assert_eq!(near, Some("Service Tickets"));
    assert_eq!(registry.table("Service Board"), None);
    let near = registry
        .nearest_table("Service Board")
        .map(bitting_policy::Table::full_name);
    assert_eq!(near.as_deref(), Some("Service / Service Board"));
    let near = registry
        .nearest_table("Servce / Sevice Bord")
        .map(bitting_policy::Table::full_name);
    assert_eq!(near.as_deref(), Some("Service / Service Board"));
}

fn fault(actions: &str, tables: &str) -> String {
    let read = Registry::read(&[("actions.toml", actions), ("tables.toml", tables)]);
    read.expect_err("the data is faulty").to_string()
}

#[test]
fn faulty_data_is_named_by_file_and_line() {
    let module =
        "[[module]]\nname = \"System\"\naction = [\n  { name = \"Table Setup\", my = \"no\" },\n";
    let list = "]\n[[list]]\nidentifier = \"T\"\naction = \"System / Table Setup\"\nholds = \"t\"\nentries = \"tables\"\n";
    let head = "table_setup = \"System / Table Setup\"\n";
    let sound = format!("{head}{module}{list}");
    let category = "[[category]]\nname = \"Service\"\nmodule = \"System\"\ntable = [\n  { name = \"Source\", basis = \"seen\", entities = [\"a/b\"] },\n";
    Registry::read(&[("a", &sound), ("t", &format!("{category}]\n"))]).expect("sound");

    let cases = [
        (
            fault(&sound.replace("my = \"no\"", "my = \"maybe\""), ""),
            "actions.toml:5:",
        ),
        (
            fault(&sound.replace("my = ", "mine = "), ""),
            "actions.toml:5:",
        ),
        (
            fault(
                &format!("{head}{module}  {{ name = \"table-setup\", my = \"no\" }},\n{list}"),
                "",
            ),
            "actions.toml:6: action `table-setup` is spelled like another one of its module; remove one",
        ),
        (
            fault(&format!("{sound}[[module]]\nname = \"system\"\n"), ""),
            "actions.toml:13: module `system` exists already; give it another name",
        ),
        (
            fault(
                &sound.replace(
                    "table_setup = \"System / Table Setup\"",
                    "table_setup = \"System / Tables Setup\"",
                ),
                "",
            ),
            "actions.toml:1: there is no action `System / Tables Setup`; did you mean `System / Table Setup`?",
        ),
        (
            fault(&sound.replace(head, ""), ""),
            "actions.toml:1: `table_setup` must name the action of the list that holds the tables",
        ),
        (
            fault(&format!("{module}]\n"), &format!("{category}]\n")),
            "actions.toml:1: tables need a [[list]] with `entries = \"tables\"`",
        ),
        (
            fault(
                &sound,
                &format!(
                    "{category}  {{ name = \"Source s\", basis = \"seen\", aliases = [\"source\"] }},\n]\n"
                ),
            ),
            "tables.toml:6: table `source` is spelled like another one; remove one",
        ),
        (
            fault(
                &sound,
                &format!(
                    "{category}  {{ name = \"Severity\", basis = \"seen\", entities = [\"A/b\"] }},\n]\n"
                ),
            ),
            "tables.toml:6: `A/b` is guarded by `Service / Source` already; name it once",
        ),
        (
            fault(
                &sound,
                &category
                    .replace("module = \"System\"", "module = \"Sistem\"")
                    .replace("[\n", "[]\n")
                    .lines()
                    .take(4)
                    .collect::<Vec<_>>()
                    .join("\n"),
            ),
            "tables.toml:3: there is no module `Sistem`; did you mean `System`?",
        ),
        (
            fault(&sound.replace("action = \"System", "action = \"Sytem"), ""),
            "actions.toml:9: there is no action `Sytem / Table Setup`",
        ),
        (
            fault(
                &format!(
                    "{sound}[[list]]\nidentifier = \"t\"\naction = \"System / Table Setup\"\nholds = \"t\"\nentries = \"tenant\"\n"
                ),
                "",
            ),
            "actions.toml:13: list `t` exists already; remove one",
        ),
        (fault("[[module]", ""), "actions.toml:1:"),
    ];
    for (message, start) in cases {
        assert!(
            message.starts_with(start),
            "{message}\nshould start with\n{start}"
        );
    }
}

/// A spelling that should lead to the same row: other case, dashes and blanks.
fn respell(name: &str, upper: bool, blanks: bool) -> String {
    let spaced = if blanks {
        name.replace(' ', "  ").replace('-', " – ")
    } else {
        name.to_owned()
    };
    if upper {
        spaced.to_uppercase()
    } else {
        spaced.to_lowercase()
    }
}

proptest! {
    #[test]
    fn every_name_and_alias_leads_to_its_row(upper: bool, blanks: bool) {
        let registry = registry();
        for action in registry.actions() {
            let modules = registry.modules().iter().filter(|m| m.name == action.module);
            let modules: Vec<_> = modules.flat_map(|m| std::iter::once(&m.name).chain(&m.aliases)).collect();
            for name in std::iter::once(&action.name).chain(&action.aliases) {
                for module in &modules {
                    let found = registry.action(&respell(module, upper, blanks), &respell(name, upper, blanks));
                    prop_assert_eq!(found, Some(action.id), "{} / {}", module, name);
                }
            }
        }
        for table in registry.tables() {
            for name in std::iter::once(&table.name).chain(&table.aliases) {
                let full = format!("{}/{}", respell(&table.category, upper, blanks), respell(name, upper, blanks));
                prop_assert_eq!(registry.table(&full), Some(table.id), "{}", full);
            }
        }
    }

    #[test]
    fn damaged_data_is_refused_or_read_but_never_panics(at in 0usize..9000, with in "\\PC{0,3}", of_tables: bool) {
        let text = if of_tables { TABLES } else { ACTIONS };
        let mut at = at.min(text.len());
        while !text.is_char_boundary(at) { at -= 1; }
        let mut end = (at + 2).min(text.len());
        while !text.is_char_boundary(end) { end += 1; }
        let damaged = format!("{}{with}{}", &text[..at], &text[end..]);
        let (actions, tables) = if of_tables { (ACTIONS, damaged.as_str()) } else { (damaged.as_str(), TABLES) };
        let _ = Registry::read(&[("actions.toml", actions), ("tables.toml", tables)]);
    }
}
