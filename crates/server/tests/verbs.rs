//! Verbs of set-up and of single records: pictures, portal logins, single sign-on, templates, prices, own
//! lists. What each leaves behind, and what it must not open.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_policy::Level::{All, None as No};
use bitting_policy::{Level, Levels};
use serde_json::{Value, json};
use support::{Answered, Company, Credentials};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\xffno form ends here--b\r\n";

async fn post(company: &Company, path: &str, body: Value) -> Answered {
    company.call(&company.admin, "POST", path, Some(body)).await
}

async fn changed(company: &Company, path: &str, field: &str, value: Value) -> Answered {
    let change = json!([{ "op": "replace", "path": field, "value": value }]);
    company
        .call(&company.admin, "PATCH", path, Some(change))
        .await
}

async fn caller(company: &Company, name: &str, rows: &[(&str, &str, Levels)]) -> Credentials {
    let role = company.role(name, rows, &[]).await;
    company.member(name, role).await.1
}

async fn client(company: &Company, name: &str) -> i64 {
    company
        .made(
            "/company/companies",
            json!({"identifier": name, "name": name}),
        )
        .await
}

fn form(parts: &[(&str, &str)], file: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in parts {
        let head =
            format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(head.as_bytes());
    }
    body.extend_from_slice(
        b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"me.png\"\r\n\r\n",
    );
    body.extend_from_slice(file);
    body.extend_from_slice(b"\r\n--b--\r\n");
    body
}

async fn send_form(company: &Company, path: &str, parts: &[(&str, &str)], file: &[u8]) -> Answered {
    let kind = "multipart/form-data; boundary=b";
    company
        .send_as(&company.admin, "POST", path, form(parts, file), kind)
        .await
}

#[tokio::test]
async fn photos_of_members_and_contacts_come_out_byte_for_byte() {
    let company = Company::open().await;
    let on = client(&company, "Client").await;
    let contact = json!({"firstName": "Ann", "lastName": "Lee", "company": {"id": on}});
    let contact = company.made("/company/contacts", contact).await;
    let member = company.admin_member;
    for (kind, id, path) in [
        (
            "Contact",
            contact,
            format!("/company/contacts/{contact}/image"),
        ),
        ("Member", member, format!("/system/members/{member}/image")),
    ] {
        let none = company.get(&company.admin, &path).await;
        assert_eq!(none.status, 404, "{kind}");
        let plain = format!("{path}?useDefaultFlag=true&lastModified=2020-01-01");
        let plain = company.get(&company.admin, &plain).await;
        assert_eq!((plain.status, &plain.body[..4]), (200, &b"\x89PNG"[..]));
        let id = id.to_string();
        let parts = [
            ("recordType", kind),
            ("recordId", &id),
            ("isAvatar", "true"),
        ];
        send_form(&company, "/system/documents", &parts, PNG)
            .await
            .expect(201);
        let photo = company.get(&company.admin, &path).await;
        assert_eq!((photo.status, photo.body.as_slice()), (200, PNG), "{kind}");
        assert_eq!(photo.headers["content-type"], "image/png");
    }
}

#[tokio::test]
async fn a_photo_is_set_by_whoever_may_change_the_record() {
    let company = Company::open().await;
    let on = client(&company, "Client").await;
    let contact = json!({"firstName": "Ann", "lastName": "Lee", "company": {"id": on}});
    let contact = company.made("/company/contacts", contact).await.to_string();
    let files = ("Companies", "Manage Attachments", [All, No, No, All]);
    for (name, level, status) in [("reader", No, 403), ("writer", All, 201)] {
        let rows = [("Companies", "Contacts", [No, level, No, All]), files];
        let key = caller(&company, name, &rows).await;
        let parts = [
            ("recordType", "Contact"),
            ("recordId", &contact),
            ("isAvatar", "true"),
        ];
        let kind = "multipart/form-data; boundary=b";
        let sent = company
            .send_as(&key, "POST", "/system/documents", form(&parts, PNG), kind)
            .await;
        assert_eq!(sent.status, status, "{name}: {}", sent.denial());
    }
}

