//! An `Or` each branch of which an index leads to by id: own records, where own is by several columns. Each branch is
//! a run of its own, and the page merges them (`runs`): it reads its own rows, however few or late they are among the
//! table's. SQLite would sort all that the branches have, or look through the table. A row of two runs is met in both
//! at the same time, since both come by id, and `UNION` lets it pass once; to keep it out of the second would mean to
//! look through all that the two have in common. Knows no probing.

use super::Indexes;
use super::shape::{column_of, is_id};
use super::writer::{ROOT, Scope, Writer};
use crate::filter::{Comparison, Filter, Kind, Link, Select, Value};
use std::borrow::Cow;
use std::sync::Arc;

/// More runs than these are not merged: each is a part of the statement.
const MOST: usize = 8;

/// Rows that come by id as an index has them; those that parents lead to come in no order.
pub(super) struct Fork<'a> {
    /// What the index is asked for.
    lead: Vec<&'a Filter>,
    /// What leads to the parents, in place of that.
    parents: Option<Parents<'a>>,
    /// What else the branch says.
    rest: Vec<&'a Filter>,
}

struct Parents<'a> {
    link: &'a Link,
    runs: Vec<Fork<'a>>,
}

/// The runs, and the conjuncts that they say.
pub(super) struct Forks<'a> {
    runs: Vec<Fork<'a>>,
    pub said: Vec<usize>,
}

/// What leads by id to rows of a table.
#[derive(Clone, Copy)]
pub(super) struct Ways<'w> {
    pub table: &'w str,
    pub indexes: &'w dyn Indexes,
    /// Rows whose parents an index leads to count as well.
    pub through: bool,
    /// The order does not matter.
    pub loose: bool,
}

/// The first conjunct that others lead to: of `Or`s the first whose branches all have an index, and best one that holds
/// an equality beside it as well.
pub(super) fn forks<'a>(conjuncts: &[Cow<'a, Filter>], ways: &Ways<'_>) -> Option<Forks<'a>> {
    let sets = ways.indexes.joint(ways.table);
    let plain = |at: usize| match &conjuncts[at] {
        Cow::Borrowed(filter) => Some(*filter),
        Cow::Owned(_) => None,
    };
    let branches = |at: usize| match plain(at) {
        Some(Filter::Or(branches)) => Some(branches),
        _ => None,
    };
    let places = || 0..conjuncts.len();
    let joint = || {
        places().find_map(|at| {
            let branches = branches(at)?;
            places().find_map(|beside| {
                let equal = plain(beside)?;
                let some = branches.iter().filter(|branch| !is_nothing(branch));
                let runs = some.map(|branch| joined(equal, branch, &sets));
                let runs = runs.collect::<Option<_>>()?;
                Some((runs, vec![at, beside]))
            })
        })
    };
    let alone = || {
        places().find_map(|at| {
            let filter = plain(at).filter(|_| ways.through || branches(at).is_some());
            Some((ways.led(filter?)?, vec![at]))
        })
    };
    let (runs, said): (Vec<Fork<'a>>, _) = joint().or_else(alone)?;
    (1..=MOST)
        .contains(&runs.len())
        .then_some(Forks { runs, said })
}

/// The equality and the branch, if one index holds both; rows by their ids are found without.
fn joined<'a>(equal: &'a Filter, branch: &'a Filter, sets: &[&[Arc<str>]]) -> Option<Fork<'a>> {
    let column = column_of(equal)?;
    if of_ids(branch) {
        return Some(Fork {
            rest: vec![equal],
            ..Fork::by(vec![branch])
        });
    }
    let own = column_of(branch)?;
    let held = |set: &&[Arc<str>]| match set {
        [one, other] => (one == column && other == own) || (one == own && other == column),
        _ => false,
    };
    let joint = sets.iter().any(held);
    joint.then(|| Fork::by(vec![equal, branch]))
}

impl Ways<'_> {
    fn led<'a>(&self, filter: &'a Filter) -> Option<Vec<Fork<'a>>> {
        match filter {
            Filter::Or(parts) => {
                let runs: Option<Vec<_>> = parts.iter().map(|part| self.led(part)).collect();
                Some(runs?.into_iter().flatten().collect())
            }
            Filter::And(parts) => {
                let led = parts.iter().enumerate();
                let led = led.filter_map(|(at, part)| Some((at, self.led(part)?)));
                let (lead, mut runs) = led.min_by_key(|(_, runs)| runs.len())?;
                for run in &mut runs {
                    let others = parts.iter().enumerate().filter(|(at, _)| *at != lead);
                    run.rest.extend(others.map(|(_, part)| part));
                }
                Some(runs)
            }
            nothing if is_nothing(nothing) => Some(Vec::new()),
            leaf if of_ids(leaf) || self.by_value(leaf) => Some(vec![Fork::by(vec![leaf])]),
            Filter::Behind { link, filter } if self.through && self.alone(&link.column) => {
                let there = Ways {
                    table: &link.table,
                    loose: true,
                    ..*self
                };
                let runs = there.led(filter).filter(|runs| runs.len() <= MOST)?;
                let mut run = Fork::by(Vec::new());
                run.parents = Some(Parents { link, runs });
                Some(vec![run])
            }
            _ => None,
        }
    }

    fn by_value(&self, filter: &Filter) -> bool {
        match filter {
            Filter::InIndex { .. } | Filter::InRuns { .. } => self.loose,
            Filter::OneOf { path, values } => {
                let listed = path.through.is_empty() && !values.contains(&Value::Null);
                listed && self.loose && path.kind == Kind::Integer && self.alone(&path.column)
            }
            other => column_of(other).is_some_and(|column| self.alone(column)),
        }
    }

    /// Whether an index holds this column and no other.
    fn alone(&self, column: &str) -> bool {
        self.indexes.leads(self.table, column) && self.indexes.flag(self.table, column).is_none()
    }
}

