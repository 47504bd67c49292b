//! Documents: a file or a link attached to a record. Reading one asks for the right on attachments and for
//! the right to read the record it hangs on, and so does attaching one: a record that is shown to somebody
//! is not changed by what they attach to it.

pub mod copies;
pub mod files;
pub mod form;

use super::records::{self, Kind};
use super::related;
use bitting_catalog::entity::Entity;
use bitting_catalog::route::{Method, Route, RouteKind};
use bitting_dialects::connectwise::error::{ApiError, FieldError};
use bitting_policy::Verb;
use bitting_psa::backend::{Look, equals};
use bitting_psa::caller::Caller;
use bitting_psa::instance::Instance;
use bitting_psa::permit::Permit;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_psa::{answer::Answer, context::Context};
use bitting_query::{Filter, Value, and};
use bitting_store::table::Change;
use form::{Form, RESOURCE};

/// The entity that keeps documents.
pub const PATH: &str = "system/documents";
/// Kinds of record whose photo is one of their documents, and where they rest.
const PHOTOS: [(&str, &str); 2] = [
    ("Member", "system/members"),
    ("Contact", "company/contacts"),
];
/// Largest image that is shown as its own thumbnail, in bytes.
const THUMBNAIL: usize = 1024 * 1024;

/// A document that is posted to is changed, not made.
pub fn verb(route: &Route, method: Method) -> Option<Verb> {
    (route.kind == RouteKind::Item && method == Method::Post).then_some(Verb::Edit)
}

/// Documents of the record that the parameters name: there is no list of all documents.
pub async fn within(context: Context<'_>) -> Result<Filter, Problem> {
    let parameter = |name: &str| context.parameters.other(name);
    let missing = |name: &str| {
        let error = FieldError::missing(RESOURCE, name);
        Problem::field(RESOURCE, error)
    };
    let word = parameter("recordType").ok_or_else(|| missing("recordType"))?;
    let kind = records::named(word).ok_or_else(|| unknown(word))?;
    let id = parameter("recordId").ok_or_else(|| missing("recordId"))?;
    let id: i64 = id.trim().parse().map_err(|_| {
        let message = format!("{id} is no id; recordId is a whole number.");
        Problem::field(RESOURCE, FieldError::invalid(RESOURCE, "recordId", message))
    })?;
    records::readable(context.instance, context.caller, kind, id).await?;
    Ok(attached(kind, id))
}

fn attached(kind: &Kind, id: i64) -> Filter {
    use bitting_query::Kind as Column;
    and(
        equals(
            "record_type",
            Column::Text,
            Value::Text(kind.name.to_owned()),
        ),
        equals("record_id", Column::Integer, Value::Integer(id)),
    )
}

fn unknown(word: &str) -> Problem {
    let known: Vec<&str> = records::KINDS.iter().map(|kind| kind.name).collect();
    let message = format!(
        "Documents do not hang on records of type {word}; types are {}.",
        known.join(", ")
    );
    Problem::field(
        RESOURCE,
        FieldError::invalid(RESOURCE, "recordType", message),
    )
}

/// Uploads, changes and downloads; lists and single records go their usual way once the record that they
/// hang on is seen to be open.
pub async fn answer(
    context: Context<'_>,
    permit: &Permit<'_>,
    rule: &str,
    id: Option<i64>,
    body: &[u8],
) -> Result<Option<Answer>, Problem> {
    let Some(id) = id else {
        return match context.method {
            Method::Post => upload(context, permit, body).await.map(Some),
            _ => Ok(None),
        };
    };
    let row = seen(context.instance, permit, id).await?;
    match (rule, context.method) {
        ("document_download", _) => download(context.instance, permit.entity(), &row)
            .await
            .map(Some),
        ("document_thumbnail", _) => thumbnail(context.instance, permit.entity(), &row)
            .await
            .map(Some),
        (_, Method::Post) => change(context, permit, row, body).await.map(Some),
        _ => Ok(None),
    }
}

