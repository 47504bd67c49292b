//! `projectRecap`: what a project was to bring and cost, and what it has so far, out of the time, expenses and
//! products on it.

use super::super::related::{self, text};
use crate::paths::project::PROJECTS;
use bitting_psa::context::Context;
use bitting_psa::draft::Draft;
use bitting_psa::number::hundredths;
use bitting_psa::permit::Permit;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_query::Value;

/// The recap of the project in the path.
pub async fn rows(context: Context<'_>, permit: &Permit<'_>) -> Result<Vec<Row>, Problem> {
    let id = context.parents.first().copied().unwrap_or_default();
    let Some(project) = related::one(context.instance, PROJECTS, id).await? else {
        return Ok(Vec::new());
    };
    let entries = related::under(context.instance, "time/entries", "project_id", id).await?;
    let expenses = related::under(context.instance, "expense/entries", "project_id", id).await?;
    let products =
        related::under(context.instance, "procurement/products", "project_id", id).await?;
    let billed = |row: &&Row| row.integer("invoice_id").is_some();
    let sum = |rows: &[Row], column: &str| -> [f64; 2] {
        let amount = |row: &Row| row.number(column).unwrap_or_default();
        [
            rows.iter().map(amount).sum(),
            rows.iter().filter(billed).map(amount).sum(),
        ]
    };
    let cost = |row: &Row| -> f64 {
        let rate = row
            .text("hourly_cost")
            .and_then(|cost| cost.trim().parse::<f64>().ok());
        rate.unwrap_or_default() * row.number("actual_hours").unwrap_or_default()
    };
    let time = sum(&entries, "extended_invoice_amount");
    let spent = sum(&expenses, "amount");
    let sold = sum(&products, "ext_price");
    let actual = time[0] + spent[0] + sold[0];
    let invoiced = time[1] + spent[1] + sold[1];
    let costs = entries.iter().map(cost).sum::<f64>() + spent[0] + sum(&products, "ext_cost")[0];
    let estimate =
        |names: [&str; 3]| -> f64 { names.iter().filter_map(|name| project.number(name)).sum() };
    let revenue = estimate([
        "estimated_time_revenue",
        "estimated_expense_revenue",
        "estimated_product_revenue",
    ]);
    let planned = estimate([
        "estimated_time_cost",
        "estimated_expense_cost",
        "estimated_product_cost",
    ]);
    let label = async |path: &str, column: &str| -> Result<Value, Problem> {
        let row = match project.integer(column) {
            Some(id) => related::one(context.instance, path, id).await?,
            None => None,
        };
        Ok(row.map_or(Value::Null, |row| row.get("name").clone()))
    };
    let money = |amount: f64| Value::Number(hundredths(amount));
    let of = |column: &str| project.get(column).clone();
    let mut draft = Draft::new(permit.entity(), Row::new(id));
    for (name, value) in [
        ("treeID", text(id.to_string())),
        ("iD", Value::Integer(id)),
        ("recID", Value::Integer(id)),
        ("displayID", text(id.to_string())),
        ("description", of("name")),
        (
            "companyName",
            label("company/companies", "company_id").await?,
        ),
        ("status", label("project/statuses", "status_id").await?),
        ("isProject", Value::Boolean(true)),
        ("isPhase", Value::Boolean(false)),
        ("isTicket", Value::Boolean(false)),
        ("isIssue", Value::Boolean(false)),
        ("addOnFlag", Value::Boolean(false)),
        ("overrideFlag", Value::Boolean(false)),
        ("billingMethodID", of("billing_method")),
        ("billingMethod", of("billing_method")),
        (
            "billingAmount",
            project
                .number("billing_amount")
                .map_or(Value::Null, |amount| text(hundredths(amount).to_string())),
        ),
        ("billingStartDate", of("billing_start_date")),
        ("revenueEstimate", money(revenue)),
        ("revenueActual", money(actual)),
        ("revenueBilled", money(invoiced)),
        ("revenueUnbilled", money(actual - invoiced)),
        ("costEstimate", money(planned)),
        ("costActual", money(costs)),
        ("grossMarginEstimate", money(revenue - planned)),
        ("grossMarginBilled", money(invoiced - costs)),
        ("recType", text("Project")),
        ("productsBilled", money(sold[1])),
        ("expensesBilled", money(spent[1])),
    ] {
        draft.set(name, value);
    }
    if let Some(parent) = permit.entity().parents.last() {
        draft.row.set(&parent.column, Value::Integer(id));
    }
    Ok(vec![draft.row])
}
