//! Creating, changing and deleting records: input to row, rules, checks, placement, one write. Nothing is
//! half-written: every change of a call stands or falls together.

mod admitted;
pub mod conditions;
mod input;
pub mod turn;

use crate::backend::{Backend, Made, with_id};
use crate::context::Context;
use crate::draft::Draft;
use crate::marks;
use crate::moment::time;
use crate::outbox;
use crate::outbox::callbacks::Message;
use crate::permit::Permit;
use crate::placement;
use crate::pointers;
use crate::problem::Problem;
use crate::references;
use crate::row::Row;
use admitted::admitted;
use bitting_catalog::entity::{Entity, Kind, Release};
use bitting_dialects::connectwise::body::{Input, Purpose, Reader};
use bitting_dialects::connectwise::error::{ApiError, FieldError};
use bitting_dialects::connectwise::layout::{
    DATE_ENTERED, ENTERED_BY, LAST_UPDATED, SCOPE, UPDATED_BY,
};
use bitting_dialects::connectwise::{names, patch};
use bitting_policy::Why;
use bitting_query::Value;
use bitting_store::StoreError;
use bitting_store::table::Change;
pub use input::fill_defaults;
use input::{clear, missing, take};
use std::sync::Arc;

/// Creates a record and answers it as it is at rest.
pub async fn create(
    context: Context<'_>,
    permit: &Permit<'_>,
    body: &[u8],
    release: Release,
) -> Result<Made, Problem> {
    let entity = permit.entity();
    if !entity.stored {
        return Err(ApiError::no_endpoint().into());
    }
    let _turn = turn::turn(context.instance, entity).await?;
    let (row, changes) = anew(context, permit, body, release).await?;
    let made = Made::of(&context.instance.backend, entity, row, &changes);
    finish(context, entity, changes).await?;
    Ok(made)
}

/// Creates several records at once in place of others, which go: all or none. Answers the new ids.
pub async fn replace(
    context: Context<'_>,
    permit: &Permit<'_>,
    gone: &[i64],
    bodies: &[&[u8]],
    release: Release,
) -> Result<Vec<i64>, Problem> {
    let entity = permit.entity();
    if !entity.stored {
        return Err(ApiError::no_endpoint().into());
    }
    let backend = &context.instance.backend;
    let _turn = turn::turn(context.instance, entity).await?;
    let mut changes = Vec::new();
    for id in gone {
        changes.extend(pointers::unused(&backend.catalog, entity, *id));
        changes.extend(backend.removal(entity, *id).await?);
    }
    let mut ids = Vec::with_capacity(bodies.len());
    for body in bodies {
        let (id, composed) = composed(context, permit, body, release).await?;
        changes.extend(composed);
        ids.push(id);
    }
    finish(context, entity, changes).await?;
    Ok(ids)
}

/// The id of a record to come and the changes that make it of a body: what [`create`] would write. For
/// rules that make further changes with it, which go to [`finish`] in one write.
pub async fn composed(
    context: Context<'_>,
    permit: &Permit<'_>,
    body: &[u8],
    release: Release,
) -> Result<(i64, Vec<Change>), Problem> {
    let (row, changes) = anew(context, permit, body, release).await?;
    Ok((row.id, changes))
}

/// The same with the row.
async fn anew(
    context: Context<'_>,
    permit: &Permit<'_>,
    body: &[u8],
    release: Release,
) -> Result<(Row, Vec<Change>), Problem> {
    let entity = permit.entity();
    let input = reader(context, entity, release, Purpose::Create).read(body)?;
    let id = context
        .instance
        .backend
        .store
        .next_id(&entity.table)
        .await?;
    let mut draft = Draft::new(entity, Row::new(id));
    under_parents(context, &mut draft);
    fill_defaults(&mut draft);
    let changes = Box::pin(compose(context, permit, &mut draft, &input)).await?;
    Ok((draft.row, changes))
}

/// The changes that lay down a new record after a model: as [`settle`] does, but without what comes with a
/// record that is made anew. `node` is where it hangs when what it hangs on is not at rest yet.
pub async fn laid_down(
    context: Context<'_>,
    permit: &Permit<'_>,
    draft: &mut Draft<'_>,
    node: Option<i64>,
) -> Result<Vec<Change>, Problem> {
    enter(context, draft);
    match node {
        Some(node) if crate::shape::is_scoped(draft.entity) => {
            draft.row.set(SCOPE, Value::Integer(node));
        }
        _ => placement::place(context.instance, draft).await?,
    }
    let owners = placement::own(context.instance, context.caller, draft).await?;
    admitted(context, permit, draft, &owners).await?;
    let mut changes = at_rest(&context.instance.backend, draft).await?;
    changes.append(&mut draft.also);
    context.rules.saved(context, draft, &mut changes).await?;
    Ok(changes)
}

