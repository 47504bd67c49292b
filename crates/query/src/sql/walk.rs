//! A list walked by id: a recursive query that keeps one place per value of the list in the index
//! and always takes the smallest id next. Which list that is, the plan says.

use super::clauses::{columns, limited, page, rest};
use super::packed::packed;
use super::plan::Plan;
use super::shape::is_id;
use super::writer::{ROOT, Scope, Writer};
use crate::filter::{Comparison, Filter, Kind, Path, Select, Value};

/// The end of a value's rows is an id that no row has and that sorts
/// last, so that it never takes a place on the page before a row does.
pub(super) fn walk(
    writer: &mut Writer,
    select: &Select,
    plan: &Plan<'_>,
    descending: bool,
    probed: bool,
) {
    let (end, after, way) = if descending {
        ("(-9223372036854775807)", " < ", " DESC")
    } else {
        ("9223372036854775807", " > ", "")
    };
    // A start (`id > 10`) binds the first step only: the later ones go on from where they are.
    let starts = |part: &Filter| match part {
        Filter::Compare {
            path,
            op: Comparison::Greater | Comparison::GreaterOrEqual,
            ..
        } => !descending && is_id(path),
        Filter::Compare {
            path,
            op: Comparison::Less | Comparison::LessOrEqual,
            ..
        } => descending && is_id(path),
        _ => false,
    };
    let Some(lead) = plan.lead.map(|lead| &*plan.conjuncts[lead]) else {
        return;
    };
    let column = match lead {
        Filter::OneOf { path, .. } | Filter::Compare { path, .. } => path
            .through
            .first()
            .map_or(&path.column, |link| &link.column),
        _ => return,
    };
    let step = |writer: &mut Writer, value: &str| {
        writer.push("SELECT ");
        writer.push(value);
        if plan.flag.is_some() {
            writer.push(", ");
            writer.push(value);
            writer.push("f");
        }
        writer.push(", coalesce((SELECT t0.\"id\" FROM ");
        writer.table(&select.table, 0);
        writer.push(" WHERE ");
        writer.column(ROOT, column, Kind::Integer);
        writer.push(" = ");
        writer.push(value);
        if let Some(flag) = &plan.flag {
            writer.push(" AND ");
            writer.column(ROOT, flag, Kind::Boolean);
            writer.push(" IS ");
            writer.push(value);
            writer.push("f");
        }
    };
    let close = |writer: &mut Writer| {
        writer.push(" ORDER BY t0.\"id\"");
        writer.push(way);
        writer.push(" LIMIT 1), ");
        writer.push(end);
        writer.push(")");
    };
    // Where an index holds the column with a flag under it, a place for each state of the flag.
    writer.push(if plan.flag.is_some() {
        "WITH RECURSIVE w(v, vf, id) AS ("
    } else {
        "WITH RECURSIVE w(v, id) AS ("
    });
    step(writer, "s.v");
    rest(writer, plan, " AND ", starts);
    let from = writer.sql.len();
    rest(writer, plan, " AND ", |part| !starts(part));
    let to = writer.sql.len();
    close(writer);
    writer.push(" FROM (");
    if plan.flag.is_some() {
        writer.push("SELECT v, vf FROM (");
    }
    seeds(writer, lead);
    if plan.flag.is_some() {
        writer.push(") CROSS JOIN (SELECT 0 AS vf UNION ALL SELECT 1 UNION ALL SELECT NULL)");
    }
    writer.push(") AS s UNION ALL ");
    step(writer, "w.v");
    writer.push(" AND t0.\"id\"");
    writer.push(after);
    writer.push("w.id");
    writer.sql.extend_from_within(from..to);
    close(writer);
    writer.push(" FROM w WHERE w.id <> ");
    writer.push(end);
    writer.push(if plan.flag.is_some() {
        " ORDER BY 3"
    } else {
        " ORDER BY 2"
    });
    writer.push(way);
    if probed {
        limited(writer, select, None);
    } else {
        page(writer, select);
    }
    writer.push(") ");
    columns(writer, &select.columns);
    writer.push(" FROM w CROSS JOIN ");
    writer.table(&select.table, 0);
    writer.push(" ON t0.\"id\" = w.id ORDER BY w.id");
    writer.push(way);
}

/// The values to keep a place for, each once.
fn seeds(writer: &mut Writer, lead: &Filter) {
    match lead {
        Filter::OneOf { path, values } if path.through.is_empty() => {
            let mut values: Vec<i64> = values
                .iter()
                .filter_map(|value| {
                    if let Value::Integer(id) = value {
                        Some(*id)
                    } else {
                        None
                    }
                })
                .collect();
            values.sort_unstable();
            values.dedup();
            let values: Vec<Value> = values.into_iter().map(Value::Integer).collect();
            writer.push("SELECT value AS v FROM json_each(");
            writer.param(Value::Text(packed(values.iter(), '[', ']', false)));
            writer.push(")");
        }
        Filter::OneOf { path, .. } | Filter::Compare { path, .. } => {
            let alias = writer.alias();
            writer.push("SELECT ");
            writer.column(Scope::Row(alias), "id", Kind::Integer);
            writer.push(" AS v FROM ");
            writer.table(&path.through[0].table, alias);
            writer.push(" WHERE ");
            let path = Path {
                through: vec![],
                column: path.column.clone(),
                kind: path.kind,
            };
            let inner = match lead {
                Filter::Compare { op, value, .. } => Filter::Compare {
                    path,
                    op: *op,
                    value: value.clone(),
                },
                Filter::OneOf { values, .. } => Filter::OneOf {
                    path,
                    values: values.clone(),
                },
                _ => Filter::Constant(true),
            };
            writer.condition(Scope::Row(alias), &inner, true);
        }
        _ => writer.push("SELECT 1 AS v WHERE FALSE"),
    }
}
