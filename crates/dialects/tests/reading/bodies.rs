//! Bodies of POST and PUT as clients send them, and what becomes of them.

use crate::{RELEASE, catalog, entity, shown};
use bitting_catalog::entity::Field;
use bitting_dialects::connectwise::body::{Purpose, Reader};
use bitting_dialects::connectwise::{filter_values, patch};
use std::fmt::Write as _;

/// What the server fills in the tests: the parent in the path.
pub fn reader(
    path: &str,
    purpose: Purpose,
    strict: bool,
    filled: &'static dyn Fn(&Field) -> bool,
) -> Reader<'static> {
    let entity = catalog().entity(entity(path));
    Reader {
        names: catalog(),
        entity,
        release: RELEASE,
        purpose,
        strict,
        filled,
    }
}

fn golden(name: &str, path: &str, purpose: Purpose, strict: bool, bodies: &[&str]) {
    let reader = reader(path, purpose, strict, &|_| false);
    let mut all = format!("{path} {purpose:?} strict: {strict}\n");
    for body in bodies {
        let outcome = match reader.read(body.as_bytes()) {
            Ok(input) => shown::input(&input, reader.entity),
            Err(error) => shown::error(&error),
        };
        writeln!(all, "\n   {body}\n-> {outcome}").expect("writing to text");
    }
    insta::assert_snapshot!(name, all);
}

#[test]
fn a_ticket_is_created() {
    let bodies = [
        r#"{"summary":"Printer on fire","company":{"id":5}}"#,
        r#"{"SUMMARY":"x","Company":{"Identifier":"Acme","name":"ignored"},"board":{"name":"Service"},"status":{"id":"7","name":"ignored","_info":{}}}"#,
        r#"{"summary":"x","company":{"id":2},"budgetHours":"1.5","parentTicketId":"12","approved":"True","skipCallback":"false","customerUpdatedFlag":1,"requiredDate":"","estimatedStartDate":"2024-05-01 10:00:00+02:00","lagDays":"","severity":"high","impact":"","poNumber":""}"#,
        r#"{"summary":"a\r\nb\u0000c","company":{"id":2},"initialDescription":"a\r\nb"}"#,
        r#"{"summary":5,"company":{"id":2},"externalXRef":true}"#,
        "{}",
        r#"{"summary":"","company":null}"#,
        r#"{"summary":"x","company":{}}"#,
        r#"{"summary":"x","company":{"id":null,"identifier":null}}"#,
        r#"{"summary":"x","company":{"id":1},"contact":{},"board":{"_info":{}},"status":{"id":null,"name":""},"owner":{"nickname":"Ann"}}"#,
        r#"{"summary":"x","company":{"id":1},"contact":{},"board":{"_info":{}},"status":{"id":null,"name":""}}"#,
        r#"{"summary":"x","company":""}"#,
        r#"{"summary":"x","company":5}"#,
        r#"{"summary":"x","company":{"id":"abc"}}"#,
        r#"{"summary":"x","company":{"phone":"5"}}"#,
        r#"{"summary":"x","company":{"id":1},"mergedParentTicket":{"id":5},"closedFlag":true,"id":99,"_info":{"lastUpdated":"x"}}"#,
        r#"{"summary":"x","company":{"id":1},"locationId":11,"businessUnitId":"10"}"#,
        r#"{"summary":"x","company":{"id":1},"nothing":1,"Neither":[{"deep":1}]}"#,
        r#"{"summary":"x","company":{"id":1},"customFields":[{"id":3,"caption":"X","type":"Text","value":"v"},{"id":4,"value":null},{"id":3,"value":5},{"caption":"Y","value":true},{"id":9}]}"#,
        r#"{"summary":"x","company":{"id":1},"integratorTags":["a",5],"summary":"last wins"}"#,
        r#"{"summary":{"text":"x"},"company":{"id":1}}"#,
        r#"{"summary":["x"],"company":{"id":1}}"#,
        r#"{"summary":"x","company":{"id":1},"approved":"maybe"}"#,
        r#"{"summary":"x","company":{"id":1},"budgetHours":"much"}"#,
        r#"{"summary":"x","company":{"id":1},"lagDays":1.5}"#,
        r#"{"summary":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx","severity":"Huge","requiredDate":"soon","estimatedStartDate":5,"poNumber":"fine"}"#,
        r#"[{"summary":"x"}]"#,
        r#""summary""#,
        r#"{"summary":"x","#,
        "",
    ];
    golden(
        "ticket_created",
        "service/tickets",
        Purpose::Create,
        false,
        &bodies,
    );
}

#[test]
fn strict_bodies_name_the_unknown_member() {
    let bodies = [
        "{\n  \"summary\": \"x\",\n  \"Nothing\": 1, \"company\": {\"id\": 1}}",
        r#"{"summary":"x","company":{"id":1,"extra":"is ignored"},"_info":{}}"#,
    ];
    golden(
        "ticket_strict",
        "service/tickets",
        Purpose::Create,
        true,
        &bodies,
    );
}

