//! What has still to be told to receivers outside, at rest: written in the same write as the change it tells of, so
//! that nothing is told that did not happen, and nothing is lost when the process ends. The callbacks of the one PSA
//! and the webhooks of the other differ in what a message says; how far telling it has come is the same. Knows no
//! HTTP; the server's courier delivers.

pub mod callbacks;

use crate::backend::{Backend, column, equals, id_path};
use crate::row::Row;
use bitting_query::{Comparison, Filter, Kind, Order, Select, Value, and};
use bitting_store::table::{Cells, Change, Column, Key, Table};
use bitting_store::{Flow, StoreError};
use jiff::Timestamp;
use serde::Serialize;
use std::sync::Arc;

/// Seconds before the second and before the third attempt.
const WAITS: [i64; 2] = [2, 4];

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
    /// Not told: the receiver is gone or inactive, or its owner may not see the record.
    Withheld,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Withheld => "withheld",
        }
    }

    fn of(word: &str) -> Self {
        match word {
            "delivered" => Self::Delivered,
            "failed" => Self::Failed,
            "withheld" => Self::Withheld,
            _ => Self::Waiting,
        }
    }
}

/// How far telling a message has come.
#[derive(Debug, Clone, Serialize)]
pub struct Progress {
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

/// Columns of a message's progress, in the order of its values.
const PROGRESS: [(&str, Kind); 7] = [
    ("created", Kind::Text),
    ("due", Kind::Integer),
    ("attempts", Kind::Integer),
    ("state", Kind::Text),
    ("status", Kind::Integer),
    ("error", Kind::Text),
    ("tried", Kind::Text),
];

impl Progress {
    /// Of what happens now and is told at once.
    pub fn begun(now: Timestamp) -> Self {
        Self {
            created: crate::moment::time(now),
            due: now.as_second(),
            attempts: 0,
            state: State::Waiting,
            status: None,
            error: None,
            tried: None,
        }
    }

    /// An attempt came to nothing: another is put off, where there is one left, else it has failed.
    pub fn put_off(&mut self, now: Timestamp) {
        let wait = usize::try_from(self.attempts - 1).ok();
        match wait.and_then(|attempt| WAITS.get(attempt)) {
            Some(wait) => {
                self.due = now.as_second() + wait;
                self.state = State::Waiting;
            }
            None => self.state = State::Failed,
        }
    }

    /// It is not told, for this reason.
    pub fn withhold(&mut self, why: &str) {
        self.state = State::Withheld;
        self.error = Some(why.to_owned());
    }

    fn values(&self) -> [Value; PROGRESS.len()] {
        let text = |text: &str| Value::Text(text.to_owned());
        let maybe = |text: &Option<String>| text.clone().map_or(Value::Null, Value::Text);
        [
            text(&self.created),
            Value::Integer(self.due),
            Value::Integer(self.attempts),
            text(self.state.word()),
            self.status.map_or(Value::Null, Value::Integer),
            maybe(&self.error),
            maybe(&self.tried),
        ]
    }

    fn read(row: &Row) -> Self {
        Self {
            created: text(row, "created"),
            due: number(row, "due"),
            attempts: number(row, "attempts"),
            state: State::of(row.text("state").unwrap_or_default()),
            status: row.integer("status"),
            error: row.text("error").map(str::to_owned),
            tried: row.text("tried").map(str::to_owned),
        }
    }
}

/// A text that every message has.
pub fn text(row: &Row, name: &str) -> String {
    row.text(name).unwrap_or_default().to_owned()
}

/// A number that every message has.
pub fn number(row: &Row, name: &str) -> i64 {
    row.integer(name).unwrap_or_default()
}

/// One message to one receiver.
pub trait Message: Clone + Sized + Send + 'static {
    /// Table that holds them.
    const TABLE: &'static str;
    /// Columns beside those of every message, in the order of [`Message::values`].
    const COLUMNS: &'static [(&'static str, Kind)];
    /// Column with the receiver's id.
    const RECEIVER: &'static str;

    fn id(&self) -> i64;
    /// Whom it is told: the value of that column.
    fn receiver(&self) -> i64;
    fn progress(&self) -> &Progress;
    fn progress_mut(&mut self) -> &mut Progress;
    fn values(&self) -> Vec<Value>;
    fn read(row: &Row, progress: Progress) -> Self;

    fn insert(&self) -> Change {
        Change::Insert {
            table: Arc::from(Self::TABLE),
            id: self.id(),
            values: cells(self),
        }
    }

    fn update(&self) -> Change {
        Change::Update {
            table: Arc::from(Self::TABLE),
            id: self.id(),
            values: cells(self),
        }
    }
}