/// The document, when both rights let the caller at it.
async fn seen(instance: &Instance, permit: &Permit<'_>, id: i64) -> Result<Row, Problem> {
    let found = instance.backend.row(permit, id).await?;
    let missing = || ApiError::not_found(&permit.entity().schema, &id.to_string());
    let row = found.ok_or_else(missing)?;
    let on = row.text("record_type").and_then(records::named);
    if let (Some(kind), Some(on)) = (on, row.integer("record_id")) {
        records::readable(instance, permit.caller(), kind, on).await?;
    }
    Ok(row)
}

async fn upload(context: Context<'_>, permit: &Permit<'_>, body: &[u8]) -> Result<Answer, Problem> {
    let form = form::read(context.content_type, body)?;
    let missing = |name: &str| Problem::field(RESOURCE, FieldError::missing(RESOURCE, name));
    let word = form
        .record_type
        .as_deref()
        .ok_or_else(|| missing("recordType"))?;
    let kind = records::named(word).ok_or_else(|| unknown(word))?;
    let on = match (form.record_id, kind.paths.is_empty()) {
        (Some(id), _) => id,
        (None, true) => 0,
        (None, false) => return Err(missing("recordId")),
    };
    if form.file.is_none() && form.url.is_none() {
        return Err(missing("file"));
    }
    records::readable(context.instance, context.caller, kind, on)
        .await
        .map_err(|problem| match problem {
            Problem::Api(error) if error.status == 404 => {
                let message = format!("{} {on} not found", kind.name);
                Problem::field(
                    RESOURCE,
                    FieldError::not_found(RESOURCE, "recordId", message),
                )
            }
            other => other,
        })?;
    let id = related::next_id(context.instance, PATH).await?;
    let mut values = values(&form);
    values.extend([
        ("recordType", related::text(kind.name)),
        ("recordId", Value::Integer(on)),
        ("owner", related::text(&*context.caller.identifier)),
        (
            "createdOnDate",
            related::text(bitting_psa::moment::time(context.now)),
        ),
        ("guid", related::text(uuid::Uuid::new_v4().to_string())),
        ("publicFlag", Value::Boolean(form.private != Some(true))),
    ]);
    if form.title.is_none() {
        let title = form.file.as_ref().map(|file| file.name.clone());
        values.push((
            "title",
            related::text(title.or(form.url.clone()).unwrap_or_default()),
        ));
    }
    let mut changes = related::insert(context, PATH, id, &values, None).await?;
    if let Some(file) = &form.file {
        changes.push(files::insert(id, file.bytes));
    }
    if form.avatar == Some(true)
        && let Some((_, of)) = PHOTOS.iter().find(|(name, _)| *name == kind.name)
    {
        changes.push(photo(context, of, on, id).await?);
    }
    bitting_psa::saving::finish(context, permit.entity(), changes).await?;
    shown(context, permit, id, 201).await
}

/// A photo of a member or contact is a document; to set it is to change that record.
async fn photo(
    context: Context<'_>,
    path: &str,
    record: i64,
    document: i64,
) -> Result<Change, Problem> {
    let row = related::open_to(context, path, Verb::Edit, record).await?;
    let entity = related::entity(context.instance, path)?;
    let column = entity.any_field("photo").map(|field| field.column.clone());
    let column = column.ok_or_else(|| ApiError::server("The catalog has no photo of it."))?;
    related::update(
        context,
        path,
        row.id,
        &[(&*column, Value::Integer(document))],
    )
}

