//! What a caller may not send, over all entities: values of a wrong type, references to nothing and to what the
//! key does not see, children of another parent, deletions that would leave something pointing at nothing.
//! Every one of them is the caller's mistake, said as such, and changes nothing.

use crate::bodies::{Ground, Place, filled, item};
use crate::support::{Answered, Company, Credentials};
use crate::{deep, demo};
use bitting_catalog::entity::{Entity, Field, Kind};
use bitting_catalog::route::{Method, Route, RouteKind};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// An id no record has.
const NOBODY: i64 = 987_654_321;

fn path_of(route: &Route, place: &Place) -> String {
    let mut words: Vec<String> = place.parents.iter().map(ToString::to_string).collect();
    words.push(place.id.to_string());
    filled(&route.path, &words)
}

fn patch(field: &str, value: Value) -> Value {
    let mut operation = json!({ "op": "replace", "path": field });
    operation["value"] = value;
    json!([operation])
}

/// Says what went wrong where, unless it is a mistake of the caller's.
fn mistake(faults: &mut Vec<String>, what: &str, statuses: &[u16], answered: &Answered) {
    let told = answered.json["code"].as_str().is_some();
    if !statuses.contains(&answered.status) || !told {
        let body = String::from_utf8_lossy(&answered.body);
        faults.push(format!("{what}: {} {:.200}", answered.status, body));
    }
}

fn settle(faults: &[String], seen: usize, least: usize) {
    assert!(
        faults.is_empty(),
        "{} faults:\n{}",
        faults.len(),
        faults.join("\n")
    );
    assert!(
        seen >= least,
        "{seen} cases, at least {least} were expected"
    );
}

/// A value that no field of the kind takes.
fn wrong(field: &Field) -> Option<Value> {
    Some(match &field.kind {
        Kind::Text
        | Kind::Uuid
        | Kind::Boolean
        | Kind::DateTime
        | Kind::Date
        | Kind::References(_)
        | Kind::List(_)
        | Kind::Embedded { list: true, .. } => json!({ "a": 1 }),
        Kind::Integer | Kind::Number => json!("many"),
        Kind::Reference(_) => json!([true]),
        Kind::Embedded { .. } => json!(5),
        Kind::Any => return None,
    })
}

#[test]
fn values_of_a_wrong_type_are_refused_everywhere() {
    deep(async || {
        let company = demo().await;
        let catalog = company.instance.catalog();
        let mut ground = Ground::new(&company, catalog);
        let (mut seen, mut faults) = (0, Vec::new());
        for entity in &catalog.entities {
            let Some(route) = item(catalog, entity, Method::Patch) else {
                continue;
            };
            let Some(place) = ground.place(entity.id).await else {
                continue;
            };
            let path = path_of(route, &place);
            let mut kinds = BTreeSet::new();
            for field in entity.fields.iter().filter(|field| !field.read_only) {
                let kind = format!("{:?}", std::mem::discriminant(&field.kind));
                let Some(value) = wrong(field).filter(|_| kinds.insert(kind)) else {
                    continue;
                };
                let body = patch(&field.name, value);
                let answered = company
                    .call(&company.admin, "PATCH", &path, Some(body))
                    .await;
                mistake(
                    &mut faults,
                    &format!("PATCH {path} {}", field.name),
                    &[400],
                    &answered,
                );
                seen += 1;
            }
            let body = patch("noSuchMember", json!(1));
            let answered = company
                .call(&company.admin, "PATCH", &path, Some(body))
                .await;
            mistake(
                &mut faults,
                &format!("PATCH {path} noSuchMember"),
                &[400],
                &answered,
            );
        }
        settle(&faults, seen, 900);
    });
}

#[test]
fn a_child_is_not_found_under_another_parent() {
    deep(async || {
        let company = demo().await;
        let catalog = company.instance.catalog();
        let mut ground = Ground::new(&company, catalog);
        let (mut seen, mut faults) = (0, Vec::new());
        for entity in &catalog.entities {
            let Some(above) = entity.parents.last().and_then(|parent| parent.entity) else {
                continue;
            };
            let Some(get) = item(catalog, entity, Method::Get) else {
                continue;
            };
            let Some(place) = ground.place(entity.id).await else {
                continue;
            };
            let Some(other) = ground.fresh(above).await else {
                continue;
            };
            let mut elsewhere = place.clone();
            let mut parents = other.parents.clone();
            parents.push(other.id);
            if parents.len() != place.parents.len() || parents == place.parents {
                continue;
            }
            elsewhere.parents = parents;
            let before = company.get(&company.admin, &path_of(get, &place)).await;
            if before.status != 200 {
                continue;
            }
            for method in [Method::Get, Method::Patch, Method::Delete] {
                let Some(route) = item(catalog, entity, method) else {
                    continue;
                };
                let path = path_of(route, &elsewhere);
                let body = (method == Method::Patch).then(|| json!([]));
                let word = crate::cases::word(method);
                let answered = company.call(&company.admin, word, &path, body).await;
                mistake(&mut faults, &format!("{word} {path}"), &[404], &answered);
                seen += 1;
            }
            let after = company.get(&company.admin, &path_of(get, &place)).await;
            if after.status != 200 {
                faults.push(format!("{} is gone", path_of(get, &place)));
            }
        }
        settle(&faults, seen, 150);
    });
}

