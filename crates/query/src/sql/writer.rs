//! The text under construction: names, placeholders, columns. Knows no filter and no plan.

use super::{Dialect, Statement};
use crate::filter::{Kind, Value};
use std::sync::Arc;

/// What an expression's names stand for. The number is that of the alias: `t0`, `t1`, …
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    Row(u32),
    /// An object of a JSON array; names are its members.
    Object(u32),
    /// A plain value of a JSON array; every name is the value.
    Plain(u32),
}

/// The row that a statement is about.
pub(super) const ROOT: Scope = Scope::Row(0);

/// So many rows are read and sorted rather than a way around them looked for.
const FEW: u32 = 250;

pub(super) struct Writer {
    pub sql: String,
    pub params: Vec<Value>,
    pub dialect: Dialect,
    /// The root's id is read from the pair table that drives the statement.
    pub driven: bool,
    /// Lists on the root's columns are hidden from SQLite's planner, which would otherwise take
    /// one as the way in and sort all it finds.
    pub guarded: bool,
    /// The row whose columns are hidden: the root, but while what leads to its parents is written.
    pub of: Scope,
    /// All of its columns are hidden from the planner, except the one in `kept`.
    pub hidden: bool,
    pub kept: Option<Arc<str>>,
    /// Rows behind references are looked up for each row, instead of all that satisfy the condition first.
    pub correlated: bool,
    /// `FEW`, but where a test has few rows.
    pub few: u32,
    aliases: u32,
}

impl Writer {
    pub fn new(dialect: Dialect) -> Self {
        let sql = String::with_capacity(512);
        Writer {
            sql,
            params: Vec::with_capacity(8),
            dialect,
            driven: false,
            guarded: false,
            of: ROOT,
            hidden: false,
            kept: None,
            correlated: false,
            few: FEW,
            aliases: 0,
        }
    }

    pub fn done(self) -> Statement {
        Statement {
            sql: self.sql,
            params: self.params,
        }
    }

    pub fn sqlite(&self) -> bool {
        self.dialect == Dialect::Sqlite
    }

    pub fn push(&mut self, text: &str) {
        self.sql.push_str(text);
    }

    /// An alias that nothing else has.
    pub fn alias(&mut self) -> u32 {
        self.aliases += 1;
        self.aliases
    }

    pub fn number(&mut self, number: u32) {
        if number >= 10 {
            self.number(number / 10);
        }
        self.sql.push(char::from(b'0' + (number % 10) as u8));
    }

    pub fn write_alias(&mut self, alias: u32) {
        self.sql.push('t');
        self.number(alias);
    }

    /// A name in double quotes.
    pub fn name(&mut self, name: &str) {
        self.quoted(name, '"');
    }

    /// A string literal; only for names that the catalog gives, never for values.
    pub fn literal(&mut self, text: &str) {
        self.quoted(text, '\'');
    }

    fn quoted(&mut self, text: &str, quote: char) {
        self.sql.push(quote);
        if text.as_bytes().contains(&(quote as u8)) {
            for c in text.chars() {
                if c == quote {
                    self.sql.push(quote);
                }
                self.sql.push(c);
            }
        } else {
            self.sql.push_str(text);
        }
        self.sql.push(quote);
    }

    /// A placeholder for the value, with its type on PostgreSQL.
    pub fn param(&mut self, value: Value) {
        let kind = match value {
            Value::Integer(_) => "::int8",
            Value::Number(_) => "::float8",
            Value::Boolean(_) => "::boolean",
            Value::Text(_) | Value::Null => "::text",
        };
        self.params.push(value);
        self.sql.push(if self.sqlite() { '?' } else { '$' });
        self.number(self.params.len() as u32);
        if !self.sqlite() {
            self.push(kind);
        }
    }

    /// `table AS tN`
    pub fn table(&mut self, table: &str, alias: u32) {
        self.name(table);
        self.push(" AS ");
        self.write_alias(alias);
    }

