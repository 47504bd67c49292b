//! Batches for accounting: invoices and expenses that are posted together, and their export.
//!
//! Making a batch posts the records that its body names, so that they change no more; an export without a
//! batch shows what a batch would hold and posts nothing.

use super::super::related::{self, text};
use super::super::time::sheets;
use crate::acting;
use crate::paths;
use bitting_catalog::conditions::Held;
use bitting_catalog::entity::{Entity, Field};
use bitting_dialects::connectwise::error::{ApiError, FieldError};
use bitting_psa::draft::Draft;
use bitting_psa::permit::Permit;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_psa::saving;
use bitting_psa::{answer::Answer, context::Context};
use bitting_query::{Filter, Value};
use bitting_store::table::Change;
use serde_json::{Map, Value as Json, json};

const BATCHES: &str = "finance/accounting/batches";
pub(super) const ENTRIES: &str = "finance/accounting/batches/entries";
const RESOURCE: &str = "accountingBatch";

/// `POST /batches`: posts the records whose ids the body names.
pub async fn create(
    context: Context<'_>,
    permit: &Permit<'_>,
    body: &[u8],
) -> Result<Answer, Problem> {
    const BODY: &str = "CreateAccountingBatchRequest";
    let members = related::object(body, BODY)?;
    let flag = |name: &str| said(&members, name);
    let fields = context.instance.catalog().shape(BODY).unwrap_or_default();
    let held = |field: &Field| Held::Flag(flag(&field.name));
    let errors = saving::conditions::errors(RESOURCE, fields, &|_| true, &held);
    if !errors.is_empty() {
        return Err(ApiError::invalid_object(RESOURCE, errors).into());
    }
    let wanted = ids(&members, "processedRecordIds");
    if wanted.is_empty() {
        let error = FieldError::missing(RESOURCE, "processedRecordIds");
        return Err(Problem::field(RESOURCE, error));
    }
    let _turn = context.instance.ledger().await?;
    let entity = permit.entity();
    let id = related::next_id(context.instance, BATCHES).await?;
    let mut batch = Draft::new(entity, Row::new(id));
    let name = related::member(&members, "batchIdentifier").and_then(Json::as_str);
    batch.set(
        "batchIdentifier",
        text(name.map_or_else(|| format!("{id:06}"), str::to_owned)),
    );
    for name in [
        "exportInvoicesFlag",
        "exportExpensesFlag",
        "exportProductsFlag",
    ] {
        batch.set(name, Value::Boolean(flag(name)));
    }
    batch.set("closedFlag", Value::Boolean(true));
    let mut changes = saving::settle(context, permit, &mut batch).await?;
    let mut posted = Posted::default();
    if flag("exportInvoicesFlag") {
        for wanted in &wanted {
            let invoice = seen(context, paths::finance::INVOICES, *wanted).await?;
            if !invoice.is_null("gl_batch_id") {
                let message = format!("Invoice {wanted} is in a batch already.");
                let error = FieldError::invalid(RESOURCE, "processedRecordIds", message);
                return Err(Problem::field(RESOURCE, error));
            }
            let invoices = related::entity(context.instance, paths::finance::INVOICES)?;
            let mut draft = Draft::changing(invoices, invoice.clone());
            draft.set("glBatch", Value::Integer(id));
            changes.extend(sheets::changed(context, draft).await?);
            changes.extend(entry(context, id, "AR", "invoice", &invoice, "total").await?);
            posted.invoices.push(invoice);
        }
    }
    if flag("exportExpensesFlag") && !flag("exportInvoicesFlag") {
        for wanted in &wanted {
            let expense = seen(context, paths::expense::ENTRIES, *wanted).await?;
            changes.extend(entry(context, id, "AP", "expense", &expense, "amount").await?);
            posted.expenses.push(expense);
        }
    }
    let export = posted.export(context).await?;
    saving::finish(context, entity, changes).await?;
    Ok(Answer::json(acting::status(context), &export))
}

