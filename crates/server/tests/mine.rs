//! A caller's own records of one company: found by a table of their own, which must say the same as looking
//! through all of the caller's records, whatever moved in between and however old the database is.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_demo::Size;
use bitting_policy::Level;
use bitting_query::Kind;
use bitting_store::table::{Change, Column, Key, Table};
use bitting_store::{Location, Store};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use support::{Company, Credentials};

const BY_COMPANY: [&str; 2] = [
    "service_tickets__mine_company_id",
    "service_tickets__mine_company_id_closed_flag",
];

async fn demo(location: Location) -> Company {
    let size = Size {
        companies: 12,
        contacts: 20,
        configurations: 5,
        agreements: 5,
        tickets: 120,
        opportunities: 5,
        activities: 5,
        projects: 3,
        technicians: 0,
    };
    Company::demo_at(location, size, 3).await
}

/// A member whose level on tickets is My, and the tickets it entered for a few companies.
async fn owner(company: &Company) -> (i64, Credentials) {
    use Level::{All, My, None};
    let role = company
        .role(
            "Own tickets",
            &[
                ("Service Desk", "Service Tickets", [My, My, None, My]),
                ("Companies", "Company Maintenance", [None, None, None, All]),
            ],
            &[],
        )
        .await;
    company.member("OwnTickets", role).await
}

async fn ids(company: &Company, key: &Credentials, conditions: &str) -> BTreeMap<i64, i64> {
    let path = format!("/service/tickets?pageSize=1000&fields=id,company/id{conditions}");
    let rows = company.get(key, &path).await.rows();
    rows.iter()
        .map(|row| (row["id"].as_i64().unwrap(), company_of(row)))
        .collect()
}

fn company_of(row: &Value) -> i64 {
    row["company"]["id"].as_i64().unwrap_or_default()
}

/// For each company: the list with the condition is the part of the whole list, and so is the count.
async fn agree(company: &Company, key: &Credentials) -> usize {
    let all = ids(company, key, "").await;
    let known: BTreeSet<i64> = company
        .get(&company.admin, "/company/companies?fields=id&pageSize=1000")
        .await
        .rows()
        .iter()
        .map(|row| row["id"].as_i64().unwrap())
        .collect();
    for of in known {
        let part: BTreeMap<i64, i64> = all
            .iter()
            .filter(|(_, company)| **company == of)
            .map(|(id, company)| (*id, *company))
            .collect();
        let conditions = format!("&conditions=company/id={of}");
        assert_eq!(ids(company, key, &conditions).await, part, "company {of}");
        let count = company
            .get(
                key,
                &format!("/service/tickets/count?conditions=company/id={of}"),
            )
            .await
            .expect(200);
        assert_eq!(count["count"], json!(part.len()), "company {of}");
        // Where the index of company and flag may vie, and where a narrower table holds both.
        let (mut parted, mut twice) = (BTreeMap::new(), Vec::new());
        for flag in [false, true] {
            let with = format!("&conditions=company/id={of} and closedFlag={flag}");
            let found = ids(company, key, &with).await;
            for id in found.keys() {
                let path = format!("/service/tickets/{id}?fields=closedFlag");
                let shown = company.get(&company.admin, &path).await.expect(200);
                assert_eq!(shown["closedFlag"], json!(flag), "{id}");
            }
            twice.extend(found.keys().filter(|id| parted.contains_key(*id)).copied());
            parted.extend(found);
        }
        assert_eq!((parted, twice), (part, Vec::new()), "company {of}");
        let nothing = format!("&conditions=company/id={of} and company/id=0");
        assert!(ids(company, key, &nothing).await.is_empty());
    }
    all.len()
}

