//! Companies: the primary site a company starts with, the address that both carry, its contact of first
//! resort, and what its status forbids.

pub mod merging;
pub mod sites;

use super::related::{self, id, text};
use super::types;
use crate::paths::company::{COMPANIES, CONTACTS, SITES, STATES};
use bitting_dialects::connectwise::error::FieldError;
use bitting_dialects::connectwise::layout::SCOPE;
use bitting_psa::context::Context;
use bitting_psa::draft::Draft;
use bitting_psa::instance::Instance;
use bitting_psa::moment::time;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_query::Value;
use bitting_store::table::Change;

const STATUSES: &str = "company/companies/statuses";
const TYPES: &str = "company/companies/types";
/// The column that marks the site a company starts with.
const PRIMARY: &str = "primary_address_flag";

/// The site that stands for the company.
pub async fn primary_site(instance: &Instance, company: i64) -> Result<Option<i64>, Problem> {
    let site = primary_part(instance, company, &[]).await?;
    Ok(site.map(|site| site.id))
}

/// The same with these of its columns.
pub async fn primary_part(
    instance: &Instance,
    company: i64,
    columns: &[&str],
) -> Result<Option<Row>, Problem> {
    let columns: Vec<&str> = columns.iter().copied().chain([PRIMARY]).collect();
    let of = ("company_id", company);
    let mut sites = related::few_of(instance, SITES, of, &columns).await?;
    let marked = sites.iter().position(|site| site.flag(PRIMARY));
    Ok((!sites.is_empty()).then(|| sites.swap_remove(marked.unwrap_or(0))))
}

/// Some statuses of a company bar new work for it.
pub async fn open_for_work(
    context: Context<'_>,
    draft: &mut Draft<'_>,
    company: i64,
) -> Result<(), Problem> {
    let Some(Value::Integer(status)) =
        related::value(context.instance, COMPANIES, company, "status_id").await?
    else {
        return Ok(());
    };
    if let Some(name) = barring(context, Some(status)).await? {
        let message = format!("The status {name} of the company does not allow saving.");
        let error = FieldError::invalid(&draft.resource, "company", message);
        draft.errors.push(error);
    }
    Ok(())
}

/// The name of a status that bars saving.
async fn barring(context: Context<'_>, status: Option<i64>) -> Result<Option<String>, Problem> {
    let Some(status) = status else {
        return Ok(None);
    };
    let row = related::one(context.instance, STATUSES, status).await?;
    Ok(row
        .filter(|row| row.flag("disallow_saving_flag"))
        .map(|row| row.text("name").unwrap_or_default().to_owned()))
}

/// Fills in and checks a company.
pub async fn save(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    barred(context, draft).await?;
    if draft.is_new() {
        let site = related::next_id(context.instance, SITES).await?;
        draft.set("site", Value::Integer(site));
        if draft.is_null("types") && !draft.gave("types") {
            types::default(context, draft, TYPES).await?;
        }
    } else {
        address(context, draft).await?;
    }
    if draft.changed("deletedFlag") {
        let deleted = draft.flag("deletedFlag");
        let stamp = |value: Value| if deleted { value } else { Value::Null };
        draft.set("dateDeleted", stamp(text(time(context.now))));
        draft.set("deletedBy", stamp(text(&*context.caller.identifier)));
    }
    default_contact(context, draft).await
}

/// A company whose status bars saving can only be given another status.
async fn barred(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    let Some(before) = &draft.before else {
        return Ok(());
    };
    if !draft.changed("status")
        && let Some(name) = barring(context, before.integer("status_id")).await?
    {
        let message = format!("The status {name} does not allow saving; change the status first.");
        let error = FieldError::invalid(&draft.resource, "status", message);
        draft.errors.push(error);
    }
    Ok(())
}

/// What a company's address is called on a site.
const ADDRESS: [(&str, &str); 7] = [
    ("addressLine1", "address_line1"),
    ("addressLine2", "address_line2"),
    ("city", "city"),
    ("zip", "zip"),
    ("country", "country_id"),
    ("phoneNumber", "phone_number"),
    ("faxNumber", "fax_number"),
];

/// A changed address goes to the primary site too: the two are one.
async fn address(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    let Some(site) = draft.integer("site") else {
        return Ok(());
    };
    let mut values: Vec<(&str, Value)> = ADDRESS
        .iter()
        .filter(|(name, _)| draft.changed(name))
        .filter_map(|(name, column)| Some((*column, draft.row.get(draft.column(name)?).clone())))
        .collect();
    if draft.changed("state") {
        let state = state(context.instance, draft.text("state")).await?;
        values.push(("state_reference_id", id(state)));
    }
    if !values.is_empty() && related::one(context.instance, SITES, site).await?.is_some() {
        draft
            .also
            .push(related::update(context, SITES, site, &values)?);
    }
    Ok(())
}

/// The state of a name or abbreviation.
async fn state(instance: &Instance, name: Option<&str>) -> Result<Option<i64>, Problem> {
    let Some(name) = name.filter(|name| !name.trim().is_empty()) else {
        return Ok(None);
    };
    let states = related::all(instance, STATES).await?;
    let called = |row: &&Row| {
        ["identifier", "name"].iter().any(|column| {
            row.text(column)
                .is_some_and(|text| text.eq_ignore_ascii_case(name.trim()))
        })
    };
    Ok(states.iter().find(called).map(|row| row.id))
}

/// The company's default contact and the contact's own mark say the same.
async fn default_contact(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    if !draft.changed("defaultContact") {
        return Ok(());
    }
    let chosen = draft.integer("defaultContact");
    for row in related::under(context.instance, CONTACTS, "company_id", draft.row.id).await? {
        let marked = Some(row.id) == chosen;
        if row.flag("default_flag") != marked {
            let values = [("default_flag", Value::Boolean(marked))];
            draft
                .also
                .push(related::update(context, CONTACTS, row.id, &values)?);
        }
    }
    Ok(())
}

/// The primary site and the rows of the types that a new company comes with.
pub async fn alongside(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    types::alongside(context, draft).await?;
    if !draft.is_new() {
        return Ok(());
    }
    let Some(site) = draft.integer("site") else {
        return Ok(());
    };
    let state = state(context.instance, draft.text("state")).await?;
    let mut values = vec![
        ("name", text("Main")),
        ("company", Value::Integer(draft.row.id)),
        ("stateReference", id(state)),
    ];
    for flag in [
        "primaryAddressFlag",
        "defaultShippingFlag",
        "defaultBillingFlag",
        "defaultMailingFlag",
    ] {
        values.push((flag, Value::Boolean(true)));
    }
    for (name, _) in ADDRESS {
        if let Some(column) = draft.column(name) {
            values.push((name, draft.row.get(column).clone()));
        }
    }
    let node = draft.row.integer(SCOPE);
    let changes = related::insert(context, SITES, site, &values, node).await?;
    draft.also.extend(changes);
    Ok(())
}

/// A deleted company stays, and says when and by whom it was deleted.
pub fn delete(context: Context<'_>, row: &Row, also: &mut Vec<Change>) -> Result<(), Problem> {
    let values = [
        ("date_deleted", text(time(context.now))),
        ("deleted_by", text(&*context.caller.identifier)),
    ];
    also.push(related::update(context, COMPANIES, row.id, &values)?);
    Ok(())
}