#[tokio::test]
async fn icons_of_menu_entries_are_pictures_and_of_two_sizes() {
    let company = Company::open().await;
    let entry = |caption: &str| {
        json!({"caption": caption, "link": "https://x.test", "newWindowFlag": false,
            "menuLocation": {"id": 1}, "largeMenuIconId": 1, "smallMenuIconId": 1})
    };
    let id = company.made("/system/menuentries", entry("One")).await;
    let path = format!("/system/menuentries/{id}/image");
    assert_eq!(company.get(&company.admin, &path).await.status, 404);
    let refused = send_form(&company, &path, &[], b"<svg onload=alert(1)>").await;
    assert_eq!(refused.status, 400);
    // As a form, and as bytes alone.
    assert_eq!(send_form(&company, &path, &[], PNG).await.status, 204);
    let large = b"GIF89a another";
    let sent = company
        .send_as(
            &company.admin,
            "POST",
            &format!("{path}?largeFlag=true"),
            large.to_vec(),
            "image/gif",
        )
        .await;
    assert_eq!(sent.status, 204, "{}", sent.json);
    let small = company
        .get(&company.admin, &format!("{path}?largeFlag=false"))
        .await;
    assert_eq!((small.status, small.body.as_slice()), (200, PNG));
    let shown = company
        .get(&company.admin, &format!("{path}?largeFlag=true"))
        .await;
    assert_eq!((shown.status, shown.body.as_slice()), (200, &large[..]));
    assert_eq!(shown.headers["content-type"], "image/gif");
    // Again in its place, and gone with the entry.
    let again = b"GIF89a again";
    send_form(&company, &path, &[], again).await;
    assert_eq!(company.get(&company.admin, &path).await.body, again);
    let gone = format!("/system/menuentries/{id}");
    let gone = company.call(&company.admin, "DELETE", &gone, None).await;
    assert_eq!(gone.status, 204);
    // An icon's id that a caller names is no way to another file.
    let parts = [
        ("recordType", "Member"),
        ("recordId", "1"),
        ("title", "secret"),
    ];
    let secret = send_form(&company, "/system/documents", &parts, b"secret")
        .await
        .expect(201);
    let mut named = entry("Two");
    named["smallMenuIconId"] = secret["id"].clone();
    let id = company.made("/system/menuentries", named).await;
    let path = format!("/system/menuentries/{id}/image");
    assert_eq!(company.get(&company.admin, &path).await.status, 404);
}

#[tokio::test]
async fn a_priority_shows_its_colour_or_the_picture_it_was_given() {
    let company = Company::open().await;
    let mut pictures = Vec::new();
    for color in ["Red", "Green"] {
        let body = json!({"name": format!("P {color}"), "color": color});
        let id = company.made("/service/priorities", body).await;
        let path = format!("/service/priorities/{id}/image?lastModified=x");
        pictures.push((id, company.get(&company.admin, &path).await.body));
    }
    assert!(
        pictures
            .iter()
            .all(|(_, bytes)| bytes.starts_with(b"\x89PNG"))
    );
    assert_ne!(pictures[0].1, pictures[1].1);
    let id = pictures[0].0.to_string();
    let parts = [("recordType", "Priority"), ("recordId", &id)];
    send_form(&company, "/system/documents", &parts, PNG)
        .await
        .expect(201);
    let path = format!("/service/priorities/{id}/image");
    assert_eq!(company.get(&company.admin, &path).await.body, PNG);
}