#[tokio::test]
async fn a_members_own_tickets_of_a_company_are_those_among_its_own() {
    let directory = tempfile::tempdir().expect("a directory");
    let location = Location::File(directory.path().join("company.sqlite"));
    let company = demo(location.clone()).await;
    let (member, key) = owner(&company).await;
    let tickets: Vec<i64> = ids(&company, &company.admin, "")
        .await
        .into_keys()
        .collect();
    for id in tickets.iter().step_by(3) {
        let owner = json!([{ "op": "replace", "path": "owner", "value": { "id": member } }]);
        company
            .call(
                &company.admin,
                "PATCH",
                &format!("/service/tickets/{id}"),
                Some(owner),
            )
            .await
            .expect(200);
    }
    assert!(agree(&company, &key).await > 30);

    // A ticket moves to another company, one to another owner, one goes.
    let companies: BTreeSet<i64> = ids(&company, &key, "").await.into_values().collect();
    let to = *companies.iter().next().unwrap();
    for (id, path, value) in [
        (tickets[0], "company", json!({ "id": to })),
        (tickets[3], "owner", Value::Null),
    ] {
        let change = json!([{ "op": "replace", "path": path, "value": value }]);
        company
            .call(
                &company.admin,
                "PATCH",
                &format!("/service/tickets/{id}"),
                Some(change),
            )
            .await
            .expect(200);
    }
    let body = json!({ "summary": "Short-lived", "company": { "id": to } });
    let made = company
        .call(&key, "POST", "/service/tickets", Some(body))
        .await
        .expect(201);
    assert!(
        ids(&company, &key, &format!("&conditions=company/id={to}"))
            .await
            .contains_key(&made["id"].as_i64().unwrap())
    );
    company
        .call(
            &company.admin,
            "DELETE",
            &format!("/service/tickets/{}", made["id"]),
            None,
        )
        .await
        .expect(204);
    let left = agree(&company, &key).await;

    // Tickets close and open again, and what follows a status moves them.
    for id in [tickets[6], tickets[9], tickets[12]] {
        for closed in [true, false, true] {
            let path = format!("/service/tickets/{id}");
            let board = company.get(&company.admin, &path).await.expect(200)["board"]["id"].clone();
            let wanted = format!(
                "/service/boards/{board}/statuses?conditions=closedStatus={closed}&pageSize=1"
            );
            let status = company.get(&company.admin, &wanted).await.rows()[0]["id"].clone();
            let change = json!([{ "op": "replace", "path": "status", "value": { "id": status } }]);
            let changed = company.call(&company.admin, "PATCH", &path, Some(change));
            changed.await.expect(200);
        }
    }
    assert_eq!(agree(&company, &key).await, left);

    // Whole companies merge: their tickets move without their owners being worked out.
    let from = *companies.iter().last().unwrap();
    let merge = json!({ "toCompanyId": to, "tickets": true });
    company
        .call(
            &company.admin,
            "POST",
            &format!("/company/companies/{from}/merge"),
            Some(merge),
        )
        .await
        .expect(200);
    assert_eq!(agree(&company, &key).await, left);

    // A database from before there was such a table, or from when it had no rows whose flag is null, is filled when it
    // is opened.
    let admin = company.admin_member;
    let own = ids(&company, &key, "").await;
    drop(company);
    let pairs = BY_COMPANY.map(|name| Table {
        name: name.into(),
        key: Key::Pair,
        columns: Vec::new(),
        indexes: Vec::new(),
        sparse: Vec::new(),
    });
    let flag = Column {
        name: "closed_flag".into(),
        kind: Kind::Boolean,
    };
    let rows = Table {
        name: "service_tickets".into(),
        key: Key::Id,
        columns: vec![flag.clone()],
        indexes: Vec::new(),
        sparse: Vec::new(),
    };
    let tables = pairs.iter().cloned().chain([rows]).collect();
    let store = Store::open(&location, tables).await.expect("the file");
    for name in BY_COMPANY {
        let filled = [-1, -2];
        let gone = tickets.iter().chain(&filled).map(|id| Change::Unpair {
            table: name.into(),
            id: *id,
        });
        let filled = Change::Pair {
            table: name.into(),
            key: -1,
            id: -1,
        };
        let changes = gone.chain([filled]).collect();
        store.write(changes).await.expect("emptied");
    }
    let neither: BTreeSet<i64> = own.keys().copied().take(3).collect();
    let cleared = neither.iter().map(|id| Change::Update {
        table: "service_tickets".into(),
        id: *id,
        values: vec![(flag.name.clone(), bitting_query::Value::Null)],
    });
    store.write(cleared.collect()).await.expect("cleared");
    drop(store);
    let company = Company::reopen(location.clone()).await.with_admin(admin);
    let key = company.key(member);
    assert_eq!(ids(&company, &key, "").await, own);
    for of in own.values().copied().collect::<BTreeSet<_>>() {
        let parted = |wanted: &dyn Fn(&i64) -> bool| {
            let own = own
                .iter()
                .filter(|(id, company)| **company == of && wanted(id));
            own.map(|(id, company)| (*id, *company))
                .collect::<BTreeMap<_, _>>()
        };
        let of = format!("&conditions=company/id={of}");
        assert_eq!(ids(&company, &key, &of).await, parted(&|_| true), "{of}");
        let flags = |flag| format!("{of} and closedFlag={flag}");
        let mut flagged = ids(&company, &key, &flags(true)).await;
        flagged.extend(ids(&company, &key, &flags(false)).await);
        assert_eq!(flagged, parted(&|id| !neither.contains(id)), "{of}");
    }
    drop(company);

    // What it had beside is no more.
    let [old, _] = pairs.clone();
    let store = Store::open(&location, vec![old]).await.expect("the file");
    let select = bitting_query::render_count(
        BY_COMPANY[0],
        &bitting_query::Filter::Constant(true),
        store.dialect(),
    );
    assert_eq!(store.count(&select).await.expect("a count"), 0);
}
