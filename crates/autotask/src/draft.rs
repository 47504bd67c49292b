//! A record on its way to rest, as saving and rules see it.

use bitting_catalog::entity::Entity;
use bitting_psa::row::Row;
use bitting_query::Value;

/// A record on its way to rest.
pub struct Draft<'a> {
    pub entity: &'a Entity,
    pub row: Row,
    pub before: Option<Row>,
    /// Fields the caller gave, by index.
    pub given: Vec<usize>,
    /// What the caller leaves out is emptied.
    pub whole: bool,
    /// What is wrong so far; told together.
    pub errors: Vec<String>,
}

impl Draft<'_> {
    /// The column of a field, where the entity has it.
    pub fn column(&self, name: &str) -> Option<&str> {
        let field = self.entity.fields.iter().find(|field| *field.name == *name);
        field.map(|field| &*field.column)
    }

    pub fn integer(&self, name: &str) -> Option<i64> {
        self.row.integer(self.column(name)?)
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.row.text(self.column(name)?)
    }

    pub fn number(&self, name: &str) -> Option<f64> {
        self.row.number(self.column(name)?)
    }

    pub fn flag(&self, name: &str) -> bool {
        self.column(name)
            .is_some_and(|column| self.row.flag(column))
    }

    /// Whether the caller has given a field.
    pub fn gives(&self, name: &str) -> bool {
        self.given
            .iter()
            .any(|index| *self.entity.fields[*index].name == *name)
    }

    /// Whether a field has another value than before, or a value where the record is new.
    pub fn changes(&self, name: &str) -> bool {
        let Some(column) = self.column(name) else {
            return false;
        };
        let before = self.before.as_ref().map(|before| before.get(column));
        before.unwrap_or(&Value::Null) != self.row.get(column)
    }

    /// Sets a field; a name that the entity lacks is passed over.
    pub fn set(&mut self, name: &str, value: Value) {
        if let Some(column) = self.column(name).map(str::to_owned) {
            self.row.set(&column, value);
        }
    }

    /// Passes over what the caller has given for a field.
    pub fn ignore(&mut self, name: &str) {
        let Some(column) = self.column(name).map(str::to_owned) else {
            return;
        };
        let before = self.before.as_ref();
        let value = before.map_or(Value::Null, |before| before.get(&column).clone());
        self.row.set(&column, value);
        let fields = &self.entity.fields;
        self.given.retain(|index| *fields[*index].name != *name);
    }

    /// Sets the field of what the path hangs the record under; another id that was said for it is an error.
    pub fn hang(&mut self, index: usize, parent: i64) {
        let field = &self.entity.fields[index];
        // Typed clients send 0 for what they do not say.
        let said = self.row.integer(&field.column).filter(|said| *said != 0);
        if let Some(said) = said.filter(|said| *said != parent) {
            self.errors.push(format!(
                "The value {said} of {} is not {parent}, the id in the path.",
                field.name
            ));
        }
        self.row.set(&field.column, Value::Integer(parent));
    }

    /// Sets a field that is still null.
    pub fn default(&mut self, name: &str, value: Value) {
        if self
            .column(name)
            .is_some_and(|column| self.row.is_null(column))
        {
            self.set(name, value);
        }
    }
}
