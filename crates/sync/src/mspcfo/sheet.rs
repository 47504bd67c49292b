//! A table as files, written row by row so that none is held: JSON lines and CSV for programs and spreadsheets, and
//! Parquet where it was built in. Knows no figure.

use super::cell::{Cell, Column};
use crate::Failure;
use crate::input::Lines;
use crate::steps::Steps;
use crate::work::Work;
use std::sync::Arc;

/// The files of one table, there as a whole or as they were before.
pub struct Sheet {
    columns: &'static [Column],
    json: Lines,
    csv: Lines,
    #[cfg(feature = "parquet")]
    parquet: super::parquet::Writer,
    line: Vec<u8>,
    row: Vec<u8>,
    steps: Arc<Steps>,
}

impl Sheet {
    /// Begins `out/NAME.jsonl`, `out/NAME.csv` and, where it was built in, `out/NAME.parquet`.
    pub fn begin<A>(
        work: &Work<'_, A>,
        name: &str,
        columns: &'static [Column],
    ) -> Result<Self, Failure> {
        let file = |end: &str| {
            let name = format!("{name}.{end}");
            work.home.output(work.integration, &name)
        };
        let mut csv = Lines::begin(&file("csv"))?;
        let names: Vec<&str> = columns.iter().map(|column| column.name()).collect();
        csv.put(&names.join(","));
        Ok(Self {
            columns,
            json: Lines::begin(&file("jsonl"))?,
            csv,
            #[cfg(feature = "parquet")]
            parquet: super::parquet::Writer::begin(&file("parquet"), columns)?,
            line: Vec::new(),
            row: Vec::new(),
            steps: work.state.steps.clone(),
        })
    }

    /// A row; its cells stand in the order of the columns.
    pub fn put(&mut self, cells: &[Cell<'_>]) -> Result<(), Failure> {
        render(self.columns, cells, &mut self.line, &mut self.row);
        self.json.put_bytes(&self.line);
        self.csv.put_bytes(&self.row);
        #[cfg(feature = "parquet")]
        self.parquet.put(cells)?;
        Ok(())
    }

    pub fn end(self) -> Result<(), Failure> {
        self.json.end()?;
        self.steps.done()?;
        self.csv.end()?;
        self.steps.done()?;
        #[cfg(feature = "parquet")]
        self.parquet.end()?;
        Ok(())
    }
}

/// A row as a JSON object and as comma-separated text. What both write alike is worked out once.
fn render(columns: &[Column], cells: &[Cell<'_>], line: &mut Vec<u8>, row: &mut Vec<u8>) {
    line.clear();
    row.clear();
    for (at, (column, cell)) in columns.iter().zip(cells).enumerate() {
        line.extend_from_slice(if at == 0 { b"{\"" } else { b",\"" });
        line.extend_from_slice(column.name().as_bytes());
        line.extend_from_slice(b"\":");
        if at > 0 {
            row.push(b',');
        }
        let begin = line.len();
        // Writing into memory cannot fail.
        let _ = match cell {
            Cell::Null => {
                line.extend_from_slice(b"null");
                continue;
            }
            Cell::Text(text) => {
                quoted(text, row);
                let _ = serde_json::to_writer(&mut *line, &**text);
                continue;
            }
            Cell::Number(number) => serde_json::to_writer(&mut *line, number),
            Cell::Count(count) => serde_json::to_writer(&mut *line, count),
            Cell::Flag(flag) => serde_json::to_writer(&mut *line, flag),
        };
        row.extend_from_slice(&line[begin..]);
    }
    line.push(b'}');
}

/// Text as a cell of comma-separated text.
fn quoted(text: &str, row: &mut Vec<u8>) {
    // A spreadsheet would take such a text for a formula.
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if !text.contains([',', '"', '\n', '\r']) {
        if formula {
            row.push(b'\'');
        }
        return row.extend_from_slice(text.as_bytes());
    }
    row.push(b'"');
    if formula {
        row.push(b'\'');
    }
    row.extend_from_slice(text.replace('"', "\"\"").as_bytes());
    row.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::borrow::Cow;

    #[test]
    fn cells_that_would_break_a_line_or_run_in_a_spreadsheet_do_neither() {
        let columns = [
            Column::Text("client"),
            Column::Text("formula"),
            Column::Text("both"),
            Column::Number("none"),
            Column::Number("sum"),
            Column::Number("count"),
            Column::Flag("flag"),
        ];
        let text = |text: &'static str| Cell::Text(Cow::Borrowed(text));
        let cells = [
            text("Ace, \"Best\"\nLtd"),
            text("=1+1"),
            text("@a,b"),
            Cell::Null,
            Cell::Number(-2.5),
            Cell::Count(7),
            Cell::Flag(true),
        ];
        let (mut line, mut row) = (Vec::new(), Vec::new());
        render(&columns, &cells, &mut line, &mut row);
        assert_eq!(
            String::from_utf8_lossy(&row),
            "\"Ace, \"\"Best\"\"\nLtd\",'=1+1,\"'@a,b\",,-2.5,7,true"
        );
        assert_eq!(
            String::from_utf8_lossy(&line),
            r#"{"client":"Ace, \"Best\"\nLtd","formula":"=1+1","both":"@a,b","none":null,"sum":-2.5,"count":7,"flag":true}"#
        );
    }
}
