//! Callbacks: who wants to hear of which changes, and the messages that a change leaves for them. A
//! callback hears of a record only while the member that made it may read that record.

pub mod levels;

use super::related;
use bitting_catalog::entity::Entity;
use bitting_dialects::connectwise::error::FieldError;
use bitting_policy::Verb;
use bitting_psa::backend::equals;
use bitting_psa::caller::Caller;
use bitting_psa::context::Context;
use bitting_psa::draft::Draft;
use bitting_psa::instance::Instance;
use bitting_psa::outbox::callbacks::Message;
use bitting_psa::outbox::{Message as _, Progress, next_id};
use bitting_psa::permit::authorize;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_query::{Kind, Value, and};
use bitting_store::table::Change;
use levels::{Reach, Type};
use std::sync::Arc;

/// The entity that keeps callbacks.
pub const PATH: &str = "system/callbacks";
const TAGS: &str = "system/integratorTags";
const COMPANIES: &str = "company/companies";

/// Checks a registration; what the caller wrote is kept and shown as written.
pub async fn save(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    if draft.is_new() {
        draft.set("memberId", Value::Integer(context.caller.member));
    }
    let resource = draft.resource.clone();
    let mut errors = Vec::new();
    let words = (draft.text("type"), draft.text("level"));
    if let (Some(kind), Some(level)) = words {
        match Type::named(kind) {
            None => {
                let known: Vec<&str> = levels::TYPES.iter().map(|kind| kind.name).collect();
                let message = format!(
                    "There is no callback type {kind}; types are {}.",
                    known.join(", ")
                );
                errors.push(FieldError::invalid(&resource, "type", message));
            }
            Some(found) if found.reach(level).is_none() => {
                let known = found.level_names().join(", ");
                let message =
                    format!("Callbacks of type {kind} have no level {level}; levels are {known}.");
                errors.push(FieldError::invalid(&resource, "level", message));
            }
            Some(_) => {}
        }
    }
    if let Some(url) = draft.text("url")
        && !is_url(url)
    {
        let message = "url must begin with https:// or http:// and name a host.";
        errors.push(FieldError::invalid(&resource, "url", message));
    }
    if errors.is_empty() && is_twin(context.instance, draft).await? {
        let message = "A callback for this object already exists.";
        errors.push(FieldError::exists(&resource, "objectId", message));
    }
    draft.errors.extend(errors);
    Ok(())
}

fn is_url(url: &str) -> bool {
    reqwest::Url::parse(url)
        .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some())
}

/// Whether the same member is told of the same changes at the same place already.
async fn is_twin(instance: &Instance, draft: &Draft<'_>) -> Result<bool, Problem> {
    let (Some(object), Some(member)) = (draft.integer("objectId"), draft.integer("memberId"))
    else {
        return Ok(false);
    };
    let filter = and(
        equals("object_id", Kind::Integer, Value::Integer(object)),
        equals("member_id", Kind::Integer, Value::Integer(member)),
    );
    let same = |row: &Row, name: &str| {
        let column = draft.column(name).and_then(|column| row.text(column));
        match (column, draft.text(name)) {
            (Some(left), Some(right)) => left.eq_ignore_ascii_case(right),
            _ => false,
        }
    };
    let rows = related::filtered(instance, PATH, filter).await?;
    Ok(rows.iter().any(|row| {
        row.id != draft.row.id && ["type", "level", "url"].iter().all(|name| same(row, name))
    }))
}

