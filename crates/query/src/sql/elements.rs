//! Conditions on some element of a JSON array or some row of a child table. Knows no plan.

use super::Dialect;
use super::writer::{Scope, Writer};
use crate::filter::{Comparison, Elements, Filter, Kind, Value};

impl Writer {
    pub fn any(&mut self, scope: Scope, of: &Elements, filter: &Filter, truth: bool) {
        let alias = self.alias();
        if let Elements::Children { table, column } = of {
            let Scope::Row(_) = scope else {
                return self.constant(!truth);
            };
            // With an exact text asked for, the children are the way in; else each row looks for its own.
            if self.sqlite() && names_text(filter) {
                self.push(if truth { "" } else { "(" });
                self.column(scope, "id", Kind::Integer);
                self.push(" IN (SELECT ");
                self.column(Scope::Row(alias), column, Kind::Integer);
                self.push(" FROM ");
                self.table(table, alias);
                self.push(" WHERE ");
                self.condition(Scope::Row(alias), filter, true);
                self.push(if truth { ")" } else { ")) IS NOT TRUE" });
                return;
            }
            self.push(if truth {
                "EXISTS (SELECT 1 FROM "
            } else {
                "NOT EXISTS (SELECT 1 FROM "
            });
            self.table(table, alias);
            self.push(" WHERE ");
            self.column(Scope::Row(alias), column, Kind::Integer);
            self.push(" = ");
            self.column(scope, "id", Kind::Integer);
            self.push(" AND ");
            self.condition(Scope::Row(alias), filter, true);
            self.sql.push(')');
            return;
        }
        let (column, objects) = match of {
            Elements::Json { column } => (column, true),
            Elements::JsonValues { column } | Elements::Children { column, .. } => (column, false),
        };
        self.push(if truth {
            "EXISTS (SELECT 1 FROM "
        } else {
            "NOT EXISTS (SELECT 1 FROM "
        });
        self.array(scope, column);
        self.push(" AS ");
        self.write_alias(alias);
        // CASE keeps its order, AND does not: members are only asked of objects.
        match (objects, self.dialect) {
            (true, Dialect::Sqlite) => {
                self.push(" WHERE CASE WHEN ");
                self.write_alias(alias);
                self.push(".type = 'object' THEN ");
            }
            (true, Dialect::Postgres) => {
                self.push("(value) WHERE CASE WHEN jsonb_typeof(");
                self.write_alias(alias);
                self.push(".value) = 'object' THEN ");
            }
            (false, Dialect::Sqlite) => self.push(" WHERE "),
            (false, Dialect::Postgres) => self.push("(value) WHERE "),
        }
        let element = if objects {
            Scope::Object(alias)
        } else {
            Scope::Plain(alias)
        };
        self.condition(element, filter, true);
        self.push(if objects { " END)" } else { ")" });
    }

    /// The elements of a JSON column; none where it holds no array.
    fn array(&mut self, scope: Scope, column: &str) {
        if self.sqlite() {
            self.push("json_each(CASE WHEN json_valid(");
            self.column(scope, column, Kind::Json);
            self.push(") THEN CASE json_type(");
            self.column(scope, column, Kind::Json);
            self.push(") WHEN 'array' THEN ");
            self.column(scope, column, Kind::Json);
            self.push(" END END)");
        } else {
            self.push("jsonb_array_elements(CASE WHEN left(ltrim(");
            self.column(scope, column, Kind::Json);
            self.push("), 1) = '[' THEN ");
            self.column(scope, column, Kind::Json);
            self.push("::jsonb ELSE '[]'::jsonb END)");
        }
    }
}

fn names_text(filter: &Filter) -> bool {
    match filter {
        Filter::And(parts) => parts.iter().any(names_text),
        Filter::Compare {
            path,
            op: Comparison::Equal,
            value: Value::Text(_),
        } => path.through.is_empty(),
        _ => false,
    }
}
