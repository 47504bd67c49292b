//! Where a case runs: a directory or a schema of its own, gone afterwards.

use bitting_query::{Filter, Kind, Select, Value};
use bitting_store::{
    Cell, Cells, Change, Column, DatabaseUrl, Durability, Flow, Key, Location, Store, StoreError,
    Table,
};
use std::future::Future;
use std::io::Write;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

pub type Running = Pin<Box<dyn Future<Output = ()>>>;

/// The environment variable that names a PostgreSQL database for the tests.
pub const VARIABLE: &str = "BITTING_TEST_POSTGRES";

#[derive(Clone)]
pub enum Place {
    Sqlite(PathBuf),
    Postgres { url: String, schema: String },
}

impl Place {
    pub fn location(&self) -> Location {
        match self {
            Self::Sqlite(path) => Location::File(path.clone()),
            Self::Postgres { url, schema } => Location::Postgres {
                url: DatabaseUrl::new(url.clone()),
                schema: schema.clone(),
            },
        }
    }

    pub async fn open(&self, tables: &[Table]) -> Store {
        self.try_open(tables).await.unwrap()
    }

    pub async fn try_open(&self, tables: &[Table]) -> Result<Store, StoreError> {
        Store::open_with(&self.location(), tables.to_vec(), Durability::Full).await
    }

    /// Runs SQL past the store.
    pub async fn meddle(&self, sql: &str) {
        match self {
            Self::Sqlite(path) => rusqlite::Connection::open(path)
                .unwrap()
                .execute_batch(sql)
                .unwrap(),
            Self::Postgres { url, schema } => {
                let sql = format!(
                    "CREATE SCHEMA IF NOT EXISTS {schema}; SET search_path = {schema}; {sql}"
                );
                postgres(url, &sql).await;
            }
        }
    }
}

async fn postgres(url: &str, sql: &str) {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls)
        .await
        .unwrap();
    let driver = tokio::spawn(connection);
    client.batch_execute(sql).await.unwrap();
    drop(client);
    driver.await.unwrap().unwrap();
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

pub fn on_sqlite(case: impl FnOnce(Place) -> Running) {
    let directory = tempfile::tempdir().unwrap();
    runtime().block_on(case(Place::Sqlite(directory.path().join("rows.sqlite"))));
}

pub fn on_postgres(name: &str, case: impl FnOnce(Place) -> Running) {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let Ok(url) = std::env::var(VARIABLE) else {
        // Past the capture of the test harness, so that a skip is never silent.
        let _ = writeln!(
            std::io::stderr(),
            "skipped: store contract postgres::{name} ({VARIABLE} is not set)"
        );
        return;
    };
    let moment = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .subsec_nanos();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let schema = format!("contract_{}_{moment}_{count}", std::process::id());
    let runtime = runtime();
    let at = Place::Postgres {
        url: url.clone(),
        schema: schema.clone(),
    };
    let result =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| runtime.block_on(case(at))));
    runtime.block_on(postgres(
        &url,
        &format!("DROP SCHEMA IF EXISTS {schema} CASCADE"),
    ));
    if let Err(panic) = result {
        std::panic::resume_unwind(panic);
    }
}

/// A table keyed by id.
pub fn table(name: &str, columns: &[(&str, Kind)], indexes: &[&[&str]]) -> Table {
    Table {
        name: name.into(),
        key: Key::Id,
        columns: columns
            .iter()
            .map(|(name, kind)| Column {
                name: (*name).into(),
                kind: *kind,
            })
            .collect(),
        indexes: indexes
            .iter()
            .map(|set| set.iter().map(|name| (*name).into()).collect())
            .collect(),
        sparse: Vec::new(),
    }
}

pub fn pairs(name: &str) -> Table {
    Table {
        name: name.into(),
        key: Key::Pair,
        columns: vec![],
        indexes: vec![],
        sparse: Vec::new(),
    }
}

pub fn values(values: &[(&str, Value)]) -> Vec<(Arc<str>, Value)> {
    values
        .iter()
        .map(|(name, value)| (Arc::from(*name), value.clone()))
        .collect()
}

pub fn insert(table: &str, id: i64, given: &[(&str, Value)]) -> Change {
    Change::Insert {
        table: table.into(),
        id,
        values: values(given),
    }
}

pub fn text(text: &str) -> Value {
    Value::Text(text.into())
}

/// A cell that outlives its row.
pub fn owned(cell: Cell<'_>) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Integer(value) => Value::Integer(value),
        Cell::Number(value) => Value::Number(value),
        Cell::Boolean(value) => Value::Boolean(value),
        Cell::Text(text) => Value::Text(text.into()),
    }
}

pub fn everything(table: &str, columns: &[&str]) -> Select {
    Select {
        table: table.into(),
        columns: columns.iter().map(|name| (*name).into()).collect(),
        filter: Filter::Constant(true),
        order: vec![],
        limit: None,
        offset: 0,
    }
}

/// The rows a read answers with; read both ways, which must agree.
pub async fn read(store: &Store, select: &Select) -> Vec<Vec<Value>> {
    let statement = bitting_query::render_with(select, store.dialect(), store);
    let width = select.columns.len();
    let mut rows = Vec::new();
    let mut each = |cells: &dyn Cells| {
        rows.push(
            (0..width)
                .map(|at| owned(cells.cell(at)))
                .collect::<Vec<_>>(),
        );
        Flow::Continue
    };
    store.select(&statement, &mut each).await.unwrap();
    let mut again = Vec::new();
    let mut each = |cells: &dyn Cells| {
        again.push(
            (0..width)
                .map(|at| owned(cells.cell(at)))
                .collect::<Vec<_>>(),
        );
        Flow::Continue
    };
    store.select_quick(&statement, &mut each).await.unwrap();
    assert_eq!(rows, again);
    rows
}

pub async fn get(store: &Store, table: &str, id: i64, columns: &[&str]) -> Option<Vec<Value>> {
    let names: Vec<Arc<str>> = columns.iter().map(|name| Arc::from(*name)).collect();
    let mut row = None;
    let mut each = |cells: &dyn Cells| {
        row = Some((0..columns.len()).map(|at| owned(cells.cell(at))).collect());
        Flow::Continue
    };
    store
        .get(&table.into(), id, &names, &mut each)
        .await
        .unwrap();
    row
}

pub async fn count(store: &Store, table: &str) -> u64 {
    let statement = bitting_query::render_count(table, &Filter::Constant(true), store.dialect());
    store.count(&statement).await.unwrap()
}
