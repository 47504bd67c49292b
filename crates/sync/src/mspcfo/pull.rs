//! Reading reports into our own rows: small ones whole, large ones by last update with a day of overlap, and once
//! a day the open month and the two before it whole, because reports do not tell what was deleted.

use super::reports::{ALL, Report};
use super::{REPORTS, SLUG};
use crate::Failure;
use crate::api::{PAGE, encode};
use crate::state::{Record, Shelf};
use crate::work::{Work, hash, moment};
use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use serde_json::{Map, Value};
use std::collections::HashSet;

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

fn one(work: &mut Work<'_>, report: &Report) -> Result<(), Failure> {
    let Some((changed, day)) = report.grows else {
        let seen = read(work, report, None)?;
        return forget(work, report, &seen, |_| true);
    };
    let since = work.state.watermark(SLUG, report.name)?;
    let began = work.moment();
    let condition = since
        .as_deref()
        .and_then(|since| since.parse::<Timestamp>().ok())
        .and_then(|since| since.checked_sub(24.hours()).ok());
    // A clock that went back must not skip anything: the watermark never lies ahead.
    let condition = condition.map(|since| format!("{changed} > [{}]", moment(since.min(work.now))));
    read(work, report, condition.as_deref())?;
    let reloaded = format!("{} reloaded", report.name);
    let today = work.now.strftime("%Y-%m-%d").to_string();
    if work.state.watermark(SLUG, &reloaded)?.as_deref() != Some(today.as_str()) {
        let open = open_since(work.now);
        if since.is_some() {
            let seen = read(work, report, Some(&format!("{day} >= [{open}T00:00:00Z]")))?;
            forget(work, report, &seen, |row| {
                row[day].as_str().is_some_and(|day| day >= open.as_str())
            })?;
        }
        work.state.set_watermark(SLUG, &reloaded, &today)?;
    }
    work.state.set_watermark(SLUG, report.name, &began)
}

/// First day of the month before the last one.
fn open_since(now: Timestamp) -> String {
    let first = now.to_zoned(TimeZone::UTC).date().first_of_month();
    first.checked_sub(2.months()).unwrap_or(first).to_string()
}

/// Reads a report page by page and keeps what is new or changed. Answers the names of the rows seen. Rows may
/// move while pages are read, so they are ordered and known by name.
fn read(
    work: &mut Work<'_>,
    report: &Report,
    condition: Option<&str>,
) -> Result<HashSet<String>, Failure> {
    let mut seen = HashSet::new();
    let (mut size, mut page) = (PAGE, 1);
    loop {
        let mut path = format!(
            "system/reports/{}?pageSize={size}&page={page}&orderBy={}",
            report.name,
            encode(report.key[0])
        );
        if let Some(condition) = condition {
            path = format!("{path}&conditions={}", encode(condition));
        }
        let answer = match work.api.get(REPORTS, &path) {
            Err(Failure::Down { slow: true, .. }) if size / 2 >= SMALLEST => {
                page = (page - 1) * 2 + 1;
                size /= 2;
                continue;
            }
            answer => answer?,
        };
        let names: Vec<String> = answer["column_definitions"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|column| column.as_object()?.keys().next().cloned())
            .collect();
        let rows = answer["row_values"].as_array().cloned().unwrap_or_default();
        keep(work, report, &names, &rows, &mut seen)?;
        work.progress.step(rows.len(), report.name);
        if rows.len() < size {
            return Ok(seen);
        }
        page += 1;
    }
}

fn keep(
    work: &mut Work<'_>,
    report: &Report,
    names: &[String],
    rows: &[Value],
    seen: &mut HashSet<String>,
) -> Result<(), Failure> {
    let place = |column: &str| {
        names
            .iter()
            .position(|name| name.eq_ignore_ascii_case(column))
    };
    let keys: Vec<Option<usize>> = report.key.iter().map(|column| place(column)).collect();
    let columns: Vec<(&str, Option<usize>)> = report
        .columns
        .iter()
        .map(|column| (*column, place(column)))
        .collect();
    let mut changed = Vec::new();
    for row in rows {
        work.counts.read += 1;
        let cell = |at: Option<usize>| at.and_then(|at| row.get(at)).cloned().unwrap_or_default();
        let key: Vec<String> = keys.iter().map(|at| cell(*at).to_string()).collect();
        let key = key.join(" ");
        if !seen.insert(key.clone()) {
            continue;
        }
        let content: Map<String, Value> = columns
            .iter()
            .map(|(name, at)| ((*name).to_owned(), cell(*at)))
            .collect();
        let content = Value::Object(content);
        let print = hash(&content.to_string());
        let mut record = match work.state.find(Shelf::Fact, SLUG, report.name, &key)? {
            Some(record) if record.hash == print => {
                work.counts.unchanged += 1;
                continue;
            }
            Some(record) => {
                work.counts.changed += 1;
                record
            }
            None => {
                work.counts.created += 1;
                Record::new(SLUG, report.name, key)
            }
        };
        record.hash = print;
        record.data = content;
        changed.push(record);
    }
    work.state.put_all(Shelf::Fact, &mut changed)
}

/// Takes away rows that a whole reading did not show any more.
fn forget(
    work: &mut Work<'_>,
    report: &Report,
    seen: &HashSet<String>,
    concerned: impl Fn(&Value) -> bool,
) -> Result<(), Failure> {
    let rows = work.state.all(Shelf::Fact, SLUG, report.name)?;
    // A location of the key hides nothing in reports; still, a report that is suddenly empty is no deletion.
    if seen.is_empty() && !rows.is_empty() && report.grows.is_none() {
        work.warn(format!(
            "report {} is empty all at once; its rows of before are kept",
            report.name
        ));
        return Ok(());
    }
    let gone: Vec<i64> = rows
        .iter()
        .filter(|row| !seen.contains(&row.key) && concerned(&row.data))
        .map(|row| row.id)
        .collect();
    work.counts.changed += gone.len() as u64;
    work.state.remove_all(Shelf::Fact, &gone)
}
