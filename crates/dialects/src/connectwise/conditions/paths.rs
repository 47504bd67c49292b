//! From a path as callers write it (`board/name`, `_info/lastUpdated`) to a column of the row or of a row it
//! points to. Knows no values.

use super::super::layout::{DATE_ENTERED, ENTERED_BY, LAST_UPDATED, UPDATED_BY};
use super::super::names::{self, Names};
use super::Used;
use bitting_catalog::entity::{Entity, Field, Kind, Release, Scalar};
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

/// Follows a path from a row of `entity`. `through` are the links already followed. `None` for a name that
/// the entity does not have or that conditions may not name.
pub fn locate<'a>(
    names: &'a dyn Names,
    release: Release,
    entity: &'a Entity,
    segments: &[&str],
    through: Vec<Link>,
    used: &mut Used,
) -> Option<Place<'a>> {
    let first = *segments.first()?;
    if segments.len() > MAX_LINKS {
        return None;
    }
    let beyond = !through.is_empty();
    step(
        names,
        release,
        entity,
        first,
        &segments[1..],
        through,
        used,
        beyond,
    )
}

#[allow(clippy::too_many_arguments)]
fn step<'a>(
    names: &'a dyn Names,
    release: Release,
    entity: &'a Entity,
    name: &str,
    rest: &[&str],
    mut through: Vec<Link>,
    used: &mut Used,
    report: bool,
) -> Option<Place<'a>> {
    let Some((index, field)) = names::field(&entity.fields, name, release) else {
        return hidden(name, rest, through);
    };
    if field.write_only {
        return None;
    }
    if report {
        used.beyond(entity.id, index);
    } else if through.is_empty() {
        used.field(index);
    }
    let Kind::Reference(reference) = &field.kind else {
        let holds = holds(field).filter(|_| rest.is_empty())?;
        return Some(Place {
            path: path(through, &field.column, column(holds)),
            holds,
        });
    };
    match rest {
        [] => {
            return Some(Place {
                path: path(through, &field.column, Column::Integer),
                holds: Holds::Link,
            });
        }
        [id] if id.eq_ignore_ascii_case("id") => {
            return Some(Place {
                path: path(through, &field.column, Column::Integer),
                holds: Holds::Integer,
            });
        }
        _ => {}
    }
    let target = names.entity(reference.target?)?;
    through.push(Link {
        column: field.column.clone(),
        table: target.table.clone(),
    });
    // What the reference shows of its target, the caller reads with the reference itself.
    let shown = reference
        .members
        .iter()
        .find(|(member, _)| member.eq_ignore_ascii_case(rest[0]));
    let next: &str = shown.map_or(rest[0], |(_, field)| field);
    step(
        names,
        release,
        target,
        next,
        &rest[1..],
        through,
        used,
        shown.is_none(),
    )
}

/// Columns every row has beside its fields.
fn hidden<'a>(name: &str, rest: &[&str], through: Vec<Link>) -> Option<Place<'a>> {
    let name = match rest {
        [] if name.eq_ignore_ascii_case("id") => {
            return Some(Place {
                path: path(through, &Arc::from("id"), Column::Integer),
                holds: Holds::Integer,
            });
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
    Some(Place {
        path: path(through, &Arc::from(column), kind),
        holds,
    })
}

fn path(through: Vec<Link>, column: &Arc<str>, kind: Column) -> Path {
    Path {
        through,
        column: column.clone(),
        kind,
    }
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
