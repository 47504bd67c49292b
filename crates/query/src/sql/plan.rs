//! How a statement finds its rows, so that a page costs the same in a small table and a large one.
//! Knows conditions only by their outer shape.
//!
//! - *Driven*: level My with an order by id walks the pair table, which is sorted by `(key, id)`.
//! - *Walked* (SQLite): a list on an indexed column with an order by id and a limit (location
//!   narrowing; a reference found by its name) would make SQLite read and sort every row of the
//!   list. Instead a recursive query keeps one place per value and always takes the smallest id
//!   next: as many seeks as there are values and rows on the page.
//! - *Probed* (SQLite): when several conjuncts could lead, or the order is by another indexed
//!   column, the statement first looks whether one of them has only a few rows (`FEW`), takes
//!   those and sorts them; only if none has, rows come in their order until the page is full.
//!   A lead whose rows come in the order of the page is not looked at itself, and what else could lead only
//!   so far as `FEWER` rows: that look is made for each page, and most pages fill soon.
//!   Where both the pair table and an indexed column have many rows of a value, that one drives
//!   whose rows lie further apart, told by the id of the row after the first few: the other one
//!   would show many more rows before the page is full.
//!   SQLite itself would guess, and read and sort a large part of the table when it is wrong.
//!   An equality and an `Or` whose branches have indexes together with it are such a conjunct too
//!   (`spread`).
//! - *Merged* (SQLite): where an index holds a column with a flag under it and no other does (`Indexes::flag`), the rows
//!   of one value come in three runs, one for each state of the flag; a pair table's keys are runs as well (`runs`).
//! - *Plain*: everything else. PostgreSQL plans by its own statistics.

use super::Indexes;
use super::forks::{Forks, Ways, forks};
use super::shape::{equates, is_id, pairs};
use super::spread::spread;
use super::writer::Writer;
use crate::eval::fits;
use crate::filter::{Comparison, Filter, Kind, Order, Path, Select, Value};
use std::borrow::Cow;
use std::sync::Arc;

/// The conjuncts of a filter and what may lead to its rows.
#[derive(Default)]
pub(super) struct Plan<'a> {
    pub conjuncts: Vec<Cow<'a, Filter>>,
    /// The conjunct that drives or is walked.
    pub lead: Option<usize>,
    pub driven: bool,
    pub walked: bool,
    pub guarded: bool,
    /// Conjuncts to probe, best first.
    pub probed: Vec<usize>,
    /// The lead's rows come by id as they are, and it is not among those to probe.
    pub ordered: bool,
    /// The conjunct that leads by id in place of the pair table where its rows lie further apart.
    pub rival: Option<usize>,
    /// The flag under which an index holds the column that leads, and no index holds it alone.
    pub flag: Option<Arc<str>>,
    /// The runs of an `Or` that lead by id in place of one conjunct.
    pub forks: Option<Forks<'a>>,
    /// The same where some of the runs are led by parents.
    pub through: Option<Forks<'a>>,
}

/// So many conjuncts are probed at most.
const PROBES: usize = 3;

pub(super) fn plan<'a>(
    writer: &Writer,
    select: &'a Select,
    by_id: Option<bool>,
    indexes: &dyn Indexes,
) -> Plan<'a> {
    let mut conjuncts = Vec::with_capacity(4);
    flatten(&select.filter, &mut conjuncts);
    let mut plan = Plan {
        conjuncts,
        ..Plan::default()
    };
    let own = |part: &Cow<'_, Filter>| pairs(part).is_some();
    if by_id.is_some() {
        plan.lead = plan.conjuncts.iter().position(own);
        plan.driven = plan.lead.is_some();
    }
    if !writer.sqlite() || select.limit.is_none() {
        return plan;
    }
    let sets = indexes.joint(&select.table);
    let spread = spread(&plan.conjuncts, &sets).filter(|_| by_id.is_none());
    join(&mut plan.conjuncts, &sets);
    if plan.driven {
        plan.lead = plan.conjuncts.iter().position(own);
    }
    let indexed =
        |path: &Path| path.through.is_empty() && indexes.leads(&select.table, &path.column);
    let sparse = |path: &Path| indexes.sparse(&select.table, &path.column);
    let (mut found, mut listed) = (Vec::new(), Vec::new());
    for (number, part) in plan.conjuncts.iter().enumerate() {
        match &**part {
            Filter::Compare {
                path,
                op: Comparison::Equal,
                ..
            }
            | Filter::OneOf { path, .. }
                if is_id(path) =>
            {
                plan.guarded = true;
                return plan;
            }
            part if pairs(part).is_some() => listed.insert(0, number),
            part if finds(part, &indexed) => found.push(number),
            part if is_walkable(part, &select.table, indexes) => listed.push(number),
            _ => {}
        }
    }
    if let Some(spread) = spread {
        // It stands beside what it is made of, so that the other ways stay as they are.
        found.insert(0, plan.conjuncts.len());
        plan.conjuncts.push(Cow::Owned(spread));
    }
    if by_id.is_some() && !plan.driven {
        let mut ways = Ways {
            table: &select.table,
            indexes,
            through: false,
            loose: false,
        };
        plan.forks = forks(&plan.conjuncts, &ways);
        if plan.forks.is_none() && found.is_empty() && listed.is_empty() {
            ways.through = true;
            plan.through = forks(&plan.conjuncts, &ways);
            if plan.through.is_some() {
                return plan;
            }
        }
    }
    if let Some(forks) = &plan.forks {
        // More rows than theirs are in what they say.
        found.retain(|number| !forks.said.contains(number));
    } else if by_id.is_some() && !plan.driven {
        // Rows of one value come by id as they are; a list has to be walked.
        plan.guarded = !found.is_empty() || !listed.is_empty();
        plan.walked = found.is_empty() && !listed.is_empty();
        plan.lead = if plan.walked {
            listed.first().copied()
        } else {
            let flagged = |number: &&usize| flag(&plan.conjuncts[**number], select, indexes);
            found
                .iter()
                .find(|number| flagged(number).is_some())
                .copied()
        };
        let lead = plan.lead.map(|lead| &*plan.conjuncts[lead]);
        plan.flag = lead.and_then(|lead| flag(lead, select, indexes));
    }
    let leads = usize::from(plan.forks.is_some());
    let single = found.len() + listed.len() + leads < 2;
    if if by_id.is_some() {
        single
    } else {
        !select
            .order
            .first()
            .is_some_and(|order| indexed(&order.path) && !sparse(&order.path))
    } {
        return plan;
    }
    plan.guarded |= by_id.is_none();
    if by_id.is_some() && (plan.driven || plan.forks.is_some()) {
        plan.rival = found.first().copied();
        let rival = plan.rival.map(|rival| &*plan.conjuncts[rival]);
        plan.flag = rival.and_then(|rival| flag(rival, select, indexes));
    }
    found.append(&mut listed);
    let leads = plan.lead.is_some() || plan.forks.is_some();
    if leads && by_id.is_some() && !plan.walked && plan.rival.is_none() {
        // Its rows come by id as they are: to know that they are few would change nothing. The others are looked at
        // less far, since a page of its rows is most often full soon.
        found.retain(|number| Some(*number) != plan.lead);
        plan.ordered = true;
    }
    found.truncate(PROBES);
    plan.probed = found;
    plan
}