/// The line of a batch for a record.
async fn entry(
    context: Context<'_>,
    batch: i64,
    account: &str,
    link: &str,
    row: &Row,
    amount: &str,
) -> Result<Vec<Change>, Problem> {
    let id = related::next_id(context.instance, ENTRIES).await?;
    let amount = row.number(amount).unwrap_or(0.0);
    let name = row
        .text("invoice_number")
        .or(row.text("notes"))
        .unwrap_or_default();
    let entity = related::entity(context.instance, ENTRIES)?;
    let mut draft = Draft::new(entity, Row::new(id));
    if let Some(parent) = entity.parents.last() {
        draft.row.set(&parent.column, Value::Integer(batch));
    }
    draft.set("accountType", text(account));
    draft.set("name", text(name));
    draft.set("debit", Value::Number(amount));
    draft.set("credit", Value::Number(0.0));
    draft.set(link, Value::Integer(row.id));
    saving::fill_defaults(&mut draft);
    related::inserted(context, draft, None).await
}

/// A batch that goes takes back what it posted.
pub async fn delete(
    context: Context<'_>,
    row: &Row,
    also: &mut Vec<Change>,
) -> Result<(), Problem> {
    let invoices = related::entity(context.instance, paths::finance::INVOICES)?;
    for invoice in related::under(
        context.instance,
        paths::finance::INVOICES,
        "gl_batch_id",
        row.id,
    )
    .await?
    {
        let mut draft = Draft::changing(invoices, invoice);
        draft.set("glBatch", Value::Null);
        also.extend(sheets::changed(context, draft).await?);
    }
    Ok(())
}

/// `/export`: what a batch holds; without a batch, what is not posted yet.
pub async fn export(
    context: Context<'_>,
    permit: &Permit<'_>,
    id: Option<i64>,
    body: &[u8],
) -> Result<Answer, Problem> {
    let members = if body.iter().all(u8::is_ascii_whitespace) {
        Map::new()
    } else {
        related::object(body, "ExportAccountingBatchRequest")?
    };
    let mut posted = Posted::default();
    if let Some(id) = id {
        saving::existing(context, permit, id).await?;
        for row in visible(context, paths::finance::INVOICES).await? {
            if row.integer("gl_batch_id") == Some(id) {
                posted.invoices.push(row);
            }
        }
    } else {
        let through = related::member(&members, "thruDate").and_then(Json::as_str);
        let place = related::member(&members, "locationId").and_then(related::number);
        let (wanted, barred) = (
            ids(&members, "includedInvoiceIds"),
            ids(&members, "excludedInvoiceIds"),
        );
        if said(&members, "exportInvoicesFlag") {
            for row in visible(context, paths::finance::INVOICES).await? {
                let early =
                    through.is_none_or(|through| row.text("date").unwrap_or_default() <= through);
                let here = place.is_none() || row.integer("location_id") == place;
                let named =
                    (wanted.is_empty() || wanted.contains(&row.id)) && !barred.contains(&row.id);
                if row.is_null("gl_batch_id") && early && here && named {
                    posted.invoices.push(row);
                }
            }
        }
        if said(&members, "exportExpensesFlag") {
            let (wanted, barred) = (
                ids(&members, "includedExpenseIds"),
                ids(&members, "excludedExpenseIds"),
            );
            for row in visible(context, paths::expense::ENTRIES).await? {
                if (wanted.is_empty() || wanted.contains(&row.id)) && !barred.contains(&row.id) {
                    posted.expenses.push(row);
                }
            }
        }
    }
    let export = posted.export(context).await?;
    Ok(Answer::json(acting::status(context), &export))
}

/// Records that the caller sees by location and the like: posting asks for the row of accounting, and not
/// for those of the records.
pub(super) async fn visible(context: Context<'_>, path: &str) -> Result<Vec<Row>, Problem> {
    let entity = related::entity(context.instance, path)?;
    let permit = bitting_psa::permit::pass_through(context.caller, entity).whole();
    let all = Filter::Constant(true);
    Ok(context
        .instance
        .backend
        .rows(&permit, all, Vec::new(), None)
        .await?)
}

async fn seen(context: Context<'_>, path: &str, id: i64) -> Result<Row, Problem> {
    let entity: &Entity = related::entity(context.instance, path)?;
    let row = related::seen(context, entity, id).await?;
    row.ok_or_else(|| ApiError::not_found(&entity.schema, &id.to_string()).into())
}

