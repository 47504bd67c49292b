//! The rows of a permit in the words of the API: what the permit's filter says of columns, said of the fields
//! that a record shows. What has no such words cannot be proven, and the call is refused.

use super::identity::Identity;
use bitting_catalog::Catalog;
use bitting_catalog::entity::{Entity, Field, Kind as FieldKind};
use bitting_dialects::connectwise::layout::{ENTERED_BY, SCOPE};
use bitting_policy::Why;
use bitting_psa::permit::{Grounds, Permit};
use bitting_query::{Comparison, Filter, Kind, Link, Path, Value, and, simplify};
use std::sync::Arc;

/// Who made a record, as conditions and records name it.
pub const MADE_BY: &str = "_info/enteredBy";

/// What the gate cannot prove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unprovable(pub String);

/// Conditions that a row has to meet, each with what refuses a row that does not.
#[derive(Debug, Clone)]
pub struct Fence {
    pub parts: Vec<(Why, Filter)>,
}

impl Fence {
    /// Everything at once; true where nothing is asked.
    pub fn whole(&self) -> Filter {
        let parts = self.parts.iter().map(|(_, filter)| filter.clone());
        parts.reduce(and).unwrap_or(Filter::Constant(true))
    }

    pub fn is_open(&self) -> bool {
        self.parts.is_empty()
    }

    /// Every value it looks at.
    pub fn paths(&self) -> Vec<Path> {
        let mut paths = Vec::new();
        for (_, filter) in &self.parts {
            for path in filter.paths() {
                if !paths.contains(path) {
                    paths.push(path.clone());
                }
            }
        }
        paths
    }

    /// Values that let a row through by being absent: whoever writes one has to name them.
    pub fn telling(&self) -> Vec<Path> {
        let mut paths = Vec::new();
        for (_, filter) in &self.parts {
            absent(filter, false, &mut paths);
        }
        paths
    }
}

/// The fence of a permit. `proven` says that every parent in the path was proven, so that what hangs under
/// them needs no proof of its own.
pub fn of(
    grounds: Grounds<'_>,
    permit: &Permit<'_>,
    identity: &Identity,
    proven: bool,
) -> Result<Fence, Unprovable> {
    let entity = permit.entity();
    let words = Words {
        catalog: grounds.catalog,
        identity,
        proven,
    };
    let mut filter = and(permit.narrow(), permit.narrow_by_names(grounds));
    // Behind a reference the fence cannot say whose a parent is: what the caller entered is surely its own.
    let own = match permit.own_by_parent(grounds, proven) {
        Filter::Behind { .. } => permit.entered(),
        own => own,
    };
    filter = and(filter, own);
    let listed = permit
        .listed(grounds)
        .map(|listed| (listed.list, listed.filter()));
    let all = match simplify(filter) {
        Filter::Constant(true) => Vec::new(),
        Filter::And(parts) => parts,
        one => vec![one],
    };
    let mut parts = Vec::new();
    for part in all {
        let why = match &listed {
            Some((list, filter)) if *filter == part => Why::ListEntryNotAllowed(*list),
            _ => why(&part),
        };
        match simplify(words.filter(entity, &part)?) {
            Filter::Constant(true) => {}
            filter => parts.push((why, filter)),
        }
    }
    Ok(Fence { parts })
}

/// What refuses a row that this part of a permit does not let through.
fn why(part: &Filter) -> Why {
    let paths = part.paths();
    let about = |name: &str| paths.iter().any(|path| &*path.column == name);
    match part {
        Filter::InIndex { .. } => Why::Ownership,
        Filter::Not(_) => Why::Board,
        Filter::Or(_) => Why::ProjectRole,
        _ if about(ENTERED_BY) => Why::Ownership,
        _ => Why::Location,
    }
}

struct Words<'a> {
    catalog: &'a Catalog,
    identity: &'a Identity,
    proven: bool,
}

