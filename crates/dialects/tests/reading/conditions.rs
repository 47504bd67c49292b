//! Conditions as clients send them, and what becomes of them. To accept a new text: INSTA_UPDATE=always.

use crate::{RELEASE, catalog, entity, shown};
use bitting_catalog::entity::{Kind, Release};
use bitting_dialects::connectwise::conditions::{
    self, MAX_DEPTH, MAX_LENGTH, MAX_TERMS, child_conditions, custom_field_conditions,
};
use bitting_dialects::connectwise::order::order;
use std::fmt::Write as _;

fn golden(name: &str, path: &str, texts: &[&str], read: impl Fn(&str) -> Result<String, String>) {
    let mut all = format!("{path}\n");
    for text in texts {
        let outcome = read(text).unwrap_or_else(|error| error);
        writeln!(all, "\n   {text}\n-> {outcome}").expect("writing to text");
    }
    insta::assert_snapshot!(name, all);
}

fn read(path: &str, text: &str) -> Result<String, String> {
    let id = entity(path);
    let resolved = conditions::conditions(text, catalog(), id, RELEASE)
        .map_err(|error| shown::error(&error))?;
    Ok(format!(
        "{}   uses {}",
        shown::filter(&resolved.filter),
        shown::used(&resolved.used, id)
    ))
}

#[test]
fn tickets() {
    let texts = [
        "",
        "  ",
        "id=5",
        "ID = 5 and Summary = 'x'",
        "summary=\"it's \\\"quoted\\\"\"",
        "summary = 'it''s' OR summary = \"a\"\"b\"",
        r#"summary = "C:\temp\\new\"#,
        r#"summary = "C:\temp\\""#,
        "board/name=\"Service\" and status/name!=\"Closed\" or id>10 AND id<=20",
        "(status/id in (1,2) or closedDate>[2016-08-20T18:04:26Z] and board/id in (3))",
        "board/id not in (1, 2) and summary NOT contains 'spam' and summary not like '*x'",
        "summary like \"%x%\" and summary like 'a_[0-9][[]x]*'",
        "not (id = 1 or id = 2) and not (summary like 'x')",
        "closedFlag = False and closedFlag != true and closedFlag = 'TRUE' and closedFlag = 0",
        "parentTicketId=null and owner != null and Owner/Id = NULL",
        "company = 5 and company = '7' and owner not in (1, null)",
        "company/identifier = 'acme' and contact/firstName = 'Ann' and priority/sortOrder < 3",
        "contact/company/territory/name = 'West'",
        "owner/name = 'Ann' and owner/identifier='a'",
        "agreement/type = 'Managed' and agreement/type/id = 3 and agreement/chargeFirmFlag = false",
        "lastUpdated >= [2026-03-31] and dateEntered < [2024-05-01T10:00:00.123456+02:00]",
        "_info/lastUpdated > [2024-05-01 10:00:00.123456+00:00] and LASTUPDATED > [2024-05-01T10:00:00 00:00]",
        "updatedBy = 'ann' and _info/enteredBy contains 'b' and company/lastUpdated > [2024-01-01]",
        "lastUpdated > 2016-08-20T18:04:26Z and lastUpdated < 2016-08-21 10:30:00 and dateEntered > 2016-08-20",
        "requiredDate > '2024-05-01' and requiredDate = null",
        "severity = 'high' and impact in (\"Low\",\"MEDIUM\") and severity != null",
        "severity = 'Huge'",
        "severity = 3",
        "resources contains 'ann'",
        "budgetHours = 5 and budgetHours > '1.5' and id = 5.5 and id = '12'",
        "summary = 5 and summary = true and summary contains 12",
        "configuration/id = 7",
        "configuration/deviceIdentifier = 'abc' or configuration/id in (1,2)",
        "configurations/id = 7",
        "configuration = 7",
        "member/id = 5",
        "types/name = 'x'",
        "customFields/value = 1",
        "integratorTags = 'a'",
        "initialDescription = 'x'",
        "board/name/x = 1",
        "board/ = 1",
        "notes/text = 'x'",
        "id",
        "id =",
        "id = and summary = 'x'",
        "= 5",
        "id = 5 summary = 'x'",
        "(id = 5",
        "id = 5)",
        "()",
        "id in ()",
        "id in 5",
        "id in (1 2)",
        "id in (1,",
        "id ! 5",
        "id = 'x'",
        "id = [2024-01-01]",
        "id = True",
        "id contains 5",
        "id > null",
        "closedFlag = 'maybe'",
        "summary = new",
        "summary = 'open",
        "requiredDate > [today]",
        "requiredDate > [2024-01-01",
        "requiredDate > 'soon'",
        "id = 1x",
        "id = 5 and",
        "not id = 5",
        "id == 5",
        "id <> 5",
        "summary = '\0'",
        "ünï = 5",
        "id = 5; drop table",
    ];
    golden("tickets", "service/tickets", &texts, |text| {
        read("service/tickets", text)
    });
}

