//! Pictures that records carry: photos of members and contacts, which are documents of theirs; the square
//! of a priority; the icons of menu entries. Whoever may read the record may see its picture.

mod square;

use super::documents::{PATH as DOCUMENTS, files, form};
use super::related;
use crate::acting;
use bitting_catalog::route::Method;
use bitting_dialects::connectwise::error::{ApiError, FieldError};
use bitting_psa::backend::equals;
use bitting_psa::permit::Permit;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_psa::saving;
use bitting_psa::{answer::Answer, context::Context};
use bitting_query::{Kind, Value, and};
use bitting_store::table::Change;

/// Grey, for whoever has no picture.
const NOBODY: [u8; 3] = [0xb0, 0xb0, 0xb0];

/// Colours of priorities, as the vendor names them.
const COLORS: [(&str, [u8; 3]); 12] = [
    ("Black", [0x00, 0x00, 0x00]),
    ("Blue", [0x1f, 0x4f, 0xd8]),
    ("Cyan", [0x00, 0xb7, 0xc3]),
    ("Gray", [0x80, 0x80, 0x80]),
    ("Green", [0x10, 0x7c, 0x10]),
    ("Lime", [0x9b, 0xd6, 0x00]),
    ("Orange", [0xf7, 0x82, 0x00]),
    ("Pink", [0xff, 0x8c, 0xc6]),
    ("Purple", [0x7a, 0x3d, 0xb8]),
    ("Red", [0xd1, 0x34, 0x38]),
    ("White", [0xff, 0xff, 0xff]),
    ("Yellow", [0xff, 0xd6, 0x00]),
];

/// Answers the picture of a record, or takes it.
pub async fn answer(
    context: Context<'_>,
    permit: &Permit<'_>,
    rule: &str,
    id: Option<i64>,
    body: &[u8],
) -> Result<Answer, Problem> {
    let id = id.ok_or_else(ApiError::no_endpoint)?;
    if context.method == Method::Post {
        return take(context, permit, id, body).await;
    }
    let missing = || ApiError::not_found(&permit.entity().schema, &id.to_string());
    let row = context.instance.backend.row(permit, id).await?;
    let row = row.ok_or_else(missing)?;
    match rule {
        "priority_image" => priority(context, &row).await,
        "menu_entry_image" => icon(context, &row).await,
        _ => photo(context, &row).await,
    }
}

fn picture(bytes: Vec<u8>) -> Answer {
    Answer {
        status: 200,
        media: Some(
            media(&bytes)
                .unwrap_or("application/octet-stream")
                .to_owned(),
        ),
        body: bytes,
        file: None,
        ..Answer::default()
    }
}

/// What a picture is, by how its bytes begin; `None` for what no browser shows as one.
fn media(bytes: &[u8]) -> Option<&'static str> {
    const BEGINNINGS: [(&[u8], &str); 6] = [
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"BM", "image/bmp"),
        (b"\0\0\x01\0", "image/x-icon"),
    ];
    if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        return Some("image/webp");
    }
    let known = BEGINNINGS
        .iter()
        .find(|(beginning, _)| bytes.starts_with(beginning));
    known.map(|(_, media)| *media)
}

/// Whether the caller says yes to something in the query.
fn asks(context: Context<'_>, name: &str) -> bool {
    let said = context.parameters.other(name);
    said.is_some_and(|said| said.eq_ignore_ascii_case("true") || said == "1")
}

/// The photo of a member or contact. Without one: a grey square for `useDefaultFlag=true`, else 404.
async fn photo(context: Context<'_>, row: &Row) -> Result<Answer, Problem> {
    let bytes = match row.integer("photo_id") {
        Some(document) => files::read(context.instance, document).await?,
        None => None,
    };
    match bytes {
        Some(bytes) => Ok(picture(bytes)),
        None if asks(context, "useDefaultFlag") => Ok(picture(square::png(NOBODY))),
        None => {
            let what = format!(
                "of {} (no picture; useDefaultFlag=true answers a plain one)",
                row.id
            );
            Err(ApiError::not_found("Image", &what).into())
        }
    }
}

/// The picture that was attached to a priority last, else a square of its colour.
async fn priority(context: Context<'_>, row: &Row) -> Result<Answer, Problem> {
    let mine = and(
        equals("record_type", Kind::Text, related::text("Priority")),
        equals("record_id", Kind::Integer, Value::Integer(row.id)),
    );
    let shown = equals("image_flag", Kind::Boolean, Value::Boolean(true));
    let attached = related::filtered(context.instance, DOCUMENTS, and(mine, shown)).await?;
    if let Some(document) = attached.last()
        && let Some(bytes) = files::read(context.instance, document.id).await?
    {
        return Ok(picture(bytes));
    }
    let color = row.text("color").unwrap_or_default();
    let known = COLORS
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(color));
    Ok(picture(square::png(
        known.map_or(NOBODY, |(_, color)| *color),
    )))
}

/// The columns of an entry's two pictures, the one that is asked for first.
fn columns(context: Context<'_>) -> [&'static str; 2] {
    if asks(context, "largeFlag") {
        ["large_image", "small_image"]
    } else {
        ["small_image", "large_image"]
    }
}

/// The icon of a menu entry, large for `largeFlag=true`; the other size where there is but one.
async fn icon(context: Context<'_>, row: &Row) -> Result<Answer, Problem> {
    let kept = columns(context)
        .into_iter()
        .find_map(|column| row.integer(column));
    let bytes = match kept {
        Some(file) => files::read(context.instance, file).await?,
        None => None,
    };
    let missing = || ApiError::not_found("Image", &format!("of {} (no picture)", row.id));
    Ok(picture(bytes.ok_or_else(missing)?))
}

/// Takes the icon of a menu entry: a form with a file, or the bytes alone. It must be a picture.
async fn take(
    context: Context<'_>,
    permit: &Permit<'_>,
    id: i64,
    body: &[u8],
) -> Result<Answer, Problem> {
    let resource = "menuEntry";
    let form = context
        .content_type
        .is_some_and(|kind| kind.to_ascii_lowercase().starts_with("multipart/"));
    let bytes = if form {
        let form = form::read(context.content_type, body)?;
        let missing = || Problem::field(resource, FieldError::missing(resource, "file"));
        form.file.ok_or_else(missing)?.bytes
    } else {
        body
    };
    if media(bytes).is_none() {
        let message = "The image must be a PNG, JPEG, GIF, BMP, WebP or icon file: as the body, or as \
             the file of a multipart form.";
        let error = FieldError::invalid(resource, "image", message);
        return Err(Problem::field(resource, error));
    }
    let mut draft = acting::opened(context, permit, id).await?;
    let column = columns(context)[0];
    let mut changes = Vec::new();
    if let Some(former) = draft.row.integer(column) {
        changes.push(files::update(former, bytes));
    } else {
        // Files rest under ids of documents, so that no two are the same.
        let file = related::next_id(context.instance, DOCUMENTS).await?;
        draft.row.set(column, Value::Integer(file));
        changes.push(files::insert(file, bytes));
    }
    changes.extend(saving::settle(context, permit, &mut draft).await?);
    saving::finish(context, permit.entity(), changes).await?;
    Ok(Answer::empty(acting::status(context)))
}

/// The pictures of a menu entry go with it.
pub fn delete(row: &Row, also: &mut Vec<Change>) {
    let kept = ["small_image", "large_image"];
    also.extend(
        kept.into_iter()
            .filter_map(|column| row.integer(column))
            .map(files::delete),
    );
}
