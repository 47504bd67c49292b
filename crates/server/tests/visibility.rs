//! One predicate for list, count and get: over random roles, levels, customize lists, locations and excluded
//! boards, what a list shows is exactly what gets answer, and the count agrees.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_catalog::entity::{Entity, Field, Kind};
use bitting_demo::Size;
use bitting_policy::Level;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use support::random::random_role;
use support::{Company, Credentials};

/// Levels that roles draw from.
const EVENLY: [Level; 4] = [Level::None, Level::My, Level::All, Level::All];

/// Entities to look at: records with owners, locations, boards and types, and setup tables.
const PATHS: [&str; 12] = [
    "/company/companies",
    "/company/contacts",
    "/company/configurations",
    "/service/tickets",
    "/project/tickets",
    "/sales/opportunities",
    "/sales/activities",
    "/finance/agreements",
    "/time/entries",
    "/service/boards",
    "/company/companies/types",
    "/system/members",
];

/// What hangs on records, and is whose they are: with the records' own path, and owners or none.
const CHILDREN: [(&str, &str); 7] = [
    ("/project/projects", "phases"),
    ("/project/projects", "notes"),
    ("/service/tickets", "notes"),
    ("/company/companies", "notes"),
    ("/company/contacts", "notes"),
    ("/finance/agreements", "additions"),
    ("/sales/opportunities", "notes"),
];

/// The path that a child collection is known by here.
const PHASES: &str = "/project/projects/phases";

async fn demo() -> Company {
    let size = Size {
        companies: 40,
        contacts: 60,
        configurations: 60,
        agreements: 20,
        tickets: 150,
        opportunities: 40,
        activities: 50,
        projects: 6,
        technicians: 0,
    };
    Company::demo(size, 7).await
}

/// Every id that the key lists; `None` when the list is refused.
async fn listed(company: &Company, key: &Credentials, path: &str) -> Option<BTreeSet<i64>> {
    let mut ids = BTreeSet::new();
    for page in 1.. {
        let answered = company
            .get(key, &format!("{path}?pageSize=37&page={page}&fields=id"))
            .await;
        if answered.status == 403 {
            return None;
        }
        let rows = answered.rows();
        let last = rows.len() < 37;
        for row in rows {
            assert!(
                ids.insert(row["id"].as_i64().expect("an id")),
                "{path} shows a record twice"
            );
        }
        if last {
            return Some(ids);
        }
    }
    unreachable!("pages end")
}

