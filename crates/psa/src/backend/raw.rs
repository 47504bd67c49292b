//! The server's own reading: rows in hand for defaults, references and checks, whoever asks. They never go
//! out as they are. Rows of set-up come from memory.

use super::{Backend, id_of, id_path};
use crate::permit::Permit;
use crate::row::Row;
use crate::setup_rows::{Question, SetupRows};
use bitting_catalog::entity::Entity;
use bitting_query::sql::{render_count, render_with};
use bitting_query::{Comparison, Filter, Order, Select, Value};
use bitting_store::StoreError;
use bitting_store::table::{Column, Flow};
use std::sync::Arc;

impl Backend {
    /// The server's own reading, for defaults, references and checks: its rows never go out as they are.
    pub async fn raw_rows(
        &self,
        entity: &Entity,
        filter: Filter,
        order: Vec<Order>,
        limit: Option<u64>,
    ) -> Result<Vec<Row>, StoreError> {
        if order.is_empty()
            && let Some(id) = only_id(&filter)
        {
            return Ok(self.raw_row(entity, id).await?.into_iter().collect());
        }
        if !self.setup.holds(&entity.table) {
            return self.read_rows(entity, filter, order, limit).await;
        }
        let question = Question {
            table: entity.table.clone(),
            filter,
            order,
            limit,
        };
        match self.setup.find(&question) {
            Ok(rows) => Ok(rows.to_vec()),
            Err(emptied) => {
                let rows = self
                    .read_rows(
                        entity,
                        question.filter.clone(),
                        question.order.clone(),
                        limit,
                    )
                    .await?;
                self.setup.keep(emptied, question, &rows);
                Ok(rows)
            }
        }
    }

    /// Whether the entity's rows are kept in memory as set-up.
    pub fn keeps(&self, entity: &Entity) -> bool {
        self.setup.holds(&entity.table)
    }

    /// How often set-up was emptied: what was worked out of its rows holds as long as this stays.
    pub fn emptied(&self) -> u64 {
        self.setup.emptied()
    }

    /// The server's own reading of what one record has a handful of, by an index.
    pub async fn raw_few(&self, entity: &Entity, filter: Filter) -> Result<Vec<Row>, StoreError> {
        if self.setup.holds(&entity.table) {
            return self.raw_rows(entity, filter, Vec::new(), None).await;
        }
        self.read_in(entity, filter, Vec::new(), None, true).await
    }

    /// The first record, by id, that a flag marks: the default of a table.
    pub(crate) async fn raw_marked(
        &self,
        entity: &Entity,
        flag: &Arc<str>,
    ) -> Result<Option<i64>, StoreError> {
        let kept = self.setup.holds(&entity.table);
        let emptied = match self.setup.find_marked(&entity.table, flag) {
            Ok(id) if kept => return Ok(id),
            Ok(_) => 0,
            Err(emptied) => emptied,
        };
        let filter = super::equals(flag, bitting_query::Kind::Boolean, Value::Boolean(true));
        let rows = self.read_rows(entity, filter, Vec::new(), Some(1)).await?;
        let id = rows.first().map(|row| row.id);
        if kept {
            self.setup.keep_marked(emptied, &entity.table, flag, id);
        }
        Ok(id)
    }

    /// These columns of the rows that hold an id in a column, by id: of what one record has a handful of.
    pub async fn raw_part(
        &self,
        entity: &Entity,
        of: (&str, i64),
        part: &[&str],
    ) -> Result<Vec<Row>, StoreError> {
        if self.near.holds(&entity.table) {
            return self.raw_near(entity, of).await;
        }
        let whole = self.columns(entity.id);
        // In the order in which a row in hand keeps them.
        let columns: Vec<Column> = whole
            .iter()
            .filter(|column| part.contains(&&*column.name))
            .cloned()
            .collect();
        let names = columns.iter().map(|column| column.name.clone());
        let names: Vec<Arc<str>> = std::iter::once(self.id.clone()).chain(names).collect();
        let mut rows = Vec::new();
        self.store
            .under(&entity.table, of, &names, &mut |cells| {
                rows.push(Row::read(&columns, cells));
                Flow::Continue
            })
            .await?;
        Ok(rows)
    }

    /// The whole rows, from memory.
    async fn raw_near(
        &self,
        entity: &Entity,
        (column, id): (&str, i64),
    ) -> Result<Vec<Row>, StoreError> {
        let question = Question {
            table: entity.table.clone(),
            filter: super::equals(column, bitting_query::Kind::Integer, Value::Integer(id)),
            order: Vec::new(),
            limit: None,
        };
        match self.near.find(&question) {
            Ok(rows) => Ok(rows.to_vec()),
            Err(emptied) => {
                let filter = question.filter.clone();
                let rows = self.read_in(entity, filter, Vec::new(), None, true).await?;
                self.near.keep(emptied, question, &rows);
                Ok(rows)
            }
        }
    }

    /// What keeps the entity's rows by id, if anything does.
    pub(super) fn kept(&self, entity: &Entity) -> Option<&SetupRows> {
        let mut all = [&self.setup, &self.near].into_iter();
        all.find(|rows| rows.holds(&entity.table))
    }

    async fn read_rows(
        &self,
        entity: &Entity,
        filter: Filter,
        order: Vec<Order>,
        limit: Option<u64>,
    ) -> Result<Vec<Row>, StoreError> {
        self.read_in(entity, filter, order, limit, limit == Some(1))
            .await
    }

