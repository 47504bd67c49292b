//! What a PSA, a clock and a disk do to a run: keys rotated in mid-run, companies merged, records edited by others,
//! reports that drift or lack a column, clocks that jump. Clear words, nothing lost, and the next run heals.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_client::Psa;
use bitting_connect::keys;
use bitting_sync::state::Shelf;
use bitting_sync::{Failure, Integration, mspcfo, office_protect, propel, umbrella};
use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use support::{Desk, Server, psa};

fn moment(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}

#[test]
fn a_key_rotated_in_mid_run_stops_it_and_the_new_one_goes_on() {
    let server = Server::start("propel", &[]);
    let settings = "[companies]\nstatuses = [\"Active\"]\n";
    let desk = Desk::new(&propel::INTEGRATION, settings);
    let (old, id) = server.key_file_and_id();
    let operator = server.operator();
    let way = server.meddled(&old, move |number, _| {
        if number == 30 {
            keys::revoke(&operator, id).expect("revoked");
        }
    });
    let outcomes = desk.run(&way, None).expect("a run");
    let (last, before) = outcomes.split_last().expect("outcomes");
    assert!(matches!(last.result, Err(Failure::Key { .. })), "{last:?}");
    assert!(before.iter().all(|one| one.result.is_ok()), "{before:?}");
    assert!(outcomes.len() < propel::INTEGRATION.jobs.len());
    let said = Desk::said(&outcomes);
    assert!(said.contains("connect again"), "{said}");
    assert!(!said.contains(old.credentials.private_key.reveal()));
    // What was read before stays, and a new key reads the rest.
    desk.whole(server.key());
    assert!(!desk.taken("companies.jsonl").is_empty());
}

/// Two companies with a contact that the key sees.
fn companies(server: &Server) -> Vec<Value> {
    let conditions = "company/companies?conditions=deletedFlag=false%20and%20status/name=%22Active%22&orderBy=id";
    let rows = server.key().list(conditions).expect("companies");
    rows.into_iter().take(3).collect()
}

fn merge(server: &Server, from: &Value, to: &Value) {
    server
        .operator()
        .post(
            &format!("company/companies/{}/merge", from["id"]),
            &json!({ "toCompanyId": to["id"] }),
        )
        .expect("merged");
}

#[test]
fn a_merged_company_holds_up_its_tenant_alone_and_a_new_mapping_heals() {
    let server = Server::start("office_protect", &[]);
    let found = companies(&server);
    let settings = |merged: &Value| {
        format!(
            "emergency_contact = \"ops@example.com\"\n[[tenant]]\ntenant = \"a\"\ncompany = {merged}\n[[tenant]]\ntenant = \"b\"\ncompany = {}\n",
            found[1]["id"]
        )
    };
    let mut desk = Desk::new(&office_protect::INTEGRATION, &settings(&found[0]["id"]));
    let event = |id: &str, tenant: &str| json!({ "id": id, "tenant": tenant, "type": "x", "user": "u", "occurred": "2026-11-21T12:00:00Z", "description": "d" });
    desk.give(
        "events.jsonl",
        &[event("merge-a", "a"), event("merge-b", "b")],
    );
    merge(&server, &found[0], &found[2]);
    let run = |desk: &Desk| {
        desk.run(server.key(), office_protect::INTEGRATION.job("tickets"))
            .expect("a run")
    };
    let outcomes = run(&desk);
    assert_eq!(outcomes[0].counts.created, 1, "{outcomes:?}");
    let said = Desk::said(&outcomes);
    assert!(
        said.contains("tenant a is suspended: its company"),
        "{said}"
    );
    std::fs::write(
        desk.home.settings_file("office_protect"),
        settings(&found[2]["id"]),
    )
    .expect("settings");
    desk.now += 1.hour();
    let outcomes = run(&desk);
    assert_eq!(outcomes[0].counts.created, 1, "{outcomes:?}");
    assert_eq!(Desk::said(&outcomes), "");
}

