//! What an Autotask does to MSPCFO's reading: fields that are missing, records that come and go while they are paged,
//! slow answers, invoices that are made and voided later, a kill at every step.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_client::{ApiUser, Autotask, Secret};
use bitting_sync::Failure;
use bitting_sync::mspcfo_autotask::INTEGRATION;
use bitting_sync::state::Shelf;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use support::{Desk, request};

/// Records by entity.
type Records = Arc<Mutex<BTreeMap<&'static str, Vec<Value>>>>;

/// An Autotask of these records. `meddle` hears of each call before it is answered, which one it is and its path,
/// and may change records, or answer a status of its own.
fn instance(
    records: &Records,
    meddle: impl Fn(&mut BTreeMap<&'static str, Vec<Value>>, usize, &str) -> Option<u16>
    + Send
    + 'static,
) -> Autotask {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let records = records.clone();
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let mut stream = stream.expect("a connection");
            let (whole, line) = request(&mut stream);
            let path = line.rsplit("V1.0/").next().unwrap_or_default().to_owned();
            let mut records = records.lock().unwrap();
            let (status, body) = match meddle(&mut records, number, &path) {
                Some(status) => (status, json!({ "errors": ["not now"] })),
                None => (200, answer(&records, &path, &whole)),
            };
            let body = body.to_string();
            let length = body.len();
            let _ = write!(
                stream,
                "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            );
        }
    });
    let user = ApiUser {
        user: "u".to_owned(),
        secret: Secret::new("s"),
        code: Secret::new("c"),
    };
    Autotask::open(&address, user, None).expect("a way")
}

fn answer(records: &BTreeMap<&'static str, Vec<Value>>, path: &str, whole: &[u8]) -> Value {
    let (entity, act) = path.split_once('/').expect("an entity");
    let empty = Vec::new();
    let rows = records.get(entity).unwrap_or(&empty);
    match act {
        "entityInformation" => {
            json!({ "info": { "userAccessForQuery": "All", "userAccessForCreate": "None" } })
        }
        "entityInformation/fields" => {
            let mut names: Vec<&String> = rows
                .iter()
                .filter_map(Value::as_object)
                .flat_map(|row| row.keys())
                .collect();
            names.sort_unstable();
            names.dedup();
            let field = |name: &&String| {
                let picks = match name.as_str() {
                    "contractCategory" => {
                        json!([{ "value": "1", "label": "Managed", "isActive": true }])
                    }
                    "issueType" => json!([{ "value": "4", "label": "Network", "isActive": true }]),
                    _ => Value::Null,
                };
                json!({ "name": name, "picklistValues": picks })
            };
            json!({ "fields": names.iter().map(field).collect::<Vec<_>>() })
        }
        _ => {
            let begin = whole
                .windows(4)
                .position(|at| at == b"\r\n\r\n")
                .expect("a body")
                + 4;
            let query: Value = serde_json::from_slice(&whole[begin..]).expect("a query");
            let conditions = query["filter"].as_array().expect("conditions");
            let mut found: Vec<&Value> = rows
                .iter()
                .filter(|row| conditions.iter().all(|one| meets(row, one)))
                .collect();
            found.sort_by_key(|row| row["id"].as_i64());
            found.truncate(query["MaxRecords"].as_u64().expect("a size") as usize);
            json!({ "items": found })
        }
    }
}

fn meets(row: &Value, condition: &Value) -> bool {
    let (cell, value) = (
        &row[condition["field"].as_str().unwrap_or_default()],
        &condition["value"],
    );
    let order = match (cell.as_f64(), value.as_f64()) {
        (Some(cell), Some(value)) => cell.partial_cmp(&value),
        _ => cell
            .as_str()
            .zip(value.as_str())
            .map(|(cell, value)| cell.cmp(value)),
    };
    match condition["op"].as_str().expect("an operator") {
        "or" => condition["items"]
            .as_array()
            .expect("conditions")
            .iter()
            .any(|one| meets(row, one)),
        "exist" => !cell.is_null(),
        "in" => value.as_array().expect("values").contains(cell),
        "eq" => cell == value,
        "gt" => order.is_some_and(std::cmp::Ordering::is_gt),
        "gte" => order.is_some_and(std::cmp::Ordering::is_ge),
        other => panic!("{other}"),
    }
}

