//! Configurations of the mapped types as assets, and two of their dates written back when somebody chose so. What
//! both PSAs have in common is here; how each is asked is its own file's.

use super::categories::Categories;
use super::settings::{Assets, Settings};
use super::{EDIT_ASSETS, READ_ASSETS, companies, lookups};
use crate::Failure;
use crate::api::{Api, list};
use crate::mirror::{Each, IMPORTED, mirror};
use crate::prints::Print;
use crate::state::{Record, Shelf};
use crate::text::hash;
use crate::work::Work;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub const ASSET: &str = "asset";
const FIELDS: &str = "id,name,type,status,company,serialNumber,modelNumber,tagNumber,manufacturer,deviceIdentifier,purchaseDate,\
    installationDate,warrantyExpirationDate,osType,osInfo,lastLoginName,site,locationId";

/// How a PSA is asked about assets.
pub trait Face {
    /// What it calls one.
    const ASSET: &'static str;
    /// Where it keeps the day of purchase and the end of the warranty.
    const DATES: [&'static str; 2];
    /// Company and type of a record.
    fn of(row: &Value) -> (Option<i64>, Option<i64>);
    /// Every record of these types, by ascending id.
    fn walk(&self, types: &[i64], each: Each<'_>) -> Result<(), Failure>;
    /// A record as `walk` shows it; none where it does not show.
    fn get(&self, id: i64) -> Result<Option<Value>, Failure>;
    fn change(&self, id: i64, dates: &[(&str, Value)]) -> Result<(), Failure>;
}

struct ConnectWise<'a>(Api<'a>);

impl Face for ConnectWise<'_> {
    const ASSET: &'static str = "configuration";
    const DATES: [&'static str; 2] = ["purchaseDate", "warrantyExpirationDate"];

    fn of(row: &Value) -> (Option<i64>, Option<i64>) {
        (row["company"]["id"].as_i64(), row["type"]["id"].as_i64())
    }

    fn walk(&self, types: &[i64], each: Each<'_>) -> Result<(), Failure> {
        let conditions = format!("type/id in ({})", list(types.iter().copied()));
        let rest = format!("&fields={FIELDS}");
        let path = "company/configurations";
        self.0.walk(READ_ASSETS, path, &conditions, &rest, each)
    }

    fn get(&self, id: i64) -> Result<Option<Value>, Failure> {
        let path = format!("company/configurations/{id}?fields={FIELDS}");
        self.0.get_if_there(READ_ASSETS, &path)
    }

    fn change(&self, id: i64, dates: &[(&str, Value)]) -> Result<(), Failure> {
        let path = format!("company/configurations/{id}");
        self.0.patch(EDIT_ASSETS, &path, dates).map(drop)
    }
}

pub fn import(work: &mut Work<'_>) -> Result<(), Failure> {
    let settings: Settings = work.settings()?;
    let propelled = companies::propelled(work, &settings)?;
    let face = ConnectWise(work.api);
    let named = |work: &mut Work<'_>, setting: &str, word: &str| {
        lookups::named(work, lookups::ASSET_TYPES, setting, word)
    };
    imported(work, &face, &settings.assets, &propelled, named)
}

pub fn write_back(work: &mut Work<'_>) -> Result<(), Failure> {
    let settings: Settings = work.settings()?;
    let face = ConnectWise(work.api);
    written_back(work, &face, settings.assets.write_back)
}

