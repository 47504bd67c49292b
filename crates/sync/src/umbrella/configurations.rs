//! One record per mapped organisation, brought up to date daily: a configuration, on Autotask a configuration item.
//! An organisation that is mapped no more keeps its record, which is marked as out of use.

use super::companies;
use super::psa::{Held, Psa};
use super::source::Organisation;
use crate::Failure;
use crate::sight::Standing;
use crate::state::{Record, Shelf};
use crate::text::hash;
use crate::work::Work;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const CONFIGURATION: &str = "configuration";

pub fn sync<P: Psa>(work: &mut Work<'_, P>) -> Result<(), Failure> {
    let organisations: Vec<Organisation> =
        super::console::organisations(work, super::console::Depth::Deployments)?;
    let mapped = companies::mapped(work)?;
    let shape = P::shape(work)?;
    let slug = work.integration;
    let links = work.state.hashes(Shelf::Link, slug, CONFIGURATION)?;
    let there = P::there(work, &shape)?;
    work.counts.read += there.len() as u64;
    let day = work.now.strftime("%Y-%m-%d").to_string();
    let (mut kept, mut held) = (BTreeSet::new(), Vec::new());
    for org in organisations {
        let Some(company) = mapped.get(&org.org).copied() else {
            work.counts.skipped += 1;
            if companies::undecided(work, &org.org)? {
                kept.insert(org.org.clone());
            }
            continue;
        };
        kept.insert(org.org.clone());
        let answers = P::answers(&shape, &org, &day);
        let content = hash(&json!([company, org.name, answers]).to_string());
        let mut link = links
            .get(&org.org)
            .cloned()
            .unwrap_or_else(|| Record::new(slug, CONFIGURATION, org.org.clone()));
        let found = there.get(&(P::mark(&org), company)).copied();
        let known = link.psa_id.filter(|_| link.state == "current");
        if let Some(old) = known.filter(|old| Some(*old) != found) {
            if there.values().any(|id| *id == old) {
                // The organisation belongs to another company now; that one gets a record of its own.
                retire(work, &mut link, old)?;
            } else if let Some(reason) = hidden(work, &link, old)? {
                held.push(format!(
                    "{} {old} of organisation {}: {reason}",
                    P::RECORD,
                    org.org
                ));
                continue;
            }
        }
        if found.is_some()
            && link.psa_id == found
            && link.hash == content
            && link.state == "current"
        {
            work.counts.unchanged += 1;
            continue;
        }
        let whose = format!("organisation {}", org.org);
        let mut by = None;
        let record = if let Some(found) = found {
            // Mapped again. What somebody else put out of use stays so.
            let revive = retired(&link).contains(&json!(found));
            let written = P::change(work, found, &org, &answers, revive);
            if work.taken(&whose, written)?.is_none() {
                continue;
            }
            if link.psa_id == Some(found) {
                by = link.data["by"].as_str().map(str::to_owned);
            }
            work.counts.changed += 1;
            found
        } else {
            let made = P::make(work, &shape, company, &org, &answers);
            let Some(made) = work.taken(&whose, made)? else {
                continue;
            };
            by = P::maker(work);
            work.counts.created += 1;
            made
        };
        let others = retired(&link).into_iter().filter(|id| *id != record);
        link.data = json!({ "retired": others.collect::<Vec<_>>(), "company": company, "by": by });
        link.psa_id = Some(record);
        link.hash = content;
        "current".clone_into(&mut link.state);
        link.updated = work.moment();
        work.state.put(Shelf::Link, &mut link)?;
        work.progress.step(1, &org.name);
    }
    for (org, mut link) in links {
        if link.state == "current" && !kept.contains(&org) {
            if let Some(record) = link.psa_id {
                retire(work, &mut link, record)?;
            }
            "retired".clone_into(&mut link.state);
            link.updated = work.moment();
            work.state.put(Shelf::Link, &mut link)?;
        }
    }
    if held.is_empty() {
        return Ok(());
    }
    Err(Failure::Held(held.join("; ")))
}

/// The record of an organisation at a company, where it has one that is in use.
pub fn of<P: Psa>(work: &Work<'_, P>, org: &str, company: i64) -> Result<Option<i64>, Failure> {
    let link = work
        .state
        .find(Shelf::Link, work.integration, CONFIGURATION, org)?;
    Ok(link
        .filter(|link| link.state == "current" && link.data["company"] == company)
        .and_then(|link| link.psa_id))
}

/// Why no second record is made in place of one that does not show; `None` where one is: it was deleted, or made into
/// another one's.
fn hidden<P: Psa>(
    work: &mut Work<'_, P>,
    link: &Record,
    record: i64,
) -> Result<Option<String>, Failure> {
    let held = Held {
        id: record,
        company: link.data["company"].as_i64(),
        by: link.data["by"].as_str(),
    };
    Ok(match P::standing(work, held)? {
        Standing::Unknown(reason) => Some(format!(
            "it was deleted, or is hidden from the key ({reason}), and no second one is made; let {} see it again",
            P::KEEPER
        )),
        Standing::There(_) | Standing::Gone => None,
    })
}

/// Records of an organisation that were put out of use here.
fn retired(link: &Record) -> Vec<Value> {
    link.data["retired"].as_array().cloned().unwrap_or_default()
}

/// Marks a record as out of use. There is no right to delete one.
fn retire<P: Psa>(work: &mut Work<'_, P>, link: &mut Record, record: i64) -> Result<(), Failure> {
    match P::retire(work, record) {
        Ok(remark) => {
            work.counts.changed += 1;
            let mut ids = retired(link);
            ids.push(json!(record));
            link.data["retired"] = json!(ids);
            if let Some(remark) = remark {
                work.warn(remark);
            }
            Ok(())
        }
        Err(failure @ Failure::NotFound { .. }) => {
            work.warn(failure.to_string());
            Ok(())
        }
        Err(failure) => Err(failure),
    }
}
