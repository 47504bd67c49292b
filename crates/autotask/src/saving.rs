//! Creating, changing and deleting records: input, defaults, rules, checks, one write. Names no entity.

use super::answer::Trouble;
use super::draft::Draft;
use super::permit::{self, Permit};
use super::reading;
use super::rules;
use super::tenant::Tenant;
use super::users::{ApiUser, ProtectedData};
use super::virtual_row::VirtualRow;
use super::webhooks::outbox::Message;
use bitting_catalog::entity::{Entity, Kind as FieldKind};
use bitting_catalog::served::Asked;
use bitting_dialects::autotask::body::{self, Input};
use bitting_dialects::autotask::error::Refusal;
use bitting_dialects::autotask::udf::{self, Defined, EXTRA, Held};
use bitting_dialects::connectwise::layout::{DATE_ENTERED, ENTERED_BY, LAST_UPDATED, UPDATED_BY};
use bitting_policy::Verb;
use bitting_psa::backend::equals;
use bitting_psa::moment::time;
use bitting_psa::outbox;
use bitting_psa::row::Row;
use bitting_query::{Filter, Kind, Value};
use bitting_store::table::Change;

/// Where a write happens.
#[derive(Debug, Clone, Copy)]
pub struct Spot {
    /// The parent's id, where the path goes through it.
    pub parent: Option<i64>,
}

/// An API user that is kept together with its resource, or neither is.
pub struct Beside {
    /// What it rests under already.
    pub at: Option<i64>,
    /// What goes in its favour.
    pub gone: Option<i64>,
    pub user: ApiUser,
}

/// Creates a record and answers its id.
pub async fn create(
    tenant: &Tenant,
    permit: &Permit<'_>,
    spot: Spot,
    bytes: &[u8],
) -> Result<i64, Trouble> {
    create_with(tenant, permit, spot, bytes, None).await
}

/// The same, with an API user of the new resource in the same write.
pub async fn create_with(
    tenant: &Tenant,
    permit: &Permit<'_>,
    spot: Spot,
    bytes: &[u8],
    mut beside: Option<Beside>,
) -> Result<i64, Trouble> {
    let entity = permit.entity();
    let defined = tenant.defined(entity.id);
    let input = body::read(entity, &defined, bytes)?;
    user_defined(permit, &defined, &input, true)?;
    let series = rules::series(tenant, entity);
    let id = tenant.backend.store.next_id(series).await?;
    let mut draft = Draft {
        entity,
        row: Row::new(id),
        before: None,
        given: Vec::new(),
        whole: false,
        errors: Vec::new(),
    };
    take(&mut draft, &input);
    hang(&mut draft, spot)?;
    defaults(&mut draft);
    if let Some(beside) = &mut beside {
        beside.user.resource = id;
    }
    save(tenant, permit, draft, beside).await?;
    Ok(id)
}

/// Changes a record: `whole` empties what the caller does not name.
pub async fn change(
    tenant: &Tenant,
    permit: &Permit<'_>,
    spot: Spot,
    id: Option<i64>,
    bytes: &[u8],
    whole: bool,
) -> Result<i64, Trouble> {
    change_with(tenant, permit, spot, (id, bytes), whole, None).await
}