/// Adds a message for every callback that wants to hear of a change to the changes of its write.
pub async fn record(
    context: Context<'_>,
    entity: &Entity,
    before: Option<&Row>,
    after: Option<&Row>,
    changes: &mut Vec<Change>,
) -> Result<(), Problem> {
    let Some(kind) = Type::of(&entity.path) else {
        return Ok(());
    };
    let action = match (before, after) {
        (None, Some(_)) => "added",
        (Some(_), Some(_)) => "updated",
        (Some(_), None) => "deleted",
        (None, None) => return Ok(()),
    };
    for callback in related::all(context.instance, PATH).await? {
        let own = callback.integer("member_id");
        let suppressed =
            callback.flag("is_self_suppressed_flag") && own == Some(context.caller.member);
        let named = callback.text("type").and_then(Type::named);
        if callback.flag("inactive_flag")
            || suppressed
            || named.is_none_or(|named| named.name != kind.name)
        {
            continue;
        }
        let mut concerned = None;
        for row in [after, before].into_iter().flatten() {
            if concerned.is_none()
                && concerns(context.instance, kind, entity, &callback, row).await?
            {
                concerned = Some(row.id);
            }
        }
        let Some(record_id) = concerned else {
            continue;
        };
        let member = own.unwrap_or_default();
        // What is gone can no longer be looked at when the message goes out.
        if after.is_none() && !may_see(context.instance, member, entity, record_id).await? {
            continue;
        }
        let message = Message {
            id: next_id::<Message>(&context.instance.backend).await?,
            callback_id: callback.id,
            member,
            by: context.caller.identifier.to_string(),
            action: action.to_owned(),
            kind: kind.name.to_ascii_lowercase(),
            entity: entity.path.to_string(),
            record_id,
            message_id: uuid::Uuid::new_v4().to_string(),
            progress: Progress::begun(context.now),
        };
        changes.push(message.insert());
    }
    Ok(())
}

/// Whether the callback's level and object take in the record.
async fn concerns(
    instance: &Instance,
    kind: &Type,
    entity: &Entity,
    callback: &Row,
    row: &Row,
) -> Result<bool, Problem> {
    let level = callback.text("level").unwrap_or_default();
    let (Some(reach), Some(object)) = (kind.reach(level), callback.integer("object_id")) else {
        return Ok(false);
    };
    Ok(match reach {
        Reach::All => true,
        Reach::Itself => row.id == object,
        Reach::Field(name) => holds(entity, row, name, object),
        Reach::Company(name) => {
            let company = entity
                .any_field("company")
                .and_then(|field| row.integer(&field.column));
            let companies = related::entity(instance, COMPANIES)?;
            let found = match company {
                Some(id) => related::one(instance, COMPANIES, id).await?,
                None => None,
            };
            found.is_some_and(|row| holds(companies, &row, name, object))
        }
        Reach::Tag => {
            let tag = related::one(instance, TAGS, object).await?;
            let text = tag
                .as_ref()
                .and_then(|tag| tag.text("text").or(tag.text("name")));
            let column = entity
                .any_field("integratorTags")
                .map(|field| &*field.column);
            let tags: Vec<String> = column
                .and_then(|column| row.text(column))
                .and_then(|json| serde_json::from_str(json).ok())
                .unwrap_or_default();
            text.is_some_and(|text| tags.iter().any(|tag| tag.eq_ignore_ascii_case(text)))
        }
    })
}

fn holds(entity: &Entity, row: &Row, name: &str, object: i64) -> bool {
    let Some(field) = entity.any_field(name) else {
        return false;
    };
    match row.get(&field.column) {
        Value::Integer(id) => *id == object,
        Value::Text(_) => related::numbers(row, &field.column).contains(&object),
        _ => false,
    }
}

/// The member a message is for; `None` when there is none, or no longer.
pub async fn recipient(instance: &Instance, member: i64) -> Result<Option<Arc<Caller>>, Problem> {
    if member == 0 {
        return Ok(Some(Arc::new(Caller::operator(instance.registry()))));
    }
    instance.caller(member).await
}

async fn may_see(
    instance: &Instance,
    member: i64,
    entity: &Entity,
    id: i64,
) -> Result<bool, Problem> {
    let Some(caller) = recipient(instance, member).await? else {
        return Ok(false);
    };
    let backend = &instance.backend;
    match authorize(
        backend.grounds(),
        &caller,
        entity,
        &entity.right.needs,
        Verb::Inquire,
    ) {
        Ok(permit) => Ok(backend.row(&permit, id).await?.is_some()),
        Err(_) => Ok(false),
    }
}
