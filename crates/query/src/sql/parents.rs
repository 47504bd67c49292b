//! Rows that are in sight with the record they hang on: the notes of own tickets. No index has them by id, and a page has
//! two ways to them: through the parents, whose rows are then sorted, or by id, with each row's parent looked up. The
//! statement looks which is the shorter one. Parents that are few lead. Where they are many, the rows are taken by id if
//! those right after the start of the page fill it (own records are most often a part of all, spread over them), and
//! through the parents if not: own tickets that are all late have late notes. Knows only SQLite.

use super::clauses::{columns, integer, limited, rest};
use super::forks::Forks;
use super::plan::Plan;
use super::runs::{Turn, merged, of_id, others};
use super::writer::{ROOT, Writer};
use crate::filter::{Kind, Select};

/// So many times as many ids as rows are few are looked at from the start of the page on before the parents are taken.
const WINDOW: u32 = 4;

pub(super) fn select<'a>(
    writer: &mut Writer,
    select: &Select,
    mut plan: Plan<'a>,
    through: Forks<'a>,
    descending: bool,
) {
    let way = if descending { " DESC" } else { "" };
    writer.push("WITH f(id) AS MATERIALIZED (SELECT t0.\"id\" FROM ");
    writer.table(&select.table, 0);
    rest(writer, &plan, " WHERE ", of_id);
    writer.push(" ORDER BY t0.\"id\"");
    writer.push(way);
    writer.push(" LIMIT 1), b(way) AS MATERIALIZED (SELECT CASE WHEN ");
    through.few_parents(writer);
    writer.push(" THEN 0 WHEN ");
    near(writer, select, &plan, descending);
    writer.push(" THEN NULL ELSE 0 END) SELECT * FROM (");
    plan.forks = Some(through);
    merged(writer, select, &plan, descending, &Turn::Way(Some(0)));
    plan.forks = None;
    writer.push(") UNION ALL SELECT * FROM (");
    columns(writer, &select.columns);
    by_id(writer, select, &plan, |_| {});
    writer.push(" ORDER BY t0.\"id\"");
    writer.push(way);
    limited(writer, select, None);
    writer.push(")");
}

/// Whether the rows right after the start fill the page, or are all there are.
fn near(writer: &mut Writer, select: &Select, plan: &Plan<'_>, descending: bool) {
    let within = |writer: &mut Writer| {
        writer.push(if descending {
            " > (SELECT id FROM f) - "
        } else {
            " < (SELECT id FROM f) + "
        });
        writer.number(writer.few * WINDOW);
    };
    let page = select.limit.unwrap_or(u64::MAX);
    let page = page.saturating_add(select.offset);
    writer.push("(SELECT ");
    writer.push(if descending {
        "min(t0.\"id\")"
    } else {
        "max(t0.\"id\")"
    });
    writer.push(" FROM ");
    writer.table(&select.table, 0);
    writer.push(")");
    within(writer);
    writer.push(" OR (SELECT count(*) FROM (SELECT 1");
    by_id(writer, select, plan, |writer| {
        writer.push(" AND t0.\"id\"");
        within(writer);
    });
    writer.push(" LIMIT ");
    writer.param(integer(page));
    writer.push(")) >= ");
    writer.param(integer(page));
}

/// The rows of the table by id, with each row's parent looked up.
fn by_id(writer: &mut Writer, select: &Select, plan: &Plan<'_>, further: impl Fn(&mut Writer)) {
    writer.push(" FROM ");
    writer.table(&select.table, 0);
    writer.push(" WHERE ");
    writer.column(ROOT, "id", Kind::Integer);
    writer.push(" IS NOT NULL");
    further(writer);
    writer.correlated = true;
    others(writer, plan);
    writer.correlated = false;
}
