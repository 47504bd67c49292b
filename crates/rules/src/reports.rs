//! Reports: rows of columns over the served data. What each report holds is data; this file decides who may
//! read which, and pages. One right, System / API Reports for All, opens every report with everything in it,
//! as in the real product: no location and no ownership narrows them. An instance may list the reports it
//! gives out (`report-allow-list`, names with commas between), and members whose sight of prices or costs is
//! blocked find those columns empty.

pub mod asking;
pub mod children;
pub mod definition;
pub mod expression;
mod fields;
pub mod functions;
pub mod ground;
pub mod made;
pub mod reach;
pub mod rows;
pub mod tallies;

use self::asking::Conditions;
use self::definition::{Column, Each, Report, Source, Tells};
use self::rows::Plan;
use bitting_catalog::entity::Entity;
use bitting_dialects::connectwise::conditions::conditions;
use bitting_dialects::connectwise::error::ApiError;
use bitting_policy::{Denial, Why};
use bitting_psa::answer::DEFAULT_RELEASE;
use bitting_psa::backend::{column, id_path};
use bitting_psa::instance::Instance;
use bitting_psa::permit::Permit;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_psa::row::Target;
use bitting_psa::{
    answer::{Answer, Paged},
    context::Context,
};
use bitting_query::{Comparison, Elements, Filter, Kind, Order, Value, and, matches};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeSet;

/// The setting that names the reports an instance gives out; all of them without it.
pub const ALLOW_LIST: &str = "report-allow-list";

/// Records read at a time where the database cannot compare a column by itself.
const CHUNK: u64 = 1_000;

/// The list of reports that this caller may read.
pub fn names(context: Context<'_>, permit: &Permit<'_>) -> Result<Vec<Row>, Problem> {
    let_in(context, permit)?;
    let mut rows = Vec::new();
    for (index, name) in (1..).zip(definition::names()) {
        if allowed(context, &name) {
            let mut row = Row::new(index);
            row.set_text("name", name);
            rows.push(row);
        }
    }
    Ok(rows)
}

/// Answers a report's rows, its columns, or how many rows it has.
pub async fn answer(
    context: Context<'_>,
    permit: &Permit<'_>,
    rule: &str,
) -> Result<Answer, Problem> {
    let_in(context, permit)?;
    let word = context.words.first().copied().unwrap_or_default();
    let name = percent_encoding::percent_decode_str(word).decode_utf8_lossy();
    let report = definition::find(&name)
        .map_err(|error| broken(&error))?
        .ok_or_else(|| ApiError::not_found("Report", &name))?;
    if !allowed(context, &report.name) {
        return Err(refusal(context, permit, &report, "").into());
    }
    let parameters = context.parameters;
    let columns = &report.columns;
    if rule == "report_columns" {
        let all: Vec<usize> = (0..columns.len()).collect();
        return Ok(Answer::json(200, &definitions(columns, &all)));
    }
    let wanted = parameters
        .columns
        .as_deref()
        .or(parameters.fields.as_deref());
    // Pages that only go forward come in the order of their ids.
    let order_by = parameters.order_by.as_deref();
    let order_by = order_by.filter(|_| parameters.page_id.is_none());
    let ask = Ask {
        conditions: Conditions::read(parameters.conditions.as_deref(), columns)?,
        order: asking::order(order_by, columns)?,
        shown: asking::shown(wanted, columns)?,
        counts: rule == "report_count",
    };
    let found = match &report.rows {
        Source::Nowhere => Found::Rows(Vec::new()),
        Source::Function(function) => {
            let rows = functions::made_by(context.instance, function).await?;
            let rows = rows.iter().map(|row| fitted(columns, row)).collect();
            let tells = |index: usize| columns[index].tells;
            held(context, permit, &report, &ask, rows, &tells)?
        }
        Source::Entity { path, only, .. } | Source::Each(Each { path, only, .. }) => {
            let plan = plan(context, &report, path).await?;
            let mut base = base(context, plan.entity, only.as_deref())?;
            if let Source::Entity {
                without: Some(named),
                ..
            } = &report.rows
            {
                let named = named_by(context.instance, named).map_err(|error| broken(&error))?;
                base = and(base, Filter::Not(Box::new(named)));
            }
            if matches!(report.rows, Source::Entity { .. }) {
                stored(context, permit, &plan, &ask, base).await?
            } else {
                let rows = made::rows(&plan, base).await?;
                held(context, permit, &report, &ask, rows, &|index| {
                    plan.tells(index)
                })?
            }
        }
        Source::Values { path, .. } | Source::Trail(path) => {
            let plan = plan(context, &report, path).await?;
            let rows = made::rows(&plan, Filter::Constant(true)).await?;
            held(context, permit, &report, &ask, rows, &|index| {
                plan.tells(index)
            })?
        }
    };
    match found {
        Found::Count(count) => Ok(Answer::json(200, &json!({ "count": count }))),
        Found::Rows(rows) if ask.counts => Ok(Answer::json(200, &json!({ "count": rows.len() }))),
        Found::Rows(mut rows) => {
            let size = parameters.page_size as usize;
            let more = rows.len() > size;
            rows.truncate(size);
            let body = json!({
                "column_definitions": definitions(columns, &ask.shown),
                "row_values": rows
                    .iter()
                    .map(|row| values(columns, &ask.shown, row))
                    .collect::<Vec<_>>(),
            });
            Ok(Answer {
                paged: Some(Paged {
                    more,
                    last: rows.last().map(|row| row.id),
                }),
                ..Answer::json(200, &body)
            })
        }
    }
}