/// The vendor's example in an Autotask's words: 3,000 of labor for 20 hours at 100, and 20 units that cost 1 and are
/// sold at 2. The client's other invoice is of 2 hours that are billed one by one.
fn example() -> Records {
    let day = "2026-10-05T00:00:00Z";
    let time = |id: i64, hours: f64, ticket: Value, task: Value| {
        json!({
            "id": id, "resourceID": 1, "roleID": 3, "hoursWorked": hours, "dateWorked": day, "createDateTime": day,
            "lastModifiedDateTime": day, "isNonBillable": false, "billingCodeID": 5, "internalBillingCodeID": null,
            "contractID": 9, "ticketID": ticket, "taskID": task,
        })
    };
    let item = |id: i64, more: Value| {
        let mut item = json!({
            "id": id, "invoiceID": 11, "contractID": 9, "projectID": null, "timeEntryID": null, "expenseItemID": null,
            "ticketChargeID": null, "projectChargeID": null, "contractChargeID": null, "serviceID": null,
            "serviceBundleID": null, "contractServiceID": null, "contractServiceBundleID": null, "quantity": 1,
            "ourCost": null, "itemDate": day, "postedDate": day, "postedOnTime": day, "webServiceDate": null,
        });
        for (name, value) in more.as_object().expect("members") {
            item[name] = value.clone();
        }
        item
    };
    let invoice = |id: i64, total: f64, tax: f64| {
        json!({
            "id": id, "invoiceNumber": format!("I{id}"), "companyID": 7, "invoiceDateTime": day, "createDateTime": day,
            "invoiceTotal": total, "totalTaxValue": tax, "isVoided": false, "voidedDate": null, "webServiceDate": null,
            "paidDate": null,
        })
    };
    Arc::new(Mutex::new(BTreeMap::from([
        (
            "Companies",
            vec![
                json!({ "id": 0, "companyName": "Us", "ownerResourceID": 1 }),
                json!({ "id": 7, "companyName": "Acme", "ownerResourceID": 2 }),
            ],
        ),
        (
            "Resources",
            vec![
                json!({ "id": 1, "userName": "ada", "internalCost": 45.0, "isActive": true }),
                json!({ "id": 2, "userName": "bob", "internalCost": null, "isActive": true }),
            ],
        ),
        (
            "BillingCodes",
            vec![
                json!({ "id": 5, "name": "Remote", "useType": 1 }),
                json!({ "id": 6, "name": "Hardware", "useType": 4 }),
            ],
        ),
        (
            "Roles",
            vec![json!({ "id": 3, "name": "Engineer", "hourlyRate": 100.0, "isActive": true })],
        ),
        (
            "HolidaySets",
            vec![json!({ "id": 1, "holidaySetName": "US" })],
        ),
        (
            "Holidays",
            vec![json!({ "id": 1, "holidaySetID": 1, "holidayDate": "2026-10-12T00:00:00Z" })],
        ),
        (
            "InternalLocations",
            vec![json!({ "id": 1, "name": "Main", "holidaySetId": null })],
        ),
        (
            "Contracts",
            vec![
                json!({ "id": 9, "contractName": "All in", "companyID": 7, "contractCategory": 1, "contractType": 7 }),
            ],
        ),
        (
            "ContractServices",
            vec![
                json!({ "id": 1, "contractID": 9, "serviceID": 8, "unitCost": 1.0, "unitPrice": 2.0 }),
            ],
        ),
        (
            "Projects",
            vec![json!({ "id": 4, "projectName": "Move", "companyID": 7, "status": 1 })],
        ),
        (
            "Tasks",
            vec![
                json!({ "id": 2, "projectID": 4, "createDateTime": day, "lastActivityDateTime": day }),
            ],
        ),
        (
            "Tickets",
            vec![
                json!({ "id": 77, "companyID": 7, "projectID": null, "issueType": 4, "createDate": day, "lastActivityDate": day, "lastTrackedModificationDateTime": day }),
                json!({ "id": 78, "companyID": 0, "projectID": null, "issueType": null, "createDate": day, "lastActivityDate": day, "lastTrackedModificationDateTime": day }),
            ],
        ),
        (
            "TimeEntries",
            vec![
                time(1, 12.0, json!(77), Value::Null),
                time(2, 8.0, Value::Null, json!(2)),
                time(3, 5.0, json!(78), Value::Null),
            ],
        ),
        (
            "Invoices",
            vec![invoice(11, 3240.0, 200.0), invoice(12, 200.0, 0.0)],
        ),
        (
            "BillingItems",
            vec![
                item(1, json!({ "extendedPrice": 3000.0, "itemName": "Fee" })),
                // What it costs, its contract says.
                item(
                    2,
                    json!({ "serviceID": 8, "quantity": 20, "extendedPrice": 40.0 }),
                ),
                item(
                    3,
                    json!({ "invoiceID": 12, "contractID": null, "projectID": 4, "timeEntryID": 2, "quantity": 2, "extendedPrice": 200.0, "ourCost": 90.0 }),
                ),
            ],
        ),
        (
            "TicketCharges",
            vec![
                json!({ "id": 1, "ticketID": 77, "name": "Cable", "isBilled": false, "isBillableToCompany": true, "billableAmount": 9.5, "extendedCost": 5.0, "datePurchased": day }),
                json!({ "id": 2, "ticketID": 77, "name": "Disk", "isBilled": true, "isBillableToCompany": true, "billableAmount": 99.0, "extendedCost": 50.0, "datePurchased": day }),
            ],
        ),
    ])))
}

