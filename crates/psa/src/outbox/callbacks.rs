//! What callbacks still have to be told: a message at rest. Knows no HTTP.

use crate::outbox::{self, Progress, number, text};
use crate::row::Row;
use bitting_catalog::Catalog;
use bitting_query::{Kind, Value};
use bitting_store::table::Change;
use serde::Serialize;
use std::collections::BTreeSet;
use std::sync::Arc;

/// One message to one callback.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    pub id: i64,
    pub callback_id: i64,
    /// Member whose callback it is.
    #[serde(skip)]
    pub member: i64,
    /// Identifier of the member that made the change.
    pub by: String,
    /// `added`, `updated` or `deleted`.
    pub action: String,
    #[serde(rename = "type")]
    pub kind: String,
    /// Path of the record's entity.
    pub entity: String,
    pub record_id: i64,
    pub message_id: String,
    #[serde(flatten)]
    pub progress: Progress,
}

impl outbox::Message for Message {
    const TABLE: &'static str = "bitting_outbox";
    const COLUMNS: &'static [(&'static str, Kind)] = &[
        ("callback_id", Kind::Integer),
        ("member", Kind::Integer),
        ("made_by", Kind::Text),
        ("action", Kind::Text),
        ("kind", Kind::Text),
        ("entity", Kind::Text),
        ("record_id", Kind::Integer),
        ("message_id", Kind::Text),
    ];
    const RECEIVER: &'static str = "callback_id";

    fn id(&self) -> i64 {
        self.id
    }

    fn receiver(&self) -> i64 {
        self.callback_id
    }

    fn progress_mut(&mut self) -> &mut Progress {
        &mut self.progress
    }

    fn progress(&self) -> &Progress {
        &self.progress
    }

    fn values(&self) -> Vec<Value> {
        let text = |text: &str| Value::Text(text.to_owned());
        vec![
            Value::Integer(self.callback_id),
            Value::Integer(self.member),
            text(&self.by),
            text(&self.action),
            text(&self.kind),
            text(&self.entity),
            Value::Integer(self.record_id),
            text(&self.message_id),
        ]
    }

    fn read(row: &Row, progress: Progress) -> Self {
        Self {
            id: row.id,
            callback_id: number(row, "callback_id"),
            member: number(row, "member"),
            by: text(row, "made_by"),
            action: text(row, "action"),
            kind: text(row, "kind"),
            entity: text(row, "entity"),
            record_id: number(row, "record_id"),
            message_id: text(row, "message_id"),
            progress,
        }
    }
}

/// The records, by table and id, that a write's messages are about.
pub fn said(changes: &[Change], catalog: &Catalog) -> BTreeSet<(Arc<str>, i64)> {
    let mut said = BTreeSet::new();
    for change in changes {
        let Change::Insert { table, values, .. } = change else {
            continue;
        };
        if **table != *<Message as outbox::Message>::TABLE {
            continue;
        }
        let value = |name: &str| {
            let found = values.iter().find(|(column, _)| **column == *name);
            found.map(|(_, value)| value)
        };
        if let (Some(Value::Text(path)), Some(Value::Integer(id))) =
            (value("entity"), value("record_id"))
            && let Some(entity) = catalog.entity_at(path)
        {
            said.insert((entity.table.clone(), *id));
        }
    }
    said
}
