//! Rows of a PSA into our own tables: small ones whole, large ones by last update with a day of overlap, and once a day
//! the open month and the two before it whole, because neither reports nor queries tell what was deleted. How rows are
//! read is the PSA's matter: `Tables`.

use super::reports::Report;
use crate::Failure;
use crate::api::PAGE;
use crate::prints::{Cursor, Print};
use crate::state::{Record, Shelf};
use crate::text::hash;
use crate::work::Work;
use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use serde_json::Value;
use std::collections::{HashMap, HashSet};

/// Watermark: `whole` after a run that read everything it had to.
pub const PULLED: &str = "pulled";

/// Which rows of a table are asked for.
#[derive(Debug, Clone, Copy)]
pub enum Wanted<'w> {
    All,
    /// Changed after a moment.
    Since(Timestamp),
    /// Of a day, `2026-09-01`, or later ones.
    From(&'w str),
}

/// A row on its way into a table.
pub struct Line {
    /// The number by which rows come in order.
    pub number: i64,
    /// What tells it from all others.
    pub name: String,
    /// By the columns of the table; none where the row counts as deleted.
    pub cells: Option<Vec<Value>>,
}

/// Takes a page of rows over.
pub type Each<'e, A> = &'e mut dyn FnMut(&mut Work<'_, A>, Vec<Line>) -> Result<(), Failure>;

/// A PSA's rows for our tables.
pub trait Tables<A> {
    /// The tables that it fills, in the order in which they are read.
    fn all(&self) -> Vec<&'static Report>;

    /// Hands rows of a table over, page by page in the order of their numbers; `false` where it cannot be read.
    fn read(
        &self,
        work: &mut Work<'_, A>,
        table: &'static Report,
        wanted: Wanted<'_>,
        each: Each<'_, A>,
    ) -> Result<bool, Failure>;
}

/// Reads every table. One that a right is missing for stays as it was and holds up no other; then the whole reading
/// has not got through.
pub fn run<A>(work: &mut Work<'_, A>, tables: &impl Tables<A>) -> Result<(), Failure> {
    let slug = work.integration;
    work.state.set_watermark(slug, PULLED, "begun")?;
    let mut refused: Vec<(&str, Failure)> = Vec::new();
    for report in tables.all() {
        match one(work, tables, report) {
            Err(failure @ (Failure::NotFound { .. } | Failure::Invalid { .. })) => {
                work.warn(format!("report {}: {failure}", report.name));
            }
            Err(failure @ Failure::Right { .. }) => refused.push((report.name, failure)),
            other => other?,
        }
    }
    match refusal(work, refused) {
        Some(failure) => Err(failure),
        None => work.state.set_watermark(slug, PULLED, "whole"),
    }
}

/// What refused tables come to: the refusal itself where one right explains all of them.
fn refusal<A>(work: &mut Work<'_, A>, refused: Vec<(&str, Failure)>) -> Option<Failure> {
    let names: Vec<&str> = refused.iter().map(|(name, _)| *name).collect();
    let mut needs: Vec<&String> = Vec::new();
    for (_, failure) in &refused {
        if let Failure::Right { need, .. } = failure
            && !needs.contains(&need)
        {
            needs.push(need);
        }
    }
    if needs.len() > 1 {
        return Some(Failure::Held(format!(
            "the key lacks {}; grant these, and read again: {} stay as they were",
            needs
                .into_iter()
                .map(String::as_str)
                .collect::<Vec<_>>()
                .join(" and "),
            names.join(", ")
        )));
    }
    if !names.is_empty() {
        work.warn(format!("not read, and as before: {}", names.join(", ")));
    }
    refused.into_iter().next().map(|(_, failure)| failure)
}

fn one<A>(
    work: &mut Work<'_, A>,
    tables: &impl Tables<A>,
    report: &'static Report,
) -> Result<(), Failure> {
    let slug = work.integration;
    let Some((_, _)) = report.grows else {
        let mut known = Known::whole(work, report)?;
        if read(work, tables, report, Wanted::All, &mut known)? {
            forget(work, report, known)?;
        }
        return Ok(());
    };
    let since = work.state.watermark(slug, report.name)?;
    let began = work.moment();
    let Some(since) = since.and_then(|since| since.parse::<Timestamp>().ok()) else {
        let mut known = Known::whole(work, report)?;
        if !read(work, tables, report, Wanted::All, &mut known)? {
            return Ok(());
        }
        forget(work, report, known)?;
        mark_reloaded(work, report)?;
        return work.state.set_watermark(slug, report.name, &began);
    };
    // A clock that went back must not skip anything: the watermark never lies ahead.
    let since = since.min(work.now).checked_sub(24.hours()).unwrap_or(since);
    let mut some = Known::Some(HashSet::new());
    if !read(work, tables, report, Wanted::Since(since), &mut some)? {
        return Ok(());
    }
    if !reloaded(work, report)? {
        let open = open_since(work.now);
        let mut known = Known::Some(HashSet::new());
        let there = read(work, tables, report, Wanted::From(&open), &mut known)?;
        if let (true, Known::Some(seen)) = (there, known) {
            let ours = work.state.since(Shelf::Fact, slug, report.name, &open)?;
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
    work.state.set_watermark(slug, report.name, &began)
}

fn today<A>(work: &Work<'_, A>, report: &Report) -> (String, String) {
    (
        format!("{} reloaded", report.name),
        work.now.strftime("%Y-%m-%d").to_string(),
    )
}

fn reloaded<A>(work: &Work<'_, A>, report: &Report) -> Result<bool, Failure> {
    let (name, today) = today(work, report);
    Ok(work.state.watermark(work.integration, &name)?.as_deref() == Some(today.as_str()))
}

fn mark_reloaded<A>(work: &Work<'_, A>, report: &Report) -> Result<(), Failure> {
    let (name, today) = today(work, report);
    work.state.set_watermark(work.integration, &name, &today)
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
    fn whole<A>(work: &Work<'s, A>, report: &'static Report) -> Result<Self, Failure> {
        if report.key.len() == 1 {
            return Ok(Self::Walk {
                cursor: Cursor::new(work.state, Shelf::Fact, work.integration, report.name),
                gone: Vec::new(),
                seen: 0,
            });
        }
        let rows = work
            .state
            .hashes(Shelf::Fact, work.integration, report.name)?;
        Ok(Self::Names {
            rows: rows
                .into_iter()
                .map(|(name, row)| (name, (row.id, row.hash)))
                .collect(),
            seen: HashSet::new(),
        })
    }

    /// The row of ours, `None` where there is none; whether this one came before in this reading.
    fn find<A>(
        &mut self,
        work: &Work<'_, A>,
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
                let found = work
                    .state
                    .print(Shelf::Fact, work.integration, report.name, number)?;
                Ok((found.map(light), again))
            }
        }
    }
}

/// Takes away rows that a whole reading did not show any more.
fn forget<A>(work: &mut Work<'_, A>, report: &Report, known: Known<'_>) -> Result<(), Failure> {
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

fn read<A>(
    work: &mut Work<'_, A>,
    tables: &impl Tables<A>,
    report: &'static Report,
    wanted: Wanted<'_>,
    known: &mut Known<'_>,
) -> Result<bool, Failure> {
    tables.read(work, report, wanted, &mut |work, lines| {
        keep(work, report, lines, known)
    })
}

/// Keeps what is new or changed of a page.
fn keep<A>(
    work: &mut Work<'_, A>,
    report: &'static Report,
    lines: Vec<Line>,
    known: &mut Known<'_>,
) -> Result<(), Failure> {
    let (mut changed, mut gone) = (Vec::new(), Vec::new());
    work.progress.step(lines.len(), report.name);
    let day = report.grows.and_then(|(_, day)| report.at(day));
    for line in lines {
        work.counts.read += 1;
        let (found, again) = known.find(work, report, line.number, &line.name)?;
        if again {
            continue;
        }
        let Some(cells) = line.cells else {
            gone.extend(found.map(|(id, _)| id));
            continue;
        };
        let day = day.and_then(|at| cells[at].as_str()).unwrap_or_default();
        let day: String = day.chars().take(10).collect();
        let content = Value::Array(cells);
        let print = hash(&content.to_string());
        let mut record = Record::new(work.integration, report.name, line.name);
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
        record.psa_id = Some(line.number);
        record.hash = print;
        // The day it belongs to, so that a period can be found.
        record.updated = day;
        record.data = content;
        changed.push(record);
    }
    work.counts.changed += gone.len() as u64;
    work.state.remove_all(Shelf::Fact, &gone)?;
    work.state.put_all(Shelf::Fact, &mut changed)
}
