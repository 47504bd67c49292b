//! From a path as callers write it (`board/name`, `_info/lastUpdated`) to a column of the row or of a row it
//! points to. Knows no values.

use super::super::layout::{DATE_ENTERED, ENTERED_BY, LAST_UPDATED, UPDATED_BY};
use super::super::names::{self, Names};
use super::Used;
use bitting_catalog::entity::{Entity, EntityId, Field, Kind, Reference, Release, Scalar};
use bitting_query::{Kind as Column, Link, Path};
use std::sync::Arc;

/// References followed by one path at most.
const MAX_LINKS: usize = 6;

/// Where a path leads.
#[derive(Debug, Clone, PartialEq)]
pub struct Place<'a> {
    pub path: Path,
    pub holds: Holds<'a>,
}

/// What stands there, which says how literals are read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Holds<'a> {
    Integer,
    Number,
    Boolean,
    Text,
    /// One of these words.
    Words(&'a [Arc<str>]),
    /// `2005-05-27T17:30:19Z`
    Moment,
    /// `2005-05-27`
    Day,
    /// The id of another record: compared with a number or with null.
    Link,
}

/// Follows paths, and notes which fields they look at.
pub struct Walker<'a, 'u> {
    pub names: &'a dyn Names,
    pub release: Release,
    pub used: &'u mut Used,
}

/// The references followed so far, and the entities of the rows on the way that are looked into.
#[derive(Default)]
pub struct Way {
    through: Vec<Link>,
    looked: Vec<Option<EntityId>>,
}

/// A stop on the way: the rows at hand and how they are reached.
struct At<'a> {
    entity: &'a Entity,
    way: Way,
    /// What the way here shows anyhow: the caller reads it with the reference itself.
    shown: bool,
}

impl At<'_> {
    /// The row's own value is asked for, and not only what the reference to it shows.
    fn look(&mut self) {
        if let Some(last) = self.way.looked.last_mut() {
            *last = Some(self.entity.id);
        }
    }
}

