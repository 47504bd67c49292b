//! The rows of a report, worked out: records of its entity in the order of their ids, joined by reference in
//! batches, each column by its expression. Whoever asks has been let in already; reports are not narrowed by
//! location or ownership, as in the real product, where this one right reads everything.

use super::children::{self, Below, Found};
use super::definition::{Column, ColumnKind, Report, Tells};
use super::expression::{self, Expression};
use super::ground::Ground;
use super::reach::Reach;
use bitting_catalog::entity::{Entity, EntityId};
use bitting_dialects::connectwise::error::ApiError;
use bitting_psa::backend::id_path;
use bitting_psa::instance::Instance;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_query::{Filter, Kind, Order, Select, Value};
use bitting_store::Flow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// References read in one statement.
pub(super) const BATCH: usize = 500;

/// A report bound to the catalog.
pub struct Plan<'a> {
    pub instance: &'a Instance,
    pub entity: &'a Entity,
    pub report: &'a Report,
    /// Per column; `None` for one that is empty.
    pub values: Vec<Option<Bound>>,
}

/// An expression whose paths are followed.
#[derive(Debug, Clone)]
pub enum Bound {
    Path(Reach),
    Constant(Value),
    Call(expression::Function, Vec<Bound>),
    Below(Box<Below>),
}

impl<'a> Plan<'a> {
    /// Follows every path of a report; the error names the column.
    pub fn new(
        instance: &'a Instance,
        report: &'a Report,
        entity: &'a Entity,
    ) -> Result<Self, String> {
        let mut values = Vec::with_capacity(report.columns.len());
        for column in &report.columns {
            let bound = column
                .value
                .as_ref()
                .map(|value| bind(&Ground::new(instance, report, entity), value))
                .transpose()
                .map_err(|error| format!("{}: {}: {error}", report.name, column.name))?;
            values.push(bound);
        }
        Ok(Self {
            instance,
            entity,
            report,
            values,
        })
    }

    /// What a column gives away: what its file says, else what its fields do.
    pub fn tells(&self, index: usize) -> Tells {
        match self.report.columns[index].tells {
            Tells::Nothing => self.values[index].as_ref().map_or(Tells::Nothing, told),
            tells => tells,
        }
    }

    /// The path of a column that the database can compare as it stands.
    pub fn direct(&self, index: usize) -> Option<&Reach> {
        let Some(Bound::Path(reach)) = &self.values[index] else {
            return None;
        };
        let same = match self.report.columns[index].kind {
            ColumnKind::Text => reach.kind == Kind::Text,
            ColumnKind::Numeric => matches!(reach.kind, Kind::Integer | Kind::Number),
            ColumnKind::DateTime => reach.kind == Kind::DateTime,
            ColumnKind::Boolean => reach.kind == Kind::Boolean,
        };
        same.then_some(reach)
    }

    /// Report rows: the values of `wanted` columns, by their names.
    pub async fn rows(
        &self,
        wanted: &BTreeSet<usize>,
        filter: Filter,
        order: Vec<Order>,
        limit: Option<u64>,
        offset: u64,
    ) -> Result<Vec<Row>, Problem> {
        let (mut reaches, mut below) = (Vec::new(), Vec::new());
        self.asked(wanted, &mut reaches, &mut below);
        let needed = reaches.iter().map(|reach| first_column(reach));
        let needed: BTreeSet<Arc<str>> = needed.collect();
        let base = read(
            self.instance,
            self.entity,
            &needed,
            filter,
            order,
            limit,
            offset,
        )
        .await?;
        self.shown(wanted, &base).await
    }

    /// What these columns come to of rows that are in hand.
    pub async fn shown(&self, wanted: &BTreeSet<usize>, base: &[Row]) -> Result<Vec<Row>, Problem> {
        let (mut reaches, mut below) = (Vec::new(), Vec::new());
        self.asked(wanted, &mut reaches, &mut below);
        let joined = join(self.instance, base, &reaches).await?;
        let ids: Vec<i64> = base.iter().map(|row| row.id).collect();
        let found = children::found(self.instance, &ids, &below).await?;
        let shown = |row: &Row| {
            let mut shown = Row::new(row.id);
            for index in wanted {
                let column = &self.report.columns[*index];
                let value = self.values[*index]
                    .as_ref()
                    .map_or(Value::Null, |bound| worth(bound, row, &joined, &found));
                shown.set(&column.name, typed(column, value));
            }
            shown
        };
        Ok(base.iter().map(shown).collect())
    }

