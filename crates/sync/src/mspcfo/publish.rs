//! Figures as files: CSV and JSON lines for programs, one HTML page for people, and Parquet where it was built in.
//! Knows no formula.

use super::metrics::{Figures, Who};
use super::settings::Settings;
use super::{SLUG, html};
use crate::Failure;
use crate::work::Work;
use serde_json::{Map, Value};

pub fn write(work: &mut Work<'_>, figures: &Figures, settings: &Settings) -> Result<(), Failure> {
    for (name, who) in [
        ("clients", Who::Client),
        ("agreements", Who::Agreement),
        ("members", Who::Member),
    ] {
        let rows = figures.rows(who, settings);
        work.output(&format!("{name}.jsonl"), &rows)?;
        let file = |end: &str| work.home.output(SLUG, &format!("{name}.{end}"));
        crate::home::write(&file("csv"), &csv(&rows))?;
        #[cfg(feature = "parquet")]
        super::parquet::write(&file("parquet"), &rows)?;
    }
    let page = html::page(figures, settings, &work.moment());
    crate::home::write(&work.home.output(SLUG, "report.html"), &page)
}

/// Rows of the same members as comma-separated text.
pub fn csv(rows: &[Map<String, Value>]) -> String {
    let cell = |value: &Value| {
        let text = match value {
            Value::Null => String::new(),
            // A spreadsheet would take such a text for a formula.
            Value::String(text) if text.starts_with(['=', '+', '-', '@', '\t', '\r']) => {
                format!("'{text}")
            }
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        if text.contains([',', '"', '\n', '\r']) {
            format!("\"{}\"", text.replace('"', "\"\""))
        } else {
            text
        }
    };
    let Some(head) = rows.first() else {
        return String::new();
    };
    let mut text = head.keys().cloned().collect::<Vec<_>>().join(",");
    for row in rows {
        text.push('\n');
        let cells: Vec<String> = head
            .keys()
            .map(|name| row.get(name).map_or_else(String::new, cell))
            .collect();
        text.push_str(&cells.join(","));
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn cells_that_would_break_a_line_or_run_in_a_spreadsheet_do_neither() {
        let Value::Object(row) =
            json!({ "client": "Ace, \"Best\"\nLtd", "formula": "=1+1", "none": null, "sum": -2.5 })
        else {
            return;
        };
        assert_eq!(
            csv(&[row]),
            "client,formula,none,sum\n\"Ace, \"\"Best\"\"\nLtd\",'=1+1,,-2.5\n"
        );
    }
}