impl Words<'_> {
    fn filter(&self, entity: &Entity, filter: &Filter) -> Result<Filter, Unprovable> {
        let many = |filters: &[Filter]| -> Result<Vec<Filter>, Unprovable> {
            filters
                .iter()
                .map(|filter| self.filter(entity, filter))
                .collect()
        };
        Ok(match filter {
            Filter::Constant(value) => Filter::Constant(*value),
            Filter::And(filters) => Filter::And(many(filters)?),
            Filter::Or(filters) => Filter::Or(many(filters)?),
            Filter::Not(inner) => Filter::Not(Box::new(self.filter(entity, inner)?)),
            Filter::InIndex { table, .. } if *table == bitting_psa::mine::table(&entity.table) => {
                self.owned(entity)?
            }
            Filter::OneOf { path, values } if is(path, SCOPE) => {
                self.scope(entity, values, self.proven)?
            }
            Filter::Compare {
                path,
                op: Comparison::Equal,
                value,
            } if is(path, SCOPE) => self.scope(entity, std::slice::from_ref(value), self.proven)?,
            // Kinds of a table that no record shows are told apart by the path alone.
            Filter::OneOf { path, .. } | Filter::Compare { path, .. }
                if kind_unseen(entity, path) =>
            {
                Filter::Constant(true)
            }
            Filter::OneOf { path, values } => Filter::OneOf {
                path: self.path(entity, path)?,
                values: values.clone(),
            },
            Filter::Compare { path, op, .. } if is(path, ENTERED_BY) => Filter::Compare {
                path: field_path(MADE_BY, Kind::Text),
                op: *op,
                value: Value::Text(self.identity.name.clone()),
            },
            Filter::Compare { path, op, value } => Filter::Compare {
                path: self.path(entity, path)?,
                op: *op,
                value: value.clone(),
            },
            other => {
                return Err(Unprovable(format!(
                    "{}: no words of the API say {other:?}",
                    entity.path
                )));
            }
        })
    }

    /// The caller's own rows, by the fields that say whose a record is.
    fn owned(&self, entity: &Entity) -> Result<Filter, Unprovable> {
        let mut ways = Vec::new();
        for name in &entity.ownership.fields {
            let text = |path: &str| Filter::Compare {
                path: field_path(path, Kind::Text),
                op: Comparison::Equal,
                value: Value::Text(self.identity.name.clone()),
            };
            let Some(field) = entity.any_field(name) else {
                ways.push(text(MADE_BY));
                continue;
            };
            // What no answer shows, the PSA cannot be asked for.
            if entity.hidden.iter().any(|hidden| hidden.name == field.name) {
                continue;
            }
            match &field.kind {
                FieldKind::Reference(reference)
                    if reference
                        .members
                        .iter()
                        .any(|(member, _)| **member == *"identifier") =>
                {
                    ways.push(text(&format!("{name}/identifier")));
                }
                FieldKind::Reference(_) => ways.extend(self.by_id(&format!("{name}/id"))),
                FieldKind::Integer => ways.extend(self.by_id(name)),
                FieldKind::Text => ways.push(Filter::HasWord {
                    path: field_path(name, Kind::Text),
                    word: self.identity.name.clone(),
                }),
                _ => {
                    return Err(Unprovable(format!(
                        "{}: {name} names no member",
                        entity.path
                    )));
                }
            }
        }
        Ok(Filter::Or(ways))
    }

    /// A member that the PSA does not have owns nothing.
    fn by_id(&self, path: &str) -> Option<Filter> {
        Some(Filter::Compare {
            path: field_path(path, Kind::Integer),
            op: Comparison::Equal,
            value: Value::Integer(self.identity.id?),
        })
    }

    /// Rows that hang on one of these nodes: by their own location, else that of the record they point to, else
    /// their parent's.
    fn scope(&self, entity: &Entity, nodes: &[Value], proven: bool) -> Result<Filter, Unprovable> {
        let beyond = if let Some(name) = &entity.scope.via {
            let reference = entity.any_field(name).and_then(|field| match &field.kind {
                FieldKind::Reference(reference) => reference.target,
                _ => None,
            });
            let Some(target) = reference.map(|target| self.catalog.entity(target)) else {
                return Err(Unprovable(format!(
                    "{}: {name} points nowhere",
                    entity.path
                )));
            };
            let link = Link {
                column: Arc::from(name.as_str()),
                table: target.path.clone(),
            };
            behind(self.scope(target, nodes, false)?, &link)
        } else if entity.scope.parent && proven {
            Filter::Constant(true)
        } else if entity.scope.parent {
            return Err(Unprovable(format!(
                "{}: its location is its parent's, which the path does not name",
                entity.path
            )));
        } else {
            // Where nothing says so, a record hangs at the top, which is nobody's but those who see all.
            Filter::Constant(false)
        };
        let Some(name) = &entity.scope.location else {
            return Ok(beyond);
        };
        let field = entity
            .any_field(name)
            .ok_or_else(|| Unprovable(format!("{}: it has no {name}", entity.path)))?;
        let own = || field_path(&shown(field), Kind::Integer);
        let inside = Filter::OneOf {
            path: own(),
            values: nodes.to_vec(),
        };
        Ok(Filter::Or(vec![
            inside,
            Filter::And(vec![Filter::IsNull { path: own() }, beyond]),
        ]))
    }

    fn path(&self, entity: &Entity, path: &Path) -> Result<Path, Unprovable> {
        let unknown = || Unprovable(format!("{}: no record shows {}", entity.path, path.column));
        let Some((first, rest)) = path.through.split_first() else {
            if is(path, "id") {
                return Ok(field_path("id", Kind::Integer));
            }
            let field = by_column(entity, &path.column).ok_or_else(unknown)?;
            return Ok(field_path(&shown(field), path.kind));
        };
        let field = by_column(entity, &first.column).ok_or_else(unknown)?;
        let FieldKind::Reference(reference) = &field.kind else {
            return Err(unknown());
        };
        let target = self.catalog.entity(reference.target.ok_or_else(unknown)?);
        let inner = Path {
            through: rest.to_vec(),
            ..path.clone()
        };
        let label = target
            .fields
            .iter()
            .find(|field| field.column == path.column);
        let member = label.and_then(|label| {
            let mut members = reference.members.iter();
            members.find(|(_, source)| *source == label.name)
        });
        if let (Some((member, _)), true) = (member, rest.is_empty()) {
            return Ok(field_path(&format!("{}/{member}", field.name), path.kind));
        }
        let mut inner = self.path(target, &inner)?;
        inner.through.insert(
            0,
            Link {
                column: field.name.clone(),
                table: target.path.clone(),
            },
        );
        Ok(inner)
    }
}

