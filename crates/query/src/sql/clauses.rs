//! The parts of a statement as a plan wants them: columns, tables, conditions, order, page. Which of them make a
//! statement, and in which order, is for the way that the plan took.

use super::plan::Plan;
use super::shape::{is_id, pairs};
use super::writer::{ROOT, Scope, Writer};
use crate::filter::{Filter, Kind, Order, Path, Select, Value};
use std::sync::Arc;

/// `SELECT` with the columns of the answer, or 1 where there are none.
pub(super) fn columns(writer: &mut Writer, columns: &[Arc<str>]) {
    writer.push("SELECT ");
    for (number, column) in columns.iter().enumerate() {
        if number > 0 {
            writer.push(", ");
        }
        writer.column(ROOT, column, Kind::Json);
    }
    if columns.is_empty() {
        writer.push("1");
    }
}

/// The table, behind the pair table where that one drives.
pub(super) fn from(writer: &mut Writer, table: &str, plan: &Plan<'_>) {
    writer.push(" FROM ");
    if let (true, Some(Some((table_of_pairs, keys)))) = (
        plan.driven,
        plan.lead.map(|lead| pairs(&plan.conjuncts[lead])),
    ) {
        if merges_below(writer, keys) {
            // PostgreSQL merges them by itself.
            for (number, key) in keys.iter().enumerate() {
                writer.push(if number > 0 { " UNION ALL " } else { "(" });
                writer.push("SELECT \"id\" FROM ");
                writer.name(table_of_pairs);
                writer.push(" WHERE \"key\" = ");
                writer.param(Value::Integer(*key));
            }
            writer.push(")");
        } else {
            writer.name(table_of_pairs);
        }
        // CROSS JOIN keeps SQLite to this order of tables.
        writer.push(if writer.sqlite() {
            " AS m CROSS JOIN "
        } else {
            " AS m JOIN "
        });
        writer.table(table, 0);
        writer.push(" ON t0.\"id\" = m.\"id\"");
    } else {
        writer.table(table, 0);
    }
}

/// Whether several keys are read as one table, which then says them.
fn merges_below(writer: &Writer, keys: &[i64]) -> bool {
    !writer.sqlite() && keys.len() > 1
}

/// `only`: nothing but the lead may lead.
pub(super) fn conditions(writer: &mut Writer, plan: &Plan<'_>, only: bool) {
    let mut joint = " WHERE ";
    match plan.lead.map(|lead| &*plan.conjuncts[lead]) {
        Some(lead) if plan.driven => {
            let keys = pairs(lead).map_or(&[][..], |(_, keys)| keys);
            if !merges_below(writer, keys) {
                writer.push(joint);
                writer.push("m.\"key\"");
                writer.keys(keys);
                joint = " AND ";
            }
        }
        Some(lead) if only => {
            writer.push(joint);
            writer.condition(ROOT, lead, true);
            joint = " AND ";
        }
        _ => {}
    }
    if only {
        (writer.hidden, writer.guarded) = (true, true);
    }
    rest(writer, plan, joint, |_| true);
    if only {
        (writer.hidden, writer.guarded) = (false, false);
    }
}

/// The conjuncts but the lead, of those that are wanted.
pub(super) fn rest(
    writer: &mut Writer,
    plan: &Plan<'_>,
    first: &str,
    wanted: impl Fn(&Filter) -> bool,
) {
    let said = plan.forks.as_ref().map_or(&[][..], |forks| &forks.said);
    let parts: Vec<&Filter> = (0..plan.conjuncts.len())
        .filter(|number| Some(*number) != plan.lead && !said.contains(number))
        .map(|number| &*plan.conjuncts[number])
        .filter(|part| wanted(part))
        .collect();
    if !parts.is_empty() {
        writer.push(first);
        balanced(writer, &parts);
    }
}

