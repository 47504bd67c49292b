//! What webhooks still have to tell, at rest: written in the same write as the change it tells of, so that nothing
//! is told that did not happen, and nothing is lost when the process ends. Knows no HTTP.

use super::super::tenant::Tenant;
use crate::backend::{column, equals};
use crate::row::Row;
use crate::rules::callbacks::outbox::State;
use bitting_query::{Comparison, Filter, Kind, Order, Select, Value, and};
use bitting_store::table::{Cells, Change, Column, Key, Table};
use bitting_store::{Flow, StoreError};
use std::sync::Arc;

const TABLE: &str = "bitting_webhook_outbox";
const INTEGERS: [&str; 6] = ["webhook", "owner", "record_id", "due", "attempts", "status"];
const TEXTS: [&str; 8] = [
    "hooks", "entity", "action", "payload", "created", "state", "error", "tried",
];

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
    pub created: String,
    /// Seconds since 1970 before which it is not tried.
    pub due: i64,
    pub attempts: i64,
    pub state: State,
    /// Status of the last answer.
    pub status: Option<i64>,
    pub error: Option<String>,
    /// When it was last tried.
    pub tried: Option<String>,
}

/// The table: one row per message.
pub fn table() -> Table {
    let column = |kind: Kind| {
        move |name: &&str| Column {
            name: Arc::from(*name),
            kind,
        }
    };
    let mut columns: Vec<Column> = INTEGERS.iter().map(column(Kind::Integer)).collect();
    columns.extend(TEXTS.iter().map(column(Kind::Text)));
    Table {
        name: Arc::from(TABLE),
        key: Key::Id,
        columns,
        indexes: vec![vec![Arc::from("state")], vec![Arc::from("webhook")]],
    }
}

impl Message {
    fn values(&self) -> Vec<(Arc<str>, Value)> {
        let text = |text: &str| Value::Text(text.to_owned());
        let maybe = |text: &Option<String>| text.clone().map_or(Value::Null, Value::Text);
        let values = [
            ("hooks", text(&self.hooks)),
            ("webhook", Value::Integer(self.webhook)),
            ("owner", Value::Integer(self.owner)),
            ("entity", text(&self.entity)),
            ("record_id", Value::Integer(self.record_id)),
            ("action", text(&self.action)),
            ("payload", text(&self.payload)),
            ("created", text(&self.created)),
            ("due", Value::Integer(self.due)),
            ("attempts", Value::Integer(self.attempts)),
            ("state", text(self.state.word())),
            ("status", self.status.map_or(Value::Null, Value::Integer)),
            ("error", maybe(&self.error)),
            ("tried", maybe(&self.tried)),
        ];
        values
            .into_iter()
            .map(|(name, value)| (Arc::from(name), value))
            .collect()
    }

    fn from(row: &Row) -> Self {
        let text = |name: &str| row.text(name).unwrap_or_default().to_owned();
        let number = |name: &str| row.integer(name).unwrap_or_default();
        Self {
            id: row.id,
            hooks: text("hooks"),
            webhook: number("webhook"),
            owner: number("owner"),
            entity: text("entity"),
            record_id: number("record_id"),
            action: text("action"),
            payload: text("payload"),
            created: text("created"),
            due: number("due"),
            attempts: number("attempts"),
            state: State::of(&text("state")),
            status: row.integer("status"),
            error: row.text("error").map(str::to_owned),
            tried: row.text("tried").map(str::to_owned),
        }
    }

    pub fn insert(&self) -> Change {
        Change::Insert {
            table: Arc::from(TABLE),
            id: self.id,
            values: self.values(),
        }
    }

    pub fn update(&self) -> Change {
        Change::Update {
            table: Arc::from(TABLE),
            id: self.id,
            values: self.values(),
        }
    }
}

/// An id for a message to come.
pub async fn next_id(tenant: &Tenant) -> Result<i64, StoreError> {
    tenant.backend.store.next_id(&Arc::from(TABLE)).await
}

/// Whether these changes leave a message.
pub fn has_news(changes: &[Change]) -> bool {
    changes
        .iter()
        .any(|change| matches!(change, Change::Insert { table, .. } if &**table == TABLE))
}

/// Messages not told yet, oldest first.
pub async fn waiting(tenant: &Tenant, limit: u64) -> Result<Vec<Message>, StoreError> {
    let filter = equals("state", Kind::Text, Value::Text("waiting".to_owned()));
    read(tenant, filter, false, Some(limit)).await
}

/// The latest messages, newest first.
pub async fn latest(tenant: &Tenant, limit: u64) -> Result<Vec<Message>, StoreError> {
    read(tenant, Filter::Constant(true), true, Some(limit)).await
}

/// The latest messages of a webhook, newest first.
pub async fn latest_of(
    tenant: &Tenant,
    hooks: &str,
    webhook: i64,
    limit: u64,
) -> Result<Vec<Message>, StoreError> {
    let filter = and(
        equals("webhook", Kind::Integer, Value::Integer(webhook)),
        equals("hooks", Kind::Text, Value::Text(hooks.to_owned())),
    );
    read(tenant, filter, true, Some(limit)).await
}

/// Changes that drop what was settled before this time.
pub async fn settled_before(tenant: &Tenant, before: &str) -> Result<Vec<Change>, StoreError> {
    let old = Filter::Compare {
        path: column("created", Kind::Text),
        op: Comparison::Less,
        value: Value::Text(before.to_owned()),
    };
    let mut settled = read(tenant, old, false, Some(10_000)).await?;
    settled.retain(|message| message.state != State::Waiting);
    let gone = settled.iter().map(|message| Change::Delete {
        table: Arc::from(TABLE),
        id: message.id,
    });
    Ok(gone.collect())
}

async fn read(
    tenant: &Tenant,
    filter: Filter,
    newest_first: bool,
    limit: Option<u64>,
) -> Result<Vec<Message>, StoreError> {
    let mut columns = table().columns;
    // The order in which a row in hand keeps them.
    columns.sort_unstable_by(|left, right| left.name.cmp(&right.name));
    let mut names = vec![Arc::from("id")];
    names.extend(columns.iter().map(|column| column.name.clone()));
    let order = Order {
        path: crate::backend::id_path(),
        descending: newest_first,
    };
    let select = Select {
        table: Arc::from(TABLE),
        columns: names,
        filter,
        order: vec![order],
        limit,
        offset: 0,
    };
    let mut messages = Vec::new();
    tenant
        .backend
        .scan(&select, &mut |cells: &dyn Cells| {
            messages.push(Message::from(&Row::read(&columns, cells)));
            Flow::Continue
        })
        .await?;
    Ok(messages)
}