/// What an answer says about one field, with the id taken out.
fn said(answered: &Answered, field: &str, id: i64) -> Vec<String> {
    let errors = answered.json["errors"].as_array().into_iter().flatten();
    let about = errors.filter(|error| {
        let named = error["field"].as_str().unwrap_or_default();
        named.split(['/', '.']).next() == Some(field)
    });
    about
        .map(|error| error.to_string().replace(&id.to_string(), "ID"))
        .collect()
}

/// A key with every right at a location where nothing is.
async fn apart(company: &Company) -> Credentials {
    let admin = &company.admin;
    let me = format!("/system/members/{}", company.admin_member);
    let role = company.get(admin, &me).await.expect(200)["securityRole"]["id"].clone();
    let tree = company
        .get(admin, "/system/locations?pageSize=1000")
        .await
        .rows();
    let top = tree
        .iter()
        .find(|row| row["reportsTo"].is_null())
        .expect("a top")["id"]
        .clone();
    let level = tree
        .iter()
        .find(|row| !row["reportsTo"].is_null())
        .map(|row| row["structureLevel"].clone());
    let mut body = json!({ "name": "Apart", "reportsTo": { "id": top }, "ownerLevelId": 1 });
    body["structureLevel"] = level.unwrap_or_default();
    let place = company
        .call(admin, "POST", "/system/locations", Some(body))
        .await
        .expect(201);
    let body = json!({ "identifier": "Apart", "name": "Apart", "securityRole": { "id": role },
        "securityLocation": { "id": place["id"] } });
    let made = company
        .call(admin, "POST", "/system/apiMembers", Some(body))
        .await
        .expect(201);
    company.key(made["id"].as_i64().expect("an id"))
}

#[test]
fn a_reference_out_of_sight_is_answered_as_one_to_nothing() {
    deep(async || {
        let company = demo().await;
        let key = apart(&company).await;
        let catalog = company.instance.catalog();
        let mut ground = Ground::new(&company, catalog);
        let (mut nowhere, mut hidden, mut faults) = (0, 0, Vec::new());
        for entity in &catalog.entities {
            let Some(parents) = ground.parents(entity).await else {
                continue;
            };
            let Some(path) = ground.collection(entity, &parents, Method::Post) else {
                continue;
            };
            for field in entity.fields.iter().filter(|field| !field.read_only) {
                let Kind::Reference(reference) = &field.kind else {
                    continue;
                };
                let Some(target) = reference.target else {
                    continue;
                };
                let body = |id: i64| {
                    let mut body = Map::new();
                    body.insert(field.name.to_string(), json!({ "id": id }));
                    Some(Value::Object(body))
                };
                // To nothing: said of this field, whoever asks.
                let answered = company
                    .call(&company.admin, "POST", &path, body(NOBODY))
                    .await;
                if answered.status == 404 {
                    // The parent in the path is the caller's own affair.
                    continue;
                }
                if answered.status == 415 {
                    // Takes files, and no JSON.
                    continue;
                }
                let what = format!("POST {path} {} to nothing", field.name);
                mistake(&mut faults, &what, &[400], &answered);
                nowhere += 1;
                let Some(place) = ground.place(target).await else {
                    continue;
                };
                let Some(get) = item(catalog, catalog.entity(target), Method::Get) else {
                    continue;
                };
                let seen = company.get(&key, &path_of(get, &place)).await.status;
                let there = company
                    .get(&company.admin, &path_of(get, &place))
                    .await
                    .status;
                if (there, seen) != (200, 404) {
                    continue;
                }
                let none = company.call(&key, "POST", &path, body(NOBODY)).await;
                let some = company.call(&key, "POST", &path, body(place.id)).await;
                let none = (none.status, said(&none, &field.name, NOBODY));
                let some = (some.status, said(&some, &field.name, place.id));
                if none != some {
                    faults.push(format!("POST {path} {}: {none:?}, {some:?}", field.name));
                }
                hidden += 1;
            }
        }
        println!("{nowhere} to nothing, {hidden} out of sight");
        settle(&faults, nowhere, 400);
        settle(&faults, hidden, 60);
    });
}

/// A record that the API shows, one of whose fields points to another.
struct Arrow {
    shown: String,
    field: String,
    id: i64,
}

impl Arrow {
    /// Lays down a record whose field points to this one; `None` where the API does not show it so.
    async fn shot(ground: &mut Ground<'_>, from: &Entity, field: &Field, id: i64) -> Option<Self> {
        let get = item(ground.catalog, from, Method::Get)?;
        let parents = ground.parents(from).await?;
        let mut row = Map::new();
        row.insert(field.name.to_string(), json!({ "id": id }));
        let place = ground.lay(from, parents, row).await?;
        let arrow = Self {
            shown: path_of(get, &place),
            field: field.name.to_string(),
            id,
        };
        arrow.points(ground.company).await.then_some(arrow)
    }

