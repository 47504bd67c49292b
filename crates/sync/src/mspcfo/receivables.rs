//! What clients owe, and how long they take: invoices against the payments that were applied to them.

use super::cell::{Cell, Column};
use super::figures::Figures;
use super::reports::{INVOICES, PAYMENTS};
use super::rows::{Book, scan};
use super::sheet::Sheet;
use crate::Failure;
use crate::work::Work;
use jiff::civil::Date;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

const COLUMNS: &[Column] = &[
    Column::Text("client"),
    Column::Number("invoices"),
    Column::Number("invoiced"),
    Column::Number("paid"),
    Column::Number("open"),
    Column::Number("days_to_pay"),
    Column::Number("client_id"),
];

/// What was applied to an invoice: the sum, and the sum of each amount times its day.
#[derive(Default, Clone, Copy)]
struct Applied {
    amount: f64,
    days: f64,
}

#[derive(Default)]
struct Owed {
    invoices: i64,
    invoiced: f64,
    paid: f64,
    /// Each amount that was paid times the days it took.
    waited: f64,
}

/// Days since a fixed one.
fn day(text: &str) -> Option<f64> {
    let day: Date = text.get(..10)?.parse().ok()?;
    let since = day.since(Date::new(2000, 1, 1).ok()?).ok()?;
    Some(f64::from(since.get_days()))
}

pub fn write<A>(work: &mut Work<'_, A>, figures: &Figures) -> Result<(), Failure> {
    let mut applied: HashMap<i64, Applied> = HashMap::new();
    scan(Book::of(work), &PAYMENTS, |row| {
        if let (Some(invoice), Some(amount), Some(day)) = (
            row.by("Billing_Log_RecID").id(),
            row.by("Applied_Amount").number(),
            day(row.by("Date_Applied").text()),
        ) {
            let sum = applied.entry(invoice).or_default();
            sum.amount += amount;
            sum.days += amount * day;
        }
    })?;
    let mut clients: BTreeMap<i64, Owed> = BTreeMap::new();
    scan(Book::of(work), &INVOICES, |row| {
        let Some(company) = row.by("Company_RecID").id() else {
            return;
        };
        let owed = clients.entry(company).or_default();
        owed.invoices += 1;
        owed.invoiced += row.by("Invoice_Amount").number().unwrap_or_default();
        let paid = row.by("Billing_Log_RecID").id();
        let paid = paid.and_then(|id| applied.get(&id)).copied();
        if let (Some(paid), Some(day)) = (paid, day(row.by("Date_Invoice").text())) {
            owed.paid += paid.amount;
            owed.waited += paid.days - paid.amount * day;
        }
    })?;
    let mut sheet = Sheet::begin(work, "receivables", COLUMNS)?;
    let cents = |value: f64| Cell::Number((value * 100.0).round() / 100.0);
    for (company, owed) in clients {
        let days = super::formulas::ratio(owed.waited, owed.paid);
        sheet.put(&[
            Cell::Text(Cow::Owned(figures.company(company))),
            Cell::Count(owed.invoices),
            cents(owed.invoiced),
            cents(owed.paid),
            cents(owed.invoiced - owed.paid),
            days.map_or(Cell::Null, |days| {
                Cell::Number((days * 10.0).round() / 10.0)
            }),
            Cell::Count(company),
        ])?;
    }
    sheet.end()
}

#[cfg(test)]
mod tests {
    #[test]
    fn days_are_counted_over_months() {
        let between = |from, to| Some(super::day(to)? - super::day(from)?);
        assert_eq!(between("2026-01-31T00:00:00Z", "2026-03-02"), Some(30.0));
        assert_eq!(between("2026-01-31", "unknown"), None);
    }
}