/// Changes a record: `whole` replaces it (PUT), else only what is named changes (PATCH).
pub async fn change(
    context: Context<'_>,
    permit: &Permit<'_>,
    id: i64,
    body: &[u8],
    whole: bool,
    release: Release,
) -> Result<(), Problem> {
    let entity = permit.entity();
    let _turn = turn::turn_to_change(context.instance, entity, body).await?;
    let before = existing(context, permit, id).await?;
    let input = if whole {
        reader(context, entity, release, Purpose::Replace).read(body)?
    } else {
        patch::apply(
            &patch::operations(body)?,
            &reader(context, entity, release, Purpose::Change),
        )?
    };
    let mut draft = Draft::changing(entity, before);
    if whole {
        clear(&mut draft, &input);
        fill_defaults(&mut draft);
    }
    let changes = compose(context, permit, &mut draft, &input).await?;
    finish(context, entity, changes).await
}

/// Deletes a record with what hangs under it; one that is in use stays.
pub async fn delete(context: Context<'_>, permit: &Permit<'_>, id: i64) -> Result<(), Problem> {
    let _turn = turn::turn(context.instance, permit.entity()).await?;
    let changes = removed(context, permit, id).await?;
    write(context, permit.entity(), changes).await?;
    context
        .rules
        .after_delete(context.instance, permit.entity(), id);
    Ok(())
}

/// The changes that delete a record with what hangs under it.
pub async fn removed(
    context: Context<'_>,
    permit: &Permit<'_>,
    id: i64,
) -> Result<Vec<Change>, Problem> {
    let entity = permit.entity();
    let row = existing(context, permit, id).await?;
    let backend = &context.instance.backend;
    let mut changes = Vec::new();
    if let Some(flag) = &entity.soft_delete
        && let Some(field) = entity.any_field(flag)
    {
        context
            .rules
            .before_delete(context, entity, &row, &mut changes)
            .await?;
        let mut values = vec![(field.column.clone(), Value::Boolean(true))];
        values.extend(stamp(context));
        changes.push(Change::Update {
            table: entity.table.clone(),
            id,
            values,
        });
    } else {
        context
            .rules
            .before_delete(context, entity, &row, &mut changes)
            .await?;
        changes.extend(pointers::unused(&backend.catalog, entity, id));
        changes.extend(backend.removal(entity, id).await?);
    }
    context
        .rules
        .removed(context, entity, &row, &mut changes)
        .await?;
    Ok(changes)
}

/// The row a call is about. Out of sight is not found; in sight but not open to this verb is refused.
pub async fn existing(context: Context<'_>, permit: &Permit<'_>, id: i64) -> Result<Row, Problem> {
    let backend = &context.instance.backend;
    let under = |permit: &Permit<'_>| marks::under(backend.grounds(), permit, context.parents);
    // What the caller cannot read it cannot change either, whatever its level for the verb: Edit All with
    // Inquire My opens its own records and no others.
    let own = marks::is_own(permit.entity(), context.caller, id) == Some(true);
    let readable = permit.reading();
    let readable = if own { readable.whole() } else { readable };
    let sight = bitting_query::and(under(permit), under(&readable));
    let sight = bitting_query::and(sight, readable.narrow());
    let found = backend
        .rows(
            permit,
            bitting_query::and(with_id(id), sight),
            Vec::new(),
            Some(1),
        )
        .await?;
    if let Some(row) = found.into_iter().next() {
        return Ok(row);
    }
    let entity = permit.entity();
    let seen = backend
        .rows(
            &readable,
            bitting_query::and(with_id(id), under(&readable)),
            Vec::new(),
            Some(1),
        )
        .await?;
    let closed = seen
        .first()
        .is_some_and(|row| permit.closed_by_project(row, false));
    if closed && !permit.mine() {
        return Err(permit
            .refuse(backend.grounds(), Why::ProjectRole)
            .by(&permit.caller().role.name)
            .into());
    }
    if seen.is_empty() || !permit.mine() {
        return Err(ApiError::not_found(&entity.schema, &id.to_string()).into());
    }
    Err(permit
        .refuse(backend.grounds(), Why::Ownership)
        .by(&permit.caller().role.name)
        .into())
}

