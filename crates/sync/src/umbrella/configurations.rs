//! One configuration per mapped organisation, brought up to date daily. An organisation that is mapped no more
//! keeps its record, which is marked as out of use.

use super::settings::Settings;
use super::source::Organisation;
use super::{ADD_CONFIGURATIONS, EDIT_CONFIGURATIONS, READ_CONFIGURATIONS, SLUG, companies, kind};
use crate::Failure;
use crate::api::{id, short};
use crate::sight::{self, Standing};
use crate::state::{Record, Shelf};
use crate::work::{Work, hash};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const CONFIGURATION: &str = "configuration";

pub fn sync(work: &mut Work<'_>) -> Result<(), Failure> {
    let settings: Settings = work.settings()?;
    let organisations: Vec<Organisation> =
        super::console::organisations(work, super::console::Depth::Deployments)?;
    let mapped = companies::mapped(work)?;
    let kind = kind::held(work, &settings.kind)?;
    let links = work.state.hashes(Shelf::Link, SLUG, CONFIGURATION)?;
    let there = there(work, kind.id)?;
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
        let answers: Vec<Value> = kind::QUESTIONS
            .iter()
            .filter_map(|question| {
                let answer = (question.answer)(&org, &day);
                Some(json!({ "questionId": kind.questions.get(question.text)?, "answer": answer }))
            })
            .collect();
        let content = hash(&json!([company, org.name, answers]).to_string());
        let mut link = links
            .get(&org.org)
            .cloned()
            .unwrap_or_else(|| Record::new(SLUG, CONFIGURATION, org.org.clone()));
        let found = there.get(&(org.device(), company)).copied();
        let known = link.psa_id.filter(|_| link.state == "current");
        if let Some(old) = known.filter(|old| Some(*old) != found) {
            if there.values().any(|id| *id == old) {
                // The organisation belongs to another company now; that one gets a record of its own.
                retire(work, &mut link, old)?;
            } else if let Some(reason) = hidden(work, old)? {
                held.push(format!(
                    "configuration {old} of organisation {}: {reason}",
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
        let name = short(&format!("Umbrella – {}", org.name), 100);
        let whose = format!("organisation {}", org.org);
        let configuration = if let Some(found) = found {
            let mut members = vec![("name", json!(name)), ("questions", json!(answers))];
            if retired(&link).contains(&json!(found)) {
                // Mapped again. What somebody else put out of use stays so.
                members.push(("activeFlag", json!(true)));
            }
            let path = format!("company/configurations/{found}");
            let written = work.api.patch(EDIT_CONFIGURATIONS, &path, &members);
            if work.taken(&whose, written)?.is_none() {
                continue;
            }
            work.counts.changed += 1;
            found
        } else {
            let body = json!({
                "name": name, "type": { "id": kind.id }, "company": { "id": company },
                "deviceIdentifier": org.device(), "questions": answers,
            });
            let path = "company/configurations";
            let made = work.api.post(ADD_CONFIGURATIONS, path, &body);
            let Some(made) = work.taken(&whose, made)? else {
                continue;
            };
            work.counts.created += 1;
            id(&made)
        };
        let others = retired(&link).into_iter().filter(|id| *id != configuration);
        link.data = json!({ "retired": others.collect::<Vec<_>>() });
        link.psa_id = Some(configuration);
        link.hash = content;
        "current".clone_into(&mut link.state);
        link.updated = work.moment();
        work.state.put(Shelf::Link, &mut link)?;
        work.progress.step(1, &org.name);
    }
    for (org, mut link) in links {
        if link.state == "current" && !kept.contains(&org) {
            if let Some(configuration) = link.psa_id {
                retire(work, &mut link, configuration)?;
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

/// Why no second configuration is made in place of one that does not show; `None` where one is: it was deleted, or
/// made into another type's.
fn hidden(work: &mut Work<'_>, configuration: i64) -> Result<Option<String>, Failure> {
    let path = format!("company/configurations/{configuration}");
    Ok(match sight::look(work.api, READ_CONFIGURATIONS, &path)? {
        Standing::Unknown(reason) => Some(format!(
            "it was deleted, or is hidden from the key ({reason}), and no second one is made; let the key's member see it again"
        )),
        Standing::There(_) | Standing::Gone => None,
    })
}

/// Configurations of the type by what they are known by and their company: a few pages, not a look-up each.
fn there(work: &mut Work<'_>, kind: i64) -> Result<BTreeMap<(String, i64), i64>, Failure> {
    let mut there = BTreeMap::new();
    let (path, conditions) = ("company/configurations", format!("type/id={kind}"));
    let rest = "&fields=id,deviceIdentifier,company";
    let api = work.api;
    api.walk(READ_CONFIGURATIONS, path, &conditions, rest, |rows| {
        for row in rows {
            let device = row["deviceIdentifier"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            there
                .entry((device, row["company"]["id"].as_i64().unwrap_or_default()))
                .or_insert(id(&row));
        }
        Ok(())
    })?;
    work.counts.read += there.len() as u64;
    Ok(there)
}

/// Configurations of an organisation that were put out of use here.
fn retired(link: &Record) -> Vec<Value> {
    link.data["retired"].as_array().cloned().unwrap_or_default()
}

/// Marks a configuration as out of use. There is no right to delete one.
fn retire(work: &mut Work<'_>, link: &mut Record, configuration: i64) -> Result<(), Failure> {
    let path = format!("company/configurations/{configuration}");
    match work
        .api
        .patch(EDIT_CONFIGURATIONS, &path, &[("activeFlag", json!(false))])
    {
        Ok(after) => {
            work.counts.changed += 1;
            let mut ids = retired(link);
            ids.push(json!(configuration));
            link.data = json!({ "retired": ids });
            if after["activeFlag"] == true {
                work.warn(format!("configuration {configuration} is in use no more, but its status keeps it active; Umbrella may not choose statuses, so set one by hand"));
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
