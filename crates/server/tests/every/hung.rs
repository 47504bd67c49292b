//! Where a record hangs is said by the path it is sent to. A body that repeats the parent may say another one or
//! none: over every entity that shows its parent, the record stays under the path's, and is found there.

use crate::bodies::{Ground, filled, item};
use crate::{deep, demo};
use bitting_catalog::entity::{Entity, Field, Kind};
use bitting_catalog::route::Method;
use serde_json::{Value, json};

/// The field that a caller may write and that rests where the parent of the path does.
fn repeated(entity: &Entity) -> Option<&Field> {
    let parent = entity.parents.last()?;
    let mut fields = entity.fields.iter();
    fields.find(|field| field.column == parent.column && !field.read_only)
}

/// Another parent than the path's, and none.
fn others(field: &Field, parent: i64) -> [Value; 2] {
    let other = if parent == 1 { 2 } else { 1 };
    match field.kind {
        Kind::Reference(_) => [json!({ "id": other }), Value::Null],
        _ => [json!(other), Value::Null],
    }
}

#[test]
fn a_body_does_not_take_a_record_out_from_under_its_path() {
    deep(async || {
        let company = demo().await;
        let catalog = company.instance.catalog();
        let mut ground = Ground::new(&company, catalog);
        let (mut put, mut made, mut faults) = (0, 0, Vec::new());
        for entity in catalog.entities.iter().filter(|entity| entity.stored) {
            let (Some(field), Some(get)) = (repeated(entity), item(catalog, entity, Method::Get))
            else {
                continue;
            };
            let Some(place) = ground.place(entity.id).await else {
                continue;
            };
            let mut words: Vec<String> = place.parents.iter().map(ToString::to_string).collect();
            words.push(place.id.to_string());
            let at = filled(&get.path, &words);
            let Some(parent) = place.parents.last().copied() else {
                continue;
            };
            let whole = company.get(&company.admin, &at).await.json;
            for other in others(field, parent) {
                if let Some(route) = item(catalog, entity, Method::Put) {
                    let mut body = whole.clone();
                    body[&*field.name] = other.clone();
                    let path = filled(&route.path, &words);
                    let answered = company.call(&company.admin, "PUT", &path, Some(body)).await;
                    let read = company.get(&company.admin, &at).await;
                    put += usize::from(answered.status == 200);
                    if read.status != 200 || !matches!(answered.status, 200 | 400 | 403 | 405 | 409)
                    {
                        faults.push(format!(
                            "PUT {path} {other}: {}, GET {}",
                            answered.status, read.status
                        ));
                    }
                }
                let Some(path) = ground.collection(entity, &place.parents, Method::Post) else {
                    continue;
                };
                let mut body = Value::Object(ground.record(entity, &place.parents).await);
                body[&*field.name] = other.clone();
                let answered = company
                    .call(&company.admin, "POST", &path, Some(body))
                    .await;
                let Some(id) = answered.json["id"]
                    .as_i64()
                    .filter(|_| matches!(answered.status, 200 | 201))
                else {
                    if !matches!(answered.status, 400 | 405 | 409) {
                        faults.push(format!("POST {path} {other}: {}", answered.status));
                    }
                    continue;
                };
                made += 1;
                words.truncate(place.parents.len());
                words.push(id.to_string());
                let read = company
                    .get(&company.admin, &filled(&get.path, &words))
                    .await;
                if read.status != 200 {
                    faults.push(format!("POST {path} {other}: 201, GET {}", read.status));
                }
                *words.last_mut().expect("an id") = place.id.to_string();
            }
        }
        assert!(
            faults.is_empty(),
            "{} faults:\n{}",
            faults.len(),
            faults.join("\n")
        );
        assert!(put > 20 && made > 20, "{put} put, {made} made");
    });
}
