//! Opening a schema: making it when it is new, refusing what is not ours, and bringing its tables
//! up to their descriptions. Several servers may do so at once; an advisory lock orders them.

use super::ddl::{add_column, create_indexes, create_table};
use super::fault::fault;
use crate::error::StoreError;
use crate::layout::{Layout, quote};
use crate::location::DatabaseUrl;
use crate::table::{Key, Table};
use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use std::collections::{HashMap, HashSet};
use std::time::Duration;
use tokio_postgres::{Client, NoTls, Transaction};

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
    let catalogue = Catalogue::read(&work, schema, None).await.map_err(broken)?;
    if catalogue.columns.contains_key("bitting_meta") {
        let found = work
            .query_opt("SELECT value FROM bitting_meta WHERE name = 'format'", &[])
            .await
            .map_err(broken)?
            .and_then(|row| row.try_get::<_, i64>(0).ok());
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
    } else if catalogue.columns.is_empty() {
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
        if catalogue.columns.contains_key(&*table.name) {
            present[at] = true;
            missing.extend(catalogue.lacks(table));
        }
    }
    let gone = layout.gone.iter();
    let gone = gone.filter(|name| catalogue.columns.contains_key(&***name));
    missing.extend(gone.map(|name| format!("DROP TABLE {}", quote(name))));
    if !missing.is_empty() {
        work.batch_execute(&patiently(&missing))
            .await
            .map_err(broken)?;
    }
    work.commit().await.map_err(broken)?;
    Ok(present)
}

/// Makes one table, or brings the one that another server has made up to its description.
pub async fn make(
    client: &mut Client,
    table: &Table,
    schema: &str,
) -> Result<(), tokio_postgres::Error> {
    let work = client.transaction().await?;
    work.execute(
        "SELECT pg_advisory_xact_lock($1)",
        &[&super::lock_key(schema, "")],
    )
    .await?;
    let missing = Catalogue::read(&work, schema, Some(&table.name))
        .await?
        .lacks(table);
    if !missing.is_empty() {
        work.batch_execute(&patiently(&missing)).await?;
    }
    work.commit().await
}

/// The statements as one text that gives up after a while: it holds the lock on the schema's shape,
/// and whoever has the table may be waiting for just that.
fn patiently(statements: &[String]) -> String {
    format!("SET LOCAL lock_timeout = '10s'; {}", statements.join("; "))
}

/// What a schema has.
struct Catalogue {
    columns: HashMap<String, HashSet<String>>,
    indexes: HashSet<String>,
}

impl Catalogue {
    /// Of the whole schema, or of one table of it.
    async fn read(
        work: &Transaction<'_>,
        schema: &str,
        table: Option<&str>,
    ) -> Result<Self, tokio_postgres::Error> {
        let mut columns: HashMap<String, HashSet<String>> = HashMap::new();
        let rows = work
            .query(
                "SELECT c.relname::text, a.attname::text FROM pg_class c \
                 JOIN pg_namespace n ON n.oid = c.relnamespace \
                 LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
                 WHERE n.nspname = $1 AND c.relkind = 'r' AND ($2::text IS NULL OR c.relname = $2)",
                &[&schema, &table],
            )
            .await?;
        for row in rows {
            let columns = columns.entry(row.try_get(0)?).or_default();
            columns.extend(row.try_get::<_, Option<String>>(1)?);
        }
        let rows = work
            .query(
                "SELECT indexname::text FROM pg_indexes \
                 WHERE schemaname = $1 AND ($2::text IS NULL OR tablename = $2)",
                &[&schema, &table],
            )
            .await?;
        let indexes = rows
            .iter()
            .map(|row| row.try_get(0))
            .collect::<Result<_, _>>()?;
        Ok(Self { columns, indexes })
    }

    /// The statements that bring a table to its description. None when it is there already, so
    /// that no lock is taken on a table that others use.
    fn lacks(&self, table: &Table) -> Vec<String> {
        let mut lacking = match self.columns.get(&*table.name) {
            None => create_table(table),
            Some(_) if table.key == Key::Pair => Vec::new(),
            Some(there) => table
                .columns
                .iter()
                .filter(|column| !there.contains(&*column.name))
                .map(|column| add_column(table, &column.name, column.kind))
                .collect(),
        };
        let indexes = create_indexes(table).into_iter();
        lacking.extend(
            indexes
                .filter(|(name, _)| !self.indexes.contains(name))
                .map(|(_, sql)| sql),
        );
        lacking
    }
}
