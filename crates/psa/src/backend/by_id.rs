//! Reads by id whose filter one row's own cells answer: the row is read by its key and held against the filter in
//! memory, which means the same there as in SQL. Nothing is rendered, and the statement is the same for every
//! caller. Also the record that was just made, which need not be read at all. Knows no entity by name.

use super::known::Known;
use super::{Backend, Look};
use crate::permit::Permit;
use crate::row::{Row, Target, owned};
use bitting_catalog::entity::Entity;
use bitting_query::{Elements, Filter, Kind, Path, Value, matches};
use bitting_store::StoreError;
use bitting_store::table::{Cell, Cells, Change, Flow};
use std::borrow::Cow;
use std::sync::Arc;

/// A filter that a row answers on its own, and the pairs that it asks for.
struct Alone<'f> {
    filter: &'f Filter,
    pair: Option<(&'f Arc<str>, i64)>,
}

impl<'f> Alone<'f> {
    /// `None` where the filter looks at other rows, at columns that are not at hand, or for several pairs.
    fn of(filter: &'f Filter, has: &dyn Fn(&str) -> bool) -> Option<Self> {
        let mut pairs = Vec::new();
        if !stands(filter, has, &mut pairs) {
            return None;
        }
        pairs.dedup();
        match pairs[..] {
            [] => Some(Self { filter, pair: None }),
            [pair] => Some(Self {
                filter,
                pair: Some(pair),
            }),
            _ => None,
        }
    }
}

fn stands<'f>(
    filter: &'f Filter,
    has: &dyn Fn(&str) -> bool,
    pairs: &mut Vec<(&'f Arc<str>, i64)>,
) -> bool {
    match filter {
        Filter::Constant(_) => true,
        Filter::And(parts) | Filter::Or(parts) => parts.iter().all(|part| stands(part, has, pairs)),
        Filter::Not(inner) => stands(inner, has, pairs),
        Filter::Compare { path, .. } | Filter::OneOf { path, .. } => {
            path.through.is_empty() && path.kind != Kind::Json && has(&path.column)
        }
        Filter::InIndex { table, key } => {
            pairs.push((table, *key));
            true
        }
        _ => false,
    }
}

/// A row as its cells show it.
struct Shown<'c> {
    cells: &'c dyn Cells,
    places: &'c [(Arc<str>, usize)],
    /// Whether it is in the table of pairs that the filter asks.
    paired: bool,
}

impl bitting_query::Row for Shown<'_> {
    fn value(&self, path: &Path) -> Cow<'_, Value> {
        let place = self.places.iter().find(|(name, _)| *name == path.column);
        Cow::Owned(match place.map(|(_, at)| self.cells.cell(*at)) {
            None => Value::Null,
            // Booleans that came without their type.
            Some(Cell::Integer(flag)) if path.kind == Kind::Boolean => Value::Boolean(flag != 0),
            Some(cell) => owned(cell),
        })
    }

    fn elements(&self, _: &Elements) -> Vec<Box<dyn bitting_query::Row + '_>> {
        Vec::new()
    }

    fn in_index(&self, _: &str, _: i64) -> bool {
        self.paired
    }
}

impl Backend {
    /// Shows the row to `each` if it is there and the filter keeps it; false where that cannot be told from the
    /// row alone, and nothing was read.
    pub(super) async fn get_by_id(
        &self,
        entity: &Entity,
        known: &Known,
        id: i64,
        filter: &Filter,
        each: &mut (dyn FnMut(&dyn Cells) -> Flow + Send),
    ) -> Result<bool, StoreError> {
        let has = |column: &str| known.guards.iter().any(|(name, _)| **name == *column);
        let Some(alone) = Alone::of(filter, &has) else {
            return Ok(false);
        };
        let width = known.by_id.len();
        let mut look = |cells: &dyn Cells| {
            let paired = match cells.cell(width) {
                Cell::Integer(found) => found != 0,
                Cell::Boolean(found) => found,
                _ => false,
            };
            let row = Shown {
                cells,
                places: &known.guards,
                paired: alone.pair.is_some() && paired,
            };
            if matches(alone.filter, &row) {
                each(cells)
            } else {
                Flow::Stop
            }
        };
        let store = &self.store;
        match alone.pair {
            None => store.get(&entity.table, id, &known.by_id, &mut look).await,
            Some(pair) => {
                store
                    .get_paired(&entity.table, id, &known.by_id, pair, &mut look)
                    .await
            }
        }?;
        Ok(true)
    }

