//! From the name of a record to its id, and to the default of a setup table when the caller names none.

use crate::backend::equals;
use crate::context::Context;
use crate::draft::Draft;
use crate::instance::Instance;
use crate::permit::pass_through;
use crate::problem::Problem;
use bitting_catalog::entity::{Entity, Field, Kind as FieldKind};
use bitting_dialects::connectwise::body::Key;
use bitting_dialects::connectwise::error::FieldError;
use bitting_query::{Filter, Kind, Order, Value, and};
use std::sync::Arc;

/// Finds the record that a key names, among those the caller sees. The inner error is the caller's.
pub async fn resolve(
    context: Context<'_>,
    draft: &Draft<'_>,
    field: &Field,
    key: &Key,
) -> Result<Result<i64, FieldError>, Problem> {
    let (FieldKind::Reference(reference) | FieldKind::References(reference)) = &field.kind else {
        // A bare id number: its record is named the same way.
        return Ok(match key {
            Key::Id(id) => Ok(*id),
            Key::Name { member, .. } => Err(unknown(draft, field, member, "a record", None)),
        });
    };
    let Some(target) = reference.target else {
        return Ok(match key {
            Key::Id(id) => Ok(*id),
            Key::Name { member, .. } => Err(unknown(draft, field, member, &reference.shape, None)),
        });
    };
    let target = context.instance.catalog().entity(target);
    let within = within(draft, field, target);
    let mut filter = match key {
        Key::Id(_) => Filter::Constant(true),
        Key::Name { member, text } => match named(target, member, text) {
            Some(filter) => filter,
            None => return Ok(Err(unknown(draft, field, member, text, None))),
        },
    };
    if let Some(within) = &within {
        filter = and(filter, within.filter.clone());
    }
    // A record that is only marked as deleted can be read, and what points to it stays; nothing new points to it.
    let stays = matches!(key, Key::Id(id) if points_to(draft, field) == Some(*id));
    if let Some(flag) = target.soft_delete.as_deref().filter(|_| !stays)
        && let Some(flag) = target.any_field(flag)
    {
        let gone = equals(&flag.column, Kind::Boolean, Value::Boolean(true));
        filter = and(filter, Filter::Not(Box::new(gone)));
    }
    let permit = pass_through(context.caller, target).whole();
    let backend = &context.instance.backend;
    let found = match key {
        Key::Id(id) => backend.covers(&permit, *id, filter).await?.then_some(*id),
        Key::Name { .. } => backend.first_id(&permit, filter).await?,
    };
    Ok(match found {
        Some(id) => Ok(id),
        None => {
            let shown = match key {
                Key::Id(id) => id.to_string(),
                Key::Name { text, .. } => format!("'{text}'"),
            };
            let holder = within.map(|within| within.shown());
            let what = format!("{} {shown}", spaced(&target.schema));
            Err(unknown(draft, field, key.member(), &what, holder))
        }
    })
}

/// What the field of the record at rest points to.
fn points_to(draft: &Draft<'_>, field: &Field) -> Option<i64> {
    draft.before.as_ref()?.integer(&field.column)
}

/// Fills references whose setup table marks a default.
pub async fn fill_defaults(instance: &Instance, draft: &mut Draft<'_>) -> Result<(), Problem> {
    for marked in instance.backend.marked(draft.entity) {
        let field = &draft.entity.fields[marked.field];
        // A new record gets the defaults of what its maker left out; an old one of what was emptied.
        let touched = draft.given.contains(&marked.field);
        if touched == draft.is_new() || !draft.row.is_null(&field.column) {
            continue;
        }
        let target = instance.catalog().entity(marked.target);
        let backend = &instance.backend;
        let limit = if field.within.is_some() {
            let Some(within) = within(draft, field, target) else {
                continue;
            };
            Some(within.filter)
        } else if let Some(column) = group(target) {
            // Each warehouse has a default bin: that of the record's own warehouse.
            let Some(id) = of_same(instance, draft, target, &column) else {
                continue;
            };
            Some(equals(&column, Kind::Integer, Value::Integer(id)))
        } else {
            None
        };
        let found = match limit {
            None => backend.raw_marked(target, &marked.flag).await?,
            Some(limit) => {
                let set = equals(&marked.flag, Kind::Boolean, Value::Boolean(true));
                let rows = backend
                    .raw_rows(target, and(set, limit), Vec::<Order>::new(), Some(1))
                    .await?;
                rows.first().map(|row| row.id)
            }
        };
        if let Some(id) = found {
            draft.row.set_named(&field.column, Value::Integer(id));
        }
    }
    Ok(())
}

