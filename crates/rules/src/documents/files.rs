//! Bytes of documents at rest: base64 text in a table of their own. In a table, because a document and its
//! bytes then stand or fall in one write, in SQLite as in PostgreSQL; of its own, so that no list of
//! documents ever reads them. Text costs a third more space, and spares the store a kind of cell.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bitting_dialects::connectwise::error::ApiError;
use bitting_psa::instance::Instance;
use bitting_psa::problem::Problem;
use bitting_query::{Kind, Value};
use bitting_store::Flow;
use bitting_store::table::{Cell, Cells, Change, Column, Key, Table};
use std::sync::Arc;

const TABLE: &str = "bitting_files";
const CONTENT: &str = "content";

/// The table: a file's id is its document's.
pub fn table() -> Table {
    Table {
        name: Arc::from(TABLE),
        key: Key::Id,
        columns: vec![Column {
            name: Arc::from(CONTENT),
            kind: Kind::Text,
        }],
        indexes: Vec::new(),
        sparse: Vec::new(),
    }
}

fn values(bytes: &[u8]) -> Vec<(Arc<str>, Value)> {
    vec![(Arc::from(CONTENT), Value::Text(STANDARD.encode(bytes)))]
}

pub fn insert(id: i64, bytes: &[u8]) -> Change {
    Change::Insert {
        table: Arc::from(TABLE),
        id,
        values: values(bytes),
    }
}

pub fn update(id: i64, bytes: &[u8]) -> Change {
    Change::Update {
        table: Arc::from(TABLE),
        id,
        values: values(bytes),
    }
}

pub fn delete(id: i64) -> Change {
    Change::Delete {
        table: Arc::from(TABLE),
        id,
    }
}

/// The bytes of a document; `None` when it is a link.
pub async fn read(instance: &Instance, id: i64) -> Result<Option<Vec<u8>>, Problem> {
    let mut found = None;
    let mut each = |cells: &dyn Cells| {
        if let Cell::Text(text) = cells.cell(0) {
            found = Some(STANDARD.decode(text));
        }
        Flow::Stop
    };
    let columns = [Arc::from(CONTENT)];
    let store = &instance.backend.store;
    store
        .get(&Arc::from(TABLE), id, &columns, &mut each)
        .await?;
    match found {
        None => Ok(None),
        Some(Ok(bytes)) => Ok(Some(bytes)),
        Some(Err(_)) => Err(ApiError::server("The document's content at rest is damaged.").into()),
    }
}
