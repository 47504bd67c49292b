//! Commissions on invoices: what each member's share comes to.

use super::super::related;
use super::super::time::sheets;
use crate::acting;
use crate::paths;
use bitting_dialects::connectwise::error::ApiError;
use bitting_psa::draft::Draft;
use bitting_psa::number::hundredths;
use bitting_psa::permit::Permit;
use bitting_psa::problem::Problem;
use bitting_psa::saving;
use bitting_psa::{answer::Answer, context::Context};
use bitting_query::Value;

const COMMISSIONS: &str = "finance/invoices/commissions";

/// `/recalculate`: each share is worked out from the invoice as it is now. The net amount is the invoice's
/// subtotal, split by the member's share (all of it where none is said); the commission is its percentage of
/// that, plus what was adjusted by hand.
pub async fn recalculate(context: Context<'_>, permit: &Permit<'_>) -> Result<Answer, Problem> {
    let invoice = context
        .parents
        .last()
        .copied()
        .ok_or_else(ApiError::no_endpoint)?;
    let _turn = context.instance.ledger().await?;
    let row = related::one(context.instance, paths::finance::INVOICES, invoice).await?;
    let row = row.ok_or_else(|| ApiError::not_found("Invoice", &invoice.to_string()))?;
    let subtotal = row.number("subtotal").unwrap_or(0.0);
    let mut changes = Vec::new();
    for share in related::under(context.instance, COMMISSIONS, "invoice_id", invoice).await? {
        let mut draft = Draft::changing(permit.entity(), share);
        let split = draft.number("splitPercent").unwrap_or(100.0) / 100.0;
        let percent = draft.number("percent").unwrap_or(0.0) / 100.0;
        let net = hundredths(subtotal * split);
        let amount = net * percent + draft.number("adjustment").unwrap_or(0.0);
        draft.set("netAmount", Value::Number(net));
        draft.set("amount", Value::Number(hundredths(amount)));
        changes.extend(sheets::changed(context, draft).await?);
    }
    saving::finish(context, permit.entity(), changes).await?;
    Ok(Answer::empty(acting::status(context)))
}
