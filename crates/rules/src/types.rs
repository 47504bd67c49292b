//! Types of companies and contacts, which are kept twice: as rows of an association, with paths of their
//! own, and as the list that the record shows. Whichever is written, the other follows.

use super::related::{self, text};
use crate::paths::company::{COMPANIES, CONTACTS};
use bitting_catalog::entity::Entity;
use bitting_dialects::connectwise::error::FieldError;
use bitting_dialects::connectwise::layout::SCOPE;
use bitting_psa::backend::equals;
use bitting_psa::context::Context;
use bitting_psa::draft::Draft;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_query::{Kind, Value};
use bitting_store::table::Change;

/// The record's list.
const LIST: &str = "types";

/// Which association goes with which record: (record, association, field of the association, its column).
struct Pair {
    holder: &'static str,
    rows: &'static str,
    field: &'static str,
    column: &'static str,
}

const PAIRS: [Pair; 2] = [
    Pair {
        holder: COMPANIES,
        rows: "company/companies/typeAssociations",
        field: "company",
        column: "company_id",
    },
    Pair {
        holder: CONTACTS,
        rows: "company/contacts/typeAssociations",
        field: "contact",
        column: "contact_id",
    },
];

/// A new record without a type gets the one that the setup table marks.
pub async fn default(
    context: Context<'_>,
    draft: &mut Draft<'_>,
    types: &str,
) -> Result<(), Problem> {
    let filter = equals("default_flag", Kind::Boolean, Value::Boolean(true));
    let marked = related::filtered(context.instance, types, filter).await?;
    if let Some(row) = marked.first() {
        draft.set(LIST, list(&[row.id]));
    }
    Ok(())
}

/// Rows for the types of a record whose list is new or changed.
pub async fn alongside(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    let Some(pair) = PAIRS.iter().find(|pair| *pair.holder == *draft.entity.path) else {
        return Ok(());
    };
    let Some(column) = draft.column(LIST).filter(|_| draft.changed(LIST)) else {
        return Ok(());
    };
    let wanted = related::numbers(&draft.row, column);
    let at_rest = related::under(context.instance, pair.rows, pair.column, draft.row.id).await?;
    let table = &related::entity(context.instance, pair.rows)?.table;
    for row in &at_rest {
        if row
            .integer("type_id")
            .is_none_or(|id| !wanted.contains(&id))
        {
            draft.also.push(Change::Delete {
                table: table.clone(),
                id: row.id,
            });
        }
    }
    let node = draft.row.integer(SCOPE);
    for kind in wanted {
        if at_rest
            .iter()
            .any(|row| row.integer("type_id") == Some(kind))
        {
            continue;
        }
        let values = [
            ("type", Value::Integer(kind)),
            (pair.field, Value::Integer(draft.row.id)),
        ];
        let id = related::next_id(context.instance, pair.rows).await?;
        let changes = related::insert(context, pair.rows, id, &values, node).await?;
        draft.also.extend(changes);
    }
    Ok(())
}

/// An association that is saved: once per type, and on the record's list.
pub async fn save(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    let Some(pair) = pair(draft.entity) else {
        return Ok(());
    };
    let (Some(holder), Some(kind)) = (draft.integer(pair.field), draft.integer("type")) else {
        return Ok(());
    };
    let former = draft
        .before
        .as_ref()
        .and_then(|row| row.integer(pair.column));
    if let Some(former) = former.filter(|former| *former != holder) {
        let change = shown(context, pair, former, draft.row.id, None).await?;
        draft.also.push(change);
    }
    let others = related::under(context.instance, pair.rows, pair.column, holder).await?;
    let twice = others
        .iter()
        .any(|row| row.id != draft.row.id && row.integer("type_id") == Some(kind));
    if twice {
        let message = format!("The type {kind} is already on the {}.", pair.field);
        draft
            .errors
            .push(FieldError::exists(&draft.resource, "type", message));
        return Ok(());
    }
    let change = shown(context, pair, holder, draft.row.id, Some(kind)).await?;
    draft.also.push(change);
    Ok(())
}

/// An association that goes leaves the record's list.
pub async fn delete(
    context: Context<'_>,
    entity: &Entity,
    row: &Row,
    also: &mut Vec<Change>,
) -> Result<(), Problem> {
    if let Some(pair) = pair(entity)
        && let Some(holder) = row.integer(pair.column)
    {
        also.push(shown(context, pair, holder, row.id, None).await?);
    }
    Ok(())
}

fn pair(entity: &Entity) -> Option<&'static Pair> {
    PAIRS
        .iter()
        .find(|pair| entity.any_field(pair.field).is_some())
}

/// The record's list without one association, and with another type.
async fn shown(
    context: Context<'_>,
    pair: &Pair,
    holder: i64,
    without: i64,
    with: Option<i64>,
) -> Result<Change, Problem> {
    let rows = related::under(context.instance, pair.rows, pair.column, holder).await?;
    let mut ids: Vec<i64> = rows
        .iter()
        .filter(|row| row.id != without)
        .filter_map(|row| row.integer("type_id"))
        .collect();
    ids.extend(with);
    related::update(context, pair.holder, holder, &[(LIST, list(&ids))])
}

fn list(ids: &[i64]) -> Value {
    text(serde_json::to_string(ids).unwrap_or_default())
}
