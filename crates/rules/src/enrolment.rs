//! Members and API members on their way to rest: one table, two forms. Fills what the other form needs, so
//! that an API member is a whole member too; and what happens when one is deactivated. Knows nothing of
//! what a member may do.

use super::{members, template};
use bitting_catalog::entity::{Entity, Kind as FieldKind};
use bitting_dialects::connectwise::error::{ApiError, FieldError};
use bitting_psa::backend::{equals, with_id};
use bitting_psa::draft::Draft;
use bitting_psa::instance::Instance;
use bitting_psa::moment;
use bitting_psa::permit::Permit;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_psa::saving;
use bitting_psa::{answer::Answer, context::Context};
use bitting_query::{Filter, Kind, Value};
use bitting_store::table::Change;
use jiff::Timestamp;

const LOCATIONS: &str = "system/locations";
const DEPARTMENTS: &str = "system/departments";
const ROLES: &str = "system/securityroles";

/// What the form of a full member asks for and the form of an API member does not.
const STANDARD: [(&str, &str); 7] = [
    ("default_email", "Office"),
    ("default_phone", "Office"),
    ("company_activity_tab_format", "SummaryList"),
    ("invoice_time_tab_format", "SummaryList"),
    ("invoice_screen_default_tab_format", "ShowInvoicingTab"),
    ("invoicing_display_options", "RemainOnInvoicingScreen"),
    (
        "agreement_invoicing_display_options",
        "RemainOnInvoicingScreen",
    ),
];

/// Defaults and checks of a member that is saved, by either form.
pub async fn save(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    let instance = context.instance;
    let is_api = draft.entity.rules.iter().any(|rule| rule == "api_member");
    if draft
        .text("identifier")
        .is_some_and(|text| text.contains(','))
    {
        let message = "An identifier holds no comma: lists of members are parted by commas.";
        let error = FieldError::invalid(&draft.resource, "identifier", message);
        draft.errors.push(error);
    }
    // Nobody logs in with a member's password here, so none is kept.
    for secret in ["password", "corelyticsPassword"] {
        draft.set(secret, Value::Null);
    }
    // Each form names in its own way; a change elsewhere leaves the other form's names alone.
    let nameless = draft.is_null("name");
    if is_api && (draft.changed("name") || nameless) {
        // A new one may leave it out; a whole record that does is refused for want of it.
        if draft.is_new() || !nameless {
            name_api_member(&mut draft.row);
        }
    } else if !is_api && (draft.changed("firstName") || draft.changed("lastName")) {
        name_member(&mut draft.row);
    }
    if draft.is_new() {
        place(context, &mut draft.row).await?;
        complete(instance, draft.entity, &mut draft.row, context.now);
    }
    retire(context, draft);
    let admin = match draft.row.integer("security_role_id") {
        Some(role) => row(instance, ROLES, with_id(role))
            .await?
            .is_some_and(|role| role.flag("admin_flag")),
        None => false,
    };
    draft.row.set("admin_flag", Value::Boolean(admin));
    Ok(())
}

/// The form of a new API member with the system's defaults filled in; nothing is saved.
pub async fn template(context: Context<'_>, permit: &Permit<'_>) -> Result<Answer, Problem> {
    let mut row = template::row(context, permit).await?;
    place(context, &mut row).await?;
    template::answer(context, permit, row).await
}

/// Makes a member inactive: its keys open nothing from the next call on. What it holds stays its own;
/// handing records over is refused rather than left out without a word.
pub async fn deactivate(
    context: Context<'_>,
    permit: &Permit<'_>,
    rule: &str,
    id: Option<i64>,
    body: &[u8],
) -> Result<Answer, Problem> {
    let entity = permit.entity();
    let id = id.unwrap_or_default();
    let backend = &context.instance.backend;
    let missing = || ApiError::not_found(&entity.schema, &id.to_string());
    backend.row(permit, id).await?.ok_or_else(missing)?;
    let wanted = if body.iter().all(u8::is_ascii_whitespace) {
        serde_json::json!({})
    } else {
        serde_json::from_slice::<serde_json::Value>(body)
            .map_err(|error| ApiError::conversion(format!("The body is not JSON: {error}")))?
    };
    if let Some(field) = hands_over(&wanted) {
        let resource = "memberDeactivation";
        let message = format!(
            "{field}: records cannot be handed over here; reassign them first, then deactivate."
        );
        return Err(Problem::field(
            resource,
            FieldError::invalid(resource, field, message),
        ));
    }
    let mut values = vec![
        (std::sync::Arc::from("inactive_flag"), Value::Boolean(true)),
        (
            std::sync::Arc::from("inactive_date"),
            Value::Text(moment::time(context.now)),
        ),
    ];
    values.extend(saving::stamp(context));
    backend
        .write(vec![Change::Update {
            table: entity.table.clone(),
            id,
            values,
        }])
        .await?;
    context.instance.written(entity);
    Ok(match rule {
        "deactivate_member" => Answer::json(200, &wanted),
        _ => Answer::empty(204),
    })
}