fn is(path: &Path, column: &str) -> bool {
    path.through.is_empty() && &*path.column == column
}

fn by_column<'a>(entity: &'a Entity, column: &str) -> Option<&'a Field> {
    entity.fields.iter().find(|field| &*field.column == column)
}

/// Whether this tells kinds of record apart by a column that no record shows.
fn kind_unseen(entity: &Entity, path: &Path) -> bool {
    path.through.is_empty()
        && by_column(entity, &path.column).is_none()
        && entity.only.iter().any(|(name, _)| {
            let field = entity.any_field(name);
            field.is_some_and(|field| field.column == path.column)
        })
}

/// How conditions name what a field holds.
fn shown(field: &Field) -> String {
    match field.kind {
        FieldKind::Reference(_) => format!("{}/id", field.name),
        _ => field.name.to_string(),
    }
}

fn field_path(name: &str, kind: Kind) -> Path {
    Path {
        through: Vec::new(),
        column: Arc::from(name),
        kind,
    }
}

/// The same of the record behind a reference.
fn behind(filter: Filter, link: &Link) -> Filter {
    let path = |mut path: Path| {
        path.through.insert(0, link.clone());
        path
    };
    let many = |filters: Vec<Filter>| {
        let filters = filters.into_iter();
        filters.map(|filter| behind(filter, link)).collect()
    };
    match filter {
        Filter::And(filters) => Filter::And(many(filters)),
        Filter::Or(filters) => Filter::Or(many(filters)),
        Filter::Not(inner) => Filter::Not(Box::new(behind(*inner, link))),
        Filter::OneOf { path: at, values } => Filter::OneOf {
            path: path(at),
            values,
        },
        Filter::IsNull { path: at } => Filter::IsNull { path: path(at) },
        other => other,
    }
}

fn absent(filter: &Filter, negated: bool, paths: &mut Vec<Path>) {
    match filter {
        Filter::And(filters) | Filter::Or(filters) => {
            for filter in filters {
                absent(filter, negated, paths);
            }
        }
        Filter::Not(inner) => absent(inner, !negated, paths),
        Filter::IsNull { path } if !negated => paths.push(path.clone()),
        Filter::Compare { path, .. } | Filter::OneOf { path, .. } if negated => {
            paths.push(path.clone());
        }
        _ => {}
    }
}