/// A role with random levels on every row, and random lists.
async fn random_member(company: &Company, random: &mut StdRng, number: usize) -> Credentials {
    let id = company.role(&format!("random {number}"), &[], &[]).await;
    let mut role = random_role(company.instance.registry(), &EVENLY, random);
    (role.id, role.name) = (id, format!("random {number}"));
    company
        .instance
        .save_role(role)
        .await
        .expect("a role is kept");
    let locations = company
        .get(&company.admin, "/system/locations?fields=id&pageSize=1000")
        .await
        .rows();
    let boards = company
        .get(&company.admin, "/service/boards?fields=id&pageSize=1000")
        .await
        .rows();
    let location = &locations[random.random_range(0..locations.len())];
    let excluded: Vec<_> = boards
        .iter()
        .filter(|_| random.random_bool(0.3))
        .map(|board| board["id"].clone())
        .collect();
    let body = json!({
        "identifier": format!("random{number}"),
        "name": format!("Random {number}"),
        "securityRole": { "id": id },
        "securityLocation": { "id": location["id"] },
        "excludedServiceBoardIds": excluded,
    });
    let made = company
        .call(&company.admin, "POST", "/system/apiMembers", Some(body))
        .await
        .expect(201);
    let member = made["id"].as_i64().expect("an id");
    // Some records belong to the member, so that My has something to show.
    for (path, field, upto) in [
        ("/service/tickets", "owner", 60),
        ("/sales/activities", "assignTo", 60),
        ("/project/projects", "manager", 7),
    ] {
        for _ in 0..5 {
            let id = random.random_range(1..upto);
            let patch = json!([{ "op": "replace", "path": field, "value": { "id": member } }]);
            company
                .call(
                    &company.admin,
                    "PATCH",
                    &format!("{path}/{id}"),
                    Some(patch),
                )
                .await;
        }
    }
    company.key(member)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_shows_exactly_what_gets_answer() {
    let company = demo().await;
    let mut random = StdRng::seed_from_u64(11);
    let mut shown = 0;
    let mut hidden = 0;
    for number in 0..8 {
        let key = random_member(&company, &mut random, number).await;
        for path in PATHS {
            let all = listed(&company, &company.admin, path)
                .await
                .expect("the administrator lists");
            let seen = listed(&company, &key, path).await;
            let count = company.get(&key, &format!("{path}/count")).await;
            match &seen {
                None => assert_eq!(count.status, 403, "{path}/count"),
                Some(seen) => {
                    assert_eq!(
                        count.json["count"],
                        json!(seen.len()),
                        "{path}/count of random {number}"
                    );
                    assert!(
                        seen.is_subset(&all),
                        "{path}: nothing but what the administrator sees"
                    );
                }
            }
            for id in all.iter().filter(|_| random.random_bool(0.25)) {
                let status = company.get(&key, &format!("{path}/{id}")).await.status;
                let expected = match &seen {
                    None => 403,
                    Some(seen) if seen.contains(id) => 200,
                    Some(_) => 404,
                };
                assert_eq!(status, expected, "{path}/{id} of random {number}");
                if status == 200 {
                    shown += 1;
                } else {
                    hidden += 1;
                }
            }
        }
    }
    assert!(
        shown > 100 && hidden > 100,
        "both cases are met: {shown} shown, {hidden} hidden"
    );
}

/// What hangs on records shows by the same rule, level My through the record above included.
#[tokio::test(flavor = "multi_thread")]
async fn what_hangs_on_a_record_shows_by_one_rule() {
    let company = demo().await;
    let mut random = StdRng::seed_from_u64(31);
    // Contacts have no notes in the demo company, and no owners.
    for contact in 1..20 {
        let note = json!({ "text": "Prefers mornings" });
        let path = format!("/company/contacts/{contact}/notes");
        company
            .call(&company.admin, "POST", &path, Some(note))
            .await
            .expect(201);
    }
    let mut met = BTreeMap::new();
    for number in 0..10 {
        let key = random_member(&company, &mut random, 300 + number).await;
        for (above, children) in CHILDREN {
            let parents = listed(&company, &company.admin, above).await.unwrap();
            for parent in parents.iter().take(60).filter(|_| random.random_bool(0.5)) {
                let path = format!("{above}/{parent}/{children}");
                let all = listed(&company, &company.admin, &path).await.unwrap();
                let count = company.get(&key, &format!("{path}/count")).await;
                let list = company
                    .get(&key, &format!("{path}?pageSize=1000&fields=id"))
                    .await;
                assert_eq!(list.status, count.status, "{path} of random {number}");
                let listing = list.status;
                let seen: BTreeSet<i64> = match listing {
                    200 => {
                        let rows = list.rows();
                        assert_eq!(count.json["count"], json!(rows.len()), "{path}/count");
                        rows.iter().map(|row| row["id"].as_i64().unwrap()).collect()
                    }
                    403 | 404 => BTreeSet::new(),
                    other => panic!("{path}: {other}"),
                };
                assert!(seen.is_subset(&all), "{path}");
                for id in all {
                    let status = company.get(&key, &format!("{path}/{id}")).await.status;
                    let expected = match listing {
                        200 if seen.contains(&id) => 200,
                        403 => 403,
                        _ => 404,
                    };
                    assert_eq!(status, expected, "{path}/{id} of random {number}");
                    *met.entry((above, children, status)).or_insert(0) += 1;
                }
            }
        }
    }
    for (above, children) in CHILDREN {
        let shown = met.get(&(above, children, 200)).copied();
        assert!(shown.is_some(), "{above} {children}: {met:?}");
    }
}

/// A field whose value no reference shows: a caller learns it from the record itself or not at all.
fn telling<'e>(target: &'e Entity, shown: &[&str]) -> Vec<&'e Field> {
    let plain = |field: &&Field| {
        matches!(field.kind, Kind::Text | Kind::Boolean | Kind::Integer) && !field.write_only
    };
    let fields = target.fields.iter().filter(plain);
    fields
        .filter(|field| &*field.name != "id" && !shown.contains(&&*field.name))
        .filter(|field| {
            !target
                .guarded
                .iter()
                .any(|guard| guard.fields.iter().any(|name| **name == *field.name))
        })
        .collect()
}

