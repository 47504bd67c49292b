//! Behaviour of single Autotask entities. Only here may they be named.

pub mod attachments;
mod caps;
mod deleted;
pub mod files;
mod numbers;
mod people;
mod spans;
mod team;
mod tickets;
mod time;
pub mod webhooks;

pub use people::is_usable;

use super::answer::Trouble;
use super::permit::Permit;
use super::tenant::Tenant;
use crate::draft::Draft;
use bitting_catalog::entity::Entity;
use bitting_dialects::autotask::error::Refusal;
use bitting_psa::backend::equals;
use bitting_psa::moment::time;
use bitting_psa::row::Row;
use bitting_query::{Kind, Value, and};
use bitting_store::table::Change;

/// Fields that say when and by whom a record was made or changed, whatever the entity calls them.
const MADE: [&str; 4] = [
    "createDate",
    "createDateTime",
    "createdDateTime",
    "attachDate",
];
const MADE_BY: [&str; 5] = [
    "creatorUserID",
    "creatorResourceID",
    "createdByResourceID",
    "createdByPersonID",
    "attachedByResourceID",
];
const CHANGED: [&str; 7] = [
    "lastActivityDate",
    "lastActivityDateTime",
    "lastActivity",
    "lastModifiedDate",
    "lastModifiedDateTime",
    "lastModifiedTime",
    "lastTrackedModificationDateTime",
];
const CHANGED_BY: [&str; 4] = [
    "lastModifiedUserID",
    "lastActivityResourceID",
    "lastActivityPersonID",
    "lastModifiedByResourceID",
];

/// What an entity does before its record is written.
pub async fn before_save(
    tenant: &Tenant,
    permit: &Permit<'_>,
    draft: &mut Draft<'_>,
) -> Result<(), Trouble> {
    let now = || Value::Text(time(tenant.now()));
    let me = || Value::Integer(permit.acting().resource);
    let behind = permit.impersonated().map(|_| permit.caller().resource);
    if draft.before.is_none() {
        for name in MADE {
            draft.default(name, now());
        }
        for name in MADE_BY {
            draft.default(name, me());
        }
        if let Some(user) = behind {
            draft.set("impersonatorCreatorResourceID", Value::Integer(user));
        }
    }
    for name in CHANGED {
        draft.set(name, now());
    }
    for name in CHANGED_BY {
        draft.set(name, me());
    }
    if let Some(user) = behind {
        draft.set("impersonatorUpdaterResourceID", Value::Integer(user));
    }
    match &*draft.entity.path {
        "Tickets" => tickets::save(tenant, permit.acting().resource, draft).await?,
        // Who of the customer wrote it cannot be said over the API; the field takes a value and keeps none.
        "TicketNotes" => draft.ignore("createdByContactID"),
        "Tasks" => team::primary(tenant, draft).await?,
        "TicketSecondaryResources" | "TaskSecondaryResources" => {
            team::secondary(tenant, draft).await?;
        }
        "CompanyToDos" => same_company(tenant, draft).await?,
        "ConfigurationItems" => default_category(tenant, draft).await?,
        "Contracts" => {
            if let (Some(start), Some(end)) = (draft.text("startDate"), draft.text("endDate"))
                && end <= start
            {
                draft
                    .errors
                    .push("EndDate must be later than StartDate".to_owned());
            }
        }
        "TimeEntries" => time::save(permit, draft)?,
        "ServiceCalls" => spans::service_call(draft),
        "Projects" => spans::project(draft),
        path if attachments::is_one(path) => attachments::save(tenant, draft).await?,
        path if path.contains("Webhook") => webhooks::save(tenant, permit, draft).await?,
        _ => {}
    }
    numbers::give(tenant, draft).await?;
    caps::hold(tenant, draft).await?;
    people::owners(&tenant.backend, draft).await?;
    Ok(())
}

/// What an entity forbids to delete.
pub fn before_delete(permit: &Permit<'_>, row: &Row) -> Result<(), Trouble> {
    if &*permit.entity().path == "TimeEntries" {
        return time::delete(permit, row);
    }
    Ok(())
}