#[test]
fn a_merged_company_leaves_its_organisation_unmatched_and_its_configuration_with_the_other() {
    let server = Server::start("umbrella", &[]);
    let found = companies(&server);
    let desk = Desk::new(&umbrella::INTEGRATION, "[tickets]\non = false\n");
    desk.give(
        "organisations.jsonl",
        &[json!({ "org": "o", "name": "O", "company": found[0]["identifier"] })],
    );
    desk.whole(server.key());
    merge(&server, &found[0], &found[1]);
    let outcomes = desk.whole(server.key());
    let said = Desk::said(&outcomes);
    let named = found[0]["identifier"].as_str().expect("an id");
    assert!(said.contains(named), "{said}");
    // Mapped to what it was merged into, it goes on; there is still one configuration.
    desk.give(
        "organisations.jsonl",
        &[json!({ "org": "o", "name": "O", "company": found[1]["identifier"] })],
    );
    desk.whole(server.key());
    let configurations = server
        .operator()
        .list("company/configurations?conditions=deviceIdentifier=%22umbrella:o%22%20and%20activeFlag=true")
        .expect("configurations");
    assert_eq!(configurations.len(), 1, "{configurations:?}");
    assert_eq!(configurations[0]["company"]["id"], found[1]["id"]);
}

#[test]
fn a_date_that_somebody_else_changed_is_left_and_said() {
    let server = Server::start("propel", &[]);
    let operator = server.operator();
    let active = companies(&server);
    let company = active
        .iter()
        .find(|company| {
            let path = format!(
                "company/configurations/count?conditions=company/id={}",
                company["id"]
            );
            operator.get(&path).expect("a count")["count"] != 0
        })
        .expect("a company with a configuration");
    let path = format!(
        "company/configurations?conditions=company/id={}&orderBy=id&pageSize=1",
        company["id"]
    );
    let configuration = operator.get(&path).expect("one")[0].clone();
    let settings = format!(
        "[companies]\nstatuses = [\"Active\"]\n[assets]\nwrite_back = true\n[assets.types]\n{} = \"Machine\"\n",
        configuration["type"]["name"]
    );
    let desk = Desk::new(&propel::INTEGRATION, &settings);
    desk.whole(server.key());
    desk.give(
        "warranties.jsonl",
        &[json!({ "configuration": configuration["id"], "purchase": "2020-01-02" })],
    );
    let at = format!("company/configurations/{}", configuration["id"]);
    let set = |day: &str| {
        let value = json!(format!("{day}T00:00:00Z"));
        operator
            .patch(&at, &[("purchaseDate".to_owned(), value)])
            .expect("changed");
    };
    set("2019-05-05");
    let dates = || {
        desk.run(server.key(), propel::INTEGRATION.job("dates"))
            .expect("a run")
    };
    let said = Desk::said(&dates());
    assert!(
        said.contains("was changed in the PSA") && said.contains("2019-05-05"),
        "{said}"
    );
    let there = || operator.get(&at).expect("there")["purchaseDate"].clone();
    assert!(there().as_str().expect("a day").starts_with("2019-05-05"));
    // Seen once, the next run decides anew.
    assert_eq!(Desk::said(&dates()), "");
    assert!(there().as_str().expect("a day").starts_with("2020-01-02"));
    // In use by someone else at this moment: tried again, nothing lost.
    let at_work = server.meddled(&server.key_file(), {
        let (at, operator) = (at.clone(), server.operator());
        move |_, line| {
            if line.starts_with("PATCH") {
                operator.ask("DELETE", &at, None).expect("asked");
            }
        }
    });
    desk.give(
        "warranties.jsonl",
        &[json!({ "configuration": configuration["id"], "purchase": "2021-01-02" })],
    );
    let outcomes = desk
        .run(&at_work, propel::INTEGRATION.job("dates"))
        .expect("a run");
    assert!(outcomes[0].result.is_ok(), "{outcomes:?}");
    let said = Desk::said(&outcomes);
    assert!(
        said.contains("was not found: it was deleted, or the key's location hides it"),
        "{said}"
    );
}

