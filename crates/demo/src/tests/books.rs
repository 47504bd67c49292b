//! What the demo company earns, owes and works: sums that agree, and a year as a provider has it.

use super::*;

#[test]
fn sums_agree() {
    let company = company(&Size::default(), 1);
    let mut hours: HashMap<i64, f64> = HashMap::new();
    for row in company.table("time/entries").values() {
        *hours
            .entry(integer(row, "ticket_id").unwrap_or(0))
            .or_default() += number(row, "actual_hours");
    }
    for (id, row) in company.table("service/tickets") {
        let sum = hours.get(id).copied().unwrap_or(0.0);
        assert!(
            (number(row, "actual_hours") - sum).abs() < 0.01,
            "ticket {id}"
        );
    }
    let mut billed: HashMap<i64, f64> = HashMap::new();
    for row in company.table("finance/agreements/additions").values() {
        let product = number(row, "quantity") * number(row, "unit_price");
        assert!((product - number(row, "ext_price")).abs() < 0.01);
        *billed
            .entry(integer(row, "agreement_id").unwrap_or(0))
            .or_default() += number(row, "ext_price");
    }
    let agreements = company.table("finance/agreements");
    let month = |id: i64| {
        let added = billed.get(&id).copied().unwrap_or(0.0);
        assert!(added > 0.0, "agreement {id}");
        number(&agreements[&id], "bill_amount") + added
    };
    let fees = agreements
        .values()
        .filter(|row| number(row, "bill_amount") > 0.0);
    assert!(fees.count() > 1, "some agreements have a fee of their own");
    // What is billed by the hour is on one invoice, and that one is about nothing else.
    let mut worked: HashMap<i64, f64> = HashMap::new();
    for row in company.table("time/entries").values() {
        if let Some(invoice) = integer(row, "invoice_id") {
            *worked.entry(invoice).or_default() += number(row, "extended_invoice_amount");
        }
    }
    let mut paid: HashMap<i64, f64> = HashMap::new();
    for row in company.table("finance/invoices/payments").values() {
        *paid
            .entry(integer(row, "invoice_id").unwrap_or(0))
            .or_default() += number(row, "amount");
    }
    for (id, row) in company.table("finance/invoices") {
        let due = match integer(row, "agreement_id") {
            Some(agreement) => month(agreement),
            None => worked.get(id).copied().unwrap_or(0.0),
        };
        assert!(due > 0.0, "invoice {id} is about something");
        assert!((number(row, "total") - due).abs() < 0.01, "invoice {id}");
        let rest = number(row, "total") - paid.get(id).copied().unwrap_or(0.0);
        assert!((number(row, "balance") - rest).abs() < 0.01, "invoice {id}");
    }
}

/// A year's hours, money and people hang together, in a larger company as well.
#[test]
fn a_year_reads_as_a_providers_does() {
    for size in [Size::default(), Size::scaled(3_000)] {
        let company = company(&size, 1);
        let name =
            |path: &str, id: i64, column: &str| text(&company.table(path)[&id], column).to_owned();
        let role = |row: &Row| {
            name(
                "system/securityroles",
                integer(row, "security_role_id").unwrap_or(0),
                "name",
            )
        };
        let technicians = company
            .table("system/members")
            .values()
            .filter(|row| {
                ["Technician", "Service Manager"].contains(&role(row).as_str())
                    && text(row, "license_class") == "F"
                    && !flag(row, "inactive_flag")
            })
            .count() as f64;
        let time = company.table("time/entries").values();
        let (mut hours, mut cost) = (0.0, 0.0);
        for row in time {
            hours += number(row, "actual_hours");
            cost += number(row, "actual_hours")
                * text(row, "hourly_cost").parse::<f64>().unwrap_or(0.0);
            assert!(number(row, "actual_hours") <= 8.0, "nobody works longer");
        }
        let revenue: f64 = company
            .table("finance/invoices")
            .values()
            .map(|row| number(row, "total"))
            .sum();
        let used = hours / (technicians * 260.0 * 8.0);
        assert!(
            (0.5..0.9).contains(&used),
            "{size:?}: {used} of the technicians' hours"
        );
        assert!(
            (120.0..240.0).contains(&(revenue / hours)),
            "{size:?}: {} an hour",
            revenue / hours
        );
        assert!(
            (0.12..0.35).contains(&(cost / revenue)),
            "{size:?}: {} for labor",
            cost / revenue
        );
    }
}
