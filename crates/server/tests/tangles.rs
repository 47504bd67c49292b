//! States that a careful user would not make and a client does: circles, merges of what is merged, references to
//! what is gone, dates in the wrong order, two writes at once.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_demo::Size;
use bitting_policy::Level::{My, None as No};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use support::{Answered, Company, Credentials};

async fn demo() -> Company {
    let size = Size {
        companies: 6,
        contacts: 12,
        configurations: 6,
        agreements: 4,
        tickets: 10,
        opportunities: 4,
        activities: 4,
        projects: 2,
        technicians: 0,
    };
    Company::demo(size, 5).await
}

async fn post(company: &Company, path: &str, body: Value) -> Answered {
    company.call(&company.admin, "POST", path, Some(body)).await
}

async fn set(company: &Company, path: &str, field: &str, value: Value) -> Answered {
    let body = json!([{ "op": "replace", "path": field, "value": value }]);
    company
        .call(&company.admin, "PATCH", path, Some(body))
        .await
}

/// The field that a refusal is about.
fn refused(answered: Answered, field: &str) {
    let body = answered.expect(400);
    assert_eq!(body["errors"][0]["field"], json!(field), "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_hangs_under_itself() {
    let company = demo().await;
    let own = [
        ("/company/companies", "parentCompany", json!({ "id": 0 })),
        ("/system/locations", "reportsTo", json!({ "id": 0 })),
        ("/service/tickets", "parentTicketId", json!(0)),
        ("/company/configurations", "parentConfigurationId", json!(0)),
        ("/finance/agreements", "parentAgreement", json!({ "id": 0 })),
    ];
    let to = |form: &Value, id: i64| match form {
        Value::Object(_) => json!({ "id": id }),
        _ => json!(id),
    };
    for (path, field, form) in own {
        let rows = company
            .get(&company.admin, &format!("{path}?pageSize=1000&fields=id"))
            .await
            .rows();
        let ids: Vec<i64> = rows
            .iter()
            .rev()
            .map(|row| row["id"].as_i64().unwrap())
            .collect();
        let (one, two, three) = (ids[0], ids[1], ids[2]);
        set(&company, &format!("{path}/{two}"), field, to(&form, one))
            .await
            .expect(200);
        set(&company, &format!("{path}/{three}"), field, to(&form, two))
            .await
            .expect(200);
        for below in [two, three] {
            refused(
                set(&company, &format!("{path}/{one}"), field, to(&form, below)).await,
                field,
            );
        }
        // What is no circle still goes.
        set(&company, &format!("{path}/{three}"), field, to(&form, one))
            .await
            .expect(200);
    }
    let phases = "/project/projects/1/phases";
    let one = company.made(phases, json!({ "description": "one" })).await;
    let two = json!({ "description": "two", "parentPhase": { "id": one } });
    let two = company.made(phases, two).await;
    let circle = set(
        &company,
        &format!("{phases}/{one}"),
        "parentPhase",
        json!({ "id": two }),
    )
    .await;
    refused(circle, "parentPhase");
}

async fn ticket(company: &Company) -> i64 {
    let body = json!({ "summary": "Twin", "company": { "id": 1 }, "board": { "id": 1 } });
    company.made("/service/tickets", body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_goes_into_one_other_and_never_into_what_it_holds() {
    let company = demo().await;
    let statuses = company
        .get(&company.admin, "/service/boards/1/statuses")
        .await
        .rows();
    let closed = statuses
        .iter()
        .find(|row| row["closedStatus"] == json!(true))
        .unwrap();
    let merge = async |to: i64, from: i64| {
        let body = json!({ "mergeTicketIds": [from], "status": { "id": closed["id"] } });
        post(&company, &format!("/service/tickets/{to}/merge"), body).await
    };
    let attach = async |to: i64, from: i64| {
        let body = json!({ "childTicketIds": [from] });
        post(
            &company,
            &format!("/service/tickets/{to}/attachChildren"),
            body,
        )
        .await
    };
    let (one, two, three) = (
        ticket(&company).await,
        ticket(&company).await,
        ticket(&company).await,
    );
    merge(one, two).await.expect(200);
    refused(merge(three, two).await, "mergeTicketIds");
    refused(merge(two, three).await, "mergeTicketIds");
    refused(merge(two, one).await, "mergeTicketIds");
    attach(one, three).await.expect(200);
    refused(attach(three, one).await, "childTicketIds");
    refused(merge(three, one).await, "mergeTicketIds");
    merge(one, three).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_new_points_to_a_company_that_was_deleted() {
    let company = demo().await;
    let body = json!({ "identifier": "Gone", "name": "Gone", "addressLine1": "1 Main" });
    let gone = company.made("/company/companies", body).await;
    let body = json!({ "summary": "Before", "company": { "id": gone } });
    let before = company.made("/service/tickets", body).await;
    let path = format!("/company/companies/{gone}");
    company
        .call(&company.admin, "DELETE", &path, None)
        .await
        .expect(204);
    for key in [json!({ "id": gone }), json!({ "identifier": "Gone" })] {
        let body = json!({ "summary": "After", "company": key });
        post(&company, "/service/tickets", body).await.expect(400);
        let body = json!({ "firstName": "Ann", "company": key });
        post(&company, "/company/contacts", body).await.expect(400);
    }
    // What points there already stays, is found by it, and can be written as a whole.
    let path = format!("/service/tickets/{before}");
    let mut whole = company.get(&company.admin, &path).await.expect(200);
    assert_eq!(whole["company"]["id"], json!(gone));
    whole["summary"] = json!("Later");
    whole["_info"].take();
    let put = company
        .call(&company.admin, "PUT", &path, Some(whole))
        .await;
    assert_eq!(put.expect(200)["summary"], json!("Later"));
    let asked = format!("/service/tickets/count?conditions=company/id={gone}");
    assert_eq!(
        company.get(&company.admin, &asked).await.expect(200)["count"],
        json!(1)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_does_not_lie_before_its_start() {
    let company = demo().await;
    let (early, late) = ("2026-11-22T09:00:00Z", "2026-11-22T10:00:00Z");
    let contact = company
        .get(
            &company.admin,
            "/company/contacts?conditions=company/id=1&pageSize=1",
        )
        .await
        .rows()[0]["id"]
        .clone();
    let agreement = |from: &str, to: &str| {
        json!({ "name": "Care", "company": { "id": 1 }, "type": { "id": 1 }, "contact": { "id": contact },
            "startDate": from, "endDate": to })
    };
    let activity = |from: &str, to: &str| json!({ "name": "Call", "assignTo": { "id": 1 }, "dateStart": from, "dateEnd": to });
    refused(
        post(
            &company,
            "/finance/agreements",
            agreement("2026-02-01T00:00:00Z", "2026-01-01T00:00:00Z"),
        )
        .await,
        "endDate",
    );
    refused(
        post(&company, "/sales/activities", activity(late, early)).await,
        "dateEnd",
    );
    company
        .made(
            "/finance/agreements",
            agreement("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"),
        )
        .await;
    let call = company
        .made("/sales/activities", activity(early, late))
        .await;
    let path = format!("/sales/activities/{call}");
    refused(
        set(&company, &path, "dateEnd", json!("2026-11-21T10:00:00Z")).await,
        "dateEnd",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_has_a_board_of_projects_and_a_contact_of_its_company() {
    let company = demo().await;
    let path = "/project/projects/1";
    refused(
        set(&company, path, "board", json!({ "id": 1 })).await,
        "board/id",
    );
    let project = company.get(&company.admin, path).await.expect(200);
    let other = if project["company"]["id"] == json!(1) {
        2
    } else {
        1
    };
    let moved = set(&company, path, "company", json!({ "id": other }))
        .await
        .expect(200);
    let of = company
        .get(&company.admin, &format!("/company/companies/{other}"))
        .await
        .expect(200);
    assert_eq!(moved["contact"]["id"], of["defaultContact"]["id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_lacks_what_it_asks_for_is_refused() {
    let company = demo().await;
    let role = company.role("Form", &[], &[]).await;
    let (member, _) = company.member("Form", role).await;
    let path = format!("/system/apiMembers/{member}");
    let whole = json!({ "identifier": "Form", "securityRole": { "id": role } });
    refused(
        company
            .call(&company.admin, "PUT", &path, Some(whole))
            .await,
        "name",
    );
    let login = json!({ "username": "legacy", "password": "x", "canAccessAllApisFlag": true });
    let answered = post(&company, "/system/integratorlogins", login)
        .await
        .expect(400);
    assert_eq!(
        answered["errors"].as_array().unwrap().len(),
        2,
        "{answered}"
    );
}

async fn sees(company: &Company, key: &Credentials, path: &str) -> bool {
    let list = path.rsplit_once('/').unwrap();
    let rows = company
        .get(key, &format!("{}?pageSize=1000&fields=id", list.0))
        .await
        .rows();
    let listed = rows
        .iter()
        .any(|row| row["id"].as_i64() == list.1.parse().ok());
    let status = company.get(key, path).await.status;
    assert_eq!(status, if listed { 200 } else { 404 }, "{path}");
    listed
}

/// Whoever is on the team of a project or of an opportunity has it as its own, as long as it is on it.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_on_a_team_has_its_record_as_its_own() {
    let company = demo().await;
    let rows = [
        ("Project", "Project Headers", [No, My, No, My]),
        ("Project", "Project Phase", [No, No, No, My]),
        ("Sales", "Opportunity", [No, My, No, My]),
    ];
    let role = company.role("Team", &rows, &[]).await;
    let (member, key) = company.member("Teammate", role).await;
    let opportunity = company
        .get(
            &company.admin,
            "/sales/opportunities?conditions=status/id=1&pageSize=1",
        )
        .await
        .rows()[0]["id"]
        .to_string();
    let cases = [
        (
            "/project/projects/1".to_owned(),
            "teamMembers",
            json!({ "member": { "id": member }, "projectRole": { "id": 2 } }),
        ),
        (
            format!("/sales/opportunities/{opportunity}"),
            "team",
            json!({ "type": "Individual", "member": { "id": member } }),
        ),
    ];
    for (path, team, body) in cases {
        assert!(!sees(&company, &key, &path).await);
        let row = company.made(&format!("{path}/{team}"), body).await;
        assert!(sees(&company, &key, &path).await, "{path}");
        // A change of the record itself keeps it so.
        set(&company, &path, "name", json!("Renamed"))
            .await
            .expect(200);
        assert!(sees(&company, &key, &path).await, "{path}");
        let phases = company.get(&key, "/project/projects/1/phases").await;
        assert_eq!(phases.status, 200);
        let row = format!("{path}/{team}/{row}");
        set(&company, &row, "member", json!({ "id": 1 }))
            .await
            .expect(200);
        assert!(
            !sees(&company, &key, &path).await,
            "{path}: somebody else is on it"
        );
        set(&company, &row, "member", json!({ "id": member }))
            .await
            .expect(200);
        assert!(sees(&company, &key, &path).await);
        if team == "team" {
            company
                .call(&company.admin, "DELETE", &row, None)
                .await
                .expect(204);
            assert!(!sees(&company, &key, &path).await, "{path}: off the team");
        }
    }
}

/// A ticket that is given away while people are scheduled on it loses no name.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_owner_and_people_scheduled_at_once_are_all_resources() {
    let company = Arc::new(demo().await);
    let kinds = company.get(&company.admin, "/schedule/types").await.rows();
    let kind = kinds
        .iter()
        .find(|row| row["identifier"] == json!("S"))
        .unwrap();
    let members: Vec<Value> = company
        .get(
            &company.admin,
            "/system/members?pageSize=12&conditions=inactiveFlag=False",
        )
        .await
        .rows();
    for round in 0..6 {
        let ticket = ticket(&company).await;
        let path = format!("/service/tickets/{ticket}");
        let mut tasks = tokio::task::JoinSet::new();
        for (number, member) in members.iter().skip(round).enumerate() {
            let (company, path, member) = (company.clone(), path.clone(), member["id"].clone());
            let entry = json!({ "objectId": ticket, "member": { "id": member }, "type": { "id": kind["id"] },
                "dateStart": "2026-11-23T10:00:00Z", "dateEnd": "2026-11-23T11:00:00Z" });
            tasks.spawn(async move {
                if round % 2 == 0 || number % 2 == 0 {
                    set(&company, &path, "owner", json!({ "id": member }))
                        .await
                        .expect(200);
                } else {
                    post(&company, "/schedule/entries", entry).await.expect(201);
                }
            });
        }
        tasks.join_all().await;
        let shown = company.get(&company.admin, &path).await.expect(200);
        let names: BTreeSet<&str> = shown["resources"].as_str().unwrap().split(", ").collect();
        let wanted = members
            .iter()
            .skip(round)
            .map(|member| member["identifier"].as_str().unwrap());
        assert_eq!(names, wanted.collect(), "{ticket}");
    }
}
