//! Names of referenced records: which labels an answer lacks, and reading them in one statement per entity.
//! Knows no entity by name.

use crate::backend::{Backend, id_of, id_path};
use crate::labels::Found;
use crate::row::owned;
use bitting_catalog::entity::{Entity, EntityId, Kind as FieldKind};
use bitting_dialects::connectwise::record::{self, Labels as _, Writer};
use bitting_query::sql::render_with;
use bitting_query::{Filter, Select, Value};
use bitting_store::{Flow, StoreError};
use std::collections::BTreeMap;
use std::sync::Arc;

impl Backend {
    /// The writer's bytes, with the labels it still lacks: one statement per entity.
    pub(crate) async fn finished(&self, writer: Writer<'_>) -> Result<Vec<u8>, StoreError> {
        let mut found = Found::default();
        let mut missing: BTreeMap<EntityId, Vec<i64>> = BTreeMap::new();
        for hole in writer.holes() {
            missing.entry(hole.target).or_default().push(hole.id);
        }
        for (target, mut ids) in missing {
            ids.sort_unstable();
            ids.dedup();
            self.read_labels(target, &ids, &mut found).await?;
        }
        Ok(writer.finish(&found))
    }

    async fn read_labels(
        &self,
        target: EntityId,
        ids: &[i64],
        found: &mut Found,
    ) -> Result<(), StoreError> {
        let asked = self.labels.asked();
        let entity = self.catalog.entity(target);
        let recipe = self.labels.recipe(target);
        let mut columns: Vec<Arc<str>> = vec![Arc::from("id")];
        columns.extend(recipe.members.iter().map(|(_, column)| column.clone()));
        columns.extend(recipe.parents.iter().cloned());
        let members = recipe.members.len();
        for chunk in ids.chunks(500) {
            let values = chunk.iter().map(|id| Value::Integer(*id)).collect();
            let select = Select {
                table: entity.table.clone(),
                columns: columns.clone(),
                filter: Filter::OneOf {
                    path: id_path(),
                    values,
                },
                order: Vec::new(),
                limit: None,
                offset: 0,
            };
            let statement = render_with(&select, self.store.dialect(), &self.store);
            let mut rows: Vec<(i64, Vec<Value>)> = Vec::new();
            self.run(&statement, true, &mut |cells| {
                let values = (1..columns.len()).map(|index| owned(cells.cell(index)));
                rows.push((id_of(cells), values.collect()));
                Flow::Continue
            })
            .await?;
            self.name_members(entity, &mut rows).await?;
            for (id, values) in &rows {
                let (members, parents) = values.split_at(members);
                let label = self.labels.keep(asked, target, *id, members, parents);
                found.put(target, *id, label);
            }
        }
        Ok(())
    }

    /// A label that shows a reference of its own (an agreement's type) shows that record's name.
    async fn name_members(
        &self,
        entity: &Entity,
        rows: &mut [(i64, Vec<Value>)],
    ) -> Result<(), StoreError> {
        for (index, (name, _)) in self.labels.recipe(entity.id).members.iter().enumerate() {
            let kind = entity.any_field(name).map(|field| &field.kind);
            let Some(FieldKind::Reference(reference)) = kind else {
                continue;
            };
            let Some(target) = reference.target else {
                continue;
            };
            for (_, values) in rows.iter_mut() {
                let Value::Integer(id) = values[index] else {
                    continue;
                };
                let label = Box::pin(self.label(target, id)).await?;
                let text = label.as_ref().and_then(|label| label.parts.first());
                let text = text.and_then(|(_, json)| serde_json::from_slice(json).ok());
                values[index] = text.map_or(Value::Null, Value::Text);
            }
        }
        Ok(())
    }

    /// What a reference to a record shows, for messages.
    pub(crate) async fn label(
        &self,
        target: EntityId,
        id: i64,
    ) -> Result<Option<Arc<record::Label>>, StoreError> {
        if let Some(label) = self.labels.label(target, id) {
            return Ok(Some(label));
        }
        let mut found = Found::default();
        self.read_labels(target, &[id], &mut found).await?;
        Ok(found.label(target, id))
    }
}