    /// The columns that the wanted ones need of their own record.
    pub fn needed(&self) -> BTreeSet<Arc<str>> {
        let all = (0..self.values.len()).collect();
        let (mut reaches, mut below) = (Vec::new(), Vec::new());
        self.asked(&all, &mut reaches, &mut below);
        reaches.iter().map(|reach| first_column(reach)).collect()
    }

    fn asked<'b>(
        &'b self,
        wanted: &BTreeSet<usize>,
        reaches: &mut Vec<&'b Reach>,
        below: &mut Vec<&'b Below>,
    ) {
        for bound in wanted.iter().filter_map(|at| self.values[*at].as_ref()) {
            gather(bound, reaches, below);
        }
    }
}

/// Rows that the base rows refer to, by the columns that lead there.
pub(super) async fn join(
    instance: &Instance,
    base: &[Row],
    reaches: &[&Reach],
) -> Result<Joined, Problem> {
    // Shorter chains come first: the longer ones start from what they found.
    let mut chains = Chains::new();
    for reach in reaches {
        for (index, hop) in reach.hops.iter().enumerate() {
            let chain: Vec<Arc<str>> = reach.hops[..=index]
                .iter()
                .map(|hop| hop.column.clone())
                .collect();
            let next = reach.hops.get(index + 1).map(|hop| &hop.column);
            let (_, needed) = chains
                .entry((chain.len(), chain))
                .or_insert_with(|| (hop.target, BTreeSet::new()));
            needed.insert(next.unwrap_or(&reach.column).clone());
        }
    }
    let mut joined = Joined::new();
    for ((length, chain), (target, needed)) in chains {
        let mut ids = BTreeSet::new();
        let link = &chain[length - 1];
        if length == 1 {
            ids.extend(base.iter().filter_map(|row| row.integer(link)));
        } else if let Some(before) = joined.get(&chain[..length - 1]) {
            ids.extend(before.values().filter_map(|row| row.integer(link)));
        }
        let entity = instance.catalog().entity(target);
        let mut found = HashMap::with_capacity(ids.len());
        let ids: Vec<Value> = ids.into_iter().map(Value::Integer).collect();
        for chunk in ids.chunks(BATCH) {
            let filter = Filter::OneOf {
                path: id_path(),
                values: chunk.to_vec(),
            };
            let rows = read(instance, entity, &needed, filter, Vec::new(), None, 0).await?;
            found.extend(rows.into_iter().map(|row| (row.id, row)));
        }
        joined.insert(chain, found);
    }
    Ok(joined)
}

/// Columns of a report whose expression leads nowhere.
pub fn faults(instance: &Instance, report: &Report, entity: &Entity) -> Vec<String> {
    let mut faults = Vec::new();
    for column in &report.columns {
        if let Some(value) = &column.value
            && let Err(error) = bind(&Ground::new(instance, report, entity), value)
        {
            faults.push(format!("{}: {}: {error}", report.name, column.name));
        }
    }
    faults
}

/// Columns of the references followed, in order.
type Chain = Vec<Arc<str>>;
/// By length and columns: where the reference leads, and which columns are wanted there.
type Chains = BTreeMap<(usize, Chain), (EntityId, BTreeSet<Arc<str>>)>;
pub(super) type Joined = HashMap<Chain, HashMap<i64, Row>>;

fn bind(ground: &Ground<'_>, value: &Expression) -> Result<Bound, String> {
    Ok(match value {
        Expression::Path(path) if path == "now" => Bound::Constant(ground.now()),
        Expression::Path(path) => Bound::Path(ground.reach(path)?),
        Expression::Constant(value) => Bound::Constant(value.clone()),
        Expression::Call(function, given) => Bound::Call(
            *function,
            given
                .iter()
                .map(|value| bind(ground, value))
                .collect::<Result<_, _>>()?,
        ),
        Expression::Below(asked) => Bound::Below(Box::new(ground.below(asked)?)),
    })
}

fn told(bound: &Bound) -> Tells {
    match bound {
        Bound::Path(reach) => reach.tells(),
        Bound::Below(below) => below.value.tells(),
        Bound::Call(_, given) => {
            given
                .iter()
                .map(told)
                .fold(Tells::Nothing, |all, one| match (all, one) {
                    (Tells::Nothing, one) => one,
                    (all, Tells::Nothing) => all,
                    (all, one) if all == one => all,
                    _ => Tells::Both,
                })
        }
        Bound::Constant(_) => Tells::Nothing,
    }
}

