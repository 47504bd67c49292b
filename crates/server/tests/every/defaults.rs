//! Rows of set-up that are marked as the default: one in a table, and taken by every record that names none.
//! Which tables mark one, and which fields point to them, the catalog says.

use crate::bodies::{Ground, Place};
use crate::support::Company;
use bitting_catalog::Catalog;
use bitting_catalog::entity::{Entity, EntityId, Field, Kind};
use bitting_catalog::route::Method;
use bitting_policy::Needs;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// References that something nearer than the table's default fills: an agreement begins as its type has it.
const NEARER: [(&str, &str); 5] = [
    ("finance/agreements", "sla"),
    ("finance/agreements", "billingCycle"),
    ("finance/agreements", "billingTerms"),
    ("finance/agreements", "workType"),
    ("finance/agreements", "projectType"),
];
/// Tables with a default in each row of another table, which their rows name in this field.
const GROUPED: [(&str, &str); 2] = [
    ("procurement/subcategories", "category"),
    ("procurement/warehouseBins", "warehouse"),
];

/// The flag that marks a table's default row.
pub fn mark(entity: &Entity) -> Option<&Field> {
    let marks = |field: &&Field| ["defaultFlag", "overallDefaultFlag"].contains(&&*field.name);
    let table = matches!(entity.right.needs, Needs::Table(_)) && entity.stored;
    entity.fields.iter().find(marks).filter(|_| table)
}

/// What was looked at, and what is not as it should be.
#[derive(Default)]
pub struct Found {
    pub tables: usize,
    pub references: usize,
    pub faults: Vec<String>,
}

pub async fn all(company: &Company) -> Found {
    let catalog = company.instance.catalog();
    let mut ground = Ground::new(company, catalog);
    let mut found = Found::default();
    let mut defaults = BTreeMap::new();
    for entity in catalog
        .entities
        .iter()
        .filter(|entity| entity.stored_in.is_none())
    {
        if let Some(flag) = mark(entity)
            && let Some(place) = one_default(company, &mut ground, entity, flag, &mut found).await
        {
            defaults.insert(entity.id, place);
        }
    }
    for entity in catalog.entities.iter().filter(|entity| entity.stored) {
        filled_in(company, &mut ground, entity, &defaults, &mut found).await;
    }
    found
}

/// Two rows of a table are marked one after the other: the second alone is the default then.
async fn one_default(
    company: &Company,
    ground: &mut Ground<'_>,
    entity: &Entity,
    flag: &Field,
    found: &mut Found,
) -> Option<Place> {
    let parents = ground.parents(entity).await?;
    let list = ground.collection(entity, &parents, Method::Post)?;
    let mut first = ground.record(entity, &parents).await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        first.insert(flag.name.to_string(), json!(true));
        ids.push(made(company, ground, entity, &list, first.clone()).await?["id"].as_i64()?);
        first = again(ground, entity, &parents, &first).await;
    }
    found.tables += 1;
    let marked = format!("{list}?conditions={}=true&pageSize=1000", flag.name);
    let rows = company.get(&company.admin, &marked).await.rows();
    let shown: Vec<i64> = rows.iter().filter_map(|row| row["id"].as_i64()).collect();
    // A table chosen within another row has one default in each.
    let both = ids.iter().all(|id| shown.contains(id));
    if both || !shown.contains(&ids[1]) {
        found.faults.push(format!(
            "{}: {ids:?} were marked, {shown:?} are",
            entity.path
        ));
    }
    Some(Place {
        parents,
        id: ids[1],
    })
}

/// A body like the first, with names of its own where the first had some, in the same place.
async fn again(
    ground: &mut Ground<'_>,
    entity: &Entity,
    parents: &[i64],
    first: &Map<String, Value>,
) -> Map<String, Value> {
    let mut body = ground.record(entity, parents).await;
    for (name, value) in first {
        if value.is_object() {
            body.insert(name.clone(), value.clone());
        }
    }
    body
}

