//! Verbs of time entries, sheets and expense reports.

use super::super::related::{self, text};
use super::super::{finance, template};
use super::periods;
use super::sheets::{self, Step};
use crate::acting;
use crate::paths;
use crate::paths::time::ENTRIES;
use bitting_dialects::connectwise::error::{ApiError, FieldError};
use bitting_policy::Verb;
use bitting_psa::draft::Draft;
use bitting_psa::permit::Permit;
use bitting_psa::problem::Problem;
use bitting_psa::saving;
use bitting_psa::{answer::Answer, context::Context};
use bitting_query::Value;
use serde_json::json;

/// Answers a verb by its rule; `None` for a rule of another subject.
pub async fn answer(
    context: Context<'_>,
    permit: &Permit<'_>,
    rule: &str,
    id: Option<i64>,
    body: &[u8],
) -> Result<Option<Answer>, Problem> {
    let step = match rule {
        "submit_time_sheet" | "submit_expense_report" => Some(Step::Submit),
        "approve_time_sheet" | "approve_expense_report" => Some(Step::Approve),
        "reject_time_sheet" | "reject_expense_report" => Some(Step::Reject),
        "reverse_time_sheet" | "reverse_expense_report" => Some(Step::Reverse),
        _ => None,
    };
    if let Some(step) = step {
        let book = if rule.ends_with("time_sheet") {
            &sheets::TIME
        } else {
            &sheets::EXPENSES
        };
        return sheets::step(context, permit, book, step, id, body)
            .await
            .map(Some);
    }
    match rule {
        "reject_time_entry" => marked(context, permit, id, body, true).await.map(Some),
        "cancel_reject_time_entry" => marked(context, permit, id, body, false).await.map(Some),
        "detach_time_entry" => detach(context, permit, id).await.map(Some),
        "delete_unused_time_sheets" => delete_unused(context, permit, id).await.map(Some),
        "default_time_period_setup" => period_setup(context).await.map(Some),
        "time_entry_defaults" => {
            let below = Context {
                parents: &[],
                ..context
            };
            let draft = saving::proposed(below, permit, body).await?;
            template::answer(below, permit, draft.row).await.map(Some)
        }
        _ => Ok(None),
    }
}

/// One entry is turned down, or that is taken back: then it is what its sheet is.
async fn marked(
    context: Context<'_>,
    permit: &Permit<'_>,
    id: Option<i64>,
    body: &[u8],
    reject: bool,
) -> Result<Answer, Problem> {
    let id = id.ok_or_else(ApiError::no_endpoint)?;
    // What the body may say is not known; that it is one has to be.
    if !body.iter().all(u8::is_ascii_whitespace) {
        related::object(body, "TimeEntry")?;
    }
    let _turn = context.instance.ledger().await?;
    let entry = saving::existing(context, permit, id).await?;
    let was = entry.text("status").unwrap_or("Open").to_owned();
    let status = if reject {
        Step::Reject.from(&was, None).map(str::to_owned)
    } else if ["Rejected", "RejectBySecondTier"].contains(&&*was) {
        let sheet = match entry.integer("time_sheet_id") {
            Some(sheet) => related::one(context.instance, sheets::TIME.sheets, sheet).await?,
            None => None,
        };
        let status = sheet.and_then(|row| row.text("status").map(str::to_owned));
        Some(status.unwrap_or_else(|| "Open".to_owned()))
    } else {
        None
    };
    let Some(status) = status else {
        let verb = if reject { "rejected" } else { "taken back" };
        let message = format!("TimeEntry {id} is {was} and cannot be {verb}.");
        let error = FieldError::invalid("timeEntry", "status", message);
        return Err(Problem::field("timeEntry", error));
    };
    let changes = sheets::marked(context, permit.entity(), entry, &status).await?;
    saving::finish(context, permit.entity(), changes).await?;
    Ok(Answer::empty(acting::status(context)))
}

/// Takes an entry off its invoice, which asks for the right to change invoices, too.
async fn detach(
    context: Context<'_>,
    permit: &Permit<'_>,
    id: Option<i64>,
) -> Result<Answer, Problem> {
    let id = id.ok_or_else(ApiError::no_endpoint)?;
    let _turn = context.instance.ledger().await?;
    let entry = saving::existing(context, permit, id).await?;
    let Some(invoice) = entry.integer("invoice_id") else {
        let message = format!("TimeEntry {id} is on no invoice.");
        let error = FieldError::invalid("timeEntry", "invoice", message);
        return Err(Problem::field("timeEntry", error));
    };
    let invoice = related::open_to(context, paths::finance::INVOICES, Verb::Edit, invoice).await?;
    finance::still_open(context, &invoice).await?;
    let mut draft = Draft::changing(permit.entity(), entry);
    finance::release(context, &mut draft, &sheets::TIME).await?;
    let mut changes = sheets::changed(context, draft).await?;
    let gone = finance::Gone::one(ENTRIES, id);
    changes.extend(finance::summed(context, invoice, &gone).await?);
    saving::finish(context, permit.entity(), changes).await?;
    let below = Context {
        parents: &[],
        ..context
    };
    acting::shown(below, &permit.reading(), id).await
}

/// Sheets of a member that nothing was ever put on, or nothing is left on.
async fn delete_unused(
    context: Context<'_>,
    permit: &Permit<'_>,
    id: Option<i64>,
) -> Result<Answer, Problem> {
    let member = id.ok_or_else(ApiError::no_endpoint)?;
    let _turn = context.instance.ledger().await?;
    saving::existing(context, permit, member).await?;
    let book = &sheets::TIME;
    let entity = related::entity(context.instance, book.sheets)?;
    let mut changes = Vec::new();
    for sheet in related::under(context.instance, book.sheets, "member_id", member).await? {
        let entries =
            related::under(context.instance, book.entries, "time_sheet_id", sheet.id).await?;
        if !entries.is_empty() || sheet.text("status").is_some_and(|status| status != "Open") {
            continue;
        }
        changes.extend(context.instance.backend.removal(entity, sheet.id).await?);
    }
    saving::finish(context, entity, changes).await?;
    Ok(Answer::empty(204))
}

/// What the screen of a new set-up of periods offers: weeks of this year, from the first Saturday on.
async fn period_setup(context: Context<'_>) -> Result<Answer, Problem> {
    let today = context.now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let period = periods::of(context, today.first_of_year(), "Both").await?;
    let year = i64::from(today.year());
    let body = json!({
        "periodApplyTo": "Both",
        "year": year,
        "numberFuturePeriods": 0,
        "type": "Weekly",
        "description": format!("{year}"),
        "firstPeriodEndDate": period.last.to_string(),
        "daysPastEndDate": 0,
    });
    Ok(Answer::json(200, &body))
}

/// An entry that was taken off its invoice is what its sheet is.
pub async fn unbilled(
    context: Context<'_>,
    draft: &Draft<'_>,
    book: &sheets::Book,
) -> Result<Value, Problem> {
    let sheet = match draft.row.integer(book.link) {
        Some(sheet) => related::one(context.instance, book.sheets, sheet).await?,
        None => None,
    };
    let status = sheet.and_then(|row| row.text("status").map(str::to_owned));
    Ok(text(status.unwrap_or_else(|| "Open".to_owned())))
}
