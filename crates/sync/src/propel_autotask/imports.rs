//! Companies, configuration items and contracts, and two dates written back.

use super::lookups::{self, CI_TYPES, COMPANY_TYPES};
use super::settings::Settings;
use super::{COMPANIES, CONTRACTS, EDIT_ASSETS, READ_ASSETS, Working};
use crate::Failure;
use crate::mirror::{Each, IMPORTED, mirror};
use crate::propel::assets::{Face, imported, written_back};
use crate::propel::companies::{COMPANY, chosen, gone_from_filter};
use crate::queries::{Queries, is};
use crate::state::Shelf;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const ITEMS: &str = "ConfigurationItems";
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

struct Items<'a>(Queries<'a>);

impl Face for Items<'_> {
    const ASSET: &'static str = "configuration item";
    // There is no day of purchase; the install date stands for it.
    const DATES: [&'static str; 2] = ["installDate", "warrantyExpirationDate"];

    fn of(row: &Value) -> (Option<i64>, Option<i64>) {
        (
            row["companyID"].as_i64(),
            row["configurationItemType"].as_i64(),
        )
    }

    fn walk(&self, types: &[i64], each: Each<'_>) -> Result<(), Failure> {
        let conditions = [
            is("eq", "isActive", true),
            is("in", "configurationItemType", types.to_vec()),
        ];
        self.0.walk(READ_ASSETS, ITEMS, &conditions, &FIELDS, each)
    }

    fn get(&self, id: i64) -> Result<Option<Value>, Failure> {
        let mut there = None;
        let wanted = [is("eq", "id", id)];
        self.0.walk(READ_ASSETS, ITEMS, &wanted, &FIELDS, |rows| {
            there = rows.into_iter().next();
            Ok(())
        })?;
        Ok(there)
    }

    fn change(&self, id: i64, dates: &[(&str, Value)]) -> Result<(), Failure> {
        let mut change = json!({ "id": id });
        for (field, day) in dates {
            change[*field] = day.clone();
        }
        self.0.patch(EDIT_ASSETS, ITEMS, &change)
    }
}

pub fn assets(work: &mut Working<'_>) -> Result<(), Failure> {
    let settings: Settings = work.settings()?;
    let propelled = chosen(work, &settings.companies.propelled)?;
    let face = Items(work.api);
    let named = |work: &mut Working<'_>, setting: &str, word: &str| {
        lookups::named(work, CI_TYPES, setting, word)
    };
    imported(work, &face, &settings.assets, &propelled, named)
}

pub fn write_back(work: &mut Working<'_>) -> Result<(), Failure> {
    let settings: Settings = work.settings()?;
    let face = Items(work.api);
    written_back(work, &face, settings.assets.write_back)
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
