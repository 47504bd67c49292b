//! A filter as a condition. Negation is carried down to the single tests, so that a plain test
//! stays plain (an index serves it) and only a negated one is closed against SQL's third truth
//! value by `IS NOT TRUE`. Knows no plan.

use super::Dialect;
use super::packed::packed;
use super::writer::{Scope, Writer};
use crate::eval::fits;
use crate::filter::{Comparison, Filter, Kind, Link, Path, Pattern, Value};
use crate::pattern;

/// From this many values on, a list is one parameter.
const PACKED: usize = 9;
/// SQLite refuses expressions nested deeper than 1000 and nests a chain of ANDs as deep as it is
/// long; longer chains than this are written as a balanced tree.
const CHAIN: usize = 64;
/// Longest text in bytes that LIKE is given; SQLite refuses patterns from 50,000 on.
const LIKE_LIMIT: usize = 20_000;

impl Writer {
    /// Writes a condition that is true exactly where the filter holds (`truth`) or does not
    /// (`!truth`); elsewhere it may be false or null.
    pub fn condition(&mut self, scope: Scope, filter: &Filter, truth: bool) {
        match filter {
            Filter::Constant(value) => self.constant(*value == truth),
            Filter::And(parts) => self.chain(scope, parts, truth, truth),
            Filter::Or(parts) => self.chain(scope, parts, truth, !truth),
            Filter::Not(inner) => self.condition(scope, inner, !truth),
            Filter::Compare { path, op, value } => self.compare(scope, path, *op, value, truth),
            Filter::OneOf { path, values } => self.one_of(scope, path, values, truth),
            Filter::Contains { path, text } => self.contains(scope, path, text, false, truth),
            Filter::HasWord { path, word } => self.contains(scope, path, word, true, truth),
            Filter::Like { path, pattern } => self.like(scope, path, pattern, truth),
            Filter::IsNull { path } => self.is_null(scope, path, truth),
            Filter::Any { of, filter } => self.any(scope, of, filter, truth),
            Filter::Behind { link, filter } => self.behind(scope, link, filter, truth),
            Filter::InIndex { table, key } => self.in_index(scope, table, &[*key], truth),
            Filter::InRuns { table, keys } => self.in_index(scope, table, keys, truth),
        }
    }

    pub fn constant(&mut self, value: bool) {
        self.push(if value { "TRUE" } else { "FALSE" });
    }

    /// `all`: joined by AND.
    fn chain(&mut self, scope: Scope, parts: &[Filter], truth: bool, all: bool) {
        match parts {
            [] => self.constant(all),
            [part] => self.condition(scope, part, truth),
            _ => {
                self.sql.push('(');
                if parts.len() > CHAIN {
                    let (first, second) = parts.split_at(parts.len() / 2);
                    self.chain(scope, first, truth, all);
                    self.push(if all { " AND " } else { " OR " });
                    self.chain(scope, second, truth, all);
                } else {
                    for (number, part) in parts.iter().enumerate() {
                        if number > 0 {
                            self.push(if all { " AND " } else { " OR " });
                        }
                        self.condition(scope, part, truth);
                    }
                }
                self.sql.push(')');
            }
        }
    }

    /// One test on the column at the end of a path. The test must not hold for null.
    fn test(
        &mut self,
        scope: Scope,
        path: &Path,
        truth: bool,
        test: impl FnOnce(&mut Self, Scope),
    ) {
        if !truth {
            self.sql.push('(');
        }
        let mut at = scope;
        for link in &path.through {
            at = self.follow(at, link);
        }
        test(self, at);
        for _ in &path.through {
            self.arrive();
        }
        if !truth {
            self.push(") IS NOT TRUE");
        }
    }

    fn behind(&mut self, scope: Scope, link: &Link, filter: &Filter, truth: bool) {
        if !truth {
            self.sql.push('(');
        }
        let there = self.follow(scope, link);
        self.condition(there, filter, true);
        self.arrive();
        if !truth {
            self.push(") IS NOT TRUE");
        }
    }

    /// Opens the test of a row that a reference points to; `arrive` closes it.
    fn follow(&mut self, scope: Scope, link: &Link) -> Scope {
        if self.correlated {
            let alias = self.alias();
            self.push("(SELECT 1 FROM ");
            self.table(&link.table, alias);
            self.push(" WHERE ");
            self.column(Scope::Row(alias), "id", Kind::Integer);
            self.push(" = ");
            self.column(scope, &link.column, Kind::Integer);
            self.push(" AND ");
            return Scope::Row(alias);
        }
        self.guard(scope);
        self.column(scope, &link.column, Kind::Integer);
        self.push(" IN (SELECT ");
        let alias = self.alias();
        self.write_alias(alias);
        self.push(".\"id\" FROM ");
        self.table(&link.table, alias);
        self.push(" WHERE ");
        Scope::Row(alias)
    }