/// Tables whose rows are chosen within another row although no path says so: each has a default of its own.
const GROUPED: [(&str, &str); 2] = [
    ("procurement/subcategories", "category"),
    ("procurement/warehouseBins", "warehouse"),
];

/// The column of what a table's rows are chosen within.
pub fn group(entity: &Entity) -> Option<Arc<str>> {
    if let Some(parent) = entity.parents.last() {
        return Some(parent.column.clone());
    }
    let (_, name) = GROUPED.iter().find(|(path, _)| **path == *entity.path)?;
    Some(entity.any_field(name)?.column.clone())
}

/// The record that the draft names of the kind that a grouped table's rows are chosen within.
fn of_same(instance: &Instance, draft: &Draft<'_>, target: &Entity, column: &str) -> Option<i64> {
    let points_to = |field: &Field| match &field.kind {
        FieldKind::Reference(reference) => reference.target,
        _ => None,
    };
    let holder = target
        .fields
        .iter()
        .find(|field| &*field.column == column)?;
    let of = instance.catalog().home(points_to(holder)?).id;
    let mut fields = draft.entity.fields.iter();
    let same = fields.find(|field| {
        let to = points_to(field);
        to.is_some_and(|to| instance.catalog().home(to).id == of)
    })?;
    draft.row.integer(&same.column)
}

/// The record that a reference is looked up under.
struct Within<'f> {
    filter: Filter,
    holder: &'f Field,
    id: i64,
}

impl Within<'_> {
    /// The record as messages call it.
    fn shown(&self) -> String {
        let schema = match &self.holder.kind {
            FieldKind::Reference(reference) => reference.shape.trim_end_matches("Reference"),
            _ => &*self.holder.name,
        };
        let schema = if schema == "Board" {
            "ServiceBoard"
        } else {
            schema
        };
        format!("{} {}", spaced(schema), self.id)
    }
}

fn within<'f>(draft: &Draft<'f>, field: &Field, target: &Entity) -> Option<Within<'f>> {
    let name = field.within.as_deref()?;
    let (_, holder) = draft.field(name)?;
    let id = draft.row.integer(&holder.column)?;
    let parent = target.parents.last()?;
    Some(Within {
        filter: equals(&parent.column, Kind::Integer, Value::Integer(id)),
        holder,
        id,
    })
}

fn named(target: &Entity, member: &str, text: &str) -> Option<Filter> {
    let field = target
        .fields
        .iter()
        .find(|field| field.name.eq_ignore_ascii_case(member))
        .or_else(|| {
            let label = target.label.as_deref()?;
            target.fields.iter().find(|field| *field.name == *label)
        })?;
    let kind = crate::shape::kind(field);
    let value = match kind {
        Kind::Integer => Value::Integer(text.trim().parse().ok()?),
        _ => Value::Text(text.to_owned()),
    };
    Some(equals(&field.column, kind, value))
}

fn unknown(
    draft: &Draft<'_>,
    field: &Field,
    member: &str,
    what: &str,
    holder: Option<String>,
) -> FieldError {
    let message = match holder {
        Some(holder) => format!("{what} not found for {holder}"),
        None => format!("{what} not found"),
    };
    FieldError::not_found(
        &draft.resource,
        &format!("{}/{member}", field.name),
        message,
    )
}

/// `BoardStatus` as messages write it: `Service Status` for a board's, else the words apart.
fn spaced(schema: &str) -> String {
    let schema = if schema == "BoardStatus" {
        "ServiceStatus"
    } else {
        schema
    };
    let mut words = String::with_capacity(schema.len() + 4);
    let mut small = false;
    for character in schema.chars() {
        if character.is_ascii_uppercase() && small {
            words.push(' ');
        }
        small = character.is_ascii_lowercase();
        words.push(character);
    }
    words
}
