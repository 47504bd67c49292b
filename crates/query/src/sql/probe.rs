//! A statement that looks which of several conjuncts has few rows before it goes one way. What may
//! be probed is the plan's to say.

use super::clauses::{columns, conditions, from, limited, order};
use super::forks;
use super::plan::Plan;
use super::runs::{self, Turn, in_runs, merged};
use super::shape::pairs;
use super::walk::walk;
use super::writer::{ROOT, Writer};
use crate::filter::{Filter, Select};

/// Rows that are few beside a lead whose own come in the order of the page.
const FEWER: u32 = 64;

/// One statement for every way: only that whose turn it is has a limit other than none.
pub(super) fn probe(writer: &mut Writer, select: &Select, mut plan: Plan<'_>, by_id: Option<bool>) {
    let probed = std::mem::take(&mut plan.probed);
    let descending = by_id == Some(true);
    let (rival, lead) = (plan.rival, plan.lead);
    let forks = plan.forks.take();
    writer.push("WITH ");
    if let Some(rival) = rival {
        writer.push("p(rival, lead) AS MATERIALIZED (SELECT ");
        apart(writer, select, &plan, rival, descending);
        writer.push(", ");
        match (&forks, lead) {
            (Some(forks), _) => forks::apart(writer, select, forks, descending),
            (None, Some(lead)) => apart(writer, select, &plan, lead, descending),
            (None, None) => writer.push("NULL"),
        }
        writer.push("), ");
    }
    writer.push("b(way) AS MATERIALIZED (SELECT CASE");
    for (way, number) in probed.iter().enumerate() {
        writer.push(" WHEN ");
        if rival == Some(*number) {
            writer.push("p.rival IS NULL");
        } else if rival.is_some() && lead == Some(*number) {
            writer.push("p.lead IS NULL");
        } else {
            let most = if plan.ordered {
                writer.few.min(FEWER)
            } else {
                writer.few
            };
            few(writer, select, &plan.conjuncts[*number], most);
        }
        writer.push(" THEN ");
        writer.number(way as u32);
    }
    let farther = probed.len() as u32;
    if rival.is_some() {
        writer.push(if descending {
            " WHEN p.rival < p.lead THEN "
        } else {
            " WHEN p.rival > p.lead THEN "
        });
        writer.number(farther);
    }
    writer.push(if rival.is_some() {
        " END FROM p)"
    } else {
        " END)"
    });
    let usual = (plan.lead, plan.driven, plan.walked);
    plan.walked = false;
    let mut joint = " SELECT * FROM (";
    for (way, number) in probed.iter().enumerate() {
        plan.lead = Some(*number);
        plan.driven = pairs(&plan.conjuncts[*number]).is_some();
        writer.driven = plan.driven;
        writer.push(joint);
        joint = ") UNION ALL SELECT * FROM (";
        columns(writer, &select.columns);
        from(writer, &select.table, &plan);
        conditions(writer, &plan, true);
        (writer.hidden, writer.guarded) = (true, true);
        order(writer, &select.order);
        (writer.hidden, writer.guarded) = (false, false);
        limited(writer, select, Some(way as u32));
    }
    if plan.rival.is_some() {
        (plan.lead, plan.driven, writer.driven) = (plan.rival, false, false);
        writer.push(joint);
        if in_runs(&plan) {
            merged(writer, select, &plan, descending, &Turn::Way(Some(farther)));
        } else {
            columns(writer, &select.columns);
            from(writer, &select.table, &plan);
            conditions(writer, &plan, true);
            order(writer, &select.order);
            limited(writer, select, Some(farther));
        }
    }
    (plan.lead, plan.driven, plan.walked) = usual;
    plan.forks = forks;
    writer.push(joint);
    writer.driven = plan.driven;
    writer.guarded = plan.guarded;
    if plan.walked {
        walk(writer, select, &plan, by_id == Some(true), true);
    } else if by_id.is_some() && in_runs(&plan) {
        merged(writer, select, &plan, descending, &Turn::Way(None));
    } else {
        columns(writer, &select.columns);
        from(writer, &select.table, &plan);
        if by_id.is_none() {
            writer.hidden = true;
            writer.kept = select.order.first().map(|order| order.path.column.clone());
        }
        conditions(writer, &plan, false);
        writer.hidden = false;
        order(writer, &select.order);
        limited(writer, select, None);
    }
    writer.push(")");
}

/// Whether a conjunct has only a few rows.
fn few(writer: &mut Writer, select: &Select, conjunct: &Filter, most: u32) {
    writer.push("NOT EXISTS (SELECT 1 FROM ");
    if let Some((table, keys)) = pairs(conjunct) {
        writer.name(table);
        writer.push(" AS m WHERE m.\"key\"");
        writer.keys(keys);
    } else {
        writer.table(&select.table, 0);
        writer.push(" WHERE ");
        writer.condition(ROOT, conjunct, true);
    }
    writer.push(" LIMIT 1 OFFSET ");
    writer.number(most);
    writer.push(")");
}

/// The id of the row after the first few that a conjunct has, in the order of the page: the further
/// away, the further apart its rows; null where there are only a few.
fn apart(writer: &mut Writer, select: &Select, plan: &Plan<'_>, at: usize, descending: bool) {
    let conjunct = &*plan.conjuncts[at];
    let flag = plan.flag.as_ref().filter(|_| plan.rival == Some(at));
    let keys = pairs(conjunct).map_or(0, |(_, keys)| keys.len());
    if flag.is_some() || keys > 1 {
        return runs::apart(writer, select, conjunct, flag, descending);
    }
    writer.push("(SELECT ");
    if let Some((table, keys)) = pairs(conjunct) {
        writer.push("m.\"id\" FROM ");
        writer.name(table);
        writer.push(" AS m WHERE m.\"key\"");
        writer.keys(keys);
        writer.push(" ORDER BY m.\"id\"");
    } else {
        writer.push("t0.\"id\" FROM ");
        writer.table(&select.table, 0);
        writer.push(" WHERE ");
        writer.condition(ROOT, conjunct, true);
        writer.push(" ORDER BY t0.\"id\"");
    }
    writer.push(if descending { " DESC" } else { "" });
    writer.push(" LIMIT 1 OFFSET ");
    writer.number(writer.few);
    writer.push(")");
}