#[tokio::test]
async fn a_portal_password_is_checked_and_never_shown() {
    let company = Company::open().await;
    let on = client(&company, "Client").await;
    let kinds = company
        .get(&company.admin, "/company/communicationTypes")
        .await
        .rows();
    let mail = match kinds.iter().find(|kind| kind["emailFlag"] == true) {
        Some(kind) => kind["id"].as_i64().unwrap(),
        None => {
            let kind = json!({"description": "Email", "emailFlag": true});
            company.made("/company/communicationTypes", kind).await
        }
    };
    let contact = json!({"firstName": "Ann", "lastName": "Lee", "company": {"id": on},
        "portalPassword": "correct horse",
        "communicationItems": [{"type": {"id": mail}, "value": "ann@client.test"}]});
    let id = company.made("/company/contacts", contact).await;
    let path = format!("/company/contacts/{id}");
    let shown = company.get(&company.admin, &path).await;
    let text = String::from_utf8_lossy(&shown.body).to_lowercase();
    assert!(
        !text.contains("correct horse") && !text.contains("password") && !text.contains("argon")
    );
    let validate = |email: &str, password: &str| {
        let body = json!({"email": email, "password": password});
        let company = &company;
        async move {
            let path = "/company/contacts/validatePortalCredentials";
            post(company, path, body).await.expect(200)
        }
    };
    let right = json!({"success": true, "contactId": id});
    let wrong = json!({"success": false});
    assert_eq!(validate("Ann@Client.test", "correct horse").await, right);
    assert_eq!(validate("ann@client.test", "wrong horse").await, wrong);
    assert_eq!(validate("bob@client.test", "correct horse").await, wrong);
    // Another change leaves the password alone; a blocked login opens nothing.
    changed(&company, &path, "title", json!("CEO"))
        .await
        .expect(200);
    assert_eq!(validate("ann@client.test", "correct horse").await, right);
    changed(&company, &path, "disablePortalLoginFlag", json!(true))
        .await
        .expect(200);
    assert_eq!(validate("ann@client.test", "correct horse").await, wrong);
    // Asking for a new one needs a contact.
    let ask = "/company/contacts/requestPassword";
    assert_eq!(
        post(&company, ask, json!({"email": "ann@client.test"}))
            .await
            .status,
        204
    );
    assert_eq!(
        post(&company, ask, json!({"email": "x@client.test"}))
            .await
            .status,
        404
    );
    assert_eq!(post(&company, ask, json!({})).await.status, 400);
}

#[tokio::test]
async fn a_member_is_linked_to_one_login_and_a_login_to_one_member() {
    let company = Company::open().await;
    let role = company.role("any", &[], &[]).await;
    let (other, _) = company.member("other", role).await;
    let me = company.admin_member;
    let with = async |company: &Company| {
        let path = "/system/members/withSso";
        company.get(&company.admin, path).await.rows().len()
    };
    assert_eq!(with(&company).await, 0);
    let link = |id: i64| format!("/system/members/{id}/linkSsoUser");
    let said = post(&company, &link(me), json!({"ssoUserId": "u-1"}))
        .await
        .expect(200);
    assert_eq!(said["success"], true);
    assert_eq!(with(&company).await, 1);
    let users = company.get(&company.admin, "/system/ssoUsers").await.rows();
    assert_eq!(
        (&users[0]["linkedFlag"], &users[0]["linkedMember"]["id"]),
        (&json!(true), &json!(me))
    );
    let refused = post(&company, &link(other), json!({"ssoUserId": "u-1"})).await;
    assert_eq!(refused.status, 400, "a login is one member's");
    assert_eq!(post(&company, &link(me), json!({})).await.status, 400);
    // Another login takes the place of the first, which is free again.
    post(&company, &link(me), json!({"ssoUserId": "u-2"}))
        .await
        .expect(200);
    post(&company, &link(other), json!({"ssoUserId": "u-1"}))
        .await
        .expect(200);
    assert_eq!(with(&company).await, 2);
    post(
        &company,
        &format!("/system/members/{me}/unlinkSsoUser"),
        json!({}),
    )
    .await
    .expect(200);
    assert_eq!(with(&company).await, 1);
    let users = company.get(&company.admin, "/system/ssoUsers").await.rows();
    let free: Vec<_> = users
        .iter()
        .filter(|user| user["linkedFlag"] == false)
        .collect();
    assert_eq!(free.len(), 1);
    assert_eq!(free[0]["ssoUserId"], "u-2");
    // Nothing leaves an embedded PSA, and it says so.
    let submit = format!("/system/members/{me}/submit");
    let said = post(&company, &submit, json!({"token": "t"}))
        .await
        .expect(200);
    assert_eq!(said["success"], false);
}

