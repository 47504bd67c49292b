//! Behaviour of single Autotask entities. Only here may they be named.

use super::answer::Trouble;
use super::saving::Draft;
use super::tenant::{Caller, Tenant};
use crate::backend::{Backend, equals};
use crate::row::Row;
use crate::saving::time;
use bitting_catalog::entity::{Entity, EntityId};
use bitting_dialects::autotask::error::Refusal;
use bitting_dialects::autotask::udf::Defined;
use bitting_query::{Comparison, Filter, Kind, Pattern, Piece, Value, and};
use bitting_store::StoreError;
use std::collections::HashMap;
use std::sync::Arc;

/// Which entity a definition of a user-defined field is for, by its number.
const DEFINED_FOR: [(i64, &str); 14] = [
    (1, "Companies"),
    (2, "Contacts"),
    (3, "Contracts"),
    (4, "ConfigurationItems"),
    (5, "Opportunities"),
    (6, "Products"),
    (7, "Projects"),
    (8, "SalesOrders"),
    (9, "Services"),
    (10, "ServiceBundles"),
    (11, "CompanySiteConfigurations"),
    (12, "Subscriptions"),
    (13, "Tasks"),
    (14, "Tickets"),
];

/// A ticket that is done.
const COMPLETE: i64 = 5;
/// Contents of attachments hang on these.
const TICKET_OR_TASK: i64 = 4;

/// Fields that say when and by whom a record was made or changed, whatever the entity calls them.
const MADE: [&str; 4] = [
    "createDate",
    "createDateTime",
    "createdDateTime",
    "attachDate",
];
const MADE_BY: [&str; 4] = [
    "creatorResourceID",
    "createdByResourceID",
    "createdByPersonID",
    "attachedByResourceID",
];
const CHANGED: [&str; 6] = [
    "lastActivityDate",
    "lastActivity",
    "lastModifiedDate",
    "lastModifiedDateTime",
    "lastModifiedTime",
    "lastTrackedModificationDateTime",
];
const CHANGED_BY: [&str; 3] = [
    "lastActivityResourceID",
    "lastActivityPersonID",
    "lastModifiedByResourceID",
];

/// User-defined fields by entity, from the records that define them.
pub async fn defined(backend: &Backend) -> Result<HashMap<EntityId, Arc<[Defined]>>, StoreError> {
    let mut fields: HashMap<EntityId, Vec<Defined>> = HashMap::new();
    let (Some(definitions), Some(items)) = (
        backend.catalog.entity_at("UserDefinedFieldDefinitions"),
        backend.catalog.entity_at("UserDefinedFieldListItems"),
    ) else {
        return Ok(HashMap::new());
    };
    let all = Filter::Constant(true);
    let listed = backend
        .raw_rows(items, all.clone(), Vec::new(), None)
        .await?;
    for row in backend.raw_rows(definitions, all, Vec::new(), None).await? {
        let target = DEFINED_FOR
            .iter()
            .find(|(number, _)| Some(*number) == row.integer("udf_type"))
            .and_then(|(_, path)| backend.catalog.entity_at(path));
        let (Some(target), Some(name)) = (target, row.text("name")) else {
            continue;
        };
        let kind = match row.integer("data_type") {
            Some(3) => "double",
            Some(4) => "datetime",
            _ => "string",
        };
        let values = listed
            .iter()
            .filter(|item| item.integer("udf_field_id") == Some(row.id))
            .filter_map(|item| item.text("value_for_display").map(Arc::from))
            .collect();
        fields.entry(target.id).or_default().push(Defined {
            name: Arc::from(name),
            label: Arc::from(name),
            description: Arc::from(row.text("description").unwrap_or_default()),
            kind,
            required: row.flag("is_required"),
            values,
            protected: row.flag("is_protected"),
        });
    }
    Ok(fields
        .into_iter()
        .map(|(entity, fields)| (entity, fields.into()))
        .collect())
}

/// Lines of business that a resource works for.
pub async fn lines(backend: &Backend, resource: i64) -> Result<Arc<[i64]>, StoreError> {
    let Some(listing) = backend.catalog.entity_at("OrganizationalResources") else {
        return Ok(Arc::from([]));
    };
    let filter = equals("resource_id", Kind::Integer, Value::Integer(resource));
    let rows = backend.raw_rows(listing, filter, Vec::new(), None).await?;
    Ok(rows
        .iter()
        .filter_map(|row| row.integer("organizational_level_association_id"))
        .collect())
}