fn said(members: &Map<String, Json>, name: &str) -> bool {
    related::member(members, name).and_then(Json::as_bool) == Some(true)
}

fn ids(members: &Map<String, Json>, name: &str) -> Vec<i64> {
    let list = related::member(members, name).and_then(Json::as_array);
    list.map(|ids| ids.iter().filter_map(related::number).collect())
        .unwrap_or_default()
}

/// What an export shows.
#[derive(Default)]
struct Posted {
    invoices: Vec<Row>,
    expenses: Vec<Row>,
}

impl Posted {
    async fn export(&self, context: Context<'_>) -> Result<Json, Problem> {
        let (mut transactions, mut customers) = (Vec::new(), Vec::<Json>::new());
        // Members whose prices are blocked see that there is an invoice, and not what it comes to.
        let priced = !context.caller.block_price;
        for row in &self.invoices {
            let company = link(context, "company/companies", row.integer("company_id")).await?;
            let terms = link(
                context,
                "finance/billingTerms",
                row.integer("billing_terms_id"),
            )
            .await?;
            let detail = detail(row, priced);
            transactions.push(pruned(json!({
                "id": row.id,
                "glTypeId": "AR",
                "documentDate": row.text("date"),
                "documentNumber": row.text("invoice_number"),
                "documentType": row.text("type"),
                "description": row.text("reference"),
                "company": company,
                "companyAccountNumber": row.text("account_number"),
                "billingTerms": terms,
                "dueDate": row.text("due_date"),
                "total": row.number("total").filter(|_| priced),
                "taxable": row.flag("taxable_flag"),
                "salesTax": row.number("sales_tax").filter(|_| priced),
                "detail": detail,
            })));
            if !company.is_null()
                && customers
                    .iter()
                    .all(|known| known["company"]["id"] != company["id"])
            {
                customers.push(pruned(json!({ "company": company, "billingTerms": terms })));
            }
        }
        let mut costs = Vec::new();
        let shown = !context.caller.block_cost;
        for row in &self.expenses {
            let member = link(context, "system/members", row.integer("member_id")).await?;
            costs.push(pruned(json!({
                "id": row.id,
                "documentDate": row.text("date"),
                "documentType": "EE",
                "description": row.text("notes"),
                "member": member,
                "total": row.number("amount").filter(|_| shown),
            })));
        }
        Ok(json!({
            "exportSettings": {},
            "vendors": [],
            "customers": customers,
            "transactions": transactions,
            "expenses": costs,
            "expenseBills": [],
            "purchaseTransactions": [],
            "adjustmentTransactions": [],
            "inventoryTransfers": [],
        }))
    }
}

/// One line for each kind of amount.
fn detail(row: &Row, priced: bool) -> Vec<Json> {
    let kinds = [
        ("Services", "service_total"),
        ("Expenses", "expense_total"),
        ("Products", "product_total"),
        ("Agreement", "agreement_amount"),
    ];
    kinds
        .into_iter()
        .filter(|(_, column)| row.number(column).unwrap_or(0.0) != 0.0)
        .enumerate()
        .map(|(index, (what, column))| {
            let total = row
                .number(column)
                .filter(|_| priced)
                .map(bitting_psa::number::shown);
            pruned(json!({ "id": index + 1, "description": what, "quantity": 1, "total": total }))
        })
        .collect()
}

async fn link(context: Context<'_>, path: &str, id: Option<i64>) -> Result<Json, Problem> {
    let Some(id) = id else {
        return Ok(Json::Null);
    };
    let row = related::one(context.instance, path, id).await?;
    let text = |column: &str| {
        row.as_ref()
            .and_then(|row| row.text(column))
            .map(str::to_owned)
    };
    let name = text("name").or_else(|| text("full_name"));
    Ok(pruned(
        json!({ "id": id, "identifier": text("identifier"), "name": name }),
    ))
}

/// An object without its nulls.
fn pruned(mut value: Json) -> Json {
    if let Json::Object(members) = &mut value {
        members.retain(|_, value| !value.is_null());
    }
    value
}
