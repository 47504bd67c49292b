//! An invoice as a PDF: one page of plain text. It shows the sums that the record itself shows,
//! and nothing of the lines behind them, which have rights of their own.

use super::super::related;
use bitting_dialects::connectwise::error::ApiError;
use bitting_psa::permit::Permit;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_psa::saving;
use bitting_psa::{answer::Answer, context::Context};

pub async fn answer(
    context: Context<'_>,
    permit: &Permit<'_>,
    id: Option<i64>,
) -> Result<Answer, Problem> {
    let id = id.ok_or_else(ApiError::no_endpoint)?;
    let row = saving::existing(context, permit, id).await?;
    let name = async |path: &str, column: &str| -> Result<String, Problem> {
        let found = match row.integer(column) {
            Some(id) => related::one(context.instance, path, id).await?,
            None => None,
        };
        let name = found.and_then(|row| row.text("name").map(str::to_owned));
        Ok(name.unwrap_or_default())
    };
    let payer = name("company/companies", "bill_to_company_id").await?;
    let terms = name("finance/billingTerms", "billing_terms_id").await?;
    let number = row.text("invoice_number").unwrap_or_default().to_owned();
    let page = page(&context.instance.name, &payer, &terms, &row);
    Ok(Answer {
        status: 200,
        body: bitting_psa::pdf::document(&page),
        media: Some("application/pdf".to_owned()),
        file: Some(format!("Invoice {number}.pdf")),
        ..Answer::default()
    })
}

/// The page's lines: text on the left, and what stands on the right of it.
fn page(seller: &str, payer: &str, terms: &str, row: &Row) -> Vec<(String, String)> {
    let text = |column: &str| row.text(column).unwrap_or_default().to_owned();
    let day = |column: &str| {
        row.text(column)
            .and_then(|day| day.get(..10))
            .unwrap_or_default()
            .to_owned()
    };
    let line = |left: &str, right: String| (left.to_owned(), right);
    let mut lines = vec![
        line(seller, String::new()),
        line(&format!("Invoice {}", text("invoice_number")), text("type")),
        line("", String::new()),
        line("Bill to", payer.to_owned()),
        line("", text("billing_site_address_line1")),
        line(
            "",
            format!(
                "{} {} {}",
                text("billing_site_city"),
                text("billing_site_state"),
                text("billing_site_zip")
            ),
        ),
        line("Date", day("date")),
        line("Due", day("due_date")),
        line("Terms", terms.to_owned()),
        line("Customer PO", text("customer_po")),
        line("", String::new()),
    ];
    for (label, column) in [
        ("Services", "service_total"),
        ("Expenses", "expense_total"),
        ("Products", "product_total"),
        ("Agreement", "agreement_amount"),
        ("Subtotal", "subtotal"),
        ("Sales tax", "sales_tax"),
        ("Total", "total"),
        ("Payments", "payments"),
        ("Credits", "credits"),
        ("Balance due", "balance"),
    ] {
        let amount = row.number(column).unwrap_or(0.0);
        lines.push(line(label, format!("{amount:.2}")));
    }
    lines
}