/// Imports assets of the propelled companies with their categories.
pub fn imported<'w, A, F: Face>(
    work: &mut Work<'w, A>,
    face: &F,
    settings: &Assets,
    propelled: &BTreeSet<i64>,
    named: impl FnMut(&mut Work<'w, A>, &str, &str) -> Result<i64, Failure>,
) -> Result<(), Failure> {
    if settings.types.is_empty() && settings.company.is_empty() {
        return Ok(());
    }
    let mut categories = Categories::read(work, settings, named)?;
    let types = categories.types();
    let gone = mirror(
        work,
        ASSET,
        |each| face.walk(&types, each),
        |row| {
            let (Some(company), Some(kind)) = F::of(row) else {
                return false;
            };
            if !propelled.contains(&company) {
                return false;
            }
            let Some(category) = categories.of(company, kind) else {
                return false;
            };
            row["category"] = json!(category);
            true
        },
    )?;
    missed(work, &gone)?;
    categories.keep(work)?;
    if work.stays("assets.jsonl") {
        return Ok(());
    }
    work.output_kept("assets.jsonl", Shelf::Link, ASSET, IMPORTED)
}

/// Not seen once may be a hidden record; not seen twice is retired, never deleted.
fn missed<A>(work: &mut Work<'_, A>, gone: &[Print]) -> Result<(), Failure> {
    for (before, after) in [("missed", "retired"), (IMPORTED, "missed")] {
        let ids: Vec<i64> = gone
            .iter()
            .filter(|link| link.state == before)
            .map(|link| link.id)
            .collect();
        work.counts.changed += ids.len() as u64;
        work.state.mark(Shelf::Link, &ids, after, &work.moment())?;
    }
    Ok(())
}

/// Dates that a warranty look-up found.
#[derive(Deserialize)]
struct Found {
    configuration: i64,
    /// Days.
    purchase: Option<String>,
    warranty: Option<String>,
}

/// Writes dates back that a look-up found, unless somebody changed them in the PSA since they were read.
pub fn written_back<A, F: Face>(
    work: &mut Work<'_, A>,
    face: &F,
    chosen: bool,
) -> Result<(), Failure> {
    if !chosen {
        return Ok(());
    }
    for found in work.input::<Found>("warranties.jsonl")? {
        work.counts.read += 1;
        let (id, what) = (found.configuration, F::ASSET);
        let key = id.to_string();
        let Some(mut link) = work
            .state
            .find(Shelf::Link, work.integration, ASSET, &key)?
        else {
            work.counts.skipped += 1;
            continue;
        };
        let Some(there) = face.get(id)? else {
            work.warn(format!(
                "{what} {id}: deleted, or hidden from the key; its dates are not written"
            ));
            continue;
        };
        let mut dates = Vec::new();
        for (field, ours) in F::DATES.into_iter().zip([found.purchase, found.warranty]) {
            let Some(ours) = ours else { continue };
            let (theirs, read) = (day(&there[field]), day(&link.data[field]));
            if theirs == ours {
                continue;
            }
            if theirs != read {
                work.warn(format!("{what} {id}: {field} was changed in the PSA from {read} to {theirs}; it is left, the next run decides again"));
                link.data[field] = there[field].clone();
                // The next import reads the record anew.
                link.hash.clear();
                work.state.put(Shelf::Link, &mut link)?;
                continue;
            }
            work.progress
                .say(&format!("{what} {id}: {field} from `{theirs}` to `{ours}`"));
            dates.push((field, json!(format!("{ours}T00:00:00Z"))));
        }
        if dates.is_empty() {
            work.counts.unchanged += 1;
            continue;
        }
        let changed = face.change(id, &dates);
        if work.taken(&format!("{what} {id}"), changed)?.is_some() {
            work.counts.changed += 1;
            // As the next import will find it, so that it finds nothing changed.
            if let Some(there) = face.get(id)? {
                taken_over(&mut link, there);
                work.state.put(Shelf::Link, &mut link)?;
            }
        }
    }
    Ok(())
}

/// Takes over what the PSA made of a change.
fn taken_over(link: &mut Record, mut there: Value) {
    there["category"] = link.data["category"].clone();
    link.hash = hash(&there.to_string());
    link.data = there;
}

fn day(moment: &Value) -> String {
    moment
        .as_str()
        .unwrap_or_default()
        .chars()
        .take(10)
        .collect()
}
