//! Tables for people, and the same as JSON for programs. Knows nothing of what is measured.

use serde_json::{Map, Value, json};
use std::fmt;

/// One table of results.
pub struct Table {
    pub title: String,
    pub columns: Vec<&'static str>,
    pub rows: Vec<Vec<String>>,
    pub notes: Vec<String>,
}

/// What a figure should be.
#[derive(Clone, Copy)]
pub enum Goal {
    AtMost(f64),
    AtLeast(f64),
}

impl Goal {
    /// The goal and whether a figure meets it, as two cells.
    pub fn judge(self, figure: f64, unit: &str) -> [String; 2] {
        let (text, met) = match self {
            Goal::AtMost(limit) => (format!("<= {limit}{unit}"), figure <= limit),
            Goal::AtLeast(limit) => (format!(">= {limit}{unit}"), figure >= limit),
        };
        [text, if met { "met" } else { "MISSED" }.to_owned()]
    }
}

impl Table {
    pub fn new(title: impl Into<String>, columns: &[&'static str]) -> Self {
        Self {
            title: title.into(),
            columns: columns.to_vec(),
            rows: Vec::new(),
            notes: Vec::new(),
        }
    }

    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let row: Vec<String> = cells.into_iter().collect();
        eprintln!("  .. {}", row.join("  "));
        self.rows.push(row);
    }

    pub fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{}", self.title)?;
        let width = |index: usize| {
            let cells = self
                .rows
                .iter()
                .filter_map(|row| row.get(index))
                .map(|cell| cell.chars().count());
            cells
                .max()
                .unwrap_or(0)
                .max(self.columns[index].chars().count())
        };
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        let mut line = |cells: Vec<&str>| {
            let mut text = String::new();
            for (index, cell) in cells.iter().enumerate() {
                // Names to the left, figures to the right.
                text += &match index {
                    0 => format!("  {cell:<width$}", width = widths[index]),
                    _ => format!("  {cell:>width$}", width = widths[index]),
                };
            }
            writeln!(out, "{}", text.trim_end())
        };
        line(self.columns.clone())?;
        for row in &self.rows {
            line(row.iter().map(String::as_str).collect())?;
        }
        for note in &self.notes {
            writeln!(out, "  {note}")?;
        }
        Ok(())
    }
}

/// All tables of a part, with the machine they were measured on.
pub fn json(tables: &[Table]) -> Value {
    let tables: Vec<Value> = tables
        .iter()
        .map(|table| {
            let row = |row: &Vec<String>| -> Value {
                let cells = table.columns.iter().zip(row);
                Value::Object(
                    cells
                        .map(|(name, cell)| ((*name).to_owned(), json!(cell)))
                        .collect::<Map<_, _>>(),
                )
            };
            let rows: Vec<Value> = table.rows.iter().map(row).collect();
            json!({ "title": table.title, "rows": rows, "notes": table.notes })
        })
        .collect();
    json!({ "machine": machine(), "tables": tables })
}

/// Cores, processor, and how busy the machine is otherwise.
pub fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let processors = read("/proc/cpuinfo");
    let model = processors
        .lines()
        .find_map(|line| {
            line.strip_prefix("model name")?
                .split_once(": ")
                .map(|(_, name)| name.to_owned())
        })
        .unwrap_or_else(|| "unknown processor".to_owned());
    let cores = processors
        .lines()
        .filter(|line| line.starts_with("processor"))
        .count();
    let load = read("/proc/loadavg");
    let load = load.split(' ').next().unwrap_or("?");
    format!("{cores} cores of {model}; load average before the run {load}")
}

/// A figure with as many digits as matter.
pub fn figure(value: f64) -> String {
    match value {
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}