async fn change(
    context: Context<'_>,
    permit: &Permit<'_>,
    row: Row,
    body: &[u8],
) -> Result<Answer, Problem> {
    let form = form::read(context.content_type, body)?;
    let entity = permit.entity();
    let mut columns = Vec::new();
    for (name, value) in values(&form) {
        if let Some(field) = entity.any_field(name) {
            columns.push((field.column.clone(), value));
        }
    }
    if let (Some(private), Some(field)) = (form.private, entity.any_field("publicFlag")) {
        columns.push((field.column.clone(), Value::Boolean(!private)));
    }
    columns.extend(bitting_psa::saving::stamp(context));
    let mut changes = vec![Change::Update {
        table: entity.table.clone(),
        id: row.id,
        values: columns,
    }];
    let kept = is_file(&row);
    match (&form.file, &form.url) {
        (Some(file), _) if kept => changes.push(files::update(row.id, file.bytes)),
        (Some(file), _) => changes.push(files::insert(row.id, file.bytes)),
        (None, Some(_)) if kept => changes.push(files::delete(row.id)),
        (None, _) => {}
    }
    bitting_psa::saving::finish(context, permit.entity(), changes).await?;
    shown(context, permit, row.id, 200).await
}

/// What a form says of the document, by field.
fn values(form: &Form<'_>) -> Vec<(&'static str, Value)> {
    let mut values = Vec::new();
    if let Some(title) = &form.title {
        values.push(("title", related::text(title.as_str())));
    }
    if let Some(private) = form.private {
        values.push(("privateFlag", Value::Boolean(private)));
    }
    if let Some(read_only) = form.read_only {
        values.push(("readOnlyFlag", Value::Boolean(read_only)));
    }
    let link = match (&form.file, &form.url) {
        (Some(file), _) => {
            let extension = form::extension(&file.name);
            let server = format!("{}.{extension}", uuid::Uuid::new_v4().simple());
            values.extend([
                ("fileName", related::text(file.name.as_str())),
                (
                    "serverFileName",
                    related::text(server.trim_end_matches('.')),
                ),
                ("mimeType", related::text(file.media.as_str())),
                ("size", Value::Integer(file.bytes.len() as i64)),
                (
                    "imageFlag",
                    Value::Boolean(file.media.starts_with("image/")),
                ),
                ("url", Value::Null),
            ]);
            false
        }
        (None, Some(url)) => {
            values.extend([
                ("fileName", related::text(url.as_str())),
                ("url", related::text(url.as_str())),
                ("size", Value::Integer(0)),
                ("imageFlag", Value::Boolean(false)),
                ("mimeType", Value::Null),
            ]);
            true
        }
        (None, None) => return values,
    };
    values.push(("linkFlag", Value::Boolean(link)));
    values.push(("urlFlag", Value::Boolean(link)));
    values
}

async fn shown(
    context: Context<'_>,
    permit: &Permit<'_>,
    id: i64,
    status: u16,
) -> Result<Answer, Problem> {
    let look = Look {
        view: None,
        projection: None,
        release: context.release,
        base: context.base,
        parents: &[],
    };
    let backend = &context.instance.backend;
    let body = backend
        .get(&permit.reading(), id, Filter::Constant(true), look)
        .await?;
    let missing = || ApiError::not_found(&permit.entity().schema, &id.to_string());
    Ok(Answer {
        status,
        body: body.ok_or_else(missing)?,
        ..Answer::default()
    })
}

fn is_file(row: &Row) -> bool {
    row.text("url").is_none()
}

async fn download(instance: &Instance, entity: &Entity, row: &Row) -> Result<Answer, Problem> {
    let missing = || {
        let what = format!("{} (a link has no content)", row.id);
        Problem::from(ApiError::not_found(&entity.schema, &what))
    };
    let bytes = files::read(instance, row.id).await?.ok_or_else(missing)?;
    Ok(Answer {
        status: 200,
        body: bytes,
        media: Some(
            row.text("mime_type")
                .unwrap_or("application/octet-stream")
                .to_owned(),
        ),
        file: Some(row.text("file_name").unwrap_or("file").to_owned()),
        ..Answer::default()
    })
}

