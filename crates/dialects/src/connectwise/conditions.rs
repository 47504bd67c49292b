//! The conditions language of list requests: text to syntax tree to a filter over columns. Knows names
//! only through the catalog, and no SQL.
//!
//! ```text
//! expr  := and { OR and } ; and := term { AND term }                    keywords in any letter case
//! term  := '(' expr ')' | NOT '(' expr ')' | path [NOT] op value | path [NOT] IN '(' value {',' value} ')'
//! op    := = | != | < | <= | > | >= | contains | like
//! path  := name { '/' name }                                            names in any letter case
//! value := "text" | 'text' | number | True | False | null | [date-time] | date-time without brackets
//! ```
//! AND binds closer than OR. Inside quotes a quote is doubled or follows a backslash, and a backslash may be
//! doubled. `NOT ( … )` goes beyond what the vendor documents.

pub mod custom;
pub mod elements;
pub mod lexer;
pub mod literal;
pub mod parser;
pub mod paths;
pub mod pattern;
pub mod print;
pub mod resolve;
pub mod tree;

use super::error::ApiError;
use super::names::Names;
use bitting_catalog::entity::{EntityId, Release};
use bitting_query::{Filter, Path};

/// Longest text read, in bytes. A URL holds no more.
pub const MAX_LENGTH: usize = 64 * 1024;
/// Parentheses within parentheses.
pub const MAX_DEPTH: usize = 64;
/// Comparisons in one text. Databases bound the depth of an expression, and nobody writes this many.
pub const MAX_TERMS: usize = 500;
/// Values in one IN list or, together, in one text.
pub const MAX_VALUES: usize = 10_000;

/// A filter, and what it looks at: a filter on a field shows its value, so whoever may not read the field
/// must not filter by it either.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    pub filter: Filter,
    pub used: Used,
}

/// Fields that a filter or an order looks at. Each is named once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Used {
    /// Indexes into the entity's own fields. Hidden columns (`lastUpdated`) are not among them.
    pub fields: Vec<usize>,
    /// Fields of other entities reached through references, other than those the reference itself shows.
    pub beyond: Vec<(EntityId, usize)>,
    /// Child collections looked into.
    pub children: Vec<EntityId>,
    /// Paths through references that lead to more than these show: for each reference whose row is looked
    /// into, the entity of that row.
    pub followed: Vec<(Path, Vec<Option<EntityId>>)>,
}

impl Used {
    pub(crate) fn field(&mut self, index: usize) {
        if !self.fields.contains(&index) {
            self.fields.push(index);
        }
    }

    pub(crate) fn beyond(&mut self, entity: EntityId, index: usize) {
        if !self.beyond.contains(&(entity, index)) {
            self.beyond.push((entity, index));
        }
    }

    pub(crate) fn follow(&mut self, path: &Path, looked: Vec<Option<EntityId>>) {
        let new = || {
            !self
                .followed
                .iter()
                .any(|(other, at)| other == path && *at == looked)
        };
        if looked.iter().any(Option::is_some) && new() {
            self.followed.push((path.clone(), looked));
        }
    }

    /// Entities of rows that references lead to, and that are looked into beyond what the references show.
    pub fn entities(&self) -> Vec<EntityId> {
        let followed = self.followed.iter().flat_map(|(_, looked)| looked.iter());
        let mut all: Vec<EntityId> = self.beyond.iter().map(|(entity, _)| *entity).collect();
        all.extend(followed.copied().flatten());
        all.sort_unstable();
        all.dedup();
        all
    }

    pub(crate) fn child(&mut self, entity: EntityId) {
        if !self.children.contains(&entity) {
            self.children.push(entity);
        }
    }
}

/// Reads `conditions` for an entity. Blank text keeps every row.
pub fn conditions(
    text: &str,
    names: &dyn Names,
    entity: EntityId,
    release: Release,
) -> Result<Resolved, ApiError> {
    match parser::parse(text)? {
        None => Ok(Resolved {
            filter: Filter::Constant(true),
            used: Used::default(),
        }),
        Some(tree) => resolve::Resolver::new(names, release).rows(&tree, entity),
    }
}

/// Reads `childConditions`: paths start at an array of the record, and all that is said of one array has to
/// hold for one of its elements.
pub fn child_conditions(
    text: &str,
    names: &dyn Names,
    entity: EntityId,
    release: Release,
) -> Result<Resolved, ApiError> {
    match parser::parse(text)? {
        None => Ok(Resolved {
            filter: Filter::Constant(true),
            used: Used::default(),
        }),
        Some(tree) => resolve::Resolver::new(names, release).elements(&tree, entity),
    }
}

/// Reads `customFieldConditions`: pairs of `caption` and `value` over the custom fields of a record.
/// `captions` are the fields defined for it: (id, caption).
pub fn custom_field_conditions(text: &str, captions: &[(i64, &str)]) -> Result<Filter, ApiError> {
    match parser::parse(text)? {
        None => Ok(Filter::Constant(true)),
        Some(tree) => custom::resolve(&tree, captions),
    }
}