/// The same, with the resource's API user in the same write.
pub async fn change_with(
    tenant: &Tenant,
    permit: &Permit<'_>,
    spot: Spot,
    (id, bytes): (Option<i64>, &[u8]),
    whole: bool,
    beside: Option<Beside>,
) -> Result<i64, Trouble> {
    let entity = permit.entity();
    let defined = tenant.defined(entity.id);
    let input = body::read(entity, &defined, bytes)?;
    user_defined(permit, &defined, &input, whole)?;
    let id = id
        .or(input.id)
        .ok_or_else(|| Refusal::new(Refusal::missing("id")))?;
    let before = reading::row(tenant, permit, id, under(entity, spot))
        .await?
        .ok_or_else(Refusal::nothing_to_update)?;
    let mut draft = Draft {
        entity,
        row: before.clone(),
        before: Some(before),
        given: Vec::new(),
        whole,
        errors: Vec::new(),
    };
    if whole {
        for (index, field) in entity.fields.iter().enumerate() {
            let guard = format!("change {}", field.name);
            // What the caller may not change is not emptied by leaving it out either.
            let kept = field.read_only
                || field.post_only
                || &*field.name == "id"
                || permit.hides(index)
                || !permit.holds(&guard, Verb::Edit);
            if !kept {
                draft.row.set(&field.column, Value::Null);
            }
        }
        let gone = left_out(permit, &defined, &input);
        if !gone.is_empty() {
            let text = udf::merged(draft.row.text(EXTRA), &gone);
            draft.row.set_text(EXTRA, text);
        }
    }
    take(&mut draft, &input);
    hang(&mut draft, spot)?;
    save(tenant, permit, draft, beside).await?;
    Ok(id)
}

/// Deletes a record with what hangs under it.
pub async fn delete(
    tenant: &Tenant,
    permit: &Permit<'_>,
    spot: Spot,
    id: i64,
) -> Result<(), Trouble> {
    let entity = permit.entity();
    let row = reading::row(tenant, permit, id, under(entity, spot))
        .await?
        .ok_or_else(Refusal::nothing_to_delete)?;
    rules::before_delete(permit, &row)?;
    let mut changes = Vec::new();
    let mut gone = Vec::new();
    let mut open = vec![(entity.id, row)];
    while let Some((holder, row)) = open.pop() {
        let id = row.id;
        for child in &tenant.catalog().entities {
            let below = child
                .served
                .as_ref()
                .and_then(|served| served.below.as_ref());
            let Some(field) = below
                .filter(|below| below.parent == Some(holder))
                .and_then(|below| below.field)
            else {
                continue;
            };
            let filter = equals(
                &child.fields[field].column,
                Kind::Integer,
                Value::Integer(id),
            );
            for row in tenant
                .backend
                .raw_rows(child, filter, Vec::new(), None)
                .await?
            {
                open.push((child.id, row));
            }
        }
        gone.push((holder, row));
        changes.push(Change::Delete {
            table: tenant.catalog().entity(holder).table.clone(),
            id,
        });
    }
    changes.reverse();
    for (holder, row) in gone {
        let holder = tenant.catalog().entity(holder);
        rules::beside_delete(tenant, permit, holder, &row, &mut changes).await?;
    }
    write(tenant, changes).await?;
    rules::after(tenant, entity).await
}

/// Rows below the parent in the path.
pub fn under(entity: &Entity, spot: Spot) -> Filter {
    match (spot.parent, below(entity)) {
        (Some(parent), Some(field)) => equals(
            &entity.fields[field].column,
            Kind::Integer,
            Value::Integer(parent),
        ),
        // A parent that no field names holds nothing.
        (Some(_), None) => Filter::Constant(false),
        (None, _) => Filter::Constant(true),
    }
}

/// Whether a record hangs under another one, whatever path it is made at.
fn is_child(entity: &Entity) -> bool {
    let served = entity.served.as_ref();
    served.is_some_and(|served| !served.root.has(Asked::Post))
}

fn below(entity: &Entity) -> Option<usize> {
    entity.served.as_ref()?.below.as_ref()?.field
}

/// The path says what a record hangs under. A body may leave its parent out, or repeat it; one that names another
/// would make the record elsewhere, or take it out from under the path that it was sent to.
fn hang(draft: &mut Draft<'_>, spot: Spot) -> Result<(), Refusal> {
    let Some(index) = below(draft.entity) else {
        return Ok(());
    };
    let field = &draft.entity.fields[index];
    match spot.parent {
        Some(parent) => draft.hang(index, parent),
        None if is_child(draft.entity) && draft.row.is_null(&field.column) => {
            return Err(Refusal::new(Refusal::missing(&field.name)));
        }
        None => {}
    }
    Ok(())
}