/// An image small enough is its own thumbnail.
async fn thumbnail(instance: &Instance, entity: &Entity, row: &Row) -> Result<Answer, Problem> {
    let small = row
        .integer("size")
        .is_some_and(|size| size <= THUMBNAIL as i64);
    if !row.flag("image_flag") || !small {
        let what = format!("{} (no thumbnail)", row.id);
        return Err(ApiError::not_found(&entity.schema, &what).into());
    }
    download(instance, entity, row).await
}

/// Media types that a browser shows without running anything in them.
const SHOWN: [&str; 5] = [
    "image/bmp",
    "image/gif",
    "image/jpeg",
    "image/png",
    "image/webp",
];

/// A picture within a text, by its guid.
pub async fn inline(instance: &Instance, caller: &Caller, guid: &str) -> Result<Answer, Problem> {
    let entity = related::entity(instance, PATH)?;
    let backend = &instance.backend;
    let permit = bitting_psa::permit::authorize(
        backend.grounds(),
        caller,
        entity,
        &entity.right.needs,
        Verb::Inquire,
    )
    .map_err(|denial| denial.by(&caller.role.name))?;
    let filter = equals("guid", bitting_query::Kind::Text, related::text(guid));
    let found = backend.rows(&permit, filter, Vec::new(), Some(1)).await?;
    let missing = || ApiError::not_found(&entity.schema, guid);
    let id = found.first().ok_or_else(missing)?.id;
    let row = seen(instance, &permit, id).await?;
    let mut answer = download(instance, entity, &row).await?;
    if answer
        .media
        .as_deref()
        .is_some_and(|media| SHOWN.contains(&media))
    {
        answer.file = None;
    }
    Ok(answer)
}

/// The form that the vendor shows for trying an upload in a browser.
pub fn sample() -> Answer {
    const FORM: &str = "<!doctype html><html><head><meta charset=\"utf-8\"><title>Upload a document</title></head>\
<body><form method=\"post\" action=\"../documents\" enctype=\"multipart/form-data\">\
<p><label>recordType <input name=\"recordType\" value=\"Ticket\"></label></p>\
<p><label>recordId <input name=\"recordId\"></label></p>\
<p><label>title <input name=\"title\"></label></p>\
<p><label>file <input type=\"file\" name=\"file\"></label></p>\
<p><label>url <input name=\"url\"></label></p>\
<p><label>privateFlag <input type=\"checkbox\" name=\"privateFlag\" value=\"true\"></label></p>\
<p><label>readOnlyFlag <input type=\"checkbox\" name=\"readOnlyFlag\" value=\"true\"></label></p>\
<p><button>Upload</button></p></form></body></html>";
    Answer {
        status: 200,
        body: FORM.as_bytes().to_vec(),
        media: Some("text/html; charset=utf-8".to_owned()),
        file: None,
        ..Answer::default()
    }
}

/// Documents go with the record they hang on, unless something else shows them (a member's photo).
pub async fn orphans(
    instance: &Instance,
    entity: &Entity,
    id: i64,
    also: &mut Vec<Change>,
) -> Result<(), Problem> {
    let kinds = records::KINDS
        .iter()
        .filter(|kind| entity.soft_delete.is_none() && kind.paths.contains(&&*entity.path));
    for kind in kinds {
        for row in related::filtered(instance, PATH, attached(kind, id)).await? {
            delete(instance, &row, also).await?;
            let documents = related::entity(instance, PATH)?;
            also.extend(bitting_psa::pointers::unused(
                instance.catalog(),
                documents,
                row.id,
            ));
            also.extend(instance.backend.removal(documents, row.id).await?);
        }
    }
    Ok(())
}

/// What goes with a document.
pub async fn delete(instance: &Instance, row: &Row, also: &mut Vec<Change>) -> Result<(), Problem> {
    if is_file(row) && files::read(instance, row.id).await?.is_some() {
        also.push(files::delete(row.id));
    }
    Ok(())
}
