//! Invoices of agreements: one period at a time, with its fee, its additions, and the time, expenses and
//! products that the agreement covers or bills.
//!
//! A period's amount is the agreement's own amount plus its additions, which come on top. Adjustments are not
//! billed: they raise or lower what the agreement covers. An agreement whose cycle does not recur is billed
//! once.

use super::super::related::{self, text};
use super::super::time::coverage;
use super::super::time::cycles::{self, Stretch};
use super::super::time::sheets;
use super::billing;
use super::lines::{self, Lines};
use crate::paths;
use crate::paths::finance::INVOICES;
use bitting_dialects::connectwise::error::{ApiError, FieldError};
use bitting_policy::Verb;
use bitting_psa::draft::Draft;
use bitting_psa::number::hundredths;
use bitting_psa::permit::{Permit, authorize};
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_psa::saving;
use bitting_psa::{answer::Answer, context::Context};
use bitting_query::Value;
use bitting_store::table::Change;
use jiff::ToSpan as _;
use jiff::civil::Date;
use serde_json::json;

pub(super) const AGREEMENTS: &str = "finance/agreements";
const ADDITIONS: &str = "finance/agreements/additions";

/// `/invoice`: bills the next period of the agreement in the path, and answers the invoice's id.
pub async fn invoice(
    context: Context<'_>,
    permit: &Permit<'_>,
    id: Option<i64>,
) -> Result<Answer, Problem> {
    let id = id.ok_or_else(ApiError::no_endpoint)?;
    let _turn = context.instance.ledger().await?;
    let agreement = saving::existing(context, permit, id).await?;
    let invoices = related::entity(context.instance, INVOICES)?;
    // The row for agreement invoicing is the right to make this kind of invoice.
    let needs = context.route.right.as_ref().unwrap_or(&invoices.right);
    let grounds = context.instance.backend.grounds();
    let permit = authorize(grounds, context.caller, invoices, &needs.needs, Verb::Add)
        .map_err(|denial| denial.by(&context.caller.role.name))?;
    let body = json!({
        "type": "Agreement",
        "company": { "id": agreement.integer("company_id") },
        "agreement": { "id": id },
        "applyToType": "Agreement",
        "applyToId": id,
    });
    let body = serde_json::to_vec(&body).unwrap_or_default();
    let below = Context {
        parents: &[],
        ..context
    };
    let (id, changes) = Box::pin(saving::composed(below, &permit, &body, context.release)).await?;
    saving::finish(below, invoices, changes).await?;
    Ok(Answer::json(201, &json!(id)))
}

/// The next period that an agreement is billed for; `None` when there is none left.
pub async fn next(context: Context<'_>, agreement: &Row) -> Result<Option<Stretch>, Problem> {
    let date = |column: &str| agreement.text(column).and_then(cycles::day);
    let start = date("start_date");
    let from = date("next_invoice_date")
        .or(date("bill_start_date"))
        .or(start);
    let Some(from) = from else {
        return Ok(None);
    };
    let cycle = match agreement.integer("billing_cycle_id") {
        Some(cycle) => related::one(context.instance, "finance/billingCycles", cycle).await?,
        None => None,
    };
    let options = cycle.and_then(|row| row.text("billing_options").map(str::to_owned));
    let first = date("bill_start_date").or(start).unwrap_or(from);
    let once = agreement.flag("bill_one_time_flag") || agreement.flag("one_time_flag");
    let recurs = options.filter(|_| !once);
    let stretch = recurs.and_then(|options| cycles::billed(&options, first, from));
    let stretch = match stretch {
        Some(stretch) => Stretch {
            from: stretch.from.max(from),
            to: stretch.to,
        },
        None if agreement.is_null("next_invoice_date") => Stretch {
            from,
            to: last(agreement)
                .and_then(|day| day.tomorrow().ok())
                .unwrap_or(from.saturating_add(1.day())),
        },
        None => return Ok(None),
    };
    Ok(last(agreement)
        .is_none_or(|last| stretch.from <= last)
        .then_some(stretch))
}