impl Forks<'_> {
    /// Whether there are only a few parents: those at the end, where parents are in sight with their own.
    pub fn few_parents(&self, writer: &mut Writer) {
        let parents = self.runs.iter().filter_map(|run| run.parents.as_ref());
        for (number, parents) in parents.enumerate() {
            writer.push(if number > 0 { " AND " } else { "" });
            writer.push("NOT EXISTS (SELECT 1 FROM (");
            parents.last(writer, &mut false);
            writer.push(") LIMIT 1 OFFSET ");
            writer.number(writer.few);
            writer.push(")");
        }
    }
}

impl Parents<'_> {
    fn last(&self, writer: &mut Writer, further: &mut bool) {
        for run in &self.runs {
            if let Some(parents) = &run.parents {
                parents.last(writer, further);
                continue;
            }
            writer.push(if *further { " UNION ALL " } else { "" });
            *further = true;
            let alias = writer.alias();
            writer.push("SELECT 1 FROM ");
            writer.table(&self.link.table, alias);
            writer.push(" WHERE ");
            run.led(writer, Scope::Row(alias));
        }
        if self.runs.is_empty() {
            writer.push(if *further { " UNION ALL " } else { "" });
            *further = true;
            writer.push("SELECT 1 WHERE FALSE");
        }
    }

    /// That a row is one of theirs.
    fn lead(&self, writer: &mut Writer, scope: Scope) {
        writer.column(scope, &self.link.column, Kind::Integer);
        writer.push(" IN (");
        for (number, run) in self.runs.iter().enumerate() {
            let alias = writer.alias();
            writer.push(if number > 0 { " UNION ALL " } else { "" });
            writer.push("SELECT ");
            writer.column(Scope::Row(alias), "id", Kind::Integer);
            writer.push(" FROM ");
            writer.table(&self.link.table, alias);
            writer.push(" WHERE ");
            run.led(writer, Scope::Row(alias));
            run.rest(writer, Scope::Row(alias));
        }
        writer.push(if self.runs.is_empty() {
            "SELECT 1 WHERE FALSE)"
        } else {
            ")"
        });
    }
}

/// Whether no row can satisfy it: nobody is on the team.
fn is_nothing(filter: &Filter) -> bool {
    match filter {
        Filter::Constant(value) => !value,
        Filter::OneOf { values, .. } => values.is_empty(),
        _ => false,
    }
}

/// Whether the filter names rows by their ids.
fn of_ids(filter: &Filter) -> bool {
    match filter {
        Filter::OneOf { path, values } => is_id(path) && !values.contains(&Value::Null),
        Filter::Compare {
            path,
            op: Comparison::Equal,
            value,
        } => is_id(path) && *value != Value::Null,
        _ => false,
    }
}

/// The runs one after another: `head` writes what comes before the conditions, `others` the conjuncts that no run says,
/// once for all of them.
pub(super) fn written(
    writer: &mut Writer,
    forks: &Forks<'_>,
    head: impl Fn(&mut Writer),
    others: impl Fn(&mut Writer),
) {
    let mut said = (0, 0);
    for (number, run) in forks.runs.iter().enumerate() {
        if number > 0 {
            writer.push(" UNION ");
        }
        head(writer);
        writer.push(" WHERE ");
        run.led(writer, ROOT);
        if number == 0 {
            said.0 = writer.sql.len();
            // Rows that come one after another have what is behind them looked up one after another.
            writer.correlated = true;
            others(writer);
            writer.correlated = false;
            said.1 = writer.sql.len();
        } else {
            writer.sql.extend_from_within(said.0..said.1);
        }
        run.rest(writer, ROOT);
    }
}

impl<'a> Fork<'a> {
    fn by(lead: Vec<&'a Filter>) -> Self {
        Self {
            lead,
            parents: None,
            rest: Vec::new(),
        }
    }

    fn led(&self, writer: &mut Writer, scope: Scope) {
        let open = (writer.hidden, writer.guarded, writer.correlated);
        (writer.hidden, writer.guarded, writer.correlated) = (false, false, false);
        if let Some(parents) = &self.parents {
            parents.lead(writer, scope);
        }
        for (number, part) in self.lead.iter().enumerate() {
            writer.push(if number > 0 { " AND " } else { "" });
            writer.condition(scope, part, true);
        }
        (writer.hidden, writer.guarded, writer.correlated) = open;
    }

    /// What no index may lead to.
    fn rest(&self, writer: &mut Writer, scope: Scope) {
        let open = (writer.hidden, writer.guarded, writer.correlated, writer.of);
        (writer.hidden, writer.guarded, writer.correlated, writer.of) = (true, true, true, scope);
        for part in &self.rest {
            writer.push(" AND ");
            writer.condition(scope, part, true);
        }
        (writer.hidden, writer.guarded, writer.correlated, writer.of) = open;
    }
}

/// The id of the row after the first few that the runs have.
pub(super) fn apart(writer: &mut Writer, select: &Select, forks: &Forks<'_>, descending: bool) {
    writer.push("(");
    for (number, run) in forks.runs.iter().enumerate() {
        writer.push(if number > 0 { " UNION " } else { "" });
        writer.push("SELECT t0.\"id\" FROM ");
        writer.table(&select.table, 0);
        writer.push(" WHERE ");
        run.led(writer, ROOT);
    }
    writer.push(" ORDER BY 1");
    writer.push(if descending { " DESC" } else { "" });
    writer.push(" LIMIT 1 OFFSET ");
    writer.number(writer.few);
    writer.push(")");
}