/// The flag under which an index holds the column that a conjunct is about, where none holds it alone.
fn flag(filter: &Filter, select: &Select, indexes: &dyn Indexes) -> Option<Arc<str>> {
    let (Filter::Compare { path, .. } | Filter::OneOf { path, .. }) = filter else {
        return None;
    };
    let link = path.through.first().map(|link| &link.column);
    indexes.flag(&select.table, link.unwrap_or(&path.column))
}

/// Whether an index leads straight to the rows of this conjunct.
fn finds(filter: &Filter, indexed: &dyn Fn(&Path) -> bool) -> bool {
    match filter {
        Filter::Compare {
            path,
            op: Comparison::Equal,
            value,
        } => is_id(path) || (path.kind != Kind::Boolean && *value != Value::Null && indexed(path)),
        Filter::OneOf { path, values } => is_id(path) || (values.len() == 1 && indexed(path)),
        // Conjuncts are flat: an `And` among them is a set that one index holds.
        Filter::And(_) => true,
        _ => false,
    }
}

/// Whether the conjunct is a list to keep one place in the index for each value of.
fn is_walkable(filter: &Filter, table: &str, indexes: &dyn Indexes) -> bool {
    match filter {
        Filter::OneOf { path, values } if path.through.is_empty() => {
            path.kind == Kind::Integer
                && values
                    .iter()
                    .all(|value| matches!(value, Value::Integer(_)))
                && indexes.leads(table, &path.column)
        }
        // A name or a few names: few rows of the other table, unlike other conditions on it.
        Filter::Compare {
            path,
            op: Comparison::Equal,
            ..
        }
        | Filter::OneOf { path, .. } => {
            path.kind == Kind::Text
                && path.through.len() == 1
                && indexes.leads(table, &path.through[0].column)
                && match filter {
                    Filter::Compare { value, .. } => fits(Kind::Text, value),
                    Filter::OneOf { values, .. } => {
                        values.iter().all(|value| fits(Kind::Text, value))
                    }
                    _ => false,
                }
        }
        _ => false,
    }
}

/// Whether rows come by id, and whether descending.
pub(super) fn by_id(order: &[Order]) -> Option<bool> {
    match order.first() {
        None => Some(false),
        Some(first) if is_id(&first.path) => Some(first.descending),
        Some(_) => None,
    }
}

/// The conditions that must all hold, one by one.
pub(super) fn flatten<'a>(filter: &'a Filter, into: &mut Vec<Cow<'a, Filter>>) {
    match filter {
        Filter::And(parts) => parts.iter().for_each(|part| flatten(part, into)),
        Filter::Constant(true) => {}
        other => into.push(Cow::Borrowed(other)),
    }
}

/// Equalities that one index holds together become one conjunct, which leads as one.
fn join(conjuncts: &mut Vec<Cow<'_, Filter>>, sets: &[&[Arc<str>]]) {
    for set in sets {
        let places: Option<Vec<usize>> = set
            .iter()
            .map(|column| conjuncts.iter().position(|part| equates(part, column)))
            .collect();
        let Some(mut places) = places else {
            continue;
        };
        let parts = places.iter().map(|at| conjuncts[*at].as_ref().clone());
        let whole = Filter::And(parts.collect());
        places.sort_unstable();
        for at in places.iter().rev() {
            conjuncts.remove(*at);
        }
        conjuncts.insert(places[0], Cow::Owned(whole));
    }
}
