//! One configuration per mapped organisation, brought up to date daily. An organisation that is mapped no more
//! keeps its record, which is marked as out of use.

use super::settings::Settings;
use super::source::Organisation;
use super::{ADD_CONFIGURATIONS, EDIT_CONFIGURATIONS, READ_CONFIGURATIONS, SLUG, companies, kind};
use crate::Failure;
use crate::api::{encode, id, short};
use crate::state::{Record, Shelf};
use crate::work::{Work, hash};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const CONFIGURATION: &str = "configuration";

pub fn sync(work: &mut Work<'_>) -> Result<(), Failure> {
    let settings: Settings = work.settings()?;
    let organisations: Vec<Organisation> = super::console::organisations(work)?;
    let mapped = companies::mapped(work)?;
    let kind = kind::held(work, &settings.kind)?;
    let links = work.state.hashes(Shelf::Link, SLUG, CONFIGURATION)?;
    let there = there(work, kind.id)?;
    let day = work.now.strftime("%Y-%m-%d").to_string();
    let mut kept = Vec::new();
    for org in organisations {
        let Some(company) = mapped.get(&org.org).copied() else {
            work.counts.skipped += 1;
            continue;
        };
        kept.push(org.org.clone());
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
        if let Some(old) = link.psa_id.filter(|old| {
            link.state == "current" && Some(*old) != found && there.values().any(|id| id == old)
        }) {
            // The organisation belongs to another company now; that one gets a record of its own.
            retire(work, old)?;
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
        let configuration = if let Some(found) = found {
            let members = [("name", json!(name)), ("questions", json!(answers))];
            work.api.patch(
                EDIT_CONFIGURATIONS,
                &format!("company/configurations/{found}"),
                &members,
            )?;
            work.counts.changed += 1;
            found
        } else {
            let body = json!({
                "name": name, "type": { "id": kind.id }, "company": { "id": company },
                "deviceIdentifier": org.device(), "questions": answers,
            });
            match work
                .api
                .post(ADD_CONFIGURATIONS, "company/configurations", &body)
            {
                Ok(made) => {
                    work.counts.created += 1;
                    id(&made)
                }
                Err(failure @ (Failure::Invalid { .. } | Failure::NotFound { .. })) => {
                    work.warn(format!("organisation {}: {failure}", org.org));
                    continue;
                }
                Err(failure) => return Err(failure),
            }
        };
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
                retire(work, configuration)?;
            }
            "retired".clone_into(&mut link.state);
            link.updated = work.moment();
            work.state.put(Shelf::Link, &mut link)?;
        }
    }
    Ok(())
}

/// Configurations of the type by what they are known by and their company: a few pages, not a look-up each.
fn there(work: &mut Work<'_>, kind: i64) -> Result<BTreeMap<(String, i64), i64>, Failure> {
    let mut there = BTreeMap::new();
    let path = format!(
        "company/configurations?conditions={}&fields=id,deviceIdentifier,company&orderBy=id",
        encode(&format!("type/id={kind}"))
    );
    work.api.pages(READ_CONFIGURATIONS, &path, |rows| {
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

/// Marks a configuration as out of use. There is no right to delete one.
fn retire(work: &mut Work<'_>, configuration: i64) -> Result<(), Failure> {
    let path = format!("company/configurations/{configuration}");
    match work
        .api
        .patch(EDIT_CONFIGURATIONS, &path, &[("activeFlag", json!(false))])
    {
        Ok(after) => {
            work.counts.changed += 1;
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