/// A record that names nothing but what it must points to every default there is for it.
async fn filled_in(
    company: &Company,
    ground: &mut Ground<'_>,
    entity: &Entity,
    defaults: &BTreeMap<EntityId, Place>,
    found: &mut Found,
) {
    let catalog = company.instance.catalog();
    let wanted: Vec<(&Field, &Entity, &Place)> = entity
        .fields
        .iter()
        .filter_map(|field| {
            default_of(catalog, entity, field, defaults).map(|(of, place)| (field, of, place))
        })
        .collect();
    if wanted.is_empty() {
        return;
    }
    let Some(parents) = ground.parents(entity).await else {
        return;
    };
    let Some(list) = ground.collection(entity, &parents, Method::Post) else {
        return;
    };
    let mut body = ground.record(entity, &parents).await;
    for (field, target, place) in &wanted {
        body.remove(&*field.name);
        // A status is looked up on the record's board: that of the default.
        if let (Some(within), Some(above)) = (&field.within, place.parents.last()) {
            debug_assert!(!target.parents.is_empty());
            body.insert(within.to_string(), json!({ "id": above }));
        }
    }
    let Some(record) = made(company, ground, entity, &list, body).await else {
        return;
    };
    for (field, target, place) in wanted {
        let nearer = |(path, name): &(&str, &str)| *path == &*entity.path && *name == &*field.name;
        if NEARER.iter().any(nearer) {
            continue;
        }
        let is = &record[&*field.name]["id"];
        if let Some((_, by)) = GROUPED.iter().find(|(path, _)| **path == *target.path) {
            if is.is_null() {
                continue;
            }
            // The default of its own group, which the record names too.
            let row = company
                .get(&company.admin, &format!("/{}/{is}", target.path))
                .await;
            let row = row.expect(200);
            let mut members = record.as_object().into_iter().flatten();
            let same = members.any(|(_, value)| value["id"] == row[*by]["id"]);
            if row["defaultFlag"] != true || !same {
                let text = format!("{list}: {} is {row} of another {by}", field.name);
                found.faults.push(text);
            }
            found.references += 1;
            continue;
        }
        found.references += 1;
        if *is != place.id {
            found.faults.push(format!(
                "{list}: {} is {is}, the default of {} is {}",
                field.name, target.path, place.id
            ));
        }
    }
}

/// The default row that a reference takes when nobody fills it.
fn default_of<'c, 'd>(
    catalog: &'c Catalog,
    entity: &Entity,
    field: &Field,
    defaults: &'d BTreeMap<EntityId, Place>,
) -> Option<(&'c Entity, &'d Place)> {
    let Kind::Reference(reference) = &field.kind else {
        return None;
    };
    let target = catalog.entity(reference.target?);
    let place = defaults.get(&target.id)?;
    let loose = field.within.is_none() && !target.parents.is_empty();
    let since = field
        .since
        .is_some_and(|since| (since.year, since.number) > (2025, 1));
    let parent = entity
        .parents
        .iter()
        .any(|parent| parent.column == field.column);
    let left_out =
        field.read_only || field.required || parent || target.id == entity.id || loose || since;
    (!left_out).then_some((target, place))
}

/// The record of a body, with what a refusal says is missing.
async fn made(
    company: &Company,
    ground: &mut Ground<'_>,
    entity: &Entity,
    list: &str,
    mut body: Map<String, Value>,
) -> Option<Value> {
    for _ in 0..5 {
        let sent = Some(Value::Object(body.clone()));
        let answered = company.call(&company.admin, "POST", list, sent).await;
        if matches!(answered.status, 200 | 201) {
            return Some(match answered.json {
                Value::Array(mut rows) if !rows.is_empty() => rows.remove(0),
                record => record,
            });
        }
        if !ground.heed(entity, &answered, &mut body).await {
            return None;
        }
    }
    None
}
