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

/// The statements that make a table, without its indexes.
pub fn create_table(table: &Table) -> Vec<String> {
    let name = quote(&table.name);
    if table.key == Key::Pair {
        return vec![format!(
            "CREATE TABLE {name} (\"key\" BIGINT NOT NULL, \"id\" BIGINT NOT NULL, PRIMARY KEY (\"key\", \"id\"))"
        )];
    }
    let mut columns = vec![String::from("\"id\" BIGINT PRIMARY KEY")];
    for column in table.columns.iter().filter(|column| &*column.name != "id") {
        columns.push(format!(
            "{} {}",
            quote(&column.name),
            column_type(column.kind)
        ));
    }
    vec![
        format!("CREATE TABLE {name} ({})", columns.join(", ")),
        format!("CREATE SEQUENCE {}", sequence(&table.name)),
    ]
}

pub fn add_column(table: &Table, name: &str, kind: Kind) -> String {
    format!(
        "ALTER TABLE {} ADD COLUMN {} {}",
        quote(&table.name),
        quote(name),
        column_type(kind)
    )
}

/// A table's indexes: their names and the statements that make them. Text is indexed folded, as filters compare it, and
/// nulls come first, as orders want them.
pub fn create_indexes(table: &Table) -> Vec<(String, String)> {
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
        let name = index_name(&table.name, columns);
        let sql = format!(
            "CREATE INDEX {} ON {} ({})",
            quote(&name),
            quote(&table.name),
            keys.join(", ")
        );
        (name, sql)
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
