//! Verbs of their own that are neither a record's life nor a subject's: which rule answers which path.

use super::{
    colors, contact_sync, conversions, copying, counts, images, imports, links, management,
    outside, picker, portal, purchasing, related, set_up, sso, templates, tickets, workflows,
};
use crate::backend::with_id;
use crate::draft::Draft;
use crate::marks::under;
use crate::permit::{Permit, authorize};
use crate::problem::Problem;
use crate::row::Row;
use crate::saving;
use crate::{answer::Answer, context::Context};
use bitting_catalog::entity::{Entity, Kind as FieldKind};
use bitting_dialects::connectwise::error::ApiError;
use bitting_policy::Verb;
use bitting_query::{Filter, Value, and};
use bitting_store::table::Change;
use serde_json::{Map, Value as Json, json};

/// Answers a path by its rule; `None` when no rule does.
pub async fn answer(
    context: Context<'_>,
    permit: &Permit<'_>,
    rule: &str,
    id: Option<i64>,
    body: &[u8],
) -> Result<Option<Answer>, Problem> {
    match rule {
        "opportunity_to_order"
        | "opportunity_to_ticket"
        | "order_to_ticket"
        | "opportunity_to_agreement"
        | "opportunity_to_project"
        | "order_to_agreement"
        | "order_to_project"
        | "sales_conversions" => conversions::answer(context, permit, rule, id, body)
            .await
            .map(Some),
        "member_image" | "contact_image" | "priority_image" | "menu_entry_image" => {
            images::answer(context, permit, rule, id, body)
                .await
                .map(Some)
        }
        "mark_note_as" => tickets::marking::mark(context, permit, id, body)
            .await
            .map(Some),
        "quantity_on_hand" => purchasing::quantity_on_hand(context, permit)
            .await
            .map(Some),
        "catalog_pricing" => purchasing::price(context, permit, id, body).await.map(Some),
        "purchasing_demand" => purchasing::demands::answer(context, body).await.map(Some),
        "rebatch_purchase_order" => purchasing::batch(context, permit, id, true).await.map(Some),
        "unbatch_purchase_order" => purchasing::batch(context, permit, id, false)
            .await
            .map(Some),
        "link_company_service_template" => templates::link(context, id, true).await.map(Some),
        "unlink_company_service_template" => templates::link(context, id, false).await.map(Some),
        "generate_template" | "generate_company_service_template" => {
            templates::generate(context, permit, id, body)
                .await
                .map(Some)
        }
        "link_sso_user" | "unlink_sso_user" | "submit_sso_member" | "register_sso_token"
        | "submit_sso_members" => sso::answer(context, permit, rule, id, body).await.map(Some),
        "request_portal_password" => portal::request(context, permit, body).await.map(Some),
        "validate_portal_credentials" => portal::validate(context, permit, body).await.map(Some),
        "clear_picker_items" => picker::clear(context, permit, body).await.map(Some),
        "reset_colors" => colors::reset(context, permit).await.map(Some),
        "clear_color" => colors::clear(context, permit, id).await.map(Some),
        "quick_access" => counts::tabs(context, permit).await.map(Some),
        "company_surveys" => counts::surveys(context, permit).await.map(Some),
        "notification_type" => contact_sync::monitoring(context, permit).await.map(Some),
        "resolve_link" => links::resolve(context, permit, id, body).await.map(Some),
        "import_mass_maintenance" => imports::mass_maintenance(context, id).await.map(Some),
        "import_from_marketplace" => imports::marketplace(context, permit, body).await.map(Some),
        "workflow_field_action" => workflows::field(context, permit, id, body).await.map(Some),
        "test_workflow_event" => workflows::test(context, permit, id).await.map(Some),
        "management_log_download" => management::download(context, permit, id).await.map(Some),
        _ => match copying::answer(context, permit, rule, id, body).await? {
            Some(answer) => Ok(Some(answer)),
            None => outside::answer(context, permit, rule, id, body).await,
        },
    }
}

/// Members of a body that may also be left out.
pub fn members(body: &[u8], schema: &str) -> Result<Map<String, Json>, Problem> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Map::new());
    }
    related::object(body, schema)
}

/// The status that the catalog says for this path and method.
pub fn status(context: Context<'_>) -> u16 {
    let operation = context
        .route
        .methods
        .iter()
        .find(|operation| operation.method == context.method);
    operation.map_or(200, |operation| operation.status)
}

/// A permit for what goes along with the record of the path: decided like a call on it.
pub fn authorized<'a>(
    context: Context<'a>,
    entity: &'a Entity,
    verb: Verb,
) -> Result<Permit<'a>, Problem> {
    let grounds = context.instance.backend.grounds();
    let permit = authorize(grounds, context.caller, entity, &entity.right.needs, verb)
        .map_err(|denial| denial.by(&context.caller.role.name))?;
    Ok(permit)
}

/// The record that another is made after: whoever may not read it gets no second one of it.
pub async fn model(context: Context<'_>, entity: &Entity, id: i64) -> Result<Row, Problem> {
    let permit = authorized(context, entity, Verb::Inquire)?;
    let backend = &context.instance.backend;
    let filter = and(
        with_id(id),
        under(backend.grounds(), &permit, context.parents),
    );
    let found = backend.rows(&permit, filter, Vec::new(), Some(1)).await?;
    let missing = || ApiError::not_found(&entity.schema, &id.to_string());
    Ok(found.into_iter().next().ok_or_else(missing)?)
}

/// Members of a body that takes over fields of a record: (field of the record, field of the new one). Nulls
/// are left out.
pub fn carried(
    source: &Entity,
    row: &Row,
    target: &Entity,
    fields: &[(&str, &str)],
) -> Map<String, Json> {
    let mut body = Map::new();
    for (from, to) in fields {
        let value = match set_up::value(source, row, from) {
            Value::Null => continue,
            Value::Integer(id) => json!(id),
            Value::Text(text) => json!(text),
            Value::Boolean(flag) => json!(flag),
            Value::Number(number) => set_up::shown(*number),
        };
        let reference = target
            .any_field(to)
            .is_some_and(|field| matches!(field.kind, FieldKind::Reference(_)));
        let value = if reference {
            json!({ "id": value })
        } else {
            value
        };
        body.insert((*to).to_owned(), value);
    }
    body
}

/// The record that changes make, as it will be.
pub fn to_be(changes: &[Change], entity: &Entity, id: i64) -> Row {
    let mut row = Row::new(id);
    for change in changes {
        if let Change::Insert {
            table,
            id: of,
            values,
        } = change
            && *table == entity.table
            && *of == id
        {
            for (column, value) in values {
                row.set(column, value.clone());
            }
        }
    }
    row
}

/// A record that a rule changes, as it is: in sight, and open to the permit's verb.
pub async fn opened<'a>(
    context: Context<'_>,
    permit: &Permit<'a>,
    id: i64,
) -> Result<Draft<'a>, Problem> {
    let row = saving::existing(context, permit, id).await?;
    Ok(Draft::changing(permit.entity(), row))
}

/// A record as the answer, under a permit to read it.
pub async fn shown(context: Context<'_>, permit: &Permit<'_>, id: i64) -> Result<Answer, Problem> {
    let look = context.look();
    let backend = &context.instance.backend;
    let body = backend
        .get(permit, id, Filter::Constant(true), look)
        .await?
        .ok_or_else(|| ApiError::not_found(&permit.entity().schema, &id.to_string()))?;
    Ok(Answer {
        status: status(context),
        body,
        ..Answer::default()
    })
}