/// A report bound to the entity that its rows are made of.
async fn plan<'c>(
    context: Context<'c>,
    report: &'c Report,
    path: &str,
) -> Result<Plan<'c>, Problem> {
    let entity = context
        .instance
        .catalog()
        .entity_at(path)
        .ok_or_else(|| broken(&format!("{}: no entity {path}", report.name)))?;
    super::agreements::before_read(context.instance, entity).await?;
    Plan::new(context.instance, report, entity).map_err(|error| broken(&error))
}

/// What is asked of a report.
struct Ask {
    conditions: Conditions,
    order: Vec<(usize, bool)>,
    shown: Vec<usize>,
    counts: bool,
}

enum Found {
    Rows(Vec<Row>),
    Count(u64),
}

/// Only the level All opens reports: they tell of everybody's records.
fn let_in(context: Context<'_>, permit: &Permit<'_>) -> Result<(), Problem> {
    if permit.mine() {
        let grounds = context.instance.backend.grounds();
        let denial = permit.refuse(grounds, Why::Ownership);
        return Err(denial.by(&context.caller.role.name).into());
    }
    Ok(())
}

fn allowed(context: Context<'_>, name: &str) -> bool {
    context.instance.setting(ALLOW_LIST).is_none_or(|list| {
        list.split(',')
            .any(|entry| entry.trim().eq_ignore_ascii_case(name))
    })
}

/// No row of a role opens what an instance or a block on the member keeps shut, so none is named.
fn refusal(context: Context<'_>, permit: &Permit<'_>, report: &Report, column: &str) -> Denial {
    let mut denial = permit.refuse(context.instance.backend.grounds(), Why::NoWayIn);
    denial.module.clear();
    denial.action.clear();
    denial.entity = format!("report {}", report.name);
    denial.scope = Some(denial.entity.clone());
    denial.remedy = match column {
        "" => format!("name the report in the instance's setting {ALLOW_LIST}"),
        column => format!("take the block of prices or costs off the member, to use {column}"),
    };
    denial.by(&context.caller.role.name)
}

/// A fault of the data that comes with the program, not of the call.
fn broken(error: &str) -> Problem {
    tracing::error!(error, "a report's file cannot be used");
    ApiError::server("The report's definition has a fault; the server's log says where.").into()
}

fn blocks(context: Context<'_>, tells: Tells) -> bool {
    match tells {
        Tells::Nothing => false,
        Tells::Price => context.caller.block_price,
        Tells::Cost => context.caller.block_cost,
        Tells::Both => context.caller.block_price || context.caller.block_cost,
    }
}

/// Records of the entity that the report is about.
fn base(context: Context<'_>, entity: &Entity, only: Option<&str>) -> Result<Filter, Problem> {
    let mut filter = Filter::Constant(true);
    for (name, values) in &entity.only {
        if let Some(field) = entity.any_field(name) {
            let path = column(&field.column, Kind::Text);
            let values = values.iter().cloned().map(Value::Text).collect();
            filter = and(filter, Filter::OneOf { path, values });
        }
    }
    if let Some(only) = only {
        let catalog = context.instance.catalog();
        let resolved = conditions(only, catalog, entity.id, context.release)?;
        filter = and(filter, resolved.filter);
    }
    Ok(filter)
}