fn desk() -> Desk {
    Desk::new(&INTEGRATION, "")
}

/// What clients, contracts and members come to, as files.
fn figures(desk: &Desk) -> Vec<String> {
    [
        "clients",
        "agreements",
        "members",
        "leads",
        "projects",
        "services",
        "receivables",
        "wages",
    ]
    .iter()
    .flat_map(|name| ["csv", "jsonl"].map(|end| format!("{name}.{end}")))
    .map(|name| std::fs::read_to_string(desk.home.output(INTEGRATION.slug, &name)).expect("a file"))
    .collect()
}

fn client(desk: &Desk) -> Value {
    desk.taken("clients.jsonl")
        .first()
        .cloned()
        .unwrap_or_default()
}

#[test]
fn the_vendors_example_comes_out_of_queries() {
    let desk = desk();
    let outcomes = desk.whole(&instance(&example(), |_, _, _| None));
    let acme = client(&desk);
    for (figure, value) in [
        ("revenue", 3240.0),
        // 3,000 of the contract, and the two hours that were billed one by one.
        ("labor_revenue", 3200.0),
        ("product_revenue", 40.0),
        ("product_cost", 20.0),
        ("labor_cost", 900.0),
        ("shadow_billable", 2000.0),
        ("hours", 20.0),
        ("invoices", 2.0),
        ("effective_rate", 160.0),
        ("contribution", 2320.0),
    ] {
        assert_eq!(acme[figure].as_f64(), Some(value), "{figure}: {acme}");
    }
    let agreement = &desk.taken("agreements.jsonl")[0];
    for (figure, value) in [
        ("revenue", 3040.0),
        ("labor_revenue", 3000.0),
        ("hours", 25.0),
    ] {
        assert_eq!(
            agreement[figure].as_f64(),
            Some(value),
            "{figure}: {agreement}"
        );
    }
    assert_eq!(
        (&agreement["type"], &agreement["client"]),
        (&json!("Managed"), &json!("Acme"))
    );
    let project = &desk.taken("projects.jsonl")[0];
    assert_eq!(
        (project["revenue"].as_f64(), project["hours"].as_f64()),
        (Some(200.0), Some(8.0)),
        "{project}"
    );
    let ada = &desk.taken("members.jsonl")[0];
    // 22 weekdays, a holiday; five hours were for the company that the PSA belongs to.
    for (column, value) in [
        ("working_days", 21.0),
        ("hours", 25.0),
        ("client_hours", 20.0),
        ("utilized_hours", 25.0),
    ] {
        assert_eq!(ada[column].as_f64(), Some(value), "{column}: {ada}");
    }
    assert_eq!(desk.taken("leads.jsonl")[0]["lead"], "bob");
    assert_eq!(
        desk.taken("services.jsonl")
            .iter()
            .filter(|row| row["service_type"] == "Network")
            .count(),
        1
    );
    let findings = json!(desk.taken("health.jsonl")).to_string();
    assert!(
        findings.contains("ticket 77 has billable products of 9.50 on no invoice yet"),
        "{findings}"
    );
    assert!(!findings.contains("but its parts sum"), "{findings}");
    let again = desk.whole(&instance(&example(), |_, _, _| None));
    assert!(outcomes[2].counts.created > 20);
    assert!(
        again
            .iter()
            .all(|one| one.counts.created + one.counts.changed == 0),
        "{again:?}"
    );
}

#[test]
fn a_kill_at_every_step_ends_in_the_same_figures() {
    let psa = instance(&example(), |_, _, _| None);
    let whole = desk();
    whole.whole(&psa);
    let mut steps = 0;
    loop {
        let desk = desk();
        let cut = desk.cut_off_once(&psa, steps);
        assert!(figures(&desk) == figures(&whole), "after {steps} steps");
        if !cut {
            break;
        }
        steps += 1;
    }
    assert!(steps > 80, "{steps}");
    let desk = desk();
    let all = desk.cut_off_everywhere(&psa);
    assert!(
        figures(&desk) == figures(&whole),
        "after each of {all} steps"
    );
}

