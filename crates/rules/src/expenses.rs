//! Expenses: what they are charged to, what they come to by their type, and what is billed of them.

use super::related;
use super::time::{self, charging, coverage, sheets};
use crate::paths;
use bitting_catalog::entity::Entity;
use bitting_dialects::connectwise::error::FieldError;
use bitting_psa::context::Context;
use bitting_psa::draft::Draft;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_query::Value;
use bitting_store::table::Change;

const TYPES: &str = "expense/types";
const PAYMENTS: &str = "expense/paymentTypes";

/// Fills an expense from what it is charged to and its type, and works out what is billed of it.
pub async fn save(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    if draft.before.is_some() {
        time::unsettled(draft);
    } else {
        if !context.caller.is_operator() {
            draft.default("member", Value::Integer(context.caller.member));
        }
        draft.set("status", related::text("Open"));
    }
    charging::infer(context, draft).await?;
    if draft.changed("chargeToId") || draft.changed("chargeToType") {
        charging::charge(context, draft).await?;
    }
    if draft.is_new() {
        charging::from_member(context, draft).await?;
    }
    let kind = match draft.integer("type") {
        Some(id) => related::one(context.instance, TYPES, id).await?,
        None => None,
    };
    let kind = kind.unwrap_or_default();
    miles(draft, &kind);
    most(draft, &kind);
    if let Some(payment) = draft.integer("paymentMethod")
        && draft.is_null("classification")
        && let Some(row) = related::one(context.instance, PAYMENTS, payment).await?
    {
        draft.set("classification", row.get("classification_id").clone());
    }
    if !draft.errors.is_empty() {
        return Ok(());
    }
    sheets::writable(context, draft, &sheets::EXPENSES).await?;
    if draft.is_null("billableOption") {
        let option = option(context, draft, &kind).await?;
        draft.set("billableOption", related::text(option));
    }
    amounts(context, draft, &kind).await
}

/// The report it stands on.
pub async fn alongside(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    sheets::join(context, draft, &sheets::EXPENSES).await
}

/// One that was billed or handed in stays.
pub async fn delete(
    context: Context<'_>,
    entity: &Entity,
    row: &Row,
    also: &mut Vec<Change>,
) -> Result<(), Problem> {
    let mut draft = Draft::changing(entity, row.clone());
    time::unsettled(&mut draft);
    sheets::writable(context, &mut draft, &sheets::EXPENSES).await?;
    if let Some(error) = draft.errors.pop() {
        return Err(Problem::field(&draft.resource, error));
    }
    sheets::leave(context, row, &sheets::EXPENSES, also).await
}

/// Mileage is told by the odometer, and paid by the mile.
fn miles(draft: &mut Draft<'_>, kind: &Row) {
    let (Some(start), Some(end)) = (draft.number("odometerStart"), draft.number("odometerEnd"))
    else {
        return;
    };
    if end < start {
        let message = "odometerEnd lies before odometerStart.";
        let error = FieldError::invalid(&draft.resource, "odometerEnd", message);
        draft.errors.push(error);
    } else if kind.flag("mileage_flag") && draft.is_null("amount") {
        let rate = kind.number("reimbursement_rate").unwrap_or(0.0);
        draft.set("amount", Value::Number(cents((end - start) * rate)));
    }
}

fn most(draft: &mut Draft<'_>, kind: &Row) {
    let most = kind.number("max_amount").filter(|most| *most > 0.0);
    if let (Some(most), Some(amount)) = (most, draft.number("amount"))
        && amount > most
        && draft.changed("amount")
    {
        let message = format!("amount is more than the {most} that its type allows.");
        let error = FieldError::invalid(&draft.resource, "amount", message);
        draft.errors.push(error);
    }
}

/// The ticket's word, then the project's, the agreement's and the type's.
async fn option(
    context: Context<'_>,
    draft: &Draft<'_>,
    kind: &Row,
) -> Result<&'static str, Problem> {
    let known = ["Billable", "DoNotBill", "NoCharge"];
    for (name, path) in [
        ("ticket", paths::service::TICKETS),
        ("phase", "project/projects/phases"),
        ("project", "project/projects"),
        ("agreement", "finance/agreements"),
    ] {
        let row = match draft.integer(name) {
            Some(id) => related::one(context.instance, path, id).await?,
            None => None,
        };
        let said = row.and_then(|row| row.text("bill_expenses").map(str::to_owned));
        if let Some(found) = known
            .into_iter()
            .find(|word| said.as_deref() == Some(*word))
        {
            return Ok(found);
        }
    }
    let said = kind.text("bill_expenses");
    Ok(known
        .into_iter()
        .find(|word| said == Some(*word))
        .unwrap_or("Billable"))
}

/// What is billed: the amount with its type's markup (so much more, so many percent more, or so much by the
/// mile), without what an agreement covers.
async fn amounts(context: Context<'_>, draft: &mut Draft<'_>, kind: &Row) -> Result<(), Problem> {
    let amount = draft.number("amount").unwrap_or(0.0);
    let markup = kind.number("invoice_markup_amount").unwrap_or(0.0);
    let miles = match (draft.number("odometerStart"), draft.number("odometerEnd")) {
        (Some(start), Some(end)) => end - start,
        _ => 0.0,
    };
    let marked = match kind.text("invoice_markup_option") {
        Some("Amount") => amount + markup,
        Some("Percent") => amount * (1.0 + markup / 100.0),
        Some("Mile") => amount + miles * markup,
        _ => amount,
    };
    let billed = if draft.text("billableOption") == Some("Billable") {
        cents(marked)
    } else {
        0.0
    };
    let covered = match draft.integer("agreement") {
        Some(id) => match related::one(context.instance, "finance/agreements", id).await? {
            Some(agreement) => coverage::of_expense(context, draft, &agreement, billed).await?,
            None => coverage::Covered::default(),
        },
        None => coverage::Covered::default(),
    };
    draft.set("billAmount", Value::Number(billed));
    draft.set("agreementAmount", covered.shown(covered.amount));
    draft.set(
        "invoiceAmount",
        Value::Number(cents(billed - covered.amount)),
    );
    Ok(())
}

fn cents(amount: f64) -> f64 {
    bitting_psa::number::hundredths(amount)
}
