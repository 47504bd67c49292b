//! What invoices bill: time, expenses and products, found, put on an invoice and taken off again.

use super::super::related::{self, text};
use super::super::time::sheets;
use super::Gone;
use super::billing::{self, PRODUCTS};
use crate::paths;
use bitting_psa::context::Context;
use bitting_psa::draft::Draft;
use bitting_psa::number::hundredths;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_query::Value;
use bitting_store::table::Change;

/// The lines of one invoice.
#[derive(Debug, Default)]
pub struct Lines {
    pub time: Vec<Row>,
    pub expenses: Vec<Row>,
    pub products: Vec<Row>,
}

/// What it takes for an entry to be billed.
#[derive(Debug, Clone, Copy)]
pub struct Ready {
    /// Entries that nobody approved yet are billed, too.
    pub unapproved: bool,
}

impl Ready {
    /// Whether an entry can be billed now.
    pub fn takes(self, row: &Row) -> bool {
        let approved = ["ApprovedByTierOne", "ApprovedByTierTwo", "ReadyToBill"];
        let waiting = [
            "Open",
            "PendingApproval",
            "PendingProjectApproval",
            "ErrorsCorrected",
        ];
        let status = row.text("status").unwrap_or("Open");
        row.is_null("invoice_id")
            && row.text("billable_option") != Some("DoNotBill")
            && (approved.contains(&status) || (self.unapproved && waiting.contains(&status)))
    }
}

impl Lines {
    /// Those at rest, without the ones that are about to leave.
    pub async fn of(context: Context<'_>, invoice: i64, gone: &Gone) -> Result<Self, Problem> {
        let rows = async |path: &'static str| -> Result<Vec<Row>, Problem> {
            let mut rows = related::under(context.instance, path, "invoice_id", invoice).await?;
            rows.retain(|row| !gone.holds(path, row.id));
            Ok(rows)
        };
        Ok(Self {
            time: rows(paths::time::ENTRIES).await?,
            expenses: rows(paths::expense::ENTRIES).await?,
            products: rows(PRODUCTS).await?,
        })
    }

    pub fn service(&self) -> f64 {
        total(&self.time, |row| {
            row.number("extended_invoice_amount").unwrap_or(0.0)
        })
    }

    pub fn expense(&self) -> f64 {
        total(&self.expenses, |row| {
            row.number("invoice_amount").unwrap_or(0.0)
        })
    }

    pub fn product(&self) -> f64 {
        total(&self.products, billing::billed)
    }
}

fn total(rows: &[Row], amount: impl Fn(&Row) -> f64) -> f64 {
    hundredths(rows.iter().map(amount).sum())
}

/// Whether unapproved time and expenses are billed: what the set-up of billing says for the invoice's
/// location, else the first one. A company without a set-up waits for no approval.
pub async fn ready(context: Context<'_>, draft: &Draft<'_>) -> Result<Ready, Problem> {
    let setups = related::all(context.instance, "finance/billingSetups").await?;
    let place = draft.integer("locationId");
    let setup = setups
        .iter()
        .find(|row| row.integer("location_id") == place)
        .or(setups.first());
    let flag = if draft.is_null("project") {
        "bill_ticket_unapproved_flag"
    } else {
        "bill_project_unapproved_flag"
    };
    let mut unapproved = setup.is_none_or(|row| row.flag(flag));
    if let Some(project) = draft.integer("project")
        && let Some(project) = related::one(context.instance, "project/projects", project).await?
    {
        unapproved |= project.flag("bill_unapproved_time_and_expense");
    }
    Ok(Ready { unapproved })
}

