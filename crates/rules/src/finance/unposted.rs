//! What accounting has not taken over yet: invoices, expenses, payments and purchases that are in no batch,
//! as lines of its waiting lists. Nothing of it is stored; a line has the id of the record it stands for.

use super::super::related;
use super::batches::{ENTRIES, visible};
use crate::paths;
use bitting_catalog::entity::Entity;
use bitting_dialects::connectwise::error::ApiError;
use bitting_psa::context::Context;
use bitting_psa::draft::Draft;
use bitting_psa::permit::Permit;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_query::Value;
use std::collections::HashSet;

/// Fields of a line, and the columns of the record they are taken from.
type Taken = &'static [(&'static str, &'static str)];

const PAYMENTS: &str = "finance/invoices/payments";
const ORDERS: &str = "procurement/purchaseorders";

const INVOICE: Taken = &[
    ("locationId", "location_id"),
    ("departmentId", "department_id"),
    ("company", "company_id"),
    ("accountNumber", "account_number"),
    ("billToCompany", "bill_to_company_id"),
    ("billToSite", "billing_site_id"),
    ("shipToCompany", "ship_to_company_id"),
    ("shipToSite", "shipping_site_id"),
    ("invoiceNumber", "invoice_number"),
    ("invoiceDate", "date"),
    ("invoiceType", "type"),
    ("description", "reference"),
    ("billingTerms", "billing_terms_id"),
    ("dueDate", "due_date"),
    ("currency", "currency_id"),
    ("subTotal", "subtotal"),
    ("total", "total"),
    ("invoiceTaxableFlag", "taxable_flag"),
    ("taxCode", "tax_code_id"),
    ("salesTaxAmount", "sales_tax"),
];

const EXPENSE: Taken = &[
    ("locationId", "location_id"),
    ("departmentId", "business_unit_id"),
    ("company", "company_id"),
    ("expenseType", "type_id"),
    ("member", "member_id"),
    ("dateExpense", "date"),
    ("chargeDescription", "notes"),
    ("paymentMethod", "payment_method_id"),
    ("currency", "currency_id"),
    ("total", "amount"),
    ("agreement", "agreement_id"),
    ("agreementAmountCovered", "agreement_amount"),
    ("ticket", "ticket_id"),
    ("project", "project_id"),
    ("projectPhase", "phase_id"),
];

const PAYMENT: Taken = &[
    ("type", "type"),
    ("source", "source"),
    ("invoice", "invoice_id"),
    ("amount", "amount"),
    ("paymentDate", "payment_date"),
    ("appliedBy", "applied_by"),
    ("wisePayPayment", "wise_pay_payment"),
    ("paymentSyncStatus", "payment_sync_status"),
    ("paymentSyncDate", "payment_sync_date"),
    ("paymentAccount", "payment_account"),
    ("aRPaymentAccount", "a_r_payment_account"),
];

const PURCHASE: Taken = &[
    ("locationId", "location_id"),
    ("departmentId", "business_unit_id"),
    ("purchaseDate", "po_date"),
    ("trackingNumber", "tracking_number"),
    ("billingTerms", "terms_id"),
    ("currency", "currency_id"),
    ("total", "total"),
    ("taxCode", "tax_code_id"),
    ("purchaseOrderTaxableFlag", "tax_po_flag"),
    ("taxTotal", "sales_tax"),
    ("customer", "customer_company_id"),
    ("vendor", "vendor_company_id"),
    ("vendorInvoiceNumber", "vendor_invoice_number"),
    ("vendorInvoiceDate", "vendor_invoice_date"),
    ("taxFreightFlag", "tax_freight_flag"),
    ("freightTaxTotal", "freight_tax_total"),
    ("freightCost", "freight_cost"),
    ("dateClosed", "date_closed"),
];

/// The lines that the caller sees, of the list the permit is for.
pub async fn rows(context: Context<'_>, permit: &Permit<'_>) -> Result<Vec<Row>, Problem> {
    let entity = permit.entity();
    match &*entity.schema {
        "UnpostedExpense" => expenses_waiting(context, entity).await,
        "UnpostedPayments" => {
            let payments = visible(context, PAYMENTS).await?.into_iter();
            let waiting = payments.filter(|row| row.is_null("gl_batch_id"));
            Ok(waiting.map(|row| line(entity, &row, PAYMENT).row).collect())
        }
        "UnpostedProcurement" => purchases(context, entity).await,
        _ => invoices(context, entity).await,
    }
}

fn line<'e>(entity: &'e Entity, row: &Row, taken: Taken) -> Draft<'e> {
    let mut draft = Draft::new(entity, Row::new(row.id));
    for (name, column) in taken {
        draft.set(name, row.get(column).clone());
    }
    let scope = bitting_dialects::connectwise::layout::SCOPE;
    for column in [
        scope,
        "entered_by",
        "date_entered",
        "updated_by",
        "last_updated",
    ] {
        draft.row.set(column, row.get(column).clone());
    }
    draft
}

