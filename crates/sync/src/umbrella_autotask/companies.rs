//! Companies by what an administrator typed: digits are the id of a company, anything else is its number. One is
//! never taken for the other, since a number may be given away again.

use super::{COMPANIES, Working};
use crate::Failure;
use crate::queries::is;
use crate::umbrella::psa::{Companies, Company};
use serde_json::{Value, json};

/// Values that one condition may name.
const CHUNK: usize = 400;
const FIELDS: [&str; 3] = ["id", "companyNumber", "isActive"];

pub fn find(work: &mut Working<'_, '_>, wanted: &[&str]) -> Result<Companies, Failure> {
    let (ids, numbers): (Vec<&str>, Vec<&str>) = wanted
        .iter()
        .partition(|typed| typed.parse::<i64>().is_ok());
    let mut found = Companies::new();
    for ids in ids.chunks(CHUNK) {
        let ids: Vec<i64> = ids.iter().filter_map(|id| id.parse().ok()).collect();
        // As it was typed: `042` is company 42, too.
        read(
            work,
            "id",
            json!(ids),
            &mut |row| {
                let id = row["id"].as_i64();
                let typed = wanted.iter().filter(|typed| typed.parse().ok() == id);
                typed.map(|typed| (*typed).to_owned()).collect()
            },
            &mut found,
        )?;
    }
    for numbers in numbers.chunks(CHUNK) {
        read(
            work,
            "companyNumber",
            json!(numbers),
            &mut |row| {
                row["companyNumber"]
                    .as_str()
                    .map(str::to_lowercase)
                    .into_iter()
                    .collect()
            },
            &mut found,
        )?;
    }
    Ok(found)
}

fn read(
    work: &mut Working<'_, '_>,
    field: &str,
    values: Value,
    typed: &mut dyn FnMut(&Value) -> Vec<String>,
    found: &mut Companies,
) -> Result<(), Failure> {
    let api = work.api;
    let counts = &mut work.counts;
    api.walk(
        COMPANIES,
        "Companies",
        &[is("in", field, values)],
        &FIELDS,
        |rows| {
            for row in rows {
                counts.read += 1;
                for typed in typed(&row) {
                    found.entry(typed).or_default().push(Company {
                        id: row["id"].as_i64().unwrap_or_default(),
                        active: row["isActive"] == true,
                    });
                }
            }
            Ok(())
        },
    )
}
