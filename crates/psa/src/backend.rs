//! Where PSA data lives: reads and writes of an embedded database, each under a permit. Knows no path,
//! no header and no entity by name.

mod by_id;
mod counts;
mod known;
mod layouts;
mod pairs;
mod raw;
mod shared;

pub use by_id::Made;
use counts::Counts;
use known::{Known, Layouts};

use crate::labels::LabelCache;
use crate::marked::Marked;
use crate::mine::{self, By};
use crate::paths::Paths;
use crate::permit::{Grounds, Permit};
use crate::pointers;
use crate::row::{self, Row};
use crate::setup_rows::SetupRows;
use crate::shape;
use crate::versions::Versions;
use bitting_catalog::Catalog;
use bitting_catalog::entity::{Entity, EntityId, Release};
use bitting_dialects::connectwise::projection::Projection;
use bitting_dialects::connectwise::record::{self, CustomField, Writer};
use bitting_policy::Registry;
use bitting_query::Dialect;
use bitting_query::Statement;
use bitting_query::sql::{render_count, render_with};
use bitting_query::{Comparison, Filter, Kind, Order, Path, Select, Value, and};
use bitting_store::table::{Cell, Cells, Change, Column};
use bitting_store::{Flow, Store, StoreError};
use parking_lot::RwLock;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

/// An embedded PSA's data.
pub struct Backend {
    pub store: Store,
    pub catalog: Arc<Catalog>,
    pub registry: Arc<Registry>,
    pub(crate) labels: LabelCache,
    setup: SetupRows,
    near: SetupRows,
    layouts: Layouts,
    counts: Counts,
    columns: Vec<Arc<[Column]>>,
    /// The name of the column of ids.
    id: Arc<str>,
    /// By entity: nothing but the columns that permits look at.
    guarded: Vec<OnceLock<Box<Known>>>,
    /// By entity: the references whose setup table marks a default.
    marked: Vec<OnceLock<Box<[Marked]>>>,
    by: HashMap<Arc<str>, Vec<By>>,
    custom: RwLock<HashMap<EntityId, Arc<[Defined]>>>,
    /// Where several servers may share the database.
    pub versions: Option<Versions>,
}

/// A custom field of an entity: how records show it and what conditions call it.
#[derive(Debug, Clone)]
pub struct Defined {
    pub shown: CustomField,
    pub caption: String,
    /// The vendor's word for what it holds: `Text`, `Number`, `Checkbox` and so on.
    pub kind: String,
    /// The only values it takes; empty when it takes any.
    pub options: Vec<String>,
}

/// What to read, beyond what the permit says.
#[derive(Debug, Clone)]
pub struct Ask<'a> {
    pub filter: Filter,
    pub order: Vec<Order>,
    /// Rows of one page.
    pub limit: u64,
    pub offset: u64,
    pub look: Look<'a>,
}

/// How records look in the answer.
#[derive(Debug, Clone, Copy)]
pub struct Look<'a> {
    /// Index of the entity's view, if one is shown.
    pub view: Option<usize>,
    pub projection: Option<&'a Projection>,
    pub release: Release,
    /// `https://host/v4_6_release/apis/3.0/`
    pub base: &'a str,
    /// Ids in the path before the record's own.
    pub parents: &'a [i64],
}

impl Look<'_> {
    fn paths<'a>(&self, labels: &'a LabelCache, entity: &Entity) -> Paths<'a> {
        Paths::new(labels, entity, self.parents, self.view.is_none())
    }
}

/// A page as it goes out.
#[derive(Debug)]
pub struct Page {
    pub body: Vec<u8>,
    pub more: bool,
    pub last: Option<i64>,
    /// Rows of the whole list, where they are known anyway.
    pub total: Option<u64>,
}

impl Backend {
    pub fn new(store: Store, catalog: Arc<Catalog>, registry: Arc<Registry>) -> Self {
        let shared = store.dialect() == Dialect::Postgres;
        let setup = SetupRows::new(&catalog.entities, shared);
        let near = SetupRows::near(&catalog, shared);
        let labels = LabelCache::new(&catalog.entities, &catalog.routes);
        let versions = shared.then(|| Versions::new(&catalog.entities, &labels));
        let tables = shape::tables(&catalog);
        let columns_of = |entity: &Entity| -> Arc<[Column]> {
            let Some(table) = tables.iter().find(|table| table.name == entity.table) else {
                return Arc::default();
            };
            let mut columns = table.columns.clone();
            // The order in which a row in hand keeps them.
            columns.sort_unstable_by(|left, right| row::by_name(&left.name, &right.name));
            columns.into()
        };
        let columns: Vec<_> = catalog.entities.iter().map(columns_of).collect();
        let guarded = catalog.entities.iter().map(|_| OnceLock::new());
        let guarded = guarded.collect();
        let marked = catalog.entities.iter().map(|_| OnceLock::new());
        let marked = marked.collect();
        let owned = catalog.entities.iter().filter(|e| e.ownership.by.is_some());
        let by = owned.map(|e| (e.table.clone(), By::of(&catalog, &e.table)));
        Self {
            by: by.collect(),
            store,
            catalog,
            registry,
            labels,
            setup,
            near,
            layouts: Layouts::default(),
            counts: Counts::default(),
            columns,
            id: Arc::from("id"),
            guarded,
            marked,
            custom: RwLock::default(),
            versions,
        }
    }

