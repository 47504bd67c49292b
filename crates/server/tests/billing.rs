//! What time costs and is billed at, and what invoices come to: whole tables of both, sheets on their way,
//! and who may do what.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_policy::Level::{All, My, None as No};
use bitting_policy::Levels;
use serde_json::{Value, json};
use support::{Answered, Company, Credentials};

const EVERY: Levels = [All; 4];
const READ: Levels = [No, No, No, All];

/// A company that sells time: roles, kinds of work, a customer with a ticket, and a member who costs.
struct Shop {
    company: Company,
    customer: i64,
    ticket: i64,
    member: i64,
    key: Credentials,
    engineer: i64,
    remote: i64,
    late: i64,
    kind: i64,
    monthly: i64,
}

impl Shop {
    async fn open() -> Self {
        let company = Company::open().await;
        let made = async |path: &str, body: Value| company.made(path, body).await;
        made(
            "/company/companies/statuses",
            json!({ "name": "Active", "defaultFlag": true }),
        )
        .await;
        made(
            "/finance/billingStatuses",
            json!({ "name": "New", "defaultFlag": true, "sortOrder": 1 }),
        )
        .await;
        made(
            "/finance/billingStatuses",
            json!({ "name": "Paid", "closedFlag": true, "sortOrder": 2 }),
        )
        .await;
        made(
            "/finance/billingTerms",
            json!({ "name": "Net 30", "dueDays": 30, "defaultFlag": true }),
        )
        .await;
        let monthly = made("/finance/billingCycles",
            json!({ "identifier": "M", "name": "Monthly", "billingOptions": "Monthly", "defaultFlag": true })).await;
        let customer = made(
            "/company/companies",
            json!({ "identifier": "Payer", "name": "Payer" }),
        )
        .await;
        made(
            "/company/contacts",
            json!({ "firstName": "Ann", "company": { "id": customer } }),
        )
        .await;
        let board = json!({ "name": "Desk", "location": { "id": 1 }, "department": { "id": 1 } });
        let board = made("/service/boards", board).await;
        let ticket = json!({ "summary": "Printer", "company": { "id": customer }, "board": { "id": board } });
        let ticket = made("/service/tickets", ticket).await;
        let engineer = made(
            "/time/workRoles",
            json!({ "name": "Engineer", "hourlyRate": 100 }),
        )
        .await;
        let remote = json!({ "name": "Remote", "billTime": "Billable", "rateType": "Multiplier", "rate": 1,
            "roundBillHoursTo": 0.25, "overallDefaultFlag": true, "costMultiplier": 1 });
        let remote = made("/time/workTypes", remote).await;
        let late = json!({ "name": "After hours", "billTime": "Billable", "rateType": "Multiplier", "rate": 1.5,
            "hoursMin": 1, "costMultiplier": 2 });
        let late = made("/time/workTypes", late).await;
        let kind = json!({ "name": "Managed", "employeeCompRate": "Hourly", "employeeCompNotExceed": "Amount",
            "invoicingCycle": "CalendarYear", "billTime": "Billable", "billExpenses": "Billable",
            "billProducts": "Billable", "defaultFlag": true });
        let kind = made("/finance/agreements/types", kind).await;
        let role = company
            .role(
                "Tech",
                &[
                    ("Time & Expense", "Time Entry", EVERY),
                    ("Time & Expense", "Expense Report Entry", EVERY),
                    ("Service Desk", "Service Tickets", EVERY),
                    ("Companies", "Company Maintenance", READ),
                ],
                &[],
            )
            .await;
        let (member, key) = company.member("Tech", role).await;
        patch(
            &company,
            &format!("/system/members/{member}"),
            "hourlyCost",
            json!(40),
        )
        .await;
        patch(
            &company,
            &format!("/system/members/{member}"),
            "workRole",
            json!({ "id": engineer }),
        )
        .await;
        Self {
            company,
            customer,
            ticket,
            member,
            key,
            engineer,
            remote,
            late,
            kind,
            monthly,
        }
    }

    async fn agreement(&self, more: Value) -> i64 {
        let mut body = json!({ "name": "Care", "type": { "id": self.kind }, "company": { "id": self.customer },
            "contact": { "id": 1 }, "startDate": "2026-01-01T00:00:00Z", "billingCycle": { "id": self.monthly } });
        extend(&mut body, more);
        self.made("/finance/agreements", body).await
    }

    async fn made(&self, path: &str, body: Value) -> i64 {
        self.company.made(path, body).await
    }

    /// Time on the ticket, by the member: from eight o'clock, for so many hours.
    async fn time(&self, hours: f64, more: Value) -> Value {
        self.post(
            &self.company.admin,
            "/time/entries",
            self.entry(hours, more),
        )
        .await
        .expect(201)
    }

    fn entry(&self, hours: f64, more: Value) -> Value {
        let minutes = (hours * 60.0).round() as i64;
        let mut body = json!({ "chargeToId": self.ticket, "chargeToType": "ServiceTicket",
            "member": { "id": self.member }, "timeStart": "2026-03-02T08:00:00Z",
            "timeEnd": format!("2026-03-02T{:02}:{:02}:00Z", 8 + minutes / 60, minutes % 60) });
        extend(&mut body, more);
        body
    }