    async fn points(&self, company: &Company) -> bool {
        let read = company.get(&company.admin, &self.shown).await;
        read.status == 200 && read.json[&self.field]["id"] == json!(self.id)
    }

    async fn points_nowhere(&self, company: &Company, deleted: &str, faults: &mut Vec<String>) {
        if self.points(company).await {
            let (shown, field) = (&self.shown, &self.field);
            faults.push(format!("DELETE {deleted}: {shown} still has its {field}"));
        }
    }
}

/// Deletes a record and says whether it is gone: refused, it is there, and so it is for whatever points to it
/// when it was only marked as deleted.
async fn gone(company: &Company, path: &str, faults: &mut Vec<String>) -> bool {
    let answered = company.call(&company.admin, "DELETE", path, None).await;
    if answered.status >= 500 {
        faults.push(format!("DELETE {path}: {}", answered.status));
    }
    answered.status < 300 && company.get(&company.admin, path).await.status != 200
}

/// Every column that points to records of an entity, in rows that the API shows: deleting the record is refused,
/// or leaves the column empty, or takes the row along.
fn no_orphans(part: usize, parts: usize) {
    deep(async move || {
        let company = demo().await;
        let catalog = company.instance.catalog();
        let mut ground = Ground::new(&company, catalog);
        let (mut seen, mut faults) = (0, Vec::new());
        let targets = catalog.entities.iter().enumerate();
        for (_, target) in targets.filter(|(index, _)| index % parts == part) {
            let home = catalog.home(target.id);
            let Some(delete) = item(catalog, target, Method::Delete) else {
                continue;
            };
            for from in &catalog.entities {
                for field in &from.fields {
                    let points = field
                        .target()
                        .is_some_and(|to| catalog.home(to).id == home.id);
                    let Kind::Reference(_) = &field.kind else {
                        continue;
                    };
                    if !points || from.id == target.id {
                        continue;
                    }
                    let Some(parents) = ground.parents(target).await else {
                        continue;
                    };
                    let Some(place) = ground.lay(target, parents, Map::new()).await else {
                        continue;
                    };
                    let Some(arrow) = Arrow::shot(&mut ground, from, field, place.id).await else {
                        continue;
                    };
                    let path = path_of(delete, &place);
                    seen += 1;
                    if gone(&company, &path, &mut faults).await {
                        arrow.points_nowhere(&company, &path, &mut faults).await;
                    }
                }
            }
        }
        settle(&faults, seen, 60);
    });
}

/// The same for what goes with a record because it hangs under it.
#[test]
fn a_deletion_leaves_nothing_that_points_at_a_child_that_went_along() {
    deep(async || {
        let company = demo().await;
        let catalog = company.instance.catalog();
        let mut ground = Ground::new(&company, catalog);
        let (mut seen, mut faults) = (0, Vec::new());
        for child in &catalog.entities {
            let Some(above) = child.parents.last().and_then(|parent| parent.entity) else {
                continue;
            };
            let above = catalog.entity(above);
            let Some(delete) = item(catalog, above, Method::Delete) else {
                continue;
            };
            for (from, field) in catalog.pointing_to(child.id) {
                let Kind::Reference(_) = &field.kind else {
                    continue;
                };
                let Some(parents) = ground.parents(above).await else {
                    continue;
                };
                let Some(place) = ground.lay(above, parents.clone(), Map::new()).await else {
                    continue;
                };
                let mut under = parents;
                under.push(place.id);
                let Some(small) = ground.lay(child, under, Map::new()).await else {
                    continue;
                };
                let Some(arrow) = Arrow::shot(&mut ground, from, field, small.id).await else {
                    continue;
                };
                let path = path_of(delete, &place);
                seen += 1;
                if !gone(&company, &path, &mut faults).await {
                    continue;
                }
                // A row that no client could have put there may be left alone.
                let mut own = catalog.routes_of(catalog.home(child.id).id);
                let own =
                    own.find(|route| route.kind == RouteKind::Item && route.params.len() == 1);
                if let Some(own) = own {
                    let own = filled(&own.path, &[small.id.to_string()]);
                    if company.get(&company.admin, &own).await.status == 200 {
                        continue;
                    }
                }
                arrow.points_nowhere(&company, &path, &mut faults).await;
            }
        }
        settle(&faults, seen, 60);
    });
}

#[test]
fn a_deletion_leaves_nothing_that_points_at_nothing_1() {
    no_orphans(0, 3);
}

#[test]
fn a_deletion_leaves_nothing_that_points_at_nothing_2() {
    no_orphans(1, 3);
}

#[test]
fn a_deletion_leaves_nothing_that_points_at_nothing_3() {
    no_orphans(2, 3);
}