#[test]
fn child_conditions_hold_for_one_element() {
    let path = "company/contacts";
    let texts = [
        "",
        "communicationItems/value like \"john@x\" AND communicationItems/communicationType=\"Email\"",
        "communicationItems/value = 'a' and types/id = 4 and COMMUNICATIONITEMS/defaultFlag = true",
        "communicationItems/type/id = 1 and communicationItems/type/name = 'Email' or communicationItems/type = 2",
        "communicationItems/communicationType = 'Pigeon'",
        "communicationItems/nothing = 1",
        "communicationItems = 1",
        "types/id=4",
        "types=4 and types/name != 'x' and types/id in (1,2)",
        "types/name = 'x' or firstName = 'Ann'",
        "types/id = 1 and firstName = 'Ann' and types/name like 'a*'",
        "not (types/id = 4)",
        "integratorTags = 'a'",
        "integratorTags/x = 'a'",
        "notes/text contains 'x' and notes/flagged = true",
        "tracks/nothing = 1",
        "nothing/id = 1",
        "firstName = 'Ann'",
    ];
    golden("child_conditions", path, &texts, |text| {
        let id = entity(path);
        let resolved =
            child_conditions(text, catalog(), id, RELEASE).map_err(|error| shown::error(&error))?;
        Ok(format!(
            "{}   uses {}",
            shown::filter(&resolved.filter),
            shown::used(&resolved.used, id)
        ))
    });
}

#[test]
fn ticket_children() {
    let path = "service/tickets";
    let texts = [
        "configurations/id = 5 and configurations/deviceIdentifier = 'x'",
        "notes/text contains 'x' and notes/member/identifier = 'ann'",
    ];
    golden("ticket_children", path, &texts, |text| {
        let id = entity(path);
        let resolved =
            child_conditions(text, catalog(), id, RELEASE).map_err(|error| shown::error(&error))?;
        Ok(format!(
            "{}   uses {}",
            shown::filter(&resolved.filter),
            shown::used(&resolved.used, id)
        ))
    });
}

#[test]
fn custom_fields_go_by_caption() {
    let captions = [(3, "Outage ID"), (8, "X"), (9, "Renewal")];
    let texts = [
        "",
        "caption=\"Outage ID\" AND value = 123",
        "caption='x' AND Value != null",
        "caption='X' AND value = null",
        "caption='X' AND value = null AND value != 5",
        "caption='Renewal' AND value > [2024-05-01]",
        "caption='X' AND value = 'a' AND caption = 'Renewal' AND value < [2025-01-01]",
        "(caption='X' AND value = 'a') AND (caption='Renewal' AND value contains 'b')",
        "(caption='X' AND value = True) OR (caption='Outage ID' AND value in (1,2))",
        "(caption='X' OR caption='Outage ID') AND value = 1",
        "caption='X' AND (value = 1 OR value = 2)",
        "caption in ('X','Renewal') and value like 'a*'",
        "caption contains 'e' and value != 'a'",
        "value = 'a'",
        "caption = 'X'",
        "caption = 'Nothing' and value = 1",
        "caption like 'X' and value = 1",
        "id = 3",
        "caption = 'X' and type = 'Text'",
        "caption =",
    ];
    golden(
        "custom_field_conditions",
        "Outage ID, X, Renewal",
        &texts,
        |text| {
            custom_field_conditions(text, &captions)
                .map(|filter| shown::filter(&filter))
                .map_err(|error| shown::error(&error))
        },
    );
}

#[test]
fn orders() {
    let texts = [
        "",
        "id",
        "priority/sortOrder asc, id DESC",
        "contact/name asc",
        "lastUpdated desc,_info/dateEntered",
        "Company/Identifier Descending,,",
        "summary up",
        "summary asc first",
        "nothing",
        "customFields",
        "types",
        "company",
    ];
    golden("orders", "service/tickets", &texts, |text| {
        let id = entity("service/tickets");
        let ordered = order(text, catalog(), id, RELEASE).map_err(|error| shown::error(&error))?;
        Ok(format!(
            "{}   uses {}",
            shown::order(&ordered.order),
            shown::used(&ordered.used, id)
        ))
    });
}

