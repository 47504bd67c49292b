//! What callbacks still have to be told, at rest: written in the same write as the change it tells of, so
//! that nothing is told that did not happen, and nothing is lost when the process ends. Knows no HTTP.

use crate::backend::{column, equals};
use crate::instance::Instance;
use crate::problem::Problem;
use crate::row::Row;
use bitting_catalog::Catalog;
use bitting_query::{Comparison, Filter, Kind, Order, Select, Value, and};
use bitting_store::Flow;
use bitting_store::table::{Cells, Change, Column, Key, Table};
use serde::Serialize;
use std::collections::BTreeSet;
use std::sync::Arc;

const TABLE: &str = "bitting_outbox";

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Not told yet.
    Waiting,
    /// Told, and answered with success.
    Delivered,
    /// Given up.
    Failed,
    /// Not told: the callback is gone or inactive, or its member may not see the record.
    Withheld,
}

impl State {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Withheld => "withheld",
        }
    }

    pub(crate) fn of(word: &str) -> Self {
        match word {
            "delivered" => Self::Delivered,
            "failed" => Self::Failed,
            "withheld" => Self::Withheld,
            _ => Self::Waiting,
        }
    }
}

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
    pub created: String,
    /// Seconds since 1970 before which it is not tried.
    pub due: i64,
    pub attempts: i64,
    pub state: State,
    /// Status of the last answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// When it was last tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tried: Option<String>,
}

const INTEGERS: [&str; 6] = [
    "callback_id",
    "member",
    "record_id",
    "due",
    "attempts",
    "status",
];
const TEXTS: [&str; 9] = [
    "made_by",
    "action",
    "kind",
    "entity",
    "message_id",
    "created",
    "state",
    "error",
    "tried",
];

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
        indexes: vec![vec![Arc::from("state")], vec![Arc::from("callback_id")]],
    }
}

impl Message {
    fn values(&self) -> Vec<(Arc<str>, Value)> {
        let text = |text: &str| Value::Text(text.to_owned());
        let maybe = |text: &Option<String>| text.clone().map_or(Value::Null, Value::Text);
        let values = [
            ("callback_id", Value::Integer(self.callback_id)),
            ("member", Value::Integer(self.member)),
            ("made_by", text(&self.by)),
            ("action", text(&self.action)),
            ("kind", text(&self.kind)),
            ("entity", text(&self.entity)),
            ("record_id", Value::Integer(self.record_id)),
            ("message_id", text(&self.message_id)),
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
            callback_id: number("callback_id"),
            member: number("member"),
            by: text("made_by"),
            action: text("action"),
            kind: text("kind"),
            entity: text("entity"),
            record_id: number("record_id"),
            message_id: text("message_id"),
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
pub async fn next_id(instance: &Instance) -> Result<i64, Problem> {
    Ok(instance.backend.store.next_id(&Arc::from(TABLE)).await?)
}

/// Whether these changes leave a message.
pub fn has_news(changes: &[Change]) -> bool {
    changes
        .iter()
        .any(|change| matches!(change, Change::Insert { table, .. } if &**table == TABLE))
}

/// The records, by table and id, that a write's messages are about.
pub fn said(changes: &[Change], catalog: &Catalog) -> BTreeSet<(Arc<str>, i64)> {
    let mut said = BTreeSet::new();
    for change in changes {
        let Change::Insert { table, values, .. } = change else {
            continue;
        };
        if **table != *TABLE {
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

/// Messages not told yet, oldest first.
pub async fn waiting(instance: &Instance, limit: u64) -> Result<Vec<Message>, Problem> {
    let filter = equals("state", Kind::Text, Value::Text("waiting".to_owned()));
    read(instance, filter, false, Some(limit)).await
}

/// The latest messages, newest first; those of one member's callbacks when it is given.
pub async fn latest(
    instance: &Instance,
    member: Option<i64>,
    limit: u64,
) -> Result<Vec<Message>, Problem> {
    let filter = member.map_or(Filter::Constant(true), |member| {
        equals("member", Kind::Integer, Value::Integer(member))
    });
    read(instance, filter, true, Some(limit)).await
}

/// What was tried for a callback at this time or later.
pub async fn tried_since(
    instance: &Instance,
    callback: i64,
    since: &str,
) -> Result<Vec<Message>, Problem> {
    let of = equals("callback_id", Kind::Integer, Value::Integer(callback));
    let late = Filter::Compare {
        path: column("tried", Kind::Text),
        op: Comparison::GreaterOrEqual,
        value: Value::Text(since.to_owned()),
    };
    read(instance, and(of, late), false, None).await
}

/// Changes that drop what was settled before this time.
pub async fn settled_before(instance: &Instance, before: &str) -> Result<Vec<Change>, Problem> {
    let old = Filter::Compare {
        path: column("created", Kind::Text),
        op: Comparison::Less,
        value: Value::Text(before.to_owned()),
    };
    let mut settled = read(instance, old, false, Some(10_000)).await?;
    settled.retain(|message| message.state != State::Waiting);
    let gone = settled.iter().map(|message| Change::Delete {
        table: Arc::from(TABLE),
        id: message.id,
    });
    Ok(gone.collect())
}

async fn read(
    instance: &Instance,
    filter: Filter,
    newest_first: bool,
    limit: Option<u64>,
) -> Result<Vec<Message>, Problem> {
    let columns = table().columns;
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
    instance
        .backend
        .scan(&select, &mut |cells: &dyn Cells| {
            messages.push(Message::from(&Row::read_unsorted(&columns, cells)));
            Flow::Continue
        })
        .await?;
    Ok(messages)
}