fn gather<'b>(bound: &'b Bound, reaches: &mut Vec<&'b Reach>, below: &mut Vec<&'b Below>) {
    match bound {
        Bound::Path(reach) => reaches.push(reach),
        Bound::Constant(_) => {}
        Bound::Call(_, given) => {
            for bound in given {
                gather(bound, reaches, below);
            }
        }
        Bound::Below(asked) => below.push(asked),
    }
}

pub(super) fn first_column(reach: &Reach) -> Arc<str> {
    reach
        .hops
        .first()
        .map_or(&reach.column, |hop| &hop.column)
        .clone()
}

fn worth(bound: &Bound, row: &Row, joined: &Joined, found: &Found) -> Value {
    match bound {
        Bound::Constant(value) => value.clone(),
        Bound::Path(reach) => followed(reach, row, joined).unwrap_or(Value::Null),
        Bound::Call(function, given) => {
            let given: Vec<Value> = given
                .iter()
                .map(|bound| worth(bound, row, joined, found))
                .collect();
            expression::apply(*function, &given)
        }
        Bound::Below(asked) => asked.worth(found, row.id),
    }
}

pub(super) fn followed(reach: &Reach, base: &Row, joined: &Joined) -> Option<Value> {
    let mut row = base;
    let mut chain = Vec::with_capacity(reach.hops.len());
    for hop in &reach.hops {
        let id = row.integer(&hop.column)?;
        chain.push(hop.column.clone());
        row = joined.get(&chain)?.get(&id)?;
    }
    if &*reach.column == "id" {
        return Some(Value::Integer(row.id));
    }
    Some(row.get(&reach.column).clone())
}

/// A value in the column's type. A column that is never null shows its type's nothing instead; a date has
/// none, and stays null.
pub fn typed(column: &Column, value: Value) -> Value {
    let value = match (column.kind, value) {
        (_, Value::Null) => Value::Null,
        // A time of day alone is one of the first day that the vendor's database knows.
        (ColumnKind::DateTime, Value::Text(text)) if text.len() == 8 && text.contains(':') => {
            Value::Text(format!("1900-01-01T{text}Z"))
        }
        (ColumnKind::DateTime, Value::Text(text)) if text.len() == 10 => {
            Value::Text(format!("{text}T00:00:00Z"))
        }
        (ColumnKind::Text, value) => expression::text(&value).map_or(Value::Null, Value::Text),
        (ColumnKind::Numeric, value @ (Value::Integer(_) | Value::Number(_)))
        | (ColumnKind::DateTime, value @ Value::Text(_)) => value,
        (ColumnKind::Numeric, Value::Boolean(flag)) => Value::Integer(i64::from(flag)),
        (ColumnKind::Numeric, value) => {
            expression::number(&value).map_or(Value::Null, Value::Number)
        }
        (ColumnKind::Boolean, value) => Value::Boolean(
            matches!(value, Value::Boolean(true))
                || expression::number(&value).is_some_and(|number| number != 0.0),
        ),
        (ColumnKind::DateTime, _) => Value::Null,
    };
    match value {
        Value::Null if !column.nullable => nothing(column.kind),
        value => value,
    }
}

/// What stands where a column is never null and there is nothing to show.
pub fn nothing(kind: ColumnKind) -> Value {
    match kind {
        ColumnKind::Text => Value::Text(String::new()),
        ColumnKind::Numeric => Value::Integer(0),
        ColumnKind::Boolean => Value::Boolean(false),
        ColumnKind::DateTime => Value::Null,
    }
}

/// Rows with these columns only.
pub async fn read(
    instance: &Instance,
    entity: &Entity,
    needed: &BTreeSet<Arc<str>>,
    filter: Filter,
    order: Vec<Order>,
    limit: Option<u64>,
    offset: u64,
) -> Result<Vec<Row>, Problem> {
    if !entity.stored {
        return Err(ApiError::server("The report reads records that are not stored.").into());
    }
    let backend = &instance.backend;
    let columns: Vec<_> = backend
        .columns(entity.id)
        .iter()
        .filter(|column| needed.contains(&column.name))
        .cloned()
        .collect();
    let mut names: Vec<Arc<str>> = vec![Arc::from("id")];
    names.extend(columns.iter().map(|column| column.name.clone()));
    let select = Select {
        table: entity.table.clone(),
        columns: names,
        filter,
        order,
        limit,
        offset,
    };
    let mut rows = Vec::new();
    backend
        .scan(&select, &mut |cells| {
            rows.push(Row::read(&columns, cells));
            Flow::Continue
        })
        .await?;
    Ok(rows)
}