#[tokio::test]
async fn a_template_is_linked_to_a_company_and_makes_tickets_for_it() {
    let company = Company::open().await;
    let (one, two) = (client(&company, "One").await, client(&company, "Two").await);
    let board = json!({"name": "Help", "location": {"id": 1}, "department": {"id": 1}});
    let board = company.made("/service/boards", board).await;
    let template = json!({"name": "Patch day", "summary": "Install patches", "board": {"id": board},
        "problem": "All servers", "hoursBudget": 3});
    let id = company.made("/service/templates", template).await;
    let of = |company: i64, verb: &str| {
        format!("/company/companies/{company}/serviceTemplates/{id}{verb}")
    };
    let nobody = post(
        &company,
        &format!("/service/templates/{id}/generate"),
        json!({}),
    )
    .await;
    assert_eq!(nobody.status, 400, "a ticket needs a company");
    let linked = post(&company, &of(one, "/link"), json!({}))
        .await
        .expect(201);
    assert_eq!(linked["company"]["id"], one);
    assert_eq!(
        post(&company, &of(two, "/link"), json!({})).await.status,
        400
    );
    assert_eq!(
        post(&company, &of(two, "/unlink"), json!({})).await.status,
        404
    );
    let made = post(&company, &of(one, "/generate"), json!({}))
        .await
        .expect(201);
    assert_eq!(made, json!({"serviceCount": 1, "scheduleCount": 0}));
    let tickets = company.get(&company.admin, "/service/tickets").await.rows();
    assert_eq!(tickets[0]["summary"], "Install patches");
    assert_eq!(tickets[0]["company"]["id"], one);
    assert_eq!(tickets[0]["budgetHours"], 3);
    let copy = post(&company, &of(one, "/copy"), json!({}))
        .await
        .expect(201);
    assert_eq!(copy["name"], "Patch day (copy)");
    let of_one = format!("/company/companies/{one}/serviceTemplates");
    assert_eq!(company.get(&company.admin, &of_one).await.rows().len(), 2);
    post(&company, &of(one, "/unlink"), json!({}))
        .await
        .expect(201);
    assert_eq!(company.get(&company.admin, &of_one).await.rows().len(), 1);
    // Who may change templates alone makes no tickets of them.
    let rows = [("Service Desk", "Ticket Templates", [All, All, No, All])];
    let key = caller(&company, "templates", &rows).await;
    post(&company, &of(one, "/link"), json!({}))
        .await
        .expect(201);
    let path = format!("/service/templates/{id}/generate");
    let refused = company.call(&key, "POST", &path, Some(json!({}))).await;
    assert_eq!(refused.status, 403);
}

/// A product of a category, with a schedule for one company: from ten on, a tenth less.
async fn product(company: &Company, on: i64) -> i64 {
    let category = company
        .made(
            "/procurement/categories",
            json!({"name": "Ink", "integrationXref": "i"}),
        )
        .await;
    let sub = company
        .made(
            "/procurement/subcategories",
            json!({"name": "Toner", "category": {"id": category}}),
        )
        .await;
    let kind = company
        .made("/procurement/types", json!({"name": "Goods"}))
        .await;
    let item = company
        .made(
            "/procurement/catalog",
            json!({"identifier": "TN-1", "description": "Toner", "customerDescription": "Toner",
            "subcategory": {"id": sub}, "type": {"id": kind}, "price": 50, "cost": 30}),
        )
        .await;
    let schedule = company
        .made(
            "/procurement/pricingschedules",
            json!({"name": "Friends", "companies": [on]}),
        )
        .await;
    let details = format!("/procurement/pricingschedules/{schedule}/details");
    let detail = company.made(&details,
        json!({"product": {"id": item}, "startDate": "2026-01-01T00:00:00Z", "noEndDate": true}),
    )
    .await;
    company
        .made(
            &format!("{details}/{detail}/breaks"),
            json!({"quantityStart": 10, "unlimited": true, "amount": 10,
            "priceMethod": "PercentMarkdownFromPrice"}),
        )
        .await;
    item
}