fn reader<'a>(
    context: Context<'a>,
    entity: &'a Entity,
    release: Release,
    purpose: Purpose,
) -> Reader<'a> {
    // Defaults come first: what is still missing after them is reported in `compose`.
    Reader {
        names: context.instance.catalog(),
        entity,
        release,
        purpose,
        strict: context.instance.setting("strict").as_deref() != Some("off"),
        filled: &|_| true,
    }
}

/// The changes that saving a record takes, once it is filled in, checked and placed.
async fn compose(
    context: Context<'_>,
    permit: &Permit<'_>,
    draft: &mut Draft<'_>,
    input: &Input,
) -> Result<Vec<Change>, Problem> {
    // Boxed: what rules do is deep, and a server's stack is not.
    Box::pin(fill_in(context, draft, input)).await?;
    missing(draft);
    conditions::check(context, draft).await?;
    Box::pin(settle(context, permit, draft)).await
}

/// What the caller says, then what set-up and rules make of it.
async fn fill_in(
    context: Context<'_>,
    draft: &mut Draft<'_>,
    input: &Input,
) -> Result<(), Problem> {
    take(context, draft, input, false).await?;
    hang(context, draft);
    context.rules.prepare(context, draft).await?;
    take(context, draft, input, true).await?;
    hang(context, draft);
    references::fill_defaults(context.instance, draft).await?;
    context.rules.before_save(context, draft).await
}

/// The changes that bring a filled-in record to rest: checked, placed within the permit, audited and told
/// to callbacks. Also the door for rules that make or change a record without a body.
pub async fn settle(
    context: Context<'_>,
    permit: &Permit<'_>,
    draft: &mut Draft<'_>,
) -> Result<Vec<Change>, Problem> {
    let backend = &context.instance.backend;
    if !draft.errors.is_empty() {
        return Err(
            ApiError::invalid_object(&draft.resource, std::mem::take(&mut draft.errors)).into(),
        );
    }
    enter(context, draft);
    placement::place(context.instance, draft).await?;
    let owners = placement::own(context.instance, context.caller, draft).await?;
    admitted(context, permit, draft, &owners).await?;
    context.rules.alongside(context, draft).await?;
    let mut changes = at_rest(backend, draft).await?;
    changes.append(&mut draft.also);
    context.rules.saved(context, draft, &mut changes).await?;
    Ok(changes)
}

/// The changes of the record alone: that no other has its name, and its row.
async fn at_rest(backend: &Backend, draft: &Draft<'_>) -> Result<Vec<Change>, Problem> {
    let entity = draft.entity;
    let mut changes = unique(draft);
    let id = draft.row.id;
    match &draft.before {
        None => changes.push(Change::Insert {
            table: entity.table.clone(),
            id,
            values: draft.row.clone().into_values(),
        }),
        Some(before) => {
            let values = draft.row.changes_since(before);
            changes.push(Change::Update {
                table: entity.table.clone(),
                id,
                values,
            });
            if before.get(SCOPE) != draft.row.get(SCOPE) {
                changes
                    .extend(placement::carry(backend, entity, id, draft.row.integer(SCOPE)).await?);
            }
        }
    }
    Ok(changes)
}

/// What a record of this body would hold once it is saved. Nothing is, and what is missing is not missed.
pub async fn proposed<'a>(
    context: Context<'_>,
    permit: &Permit<'a>,
    body: &[u8],
) -> Result<Draft<'a>, Problem> {
    let entity = permit.entity();
    let mut draft = Draft::new(entity, Row::new(0));
    under_parents(context, &mut draft);
    fill_defaults(&mut draft);
    let input = reader(context, entity, context.release, Purpose::Create).read(body)?;
    Box::pin(fill_in(context, &mut draft, &input)).await?;
    if draft.errors.is_empty() {
        return Ok(draft);
    }
    Err(ApiError::invalid_object(&draft.resource, draft.errors).into())
}