    fn arrive(&mut self) {
        self.push(if self.correlated { ") = 1" } else { ")" });
    }

    fn guard(&mut self, scope: Scope) {
        if self.guarded && scope == self.of {
            self.sql.push('+');
        }
    }

    fn compare(&mut self, scope: Scope, path: &Path, op: Comparison, value: &Value, truth: bool) {
        let sign = match op {
            Comparison::NotEqual => {
                return self.compare(scope, path, Comparison::Equal, value, !truth);
            }
            Comparison::Equal if *value == Value::Null => return self.is_null(scope, path, truth),
            Comparison::Equal => " = ",
            Comparison::Less => " < ",
            Comparison::LessOrEqual => " <= ",
            Comparison::Greater => " > ",
            Comparison::GreaterOrEqual => " >= ",
        };
        if !fits(path.kind, value) {
            return self.constant(!truth);
        }
        self.test(scope, path, truth, |writer, at| {
            writer.hide(at, &path.column);
            writer.comparable(at, &path.column, path.kind);
            writer.push(sign);
            writer.value(path.kind, value);
        });
    }

    /// A literal that fits its kind.
    fn value(&mut self, kind: Kind, value: &Value) {
        match value {
            // There are but two, so that the text differs little, and PostgreSQL can use partial indexes.
            Value::Boolean(value) if self.sqlite() => self.push(if *value { "1" } else { "0" }),
            Value::Boolean(value) => self.constant(*value),
            Value::Text(text) if kind == Kind::Text && !self.sqlite() => {
                self.param(Value::Text(text.to_ascii_lowercase()));
            }
            value => self.param(value.clone()),
        }
    }

    fn one_of(&mut self, scope: Scope, path: &Path, values: &[Value], truth: bool) {
        let fitting = values.iter().filter(|value| fits(path.kind, value)).count();
        let null = values.contains(&Value::Null);
        match (fitting, null) {
            (0, false) => return self.constant(!truth),
            (0, true) => return self.is_null(scope, path, truth),
            _ => {}
        }
        if null {
            self.sql.push('(');
        }
        self.test(scope, path, truth, |writer, at| {
            writer.list(at, path, values, fitting);
        });
        if null {
            self.push(if truth { " OR " } else { " AND " });
            self.is_null(scope, path, truth);
            self.sql.push(')');
        }
    }

    fn list(&mut self, at: Scope, path: &Path, values: &[Value], fitting: usize) {
        let kind = path.kind;
        let values = values.iter().filter(move |value| fits(kind, value));
        if fitting > 1 {
            self.guard(at);
        } else {
            self.hide(at, &path.column);
        }
        self.comparable(at, &path.column, kind);
        if fitting == 1 {
            self.push(" = ");
            values.for_each(|value| self.value(kind, value));
        } else if fitting < PACKED || kind == Kind::Boolean {
            self.push(" IN (");
            for (number, value) in values.enumerate() {
                if number > 0 {
                    self.push(", ");
                }
                self.value(kind, value);
            }
            self.sql.push(')');
        } else if self.sqlite() {
            self.push(" IN (SELECT value FROM json_each(");
            self.param(Value::Text(packed(values, '[', ']', false)));
            self.push("))");
        } else {
            let whole = values
                .clone()
                .all(|value| matches!(value, Value::Integer(_)));
            self.push(" = ANY(");
            self.param(Value::Text(packed(values, '{', '}', kind == Kind::Text)));
            self.push(match kind {
                Kind::Text | Kind::DateTime => "::text[])",
                _ if whole => "::int8[])",
                _ => "::float8[])",
            });
        }
    }

    fn is_null(&mut self, scope: Scope, path: &Path, truth: bool) {
        if path.through.is_empty() {
            self.column(scope, &path.column, path.kind);
            self.push(if truth { " IS NULL" } else { " IS NOT NULL" });
        } else {
            self.test(scope, path, !truth, |writer, at| {
                writer.column(at, &path.column, path.kind);
                writer.push(" IS NOT NULL");
            });
        }
    }

