//! What single clients rely on, one by one: values of user-defined fields by their type, searches in numbers,
//! numbers and spans that the server gives, files of invoices, and how many there can be.

#![allow(clippy::unwrap_used)]

#[path = "support/autotask.rs"]
mod support;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bitting_store::Location;
use serde_json::{Value, json};
use support::Site;

fn says(json: &Value) -> &str {
    json["errors"][0].as_str().unwrap_or_default()
}

async fn found(site: &Site, entity: &str, condition: Value) -> Vec<i64> {
    let search = json!({"filter": [condition, {"op": "gte", "field": "id", "value": 0}]});
    let path = format!("/{entity}/query");
    let page = site.admin_call("POST", &path, Some(search)).await;
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .filter_map(|item| item["id"].as_i64())
        .collect()
}

/// A new company of the demo, as the first one is but for what is given.
async fn company(site: &Site, changes: Value) -> i64 {
    let owner = site.resource("dfrost").await;
    let mut body =
        json!({"companyName": "Made", "companyType": 1, "phone": "1", "ownerResourceID": owner});
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    let made = site.admin_call("POST", "/Companies", Some(body)).await;
    made["itemId"].as_i64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn user_defined_fields_compare_by_their_type() {
    let site = Site::open().await;
    for (name, kind) in [("Rooms", 3), ("Opened", 4), ("Nickname", 1)] {
        let body = json!({"name": name, "udfType": 1, "dataType": kind, "isActive": true});
        let path = "/UserDefinedFieldDefinitions";
        site.admin_call("POST", path, Some(body)).await;
    }
    let mut ids = Vec::new();
    for (rooms, opened, nickname) in [
        (json!("9"), "2026-01-31", "9"),
        (json!(10), "2025-12-31T23:00:00-05:00", "10"),
        (json!("100.5"), "2026-11-01", "100"),
        (json!(null), "", ""),
    ] {
        let fields = json!([{"name": "Rooms", "value": rooms}, {"name": "opened", "value": opened},
            {"name": "Nickname", "value": nickname}]);
        ids.push(company(&site, json!({"userDefinedFields": fields})).await);
    }
    let of = |field: &'static str, op: &'static str, value: Value| {
        let site = &site;
        let ids = &ids;
        async move {
            let condition = json!({"op": op, "field": field, "value": value, "udf": true});
            let found = found(site, "Companies", condition).await;
            let places = (0..ids.len()).filter(|place| found.contains(&ids[*place]));
            places.collect::<Vec<_>>()
        }
    };
    // As texts, 10 and 100.5 would come before 9.
    assert_eq!(of("Rooms", "gt", json!(9)).await, [1, 2]);
    assert_eq!(of("rooms", "lte", json!("10.0")).await, [0, 1]);
    assert_eq!(of("Rooms", "eq", json!("10.0")).await, [1]);
    assert_eq!(of("Rooms", "noteq", json!(10)).await, [0, 2, 3]);
    assert_eq!(of("Rooms", "in", json!([9, "100.5"])).await, [0, 2]);
    assert_eq!(of("Rooms", "exist", json!(null)).await, [0, 1, 2]);
    assert_eq!(of("Rooms", "notExist", json!(null)).await, [3]);
    assert_eq!(of("Rooms", "contains", json!("0")).await, [1, 2]);
    assert_eq!(of("Opened", "gte", json!("2026-01-01")).await, [0, 1, 2]);
    assert_eq!(
        of("Opened", "lt", json!("2026-02-01T00:00:00Z")).await,
        [0, 1]
    );
    // A text stays a text.
    assert_eq!(of("Nickname", "gt", json!("9")).await, [0_usize; 0]);
    let wrong = json!({"filter": [{"op": "gt", "field": "Rooms", "value": "many", "udf": true}]});
    let (status, json) = site
        .call(Some(site.admin()), "POST", "/Companies/query", Some(wrong))
        .await;
    assert_eq!(status, 500);
    assert_eq!(
        says(&json),
        "Conversion failed when converting varchar 'many' to data type float"
    );
    // Emptied, it is no number any more.
    let body = json!({"id": ids[2], "userDefinedFields": [{"name": "Rooms", "value": ""}]});
    site.admin_call("PATCH", "/Companies", Some(body)).await;
    assert_eq!(of("Rooms", "gt", json!(9)).await, [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whole_numbers_are_searched_by_their_digits() {
    let site = Site::open().await;
    let every = found(&site, "Tickets", json!({"op": "exist", "field": "id"})).await;
    let some = every[every.len() / 2].to_string();
    for (op, part) in [
        ("contains", &some[1..3]),
        ("beginsWith", &some[..2]),
        ("endsWith", &some[2..]),
    ] {
        let wanted: Vec<i64> = every
            .iter()
            .copied()
            .filter(|id| {
                let text = id.to_string();
                match op {
                    "contains" => text.contains(part),
                    "beginsWith" => text.starts_with(part),
                    _ => text.ends_with(part),
                }
            })
            .collect();
        assert!(!wanted.is_empty());
        let condition = json!({"op": op, "field": "id", "value": part});
        assert_eq!(
            found(&site, "Tickets", condition).await,
            wanted,
            "{op} {part}"
        );
    }
    // A number in place of the text is taken too.
    let condition = json!({"op": "contains", "field": "id", "value": every[0]});
    assert!(found(&site, "Tickets", condition).await.contains(&every[0]));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_in_an_address_shows_as_an_empty_text() {
    let site = Site::open().await;
    let id = company(&site, json!({"city": "", "taxID": ""})).await;
    let company = site
        .admin_call("GET", &format!("/Companies/{id}"), None)
        .await;
    let company = &company["item"];
    for field in ["address1", "city", "companyNumber", "postalCode", "state"] {
        assert_eq!(company[field], "", "{field}");
    }
    assert_eq!(company["taxID"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn spans_and_numbers_are_given() {
    let site = Site::open().await;
    let company = company(&site, json!({})).await;
    let call = json!({"companyID": company, "status": 1, "startDateTime": "2026-03-02T09:00:00",
        "endDateTime": "2026-03-02T10:45:00Z"});
    let made = site.admin_call("POST", "/ServiceCalls", Some(call)).await;
    let path = format!("/ServiceCalls/{}", made["itemId"]);
    let read = site.admin_call("GET", &path, None).await;
    assert_eq!(read["item"]["duration"], 1.75);
    let back = json!({"id": made["itemId"], "endDateTime": "2026-03-01"});
    let (status, json) = site
        .call(Some(site.admin()), "PATCH", "/ServiceCalls", Some(back))
        .await;
    assert_eq!(
        (status, says(&json)),
        (500, "endDateTime must be later than startDateTime")
    );
    for demo in site.rows(site.admin(), "ServiceCalls").await {
        assert!(demo["duration"].as_f64().unwrap() > 0.0, "{demo}");
    }
    let project = json!({"companyID": company, "projectName": "P", "projectType": 5, "status": 1,
        "startDateTime": "2026-03-02", "endDateTime": "2026-03-11"});
    let made = site.admin_call("POST", "/Projects", Some(project)).await["itemId"].clone();
    let project = async || {
        let path = format!("/Projects/{made}");
        site.admin_call("GET", &path, None).await["item"].clone()
    };
    let read = project().await;
    assert_eq!(read["projectNumber"], "P20260302.0001");
    assert_eq!(
        (&read["duration"], &read["completedPercentage"]),
        (&json!(10), &json!(0))
    );
    let tasks = format!("/Projects/{made}/Tasks");
    let mut numbers = Vec::new();
    for (title, status) in [("a", 1), ("b", 5), ("c", 5)] {
        let task = json!({"title": title, "status": status, "taskType": 1});
        let id = site.admin_call("POST", &tasks, Some(task)).await["itemId"].clone();
        let read = site.admin_call("GET", &format!("/Tasks/{id}"), None).await;
        numbers.push(read["item"]["taskNumber"].as_str().unwrap().to_owned());
    }
    assert_eq!(
        numbers,
        ["T20260302.0001", "T20260302.0002", "T20260302.0003"]
    );
    assert_eq!(project().await["completedPercentage"], 66);
    let open = found(
        &site,
        "Tasks",
        json!({"op": "eq", "field": "projectID", "value": made}),
    )
    .await;
    let done = json!({"id": open[0], "status": 5});
    site.admin_call("PATCH", &tasks, Some(done)).await;
    assert_eq!(project().await["completedPercentage"], 100);
    for demo in site.rows(site.admin(), "Projects").await {
        assert!(demo["completedPercentage"].is_i64(), "{demo}");
        assert!(demo["duration"].as_i64().unwrap() > 0, "{demo}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tickets_of_some_categories_name_their_queue() {
    let site = Site::open().await;
    let ticket = |more: Value| {
        let mut body = json!({"companyID": 0, "title": "x", "status": 1, "priority": 1});
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        body
    };
    let queue = site.rows(site.admin(), "Tickets").await;
    let queue = queue
        .iter()
        .find_map(|row| row["queueID"].as_i64())
        .unwrap();
    let admin = Some(site.admin());
    let send =
        async |method: &str, body: Value| site.call(admin, method, "/Tickets", Some(body)).await;
    let (status, json) = send("POST", ticket(json!({"ticketCategory": 3}))).await;
    assert_eq!((status, says(&json)), (500, "queueID is required"));
    let body = ticket(json!({"ticketCategory": 3, "queueID": queue}));
    let (_, made) = send("POST", body).await;
    let (status, json) = send("PATCH", json!({"id": made["itemId"], "queueID": null})).await;
    assert_eq!((status, says(&json)), (500, "queueID is required"));
    assert_eq!(
        send("PATCH", json!({"id": made["itemId"], "title": "y"}))
            .await
            .0,
        200
    );
    // One that is moved there keeps the queue it has.
    let (_, plain) = send("POST", ticket(json!({}))).await;
    let moved = json!({"id": plain["itemId"], "ticketCategory": 3});
    assert_eq!(send("PATCH", moved).await.0, 200);
    let (_, bare) = send("POST", ticket(json!({}))).await;
    send("PATCH", json!({"id": bare["itemId"], "queueID": null})).await;
    let moved = json!({"id": bare["itemId"], "ticketCategory": 3});
    let (status, json) = send("PATCH", moved).await;
    assert_eq!((status, says(&json)), (500, "queueID is required"));
}

#[tokio::test(flavor = "multi_thread")]
async fn there_can_be_so_many_user_defined_fields_and_no_more() {
    let site = Site::with(Location::Memory, None).await;
    let body =
        |number: usize| json!({"name": format!("Field {number}"), "udfType": 12, "dataType": 1});
    let path = "/UserDefinedFieldDefinitions";
    for number in 0..100 {
        site.admin_call("POST", path, Some(body(number))).await;
    }
    let (status, json) = site
        .call(Some(site.admin()), "POST", path, Some(body(100)))
        .await;
    assert_eq!(
        (status, says(&json)),
        (
            500,
            "There can be no more than 100 user-defined fields of the Subscription Entity."
        )
    );
    // Those of another entity are counted apart, and cannot be moved over.
    let mut other = body(101);
    other["udfType"] = json!(13);
    let made = site.admin_call("POST", path, Some(other)).await;
    let moved = json!({"id": made["itemId"], "udfType": 12});
    let (status, json) = site
        .call(Some(site.admin()), "PATCH", path, Some(moved))
        .await;
    assert_eq!(status, 500, "{json}");
    let renamed = json!({"id": made["itemId"], "name": "Renamed"});
    site.admin_call("PATCH", path, Some(renamed)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invoice_comes_as_pdf_html_and_xml() {
    let site = Site::open().await;
    let invoice = site.rows(site.admin(), "Invoices").await.remove(0);
    let (id, number) = (&invoice["id"], invoice["invoiceNumber"].as_str().unwrap());
    let pdf = site
        .admin_call("GET", &format!("/invoices/{id}/invoicepdf/"), None)
        .await;
    let item = &pdf["item"];
    assert_eq!(item["contentType"], "application/pdf");
    let file = STANDARD.decode(item["data"].as_str().unwrap()).unwrap();
    assert_eq!(item["fileSize"], file.len());
    let text = String::from_utf8_lossy(&file).into_owned();
    assert!(text.starts_with("%PDF-") && text.contains(number), "{text}");
    for kind in ["InvoiceMarkupHtml", "InvoiceMarkupXML"] {
        let markup = site
            .admin_call("GET", &format!("/Invoices/{id}/{kind}"), None)
            .await;
        assert!(
            markup["invoiceMarkup"].as_str().unwrap().contains(number),
            "{kind}"
        );
    }
    let nothing = site
        .admin_call("GET", "/Invoices/987654321/InvoicePDF", None)
        .await;
    assert_eq!(nothing, json!({"item": null}));
    let path = format!("/Invoices/{id}/InvoicePDF");
    let (status, json) = site.call(Some(site.least()), "GET", &path, None).await;
    let refused =
        "The logged in Resource does not have the adequate permissions to query this entity type.";
    assert_eq!((status, says(&json)), (500, refused));
    assert_eq!(
        site.call(Some(site.admin()), "POST", &path, None).await.0,
        405
    );
    assert_eq!(
        site.call(Some(site.admin()), "GET", "/Tickets/1/InvoicePDF", None)
            .await
            .0,
        404
    );
    // The bill's company shows to whoever sees it.
    let finance = [(
        "Admin / Finance, Accounting & Invoicing",
        "value",
        "Checked",
    )];
    let clerk = site.user(1, &finance).await;
    let (status, markup) = site
        .call(
            Some(&clerk),
            "GET",
            &format!("/Invoices/{id}/InvoiceMarkupHtml"),
            None,
        )
        .await;
    assert_eq!(status, 200);
    let company = site
        .admin_call("GET", &format!("/Companies/{}", invoice["companyID"]), None)
        .await;
    let name = company["item"]["companyName"]
        .as_str()
        .unwrap()
        .replace('&', "&amp;");
    assert!(
        !markup["invoiceMarkup"].as_str().unwrap().contains(&name),
        "{markup}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn some_values_are_taken_and_passed_over() {
    let site = Site::open().await;
    let contact = site.rows(site.admin(), "Contacts").await[0].clone();
    let (company, contact) = (contact["companyID"].clone(), contact["id"].clone());
    let ticket = json!({"companyID": company, "title": "x", "status": 1, "priority": 1,
        "createdByContactID": contact});
    let ticket = site.admin_call("POST", "/Tickets", Some(ticket)).await["itemId"].clone();
    let read = async |path: String| site.admin_call("GET", &path, None).await["item"].clone();
    let of_ticket = || read(format!("/Tickets/{ticket}"));
    assert_eq!(
        of_ticket().await["createdByContactID"],
        contact,
        "said when it is made"
    );
    let change = json!({"id": ticket, "createdByContactID": null, "title": "y"});
    site.admin_call("PATCH", "/Tickets", Some(change)).await;
    let now = of_ticket().await;
    assert_eq!(
        (&now["createdByContactID"], &now["title"]),
        (&contact, &json!("y"))
    );

    let note =
        json!({"description": "d", "noteType": 1, "publish": 1, "createdByContactID": contact});
    let notes = format!("/Tickets/{ticket}/Notes");
    let note = site.admin_call("POST", &notes, Some(note)).await["itemId"].clone();
    assert!(read(format!("/TicketNotes/{note}")).await["createdByContactID"].is_null());

    let entry = json!({"ticketID": ticket, "resourceID": site.resource("dfrost").await, "roleID": 1,
        "dateWorked": "2026-03-02", "hoursWorked": 1, "billingCodeID": 1, "summaryNotes": "s"});
    let entry = site.admin_call("POST", "/TimeEntries", Some(entry)).await["itemId"].clone();
    let hours = json!({"id": entry, "hoursWorked": 3});
    site.admin_call("PATCH", "/TimeEntries", Some(hours)).await;
    assert_eq!(
        read(format!("/TimeEntries/{entry}")).await["hoursWorked"],
        json!(1.0)
    );
    let hours = json!({"id": entry, "hoursWorked": 3, "startDateTime": "2026-03-02T09:00:00Z",
        "endDateTime": "2026-03-02T12:00:00Z"});
    site.admin_call("PATCH", "/TimeEntries", Some(hours)).await;
    assert_eq!(
        read(format!("/TimeEntries/{entry}")).await["hoursWorked"],
        json!(3.0)
    );

    // Who completes a ticket stands in it, until it is open again.
    for (status, done) in [(5, true), (1, false)] {
        site.admin_call(
            "PATCH",
            "/Tickets",
            Some(json!({"id": ticket, "status": status})),
        )
        .await;
        let now = of_ticket().await;
        for name in ["completedDate", "completedByResourceID", "resolvedDateTime"] {
            assert_eq!(!now[name].is_null(), done, "{name} {now}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_record_needs_what_a_new_one_does_and_empties_the_rest() {
    let site = Site::open().await;
    let company = company(
        &site,
        json!({"city": "Harborview", "ownerResourceID": site.resource("kadair").await}),
    )
    .await;
    let ticket =
        json!({"companyID": company, "title": "x", "status": 1, "priority": 1, "description": "d"});
    let id = site
        .admin_call("POST", "/Tickets", Some(ticket.clone()))
        .await["itemId"]
        .clone();
    let number = site
        .admin_call("GET", &format!("/Tickets/{id}"), None)
        .await["item"]["ticketNumber"]
        .clone();
    let (status, json) = site
        .call(
            Some(site.admin()),
            "PUT",
            "/Tickets",
            Some(json!({"id": id, "title": "y"})),
        )
        .await;
    let all = json["errors"].as_array().unwrap();
    for name in ["companyID", "priority", "status"] {
        let sentence = json!(format!(
            "Value does not exist for the required field {name}"
        ));
        assert!(status == 500 && all.contains(&sentence), "{name}: {json}");
    }
    let whole = json!({"id": id, "companyID": company, "title": "y", "status": 1, "priority": 2});
    site.admin_call("PUT", "/Tickets", Some(whole)).await;
    let now = site
        .admin_call("GET", &format!("/Tickets/{id}"), None)
        .await["item"]
        .clone();
    assert_eq!((&now["title"], &now["priority"]), (&json!("y"), &json!(2)));
    assert!(now["description"].is_null(), "left out, so emptied");
    assert_eq!(now["ticketNumber"], number, "given once");

    // What a caller may not change does not go by leaving it out.
    let settings = [
        ("CRM / Customer & Cancelation", "value", "All"),
        ("CRM / Accounts", "view", "All"),
        ("CRM / Accounts", "edit", "All"),
    ];
    let user = site.user(site.resource("nsoto").await, &settings).await;
    let whole = json!({"id": company, "companyName": "Renamed", "companyType": 1, "phone": "555"});
    let (status, json) = site
        .call(Some(&user), "PUT", "/Companies", Some(whole))
        .await;
    assert_eq!(status, 200, "{json}");
    let now = site
        .admin_call("GET", &format!("/Companies/{company}"), None)
        .await["item"]
        .clone();
    assert_eq!(now["companyName"], "Renamed");
    assert_eq!(now["ownerResourceID"], site.resource("kadair").await);
    assert_eq!(now["city"], "", "emptied");
}

/// Some clients search the notes of a ticket below it, which the vendor answers with 404.
#[tokio::test(flavor = "multi_thread")]
async fn a_lenient_instance_searches_below_a_parent_too() {
    let site = Site::open().await;
    let rows = site.rows(site.admin(), "TicketNotes").await;
    let ticket = rows[0]["ticketID"].clone();
    let own: Vec<&Value> = rows
        .iter()
        .filter(|row| row["ticketID"] == ticket)
        .collect();
    assert!(own.len() < rows.len());
    let path = format!("/Tickets/{ticket}/Notes/query");
    let all = json!({"filter": [{"op": "gte", "field": "id", "value": 0}]});
    let ask = |who, path: &str, body: &Value| {
        let path = path.to_owned();
        let body = body.clone();
        let site = &site;
        async move { site.call(Some(who), "POST", &path, Some(body)).await }
    };
    assert_eq!(ask(site.admin(), &path, &all).await.0, 404, "strict");
    site.tenant
        .lenient
        .store(true, std::sync::atomic::Ordering::Relaxed);
    let (_, page) = ask(site.admin(), &path, &all).await;
    assert_eq!(page["items"], json!(own));
    let (_, count) = ask(site.admin(), &format!("{path}/count"), &all).await;
    assert_eq!(count["queryCount"], own.len());
    let search =
        "%7B%22filter%22:[%7B%22op%22:%22exist%22,%22field%22:%22id%22%7D],%22MaxRecords%22:1%7D";
    let page = site
        .admin_call("GET", &format!("{path}?search={search}"), None)
        .await;
    assert_eq!(page["items"], json!([own[0]]));
    // Nothing is in sight here that is not at the entity's own path.
    let blind = site
        .user(1, &[("Service Desk / Tickets", "view", "Mine")])
        .await;
    let (_, page) = ask(&blind, &path, &all).await;
    assert_eq!(page["items"], json!([]));
    let none = site.user(1, &[]).await;
    assert_eq!(ask(&none, &path, &all).await.0, 500);
}

/// Some clients write notes and contacts at their own path, which the vendor does not have.
#[tokio::test(flavor = "multi_thread")]
async fn a_lenient_instance_takes_children_at_their_own_path() {
    let site = Site::open().await;
    let ticket = site.rows(site.admin(), "Tickets").await[0]["id"].clone();
    let note =
        json!({"ticketID": ticket, "title": "n", "description": "d", "noteType": 1, "publish": 1});
    let post = |body: Value| site.call(Some(site.admin()), "POST", "/TicketNotes", Some(body));
    assert_eq!(post(note.clone()).await.0, 404, "strict");
    site.tenant
        .lenient
        .store(true, std::sync::atomic::Ordering::Relaxed);
    let (status, json) = post(note.clone()).await;
    assert_eq!(status, 200, "{json}");
    let id = json["itemId"].clone();
    let path = format!("/Tickets/{ticket}/Notes/{id}");
    let kept = site.admin_call("GET", &path, None).await;
    assert_eq!(kept["item"]["title"], "n");
    let change = json!({"id": id, "title": "changed"});
    site.admin_call("PATCH", "/TicketNotes", Some(change)).await;
    assert_eq!(
        site.admin_call("GET", &path, None).await["item"]["title"],
        "changed"
    );
    // The parent must be said, be there, and be in sight; the right is the same.
    let mut orphan = note.clone();
    orphan.as_object_mut().unwrap().remove("ticketID");
    let (_, json) = post(orphan).await;
    assert_eq!(
        says(&json),
        "Value does not exist for the required field ticketID"
    );
    let mut lost = note.clone();
    lost["ticketID"] = json!(987_654);
    let (_, json) = post(lost).await;
    assert!(
        says(&json).ends_with("does not exist or is invalid."),
        "{json}"
    );
    let file = json!({"attachmentType": "FILE_ATTACHMENT", "publish": 1, "title": "a", "fullPath": "a.txt", "data": "aGk="});
    let (_, json) = site
        .call(Some(site.admin()), "POST", "/TicketAttachments", Some(file))
        .await;
    assert!(
        says(&json).starts_with("Value does not exist for the required field"),
        "{json}"
    );
    let user = site
        .user(1, &[("Service Desk / Tickets", "view", "Mine")])
        .await;
    let (status, json) = site
        .call(Some(&user), "POST", "/TicketNotes", Some(note))
        .await;
    assert_eq!(status, 500, "a ticket out of sight: {json}");
    let company = company(&site, json!({})).await;
    let contact = json!({"companyID": company, "firstName": "A", "lastName": "B", "isActive": 1});
    let contact = site.admin_call("POST", "/Contacts", Some(contact)).await["itemId"].clone();
    site.admin_call("DELETE", &format!("/Contacts/{contact}"), None)
        .await;
    // What nobody writes stays closed.
    let (status, _) = site
        .call(Some(site.admin()), "POST", "/BillingCodes", Some(json!({})))
        .await;
    assert_eq!(status, 404);
}

/// What is deleted from a ticket or a task stands in its log, with who made it and who deleted it; what hangs on it
/// too.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_deleted_from_a_ticket_is_logged() {
    let site = Site::open().await;
    let tickets = site.rows(site.admin(), "Tickets").await;
    let roles = |row: &&Value| row["assignedResourceID"].is_i64();
    let ticket = tickets.iter().find(roles).unwrap();
    let tasks = site.rows(site.admin(), "Tasks").await;
    let task = tasks.iter().find(roles).unwrap();
    let logged = async |log: &str| site.rows(site.admin(), log).await;
    for (of, name, log, number) in [
        (
            ticket,
            "ticketID",
            "DeletedTicketActivityLogs",
            "ticketNumber",
        ),
        (task, "taskID", "DeletedTaskActivityLogs", "taskNumber"),
    ] {
        let before = logged(log).await.len();
        let entry = json!({name: of["id"], "resourceID": of["assignedResourceID"], "roleID": of["assignedResourceRoleID"],
            "dateWorked": "2026-03-01", "startDateTime": "2026-03-01T08:00:00Z", "endDateTime": "2026-03-01T08:45:00Z",
            "hoursWorked": 0.75, "summaryNotes": "Looked at it"});
        let made = site.admin_call("POST", "/TimeEntries", Some(entry)).await;
        let file = json!({"attachmentType": "FILE_ATTACHMENT", "publish": 1, "title": "Toner", "fullPath": "toner.txt",
            "data": STANDARD.encode("low")});
        let path = format!("/TimeEntries/{}/Attachments", made["itemId"]);
        site.admin_call("POST", &path, Some(file)).await;
        let path = format!("/TimeEntries/{}", made["itemId"]);
        let shown = site.admin_call("GET", &path, None).await;
        let me = shown["item"]["creatorUserID"].clone();
        assert!(me.is_i64());
        site.admin_call("DELETE", &path, None).await;
        let rows = logged(log).await;
        assert_eq!(rows.len(), before + 2, "{log}");
        let told = |row: &Value| {
            assert_eq!(row[name], of["id"]);
            assert_eq!(row[number], of[number]);
            assert_eq!(row["createdByResourceID"], me);
            assert_eq!(row["deletedByResourceID"], me);
            assert_eq!(row["deletedDateTime"], "2026-03-02T09:00:00Z");
            let words = [
                "typeID",
                "noteOrAttachmentTitle",
                "hoursWorked",
                "startDateTime",
            ];
            words.map(|word| row[word].clone())
        };
        let mut last: Vec<_> = rows[before..].iter().map(told).collect();
        last.sort_by_key(|row| row[0].as_i64());
        let entry = json!([2, "", 0.75, "2026-03-01T08:00:00Z"]);
        assert_eq!(json!(last[0]), entry);
        let file = json!([3, "Toner", 0.0, "2026-03-02T09:00:00Z"]);
        assert_eq!(json!(last[1]), file);
    }
}

/// One attachment, all of five minutes, and the block that follows; sockets take a body of that size.
#[tokio::test(flavor = "multi_thread")]
async fn attachments_are_held_to_the_vendors_sizes() {
    let site = Site::open().await;
    site.tenant
        .usage
        .set(bitting_autotask::limits::Limits::vendor());
    let ticket = site.rows(site.admin(), "Tickets").await[0]["id"].clone();
    let path = format!("/Tickets/{ticket}/Attachments");
    let attach = async |bytes: usize| {
        let body = json!({"attachmentType": "FILE_ATTACHMENT", "publish": 1, "title": "Log", "fullPath": "log.txt",
            "data": STANDARD.encode(vec![b'x'; bytes])});
        let (status, json) = site
            .call(Some(site.admin()), "POST", &path, Some(body))
            .await;
        (status, says(&json).to_owned())
    };
    let (status, text) = attach(7_000_001).await;
    assert_eq!(status, 500);
    assert!(
        text.contains("larger than the limit of 7000000 bytes"),
        "{text}"
    );
    assert_eq!(attach(7_000_000).await.0, 200);
    assert_eq!(attach(3_000_000).await.0, 200);
    let (status, text) = attach(1).await;
    assert_eq!(status, 500);
    assert!(text.contains("10000000 bytes in five minutes"), "{text}");
    // Nothing more is taken for five minutes from the refusal on, although the first ones are out of the span.
    site.advance(299);
    assert_eq!(attach(1).await.0, 500);
    site.advance(2);
    assert_eq!(attach(1).await.0, 200);
    // Other writes were never touched.
    let body = json!({"id": ticket, "title": "Goes on"});
    site.admin_call("PATCH", "/Tickets", Some(body)).await;
}

/// A resource is on a ticket or a task once: as the primary one, or beside it.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_on_a_ticket_twice() {
    let site = Site::open().await;
    let roles = site.rows(site.admin(), "ResourceServiceDeskRoles").await;
    for (path, team) in [
        ("Tickets", "TicketSecondaryResources"),
        ("Tasks", "TaskSecondaryResources"),
    ] {
        let rows = site.rows(site.admin(), path).await;
        let beside = site.rows(site.admin(), team).await;
        let field = if path == "Tickets" {
            "ticketID"
        } else {
            "taskID"
        };
        let alone = |row: &&Value| {
            row["assignedResourceID"].is_i64() && beside.iter().all(|one| one[field] != row["id"])
        };
        let record = rows.iter().find(alone).unwrap();
        let id = record["id"].as_i64().unwrap();
        let other = roles
            .iter()
            .find(|role| role["resourceID"] != record["assignedResourceID"])
            .unwrap();
        let below = format!("/{path}/{id}/SecondaryResources");
        let join = |resource: &Value, role: &Value| json!({"resourceID": resource, "roleID": role, field: id});
        let primary = join(
            &record["assignedResourceID"],
            &record["assignedResourceRoleID"],
        );
        let (status, json) = site
            .call(Some(site.admin()), "POST", &below, Some(primary))
            .await;
        assert_eq!(
            (status, says(&json)),
            (
                500,
                "The resourceID is already the primary resource of this record."
            )
        );
        // Whoever joins has the role to join in.
        let held = |role: i64| {
            let of = |row: &Value| row["resourceID"] == other["resourceID"];
            roles.iter().any(|row| of(row) && row["roleID"] == role)
        };
        let foreign = (1..=3).find(|role| !held(*role)).unwrap();
        let body = join(&other["resourceID"], &json!(foreign));
        let (status, json) = site
            .call(Some(site.admin()), "POST", &below, Some(body))
            .await;
        assert_eq!(
            (status, says(&json)),
            (500, "resourceID and roleID are not a valid pair")
        );
        let body = join(&other["resourceID"], &other["roleID"]);
        let made = site.admin_call("POST", &below, Some(body.clone())).await;
        let (status, json) = site
            .call(Some(site.admin()), "POST", &below, Some(body))
            .await;
        assert_eq!(
            (status, says(&json)),
            (
                500,
                "The resourceID is already a secondary resource of this record."
            )
        );
        let given = json!({"id": id, "assignedResourceID": other["resourceID"], "assignedResourceRoleID": other["roleID"]});
        let path = if path == "Tickets" {
            "/Tickets".to_owned()
        } else {
            format!("/Projects/{}/Tasks", record["projectID"])
        };
        let (status, json) = site
            .call(Some(site.admin()), "PATCH", &path, Some(given.clone()))
            .await;
        assert_eq!(status, 500, "{json}");
        assert!(
            says(&json).contains("already a secondary resource"),
            "{json}"
        );
        // Who leaves the team can take the ticket.
        let one = format!("{below}/{}", made["itemId"]);
        site.admin_call("DELETE", &one, None).await;
        site.admin_call("PATCH", &path, Some(given)).await;
        // Who gives it away leaves it.
        assert!(
            site.rows(site.admin(), team)
                .await
                .iter()
                .all(|one| one[field] != id)
        );
    }
}

/// PUT empties what it does not name, user-defined fields too; PATCH leaves them. Values on a list rest as it has them.
#[tokio::test(flavor = "multi_thread")]
async fn a_whole_record_empties_user_defined_fields_too() {
    let site = Site::open().await;
    let tier = |value: &str| json!([{"name": "service TIER", "value": value}]);
    let id = company(&site, json!({"userDefinedFields": tier("gOLD")})).await;
    let held = async || {
        let path = format!("/Companies/{id}");
        site.admin_call("GET", &path, None).await["item"]["userDefinedFields"][0]["value"].clone()
    };
    assert_eq!(held().await, "Gold", "as the list has it");
    let owner = site.resource("dfrost").await;
    let whole = json!({"id": id, "companyName": "Made", "companyType": 1, "phone": "2", "ownerResourceID": owner});
    for body in [
        json!({"id": id, "phone": "2"}),
        json!({"id": id, "userDefinedFields": []}),
    ] {
        site.admin_call("PATCH", "/Companies", Some(body)).await;
        assert_eq!(held().await, "Gold");
    }
    let mut named = whole.clone();
    named["userDefinedFields"] = tier("Silver");
    site.admin_call("PUT", "/Companies", Some(named)).await;
    assert_eq!(held().await, "Silver");
    site.admin_call("PUT", "/Companies", Some(whole)).await;
    assert_eq!(held().await, Value::Null);
}

/// The list of all files is searched by their record, whatever it is: a file of a ticket's note by the ticket too.
#[tokio::test(flavor = "multi_thread")]
async fn every_file_says_what_it_is_of() {
    let site = Site::open().await;
    let file = json!({"attachmentType": "FILE_ATTACHMENT", "publish": 1, "title": "t", "fullPath": "a.txt", "data": "aGk="});
    let mut seen = 0;
    for entity in &site.tenant.catalog().entities {
        let path = entity.path.strip_suffix("Attachments");
        let below = entity
            .served
            .as_ref()
            .and_then(|served| served.below.as_ref());
        let (Some(_), Some(below)) = (path, below) else {
            continue;
        };
        let of = &site.tenant.catalog().entity(below.parent.unwrap()).path;
        let parent = site.rows(site.admin(), of).await.pop().unwrap();
        let path = format!("/{}/{}/{}", below.segment, parent["id"], below.route);
        let id = site.admin_call("POST", &path, Some(file.clone())).await["itemId"].clone();
        let listed = site
            .admin_call("GET", &format!("/AttachmentInfo/{id}"), None)
            .await;
        let listed = &listed["item"];
        assert_eq!(listed["parentID"], parent["id"], "{path}");
        let kind = match &**of {
            "Tickets" | "Tasks" => 4,
            "TimeEntries" => 18,
            "TicketNotes" => 23,
            _ => listed["parentType"].as_i64().unwrap(),
        };
        assert_eq!(listed["parentType"], kind, "{path}");
        assert!(kind > 0, "{path}");
        let whole = match &**of {
            "TicketNotes" => "ticketID",
            "TimeEntries" if parent["taskID"].is_null() => "ticketID",
            "TimeEntries" | "TaskNotes" => "taskID",
            "ExpenseItems" => "expenseReportID",
            "ConfigurationItemNotes" => "configurationItemID",
            _ => "",
        };
        if !whole.is_empty() {
            assert_eq!(listed[whole], parent[whole], "{path} {whole}");
            assert!(listed[whole].is_i64(), "{path} {whole}");
        }
        seen += 1;
    }
    assert_eq!(seen, 19);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_is_told_once() {
    let site = Site::open().await;
    let company = company(&site, json!({})).await;
    let todo = json!({"actionType": 3, "assignedToResourceID": site.resource("dfrost").await,
        "startDateTime": "2026-03-02", "endDateTime": "2026-03-03", "contractID": 987_654});
    let path = format!("/Companies/{company}/ToDos");
    let (status, json) = site
        .call(Some(site.admin()), "POST", &path, Some(todo))
        .await;
    let sentence =
        "Reference value on field: contractID of type: Contract does not exist or is invalid.";
    assert_eq!((status, &json["errors"]), (500, &json!([sentence])));
}