fn take(draft: &mut Draft<'_>, input: &Input) {
    let is_new = draft.before.is_none();
    for (index, value) in &input.values {
        let field = &draft.entity.fields[*index];
        // What is fixed at creation is passed over without a word, as the vendor does.
        if field.post_only && !is_new {
            continue;
        }
        draft.given.push(*index);
        let value = match value {
            Value::Text(text) if text.is_empty() => Value::Null,
            value => value.clone(),
        };
        draft.row.set(&field.column, value);
    }
    if !input.defined.is_empty() {
        let text = udf::merged(draft.row.text(EXTRA), &input.defined);
        draft.row.set_text(EXTRA, text);
    }
}

/// Values that a new record starts with.
fn defaults(draft: &mut Draft<'_>) {
    let entity = draft.entity;
    for field in &entity.fields {
        if !draft.row.is_null(&field.column) || &*field.name == "id" {
            continue;
        }
        let listed = field
            .picklist
            .as_ref()
            .and_then(|list| list.default.as_deref());
        let value = match (&field.kind, listed) {
            // A required field is the caller's to give.
            (_, Some(_)) if field.required => continue,
            (FieldKind::Integer, Some(value)) => value.parse().map_or(Value::Null, Value::Integer),
            (FieldKind::Text, Some(value)) => Value::Text(value.to_owned()),
            (FieldKind::Boolean, _) if !field.required => {
                Value::Boolean(&*field.name == "isActive")
            }
            _ => continue,
        };
        draft.row.set(&field.column, value);
    }
}

async fn save(
    tenant: &Tenant,
    permit: &Permit<'_>,
    mut draft: Draft<'_>,
    beside: Option<Beside>,
) -> Result<(), Trouble> {
    let is_new = draft.before.is_none();
    let entity = draft.entity;
    let now = time(tenant.now());
    let user = permit.caller().user.to_string();
    rules::before_save(tenant, permit, &mut draft).await?;
    required(&mut draft);
    references(tenant, permit, &mut draft).await?;
    guarded(permit, &mut draft);
    if !draft.errors.is_empty() {
        return Err(Refusal::all(draft.errors).into());
    }
    if is_new {
        draft.row.set_text(ENTERED_BY, user.clone());
        draft.row.set_text(DATE_ENTERED, now.clone());
    }
    draft.row.set_text(UPDATED_BY, user);
    draft.row.set_text(LAST_UPDATED, now);
    // The record as it will be must lie within the permit too.
    let rows = permit.rows();
    let seen = VirtualRow::read(&tenant.backend, &draft.row, &rows).await?;
    if !seen.satisfies(&rows) {
        return Err(Refusal::permissions(permit.act(), &entity.schema).into());
    }
    drop(seen);
    let table = entity.table.clone();
    let id = draft.row.id;
    let mut changes = vec![match &draft.before {
        None => Change::Insert {
            table,
            id,
            values: draft.row.clone().into_values(),
        },
        Some(before) => Change::Update {
            table,
            id,
            values: draft.row.changes_since(before),
        },
    }];
    rules::beside(tenant, permit, &draft, &mut changes).await?;
    match beside {
        None => write(tenant, changes).await?,
        Some(beside) => {
            let news = outbox::has_news::<Message>(&changes);
            tenant.keep_user(beside, changes).await?;
            if news {
                tenant.news.notify_one();
            }
        }
    }
    rules::after(tenant, entity).await
}

async fn write(tenant: &Tenant, changes: Vec<Change>) -> Result<(), Trouble> {
    let news = outbox::has_news::<Message>(&changes);
    tenant.backend.write(changes).await?;
    if news {
        tenant.news.notify_one();
    }
    Ok(())
}

/// What a change of user-defined values takes.
fn needed(field: &Defined) -> ProtectedData {
    if field.protected {
        ProtectedData::EditProtected
    } else {
        ProtectedData::EditUnprotected
    }
}

