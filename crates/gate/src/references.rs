//! Records that a write points to: looked up on the PSA among what the caller sees, so that no reference leads
//! to a record behind the fence, and no name means another record there than here.

use super::upstream::Ask;
use super::{Passage, Stop, filled, proof};
use bitting_catalog::entity::{Entity, EntityId, Field, Kind as FieldKind};
use bitting_dialects::connectwise::body::Key;
use bitting_dialects::connectwise::conditions::print;
use bitting_dialects::connectwise::error::{ApiError, FieldError};
use bitting_dialects::connectwise::names;
use bitting_psa::permit::{Permit, pass_through};
use bitting_psa::problem::Problem;
use bitting_query::{Comparison, Filter, Kind, Path, Value};
use serde_json::{Value as Json, json};
use std::sync::Arc;

/// The entity a field points to.
pub fn target(field: &Field) -> Option<EntityId> {
    match &field.kind {
        FieldKind::Reference(reference) | FieldKind::References(reference) => reference.target,
        _ => field.id_of,
    }
}

/// How a key is said in conditions.
fn said(key: &Key) -> Filter {
    let (name, kind, value) = match key {
        Key::Id(id) => ("id", Kind::Integer, Value::Integer(*id)),
        Key::Name { member, text } => (&**member, Kind::Text, Value::Text(text.clone())),
    };
    Filter::Compare {
        path: Path {
            through: Vec::new(),
            column: Arc::from(name),
            kind,
        },
        op: Comparison::Equal,
        value,
    }
}

impl Passage<'_> {
    /// Whether some records of the entity are hidden from the caller.
    pub(super) fn restricts(self, entity: &Entity) -> bool {
        let grounds = self.call.instance.backend.grounds();
        let sight = pass_through(&self.call.caller, entity).whole();
        !self.unbounded() && sight.restricts(grounds)
    }

    /// The record that a key names, with these members; 400 where the caller sees none. `record` is what is being
    /// written, for references that are looked up within another (a status within its board).
    pub(super) async fn resolve(
        self,
        permit: &Permit<'_>,
        field: &Field,
        key: &Key,
        members: &[String],
        record: &Json,
    ) -> Result<Json, Stop> {
        let catalog = self.call.instance.catalog();
        let Some(target) = target(field).map(|target| catalog.entity(target)) else {
            return Ok(bare(key));
        };
        let sight = pass_through(&self.call.caller, target).whole();
        let (path, held) = self.located(permit, field, target, record).await?;
        let fence = self.fence(&sight, held).await?;
        let said =
            print::filter(&said(key)).map_err(|error| ApiError::bad_request(error.to_string()))?;
        let narrow = print::filter(&fence.whole())
            .map_err(|error| self.refuse(permit, &error.to_string()))?;
        let narrow = (!fence.is_open()).then_some(narrow.text);
        let mut fields = proof::fields(&fence.paths());
        fields.extend(members.iter().cloned());
        fields.sort();
        fields.dedup();
        let ask = Ask::get(&path, self.call.release)
            .with(
                "conditions",
                print::both(narrow.as_deref(), Some(&said.text)),
            )
            .with("fields", Some(fields.join(",")))
            .with("pageSize", Some("2".to_owned()));
        let found = self.sent(ask).await?.json()?;
        let rows = found.as_array().cloned().unwrap_or_default();
        let proven = self.prove(&rows, &fence).await?;
        let mut seen = rows.into_iter().zip(proven).filter(|(_, proven)| *proven);
        let fits = |row: &Json| match key {
            Key::Id(id) => row["id"].as_i64() == Some(*id),
            Key::Name { .. } => row["id"].is_i64(),
        };
        match seen.find(|(row, _)| fits(row)) {
            Some((row, _)) => Ok(row),
            None => Err(unseen(permit.entity(), field, target, key).into()),
        }
    }

    /// The list that a reference is looked up in: below the record that the field's own is looked up within, where
    /// the list hangs under one. That record has to be in sight itself.
    async fn located(
        self,
        permit: &Permit<'_>,
        field: &Field,
        target: &Entity,
        record: &Json,
    ) -> Result<(String, bool), Stop> {
        let nowhere = || {
            let why = format!(
                "{} points to records that the gate cannot look up",
                field.name
            );
            Stop::from(self.refuse(permit, &why))
        };
        let path = self.gate.lists.get(&target.id).ok_or_else(nowhere)?;
        if !path.contains('{') {
            return Ok((path.trim_start_matches('/').to_owned(), false));
        }
        let [parent] = &target.parents[..] else {
            return Err(nowhere());
        };
        let (Some(holder), Some(above)) = (field.within.as_deref(), parent.entity) else {
            return Err(nowhere());
        };
        let name = format!("{holder}/id");
        let id = proof::at(record, &name).or_else(|| proof::at(record, holder));
        let id = id.and_then(Json::as_i64).ok_or_else(nowhere)?;
        let above = self.call.instance.catalog().entity(above);
        let sight = pass_through(&self.call.caller, above).whole();
        let fence = self.fence(&sight, false).await?;
        if !fence.is_open() {
            let found = self.item(permit, above, &[id], &fence.paths()).await?;
            let unseen = || unseen(permit.entity(), field, above, &Key::Id(id));
            let found = found.ok_or_else(unseen)?;
            if !self.prove(&[found], &fence).await?[0] {
                return Err(unseen().into());
            }
        }
        Ok((filled(path, std::iter::once(id.to_string())), true))
    }
}

/// A key as a reference in a body.
pub fn bare(key: &Key) -> Json {
    match key {
        Key::Id(id) => json!({ "id": id }),
        Key::Name { member, text } => {
            let mut reference = serde_json::Map::new();
            reference.insert(member.to_string(), json!(text));
            Json::Object(reference)
        }
    }
}

/// What a caller is told of a record it does not see: the same as of one that is not there.
fn unseen(entity: &Entity, field: &Field, target: &Entity, key: &Key) -> Problem {
    let resource = names::resource(&entity.schema);
    let shown = match key {
        Key::Id(id) => id.to_string(),
        Key::Name { text, .. } => format!("'{text}'"),
    };
    let name = format!("{}/{}", field.name, key.member());
    let message = format!("{} {shown} not found.", target.schema);
    Problem::field(&resource, FieldError::not_found(&resource, &name, message))
}
