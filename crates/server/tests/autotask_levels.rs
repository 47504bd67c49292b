//! What the values of a security level, and what stands beside it on a user, open and close: territories,
//! organizations, ownership, references, protected data, impersonation, costs, locks.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "support/autotask.rs"]
mod site;

use bitting_autotask::users::{ProtectedData, Shown};
use bitting_psa::secret::Secret;
use serde_json::{Value, json};
use site::{Site, all};

const NO_SUCH: &str = "does not exist or is invalid.";
const NOT_ALLOWED: &str = "does not have the adequate permissions";

fn says(json: &Value) -> &str {
    json["errors"][0].as_str().unwrap_or("")
}

fn ids(rows: &[Value], keep: impl Fn(&Value) -> bool) -> Vec<i64> {
    let rows = rows.iter().filter(|row| keep(row));
    rows.map(|row| row["id"].as_i64().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn mine_is_mine_and_territories_and_organizations_reach_further() {
    let site = Site::open().await;
    let me = site.resource("kadair").await;
    let companies = site.rows(site.admin(), "Companies").await;
    let tickets = site.rows(site.admin(), "Tickets").await;
    let customer = |row: &Value| [1, 6].contains(&row["companyType"].as_i64().unwrap());
    for (value, territories) in [
        ("Mine", vec![29_682_778]),
        ("My Territories", vec![]),
        ("My Territories", vec![29_682_778]),
        ("My Territories", vec![29_682_778, 29_682_780]),
        ("All", vec![]),
    ] {
        let settings = [
            ("CRM / Customer & Cancelation", "value", value),
            ("Service Desk / Tickets", "view", "Mine"),
        ];
        let user = site.user(me, &settings).await;
        site.tenant.set_territories(me, &territories).await.unwrap();
        let team = site.rows(site.admin(), "CompanyTeams").await;
        let on_team = |row: &Value| {
            team.iter()
                .any(|member| member["companyID"] == row["id"] && member["resourceID"] == me)
        };
        let expected = ids(&companies, |row| {
            let mine = row["ownerResourceID"] == me || on_team(row);
            let near = value == "My Territories"
                && territories
                    .iter()
                    .any(|territory| row["territoryID"] == *territory);
            customer(row) && (value == "All" || mine || near)
        });
        let seen = ids(&site.rows(&user, "Companies").await, |_| true);
        assert_eq!(seen, expected, "{value} {territories:?}");
        assert!(!seen.is_empty());
        // Mine opens nobody else's tickets, whatever companies are in sight.
        let own = ids(&site.rows(&user, "Tickets").await, |_| true);
        let secondary = site.rows(site.admin(), "TicketSecondaryResources").await;
        let expected = ids(&tickets, |row| {
            let second = secondary
                .iter()
                .any(|other| other["ticketID"] == row["id"] && other["resourceID"] == me);
            let mine = row["assignedResourceID"] == me || row["creatorResourceID"] == me;
            (mine || second) && row["organizationalLevelAssociationID"].is_null()
        });
        assert_eq!(own, expected, "tickets under Mine");
        let settings = [
            ("CRM / Customer & Cancelation", "value", value),
            ("Service Desk / Tickets", "view", "Mine + Organizations"),
        ];
        let user = site.user(me, &settings).await;
        let wider = ids(&site.rows(&user, "Tickets").await, |_| true);
        let expected = ids(&tickets, |row| {
            let near = own.contains(&row["id"].as_i64().unwrap())
                || seen.contains(&row["companyID"].as_i64().unwrap());
            // Who works for no line of business does not see the records of one.
            near && row["organizationalLevelAssociationID"].is_null()
        });
        assert_eq!(wider, expected, "tickets under Mine + Organizations");
        assert!(wider.len() > own.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_out_of_sight_cannot_be_pointed_to() {
    let site = Site::open().await;
    let companies = site.rows(site.admin(), "Companies").await;
    let of = |kind: i64| {
        let found = companies.iter().find(|row| row["companyType"] == kind);
        found.unwrap()["id"].as_i64().unwrap()
    };
    let (open, hidden) = (of(1), of(7));
    let settings = [
        ("CRM / Customer & Cancelation", "value", "All"),
        ("Service Desk / Tickets", "view", "All"),
        ("Service Desk / Tickets", "add", "Yes"),
        ("Service Desk / Tickets", "edit", "Yes"),
    ];
    let user = site.user(1, &settings).await;
    let ticket =
        |company: i64| json!({"companyID": company, "title": "x", "status": 1, "priority": 1});
    let post = |company: i64| site.call(Some(&user), "POST", "/Tickets", Some(ticket(company)));
    let (_, unknown) = post(987_654).await;
    let (status, json) = post(hidden).await;
    assert_eq!((status, &json), (500, &unknown), "as an unknown id");
    assert!(says(&json).ends_with(NO_SUCH), "{json}");
    let (status, json) = post(open).await;
    assert_eq!(status, 200, "{json}");
    let id = json["itemId"].clone();
    for (field, value) in [
        ("companyID", hidden),
        ("contractID", 1),
        ("configurationItemID", 1),
    ] {
        let change = json!({"id": id, field: value});
        let (status, json) = site
            .call(Some(&user), "PATCH", "/Tickets", Some(change))
            .await;
        assert_eq!(status, 500, "{field} {json}");
        assert!(says(&json).contains(NO_SUCH), "{json}");
    }
    // Companies are kept in memory, and no longer than they are what they were.
    for (kind, taken) in [(1, 200), (7, 500)] {
        let change = json!({"id": hidden, "companyType": kind});
        site.admin_call("PATCH", "/Companies", Some(change)).await;
        let (status, json) = post(hidden).await;
        assert_eq!(status, taken, "class {kind}: {json}");
    }
    // What is already there may stay, also out of sight.
    let theirs = site.rows(&user, "Tickets").await;
    let theirs = theirs.iter().find(|row| {
        row["contractID"].is_null() && {
            let company = row["companyID"].as_i64().unwrap();
            companies
                .iter()
                .any(|one| one["id"] == company && one["companyType"] == 7)
        }
    });
    if let Some(row) = theirs {
        let change = json!({"id": row["id"], "companyID": row["companyID"], "title": "y"});
        let (status, json) = site
            .call(Some(&user), "PATCH", "/Tickets", Some(change))
            .await;
        assert_eq!(status, 200, "{json}");
    }
    // One check of the screen lets companies be chosen that are not shown.
    let mut wider = settings.to_vec();
    let display = "CRM / Display ALL companies in pick lists and data selectors";
    wider.push((display, "value", "Checked"));
    let user = site.user(1, &wider).await;
    let (status, json) = site
        .call(Some(&user), "POST", "/Tickets", Some(ticket(hidden)))
        .await;
    assert_eq!(status, 200, "{json}");
    let (_, json) = site
        .call(Some(&user), "GET", &format!("/Companies/{hidden}"), None)
        .await;
    assert_eq!(json, json!({"item": null}));
}

#[tokio::test(flavor = "multi_thread")]
async fn users_of_the_api_make_records_and_own_none() {
    let site = Site::open().await;
    let api = site.resource("bitting-api").await;
    let ticket = json!({"companyID": 0, "title": "x", "status": 1, "priority": 1,
        "assignedResourceID": api, "assignedResourceRoleID": 1});
    let (status, json) = site
        .call(Some(site.admin()), "POST", "/Tickets", Some(ticket))
        .await;
    assert_eq!(status, 500);
    assert!(
        json.to_string()
            .contains("assignedResourceID of type: Resource"),
        "{json}"
    );
    // A role that a resource does not have is none for it.
    let me = site.resource("dfrost").await;
    let mut ticket = json!({"companyID": 0, "title": "x", "status": 1, "priority": 1,
        "assignedResourceID": me, "assignedResourceRoleID": 3});
    let (status, json) = site
        .call(Some(site.admin()), "POST", "/Tickets", Some(ticket.clone()))
        .await;
    assert_eq!(
        (status, says(&json)),
        (
            500,
            "assignedResourceID and assignedResourceRoleID are not a valid pair"
        )
    );
    ticket["assignedResourceRoleID"] = json!(1);
    let (status, json) = site
        .call(Some(site.admin()), "POST", "/Tickets", Some(ticket))
        .await;
    assert_eq!(status, 200, "{json}");
    let page = site
        .admin_call("GET", &format!("/Tickets/{}", json["itemId"]), None)
        .await;
    assert_eq!(page["item"]["creatorResourceID"], api);
}

/// The user with other rights on protected data.
async fn with_data(site: &Site, user: &Shown, data: ProtectedData) {
    let (id, kept) = site.tenant.user(&user.user).unwrap();
    let mut changed = (*kept).clone();
    changed.protected_data = Some(data);
    site.tenant.save_user(Some(id), changed).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn four_rights_on_protected_data_each_with_those_below() {
    let site = Site::open().await;
    with_data(&site, site.admin(), ProtectedData::EditProtected).await;
    let page = site
        .admin_call("POST", "/ConfigurationItems/query", Some(all()))
        .await;
    let id = page["items"][0]["id"].clone();
    let set = |name: &str, value: &str| json!({"id": id, "userDefinedFields": [{"name": name, "value": value}]});
    let (open, secret) = ("Purchase Date", "Administrator Password");
    for body in [set(open, "2026-01-05"), set(secret, "hunter2")] {
        site.admin_call("PATCH", "/ConfigurationItems", Some(body))
            .await;
    }
    let search = |name: &str, value: &str| json!({"filter": [{"op": "eq", "field": name, "value": value, "udf": true}]});
    for data in [
        ProtectedData::None,
        ProtectedData::ViewUnprotected,
        ProtectedData::EditUnprotected,
        ProtectedData::ViewProtected,
        ProtectedData::EditProtected,
    ] {
        with_data(&site, site.admin(), data).await;
        let item = site
            .admin_call("GET", &format!("/ConfigurationItems/{id}"), None)
            .await;
        let shown = item["item"]["userDefinedFields"].as_array().unwrap();
        let value = |name: &str| {
            shown
                .iter()
                .find(|field| field["name"] == name)
                .map(|field| field["value"].clone())
        };
        let expected = (data != ProtectedData::None).then(|| json!("2026-01-05T00:00:00Z"));
        assert_eq!(value(open), expected, "{data:?}");
        let expected = match data {
            ProtectedData::None => None,
            data if data >= ProtectedData::ViewProtected => Some(json!("hunter2")),
            _ => Some(json!("*****")),
        };
        assert_eq!(value(secret), expected, "{data:?}");
        for (name, given, see, edit) in [
            (
                open,
                "2026-01-05",
                ProtectedData::ViewUnprotected,
                ProtectedData::EditUnprotected,
            ),
            (
                secret,
                "hunter2",
                ProtectedData::ViewProtected,
                ProtectedData::EditProtected,
            ),
        ] {
            let body = Some(set(name, given));
            let (status, json) = site
                .call(Some(site.admin()), "PATCH", "/ConfigurationItems", body)
                .await;
            assert_eq!(status == 200, data >= edit, "{data:?} {name} {json}");
            assert!(status == 200 || says(&json).contains(NOT_ALLOWED), "{json}");
            let body = Some(search(name, "2026-01-05T00:00:00Z"));
            let (status, _) = site
                .call(
                    Some(site.admin()),
                    "POST",
                    "/ConfigurationItems/query",
                    body,
                )
                .await;
            assert_eq!(
                status == 200,
                data >= see,
                "a search must not tell what is hidden: {data:?} {name}"
            );
        }
        // What was masked may come back so and changes nothing.
        let (status, json) = site
            .call(
                Some(site.admin()),
                "PATCH",
                "/ConfigurationItems",
                Some(set(secret, "*****")),
            )
            .await;
        assert_eq!(status, 200, "{json}");
    }
    let item = site
        .admin_call("GET", &format!("/ConfigurationItems/{id}"), None)
        .await;
    assert!(item.to_string().contains("hunter2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn records_are_made_in_the_name_of_others_where_both_levels_agree() {
    let site = Site::open().await;
    let target = site.resource("dfrost").await;
    let header = target.to_string();
    let header = [("ImpersonationResourceId", header.as_str())];
    let ticket = json!({"companyID": 0, "title": "x", "status": 1, "priority": 1});
    let post = |user, body: Value| site.send(user, "POST", "/Tickets", &header, Some(body));
    let refused = post(Some(site.admin()), ticket.clone()).await;
    assert_eq!(
        refused.status, 500,
        "nobody can be acted for until its level says so"
    );
    assert!(
        says(&refused.json).contains("create this entity type"),
        "{}",
        refused.json
    );
    let mut people = site
        .tenant
        .permissions
        .copy("Full Access (system)", "Technicians")
        .unwrap();
    people.allows_impersonation = true;
    let people = site.tenant.save_level(None, people).await.unwrap();
    site.tenant.set_level_of(target, people).await.unwrap();
    // The license of a team member lets projects be made in its name and no tickets.
    let refused = post(Some(site.admin()), ticket.clone()).await;
    assert_eq!(refused.status, 500, "{}", refused.json);
    let person = json!({"id": target, "isActive": true});
    site.admin_call("PATCH", "/Resources", Some(person)).await;
    let boss = site.resource("akent").await;
    site.tenant.set_level_of(boss, people).await.unwrap();
    let header = boss.to_string();
    let header = [("impersonationresourceid", header.as_str())];
    let made = site
        .send(
            Some(site.admin()),
            "POST",
            "/Tickets",
            &header,
            Some(ticket.clone()),
        )
        .await;
    assert_eq!(made.status, 200, "{}", made.json);
    let id = made.json["itemId"].clone();
    let item = site
        .admin_call("GET", &format!("/Tickets/{id}"), None)
        .await["item"]
        .clone();
    let api = site.resource("bitting-api").await;
    assert_eq!(
        (
            &item["creatorResourceID"],
            &item["impersonatorCreatorResourceID"]
        ),
        (&json!(boss), &json!(api))
    );
    let notes = format!("/Tickets/{id}/Notes");
    let note = json!({"title": "n", "description": "d", "noteType": 1, "publish": 1});
    let note = site.admin_call("POST", &notes, Some(note)).await["itemId"].clone();
    let change = json!({"id": note, "title": "z"});
    let changed = site
        .send(Some(site.admin()), "PATCH", &notes, &header, Some(change))
        .await;
    assert_eq!(changed.status, 200, "{}", changed.json);
    let item = site
        .admin_call("GET", &format!("/TicketNotes/{note}"), None)
        .await["item"]
        .clone();
    let by = [
        "creatorResourceID",
        "impersonatorCreatorResourceID",
        "impersonatorUpdaterResourceID",
    ];
    assert_eq!(
        by.map(|name| item[name].clone()),
        [json!(api), Value::Null, json!(api)]
    );
    // A header that names nobody does not make a record the caller's own.
    for nobody in ["seven", "-1", "987654321", "4.5"] {
        let header = [("ImpersonationResourceId", nobody)];
        let made = site
            .send(
                Some(site.admin()),
                "POST",
                "/Tickets",
                &header,
                Some(ticket.clone()),
            )
            .await;
        assert_eq!(
            (
                made.status,
                says(&made.json).contains("create this entity type")
            ),
            (500, true),
            "{nobody}"
        );
    }
    // Reading in somebody else's name is refused, and where nobody can be acted for the header says nothing.
    let read = site
        .send(
            Some(site.admin()),
            "POST",
            "/Tickets/query",
            &header,
            Some(all()),
        )
        .await;
    assert_eq!(
        (
            read.status,
            says(&read.json).contains("query this entity type")
        ),
        (500, true)
    );
    let read = site
        .send(
            Some(site.admin()),
            "POST",
            "/Tasks/query",
            &header,
            Some(all()),
        )
        .await;
    assert_eq!(read.status, 200);
    // The tick of the grid is asked for, each verb for itself.
    let grid = "Web Services API / Tickets";
    for (ticks, create, update) in [
        (vec![], 500, 500),
        (vec![(grid, "add", "Checked")], 200, 500),
        (vec![(grid, "edit", "Checked")], 500, 200),
    ] {
        let mut settings = vec![
            ("CRM / Customer & Cancelation", "value", "All"),
            ("Service Desk / Tickets", "view", "All"),
            ("Service Desk / Tickets", "add", "Yes"),
            ("Service Desk / Tickets", "edit", "Yes"),
        ];
        settings.extend(&ticks);
        let user = site.user(api, &settings).await;
        let made = site
            .send(
                Some(&user),
                "POST",
                "/Tickets",
                &header,
                Some(ticket.clone()),
            )
            .await;
        assert_eq!(made.status, create, "{ticks:?} {}", made.json);
        let body = Some(json!({"id": id, "title": "y"}));
        let made = site
            .send(Some(&user), "PATCH", "/Tickets", &header, body)
            .await;
        assert_eq!(made.status, update, "{ticks:?} {}", made.json);
    }
    // What the other one may not do is not done in its name.
    let mut limited = site
        .tenant
        .permissions
        .copy("Full Access (system)", "Limited")
        .unwrap();
    limited.allows_impersonation = true;
    limited.settings.remove("Service Desk / Tickets");
    let limited = site.tenant.save_level(None, limited).await.unwrap();
    site.tenant.set_level_of(boss, limited).await.unwrap();
    let refused = site
        .send(
            Some(site.admin()),
            "POST",
            "/Tickets",
            &header,
            Some(ticket),
        )
        .await;
    assert_eq!(refused.status, 500);
}

#[tokio::test(flavor = "multi_thread")]
async fn costs_of_people_show_to_who_may_see_them() {
    let site = Site::open().await;
    let read = [("Service Desk / Tickets", "view", "All")];
    let user = site.user(1, &read).await;
    let page = site.rows(site.admin(), "Resources").await;
    assert!(
        page.iter().any(|row| row["internalCost"].is_number()),
        "the demo has costs"
    );
    let page = site.rows(&user, "Resources").await;
    assert!(page.iter().all(|row| row["internalCost"].is_null()));
    let search = json!({"filter": [{"op": "gt", "field": "internalCost", "value": 50}]});
    let (status, json) = site
        .call(
            Some(&user),
            "POST",
            "/Resources/query",
            Some(search.clone()),
        )
        .await;
    assert_eq!(status, 500, "a filter would tell them: {json}");
    let (status, json) = site
        .call(Some(&user), "POST", "/Resources/query/count", Some(search))
        .await;
    assert_eq!(status, 500, "{json}");
}

#[tokio::test(flavor = "multi_thread")]
async fn checks_of_the_screen_guard_single_values() {
    let site = Site::open().await;
    let me = site.resource("dfrost").await;
    let company = site.rows(site.admin(), "Companies").await[1].clone();
    let settings = [
        ("CRM / Customer & Cancelation", "value", "All"),
        ("CRM / Vendor & Partners", "value", "All"),
        ("CRM / Prospects, Leads, & Dead", "value", "All"),
        ("CRM / Accounts", "view", "All"),
        ("CRM / Accounts", "edit", "All"),
        ("Service Desk / Tickets", "view", "All"),
    ];
    let user = site.user(me, &settings).await;
    let owner = site.resource("nsoto").await;
    let other = if company["ownerResourceID"] == owner {
        site.resource("kadair").await
    } else {
        owner
    };
    let change = json!({"id": company["id"], "ownerResourceID": other});
    let (status, json) = site
        .call(Some(&user), "PATCH", "/Companies", Some(change.clone()))
        .await;
    assert_eq!(
        (status, says(&json).contains("the field ownerResourceID")),
        (500, true),
        "{json}"
    );
    let change =
        json!({"id": company["id"], "ownerResourceID": company["ownerResourceID"], "fax": "1"});
    let (status, json) = site
        .call(Some(&user), "PATCH", "/Companies", Some(change))
        .await;
    assert_eq!(status, 200, "the same owner is no change: {json}");
    // One in sight: some are of a line of business that the user is not of.
    let ticket = site.rows(&user, "Tickets").await[0]["id"].clone();
    let mut entry = json!({"ticketID": ticket, "resourceID": me, "dateWorked": "2026-03-02", "hoursWorked": 1, "showOnInvoice": false});
    let (status, json) = site
        .call(Some(&user), "POST", "/TimeEntries", Some(entry.clone()))
        .await;
    assert_eq!(
        (status, says(&json)),
        (
            500,
            "User not authorized to change Show On Invoice values for Ticket time entries"
        )
    );
    entry["showOnInvoice"] = json!(true);
    let (status, json) = site
        .call(Some(&user), "POST", "/TimeEntries", Some(entry))
        .await;
    assert_eq!(status, 200, "{json}");
    // Time of others is theirs.
    let theirs = site.rows(&user, "TimeEntries").await;
    let theirs = theirs.iter().find(|row| row["resourceID"] != me).unwrap();
    let (status, json) = site
        .call(
            Some(&user),
            "DELETE",
            &format!("/TimeEntries/{}", theirs["id"]),
            None,
        )
        .await;
    assert_eq!(
        (status, says(&json)),
        (
            500,
            "You do not have permission to delete time entries that you did not create."
        )
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contract_of_a_task_s_time_is_changed_by_who_may() {
    let site = Site::open().await;
    let me = site.resource("dfrost").await;
    let mut settings = vec![
        ("Projects / Client & Internal", "view", "All"),
        ("Projects / Proposals", "view", "All"),
        ("Projects / Project Templates", "view", "All"),
        ("Contracts / Contracts", "view", "All"),
        ("Contracts / Contract Visibility", "value", "Full"),
        ("CRM / Accounts", "view", "All"),
        ("CRM / Customer & Cancelation", "value", "All"),
        ("CRM / Vendor & Partners", "value", "All"),
        ("CRM / Prospects, Leads, & Dead", "value", "All"),
    ];
    let barred = site.user(me, &settings).await;
    settings.push(("Projects / Can modify Contract", "value", "Checked"));
    settings.push(("Projects / Can modify Service/Bundle", "value", "Checked"));
    let entrusted = site.user(me, &settings).await;
    let task = site.rows(&barred, "Tasks").await[0]["id"].clone();
    let service = site.rows(&barred, "ContractServices").await[0].clone();
    let (contract, service) = (service["contractID"].clone(), service["id"].clone());
    let entry =
        json!({"taskID": task, "resourceID": me, "dateWorked": "2026-03-02", "hoursWorked": 1});
    let (status, json) = site
        .call(Some(&barred), "POST", "/TimeEntries", Some(entry))
        .await;
    assert_eq!(status, 200, "{json}");
    for (field, value, called) in [
        ("contractID", contract, "Contract"),
        ("contractServiceID", service, "Service/Bundle"),
    ] {
        let change = json!({"id": json["itemId"], field: value});
        let (status, refused) = site
            .call(Some(&barred), "PATCH", "/TimeEntries", Some(change.clone()))
            .await;
        let text =
            format!("User not authorized to change {called} values for Project task time entries");
        assert_eq!((status, says(&refused)), (500, text.as_str()), "{field}");
        let (status, taken) = site
            .call(Some(&entrusted), "PATCH", "/TimeEntries", Some(change))
            .await;
        assert_eq!(status, 200, "{field}: {taken}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_notes_and_files_follow_their_record() {
    let site = Site::open().await;
    // Nothing but lookups is open to this one.
    let nobody = site.user(1, &[]).await;
    for entity in [
        "TimeEntries",
        "AttachmentInfo",
        "NotificationHistory",
        "TimeEntryAttachments",
    ] {
        assert!(
            !site.rows(site.admin(), entity).await.is_empty() || entity.starts_with(['N', 'T']),
            "{entity}"
        );
        assert_eq!(
            site.rows(&nobody, entity).await,
            Vec::<Value>::new(),
            "{entity}"
        );
    }
    // Files of people show in the list of all to who sees them at their own place.
    let hr = [("Admin / Resources/Users (HR)", "value", "Checked")];
    let hr = site.user(1, &hr).await;
    let at_home = site.rows(&hr, "ResourceAttachments").await;
    let listed = site.rows(&hr, "AttachmentInfo").await;
    let files = |rows: &[Value]| ids(rows, |_| true);
    assert!(!at_home.is_empty());
    assert_eq!(files(&listed), files(&at_home));
    let me = site.resource("dfrost").await;
    let user = site.user(me, &[]).await;
    let own = site.rows(&user, "TimeEntries").await;
    assert!(!own.is_empty() && own.iter().all(|row| row["resourceID"] == me));
    let (_, info) = site
        .call(
            Some(site.admin()),
            "GET",
            "/TimeEntries/entityInformation",
            None,
        )
        .await;
    assert_eq!(
        (
            &info["info"]["userAccessForQuery"],
            &info["info"]["userAccessForDelete"]
        ),
        (&json!("All"), &json!("Restricted"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_in_the_list_of_all_as_long_as_it_is_there() {
    let site = Site::open().await;
    let file = json!({"attachmentType": "FILE_ATTACHMENT", "publish": 1, "title": "a", "fullPath": "a.pdf", "data": "aGk=", "parentID": 5});
    let ticket = site.rows(site.admin(), "Tickets").await[0]["id"].clone();
    let path = format!("/Tickets/{ticket}/Attachments");
    let id = site.admin_call("POST", &path, Some(file.clone())).await["itemId"].clone();
    let company = site
        .admin_call("POST", "/Companies/0/Attachments", Some(file))
        .await["itemId"]
        .clone();
    assert_ne!(id, company, "all files share one series");
    let filter = json!({"filter": [{"op": "eq", "field": "parentID", "value": ticket}, {"op": "eq", "field": "parentType", "value": 4}]});
    let listed = site
        .admin_call("POST", "/AttachmentInfo/query", Some(filter))
        .await;
    let one = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["id"] == id)
        .unwrap()
        .clone();
    assert_eq!(
        (&one["ticketID"], &one["contentType"], &one["fileSize"]),
        (&ticket, &json!("application/pdf"), &json!(2))
    );
    assert!(one.get("data").is_none());
    site.admin_call("DELETE", &format!("{path}/{id}"), None)
        .await;
    let gone = site
        .admin_call("GET", &format!("/AttachmentInfo/{id}"), None)
        .await;
    assert_eq!(gone, json!({"item": null}));
    let broken = json!({"attachmentType": "FILE_ATTACHMENT", "publish": 1, "title": "a", "fullPath": "a", "data": "%%%"});
    let (status, _) = site
        .call(Some(site.admin()), "POST", &path, Some(broken))
        .await;
    assert_eq!(status, 500);
    // In lines, as mail has it; what comes back is whole.
    let lines = json!({"attachmentType": "FILE_ATTACHMENT", "publish": 1, "title": "a", "fullPath": "a.DOCX", "data": "YWJj\r\nZGVm\n"});
    let id = site.admin_call("POST", &path, Some(lines)).await["itemId"].clone();
    let one = site.admin_call("GET", &format!("{path}/{id}"), None).await;
    let one = &one["items"][0];
    assert_eq!(
        (&one["data"], &one["fileSize"]),
        (&json!("YWJjZGVm"), &json!(6))
    );
    let kind = one["contentType"].as_str().unwrap();
    assert!(kind.ends_with("wordprocessingml.document"), "{kind}");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_secrets_in_a_row_lock_the_user() {
    let site = Site::open().await;
    let user = site.user(1, &[]).await;
    let wrong = Shown {
        user: user.user.clone(),
        secret: Secret::new("wrong"),
        code: user.code.clone(),
    };
    let version = |user| site.call(Some(user), "GET", "/Version", None);
    for _ in 0..9 {
        assert_eq!(version(&wrong).await.0, 401);
    }
    assert_eq!(
        version(&user).await.0,
        200,
        "one right secret forgives them"
    );
    for _ in 0..10 {
        assert_eq!(version(&wrong).await.0, 401);
    }
    assert_eq!(version(&user).await, (401, Value::Null));
    let (id, kept) = site.tenant.user(&user.user).unwrap();
    assert!(kept.locked);
    let mut open = (*kept).clone();
    open.locked = false;
    site.tenant.save_user(Some(id), open).await.unwrap();
    assert_eq!(version(&user).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_of_business_hide_records_without_a_word() {
    let site = Site::open().await;
    let tickets = site.rows(site.admin(), "Tickets").await;
    let line = |row: &Value| row["organizationalLevelAssociationID"].as_i64();
    let members = site.rows(site.admin(), "OrganizationalResources").await;
    let held: Vec<i64> = members
        .iter()
        .map(|row| row["organizationalLevelAssociationID"].as_i64().unwrap())
        .collect();
    assert!(!held.is_empty(), "people work for lines of business");
    let me = members[0]["resourceID"].as_i64().unwrap();
    let mine: Vec<i64> = members
        .iter()
        .filter(|row| row["resourceID"] == me)
        .map(|row| row["organizationalLevelAssociationID"].as_i64().unwrap())
        .collect();
    // The first user is a member of all of them: so it sees every row there is.
    let lines: Vec<i64> = tickets.iter().filter_map(line).collect();
    assert!(!lines.is_empty());
    for (resource, lines) in [(1, &Vec::new()), (me, &mine)] {
        let user = site
            .user(resource, &[("Service Desk / Tickets", "view", "All")])
            .await;
        let seen = ids(&site.rows(&user, "Tickets").await, |_| true);
        let expected = ids(&tickets, |row| {
            line(row).is_none_or(|line| lines.contains(&line))
        });
        assert_eq!(seen, expected);
        assert!(seen.len() < tickets.len() && !seen.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn limited_visibility_leaves_notes_of_ones_own_and_nothing_else() {
    let site = Site::open().await;
    let contracts = site.rows(site.admin(), "Contracts").await;
    let companies = site.rows(site.admin(), "Companies").await;
    let kind = |contract: &Value| {
        let company = companies
            .iter()
            .find(|row| row["id"] == contract["companyID"]);
        company.unwrap()["companyType"].as_i64().unwrap()
    };
    // Not of a line of business, which would hide it for another reason.
    let mut plain = contracts
        .iter()
        .filter(|row| row["organizationalLevelAssociationID"].is_null() && kind(row) == 1);
    let contract = plain.next().unwrap()["id"].as_i64().unwrap();
    let notes = format!("/Contracts/{contract}/Notes");
    let note = |title: &str| Some(json!({"title": title, "description": "Renewal is due."}));
    let theirs = site.admin_call("POST", &notes, note("Theirs")).await["itemId"].clone();

    let with = |visibility: &'static str, view: &'static str| {
        [
            ("Contracts / Contracts", "view", view),
            ("Contracts / Contract Visibility", "value", visibility),
            ("CRM / Customer & Cancelation", "value", "All"),
            ("Service Desk / Tickets", "view", "All"),
            ("Service Desk / Tickets", "add", "Yes"),
        ]
    };
    let me = site.resource("kadair").await;
    let none = site.user(me, &with("None", "All")).await;
    let limited = site.user(me, &with("Limited", "All")).await;
    let full = site.user(me, &with("Full", "All")).await;

    let (status, json) = site.call(Some(&none), "POST", &notes, note("Mine")).await;
    assert!(status == 500 && says(&json).contains(NOT_ALLOWED), "{json}");
    // Contracts stay closed, and what hangs under them.
    for path in [
        "/Contracts/query",
        "/ContractServices/query",
        "/ContractMilestones/query",
    ] {
        let (status, json) = site.call(Some(&limited), "POST", path, Some(all())).await;
        assert!(
            status == 500 && says(&json).contains(NOT_ALLOWED),
            "{path} {json}"
        );
    }
    assert!(site.rows(&limited, "ContractNotes").await.is_empty());
    let (status, json) = site
        .call(Some(&limited), "POST", &notes, note("Mine"))
        .await;
    assert_eq!(status, 200, "{json}");
    let mine = json["itemId"].as_i64().unwrap();
    let seen = ids(&site.rows(&limited, "ContractNotes").await, |_| true);
    assert_eq!(seen, [mine]);
    let change = |id: &Value| Some(json!({"id": id, "title": "Changed"}));
    let (status, json) = site
        .call(Some(&limited), "PATCH", &notes, change(&json["itemId"]))
        .await;
    assert_eq!(status, 200, "{json}");
    let (status, json) = site
        .call(Some(&limited), "PATCH", &notes, change(&theirs))
        .await;
    assert_eq!(status, 500, "{json}");
    let unchanged = site
        .admin_call("GET", &format!("{notes}/{theirs}"), None)
        .await;
    assert_eq!(unchanged["item"]["title"], "Theirs");
    // It says so.
    let (_, info) = site
        .call(
            Some(&limited),
            "GET",
            "/ContractNotes/entityInformation",
            None,
        )
        .await;
    for verb in ["Create", "Query", "Update"] {
        assert_eq!(
            info["info"][format!("userAccessFor{verb}")],
            "Restricted",
            "{info}"
        );
    }
    // A contract can be chosen without being read; one that is not there cannot.
    let company = site
        .admin_call("GET", &format!("/Contracts/{contract}"), None)
        .await["item"]["companyID"]
        .clone();
    for (user, id, expected) in [
        (&none, contract, 500),
        (&limited, contract, 200),
        (&limited, 987_654, 500),
    ] {
        let ticket = json!({"companyID": company, "title": "x", "status": 1, "priority": 1, "contractID": id});
        let (status, json) = site
            .call(Some(user), "POST", "/Tickets", Some(ticket))
            .await;
        assert_eq!(status, expected, "{id} {json}");
    }
    // Full visibility shows everybody's.
    let all_notes = ids(&site.rows(&full, "ContractNotes").await, |_| true);
    assert!(
        all_notes.contains(&mine) && all_notes.len() > seen.len(),
        "{all_notes:?}"
    );
    // Only where the contract itself may be viewed: of companies in sight.
    let mut organizations = with("Limited", "Organizations");
    organizations[2].1 = "value";
    organizations[2].0 = "CRM / Vendor & Partners";
    let elsewhere = site.user(me, &organizations).await;
    let (status, json) = site
        .call(Some(&elsewhere), "POST", &notes, note("No"))
        .await;
    assert!(status == 500 && says(&json).ends_with(NO_SUCH), "{json}");
}
