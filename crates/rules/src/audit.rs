//! The audit trail: who created, changed or deleted a record, when, and which fields. Kept in the same
//! write as the change; read by whoever may read the record, without the fields that they may not see.

use super::records::{self, Kind};
use super::related;
use bitting_catalog::entity::{Entity, Field, Kind as FieldKind};
use bitting_dialects::connectwise::error::FieldError;
use bitting_dialects::connectwise::layout::EXTRA;
use bitting_psa::context::Context;
use bitting_psa::instance::Instance;
use bitting_psa::permit::Permit;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_query::{Filter, Kind as ColumnKind, Select, Value};
use bitting_store::Flow;
use bitting_store::table::{Cells, Change, Column, Key, Table};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

const TABLE: &str = "bitting_audit";
const RESOURCE: &str = "auditTrailEntry";
/// Longer values are cut: the trail tells what happened, and is no second copy of the data.
const SHOWN: usize = 200;

/// Kinds of record with a trail, as callers write them.
const TYPES: [&str; 17] = [
    "Ticket",
    "Contact",
    "Company",
    "Opportunity",
    "Time",
    "Activity",
    "ProductCatalog",
    "ProjectTicket",
    "Purchasing",
    "Configuration",
    "Schedule",
    "Agreement",
    "AgreementAddition",
    "Project",
    "Invoice",
    "PurchaseOrder",
    "Expense",
];

/// One line at rest.
#[derive(Serialize, Deserialize)]
struct Line {
    /// Field it is about; none for the record as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    text: String,
}

const COLUMNS: [&str; 6] = ["of", "record_id", "entered_by", "entered", "what", "lines"];

/// One row per write and record.
pub fn table() -> Table {
    Table {
        name: Arc::from(TABLE),
        key: Key::Id,
        columns: COLUMNS
            .iter()
            .map(|name| Column {
                name: Arc::from(*name),
                kind: if *name == "record_id" {
                    ColumnKind::Integer
                } else {
                    ColumnKind::Text
                },
            })
            .collect(),
        indexes: vec![vec![Arc::from("record_id")]],
        sparse: Vec::new(),
    }
}

/// Adds what the trail says of a change to the changes of its write.
pub async fn record(
    context: Context<'_>,
    entity: &Entity,
    before: Option<&Row>,
    after: Option<&Row>,
    changes: &mut Vec<Change>,
) -> Result<(), Problem> {
    if !is_kept(entity) {
        return Ok(());
    }
    let (what, lines) = match (before, after) {
        (Some(before), Some(after)) => {
            let lines = differences(context.instance, entity, before, after).await?;
            ("Updated", lines)
        }
        (None, Some(_)) => ("Created", vec![whole(entity, "created")]),
        (Some(_), None) => ("Deleted", vec![whole(entity, "deleted")]),
        (None, None) => return Ok(()),
    };
    let Some(id) = after
        .or(before)
        .map(|row| row.id)
        .filter(|_| !lines.is_empty())
    else {
        return Ok(());
    };
    changes.push(line(context, entity, id, what, &lines).await?);
    Ok(())
}

/// Adds a line about what hangs on a record, where the record has a trail.
pub async fn note(
    context: Context<'_>,
    entity: &Entity,
    id: i64,
    text: String,
    changes: &mut Vec<Change>,
) -> Result<(), Problem> {
    if is_kept(entity) {
        let lines = [Line { field: None, text }];
        changes.push(line(context, entity, id, "Updated", &lines).await?);
    }
    Ok(())
}

async fn line(
    context: Context<'_>,
    entity: &Entity,
    id: i64,
    what: &str,
    lines: &[Line],
) -> Result<Change, Problem> {
    let table: Arc<str> = Arc::from(TABLE);
    let values = [
        related::text(&*entity.table),
        Value::Integer(id),
        related::text(&*context.caller.identifier),
        related::text(bitting_psa::moment::time(context.now)),
        related::text(what),
        related::text(serde_json::to_string(lines).unwrap_or_default()),
    ];
    Ok(Change::Insert {
        id: context.instance.backend.store.next_id(&table).await?,
        table,
        values: COLUMNS
            .iter()
            .map(|name| Arc::from(*name))
            .zip(values)
            .collect(),
    })
}