#[tokio::test]
async fn a_price_is_what_the_companys_schedule_makes_of_it() {
    let company = Company::open().await;
    let (friend, other) = (
        client(&company, "Friend").await,
        client(&company, "Other").await,
    );
    let item = product(&company, friend).await;
    let path = format!("/procurement/catalog/{item}/pricing");
    for (on, quantity, date, price) in [
        (friend, 10, "2026-03-02T00:00:00Z", 45),
        (friend, 9, "2026-03-02T00:00:00Z", 50),
        (friend, 10, "2025-03-02T00:00:00Z", 50),
        (other, 10, "2026-03-02T00:00:00Z", 50),
    ] {
        let body = json!({"company": {"id": on}, "quantity": quantity, "date": date});
        let said = post(&company, &path, body).await.expect(200);
        assert_eq!(said["price"], price, "{on} {quantity} {date}");
    }
    for wrong in [
        json!({"quantity": 0}),
        json!({"date": "tomorrow"}),
        json!({"company": {"id": 4711}}),
    ] {
        assert_eq!(post(&company, &path, wrong).await.status, 400);
    }
    // Reading products is enough to ask; prices stay hidden where they are.
    let rows = [("Procurement", "Product Catalog", [No, No, No, All])];
    let role = company.role("buyer", &rows, &[]).await;
    let (_, key) = company.member("buyer", role).await;
    let said = company
        .call(&key, "POST", &path, Some(json!({})))
        .await
        .expect(200);
    assert_eq!(said["price"], 50);
    let on_hand = company
        .get(&key, "/procurement/catalog/TN-1/quantityOnHand")
        .await;
    assert_eq!(on_hand.expect(200), json!({"count": 0}));
    let nowhere = company
        .get(&key, "/procurement/catalog/TN-2/quantityOnHand")
        .await;
    assert_eq!(nowhere.status, 404);
}

#[tokio::test]
async fn picked_companies_are_each_members_own() {
    let company = Company::open().await;
    let on = client(&company, "Client").await;
    let all = [All, All, All, All];
    let rows: [(&str, &str, [Level; 4]); 1] = [("Companies", "Company Maintenance", all)];
    let key = caller(&company, "picker", &rows).await;
    let path = "/company/companyPickerItems";
    let mine = json!({"company": {"id": on}});
    let theirs = company
        .call(&key, "POST", path, Some(mine.clone()))
        .await
        .expect(201);
    post(&company, path, mine).await.expect(201);
    let listed = company.get(&company.admin, path).await.rows();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["member"]["id"], company.admin_member);
    let other = format!("{path}/{}", theirs["id"]);
    assert_eq!(company.get(&company.admin, &other).await.status, 404);
    let gone = company.call(&company.admin, "DELETE", &other, None).await;
    assert_eq!(gone.status, 404);
    let foreign = json!({"company": {"id": on}, "member": {"id": company.admin_member}});
    assert_eq!(
        company.call(&key, "POST", path, Some(foreign)).await.status,
        400
    );
    // Emptying the list of vendors leaves companies; emptying all leaves other members' lists.
    let clear = format!("{path}/clear");
    assert_eq!(
        post(&company, &clear, json!({"type": "Vendor"}))
            .await
            .status,
        204
    );
    assert_eq!(company.get(&company.admin, path).await.rows().len(), 1);
    assert_eq!(
        post(&company, &clear, json!({"type": "All"})).await.status,
        400
    );
    assert_eq!(post(&company, &clear, json!({})).await.status, 204);
    assert!(company.get(&company.admin, path).await.rows().is_empty());
    assert_eq!(company.get(&key, path).await.rows().len(), 1);
}

