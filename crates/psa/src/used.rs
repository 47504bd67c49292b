//! Which calls each member makes, counted and kept: one line per member, route and outcome, however long a server
//! runs. Audits and `learn` read it, so that what was done a year ago counts too. Holds no value of a query.

use crate::event::Event;
use bitting_query::{Kind, Value};
use bitting_store::table::{Change, Column, Key, Table};
use jiff::Timestamp;
use parking_lot::RwLock;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// Table at rest: `name` is the line's own, `value` its JSON.
pub const TABLE: &str = "bitting_used";

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub member: String,
    pub method: String,
    /// Path of the route with its placeholders.
    pub route: String,
    /// The first path of that route that was asked for.
    pub path: String,
    pub status: u16,
    pub count: u64,
    pub first: Timestamp,
    pub last: Timestamp,
}

#[derive(Debug)]
struct Entry {
    /// Id at rest, 0 before the first time.
    id: AtomicI64,
    line: Line,
    count: AtomicU64,
    /// Seconds.
    last: AtomicI64,
    /// What rests.
    kept: AtomicU64,
}

/// The lines of one company.
#[derive(Debug, Default)]
pub struct Used {
    known: RwLock<HashMap<u64, Arc<Entry>>>,
}

impl Used {
    /// Counts a call.
    pub fn note(&self, event: &Event, now: Timestamp) {
        if event.member.is_empty() || event.route.is_empty() {
            return;
        }
        let key = key(&event.member, &event.method, &event.route, event.status);
        let known = self.known.read().get(&key).cloned();
        let entry = known.unwrap_or_else(|| {
            let line = Line {
                member: event.member.clone(),
                method: event.method.clone(),
                route: event.route.clone(),
                path: event.path.clone(),
                status: event.status,
                count: 0,
                first: now,
                last: now,
            };
            let mut known = self.known.write();
            known
                .entry(key)
                .or_insert_with(|| Arc::new(entry(0, line)))
                .clone()
        });
        entry.count.fetch_add(1, Ordering::Relaxed);
        entry.last.store(now.as_second(), Ordering::Relaxed);
    }

    /// Takes over what rests: at opening, or after a restore.
    pub fn load(&self, rows: impl Iterator<Item = (i64, String)>) {
        let mut known = HashMap::new();
        for (id, text) in rows {
            let Ok(line) = serde_json::from_str::<Line>(&text) else {
                tracing::warn!(line = id, "a line of use at rest cannot be read");
                continue;
            };
            let key = key(&line.member, &line.method, &line.route, line.status);
            known.insert(key, Arc::new(entry(id, line)));
        }
        *self.known.write() = known;
    }

    /// Every line, by member and route.
    pub fn lines(&self) -> Vec<Line> {
        let mut lines: Vec<Line> = self
            .known
            .read()
            .values()
            .map(|entry| entry.shown())
            .collect();
        lines.sort_by(|a, b| {
            (&a.member, &a.route, &a.method, a.status)
                .cmp(&(&b.member, &b.route, &b.method, b.status))
        });
        lines
    }

    /// What is to be written since the last time. `ids` gives ids for lines that do not rest yet.
    pub fn changes(&self, mut ids: impl Iterator<Item = i64>) -> Vec<Change> {
        let mut changes = Vec::new();
        for entry in self.known.read().values() {
            let count = entry.count.load(Ordering::Relaxed);
            if entry.kept.swap(count, Ordering::Relaxed) == count {
                continue;
            }
            let line = entry.shown();
            let name = format!("{} {} {}", line.member, line.method, line.route);
            let values = vec![
                (Arc::from("name"), Value::Text(name)),
                (
                    Arc::from("value"),
                    Value::Text(serde_json::to_string(&line).unwrap_or_default()),
                ),
            ];
            let table = Arc::from(TABLE);
            let id = entry.id.load(Ordering::Relaxed);
            if id > 0 {
                changes.push(Change::Update { table, id, values });
            } else if let Some(id) = ids.next() {
                entry.id.store(id, Ordering::Relaxed);
                changes.push(Change::Insert { table, id, values });
            } else {
                // Next time.
                entry.kept.store(0, Ordering::Relaxed);
            }
        }
        changes
    }

    /// How many lines have never been written.
    pub fn fresh(&self) -> usize {
        let known = self.known.read();
        known
            .values()
            .filter(|entry| entry.id.load(Ordering::Relaxed) == 0)
            .count()
    }
}

impl Entry {
    fn shown(&self) -> Line {
        Line {
            count: self.count.load(Ordering::Relaxed),
            last: Timestamp::from_second(self.last.load(Ordering::Relaxed))
                .unwrap_or(self.line.last),
            ..self.line.clone()
        }
    }
}

fn entry(id: i64, line: Line) -> Entry {
    Entry {
        id: AtomicI64::new(id),
        count: AtomicU64::new(line.count),
        last: AtomicI64::new(line.last.as_second()),
        kept: AtomicU64::new(line.count),
        line,
    }
}

fn key(member: &str, method: &str, route: &str, status: u16) -> u64 {
    let mut hasher = DefaultHasher::new();
    (member, method, route, status).hash(&mut hasher);
    hasher.finish()
}

/// The table at rest.
pub fn table() -> Table {
    let column = |name: &str| Column {
        name: Arc::from(name),
        kind: Kind::Text,
    };
    Table {
        name: Arc::from(TABLE),
        key: Key::Id,
        columns: vec![column("name"), column("value")],
        indexes: Vec::new(),
        sparse: Vec::new(),
    }
}
