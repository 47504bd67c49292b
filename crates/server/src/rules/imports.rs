//! Imports that come from the vendor's own marketplace and mass maintenance. Neither is there for an
//! embedded PSA: the answers say what was asked, and that nothing was imported.

use super::related;
use super::{Answer, Context, documents, verbs};
use crate::permit::Permit;
use crate::problem::Problem;
use bitting_dialects::connectwise::error::{ApiError, FieldError};
use serde_json::json;

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
    Ok(Answer::json(verbs::status(context), &said))
}

/// `/marketplaceimport/import`: says which kind was asked for, and lists nothing as imported.
pub fn marketplace(
    context: Context<'_>,
    permit: &Permit<'_>,
    body: &[u8],
) -> Result<Answer, Problem> {
    const RESOURCE: &str = "marketplaceImport";
    let members = related::object(body, "MarketplaceImport")?;
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
        let error = FieldError::invalid(RESOURCE, "marketplaceImportType", message);
        return Err(Problem::field(RESOURCE, error));
    };
    let said = json!({
        "marketplaceImportType": kind,
        "marketplaceObject": [],
        "requiredFields": [],
    });
    Ok(Answer::json(verbs::status(context), &said))
}
