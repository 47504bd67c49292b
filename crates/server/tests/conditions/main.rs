//! Fields that others make required or out of place: for each such field of the catalog the body that breaks its
//! condition and the one that does not, over the demo company, whose own records break none.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../support/mod.rs"]
mod support;
mod table;

use bitting_catalog::conditions::{Broken, Held, broken};
use bitting_catalog::entity::{Field, Kind};
use bitting_demo::Size;
use bitting_query::Value as Stored;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;
use support::{Answered, Company};
use table::{INVALID, MISSING, Row, table};

fn small() -> Size {
    Size::with_tickets(50)
}

/// The call that saves a record of the entity: where a condition is about records that nobody makes, a change of
/// one that is there.
async fn call(company: &Company, row: &Row, said: &Value, turn: usize) -> (String, Answered) {
    let entity = match row.entity {
        "CreateAccountingBatchRequest" => "finance/accounting/batches",
        entity => entity,
    };
    let mut body = row.base.as_object().unwrap().clone();
    body.extend(said.as_object().unwrap().clone());
    let shown = Value::Object(body.clone()).to_string();
    let posts = !matches!(
        entity.rsplit('/').next(),
        Some("management" | "colors" | "opportunitySetups" | "passwordEmailSetups")
    );
    let mut path = String::new();
    for (index, part) in entity.split('/').enumerate() {
        let parent =
            index > 0 && matches!(part, "statuses" | "notifications" | "events" | "actions");
        let setups = matches!(part, "opportunitySetups" | "passwordEmailSetups");
        if (parent
            && path.contains('/')
            && !path.ends_with("/project")
            && !path.ends_with("/sales/orders"))
            || setups
        {
            write!(path, "/{}", first(company, &path).await).unwrap();
        }
        write!(path, "/{part}").unwrap();
    }
    let words = |value: Value| -> Value {
        let text = value.to_string().replace("NAME", &format!("Case {turn}"));
        serde_json::from_str(&text).unwrap()
    };
    let (method, sent) = if posts {
        let mut sent = words(Value::Object(body));
        match row.entity {
            "CreateAccountingBatchRequest" => {
                sent["processedRecordIds"] = json!([first(company, "/finance/invoices").await]);
            }
            "service/boards" => stands(company, &mut sent).await,
            _ => {}
        }
        ("POST", sent)
    } else {
        write!(path, "/{}", first(company, &path).await).unwrap();
        let one = |(name, value): (String, Value)| json!({ "op": "replace", "path": name, "value": value });
        ("PATCH", body.into_iter().map(one).collect())
    };
    let answered = company
        .call(&company.admin, method, &path, Some(sent))
        .await;
    (format!("{method} {} {shown}", row.entity), answered)
}

/// Puts a board where the demo company's first one is.
async fn stands(company: &Company, board: &mut Value) {
    let like = company
        .get(&company.admin, "/service/boards?pageSize=1")
        .await;
    let like = like.rows().remove(0);
    for place in ["location", "department"] {
        board[place] = json!({ "id": like[place]["id"] });
    }
}

/// Gives the first workflow a kind of action that the demo company has none of.
async fn attaching(company: &Company) {
    let catalog = company.instance.catalog();
    let kinds = catalog.entity_at("system/workflows/notifyTypes").unwrap();
    let parent = first(company, "/system/workflows").await;
    let word = |column: &str| {
        (
            Arc::from(column),
            Stored::Text("Attach Configuration".to_owned()),
        )
    };
    let values = vec![
        word("identifier"),
        word("name"),
        (kinds.parents[0].column.clone(), Stored::Integer(parent)),
    ];
    let laid = bitting_calls::seed::row(&company.instance, kinds, values).await;
    laid.expect("a row");
}

async fn first(company: &Company, path: &str) -> i64 {
    let found = company
        .get(&company.admin, &format!("{path}?pageSize=1"))
        .await;
    found.rows()[0]["id"].as_i64().expect("an id")
}

