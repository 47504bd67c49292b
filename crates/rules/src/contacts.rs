//! Contacts: their full name, their place in the company, and what goes to another contact when one is
//! deleted.

pub mod communications;

use super::companies;
use super::related::{self, id, text};
use super::types;
use crate::paths::company::{COMPANIES, CONTACTS};
use bitting_catalog::entity::Entity;
use bitting_dialects::connectwise::error::FieldError;
use bitting_psa::backend::equals;
use bitting_psa::context::Context;
use bitting_psa::draft::Draft;
use bitting_psa::pointers::pointers;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_query::{Kind, Value};
use bitting_store::table::Change;

const TYPES: &str = "company/contacts/types";

/// The contact's company decides among which sites its own is looked up.
pub fn prepare(draft: &mut Draft<'_>) {
    if !draft.is_new() && draft.changed("company") {
        draft.set("site", Value::Null);
    }
}

/// Fills in and checks a contact.
pub async fn save(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    let names = [draft.text("firstName"), draft.text("lastName")];
    let names: Vec<&str> = names.into_iter().flatten().collect();
    let full = names.join(" ");
    draft.set("fullName", text(full.trim()));
    if draft.is_null("site")
        && !draft.gave("site")
        && let Some(company) = draft.integer("company")
    {
        let site = companies::primary_site(context.instance, company).await?;
        draft.set("site", id(site));
    }
    // `typeIds` is the older way to say `types`.
    if draft.gave("typeIds") && !draft.gave("types") {
        let given = draft
            .column("typeIds")
            .map(|column| draft.row.get(column).clone());
        draft.set("types", given.unwrap_or(Value::Null));
    }
    draft.set("typeIds", Value::Null);
    super::portal::keep(draft).await?;
    if draft.is_new() && draft.is_null("types") && !draft.gave("types") {
        types::default(context, draft, TYPES).await?;
    }
    default_flag(context, draft).await?;
    communications::take(context, draft).await
}

/// The contact's mark and the company's default contact say the same.
async fn default_flag(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    let before = draft.before.as_ref();
    let was = before.is_some_and(|row| row.flag("default_flag"));
    let former = before.and_then(|row| row.integer("company_id"));
    let (marked, company) = (draft.flag("defaultFlag"), draft.integer("company"));
    if was
        && (!marked || former != company)
        && let Some(former) = former
    {
        let values = [("default_contact_id", Value::Null)];
        draft
            .also
            .push(related::update(context, COMPANIES, former, &values)?);
    }
    let Some(company) = company.filter(|_| marked && (!was || former != company)) else {
        return Ok(());
    };
    for row in related::under(context.instance, CONTACTS, "company_id", company).await? {
        if row.id != draft.row.id && row.flag("default_flag") {
            let values = [("default_flag", Value::Boolean(false))];
            draft
                .also
                .push(related::update(context, CONTACTS, row.id, &values)?);
        }
    }
    let values = [("default_contact_id", Value::Integer(draft.row.id))];
    draft
        .also
        .push(related::update(context, COMPANIES, company, &values)?);
    Ok(())
}

/// Rows that come with a contact.
pub async fn alongside(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    types::alongside(context, draft).await?;
    communications::alongside(context, draft).await
}

/// What points to the contact goes to the one that `transferContactId` names; its company lets go of it.
pub async fn delete(
    context: Context<'_>,
    entity: &Entity,
    row: &Row,
    also: &mut Vec<Change>,
) -> Result<(), Problem> {
    let backend = &context.instance.backend;
    let to = context.parameters.other("transferContactId");
    let to = to.map(|to| to.trim().parse::<i64>().unwrap_or_default());
    if let Some(to) = to {
        let known = related::seen(context, entity, to).await?;
        if known.is_none() || to == row.id {
            let message = format!("Contact {to} not found");
            let error = FieldError::not_found("contact", "transferContactId", message);
            return Err(Problem::field("contact", error));
        }
        for pointer in pointers(&backend.catalog, entity) {
            if pointer.child {
                continue;
            }
            let filter = equals(&pointer.column, Kind::Integer, Value::Integer(row.id));
            for found in backend
                .raw_rows(pointer.from, filter, Vec::new(), None)
                .await?
            {
                also.push(Change::Update {
                    table: pointer.from.table.clone(),
                    id: found.id,
                    values: vec![(pointer.column.clone(), Value::Integer(to))],
                });
            }
        }
        if row.flag("default_flag") {
            let values = [("default_flag", Value::Boolean(true))];
            also.push(related::update(context, CONTACTS, to, &values)?);
        }
    } else {
        let of = related::under(context.instance, COMPANIES, "default_contact_id", row.id);
        for company in of.await? {
            let values = [("default_contact_id", Value::Null)];
            also.push(related::update(context, COMPANIES, company.id, &values)?);
        }
    }
    Ok(())
}
