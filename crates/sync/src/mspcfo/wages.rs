//! The wage history as it is reckoned with: each member's cost of an hour, from when on, and where it comes from.

use super::SLUG;
use super::publish::csv;
use super::reports::MEMBERS;
use super::rows::scan;
use super::settings::{Settings, Wages};
use crate::Failure;
use crate::work::Work;
use serde_json::{Map, Value, json};

pub fn write(work: &mut Work<'_>, settings: &Settings) -> Result<(), Failure> {
    let wages = Wages::new(settings);
    let mut rows: Vec<Map<String, Value>> = Vec::new();
    scan(work.state, &MEMBERS, |row| {
        let member = row.by("Member_ID").text();
        let mut put = |from: Value, cost: Option<f64>, source: &str| {
            let mut shown = Map::new();
            shown.insert("member".to_owned(), json!(member));
            shown.insert("from".to_owned(), from);
            shown.insert("cost".to_owned(), json!(cost));
            shown.insert("source".to_owned(), json!(source));
            rows.push(shown);
        };
        put(Value::Null, row.by("Hourly_Cost").number(), "PSA");
        for (from, cost) in wages.of(&member.to_ascii_lowercase()) {
            put(json!(from), Some(*cost), "settings");
        }
    })?;
    work.output("wages.jsonl", &rows)?;
    crate::home::write(&work.home.output(SLUG, "wages.csv"), &csv(&rows))
}
