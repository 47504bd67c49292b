//! Attachments: what each says of its record and its file, and the one list that names them all.

use super::super::answer::Trouble;
use super::super::tenant::Tenant;
use crate::draft::Draft;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bitting_catalog::entity::{Entity, Field};
use bitting_dialects::autotask::error::Refusal;
use bitting_psa::row::Row;
use bitting_query::Value;
use bitting_store::table::Change;

/// The entity that lists every attachment, without its content.
pub const LISTING: &str = "AttachmentInfo";
/// Kind of record that an attachment is of, by the entity it hangs below. The vendor names tickets, tasks, time entries
/// and notes of tickets; files of what has no number of its own go by whatever that belongs to.
const PARENTS: [(&str, i64); 19] = [
    ("Companies", 1),
    ("Tickets", 4),
    ("Tasks", 4),
    ("Projects", 5),
    ("Opportunities", 6),
    ("TimeEntries", 18),
    ("TicketNotes", 23),
    ("TaskNotes", 23),
    ("SalesOrders", 14),
    ("ExpenseReports", 19),
    ("ExpenseItems", 20),
    ("ConfigurationItems", 24),
    ("Resources", 25),
    ("KnowledgeBaseArticles", 26),
    ("CompanyNotes", 1),
    ("ContractNotes", 1),
    ("Documents", 1),
    ("ProjectNotes", 5),
    ("ConfigurationItemNotes", 24),
];
/// Endings of file names and what the files hold.
const TYPES: [(&str, &str); 27] = [
    ("txt", "text/plain"),
    ("log", "text/plain"),
    ("csv", "text/csv"),
    ("html", "text/html"),
    ("htm", "text/html"),
    ("xml", "text/xml"),
    ("rtf", "application/rtf"),
    ("pdf", "application/pdf"),
    ("doc", "application/msword"),
    (
        "docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    ("xls", "application/vnd.ms-excel"),
    (
        "xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    ("ppt", "application/vnd.ms-powerpoint"),
    (
        "pptx",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ),
    ("msg", "application/vnd.ms-outlook"),
    ("eml", "message/rfc822"),
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("gif", "image/gif"),
    ("bmp", "image/bmp"),
    ("svg", "image/svg+xml"),
    ("mp3", "audio/mpeg"),
    ("wav", "audio/wav"),
    ("mp4", "video/mp4"),
    ("json", "application/json"),
    ("zip", "application/zip"),
];

/// Whether an entity's records carry a file.
pub fn is_one(path: &str) -> bool {
    path.ends_with("Attachments") && path != "AttachmentNestedAttachments"
}

/// Size, type, and the record that it hangs on in all the ways a client may ask for it.
pub async fn save(tenant: &Tenant, draft: &mut Draft<'_>) -> Result<(), Trouble> {
    let below = draft
        .entity
        .served
        .as_ref()
        .and_then(|served| served.below.as_ref());
    let parent = below
        .and_then(|below| below.field)
        .and_then(|field| draft.row.integer(&draft.entity.fields[field].column));
    if let (Some(parent), Some(of)) = (parent, below.and_then(|below| below.parent)) {
        let of = tenant.catalog().entity(of);
        let same = |field: &Field| {
            (field.target() == Some(of.id) || &*field.name == "parentID")
                && !field.name.starts_with("attachedBy")
        };
        for (index, field) in draft.entity.fields.iter().enumerate() {
            if same(field) {
                draft.hang(index, parent);
            }
        }
        if let Some(row) = tenant.backend.raw_row(of, parent).await? {
            inherit(draft, of, &row);
        }
        beside(tenant, draft, of, parent).await?;
        if let Some(kind) = kind(of) {
            draft.set("parentType", kind);
        }
    }
    // Broken into lines, as mail and many tools write it.
    let broken = |data: &&str| data.bytes().any(|byte| byte.is_ascii_whitespace());
    if let Some(data) = draft.text("data").filter(broken) {
        let whole: String = data.split_ascii_whitespace().collect();
        draft.set("data", Value::Text(whole));
    }
    let size = match draft.text("data") {
        None => 0,
        Some(data) => STANDARD
            .decode(data)
            .map_err(|_| Refusal::new("The data of the attachment is not valid base64."))?
            .len(),
    };
    tenant.usage.attach(size as u64, tenant.now())?;
    draft.set("fileSize", Value::Integer(size as i64));
    let ending = draft
        .text("fullPath")
        .and_then(|path| path.rsplit_once('.'))
        .map(|(_, ending)| ending.to_ascii_lowercase());
    let known = TYPES
        .iter()
        .find(|(known, _)| Some(*known) == ending.as_deref());
    let kind = known.map_or("application/octet-stream", |(_, kind)| kind);
    draft.default("contentType", Value::Text(kind.to_owned()));
    draft.default("creatorType", Value::Integer(1));
    Ok(())
}

fn kind(of: &Entity) -> Option<Value> {
    let known = PARENTS.iter().find(|(path, _)| *path == &*of.path);
    known.map(|(_, kind)| Value::Integer(*kind))
}

/// A file may say the note or the entry that it came with, which must be of the same record: the list of all shows a
/// file with all that it is of, and would not show one of what is not there.
async fn beside(
    tenant: &Tenant,
    draft: &mut Draft<'_>,
    of: &Entity,
    parent: i64,
) -> Result<(), Trouble> {
    for index in draft.given.clone() {
        let field = &draft.entity.fields[index];
        // What shows as a reference is checked as all references are.
        let Some(target) = field.target().filter(|target| *target != of.id) else {
            continue;
        };
        let Some(id) = draft.row.integer(&field.column) else {
            continue;
        };
        if id == 0 {
            draft.row.set(&field.column, Value::Null);
        } else if !field.shown_link && draft.changes(&field.name) {
            let target = tenant.catalog().entity(target);
            let row = tenant.backend.raw_row(target, id).await?;
            let mut same = target.fields.iter().filter(|f| f.target() == Some(of.id));
            let fits =
                row.is_some_and(|row| same.any(|field| row.integer(&field.column) == Some(parent)));
            if !fits {
                let refusal = Refusal::reference(&field.name, &target.schema);
                draft.errors.push(refusal);
            }
        }
    }
    Ok(())
}

/// What a note or an entry is of, and seen through, its file is of too: that of a ticket's note is found by the ticket.
fn inherit(draft: &mut Draft<'_>, of: &Entity, row: &Row) {
    let through = of.served.iter().flat_map(|served| &served.rows.through);
    for field in through.map(|field| &of.fields[*field]) {
        draft.default(&field.name, row.get(&field.column).clone());
    }
}

/// The same file in the list of all.
pub fn listed(tenant: &Tenant, draft: &Draft<'_>, changes: &mut Vec<Change>) {
    let Some(listing) = tenant.catalog().entity_at(LISTING) else {
        return;
    };
    let mut row = Row::new(draft.row.id);
    for field in &listing.fields {
        if let Some(column) = draft.column(&field.name) {
            row.set(&field.column, draft.row.get(column).clone());
        }
    }
    // Not every kind of file says itself what it is of.
    let below = draft
        .entity
        .served
        .as_ref()
        .and_then(|served| served.below.as_ref());
    let of = below.and_then(|below| below.parent);
    if let Some(kind) = of.and_then(|of| kind(tenant.catalog().entity(of))) {
        row.set("parent_type", kind);
    }
    let (table, id) = (listing.table.clone(), row.id);
    let values = row.into_values();
    changes.push(if draft.before.is_none() {
        Change::Insert { table, id, values }
    } else {
        Change::Update { table, id, values }
    });
}

/// Takes a file that is gone from the list.
pub fn unlisted(tenant: &Tenant, id: i64, changes: &mut Vec<Change>) {
    if let Some(listing) = tenant.catalog().entity_at(LISTING) {
        changes.push(Change::Delete {
            table: listing.table.clone(),
            id,
        });
    }
}
