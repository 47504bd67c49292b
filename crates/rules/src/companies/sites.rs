//! Sites of a company: one is the primary one, whose address the company shows, and one each is where bills,
//! mail and goods go.

use super::ADDRESS;
use crate::paths::company::{COMPANIES, SITES, STATES};
use crate::related;
use bitting_psa::context::Context;
use bitting_psa::draft::Draft;
use bitting_psa::problem::Problem;
use bitting_query::Value;

const MARKS: [(&str, &str); 4] = [
    ("primaryAddressFlag", "primary_address_flag"),
    ("defaultShippingFlag", "default_shipping_flag"),
    ("defaultBillingFlag", "default_billing_flag"),
    ("defaultMailingFlag", "default_mailing_flag"),
];

/// Keeps one site per mark, and the company's address that of its primary site.
pub async fn save(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    let Some(company) = draft.integer("company") else {
        return Ok(());
    };
    let mut others = related::under(context.instance, SITES, "company_id", company).await?;
    others.retain(|row| row.id != draft.row.id);
    for (name, column) in MARKS {
        if !others.iter().any(|row| row.flag(column)) {
            draft.set(name, Value::Boolean(true));
        }
        if !draft.flag(name) {
            continue;
        }
        for row in others.iter().filter(|row| row.flag(column)) {
            let values = [(column, Value::Boolean(false))];
            draft
                .also
                .push(related::update(context, SITES, row.id, &values)?);
        }
    }
    if !draft.flag("primaryAddressFlag") {
        return Ok(());
    }
    let state = match draft.integer("stateReference") {
        Some(state) => related::one(context.instance, STATES, state).await?,
        None => None,
    };
    let state = state.map_or(Value::Null, |row| row.get("identifier").clone());
    let mut values = vec![("site_id", Value::Integer(draft.row.id)), ("state", state)];
    for (name, column) in ADDRESS {
        if let Some(own) = draft.column(name) {
            values.push((column, draft.row.get(own).clone()));
        }
    }
    draft
        .also
        .push(related::update(context, COMPANIES, company, &values)?);
    Ok(())
}
