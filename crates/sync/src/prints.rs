//! Rows of the state without their content, and content without rows: what a comparison of a million records
//! needs, in memory that does not grow with them. Knows no integration.

use crate::Failure;
use crate::state::{Shelf, State, equal};
use bitting_query::filter::Order;
use bitting_query::{Comparison, Filter, Kind, Path, Select, Value as Rest, render};
use bitting_store::{Cell, Cells, Change, Flow};
use std::collections::VecDeque;
use std::sync::Arc;

/// Rows that a cursor reads at a time.
const CHUNK: u64 = 4000;
/// Rows that one transaction changes.
const AT_ONCE: usize = 5000;

/// What a comparison needs of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Print {
    pub id: i64,
    pub psa_id: i64,
    pub state: String,
    pub hash: String,
}

/// A row on its way past.
pub struct Passing<'r> {
    pub psa_id: i64,
    pub state: &'r str,
    /// JSON.
    pub data: &'r str,
}

impl State {
    /// How many rows of a kind are in a state.
    pub fn tally(
        &self,
        shelf: Shelf,
        integration: &str,
        kind: &str,
        state: &str,
    ) -> Result<u64, Failure> {
        let mut tally = 0;
        self.stream(
            shelf,
            vec![
                equal("kind", kind),
                equal("integration", integration),
                equal("state", state),
            ],
            &["id"],
            None,
            &mut |_| tally += 1,
        )?;
        Ok(tally)
    }

