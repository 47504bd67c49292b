//! An invoice as a PDF: one page of plain text, written here. It shows the sums that the record itself shows,
//! and nothing of the lines behind them, which have rights of their own.

use super::super::related;
use super::super::{Answer, Context};
use crate::permit::Permit;
use crate::problem::Problem;
use crate::row::Row;
use crate::saving;
use bitting_dialects::connectwise::error::ApiError;
use std::fmt::Write as _;

/// Where a line of text stands on the page, in points from the left edge.
const LEFT: u32 = 56;
const RIGHT: u32 = 420;

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
        body: document(&page),
        media: Some("application/pdf".to_owned()),
        file: Some(format!("Invoice {number}.pdf")),
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

/// A document of one page, with its table of objects.
fn document(lines: &[(String, String)]) -> Vec<u8> {
    let mut content = String::from("BT /F1 11 Tf 16 TL\n");
    for (index, (left, right)) in lines.iter().enumerate() {
        let y = 780 - 18 * index;
        for (x, text) in [(LEFT, left), (RIGHT, right)] {
            if !text.trim().is_empty() {
                let _ = writeln!(content, "1 0 0 1 {x} {y} Tm ({}) Tj", escaped(text));
            }
        }
    }
    content.push_str("ET\n");
    let content = latin(&content);
    let mut stream = format!("<< /Length {} >>\nstream\n", content.len()).into_bytes();
    stream.extend_from_slice(&content);
    stream.extend_from_slice(b"endstream");
    let objects: [Vec<u8>; 5] = [
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_vec(),
        stream,
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_vec(),
    ];
    let mut file = b"%PDF-1.4\n".to_vec();
    let mut offsets = Vec::with_capacity(objects.len());
    for (index, object) in objects.iter().enumerate() {
        offsets.push(file.len());
        file.extend_from_slice(format!("{} 0 obj\n", index + 1).as_bytes());
        file.extend_from_slice(object);
        file.extend_from_slice(b"\nendobj\n");
    }
    let table = file.len();
    let mut tail = format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for offset in offsets {
        let _ = writeln!(tail, "{offset:010} 00000 n ");
    }
    let _ = write!(
        tail,
        "trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n",
        objects.len() + 1
    );
    file.extend_from_slice(tail.as_bytes());
    file
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '(' | ')' | '\\' => {
                escaped.push('\\');
                escaped.push(letter);
            }
            control if control.is_control() => escaped.push(' '),
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// The page's font knows the letters of Western Europe; others show as a question mark.
fn latin(text: &str) -> Vec<u8> {
    text.chars()
        .map(|letter| u8::try_from(u32::from(letter)).unwrap_or(b'?'))
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_object_stands_where_the_table_says() {
        let file = document(&[
            ("Total (net)".to_owned(), "12.50".to_owned()),
            ("Größe €".to_owned(), String::new()),
        ]);
        let text: String = file.iter().map(|byte| char::from(*byte)).collect();
        let table: usize = text
            .rsplit("startxref\n")
            .next()
            .unwrap()
            .lines()
            .next()
            .unwrap()
            .parse()
            .unwrap();
        assert!(
            text[table..].starts_with("xref\n0 6\n") || file[table..].starts_with(b"xref\n0 6\n")
        );
        let rows: Vec<&[u8]> = file[table..]
            .split(|byte| *byte == b'\n')
            .skip(3)
            .take(5)
            .collect();
        for (index, row) in rows.iter().enumerate() {
            let at: usize = std::str::from_utf8(&row[..10]).unwrap().parse().unwrap();
            let head = format!("{} 0 obj\n", index + 1);
            assert!(file[at..].starts_with(head.as_bytes()), "{index}");
        }
        let length: usize = text
            .split("/Length ")
            .nth(1)
            .unwrap()
            .split(' ')
            .next()
            .unwrap()
            .parse()
            .unwrap();
        let start = file
            .windows(7)
            .position(|seven| seven == b"stream\n")
            .unwrap()
            + 7;
        assert!(file[start + length..].starts_with(b"endstream"));
        assert!(text.contains("(Total \\(net\\)) Tj"));
    }
}