/// Adds to the changes of a write what goes with it.
pub async fn beside(
    tenant: &Tenant,
    permit: &Permit<'_>,
    draft: &Draft<'_>,
    changes: &mut Vec<Change>,
) -> Result<(), Trouble> {
    let by = permit.acting().resource;
    match &*draft.entity.path {
        "Tickets" => tickets::history(tenant, by, draft, changes).await?,
        "Tasks" => spans::task(tenant, draft, changes).await?,
        "Documents" => content(tenant, draft, "DocumentPlainTextContent", changes),
        "KnowledgeBaseArticles" => content(tenant, draft, "ArticlePlainTextContent", changes),
        path if attachments::is_one(path) => attachments::listed(tenant, draft, changes),
        path if path.contains("Webhook") => webhooks::ready(tenant, draft, changes).await?,
        _ => {}
    }
    let row = Some(&draft.row);
    webhooks::tell(
        tenant,
        by,
        draft.entity,
        draft.before.as_ref(),
        row,
        changes,
    )
    .await
}

/// Adds to the changes of a deletion what goes with each row.
pub async fn beside_delete(
    tenant: &Tenant,
    permit: &Permit<'_>,
    entity: &Entity,
    row: &Row,
    changes: &mut Vec<Change>,
) -> Result<(), Trouble> {
    if attachments::is_one(&entity.path) {
        attachments::unlisted(tenant, row.id, changes);
    }
    if entity.path.contains("Webhook") {
        webhooks::no_longer(tenant, entity, row, changes).await?;
    }
    let by = permit.acting().resource;
    deleted::log(tenant, by, entity, row, changes).await?;
    webhooks::tell(tenant, by, entity, Some(row), None, changes).await
}

/// What follows once a record is written.
pub async fn after(tenant: &Tenant, entity: &Entity) -> Result<(), Trouble> {
    if entity.path.starts_with("UserDefinedField") {
        tenant.definitions_changed().await?;
    }
    Ok(())
}

/// The table whose series an entity's ids are of: all attachments share one, so that one list can name them.
pub fn series<'a>(tenant: &'a Tenant, entity: &'a Entity) -> &'a std::sync::Arc<str> {
    let listing = tenant.catalog().entity_at(attachments::LISTING);
    match listing {
        Some(listing) if attachments::is_one(&entity.path) => &listing.table,
        _ => &entity.table,
    }
}

/// Devices that name no category have the one for all.
async fn default_category(tenant: &Tenant, draft: &mut Draft<'_>) -> Result<(), Trouble> {
    if draft.integer("configurationItemCategoryID").is_some() {
        return Ok(());
    }
    if let Some(listing) = tenant.catalog().entity_at("ConfigurationItemCategories") {
        let filter = equals("is_global_default", Kind::Boolean, Value::Boolean(true));
        let rows = tenant
            .backend
            .raw_rows(listing, filter, Vec::new(), Some(1))
            .await?;
        if let Some(row) = rows.first() {
            draft.default("configurationItemCategoryID", Value::Integer(row.id));
        }
    }
    Ok(())
}

/// Whatever a to-do is about belongs to its company.
async fn same_company(tenant: &Tenant, draft: &mut Draft<'_>) -> Result<(), Trouble> {
    let Some(company) = draft.integer("companyID") else {
        return Ok(());
    };
    let entity = draft.entity;
    for name in ["contactID", "contractID", "opportunityID", "ticketID"] {
        let Some(id) = draft.integer(name) else {
            continue;
        };
        let field = entity.fields.iter().find(|field| *field.name == *name);
        let Some(target) = field.and_then(bitting_catalog::entity::Field::target) else {
            continue;
        };
        let target = tenant.catalog().entity(target);
        let filter = and(
            bitting_psa::backend::with_id(id),
            equals("company_id", Kind::Integer, Value::Integer(company)),
        );
        if !tenant.backend.raw_any(target, filter).await? {
            draft.errors.push(Refusal::reference(name, &target.schema));
        }
    }
    Ok(())
}

/// The text of a new document or article, empty until somebody writes it: it goes by the id of what it is of, and can
/// be changed and not be made.
fn content(tenant: &Tenant, draft: &Draft<'_>, entity: &str, changes: &mut Vec<Change>) {
    if draft.before.is_none()
        && let Some(texts) = tenant.catalog().entity_at(entity)
    {
        let mut row = Row::new(draft.row.id);
        row.set("content_data", Value::Text(String::new()));
        changes.push(Change::Insert {
            table: texts.table.clone(),
            id: row.id,
            values: row.into_values(),
        });
    }
}