    async fn post(&self, key: &Credentials, path: &str, body: Value) -> Answered {
        self.company.call(key, "POST", path, Some(body)).await
    }

    async fn act(&self, path: &str) -> Answered {
        self.company
            .call(&self.company.admin, "POST", path, None)
            .await
    }

    async fn get(&self, path: &str) -> Value {
        self.company
            .get(&self.company.admin, path)
            .await
            .expect(200)
    }
}

fn extend(body: &mut Value, more: Value) {
    if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
        body.extend(more);
    }
}

async fn patch(company: &Company, path: &str, field: &str, value: Value) {
    let body = json!([{ "op": "replace", "path": field, "value": value }]);
    company
        .call(&company.admin, "PATCH", path, Some(body))
        .await
        .expect(200);
}

fn worth(entry: &Value) -> [Value; 6] {
    [
        "hourlyCost",
        "hourlyRate",
        "billableOption",
        "invoiceHours",
        "agreementHours",
        "extendedInvoiceAmount",
    ]
    .map(|name| entry[name].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn time_is_worth_what_set_up_says() {
    let shop = Shop::open().await;
    let none = Value::Null;
    let covering = shop
        .agreement(json!({ "coverAgreementTime": true, "applicationUnlimitedFlag": true }))
        .await;
    let rated = shop.agreement(json!({ "name": "Rated" })).await;
    let of = json!({ "workRole": { "id": shop.engineer }, "rateType": "Custom", "rate": 90 });
    shop.made(&format!("/finance/agreements/{rated}/workroles"), of)
        .await;
    let of = json!({ "workType": { "id": shop.late }, "rateType": "AdjAmount", "rate": 25, "billTime": "NoCharge" });
    shop.made(&format!("/finance/agreements/{rated}/worktypes"), of)
        .await;
    let excluding = shop
        .agreement(json!({ "name": "Not engineers", "coverAgreementTime": true }))
        .await;
    let path = format!("/finance/agreements/{excluding}/workRoleExclusions");
    shop.made(&path, json!({ "workRole": { "id": shop.engineer } }))
        .await;
    let over = shop
        .agreement(
            json!({ "name": "Over", "coverAgreementTime": true, "noEndingDateFlag": false,
        "endDate": "2026-02-28T00:00:00Z" }),
        )
        .await;
    let late = json!({ "id": shop.late });
    for (hours, more, worth_of) in [
        // Cost of the member, rate of the role, a quarter of an hour as the least step.
        (
            1.0,
            json!({}),
            [
                json!("40"),
                json!(100),
                json!("Billable"),
                json!(1),
                none.clone(),
                json!(100),
            ],
        ),
        (
            1.1,
            json!({}),
            [
                json!("40"),
                json!(100),
                json!("Billable"),
                json!(1.25),
                none.clone(),
                json!(125),
            ],
        ),
        // After hours: half as much again, an hour at least, and twice the cost.
        (
            0.5,
            json!({ "workType": late }),
            [
                json!("80"),
                json!(150),
                json!("Billable"),
                json!(1),
                none.clone(),
                json!(150),
            ],
        ),
        // What is not billed is worth nothing to an invoice.
        (
            2.0,
            json!({ "billableOption": "DoNotBill" }),
            [
                json!("40"),
                json!(100),
                json!("DoNotBill"),
                json!(0),
                none.clone(),
                json!(0),
            ],
        ),
        // A rate by hand.
        (
            1.0,
            json!({ "hourlyRate": 75 }),
            [
                json!("40"),
                json!(75),
                json!("Billable"),
                json!(1),
                none.clone(),
                json!(75),
            ],
        ),
        // An agreement that covers everything leaves nothing to invoice.
        (
            2.0,
            json!({ "agreement": { "id": covering } }),
            [
                json!("40"),
                json!(100),
                json!("Billable"),
                json!(2),
                json!(2),
                json!(0),
            ],
        ),
        // An agreement's own rate for the role, and its own word on the kind of work.
        (
            1.0,
            json!({ "agreement": { "id": rated } }),
            [
                json!("40"),
                json!(90),
                json!("Billable"),
                json!(1),
                none.clone(),
                json!(90),
            ],
        ),
        (
            2.0,
            json!({ "agreement": { "id": rated }, "workType": late }),
            [
                json!("80"),
                json!(115),
                json!("NoCharge"),
                json!(0),
                none.clone(),
                json!(0),
            ],
        ),
        // Roles that are left out, and agreements that are over, cover nothing.
        (
            1.0,
            json!({ "agreement": { "id": excluding } }),
            [
                json!("40"),
                json!(100),
                json!("Billable"),
                json!(1),
                none.clone(),
                json!(100),
            ],
        ),
        (
            1.0,
            json!({ "agreement": { "id": over } }),
            [
                json!("40"),
                json!(100),
                json!("Billable"),
                json!(1),
                none.clone(),
                json!(100),
            ],
        ),
    ] {
        let entry = shop.time(hours, more.clone()).await;
        assert_eq!(worth(&entry), worth_of, "{hours} {more}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_are_used_up_and_adjusted() {
    let shop = Shop::open().await;
    let block = shop
        .agreement(
            json!({ "coverAgreementTime": true, "applicationUnits": "Hours",
        "applicationLimit": 3, "applicationCycle": "CalendarMonth", "allowOverruns": false }),
        )
        .await;
    let on = json!({ "agreement": { "id": block } });
    let covered = async |entry: Value| {
        [
            entry["agreementHours"].clone(),
            entry["extendedInvoiceAmount"].clone(),
        ]
    };
    assert_eq!(
        covered(shop.time(2.0, on.clone()).await).await,
        [json!(2), json!(0)]
    );
    let second = shop.time(2.0, on.clone()).await;
    assert_eq!(covered(second.clone()).await, [json!(1), json!(100)]);
    assert_eq!(
        covered(shop.time(1.0, on.clone()).await).await,
        [json!(0), json!(100)]
    );
    // Another month has hours of its own.
    let april = json!({ "agreement": { "id": block }, "timeStart": "2026-04-02T08:00:00Z", "timeEnd": "2026-04-02T09:00:00Z" });
    assert_eq!(
        covered(shop.time(1.0, april).await).await,
        [json!(1), json!(0)]
    );
    let path = format!("/finance/agreements/{block}/adjustments");
    let adjustment = json!({ "amount": 1.5, "effectiveDate": "2026-03-10T00:00:00Z" });
    shop.made(&path, adjustment).await;
    assert_eq!(
        covered(shop.time(2.0, on.clone()).await).await,
        [json!(1.5), json!(50)]
    );
    let recap = shop.get(&format!("/finance/agreementrecap/{block}")).await;
    assert_eq!(
        [
            &recap["startingAmount"],
            &recap["adjustmentAmount"],
            &recap["usedAmount"],
            &recap["remainingAmount"]
        ],
        [&json!(3), &json!(1.5), &json!(4.5), &json!(0)]
    );
    // Money, and tickets.
    let money = shop
        .agreement(
            json!({ "name": "Money", "coverAgreementTime": true, "applicationUnits": "Amount",
        "applicationLimit": 150, "applicationCycle": "CalendarMonth" }),
        )
        .await;
    let on = json!({ "agreement": { "id": money } });
    assert_eq!(
        covered(shop.time(2.0, on).await).await,
        [json!(1.5), json!(50)]
    );
    let calls = shop
        .agreement(
            json!({ "name": "Calls", "coverAgreementTime": true, "applicationUnits": "Incidents",
        "applicationLimit": 1, "applicationCycle": "CalendarMonth" }),
        )
        .await;
    let on = json!({ "agreement": { "id": calls } });
    assert_eq!(
        covered(shop.time(1.0, on.clone()).await).await,
        [json!(1), json!(0)]
    );
    assert_eq!(
        covered(shop.time(1.0, on.clone()).await).await,
        [json!(1), json!(0)]
    );
    let board = shop.get(&format!("/service/tickets/{}", shop.ticket)).await["board"]["id"].clone();
    let other =
        json!({ "summary": "Other", "company": { "id": shop.customer }, "board": { "id": board } });
    let other = shop.made("/service/tickets", other).await;
    let on = json!({ "agreement": { "id": calls }, "chargeToId": other });
    assert_eq!(
        covered(shop.time(1.0, on).await).await,
        [json!(0), json!(100)]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn sheets_gather_and_go_their_way() {
    let shop = Shop::open().await;
    let entry = shop.time(1.5, json!({})).await;
    let sheet = entry["timeSheet"]["id"].clone();
    let other = shop.time(2.0, json!({})).await;
    assert_eq!(other["timeSheet"]["id"], sheet);
    let next = json!({ "timeStart": "2026-03-09T08:00:00Z", "timeEnd": "2026-03-09T09:00:00Z" });
    assert_ne!(shop.time(1.0, next).await["timeSheet"]["id"], sheet);
    let path = format!("/time/sheets/{sheet}");
    let seen = shop.get(&path).await;
    assert_eq!(
        [
            &seen["hours"],
            &seen["status"],
            &seen["dateStart"],
            &seen["dateEnd"]
        ],
        [
            &json!(3.5),
            &json!("Open"),
            &json!("2026-03-01T00:00:00Z"),
            &json!("2026-03-07T00:00:00Z")
        ]
    );
    let ticket = format!("/service/tickets/{}", shop.ticket);
    assert_eq!(shop.get(&ticket).await["actualHours"], 4.5);
    let entry = format!("/time/entries/{}", entry["id"]);
    shop.company
        .call(&shop.company.admin, "DELETE", &entry, None)
        .await
        .expect(204);
    assert_eq!(shop.get(&path).await["hours"], 2);
    assert_eq!(shop.get(&ticket).await["actualHours"], 3);

    // Its member hands it in; approving it is another's right.
    let step = async |key: &Credentials, word: &str, body: Option<Value>| {
        let path = format!("/time/sheets/{sheet}/{word}");
        shop.company.call(key, "POST", &path, body).await
    };
    assert_eq!(step(&shop.key, "approve", None).await.status, 403);
    assert_eq!(
        step(&shop.key, "submit", None).await.expect(200)["success"],
        true
    );
    assert_eq!(step(&shop.key, "submit", None).await.status, 400);
    let entry = format!("/time/entries/{}", other["id"]);
    assert_eq!(shop.get(&entry).await["status"], "PendingApproval");
    // What was handed in does not change, and takes nothing more.
    let body = json!([{ "op": "replace", "path": "notes", "value": "x" }]);
    let changed = shop
        .company
        .call(&shop.company.admin, "PATCH", &entry, Some(body))
        .await;
    assert_eq!(
        (changed.status, &changed.json["errors"][0]["field"]),
        (400, &json!("timeSheet"))
    );
    let more = shop
        .post(
            &shop.company.admin,
            "/time/entries",
            shop.entry(1.0, json!({})),
        )
        .await;
    assert_eq!(more.status, 400);
    assert_eq!(
        shop.company
            .call(&shop.company.admin, "DELETE", &entry, None)
            .await
            .status,
        400
    );
    let role = shop
        .company
        .role(
            "Lead",
            &[
                ("Time & Expense", "Time Approval", [No, All, No, All]),
                ("Time & Expense", "Time Entry", READ),
            ],
            &[],
        )
        .await;
    let (_, lead) = shop.company.member("Lead", role).await;
    let second = json!({ "approvalType": "Tier2Update" });
    assert_eq!(
        step(&lead, "approve", Some(second.clone())).await.status,
        400
    );
    step(
        &lead,
        "approve",
        Some(json!({ "approvalType": "Tier1Update" })),
    )
    .await
    .expect(200);
    step(&lead, "approve", Some(second)).await.expect(200);
    assert_eq!(shop.get(&entry).await["status"], "ApprovedByTierTwo");
    step(&lead, "reject", None).await.expect(200);
    assert_eq!(shop.get(&path).await["status"], "RejectBySecondTier");
    step(&shop.key, "submit", None).await.expect(200);
    step(&lead, "reverse", None).await.expect(200);
    assert_eq!(shop.get(&entry).await["status"], "Open");
    // Whoever may do so with its own sheets hands in no other's.
    let role = shop
        .company
        .role("Own", &[("Time & Expense", "Time Entry", [My; 4])], &[])
        .await;
    let (_, own) = shop.company.member("Own", role).await;
    assert_eq!(step(&own, "submit", None).await.status, 404);

    // Sheets that nothing is on can go; others stay.
    let unused = format!("/system/members/{}/unusedTimeSheets", shop.member);
    let path = format!("/time/sheets?conditions=member/id={}", shop.member);
    let before = shop.get(&path).await.as_array().unwrap().len();
    let next = shop
        .get("/time/entries?conditions=timeStart>[2026-03-08]")
        .await[0]["id"]
        .clone();
    let next = format!("/time/entries/{next}");
    shop.company
        .call(&shop.company.admin, "DELETE", &next, None)
        .await
        .expect(204);
    shop.company
        .call(&shop.company.admin, "DELETE", &unused, None)
        .await
        .expect(204);
    assert_eq!(shop.get(&path).await.as_array().unwrap().len(), before - 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn periods_of_a_set_up_are_those_of_sheets() {
    let shop = Shop::open().await;
    let offered = shop.get("/time/timePeriodSetups/default").await;
    assert_eq!(
        (&offered["year"], &offered["type"]),
        (&json!(2026), &json!("Weekly"))
    );
    let body = json!({ "periodApplyTo": "Both", "year": 2026, "numberFuturePeriods": 1, "type": "Monthly",
        "lastDayFlag": true, "firstPeriodEndDate": "2026-01-31", "daysPastEndDate": 3 });
    let setup = shop.made("/time/timePeriodSetups", body).await;
    let periods = shop
        .get(&format!(
            "/time/timePeriodSetups/{setup}/periods?pageSize=50"
        ))
        .await;
    assert_eq!(periods.as_array().unwrap().len(), 13);
    assert_eq!(periods[2]["deadlineDate"], "2026-04-03T00:00:00Z");
    let entry = shop.time(1.0, json!({})).await;
    let sheet = shop
        .get(&format!("/time/sheets/{}", entry["timeSheet"]["id"]))
        .await;
    assert_eq!(
        [&sheet["period"], &sheet["dateStart"], &sheet["dateEnd"]],
        [
            &json!(3),
            &json!("2026-03-01T00:00:00Z"),
            &json!("2026-03-31T00:00:00Z")
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn another_option_asks_for_its_row_and_defaults_save_nothing() {
    let shop = Shop::open().await;
    let free = shop.entry(1.0, json!({ "billableOption": "DoNotBill" }));
    let denied = shop.post(&shop.key, "/time/entries", free.clone()).await;
    assert_eq!(denied.status, 403);
    assert!(
        denied.denial().contains("Time Entry Billable Option"),
        "{}",
        denied.denial()
    );
    // To say what set-up says is no choice.
    let same = shop.entry(1.0, json!({ "billableOption": "Billable" }));
    shop.post(&shop.key, "/time/entries", same)
        .await
        .expect(201);
    let offered = shop
        .post(
            &shop.key,
            "/time/entries/defaults",
            shop.entry(1.1, json!({})),
        )
        .await
        .expect(200);
    assert_eq!(
        [
            &offered["hourlyRate"],
            &offered["invoiceHours"],
            &offered["workType"]["name"]
        ],
        [&json!(100), &json!(1.25), &json!("Remote")]
    );
    assert_eq!(shop.get("/time/entries/count").await["count"], 1);
    // What a member costs is for those who may read members' finances.
    let path = "/time/entries?fields=hourlyCost,hourlyRate";
    let rows = shop.company.get(&shop.key, path).await.rows();
    assert_eq!(
        (rows[0].get("hourlyCost"), &rows[0]["hourlyRate"]),
        (None, &json!(100))
    );
    assert_eq!(shop.get(path).await[0]["hourlyCost"], "40");
    // A later raise changes no old entry.
    patch(
        &shop.company,
        &format!("/system/members/{}", shop.member),
        "hourlyCost",
        json!(60),
    )
    .await;
    let id = shop.get("/time/entries").await[0]["id"].clone();
    patch(
        &shop.company,
        &format!("/time/entries/{id}"),
        "notes",
        json!("done"),
    )
    .await;
    assert_eq!(
        shop.get(&format!("/time/entries/{id}")).await["hourlyCost"],
        "40"
    );
    assert_eq!(
        shop.remote,
        shop.get(&format!("/time/entries/{id}")).await["workType"]["id"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn invoices_of_tickets_come_to_what_was_done() {
    let shop = Shop::open().await;
    let code = json!({ "identifier": "T", "description": "Tax", "invoiceCaption": "Tax", "effectiveDate": "2020-01-01T00:00:00Z",
        "levelOneRate": 0.1, "levelOneRateType": "Percent", "levelOneServicesFlag": true,
        "levelTwoRate": 0.05, "levelTwoRateType": "Percent", "levelTwoProductsFlag": true, "levelTwoTaxableMax": 100 });
    let code = shop.made("/finance/taxCodes", code).await;
    patch(
        &shop.company,
        &format!("/company/companies/{}", shop.customer),
        "taxCode",
        json!({ "id": code }),
    )
    .await;
    let late = json!({ "workType": { "id": shop.late } });
    let first = shop.time(2.0, json!({})).await;
    shop.time(1.0, late).await;
    shop.time(3.0, json!({ "billableOption": "DoNotBill" }))
        .await;
    let kind = shop
        .made("/procurement/types", json!({ "name": "Parts" }))
        .await;
    let (category, sub) = catalog(&shop).await;
    let item = json!({ "identifier": "CABLE", "description": "Cable", "customerDescription": "A cable", "price": 60, "taxableFlag": true, "cost": 20,
        "type": { "id": kind }, "category": { "id": category }, "subcategory": { "id": sub } });
    let item = shop.made("/procurement/catalog", item).await;
    let product = json!({ "catalogItem": { "id": item }, "quantity": 2, "billableOption": "Billable", "ticket": { "id": shop.ticket } });
    let product = shop
        .post(&shop.company.admin, "/procurement/products", product)
        .await
        .expect(201);
    assert_eq!(
        [
            &product["extPrice"],
            &product["extCost"],
            &product["margin"]
        ],
        [&json!(120), &json!(40), &json!(80)]
    );
    let meals = json!({ "name": "Meals", "amountCaption": "Amount", "billExpenses": "Billable",
        "invoiceMarkupOption": "Percent", "invoiceMarkupAmount": 10 });
    let meals = shop.made("/expense/types", meals).await;
    let expense = json!({ "type": { "id": meals }, "amount": 50, "date": "2026-03-02T00:00:00Z",
        "chargeToId": shop.ticket, "chargeToType": "ServiceTicket", "member": { "id": shop.member } });
    let expense = shop
        .post(&shop.company.admin, "/expense/entries", expense)
        .await
        .expect(201);
    assert_eq!(
        [&expense["billAmount"], &expense["invoiceAmount"]],
        [&json!(55), &json!(55)]
    );

    let body = json!({ "type": "Standard", "company": { "id": shop.customer }, "applyToType": "Ticket", "applyToId": shop.ticket });
    let invoice = shop
        .post(&shop.company.admin, "/finance/invoices", body.clone())
        .await
        .expect(201);
    // 2 h and 1 h after hours, two cables, a meal; a tenth on service, a twentieth on up to 100 of goods.
    for (name, amount) in [
        ("serviceTotal", 350.0),
        ("productTotal", 120.0),
        ("expenseTotal", 55.0),
        ("agreementAmount", 0.0),
        ("subtotal", 525.0),
        ("salesTax", 40.0),
        ("total", 565.0),
        ("balance", 565.0),
    ] {
        assert_eq!(invoice[name].as_f64(), Some(amount), "{name} of {invoice}");
    }
    assert_eq!(
        [
            &invoice["status"]["name"],
            &invoice["date"],
            &invoice["dueDate"],
            &invoice["billToCompany"]["id"]
        ],
        [
            &json!("New"),
            &json!("2026-03-02T00:00:00Z"),
            &json!("2026-04-01T00:00:00Z"),
            &json!(shop.customer)
        ]
    );
    let number = invoice["invoiceNumber"].as_str().unwrap();
    assert_eq!(number, format!("{:06}", invoice["id"].as_i64().unwrap()));
    let entry = format!("/time/entries/{}", first["id"]);
    let billed = shop.get(&entry).await;
    assert_eq!(
        [
            &billed["status"],
            &billed["invoice"]["id"],
            &billed["invoiceFlag"]
        ],
        [&json!("Billed"), &invoice["id"], &json!(true)]
    );
    // The reports on an invoice's lines come to the same.
    for (report, column, amount) in [
        ("InvoiceTime", "Billable_Amt", 350.0),
        ("InvoiceProduct", "Extended_Amt", 120.0),
        ("InvoiceExpense", "Extended_Amount", 55.0),
    ] {
        let path = format!(
            "/system/reports/{report}?columns={column}&conditions=Billing_Log_RecID={}",
            invoice["id"]
        );
        let told = shop.get(&path).await;
        let lines = told["row_values"].as_array().unwrap();
        let sum: f64 = lines.iter().filter_map(|line| line[0].as_f64()).sum();
        assert!((sum - amount).abs() < 0.001, "{report}: {told}");
    }
    // Nothing is billed twice, and nothing billed changes.
    let again = shop
        .post(&shop.company.admin, "/finance/invoices", body)
        .await
        .expect(201);
    assert_eq!(again["total"], 0);
    let change = json!([{ "op": "replace", "path": "notes", "value": "x" }]);
    assert_eq!(
        shop.company
            .call(&shop.company.admin, "PATCH", &entry, Some(change))
            .await
            .status,
        400
    );

    let path = format!("/finance/invoices/{}", invoice["id"]);
    let pdf = shop
        .company
        .get(&shop.company.admin, &format!("{path}/pdf"))
        .await;
    assert_eq!(pdf.status, 200);
    assert_eq!(pdf.headers["content-type"], "application/pdf");
    let text = String::from_utf8_lossy(&pdf.body).into_owned();
    assert!(
        text.starts_with("%PDF-1.4") && text.contains("(565.00) Tj") && text.contains(number),
        "{text}"
    );

    let payment = shop
        .post(
            &shop.company.admin,
            &format!("{path}/payments"),
            json!({ "amount": 65 }),
        )
        .await
        .expect(201);
    assert_eq!(
        [&payment["invoiceBalance"], &payment["appliedBy"]],
        [&json!(500), &json!("AdminAPI")]
    );
    assert_eq!(shop.get(&path).await["balance"], 500);
    let payment = format!("{path}/payments/{}", payment["id"]);
    shop.company
        .call(&shop.company.admin, "DELETE", &payment, None)
        .await
        .expect(204);
    assert_eq!(shop.get(&path).await["balance"], 565);

    // Time comes off again under both rights, and the sums follow.
    let detach = format!("{entry}/detach");
    let denied = shop.company.call(&shop.key, "POST", &detach, None).await;
    assert_eq!(
        (denied.status, denied.denial().contains("Invoicing")),
        (403, true),
        "{}",
        denied.denial()
    );
    assert_eq!(shop.act(&detach).await.expect(201)["status"], "Open");
    assert_eq!(
        [
            &shop.get(&path).await["serviceTotal"],
            &shop.get(&path).await["total"]
        ],
        [&json!(150), &json!(345)]
    );
    let off = json!({ "removeFromInvoice": true });
    let detach = format!("/procurement/products/{}/detach", product["id"]);
    shop.post(&shop.company.admin, &detach, off)
        .await
        .expect(204);
    assert_eq!(shop.get(&path).await["total"], 220);
    assert_eq!(
        shop.get(&format!("/procurement/products/{}", product["id"]))
            .await["ticket"]["id"],
        shop.ticket
    );

    // A closed invoice changes only under the closed ones; a deleted one lets its lines go.
    let paid = shop
        .get("/finance/billingStatuses?conditions=name=\"Paid\"")
        .await[0]["id"]
        .clone();
    let new = shop
        .get("/finance/billingStatuses?conditions=name=\"New\"")
        .await[0]["id"]
        .clone();
    patch(&shop.company, &path, "status", json!({ "id": paid })).await;
    let body = json!([{ "op": "replace", "path": "reference", "value": "x" }]);
    assert_eq!(
        shop.company
            .call(&shop.company.admin, "PATCH", &path, Some(body))
            .await
            .status,
        400
    );
    assert_eq!(
        shop.company
            .call(&shop.company.admin, "DELETE", &path, None)
            .await
            .status,
        400
    );
    let closed = format!("/finance/closedInvoices/{}", invoice["id"]);
    patch(&shop.company, &closed, "status", json!({ "id": new })).await;
    shop.company
        .call(&shop.company.admin, "DELETE", &path, None)
        .await
        .expect(204);
    let freed = shop
        .get("/time/entries?conditions=workType/name=\"After hours\"")
        .await[0]
        .clone();
    assert_eq!(
        (freed.get("invoice"), &freed["status"]),
        (None, &json!("Open"))
    );
}

async fn catalog(shop: &Shop) -> (i64, i64) {
    let category = json!({ "name": "Goods" });
    let category = shop.made("/procurement/categories", category).await;
    let sub = json!({ "name": "Cables" });
    let sub = shop
        .made(
            &format!("/procurement/categories/{category}/subcategories"),
            sub,
        )
        .await;
    (category, sub)
}

#[tokio::test(flavor = "multi_thread")]
async fn agreements_are_billed_period_by_period() {
    let shop = Shop::open().await;
    let agreement = shop.agreement(json!({ "billAmount": 1000, "coverAgreementTime": true, "applicationUnlimitedFlag": true,
        "startDate": "2026-01-16T00:00:00Z", "prorateFlag": true })).await;
    let kind = shop
        .made("/procurement/types", json!({ "name": "Parts" }))
        .await;
    let (category, sub) = catalog(&shop).await;
    let item = json!({ "identifier": "SEAT", "description": "Seat", "customerDescription": "A seat", "price": 31, "cost": 10,
        "type": { "id": kind }, "category": { "id": category }, "subcategory": { "id": sub } });
    let item = shop.made("/procurement/catalog", item).await;
    let additions = format!("/finance/agreements/{agreement}/additions");
    for (quantity, option, from) in [
        (10, "Billable", "2026-01-16"),
        (5, "NoCharge", "2026-01-16"),
        (1, "Billable", "2026-03-17"),
    ] {
        let body = json!({ "product": { "id": item }, "quantity": quantity, "billCustomer": option, "effectiveDate": format!("{from}T00:00:00Z") });
        shop.made(&additions, body).await;
    }
    shop.time(2.0, json!({ "agreement": { "id": agreement } }))
        .await;
    let path = format!("/finance/agreements/{agreement}/invoice");
    let mut totals = Vec::new();
    for _ in 0..3 {
        let id = shop.act(&path).await.expect(201);
        let invoice = shop.get(&format!("/finance/invoices/{id}")).await;
        assert_eq!(
            [&invoice["type"], &invoice["agreement"]["id"]],
            [&json!("Agreement"), &json!(agreement)]
        );
        totals.push(invoice["total"].as_f64().unwrap());
    }
    // 16 of January's 31 days; February whole; March with the late seat for 15 of its 31 days.
    assert_eq!(totals, [676.13, 1310.0, 1325.0]);
    let entry = shop.get("/time/entries").await[0].clone();
    assert_eq!(
        [&entry["status"], &entry["invoice"]["id"]],
        [
            &json!("BilledAgreement"),
            &shop.get("/finance/invoices?orderBy=id desc").await[0]["id"]
        ]
    );
    assert_eq!(
        shop.get(&format!("/finance/agreements/{agreement}")).await["nextInvoiceDate"],
        "2026-04-01T00:00:00Z"
    );
    // The last one taken back is billed again; an agreement that is over is not.
    let last = shop.get("/finance/invoices?orderBy=id desc").await[0]["id"].clone();
    shop.company
        .call(
            &shop.company.admin,
            "DELETE",
            &format!("/finance/invoices/{last}"),
            None,
        )
        .await
        .expect(204);
    assert_eq!(
        shop.get(&format!("/finance/agreements/{agreement}")).await["nextInvoiceDate"],
        "2026-03-01T00:00:00Z"
    );
    let over = shop.agreement(json!({ "name": "Over", "billAmount": 10, "noEndingDateFlag": false, "endDate": "2026-01-31T00:00:00Z" })).await;
    let path = format!("/finance/agreements/{over}/invoice");
    shop.act(&path).await.expect(201);
    assert_eq!(shop.act(&path).await.status, 400);
    // The row for agreements alone bills nothing.
    let role = shop
        .company
        .role(
            "Agreements",
            &[
                ("Finance", "Agreements", EVERY),
                ("Finance", "Invoicing", EVERY),
            ],
            &[],
        )
        .await;
    let (_, key) = shop.company.member("Agr", role).await;
    let path = format!("/finance/agreements/{agreement}/invoice");
    let denied = shop.company.call(&key, "POST", &path, None).await;
    assert_eq!(
        (
            denied.status,
            denied.denial().contains("Agreement Invoicing")
        ),
        (403, true),
        "{}",
        denied.denial()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_post_invoices_once() {
    let shop = Shop::open().await;
    shop.time(1.0, json!({})).await;
    let body = json!({ "type": "Standard", "company": { "id": shop.customer }, "applyToType": "Ticket", "applyToId": shop.ticket });
    let invoice = shop.made("/finance/invoices", body).await;
    assert_eq!(
        shop.get("/finance/accounting/unpostedinvoices").await[0]["total"],
        100
    );
    let all = json!({ "exportInvoicesFlag": true });
    let export = shop
        .post(
            &shop.company.admin,
            "/finance/accounting/export",
            all.clone(),
        )
        .await
        .expect(200);
    assert_eq!(
        [
            &export["transactions"][0]["total"],
            &export["transactions"][0]["company"]["id"]
        ],
        [&json!(100.0), &json!(shop.customer)]
    );
    let batch = json!({ "batchIdentifier": "B1", "exportInvoicesFlag": true, "processedRecordIds": [invoice] });
    let export = shop
        .post(
            &shop.company.admin,
            "/finance/accounting/batches",
            batch.clone(),
        )
        .await
        .expect(201);
    assert_eq!(export["transactions"][0]["id"], invoice);
    assert_eq!(
        shop.get("/finance/accounting/unpostedinvoices").await,
        json!([])
    );
    assert_eq!(
        shop.post(&shop.company.admin, "/finance/accounting/batches", batch)
            .await
            .status,
        400
    );
    let id = shop.get("/finance/accounting/batches").await[0]["id"].clone();
    let entries = shop
        .get(&format!("/finance/accounting/batches/{id}/entries"))
        .await;
    assert_eq!(
        [&entries[0]["debit"], &entries[0]["invoice"]["id"]],
        [&json!(100), &json!(invoice)]
    );
    let export = shop
        .post(
            &shop.company.admin,
            &format!("/finance/accounting/batches/{id}/export"),
            json!({}),
        )
        .await
        .expect(200);
    assert_eq!(export["transactions"][0]["id"], invoice);
    let path = format!("/finance/invoices/{invoice}");
    assert_eq!(
        shop.company
            .call(&shop.company.admin, "DELETE", &path, None)
            .await
            .status,
        400
    );
    let role = shop
        .company
        .role("Books", &[("Finance", "Accounting Interface", EVERY)], &[])
        .await;
    let (_, books) = shop.company.member("Books", role).await;
    assert_eq!(
        shop.company
            .get(&books, "/finance/accounting/batches")
            .await
            .rows()
            .len(),
        1
    );
    let denied = shop
        .post(
            &shop.key,
            "/finance/accounting/export",
            json!({ "exportInvoicesFlag": true }),
        )
        .await;
    assert_eq!(denied.status, 403);
    shop.company
        .call(
            &shop.company.admin,
            "DELETE",
            &format!("/finance/accounting/batches/{id}"),
            None,
        )
        .await
        .expect(204);
    shop.company
        .call(&shop.company.admin, "DELETE", &path, None)
        .await
        .expect(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agreement_of_the_demo_company_is_billed_what_it_was_billed_before() {
    let size = bitting_demo::Size {
        companies: 20,
        agreements: 12,
        tickets: 20,
        ..bitting_demo::Size::default()
    };
    let company = Company::demo(size, 5).await;
    let admin = &company.admin;
    let path = "/finance/agreements?conditions=cancelledFlag=false and billingCycle/name=\"Monthly\"&pageSize=1000";
    let mut billed = 0;
    for agreement in company.get(admin, path).await.rows() {
        let id = &agreement["id"];
        let path =
            format!("/finance/invoices?conditions=agreement/id={id}&orderBy=id desc&pageSize=1");
        let before = company.get(admin, &path).await.rows();
        let Some(before) = before.first() else {
            continue;
        };
        let made = company
            .call(
                admin,
                "POST",
                &format!("/finance/agreements/{id}/invoice"),
                None,
            )
            .await
            .expect(201);
        let now = company
            .get(admin, &format!("/finance/invoices/{made}"))
            .await
            .expect(200);
        assert_eq!(
            now["agreementAmount"], before["agreementAmount"],
            "agreement {id}: {agreement}"
        );
        billed += 1;
    }
    assert!(billed > 3, "{billed} agreements were billed");
}

/// A ticket alone says what an invoice is about, where it is of the invoice's company.
#[tokio::test]
async fn an_invoice_of_a_ticket_alone_bills_the_ticket() {
    let shop = Shop::open().await;
    shop.time(1.0, json!({})).await;
    let other = json!({ "identifier": "Other", "name": "Other" });
    let other = shop.made("/company/companies", other).await;
    for (company, total) in [(other, 0), (shop.customer, 100)] {
        let body = json!({ "type": "Standard", "company": { "id": company }, "ticket": { "id": shop.ticket } });
        let id = shop.made("/finance/invoices", body).await;
        let invoice = shop.get(&format!("/finance/invoices/{id}")).await;
        assert_eq!(invoice["total"], total);
        assert_eq!(invoice["ticket"]["id"], shop.ticket);
    }
}

#[tokio::test]
async fn an_entry_is_of_one_day() {
    let shop = Shop::open().await;
    let entry = |more: Value| {
        let mut body = json!({ "chargeToId": shop.ticket, "chargeToType": "ServiceTicket",
            "member": { "id": shop.member }, "timeStart": "2026-03-02T00:00:00Z" });
        extend(&mut body, more);
        shop.post(&shop.company.admin, "/time/entries", body)
    };
    for (more, status) in [
        (json!({ "timeEnd": "2026-03-03T00:00:00Z" }), 201),
        (json!({ "timeEnd": "2026-03-03T00:15:00Z" }), 400),
        (json!({ "actualHours": 24 }), 201),
        (json!({ "actualHours": 24.25 }), 400),
    ] {
        let answered = entry(more.clone()).await;
        assert_eq!(answered.status, status, "{more}: {}", answered.json);
        if status == 400 {
            assert_eq!(answered.json["errors"][0]["field"], "actualHours");
        }
    }
}
