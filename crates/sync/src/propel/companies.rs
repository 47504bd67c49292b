//! Companies of the chosen types and statuses, and who looks after them. A company that falls out of the filter
//! is marked and kept.

use super::settings::Settings;
use super::{COMPANIES, SLUG, TEAMS, lookups};
use crate::Failure;
use crate::api::{encode, id, list};
use crate::mirror::{IMPORTED, mirror};
use crate::prints::Print;
use crate::state::{Record, Shelf};
use crate::work::Work;
use serde_json::json;
use std::collections::BTreeSet;

pub const COMPANY: &str = "company";
const TEAM: &str = "team";
/// A fall of the number of companies by this share is no coincidence.
const FALL: f64 = 0.2;

pub fn import(work: &mut Work<'_>) -> Result<(), Failure> {
    let settings: Settings = work.settings()?;
    let statuses = lookups::all_named(
        work,
        lookups::COMPANY_STATUSES,
        "companies.statuses",
        &settings.companies.statuses,
    )?;
    let types = lookups::all_named(
        work,
        lookups::COMPANY_TYPES,
        "companies.types",
        &settings.companies.types,
    )?;
    let mut conditions = "deletedFlag=false".to_owned();
    if !statuses.is_empty() {
        conditions = format!("status/id in ({}) and {conditions}", list(statuses));
    }
    let mut rest =
        "&fields=id,identifier,name,status,types,territory,defaultContact,site".to_owned();
    if !types.is_empty() {
        let types = encode(&format!("types/id in ({})", list(types)));
        rest = format!("{rest}&childConditions={types}");
    }
    let before = work.state.tally(Shelf::Link, SLUG, COMPANY, IMPORTED)?;
    let api = work.api;
    let gone = mirror(
        work,
        COMPANY,
        |each| api.walk(COMPANIES, "company/companies", &conditions, &rest, each),
        |_| true,
    )?;
    gone_from_filter(work, before, gone)?;
    if work.stays("companies.jsonl") {
        return Ok(());
    }
    work.output_kept("companies.jsonl", Shelf::Link, COMPANY, IMPORTED)
}

/// Marks companies that fell out of the filter, unless too many did.
pub fn gone_from_filter<A>(
    work: &mut Work<'_, A>,
    before: u64,
    mut gone: Vec<Print>,
) -> Result<(), Failure> {
    gone.retain(|link| link.state == IMPORTED);
    if before > 0 && gone.len() as f64 / before as f64 > FALL {
        let share = 100 * gone.len() as u64 / before;
        return Err(Failure::Held(format!(
            "{share} % of the companies are not to be seen any more; they are kept as they were. Has the filter changed, or the key's location? \
             Change the filter or the location back, or run again after the rest is settled"
        )));
    }
    for link in &gone {
        work.warn(format!(
            "company {} is not in the filter any more, or hidden from the key",
            link.psa_id
        ));
    }
    work.counts.changed += gone.len() as u64;
    let gone: Vec<i64> = gone.iter().map(|link| link.id).collect();
    work.state
        .mark(Shelf::Link, &gone, "not in filter", &work.moment())
}

/// Companies whose reviews are done here.
pub fn propelled(work: &Work<'_>, settings: &Settings) -> Result<BTreeSet<i64>, Failure> {
    chosen(work, &settings.companies.propelled)
}

/// Imported companies: those that are named, or all of them.
pub fn chosen<A>(work: &Work<'_, A>, chosen: &[i64]) -> Result<BTreeSet<i64>, Failure> {
    let mut propelled = BTreeSet::new();
    work.state
        .each(Shelf::Link, work.integration, COMPANY, &mut |link| {
            if link.state == IMPORTED && (chosen.is_empty() || chosen.contains(&link.psa_id)) {
                propelled.insert(link.psa_id);
            }
        })?;
    Ok(propelled)
}

/// vCIO and account manager by team role.
pub fn team(work: &mut Work<'_>) -> Result<(), Failure> {
    let settings: Settings = work.settings()?;
    let vcio = lookups::maybe(
        work,
        lookups::TEAM_ROLES,
        "team.vcio",
        settings.team.vcio.as_deref(),
    )?;
    let manager = lookups::maybe(
        work,
        lookups::TEAM_ROLES,
        "team.account_manager",
        settings.team.account_manager.as_deref(),
    )?;
    if vcio.is_none() && manager.is_none() {
        return Ok(());
    }
    let mut shown = Vec::new();
    for company in propelled(work, &settings)? {
        let Some(mut rows) = work
            .api
            .get_if_there(
                TEAMS,
                &format!("company/companies/{company}/teams?pageSize=1000"),
            )?
            .and_then(|rows| rows.as_array().cloned())
        else {
            work.warn(format!("company {company}: its team cannot be read; deleted, or hidden by the key's location"));
            continue;
        };
        rows.sort_by_key(id);
        work.counts.read += rows.len() as u64;
        let mut who = |role: Option<i64>, title: &str| {
            let role = role?;
            let mut found = rows
                .iter()
                .filter(|row| row["teamRole"]["id"].as_i64() == Some(role));
            let first = found.next()?;
            if found.next().is_some() {
                work.warn(format!("company {company} has several members of the role {title}; the first one counts"));
            }
            first["member"]["id"].as_i64()
        };
        let found = json!({ "company": company, "vcio": who(vcio, "vCIO"), "account_manager": who(manager, "account manager") });
        let mut record = Record::new(SLUG, TEAM, company.to_string());
        if let Some(known) = work.state.find(Shelf::Mapping, SLUG, TEAM, &record.key)? {
            record = known;
        }
        if record.id != 0 && record.data == found {
            work.counts.unchanged += 1;
        } else {
            record.data = found.clone();
            record.updated = work.moment();
            work.state.put(Shelf::Mapping, &mut record)?;
            work.counts.changed += 1;
        }
        shown.push(found);
    }
    work.output("team.jsonl", &shown)
}

/// The account manager of a company, where its team has one.
pub fn account_manager(work: &Work<'_>, company: i64) -> Result<Option<i64>, Failure> {
    let found = work
        .state
        .find(Shelf::Mapping, SLUG, TEAM, &company.to_string())?;
    Ok(found.and_then(|record| record.data["account_manager"].as_i64()))
}