async fn invoices(context: Context<'_>, entity: &Entity) -> Result<Vec<Row>, Problem> {
    let mut rows = Vec::new();
    for invoice in visible(context, paths::finance::INVOICES).await? {
        if !invoice.is_null("gl_batch_id") {
            continue;
        }
        let mut draft = line(entity, &invoice, INVOICE);
        draft.set("billingLogId", Value::Integer(invoice.id));
        for (name, column) in [
            ("hasTime", "service_total"),
            ("hasExpenses", "expense_total"),
            ("hasProducts", "product_total"),
        ] {
            let any = invoice.number(column).unwrap_or(0.0) != 0.0;
            draft.set(name, Value::Boolean(any));
        }
        rows.push(draft.row);
    }
    Ok(rows)
}

/// Expenses carry no batch of their own: the lines of batches name those that were posted.
async fn expenses_waiting(context: Context<'_>, entity: &Entity) -> Result<Vec<Row>, Problem> {
    let lines = related::all(context.instance, ENTRIES).await?;
    let posted: HashSet<i64> = lines
        .iter()
        .filter_map(|line| line.integer("expense_id"))
        .collect();
    let mut rows = Vec::new();
    for expense in visible(context, paths::expense::ENTRIES).await? {
        if posted.contains(&expense.id) {
            continue;
        }
        let mut draft = line(entity, &expense, EXPENSE);
        draft.set("expenseDetailId", Value::Integer(expense.id));
        draft.set("glType", related::text("EE"));
        let billable = match expense.text("billable_option") {
            Some("Billable") => expense.number("bill_amount").unwrap_or(0.0),
            _ => 0.0,
        };
        let all = expense.number("amount").unwrap_or(0.0);
        draft.set("billableAmount", Value::Number(billable));
        draft.set(
            "nonBillableAmount",
            Value::Number((all - billable).max(0.0)),
        );
        if expense.text("charge_to_type") == Some("ChargeCode") {
            draft.set("chargeCode", expense.get("charge_to_id").clone());
        }
        rows.push(draft.row);
    }
    Ok(rows)
}

/// Purchases wait from the day their order is closed: nothing is owed for what has not come.
async fn purchases(context: Context<'_>, entity: &Entity) -> Result<Vec<Row>, Problem> {
    let lines = related::all(context.instance, ENTRIES).await?;
    let posted: HashSet<i64> = lines
        .iter()
        .filter_map(|line| line.integer("purchase_order_id"))
        .collect();
    let mut rows = Vec::new();
    for order in visible(context, ORDERS).await? {
        if !order.flag("closed_flag") || posted.contains(&order.id) {
            continue;
        }
        let mut draft = line(entity, &order, PURCHASE);
        draft.set("purchaseOrder", Value::Integer(order.id));
        draft.set("procurementType", related::text("Purchase"));
        let number = order.text("po_number").unwrap_or_default();
        draft.set("description", related::text(format!("Order {number}")));
        rows.push(draft.row);
    }
    Ok(rows)
}

/// The tax on the line in the path, as one level: what a tax code puts on each level of it is not kept.
pub async fn levels(context: Context<'_>, permit: &Permit<'_>) -> Result<Vec<Row>, Problem> {
    let entity = permit.entity();
    let id = context.parents.last().copied().unwrap_or_default();
    let (path, tax) = match &*entity.schema {
        "UnpostedExpenseTaxableLevel" => (paths::expense::ENTRIES, None),
        "UnpostedProcurementTaxableLevel" => (ORDERS, Some("sales_tax")),
        _ => (paths::finance::INVOICES, Some("sales_tax")),
    };
    let source = related::entity(context.instance, path)?;
    let row = related::seen(context, source, id).await?;
    let row = row.ok_or_else(|| ApiError::not_found(&source.schema, &id.to_string()))?;
    let amount = tax.and_then(|column| row.number(column)).unwrap_or(0.0);
    let code = match row.integer("tax_code_id") {
        Some(code) => related::one(context.instance, "finance/taxCodes", code).await?,
        None => None,
    };
    let mut level = Draft::new(entity, Row::new(id));
    level.set("taxLevel", Value::Integer(1));
    level.set("taxAmount", Value::Number(amount));
    if let Some(code) = code.as_ref().and_then(|code| code.text("identifier")) {
        level.set("taxCodeXref", related::text(code));
    }
    if let Some(parent) = entity.parents.last() {
        level.row.set(&parent.column, Value::Integer(id));
    }
    let scope = bitting_dialects::connectwise::layout::SCOPE;
    level.row.set(scope, row.get(scope).clone());
    Ok(vec![level.row])
}