/// The last day of an agreement: its end, or the day it was cancelled.
fn last(agreement: &Row) -> Option<Date> {
    let date = |column: &str| agreement.text(column).and_then(cycles::day);
    let end = date("end_date").filter(|_| !agreement.flag("no_ending_date_flag"));
    let cancelled = date("date_cancelled").filter(|_| agreement.flag("cancelled_flag"));
    match (end, cancelled) {
        (Some(end), Some(cancelled)) => Some(end.min(cancelled)),
        (end, cancelled) => end.or(cancelled),
    }
}

/// Puts a period's fee and lines onto a new invoice, and moves the agreement on to the next.
pub async fn bill(
    context: Context<'_>,
    draft: &mut Draft<'_>,
    lines: &mut Lines,
) -> Result<(), Problem> {
    let Some(id) = draft.integer("agreement") else {
        return Ok(());
    };
    let Some(agreement) = related::one(context.instance, AGREEMENTS, id).await? else {
        return Ok(());
    };
    let Some(stretch) = next(context, &agreement).await? else {
        let message = format!("Agreement {id} has no period left to invoice.");
        let error = FieldError::invalid(&draft.resource, "agreement", message);
        return Err(Problem::field(&draft.resource, error));
    };
    from_agreement(draft, &agreement);
    let amounts = amounts(context, &agreement, stretch).await?;
    let taxable = agreement.flag("taxable");
    for (name, amount) in [
        ("agreementAmount", amounts.total()),
        ("agreementService", if taxable { amounts.fee } else { 0.0 }),
        ("agreementProduct", amounts.taxed),
    ] {
        draft.set(name, Value::Number(hundredths(amount)));
    }
    entries(context, draft, lines, &agreement, stretch).await?;
    let entity = related::entity(context.instance, AGREEMENTS)?;
    let mut moved = Draft::changing(entity, agreement);
    moved.set("nextInvoiceDate", text(cycles::shown(stretch.to)));
    draft.also.extend(sheets::changed(context, moved).await?);
    Ok(())
}

/// What a period comes to.
struct Amounts {
    /// The agreement's own amount.
    fee: f64,
    /// Its additions.
    added: f64,
    /// The part of the additions that is taxed.
    taxed: f64,
}

impl Amounts {
    fn total(&self) -> f64 {
        self.fee + self.added
    }
}

async fn amounts(
    context: Context<'_>,
    agreement: &Row,
    stretch: Stretch,
) -> Result<Amounts, Problem> {
    let first = agreement.is_null("next_invoice_date");
    let share = share(agreement, stretch, first);
    let fee = match agreement.number("prorate_first_bill") {
        Some(amount) if first => amount,
        _ => hundredths(agreement.number("bill_amount").unwrap_or(0.0) * share),
    };
    let (mut added, mut taxed) = (0.0, 0.0);
    for addition in
        related::under(context.instance, ADDITIONS, "agreement_id", agreement.id).await?
    {
        let amount = of_addition(agreement, &addition, stretch, share);
        added += amount;
        if addition.flag("taxable_flag") {
            taxed += amount;
        }
    }
    Ok(Amounts { fee, added, taxed })
}

/// Where and how the agreement is billed.
fn from_agreement(draft: &mut Draft<'_>, agreement: &Row) {
    for (name, column) in [
        ("billToCompany", "bill_to_company_id"),
        ("billingSite", "bill_to_site_id"),
        ("billingTerms", "billing_terms_id"),
        ("taxCode", "tax_code_id"),
        ("currency", "currency_id"),
        ("locationId", "location_id"),
        ("departmentId", "department_id"),
        ("customerPO", "customer_po"),
    ] {
        let value = agreement.get(column).clone();
        // The place was checked already when the invoice was let in.
        if !draft.gave(name) && value != Value::Null && name != "locationId" {
            draft.set(name, value);
        }
    }
}

