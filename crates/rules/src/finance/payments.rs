//! Payments of invoices: who took them, and what they leave to pay.

use super::super::related::{self, text};
use super::super::time::sheets;
use crate::paths::finance::INVOICES;
use bitting_psa::context::Context;
use bitting_psa::draft::Draft;
use bitting_psa::moment::time;
use bitting_psa::number::hundredths;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_query::Value;
use bitting_store::table::Change;

const PAYMENTS: &str = "finance/invoices/payments";

/// Fills a payment in.
pub fn save(context: Context<'_>, draft: &mut Draft<'_>) {
    draft.default("amount", Value::Number(0.0));
    draft.default("paymentDate", text(time(context.now)));
    draft.default("appliedBy", text(&*context.caller.identifier));
    draft.default("source", text("Default"));
    draft.default("paymentSyncStatus", text("Applied"));
}

/// The invoice shows what was paid, and the payment what that leaves.
pub async fn alongside(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    let Some(invoice) = draft.integer("invoice") else {
        return Ok(());
    };
    let own = draft.number("amount").unwrap_or(0.0);
    let Some((row, changes)) = paid(context, invoice, draft.row.id, own).await? else {
        return Ok(());
    };
    draft.set("invoiceBalance", row.get("balance").clone());
    draft.set("invoiceTotal", row.get("total").clone());
    draft.set("balance", Value::Number(0.0));
    draft.also.extend(changes);
    Ok(())
}

/// A payment that goes is not paid.
pub async fn delete(
    context: Context<'_>,
    row: &Row,
    also: &mut Vec<Change>,
) -> Result<(), Problem> {
    if let Some(invoice) = row.integer("invoice_id")
        && let Some((_, changes)) = paid(context, invoice, row.id, 0.0).await?
    {
        also.extend(changes);
    }
    Ok(())
}

/// The invoice with its payments summed, this one counted as so much.
async fn paid(
    context: Context<'_>,
    invoice: i64,
    payment: i64,
    own: f64,
) -> Result<Option<(Row, Vec<Change>)>, Problem> {
    let Some(row) = related::one(context.instance, INVOICES, invoice).await? else {
        return Ok(None);
    };
    let others = related::under(context.instance, PAYMENTS, "invoice_id", invoice).await?;
    let others = others.iter().filter(|row| row.id != payment);
    let paid: f64 = others.filter_map(|row| row.number("amount")).sum();
    let paid = hundredths(paid + own);
    let entity = related::entity(context.instance, INVOICES)?;
    let mut draft = Draft::changing(entity, row);
    let total = draft.number("total").unwrap_or(0.0);
    let credits = draft.number("credits").unwrap_or(0.0);
    draft.set("payments", Value::Number(paid));
    draft.set("balance", Value::Number(hundredths(total - paid - credits)));
    let shown = draft.row.clone();
    Ok(Some((shown, sheets::changed(context, draft).await?)))
}
