//! What webhooks still have to tell: a callout at rest. Knows no HTTP.

use bitting_psa::outbox::{self, Progress, number, text};
use bitting_psa::row::Row;
use bitting_query::{Kind, Value};

/// One callout of one webhook.
#[derive(Debug, Clone)]
pub struct Message {
    /// Also its sequence number.
    pub id: i64,
    /// Path of the entity that holds the webhook, and the webhook's id.
    pub hooks: String,
    pub webhook: i64,
    /// Resource whose webhook it is.
    pub owner: i64,
    /// Path of the record's entity.
    pub entity: String,
    pub record_id: i64,
    /// `Create`, `Update`, `Delete`, `Deactivated`
    pub action: String,
    /// The body as it is signed and sent.
    pub payload: String,
    pub progress: Progress,
}

impl outbox::Message for Message {
    const TABLE: &'static str = "bitting_webhook_outbox";
    const COLUMNS: &'static [(&'static str, Kind)] = &[
        ("hooks", Kind::Text),
        ("webhook", Kind::Integer),
        ("owner", Kind::Integer),
        ("entity", Kind::Text),
        ("record_id", Kind::Integer),
        ("action", Kind::Text),
        ("payload", Kind::Text),
    ];
    /// Webhooks of two entities may have the same id: those wait for each other, at the most some seconds.
    const RECEIVER: &'static str = "webhook";

    fn id(&self) -> i64 {
        self.id
    }

    fn receiver(&self) -> i64 {
        self.webhook
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
            text(&self.hooks),
            Value::Integer(self.webhook),
            Value::Integer(self.owner),
            text(&self.entity),
            Value::Integer(self.record_id),
            text(&self.action),
            text(&self.payload),
        ]
    }

    fn read(row: &Row, progress: Progress) -> Self {
        Self {
            id: row.id,
            hooks: text(row, "hooks"),
            webhook: number(row, "webhook"),
            owner: number(row, "owner"),
            entity: text(row, "entity"),
            record_id: number(row, "record_id"),
            action: text(row, "action"),
            payload: text(row, "payload"),
            progress,
        }
    }
}
