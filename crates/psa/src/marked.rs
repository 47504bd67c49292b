//! References that fill themselves: those whose setup table marks a default row.

use bitting_catalog::Catalog;
use bitting_catalog::entity::{Entity, EntityId, Field, Kind as FieldKind};
use bitting_policy::Needs;
use std::sync::Arc;

/// A reference whose setup table marks a default.
#[derive(Debug)]
pub struct Marked {
    pub field: usize,
    pub target: EntityId,
    /// The column of the mark.
    pub flag: Arc<str>,
}

impl Marked {
    /// Those of an entity that callers or rules may fill.
    pub fn of(catalog: &Catalog, entity: &Entity) -> Box<[Self]> {
        let marked = |(field, of): (usize, &Field)| {
            let FieldKind::Reference(reference) = &of.kind else {
                return None;
            };
            let target = reference.target.filter(|_| !of.read_only)?;
            let flag = mark(catalog.entity(target)).filter(|_| target != entity.id)?;
            Some(Self {
                field,
                target,
                flag: flag.column.clone(),
            })
        };
        let fields = entity.fields.iter().enumerate();
        fields.filter_map(marked).collect()
    }
}

/// The field that marks the default row of a setup table. Only those mark one; a contact's flag says something
/// else.
pub fn mark(entity: &Entity) -> Option<&Field> {
    let marks = |field: &&Field| ["defaultFlag", "overallDefaultFlag"].contains(&&*field.name);
    let table = matches!(entity.right.needs, Needs::Table(_)) && entity.stored;
    entity.fields.iter().find(marks).filter(|_| table)
}
