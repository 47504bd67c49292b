//! A record on its way to rest: what the caller gave, what rules add, and what is checked before a write.

use crate::row::Row;
use bitting_catalog::entity::{Entity, Field};
use bitting_dialects::connectwise::error::FieldError;
use bitting_query::Value;
use bitting_store::table::Change;
use std::sync::Arc;

/// A record being created or changed.
#[derive(Debug)]
pub struct Draft<'a> {
    pub entity: &'a Entity,
    pub row: Row,
    /// The row at rest, for a change.
    pub before: Option<Row>,
    /// Fields that the caller gave, also as null.
    pub given: Vec<usize>,
    /// Further changes that stand or fall with the record.
    pub also: Vec<Change>,
    /// What is wrong so far; reported together.
    pub errors: Vec<FieldError>,
    /// How errors name the record: `ticket`.
    pub resource: String,
}

impl<'a> Draft<'a> {
    /// A record to come.
    pub fn new(entity: &'a Entity, row: Row) -> Self {
        Self {
            entity,
            row,
            before: None,
            given: Vec::new(),
            also: Vec::new(),
            errors: Vec::new(),
            resource: bitting_dialects::connectwise::names::resource(&entity.schema),
        }
    }

    /// A record at rest that is about to change.
    pub fn changing(entity: &'a Entity, row: Row) -> Self {
        Self {
            before: Some(row.clone()),
            ..Self::new(entity, row)
        }
    }

    pub fn field(&self, name: &str) -> Option<(usize, &'a Field)> {
        self.entity
            .fields
            .iter()
            .enumerate()
            .find(|(_, field)| *field.name == *name)
    }

    /// The column of a field, of a hidden one, or of the parent a placeholder names.
    pub fn column(&self, name: &str) -> Option<&'a str> {
        self.named(name).map(|column| &**column)
    }

    fn named(&self, name: &str) -> Option<&'a Arc<str>> {
        let field = self.entity.any_field(name).map(|field| &field.column);
        field.or_else(|| self.entity.parent(name).map(|parent| &parent.column))
    }

    pub fn is_new(&self) -> bool {
        self.before.is_none()
    }

    /// Whether the caller said anything about this field.
    pub fn gave(&self, name: &str) -> bool {
        self.field(name)
            .is_some_and(|(index, _)| self.given.contains(&index))
    }

    /// Whether a field's value differs from the one at rest; true for all of a new record.
    pub fn changed(&self, name: &str) -> bool {
        let Some(column) = self.column(name) else {
            return false;
        };
        self.before
            .as_ref()
            .is_none_or(|before| before.get(column) != self.row.get(column))
    }

    pub fn is_null(&self, name: &str) -> bool {
        self.column(name)
            .is_none_or(|column| self.row.is_null(column))
    }

    pub fn integer(&self, name: &str) -> Option<i64> {
        self.row.integer(self.column(name)?)
    }

    pub fn number(&self, name: &str) -> Option<f64> {
        self.row.number(self.column(name)?)
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.row.text(self.column(name)?)
    }

    pub fn flag(&self, name: &str) -> bool {
        self.column(name)
            .is_some_and(|column| self.row.flag(column))
    }

    /// Sets a field by name. A name that the entity lacks is passed over, so that one rule serves
    /// entities that share most of their fields.
    pub fn set(&mut self, name: &str, value: Value) {
        if let Some(column) = self.named(name) {
            self.row.set_named(column, value);
        }
    }

    /// Sets a field that is still null.
    pub fn default(&mut self, name: &str, value: Value) {
        if let Some(column) = self.named(name)
            && self.row.is_null(column)
        {
            self.row.set_named(column, value);
        }
    }
}