    async fn read_in(
        &self,
        entity: &Entity,
        filter: Filter,
        order: Vec<Order>,
        limit: Option<u64>,
        quick: bool,
    ) -> Result<Vec<Row>, StoreError> {
        if self.store.is_blank(&entity.table) {
            return Ok(Vec::new());
        }
        let columns = self.columns(entity.id);
        let mut names = vec![Arc::from("id")];
        names.extend(columns.iter().map(|column| column.name.clone()));
        let select = Select {
            table: entity.table.clone(),
            columns: names,
            filter,
            order,
            limit,
            offset: 0,
        };
        let statement = render_with(&select, self.store.dialect(), &self.store);
        let mut rows = Vec::new();
        self.run(&statement, quick, &mut |cells| {
            rows.push(Row::read(&columns, cells));
            Flow::Continue
        })
        .await?;
        Ok(rows)
    }

    /// The server's own reading of one row.
    pub async fn raw_row(&self, entity: &Entity, id: i64) -> Result<Option<Row>, StoreError> {
        let Some(kept) = self.kept(entity) else {
            return self.read_row(entity, id).await;
        };
        match kept.find_id(&entity.table, id) {
            Ok(row) => Ok(row),
            Err(emptied) => {
                let row = self.read_row(entity, id).await?;
                kept.keep_id(emptied, &entity.table, id, row.as_ref());
                Ok(row)
            }
        }
    }

    async fn read_row(&self, entity: &Entity, id: i64) -> Result<Option<Row>, StoreError> {
        let columns = self.columns(entity.id);
        let mut names = vec![self.id.clone()];
        names.extend(columns.iter().map(|column| column.name.clone()));
        let mut row = None;
        // A keyed read: its statement is known by its table and columns, and need not be written anew.
        self.store
            .get(&entity.table, id, &names, &mut |cells| {
                row = Some(Row::read(&columns, cells));
                Flow::Stop
            })
            .await?;
        Ok(row)
    }

    /// One column of one row, for the server's own checks: the others are not read. `None` where the row
    /// is not there.
    pub async fn raw_value(
        &self,
        entity: &Entity,
        id: i64,
        column: &str,
    ) -> Result<Option<Value>, StoreError> {
        if self.kept(entity).is_some() {
            let row = self.raw_row(entity, id).await?;
            return Ok(row.map(|row| row.get(column).clone()));
        }
        let mut value = None;
        self.store
            .get(&entity.table, id, &[Arc::from(column)], &mut |cells| {
                value = Some(crate::row::owned(cells.cell(0)));
                Flow::Stop
            })
            .await?;
        Ok(value)
    }

    /// The first record, by id, of those a filter keeps and the permit covers; its columns are not read.
    pub(crate) async fn first_id(
        &self,
        permit: &Permit<'_>,
        filter: Filter,
    ) -> Result<Option<i64>, StoreError> {
        let entity = permit.entity();
        let filter = self.through(permit, filter);
        if self.setup.holds(&entity.table) {
            let rows = self.raw_rows(entity, filter, Vec::new(), Some(1)).await?;
            return Ok(rows.first().map(|row| row.id));
        }
        if let Some(id) = only_id(&filter) {
            let found = self.raw_value(entity, id, "id").await?;
            return Ok(found.map(|_| id));
        }
        let select = Select {
            table: entity.table.clone(),
            columns: vec![Arc::from("id")],
            filter,
            order: Vec::new(),
            limit: Some(1),
            offset: 0,
        };
        let mut first = None;
        self.read(&select, &mut |cells| {
            first = Some(id_of(cells));
            Flow::Stop
        })
        .await?;
        Ok(first)
    }

    /// Whether the entity's table has so few rows that counting them costs next to nothing.
    pub(crate) async fn is_small(&self, entity: &Entity) -> Result<bool, StoreError> {
        const SMALL: i64 = 5_000;
        let select = Select {
            table: entity.table.clone(),
            columns: vec![Arc::from("id")],
            filter: Filter::Constant(true),
            order: vec![Order::by(id_path(), true)],
            limit: Some(1),
            offset: 0,
        };
        let mut highest = 0;
        self.read(&select, &mut |cells| {
            highest = id_of(cells);
            Flow::Stop
        })
        .await?;
        Ok(highest <= SMALL)
    }

    /// Whether a filter keeps a row, for the server's own checks: for those whose rows an index or their id leads
    /// to. It runs on the calling thread.
    pub async fn raw_any(&self, entity: &Entity, filter: Filter) -> Result<bool, StoreError> {
        let select = Select {
            table: entity.table.clone(),
            columns: vec![self.id.clone()],
            filter,
            order: Vec::new(),
            limit: Some(1),
            offset: 0,
        };
        let mut any = false;
        self.read(&select, &mut |_| {
            any = true;
            Flow::Stop
        })
        .await?;
        Ok(any)
    }

    /// How many rows a filter keeps, for the server's own checks.
    pub async fn raw_count(&self, entity: &Entity, filter: &Filter) -> Result<u64, StoreError> {
        self.store
            .count(&render_count(&entity.table, filter, self.store.dialect()))
            .await
    }
}

/// The id, where a filter asks for one record and nothing else.
fn only_id(filter: &Filter) -> Option<i64> {
    match filter {
        Filter::Compare {
            path,
            op: Comparison::Equal,
            value: Value::Integer(id),
        } if path.through.is_empty() && &*path.column == "id" => Some(*id),
        _ => None,
    }
}
