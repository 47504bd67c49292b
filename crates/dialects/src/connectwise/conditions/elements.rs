//! childConditions: a syntax tree whose paths start at arrays of the record. All that one stretch says about
//! one array has to hold for one element of it.

use super::super::error::ApiError;
use super::super::names;
use super::Resolved;
use super::literal;
use super::paths::{self, Holds, Place, Walker, Way};
use super::resolve::{Resolver, map};
use super::tree::{Term, Tree};
use bitting_catalog::entity::{Entity, EntityId, Field, Kind};
use bitting_query::{Elements, Filter, Kind as Column, Path};
use std::sync::Arc;

/// What a first name stands for.
#[derive(Clone, Copy)]
enum Root<'a> {
    /// An array of the record.
    Array(usize, &'a Field),
    /// A collection below the record.
    Child(&'a Entity),
    /// The record itself: an ordinary condition.
    Row,
}

impl<'a> Resolver<'a> {
    /// A tree whose paths start at arrays of the entity, at collections below it, or, as in `conditions`, at
    /// the record.
    pub fn elements(mut self, tree: &Tree, entity: EntityId) -> Result<Resolved, ApiError> {
        let entity = self.entity(entity)?;
        let filter = self.any(tree, entity)?;
        Ok(Resolved {
            filter,
            used: self.used,
        })
    }

    fn any(&mut self, tree: &Tree, entity: &'a Entity) -> Result<Filter, ApiError> {
        if let Tree::Not(inner) = tree {
            return Ok(literal::negate(self.any(inner, entity)?));
        }
        let mut roots = Vec::new();
        collect(tree, &mut roots);
        if let [root] = roots.as_slice() {
            return self.about(tree, entity, root);
        }
        match tree {
            Tree::And(trees) => Ok(Filter::And(self.grouped(trees, entity, Tree::And)?)),
            Tree::Or(trees) => Ok(Filter::Or(self.grouped(trees, entity, Tree::Or)?)),
            Tree::Not(_) | Tree::Term(_) => self.row(tree, entity),
        }
    }

    /// Brings together what is said about the same array, in the order of first mention.
    fn grouped(
        &mut self,
        trees: &[Tree],
        entity: &'a Entity,
        chain: fn(Vec<Tree>) -> Tree,
    ) -> Result<Vec<Filter>, ApiError> {
        let mut groups: Vec<(Option<String>, Vec<Tree>)> = Vec::new();
        for tree in trees {
            let mut roots = Vec::new();
            collect(tree, &mut roots);
            let root = (roots.len() == 1).then(|| roots.swap_remove(0));
            let known = groups
                .iter()
                .position(|(known, _)| root.is_some() && *known == root);
            match known {
                Some(index) => groups[index].1.push(tree.clone()),
                None => groups.push((root, vec![tree.clone()])),
            }
        }
        let mut filters = Vec::new();
        for (root, mut trees) in groups {
            let tree = if trees.len() == 1 {
                trees.swap_remove(0)
            } else {
                chain(trees)
            };
            filters.push(match root {
                Some(root) if !matches!(tree, Tree::Not(_)) => self.about(&tree, entity, &root)?,
                _ => self.any(&tree, entity)?,
            });
        }
        Ok(filters)
    }

    /// A tree all of whose paths start with one name.
    fn about(&mut self, tree: &Tree, entity: &'a Entity, root: &str) -> Result<Filter, ApiError> {
        let (of, filter) = match self.root(entity, root) {
            Root::Row => return self.row(tree, entity),
            Root::Array(index, field) => {
                self.used.field(index);
                let column = field.column.clone();
                let of = match field.kind {
                    Kind::Embedded { .. } => Elements::Json { column },
                    _ => Elements::JsonValues { column },
                };
                (of, map(tree, &mut |term| self.element(term, field))?)
            }
            Root::Child(child) => {
                self.used.child(child.id);
                let column = child
                    .parents
                    .last()
                    .map_or_else(|| Arc::from("parent_id"), |parent| parent.column.clone());
                let of = Elements::Children {
                    table: child.table.clone(),
                    column,
                };
                (of, map(tree, &mut |term| self.child(term, child))?)
            }
        };
        Ok(Filter::Any {
            of,
            filter: Box::new(filter),
        })
    }

    fn root(&self, entity: &'a Entity, name: &str) -> Root<'a> {
        if let Some((index, field)) = names::field(&entity.fields, name, self.release) {
            return match field.kind {
                Kind::References(_) | Kind::List(_) | Kind::Embedded { list: true, .. } => {
                    Root::Array(index, field)
                }
                _ => Root::Row,
            };
        }
        names::child(self.names, entity, name).map_or(Root::Row, Root::Child)
    }

    /// A term about a row of a child collection.
    fn child(&mut self, term: &Term, child: &'a Entity) -> Result<Filter, ApiError> {
        let segments = below(term);
        let place = self
            .child_place(child, &segments)
            .ok_or_else(|| ApiError::unknown_name(&term.path))?;
        literal::filter(term, place)
    }

    /// A term about an element of an array.
    fn element(&mut self, term: &Term, field: &'a Field) -> Result<Filter, ApiError> {
        let segments = below(term);
        let place = match &field.kind {
            Kind::References(reference) => {
                let mut walker = Walker {
                    names: self.names,
                    release: self.release,
                    used: &mut self.used,
                };
                walker.link(reference, &Arc::from("value"), Way::default(), &segments)
            }
            Kind::List(scalar) if segments.is_empty() => {
                let holds = paths::holds_scalar(*scalar);
                Some(Place {
                    path: own("value", paths::column(holds)),
                    holds,
                })
            }
            Kind::Embedded { shape, list: true } => self.member(&segments, shape),
            _ => None,
        };
        literal::filter(
            term,
            place.ok_or_else(|| ApiError::unknown_name(&term.path))?,
        )
    }

    /// An element that is an object: a member of it, or `id` and the label of a reference in it.
    fn member(&self, segments: &[&str], shape: &str) -> Option<Place<'a>> {
        let fields = self.names.shape(shape)?;
        let (first, rest) = segments.split_first()?;
        let (_, field) = names::field(fields, first, self.release)?;
        match (&field.kind, rest) {
            (Kind::Reference(_), [] | [_]) => {
                let below = rest.first().copied().unwrap_or("id");
                let is_id = below.eq_ignore_ascii_case("id");
                let column = format!("{}/{}", field.name, if is_id { "id" } else { below });
                let (kind, holds) = if is_id {
                    (Column::Integer, Holds::Link)
                } else {
                    (Column::Text, Holds::Text)
                };
                Some(Place {
                    path: own(&column, kind),
                    holds,
                })
            }
            (_, []) => {
                let holds = paths::holds(field)?;
                Some(Place {
                    path: own(&field.name, paths::column(holds)),
                    holds,
                })
            }
            _ => None,
        }
    }
}

fn own(column: &str, kind: Column) -> Path {
    Path {
        through: Vec::new(),
        column: Arc::from(column),
        kind,
    }
}

fn below(term: &Term) -> Vec<&str> {
    term.path.split(['/', '.']).skip(1).collect()
}

/// The first names of all paths, in lower case, each once.
fn collect(tree: &Tree, roots: &mut Vec<String>) {
    match tree {
        Tree::And(trees) | Tree::Or(trees) => trees.iter().for_each(|tree| collect(tree, roots)),
        Tree::Not(tree) => collect(tree, roots),
        Tree::Term(term) => {
            let root = term
                .path
                .split(['/', '.'])
                .next()
                .unwrap_or_default()
                .to_ascii_lowercase();
            if !roots.contains(&root) {
                roots.push(root);
            }
        }
    }
}
