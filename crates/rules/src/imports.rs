//! Imports: records of the marketplace's kinds from the body, and the lists of mass maintenance, which are
//! the vendor's own: the answer says that nothing was done with them.

use super::documents;
use super::related;
use crate::acting;
use bitting_catalog::entity::{Entity, Field};
use bitting_dialects::connectwise::error::{ApiError, FieldError};
use bitting_policy::Verb;
use bitting_psa::permit::Permit;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_psa::saving;
use bitting_psa::saving::turn;
use bitting_psa::{answer::Answer, context::Context};
use serde_json::{Value as Json, json};
use std::sync::Arc;

/// `/importMassMaintenance/{id}`: the id is that of the document with the list.
pub async fn mass_maintenance(context: Context<'_>, id: Option<i64>) -> Result<Answer, Problem> {
    let word = context.words.last().and_then(|word| word.parse().ok());
    let id = id.or(word).ok_or_else(ApiError::no_endpoint)?;
    let missing = || ApiError::not_found("Document", &id.to_string());
    let list = related::one(context.instance, documents::PATH, id).await?;
    list.ok_or_else(missing)?;
    let message = format!(
        "Nothing was deleted: this is an embedded PSA, which takes no mass maintenance lists. The document \
         {id} is as it was."
    );
    let said = json!({
        "deletedContactCount": 0,
        "deletedCompanyCount": 0,
        "success": false,
        "message": message,
    });
    Ok(Answer::json(acting::status(context), &said))
}

/// Kinds of import whose objects are records of an entity. The others (reports, portal pages, views) are
/// things of the vendor's own screens, which are not here.
const KINDS: [(&str, &str); 8] = [
    ("Agreements", "finance/agreements"),
    ("Configurations", "company/configurations"),
    ("CRMSurveys", "system/surveys"),
    ("Products", "procurement/catalog"),
    ("ProjectBoards", "service/boards"),
    ("ProjectTemplates", "project/projectTemplates"),
    ("ServiceBoards", "service/boards"),
    ("TicketTemplates", "service/templates"),
];

fn entity_of<'a>(context: Context<'a>, kind: &str) -> Option<&'a Entity> {
    let (_, path) = KINDS.iter().find(|(name, _)| *name == kind)?;
    context.instance.catalog().entity_at(path)
}

/// Names of the fields that an object of a kind must have.
fn required(context: Context<'_>, kind: &str) -> Vec<String> {
    let fields = entity_of(context, kind).map(|entity| entity.fields.as_slice());
    let asked = |field: &&Field| field.required && !field.read_only && field.default.is_none();
    fields
        .unwrap_or_default()
        .iter()
        .filter(asked)
        .map(|field| field.name.to_string())
        .collect()
}

/// What each kind of import asks for, by its place in the list of kinds.
pub fn definitions(context: Context<'_>, permit: &Permit<'_>) -> Vec<Row> {
    let entity = permit.entity();
    let kinds = entity.any_field("marketplaceImportType");
    let (Some(kinds), Some(fields)) = (kinds, entity.any_field("requiredFields")) else {
        return Vec::new();
    };
    let row = |(index, kind): (usize, &Arc<str>)| {
        let mut row = Row::new(index as i64 + 1);
        row.set_text(&kinds.column, &**kind);
        let asked = serde_json::to_string(&required(context, kind)).unwrap_or_default();
        row.set_text(&fields.column, asked);
        row
    };
    kinds.values.iter().enumerate().map(row).collect()
}

/// `/marketplaceimport/import`: makes a record of each object of the body, all or none, and answers their
/// ids. The caller needs the right to add such records.
pub async fn marketplace(
    context: Context<'_>,
    permit: &Permit<'_>,
    body: &[u8],
) -> Result<Answer, Problem> {
    const RESOURCE: &str = "marketplaceImport";
    let members = related::object(body, "MarketplaceImport")?;
    let invalid = |name: &str, message: String| {
        Problem::field(RESOURCE, FieldError::invalid(RESOURCE, name, message))
    };
    let said = related::member(&members, "marketplaceImportType").and_then(|said| said.as_str());
    let missing = || {
        Problem::field(
            RESOURCE,
            FieldError::missing(RESOURCE, "marketplaceImportType"),
        )
    };
    let said = said.ok_or_else(missing)?;
    let field = permit.entity().any_field("marketplaceImportType");
    let kinds = field
        .map(|field| field.values.as_slice())
        .unwrap_or_default();
    let Some(kind) = kinds.iter().find(|kind| kind.eq_ignore_ascii_case(said)) else {
        let known: Vec<&str> = kinds.iter().map(|kind| &**kind).collect();
        let message = format!(
            "There is no import {said}; imports are {}.",
            known.join(", ")
        );
        return Err(invalid("marketplaceImportType", message));
    };
    let objects = match related::member(&members, "marketplaceObject") {
        None => Vec::new(),
        Some(Json::Array(objects)) => objects.clone(),
        Some(one @ Json::Object(_)) => vec![one.clone()],
        Some(_) => {
            let message = "marketplaceObject is an object, or a list of objects.".to_owned();
            return Err(invalid("marketplaceObject", message));
        }
    };
    let objects: Vec<Json> = objects
        .into_iter()
        .filter(|object| object.as_object().is_none_or(|members| !members.is_empty()))
        .collect();
    let mut made = Vec::new();
    if !objects.is_empty() {
        let entity = entity_of(context, kind).ok_or_else(|| {
            let message =
                format!("{kind} are not kept here; there is nothing to import them into.");
            invalid("marketplaceImportType", message)
        })?;
        let adding = acting::authorized(context, entity, Verb::Add)?;
        let _turn = turn::turn(context.instance, entity).await;
        let mut changes = Vec::new();
        for object in &objects {
            let bytes = object.to_string();
            let (id, composed) =
                saving::composed(context, &adding, bytes.as_bytes(), context.release).await?;
            changes.extend(composed);
            made.push(json!({ "id": id }));
        }
        saving::finish(context, entity, changes).await?;
    }
    let said = json!({
        "marketplaceImportType": kind,
        "marketplaceObject": made,
        "requiredFields": required(context, kind),
    });
    Ok(Answer::json(acting::status(context), &said))
}