/// The path says what a record hangs under. A body may leave its parent out, or repeat it; one that names another
/// would take the record out from under the path that it was sent to.
fn hang(context: Context<'_>, draft: &mut Draft<'_>) {
    for (parent, id) in draft.entity.parents.iter().zip(context.parents) {
        let said = draft.row.integer(&parent.column);
        draft.row.set(&parent.column, Value::Integer(*id));
        // Typed clients send 0 for what they do not say.
        let other = said.is_some_and(|said| said != 0 && said != *id);
        let mut fields = draft.entity.fields.iter();
        let field = fields.find(|field| field.column == parent.column && other);
        if let Some(field) = field {
            let place = match field.kind {
                Kind::Reference(_) => format!("{}/id", field.name),
                _ => field.name.to_string(),
            };
            let message = format!("The {} is not {id}, the one in the path.", field.name);
            draft
                .errors
                .push(FieldError::invalid(&draft.resource, &place, message));
        }
    }
}

fn under_parents(context: Context<'_>, draft: &mut Draft<'_>) {
    for (parent, id) in draft.entity.parents.iter().zip(context.parents) {
        draft.row.set(&parent.column, Value::Integer(*id));
    }
    // A path that shows only some rows of a table makes rows of that kind.
    for (name, values) in &draft.entity.only {
        if let Some(first) = values.first() {
            draft.default(name, Value::Text(first.clone()));
        }
    }
}

/// Writes all changes of a call at once. A refusal of the database is told as one about `entity`.
pub async fn finish(
    context: Context<'_>,
    entity: &Entity,
    changes: Vec<Change>,
) -> Result<(), Problem> {
    write(context, entity, changes).await?;
    context.instance.written(entity);
    Ok(())
}

async fn write(
    context: Context<'_>,
    entity: &Entity,
    mut changes: Vec<Change>,
) -> Result<(), Problem> {
    context.rules.complete(context, &mut changes).await?;
    let news = outbox::has_news::<Message>(&changes);
    let written = context.instance.backend.write(changes).await;
    written.map_err(|error| refused(entity, error))?;
    if news {
        context.instance.outbox.notify_one();
    }
    context.instance.reread(entity).await
}

fn unique(draft: &Draft<'_>) -> Vec<Change> {
    let mut changes = Vec::new();
    for names in &draft.entity.unique {
        let mut values = Vec::new();
        for name in names {
            let Some(column) = draft.column(name) else {
                continue;
            };
            values.push((Arc::from(column), draft.row.get(column).clone()));
        }
        if values.len() == names.len() && values.iter().all(|(_, value)| *value != Value::Null) {
            let name = Arc::from(names.last().map_or("", String::as_str));
            changes.push(Change::Unique {
                table: draft.entity.table.clone(),
                values,
                except: Some(draft.row.id),
                name,
            });
        }
    }
    changes
}

/// Who made a record and who changed it last.
pub fn enter(context: Context<'_>, draft: &mut Draft<'_>) {
    let now = time(context.now);
    if draft.is_new() {
        draft.row.set_text(ENTERED_BY, &*context.caller.identifier);
        draft.row.set_text(DATE_ENTERED, now.clone());
    }
    draft.row.set_text(UPDATED_BY, &*context.caller.identifier);
    draft.row.set_text(LAST_UPDATED, now);
}

/// Who changed a record last, and when: goes with every change.
pub fn stamp(context: Context<'_>) -> [(Arc<str>, Value); 2] {
    [
        (
            Arc::from(UPDATED_BY),
            Value::Text(context.caller.identifier.to_string()),
        ),
        (Arc::from(LAST_UPDATED), Value::Text(time(context.now))),
    ]
}

/// A refusal of the database about this record, in the vendor's words.
fn refused(entity: &Entity, error: StoreError) -> Problem {
    let resource = names::resource(&entity.schema);
    match error {
        StoreError::Conflict { name } => {
            let message = if &*name == "identifier" {
                format!("{} ID already in use.", entity.schema)
            } else {
                format!("{} with this {name} already exists.", entity.schema)
            };
            Problem::field(&resource, FieldError::exists(&resource, &name, message))
        }
        StoreError::InUse { name } => ApiError::in_use(&entity.schema, &name).into(),
        StoreError::Unstorable { column, why, .. } => Problem::field(
            &resource,
            FieldError::invalid(&resource, &column, format!("{column}: {why}")),
        ),
        StoreError::Missing { id, .. } => {
            ApiError::not_found(&entity.schema, &id.to_string()).into()
        }
        other => other.into(),
    }
}