/// Every row as the administrator reads it, by id.
async fn rows(company: &Company, path: &str) -> BTreeMap<i64, Value> {
    let answered = company
        .get(&company.admin, &format!("{path}?pageSize=1000"))
        .await;
    let rows = answered.rows().into_iter();
    rows.map(|row| (row["id"].as_i64().expect("an id"), row))
        .collect()
}

/// The same for a path, or for the phases of all projects.
async fn all_rows(company: &Company, path: &str) -> BTreeMap<i64, Value> {
    if path != PHASES {
        return rows(company, path).await;
    }
    let mut found = BTreeMap::new();
    for project in rows(company, "/project/projects").await.keys() {
        found.extend(rows(company, &format!("/project/projects/{project}/phases")).await);
    }
    found
}

/// What a key lists, of a path or of the phases of all projects that it sees.
async fn sight(company: &Company, key: &Credentials, path: &str) -> Option<BTreeSet<i64>> {
    if path != PHASES {
        return listed(company, key, path).await;
    }
    let mut seen = BTreeSet::new();
    for project in rows(company, "/project/projects").await.keys() {
        let path = format!("/project/projects/{project}/phases?pageSize=1000&fields=id");
        let answered = company.get(key, &path).await;
        match answered.status {
            403 => return None,
            404 => {}
            _ => seen.extend(
                answered
                    .rows()
                    .iter()
                    .map(|row| row["id"].as_i64().unwrap()),
            ),
        }
    }
    Some(seen)
}

/// How values stand in an order: nothing first, text without regard to letter case.
fn rank(value: Option<&Value>) -> (u8, i64, String) {
    match value {
        Some(Value::String(text)) => (1, 0, text.to_ascii_lowercase()),
        Some(Value::Bool(flag)) => (1, i64::from(*flag), String::new()),
        Some(Value::Number(number)) => (1, number.as_i64().unwrap(), String::new()),
        _ => (0, 0, String::new()),
    }
}

/// A value as conditions write it.
fn literal(value: &Value) -> Option<String> {
    match value {
        Value::String(text)
            if text.len() < 60 && !text.contains(['"', '\\', '&', '#', '%', '+']) =>
        {
            Some(format!("\"{text}\""))
        }
        Value::Bool(flag) => Some(if *flag { "True" } else { "False" }.to_owned()),
        Value::Number(number) if number.is_i64() => Some(number.to_string()),
        _ => None,
    }
}

