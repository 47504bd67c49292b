//! What a refusal says to people: one golden text for every reason.

mod knowledge;

use bitting_policy::{
    ActionId, Decision, Level, ListId, Needs, Refusal, Role, RoleDocument, RowDocument, Verb, Why,
    decide,
};
use knowledge::{guide, registry};
use std::fmt::Write;

fn refusal(role: &Role, needs: &Needs, verb: Verb) -> Refusal {
    match decide(role, needs, verb) {
        Decision::Denied(refusal) => refusal,
        other => panic!("should be refused, is {other:?}"),
    }
}

#[test]
fn every_reason_has_its_sentence() {
    let registry = registry();
    let action = |m: &str, a: &str| registry.action(m, a).expect("an action");
    let tickets = Needs::Action(action("Service Desk", "Service Tickets"));
    let companies = Needs::Action(action("Companies", "Company Maintenance"));
    let attachments = Needs::Action(action("Companies", "Manage Attachments"));
    let priority = Needs::Table(registry.table("Service / Priority").expect("a table"));
    let propel = guide(&registry, "Propel");
    let mspcfo = guide(&registry, "MSPCFO");
    let mut inactive = propel.clone();
    inactive.inactive = true;
    let blind = RoleDocument {
        name: "Blind".into(),
        rows: vec![RowDocument {
            module: "Service Desk".into(),
            action: "Service Tickets".into(),
            add: Level::My,
            ..RowDocument::default()
        }],
        ..RoleDocument::default()
    };
    let blind = Role::observed(&registry, &blind).expect("known names");
    let configurations = Refusal {
        action: action("Companies", "Configurations"),
        verb: Verb::Inquire,
        held: Level::All,
        why: Why::ListEntryNotAllowed(registry.list("CompanyConfigurations").expect("a list")),
    };
    let foreign = |why| Refusal::of_record(&propel, &attachments, Verb::Inquire, why);
    let cases = [
        (
            &mspcfo,
            refusal(&mspcfo, &tickets, Verb::Inquire),
            "service/tickets",
        ),
        (
            &mspcfo,
            refusal(&mspcfo, &companies, Verb::Inquire),
            "company/companies",
        ),
        (
            &mspcfo,
            refusal(&mspcfo, &priority, Verb::Inquire),
            "service/priorities",
        ),
        (
            &propel,
            refusal(&propel, &priority, Verb::Inquire),
            "service/priorities",
        ),
        (
            &propel,
            refusal(&propel, &priority, Verb::Edit),
            "service/priorities",
        ),
        (&propel, configurations, "company/configurations"),
        (&propel, foreign(Why::Ownership), "system/documents"),
        (&propel, foreign(Why::Board), "service/tickets"),
        (&propel, foreign(Why::Location), "company/companies"),
        (
            &inactive,
            refusal(&inactive, &tickets, Verb::Inquire),
            "service/tickets",
        ),
        (
            &inactive,
            refusal(&inactive, &Needs::AnyMember, Verb::Inquire),
            "system/info",
        ),
        (
            &blind,
            refusal(&blind, &tickets, Verb::Add),
            "service/tickets",
        ),
        (
            &propel,
            refusal(&propel, &Needs::Either(vec![]), Verb::Add),
            "system/nothing",
        ),
    ];
    let mut text = String::new();
    for (role, refusal, entity) in cases {
        let denial = registry.explain(&refusal, entity).by(&role.name);
        let json = serde_json::to_string(&denial).expect("JSON");
        let _ = writeln!(text, "{denial}\n  {json}");
        assert!(!denial.to_string().contains('\n'), "one line");
        assert!(!denial.remedy.is_empty());
    }
    insta::assert_snapshot!(text);
}

#[test]
fn a_refusal_is_small_and_survives_a_foreign_registry() {
    assert!(size_of::<Refusal>() <= 16);
    assert!(size_of::<Decision>() <= 16);
    let strange = Refusal {
        action: ActionId(9999),
        verb: Verb::Add,
        held: Level::None,
        why: Why::ListEntryNotAllowed(ListId(99)),
    };
    let text = registry().explain(&strange, "a/b").to_string();
    assert!(text.starts_with("a/b refused to the role"), "{text}");
}

#[test]
fn the_row_that_holds_my_is_blamed_for_a_foreign_record() {
    let registry = registry();
    let role = guide(&registry, "Propel");
    let id = |m: &str, a: &str| registry.action(m, a).expect("an action");
    let all = Needs::Action(id("Companies", "Company Maintenance"));
    let my = Needs::Action(id("Companies", "Manage Attachments"));
    let both = Needs::Every(vec![all.clone(), my]);
    let blamed = |needs| Refusal::of_record(&role, needs, Verb::Inquire, Why::Ownership);
    assert_eq!(blamed(&both).action, id("Companies", "Manage Attachments"));
    assert_eq!(blamed(&both).held, Level::My);
    assert_eq!(blamed(&all).action, id("Companies", "Company Maintenance"));
    assert_eq!(blamed(&Needs::AnyMember).action, ActionId::NOWHERE);
}
