//! Paths of records, for the links that answers show.

use crate::labels::LabelCache;
use bitting_catalog::entity::{Entity, EntityId};

/// The record's own path below the API root, built anew in one buffer for each row.
pub(crate) struct Paths<'a> {
    labels: &'a LabelCache,
    entity: EntityId,
    ids: Vec<i64>,
    wanted: bool,
    path: Box<str>,
}

impl<'a> Paths<'a> {
    /// Of an entity's records under these parents; none where only a view of them is shown.
    pub(crate) fn new(
        labels: &'a LabelCache,
        entity: &Entity,
        parents: &[i64],
        whole: bool,
    ) -> Self {
        let mut ids = parents.to_vec();
        ids.push(0);
        Self {
            labels,
            entity: entity.id,
            ids,
            wanted: !entity.links.is_empty() && whole,
            path: Box::from(""),
        }
    }

    pub(crate) fn of(&mut self, id: i64) -> &str {
        if self.wanted {
            if let Some(last) = self.ids.last_mut() {
                *last = id;
            }
            self.path = self.labels.recipe(self.entity).path(&self.ids);
        }
        &self.path
    }
}