/// The records, by table and id, that a write's lines are about.
pub fn said(changes: &[Change]) -> BTreeSet<(Arc<str>, i64)> {
    let mut said = BTreeSet::new();
    for change in changes {
        if let Change::Insert { table, values, .. } = change
            && **table == *TABLE
            && let (Some((_, Value::Text(of))), Some((_, Value::Integer(id)))) =
                (values.first(), values.get(1))
        {
            said.insert((Arc::from(of.as_str()), *id));
        }
    }
    said
}

/// Whether records of the entity have a trail.
pub fn is_kept(entity: &Entity) -> bool {
    TYPES
        .iter()
        .filter_map(|name| kind(name))
        .any(|kind| kind.paths.contains(&&*entity.path))
}

fn kind(name: &str) -> Option<&'static Kind> {
    records::named(if name == "Purchasing" {
        "PurchaseOrder"
    } else {
        name
    })
}

fn whole(entity: &Entity, what: &str) -> Line {
    Line {
        field: None,
        text: format!("{} was {what}.", entity.schema),
    }
}

async fn differences(
    instance: &Instance,
    entity: &Entity,
    before: &Row,
    after: &Row,
) -> Result<Vec<Line>, Problem> {
    let mut lines = Vec::new();
    for field in &entity.fields {
        let (old, new) = (before.get(&field.column), after.get(&field.column));
        // A password is nobody's business, not even that of its own trail.
        if old == new || field.write_only {
            continue;
        }
        let (old, new) = (
            shown(instance, field, old).await?,
            shown(instance, field, new).await?,
        );
        let text = match (old, new) {
            (Some(old), Some(new)) => format!("{} changed from {old} to {new}.", field.name),
            (None, Some(new)) => format!("{} was set to {new}.", field.name),
            (Some(old), None) => format!("{} was cleared; it was {old}.", field.name),
            (None, None) => format!("{} was changed.", field.name),
        };
        lines.push(Line {
            field: Some(field.name.to_string()),
            text,
        });
    }
    if before.get(EXTRA) != after.get(EXTRA) {
        lines.push(Line {
            field: None,
            text: "customFields were changed.".to_owned(),
        });
    }
    Ok(lines)
}

/// A value as people read it; `None` for nothing, and for what is too rich for a line.
async fn shown(
    instance: &Instance,
    field: &Field,
    value: &Value,
) -> Result<Option<String>, Problem> {
    if let (FieldKind::Reference(reference), Value::Integer(id)) = (&field.kind, value)
        && let Some(target) = reference.target
    {
        let target = instance.catalog().entity(target);
        let row = instance.backend.raw_row(target, *id).await?;
        let label = reference
            .members
            .first()
            .and_then(|(_, source)| target.any_field(source));
        let name = row.and_then(|row| label.and_then(|field| row.text(&field.column).map(quoted)));
        return Ok(Some(
            name.map_or(id.to_string(), |name| format!("{name} ({id})")),
        ));
    }
    Ok(match (&field.kind, value) {
        (_, Value::Null)
        | (
            FieldKind::List(_)
            | FieldKind::Embedded { .. }
            | FieldKind::Any
            | FieldKind::References(_),
            _,
        ) => None,
        (_, Value::Text(text)) => Some(quoted(text)),
        (_, Value::Integer(number)) => Some(number.to_string()),
        (_, Value::Number(number)) => Some(number.to_string()),
        (_, Value::Boolean(flag)) => Some(flag.to_string()),
    })
}

fn quoted(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("\"{}…\"", &text[..end]),
        None => format!("\"{text}\""),
    }
}

