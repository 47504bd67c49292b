//! The tables that hold the rows of the entities: columns, indexes, uniqueness, links.
//! Must not know a database; whoever opens one maps these types.

use crate::catalog::Catalog;
use crate::entity::{Entity, EntityId, Field, Kind};
use std::collections::HashMap;
use std::sync::Arc;

/// The table of one stored entity, with the columns of every entity that shows its rows. `id` is
/// its integer key and not listed.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    pub name: Arc<str>,
    pub entity: EntityId,
    pub columns: Vec<Column>,
    /// Columns to index, one by one.
    pub indexes: Vec<Arc<str>>,
    /// Sets of columns to index together.
    pub joint: Vec<Vec<Arc<str>>>,
    /// Those of both in which rows without a value in the last column do not stand.
    pub sparse: Vec<Vec<Arc<str>>>,
    /// Sets of columns that no two rows may share.
    pub unique: Vec<Vec<Arc<str>>>,
    /// Columns that hold the id of a row of another entity.
    pub links: Vec<(Arc<str>, EntityId)>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    pub name: Arc<str>,
    pub holds: Holds,
}

/// What a column holds at rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Holds {
    Integer,
    Number,
    Boolean,
    Text,
    /// ISO 8601 text.
    DateTime,
    /// JSON text.
    Json,
}

/// Columns every table has beside its fields, and what they hold.
///
/// Who made and last changed the row and when; the location its visibility hangs on; the values of
/// custom fields, as an object of their captions.
pub const STANDING: [(&str, Holds); 6] = [
    ("entered_by", Holds::Text),
    ("date_entered", Holds::DateTime),
    ("updated_by", Holds::Text),
    ("last_updated", Holds::DateTime),
    ("scope_id", Holds::Integer),
    ("extra", Holds::Json),
];

impl Kind {
    /// How a value of this kind rests.
    pub fn holds(&self) -> Holds {
        match self {
            Kind::Integer | Kind::Reference(_) => Holds::Integer,
            Kind::Number => Holds::Number,
            Kind::Boolean => Holds::Boolean,
            Kind::Text | Kind::Uuid => Holds::Text,
            Kind::DateTime | Kind::Date => Holds::DateTime,
            Kind::References(_) | Kind::List(_) | Kind::Embedded { .. } | Kind::Any => Holds::Json,
        }
    }
}

impl Catalog {
    /// Every table, in the order of the entities that keep them.
    pub fn tables(&self) -> Vec<Table> {
        let mut tables: Vec<Builder> = Vec::new();
        let mut of: HashMap<EntityId, usize> = HashMap::new();
        for entity in self
            .entities
            .iter()
            .filter(|e| e.stored && e.stored_in.is_none())
        {
            of.insert(entity.id, tables.len());
            tables.push(Builder::new(entity));
        }
        for entity in &self.entities {
            if let Some(table) = of.get(&self.home(entity.id).id) {
                tables[*table].add(entity);
            }
        }
        tables.into_iter().map(Builder::finish).collect()
    }
}

struct Builder {
    table: Table,
    known: HashMap<Arc<str>, Holds>,
}

impl Builder {
    fn new(entity: &Entity) -> Self {
        let table = Table {
            name: entity.table.clone(),
            entity: entity.id,
            columns: Vec::new(),
            indexes: Vec::new(),
            joint: Vec::new(),
            sparse: Vec::new(),
            unique: Vec::new(),
            links: Vec::new(),
        };
        Self {
            table,
            known: HashMap::new(),
        }
    }

    fn column(&mut self, name: &Arc<str>, holds: Holds) {
        if &**name != "id" && !self.known.contains_key(name) {
            self.known.insert(name.clone(), holds);
            self.table.columns.push(Column {
                name: name.clone(),
                holds,
            });
        }
    }

    fn index(&mut self, column: &Arc<str>) {
        if !self.table.indexes.contains(column) {
            self.table.indexes.push(column.clone());
        }
    }

    fn add(&mut self, entity: &Entity) {
        for field in entity.every_field() {
            self.column(&field.column, field.kind.holds());
            if field.indexed {
                self.index(&field.column);
            }
            if let (Some(target), Holds::Integer) = (field.target(), field.kind.holds()) {
                let link = (field.column.clone(), target);
                if !self.table.links.contains(&link) {
                    self.table.links.push(link);
                }
            }
        }
        for parent in &entity.parents {
            if parent.field.is_none() {
                self.column(&parent.column, Holds::Integer);
                if let Some(target) = parent.entity {
                    let link = (parent.column.clone(), target);
                    if !self.table.links.contains(&link) {
                        self.table.links.push(link);
                    }
                }
            }
            self.index(&parent.column);
        }
        if entity
            .ownership
            .fields
            .iter()
            .any(|field| field == "enteredBy")
        {
            self.index(&Arc::from("entered_by"));
        }
        // Whoever sees own rows alone looks for them by these.
        if let Some(served) = &entity.served {
            for field in served
                .rows
                .mine
                .iter()
                .chain(&served.rows.own)
                .chain(&served.rows.territory)
            {
                self.index(&entity.fields[*field].column);
            }
        }
        sets(entity, &entity.unique, &mut self.table.unique);
        sets(entity, &entity.indexes, &mut self.table.joint);
        sets(entity, &entity.sparse, &mut self.table.sparse);
    }

    fn finish(mut self) -> Table {
        for (name, holds) in STANDING {
            self.column(&Arc::from(name), holds);
        }
        self.table
    }
}

/// Adds sets of fields as sets of columns.
fn sets(entity: &Entity, named: &[Vec<String>], into: &mut Vec<Vec<Arc<str>>>) {
    for names in named {
        let columns: Vec<Arc<str>> = names
            .iter()
            .filter_map(|name| column(entity, name))
            .collect();
        if columns.len() == names.len() && !into.contains(&columns) {
            into.push(columns);
        }
    }
}

/// The column of a field, or of the parent that a placeholder names.
fn column(entity: &Entity, name: &str) -> Option<Arc<str>> {
    let field: Option<&Field> = entity.any_field(name);
    match field {
        Some(field) => Some(field.column.clone()),
        None => entity.parent(name).map(|parent| parent.column.clone()),
    }
}
