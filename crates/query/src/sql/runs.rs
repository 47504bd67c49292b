//! A lead whose rows come in a few runs, each of them by id: the keys of a pair table, or the values of a flag under
//! which an index holds one value of a column, or the branches of an `Or` (`forks`). SQLite merges the parts of a compound
//! statement as it goes, so that a page reads its own rows of each run and no others. Knows no other lead.

use super::clauses::{columns, from, limited, page, rest};
use super::forks;
use super::plan::Plan;
use super::shape::{is_id, pairs};
use super::writer::{ROOT, Writer};
use crate::filter::{Comparison, Filter, Kind, Select, Value};
use std::sync::Arc;

/// The values of a flag, as a condition ends on them.
pub(super) const FLAGS: [&str; 3] = [" = 0", " = 1", " IS NULL"];

/// Whether the lead's rows come in several runs.
pub(super) fn in_runs(plan: &Plan<'_>) -> bool {
    if plan.forks.is_some() {
        return true;
    }
    match plan.lead.map(|lead| pairs(&plan.conjuncts[lead])) {
        Some(Some((_, keys))) => plan.driven && keys.len() > 1,
        Some(None) => plan.flag.is_some(),
        None => false,
    }
}

/// Whose turn a page is: always its own, or one of the ways of a probe.
pub(super) enum Turn {
    Own,
    Way(Option<u32>),
}

/// The page, merged by id.
pub(super) fn merged(
    writer: &mut Writer,
    select: &Select,
    plan: &Plan<'_>,
    descending: bool,
    turn: &Turn,
) {
    let place = select.columns.iter().position(|name| **name == *"id");
    if place.is_none() {
        // The order needs the id, which the page does not show.
        writer.push("SELECT ");
        for (number, name) in select.columns.iter().enumerate() {
            writer.push(if number > 0 { ", " } else { "" });
            writer.name(name);
        }
        writer.push(if select.columns.is_empty() {
            "1 FROM ("
        } else {
            " FROM ("
        });
    }
    let place = place.unwrap_or(select.columns.len().max(1));
    runs(writer, plan, |writer| {
        columns(writer, &select.columns);
        if place >= select.columns.len() {
            writer.push(", ");
            writer.column(ROOT, "id", Kind::Integer);
        }
        from(writer, &select.table, plan);
    });
    writer.push(" ORDER BY ");
    writer.number(place as u32 + 1);
    writer.push(if descending { " DESC" } else { "" });
    match turn {
        Turn::Own => page(writer, select),
        Turn::Way(way) => limited(writer, select, *way),
    }
    if place >= select.columns.len() {
        writer.push(")");
    }
}

/// The runs of a lead with all other conditions, one after another; `head` writes what comes before the conditions.
fn runs(writer: &mut Writer, plan: &Plan<'_>, head: impl Fn(&mut Writer)) {
    if let Some(forks) = &plan.forks {
        return forks::written(writer, forks, head, |writer| others(writer, plan));
    }
    let Some(lead) = plan.lead.map(|lead| &*plan.conjuncts[lead]) else {
        return;
    };
    let keys = pairs(lead).map(|(_, keys)| keys);
    let many = keys.map_or(FLAGS.len(), <[i64]>::len);
    // The text of the conditions, whose parameters are the same in each run.
    let mut said = (0, 0);
    for run in 0..many {
        if run > 0 {
            writer.push(" UNION ALL ");
        }
        head(writer);
        writer.push(" WHERE ");
        match (keys, &plan.flag) {
            (Some(keys), _) => {
                writer.push("m.\"key\" = ");
                writer.param(Value::Integer(keys[run]));
            }
            (None, flag) => {
                writer.column(ROOT, flag.as_deref().unwrap_or("id"), Kind::Boolean);
                writer.push(FLAGS[run]);
            }
        }
        if run > 0 {
            writer.sql.extend_from_within(said.0..said.1);
            continue;
        }
        said.0 = writer.sql.len();
        if keys.is_none() {
            writer.push(" AND ");
            writer.condition(ROOT, lead, true);
            others(writer, plan);
        } else {
            rest(writer, plan, " AND ", |_| true);
        }
        said.1 = writer.sql.len();
    }
}

/// The conjuncts that do not lead: where the page starts, and what no index may lead to.
pub(super) fn others(writer: &mut Writer, plan: &Plan<'_>) {
    rest(writer, plan, " AND ", of_id);
    (writer.hidden, writer.guarded) = (true, true);
    rest(writer, plan, " AND ", |part| !of_id(part));
    (writer.hidden, writer.guarded) = (false, false);
}

/// Whether a conjunct says where the page starts.
pub(super) fn of_id(part: &Filter) -> bool {
    match part {
        Filter::Compare { path, op, .. } => is_id(path) && *op != Comparison::NotEqual,
        _ => false,
    }
}

/// The id of the row after the first few of a conjunct whose rows come in runs.
pub(super) fn apart(
    writer: &mut Writer,
    select: &Select,
    conjunct: &Filter,
    flag: Option<&Arc<str>>,
    descending: bool,
) {
    let lone = Plan {
        conjuncts: vec![std::borrow::Cow::Borrowed(conjunct)],
        lead: Some(0),
        driven: pairs(conjunct).is_some(),
        flag: flag.cloned(),
        ..Plan::default()
    };
    let driven = std::mem::replace(&mut writer.driven, lone.driven);
    writer.push("(");
    runs(writer, &lone, |writer| match pairs(conjunct) {
        Some((table, _)) => {
            writer.push("SELECT m.\"id\" FROM ");
            writer.name(table);
            writer.push(" AS m");
        }
        None => {
            writer.push("SELECT t0.\"id\" FROM ");
            writer.table(&select.table, 0);
        }
    });
    writer.push(" ORDER BY 1");
    writer.push(if descending { " DESC" } else { "" });
    writer.push(" LIMIT 1 OFFSET ");
    writer.number(writer.few);
    writer.push(")");
    writer.driven = driven;
}
