//! Autotask through the whole server but for the socket: discovery, keys, rights, rows, writes, pages.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "support/autotask.rs"]
mod site;

use bitting_autotask::users::Shown;
use bitting_catalog::served::{Act, Asked};
use bitting_psa::secret::Secret;
use serde_json::{Value, json};
use site::{Site, all};

#[tokio::test(flavor = "multi_thread")]
async fn discovery_needs_no_key_and_everything_else_does() {
    let site = Site::open().await;
    let (status, json) = site
        .call(
            None,
            "GET",
            "http://psa.test/atservicesrest/versioninformation",
            None,
        )
        .await;
    assert_eq!((status, json), (200, json!({"apiVersions": ["V1.0"]})));
    let user = site.admin().user.replace('@', "%40");
    let (status, zone) = site
        .call(None, "GET", &format!("/zoneInformation?user={user}"), None)
        .await;
    assert_eq!(status, 200);
    assert_eq!(zone["url"], "http://psa.test/ATServicesRest/");
    let (status, json) = site
        .call(None, "GET", "/zoneInformation?user=nobody", None)
        .await;
    assert_eq!(
        (status, &json["errors"][0]),
        (500, &json!("Zone information could not be determined"))
    );
    let (status, json) = site.call(None, "GET", "/Tickets/1", None).await;
    assert_eq!((status, json), (401, Value::Null));
    let wrong = Shown {
        user: site.admin().user.clone(),
        secret: Secret::new("wrong"),
        code: site.admin().code.clone(),
    };
    assert_eq!(
        site.call(Some(&wrong), "GET", "/Version", None).await.0,
        401
    );
    let mixed = Shown {
        user: site.admin().user.clone(),
        secret: site.admin().secret.clone(),
        code: site.least().code.clone(),
    };
    assert_eq!(
        site.call(Some(&mixed), "GET", "/Version", None).await.0,
        401,
        "another user's code"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_broad_user_reads_every_entity_in_every_way() {
    let site = Site::open().await;
    for entity in &site.tenant.catalog().entities {
        let path = &entity.path;
        let served = entity.served.as_ref().unwrap();
        if !served.root.has(Asked::Query) {
            continue;
        }
        let (status, page) = site
            .call(
                Some(site.admin()),
                "POST",
                &format!("/{path}/query"),
                Some(site.all_of(path)),
            )
            .await;
        if path.contains("Webhook") && path.as_ref() != "WebhookEventErrorLogs" {
            assert_eq!(status, 500, "{path}");
            continue;
        }
        if status == 500 && path.as_ref() == "WebhookEventErrorLogs" {
            continue;
        }
        assert_eq!(status, 200, "{path}: {page}");
        let count = site
            .admin_call(
                "POST",
                &format!("/{path}/query/count"),
                Some(site.all_of(path)),
            )
            .await["queryCount"]
            .as_u64()
            .unwrap();
        let items = page["items"].as_array().unwrap();
        assert_eq!(items.len() as u64, count.min(500), "{path}: list and count");
        for item in items.iter().take(2) {
            let one = site
                .admin_call("GET", &format!("/{path}/{}", item["id"]), None)
                .await;
            assert_eq!(&one["item"], item, "{path}: list and get");
        }
        let info = site
            .admin_call("GET", &format!("/{path}/entityInformation"), None)
            .await;
        let can = match (served.can.query, served.restricted.contains(&Act::Query)) {
            (false, _) => "None",
            (true, false) => "All",
            (true, true) => "Restricted",
        };
        assert_eq!(info["info"]["userAccessForQuery"], can, "{path}");
        site.admin_call("GET", &format!("/{path}/entityInformation/fields"), None)
            .await;
    }
    let all = site.admin_call("GET", "/EntityInformation", None).await;
    assert_eq!(all["entityDescriptions"].as_array().unwrap().len(), 230);
    let own = site.admin_call("GET", "/Companies/0", None).await;
    assert_eq!(own["item"]["companyName"], "Bitting Managed Services");
    let none = site.admin_call("GET", "/Companies/99999", None).await;
    assert_eq!(none, json!({"item": null}));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_follow_each_other_with_any_verb_and_no_body() {
    let site = Site::open().await;
    let body = json!({"filter": [{"op": "exist", "field": "id"}], "MaxRecords": 25});
    let mut page = site.admin_call("POST", "/Tickets/query", Some(body)).await;
    let mut seen = Vec::new();
    let mut method = "POST";
    loop {
        for item in page["items"].as_array().unwrap() {
            seen.push(item["id"].as_i64().unwrap());
        }
        let Some(next) = page["pageDetails"]["nextPageUrl"]
            .as_str()
            .map(str::to_owned)
        else {
            break;
        };
        assert!(next.starts_with("http://psa.test/ATServicesRest/V1.0/Tickets/query/next?paging="));
        assert_eq!(
            site.call(Some(site.least()), "GET", &next, None).await.0,
            500,
            "another user's link"
        );
        page = site.admin_call(method, &next, None).await;
        method = if method == "POST" { "GET" } else { "POST" };
    }
    assert_eq!(seen.len(), 60);
    assert!(seen.is_sorted());
    assert!(page["pageDetails"]["prevPageUrl"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn tickets_made_at_once_take_numbers_of_their_own() {
    let site = Site::open().await;
    let body = json!({"companyID": 0, "title": "Printer", "status": 1, "priority": 3});
    let make = || site.admin_call("POST", "/Tickets", Some(body.clone()));
    let mut made = Vec::new();
    for _ in 0..6 {
        let (one, two, three, four) = tokio::join!(make(), make(), make(), make());
        made.extend([one, two, three, four]);
    }
    let mut numbers = Vec::new();
    for answer in made {
        let path = format!("/Tickets/{}", answer["itemId"]);
        let item = site.admin_call("GET", &path, None).await;
        numbers.push(item["item"]["ticketNumber"].as_str().unwrap().to_owned());
    }
    numbers.sort_unstable();
    let wanted: Vec<String> = (1..=24)
        .map(|number| format!("T20260302.{number:04}"))
        .collect();
    assert_eq!(numbers, wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_lives_its_life() {
    let site = Site::open().await;
    let ticket = json!({"companyID": "0", "Title": "Printer", "status": 1, "priority": 3});
    let id = site.admin_call("POST", "/Tickets", Some(ticket)).await["itemId"]
        .as_i64()
        .unwrap();
    let item = site
        .admin_call("GET", &format!("/Tickets/{id}"), None)
        .await["item"]
        .clone();
    assert_eq!(item["ticketNumber"], "T20260302.0001");
    assert_eq!(item["createDate"], "2026-03-02T09:00:00Z");
    let change = json!({"id": id, "status": 5, "createDate": "2001-01-01"});
    site.admin_call("PATCH", "/Tickets", Some(change)).await;
    let item = site
        .admin_call("GET", &format!("/Tickets/{id}"), None)
        .await["item"]
        .clone();
    assert_eq!(
        (&item["status"], &item["completedDate"]),
        (&json!(5), &json!("2026-03-02T09:00:00Z"))
    );
    assert_eq!(item["createDate"], "2026-03-02T09:00:00Z", "read only");
    let note = json!({"title": "N", "description": "D", "noteType": 1, "publish": 1});
    let note = site
        .admin_call("POST", &format!("/Tickets/{id}/Notes"), Some(note))
        .await;
    let notes = site
        .admin_call("GET", &format!("/Tickets/{id}/Notes"), None)
        .await;
    assert_eq!(notes["items"][0]["id"], note["itemId"]);
    let file = json!({"attachmentType": "FILE_ATTACHMENT", "publish": 1, "title": "a", "fullPath": "a.txt", "data": "aGk="});
    let file = site
        .admin_call("POST", &format!("/Tickets/{id}/Attachments"), Some(file))
        .await["itemId"]
        .clone();
    let list = site
        .admin_call("GET", &format!("/Tickets/{id}/Attachments"), None)
        .await;
    assert_eq!(list["items"][0]["data"], Value::Null);
    let one = site
        .admin_call("GET", &format!("/Tickets/{id}/Attachments/{file}"), None)
        .await;
    assert_eq!(one["items"][0]["data"], "aGk=");
    for (method, path, body, status, says) in [
        (
            "POST",
            "/Tickets".to_owned(),
            json!({"companyID": 0, "title": "x", "status": 1}),
            500,
            "Value does not exist for the required field priority",
        ),
        (
            "POST",
            "/Tickets".to_owned(),
            json!({"companyID": 0, "title": "x", "status": 1, "priority": 99}),
            500,
            "Picklist value [99] does not exist for priority",
        ),
        (
            "POST",
            "/Tickets".to_owned(),
            json!({"companyID": 55555, "title": "x", "status": 1, "priority": 1}),
            500,
            "Reference value on field: companyID of type: Company does not exist or is invalid.",
        ),
        (
            "PATCH",
            format!("/Tickets/{id}"),
            json!({"status": 1}),
            405,
            "",
        ),
        ("DELETE", format!("/Tickets/{id}"), Value::Null, 405, ""),
        ("POST", "/TicketNotes".to_owned(), json!({}), 404, ""),
        (
            "POST",
            "/Tickets/query".to_owned(),
            json!({"filter": [{"op": "eq", "field": "nonsense", "value": 1}]}),
            500,
            "Unable to find nonsense in the Ticket Entity.",
        ),
    ] {
        let (got, json) = site
            .call(Some(site.admin()), method, &path, Some(body))
            .await;
        assert_eq!(got, status, "{method} {path} {json}");
        if !says.is_empty() {
            assert_eq!(json["errors"][0], says);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_least_user_does_what_its_level_says_and_nothing_else() {
    let site = Site::open().await;
    let least = Some(site.least());
    let ok = |path: &'static str| site.call(least, "POST", path, Some(all()));
    // Only companies of the one class, and only what belongs to them.
    let (_, page) = ok("/Companies/query").await;
    let kinds: Vec<i64> = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["companyType"].as_i64().unwrap())
        .collect();
    assert!(
        !kinds.is_empty() && kinds.iter().all(|kind| [1, 6].contains(kind)),
        "{kinds:?}"
    );
    let every = site
        .admin_call("POST", "/Companies/query/count", Some(all()))
        .await["queryCount"]
        .as_u64()
        .unwrap();
    assert!((kinds.len() as u64) < every);
    let (_, contacts) = ok("/Contacts/query").await;
    let seen: Vec<&Value> = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["id"])
        .collect();
    for contact in contacts["items"].as_array().unwrap() {
        assert!(seen.contains(&&contact["companyID"]), "{contact}");
    }
    let (_, hidden) = site
        .call(
            Some(site.admin()),
            "POST",
            "/Companies/query",
            Some(
                json!({"filter": [{"op": "in", "field": "companyType", "value": [2, 3, 4, 7, 8]}]}),
            ),
        )
        .await;
    let hidden = hidden["items"][0]["id"].as_i64().unwrap();
    let (status, json) = site
        .call(least, "GET", &format!("/Companies/{hidden}"), None)
        .await;
    assert_eq!((status, json), (200, json!({"item": null})));
    // The vendor's sentence, with the vendor's status.
    for (method, path, body, says) in [
        (
            "POST",
            "/PurchaseOrders/query",
            all(),
            "The logged in Resource does not have the adequate permissions to query this entity type.",
        ),
        (
            "POST",
            "/Companies",
            json!({"companyName": "x", "companyType": 1, "phone": "1", "ownerResourceID": 29682885}),
            "The logged in Resource does not have the adequate permissions to create this entity type.",
        ),
        (
            "PATCH",
            "/Tickets",
            json!({"id": 7653, "status": 1}),
            "The logged in Resource does not have the adequate permissions to update this entity type.",
        ),
        (
            "DELETE",
            "/Companies/0/Contacts/1",
            Value::Null,
            "The logged in Resource does not have the adequate permissions to delete this entity Contact.",
        ),
    ] {
        let (status, json) = site.call(least, method, path, Some(body)).await;
        assert_eq!(
            (status, &json["errors"][0]),
            (500, &json!(says)),
            "{method} {path}"
        );
    }
    // An opportunity can be added, and read back because it is its own.
    let opportunity = json!({"companyID": 0, "title": "Refresh", "amount": 10, "cost": 5, "ownerResourceID": 29682885, "probability": 50,
        "projectedCloseDate": "2026-06-01", "startDate": "2026-03-01", "stage": 11, "status": 1, "useQuoteTotals": false, "createDate": "2026-03-01"});
    let (status, json) = site
        .call(least, "POST", "/Opportunities", Some(opportunity))
        .await;
    assert_eq!(status, 200, "{json}");
    let (_, own) = ok("/Opportunities/query").await;
    assert_eq!(own["items"].as_array().unwrap().len(), 1);
    let (_, info) = site
        .call(least, "GET", "/Opportunities/entityInformation", None)
        .await;
    assert_eq!(info["info"]["userAccessForQuery"], "Restricted");
    assert_eq!(
        info["info"]["userAccessForCreate"], "Restricted",
        "only for companies it sees"
    );
    let (_, info) = site
        .call(least, "GET", "/Tickets/entityInformation", None)
        .await;
    assert_eq!(
        (
            &info["info"]["userAccessForQuery"],
            &info["info"]["userAccessForUpdate"]
        ),
        (&json!("All"), &json!("None"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_level_without_permissions_opens_lookups_alone() {
    let site = Site::open().await;
    let mut level = site
        .tenant
        .permissions
        .copy("API User (system) (API-only)", "Nothing")
        .unwrap();
    level.settings.clear();
    let level = site.tenant.save_level(None, level).await.unwrap();
    let user = site.tenant.add_user(1, level, None).await.unwrap();
    let mut refused = 0;
    for entity in &site.tenant.catalog().entities {
        let served = entity.served.as_ref().unwrap();
        if !served.root.has(Asked::Query) {
            continue;
        }
        let open = entity.right.needs == bitting_policy::Needs::AnyMember;
        let path = format!("/{}/query", entity.path);
        let every = Some(site.all_of(&entity.path));
        let (status, json) = site.call(Some(&user), "POST", &path, every).await;
        assert_eq!(status, if open { 200 } else { 500 }, "{path} {json}");
        let (status, _) = site
            .call(Some(&user), "GET", &format!("/{}/1", entity.path), None)
            .await;
        assert_eq!(status, if open { 200 } else { 500 }, "{path}");
        refused += usize::from(!open);
        if served.root.has(Asked::Post) {
            let path = format!("/{}", entity.path);
            let (status, json) = site.call(Some(&user), "POST", &path, Some(json!({}))).await;
            assert_eq!(status, 500, "{path} {json}");
        }
    }
    assert!(refused > 100, "only {refused} entities ask for a right");
    // A level that is switched off, a locked user and one that is gone are all the same empty 401.
    let (id, kept) = site.tenant.user(&user.user).unwrap();
    let mut locked = (*kept).clone();
    locked.locked = true;
    site.tenant.save_user(Some(id), locked).await.unwrap();
    assert_eq!(
        site.call(Some(&user), "GET", "/Version", None).await,
        (401, Value::Null)
    );
    site.tenant.remove_user(id).await.unwrap();
    assert_eq!(
        site.call(Some(&user), "GET", "/Version", None).await,
        (401, Value::Null)
    );
}

/// What a newcomer finds: rows wherever a client is likely to look, owned by more than one, in more than one
/// territory and line of business.
#[tokio::test(flavor = "multi_thread")]
async fn the_demo_company_has_something_of_everything() {
    let site = Site::open().await;
    let mut empty = Vec::new();
    for entity in &site.tenant.catalog().entities {
        let served = entity.served.as_ref().unwrap();
        if !served.root.has(Asked::Query) || entity.path.contains("Webhook") {
            continue;
        }
        let path = format!("/{}/query/count", entity.path);
        let every = Some(site.all_of(&entity.path));
        let count = site.admin_call("POST", &path, every).await;
        if count["queryCount"] == 0 {
            empty.push(entity.path.to_string());
        }
    }
    insta::assert_snapshot!(empty.join("\n"));
    let companies = site.rows(site.admin(), "Companies").await;
    let tickets = site.rows(site.admin(), "Tickets").await;
    let contracts = site.rows(site.admin(), "Contracts").await;
    for (rows, field, least) in [
        (&companies, "territoryID", 3),
        (&companies, "ownerResourceID", 3),
        (&companies, "companyType", 5),
        (&tickets, "organizationalLevelAssociationID", 2),
        (&tickets, "assignedResourceID", 3),
        (&tickets, "issueType", 4),
        (&contracts, "contractType", 3),
    ] {
        let mut values: Vec<i64> = rows.iter().filter_map(|row| row[field].as_i64()).collect();
        values.sort_unstable();
        values.dedup();
        assert!(values.len() >= least, "{field}: {values:?}");
    }
    // What a ticket names is its company's.
    for (entity, field) in [
        ("Contracts", "contractID"),
        ("ConfigurationItems", "configurationItemID"),
        ("Contacts", "contactID"),
    ] {
        let owned = site.rows(site.admin(), entity).await;
        let named = tickets.iter().filter(|ticket| !ticket[field].is_null());
        let mut seen = 0;
        for ticket in named {
            let of = owned.iter().find(|row| row["id"] == ticket[field]);
            assert_eq!(of.unwrap()["companyID"], ticket["companyID"], "{field}");
            seen += 1;
        }
        assert!(seen > 5, "{field}: {seen}");
    }
    let set = |row: &&Value| {
        let fields = row["userDefinedFields"].as_array().unwrap();
        fields.iter().any(|field| field["value"].is_string())
    };
    assert!(
        companies.iter().filter(set).count() > 10,
        "user-defined values: {}",
        companies[5]
    );
    // Every link leads somewhere: nobody's first query may fail over a row that is not there.
    for entity in &site.tenant.catalog().entities {
        let served = entity.served.as_ref().unwrap();
        if !served.root.has(Asked::Query) || entity.path.contains("Webhook") {
            continue;
        }
        // Its tickets are gone.
        if &*entity.path == "DeletedTicketLogs" {
            continue;
        }
        let rows = site.rows(site.admin(), &entity.path).await;
        for field in entity
            .fields
            .iter()
            .filter(|field| field.target().is_some())
        {
            let target = site.tenant.catalog().entity(field.target().unwrap());
            if target
                .served
                .as_ref()
                .is_none_or(|served| !served.root.has(Asked::Query))
            {
                continue;
            }
            let mut ids: Vec<i64> = rows
                .iter()
                .filter_map(|row| row[&*field.name].as_i64())
                .collect();
            ids.sort_unstable();
            ids.dedup();
            // A required link that is empty shows as 0.
            ids.retain(|id| *id != 0);
            if ids.is_empty() {
                continue;
            }
            let wanted = ids.len().min(500);
            let search = json!({"filter": [{"op": "in", "field": "id", "value": &ids[..wanted]}]});
            let path = format!("/{}/query/count", target.path);
            let count = site.admin_call("POST", &path, Some(search)).await;
            assert_eq!(
                count["queryCount"], wanted as u64,
                "{} {}",
                entity.path, field.name
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_company_has_what_the_first_record_needs_and_no_more() {
    let site = Site::with(bitting_store::Location::Memory, None).await;
    let companies = site.rows(site.admin(), "Companies").await;
    assert_eq!(companies.len(), 1);
    assert_eq!(companies[0]["id"], 0);
    for entity in [
        "Contacts",
        "Tickets",
        "Contracts",
        "Opportunities",
        "Products",
    ] {
        assert!(site.rows(site.admin(), entity).await.is_empty(), "{entity}");
    }
    let owner = site.resource("admin").await;
    let company =
        json!({"companyName": "First", "companyType": 1, "phone": "1", "ownerResourceID": owner});
    let id = site.admin_call("POST", "/Companies", Some(company)).await["itemId"].clone();
    let ticket = json!({"companyID": id, "title": "x", "status": 1, "priority": 1,
        "assignedResourceID": owner, "assignedResourceRoleID": 1});
    site.admin_call("POST", "/Tickets", Some(ticket)).await;
}

/// Some clients read from the description which paths there are: each of them must lead somewhere.
#[tokio::test(flavor = "multi_thread")]
async fn the_description_names_every_path_and_nothing_else() {
    let site = Site::with(bitting_store::Location::Memory, None).await;
    let path = "http://psa.test/atservicesrest/swagger/docs/v1";
    let (status, document) = site.call(None, "GET", path, None).await;
    assert_eq!((status, &document["swagger"]), (200, &json!("2.0")));
    assert_eq!(document["basePath"], "/ATServicesRest");
    let mut operations = 0;
    for (path, verbs) in document["paths"].as_object().unwrap() {
        let place = path
            .replace("{parentId}", "987654321")
            .replace("{id}", "987654321");
        let place = format!("http://psa.test/ATServicesRest{place}");
        for verb in verbs.as_object().unwrap().keys() {
            operations += 1;
            let answered = site
                .send(
                    Some(site.admin()),
                    &verb.to_uppercase(),
                    &place,
                    &[],
                    Some(json!({})),
                )
                .await;
            assert_ne!(answered.status, 405, "{verb} {path}");
            // No user-defined fields, no list of them.
            assert!(
                answered.status != 404 || path.ends_with("userDefinedFields"),
                "{verb} {path}"
            );
        }
    }
    assert!(operations > 2_000, "{operations}");
    assert!(document["definitions"]["TicketModel"]["properties"]["title"]["maxLength"] == 255);
}

/// Recipes draw: what one draw has, another may lack.
#[tokio::test(flavor = "multi_thread")]
async fn the_demo_company_can_be_made_in_every_size_and_of_every_seed() {
    for (seed, tickets) in (1..).zip([1, 2, 5, 20, 60, 150, 150, 500]) {
        let size = bitting_demo::Size::with_tickets(tickets);
        let demo = bitting_calls::seed::Demo { size, seed };
        let site = Site::with(bitting_store::Location::Memory, Some(&demo)).await;
        let count = site
            .admin_call("POST", "/Tickets/query/count", Some(all()))
            .await;
        assert_eq!(count["queryCount"], tickets);
    }
}