#[tokio::test]
async fn a_board_keeps_one_default_status() {
    let company = Company::open().await;
    let board = json!({"name": "Help", "location": {"id": 1}, "department": {"id": 1}});
    let board = company.made("/service/boards", board).await;
    let path = format!("/service/boards/{board}/statuses");
    let second = company
        .made(&path, json!({"name": "Triage", "defaultFlag": true}))
        .await;
    let rows = company.get(&company.admin, &path).await.rows();
    let default: Vec<_> = rows
        .iter()
        .filter(|row| row["defaultFlag"] == true)
        .collect();
    assert_eq!(default.len(), 1);
    assert_eq!(default[0]["id"], second);
    let own = format!("{path}/{second}");
    assert_eq!(
        changed(&company, &own, "defaultFlag", json!(false))
            .await
            .status,
        400
    );
    assert_eq!(
        changed(&company, &own, "inactive", json!(true))
            .await
            .status,
        400
    );
    let gone = company.call(&company.admin, "DELETE", &own, None).await;
    assert_eq!(gone.status, 409);
    let first = rows.iter().find(|row| row["name"] == "New").unwrap();
    let first = format!("{path}/{}", first["id"]);
    changed(&company, &first, "defaultFlag", json!(true))
        .await
        .expect(200);
    let gone = company.call(&company.admin, "DELETE", &own, None).await;
    assert_eq!(gone.status, 204);
}

#[tokio::test]
async fn teams_follow_their_leader_and_their_role() {
    let company = Company::open().await;
    let board = json!({"name": "Help", "location": {"id": 1}, "department": {"id": 1}});
    let board = company.made("/service/boards", board).await;
    let leader = company.admin_member;
    let path = format!("/service/boards/{board}/teams");
    let team = json!({"name": "First", "teamLeader": {"id": leader}});
    let team = post(&company, &path, team).await.expect(201);
    assert_eq!(team["members"], json!([leader]));
    assert_eq!(team["defaultFlag"], true);
    let on = client(&company, "Client").await;
    let role = json!({"name": "Account", "accountManagerFlag": true});
    let role = company.made("/company/teamRoles", role).await;
    let path = format!("/company/companies/{on}/teams");
    let row = json!({"teamRole": {"id": role}, "member": {"id": leader}});
    let row = post(&company, &path, row).await.expect(201);
    assert_eq!(
        (&row["accountManagerFlag"], &row["techFlag"]),
        (&json!(true), &json!(false))
    );
    assert!(row["location"]["id"].is_i64(), "the member's place");
    let nobody = post(&company, &path, json!({"teamRole": {"id": role}})).await;
    assert_eq!(nobody.status, 400);
}

#[tokio::test]
async fn an_address_is_filled_with_what_the_caller_may_read() {
    let company = Company::open().await;
    let on = client(&company, "A & B").await;
    let link = json!({"name": "Map", "screenLink": "Company", "url": "https://map.test/?q=[name]&n=[id]&x=[none]"});
    let id = company.made("/system/links", link).await;
    let path = format!("/system/info/links/{id}/resolveurl");
    let body = json!({"referenceId": on});
    let said = post(&company, &path, body.clone()).await.expect(201);
    assert_eq!(
        said["url"],
        format!("https://map.test/?q=A%20%26%20B&n={on}&x=[none]")
    );
    assert_eq!(post(&company, &path, json!({})).await.status, 400);
    assert_eq!(
        post(&company, &path, json!({"referenceId": 4711}))
            .await
            .status,
        400
    );
    let blind = caller(&company, "blind", &[]).await;
    let refused = company.call(&blind, "POST", &path, Some(body)).await;
    assert_eq!(refused.status, 403, "a link shows what it names");
}