/// Whether some record of another kind names this one: `finance/accounting/batches/entries by expense`.
fn named_by(instance: &Instance, named: &str) -> Result<Filter, String> {
    let (path, by) = named
        .split_once(" by ")
        .ok_or_else(|| format!("{named}: say which field, `path by field`"))?;
    let entity = instance.catalog().entity_at(path);
    let entity = entity.ok_or_else(|| format!("there is no {path}"))?;
    let field = entity.any_field(by);
    let field = field.ok_or_else(|| format!("{path} has no {by}"))?;
    Ok(Filter::Any {
        of: Elements::Children {
            table: entity.table.clone(),
            column: field.column.clone(),
        },
        filter: Box::new(Filter::Constant(true)),
    })
}

/// Rows of stored records: in the database where it can compare every column that is named, else by reading
/// on in chunks.
async fn stored(
    context: Context<'_>,
    permit: &Permit<'_>,
    plan: &Plan<'_>,
    ask: &Ask,
    base: Filter,
) -> Result<Found, Problem> {
    let columns = &plan.report.columns;
    let named = || {
        let ordered = ask.order.iter().map(|(index, _)| *index);
        ask.conditions.used.iter().copied().chain(ordered)
    };
    if let Some(index) = named().find(|index| blocks(context, plan.tells(*index))) {
        let name = &columns[index].name;
        return Err(refusal(context, permit, plan.report, name).into());
    }
    let hidden: BTreeSet<usize> = (0..columns.len())
        .filter(|index| blocks(context, plan.tells(*index)))
        .collect();
    let mut wanted: BTreeSet<usize> = ask.shown.iter().copied().collect();
    wanted.retain(|index| !hidden.contains(index));
    let parameters = context.parameters;
    let size = beyond(context);
    let after = parameters.page_id.map(|id| Filter::Compare {
        path: id_path(),
        op: Comparison::Greater,
        value: Value::Integer(id),
    });
    let offset = if after.is_some() {
        0
    } else {
        parameters.offset()
    };
    let base = after.map_or(base.clone(), |after| and(base, after));
    if named().all(|index| plan.direct(index).is_some()) {
        let catalog = context.instance.catalog();
        let path = |index: usize| match plan.direct(index) {
            Some(reach) => reach.path(catalog),
            None => asking::worked_out(columns, index),
        };
        let filter = and(base, ask.conditions.filter(columns, &path)?);
        if ask.counts {
            let count = context
                .instance
                .backend
                .raw_count(plan.entity, &filter)
                .await?;
            return Ok(Found::Count(count));
        }
        let order = ask
            .order
            .iter()
            .map(|(index, descending)| Order::by(path(*index), *descending));
        let rows = plan
            .rows(&wanted, filter, order.collect(), Some(size), offset)
            .await?;
        return Ok(Found::Rows(rows));
    }
    wanted.extend(named());
    let path = |index: usize| asking::worked_out(columns, index);
    let filter = ask.conditions.filter(columns, &path)?;
    let enough = if ask.counts || !ask.order.is_empty() {
        usize::MAX
    } else {
        usize::try_from(offset + size).unwrap_or(usize::MAX)
    };
    let (mut kept, mut last) = (Vec::new(), 0);
    while kept.len() < enough {
        let next = Filter::Compare {
            path: id_path(),
            op: Comparison::Greater,
            value: Value::Integer(last),
        };
        let chunk = plan
            .rows(&wanted, and(base.clone(), next), Vec::new(), Some(CHUNK), 0)
            .await?;
        let Some(end) = chunk.last() else { break };
        last = end.id;
        kept.extend(
            chunk
                .into_iter()
                .filter(|row| matches(&filter, &Target(row))),
        );
    }
    if ask.counts {
        return Ok(Found::Count(kept.len() as u64));
    }
    Ok(Found::Rows(page(columns, ask, kept, offset, size)))
}

/// Rows of a page, and one more that tells whether another page follows.
fn beyond(context: Context<'_>) -> u64 {
    u64::from(context.parameters.page_size) + 1
}

