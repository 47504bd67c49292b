//! One statement of each sort: to read, to count, to delete. Hands a read to the way that its plan took.

use super::Indexes;
use super::clauses::{columns, conditions, from, order, page};
use super::parents;
use super::plan::{Plan, by_id, flatten, plan};
use super::probe::probe;
use super::runs::{self, Turn, in_runs};
use super::shape::pairs;
use super::walk::walk;
use super::writer::{ROOT, Writer};
use crate::filter::{Filter, Select};

pub(super) fn select(writer: &mut Writer, select: &Select, indexes: &dyn Indexes) {
    let by_id = by_id(&select.order);
    let mut plan = plan(writer, select, by_id, indexes);
    if let Some(through) = plan.through.take() {
        return parents::select(writer, select, plan, through, by_id == Some(true));
    }
    if !plan.probed.is_empty() {
        return probe(writer, select, plan, by_id);
    }
    writer.driven = plan.driven;
    writer.guarded = plan.guarded;
    if plan.walked {
        return walk(writer, select, &plan, by_id == Some(true), false);
    }
    if writer.sqlite() && by_id.is_some() && select.limit.is_some() && in_runs(&plan) {
        return runs::merged(writer, select, &plan, by_id == Some(true), &Turn::Own);
    }
    columns(writer, &select.columns);
    from(writer, &select.table, &plan);
    conditions(writer, &plan, false);
    order(writer, &select.order);
    page(writer, select);
}

pub(super) fn count(writer: &mut Writer, table: &str, filter: &Filter) {
    let mut conjuncts = Vec::new();
    flatten(filter, &mut conjuncts);
    let lead = conjuncts.iter().position(|part| pairs(part).is_some());
    let plan = Plan {
        conjuncts,
        lead,
        driven: lead.is_some(),
        ..Plan::default()
    };
    writer.driven = plan.driven;
    writer.push("SELECT count(*)");
    from(writer, table, &plan);
    conditions(writer, &plan, false);
}

pub(super) fn delete(writer: &mut Writer, table: &str, filter: &Filter) {
    writer.push("DELETE FROM ");
    writer.table(table, 0);
    writer.push(" WHERE ");
    writer.condition(ROOT, filter, true);
}
