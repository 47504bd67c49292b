//! The formulas of profitability, each for itself. Money in the PSA's currency, time in hours. Knows no report.

use super::settings::Settings;

/// Labor revenue against what the hours would have cost at their rates; 1 is parity.
pub fn efficiency(labor_revenue: f64, shadow_billable: f64) -> Option<f64> {
    ratio(labor_revenue, shadow_billable)
}

/// What an hour brought.
pub fn effective_rate(labor_revenue: f64, hours: f64) -> Option<f64> {
    ratio(labor_revenue, hours)
}

/// Contribution as a share of revenue.
pub fn gross_margin(revenue: f64, cost: f64) -> Option<f64> {
    ratio(revenue - cost, revenue)
}

/// Client hours as a share of the normal hours of the working days.
pub fn utilization(client_hours: f64, days: u32, hours_per_day: f64) -> Option<f64> {
    ratio(client_hours, f64::from(days) * hours_per_day)
}

/// `None` where there is nothing to divide by.
pub fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole != 0.0).then(|| part / whole)
}

/// How much of a line of a fixed-fee agreement is product; the rest of the invoice is labor. May be more than
/// the line's price: a line that is given away takes its product's value out of the labor.
pub fn product_part(cost: f64, price: f64, quantity: f64, settings: &Settings) -> f64 {
    let with_margin = cost / (1.0 - settings.margin);
    let each = if cost == 0.0 {
        0.0
    } else if price == 0.0 {
        if settings.zero_price {
            with_margin
        } else {
            0.0
        }
    } else if price > settings.cutoff || cost / price < settings.min_cogs {
        with_margin.min(price)
    } else {
        price
    };
    each * quantity
}

/// Money as a report of text columns writes it: with a currency sign, with either kind of separators.
pub fn money(text: &str) -> Option<f64> {
    let mut digits: String = text
        .chars()
        .filter(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | '-'))
        .collect();
    if !digits.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    match (digits.rfind(','), digits.rfind('.')) {
        (Some(comma), Some(dot)) if comma > dot => {
            digits = digits.replace('.', "").replace(',', ".");
        }
        (Some(comma), None) if digits.len() - comma != 4 => digits = digits.replace(',', "."),
        _ => digits = digits.replace(',', ""),
    }
    digits.parse().ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::float_cmp)]
mod tests {
    use super::*;

    /// The vendor's worked examples.
    #[test]
    fn the_vendors_examples_come_out() {
        assert_eq!(efficiency(3000.0, 20.0 * 100.0), Some(1.5));
        assert_eq!(effective_rate(3000.0, 20.0), Some(150.0));
        assert_eq!(efficiency(3000.0, 20.0 * 200.0), Some(0.75));
        // Cost 1, price 2, quantity 20: all of it is product.
        assert_eq!(product_part(1.0, 2.0, 20.0, &Settings::default()), 40.0);
    }

    #[test]
    fn every_branch_of_the_split() {
        let settings = Settings::default();
        for (cost, price, part) in [
            (0.0, 100.0, 0.0),        // no cost: all labor
            (70.0, 0.0, 100.0),       // given away: its value comes out of the labor
            (7.0, 100.0, 10.0),       // little cost: cost with its margin
            (4900.0, 6000.0, 6000.0), // above the cutoff, yet never more than the price
            (50.0, 100.0, 100.0),     // cost enough: all product
        ] {
            assert!(
                (product_part(cost, price, 1.0, &settings) - part).abs() < 1e-9,
                "{cost} {price}"
            );
        }
        let strict = Settings {
            zero_price: false,
            ..Settings::default()
        };
        assert_eq!(product_part(70.0, 0.0, 1.0, &strict), 0.0);
    }

    #[test]
    fn money_with_signs_and_separators() {
        for (text, value) in [
            ("37", Some(37.0)),
            ("$1,234.50", Some(1234.5)),
            ("1.234,50 €", Some(1234.5)),
            ("12,5", Some(12.5)),
            ("1,234", Some(1234.0)),
            ("-3.5", Some(-3.5)),
            ("", None),
            ("n/a", None),
            ("***", None),
        ] {
            assert_eq!(money(text), value, "{text}");
        }
    }

    #[test]
    fn nothing_is_divided_by_nothing() {
        assert_eq!(utilization(80.0, 20, 8.0), Some(0.5));
        assert_eq!(utilization(80.0, 0, 8.0), None);
        assert_eq!(gross_margin(0.0, 5.0), None);
        assert_eq!(gross_margin(200.0, 50.0), Some(0.75));
    }
}