    /// The same with the tables whose rows decide what callers may do.
    #[must_use]
    pub fn deciding(mut self, tables: impl IntoIterator<Item = Arc<str>>) -> Self {
        if let Some(versions) = &mut self.versions {
            versions.decide(tables);
        }
        self
    }

    /// What members' rows of a table are kept by, beside the member.
    pub(crate) fn by(&self, table: &str) -> &[By] {
        self.by.get(table).map_or(&[], Vec::as_slice)
    }

    /// Leaves a temporary database behind for another process to open.
    pub fn leave(&self) -> Option<std::path::PathBuf> {
        self.store.leave()
    }

    /// Where the rows are, for people.
    pub fn place(&self) -> &str {
        self.store.place()
    }

    pub fn grounds(&self) -> Grounds<'_> {
        Grounds {
            catalog: &self.catalog,
            registry: &self.registry,
        }
    }

    /// Everything the permit lets through, and nothing else: lists, counts, gets and reports all read
    /// through this one filter.
    fn through(&self, permit: &Permit<'_>, filter: Filter) -> Filter {
        let entity = permit.entity();
        mine::sharpen(entity, self.by(&entity.table), self.within(permit, filter))
    }

    /// The same for one row, whose owners no narrower table finds sooner.
    fn within(&self, permit: &Permit<'_>, filter: Filter) -> Filter {
        let narrow = and(permit.narrow(), permit.narrow_by_names(self.grounds()));
        and(narrow, filter)
    }

    /// One page of records.
    pub async fn list(&self, permit: &Permit<'_>, ask: Ask<'_>) -> Result<Page, StoreError> {
        let entity = permit.entity();
        let known = self.layout(permit, &ask.look);
        let layout = &known.layout;
        let by_id = ask.order.is_empty();
        let select = Select {
            table: entity.table.clone(),
            columns: layout.columns.clone(),
            filter: self.through(permit, ask.filter),
            order: ask.order,
            limit: Some(ask.limit + 1),
            offset: ask.offset,
        };
        // A page by id stops after its rows; any other order has to see them all first.
        let quick = by_id && ask.offset < 10_000;
        let statement = render_with(&select, self.store.dialect(), &self.store);
        let custom = self.custom_fields(entity.id);
        let mut writer = Writer::new(&self.labels, ask.look.base, &custom, true);
        let (mut last, mut more) = (None, false);
        let mut path = ask.look.paths(&self.labels, entity);
        self.run(&statement, quick, &mut |cells| {
            if writer.rows() as u64 == ask.limit {
                more = true;
                return Flow::Stop;
            }
            let id = id_of(cells);
            last = Some(id);
            writer.write(layout, path.of(id), |index| seen(cells.cell(index)));
            Flow::Continue
        })
        .await?;
        Ok(Page {
            body: self.finished(writer).await?,
            more,
            last,
            total: None,
        })
    }

    /// The rows of one page in hand, and whether there are more.
    pub async fn page(
        &self,
        permit: &Permit<'_>,
        ask: &Ask<'_>,
    ) -> Result<(Vec<Row>, bool), StoreError> {
        let end = ask.offset.saturating_add(ask.limit);
        let (filter, order) = (ask.filter.clone(), ask.order.clone());
        let mut rows = self.rows(permit, filter, order, Some(end + 1)).await?;
        let more = rows.len() as u64 > end;
        let from = usize::try_from(ask.offset)
            .unwrap_or(usize::MAX)
            .min(rows.len());
        rows.drain(..from);
        rows.truncate(usize::try_from(ask.limit).unwrap_or(usize::MAX));
        Ok((rows, more))
    }

    /// How many records there are under the permit.
    pub async fn count(&self, permit: &Permit<'_>, filter: Filter) -> Result<u64, StoreError> {
        let filter = self.through(permit, filter);
        let statement = render_count(&permit.entity().table, &filter, self.store.dialect());
        self.store.count(&statement).await
    }

    /// One record, if it is there and the permit covers it.
    pub async fn get(
        &self,
        permit: &Permit<'_>,
        id: i64,
        filter: Filter,
        look: Look<'_>,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let entity = permit.entity();
        let known = self.layout(permit, &look);
        let layout = &known.layout;
        let custom = self.custom_fields(entity.id);
        let mut writer = Writer::new(&self.labels, look.base, &custom, false);
        let mut path = look.paths(&self.labels, entity);
        let filter = self.within(permit, filter);
        let mut write = |cells: &dyn Cells| {
            writer.write(layout, path.of(id), |index| seen(cells.cell(index)));
            Flow::Stop
        };
        if filter == Filter::Constant(true) {
            self.store
                .get(&entity.table, id, &layout.columns, &mut write)
                .await?;
        } else if !self
            .get_by_id(entity, &known, id, &filter, &mut write)
            .await?
        {
            let select = Select {
                table: entity.table.clone(),
                columns: layout.columns.clone(),
                filter: and(with_id(id), filter),
                order: Vec::new(),
                limit: Some(1),
                offset: 0,
            };
            let statement = render_with(&select, self.store.dialect(), &self.store);
            self.run(&statement, true, &mut write).await?;
        }
        if writer.rows() == 0 {
            return Ok(None);
        }
        Ok(Some(self.finished(writer).await?))
    }

    /// One row in hand, if it is there and the permit covers it.
    pub async fn row(&self, permit: &Permit<'_>, id: i64) -> Result<Option<Row>, StoreError> {
        let rows = self.rows(permit, with_id(id), Vec::new(), Some(1)).await?;
        Ok(rows.into_iter().next())
    }

    /// Rows in hand.
    pub async fn rows(
        &self,
        permit: &Permit<'_>,
        filter: Filter,
        order: Vec<Order>,
        limit: Option<u64>,
    ) -> Result<Vec<Row>, StoreError> {
        self.raw_rows(permit.entity(), self.through(permit, filter), order, limit)
            .await
    }

    /// Applies changes as a whole, and forgets what was cached of the rows they touch.
    pub async fn write(&self, mut changes: Vec<Change>) -> Result<(), StoreError> {
        self.follow_pairs(&mut changes).await?;
        let versions = self.versions.as_ref();
        let renamed = versions.filter(|versions| versions.renames(&changes));
        if let Some(versions) = versions {
            versions.stamp(&mut changes);
        }
        let touched: Vec<(Arc<str>, i64)> = changes
            .iter()
            .filter_map(|change| match change {
                Change::Update { table, id, .. } | Change::Delete { table, id } => {
                    Some((table.clone(), *id))
                }
                _ => None,
            })
            .collect();
        let emptied = [&self.setup, &self.near].map(|rows| {
            let mut tables = changes.iter().map(Change::table);
            tables.any(|table| rows.holds(table)).then_some(rows)
        });
        let written = self.store.write(changes).await;
        self.counts.written();
        written?;
        emptied.into_iter().flatten().for_each(SetupRows::clear);
        for (table, id) in touched {
            self.labels.forget_row(&table, id);
        }
        if let Some(versions) = renamed
            && let Err(error) = versions.renamed(&self.store).await
        {
            // The write itself is at rest: to call it failed would have it made twice.
            tracing::warn!(%error, "other servers may show former names for a while");
        }
        Ok(())
    }

    /// Changes that remove a record with everything that hangs under it, as long as nothing else points to that.
    pub async fn removal(&self, entity: &Entity, id: i64) -> Result<Vec<Change>, StoreError> {
        let mut changes = Vec::new();
        let mut left = Vec::new();
        let mut open = vec![(entity.id, id)];
        while let Some((at, id)) = open.pop() {
            let holder = self.catalog.entity(at);
            if !changes.is_empty() {
                left.extend(pointers::unused(&self.catalog, holder, id));
            }
            for pointer in pointers::pointers(&self.catalog, holder)
                .into_iter()
                .filter(|pointer| pointer.child)
            {
                let filter = equals(&pointer.column, Kind::Integer, Value::Integer(id));
                for row in self
                    .raw_rows(pointer.from, filter, Vec::new(), None)
                    .await?
                {
                    open.push((pointer.from.id, row.id));
                }
            }
            if mine::is_owned(holder) {
                changes.push(Change::Unpair {
                    table: mine::table(&holder.table),
                    id,
                });
                changes.extend(self.by(&holder.table).iter().map(|by| Change::Unpair {
                    table: by.table.clone(),
                    id,
                }));
            }
            changes.push(Change::Delete {
                table: holder.table.clone(),
                id,
            });
        }
        // Innermost first, so that nothing points at a row that is gone; rows that go too do not count.
        changes.reverse();
        changes.extend(left);
        Ok(changes)
    }

    /// Worked-out rows, written as stored ones are.
    pub async fn write_rows(
        &self,
        permit: &Permit<'_>,
        rows: &[Row],
        look: Look<'_>,
        list: bool,
    ) -> Result<Vec<u8>, StoreError> {
        let known = self.layout(permit, &look);
        let layout = &known.layout;
        let custom = self.custom_fields(permit.entity().id);
        let mut writer = Writer::new(&self.labels, look.base, &custom, list);
        let mut path = look.paths(&self.labels, permit.entity());
        for row in rows {
            let values = row.in_order(&known.sorted, layout.columns.len());
            writer.write(layout, path.of(row.id), |index| match values[index] {
                None if &*layout.columns[index] == "id" => record::Cell::Integer(row.id),
                None | Some(Value::Null) => record::Cell::Null,
                Some(Value::Integer(number)) => record::Cell::Integer(*number),
                Some(Value::Number(number)) => record::Cell::Number(*number),
                Some(Value::Boolean(flag)) => record::Cell::Boolean(*flag),
                Some(Value::Text(text)) => record::Cell::Text(text),
            });
        }
        self.finished(writer).await
    }

    /// The references of an entity whose setup table marks a default.
    pub(crate) fn marked(&self, entity: &Entity) -> &[Marked] {
        self.marked[entity.id.0 as usize].get_or_init(|| Marked::of(&self.catalog, entity))
    }

    pub fn columns(&self, entity: EntityId) -> Arc<[Column]> {
        self.columns[entity.0 as usize].clone()
    }

    /// Replaces the custom fields that records of an entity list.
    pub fn set_custom_fields(&self, entity: EntityId, fields: Vec<Defined>) {
        self.custom.write().insert(entity, fields.into());
    }

    /// Custom fields defined for an entity.
    pub fn defined(&self, entity: EntityId) -> Arc<[Defined]> {
        self.custom.read().get(&entity).cloned().unwrap_or_default()
    }

    fn custom_fields(&self, entity: EntityId) -> Vec<CustomField> {
        self.defined(entity)
            .iter()
            .map(|field| field.shown.clone())
            .collect()
    }

    /// Everything cached of rows is read anew: after a restore or a load.
    pub fn forget_all(&self) {
        self.setup.clear();
        self.near.clear();
        self.labels.clear();
    }

    /// Runs a select of the server's own tables.
    pub async fn read(
        &self,
        select: &Select,
        each: &mut (dyn FnMut(&dyn Cells) -> Flow + Send),
    ) -> Result<(), StoreError> {
        self.run(
            &render_with(select, self.store.dialect(), &self.store),
            true,
            each,
        )
        .await
    }

    /// Runs a select of the server's own that may look at many rows.
    pub async fn scan(
        &self,
        select: &Select,
        each: &mut (dyn FnMut(&dyn Cells) -> Flow + Send),
    ) -> Result<(), StoreError> {
        let statement = render_with(select, self.store.dialect(), &self.store);
        self.run(&statement, false, each).await
    }

    pub(crate) async fn run(
        &self,
        statement: &Statement,
        quick: bool,
        each: &mut (dyn FnMut(&dyn Cells) -> Flow + Send),
    ) -> Result<(), StoreError> {
        if quick {
            self.store.select_quick(statement, each).await
        } else {
            self.store.select(statement, each).await
        }
    }
}

pub fn id_path() -> Path {
    Path {
        through: Vec::new(),
        column: Arc::from("id"),
        kind: Kind::Integer,
    }
}

pub fn with_id(id: i64) -> Filter {
    equals("id", Kind::Integer, Value::Integer(id))
}

pub fn column(name: &str, kind: Kind) -> Path {
    Path {
        through: Vec::new(),
        column: Arc::from(name),
        kind,
    }
}

pub fn equals(column: &str, kind: Kind, value: Value) -> Filter {
    let path = Path {
        through: Vec::new(),
        column: Arc::from(column),
        kind,
    };
    Filter::Compare {
        path,
        op: Comparison::Equal,
        value,
    }
}

pub fn id_of(cells: &dyn Cells) -> i64 {
    match cells.cell(0) {
        Cell::Integer(id) => id,
        _ => 0,
    }
}

fn seen(cell: Cell<'_>) -> record::Cell<'_> {
    match cell {
        Cell::Null => record::Cell::Null,
        Cell::Integer(number) => record::Cell::Integer(number),
        Cell::Number(number) => record::Cell::Number(number),
        Cell::Boolean(flag) => record::Cell::Boolean(flag),
        Cell::Text(text) => record::Cell::Text(text),
    }
}
