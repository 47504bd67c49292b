//! Rows of reports out of our own store, a few at a time: reading goes on beside the reckoning, and memory does
//! not grow with the years. Knows no figure.

use super::formulas::money;
use super::reports::Report;
use crate::Failure;
use crate::prints::Passing;
use crate::state::{Shelf, State};
use crate::work::Work;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;
use std::sync::mpsc;

/// Bytes that wait together.
const BATCH: usize = 1 << 18;

/// A cell of a report.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell<'r> {
    Null,
    Number(f64),
    Flag(bool),
    Text(Cow<'r, str>),
}

impl Cell<'_> {
    /// A number, also one that a report writes as text.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => money(text),
            _ => None,
        }
    }

    /// The id of a record; 0 stands for none.
    pub fn id(&self) -> Option<i64> {
        match self {
            Self::Number(number) if *number != 0.0 => Some(*number as i64),
            _ => None,
        }
    }

    pub fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            _ => "",
        }
    }

    pub fn flag(&self) -> bool {
        matches!(self, Self::Flag(true))
    }
}

/// A row, its cells by the columns of its report.
pub struct Row<'r, 'c> {
    report: &'static Report,
    cells: &'r [Cell<'c>],
}

impl<'c> Row<'_, 'c> {
    pub fn cell(&self, at: usize) -> &Cell<'c> {
        self.cells.get(at).unwrap_or(&Cell::Null)
    }

    /// By name: for reports that are small.
    pub fn by(&self, column: &str) -> &Cell<'c> {
        self.report
            .at(column)
            .map_or(&Cell::Null, |at| self.cell(at))
    }
}

/// A month by the days that its rows carry: from one text on and before another.
pub struct Span {
    pub from: String,
    pub to: String,
}

impl Span {
    /// The month of a day such as `2026-11-21`.
    pub fn of(day: &str) -> Self {
        let from: String = day.chars().take(7).collect();
        // Whatever goes on like the month comes before that.
        let to = format!("{from}~");
        Self { from, to }
    }

    /// `202611`; none where the rows carry no day.
    pub fn month(&self) -> Option<u32> {
        let (year, month) = self.from.split_once('-')?;
        let (year, month): (u32, u32) = (year.parse().ok()?, month.parse().ok()?);
        ((1..=12).contains(&month) && year < 10_000).then_some(year * 100 + month)
    }
}

/// The rows that one integration keeps.
#[derive(Clone, Copy)]
pub struct Book<'s> {
    pub state: &'s State,
    pub integration: &'static str,
}

impl<'s> Book<'s> {
    pub fn of<A>(work: &Work<'s, A>) -> Self {
        Self {
            state: work.state,
            integration: work.integration,
        }
    }
}

/// Shows every row of a report that is kept, and counts them.
pub fn scan(
    book: Book<'_>,
    report: &'static Report,
    each: impl FnMut(&Row<'_, '_>),
) -> Result<u64, Failure> {
    batched(
        report,
        |batch| {
            let mut row = |row: Passing<'_>| batch(row.data);
            book.state
                .each(Shelf::Fact, book.integration, report.name, &mut row)
        },
        each,
    )
}

/// The same of those rows whose day is in a month.
pub fn scan_in(
    book: Book<'_>,
    report: &'static Report,
    span: &Span,
    each: impl FnMut(&Row<'_, '_>),
) -> Result<u64, Failure> {
    let bounds = (span.from.as_str(), span.to.as_str());
    batched(
        report,
        |batch| {
            book.state
                .each_between(Shelf::Fact, book.integration, report.name, bounds, batch)
        },
        each,
    )
}

/// Reads rows on one thread and shows them on this one.
fn batched(
    report: &'static Report,
    read: impl FnOnce(&mut (dyn FnMut(&str) + Send)) -> Result<(), Failure> + Send,
    mut each: impl FnMut(&Row<'_, '_>),
) -> Result<u64, Failure> {
    std::thread::scope(|scope| {
        let (full, batches) = mpsc::sync_channel::<(String, Vec<usize>)>(4);
        let reading = scope.spawn(move || {
            let (mut text, mut ends) = (String::new(), Vec::new());
            read(&mut |row| {
                text.push_str(row);
                ends.push(text.len());
                if text.len() > BATCH {
                    let next = String::with_capacity(BATCH * 2);
                    // Nobody listens any more only when the reckoning has panicked.
                    let _ = full.send((
                        std::mem::replace(&mut text, next),
                        std::mem::take(&mut ends),
                    ));
                }
            })?;
            let _ = full.send((text, ends));
            Ok(())
        });
        let mut count = 0;
        for (text, ends) in batches {
            let (mut begin, mut cells) = (0, Vec::new());
            for end in ends {
                cells.clear();
                let mut reader = serde_json::Deserializer::from_str(&text[begin..end]);
                begin = end;
                if Cells(&mut cells).deserialize(&mut reader).is_err() {
                    return Err(Failure::Held(format!(
                        "a kept row of report {} cannot be read; run `pull` with an empty state",
                        report.name
                    )));
                }
                count += 1;
                each(&Row {
                    report,
                    cells: &cells,
                });
            }
        }
        match reading.join() {
            Ok(read) => read.map(|()| count),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

struct Cells<'v, 'c>(&'v mut Vec<Cell<'c>>);

impl<'de> DeserializeSeed<'de> for Cells<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Cells<'_, 'de> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the cells of a row")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut cells: A) -> Result<(), A::Error> {
        while let Some(cell) = cells.next_element()? {
            self.0.push(cell);
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Cell<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(AnyCell)
    }
}

struct AnyCell;

impl<'de> Visitor<'de> for AnyCell {
    type Value = Cell<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a cell")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Cell::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Self::Value, E> {
        Ok(Cell::Flag(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Cell::Number(number as f64))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Cell::Number(number as f64))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Cell::Number(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cell::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cell::Text(Cow::Borrowed(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::Span;

    #[test]
    fn a_month_takes_in_its_days_and_no_others() {
        let span = Span::of("2026-11-21");
        assert_eq!(span.month(), Some(202_611));
        for (day, within) in [
            ("2026-10-31", false),
            ("2026-11-01", true),
            ("2026-11-30T23:59:59Z", true),
            ("2026-12-01", false),
        ] {
            assert_eq!(day >= &*span.from && day < &*span.to, within, "{day}");
        }
        // What is no day leads on to what comes behind it all the same.
        for strange in ["", "x", "2026/11/01", "2026-13-01"] {
            let span = Span::of(strange);
            assert_eq!(span.month(), None, "{strange}");
            assert!(&*span.to > strange, "{strange}");
        }
    }
}
