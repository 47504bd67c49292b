//! What an invoice consists of: how much of it is product, what that cost, and which agreement and project each part is
//! about. Knows the formula of the split, and no month.

use super::formulas::product_part;
use super::reports::{ADDITIONS, ITEMS, LINES, PRODUCTS};
use super::rows::{Book, Row, scan};
use super::settings::Settings;
use crate::Failure;
use std::collections::HashMap;

/// Kinds of billing items, as `ITEMS` has them in `Item_Type`.
pub const HOURS: &str = "Time";
pub const SERVICE: &str = "Service";
pub const CHARGE: &str = "Charge";
pub const EXPENSE: &str = "Expense";

/// What an invoice and its header do not agree on and still counts as the same.
const ROUNDING: f64 = 0.005;

/// A part of an invoice. Money in the PSA's currency, without tax.
#[derive(Default, Clone)]
pub struct Part {
    pub agreement: Option<i64>,
    pub project: Option<i64>,
    pub total: f64,
    /// Hours that were billed one by one.
    pub time: f64,
    pub product: f64,
    /// What the products cost.
    pub expense: f64,
}

/// Parts of all invoices, by invoice.
pub struct Parts {
    /// Product and its cost of invoices that are about one agreement.
    lines: HashMap<i64, (f64, f64)>,
    items: HashMap<i64, Vec<Part>>,
}

/// What a unit costs, by agreement and by product or service.
type Costs = HashMap<(i64, i64), f64>;

impl Parts {
    pub fn read(book: Book<'_>, settings: &Settings) -> Result<Self, Failure> {
        let mut costs = Costs::new();
        scan(book, &ADDITIONS, |row| {
            if let (Some(agreement), Some(product), Some(cost)) = (
                row.by("AGR_RecID").id(),
                row.by("Product_RecId").id(),
                row.by("Unit_Cost").number(),
            ) {
                costs.insert((agreement, product), cost);
            }
        })?;
        Ok(Self {
            lines: lines(book, settings, &costs)?,
            items: items(book, settings, &costs)?,
        })
    }

    /// The parts of an invoice, of which there is at least one; together they are its subtotal.
    pub fn of(&self, invoice: &Row<'_, '_>, parts: &mut Vec<Part>) {
        parts.clear();
        let id = invoice.by("Billing_Log_RecID").id().unwrap_or_default();
        let total = invoice.by("Invoice_Subtotal").number().unwrap_or_default();
        if let Some(items) = self.items.get(&id) {
            parts.extend_from_slice(items);
            let listed: f64 = items.iter().map(|part| part.total).sum();
            if (total - listed).abs() > ROUNDING {
                parts.push(Part {
                    total: total - listed,
                    ..Part::default()
                });
            }
            return;
        }
        let (product, expense) = self.lines.get(&id).copied().unwrap_or_default();
        parts.push(Part {
            agreement: invoice.by("AGR_Header_RecID").id(),
            project: invoice.by("PM_Project_RecID").id(),
            total,
            time: invoice.by("Time_Amount").number().unwrap_or_default(),
            product,
            expense,
        });
    }
}

fn lines(
    book: Book<'_>,
    settings: &Settings,
    costs: &Costs,
) -> Result<HashMap<i64, (f64, f64)>, Failure> {
    let mut lines: HashMap<i64, (f64, f64)> = HashMap::new();
    scan(book, &LINES, |row| {
        let (Some(invoice), Some(agreement)) = (
            row.by("Billing_Log_RecID").id(),
            row.by("AGR_Header_RecID").id(),
        ) else {
            return;
        };
        let item = row.by("IV_Item_RecID").id();
        let cost = item.and_then(|item| costs.get(&(agreement, item)));
        let cost = cost.copied().unwrap_or_default();
        let quantity = row.by("Quantity").number().unwrap_or_default();
        let price = row.by("Unit_Price").number().unwrap_or_default();
        let (product, expense) = lines.entry(invoice).or_default();
        *product += product_part(cost, price, quantity, settings);
        *expense += cost * quantity;
    })?;
    scan(book, &PRODUCTS, |row| {
        if let Some(invoice) = row.by("billing_log_recid").id() {
            let price = row.by("Extended_Price_Amount").number();
            let (product, expense) = lines.entry(invoice).or_default();
            *product += price.unwrap_or_default();
            *expense += row.by("Extended_Cost").number().unwrap_or_default();
        }
    })?;
    Ok(lines)
}

/// Items of an invoice that are about the same agreement and project are one part.
fn items(
    book: Book<'_>,
    settings: &Settings,
    costs: &Costs,
) -> Result<HashMap<i64, Vec<Part>>, Failure> {
    let mut items: HashMap<i64, Vec<Part>> = HashMap::new();
    scan(book, &ITEMS, |row| {
        let Some(invoice) = row.by("Billing_Log_RecID").id() else {
            return;
        };
        let (agreement, project) = (
            row.by("AGR_Header_RecID").id(),
            row.by("PM_Project_RecID").id(),
        );
        let parts = items.entry(invoice).or_default();
        let same = |part: &Part| (part.agreement, part.project) == (agreement, project);
        let at = parts.iter().position(same).unwrap_or_else(|| {
            parts.push(Part {
                agreement,
                project,
                ..Part::default()
            });
            parts.len() - 1
        });
        let part = &mut parts[at];
        let price = row.by("Extended_Price").number().unwrap_or_default();
        let quantity = row.by("Quantity").number().unwrap_or(1.0);
        // What the item itself says goes before what the agreement says of its service.
        let known = agreement.zip(row.by("IV_Item_RecID").id());
        let known = known.and_then(|known| costs.get(&known));
        let cost = row.by("Extended_Cost").number();
        let cost = cost.or(known.map(|each| each * quantity));
        let cost = cost.unwrap_or_default();
        part.total += price;
        match row.by("Item_Type").text() {
            HOURS => part.time += price,
            SERVICE if quantity != 0.0 => {
                part.product += product_part(cost / quantity, price / quantity, quantity, settings);
                part.expense += cost;
            }
            SERVICE | CHARGE | EXPENSE => {
                part.product += price;
                part.expense += cost;
            }
            _ => {}
        }
    })?;
    Ok(items)
}
