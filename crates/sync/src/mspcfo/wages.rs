//! The wage history as it is reckoned with: each member's cost of an hour, from when on, and where it comes from.

use super::cell::{Cell, Column};
use super::reports::MEMBERS;
use super::rows::{Book, scan};
use super::settings::{Settings, Wages};
use super::sheet::Sheet;
use crate::Failure;
use crate::work::Work;
use std::borrow::Cow;

const COLUMNS: &[Column] = &[
    Column::Text("member"),
    Column::Text("from"),
    Column::Number("cost"),
    Column::Text("source"),
];

pub fn write<A>(work: &mut Work<'_, A>, settings: &Settings) -> Result<(), Failure> {
    let wages = Wages::new(settings);
    let mut sheet = Sheet::begin(work, "wages", COLUMNS)?;
    let mut written = Ok(());
    scan(Book::of(work), &MEMBERS, |row| {
        let member = row.by("Member_ID").text();
        let text = |text| Cell::Text(Cow::Borrowed(text));
        let mut put = |from, cost: Option<f64>, source| {
            let cost = cost.map_or(Cell::Null, Cell::Number);
            if written.is_ok() {
                written = sheet.put(&[text(member), from, cost, text(source)]);
            }
        };
        put(Cell::Null, row.by("Hourly_Cost").number(), "PSA");
        for (from, cost) in wages.of(&member.to_ascii_lowercase()) {
            put(text(from), Some(*cost), "settings");
        }
    })?;
    written?;
    sheet.end()
}