#[test]
fn a_missing_field_leaves_its_figure_out_and_the_next_run_heals() {
    let records = example();
    let psa = instance(&records, |_, _, _| None);
    let mut desk = desk();
    let take = |entity: &'static str, field: &str| {
        let mut records = records.lock().unwrap();
        let rows = records.get_mut(entity).expect("records");
        let was = rows.clone();
        for row in rows.iter_mut() {
            row.as_object_mut().expect("a record").remove(field);
        }
        was
    };
    let roles = take("Roles", "hourlyRate");
    let moments = take("TimeEntries", "lastModifiedDateTime");
    let said = Desk::said(&desk.whole(&psa));
    assert!(
        said.contains("Roles have no field hourlyRate; figures that come from it stay empty"),
        "{said}"
    );
    let acme = client(&desk);
    assert_eq!(
        (&acme["efficiency"], acme["hours"].as_f64()),
        (&Value::Null, Some(20.0)),
        "{acme}"
    );
    records.lock().unwrap().insert("Roles", roles);
    records.lock().unwrap().insert("TimeEntries", moments);
    // The next day's reload of the open months.
    desk.now = "2026-11-22T12:30:00Z".parse().expect("a moment");
    desk.whole(&psa);
    assert_eq!(client(&desk)["efficiency"].as_f64(), Some(1.6));
}

#[test]
fn records_that_come_and_go_while_they_are_paged_are_neither_lost_nor_doubled() {
    let records = example();
    let many = |from: i64, to: i64| -> Vec<Value> {
        let first = example().lock().unwrap()["TimeEntries"][0].clone();
        (from..to)
            .map(|id| {
                let mut entry = first.clone();
                entry["id"] = json!(id);
                entry
            })
            .collect()
    };
    records.lock().unwrap().insert("TimeEntries", many(1, 1201));
    let pages = Mutex::new(0);
    let psa = instance(&records, move |records, _, path| {
        if path == "TimeEntries/query" {
            let mut pages = pages.lock().unwrap();
            *pages += 1;
            let time = records.get_mut("TimeEntries").expect("time");
            // The check asks once. Behind the first page its rows go, and new ones come at the end.
            if *pages == 3 {
                time.retain(|entry| entry["id"].as_i64() > Some(100));
                time.extend(many(1201, 1301));
            }
        }
        None
    });
    let desk = desk();
    desk.whole(&psa);
    let facts = || {
        let facts = desk.state.all(Shelf::Fact, INTEGRATION.slug, "Time");
        let mut ids: Vec<i64> = facts
            .expect("facts")
            .iter()
            .filter_map(|fact| fact.psa_id)
            .collect();
        ids.sort_unstable();
        ids
    };
    assert_eq!(facts(), (1..1301).collect::<Vec<i64>>());
    // Those that went are found by the next reading of the open months.
    let mut desk = desk;
    desk.now = "2026-11-22T12:30:00Z".parse().expect("a moment");
    desk.whole(&psa);
    let facts = desk
        .state
        .all(Shelf::Fact, INTEGRATION.slug, "Time")
        .expect("facts");
    assert_eq!(facts.len(), 1200);
}

#[test]
fn slow_answers_make_pages_smaller_and_wrong_order_stops() {
    let records = example();
    let slow = Mutex::new(0);
    let psa = instance(&records, move |_, _, path| {
        let mut slow = slow.lock().unwrap();
        (path == "Tickets/query" && *slow < 2).then(|| {
            *slow += 1;
            504
        })
    });
    let desk = desk();
    // The client itself asks a slow one again.
    let outcomes = desk.run(&psa, INTEGRATION.job("pull")).expect("a run");
    assert!(outcomes[0].result.is_ok(), "{outcomes:?}");
    let twice = records.lock().unwrap()["Roles"][0].clone();
    records
        .lock()
        .unwrap()
        .get_mut("Roles")
        .expect("roles")
        .push(twice);
    let outcomes = desk.run(&psa, INTEGRATION.job("pull")).expect("a run");
    assert!(
        matches!(outcomes[0].result, Err(Failure::Held(_))),
        "{outcomes:?}"
    );
    assert!(
        Desk::said(&outcomes).contains("Roles are not ordered by id"),
        "{outcomes:?}"
    );
    let said = Desk::said(&desk.run(&psa, INTEGRATION.job("metrics")).expect("a run"));
    assert!(said.contains("the figures of before stay"), "{said}");
}

