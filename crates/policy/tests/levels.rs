//! Every cell of every row accepts what the data says, and nothing else.

mod knowledge;

use bitting_policy::{
    ActionId, EntryId, Level, List, Registry, Role, RoleDocument, RoleError, RowDocument, Verb,
};
use knowledge::{ACTIONS, registry};

/// What the data says of My, read without the registry.
fn my_in_data(module: &str, action: &str) -> String {
    let data: toml::Table = ACTIONS.parse().expect("TOML");
    let modules = data["module"].as_array().expect("modules");
    let module = modules
        .iter()
        .find(|m| m["name"].as_str() == Some(module))
        .expect("the module");
    let actions = module["action"].as_array().expect("actions");
    let row = actions
        .iter()
        .find(|a| a["name"].as_str() == Some(action))
        .expect("the action");
    row["my"].as_str().expect("a word").to_owned()
}

#[test]
fn every_action_verb_and_level_is_accepted_or_refused_as_the_data_says() {
    let registry = registry();
    let mut cells = 0;
    for action in registry.actions() {
        let my = my_in_data(&action.module, &action.name);
        for verb in Verb::EVERY {
            for level in Level::EVERY {
                cells += 1;
                let mut role = Role::new(&registry, 1, "x");
                let before = role.clone();
                let mut levels = [Level::None; 4];
                levels[Verb::Inquire.index()] = Level::All;
                levels[verb.index()] = level;
                let result = role.set(&registry, action.id, levels);
                if level == Level::My && my == "no" {
                    let refused = matches!(result, Err(RoleError::LevelNotAccepted { verb: v, level: l, .. }) if v == verb && l == level);
                    assert!(refused, "{} {verb} {level}: {result:?}", action.full_name());
                    assert_eq!(role, before, "a refused row changes nothing");
                } else {
                    assert_eq!(result, Ok(()), "{} {verb} {level}", action.full_name());
                    assert_eq!(role.levels(action.id), levels);
                    for other in registry.actions().iter().filter(|a| a.id != action.id) {
                        assert_eq!(role.levels(other.id), [Level::None; 4]);
                    }
                }
            }
        }
    }
    assert_eq!(cells, registry.actions().len() * 12);
}

#[test]
fn the_rows_known_to_accept_my_do() {
    let registry = registry();
    let accepting: Vec<String> = registry
        .actions()
        .iter()
        .filter(|a| a.my == bitting_policy::MyLevel::Yes)
        .map(bitting_policy::Action::full_name)
        .collect();
    assert_eq!(
        accepting,
        [
            "Companies / CRM/Sales Activities",
            "Companies / Manage Attachments",
            "Service Desk / Service Tickets",
            "System / My Account",
            "Time & Expense / Time Entry",
            "Time & Expense / Time Entry Billable Option",
        ]
    );
}

#[test]
fn a_closed_verb_stays_none() {
    let text = "[[module]]\nname = \"M\"\naction = [{ name = \"A\", my = \"yes\", closed = [\"Delete\"] }]\n";
    let registry = Registry::read(&[("a.toml", text)]).expect("sound");
    let row = ActionId(0);
    let mut role = Role::new(&registry, 1, "x");
    role.set_verb(&registry, row, Verb::Inquire, Level::All)
        .expect("open");
    for level in [Level::My, Level::All] {
        let error = role
            .set_verb(&registry, row, Verb::Delete, level)
            .expect_err("closed");
        assert_eq!(
            error.to_string(),
            format!("M / A: Delete cannot be {level}; choose None")
        );
    }
    // A PSA without setup tables has no row in front of them.
    assert_eq!(registry.table_setup(), ActionId::NOWHERE);
    assert_eq!(registry.table_list(), None);
}

#[test]
fn add_edit_and_delete_need_inquire() {
    let registry = registry();
    for action in registry.actions() {
        for verb in [Verb::Add, Verb::Edit, Verb::Delete] {
            let mut role = Role::new(&registry, 1, "x");
            let error = role
                .set_verb(&registry, action.id, verb, Level::All)
                .expect_err("no Inquire");
            let text = format!(
                "{}: {verb} needs Inquire; set Inquire to My or All, or {verb} to None",
                action.full_name()
            );
            assert_eq!(error.to_string(), text);
            role.set_verb(&registry, action.id, Verb::Inquire, Level::All)
                .expect("Inquire alone");
            role.set_verb(&registry, action.id, verb, Level::All)
                .expect("beside Inquire");
            role.set_verb(&registry, action.id, Verb::Inquire, Level::None)
                .expect_err("still used");
            assert_eq!(role.level(action.id, Verb::Inquire), Level::All);
        }
    }
}

#[test]
fn a_new_role_holds_nothing_and_its_lists_are_open() {
    let registry = registry();
    let role = Role::new(&registry, 7, "fresh");
    for action in registry.actions() {
        assert_eq!(role.levels(action.id), [Level::None; 4]);
    }
    assert_eq!(role.tables(), &List::Everything);
    for list in registry.lists() {
        let tenant = (!list.fixed).then_some(&List::Everything);
        assert_eq!(role.list(&registry, list.id), tenant);
    }
    assert_eq!(role.level(ActionId::NOWHERE, Verb::Inquire), Level::None);
    assert_eq!(
        role.document(&registry),
        RoleDocument {
            id: 7,
            name: "fresh".into(),
            ..RoleDocument::default()
        }
    );
}

#[test]
fn guides_round_trip_through_documents_and_json() {
    let registry = registry();
    for guide in knowledge::guides() {
        let role = Role::from_document(&registry, &guide).expect("valid");
        let document = role.document(&registry);
        let json = serde_json::to_string(&document).expect("JSON");
        let read: RoleDocument = serde_json::from_str(&json).expect("its own JSON");
        assert_eq!(Role::from_document(&registry, &read).expect("valid"), role);
        assert_eq!(document.rows.len(), guide.rows.len());
    }
}

#[test]
fn documents_with_unknown_names_say_what_was_meant() {
    let registry = registry();
    let row = |module: &str, action: &str| RowDocument {
        module: module.into(),
        action: action.into(),
        inquire: Level::All,
        ..RowDocument::default()
    };
    let with_row = |module, action| RoleDocument {
        rows: vec![row(module, action)],
        ..RoleDocument::default()
    };
    let with_list = |list: &str, entry: &str| RoleDocument {
        lists: [(list.to_owned(), List::Allow(vec![entry.to_owned()]))].into(),
        ..RoleDocument::default()
    };
    let cases = [
        (
            with_row("System", "API Reprots"),
            "there is no action `System / API Reprots`; did you mean `System / API Reports`?",
        ),
        (
            with_list("SystemTableSetup", "Service / Boardz"),
            "there is no setup table `Service / Boardz`; did you mean `Service / Service Board`?",
        ),
        (
            with_list("CompanyConfiguration", "x"),
            "there is no customize list `CompanyConfiguration`; did you mean `CompanyConfigurations`?",
        ),
    ];
    for (document, message) in cases {
        for read in [Role::from_document, Role::observed] {
            assert_eq!(
                read(&registry, &document).expect_err("unknown").to_string(),
                message
            );
        }
    }
    let mut role = Role::new(&registry, 1, "x");
    assert!(
        role.set(&registry, ActionId::NOWHERE, [Level::None; 4])
            .is_err()
    );
    assert!(
        role.set_list(&registry, bitting_policy::ListId(99), &List::Everything)
            .is_err()
    );
    assert!(
        !role
            .tables()
            .clone()
            .eq(&List::Allow([EntryId(0)].into_iter().collect()))
    );
}