/// Over random callers and every reference between the records above: a condition on a field of the record that
/// a reference points to answers as if hidden records were not there. What it keeps can be worked out from what
/// the caller reads anyhow.
#[tokio::test(flavor = "multi_thread")]
async fn a_condition_or_an_order_through_a_reference_answers_from_what_is_in_sight() {
    let company = demo().await;
    let catalog = company.instance.catalog();
    let mut random = StdRng::seed_from_u64(23);
    let mut tables = BTreeMap::new();
    let places = || PATHS.into_iter().chain([PHASES]);
    for path in places() {
        tables.insert(path, all_rows(&company, path).await);
    }
    let mut ways = Vec::new();
    for from in PATHS {
        let entity = catalog.entity_at(&from[1..]).expect("an entity");
        for field in &entity.fields {
            let Kind::Reference(reference) = &field.kind else {
                continue;
            };
            let Some(target) = reference.target.map(|id| catalog.entity(id)) else {
                continue;
            };
            let to = format!("/{}", target.path);
            let Some(to) = places().find(|path| *path == to) else {
                continue;
            };
            let mut shown: Vec<&str> = reference.members.iter().map(|(name, _)| &**name).collect();
            shown.extend(reference.members.iter().map(|(_, source)| &**source));
            for told in telling(target, &shown) {
                let known = tables[to]
                    .values()
                    .find_map(|row| literal(&row[&*told.name]));
                if let Some(known) = known
                    && tables[from]
                        .values()
                        .any(|row| !row[&*field.name].is_null())
                {
                    ways.push((from, field.name.clone(), to, told.name.clone(), known));
                }
            }
        }
    }
    assert!(ways.len() > 60, "{} ways", ways.len());
    let (mut told, mut veiled, mut refused, mut sorted) = (0, 0, 0, 0);
    let mut phases = 0;
    for number in 0..6 {
        let key = random_member(&company, &mut random, 100 + number).await;
        // Some records have gone over to the new member.
        for path in places() {
            tables.insert(path, all_rows(&company, path).await);
        }
        let mut sights = BTreeMap::new();
        for path in places() {
            sights.insert(path, sight(&company, &key, path).await);
        }
        for (from, field, to, name, value) in ways.iter().filter(|_| random.random_bool(0.3)) {
            let Some(here) = &sights[from] else { continue };
            let at = |id: &i64| tables[from][id][&**field]["id"].as_i64();
            // The value that the caller may learn: none behind a record out of sight.
            let seen = |id: &i64| -> Option<&Value> {
                let target = at(id)?;
                sights[to].as_ref()?.contains(&target).then_some(())?;
                let value = &tables[to].get(&target)?[&**name];
                (!value.is_null()).then_some(value)
            };
            let same = |id: &i64| {
                let held = seen(id).and_then(literal).map(|held| held.to_lowercase());
                held == Some(value.to_lowercase())
            };
            let hides = here.iter().any(|id| at(id).is_some() && seen(id).is_none());
            let asks: [(String, BTreeSet<i64>); 5] = [
                (
                    format!("{field}/{name}={value}"),
                    here.iter().copied().filter(|id| same(id)).collect(),
                ),
                (
                    format!("{field}/{name}!={value}"),
                    here.iter().copied().filter(|id| !same(id)).collect(),
                ),
                (
                    format!("{field}/{name}=null"),
                    here.iter()
                        .copied()
                        .filter(|id| seen(id).is_none())
                        .collect(),
                ),
                (
                    format!("{field}/{name}!=null"),
                    here.iter()
                        .copied()
                        .filter(|id| seen(id).is_some())
                        .collect(),
                ),
                (
                    format!("{field}/{name} in ({value})"),
                    here.iter().copied().filter(|id| same(id)).collect(),
                ),
            ];
            for (way, descending) in [("asc", false), ("desc", true)] {
                let ask = format!("{from}?pageSize=1000&fields=id&orderBy={field}/{name} {way}");
                let answered = company.get(&key, &ask).await;
                if sights[to].is_none() {
                    assert_eq!(answered.status, 403, "{ask}: no right on {to}");
                    continue;
                }
                let mut expected: Vec<i64> = here.iter().copied().collect();
                expected.sort_by(|left, right| {
                    let order = rank(seen(left)).cmp(&rank(seen(right)));
                    let order = if descending { order.reverse() } else { order };
                    order.then(left.cmp(right))
                });
                let shown = answered.rows().into_iter();
                let shown: Vec<i64> = shown.map(|row| row["id"].as_i64().unwrap()).collect();
                assert_eq!(shown, expected, "{ask} of random {number}");
                sorted += usize::from(hides && here.len() > 1);
            }
            for (condition, expected) in asks {
                let ask = format!("{from}?pageSize=1000&fields=id&conditions={condition}");
                let answered = company.get(&key, &ask).await;
                if sights[to].is_none() {
                    assert_eq!(answered.status, 403, "{ask}: no right on {to}");
                    refused += 1;
                    continue;
                }
                let kept = answered.rows().into_iter();
                let kept: BTreeSet<i64> = kept.map(|row| row["id"].as_i64().unwrap()).collect();
                assert_eq!(kept, expected, "{ask} of random {number}");
                let count = company
                    .get(&key, &format!("{from}/count?conditions={condition}"))
                    .await;
                assert_eq!(
                    count.json["count"],
                    json!(expected.len()),
                    "{ask}: the count"
                );
                told += 1;
                phases += usize::from(*to == PHASES && hides);
                veiled += usize::from(hides);
            }
        }
    }
    assert!(
        told > 200 && veiled > 100 && refused > 10 && sorted > 50 && phases > 0,
        "{told} told, {veiled} veiled, {refused} refused, {sorted} sorted, {phases} by phases"
    );
}
