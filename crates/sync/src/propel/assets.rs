//! Configurations of the mapped types as assets, and two of their dates written back when somebody chose so.

use super::settings::Settings;
use super::{EDIT_ASSETS, READ_ASSETS, SLUG, companies, lookups};
use crate::Failure;
use crate::api::list;
use crate::mirror::{IMPORTED, mirror};
use crate::prints::Print;
use crate::state::{Record, Shelf};
use crate::work::{Work, hash};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub const ASSET: &str = "asset";
const FIELDS: &str = "id,name,type,status,company,serialNumber,modelNumber,tagNumber,manufacturer,deviceIdentifier,purchaseDate,\
    installationDate,warrantyExpirationDate,osType,osInfo,lastLoginName,site,locationId";

pub fn import(work: &mut Work<'_>) -> Result<(), Failure> {
    let settings: Settings = work.settings()?;
    if settings.assets.types.is_empty() {
        return Ok(());
    }
    let mut categories = BTreeMap::new();
    for (kind, category) in &settings.assets.types {
        categories.insert(
            lookups::named(work, lookups::ASSET_TYPES, "assets.types", kind)?,
            category.clone(),
        );
    }
    let propelled = companies::propelled(work, &settings)?;
    let conditions = format!("type/id in ({})", list(categories.keys().copied()));
    let rest = format!("&fields={FIELDS}");
    let api = work.api;
    let gone = mirror(
        work,
        ASSET,
        |each| {
            api.walk(
                READ_ASSETS,
                "company/configurations",
                &conditions,
                &rest,
                each,
            )
        },
        |row| {
            row["category"] = json!(
                row["type"]["id"]
                    .as_i64()
                    .and_then(|kind| categories.get(&kind))
            );
            let company = row["company"]["id"].as_i64().unwrap_or_default();
            propelled.contains(&company)
        },
    )?;
    missed(work, &gone)?;
    if work.stays("assets.jsonl") {
        return Ok(());
    }
    work.output_kept("assets.jsonl", Shelf::Link, ASSET, IMPORTED)
}

/// Not seen once may be a hidden record; not seen twice is retired, never deleted.
pub fn missed<A>(work: &mut Work<'_, A>, gone: &[Print]) -> Result<(), Failure> {
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
pub struct Found {
    pub configuration: i64,
    /// Days.
    pub purchase: Option<String>,
    pub warranty: Option<String>,
}

pub fn write_back(work: &mut Work<'_>) -> Result<(), Failure> {
    let settings: Settings = work.settings()?;
    if !settings.assets.write_back {
        return Ok(());
    }
    for found in work.input::<Found>("warranties.jsonl")? {
        work.counts.read += 1;
        let Some(mut link) =
            work.state
                .find(Shelf::Link, SLUG, ASSET, &found.configuration.to_string())?
        else {
            work.counts.skipped += 1;
            continue;
        };
        let path = format!("company/configurations/{}", found.configuration);
        let Some(there) = work.api.get_if_there(READ_ASSETS, &path)? else {
            work.warn(format!("configuration {}: deleted, or hidden by the key's location; its dates are not written", found.configuration));
            continue;
        };
        let mut members = Vec::new();
        for (field, ours) in [
            ("purchaseDate", &found.purchase),
            ("warrantyExpirationDate", &found.warranty),
        ] {
            let Some(ours) = ours else { continue };
            let theirs = day(&there[field]);
            if theirs == *ours {
                continue;
            }
            if theirs != day(&link.data[field]) {
                work.warn(format!("configuration {}: {field} was changed in the PSA from {} to {theirs}; it is left, the next run decides again", found.configuration, day(&link.data[field])));
                link.data[field] = there[field].clone();
                // The next import reads the record anew.
                link.hash.clear();
                work.state.put(Shelf::Link, &mut link)?;
                continue;
            }
            work.progress.say(&format!(
                "configuration {}: {field} from `{theirs}` to `{ours}`",
                found.configuration
            ));
            members.push((field, json!(format!("{ours}T00:00:00Z"))));
        }
        if members.is_empty() {
            work.counts.unchanged += 1;
            continue;
        }
        match work.api.patch(EDIT_ASSETS, &path, &members) {
            Ok(_) => {
                work.counts.changed += 1;
                // As the next import will find it, so that it finds nothing changed.
                let there = work
                    .api
                    .get(READ_ASSETS, &format!("{path}?fields={FIELDS}"))?;
                taken_over(&mut link, there);
                work.state.put(Shelf::Link, &mut link)?;
            }
            Err(
                failure @ (Failure::Invalid { .. }
                | Failure::InUse { .. }
                | Failure::NotFound { .. }),
            ) => work.warn(failure.to_string()),
            Err(failure) => return Err(failure),
        }
    }
    Ok(())
}

/// Takes over what the PSA made of a change.
pub fn taken_over(link: &mut Record, mut there: Value) {
    there["category"] = link.data["category"].clone();
    link.hash = hash(&there.to_string());
    link.data = there;
}

pub fn day(moment: &Value) -> String {
    moment
        .as_str()
        .unwrap_or_default()
        .chars()
        .take(10)
        .collect()
}