/// What can be shown can be filtered and sorted by, in every entity of the catalog, and nothing else can.
#[test]
fn every_plain_field_of_every_entity() {
    let newest = Release {
        year: 9999,
        number: 1,
    };
    let mut seen = 0;
    for entity in &catalog().entities {
        for (index, field) in entity.fields.iter().enumerate() {
            let plain = !matches!(
                field.kind,
                Kind::References(_) | Kind::List(_) | Kind::Embedded { .. } | Kind::Any
            );
            let text = format!("{} = null", field.name.to_uppercase());
            let found = conditions::conditions(&text, catalog(), entity.id, newest);
            let sorted = order(&field.name, catalog(), entity.id, newest);
            let expected = plain && !field.write_only && field.until.is_none();
            if !expected && is_alias(&field.name) {
                continue;
            }
            assert_eq!(
                found.is_ok(),
                expected,
                "{} {}: {found:?}",
                entity.path,
                field.name
            );
            assert_eq!(
                sorted.is_ok(),
                expected,
                "{} {}: {sorted:?}",
                entity.path,
                field.name
            );
            if let Ok(found) = found {
                assert_eq!(found.used.fields, [index], "{} {}", entity.path, field.name);
                seen += 1;
            }
        }
    }
    assert!(seen > 1000, "only {seen} fields were tried");
}

/// Names of hidden columns, which go on meaning those where a field of the same name is gone.
fn is_alias(name: &str) -> bool {
    ["lastUpdated", "dateEntered", "updatedBy", "enteredBy"].contains(&name)
}

/// Every member that a reference shows can be filtered by.
#[test]
fn every_shown_member_of_every_reference() {
    let mut missing = Vec::new();
    for entity in &catalog().entities {
        for field in &entity.fields {
            let Kind::Reference(reference) = &field.kind else {
                continue;
            };
            let stored = reference
                .target
                .is_some_and(|target| catalog().entity(target).stored);
            if !stored || field.write_only || field.since.is_some() || field.until.is_some() {
                continue;
            }
            for (member, _) in &reference.members {
                let text = format!("{}/{member} = null", field.name);
                if conditions::conditions(&text, catalog(), entity.id, RELEASE).is_err() {
                    missing.push(format!("{} {}/{member}", entity.path, field.name));
                }
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn bounds_hold() {
    let tickets = entity("service/tickets");
    let refused = |text: &str| {
        let error = conditions::conditions(text, catalog(), tickets, RELEASE).expect_err("refused");
        assert_eq!((error.status, error.code), (400, "ApiFindCondition"));
        error.message
    };
    let nested = |depth: usize| format!("{}id=1{}", "(".repeat(depth), ")".repeat(depth));
    assert!(conditions::conditions(&nested(MAX_DEPTH), catalog(), tickets, RELEASE).is_ok());
    assert!(refused(&nested(MAX_DEPTH + 1)).contains("parentheses"));
    assert!(refused(&"(".repeat(60_000)).contains("parentheses"));
    assert!(refused(&"not (".repeat(10_000)).contains("parentheses"));
    assert!(refused(&" ".repeat(MAX_LENGTH + 1)).contains("bytes long"));
    let chain = |count: usize| vec!["id>1"; count].join(" or ");
    assert!(conditions::conditions(&chain(MAX_TERMS), catalog(), tickets, RELEASE).is_ok());
    assert!(refused(&chain(MAX_TERMS + 1)).contains("comparisons"));
    // Equalities of one name are no more than a list of values.
    for path in ["id", "ID", "status/name"] {
        let value = |number: usize| match path {
            "status/name" => format!("{path} = 's{number}'"),
            _ => format!("{path}={number}"),
        };
        let ids: Vec<String> = (0..4 * MAX_TERMS).map(value).collect();
        let text = format!("({}) and closedFlag = false", ids.join(" or "));
        assert!(
            conditions::conditions(&text, catalog(), tickets, RELEASE).is_ok(),
            "{path}"
        );
    }
    let list = |count: usize| format!("id in ({})", vec!["1"; count].join(","));
    assert!(conditions::conditions(&list(10_000), catalog(), tickets, RELEASE).is_ok());
    assert!(refused(&list(10_001)).contains("values"));
}

/// A field is only known to the releases that have it.
#[test]
fn releases_bound_names() {
    let newer = catalog().entities.iter().find_map(|entity| {
        let field = entity
            .fields
            .iter()
            .find(|field| field.since.is_some_and(|since| since > RELEASE))?;
        Some((entity.id, field))
    });
    let (id, field) = newer.expect("the catalog knows newer fields");
    let text = format!("{} = null", field.name);
    let error = conditions::conditions(&text, catalog(), id, RELEASE).expect_err("too new");
    assert_eq!(
        error.message,
        format!("{} is not a recognized name.", field.name)
    );
}
