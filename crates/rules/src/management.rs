//! The log of a managed-IT solution's synchronisation: one file, which says that nothing runs here.

use bitting_dialects::connectwise::error::{ApiError, FieldError};
use bitting_psa::permit::Permit;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_psa::{answer::Answer, context::Context};

fn name(id: i64) -> String {
    format!("management-{id}.log")
}

fn content(id: i64) -> String {
    format!(
        "Management solution {id}: no synchronisation has run. This is an embedded PSA, which reaches \
         nothing outside.\n"
    )
}

/// The files of the solution in the path.
pub fn logs(context: Context<'_>, permit: &Permit<'_>) -> Vec<Row> {
    let Some(id) = context.parents.last().copied() else {
        return Vec::new();
    };
    let mut row = Row::new(id);
    for (field, value) in [
        ("fullPathFileName", name(id)),
        ("fileSize", content(id).len().to_string()),
    ] {
        if let Some(field) = permit.entity().any_field(field) {
            row.set_text(&field.column, value);
        }
    }
    // It shows under its parent, where it has a column for one.
    if let Some(parent) = permit.entity().parents.last() {
        row.set(&parent.column, bitting_query::Value::Integer(id));
    }
    vec![row]
}

/// The file that the query names as `filePath`.
pub async fn download(
    context: Context<'_>,
    permit: &Permit<'_>,
    id: Option<i64>,
) -> Result<Answer, Problem> {
    const RESOURCE: &str = "management";
    let id = id.ok_or_else(ApiError::no_endpoint)?;
    let missing = || ApiError::not_found(&permit.entity().schema, &id.to_string());
    context
        .instance
        .backend
        .row(permit, id)
        .await?
        .ok_or_else(missing)?;
    let file = context.parameters.other("filePath");
    let missing = || Problem::field(RESOURCE, FieldError::missing(RESOURCE, "filePath"));
    let file = file.ok_or_else(missing)?;
    if file != name(id) {
        return Err(ApiError::not_found("ManagementLog", file).into());
    }
    Ok(Answer {
        status: 200,
        body: content(id).into_bytes(),
        media: Some("text/plain".to_owned()),
        file: Some(name(id)),
        ..Answer::default()
    })
}
