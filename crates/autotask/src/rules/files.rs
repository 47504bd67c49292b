//! An invoice as a file: PDF, HTML or XML, with the sums that the record itself shows and nothing of the items
//! behind them. What the vendor's own template prints is not documented; this one is plain.

use super::super::answer::Trouble;
use super::super::permit::{self, Permit};
use super::super::reading;
use super::super::tenant::Tenant;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bitting_psa::row::Row;
use bitting_query::Filter;
use serde_json::{Value as Json, json};
use std::fmt::Write as _;

/// Answers a record as the file of this place in the entity's list: PDF, HTML, XML.
pub async fn answer(
    tenant: &Tenant,
    permit: &Permit<'_>,
    id: i64,
    file: usize,
) -> Result<Vec<u8>, Trouble> {
    let Some(row) = reading::row(tenant, permit, id, Filter::Constant(true)).await? else {
        return Ok(b"{\"item\":null}".to_vec());
    };
    let company = match (
        row.integer("company_id"),
        tenant.catalog().entity_at("Companies"),
    ) {
        // The name of a company out of sight is out of sight here too.
        (Some(id), Some(companies)) if permit::may_refer(tenant, permit, companies, id).await? => {
            tenant.backend.raw_row(companies, id).await?
        }
        _ => None,
    };
    let company = company.and_then(|row| row.text("company_name").map(str::to_owned));
    let lines = lines(&tenant.name, company.as_deref().unwrap_or_default(), &row);
    let json = match file {
        0 => pdf(id, &row, &lines),
        1 => json!({ "invoiceMarkup": html(&lines) }),
        _ => json!({ "invoiceMarkup": xml(&lines) }),
    };
    Ok(json.to_string().into_bytes())
}

/// What the page says, line by line: a label and its value.
fn lines(seller: &str, company: &str, row: &Row) -> Vec<(String, String)> {
    let text = |column: &str| row.text(column).unwrap_or_default().to_owned();
    let day = |column: &str| text(column).chars().take(10).collect::<String>();
    let sum = |column: &str| format!("{:.2}", row.number(column).unwrap_or_default());
    let mut lines = vec![
        ("Seller".to_owned(), seller.to_owned()),
        ("Invoice".to_owned(), text("invoice_number")),
        ("Bill to".to_owned(), company.to_owned()),
        ("Date".to_owned(), day("invoice_date_time")),
        ("Due".to_owned(), day("due_date")),
        ("From".to_owned(), day("from_date")),
        ("To".to_owned(), day("to_date")),
        ("Order".to_owned(), text("order_number")),
        ("Tax".to_owned(), sum("total_tax_value")),
        ("Total".to_owned(), sum("invoice_total")),
    ];
    if row.flag("is_voided") {
        lines.push(("Voided".to_owned(), day("voided_date")));
    }
    lines
}

fn pdf(id: i64, row: &Row, lines: &[(String, String)]) -> Json {
    let document = bitting_psa::pdf::document(lines);
    let number = row.text("invoice_number").unwrap_or_default();
    json!({ "item": {
        "id": id,
        "contentType": "application/pdf",
        "fileName": format!("Invoice {number}.pdf"),
        "fileSize": document.len(),
        "data": STANDARD.encode(&document),
    } })
}

fn html(lines: &[(String, String)]) -> String {
    let mut page = "<html><body><table>".to_owned();
    for (label, value) in lines {
        let _ = write!(
            page,
            "<tr><th>{}</th><td>{}</td></tr>",
            escaped(label),
            escaped(value)
        );
    }
    page.push_str("</table></body></html>");
    page
}

fn xml(lines: &[(String, String)]) -> String {
    let mut page = "<?xml version=\"1.0\" encoding=\"utf-8\"?><invoice>".to_owned();
    for (label, value) in lines {
        let name = label.replace(' ', "");
        let _ = write!(page, "<{name}>{}</{name}>", escaped(value));
    }
    page.push_str("</invoice>");
    page
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
