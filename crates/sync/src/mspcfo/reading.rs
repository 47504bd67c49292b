//! Reports of a ConnectWise, page by page. Knows the reports, and nothing of what becomes of their rows.

use super::REPORTS;
use super::pull::{Each, Line, Tables, Wanted};
use super::reports::{ALL, Report};
use crate::Failure;
use crate::api::{Api, PAGE, encode};
use crate::text::moment;
use crate::work::Work;
use serde_json::Value;

/// A smaller page than this is not the page's fault.
const SMALLEST: usize = 50;

pub struct Reports;

impl<'a> Tables<Api<'a>> for Reports {
    fn all(&self) -> Vec<&'static Report> {
        ALL.to_vec()
    }

    /// Each page is asked for by the last key of the one before, so that rows which come, go or move meanwhile move
    /// no other.
    fn read(
        &self,
        work: &mut Work<'_, Api<'a>>,
        report: &'static Report,
        wanted: Wanted<'_>,
        each: Each<'_, Api<'a>>,
    ) -> Result<bool, Failure> {
        let (changed, day) = report.grows.unwrap_or_default();
        let condition = match wanted {
            Wanted::All => String::new(),
            Wanted::Since(since) => format!("{changed} > [{}]", moment(since)),
            Wanted::From(open) => format!("{day} >= [{open}T00:00:00Z]"),
        };
        read(work, report, &condition, each)
    }
}

fn read<'a>(
    work: &mut Work<'_, Api<'a>>,
    report: &'static Report,
    condition: &str,
    each: Each<'_, Api<'a>>,
) -> Result<bool, Failure> {
    let key = report.key[0];
    let (mut size, mut last) = (PAGE, None::<i64>);
    loop {
        let beyond = last.map(|last| format!("{key} > {last}"));
        let wanted: Vec<&str> = [Some(condition), beyond.as_deref()]
            .into_iter()
            .flatten()
            .filter(|part| !part.is_empty())
            .collect();
        let page = match page(work, report, &wanted.join(" and "), size, 1) {
            Err(Failure::Down { slow: true, .. }) if size / 2 >= SMALLEST => {
                size /= 2;
                continue;
            }
            page => page?,
        };
        let Some(mut page) = page else {
            return Ok(false);
        };
        if page.rows.len() < size {
            each(work, page.lines())?;
            return Ok(true);
        }
        let end = page.number(page.rows.len() - 1);
        if report.key.len() > 1 {
            // Rows that share the key of the last one may go on behind this page: they wait for the next.
            let begin = page.rows.iter().position(|row| page.of(row) == end);
            if begin == Some(0) {
                alike(work, report, end, size, each)?;
                last = Some(end);
                continue;
            }
            page.rows.truncate(begin.unwrap_or(page.rows.len()));
            last = Some(page.number(page.rows.len() - 1));
        } else if last.is_some_and(|last| end <= last) {
            return Err(Failure::Held(format!(
                "report {} is not ordered by {key}, though that was asked for; nothing more can be read of it",
                report.name
            )));
        } else {
            last = Some(end);
        }
        each(work, page.lines())?;
    }
}

/// More rows of one key than a page holds.
fn alike<'a>(
    work: &mut Work<'_, Api<'a>>,
    report: &'static Report,
    key: i64,
    size: usize,
    each: Each<'_, Api<'a>>,
) -> Result<(), Failure> {
    let condition = format!("{} = {key}", report.key[0]);
    for number in 1.. {
        let Some(page) = page(work, report, &condition, size, number)? else {
            return Ok(());
        };
        each(work, page.lines())?;
        if page.rows.len() < size {
            break;
        }
    }
    Ok(())
}

/// A page of a report.
struct Page {
    /// Where each of the columns that are kept stands.
    columns: Vec<Option<usize>>,
    keys: Vec<usize>,
    rows: Vec<Value>,
}

impl Page {
    fn of(&self, row: &Value) -> i64 {
        row.get(self.keys[0])
            .and_then(|cell| {
                cell.as_i64()
                    .or_else(|| cell.as_f64().map(|cell| cell as i64))
            })
            .unwrap_or_default()
    }

    fn lines(&self) -> Vec<Line> {
        let line = |row: &Value| {
            let cell = |at: usize| row.get(at).cloned().unwrap_or_default();
            let name: Vec<String> = self.keys.iter().map(|at| cell(*at).to_string()).collect();
            let cells = self.columns.iter().map(|at| at.map(cell));
            Line {
                number: self.of(row),
                name: name.join(" "),
                cells: Some(cells.map(Option::unwrap_or_default).collect()),
            }
        };
        self.rows.iter().map(line).collect()
    }

    fn number(&self, at: usize) -> i64 {
        self.rows.get(at).map_or(0, |row| self.of(row))
    }
}

/// `None` where a column by which rows are known is missing: nothing can be read then.
fn page(
    work: &mut Work<'_, Api<'_>>,
    report: &'static Report,
    condition: &str,
    size: usize,
    number: usize,
) -> Result<Option<Page>, Failure> {
    let mut path = format!(
        "system/reports/{}?pageSize={size}&page={number}&orderBy={}",
        report.name,
        encode(report.key[0])
    );
    if !condition.is_empty() {
        path = format!("{path}&conditions={}", encode(condition));
    }
    let mut answer = work.api.get(REPORTS, &path)?;
    let names: Vec<String> = answer["column_definitions"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|column| column.as_object()?.keys().next().cloned())
        .collect();
    let place = |column: &str| {
        names
            .iter()
            .position(|name| name.eq_ignore_ascii_case(column))
    };
    let keys: Vec<usize> = report.key.iter().filter_map(|key| place(key)).collect();
    let rows = match answer["row_values"].take() {
        Value::Array(rows) => rows,
        _ => Vec::new(),
    };
    if keys.len() < report.key.len() {
        if !rows.is_empty() {
            let missing: Vec<&str> = report
                .key
                .iter()
                .copied()
                .filter(|key| place(key).is_none())
                .collect();
            work.warn(format!(
                "report {} has no column {}, by which its rows are known; its rows of before are kept",
                report.name,
                missing.join(", ")
            ));
        }
        return Ok(None);
    }
    Ok(Some(Page {
        columns: report.columns.iter().map(|column| place(column)).collect(),
        keys,
        rows,
    }))
}