/// The trail of the record that the parameters name, oldest first.
pub async fn rows(context: Context<'_>, permit: &Permit<'_>) -> Result<Vec<Row>, Problem> {
    let missing = |name: &str| Problem::field(RESOURCE, FieldError::missing(RESOURCE, name));
    let invalid = |name: &str, message: String| {
        Problem::field(RESOURCE, FieldError::invalid(RESOURCE, name, message))
    };
    let word = context
        .parameters
        .other("type")
        .ok_or_else(|| missing("type"))?
        .trim();
    if word.eq_ignore_ascii_case("None") {
        // A type of the vendor's that no record has.
        return Ok(Vec::new());
    }
    let name = TYPES
        .iter()
        .find(|name| name.eq_ignore_ascii_case(word))
        .ok_or_else(|| {
            let message = format!("{word} has no audit trail; types are {}.", TYPES.join(", "));
            invalid("type", message)
        })?;
    let id = context
        .parameters
        .other("id")
        .ok_or_else(|| missing("id"))?;
    let id: i64 = id
        .trim()
        .parse()
        .map_err(|_| invalid("id", format!("{id} is no id; ids are whole numbers.")))?;
    let Some(kind) = kind(name) else {
        return Ok(Vec::new());
    };
    let Some(record) = records::readable(context.instance, context.caller, kind, id).await? else {
        return Ok(Vec::new());
    };
    let about = bitting_psa::backend::equals("record_id", ColumnKind::Integer, Value::Integer(id));
    let mut kept = entries(context.instance, about).await?;
    kept.retain(|row| row.text("of") == Some(&record.entity().table));
    let mut rows = Vec::new();
    for entry in kept {
        let lines = entry.text("lines").unwrap_or_default();
        let lines: Vec<Line> = serde_json::from_str(lines).unwrap_or_default();
        for line in lines.iter().filter(|line| !hidden(&record, line)) {
            let mut row = Row::new(rows.len() as i64 + 1);
            let values = [
                ("text", line.text.as_str()),
                ("enteredDate", entry.text("entered").unwrap_or_default()),
                ("enteredBy", entry.text("entered_by").unwrap_or_default()),
                ("auditType", name),
                ("auditSubType", entry.text("what").unwrap_or_default()),
                ("auditSource", "REST API"),
            ];
            for (name, value) in values {
                if let Some(field) = permit.entity().any_field(name) {
                    row.set_text(&field.column, value);
                }
            }
            rows.push(row);
        }
    }
    Ok(rows)
}

async fn entries(instance: &Instance, filter: Filter) -> Result<Vec<Row>, Problem> {
    let select = Select {
        table: Arc::from(TABLE),
        columns: ["id"]
            .iter()
            .chain(&COLUMNS)
            .map(|name| Arc::from(*name))
            .collect(),
        filter,
        order: Vec::new(),
        limit: None,
        offset: 0,
    };
    let columns = table().columns;
    let mut kept = Vec::new();
    instance
        .backend
        .scan(&select, &mut |cells: &dyn Cells| {
            kept.push(Row::read_unsorted(&columns, cells));
            Flow::Continue
        })
        .await?;
    Ok(kept)
}

/// Every line of the trails of an entity's records, oldest first, for reports: `record`, `field`, `text`, `what`,
/// `enteredBy`, `entered`. A line may tell a price or a cost; the reports say so of the column that shows it.
pub async fn lines(instance: &Instance, entity: &Entity) -> Result<Vec<Row>, Problem> {
    let of = Value::Text(entity.table.to_string());
    let mut entries = entries(
        instance,
        bitting_psa::backend::equals("of", ColumnKind::Text, of),
    )
    .await?;
    entries.sort_by_key(|entry| entry.id);
    let mut rows = Vec::new();
    for entry in entries {
        let lines = entry.text("lines").unwrap_or_default();
        let lines: Vec<Line> = serde_json::from_str(lines).unwrap_or_default();
        for line in lines {
            let mut row = Row::new(rows.len() as i64 + 1);
            row.set("record", entry.get("record_id").clone());
            row.set_text("text", line.text);
            if let Some(field) = line.field {
                row.set_text("field", field);
            }
            for (name, column) in [
                ("what", "what"),
                ("enteredBy", "entered_by"),
                ("entered", "entered"),
            ] {
                row.set(name, entry.get(column).clone());
            }
            rows.push(row);
        }
    }
    Ok(rows)
}

/// Whether a line is about a field that the caller may not see.
fn hidden(record: &Permit<'_>, line: &Line) -> bool {
    let fields = &record.entity().fields;
    let index = line
        .field
        .as_ref()
        .and_then(|name| fields.iter().position(|field| *field.name == **name));
    index.is_some_and(|index| record.hides(index))
}

#[cfg(test)]
mod tests {
    use super::{TYPES, kind, quoted};

    #[test]
    fn every_type_is_a_kind_of_record() {
        for name in TYPES {
            assert!(
                kind(name).is_some_and(|kind| !kind.paths.is_empty()),
                "{name}"
            );
        }
    }

    #[test]
    fn long_values_are_cut_between_characters() {
        assert_eq!(quoted(&"é".repeat(201)).chars().count(), 203);
        assert_eq!(quoted("a"), "\"a\"");
    }
}
