//! Configurations attached to a ticket or an agreement: links that show themselves under the configuration's own id.

use crate::related::{self, id, text};
use bitting_dialects::connectwise::error::{ApiError, FieldError};
use bitting_dialects::connectwise::layout::SCOPE;
use bitting_policy::Verb;
use bitting_psa::backend::{equals, with_id};
use bitting_psa::permit::{Permit, authorize, pass_through};
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_psa::saving;
use bitting_psa::{answer::Answer, context::Context};
use bitting_query::{Kind, Value};
use bitting_store::table::Change;

const CONFIGURATIONS: &str = "company/configurations";

/// The links of the ticket in the path, as configurations.
pub async fn rows(context: Context<'_>, permit: &Permit<'_>) -> Result<Vec<Row>, Problem> {
    let shown = permit
        .entity()
        .any_field("deviceIdentifier")
        .map(|field| field.column.clone());
    let mut rows = Vec::new();
    for link in links(context, permit).await? {
        let Some(of) = link.integer("configuration_id") else {
            continue;
        };
        let mut row = link;
        row.id = of;
        // The link is the ticket's; what it shows of the configuration takes the right to read that.
        if let (Some(configuration), Some(shown)) = (readable(context, of).await?, &shown) {
            row.set(shown, configuration.get("device_identifier").clone());
        }
        rows.push(row);
    }
    Ok(rows)
}

/// The configuration, if the caller may read it.
async fn readable(context: Context<'_>, id: i64) -> Result<Option<Row>, Problem> {
    let entity = related::entity(context.instance, CONFIGURATIONS)?;
    let (backend, needs) = (&context.instance.backend, &entity.right.needs);
    match authorize(
        backend.grounds(),
        context.caller,
        entity,
        needs,
        Verb::Inquire,
    ) {
        Ok(permit) => Ok(backend.row(&permit, id).await?),
        Err(_) => Ok(None),
    }
}

/// The links at rest.
async fn links(context: Context<'_>, permit: &Permit<'_>) -> Result<Vec<Row>, Problem> {
    match (permit.entity().parents.last(), context.parents.last()) {
        (Some(parent), Some(ticket)) => {
            let links = &context.instance.catalog().home(permit.entity().id).path;
            related::under(context.instance, links, &parent.column, *ticket).await
        }
        _ => Ok(Vec::new()),
    }
}

/// Attaches or detaches; reading goes its usual way.
pub async fn answer(
    context: Context<'_>,
    permit: &Permit<'_>,
    id: Option<i64>,
    body: &[u8],
) -> Result<Option<Answer>, Problem> {
    match (permit.verb(), id) {
        (Verb::Add, None) => attach(context, permit, body).await.map(Some),
        (Verb::Delete, Some(id)) => detach(context, permit, id).await.map(Some),
        _ => Ok(None),
    }
}

async fn attach(context: Context<'_>, permit: &Permit<'_>, body: &[u8]) -> Result<Answer, Problem> {
    let ticket = context
        .parents
        .last()
        .copied()
        .ok_or_else(ApiError::no_endpoint)?;
    let configuration = named(context, body).await?;
    let attached = rows(context, permit).await?;
    if !attached.iter().any(|row| row.id == configuration) {
        let catalog = context.instance.catalog();
        let links = &catalog.home(permit.entity().id).path;
        let link = related::next_id(context.instance, links).await?;
        let above = permit.entity().parents.last().and_then(|last| last.entity);
        let node = match above {
            Some(above) => related::one(context.instance, &catalog.entity(above).path, ticket)
                .await?
                .and_then(|row| row.integer(SCOPE)),
            None => None,
        };
        let values = [
            ("parentId", Value::Integer(ticket)),
            ("configuration", Value::Integer(configuration)),
        ];
        let changes = related::insert(context, links, link, &values, node).await?;
        saving::finish(context, permit.entity(), changes).await?;
    }
    let mut rows = rows(context, permit).await?;
    rows.retain(|row| row.id == configuration);
    let look = context.look();
    let body = context
        .instance
        .backend
        .write_rows(permit, &rows, look, false)
        .await?;
    Ok(Answer {
        status: 201,
        body,
        ..Answer::default()
    })
}

/// The configuration that a body names by id or device identifier, among those the caller sees.
async fn named(context: Context<'_>, body: &[u8]) -> Result<i64, Problem> {
    let members = related::object(body, "ConfigurationReference")?;
    let by_id = related::member(&members, "id").and_then(related::number);
    let device = related::member(&members, "deviceIdentifier").and_then(|value| value.as_str());
    let (filter, field, shown) = match (by_id, device) {
        (Some(id), _) => (with_id(id), "id", id.to_string()),
        (None, Some(device)) => (
            equals("device_identifier", Kind::Text, text(device)),
            "deviceIdentifier",
            device.to_owned(),
        ),
        (None, None) => {
            let mut error = FieldError::missing("configuration", "id");
            "id or deviceIdentifier is required.".clone_into(&mut error.message);
            return Err(Problem::field("configuration", error));
        }
    };
    let entity = related::entity(context.instance, CONFIGURATIONS)?;
    let permit = pass_through(context.caller, entity).whole();
    let found = context
        .instance
        .backend
        .rows(&permit, filter, Vec::new(), Some(1))
        .await?;
    let missing = || {
        let message = format!("Configuration {shown} not found");
        let error = FieldError::not_found("configuration", field, message);
        Problem::field("configuration", error)
    };
    found.first().map(|row| row.id).ok_or_else(missing)
}

async fn detach(
    context: Context<'_>,
    permit: &Permit<'_>,
    configuration: i64,
) -> Result<Answer, Problem> {
    let links = links(context, permit).await?;
    let found: Vec<Change> = links
        .iter()
        .filter(|link| *link.get("configuration_id") == id(Some(configuration)))
        .map(|link| Change::Delete {
            table: permit.entity().table.clone(),
            id: link.id,
        })
        .collect();
    if found.is_empty() {
        let schema = &permit.entity().schema;
        return Err(ApiError::not_found(schema, &configuration.to_string()).into());
    }
    saving::finish(context, permit.entity(), found).await?;
    Ok(Answer::empty(204))
}
