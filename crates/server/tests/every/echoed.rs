//! What a write answers is what reading the record gives right after it, byte for byte: over every entity that
//! can be made, for an administrator, for a key that sees no prices, no costs and one location only, and for one
//! whose level is My. A create answers from the row in hand, so that this is where it would differ.

use crate::bodies::{Ground, Place, filled, item};
use crate::support::{Answered, Company, Credentials};
use crate::{deep, demo};
use bitting_catalog::Catalog;
use bitting_catalog::entity::Entity;
use bitting_catalog::route::{Method, Route};
use bitting_policy::{Level, Role, Verb};
use serde_json::{Map, Value, json};

/// How often what a refusal names is left out of a body that says everything.
const TRIES: usize = 8;

/// A member with this level on everything that takes it, at one location, with blocks.
async fn member(company: &Company, name: &str, level: Level, more: Value) -> Credentials {
    let id = company.role(name, &[], &[]).await;
    let registry = company.instance.registry();
    let mut role = Role::new(registry, id, name);
    for action in registry.actions() {
        let levels = Verb::EVERY.map(|verb| {
            if action.accepts(verb, level) {
                level
            } else {
                Level::All
            }
        });
        let _ = role.set(registry, action.id, levels);
    }
    company.instance.save_role(role).await.expect("kept");
    let mut body = json!({ "identifier": name, "name": name, "securityRole": { "id": id } });
    for (name, value) in more.as_object().expect("an object") {
        body[name] = value.clone();
    }
    let made = company.call(&company.admin, "POST", "/system/apiMembers", Some(body));
    company.key(made.await.expect(201)["id"].as_i64().expect("an id"))
}

struct Echo<'g, 'c> {
    company: &'c Company,
    catalog: &'c Catalog,
    ground: &'g mut Ground<'c>,
    faults: Vec<String>,
    /// Creates, changes and replacements that went through.
    seen: [usize; 3],
    /// Creates that the caller may not see.
    unseen: usize,
}

impl Echo<'_, '_> {
    /// Makes a record with this body, and drops from it what a refusal names.
    async fn made(
        &mut self,
        key: &Credentials,
        entity: &Entity,
        path: &str,
        body: &mut Map<String, Value>,
        least: &Map<String, Value>,
    ) -> Option<Answered> {
        for _ in 0..TRIES {
            let sent = Some(Value::Object(body.clone()));
            let answered = self.company.call(key, "POST", path, sent).await;
            if answered.status != 400 {
                return Some(answered);
            }
            let mut helped = false;
            for error in answered.json["errors"].as_array().into_iter().flatten() {
                let name = error["field"].as_str().unwrap_or_default();
                let name = name.split(['/', '.']).next().unwrap_or_default();
                helped |= !least.contains_key(name) && body.remove(name).is_some();
            }
            if !helped && !self.ground.heed(entity, &answered, body).await {
                return None;
            }
        }
        None
    }

    /// The record as a GET shows it is what the write answered.
    async fn same(&mut self, key: &Credentials, what: &str, path: &str, answered: &Answered) {
        let read = self.company.get(key, path).await;
        let fine = matches!(answered.status, 200 | 201) && read.status == 200;
        if !(fine && read.body == answered.body) {
            self.faults.push(format!(
                "{what} {path}: {} {}\n  GET {} {}",
                answered.status,
                String::from_utf8_lossy(&answered.body),
                read.status,
                String::from_utf8_lossy(&read.body)
            ));
        }
    }

    async fn create(&mut self, key: &Credentials, entity: &Entity, rich: bool) -> Option<Place> {
        let get = item(self.catalog, entity, Method::Get)?;
        let parents = self.ground.parents(entity).await?;
        let path = self.ground.collection(entity, &parents, Method::Post)?;
        let least = self.ground.record(entity, &parents).await;
        let mut body = least.clone();
        if rich {
            let all = self.ground.plainly(entity);
            for (name, value) in all {
                body.entry(name).or_insert(value);
            }
        }
        let answered = self.made(key, entity, &path, &mut body, &least).await?;
        let words = |id: i64| {
            let ids = parents.iter().chain([&id]);
            ids.map(ToString::to_string).collect::<Vec<_>>()
        };
        if answered.status == 404 {
            // Made, and out of the caller's own sight: reading it says the same.
            let message = answered.json["message"].as_str()?;
            let id = message.split(' ').rev().nth(3)?.parse().ok()?;
            let at = filled(&get.path, &words(id));
            let read = self.company.get(key, &at).await;
            let there = self.company.get(&self.company.admin, &at).await;
            if there.status == 200 {
                self.unseen += 1;
                if read.status != 404 || read.body != answered.body {
                    self.faults.push(format!("{at} is seen after all"));
                }
            }
            return None;
        }
        if !matches!(answered.status, 200 | 201) {
            return None;
        }
        let id = answered.json["id"].as_i64()?;
        self.seen[0] += 1;
        let at = filled(&get.path, &words(id));
        self.same(key, "POST", &at, &answered).await;
        Some(Place { parents, id })
    }

