//! Sales tax: the six levels of a tax code on services, expenses and products, each with what it leaves out.
//!
//! A rate of type Percent is a fraction (0.0625 for 6.25 %); one of type Amount is added once where anything
//! is taxed. A level's taxable maximum caps what it is taken of. Under the Canadian flag the second level is
//! taken of the first one's tax, too.

use super::super::related;
use super::billing;
use super::lines::Lines;
use bitting_psa::context::Context;
use bitting_psa::draft::Draft;
use bitting_psa::number::hundredths;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_query::Value;

const LEVELS: [&str; 6] = ["one", "two", "three", "four", "five", "six"];

/// What is left out of some levels: by the exempted record, the levels that still tax it.
struct Exempt {
    rows: Vec<Row>,
    column: &'static str,
}

impl Exempt {
    async fn of(
        context: Context<'_>,
        code: i64,
        path: &str,
        column: &'static str,
    ) -> Result<Self, Problem> {
        let entity = related::entity(context.instance, path)?;
        let rows = match entity.parents.last() {
            Some(parent) => related::under(context.instance, path, &parent.column, code).await?,
            None => Vec::new(),
        };
        Ok(Self { rows, column })
    }

    fn taxes(&self, of: Option<i64>, level: usize) -> bool {
        let row = self
            .rows
            .iter()
            .find(|row| of.is_some() && row.integer(self.column) == of);
        row.is_none_or(|row| related::numbers(row, "taxable_levels").contains(&(level as i64)))
    }
}

/// The tax on an invoice with these lines, of which so much is billed as service.
pub async fn of(
    context: Context<'_>,
    draft: &Draft<'_>,
    lines: &Lines,
    service: f64,
) -> Result<f64, Problem> {
    let code = match draft.integer("taxCode") {
        Some(code) if draft.flag("taxableFlag") => {
            related::one(context.instance, "finance/taxCodes", code).await?
        }
        _ => None,
    };
    let Some(code) = code else {
        return Ok(0.0);
    };
    let roles = Exempt::of(
        context,
        code.id,
        "finance/taxCodes/workRoleExemptions",
        "work_role_id",
    )
    .await?;
    let kinds = Exempt::of(
        context,
        code.id,
        "finance/taxCodes/expenseTypeExemptions",
        "expense_type_id",
    )
    .await?;
    let own = |name: &str| draft.number(name).unwrap_or(0.0);
    // A fixed fee is one sum; what is left out of it cannot be told by lines.
    let by_lines = (lines.service() - service).abs() < 0.005;
    let (mut tax, mut first) = (0.0, 0.0);
    for (index, word) in LEVELS.iter().enumerate() {
        let level = index + 1;
        let flag = |what: &str| code.flag(&format!("level_{word}_{what}_flag"));
        let number = |what: &str| code.number(&format!("level_{word}_{what}"));
        let Some(rate) = number("rate") else {
            continue;
        };
        let mut base = 0.0;
        if flag("services") {
            base += own("agreementService");
            base += if by_lines {
                let taxed = lines
                    .time
                    .iter()
                    .filter(|row| roles.taxes(row.integer("work_role_id"), level));
                taxed
                    .filter_map(|row| row.number("extended_invoice_amount"))
                    .sum()
            } else {
                service
            };
        }
        if flag("expenses") {
            let taxed = lines
                .expenses
                .iter()
                .filter(|row| kinds.taxes(row.integer("type_id"), level));
            base += taxed
                .filter_map(|row| row.number("invoice_amount"))
                .sum::<f64>();
        }
        if flag("products") {
            base += own("agreementProduct");
            let taxed = lines
                .products
                .iter()
                .filter(|row| *row.get("taxable_flag") != Value::Boolean(false));
            base += taxed.map(billing::billed).sum::<f64>();
        }
        if index == 1 && code.flag("canada_calculate_gst_flag") {
            base += first;
        }
        if let Some(most) = number("taxable_max").filter(|most| *most > 0.0) {
            base = base.min(most);
        }
        let kind = code.text(&format!("level_{word}_rate_type"));
        let amount = match kind {
            Some("Amount") if base > 0.0 => rate,
            Some("Amount") => 0.0,
            _ => base * rate,
        };
        if index == 0 {
            first = amount;
        }
        tax += hundredths(amount);
    }
    Ok(hundredths(tax))
}