#[tokio::test]
async fn every_condition_is_kept_or_told_by_the_field_s_name() {
    let company = Company::demo(small(), 1).await;
    attaching(&company).await;
    let rows = table();
    let mut told = String::new();
    for (turn, row) in rows.iter().enumerate() {
        let (call_, answered) = call(&company, row, &row.breaks, turn).await;
        assert_eq!(answered.status, 400, "{call_}: {}", answered.json);
        assert_eq!(answered.json["code"], "InvalidObject", "{call_}");
        let errors = answered.json["errors"].as_array().unwrap();
        let stands_for = |error: &Value| {
            error["field"] == row.field
                || error["message"].as_str().unwrap().contains("unless")
                    && error["message"].as_str().unwrap().contains(row.field)
        };
        let error = errors.iter().find(|error| stands_for(error));
        let error = error.unwrap_or_else(|| panic!("{call_}: {}", answered.json));
        assert_eq!(error["code"], row.code, "{call_}");
        let names: BTreeSet<&str> = errors
            .iter()
            .filter_map(|error| error["field"].as_str())
            .collect();
        assert_eq!(
            names.len(),
            errors.len(),
            "{call_}: each field once: {}",
            answered.json
        );
        writeln!(
            told,
            "{call_}\n  400 {}: {}",
            error["field"], error["message"]
        )
        .unwrap();
        let (call_, answered) = call(&company, row, &row.keeps, turn).await;
        assert!(
            matches!(answered.status, 200 | 201),
            "{call_}: {}",
            answered.json
        );
        writeln!(told, "{call_}\n  {}", answered.status).unwrap();
    }
    insta::assert_snapshot!(told);
}

/// Nothing in the catalog without its row above.
#[tokio::test]
async fn no_condition_is_without_its_bodies() {
    let company = Company::open().await;
    let catalog = company.instance.catalog();
    let mut wanted = BTreeSet::new();
    let mut ask = |of: &str, fields: &[Field]| {
        for field in fields {
            let Some(conditions) = &field.conditions else {
                continue;
            };
            let missed =
                !conditions.required_if.is_empty() || !conditions.required_unless.is_empty();
            for (code, asked) in [
                (MISSING, missed),
                (INVALID, !conditions.valid_if.is_empty()),
            ] {
                if asked {
                    wanted.insert((of.to_owned(), field.name.to_string(), code));
                }
            }
        }
    };
    for entity in &catalog.entities {
        ask(&entity.path, &entity.fields);
    }
    for (name, fields) in &catalog.shapes {
        ask(name, fields);
    }
    let rows = table();
    let given: BTreeSet<_> = rows
        .iter()
        .map(|row| (row.entity.to_owned(), row.field.to_owned(), row.code))
        .collect();
    assert_eq!(given, wanted);
}

/// What breaks a condition cannot be seen on any record of the demo company.
#[tokio::test]
async fn no_record_of_the_demo_company_breaks_one() {
    let company = Company::demo(small(), 7).await;
    let catalog = company.instance.catalog();
    let mut looked = BTreeMap::new();
    for entity in &catalog.entities {
        if entity.fields.iter().all(|field| field.conditions.is_none()) {
            continue;
        }
        let Some(lists) = records(&company, &entity.path).await else {
            continue;
        };
        for record in lists {
            let held = |field: &Field| held(field, &record);
            // A password at rest shows nowhere.
            let found: Vec<(&str, Broken)> = broken(&entity.fields, &|_| true, &held)
                .into_iter()
                .filter(|(field, _)| !field.write_only)
                .map(|(field, broken)| (&*field.name, broken))
                .collect();
            assert_eq!(found, [], "{}: {record}", entity.path);
            *looked.entry(entity.path.to_string()).or_insert(0) += 1;
        }
    }
    assert!(looked.len() >= 15, "records of {looked:?}");
}

/// Every record of an entity as the API shows it, under every parent.
async fn records(company: &Company, path: &str) -> Option<Vec<Value>> {
    let catalog = company.instance.catalog();
    let entity = catalog.entity_at(path)?;
    let route = catalog.routes_of(entity.id).find(|route| {
        route.kind == bitting_catalog::route::RouteKind::Collection
            && route
                .methods
                .iter()
                .any(|one| one.method == bitting_catalog::route::Method::Get)
    })?;
    let mut paths = vec![route.path.to_string()];
    while paths.first()?.contains('{') {
        let mut deeper = Vec::new();
        for path in &paths {
            let (before, rest) = path.split_once("/{")?;
            let (_, after) = rest.split_once('}')?;
            for row in company
                .get(&company.admin, &format!("{before}?pageSize=5"))
                .await
                .rows()
            {
                deeper.push(format!("{before}/{}{after}", row["id"]));
            }
        }
        paths = deeper;
        if paths.is_empty() {
            return None;
        }
    }
    let mut found = Vec::new();
    for path in paths {
        found.extend(
            company
                .get(&company.admin, &format!("{path}?pageSize=100"))
                .await
                .rows(),
        );
    }
    Some(found)
}

