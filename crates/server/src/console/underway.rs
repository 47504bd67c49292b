//! Work that takes longer than a page may: it goes on by itself, and its page shows how far it is. Knows
//! nothing of what is done.

use bitting_psa::secret::{Secret, word};
use maud::Markup;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Pieces of work that are remembered; the oldest finished ones go first.
const MOST: usize = 50;

/// All work of a server.
#[derive(Default)]
pub struct Underway {
    all: Mutex<HashMap<String, Arc<Work>>>,
    /// Rows that the last demo company had.
    rows: AtomicU64,
}

/// One piece of work.
pub struct Work {
    pub(super) title: String,
    /// The session that began it; its outcome can hold keys.
    owner: String,
    /// Rows expected; 0 when nobody knows.
    pub(super) total: u64,
    pub(super) done: AtomicU64,
    pub(super) outcome: Mutex<Outcome>,
}

/// What has come of it.
#[derive(Default)]
pub(super) enum Outcome {
    #[default]
    Nothing,
    /// A part for the first view of the page that asks, and for that one again: two of its questions may
    /// cross, and an answer may be lost.
    Done {
        part: Secret,
        view: Option<String>,
    },
    Shown,
    Failed(String),
}

impl Work {
    /// So many rows are done.
    pub fn step(&self, count: u64) {
        self.done.store(count, Ordering::Relaxed);
    }

    pub fn finish(&self, part: Markup) {
        *self.outcome.lock() = Outcome::Done {
            part: Secret::new(part.into_string()),
            view: None,
        };
    }

    pub fn fail(&self, text: impl Into<String>) {
        *self.outcome.lock() = Outcome::Failed(text.into());
    }
}

impl Underway {
    /// Learns how many rows a demo company has.
    pub fn expect(&self, rows: u64) {
        if rows > 0 {
            self.rows.store(rows, Ordering::Relaxed);
        }
    }

    /// Begins a piece of work and answers its name.
    pub fn begin(&self, title: impl Into<String>, owner: &str, demo: bool) -> (String, Arc<Work>) {
        let work = Arc::new(Work {
            title: title.into(),
            owner: owner.to_owned(),
            total: if demo {
                self.rows.load(Ordering::Relaxed)
            } else {
                0
            },
            done: AtomicU64::new(0),
            outcome: Mutex::default(),
        });
        let name = word();
        let mut all = self.all.lock();
        if all.len() >= MOST {
            all.retain(|_, work| matches!(*work.outcome.lock(), Outcome::Nothing));
        }
        all.insert(name.clone(), work.clone());
        (name, work)
    }

    pub(super) fn find(&self, name: &str, owner: &str) -> Option<Arc<Work>> {
        let found = self.all.lock().get(name).cloned();
        found.filter(|work| work.owner == owner)
    }
}
