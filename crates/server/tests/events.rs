//! The log of calls: who may read it, what of it, and how it goes on.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_policy::Level::{All, None as No};
use serde_json::Value;
use support::{Company, Credentials};

const EVENTS: &str = "/bitting/apis/3.0/events";

/// A company with a reader who has read, was denied and asked for what is not there.
async fn used() -> (Company, Credentials) {
    let company = Company::open().await;
    let rows = [("Companies", "Company Maintenance", [No, No, No, All])];
    let role = company.role("Reader", &rows, &[]).await;
    let key = company.member("reader", role).await.1;
    for (path, status) in [
        ("/company/companies?pageSize=1", 200),
        ("/service/tickets", 403),
        ("/company/companies/999999", 404),
    ] {
        assert_eq!(company.get(&key, path).await.status, status, "{path}");
    }
    (company, key)
}

async fn ask(company: &Company, query: &str) -> Vec<Value> {
    let answered = company
        .at(Some(&company.admin), &format!("{EVENTS}?{query}"))
        .await;
    assert_eq!(answered.status, 200, "{query}: {}", answered.json);
    answered.rows()
}

fn statuses(events: &[Value]) -> Vec<u64> {
    events
        .iter()
        .map(|event| event["status"].as_u64().unwrap())
        .collect()
}

#[tokio::test]
async fn a_search_finds_what_fits_it_and_nothing_else() {
    let (company, _) = used().await;
    for (query, expected) in [
        ("member=READER", &[200, 403, 404][..]),
        ("member=reader&decision=denied", &[403]),
        ("member=reader&decision=failed", &[403, 404]),
        ("member=reader&decision=answered", &[200]),
        ("member=reader&decision=written", &[]),
        ("member=reader&path=Company/Comp", &[200, 404]),
        ("member=reader&limit=2", &[403, 404]),
        ("member=nobody", &[]),
    ] {
        assert_eq!(statuses(&ask(&company, query).await), expected, "{query}");
    }
    let denied = ask(&company, "decision=denied&member=reader")
        .await
        .remove(0);
    let reason = denied["reason"].as_str().unwrap();
    assert!(
        reason.contains("Service Desk / Service Tickets"),
        "{reason}"
    );
}

#[tokio::test]
async fn it_goes_on_behind_an_event_and_looking_leaves_no_line() {
    let (company, key) = used().await;
    let all = ask(&company, "").await;
    let newest = all.last().unwrap()["id"].as_str().unwrap().to_owned();
    assert_eq!(
        ask(&company, &format!("after={newest}")).await,
        [] as [Value; 0]
    );

    let calls = 3;
    for _ in 0..calls {
        company.get(&key, "/service/tickets").await;
    }
    let fresh = ask(&company, &format!("after={newest}&limit=2")).await;
    assert_eq!(statuses(&fresh), [403, 403]);
    let on = fresh.last().unwrap()["id"].as_str().unwrap();
    let rest = ask(&company, &format!("after={on}")).await;
    assert_eq!(statuses(&rest), [403]);
    assert_eq!(ask(&company, "").await.len(), all.len() + calls);
}

#[tokio::test]
async fn it_is_for_administrators_and_says_what_it_cannot_read() {
    let (company, key) = used().await;
    assert_eq!(company.at(Some(&key), EVENTS).await.status, 403);
    for (query, named) in [
        ("decision=maybe", "maybe is no decision"),
        ("limit=0", "from 1 to 1000, not 0"),
        ("limit=many", "from 1 to 1000, not many"),
    ] {
        let refused = company
            .at(Some(&company.admin), &format!("{EVENTS}?{query}"))
            .await;
        assert_eq!(refused.status, 400, "{query}");
        let message = refused.json["message"].as_str().unwrap();
        assert!(message.contains(named), "{message}");
    }
}