    /// `word`: the text stands between separators.
    fn contains(&mut self, scope: Scope, path: &Path, text: &str, word: bool, truth: bool) {
        if !has_text(path.kind) || text.contains('\0') {
            return self.constant(!truth);
        }
        let separator = if word { ", " } else { "" };
        self.test(scope, path, truth, |writer, at| match writer.dialect {
            Dialect::Sqlite if text.len() <= LIKE_LIMIT => {
                let mut like = String::with_capacity(text.len() + 6);
                like.push('%');
                like.push_str(separator);
                pattern::escape_like(text, &mut like);
                like.push_str(separator);
                like.push('%');
                writer.separated(at, path, word);
                writer.push(" LIKE ");
                writer.param(Value::Text(like));
                writer.push(" ESCAPE '\\'");
            }
            dialect => {
                writer.push(if dialect == Dialect::Sqlite {
                    "instr(lower("
                } else {
                    "strpos(lower("
                });
                writer.separated(at, path, word);
                writer.push(if dialect == Dialect::Sqlite {
                    "), "
                } else {
                    " COLLATE \"C\"), "
                });
                let mut part = String::with_capacity(text.len() + 4);
                part.push_str(separator);
                part.push_str(&text.to_ascii_lowercase());
                part.push_str(separator);
                writer.param(Value::Text(part));
                writer.push(") > 0");
            }
        });
    }

    fn separated(&mut self, at: Scope, path: &Path, word: bool) {
        if word {
            self.push("(', ' || ");
        }
        self.text(at, path);
        if word {
            self.push(" || ', ')");
        }
    }

    /// What a pattern looks at: the column itself, or the digits of an integer.
    fn text(&mut self, at: Scope, path: &Path) {
        if path.kind != Kind::Integer {
            return self.column(at, &path.column, path.kind);
        }
        // An element of a JSON array may hold a number that is none.
        let (whole, then) = if self.sqlite() {
            (") = 'integer'", " AS TEXT) END)")
        } else {
            ("::text ~ '^-?[0-9]+$'", "::text END)")
        };
        self.push(if self.sqlite() {
            "(CASE WHEN typeof("
        } else {
            "(CASE WHEN "
        });
        self.column(at, &path.column, path.kind);
        self.push(whole);
        self.push(if self.sqlite() {
            " THEN CAST("
        } else {
            " THEN "
        });
        self.column(at, &path.column, path.kind);
        self.push(then);
    }

    fn like(&mut self, scope: Scope, path: &Path, pattern: &Pattern, truth: bool) {
        if !has_text(path.kind) || !pattern::usable(pattern) {
            return self.constant(!truth);
        }
        let class = pattern::has_class(pattern);
        self.test(scope, path, truth, |writer, at| {
            let sqlite = writer.sqlite();
            // SQLite's LIKE ignores ASCII letter case by itself; nothing else does.
            let lower = class || !sqlite;
            if lower {
                writer.push("lower(");
            }
            writer.text(at, path);
            if !sqlite {
                writer.push(" COLLATE \"C\"");
            }
            if lower {
                writer.sql.push(')');
            }
            writer.push(match (class, sqlite) {
                (false, _) => " LIKE ",
                (true, true) => " GLOB ",
                (true, false) => " ~ ",
            });
            writer.param(Value::Text(match (class, sqlite) {
                (false, _) => pattern::like(pattern),
                (true, true) => pattern::glob(pattern),
                (true, false) => pattern::regex(pattern),
            }));
            if !class {
                writer.push(" ESCAPE '\\'");
            }
        });
    }

    fn in_index(&mut self, scope: Scope, table: &str, keys: &[i64], truth: bool) {
        let Scope::Row(_) = scope else {
            return self.constant(!truth);
        };
        if self.guarded {
            // One look-up for each row, instead of all the pairs of the key first.
            self.push(if truth {
                "(SELECT 1 FROM "
            } else {
                "NOT EXISTS (SELECT 1 FROM "
            });
            let alias = self.alias();
            self.table(table, alias);
            self.push(" WHERE ");
            self.write_alias(alias);
            self.push(".\"key\"");
            self.keys(keys);
            self.push(" AND ");
            self.write_alias(alias);
            self.push(".\"id\" = ");
            self.column(scope, "id", Kind::Integer);
            self.push(if truth { ") = 1" } else { ")" });
            return;
        }
        // An id is never null, nor is one in a pair table.
        self.column(scope, "id", Kind::Integer);
        self.push(if truth {
            " IN (SELECT "
        } else {
            " NOT IN (SELECT "
        });
        let alias = self.alias();
        self.write_alias(alias);
        self.push(".\"id\" FROM ");
        self.table(table, alias);
        self.push(" WHERE ");
        self.write_alias(alias);
        self.push(".\"key\"");
        self.keys(keys);
        self.sql.push(')');
    }

    /// What follows a pair table's key: that it is one of these.
    pub fn keys(&mut self, keys: &[i64]) {
        if let [key] = keys {
            self.push(" = ");
            return self.param(Value::Integer(*key));
        }
        self.push(" IN (");
        for (number, key) in keys.iter().enumerate() {
            if number > 0 {
                self.push(", ");
            }
            self.param(Value::Integer(*key));
        }
        self.push(")");
    }
}

/// Whether patterns and words can hold for values of this kind.
fn has_text(kind: Kind) -> bool {
    matches!(kind, Kind::Text | Kind::DateTime | Kind::Integer)
}