    /// Shows every row of a kind, in the order of the PSA's ids.
    pub fn each(
        &self,
        shelf: Shelf,
        integration: &str,
        kind: &str,
        each: &mut (dyn FnMut(Passing<'_>) + Send),
    ) -> Result<(), Failure> {
        self.stream(
            shelf,
            vec![equal("kind", kind), equal("integration", integration)],
            &["psa_id", "state", "data"],
            None,
            &mut |cells| {
                each(Passing {
                    psa_id: integer(cells, 0),
                    state: text(cells, 1),
                    data: text(cells, 2),
                });
            },
        )
    }

    /// Sets state and moment of rows, leaving their content.
    pub fn mark(
        &self,
        shelf: Shelf,
        ids: &[i64],
        state: &str,
        updated: &str,
    ) -> Result<(), Failure> {
        let table: Arc<str> = shelf.name().into();
        for ids in ids.chunks(AT_ONCE) {
            let changes = ids.iter().map(|id| Change::Update {
                table: table.clone(),
                id: *id,
                values: vec![
                    ("state".into(), Rest::Text(state.to_owned())),
                    ("updated".into(), Rest::Text(updated.to_owned())),
                ],
            });
            self.write(changes.collect())?;
        }
        Ok(())
    }

    /// The print of one row.
    pub fn print(
        &self,
        shelf: Shelf,
        integration: &str,
        kind: &str,
        id: i64,
    ) -> Result<Option<Print>, Failure> {
        let wanted = Filter::Compare {
            path: psa_id(),
            op: Comparison::Equal,
            value: Rest::Integer(id),
        };
        let mut found = None;
        self.find_prints(
            shelf,
            integration,
            kind,
            Some(wanted),
            Some(1),
            &mut |one| {
                found = Some(one);
            },
        )?;
        Ok(found)
    }

    /// Prints of rows that were updated at a moment or later.
    pub fn since(
        &self,
        shelf: Shelf,
        integration: &str,
        kind: &str,
        moment: &str,
    ) -> Result<Vec<Print>, Failure> {
        let wanted = Filter::Compare {
            path: Path {
                through: Vec::new(),
                column: "updated".into(),
                kind: Kind::Text,
            },
            op: Comparison::GreaterOrEqual,
            value: Rest::Text(moment.to_owned()),
        };
        let mut found = Vec::new();
        self.find_prints(shelf, integration, kind, Some(wanted), None, &mut |one| {
            found.push(one);
        })?;
        Ok(found)
    }

    fn prints(
        &self,
        shelf: Shelf,
        integration: &str,
        kind: &str,
        after: Option<i64>,
    ) -> Result<VecDeque<Print>, Failure> {
        let mut found = VecDeque::new();
        let wanted = after.map(|after| Filter::Compare {
            path: psa_id(),
            op: Comparison::Greater,
            value: Rest::Integer(after),
        });
        self.find_prints(shelf, integration, kind, wanted, Some(CHUNK), &mut |one| {
            found.push_back(one);
        })?;
        Ok(found)
    }

    fn find_prints(
        &self,
        shelf: Shelf,
        integration: &str,
        kind: &str,
        further: Option<Filter>,
        limit: Option<u64>,
        each: &mut (dyn FnMut(Print) + Send),
    ) -> Result<(), Failure> {
        let mut wanted = vec![equal("kind", kind), equal("integration", integration)];
        wanted.extend(further);
        self.stream(
            shelf,
            wanted,
            &["id", "psa_id", "state", "hash"],
            limit,
            &mut |cells| {
                each(Print {
                    id: integer(cells, 0),
                    psa_id: integer(cells, 1),
                    state: text(cells, 2).to_owned(),
                    hash: text(cells, 3).to_owned(),
                });
            },
        )
    }

    fn stream(
        &self,
        shelf: Shelf,
        wanted: Vec<Filter>,
        columns: &[&str],
        limit: Option<u64>,
        each: &mut (dyn FnMut(&dyn Cells) + Send),
    ) -> Result<(), Failure> {
        let select = Select {
            table: shelf.name().into(),
            columns: columns.iter().map(|name| Arc::from(*name)).collect(),
            filter: Filter::And(wanted),
            order: vec![Order {
                path: psa_id(),
                descending: false,
            }],
            limit,
            offset: 0,
        };
        let statement = render(&select, self.store.dialect());
        let mut each = |cells: &dyn Cells| {
            each(cells);
            Flow::Continue
        };
        self.runtime
            .block_on(self.store.select(&statement, &mut each))?;
        Ok(())
    }
}

fn psa_id() -> Path {
    Path {
        through: Vec::new(),
        column: "psa_id".into(),
        kind: Kind::Integer,
    }
}

fn integer(cells: &dyn Cells, at: usize) -> i64 {
    match cells.cell(at) {
        Cell::Integer(id) => id,
        _ => 0,
    }
}

fn text(cells: &dyn Cells, at: usize) -> &str {
    match cells.cell(at) {
        Cell::Text(text) => text,
        _ => "",
    }
}

/// Walks the prints of a kind in the order of the PSA's ids, a chunk at a time. Each id at most once.
pub struct Cursor<'s> {
    state: &'s State,
    shelf: Shelf,
    integration: &'s str,
    kind: &'s str,
    ahead: VecDeque<Print>,
    after: Option<i64>,
    ended: bool,
}

impl<'s> Cursor<'s> {
    pub fn new(state: &'s State, shelf: Shelf, integration: &'s str, kind: &'s str) -> Self {
        Self {
            state,
            shelf,
            integration,
            kind,
            ahead: VecDeque::new(),
            after: None,
            ended: false,
        }
    }

    /// The next print, if its id is at most so much.
    pub fn up_to(&mut self, psa_id: i64) -> Result<Option<Print>, Failure> {
        if self.ahead.is_empty() && !self.ended {
            self.ahead = self
                .state
                .prints(self.shelf, self.integration, self.kind, self.after)?;
            self.ended = (self.ahead.len() as u64) < CHUNK;
            self.after = self.ahead.back().map(|last| last.psa_id).or(self.after);
        }
        match self.ahead.front() {
            Some(next) if next.psa_id <= psa_id => Ok(self.ahead.pop_front()),
            _ => Ok(None),
        }
    }
}
