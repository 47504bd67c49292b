//! Companies, configuration items and contracts, and two dates written back.

use super::lookups::{self, CI_TYPES, COMPANY_TYPES};
use super::settings::Settings;
use super::{COMPANIES, CONTRACTS, EDIT_ASSETS, READ_ASSETS, Working};
use crate::Failure;
use crate::mirror::{IMPORTED, mirror};
use crate::propel::assets::{ASSET, Found, day, missed, taken_over};
use crate::propel::companies::{COMPANY, chosen, gone_from_filter};
use crate::queries::is;
use crate::state::Shelf;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What is read of a configuration item.
const FIELDS: [&str; 10] = [
    "id",
    "companyID",
    "referenceTitle",
    "referenceNumber",
    "serialNumber",
    "configurationItemType",
    "installDate",
    "warrantyExpirationDate",
    "productID",
    "isActive",
];
/// Ids that one condition may name.
const CHUNK: usize = 400;

pub fn companies(work: &mut Working<'_>) -> Result<(), Failure> {
    let settings: Settings = work.settings()?;
    let mut conditions = vec![is("eq", "isActive", true)];
    let mut types = Vec::new();
    for kind in &settings.companies.types {
        types.push(lookups::named(
            work,
            COMPANY_TYPES,
            "companies.types",
            kind,
        )?);
    }
    if !types.is_empty() {
        conditions.push(is("in", "companyType", types));
    }
    let before = work
        .state
        .tally(Shelf::Link, work.integration, COMPANY, IMPORTED)?;
    let fields = [
        "id",
        "companyName",
        "companyNumber",
        "companyType",
        "classification",
        "ownerResourceID",
        "isActive",
    ];
    let api = work.api;
    let gone = mirror(
        work,
        COMPANY,
        |each| api.walk(COMPANIES, "Companies", &conditions, &fields, each),
        |_| true,
    )?;
    gone_from_filter(work, before, gone)?;
    if work.stays("companies.jsonl") {
        return Ok(());
    }
    work.output_kept("companies.jsonl", Shelf::Link, COMPANY, IMPORTED)
}

pub fn assets(work: &mut Working<'_>) -> Result<(), Failure> {
    let settings: Settings = work.settings()?;
    if settings.assets.types.is_empty() {
        return Ok(());
    }
    let mut categories = BTreeMap::new();
    for (kind, category) in &settings.assets.types {
        let kind = lookups::named(work, CI_TYPES, "assets.types", kind)?;
        categories.insert(kind, category.clone());
    }
    let propelled = chosen(work, &settings.companies.propelled)?;
    let kinds: Vec<i64> = categories.keys().copied().collect();
    let conditions = [
        is("eq", "isActive", true),
        is("in", "configurationItemType", kinds),
    ];
    let api = work.api;
    let gone = mirror(
        work,
        ASSET,
        |each| {
            api.walk(
                READ_ASSETS,
                "ConfigurationItems",
                &conditions,
                &FIELDS,
                each,
            )
        },
        |row| {
            row["category"] = json!(
                row["configurationItemType"]
                    .as_i64()
                    .and_then(|kind| categories.get(&kind))
            );
            propelled.contains(&row["companyID"].as_i64().unwrap_or_default())
        },
    )?;
    missed(work, &gone)?;
    if work.stays("assets.jsonl") {
        return Ok(());
    }
    work.output_kept("assets.jsonl", Shelf::Link, ASSET, IMPORTED)
}

pub fn write_back(work: &mut Working<'_>) -> Result<(), Failure> {
    let settings: Settings = work.settings()?;
    if !settings.assets.write_back {
        return Ok(());
    }
    for found in work.input::<Found>("warranties.jsonl")? {
        work.counts.read += 1;
        let key = found.configuration.to_string();
        let Some(mut link) = work
            .state
            .find(Shelf::Link, work.integration, ASSET, &key)?
        else {
            work.counts.skipped += 1;
            continue;
        };
        let wanted = [is("eq", "id", found.configuration)];
        let there = work.api.find(READ_ASSETS, "ConfigurationItems", &wanted)?;
        let Some(there) = there.into_iter().next() else {
            work.warn(format!(
                "configuration item {key}: deleted, or hidden from the key; its dates are not written"
            ));
            continue;
        };
        let mut change = json!({ "id": found.configuration });
        for (field, ours) in [
            ("installDate", &found.purchase),
            ("warrantyExpirationDate", &found.warranty),
        ] {
            let Some(ours) = ours else { continue };
            let theirs = day(&there[field]);
            if theirs == *ours {
                continue;
            }
            if theirs != day(&link.data[field]) {
                work.warn(format!(
                    "configuration item {key}: {field} was changed in the PSA from {} to {theirs}; it is left, the next run decides again",
                    day(&link.data[field])
                ));
                link.data[field] = there[field].clone();
                // The next import reads the record anew.
                link.hash.clear();
                work.state.put(Shelf::Link, &mut link)?;
                continue;
            }
            change[field] = json!(format!("{ours}T00:00:00Z"));
        }
        if change.as_object().is_none_or(|change| change.len() == 1) {
            work.counts.unchanged += 1;
            continue;
        }
        match work.api.patch(EDIT_ASSETS, "ConfigurationItems", &change) {
            Ok(()) => {
                work.counts.changed += 1;
                // As the next import will find it, so that it finds nothing changed.
                let mut there = Value::Null;
                let api = work.api;
                api.walk(
                    READ_ASSETS,
                    "ConfigurationItems",
                    &wanted,
                    &FIELDS,
                    |rows| {
                        there = rows.into_iter().next().unwrap_or_default();
                        Ok(())
                    },
                )?;
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

/// Contracts of propelled companies with the services in them. Read only; amounts are as the PSA has them, by the
/// period of each service.
pub fn contracts(work: &mut Working<'_>) -> Result<(), Failure> {
    let settings: Settings = work.settings()?;
    let propelled = chosen(work, &settings.companies.propelled)?;
    let mut found: Vec<Value> = Vec::new();
    work.api.walk(CONTRACTS, "Contracts", &[], &[], |rows| {
        let ours = |row: &Value| propelled.contains(&row["companyID"].as_i64().unwrap_or_default());
        found.extend(rows.into_iter().filter(ours));
        Ok(())
    })?;
    work.counts.read += found.len() as u64;
    let ids: BTreeSet<i64> = found.iter().filter_map(|row| row["id"].as_i64()).collect();
    let ids: Vec<i64> = ids.into_iter().collect();
    let mut services: BTreeMap<i64, Vec<Value>> = BTreeMap::new();
    for ids in ids.chunks(CHUNK) {
        let wanted = [is("in", "contractID", ids.to_vec())];
        for row in work.api.find(CONTRACTS, "ContractServices", &wanted)? {
            work.counts.read += 1;
            let shown = json!({ "service": row["serviceID"], "description": row["invoiceDescription"], "price": row["unitPrice"], "cost": row["unitCost"] });
            let contract = row["contractID"].as_i64().unwrap_or_default();
            services.entry(contract).or_default().push(shown);
        }
    }
    let shown: Vec<Value> = found
        .iter()
        .map(|row| {
            let id = row["id"].as_i64().unwrap_or_default();
            json!({
                "contract": id, "company": row["companyID"], "name": row["contractName"], "type": row["contractType"],
                "status": row["status"], "starts": row["startDate"], "ends": row["endDate"], "estimated_revenue": row["estimatedRevenue"],
                "services": services.get(&id).cloned().unwrap_or_default(),
            })
        })
        .collect();
    work.output("contracts.jsonl", &shown)
}