    /// A column as it stands: for a row its typed column, for an element of a JSON array the value
    /// if it is of the kind and null if not.
    pub fn column(&mut self, scope: Scope, name: &str, kind: Kind) {
        match scope {
            Scope::Row(0) if self.driven && name == "id" => self.push("m.\"id\""),
            Scope::Row(alias) => {
                self.write_alias(alias);
                self.sql.push('.');
                self.name(name);
            }
            Scope::Object(alias) | Scope::Plain(alias) => {
                let member = matches!(scope, Scope::Object(_)).then_some(name);
                if self.sqlite() {
                    self.sqlite_element(alias, member, kind);
                } else {
                    self.postgres_element(alias, member, kind);
                }
            }
        }
    }

    fn sqlite_element(&mut self, alias: u32, member: Option<&str>, kind: Kind) {
        self.push("(CASE ");
        self.sqlite_part("json_type", "type", alias, member);
        match kind {
            Kind::Boolean => {
                self.push(" WHEN 'true' THEN 1 WHEN 'false' THEN 0 END)");
                return;
            }
            Kind::Integer | Kind::Number => {
                self.push(" WHEN 'integer' THEN ");
                self.sqlite_part("json_extract", "value", alias, member);
                self.push(" WHEN 'real' THEN ");
            }
            Kind::Text | Kind::DateTime => self.push(" WHEN 'text' THEN "),
            // A string stays a string, so that one that looks like an array is none.
            Kind::Json => {
                self.push(" WHEN 'null' THEN NULL WHEN 'text' THEN json_quote(");
                self.sqlite_part("json_extract", "value", alias, member);
                self.push(") ELSE ");
            }
        }
        self.sqlite_part("json_extract", "value", alias, member);
        self.push(" END)");
    }

    fn sqlite_part(&mut self, function: &str, whole: &str, alias: u32, member: Option<&str>) {
        let Some(member) = member else {
            self.write_alias(alias);
            self.sql.push('.');
            self.push(whole);
            return;
        };
        self.push(function);
        self.sql.push('(');
        self.write_alias(alias);
        self.push(".value, '$");
        for step in member.split('/') {
            self.push(".\"");
            for c in step.chars() {
                if c == '\'' {
                    self.sql.push(c);
                }
                self.sql.push(c);
            }
            self.sql.push('"');
        }
        self.push("')");
    }

    fn postgres_element(&mut self, alias: u32, member: Option<&str>, kind: Kind) {
        let (wanted, read) = match kind {
            Kind::Boolean => ("boolean", "::boolean"),
            Kind::Integer | Kind::Number => ("number", "::numeric"),
            Kind::Text | Kind::DateTime => ("string", " #>> '{}'"),
            Kind::Json => ("null", "::text"),
        };
        self.push("(CASE WHEN jsonb_typeof(");
        self.postgres_part(alias, member);
        self.push(if kind == Kind::Json {
            ") <> '"
        } else {
            ") = '"
        });
        self.push(wanted);
        self.push("' THEN (");
        self.postgres_part(alias, member);
        self.sql.push(')');
        self.push(read);
        self.push(" END)");
    }

    fn postgres_part(&mut self, alias: u32, member: Option<&str>) {
        self.write_alias(alias);
        self.push(".value");
        for step in member.into_iter().flat_map(|member| member.split('/')) {
            self.push(" -> ");
            self.literal(step);
        }
    }

    /// A unary plus before a column keeps SQLite from using an index on it.
    pub fn hide(&mut self, scope: Scope, name: &str) {
        if self.hidden && scope == self.of && self.kept.as_deref() != Some(name) {
            self.sql.push('+');
        }
    }

    /// A column in the form in which values of its kind compare and sort.
    pub fn comparable(&mut self, scope: Scope, name: &str, kind: Kind) {
        let element = !matches!(scope, Scope::Row(_));
        match (self.dialect, kind) {
            (Dialect::Postgres, Kind::Text) => {
                self.push("lower(");
                self.column(scope, name, kind);
                self.push(" COLLATE \"C\")");
            }
            (Dialect::Postgres, Kind::DateTime | Kind::Json) => {
                self.sql.push('(');
                self.column(scope, name, kind);
                self.push(" COLLATE \"C\")");
            }
            (Dialect::Sqlite, Kind::Text) if element => {
                self.column(scope, name, kind);
                self.push(" COLLATE NOCASE");
            }
            _ => self.column(scope, name, kind),
        }
    }
}