#[test]
fn what_is_invoiced_and_voided_later_arrives() {
    let records = example();
    let psa = instance(&records, |_, _, _| None);
    let mut desk = desk();
    let old = "2026-03-02T00:00:00Z";
    {
        let mut records = records.lock().unwrap();
        for (entity, fields) in [
            (
                "BillingItems",
                &["itemDate", "postedDate", "postedOnTime"][..],
            ),
            ("Invoices", &["invoiceDateTime", "createDateTime"]),
        ] {
            for record in records.get_mut(entity).expect("records") {
                for field in fields {
                    record[*field] = json!(old);
                }
            }
        }
        // Posted in March, on no invoice yet.
        records.get_mut("BillingItems").expect("items")[2]["invoiceID"] = Value::Null;
        records.get_mut("Invoices").expect("invoices").pop();
    }
    desk.whole(&psa);
    let revenue = |desk: &Desk| -> f64 {
        desk.taken("clients.jsonl")
            .iter()
            .filter_map(|row| row["revenue"].as_f64())
            .sum()
    };
    assert!((revenue(&desk) - 3040.0).abs() < 0.01);
    // The items of an old month lie outside of what is reloaded: the new invoice alone tells of them.
    let later = "2026-11-22T09:00:00Z";
    {
        let mut records = records.lock().unwrap();
        records.get_mut("BillingItems").expect("items")[2]["invoiceID"] = json!(12);
        let mut made = records["Invoices"][0].clone();
        for (name, value) in [
            ("id", json!(12)),
            ("createDateTime", json!(later)),
            ("invoiceDateTime", json!(later)),
            ("invoiceTotal", json!(200.0)),
            ("totalTaxValue", json!(0.0)),
        ] {
            made[name] = value;
        }
        records.get_mut("Invoices").expect("invoices").push(made);
    }
    desk.now = "2026-11-22T12:30:00Z".parse().expect("a moment");
    desk.whole(&psa);
    assert!((revenue(&desk) - 3240.0).abs() < 0.01, "{}", revenue(&desk));
    let projects = desk.taken("projects.jsonl");
    assert!(
        projects
            .iter()
            .any(|row| row["revenue"].as_f64() == Some(200.0)),
        "{projects:?}"
    );
    // The old one is voided: it lies outside too, and its own moment tells of it.
    {
        let mut records = records.lock().unwrap();
        let invoice = &mut records.get_mut("Invoices").expect("invoices")[0];
        invoice["isVoided"] = json!(true);
        invoice["voidedDate"] = json!("2026-11-23T08:00:00Z");
    }
    desk.now = "2026-11-23T12:30:00Z".parse().expect("a moment");
    desk.whole(&psa);
    assert!((revenue(&desk) - 200.0).abs() < 0.01, "{}", revenue(&desk));
}

/// Two permissions refuse nothing when they go: less is shown. What was there stays, and it is said.
#[test]
fn what_is_hidden_all_at_once_is_kept_and_said() {
    let records = example();
    {
        let mut records = records.lock().unwrap();
        records.get_mut("TimeEntries").expect("time")[1]["isNonBillable"] = json!(true);
    }
    let psa = instance(&records, |_, _, _| None);
    let mut desk = desk();
    desk.whole(&psa);
    let before = client(&desk);
    {
        let mut records = records.lock().unwrap();
        records.get_mut("Resources").expect("resources")[0]["internalCost"] = Value::Null;
        let time = records.get_mut("TimeEntries").expect("time");
        time.retain(|entry| entry["isNonBillable"] == false);
    }
    desk.now = "2026-11-22T12:30:00Z".parse().expect("a moment");
    let said = Desk::said(&desk.whole(&psa));
    for words in [
        "Resources show no costs any more: Other / View internal cost went, it seems; Member stays as it was",
        "TimeEntries show no hours that nobody bills any more: Service Desk / Can view non-billable time entries went",
    ] {
        assert!(said.contains(words), "{said}");
    }
    assert_eq!(client(&desk), before);
    // Seen again, everything counts as it is.
    records
        .lock()
        .unwrap()
        .get_mut("Resources")
        .expect("resources")[0]["internalCost"] = json!(50.0);
    desk.whole(&psa);
    assert_eq!(client(&desk)["labor_cost"].as_f64(), Some(1000.0));
}