type Rows = BTreeMap<String, (Vec<&'static str>, Vec<Vec<Value>>)>;

/// A PSA that has reports and nothing else; conditions on one column, as pages ask for them.
fn reports(
    rows: Arc<Mutex<Rows>>,
    meddle: impl Fn(&mut Rows, &str, usize) + Send + 'static,
) -> Psa {
    let asked = Mutex::new(0);
    psa(move |path, _| {
        let mut rows = rows.lock().unwrap();
        let Some(path) = path.split("apis/3.0/").nth(1) else {
            return (404, "", String::new());
        };
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let Some(rest) = path.strip_prefix("system/reports/") else {
            let denied = json!({ "code": "Forbidden", "message": "You do not have security permission to perform this action." });
            return if path == "system/reports" { (200, "", "[]".to_owned()) } else { (403, "", denied.to_string()) };
        };
        let (name, columns) = rest.split_once('/').map_or((rest, false), |(name, _)| (name, true));
        let Some((names, _)) = rows.get(name) else {
            return (404, "", json!({ "message": "no such report" }).to_string());
        };
        let defined: Vec<Value> = names.iter().map(|name| json!({ *name: { "type": "Text" } })).collect();
        if columns {
            return (200, "", json!(defined).to_string());
        }
        *asked.lock().unwrap() += 1;
        let number = *asked.lock().unwrap();
        meddle(&mut rows, name, number);
        let (_, found) = &rows[name];
        let value = |name: &str| query.split('&').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
        let beyond: i64 = value("conditions")
            .and_then(|condition| condition.rsplit_once("%3E%20")?.1.parse().ok())
            .unwrap_or(i64::MIN);
        let mut found: Vec<Vec<Value>> = found
            .iter()
            .filter(|row| row[0].as_i64().is_none_or(|id| id > beyond))
            .cloned()
            .collect();
        found.sort_by_key(|row| row[0].as_i64());
        let size: usize = value("pageSize").and_then(|size| size.parse().ok()).unwrap_or(25);
        found.truncate(size);
        (200, "", json!({ "column_definitions": defined, "row_values": found }).to_string())
    })
    .0
}

/// The vendor's example: 3,000 for 20 hours at 100.
fn example() -> Rows {
    let mut rows = filled();
    // There, and empty.
    for (name, columns) in [
        (
            "WorkRoles",
            "Activity_Class_RecID work_role Hourly_Rate Inactive_Flag",
        ),
        ("TeamRole", "Team_Role_RecID Role_Desc"),
        (
            "CompanyTeam",
            "Company_Team_RecID Company_RecID Member_RecID Team_Role_Recid AcctMgr_Flag",
        ),
        ("BillingUnit", "Billing_Unit_RecID BusGroup"),
        (
            "ServiceType",
            "SR_Type_RecID ServiceType Board_Name ActiveType",
        ),
        (
            "Calendar",
            "Office_Calendar_RecID Description Holiday_List_RecID",
        ),
        (
            "ProjectHeader",
            "PM_Project_RecID Project_Name Company_RecID Project_Status",
        ),
        ("Service", "SR_Service_RecID Type_RecID Date_Entered_UTC"),
        (
            "InvoiceExpense",
            "EX_Detail_RecID Billing_Log_RecID Company_RecID Expense_Cost Extended_Amount Date_Expense",
        ),
        (
            "InvoicePayments",
            "Billing_Application_RecID Billing_Log_RecID Applied_Amount Date_Applied",
        ),
    ] {
        rows.insert(name.to_owned(), (columns.split(' ').collect(), Vec::new()));
    }
    rows
}

fn filled() -> Rows {
    let text = |text: &str| json!(text);
    let time = |id: i64, member: &str, hours: f64, rate: f64, cost: Value| {
        vec![
            json!(id),
            text(member),
            json!(7),
            text("2026-10-05T09:00:00Z"),
            json!(hours),
            json!(rate),
            cost,
            json!(null),
            json!(5),
            text("Remote"),
            json!(true),
            json!(true),
            json!(null),
            json!(null),
            json!(null),
        ]
    };
    Rows::from([
        (
            "Company".to_owned(),
            (
                vec!["Company_RecID", "Company_Name"],
                vec![vec![json!(7), text("Acme")]],
            ),
        ),
        (
            "Member".to_owned(),
            (
                vec!["Member_RecID", "Member_ID", "Hourly_Cost", "Inactive_Flag"],
                vec![
                    vec![json!(1), text("ada"), text("$40.00"), json!(false)],
                    vec![json!(2), text("bob"), text("1.050,50 €"), json!(false)],
                    vec![json!(3), text("eve"), text("********"), json!(false)],
                ],
            ),
        ),
        (
            "WorkTypes".to_owned(),
            (
                vec![
                    "Activity_Type_RecID",
                    "work_type",
                    "Cost_Multiplier",
                    "Utilization_Flag",
                ],
                vec![vec![json!(1), text("Remote"), json!(1.0), json!(true)]],
            ),
        ),
        (
            "AgrType".to_owned(),
            (
                vec!["AGR_Type_RecID", "AGR_Type_Desc"],
                vec![vec![json!(1), text("Managed")]],
            ),
        ),
        (
            "AgreementList".to_owned(),
            (
                vec![
                    "AGR_Header_RecID",
                    "AGR_Name",
                    "CompanyRecId",
                    "agr_type_desc",
                ],
                vec![vec![json!(5), text("All in"), json!(7), text("Managed")]],
            ),
        ),
        (
            "AgreementAdditions".to_owned(),
            (
                vec![
                    "Addition_RecId",
                    "AGR_RecID",
                    "Product_RecId",
                    "Unit_Cost",
                    "Unit_Price",
                ],
                vec![vec![json!(1), json!(5), json!(9), json!(1.0), json!(2.0)]],
            ),
        ),
        (
            "Time".to_owned(),
            (
                vec![
                    "Time_RecID",
                    "member_id",
                    "Company_RecID",
                    "Date_Start",
                    "hours_actual",
                    "Hourly_Rate",
                    "Hourly_Cost",
                    "Hourly_Cost_Decimal",
                    "AGR_Header_RecID",
                    "work_type",
                    "billable_flag",
                    "Utilization_Flag",
                    "PM_Project_RecID",
                    "SR_Service_RecID",
                    "BusGroup",
                ],
                vec![
                    time(1, "ada", 12.0, 100.0, text("$50.00")),
                    time(2, "ada", 8.0, 100.0, json!(null)),
                ],
            ),
        ),
        (
            "InvoiceHeader".to_owned(),
            (
                vec![
                    "Billing_Log_RecID",
                    "Invoice_Number",
                    "Company_RecID",
                    "AGR_Header_RecID",
                    "Date_Invoice",
                    "Invoice_Subtotal",
                    "AGR_Amount",
                    "Time_Amount",
                    "Expense_Amount",
                    "Misc_Amount",
                    "PM_Project_RecID",
                    "BusGroup",
                    "Invoice_Amount",
                ],
                vec![vec![
                    json!(11),
                    text("100"),
                    json!(7),
                    json!(5),
                    text("2026-10-31T00:00:00Z"),
                    json!(3040.0),
                    json!(3040.0),
                    json!(0),
                    json!(0),
                    json!(0),
                    json!(null),
                    json!(null),
                    json!(3040.0),
                ]],
            ),
        ),
        (
            "InvoiceAgreementAdditions".to_owned(),
            (
                vec![
                    "Billing_Log_RecID",
                    "AGR_Header_RecID",
                    "IV_Item_RecID",
                    "Quantity",
                    "Unit_Price",
                    "Extended_Price",
                    "AGR_Amount",
                    "Sequence_Number",
                    "Line_Desc",
                ],
                vec![vec![
                    json!(11),
                    json!(5),
                    json!(9),
                    json!(20),
                    json!(2.0),
                    json!(40.0),
                    json!(3000),
                    json!(1),
                    text("Backup"),
                ]],
            ),
        ),
        (
            "Product".to_owned(),
            (
                vec![
                    "iv_product_RecID",
                    "company_recid",
                    "billing_log_recid",
                    "Extended_Cost",
                    "Extended_Price_Amount",
                    "sr_service_recid",
                    "Line_Desc",
                    "billable_flag",
                    "Date_Entered",
                ],
                vec![vec![
                    json!(1),
                    json!(7),
                    json!(null),
                    json!(5),
                    json!(9.5),
                    json!(77),
                    text("Cable"),
                    json!(true),
                    text("2026-10-05T09:00:00Z"),
                ]],
            ),
        ),
        (
            "Holiday".to_owned(),
            (
                vec![
                    "Holiday_List_RecID",
                    "Holiday_Date",
                    "Description",
                    "Holiday_List_Name",
                ],
                vec![vec![
                    json!(1),
                    text("2026-10-12T00:00:00Z"),
                    text("Columbus Day"),
                    text("US"),
                ]],
            ),
        ),
    ])
}

const CFO: &Integration = &mspcfo::INTEGRATION;

fn figures(desk: &Desk, psa: &Psa) -> (String, Value) {
    let outcomes = desk.run(psa, None).expect("a run");
    for outcome in &outcomes {
        outcome
            .result
            .as_ref()
            .unwrap_or_else(|failure| panic!("{}: {failure}", outcome.job));
    }
    let clients = desk.taken("clients.jsonl");
    (
        Desk::said(&outcomes),
        clients.first().cloned().unwrap_or_default(),
    )
}

#[test]
fn the_vendors_example_comes_out_of_reports() {
    let desk = Desk::new(
        CFO,
        "[[wage]]\nmember = \"ADA\"\nfrom = \"2026-10-01\"\ncost = 45.0\n",
    );
    let psa = reports(Arc::new(Mutex::new(example())), |_, _, _| {});
    let (_, client) = figures(&desk, &psa);
    // Cost 1, price 2, quantity 20 is 40 of product; 3,000 are labor, at 20 hours of 100.
    for (figure, value) in [
        ("labor_revenue", 3000.0),
        ("product_revenue", 40.0),
        ("product_cost", 20.0),
        ("shadow_billable", 2000.0),
        ("efficiency", 1.5),
        ("effective_rate", 150.0),
        ("labor_cost", 900.0),
        ("contribution", 2120.0),
        ("contribution_per_hour", 106.0),
        ("gross_margin", 0.6974),
        ("hours", 20.0),
    ] {
        assert_eq!(client[figure], json!(value), "{figure}: {client}");
    }
    let members = desk.taken("members.jsonl");
    // October 2026 has 22 weekdays, one of them a holiday.
    assert_eq!(members[0]["working_days"], 21);
    assert_eq!(members[0]["utilization"], json!(0.119));
    for (column, hours) in [
        ("available_hours", 168.0),
        ("net_hours", 168.0),
        ("realized_hours", 20.0),
        ("utilized_hours", 20.0),
        ("billable_hours", 20.0),
    ] {
        assert_eq!(members[0][column], json!(hours), "{column}");
    }
    let agreements = desk.taken("agreements.jsonl");
    assert_eq!(agreements[0]["efficiency"], json!(1.5));
    assert_eq!(
        (&agreements[0]["client"], &agreements[0]["type"]),
        (&json!("Acme"), &json!("Managed"))
    );
    let wages = desk.taken("wages.jsonl");
    assert!(
        wages.contains(
            &json!({ "member": "ada", "from": "2026-10-01", "cost": 45.0, "source": "settings" })
        ),
        "{wages:?}"
    );
    // At rates of 200 the same 20 hours are worth less than they cost.
    let mut rows = example();
    for row in &mut rows.get_mut("Time").expect("time").1 {
        row[5] = json!(200.0);
    }
    let psa = reports(Arc::new(Mutex::new(rows)), |_, _, _| {});
    assert_eq!(
        figures(&Desk::new(CFO, ""), &psa).1["efficiency"],
        json!(0.75)
    );
}

#[test]
fn a_kill_at_every_step_ends_in_the_same_figures() {
    let psa = reports(Arc::new(Mutex::new(example())), |_, _, _| {});
    let whole = Desk::new(CFO, "");
    whole.whole(&psa);
    let same = |desk: &Desk, steps: u64| {
        for name in [
            "clients",
            "agreements",
            "members",
            "leads",
            "projects",
            "services",
            "receivables",
            "wages",
        ] {
            for end in ["csv", "jsonl"] {
                let read = |desk: &Desk| {
                    let file = desk.home.output("mspcfo", &format!("{name}.{end}"));
                    std::fs::read_to_string(file).expect(name)
                };
                assert!(
                    read(desk) == read(&whole),
                    "{name}.{end} after {steps} steps"
                );
            }
        }
    };
    let mut steps = 0;
    loop {
        let desk = Desk::new(CFO, "");
        let cut = desk.cut_off_once(&psa, steps);
        same(&desk, steps);
        if !cut {
            break;
        }
        steps += 1;
    }
    assert!(steps > 60, "{steps}");
    let desk = Desk::new(CFO, "");
    let all = desk.cut_off_everywhere(&psa);
    same(&desk, all);
}

#[test]
fn hours_count_by_work_type_and_by_whether_they_are_billable() {
    let mut rows = example();
    let time = &mut rows.get_mut("Time").expect("time").1;
    // By hand: what somebody did for the client without billing it, a day of vacation, an hour of administration.
    let mut more = |id: i64, hours: f64, work_type: &str| {
        let mut row = time[0].clone();
        (row[0], row[4], row[9]) = (json!(id), json!(hours), json!(work_type));
        (row[10], row[11]) = (json!(false), json!(false));
        if work_type != "Remote" {
            (row[2], row[8]) = (json!(null), json!(null));
        }
        time.push(row);
    };
    more(901, 10.0, "Remote");
    more(902, 8.0, "Vacation");
    more(903, 1.0, "Office");
    let settings = "[work_types]\nVacation = \"Exclude\"\n";
    let member = |settings: &str| {
        let desk = Desk::new(CFO, settings);
        let psa = reports(Arc::new(Mutex::new(rows.clone())), |_, _, _| {});
        let client = figures(&desk, &psa).1;
        let members = desk.taken("members.jsonl");
        (
            members
                .into_iter()
                .find(|row| row["member"] == "ada")
                .expect("a member"),
            client,
        )
    };
    let (ada, client) = member(settings);
    for (column, hours) in [
        ("available_hours", 168.0),
        ("net_hours", 160.0),
        ("hours", 31.0),
        ("realized_hours", 30.0),
        ("utilized_hours", 20.0),
        ("billable_hours", 20.0),
    ] {
        assert_eq!(ada[column], json!(hours), "{column}: {ada}");
    }
    assert_eq!(client["effective_rate"], json!(100.0));
    let (_, client) = member(&format!("non_billable = false\n{settings}"));
    assert_eq!(
        (&client["effective_rate"], &client["hours"]),
        (&json!(150.0), &json!(30.0))
    );
}

#[test]
fn costs_with_currency_signs_are_read_and_hidden_ones_are_named() {
    let desk = Desk::new(CFO, "");
    let mut rows = example();
    let time = &mut rows.get_mut("Time").expect("time").1;
    let mut bob = time[0].clone();
    (bob[0], bob[1], bob[4], bob[6]) = (json!(3), json!("bob"), json!(2.0), json!(null));
    let mut eve = bob.clone();
    (eve[0], eve[1]) = (json!(4), json!("eve"));
    time.extend([bob, eve]);
    let psa = reports(Arc::new(Mutex::new(rows)), |_, _, _| {});
    let (said, client) = figures(&desk, &psa);
    // 12 hours at $50, 8 at the member's $40, 2 at 1.050,50 €, and 2 that nobody knows the cost of.
    assert_eq!(
        client["labor_cost"],
        json!(600.0 + 320.0 + 2101.0),
        "{client}"
    );
    assert!(said.contains("findings that make figures wrong"), "{said}");
    let found = json!(desk.taken("health.jsonl")).to_string();
    for finding in [
        "member eve has a cost that is no number",
        "member eve enters time and has no cost",
        "ticket 77 has billable products of 9.50 on no invoice yet",
    ] {
        assert!(found.contains(finding), "{found}");
    }
    assert!(!found.contains("member bob"), "{found}");
}

#[test]
fn a_missing_column_leaves_its_figure_out_and_the_next_run_heals() {
    let rows = Arc::new(Mutex::new(example()));
    let without = |rows: &Arc<Mutex<Rows>>, report: &str, column: &str| {
        let mut rows = rows.lock().unwrap();
        let (names, cells) = rows.get_mut(report).expect(report);
        let at = names.iter().position(|name| *name == column).expect(column);
        names.remove(at);
        for row in cells {
            row.remove(at);
        }
    };
    without(&rows, "Time", "Hourly_Rate");
    let desk = Desk::new(CFO, "");
    let psa = reports(rows.clone(), |_, _, _| {});
    let (said, client) = figures(&desk, &psa);
    assert!(
        said.contains("report Time has no column Hourly_Rate"),
        "{said}"
    );
    assert_eq!(
        (&client["efficiency"], &client["hours"]),
        (&Value::Null, &json!(20.0))
    );
    // The column by which rows are known: what was read before stays.
    without(&rows, "InvoiceHeader", "Billing_Log_RecID");
    let mut later = desk;
    later.now += 24.hours();
    let (said, client) = figures(&later, &psa);
    assert!(
        said.contains(
            "report InvoiceHeader has no column Billing_Log_RecID, by which its rows are known"
        ),
        "{said}"
    );
    assert_eq!(client["revenue"], json!(3040.0));
    // A report that is not there at all.
    rows.lock().unwrap().remove("Product");
    let (said, _) = figures(&later, &psa);
    assert!(said.contains("the PSA has no report Product"), "{said}");
    *rows.lock().unwrap() = example();
    later.now += 24.hours();
    let (said, client) = figures(&later, &psa);
    assert!(
        !said.contains("column") && !said.contains("no report"),
        "{said}"
    );
    assert_eq!(client["efficiency"], json!(1.5), "{client}");
}

#[test]
fn a_report_that_drifts_while_it_is_paged_loses_and_doubles_nothing() {
    let mut rows = example();
    let (_, time) = rows.get_mut("Time").expect("time");
    let one = time[0].clone();
    *time = (1..=3500)
        .map(|id| {
            let mut row = one.clone();
            (row[0], row[4]) = (json!(id), json!(1.0));
            row
        })
        .collect();
    let psa = reports(Arc::new(Mutex::new(rows)), |rows, name, _| {
        if name != "Time" {
            return;
        }
        // Before each page somebody deletes the first row there is and enters a new one.
        let (_, time) = rows.get_mut("Time").expect("time");
        let next = time.last().expect("a row")[0].as_i64().expect("an id") + 1;
        let mut row = time.remove(0);
        row[0] = json!(next);
        time.push(row);
    });
    let desk = Desk::new(CFO, "");
    figures(&desk, &psa);
    let kept = desk
        .state
        .all(Shelf::Fact, "mspcfo", "Time")
        .expect("facts");
    let mut ids: Vec<i64> = kept.iter().filter_map(|row| row.psa_id).collect();
    ids.sort_unstable();
    let twice = ids.windows(2).any(|pair| pair[0] == pair[1]);
    assert!(!twice);
    // Whatever was there the whole time is there; pages by number would have skipped rows after each deletion.
    assert!((6..=3500).all(|id| ids.binary_search(&id).is_ok()));
}

#[test]
fn a_report_of_the_server_is_paged_by_its_rows_not_by_their_places() {
    let server = Server::start_with("mspcfo", &[], 900);
    let operator = server.operator();
    let all = operator
        .list("time/entries?fields=id&orderBy=id")
        .expect("time");
    assert!(all.len() > 1100, "{}", all.len());
    let first = all[0]["id"].clone();
    let (victim, meddling) = (first.clone(), server.operator());
    let way = server.meddled(&server.key_file(), move |_, line| {
        if line.contains("reports/Time?") && line.contains("Time_RecID%20%3E") {
            meddling
                .ask("DELETE", &format!("time/entries/{victim}"), None)
                .expect("asked");
        }
    });
    let desk = Desk::new(CFO, "");
    desk.whole(&way);
    assert_eq!(
        operator
            .ask("GET", &format!("time/entries/{first}"), None)
            .expect("asked")
            .status,
        404,
        "it was deleted while the report was read"
    );
    let kept = desk
        .state
        .all(Shelf::Fact, "mspcfo", "Time")
        .expect("facts");
    assert_eq!(
        kept.len(),
        all.len(),
        "the deleted one was on the page before"
    );
}

#[test]
fn events_that_a_clock_ahead_gave_up_come_back_with_it() {
    let server = Server::start("office_protect", &[]);
    let company = &companies(&server)[0]["id"];
    let settings = format!(
        "emergency_contact = \"ops@example.com\"\n[[tenant]]\ntenant = \"t\"\ncompany = {company}\n"
    );
    let mut desk = Desk::new(&office_protect::INTEGRATION, &settings);
    desk.give("events.jsonl", &[json!({ "id": "jump-1", "tenant": "t", "type": "x", "user": "u", "occurred": "2026-11-21T12:00:00Z", "description": "d" })]);
    let job = office_protect::INTEGRATION.job("tickets");
    let right = desk.now;
    // Queued by a run that got no further, and then the clock jumps.
    desk.state.steps.stop_after(2);
    assert!(matches!(desk.run(server.key(), job), Err(Failure::CutOff)));
    desk.restart();
    desk.now = right + (24 * 9).hours();
    let outcomes = desk.run(server.key(), job).expect("a run");
    assert!(
        Desk::said(&outcomes).contains("older than 48 hours"),
        "{outcomes:?}"
    );
    desk.now = right + 1.minute();
    let outcomes = desk.run(server.key(), job).expect("a run");
    assert_eq!(outcomes[0].counts.created, 1, "{outcomes:?}");
    desk.now = right + 2.minutes();
    let outcomes = desk.run(server.key(), job).expect("a run");
    assert_eq!(outcomes[0].counts.created + outcomes[0].counts.changed, 0);
}

#[test]
fn windows_that_a_clock_ahead_skipped_are_made_up_for_and_told_once() {
    let server = Server::start("umbrella", &[]);
    let found = companies(&server);
    let operator = server.operator();
    let name = |path: &str| operator.list(path).expect(path)[0]["name"].clone();
    let settings = format!(
        "[tickets]\non = true\nboard = {}\npriority = {}\nthreshold = 1\n",
        name("service/boards?conditions=inactiveFlag=false%20and%20projectFlag=false"),
        name("service/priorities")
    );
    let mut desk = Desk::new(&umbrella::INTEGRATION, &settings);
    let org = json!({ "org": "clock", "name": "Clock", "company": found[0]["identifier"] });
    desk.give("organisations.jsonl", &[org]);
    let event = |time: &str| json!({ "org": "clock", "identity": "laptop", "time": time, "domain": "c2.test", "category": "botnet", "count": 5 });
    desk.give("events.jsonl", &[event("2026-11-21T09:00:00Z")]);
    desk.whole(server.key());
    let tickets = || {
        operator
            .list("service/tickets?conditions=externalXRef%20like%20%22umbrella:clock:%25%22&orderBy=id")
            .expect("tickets")
    };
    assert_eq!(tickets().len(), 1);
    // A year ahead, a run finds nothing; then the clock is put right and four hours have passed.
    desk.now = moment("2027-11-21T12:30:00Z");
    desk.whole(server.key());
    desk.now = moment("2026-11-21T16:30:00Z");
    desk.give(
        "events.jsonl",
        &[event("2026-11-21T09:00:00Z"), event("2026-11-21T13:00:00Z")],
    );
    desk.whole(server.key());
    let found = tickets();
    assert_eq!(found.len(), 1, "{found:?}");
    let notes = operator
        .list(&format!("service/tickets/{}/notes", found[0]["id"]))
        .expect("notes");
    let told = |start: &str| {
        let told = |note: &&Value| {
            note["text"]
                .as_str()
                .is_some_and(|text| text.contains(&format!("laptop:{start}")))
        };
        notes.iter().filter(told).count()
    };
    assert_eq!(told("2026-11-21T12:00:00Z"), 1, "{notes:?}");
    assert!(told("2026-11-21T08:00:00Z") <= 1, "{notes:?}");
}
