//! Reading reports into our own rows: small ones whole, large ones by last update with a day of overlap, and once
//! a day the open month and the two before it whole, because reports do not tell what was deleted.

use super::reports::{ALL, Report};
use super::{REPORTS, SLUG};
use crate::Failure;
use crate::api::{PAGE, encode};
use crate::prints::{Cursor, Print};
use crate::state::{Record, Shelf};
use crate::work::{Work, hash, moment};
use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use serde_json::Value;
use std::collections::{HashMap, HashSet};

/// Watermark: `whole` after a run that read everything it had to.
pub const PULLED: &str = "pulled";
/// A smaller page than this is not the page's fault.
const SMALLEST: usize = 50;

pub fn run(work: &mut Work<'_>) -> Result<(), Failure> {
    work.state.set_watermark(SLUG, PULLED, "begun")?;
    for report in ALL {
        match one(work, report) {
            Err(failure @ (Failure::NotFound { .. } | Failure::Invalid { .. })) => {
                work.warn(format!("report {}: {failure}", report.name));
            }
            other => other?,
        }
    }
    work.state.set_watermark(SLUG, PULLED, "whole")
}

fn one(work: &mut Work<'_>, report: &'static Report) -> Result<(), Failure> {
    let Some((changed, day)) = report.grows else {
        let mut known = Known::whole(work, report)?;
        if read(work, report, "", &mut known)? {
            forget(work, report, known)?;
        }
        return Ok(());
    };
    let since = work.state.watermark(SLUG, report.name)?;
    let began = work.moment();
    let Some(since) = since.and_then(|since| since.parse::<Timestamp>().ok()) else {
        let mut known = Known::whole(work, report)?;
        if !read(work, report, "", &mut known)? {
            return Ok(());
        }
        forget(work, report, known)?;
        mark_reloaded(work, report)?;
        return work.state.set_watermark(SLUG, report.name, &began);
    };
    // A clock that went back must not skip anything: the watermark never lies ahead.
    let since = since.min(work.now).checked_sub(24.hours()).unwrap_or(since);
    let condition = format!("{changed} > [{}]", moment(since));
    if !read(work, report, &condition, &mut Known::Some(HashSet::new()))? {
        return Ok(());
    }
    if !reloaded(work, report)? {
        let open = open_since(work.now);
        let mut known = Known::Some(HashSet::new());
        let condition = format!("{day} >= [{open}T00:00:00Z]");
        read(work, report, &condition, &mut known)?;
        if let Known::Some(seen) = known {
            let ours = work.state.since(Shelf::Fact, SLUG, report.name, &open)?;
            if seen.is_empty() && !ours.is_empty() {
                work.warn(format!(
                    "report {} has no rows since {open} all at once; its rows of before are kept",
                    report.name
                ));
            } else {
                let gone = ours.iter().filter(|row| !seen.contains(&row.psa_id));
                let gone: Vec<i64> = gone.map(|row| row.id).collect();
                work.counts.changed += gone.len() as u64;
                work.state.remove_all(Shelf::Fact, &gone)?;
            }
        }
        mark_reloaded(work, report)?;
    }
    work.state.set_watermark(SLUG, report.name, &began)
}

fn today(work: &Work<'_>, report: &Report) -> (String, String) {
    (
        format!("{} reloaded", report.name),
        work.now.strftime("%Y-%m-%d").to_string(),
    )
}

fn reloaded(work: &Work<'_>, report: &Report) -> Result<bool, Failure> {
    let (name, today) = today(work, report);
    Ok(work.state.watermark(SLUG, &name)?.as_deref() == Some(today.as_str()))
}

fn mark_reloaded(work: &Work<'_>, report: &Report) -> Result<(), Failure> {
    let (name, today) = today(work, report);
    work.state.set_watermark(SLUG, &name, &today)
}

/// First day of the month before the last one.
fn open_since(now: Timestamp) -> String {
    let first = now.to_zoned(TimeZone::UTC).date().first_of_month();
    first.checked_sub(2.months()).unwrap_or(first).to_string()
}

/// What is known of the rows that a reading meets.
enum Known<'s> {
    /// Every row comes, in the order of one id: ours go by beside them.
    Walk {
        cursor: Cursor<'s>,
        gone: Vec<i64>,
        seen: u64,
    },
    /// Every row comes, known by several columns: ours by name, and which were seen.
    Names {
        rows: HashMap<String, (i64, String)>,
        seen: HashSet<String>,
    },
    /// Some rows come: each is looked up.
    Some(HashSet<i64>),
}

impl<'s> Known<'s> {
    fn whole(work: &Work<'s>, report: &'static Report) -> Result<Self, Failure> {
        if report.key.len() == 1 {
            return Ok(Self::Walk {
                cursor: Cursor::new(work.state, Shelf::Fact, SLUG, report.name),
                gone: Vec::new(),
                seen: 0,
            });
        }
        let rows = work.state.hashes(Shelf::Fact, SLUG, report.name)?;
        Ok(Self::Names {
            rows: rows
                .into_iter()
                .map(|(name, row)| (name, (row.id, row.hash)))
                .collect(),
            seen: HashSet::new(),
        })
    }