/// The first part of a deactivation that names a member to take records over.
fn hands_over(wanted: &serde_json::Value) -> Option<&str> {
    let items = wanted.as_object()?;
    let names_one = |item: &serde_json::Value| {
        ["reAssignToMember", "reAssignToContact"]
            .into_iter()
            .any(|member| item.get(member).is_some_and(|to| !to.is_null()))
    };
    items
        .iter()
        .find(|(_, item)| match item {
            serde_json::Value::Array(items) => items.iter().any(names_one),
            item => names_one(item),
        })
        .map(|(name, _)| name.as_str())
}

/// An API member has one name; the member behind it has two.
fn name_api_member(row: &mut Row) {
    if row.is_null("full_name")
        && let Some(identifier) = row.text("identifier").map(str::to_owned)
    {
        row.set_text("full_name", identifier);
    }
    let Some(name) = row.text("full_name").map(str::trim).map(str::to_owned) else {
        return;
    };
    let (first, last) = name.split_once(' ').unwrap_or((&name, &name));
    row.set_text("first_name", first);
    row.set_text("last_name", last.trim());
}

fn name_member(row: &mut Row) {
    let names: Vec<&str> = ["first_name", "last_name"]
        .into_iter()
        .filter_map(|column| row.text(column))
        .collect();
    let full = names.join(" ");
    row.set_text("full_name", full);
}

/// Where a new member stands: as high as whoever makes it, and nobody higher.
async fn place(context: Context<'_>, row: &mut Row) -> Result<(), Problem> {
    let instance = context.instance;
    if row.is_null("security_location_id") {
        let own = match &context.caller.scope {
            None => None,
            Some(_) => members::member_row(instance, context.caller.member)
                .await?
                .and_then(|caller| caller.integer("security_location_id")),
        };
        let node = match own {
            Some(node) => Some(node),
            None => members::top_location(instance).await?,
        };
        set(row, "security_location_id", node);
    }
    if row.is_null("structure_level_id")
        && let Some(node) = row.integer("security_location_id")
    {
        let node = self::row(instance, LOCATIONS, with_id(node)).await?;
        let level = node.and_then(|node| node.integer("structure_level_id"));
        set(row, "structure_level_id", level);
    }
    if row.is_null("default_location_id") {
        let real = equals("location_flag", Kind::Boolean, Value::Boolean(true));
        let first = self::row(instance, LOCATIONS, real).await?;
        let location = first.map(|row| row.id);
        set(
            row,
            "default_location_id",
            location.or(row.integer("security_location_id")),
        );
    }
    if row.is_null("default_department_id") {
        let first = self::row(instance, DEPARTMENTS, Filter::Constant(true)).await?;
        set(row, "default_department_id", first.map(|row| row.id));
    }
    if row.is_null("sales_default_location_id") {
        set(
            row,
            "sales_default_location_id",
            row.integer("default_location_id"),
        );
    }
    Ok(())
}

/// Fills what the table holds beyond the form, so that both forms show a whole record.
fn complete(instance: &Instance, entity: &Entity, row: &mut Row, now: Timestamp) {
    // What the form itself asks for stays the caller's to say.
    let asked = |column: &str| {
        let mut fields = entity.fields.iter();
        fields.any(|field| field.required && &*field.column == column)
    };
    let hired = now.strftime("%Y-%m-%dT00:00:00Z").to_string();
    for (column, value) in STANDARD.into_iter().chain([("hire_date", hired.as_str())]) {
        if row.is_null(column) && !asked(column) {
            row.set_text(column, value);
        }
    }
    let home = instance.catalog().home(entity.id);
    for field in home.fields.iter().chain(&home.hidden) {
        let flag = field.kind == FieldKind::Boolean && !field.write_only;
        if flag && row.is_null(&field.column) {
            row.set(&field.column, Value::Boolean(false));
        }
    }
}

/// The date goes with the flag, unless the caller names it.
fn retire(context: Context<'_>, draft: &mut Draft<'_>) {
    if draft.gave("inactiveDate") && !draft.is_null("inactiveDate") {
        return;
    }
    match (draft.flag("inactiveFlag"), draft.is_null("inactiveDate")) {
        (true, true) => {
            let now = moment::time(context.now);
            draft.set("inactiveDate", Value::Text(now));
        }
        (false, false) => draft.set("inactiveDate", Value::Null),
        _ => {}
    }
}

fn set(row: &mut Row, column: &str, id: Option<i64>) {
    row.set(column, id.map_or(Value::Null, Value::Integer));
}

/// The row of the lowest id that a filter keeps, of the server's own looking.
async fn row(instance: &Instance, path: &str, filter: Filter) -> Result<Option<Row>, Problem> {
    let Some(entity) = instance.catalog().entity_at(path) else {
        return Ok(None);
    };
    let rows = instance
        .backend
        .raw_rows(entity, filter, Vec::new(), Some(1))
        .await?;
    Ok(rows.into_iter().next())
}
