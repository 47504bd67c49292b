//! Opening a schema: making it when it is new, refusing what is not ours, and bringing its tables
//! up to their descriptions. Several servers may do so at once; an advisory lock orders them.

use super::ddl::{add_column, create_indexes};
use super::fault::fault;
use crate::error::StoreError;
use crate::layout::Layout;
use crate::location::DatabaseUrl;
use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use std::collections::{HashMap, HashSet};
use std::time::Duration;
use tokio_postgres::{Client, NoTls};

/// The format of the schema, raised when an older program could no longer read it rightly.
pub const FORMAT: i64 = 1;

/// Connections of one server to one schema.
const CONNECTIONS: usize = 16;

pub fn pool(url: &DatabaseUrl, schema: &str, place: &str) -> Result<Pool, StoreError> {
    let open = |detail: &str| StoreError::Open {
        place: place.to_string(),
        detail: detail.to_string(),
    };
    let plain = !schema.is_empty()
        && schema.len() <= 63
        && schema
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if !plain {
        return Err(open("a schema's name is 1 to 63 of a-z, 0-9 and _"));
    }
    // The parser's own words may quote the string, password and all, so they are left out.
    let mut config: tokio_postgres::Config =
        url.reveal().parse().map_err(|_| open("the connection string cannot be read; it looks like postgres://user:password@host:5432/database"))?;
    if config.get_ssl_mode() == tokio_postgres::config::SslMode::Require {
        return Err(open(
            "encrypted connections are not there yet; use sslmode=disable within a private network",
        ));
    }
    let given = config
        .get_options()
        .map(|options| format!("{options} "))
        .unwrap_or_default();
    config.options(format!("{given}-c search_path={schema} -c jit=off"));
    config.application_name("bitting");
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(Duration::from_secs(10));
    }
    let manager = Manager::from_config(
        config,
        NoTls,
        ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        },
    );
    Pool::builder(manager)
        .max_size(CONNECTIONS)
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(Duration::from_secs(30)))
        .create_timeout(Some(Duration::from_secs(15)))
        .build()
        .map_err(|error| open(&error.to_string()))
}

/// Checks the format and adds what the descriptions have and the schema has not. Answers which of
/// the described tables are there.
pub async fn adopt(
    client: &mut Client,
    layout: &Layout,
    schema: &str,
    place: &str,
) -> Result<Vec<bool>, StoreError> {
    let broken = |error: tokio_postgres::Error| fault(place, &error);
    let work = client.transaction().await.map_err(broken)?;
    work.execute(
        "SELECT pg_advisory_xact_lock($1)",
        &[&super::lock_key(schema, "")],
    )
    .await
    .map_err(broken)?;
    let known = work
        .query_opt("SELECT 1 FROM pg_namespace WHERE nspname = $1", &[&schema])
        .await
        .map_err(broken)?;
    if known.is_none() {
        work.batch_execute(&format!("CREATE SCHEMA IF NOT EXISTS {schema}"))
            .await
            .map_err(broken)?;
    }
    let mut columns: HashMap<String, HashSet<String>> = HashMap::new();
    let rows = work
        .query(
            "SELECT c.relname::text, a.attname::text FROM pg_class c \
             JOIN pg_namespace n ON n.oid = c.relnamespace \
             JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
             WHERE n.nspname = $1 AND c.relkind = 'r'",
            &[&schema],
        )
        .await
        .map_err(broken)?;
    for row in rows {
        columns.entry(row.get(0)).or_default().insert(row.get(1));
    }
    if columns.contains_key("bitting_meta") {
        let found = work
            .query_opt("SELECT value FROM bitting_meta WHERE name = 'format'", &[])
            .await
            .map_err(broken)?
            .map(|row| row.get::<_, i64>(0));
        match found {
            Some(found) if found > FORMAT => {
                return Err(StoreError::Newer {
                    place: place.to_string(),
                    found,
                    known: FORMAT,
                });
            }
            Some(_) => {}
            None => {
                return Err(StoreError::Foreign {
                    place: place.to_string(),
                });
            }
        }
    } else if columns.is_empty() {
        work.batch_execute(&format!(
            "CREATE TABLE bitting_meta (name TEXT PRIMARY KEY, value BIGINT NOT NULL); \
             INSERT INTO bitting_meta (name, value) VALUES ('format', {FORMAT});"
        ))
        .await
        .map_err(broken)?;
    } else {
        return Err(StoreError::Foreign {
            place: place.to_string(),
        });
    }
    let mut present = vec![false; layout.len()];
    let mut missing = Vec::new();
    for (at, table) in layout.tables().enumerate() {
        let Some(there) = columns.get(&*table.name) else {
            continue;
        };
        present[at] = true;
        missing.extend(
            table
                .columns
                .iter()
                .filter(|column| {
                    table.key == crate::table::Key::Id && !there.contains(&*column.name)
                })
                .map(|column| add_column(table, &column.name, column.kind)),
        );
        missing.extend(create_indexes(table));
    }
    // Statements that find their index there already only say so.
    if !missing.is_empty() {
        let all = format!(
            "SET LOCAL client_min_messages = warning; {}",
            missing.join("; ")
        );
        work.batch_execute(&all).await.map_err(broken)?;
    }
    work.commit().await.map_err(broken)?;
    Ok(present)
}
