//! The ConnectWise registry and the roles of four well-known guides, for the tests beside this.
//!
//! Must not know what a test asks of them.
#![allow(dead_code)] // Each test file uses a part.

use bitting_policy::{Level, List, Registry, Role, RoleDocument, RowDocument};

pub const ACTIONS: &str = include_str!("../../../../data/connectwise/actions.toml");
pub const TABLES: &str = include_str!("../../../../data/connectwise/tables.toml");

pub fn registry() -> Registry {
    Registry::read(&[("actions.toml", ACTIONS), ("tables.toml", TABLES)])
        .expect("the data is sound")
}

fn row(full_name: &str, letters: &str) -> RowDocument {
    let (module, action) = full_name.split_once(": ").expect("module: action");
    let level = |all: char| {
        let mut marks = letters.chars().skip_while(|c| *c != all);
        match (marks.next(), marks.next()) {
            (None, _) => Level::None,
            (_, Some('m')) => Level::My,
            _ => Level::All,
        }
    };
    RowDocument {
        module: module.to_owned(),
        action: action.to_owned(),
        add: level('a'),
        edit: level('e'),
        delete: level('d'),
        inquire: level('i'),
    }
}

fn document(name: &str, rows: &[(&str, &str)], tables: &[&str]) -> RoleDocument {
    let mut document = RoleDocument {
        name: name.to_owned(),
        rows: rows
            .iter()
            .map(|(name, letters)| row(name, letters))
            .collect(),
        ..RoleDocument::default()
    };
    if !tables.is_empty() {
        let names = tables.iter().map(|t| (*t).to_owned()).collect();
        document
            .lists
            .insert("SystemTableSetup".to_owned(), List::Allow(names));
    }
    document
}

/// The four guides' roles. `a` is Add = All, `am` is Add = My, and so on.
pub fn guides() -> Vec<RoleDocument> {
    let propel = [
        ("Companies: Company Maintenance", "i"),
        ("Companies: Configurations", "e i"),
        ("Companies: CRM/Sales Activities", "am i"),
        ("Companies: Manage Attachments", "am im"),
        ("Companies: Team Members", "i"),
        ("Sales: Opportunity", "a i"),
        ("Service Desk: Service Tickets", "am i"),
        ("System: API Reports", "i"),
        ("System: Member Maintenance", "i"),
        ("System: My Company", "i"),
        ("System: Table Setup (customize)", "i"),
    ];
    let propel_tables = [
        "Activities / Activity Type",
        "Agreements / Agreement Type",
        "Company / Company Status",
        "Company / Company Type",
        "Company / Configuration",
        "Company / Configuration Status",
        "Company / Team Role",
        "Invoicing / Billing Cycle",
        "Opportunities / Opportunity Status",
        "Opportunities / Opportunity Type",
        "Opportunities / Sales Probability",
        "Opportunities / Sales Stage",
        "Service / Service Board",
        "Service / Severity",
        "Service / Source",
    ];
    let umbrella = [
        ("Companies: Company Maintenance", "i"),
        ("Companies: Configurations", "a e i"),
        ("Service Desk: Service Tickets", "a e i"),
        ("System: Table Setup", "a e i"),
    ];
    let office_protect = [
        ("Companies: Company Maintenance", "i"),
        ("Service Desk: Service Tickets", "a e i"),
        ("System: Table Setup", "i"),
        ("System: Member Maintenance", "i"),
    ];
    vec![
        document("Propel", &propel, &propel_tables),
        document("MSPCFO", &[("System: API Reports", "i")], &[]),
        document(
            "Umbrella",
            &umbrella,
            &[
                "Company / Configuration",
                "Service / Priority",
                "Service / Service Board",
            ],
        ),
        document("OfficeProtect", &office_protect, &[]),
    ]
}

pub fn guide(registry: &Registry, name: &str) -> Role {
    let guides = guides();
    let document = guides
        .iter()
        .find(|d| d.name == name)
        .expect("a guide of that name");
    Role::from_document(registry, document).expect("the guide's role is valid")
}
