//! What of a product goes onto an invoice. Knows neither what puts it there nor what takes it off again.

use bitting_psa::row::Row;

pub const PRODUCTS: &str = "procurement/products";

/// What an invoice bills of a product.
pub fn billed(row: &Row) -> f64 {
    if row.flag("cancelled_flag") || row.text("billable_option") != Some("Billable") {
        return 0.0;
    }
    let quantity = row.number("quantity").unwrap_or(0.0);
    row.number("ext_price")
        .unwrap_or_else(|| row.number("price").unwrap_or(0.0) * quantity)
}

/// Whether a product can go onto an invoice.
pub fn billable(row: &Row) -> bool {
    row.is_null("invoice_id")
        && !row.flag("cancelled_flag")
        && row.text("billable_option") != Some("DoNotBill")
}