    /// Whether the record is there, the permit covers it and the filter keeps it.
    pub(crate) async fn covers(
        &self,
        permit: &Permit<'_>,
        id: i64,
        filter: Filter,
    ) -> Result<bool, StoreError> {
        let entity = permit.entity();
        let whole = self.within(permit, filter);
        let any = |_: &str| true;
        if self.kept(entity).is_some()
            && Alone::of(&whole, &any).is_some_and(|alone| alone.pair.is_none())
        {
            let row = self.raw_row(entity, id).await?;
            return Ok(row.is_some_and(|row| matches(&whole, &Target(&row))));
        }
        if !self.setup.holds(&entity.table) {
            let known = self.guarded(entity.id);
            let mut found = false;
            let mut look = |_: &dyn Cells| {
                found = true;
                Flow::Stop
            };
            if self.get_by_id(entity, known, id, &whole, &mut look).await? {
                return Ok(found);
            }
        }
        let filter = bitting_query::and(super::with_id(id), whole);
        let rows = self.raw_rows(entity, filter, Vec::new(), Some(1)).await?;
        Ok(!rows.is_empty())
    }

    /// A record that was just made, as the permit shows it: from the row in hand where that tells, which
    /// reading it back would do at the cost of making it.
    pub async fn get_made(
        &self,
        permit: &Permit<'_>,
        made: &Made,
        filter: Filter,
        look: Look<'_>,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let whole = self.within(permit, filter.clone());
        let any = |_: &str| true;
        if Alone::of(&whole, &any).is_none() {
            return self.get(permit, made.row.id, filter, look).await;
        }
        if !matches(&whole, made) {
            return Ok(None);
        }
        let rows = std::slice::from_ref(&made.row);
        self.write_rows(permit, rows, look, false).await.map(Some)
    }
}

/// A record as the write that makes it leaves it at rest.
#[derive(Debug)]
pub struct Made {
    pub row: Row,
    /// Tables of pairs that hold it, and the keys.
    pairs: Vec<(Arc<str>, i64)>,
}

impl Made {
    /// The row, and what the other changes of its write make of it.
    pub(crate) fn of(backend: &Backend, entity: &Entity, mut row: Row, changes: &[Change]) -> Self {
        let mut pairs = Vec::new();
        for change in changes {
            match change {
                Change::Update { table, id, values } if *id == row.id && *table == entity.table => {
                    for (column, value) in values {
                        row.set(column, value.clone());
                    }
                }
                Change::Pair { table, key, id } if *id == row.id => {
                    pairs.push((table.clone(), *key));
                }
                _ => {}
            }
        }
        row.settle(&backend.columns(entity.id));
        Self { row, pairs }
    }
}

impl bitting_query::Row for Made {
    fn value(&self, path: &Path) -> Cow<'_, Value> {
        match &*path.column {
            "id" => Cow::Owned(Value::Integer(self.row.id)),
            column => Cow::Borrowed(self.row.get(column)),
        }
    }

    fn elements(&self, _: &Elements) -> Vec<Box<dyn bitting_query::Row + '_>> {
        Vec::new()
    }

    fn in_index(&self, table: &str, key: i64) -> bool {
        let mut pairs = self.pairs.iter();
        pairs.any(|(known, held)| **known == *table && *held == key)
    }
}
