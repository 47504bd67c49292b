//! A syntax tree to a filter over the rows of one entity. Knows the catalog through its names.

use super::super::error::ApiError;
use super::super::names::{self, Names};
use super::literal;
use super::paths::{Place, Walker, Way};
use super::tree::{Term, Tree};
use super::{Resolved, Used};
use bitting_catalog::entity::{Entity, EntityId, Release};
use bitting_query::{Elements, Filter};

/// Resolves trees, and notes what they look at.
pub struct Resolver<'a> {
    pub(crate) names: &'a dyn Names,
    pub(crate) release: Release,
    pub(crate) used: Used,
}

impl<'a> Resolver<'a> {
    pub fn new(names: &'a dyn Names, release: Release) -> Self {
        Self {
            names,
            release,
            used: Used::default(),
        }
    }

    /// A tree whose paths start at a row of the entity.
    pub fn rows(mut self, tree: &Tree, entity: EntityId) -> Result<Resolved, ApiError> {
        let entity = self.entity(entity)?;
        let filter = self.row(tree, entity)?;
        Ok(Resolved {
            filter,
            used: self.used,
        })
    }

    pub(crate) fn entity(&self, entity: EntityId) -> Result<&'a Entity, ApiError> {
        self.names.entity(entity).ok_or_else(ApiError::no_endpoint)
    }

    pub(crate) fn row(&mut self, tree: &Tree, entity: &'a Entity) -> Result<Filter, ApiError> {
        map(tree, &mut |term| self.term(term, entity))
    }

    fn term(&mut self, term: &Term, entity: &'a Entity) -> Result<Filter, ApiError> {
        let segments: Vec<&str> = term.path.split(['/', '.']).collect();
        let place = Walker {
            names: self.names,
            release: self.release,
            used: &mut self.used,
        }
        .row(entity, &segments);
        match place {
            Some(place) => literal::filter(term, place),
            None => self.linked(term, entity, &segments),
        }
    }

    /// A child collection that only links (its records are references) is named in the singular:
    /// `configuration/id = 5` keeps the tickets with that configuration among theirs. The plural is refused,
    /// as the vendor does.
    fn linked(
        &mut self,
        term: &Term,
        entity: &'a Entity,
        segments: &[&str],
    ) -> Result<Filter, ApiError> {
        let unknown = || ApiError::unknown_name(&term.path);
        let (first, rest) = segments.split_first().ok_or_else(unknown)?;
        let child = names::child(self.names, entity, &format!("{first}s"))
            .filter(|child| child.schema.ends_with("Reference"))
            .ok_or_else(unknown)?;
        let column = child
            .parents
            .last()
            .map(|parent| parent.column.clone())
            .ok_or_else(unknown)?;
        let place = self.child_place(child, rest).ok_or_else(unknown)?;
        self.used.child(child.id);
        let of = Elements::Children {
            table: child.table.clone(),
            column,
        };
        Ok(Filter::Any {
            of,
            filter: Box::new(literal::filter(term, place)?),
        })
    }

    /// A path from a row of a child collection. A row that only links goes by the record it links to, whose
    /// id its answers show as their own.
    pub(crate) fn child_place(
        &mut self,
        child: &'a Entity,
        segments: &[&str],
    ) -> Option<Place<'a>> {
        let mut inside = Used::default();
        let mut walker = Walker {
            names: self.names,
            release: self.release,
            used: &mut inside,
        };
        let linked = names::linked(child);
        let place = match linked {
            Some((reference, column)) => walker.link(reference, column, Way::default(), segments),
            None => walker.row(child, segments),
        };
        self.take(child.id, inside);
        place
    }

    /// Notes what was used of another entity's rows.
    pub(crate) fn take(&mut self, entity: EntityId, inside: Used) {
        for index in inside.fields {
            self.used.beyond(entity, index);
        }
        for (entity, index) in inside.beyond {
            self.used.beyond(entity, index);
        }
        for child in inside.children {
            self.used.child(child);
        }
        for (path, looked) in inside.followed {
            self.used.follow(&path, looked);
        }
    }
}

/// The tree's shape as a filter, each term by `term`.
pub(crate) fn map(
    tree: &Tree,
    term: &mut dyn FnMut(&Term) -> Result<Filter, ApiError>,
) -> Result<Filter, ApiError> {
    Ok(match tree {
        Tree::And(trees) => Filter::And(
            trees
                .iter()
                .map(|tree| map(tree, term))
                .collect::<Result<_, _>>()?,
        ),
        Tree::Or(trees) => Filter::Or(
            trees
                .iter()
                .map(|tree| map(tree, term))
                .collect::<Result<_, _>>()?,
        ),
        Tree::Not(tree) => literal::negate(map(tree, term)?),
        Tree::Term(inner) => term(inner)?,
    })
}