    async fn change(&mut self, key: &Credentials, entity: &Entity, place: &Place) {
        let Some(get) = item(self.catalog, entity, Method::Get) else {
            return;
        };
        let mut ids: Vec<String> = place.parents.iter().map(ToString::to_string).collect();
        ids.push(place.id.to_string());
        // Some records are changed at a path where they cannot be read.
        let there = |route: &&Route| route.path == get.path;
        if let Some(route) = item(self.catalog, entity, Method::Patch).filter(there) {
            let at = filled(&route.path, &ids);
            let values = self.ground.plainly(entity);
            let mut operations: Vec<Value> = Vec::new();
            for (name, value) in values {
                let mut operation = json!({ "op": "replace", "path": name });
                operation["value"] = value;
                operations.push(operation);
            }
            for _ in 0..TRIES {
                let sent = Some(json!(operations));
                let answered = self.company.call(key, "PATCH", &at, sent).await;
                if answered.status == 200 {
                    self.seen[1] += 1;
                    self.same(key, "PATCH", &at, &answered).await;
                    break;
                }
                let wrong: Vec<&str> = answered.json["errors"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(|error| error["field"].as_str()?.split(['/', '.']).next())
                    .collect();
                let before = operations.len();
                operations.retain(|operation| {
                    !wrong.contains(&operation["path"].as_str().unwrap_or_default())
                });
                if operations.len() == before {
                    break;
                }
            }
        }
        if let Some(route) = item(self.catalog, entity, Method::Put).filter(there) {
            let at = filled(&route.path, &ids);
            let mut whole = self.company.get(key, &at).await.json;
            let Some(members) = whole.as_object_mut() else {
                return;
            };
            members.remove("_info");
            let answered = self.company.call(key, "PUT", &at, Some(whole)).await;
            if answered.status == 200 {
                self.seen[2] += 1;
                self.same(key, "PUT", &at, &answered).await;
            }
        }
    }
}

#[test]
fn a_write_answers_what_reading_gives() {
    deep(async || {
        let company = demo().await;
        let catalog = company.instance.catalog();
        let location = company.get(&company.admin, "/system/locations?orderBy=id desc");
        let location = location.await.rows()[0]["id"].clone();
        let blocks = json!({ "blockPriceFlag": true, "blockCostFlag": true });
        let mut apart = blocks.clone();
        apart["securityLocation"] = json!({ "id": location });
        let keys = [
            (company.admin.clone(), true),
            (member(&company, "Blocked", Level::All, blocks).await, false),
            (member(&company, "Apart", Level::All, apart).await, false),
            (member(&company, "Own", Level::My, json!({})).await, true),
        ];
        let mut ground = Ground::new(&company, catalog);
        let mut echo = Echo {
            company: &company,
            catalog,
            ground: &mut ground,
            faults: Vec::new(),
            seen: [0; 3],
            unseen: 0,
        };
        for entity in catalog.entities.iter().filter(|entity| entity.stored) {
            for (key, rich) in &keys {
                let place = echo.create(key, entity, *rich).await;
                if let Some(place) = place.filter(|_| *rich) {
                    echo.change(key, entity, &place).await;
                }
            }
        }
        assert!(
            echo.faults.is_empty(),
            "{} faults:\n{}",
            echo.faults.len(),
            echo.faults.join("\n")
        );
        println!("{:?} {}", echo.seen, echo.unseen);
        let [made, changed, put] = echo.seen;
        assert!(
            made > 600 && changed > 200 && put > 200 && echo.unseen > 2,
            "{made} made, {changed} changed, {put} put, {} unseen",
            echo.unseen
        );
    });
}
