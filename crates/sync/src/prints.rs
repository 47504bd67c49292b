//! Rows of the state without their content, and content without rows: what a comparison of a million records
//! needs, in memory that does not grow with them. Knows no integration.

use crate::Failure;
use crate::state::{Shelf, State, equal};
use bitting_query::filter::Order;
use bitting_query::{
    Comparison, Filter, Indexes, Kind, Path, Select, Value as Rest, render_count, render_with,
};
use bitting_store::{Cell, Cells, Change, Flow};
use std::collections::VecDeque;
use std::sync::Arc;

/// Rows that a cursor reads at a time.
const CHUNK: u64 = 4000;
/// Rows that one transaction changes.
const AT_ONCE: usize = 5000;

/// One index holds integration, kind and the PSA's id in this order, and leads to every page. Told that each of them
/// had one of its own, the renderer would look for the smallest of them and sort its rows for every page.
struct Joint;

impl Indexes for Joint {
    fn leads(&self, _: &str, _: &str) -> bool {
        false
    }
}

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
        let wanted = Filter::And(vec![
            equal("kind", kind),
            equal("integration", integration),
            equal("state", state),
        ]);
        let statement = render_count(shelf.name(), &wanted, self.store.dialect());
        Ok(self.runtime.block_on(self.store.count(&statement))?)
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

    /// Shows the data of every row of a kind that was updated from a moment on and before another, oldest first.
    pub fn each_between(
        &self,
        shelf: Shelf,
        integration: &str,
        kind: &str,
        (from, to): (&str, &str),
        each: &mut (dyn FnMut(&str) + Send),
    ) -> Result<(), Failure> {
        let wanted = vec![
            equal("kind", kind),
            equal("integration", integration),
            by_moment(Comparison::GreaterOrEqual, from),
            by_moment(Comparison::Less, to),
        ];
        let columns = ["data", "updated"];
        self.ordered(shelf, wanted, &columns, moment_path(), None, &mut |cells| {
            each(text(cells, 0));
        })
    }

    /// The first moment of a row's update at this one or later.
    pub fn next_moment(
        &self,
        shelf: Shelf,
        integration: &str,
        kind: &str,
        from: &str,
    ) -> Result<Option<String>, Failure> {
        let wanted = vec![
            equal("kind", kind),
            equal("integration", integration),
            by_moment(Comparison::GreaterOrEqual, from),
        ];
        let mut found = None;
        let columns = ["updated"];
        self.ordered(
            shelf,
            wanted,
            &columns,
            moment_path(),
            Some(1),
            &mut |cells| {
                found = Some(text(cells, 0).to_owned());
            },
        )?;
        Ok(found)
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
        let wanted = by_moment(Comparison::GreaterOrEqual, moment);
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
        self.ordered(shelf, wanted, columns, psa_id(), limit, each)
    }

    fn ordered(
        &self,
        shelf: Shelf,
        wanted: Vec<Filter>,
        columns: &[&str],
        path: Path,
        limit: Option<u64>,
        each: &mut (dyn FnMut(&dyn Cells) + Send),
    ) -> Result<(), Failure> {
        let select = Select {
            table: shelf.name().into(),
            columns: columns.iter().map(|name| Arc::from(*name)).collect(),
            filter: Filter::And(wanted),
            order: vec![Order::by(path, false)],
            limit,
            offset: 0,
        };
        let statement = render_with(&select, self.store.dialect(), &Joint);
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

fn moment_path() -> Path {
    Path {
        through: Vec::new(),
        column: "updated".into(),
        kind: Kind::Text,
    }
}

fn by_moment(op: Comparison, moment: &str) -> Filter {
    Filter::Compare {
        path: moment_path(),
        op,
        value: Rest::Text(moment.to_owned()),
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

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used)]
    use super::*;
    use crate::state::Record;
    use bitting_store::Location;

    /// Each page of a walk must begin where the one before ended. Read as any other statement, it would look for
    /// the smallest index first and sort all rows of the kind for every page.
    #[test]
    fn a_page_of_a_walk_is_one_seek() {
        let state = State::open(&Location::Memory).expect("a state");
        let select = Select {
            table: Shelf::Link.name().into(),
            columns: vec!["id".into()],
            filter: Filter::And(vec![equal("kind", "asset"), equal("integration", "propel")]),
            order: vec![Order::by(psa_id(), false)],
            limit: Some(CHUNK),
            offset: 0,
        };
        let sql = render_with(&select, state.store.dialect(), &Joint).sql;
        assert_eq!(sql.matches("SELECT").count(), 1, "{sql}");
    }

    #[test]
    fn periods_come_by_their_days_and_the_next_one_is_found() {
        let state = State::open(&Location::Memory).expect("a state");
        let days = ["2026-11-02", "2024-02-29", "", "2026-11-01", "2026-12-01"];
        let mut facts: Vec<Record> = days
            .iter()
            .enumerate()
            .map(|(at, day)| {
                let mut fact = Record::new("mspcfo", "Time", at.to_string());
                fact.psa_id = i64::try_from(at).ok();
                (*day).clone_into(&mut fact.updated);
                fact.data = serde_json::json!(day);
                fact
            })
            .collect();
        state.put_all(Shelf::Fact, &mut facts).expect("kept");
        let next = |from: &str| {
            let found = state.next_moment(Shelf::Fact, "mspcfo", "Time", from);
            found.expect("an answer")
        };
        assert_eq!(next("0").as_deref(), Some("2024-02-29"));
        assert_eq!(next("2024-02~").as_deref(), Some("2026-11-01"));
        assert_eq!(next("2026-12~"), None);
        let mut seen = Vec::new();
        let bounds = ("2026-11", "2026-11~");
        let mut each = |data: &str| seen.push(data.to_owned());
        state
            .each_between(Shelf::Fact, "mspcfo", "Time", bounds, &mut each)
            .expect("read");
        assert_eq!(seen, ["\"2026-11-01\"", "\"2026-11-02\""]);
    }
}
