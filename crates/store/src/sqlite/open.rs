//! Opening an SQLite file: making it when it is new, refusing what is not ours, and bringing its
//! tables up to their descriptions. Knows nothing of readers and writers.

use super::ddl::{column_type, create_indexes, create_table, left_out};
use super::fault::fault;
use crate::error::StoreError;
use crate::layout::{Layout, quote};
use crate::location::Durability;
use crate::table::{Key, Table};
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use std::collections::{HashMap, HashSet};
use std::fs::OpenOptions;
use std::path::Path;

/// The format of the file, raised when an older program could no longer read it rightly.
pub const FORMAT: i64 = 1;

/// KiB of pages that the writer keeps: the ends of all the indexes that a busy table has, else each write reads them
/// anew. An idle server holds none of it.
const CACHE: u32 = 16_384;

/// Pages in the log before they are moved to the file. Writes touch the same pages again and again, and each of them
/// is moved once: with 1,000, moving them was half as much work as logging them. A longer log
/// makes each read dearer, which looks every page up in it: with 16,384, a list cost up to 2.5 times as much.
const LOGGED: u32 = 8_192;

/// An open file, and which of the described tables it holds.
pub struct Opened {
    pub connection: Connection,
    pub present: Vec<bool>,
}

pub fn open(path: &Path, layout: &Layout, durability: Durability) -> Result<Opened, StoreError> {
    let place = path.display().to_string();
    create_private(path).map_err(|error| StoreError::Open {
        place: place.clone(),
        detail: error.to_string(),
    })?;
    check_length(path, &place)?;
    let connection = connect(path, durability).map_err(|error| fault(&place, &error))?;
    let present = adopt(&connection, layout, &place)?;
    Ok(Opened {
        connection,
        present,
    })
}

/// A connection that writes.
pub fn connect(path: &Path, durability: Durability) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.execute_batch(match durability {
        Durability::Full => {
            "PRAGMA busy_timeout=5000; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
        }
        Durability::Off => {
            "PRAGMA busy_timeout=5000; PRAGMA synchronous=OFF; PRAGMA journal_mode=WAL;"
        }
    })?;
    connection.execute_batch(&format!(
        "PRAGMA temp_store=MEMORY; PRAGMA cache_size=-{CACHE}; PRAGMA journal_size_limit=67108864; \
         PRAGMA wal_autocheckpoint={LOGGED};"
    ))?;
    connection.set_prepared_statement_cache_capacity(256);
    Ok(connection)
}

/// The connection as one that sorts in a file once its cache is full: an index of millions of rows would stand
/// in memory else. Where there is no place for such a file, it goes on sorting in memory.
pub fn spilling(connection: Connection) -> rusqlite::Result<Connection> {
    if std::env::temp_dir().is_dir() {
        connection.execute_batch("PRAGMA temp_store=FILE;")?;
    }
    Ok(connection)
}

/// Refuses a file without a byte where a database stood: to SQLite it is a new one, and the rows that were lost
/// would be missed by nobody until somebody asks for them.
pub fn refuse_emptied(path: &Path) -> Result<(), StoreError> {
    match std::fs::metadata(path) {
        Ok(about) if about.len() == 0 => Err(StoreError::Corrupt {
            place: path.display().to_string(),
            detail: "it is empty, and it had rows when it was last served".into(),
        }),
        // A file that is gone was taken away on purpose; any other fault shows when it is opened.
        _ => Ok(()),
    }
}

