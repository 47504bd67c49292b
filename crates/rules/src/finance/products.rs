//! Products on tickets, projects, orders and invoices: what they come to, and how they leave an invoice.

use super::super::related;
use super::super::set_up;
use super::super::time::sheets;
use super::Gone;
use super::billing::PRODUCTS;
use crate::paths;
use bitting_catalog::entity::Entity;
use bitting_dialects::connectwise::error::ApiError;
use bitting_policy::Verb;
use bitting_psa::draft::Draft;
use bitting_psa::number::hundredths;
use bitting_psa::permit::Permit;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_psa::saving;
use bitting_psa::{answer::Answer, context::Context};
use bitting_query::Value;
use bitting_store::table::Change;

/// What a product takes from the catalog where the caller says nothing.
const FROM_CATALOG: [(&str, &str); 9] = [
    ("description", "description"),
    ("customerDescription", "customerDescription"),
    ("price", "price"),
    ("cost", "cost"),
    ("productClass", "productClass"),
    ("taxableFlag", "taxableFlag"),
    ("unitOfMeasure", "unitOfMeasure"),
    ("vendor", "vendor"),
    ("vendorSku", "vendorSku"),
];

/// Links that a detachment empties, by what its body says.
const LINKS: [(&str, &[&str]); 5] = [
    ("removeFromTicket", &["ticket"]),
    ("removeFromInvoice", &["invoice"]),
    ("removeFromOpportunity", &["opportunity"]),
    ("removeFromSalesOrder", &["salesOrder"]),
    ("removeFromProject", &["project", "phase"]),
];

/// Fills a product from the catalog and works out what it comes to.
pub async fn save(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    let instance = context.instance;
    if draft.is_new() {
        if let Some((row, item)) = set_up::referred(instance, draft, "catalogItem").await? {
            for (name, source) in FROM_CATALOG {
                let value = item.value(instance, &row, source).clone();
                if !draft.gave(name) && value != Value::Null {
                    draft.set(name, value);
                }
            }
        }
        draft.default("quantity", Value::Number(1.0));
        for (name, node) in [
            ("locationId", context.caller.default_location),
            ("businessUnitId", context.caller.default_department),
        ] {
            draft.default(name, related::id(node));
        }
    }
    // A line goes onto an invoice, or leaves it, only while that can still change.
    let was = draft
        .before
        .as_ref()
        .and_then(|row| row.integer("invoice_id"));
    if draft.changed("invoice") || PRICED.iter().any(|name| draft.changed(name)) {
        for invoice in [was, draft.integer("invoice")].into_iter().flatten() {
            let row =
                related::open_to(context, paths::finance::INVOICES, Verb::Edit, invoice).await?;
            super::still_open(context, &row).await?;
        }
    }
    let quantity = draft.number("quantity").unwrap_or(0.0);
    let price = draft.number("price").unwrap_or(0.0) * quantity;
    let price = hundredths(price - draft.number("discount").unwrap_or(0.0));
    let cost = hundredths(draft.number("cost").unwrap_or(0.0) * quantity);
    draft.set("extPrice", Value::Number(price));
    draft.set("extCost", Value::Number(cost));
    draft.set("margin", Value::Number(hundredths(price - cost)));
    Ok(())
}

const PRICED: [&str; 5] = [
    "quantity",
    "price",
    "discount",
    "billableOption",
    "cancelledFlag",
];

/// The invoices that a product was and is on are summed anew.
pub async fn alongside(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    let was = draft
        .before
        .as_ref()
        .and_then(|row| row.integer("invoice_id"));
    let now = draft.integer("invoice");
    let gone = Gone::one(PRODUCTS, draft.row.id);
    for invoice in [was.filter(|was| Some(*was) != now), now]
        .into_iter()
        .flatten()
    {
        let Some(row) = related::one(context.instance, paths::finance::INVOICES, invoice).await?
        else {
            continue;
        };
        let mut lines = super::lines::Lines::of(context, invoice, &gone).await?;
        if now == Some(invoice) {
            lines.products.push(draft.row.clone());
        }
        let entity = related::entity(context.instance, paths::finance::INVOICES)?;
        let mut sums = Draft::changing(entity, row);
        super::sum(context, &mut sums, &lines).await?;
        draft.also.extend(sheets::changed(context, sums).await?);
    }
    Ok(())
}

/// A product that goes leaves its invoice.
pub async fn delete(
    context: Context<'_>,
    row: &Row,
    also: &mut Vec<Change>,
) -> Result<(), Problem> {
    if let Some(invoice) = row.integer("invoice_id") {
        let invoice =
            related::open_to(context, paths::finance::INVOICES, Verb::Edit, invoice).await?;
        super::still_open(context, &invoice).await?;
        let gone = Gone::one(PRODUCTS, row.id);
        also.extend(super::summed(context, invoice, &gone).await?);
    }
    Ok(())
}

/// `/detach`: the links that the body names are emptied.
pub async fn detach(
    context: Context<'_>,
    permit: &Permit<'_>,
    id: Option<i64>,
    body: &[u8],
) -> Result<Answer, Problem> {
    let id = id.ok_or_else(ApiError::no_endpoint)?;
    let members = related::object(body, "ProductDetach")?;
    let _turn = context.instance.ledger().await?;
    let entity: &Entity = permit.entity();
    let row = saving::existing(context, permit, id).await?;
    let mut draft = Draft::changing(entity, row);
    for (word, links) in LINKS {
        if related::member(&members, word).and_then(serde_json::Value::as_bool) == Some(true) {
            for link in links {
                draft.set(link, Value::Null);
            }
        }
    }
    save(context, &mut draft).await?;
    let changes = Box::pin(saving::settle(context, permit, &mut draft)).await?;
    saving::finish(context, entity, changes).await?;
    Ok(Answer::empty(204))
}