/// The part of a period that is billed: all of it, or the days that the agreement runs in it.
fn share(agreement: &Row, stretch: Stretch, first: bool) -> f64 {
    if !agreement.flag("prorate_flag") {
        return 1.0;
    }
    let last = last(agreement).and_then(|day| day.tomorrow().ok());
    let to = last.map_or(stretch.to, |last| last.min(stretch.to));
    // A period that begins in the middle of its cycle is the first one.
    let whole = if first && stretch.from.day() != 1 && stretch.to.day() == 1 {
        stretch.from.first_of_month()
    } else {
        stretch.from
    };
    let whole = f64::from((stretch.to - whole).get_days().max(1));
    (f64::from((to - stretch.from).get_days()) / whole).clamp(0.0, 1.0)
}

/// What an addition comes to in a period: nothing outside its dates, and a part of it within where the
/// agreement bills by the day.
fn of_addition(agreement: &Row, addition: &Row, stretch: Stretch, share: f64) -> f64 {
    if addition.text("bill_customer") != Some("Billable") {
        return 0.0;
    }
    let date = |column: &str| addition.text(column).and_then(cycles::day);
    let from = date("effective_date").map_or(stretch.from, |day| day.max(stretch.from));
    let to = date("cancelled_date").map_or(stretch.to, |day| day.min(stretch.to));
    let days = f64::from((to - from).get_days());
    if days <= 0.0 {
        return 0.0;
    }
    let price = addition.number("ext_price").unwrap_or(0.0);
    let whole = f64::from(stretch.days().max(1));
    let part = if agreement.flag("prorate_flag") && days < whole {
        share.min(days / whole * share)
    } else {
        share
    };
    hundredths(price * part)
}

/// Entries of the agreement up to the end of the period: what is covered is settled with the fee, what is
/// not is billed here where the agreement says so.
async fn entries(
    context: Context<'_>,
    draft: &mut Draft<'_>,
    lines: &mut Lines,
    agreement: &Row,
    stretch: Stretch,
) -> Result<(), Problem> {
    let ready = lines::ready(context, draft).await?;
    for (path, book, day, amount, here) in [
        (
            paths::time::ENTRIES,
            &sheets::TIME,
            "time_start",
            "extended_invoice_amount",
            agreement.flag("billable_time_invoice"),
        ),
        (
            paths::expense::ENTRIES,
            &sheets::EXPENSES,
            "date",
            "invoice_amount",
            agreement.flag("billable_expense_invoice"),
        ),
    ] {
        for row in related::under(context.instance, path, "agreement_id", agreement.id).await? {
            let within = row
                .text(day)
                .and_then(cycles::day)
                .is_some_and(|day| day < stretch.to);
            let open = row.number(amount).unwrap_or(0.0) > 0.0;
            if ready.takes(&row) && within && (here || !open) {
                let status = if open { "Billed" } else { "BilledAgreement" };
                lines::put(context, draft, lines, row, book, status).await?;
            }
        }
    }
    if agreement.flag("billable_product_invoice") {
        let rows = related::under(
            context.instance,
            billing::PRODUCTS,
            "agreement_id",
            agreement.id,
        )
        .await?;
        for row in rows {
            if billing::billable(&row) {
                lines::put_product(context, draft, lines, row).await?;
            }
        }
    }
    Ok(())
}

/// The period of a deleted invoice is to be billed again, where it was the last one.
pub async fn taken_back(
    context: Context<'_>,
    invoice: &Row,
    also: &mut Vec<Change>,
) -> Result<(), Problem> {
    if invoice.text("type") != Some("Agreement") {
        return Ok(());
    }
    let Some(id) = invoice.integer("agreement_id") else {
        return Ok(());
    };
    let Some(agreement) = related::one(context.instance, AGREEMENTS, id).await? else {
        return Ok(());
    };
    let invoices = related::under(context.instance, INVOICES, "agreement_id", id).await?;
    let kept = |row: &&Row| row.id != invoice.id && row.text("type") == Some("Agreement");
    let before = invoices.iter().filter(kept).count();
    if invoices.iter().filter(kept).any(|row| row.id > invoice.id) {
        return Ok(());
    }
    let entity = related::entity(context.instance, AGREEMENTS)?;
    let mut draft = Draft::changing(entity, agreement);
    draft.set("nextInvoiceDate", Value::Null);
    // As many periods on as there are invoices left.
    for _ in 0..before.min(1_200) {
        if let Some(stretch) = next(context, &draft.row).await? {
            draft.set("nextInvoiceDate", text(cycles::shown(stretch.to)));
        }
    }
    also.extend(sheets::changed(context, draft).await?);
    Ok(())
}

