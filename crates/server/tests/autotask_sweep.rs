//! Every route of Autotask, called without a key, with a wrong one, with a level that lacks the right and with one
//! that has exactly what is needed; what a list says is what a count and a get say, under levels drawn at random.
//! The sweep checks its own coverage.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "support/autotask.rs"]
mod site;

use bitting_autotask::users::Shown;
use bitting_catalog::entity::Entity;
use bitting_catalog::security::Values;
use bitting_catalog::served::{Act, Asked, Operations};
use bitting_policy::{ActionId, Needs};
use bitting_psa::secret::Secret;
use serde_json::{Value, json};
use site::{Answered, SYSTEM, Site};
use std::collections::BTreeMap;

const DENIED: &str = "does not have the adequate permissions";

fn act(asked: Asked) -> Option<Act> {
    match asked {
        Asked::Info | Asked::Fields | Asked::UserDefined => None,
        Asked::Get | Asked::List | Asked::Query | Asked::Count => Some(Act::Query),
        Asked::Post => Some(Act::Create),
        Asked::Patch | Asked::Put => Some(Act::Update),
        Asked::Delete => Some(Act::Delete),
    }
}

/// Verb and end of the path of an operation. The record does not exist.
fn call(asked: Asked) -> (&'static str, &'static str) {
    match asked {
        Asked::Get => ("GET", "/987654321"),
        Asked::List => ("GET", ""),
        Asked::Query => ("POST", "/query"),
        Asked::Count => ("POST", "/query/count"),
        Asked::Info => ("GET", "/entityInformation"),
        Asked::Fields => ("GET", "/entityInformation/fields"),
        Asked::UserDefined => ("GET", "/entityInformation/userDefinedFields"),
        Asked::Post => ("POST", ""),
        Asked::Patch => ("PATCH", ""),
        Asked::Put => ("PUT", ""),
        Asked::Delete => ("DELETE", "/987654321"),
    }
}

/// Every place of an entity with what can be asked there.
fn places(entity: &Entity) -> Vec<(String, Operations)> {
    let served = entity.served.as_ref().unwrap();
    let mut places = vec![(format!("/{}", entity.path), served.root)];
    if let Some(below) = &served.below {
        let path = format!("/{}/987654321/{}", below.segment, below.route);
        places.push((path, below.operations));
    }
    places
}

/// What an operation needs, found apart from the pipeline.
fn needs(entity: &Entity, act: Act) -> &Needs {
    let own = entity.extra_rights.get(act.word());
    &own.unwrap_or(&entity.right).needs
}

fn actions(needs: &Needs, into: &mut Vec<ActionId>) {
    match needs {
        Needs::Action(action) => into.push(*action),
        Needs::Every(parts) => parts.iter().for_each(|part| actions(part, into)),
        Needs::Either(parts) => actions(&parts[0], into),
        _ => {}
    }
}

/// A user whose level has the highest value of each permission that is needed, and of no other.
async fn holder(site: &Site, holders: &mut BTreeMap<String, Shown>, needs: &Needs) -> String {
    let mut named = Vec::new();
    actions(needs, &mut named);
    let key = format!("{named:?}");
    if !holders.contains_key(&key) {
        let mut level = site.tenant.permissions.copy(SYSTEM, &key).unwrap();
        level.settings.clear();
        for action in named {
            let row = site.tenant.registry().get(action).unwrap();
            let permission = site
                .tenant
                .permissions
                .deciding(&row.module, &row.name)
                .unwrap();
            level
                .settings
                .insert(permission.full_name(), permission.top());
        }
        // Half a hundred levels is the most there can be; what a level counts for is not at stake here.
        level.interactive = true;
        let id = site.tenant.save_level(None, level.clone()).await.unwrap();
        level.interactive = false;
        site.tenant.save_level(Some(id), level).await.unwrap();
        let user = site.tenant.add_user(1, id, None).await.unwrap();
        holders.insert(key.clone(), user);
    }
    key
}

