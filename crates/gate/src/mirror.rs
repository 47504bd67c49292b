//! The PSA's structure, kept beside the gate's own members: the names and ids of locations, departments and boards
//! that members and roles speak of. Read with the gate's key, never by a caller's call.

use super::Gate;
use super::upstream::{Ask, Trace};
use bitting_catalog::entity::{Entity, Kind as FieldKind};
use bitting_psa::answer::DEFAULT_RELEASE;
use bitting_psa::instance::Instance;
use bitting_psa::problem::Problem;
use bitting_query::{Filter, Value};
use bitting_store::Change;
use serde_json::Value as Json;
use std::collections::BTreeSet;

/// What is kept, in this order: a location names its level.
const TABLES: [&str; 4] = [
    "system/myCompany/corporateStructureLevels",
    "system/locations",
    "system/departments",
    "service/boards",
];

/// How many records of the structure there are.
#[derive(Debug, Clone, Copy, Default)]
pub struct Mirrored {
    pub records: usize,
}

impl Gate {
    /// Makes the instance's structure the PSA's, ids and all.
    pub async fn mirror(&self, instance: &Instance) -> Result<Mirrored, Problem> {
        let mut told = Mirrored::default();
        let mut changes = Vec::new();
        for path in TABLES {
            let Some(entity) = instance.catalog().entity_at(path) else {
                continue;
            };
            let found = self.every(path).await?;
            told.records += found.len();
            let backend = &instance.backend;
            let known = backend
                .raw_rows(entity, Filter::Constant(true), Vec::new(), None)
                .await?;
            let known: BTreeSet<i64> = known.iter().map(|row| row.id).collect();
            let mut there = BTreeSet::new();
            for record in &found {
                let Some(id) = record["id"].as_i64() else {
                    continue;
                };
                there.insert(id);
                let (table, values) = (entity.table.clone(), values(entity, record));
                changes.push(if known.contains(&id) {
                    Change::Update { table, id, values }
                } else {
                    Change::Insert { table, id, values }
                });
            }
            for id in known.difference(&there) {
                let table = entity.table.clone();
                changes.push(Change::Delete { table, id: *id });
            }
        }
        instance.backend.write(changes).await?;
        instance.security_changed();
        Ok(told)
    }

    async fn every(&self, path: &str) -> Result<Vec<Json>, Problem> {
        let mut all = Vec::new();
        for page in 1.. {
            let ask = Ask::get(path, DEFAULT_RELEASE)
                .with("pageSize", Some("1000".to_owned()))
                .with("page", Some(page.to_string()));
            let answer = self.upstream.send(ask, &Trace::default()).await?;
            if !answer.is_success() {
                return Err(super::upstream::gateway(&format!(
                    "The PSA answered {path} with {}.",
                    answer.status
                )));
            }
            let Json::Array(rows) = answer.json()? else {
                return Err(super::upstream::gateway("The PSA answered no list."));
            };
            let last = rows.len() < 1_000;
            all.extend(rows);
            if last {
                break;
            }
        }
        Ok(all)
    }
}

/// A record's plain values and references, by column.
fn values(entity: &Entity, record: &Json) -> Vec<(std::sync::Arc<str>, Value)> {
    let fields = entity.fields.iter().filter(|field| &*field.name != "id");
    fields
        .filter_map(|field| {
            let said = super::proof::at(record, &field.name);
            let value = match (&field.kind, said) {
                (FieldKind::Reference(_), Some(said)) => Value::Integer(said["id"].as_i64()?),
                (FieldKind::Boolean, Some(said)) => Value::Boolean(said.as_bool()?),
                (FieldKind::Integer, Some(said)) => Value::Integer(said.as_i64()?),
                (FieldKind::Number, Some(said)) => Value::Number(said.as_f64()?),
                (
                    FieldKind::Text | FieldKind::DateTime | FieldKind::Date | FieldKind::Uuid,
                    Some(said),
                ) => Value::Text(said.as_str()?.to_owned()),
                (
                    FieldKind::Reference(_)
                    | FieldKind::Boolean
                    | FieldKind::Integer
                    | FieldKind::Number
                    | FieldKind::Text
                    | FieldKind::DateTime
                    | FieldKind::Date
                    | FieldKind::Uuid,
                    None,
                ) => Value::Null,
                _ => return None,
            };
            Some((field.column.clone(), value))
        })
        .collect()
}