fn columns<M: Message>() -> impl Iterator<Item = (Arc<str>, Kind)> {
    let all = M::COLUMNS.iter().chain(&PROGRESS);
    all.map(|(name, kind)| (Arc::from(*name), *kind))
}

fn cells<M: Message>(message: &M) -> Vec<(Arc<str>, Value)> {
    let values = message.values().into_iter();
    columns::<M>()
        .map(|(name, _)| name)
        .zip(values.chain(message.progress().values()))
        .collect()
}

/// The table: one row per message.
pub fn table<M: Message>() -> Table {
    Table {
        name: Arc::from(M::TABLE),
        key: Key::Id,
        columns: columns::<M>()
            .map(|(name, kind)| Column { name, kind })
            .collect(),
        indexes: vec![vec![Arc::from("state")], vec![Arc::from(M::RECEIVER)]],
        sparse: Vec::new(),
    }
}

/// An id for a message to come.
pub async fn next_id<M: Message>(backend: &Backend) -> Result<i64, StoreError> {
    backend.store.next_id(&Arc::from(M::TABLE)).await
}

/// Whether these changes leave a message.
pub fn has_news<M: Message>(changes: &[Change]) -> bool {
    changes
        .iter()
        .any(|change| matches!(change, Change::Insert { table, .. } if &**table == M::TABLE))
}

/// Messages not told yet, but to these receivers, oldest first.
pub async fn waiting<M: Message>(
    backend: &Backend,
    but: impl IntoIterator<Item = i64>,
    limit: u64,
) -> Result<Vec<M>, StoreError> {
    let but = Filter::OneOf {
        path: column(M::RECEIVER, Kind::Integer),
        values: but.into_iter().map(Value::Integer).collect(),
    };
    let filter = and(state(State::Waiting), Filter::Not(Box::new(but)));
    read(backend, filter, false, Some(limit)).await
}

/// The latest messages among those that the filter takes, newest first.
pub async fn latest<M: Message>(
    backend: &Backend,
    of: Filter,
    limit: u64,
) -> Result<Vec<M>, StoreError> {
    read(backend, of, true, Some(limit)).await
}

/// Changes that drop what was settled before this time.
pub async fn settled_before<M: Message>(
    backend: &Backend,
    before: &str,
) -> Result<Vec<Change>, StoreError> {
    let old = since("created", Comparison::Less, before);
    let settled = and(old, Filter::Not(Box::new(state(State::Waiting))));
    let settled: Vec<M> = read(backend, settled, false, Some(10_000)).await?;
    let gone = settled.iter().map(|message| Change::Delete {
        table: Arc::from(M::TABLE),
        id: message.id(),
    });
    Ok(gone.collect())
}

/// What was tried for a receiver at this time or later.
pub async fn tried_since<M: Message>(
    backend: &Backend,
    receiver: i64,
    time: &str,
) -> Result<Vec<M>, StoreError> {
    let of = equals(M::RECEIVER, Kind::Integer, Value::Integer(receiver));
    let late = since("tried", Comparison::GreaterOrEqual, time);
    read(backend, and(of, late), false, None).await
}

fn state(state: State) -> Filter {
    equals("state", Kind::Text, Value::Text(state.word().to_owned()))
}

fn since(name: &str, op: Comparison, time: &str) -> Filter {
    Filter::Compare {
        path: column(name, Kind::Text),
        op,
        value: Value::Text(time.to_owned()),
    }
}

async fn read<M: Message>(
    backend: &Backend,
    filter: Filter,
    newest_first: bool,
    limit: Option<u64>,
) -> Result<Vec<M>, StoreError> {
    let columns = table::<M>().columns;
    let mut names = vec![Arc::from("id")];
    names.extend(columns.iter().map(|column| column.name.clone()));
    let select = Select {
        table: Arc::from(M::TABLE),
        columns: names,
        filter,
        order: vec![Order::by(id_path(), newest_first)],
        limit,
        offset: 0,
    };
    let mut messages = Vec::new();
    backend
        .scan(&select, &mut |cells: &dyn Cells| {
            let row = Row::read_unsorted(&columns, cells);
            messages.push(M::read(&row, Progress::read(&row)));
            Flow::Continue
        })
        .await?;
    Ok(messages)
}
