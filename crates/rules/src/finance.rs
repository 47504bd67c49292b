//! Invoices: where their numbers, dates and addresses come from, what they bill, and what they come to.
//!
//! An invoice's sums are those of its lines: time, expenses and products that name it, and the amount of an
//! agreement's period. They are worked out anew with every line that comes or goes.

pub mod agreements;
pub mod batches;
mod billing;
pub mod commissions;
pub mod lines;
pub mod parameters;
pub mod payments;
pub mod pdf;
pub mod products;
pub mod taxes;
pub mod unposted;

use super::related::{self, id, text};
use super::time::{cycles, sheets, verbs};
use super::{members, set_up};
use crate::paths;
use crate::paths::finance::INVOICES;
use bitting_catalog::entity::Entity;
use bitting_dialects::connectwise::error::FieldError;
use bitting_psa::draft::Draft;
use bitting_psa::number::hundredths;
use bitting_psa::permit::Permit;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_psa::{answer::Answer, context::Context};
use bitting_query::{Kind, Value};
use bitting_store::table::Change;
use jiff::ToSpan as _;

const STATUSES: &str = "finance/billingStatuses";
const TERMS: &str = "finance/billingTerms";

/// Lines that leave an invoice with the write that is being composed: path and id.
#[derive(Debug, Default)]
pub struct Gone(Vec<(&'static str, i64)>);

impl Gone {
    pub fn one(path: &'static str, id: i64) -> Self {
        Self(vec![(path, id)])
    }

    fn holds(&self, path: &str, id: i64) -> bool {
        self.0.iter().any(|(of, gone)| *of == path && *gone == id)
    }
}

/// Answers a verb by its rule; `None` for a rule of another subject.
pub async fn answer(
    context: Context<'_>,
    permit: &Permit<'_>,
    rule: &str,
    id: Option<i64>,
    body: &[u8],
) -> Result<Option<Answer>, Problem> {
    let answer = match rule {
        "invoice_agreement" => agreements::invoice(context, permit, id).await?,
        "invoice_pdf" => pdf::answer(context, permit, id).await?,
        // The list of batches is an ordinary one.
        "accounting_batch" if context.method == bitting_catalog::route::Method::Get => {
            return Ok(None);
        }
        "accounting_batch" => batches::create(context, permit, body).await?,
        "export_batch" => batches::export(context, permit, id, body).await?,
        "recalculate_commissions" => commissions::recalculate(context, permit).await?,
        "detach_product" => products::detach(context, permit, id, body).await?,
        _ => return Ok(None),
    };
    Ok(Some(answer))
}

/// Fills in an invoice; a closed one changes no more.
pub async fn save(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    if let Some(before) = draft.before.clone() {
        still_open(context, &before).await?;
    }
    from_company(context, draft).await?;
    applied(context, draft).await?;
    let today = context.now.strftime("%Y-%m-%dT00:00:00Z").to_string();
    draft.default("date", text(today));
    if draft.is_null("status") {
        let first = set_up::first(context.instance, STATUSES, "sortOrder", &["closedFlag"]).await?;
        draft.set("status", id(first.map(|row| row.id)));
    }
    due(context, draft).await?;
    if draft.is_null("invoiceNumber") && !draft.is_new() {
        // A whole record that leaves the number out keeps it.
        let kept = draft
            .before
            .as_ref()
            .map(|row| row.get("invoice_number").clone());
        draft.set("invoiceNumber", kept.unwrap_or(Value::Null));
    }
    if draft.is_null("invoiceNumber") {
        let number = number(context, draft).await?;
        draft.set("invoiceNumber", text(number));
    }
    if draft.changed("status") {
        let closed = match set_up::referred(context.instance, draft, "status").await? {
            Some((row, _)) => row.flag("closed_flag"),
            None => false,
        };
        let by = if closed {
            text(&*context.caller.identifier)
        } else {
            Value::Null
        };
        draft.set("closedBy", by);
    }
    Ok(())
}

/// What a new invoice bills goes onto it, and every invoice is summed.
pub async fn alongside(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    let mut lines = if draft.is_new() {
        lines::Lines::default()
    } else {
        lines::Lines::of(context, draft.row.id, &Gone::default()).await?
    };
    if draft.is_new() {
        if draft.text("type") == Some("Agreement") {
            Box::pin(agreements::bill(context, draft, &mut lines)).await?;
        } else if matches!(draft.text("type"), Some("Standard" | "Progress")) {
            Box::pin(lines::bill(context, draft, &mut lines)).await?;
        }
    }
    Box::pin(sum(context, draft, &lines)).await
}

/// A deleted invoice lets go of what it billed; one that was posted or closed stays.
pub async fn delete(
    context: Context<'_>,
    row: &Row,
    also: &mut Vec<Change>,
) -> Result<(), Problem> {
    still_open(context, row).await?;
    lines::release_all(context, row.id, also).await?;
    agreements::taken_back(context, row, also).await
}

/// Refuses to change an invoice that is closed or posted.
pub async fn still_open(context: Context<'_>, invoice: &Row) -> Result<(), Problem> {
    let status = match invoice.integer("status_id") {
        Some(status) => related::one(context.instance, STATUSES, status).await?,
        None => None,
    };
    let why = if !invoice.is_null("gl_batch_id") {
        "posted to accounting; delete its batch first"
    } else if status.is_some_and(|row| row.flag("closed_flag")) {
        "closed; reopen it under /finance/closedInvoices first"
    } else {
        return Ok(());
    };
    let number = invoice.text("invoice_number").unwrap_or_default();
    let message = format!("Invoice {number} is {why}.");
    let error = FieldError::invalid("invoice", "status", message);
    Err(Problem::field("invoice", error))
}

/// The changes that sum an invoice anew.
pub async fn summed(
    context: Context<'_>,
    invoice: Row,
    gone: &Gone,
) -> Result<Vec<Change>, Problem> {
    let entity = related::entity(context.instance, INVOICES)?;
    let lines = lines::Lines::of(context, invoice.id, gone).await?;
    let mut draft = Draft::changing(entity, invoice);
    sum(context, &mut draft, &lines).await?;
    sheets::changed(context, draft).await
}

/// Takes an entry off its invoice.
pub async fn release(
    context: Context<'_>,
    draft: &mut Draft<'_>,
    book: &sheets::Book,
) -> Result<(), Problem> {
    let status = verbs::unbilled(context, draft, book).await?;
    draft.set("invoice", Value::Null);
    draft.set("invoiceFlag", Value::Boolean(false));
    draft.set("status", status);
    Ok(())
}

/// Sets what an invoice comes to.
pub async fn sum(
    context: Context<'_>,
    draft: &mut Draft<'_>,
    lines: &lines::Lines,
) -> Result<(), Problem> {
    let number = |draft: &Draft<'_>, name: &str| draft.number(name).unwrap_or(0.0);
    let mut service = match draft.number("fixedService") {
        Some(fixed) => fixed,
        None => lines.service(),
    };
    if let Some(most) = draft.number("mostService") {
        service = service.min(most);
    }
    let agreement = number(draft, "agreementAmount");
    let subtotal = service + lines.expense() + lines.product() + agreement
        - number(draft, "downpaymentApplied")
        - number(draft, "previousProgressApplied");
    let tax = Box::pin(taxes::of(context, draft, lines, service)).await?;
    let total = hundredths(subtotal + tax);
    let (payments, credits) = (number(draft, "payments"), number(draft, "credits"));
    for (name, amount) in [
        ("serviceTotal", service),
        ("expenseTotal", lines.expense()),
        ("productTotal", lines.product()),
        ("agreementAmount", agreement),
        ("subtotal", subtotal),
        ("salesTax", tax),
        ("total", total),
        ("payments", payments),
        ("credits", credits),
        ("balance", total - payments - credits),
    ] {
        draft.set(name, Value::Number(hundredths(amount)));
    }
    Ok(())
}

/// Who pays, where and how: what the company says, where the caller says nothing.
async fn from_company(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    if !draft.is_new() {
        return Ok(());
    }
    let instance = context.instance;
    if let Some((row, company)) = set_up::referred(instance, draft, "company").await? {
        for (name, source) in [
            ("billToCompany", "billToCompany"),
            ("billingSite", "billingSite"),
            ("billingTerms", "billingTerms"),
            ("taxCode", "taxCode"),
            ("currency", "currency"),
            ("accountNumber", "accountNumber"),
            ("locationId", "territory"),
        ] {
            let value = company.value(instance, &row, source).clone();
            if !draft.gave(name) && value != Value::Null && name != "locationId" {
                draft.set(name, value);
            } else if name == "locationId" && !draft.gave("location") {
                draft.default(name, value);
            }
        }
        draft.default("billToCompany", Value::Integer(row.id));
        draft.default("shipToCompany", Value::Integer(row.id));
    }
    for (name, node) in [
        ("locationId", context.caller.default_location),
        ("departmentId", context.caller.default_department),
    ] {
        draft.default(name, id(node));
    }
    if draft.is_null("locationId") {
        draft.set("locationId", id(members::top_location(instance).await?));
    }
    if draft.is_null("billingSite")
        && let Some(payer) = draft.integer("billToCompany")
    {
        let site = super::companies::primary_site(instance, payer).await?;
        draft.set("billingSite", id(site));
    }
    if !draft.gave("taxableFlag") {
        let taxed = !draft.is_null("taxCode");
        draft.set("taxableFlag", Value::Boolean(taxed));
    }
    address(context, draft).await
}

async fn address(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    for (site, field) in [
        ("billingSite", "billingSite"),
        ("shippingSite", "shippingSite"),
    ] {
        let Some(site) = draft.integer(site) else {
            continue;
        };
        let Some(row) = related::one(context.instance, paths::company::SITES, site).await? else {
            continue;
        };
        for (part, column) in [
            ("AddressLine1", "address_line1"),
            ("AddressLine2", "address_line2"),
            ("City", "city"),
            ("Zip", "zip"),
        ] {
            draft.default(&format!("{field}{part}"), row.get(column).clone());
        }
    }
    Ok(())
}

/// What the invoice is about: the record that `applyToType` and `applyToId` name, which the caller has to see. A link
/// alone (`ticket`) says the same, and takes in what is to be billed of it.
async fn applied(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    let mut about = LINKS.iter().map(|(_, link)| *link);
    if !draft.changed("applyToId")
        && !draft.changed("applyToType")
        && !about.any(|link| draft.changed(link))
    {
        return Ok(());
    }
    let alone = draft.is_null("applyToId") && draft.is_null("applyToType");
    for (kind, link) in LINKS {
        if draft.is_null("applyToId")
            && draft.is_null("applyToType")
            && let Some(to) = draft.integer(link)
        {
            draft.set("applyToType", text(kind));
            draft.set("applyToId", Value::Integer(to));
        }
    }
    let (Some(kind), Some(to)) = (
        draft.text("applyToType").map(str::to_owned),
        draft.integer("applyToId"),
    ) else {
        return Ok(());
    };
    let paths: &[&str] = match &*kind {
        "Ticket" => &["service/tickets", "project/tickets"],
        "Project" => &["project/projects"],
        "ProjectPhase" => &["project/projects/phases"],
        "SalesOrder" => &["sales/orders"],
        "Agreement" => &["finance/agreements"],
        _ => return Ok(()),
    };
    for path in paths {
        let entity = related::entity(context.instance, path)?;
        let Some(row) = related::seen(context, entity, to).await? else {
            continue;
        };
        let payers = [draft.integer("company"), draft.integer("billToCompany")];
        let own = row
            .integer("company_id")
            .or(row.integer("bill_to_company_id"));
        if own.is_some() && !payers.contains(&own) {
            if alone {
                // Clients write down tickets of a parent company's customers; only a word to bill one is wrong.
                draft.set("applyToType", Value::Null);
                draft.set("applyToId", Value::Null);
                return Ok(());
            }
            let message = format!("{kind} {to} is of another company.");
            let error = FieldError::invalid(&draft.resource, "applyToId", message);
            draft.errors.push(error);
        }
        for (of, link) in LINKS {
            if of == kind {
                draft.set(link, Value::Integer(to));
            }
        }
        if let Some(project) = row.integer("project_id") {
            draft.default("project", Value::Integer(project));
        }
        return Ok(());
    }
    let message = format!("{kind} {to} not found");
    let error = FieldError::not_found(&draft.resource, "applyToId", message);
    draft.errors.push(error);
    Ok(())
}

/// What an invoice is applied to, and the link that shows it.
const LINKS: [(&str, &str); 5] = [
    ("Ticket", "ticket"),
    ("ProjectPhase", "phase"),
    ("Project", "project"),
    ("SalesOrder", "salesOrder"),
    ("Agreement", "agreement"),
];

/// So many days after the invoice as its terms give.
async fn due(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    let moved = draft.is_null("dueDate") || draft.changed("date") || draft.changed("billingTerms");
    if !moved || (draft.gave("dueDate") && !draft.is_null("dueDate")) {
        return Ok(());
    }
    let days = match draft.integer("billingTerms") {
        Some(terms) => related::one(context.instance, TERMS, terms).await?,
        None => None,
    };
    let days = days.and_then(|row| row.integer("due_days")).unwrap_or(0);
    if let Some(day) = draft.text("date").and_then(cycles::day) {
        let due = day.saturating_add(days.clamp(0, 3_660).days());
        draft.set("dueDate", text(cycles::shown(due)));
    }
    Ok(())
}

/// A number that no invoice has: the record's own, with the words of its agreement's type around it.
async fn number(context: Context<'_>, draft: &Draft<'_>) -> Result<String, Problem> {
    let kind = match draft.integer("agreement") {
        Some(agreement) => related::one(context.instance, "finance/agreements", agreement).await?,
        None => None,
    };
    let kind = match kind.and_then(|row| row.integer("type_id")) {
        Some(kind) => related::one(context.instance, "finance/agreements/types", kind).await?,
        None => None,
    };
    let kind = kind.unwrap_or_default();
    let words = kind.text("invoice_pre_suffix").unwrap_or_default();
    let mut next = draft.row.id;
    loop {
        let number = match kind.text("prefix_suffix_option") {
            Some("Suffix") => format!("{next:06}{words}"),
            _ => format!("{words}{next:06}"),
        };
        let same = bitting_psa::backend::equals("invoice_number", Kind::Text, text(number.clone()));
        let entity: &Entity = draft.entity;
        if context.instance.backend.raw_count(entity, &same).await? == 0 {
            return Ok(number);
        }
        next += 1;
    }
}
