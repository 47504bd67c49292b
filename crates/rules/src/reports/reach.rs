//! A path in a report's file, followed through the catalog: which references it goes by and which column it
//! ends at. Knows no rows.

use super::definition::Tells;
use bitting_catalog::Catalog;
use bitting_catalog::entity::{Entity, EntityId, GuardedBy, Kind as FieldKind};
use bitting_dialects::connectwise::layout::{DATE_ENTERED, ENTERED_BY, LAST_UPDATED, UPDATED_BY};
use bitting_query::{Kind, Link, Path};
use std::sync::Arc;

/// Where a path leads.
#[derive(Debug, Clone, PartialEq)]
pub struct Reach {
    pub hops: Vec<Hop>,
    pub column: Arc<str>,
    pub kind: Kind,
    /// The field is one that a price or cost block hides.
    pub price: bool,
    pub cost: bool,
}

/// One reference followed.
#[derive(Debug, Clone, PartialEq)]
pub struct Hop {
    pub column: Arc<str>,
    pub target: EntityId,
}

impl Reach {
    /// Follows a path from an entity; the error names the part that leads nowhere.
    pub fn find(catalog: &Catalog, from: &Entity, path: &str) -> Result<Self, String> {
        let segments: Vec<&str> = path.split('/').collect();
        let mut entity = from;
        let mut hops = Vec::new();
        for (index, segment) in segments.iter().enumerate() {
            let last = index + 1 == segments.len();
            if last && *segment == "id" {
                return Ok(Self::id(hops));
            }
            match (hop(entity, segment), last) {
                (Some(hop), _) => {
                    entity = catalog.entity(hop.target);
                    hops.push(hop);
                    if last {
                        return Ok(Self::id(hops));
                    }
                }
                (None, true) => {
                    let (column, kind) = end(entity, segment)
                        .ok_or_else(|| format!("{} has no {segment}", entity.path))?;
                    let guarded = |by: &GuardedBy| {
                        entity.guarded.iter().any(|guard| {
                            guard.by == *by && guard.fields.iter().any(|name| **name == **segment)
                        })
                    };
                    return Ok(Self {
                        hops,
                        column,
                        kind,
                        price: guarded(&GuardedBy::Price),
                        cost: guarded(&GuardedBy::Cost),
                    });
                }
                (None, false) => {
                    return Err(format!("{} refers to nothing by {segment}", entity.path));
                }
            }
        }
        Err("the path is empty".to_owned())
    }

    /// The id of what the last hop leads to stands in the row before it.
    fn id(mut hops: Vec<Hop>) -> Self {
        let column = hops.pop().map_or_else(|| Arc::from("id"), |hop| hop.column);
        Self {
            hops,
            column,
            kind: Kind::Integer,
            price: false,
            cost: false,
        }
    }

    /// A value that stands in the row in hand, under this name.
    pub fn own(column: &str, kind: Kind) -> Self {
        Self {
            hops: Vec::new(),
            column: Arc::from(column),
            kind,
            price: false,
            cost: false,
        }
    }

    /// What the field gives away.
    pub fn tells(&self) -> Tells {
        match (self.price, self.cost) {
            (true, true) => Tells::Both,
            (true, false) => Tells::Price,
            (false, true) => Tells::Cost,
            (false, false) => Tells::Nothing,
        }
    }

    /// The path as the database follows it.
    pub fn path(&self, catalog: &Catalog) -> Path {
        let through = self.hops.iter().map(|hop| Link {
            column: hop.column.clone(),
            table: catalog.entity(hop.target).table.clone(),
        });
        Path {
            through: through.collect(),
            column: self.column.clone(),
            kind: self.kind,
        }
    }
}

fn hop(entity: &Entity, name: &str) -> Option<Hop> {
    if let Some(field) = entity.any_field(name) {
        let target = match &field.kind {
            FieldKind::Reference(reference) => reference.target,
            _ => field.id_of,
        };
        return target.map(|target| Hop {
            column: field.column.clone(),
            target,
        });
    }
    // The record's own parent goes by `parent`, whatever the path calls it.
    let parent = match name {
        "parent" => entity.parents.last()?,
        name => entity.parent(name)?,
    };
    Some(Hop {
        column: parent.column.clone(),
        target: parent.entity?,
    })
}

fn end(entity: &Entity, name: &str) -> Option<(Arc<str>, Kind)> {
    if let Some(field) = entity.any_field(name) {
        return Some((field.column.clone(), bitting_psa::shape::kind(field)));
    }
    let (column, kind) = match name {
        "enteredBy" => (ENTERED_BY, Kind::Text),
        "dateEntered" => (DATE_ENTERED, Kind::DateTime),
        "updatedBy" => (UPDATED_BY, Kind::Text),
        "lastUpdated" => (LAST_UPDATED, Kind::DateTime),
        _ => return None,
    };
    Some((Arc::from(column), kind))
}