impl<'a> Walker<'a, '_> {
    /// A path from a row of the entity. `None` for a name that the entity does not have or that conditions
    /// may not name.
    pub fn row(&mut self, entity: &'a Entity, segments: &[&str]) -> Option<Place<'a>> {
        let at = At {
            entity,
            way: Way::default(),
            shown: false,
        };
        if segments.len() > MAX_LINKS {
            None
        } else {
            self.step(at, segments)
        }
    }

    /// A path into the record whose id stands in `column`, the references before it being followed.
    pub fn link(
        &mut self,
        reference: &Reference,
        column: &Arc<str>,
        mut way: Way,
        rest: &[&str],
    ) -> Option<Place<'a>> {
        let (first, below) = match rest {
            [] => {
                return Some(self.place(way, column, Column::Integer, Holds::Link));
            }
            [id] if id.eq_ignore_ascii_case("id") => {
                return Some(self.place(way, column, Column::Integer, Holds::Integer));
            }
            [first, below @ ..] => (*first, below),
        };
        let entity = self
            .names
            .entity(reference.target?)
            .filter(|target| target.stored)?;
        way.through.push(Link {
            column: column.clone(),
            table: entity.table.clone(),
        });
        way.looked.push(None);
        let shown = reference
            .members
            .iter()
            .find(|(member, _)| member.eq_ignore_ascii_case(first));
        let mut segments: Vec<&str> = vec![shown.map_or(first, |(_, field)| field)];
        segments.extend(below);
        self.step(
            At {
                entity,
                way,
                shown: shown.is_some(),
            },
            &segments,
        )
    }

    fn step(&mut self, mut at: At<'a>, segments: &[&str]) -> Option<Place<'a>> {
        let (name, rest) = segments.split_first()?;
        let own = |name: &str| names::field(&at.entity.fields, name, self.release);
        let field = match own(name).or_else(|| own(renamed(at.entity, name)?)) {
            Some((_, field)) if field.write_only => return None,
            Some((index, field)) => {
                if at.way.through.is_empty() {
                    self.used.field(index);
                } else if !at.shown {
                    self.used.beyond(at.entity.id, index);
                    at.look();
                }
                field
            }
            // A column that no answer of the target shows may still be what references to it show.
            None => match names::field(&at.entity.hidden, name, self.release) {
                Some((_, field)) if at.shown => field,
                _ => return self.implied(name, rest, at),
            },
        };
        if let Kind::Reference(reference) = &field.kind {
            // What a reference shows of another one (an agreement's type) is its name.
            let named: &[&str] = if at.shown && rest.is_empty() {
                &["name"]
            } else {
                rest
            };
            return self.link(reference, &field.column, at.way, named);
        }
        let holds = holds(field).filter(|_| rest.is_empty())?;
        Some(self.place(at.way, &field.column, column(holds), holds))
    }

    /// Columns every row has beside its fields.
    fn implied(&mut self, name: &str, rest: &[&str], mut at: At<'a>) -> Option<Place<'a>> {
        at.look();
        let name = match rest {
            [] if name.eq_ignore_ascii_case("id") => {
                let id = Arc::from("id");
                return Some(self.place(at.way, &id, Column::Integer, Holds::Integer));
            }
            [] => name,
            [below] if name.eq_ignore_ascii_case("_info") => below,
            _ => return None,
        };
        let table = [
            ("lastUpdated", LAST_UPDATED, Column::DateTime),
            ("dateEntered", DATE_ENTERED, Column::DateTime),
            ("updatedBy", UPDATED_BY, Column::Text),
            ("enteredBy", ENTERED_BY, Column::Text),
        ];
        let (_, column, kind) = table
            .into_iter()
            .find(|(alias, ..)| alias.eq_ignore_ascii_case(name))?;
        let holds = if kind == Column::DateTime {
            Holds::Moment
        } else {
            Holds::Text
        };
        Some(self.place(at.way, &Arc::from(column), kind, holds))
    }

    fn place(&mut self, way: Way, column: &Arc<str>, kind: Column, holds: Holds<'a>) -> Place<'a> {
        let path = Path {
            through: way.through,
            column: column.clone(),
            kind,
        };
        self.used.follow(&path, way.looked);
        Place { path, holds }
    }
}

/// The field behind a name that only a view of the entity shows (`isVendor` for `vendorFlag`).
fn renamed<'a>(entity: &'a Entity, name: &str) -> Option<&'a str> {
    let shown = entity.views.iter().flat_map(|view| &view.fields);
    shown
        .into_iter()
        .find(|(shown, _)| shown.eq_ignore_ascii_case(name))
        .map(|(_, field)| &**field)
}

/// What a plain field holds; `None` for arrays, nested objects and links.
pub(crate) fn holds(field: &Field) -> Option<Holds<'_>> {
    Some(match &field.kind {
        Kind::Integer => Holds::Integer,
        Kind::Number => Holds::Number,
        Kind::Boolean => Holds::Boolean,
        Kind::Text if !field.values.is_empty() => Holds::Words(&field.values),
        Kind::Text | Kind::Uuid => Holds::Text,
        Kind::DateTime => Holds::Moment,
        Kind::Date => Holds::Day,
        Kind::Reference(_)
        | Kind::References(_)
        | Kind::List(_)
        | Kind::Embedded { .. }
        | Kind::Any => return None,
    })
}

pub(crate) fn holds_scalar(scalar: Scalar) -> Holds<'static> {
    match scalar {
        Scalar::Integer => Holds::Integer,
        Scalar::Number => Holds::Number,
        Scalar::Boolean => Holds::Boolean,
        Scalar::Text => Holds::Text,
    }
}

/// The column kind that holds it.
pub(crate) fn column(holds: Holds<'_>) -> Column {
    match holds {
        Holds::Integer | Holds::Link => Column::Integer,
        Holds::Number => Column::Number,
        Holds::Boolean => Column::Boolean,
        Holds::Text | Holds::Words(_) => Column::Text,
        Holds::Moment | Holds::Day => Column::DateTime,
    }
}