#[test]
fn a_ticket_is_replaced() {
    let bodies = [
        r#"{"id":1,"summary":"x","company":{"id":1},"severity":"Low","impact":"Low"}"#,
        r#"{"summary":"x","company":{"id":1},"initialDescription":"late"}"#,
        r#"{"summary":null,"severity":null}"#,
        r#"{"summary":"x","company":{},"contact":{},"severity":"Low","impact":"Low"}"#,
    ];
    golden(
        "ticket_replaced",
        "service/tickets",
        Purpose::Replace,
        false,
        &bodies,
    );
}

#[test]
fn contacts_carry_lists() {
    let bodies = [
        r#"{"firstName":"Ann","communicationItems":[{"type":{"id":1,"name":"Email"},"VALUE":"a@b.c","communicationType":"email","defaultFlag":"True","bogus":1},{"type":{"name":"Direct"},"value":5}],"types":[{"id":1},{"name":"Owner"}]}"#,
        r#"{"firstName":"Ann","communicationItems":[],"types":[]}"#,
        r#"{"firstName":"Ann","communicationItems":null,"types":null,"gender":"female"}"#,
        r#"{"firstName":"Ann","communicationItems":{"value":"x"}}"#,
        r#"{"firstName":"Ann","communicationItems":["x"]}"#,
        r#"{"firstName":"Ann","communicationItems":[{"communicationType":"Pigeon"}]}"#,
        r#"{"firstName":"Ann","types":[5]}"#,
        r#"{"firstName":"Ann","company":{"name":"Acme"},"site":{"id":null},"managerContact":{"name":"Bob"}}"#,
        r#"{"firstName":"Ann","typeIds":[1,"2"],"mobileGuid":"x"}"#,
    ];
    golden(
        "contact_created",
        "company/contacts",
        Purpose::Create,
        false,
        &bodies,
    );
}

#[test]
fn links_and_twins() {
    golden(
        "ticket_configuration",
        "service/tickets/configurations",
        Purpose::Create,
        false,
        &[
            r#"{"id":5}"#,
            r#"{"id":"5"}"#,
            r#"{"deviceIdentifier":"abc"}"#,
            "{}",
        ],
    );
    golden(
        "opportunity_created",
        "sales/opportunities",
        Purpose::Create,
        false,
        &[
            r#"{"name":"x","primarySalesRep":{"identifier":"ann"},"company":{"id":1},"contact":{"id":2},"location":{"id":3},"department":{"id":4}}"#,
            r#"{"name":"x","primarySalesRep":{"id":1},"company":{"id":1},"contact":{"id":2},"locationId":3,"businessUnitId":"4"}"#,
        ],
    );
}

/// Somebody else may fill required fields: a rule, or the path.
#[test]
fn filled_fields_are_not_missed() {
    let all = reader("service/tickets", Purpose::Create, false, &|_| true);
    assert!(all.read(b"{}").is_ok());
    let company = reader("service/tickets", Purpose::Create, false, &|field| {
        &*field.name == "company"
    });
    let error = company.read(b"{}").expect_err("no summary");
    let fields: Vec<&str> = error
        .errors
        .iter()
        .map(|error| error.field.as_str())
        .collect();
    assert_eq!(fields, ["summary"]);
}

/// What is created can be sent back: the vendor's clients read a record, change it and PUT it.
#[test]
fn deep_bodies_are_refused() {
    let deep = format!("{}{}", "{\"a\":".repeat(100_000), "1");
    let reader = reader("service/tickets", Purpose::Create, false, &|_| true);
    assert_eq!(
        reader.read(deep.as_bytes()).expect_err("too deep").status,
        400
    );
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn no_bytes_panic(bytes: Vec<u8>, member in "[a-zA-Z_]{1,20}|summary|company|customFields|requiredDate|integratorTags|communicationItems|types|office365", value in value()) {
        for path in ["service/tickets", "company/contacts", "system/members"] {
            for purpose in [Purpose::Create, Purpose::Replace, Purpose::Change] {
                let reader = reader(path, purpose, true, &|_| true);
                let _ = reader.read(&bytes);
                let _ = reader.read(format!("{{\"{member}\":{value}}}").as_bytes());
                if let Ok(operations) = patch::operations(format!("[{{\"op\":\"add\",\"path\":\"{member}/id\",\"value\":{value}}},{{\"op\":\"replace\",\"path\":\"{member}\",\"value\":{value}}}]").as_bytes()) {
                    let _ = patch::apply(&operations, &reader);
                }
            }
        }
        let _ = patch::operations(&bytes);
        let _ = patch::operations(value.as_bytes());
        let _ = filter_values::read(value.as_bytes());
    }
}

/// Random JSON.
fn value() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::*;
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|flag| flag.to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        (-1e9..1e9_f64).prop_map(|number| number.to_string()),
        "[a-zA-Z0-9 :+-]{0,12}".prop_map(|text| format!("\"{text}\"")),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|values| format!("[{}]", values.join(","))),
            prop::collection::vec(
                (
                    "id|name|identifier|value|type|caption|communicationType|username",
                    inner
                ),
                0..4
            )
            .prop_map(|members| {
                let members: Vec<String> = members
                    .into_iter()
                    .map(|(name, value)| format!("\"{name}\":{value}"))
                    .collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}