/// No status but the vendor's own: 500 is a sentence, never a failure of the server.
fn is_vendors(answered: &Answered) -> bool {
    match answered.status {
        200 => answered.json.is_object(),
        401 => answered.body.is_empty(),
        404 | 405 => answered.json["Message"].is_string(),
        500 => answered.json["errors"].as_array().is_some_and(|errors| {
            !errors.is_empty()
                && errors.iter().all(|error| {
                    error
                        .as_str()
                        .is_some_and(|text| !text.contains("An error occurred on the server"))
                })
        }),
        _ => false,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_is_refused_without_its_right_and_open_with_it() {
    let site = Site::open().await;
    let nothing = site.user(1, &[]).await;
    let stranger = Shown {
        user: "nobody@EXAMPLE.COM".to_owned(),
        secret: Secret::new("wrong"),
        code: Secret::new("wrong"),
    };
    let mut holders = BTreeMap::new();
    let mut faults: Vec<String> = Vec::new();
    let mut seen = 0;
    for entity in &site.tenant.catalog().entities {
        let served = entity.served.as_ref().unwrap();
        for (place, operations) in places(entity) {
            for asked in operations.iter() {
                if asked == Asked::UserDefined && served.user_defined.is_none() {
                    // The vendor answers 404 where there can be none.
                    let path = format!("{place}{}", call(asked).1);
                    let status = site.call(Some(site.admin()), "GET", &path, None).await.0;
                    assert_eq!(status, 404, "{path}");
                    seen += 1;
                    continue;
                }
                seen += 1;
                let (method, end) = call(asked);
                let path = format!("{place}{end}");
                let body = match asked {
                    Asked::Query | Asked::Count => Some(site.all_of(&entity.path)),
                    Asked::Patch | Asked::Put => Some(json!({"id": 987_654_321})),
                    Asked::Post => Some(json!({})),
                    _ => None,
                };
                let mut check = |case: &str, answered: &Answered, holds: bool| {
                    if !holds || !is_vendors(answered) {
                        let text = String::from_utf8_lossy(&answered.body);
                        let text: String = text.chars().take(160).collect();
                        let status = answered.status;
                        faults.push(format!("{method} {path} {case}: {status} {text}"));
                    }
                };
                for (case, user) in [
                    ("without a key", None),
                    ("with a wrong key", Some(&stranger)),
                ] {
                    let answered = site.send(user, method, &path, &[], body.clone()).await;
                    check(case, &answered, answered.status == 401);
                }
                let Some(act) = act(asked) else {
                    let answered = site.send(Some(&nothing), method, &path, &[], body).await;
                    check("of anybody", &answered, answered.status == 200);
                    continue;
                };
                let needs = needs(entity, act);
                let open = *needs == Needs::AnyMember;
                let answered = site
                    .send(Some(&nothing), method, &path, &[], body.clone())
                    .await;
                let denied = answered.status == 500
                    && answered.json["errors"][0]
                        .as_str()
                        .unwrap_or("")
                        .contains(DENIED);
                check("without the right", &answered, denied != open);
                let reason = open || answered.denial.contains("needs");
                check("without a reason", &answered, reason);
                let holder = holder(&site, &mut holders, needs).await;
                let user = &holders[&holder];
                let answered = site.send(Some(user), method, &path, &[], body).await;
                let denied = answered.json["errors"][0]
                    .as_str()
                    .unwrap_or("")
                    .contains(DENIED);
                check("with the right", &answered, !denied);
            }
        }
    }
    let all: usize = site
        .tenant
        .catalog()
        .entities
        .iter()
        .flat_map(places)
        .map(|(_, operations)| operations.iter().count())
        .sum();
    assert_eq!(seen, all, "the sweep visits every operation");
    assert!(seen > 2_000, "the whole API, not {seen} operations");
    assert!(
        faults.is_empty(),
        "{} of {seen} fail:\n{}",
        faults.len(),
        faults.join("\n")
    );
    // What is left out of the data is left out of the API, whichever verb it is.
    for (method, path, status) in [
        ("GET", "/Nothing", 404),
        ("GET", "/Tickets/1/Nothing", 404),
        ("GET", "/Companies/1/Contacts/query", 404),
        ("POST", "/Contacts", 404),
        ("DELETE", "/Tickets/1", 405),
        ("PATCH", "/Tickets/1", 405),
        ("PUT", "/Tickets/1", 405),
    ] {
        let answered = site
            .send(Some(site.admin()), method, path, &[], Some(json!({})))
            .await;
        assert_eq!(answered.status, status, "{method} {path}");
        assert!(is_vendors(&answered));
    }
}

/// Numbers that look drawn and are the same each time.
struct Draw(u64);

impl Draw {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % most as u64).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn list_get_and_count_agree_under_levels_drawn_at_random() {
    let site = Site::open().await;
    let me = site.resource("dfrost").await;
    let mut everything: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for round in 0..8_u64 {
        let mut draw = Draw(0x9e37_79b9_7f4a_7c15 ^ (round + 1));
        let mut level = site
            .tenant
            .permissions
            .copy(SYSTEM, &format!("Drawn {round}"))
            .unwrap();
        level.settings.clear();
        for entry in &site.tenant.permissions.entries {
            let mut values = Values::default();
            for cell in ["value", "view", "add", "edit", "delete"] {
                let known = entry.values(cell);
                if !known.is_empty() {
                    let value = known[draw.below(known.len())].clone();
                    *values.cell(cell).unwrap() = Some(value);
                }
            }
            level.settings.insert(entry.full_name(), values);
        }
        let level = site.tenant.save_level(None, level).await.unwrap();
        site.tenant
            .set_territories(me, &[29_682_779])
            .await
            .unwrap();
        let user = site.tenant.add_user(me, level, None).await.unwrap();
        for entity in &site.tenant.catalog().entities {
            let served = entity.served.as_ref().unwrap();
            // Some can be made and not read, and have the routes all the same.
            if !served.root.has(Asked::Query) || !served.can.query {
                continue;
            }
            let path = &entity.path;
            let (_, info) = site
                .call(
                    Some(&user),
                    "GET",
                    &format!("/{path}/entityInformation"),
                    None,
                )
                .await;
            let access = info["info"]["userAccessForQuery"]
                .as_str()
                .unwrap()
                .to_owned();
            let (status, count) = site
                .call(
                    Some(&user),
                    "POST",
                    &format!("/{path}/query/count"),
                    Some(site.all_of(path)),
                )
                .await;
            assert_eq!(
                status == 200,
                access != "None",
                "{round} {path}: {access} {count}"
            );
            if status != 200 {
                continue;
            }
            let rows = site.rows(&user, path).await;
            assert_eq!(count["queryCount"], rows.len() as u64, "{round} {path}");
            let known: Vec<&str> = entity.fields.iter().map(|field| &*field.name).collect();
            for row in &rows {
                let strange = row.as_object().unwrap().keys();
                let strange: Vec<&String> = strange
                    .filter(|key| *key != "userDefinedFields" && !known.contains(&key.as_str()))
                    .collect();
                assert!(strange.is_empty(), "{path}: {strange:?}");
            }
            if !everything.contains_key(path.as_ref()) && !path.contains("Webhook") {
                let rows = site.rows(site.admin(), path).await;
                let ids = rows.iter().map(|row| row["id"].as_i64().unwrap()).collect();
                everything.insert(path.to_string(), ids);
            }
            let seen: Vec<i64> = rows.iter().map(|row| row["id"].as_i64().unwrap()).collect();
            let Some(every) = everything.get(path.as_ref()) else {
                continue;
            };
            if access == "All" && served.rows.line.is_none() && served.rows.through.is_empty() {
                assert_eq!(&seen, every, "{round} {path}: All is all");
            }
            let sample = (0..6.min(every.len())).map(|_| every[draw.below(every.len())]);
            for id in sample.collect::<Vec<_>>() {
                let path = format!("/{path}/{id}");
                let (status, one) = site.call(Some(&user), "GET", &path, None).await;
                assert_eq!(status, 200, "{path}");
                let row = rows.iter().find(|row| row["id"] == id);
                assert_eq!(one["item"], *row.unwrap_or(&Value::Null), "{round} {path}");
            }
        }
    }
    assert!(everything.len() > 100);
}