/// Makes the file readable by its owner alone, before SQLite writes anything to it.
fn create_private(path: &Path) -> std::io::Result<()> {
    if let Some(parent) = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
    {
        std::fs::create_dir_all(parent)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// A file that was cut short is refused at once, not when the first lost page is read.
fn check_length(path: &Path, place: &str) -> Result<(), StoreError> {
    use std::io::Read;
    let broken = |error: std::io::Error| StoreError::Open {
        place: place.to_string(),
        detail: error.to_string(),
    };
    let mut file = std::fs::File::open(path).map_err(broken)?;
    let length = file.metadata().map_err(broken)?.len();
    let mut log = path.as_os_str().to_os_string();
    log.push("-wal");
    // With a log beside it, the file may rightly be shorter than it says.
    if length == 0 || std::fs::metadata(log).is_ok_and(|log| log.len() > 0) {
        return Ok(());
    }
    let mut head = [0_u8; 32];
    let read = file.read_exact(&mut head);
    if read.is_err() || &head[..16] != b"SQLite format 3\0" {
        return Err(StoreError::Corrupt {
            place: place.to_string(),
            detail: "it does not begin as an SQLite file".into(),
        });
    }
    let page = match u64::from(u16::from_be_bytes([head[16], head[17]])) {
        1 => 65536,
        size => size,
    };
    let pages = u64::from(u32::from_be_bytes([head[28], head[29], head[30], head[31]]));
    if length < page * pages {
        let detail = format!("it is {length} bytes long and should be {}", page * pages);
        return Err(StoreError::Corrupt {
            place: place.to_string(),
            detail,
        });
    }
    Ok(())
}

/// Checks the format, adds what the descriptions have and the file has not, and drops indexes and tables of pairs that
/// they no longer have.
fn adopt(connection: &Connection, layout: &Layout, place: &str) -> Result<Vec<bool>, StoreError> {
    let broken = |error: rusqlite::Error| fault(place, &error);
    let (tables, indexes) = catalogue(connection).map_err(broken)?;
    if tables.contains_key("bitting_meta") {
        let found: Option<i64> = connection
            .query_row(
                "SELECT value FROM bitting_meta WHERE name = 'format'",
                [],
                |row| row.get(0),
            )
            .optional()
            .map_err(broken)?;
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
    } else if tables.is_empty() {
        connection
            .execute_batch(&format!(
                "BEGIN IMMEDIATE; \
                 CREATE TABLE bitting_meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID; \
                 INSERT INTO bitting_meta (name, value) VALUES ('format', {FORMAT}); COMMIT;"
            ))
            .map_err(broken)?;
    } else {
        return Err(StoreError::Foreign {
            place: place.to_string(),
        });
    }
    let mut missing = Vec::new();
    let mut present = vec![false; layout.len()];
    for (at, table) in layout.tables().enumerate() {
        let Some(sql) = tables.get(&*table.name) else {
            continue;
        };
        present[at] = true;
        if *sql != create_table(table) {
            missing.extend(missing_columns(connection, table).map_err(broken)?);
        }
        missing.extend(
            create_indexes(table)
                .into_iter()
                .filter(|(name, _)| !indexes.contains(name))
                .map(|(_, sql)| sql),
        );
        let gone = left_out(table).filter(|name| indexes.contains(name));
        missing.extend(gone.map(|name| format!("DROP INDEX {}", quote(&name))));
    }
    let gone = layout.gone.iter();
    let gone = gone.filter(|name| tables.contains_key(&***name));
    missing.extend(gone.map(|name| format!("DROP TABLE {}", quote(name))));
    if !missing.is_empty() {
        let added =
            connection.execute_batch(&format!("BEGIN IMMEDIATE; {}; COMMIT;", missing.join("; ")));
        if added.is_err() {
            let _ = connection.execute_batch("ROLLBACK");
        }
        added.map_err(broken)?;
    }
    Ok(present)
}

type Catalogue = (HashMap<String, String>, HashSet<String>);

/// The tables with the statements that made them, and the names of the indexes.
fn catalogue(connection: &Connection) -> rusqlite::Result<Catalogue> {
    let mut tables = HashMap::new();
    let mut indexes = HashSet::new();
    let mut statement =
        connection.prepare("SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        match row.get_ref(0)?.as_str()? {
            "table" => drop(tables.insert(row.get(1)?, row.get(2)?)),
            "index" => drop(indexes.insert(row.get(1)?)),
            _ => {}
        }
    }
    Ok((tables, indexes))
}

/// The statements that add the columns a table lacks. SQLite's names ignore ASCII letter case.
fn missing_columns(connection: &Connection, table: &Table) -> rusqlite::Result<Vec<String>> {
    if table.key == Key::Pair {
        return Ok(Vec::new());
    }
    let mut statement = connection.prepare("SELECT lower(name) FROM pragma_table_info(?1)")?;
    let there: HashSet<String> = statement
        .query_map([&*table.name], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let lacking = table
        .columns
        .iter()
        .filter(|column| !there.contains(&column.name.to_ascii_lowercase()));
    Ok(lacking
        .map(|column| {
            let (table, name) = (quote(&table.name), quote(&column.name));
            format!(
                "ALTER TABLE {table} ADD COLUMN {name} {}",
                column_type(column.kind)
            )
        })
        .collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// What a test cannot see without cutting the power: that commits reach the disk.
    #[test]
    fn full_durability_synchronises_every_commit() {
        let directory = tempfile::tempdir().unwrap();
        for (durability, synchronous) in [(Durability::Full, 2), (Durability::Off, 0)] {
            let opened = open(
                &directory.path().join("rows"),
                &Layout::new(vec![]),
                durability,
            )
            .unwrap();
            let pragma = |name: &str| -> String {
                let value = opened.connection.pragma_query_value(None, name, |row| {
                    row.get_ref(0).map(|value| format!("{value:?}"))
                });
                value.unwrap()
            };
            assert_eq!(pragma("synchronous"), format!("Integer({synchronous})"));
            let mode: String = opened
                .connection
                .pragma_query_value(None, "journal_mode", |row| row.get(0))
                .unwrap();
            assert_eq!(mode, "wal");
        }
    }
}