/// What an agreement covers has to be known before its adjustments count: an adjustment is of today, and of
/// nothing else than a number.
pub fn save_adjustment(context: Context<'_>, draft: &mut Draft<'_>) {
    let today = context.now.strftime("%Y-%m-%dT00:00:00Z").to_string();
    draft.default("effectiveDate", text(today));
    draft.default("amount", Value::Number(0.0));
}

/// The sums of each agreement that the caller sees, for the current cycle.
pub async fn recaps(context: Context<'_>, permit: &Permit<'_>) -> Result<Vec<Row>, Problem> {
    let entity = related::entity(context.instance, AGREEMENTS)?;
    let grounds = context.instance.backend.grounds();
    let needs = &entity.right.needs;
    let sight = authorize(grounds, context.caller, entity, needs, Verb::Inquire)
        .map_err(|denial| denial.by(&context.caller.role.name))?;
    let all = bitting_query::Filter::Constant(true);
    let today = context.now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let mut recaps = Vec::new();
    for agreement in context
        .instance
        .backend
        .rows(&sight, all, Vec::new(), None)
        .await?
    {
        recaps.push(recap(context, permit, &agreement, today).await?);
    }
    Ok(recaps)
}

async fn recap(
    context: Context<'_>,
    permit: &Permit<'_>,
    agreement: &Row,
    today: Date,
) -> Result<Row, Problem> {
    let balance = coverage::balance(context, agreement, today).await?;
    let company = match agreement.integer("company_id") {
        Some(id) => related::one(context.instance, "company/companies", id).await?,
        None => None,
    };
    let invoices = related::under(context.instance, INVOICES, "agreement_id", agreement.id).await?;
    let latest = invoices.iter().max_by_key(|row| row.id);
    let due = next(context, agreement).await?;
    let number = |amount: f64| Value::Number(hundredths(amount));
    let upcoming = match due {
        Some(stretch) => number(amounts(context, agreement, stretch).await?.total()),
        None => Value::Null,
    };
    let mut draft = Draft::new(permit.entity(), Row::new(agreement.id));
    let of = |column: &str| agreement.get(column).clone();
    let from =
        |row: Option<&Row>, column: &str| row.map_or(Value::Null, |row| row.get(column).clone());
    let unlimited = balance.limit.is_none();
    let limit = balance.limit.unwrap_or(0.0);
    let available = limit + balance.adjusted;
    for (name, value) in [
        ("name", of("name")),
        ("agreementStatus", of("agreement_status")),
        ("companyName", from(company.as_ref(), "name")),
        (
            "isUnlimited",
            text(if unlimited { "True" } else { "False" }),
        ),
        ("adjustmentAmount", number(balance.adjusted)),
        ("startingAmount", number(limit)),
        ("availableAmount", number(available)),
        ("usedAmount", number(balance.used)),
        (
            "remainingAmount",
            number((available - balance.used).max(0.0)),
        ),
        (
            "overrunAmount",
            number(if unlimited {
                0.0
            } else {
                (balance.used - available).max(0.0)
            }),
        ),
        ("lastInvoiceNumber", from(latest, "invoice_number")),
        ("lastInvoiceDate", from(latest, "date")),
        (
            "lastInvoiceAmount",
            latest
                .and_then(|row| row.number("total"))
                .map_or(Value::Null, |total| text(hundredths(total).to_string())),
        ),
        (
            "nextInvoiceDate",
            due.map_or(Value::Null, |due| text(cycles::shown(due.from))),
        ),
        ("nextInvoiceAmount", upcoming),
    ] {
        draft.set(name, value);
    }
    Ok(draft.row)
}
