//! What is out of a caller's sight: it can be neither changed nor deleted, whatever the level says of that, and what
//! hangs on it is out of sight with it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "support/autotask.rs"]
mod site;

use bitting_autotask::users::Shown;
use bitting_catalog::served::Asked;
use serde_json::{Value, json};
use site::Site;
use std::collections::BTreeSet;

fn ids(rows: &[Value]) -> BTreeSet<i64> {
    rows.iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

fn says(json: &Value) -> &str {
    json["errors"][0].as_str().unwrap_or("")
}

/// A user who sees the least that each permission lets see, and may add, change and delete the most.
async fn sees_least_and_changes_most(site: &Site) -> Shown {
    let mut settings: Vec<(String, &str, String)> = Vec::new();
    for entry in &site.tenant.permissions.entries {
        for cell in ["value", "view", "add", "edit", "delete"] {
            let values = entry.values(cell);
            let least =
                cell == "view" || values.iter().any(|value| value == "Mine") && cell == "value";
            let value = if least { values.get(1) } else { values.last() };
            // Who sees some companies alone sees the contracts of those.
            settings.extend(value.map(|value| (entry.full_name(), cell, value.clone())));
        }
    }
    let settings: Vec<(&str, &str, &str)> = settings
        .iter()
        .map(|(name, cell, value)| (name.as_str(), *cell, value.as_str()))
        .collect();
    let me = site.resource("dfrost").await;
    site.user(me, &settings).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_out_of_sight_is_neither_changed_nor_deleted() {
    let site = Site::open().await;
    let user = sees_least_and_changes_most(&site).await;
    let mut tried = BTreeSet::new();
    for entity in &site.tenant.catalog().entities {
        let served = entity.served.as_ref().unwrap();
        if !served.can.query
            || !(served.can.update || served.can.delete)
            || &*entity.path == "TicketHistory"
            || entity.path.contains("Webhook")
        {
            continue;
        }
        let all = site.rows(site.admin(), &entity.path).await;
        let seen = ids(&site.rows(&user, &entity.path).await);
        for row in all
            .iter()
            .filter(|row| !seen.contains(&row["id"].as_i64().unwrap()))
            .take(3)
        {
            let id = &row["id"];
            let mut places = vec![(format!("/{}", entity.path), served.root)];
            if let Some(below) = &served.below
                && let Some(field) = below.field
            {
                let parent = &below.segment;
                let above = &row[&*entity.fields[field].name];
                places.push((
                    format!("/{parent}/{above}/{}", below.route),
                    below.operations,
                ));
            }
            for (place, operations) in places {
                for (asked, method) in [(Asked::Patch, "PATCH"), (Asked::Put, "PUT")] {
                    if operations.has(asked) {
                        let (status, json) = site
                            .call(Some(&user), method, &place, Some(row.clone()))
                            .await;
                        assert_eq!(status, 500, "{method} {place} {id} {json}");
                        tried.insert(entity.path.to_string());
                    }
                }
                if operations.has(Asked::Delete) {
                    let one = format!("{place}/{id}");
                    let (status, json) = site.call(Some(&user), "DELETE", &one, None).await;
                    assert_eq!(status, 500, "DELETE {one} {json}");
                    tried.insert(entity.path.to_string());
                }
            }
        }
        let now = site.rows(site.admin(), &entity.path).await;
        assert_eq!(ids(&now), ids(&all), "{}", entity.path);
        if seen.len() < all.len() {
            let path = format!("/{}/entityInformation", entity.path);
            let (_, info) = site.call(Some(&user), "GET", &path, None).await;
            for told in ["userAccessForUpdate", "userAccessForDelete"] {
                assert_ne!(info["info"][told], "All", "{path} {told}");
            }
        }
    }
    for path in [
        "Tickets",
        "TicketNotes",
        "Companies",
        "Contacts",
        "Opportunities",
        "ConfigurationItems",
        "CompanyToDos",
    ] {
        assert!(tried.contains(path), "{path} was not tried: {tried:?}");
    }
}

/// What hangs below a record that is out of sight is out of sight with it, at its own path, below its parent, in counts.
#[tokio::test(flavor = "multi_thread")]
async fn what_hangs_on_a_record_is_in_sight_with_it() {
    let site = Site::open().await;
    let user = sees_least_and_changes_most(&site).await;
    let catalog = site.tenant.catalog();
    let (mut held, mut open) = (BTreeSet::new(), BTreeSet::new());
    for entity in &catalog.entities {
        let served = entity.served.as_ref().unwrap();
        let Some((below, field)) = served
            .below
            .as_ref()
            .and_then(|below| Some((below, below.field?)))
        else {
            continue;
        };
        let Some(parent) = below.parent.map(|parent| catalog.entity(parent)) else {
            continue;
        };
        if !served.can.query || entity.path.contains("Webhook") {
            continue;
        }
        let name = &*entity.fields[field].name;
        let parents = ids(&site.rows(&user, &parent.path).await);
        let seen = site.rows(&user, &entity.path).await;
        for row in &seen {
            if !parents.contains(&row[name].as_i64().unwrap()) {
                open.insert(format!("{} of a hidden {}", entity.path, parent.path));
            }
        }
        let all = site.rows(site.admin(), &entity.path).await;
        let hidden = all
            .iter()
            .find(|row| !parents.contains(&row[name].as_i64().unwrap_or(-1)));
        let Some(hidden) = hidden else { continue };
        let count = json!({"filter": [{"op": "eq", "field": name, "value": hidden[name]}]});
        let path = format!("/{}/query/count", entity.path);
        let (_, json) = site.call(Some(&user), "POST", &path, Some(count)).await;
        if json["queryCount"] != 0 {
            open.insert(format!("{path} of a hidden {name}"));
        }
        if below.operations.has(Asked::List) {
            let path = format!("/{}/{}/{}", below.segment, hidden[name], below.route);
            let (_, json) = site.call(Some(&user), "GET", &path, None).await;
            if json["items"] != json!([]) {
                open.insert(path);
            }
        }
        held.insert(entity.path.to_string());
    }
    assert_eq!(open, BTreeSet::new());
    assert!(held.len() > 30, "{held:?}");
}

/// Edit Yes changes every ticket that is seen, also so that it is not seen any more.
#[tokio::test(flavor = "multi_thread")]
async fn who_gives_a_ticket_away_does_not_see_it_any_more() {
    let site = Site::open().await;
    let me = site.resource("dfrost").await;
    let tickets = [
        ("Service Desk / Tickets", "view", "Mine"),
        ("Service Desk / Tickets", "edit", "Yes"),
    ];
    let user = site.user(me, &tickets).await;
    let roles = site.rows(site.admin(), "ResourceServiceDeskRoles").await;
    let other = roles.iter().find(|row| row["resourceID"] != me).unwrap();
    let other = other["resourceID"].as_i64().unwrap();
    let role =
        |of: i64| roles.iter().find(|row| row["resourceID"] == of).unwrap()["roleID"].clone();
    let ticket = json!({"companyID": 0, "title": "x", "status": 1, "priority": 1,
        "assignedResourceID": me, "assignedResourceRoleID": role(me)});
    let id = site.admin_call("POST", "/Tickets", Some(ticket)).await["itemId"].clone();
    let away =
        json!({"id": id, "assignedResourceID": other, "assignedResourceRoleID": role(other)});
    let (status, json) = site
        .call(Some(&user), "PATCH", "/Tickets", Some(away))
        .await;
    assert_eq!(status, 200, "{json}");
    let (_, json) = site
        .call(Some(&user), "GET", &format!("/Tickets/{id}"), None)
        .await;
    assert_eq!(json, json!({"item": null}));
    let back = json!({"id": id, "title": "mine once"});
    let (status, json) = site
        .call(Some(&user), "PATCH", "/Tickets", Some(back))
        .await;
    assert_eq!((status, says(&json)), (500, "No matching records found."));
}

/// Figures and surveys of a ticket show to who sees it.
#[tokio::test(flavor = "multi_thread")]
async fn figures_of_a_ticket_are_in_sight_with_it() {
    let site = Site::open().await;
    let me = site.resource("dfrost").await;
    let nobody = site.user(me, &[]).await;
    let companies = [
        "CRM / Customer & Cancelation",
        "CRM / Vendor & Partners",
        "CRM / Prospects, Leads, & Dead",
    ];
    let mut settings: Vec<_> = companies.iter().map(|row| (*row, "value", "All")).collect();
    settings.push(("Service Desk / Tickets", "view", "Mine"));
    let user = site.user(me, &settings).await;
    let tickets = ids(&site.rows(&user, "Tickets").await);
    for (entity, none) in [
        (
            "ServiceLevelAgreementResults",
            "does not have the adequate permissions",
        ),
        ("SurveyResults", "does not have the adequate permissions"),
    ] {
        let path = format!("/{entity}/query");
        let (status, json) = site
            .call(Some(&nobody), "POST", &path, Some(site::all()))
            .await;
        assert!(
            status == 500 && says(&json).contains(none),
            "{entity} {json}"
        );
        let seen = ids(&site.rows(&user, entity).await);
        let all = site.rows(site.admin(), entity).await;
        let own = |row: &&Value| {
            row["ticketID"]
                .as_i64()
                .is_some_and(|ticket| tickets.contains(&ticket))
        };
        let expected: Vec<Value> = all.iter().filter(own).cloned().collect();
        assert!(expected.len() < all.len(), "{entity}");
        let surveys_without = |row: &Value| entity == "SurveyResults" && row["ticketID"].is_null();
        let further = all.iter().filter(|row| surveys_without(row)).cloned();
        let expected: Vec<Value> = expected.into_iter().chain(further).collect();
        assert_eq!(seen, ids(&expected), "{entity}");
    }
}

/// What a vendor registers its widgets with shows to who registers them.
#[tokio::test(flavor = "multi_thread")]
async fn secrets_of_vendors_are_told_to_nobody_else() {
    let site = Site::open().await;
    let nobody = site.user(1, &[]).await;
    for entity in ["IntegrationVendorInsights", "IntegrationVendorWidgets"] {
        let all = site.rows(site.admin(), entity).await;
        assert!(
            all.iter().all(|row| row["secret"].is_string()) && !all.is_empty(),
            "{entity}"
        );
        let seen = site.rows(&nobody, entity).await;
        assert_eq!(seen.len(), all.len());
        assert!(seen.iter().all(|row| row["secret"].is_null()), "{entity}");
        let guess = json!({"filter": [{"op": "beginsWith", "field": "secret", "value": "a"}]});
        for path in ["query", "query/count"] {
            let path = format!("/{entity}/{path}");
            let (status, _) = site
                .call(Some(&nobody), "POST", &path, Some(guess.clone()))
                .await;
            assert_eq!(status, 500, "a search must not tell what is hidden: {path}");
        }
    }
}

/// Whoever may change a company says who is on its team; the right to delete companies says nothing to that.
#[tokio::test(flavor = "multi_thread")]
async fn who_may_change_a_company_changes_its_team() {
    let site = Site::open().await;
    let team = site.rows(site.admin(), "CompanyTeams").await;
    let (one, company) = (&team[0]["id"], &team[0]["companyID"]);
    let path = format!("/Companies/{company}/Teams");
    let mut settings = vec![
        ("CRM / Customer & Cancelation", "value", "All"),
        ("CRM / Vendor & Partners", "value", "All"),
        ("CRM / Prospects, Leads, & Dead", "value", "All"),
        ("CRM / Accounts", "view", "All"),
        ("CRM / Accounts", "add", "Yes"),
        ("CRM / Accounts", "delete", "All"),
    ];
    let user = site.user(1, &settings).await;
    let delete = format!("{path}/{one}");
    let (status, json) = site.call(Some(&user), "DELETE", &delete, None).await;
    assert!(
        status == 500 && says(&json).contains("adequate permissions"),
        "{json}"
    );
    settings.truncate(4);
    settings.push(("CRM / Accounts", "edit", "All"));
    let user = site.user(1, &settings).await;
    let (status, json) = site.call(Some(&user), "DELETE", &delete, None).await;
    assert_eq!(status, 200, "{json}");
    let body = json!({"companyID": company, "resourceID": team[0]["resourceID"]});
    let (status, json) = site.call(Some(&user), "POST", &path, Some(body)).await;
    assert_eq!(status, 200, "{json}");
}