    /// The row of ours, `None` where there is none; whether this one came before in this reading.
    fn find(
        &mut self,
        work: &Work<'_>,
        report: &Report,
        number: i64,
        name: &str,
    ) -> Result<(Option<(i64, String)>, bool), Failure> {
        let light = |print: Print| (print.id, print.hash);
        match self {
            Self::Walk { cursor, gone, seen } => {
                *seen += 1;
                while let Some(print) = cursor.up_to(number)? {
                    if print.psa_id == number {
                        return Ok((Some(light(print)), false));
                    }
                    gone.push(print.id);
                }
                Ok((None, false))
            }
            Self::Names { rows, seen } => {
                let again = !seen.insert(name.to_owned());
                Ok((rows.get(name).cloned(), again))
            }
            Self::Some(seen) => {
                let again = !seen.insert(number);
                let found = work.state.print(Shelf::Fact, SLUG, report.name, number)?;
                Ok((found.map(light), again))
            }
        }
    }
}

/// Takes away rows that a whole reading did not show any more.
fn forget(work: &mut Work<'_>, report: &Report, known: Known<'_>) -> Result<(), Failure> {
    let (seen, gone) = match known {
        Known::Walk {
            mut cursor,
            mut gone,
            seen,
        } => {
            while let Some(print) = cursor.up_to(i64::MAX)? {
                gone.push(print.id);
            }
            (seen, gone)
        }
        Known::Names { rows, seen } => {
            let gone = rows.iter().filter(|(name, _)| !seen.contains(*name));
            (seen.len() as u64, gone.map(|(_, (id, _))| *id).collect())
        }
        Known::Some(_) => return Ok(()),
    };
    if seen == 0 && !gone.is_empty() {
        work.warn(format!(
            "report {} is empty all at once; its rows of before are kept",
            report.name
        ));
        return Ok(());
    }
    work.counts.changed += gone.len() as u64;
    for gone in gone.chunks(PAGE) {
        work.state.remove_all(Shelf::Fact, gone)?;
    }
    Ok(())
}

/// Reads a report and keeps what is new or changed; `false` where it cannot be read. Each page is asked for by the last key of the one before, so
/// that rows which come, go or move meanwhile move no other.
fn read(
    work: &mut Work<'_>,
    report: &'static Report,
    condition: &str,
    known: &mut Known<'_>,
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
            keep(work, report, &page, known)?;
            return Ok(true);
        }
        let end = page.number(page.rows.len() - 1);
        if report.key.len() > 1 {
            // Rows that share the key of the last one may go on behind this page: they wait for the next.
            let begin = page.rows.iter().position(|row| page.of(row) == end);
            if begin == Some(0) {
                alike(work, report, end, size, known)?;
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
        keep(work, report, &page, known)?;
    }
}

/// More rows of one key than a page holds.
fn alike(
    work: &mut Work<'_>,
    report: &'static Report,
    key: i64,
    size: usize,
    known: &mut Known<'_>,
) -> Result<(), Failure> {
    let condition = format!("{} = {key}", report.key[0]);
    for number in 1.. {
        let Some(page) = page(work, report, &condition, size, number)? else {
            return Ok(());
        };
        keep(work, report, &page, known)?;
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

    fn number(&self, at: usize) -> i64 {
        self.rows.get(at).map_or(0, |row| self.of(row))
    }
}

/// `None` where a column by which rows are known is missing: nothing can be read then.
fn page(
    work: &mut Work<'_>,
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

fn keep(
    work: &mut Work<'_>,
    report: &'static Report,
    page: &Page,
    known: &mut Known<'_>,
) -> Result<(), Failure> {
    let mut changed = Vec::new();
    work.progress.step(page.rows.len(), report.name);
    let day = report.grows.and_then(|(_, day)| report.at(day));
    for row in &page.rows {
        work.counts.read += 1;
        let cell = |at: usize| row.get(at).cloned().unwrap_or_default();
        let number = page.of(row);
        let name: Vec<String> = page.keys.iter().map(|at| cell(*at).to_string()).collect();
        let name = name.join(" ");
        let (found, again) = known.find(work, report, number, &name)?;
        if again {
            continue;
        }
        let content: Vec<Value> = page
            .columns
            .iter()
            .map(|at| at.map(cell).unwrap_or_default())
            .collect();
        let day = day.and_then(|at| content[at].as_str()).unwrap_or_default();
        let day: String = day.chars().take(10).collect();
        let content = Value::Array(content);
        let print = hash(&content.to_string());
        let mut record = Record::new(SLUG, report.name, name);
        match found {
            Some((_, known)) if known == print => {
                work.counts.unchanged += 1;
                continue;
            }
            Some((id, _)) => {
                work.counts.changed += 1;
                record.id = id;
            }
            None => work.counts.created += 1,
        }
        record.psa_id = Some(number);
        record.hash = print;
        // The day it belongs to, so that a period can be found.
        record.updated = day;
        record.data = content;
        changed.push(record);
    }
    work.state.put_all(Shelf::Fact, &mut changed)
}