/// Puts everything billable of what the invoice is applied to onto it.
pub async fn bill(
    context: Context<'_>,
    draft: &mut Draft<'_>,
    lines: &mut Lines,
) -> Result<(), Problem> {
    let (Some(kind), Some(to)) = (
        draft.text("applyToType").map(str::to_owned),
        draft.integer("applyToId"),
    ) else {
        return Ok(());
    };
    let column = match &*kind {
        "Ticket" => "ticket_id",
        "Project" => "project_id",
        "ProjectPhase" => "phase_id",
        "SalesOrder" => "sales_order_id",
        _ => return Ok(()),
    };
    let ready = ready(context, draft).await?;
    if column != "sales_order_id" {
        for (path, book) in [
            (paths::time::ENTRIES, &sheets::TIME),
            (paths::expense::ENTRIES, &sheets::EXPENSES),
        ] {
            for row in related::under(context.instance, path, column, to).await? {
                if ready.takes(&row) {
                    put(context, draft, lines, row, book, "Billed").await?;
                }
            }
        }
        fixed(context, draft, &kind, to).await?;
    }
    for row in related::under(context.instance, PRODUCTS, column, to).await? {
        if billing::billable(&row) {
            put_product(context, draft, lines, row).await?;
        }
    }
    Ok(())
}

/// A fixed fee is billed once, whatever time it took; a fee that is not to be exceeded is the most there is.
async fn fixed(
    context: Context<'_>,
    draft: &mut Draft<'_>,
    kind: &str,
    to: i64,
) -> Result<(), Problem> {
    let (path, column) = match kind {
        "Ticket" => (paths::service::TICKETS, "ticket_id"),
        "Project" => ("project/projects", "project_id"),
        _ => ("project/projects/phases", "phase_id"),
    };
    let Some(row) = related::one(context.instance, path, to).await? else {
        return Ok(());
    };
    let Some(amount) = row.number("billing_amount") else {
        return Ok(());
    };
    let earlier = related::under(context.instance, paths::finance::INVOICES, column, to).await?;
    let billed: f64 = earlier
        .iter()
        .filter(|row| row.id != draft.row.id)
        .filter_map(|row| row.number("service_total"))
        .sum();
    let left = hundredths((amount - billed).max(0.0));
    match row.text("billing_method") {
        Some("FixedFee") => draft.set("fixedService", Value::Number(left)),
        Some("NotToExceed") => draft.set("mostService", Value::Number(left)),
        _ => {}
    }
    Ok(())
}

/// Puts an entry onto the invoice.
pub async fn put(
    context: Context<'_>,
    invoice: &mut Draft<'_>,
    lines: &mut Lines,
    row: Row,
    book: &sheets::Book,
    status: &str,
) -> Result<(), Problem> {
    let entity = related::entity(context.instance, book.entries)?;
    let mut draft = Draft::changing(entity, row);
    draft.set("invoice", Value::Integer(invoice.row.id));
    draft.set("invoiceFlag", Value::Boolean(true));
    draft.set("status", text(status));
    let billed = draft.row.clone();
    invoice.also.extend(sheets::changed(context, draft).await?);
    if book.entries == paths::time::ENTRIES {
        lines.time.push(billed);
    } else {
        lines.expenses.push(billed);
    }
    Ok(())
}

/// Puts a product onto the invoice.
pub async fn put_product(
    context: Context<'_>,
    invoice: &mut Draft<'_>,
    lines: &mut Lines,
    row: Row,
) -> Result<(), Problem> {
    let entity = related::entity(context.instance, PRODUCTS)?;
    let mut draft = Draft::changing(entity, row);
    draft.set("invoice", Value::Integer(invoice.row.id));
    lines.products.push(draft.row.clone());
    invoice.also.extend(sheets::changed(context, draft).await?);
    Ok(())
}

/// Takes everything off an invoice that goes.
pub async fn release_all(
    context: Context<'_>,
    invoice: i64,
    also: &mut Vec<Change>,
) -> Result<(), Problem> {
    for book in [&sheets::TIME, &sheets::EXPENSES] {
        let entity = related::entity(context.instance, book.entries)?;
        for row in related::under(context.instance, book.entries, "invoice_id", invoice).await? {
            let mut draft = Draft::changing(entity, row);
            super::release(context, &mut draft, book).await?;
            also.extend(sheets::changed(context, draft).await?);
        }
    }
    let entity = related::entity(context.instance, PRODUCTS)?;
    for row in related::under(context.instance, PRODUCTS, "invoice_id", invoice).await? {
        let mut draft = Draft::changing(entity, row);
        draft.set("invoice", Value::Null);
        also.extend(sheets::changed(context, draft).await?);
    }
    Ok(())
}