/// What an entity does before its record is written.
pub async fn before_save(
    tenant: &Tenant,
    caller: &Caller,
    draft: &mut Draft<'_>,
) -> Result<(), Trouble> {
    let now = || Value::Text(time(tenant.now()));
    let me = || Value::Integer(caller.resource);
    if draft.before.is_none() {
        for name in MADE {
            draft.default(name, now());
        }
        for name in MADE_BY {
            draft.default(name, me());
        }
    }
    for name in CHANGED {
        draft.set(name, now());
    }
    for name in CHANGED_BY {
        draft.set(name, me());
    }
    match &*draft.entity.path {
        "Tickets" => ticket(tenant, draft).await?,
        "CompanyToDos" => same_company(tenant, draft).await?,
        "Contracts" => {
            if let (Some(start), Some(end)) = (draft.text("startDate"), draft.text("endDate"))
                && end <= start
            {
                draft
                    .errors
                    .push("EndDate must be later than StartDate".to_owned());
            }
        }
        "TimeEntries" => time_entry(caller, draft)?,
        path if path.ends_with("Attachments") => {
            let size = draft.text("data").map_or(0, |data| data.len() / 4 * 3);
            draft.set("fileSize", Value::Integer(size as i64));
            if path == "TicketAttachments" {
                draft.default("parentType", Value::Integer(TICKET_OR_TASK));
            }
        }
        _ => {}
    }
    Ok(())
}

/// What an entity forbids to delete.
pub fn before_delete(caller: &Caller, entity: &Entity, row: &Row) -> Result<(), Trouble> {
    if &*entity.path == "TimeEntries" && row.integer("resource_id") != Some(caller.resource) {
        return Err(Refusal::new(
            "You do not have permission to delete time entries that you did not create.",
        )
        .into());
    }
    Ok(())
}

/// What follows once a record is written.
pub async fn after(tenant: &Tenant, entity: &Entity) -> Result<(), Trouble> {
    if entity.path.starts_with("UserDefinedField") {
        tenant.definitions_changed().await?;
    }
    Ok(())
}

async fn ticket(tenant: &Tenant, draft: &mut Draft<'_>) -> Result<(), Trouble> {
    let resource = draft.integer("assignedResourceID");
    let role = draft.integer("assignedResourceRoleID");
    if resource.is_some() != role.is_some() {
        draft.errors.push(
            "assignedResourceID and assignedResourceRoleID must be given together".to_owned(),
        );
    }
    let was_complete = draft
        .before
        .as_ref()
        .is_some_and(|before| before.integer("status") == Some(COMPLETE));
    let is_complete = draft.integer("status") == Some(COMPLETE);
    if is_complete && !was_complete {
        draft.set("completedDate", Value::Text(time(tenant.now())));
    } else if !is_complete {
        draft.set("completedDate", Value::Null);
    }
    if let (Some(issue), Some(sub)) = (draft.integer("issueType"), draft.integer("subIssueType")) {
        let list = draft
            .entity
            .fields
            .iter()
            .find(|field| &*field.name == "subIssueType")
            .and_then(|field| field.picklist.clone());
        let fits = list.is_none_or(|list| {
            list.values.iter().any(|value| {
                *value.value == *sub.to_string()
                    && value
                        .parent
                        .as_deref()
                        .is_none_or(|parent| parent == issue.to_string())
            })
        });
        if !fits {
            draft
                .errors
                .push(Refusal::picklist("subIssueType", &sub.to_string()));
        }
    }
    if draft.before.is_none() {
        let day = tenant.now().strftime("T%Y%m%d.").to_string();
        let number = next_number(tenant, draft.entity, &day).await?;
        draft.default("ticketNumber", Value::Text(number));
        draft.default("creatorType", Value::Integer(1));
    }
    Ok(())
}

/// The next number of a day, `T20260302.0001`.
async fn next_number(tenant: &Tenant, entity: &Entity, day: &str) -> Result<String, Trouble> {
    let path = crate::backend::column("ticket_number", Kind::Text);
    let filter = Filter::Like {
        path: path.clone(),
        pattern: Pattern(vec![Piece::Text(day.to_owned()), Piece::AnyRun]),
    };
    let mut number = tenant.backend.raw_count(entity, &filter).await? + 1;
    loop {
        let text = format!("{day}{number:04}");
        let taken = Filter::Compare {
            path: path.clone(),
            op: Comparison::Equal,
            value: Value::Text(text.clone()),
        };
        if tenant.backend.raw_count(entity, &taken).await? == 0 {
            return Ok(text);
        }
        number += 1;
    }
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
            crate::backend::with_id(id),
            equals("company_id", Kind::Integer, Value::Integer(company)),
        );
        if tenant.backend.raw_count(target, &filter).await? == 0 {
            draft.errors.push(Refusal::reference(name, &target.schema));
        }
    }
    Ok(())
}

/// Time of others is theirs.
fn time_entry(caller: &Caller, draft: &mut Draft<'_>) -> Result<(), Trouble> {
    if let Some(before) = &draft.before
        && before.integer("resource_id") != Some(caller.resource)
    {
        return Err(Refusal::new(
            "You do not have permission to edit time entries that you did not create.",
        )
        .into());
    }
    let kind = match (draft.integer("ticketID"), draft.integer("taskID")) {
        (Some(_), _) => 2,
        (None, Some(_)) => 6,
        (None, None) => 10,
    };
    draft.set("timeEntryType", Value::Integer(kind));
    Ok(())
}