/// Rows that are in hand already.
fn held(
    context: Context<'_>,
    permit: &Permit<'_>,
    report: &Report,
    ask: &Ask,
    mut rows: Vec<Row>,
    tells: &dyn Fn(usize) -> Tells,
) -> Result<Found, Problem> {
    let columns = &report.columns;
    let blocked = |index: usize| blocks(context, tells(index));
    let ordered = ask.order.iter().map(|(index, _)| *index);
    let mut named = ask.conditions.used.iter().copied().chain(ordered);
    if let Some(index) = named.find(|index| blocked(*index)) {
        return Err(refusal(context, permit, report, &columns[index].name).into());
    }
    let path = |index: usize| asking::worked_out(columns, index);
    let filter = ask.conditions.filter(columns, &path)?;
    rows.retain(|row| matches(&filter, &Target(row)));
    if ask.counts {
        return Ok(Found::Count(rows.len() as u64));
    }
    let mut offset = context.parameters.offset();
    if let Some(after) = context.parameters.page_id {
        rows.retain(|row| row.id > after);
        offset = 0;
    }
    let mut rows = page(columns, ask, rows, offset, beyond(context));
    for (index, column) in columns.iter().enumerate() {
        if blocked(index) {
            for row in &mut rows {
                row.set(&column.name, Value::Null);
            }
        }
    }
    Ok(Found::Rows(rows))
}

fn page(columns: &[Column], ask: &Ask, mut rows: Vec<Row>, offset: u64, size: u64) -> Vec<Row> {
    let order: Vec<Order> = ask
        .order
        .iter()
        .map(|(index, descending)| Order::by(asking::worked_out(columns, *index), *descending))
        .collect();
    rows.sort_by(|left, right| {
        bitting_query::eval::compare_rows(&order, &Target(left), &Target(right))
            .then(left.id.cmp(&right.id))
    });
    let offset = usize::try_from(offset).unwrap_or(usize::MAX);
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    rows.into_iter().skip(offset).take(size).collect()
}

fn fitted(columns: &[Column], row: &Row) -> Row {
    let mut fitted = Row::new(row.id);
    for column in columns {
        fitted.set(
            &column.name,
            rows::typed(column, row.get(&column.name).clone()),
        );
    }
    fitted
}

fn definitions(columns: &[Column], shown: &[usize]) -> Json {
    let definition = |index: &usize| {
        let column = &columns[*index];
        let mut one = Map::new();
        one.insert(
            column.name.to_string(),
            json!({
                "type": column.kind.as_str(),
                "isNullable": column.nullable,
                "identityColumn": column.name.to_ascii_lowercase().ends_with("recid"),
            }),
        );
        Json::Object(one)
    };
    shown.iter().map(definition).collect()
}

fn values(columns: &[Column], shown: &[usize], row: &Row) -> Json {
    let value = |index: &usize| match row.get(&columns[*index].name) {
        Value::Null => Json::Null,
        Value::Integer(number) => json!(number),
        Value::Number(number) => bitting_psa::number::shown(*number),
        Value::Boolean(flag) => json!(flag),
        Value::Text(text) => json!(text),
    };
    shown.iter().map(value).collect()
}

/// What is wrong with the reports' files against an instance's catalog: one line per fault, none when all
/// is well.
pub fn check(instance: &Instance) -> Vec<String> {
    let mut faults = Vec::new();
    for name in definition::names() {
        let report = match definition::find(&name) {
            Ok(Some(report)) => report,
            Ok(None) => continue,
            Err(error) => {
                faults.push(error);
                continue;
            }
        };
        let (path, only) = match &report.rows {
            Source::Entity { path, only, .. } | Source::Each(Each { path, only, .. }) => {
                (path, only.as_ref())
            }
            Source::Values { path, .. } | Source::Trail(path) => (path, None),
            Source::Nowhere | Source::Function(_) => continue,
        };
        let Some(entity) = instance.catalog().entity_at(path) else {
            faults.push(format!("{name}: there is no {path}"));
            continue;
        };
        if !entity.stored {
            faults.push(format!("{name}: {path} is worked out and has no table"));
        }
        if let Source::Entity {
            without: Some(named),
            ..
        } = &report.rows
            && let Err(error) = named_by(instance, named)
        {
            faults.push(format!("{name}: without: {error}"));
        }
        faults.extend(made::fault(&report, entity).map(|fault| format!("{name}: {fault}")));
        faults.extend(rows::faults(instance, &report, entity));
        if let Some(only) = only
            && let Err(error) = conditions(only, instance.catalog(), entity.id, DEFAULT_RELEASE)
        {
            faults.push(format!("{name}: only: {error}"));
        }
    }
    faults
}
