//! How a described table is spelled in PostgreSQL. Knows no connection.

use crate::layout::{index_name, quote, shorten};
use crate::table::{Key, Table};
use bitting_query::Kind;
use std::sync::Arc;

/// The type a column is declared with. Text has the collation "C", so that it sorts by its bytes
/// and folds ASCII letters only, as on SQLite and in `bitting_query::eval`.
pub fn column_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Integer => "BIGINT",
        Kind::Number => "DOUBLE PRECISION",
        Kind::Boolean => "BOOLEAN",
        Kind::Text | Kind::DateTime | Kind::Json => "TEXT COLLATE \"C\"",
    }
}

pub fn sequence(table: &str) -> String {
    quote(&shorten(format!("sq_{table}")))
}

/// The statements that make a table; each may be run again without harm.
pub fn create(table: &Table) -> Vec<String> {
    let name = quote(&table.name);
    if table.key == Key::Pair {
        let mut statements = vec![format!(
            "CREATE TABLE IF NOT EXISTS {name} (\"key\" BIGINT NOT NULL, \"id\" BIGINT NOT NULL, PRIMARY KEY (\"key\", \"id\"))"
        )];
        statements.extend(create_indexes(table));
        return statements;
    }
    let mut columns = vec![String::from("\"id\" BIGINT PRIMARY KEY")];
    for column in table.columns.iter().filter(|column| &*column.name != "id") {
        columns.push(format!(
            "{} {}",
            quote(&column.name),
            column_type(column.kind)
        ));
    }
    let mut statements = vec![
        format!("CREATE TABLE IF NOT EXISTS {name} ({})", columns.join(", ")),
        format!("CREATE SEQUENCE IF NOT EXISTS {}", sequence(&table.name)),
    ];
    statements.extend(create_indexes(table));
    statements
}

pub fn add_column(table: &Table, name: &str, kind: Kind) -> String {
    format!(
        "ALTER TABLE {} ADD COLUMN IF NOT EXISTS {} {}",
        quote(&table.name),
        quote(name),
        column_type(kind)
    )
}

/// The statements that make a table's indexes. Text is indexed folded, as filters compare it, and
/// nulls come first, as orders want them.
pub fn create_indexes(table: &Table) -> Vec<String> {
    let create = |columns: &[Arc<str>]| {
        let keys: Vec<String> = columns
            .iter()
            .map(|name| {
                let kind = table
                    .columns
                    .iter()
                    .find(|column| column.name == *name)
                    .map(|column| column.kind);
                match kind {
                    Some(Kind::Text) => {
                        format!("(lower({} COLLATE \"C\")) NULLS FIRST", quote(name))
                    }
                    Some(Kind::DateTime | Kind::Json) => {
                        format!("{} COLLATE \"C\" NULLS FIRST", quote(name))
                    }
                    _ => format!("{} NULLS FIRST", quote(name)),
                }
            })
            .collect();
        format!(
            "CREATE INDEX IF NOT EXISTS {} ON {} ({})",
            quote(&index_name(&table.name, columns)),
            quote(&table.name),
            keys.join(", ")
        )
    };
    if table.key == Key::Pair {
        return vec![create(&[Arc::from("id")])];
    }
    table
        .indexes
        .iter()
        .map(|columns| create(columns))
        .collect()
}