/// A chain of ANDs, as a tree when it is long: SQLite limits how deep an expression may nest.
fn balanced(writer: &mut Writer, parts: &[&Filter]) {
    if parts.len() > 64 {
        let (first, second) = parts.split_at(parts.len() / 2);
        writer.push("(");
        balanced(writer, first);
        writer.push(") AND (");
        balanced(writer, second);
        writer.push(")");
        return;
    }
    for (number, part) in parts.iter().enumerate() {
        if number > 0 {
            writer.push(" AND ");
        }
        writer.condition(ROOT, part, true);
    }
}

/// Always ends with the id, so that pages never overlap.
pub(super) fn order(writer: &mut Writer, order: &[Order]) {
    writer.push(" ORDER BY ");
    for key in order {
        if is_id(&key.path) {
            writer.hide(ROOT, "id");
            writer.column(ROOT, "id", Kind::Integer);
            writer.push(if key.descending { " DESC" } else { "" });
            return;
        }
        if key.path.through.is_empty() {
            writer.hide(ROOT, &key.path.column);
        }
        followed(writer, &key.path, &key.sights);
        writer.push(match (key.descending, writer.sqlite()) {
            (false, true) => ", ",
            (true, true) => " DESC, ",
            (false, false) => " ASC NULLS FIRST, ",
            (true, false) => " DESC NULLS LAST, ",
        });
    }
    writer.column(ROOT, "id", Kind::Integer);
}

/// The value at the end of a path: one row looked up by id for each reference, if it is in sight.
fn followed(writer: &mut Writer, path: &Path, sights: &[Filter]) {
    let Some(last) = path.through.last() else {
        return writer.comparable(ROOT, &path.column, path.kind);
    };
    let alias = writer.alias();
    writer.push("(SELECT ");
    writer.comparable(Scope::Row(alias), &path.column, path.kind);
    writer.push(" FROM ");
    writer.table(&last.table, alias);
    writer.push(" WHERE ");
    writer.column(Scope::Row(alias), "id", Kind::Integer);
    writer.push(" = ");
    let before = path.through[..path.through.len() - 1].to_vec();
    followed(
        writer,
        &Path {
            through: before,
            column: last.column.clone(),
            kind: Kind::Integer,
        },
        sights,
    );
    if let Some(sight) = sights.get(path.through.len() - 1)
        && *sight != Filter::Constant(true)
    {
        writer.push(" AND ");
        // Whose the row is, is looked up for it, instead of all the pairs of the key first.
        let guarded = std::mem::replace(&mut writer.guarded, true);
        writer.condition(Scope::Row(alias), sight, true);
        writer.guarded = guarded;
    }
    writer.push(")");
    // A subquery's value has lost its column's collation.
    if writer.sqlite() && path.kind == Kind::Text {
        writer.push(" COLLATE NOCASE");
    }
}

pub(super) fn integer(value: u64) -> Value {
    Value::Integer(i64::try_from(value).unwrap_or(i64::MAX))
}

/// The page that was asked for.
pub(super) fn page(writer: &mut Writer, select: &Select) {
    match select.limit {
        Some(limit) => {
            writer.push(" LIMIT ");
            writer.param(integer(limit));
        }
        // SQLite has no OFFSET without a LIMIT.
        None if select.offset > 0 && writer.sqlite() => writer.push(" LIMIT -1"),
        None => {}
    }
    offset(writer, select);
}

fn offset(writer: &mut Writer, select: &Select) {
    if select.offset > 0 {
        writer.push(" OFFSET ");
        writer.param(integer(select.offset));
    }
}

/// A page that is empty unless this way was chosen (`None`: none of the probed).
pub(super) fn limited(writer: &mut Writer, select: &Select, way: Option<u32>) {
    writer.push(" LIMIT CASE WHEN (SELECT way FROM b) IS ");
    match way {
        Some(way) => writer.number(way),
        None => writer.push("NULL"),
    }
    writer.push(" THEN ");
    writer.param(integer(select.limit.unwrap_or(u64::MAX)));
    writer.push(" ELSE 0 END");
    offset(writer, select);
}