#[tokio::test]
async fn what_is_outside_is_named_and_not_reached() {
    let company = Company::open().await;
    let quotes = "/system/quoteLinkSetup/testConnection";
    let url = format!("{quotes}?url=https://quotes.test");
    let said = company.get(&company.admin, &url).await.expect(200);
    assert_eq!(said["success"], false);
    let message = said["message"].as_str().unwrap();
    assert!(
        message.contains("https://quotes.test") && message.contains("reaches nothing"),
        "{message}"
    );
    let said = company.get(&company.admin, quotes).await.expect(200);
    let message = said["message"].as_str().unwrap();
    assert!(message.contains("names no url"), "{message}");
    let site =
        json!({"name": "N", "site": "https://net.test", "username": "ann", "password": "horse"});
    let id = company
        .made("/system/managementNetworkSecurities", site)
        .await;
    let path = format!("/system/managementNetworkSecurities/{id}/testCredentials");
    let message = company.get(&company.admin, &path).await.expect(200)["message"].to_string();
    assert!(
        message.contains("net.test") && !message.contains("horse"),
        "{message}"
    );
    let path = format!("/system/managementNetworkSecurities/{id}");
    changed(&company, &path, "username", Value::Null)
        .await
        .expect(200);
    let path = format!("{path}/testCredentials");
    let message = company.get(&company.admin, &path).await.expect(200)["message"].to_string();
    assert!(
        message.contains("username"),
        "what is missing is named: {message}"
    );
}

#[tokio::test]
async fn colours_go_back_to_their_standard() {
    let company = Company::open().await;
    let reset = "/schedule/colors/reset";
    let colors = post(&company, reset, json!({})).await.rows();
    let first = &colors[1];
    let clear = format!("/schedule/colors/{}/clear", first["id"]);
    let cleared = post(&company, &clear, json!({})).await.expect(200);
    assert_ne!(cleared["color"], first["color"]);
    let again = post(&company, reset, json!({})).await.rows();
    let plain = |rows: &[Value]| {
        rows.iter()
            .map(|row| row["color"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(plain(&again), plain(&colors));
    assert_eq!(
        company
            .get(&company.admin, "/schedule/colors")
            .await
            .rows()
            .len(),
        colors.len()
    );
}

#[tokio::test]
async fn an_import_makes_all_of_its_records_or_none() {
    let company = Company::open().await;
    let path = "/system/marketplaceimport/import";
    let boards = |names: &[&str]| {
        let board =
            |name: &&str| json!({"name": name, "location": {"id": 1}, "department": {"id": 1}});
        let boards: Vec<Value> = names.iter().map(board).collect();
        json!({"marketplaceImportType": "ServiceBoards", "marketplaceObject": boards})
    };
    let said = post(&company, path, boards(&["One", "Two"]))
        .await
        .expect(201);
    assert_eq!(said["marketplaceObject"].as_array().unwrap().len(), 2);
    let count = async |company: &Company| {
        company
            .get(&company.admin, "/service/boards")
            .await
            .rows()
            .len()
    };
    assert_eq!(count(&company).await, 2);
    assert_eq!(
        post(&company, path, boards(&["Three", "One"])).await.status,
        400
    );
    let wrong = json!({"marketplaceImportType": "Views", "marketplaceObject": [{"name": "V"}]});
    assert_eq!(post(&company, path, wrong).await.status, 400);
    assert_eq!(post(&company, path, json!({})).await.status, 400);
    // The right to import is none to make what is imported.
    let rows = [("System", "Mass Maintenance", [All, All, All, All])];
    let key = caller(&company, "importer", &rows).await;
    let refused = company
        .call(&key, "POST", path, Some(boards(&["Four"])))
        .await;
    assert_eq!(refused.status, 403);
    assert_eq!(count(&company).await, 2);
}