/// The user-defined values that a whole record empties because it does not name them. What the caller may not change
/// stays, and so does what came back as it was masked.
fn left_out(permit: &Permit<'_>, defined: &[Defined], input: &Input) -> Vec<Held> {
    let may = permit.user_defined();
    let gone = defined.iter().filter(|field| {
        let named = input.defined.iter().any(|held| *held.name == *field.name);
        let masked = input.masked.iter().any(|name| **name == *field.name);
        !named && !masked && may >= needed(field)
    });
    let empty = |field: &Defined| Held {
        name: field.name.to_string(),
        ..Held::default()
    };
    gone.map(empty).collect()
}

/// What the caller's rights on protected data do not cover cannot be written. `whole` where what is not named is empty.
fn user_defined(
    permit: &Permit<'_>,
    defined: &[Defined],
    input: &Input,
    whole: bool,
) -> Result<(), Refusal> {
    let may = permit.user_defined();
    let mut says = Vec::new();
    for field in defined {
        let given = input.defined.iter().find(|held| *held.name == *field.name);
        let needed = needed(field);
        if given.is_some() && may < needed {
            says.push(format!(
                "The logged in Resource does not have the adequate permissions to update the user-defined field {}.",
                field.name
            ));
        }
        let empty = match given {
            Some(held) => held.value.is_none(),
            None => whole && !input.masked.contains(&field.name.to_string()),
        };
        if field.required && empty && may >= needed {
            says.push(Refusal::missing(&field.name));
        }
    }
    if says.is_empty() {
        Ok(())
    } else {
        Err(Refusal::all(says))
    }
}

/// Fields that only some levels may change, and those that do not show at all.
fn guarded(permit: &Permit<'_>, draft: &mut Draft<'_>) {
    let mut says = Vec::new();
    for index in &draft.given {
        let field = &draft.entity.fields[*index];
        let right = format!("change {}", field.name);
        let held = permit.holds(&right, Verb::Edit) || draft.before.is_none();
        if draft.changes(&field.name) && (permit.hides(*index) || !held) {
            says.push(format!(
                "The logged in Resource does not have the adequate permissions to update the field {}.",
                field.name
            ));
        }
    }
    draft.errors.extend(says);
}

fn required(draft: &mut Draft<'_>) {
    let entity = draft.entity;
    for (index, field) in entity.fields.iter().enumerate() {
        let asked = field.required && !field.read_only && &*field.name != "id";
        let touched = draft.before.is_none() || draft.whole || draft.given.contains(&index);
        let empty = match draft.row.get(&field.column) {
            Value::Null => true,
            Value::Text(text) => text.trim().is_empty(),
            _ => false,
        };
        if asked && touched && empty {
            draft.errors.push(Refusal::missing(&field.name));
        }
    }
}

/// Every record that the caller's fields newly point to must be there, and be seen: one that is out of sight is
/// answered as one that is not there.
async fn references(
    tenant: &Tenant,
    permit: &Permit<'_>,
    draft: &mut Draft<'_>,
) -> Result<(), Trouble> {
    let entity = draft.entity;
    let below = below(entity);
    for (index, field) in entity.fields.iter().enumerate() {
        let given =
            draft.given.contains(&index) || (draft.before.is_none() && below == Some(index));
        let Some(target) = field
            .target()
            .filter(|_| given && (field.shown_link || below == Some(index)))
        else {
            continue;
        };
        let Some(id) = draft.row.integer(&field.column) else {
            continue;
        };
        if !draft.changes(&field.name) {
            continue;
        }
        let target = tenant.catalog().entity(target);
        let row = tenant.backend.raw_row(target, id).await?;
        let usable = row.is_some_and(|row| rules::is_usable(target, &row));
        if !usable || !permit::may_refer(tenant, permit, target, id).await? {
            draft
                .errors
                .push(Refusal::reference(&field.name, &target.schema));
        }
    }
    Ok(())
}