fn held(field: &Field, record: &Value) -> Held {
    let value = &record[&*field.name];
    match (&field.kind, value) {
        (_, Value::Null) => Held::Nothing,
        (_, Value::String(text)) if text.trim().is_empty() => Held::Nothing,
        (Kind::Reference(_), Value::Object(members)) => {
            let words = ["identifier", "name"].into_iter();
            let words = words.filter_map(|word| members.get(word)?.as_str());
            Held::Words(words.map(str::to_owned).collect())
        }
        (_, Value::Bool(flag)) => Held::Flag(*flag),
        (_, Value::Number(number)) => Held::Number(number.as_f64().unwrap()),
        (_, Value::String(text)) => Held::Words(vec![text.clone()]),
        _ => Held::Something,
    }
}

/// A record that was laid down before there were conditions: changes elsewhere go through, changes that touch what
/// the condition is about do not, and what a PUT leaves out counts as emptied.
#[tokio::test]
async fn a_change_is_held_to_what_it_says() {
    let company = Company::demo(small(), 1).await;
    let admin = &company.admin;
    let template = json!({ "name": "Mail", "subject": "S", "useSenderFlag": false, "firstName": "A",
        "lastName": "B", "emailAddress": "a@b.example.com" });
    let id = company
        .made("/finance/invoiceEmailTemplates", template.clone())
        .await;
    let path = format!("/finance/invoiceEmailTemplates/{id}");
    let patch = async |field: &str, value: Value| {
        let ops = json!([{ "op": "replace", "path": field, "value": value }]);
        company.call(admin, "PATCH", &path, Some(ops)).await
    };
    let missed = |answered: &Answered| {
        assert_eq!(answered.status, 400, "{}", answered.json);
        let errors = answered.json["errors"].as_array().unwrap();
        let fields = errors
            .iter()
            .map(|error| error["field"].as_str().unwrap().to_owned());
        fields.collect::<Vec<_>>()
    };
    assert_eq!(
        missed(&patch("emailAddress", json!("  ")).await),
        ["emailAddress"]
    );
    let mut whole = template.clone();
    whole.as_object_mut().unwrap().remove("lastName");
    let put = company.call(admin, "PUT", &path, Some(whole.clone())).await;
    assert_eq!(missed(&put), ["lastName"]);
    // The sender it is: nothing is asked, and the whole record as read goes back.
    whole["useSenderFlag"] = json!(true);
    company
        .call(admin, "PUT", &path, Some(whole))
        .await
        .expect(200);
    patch("firstName", Value::Null).await.expect(200);
    let shown = company.get(admin, &path).await.expect(200);
    company
        .call(admin, "PUT", &path, Some(shown))
        .await
        .expect(200);
    assert_eq!(
        missed(&patch("useSenderFlag", json!(false)).await),
        ["firstName", "lastName"]
    );
    // Never said is off, as answers show it.
    let bare = json!({ "name": "Bare", "subject": "S" });
    let refused = company
        .call(admin, "POST", "/finance/invoiceEmailTemplates", Some(bare))
        .await;
    assert_eq!(missed(&refused), ["firstName", "lastName", "emailAddress"]);
    // Board flags that came with it before: another change leaves them be.
    let mut board = json!({ "name": "Loop",
        "emailConnectorAllowReopenClosedFlag": true, "emailConnectorReopenResourcesFlag": true });
    stands(&company, &mut board).await;
    let id = company.made("/service/boards", board).await;
    let path = format!("/service/boards/{id}");
    let off =
        json!([{ "op": "replace", "path": "emailConnectorAllowReopenClosedFlag", "value": false }]);
    company
        .call(admin, "PATCH", &path, Some(off))
        .await
        .expect(200);
    let name = json!([{ "op": "replace", "path": "name", "value": "Loops" }]);
    company
        .call(admin, "PATCH", &path, Some(name))
        .await
        .expect(200);
    let on =
        json!([{ "op": "replace", "path": "emailConnectorReopenResourcesFlag", "value": true }]);
    let refused = company.call(admin, "PATCH", &path, Some(on)).await;
    assert_eq!(missed(&refused), ["emailConnectorReopenResourcesFlag"]);
}
