//! The configuration type that is Umbrella's own, and its questions. What is missing is made, what has drifted
//! is put right, nothing is deleted.

use super::questions::QUESTIONS;
use super::settings::Settings;
use super::{ADD_TYPE, EDIT_TYPE, READ_TYPE, SLUG};
use crate::Failure;
use crate::api::{Api, id, literal};
use crate::state::{Record, Shelf};
use crate::work::Work;
use serde_json::json;
use std::collections::BTreeMap;

/// The type and its questions as the PSA has them.
pub struct Kind {
    pub id: i64,
    /// Id by text.
    pub questions: BTreeMap<String, i64>,
}

/// Makes the type true.
pub fn ensure(work: &mut Work<'_, Api<'_>>) -> Result<(), Failure> {
    let settings: Settings = work.settings()?;
    let found = work.api.find(
        READ_TYPE,
        "company/configurations/types",
        &format!("name={}", literal(&settings.kind)),
    )?;
    let kind = if let Some(kind) = found.iter().map(id).min() {
        kind
    } else {
        work.counts.created += 1;
        id(&work.api.post(
            ADD_TYPE,
            "company/configurations/types",
            &json!({ "name": settings.kind }),
        )?)
    };
    let path = format!("company/configurations/types/{kind}/questions");
    let there = work.api.all(READ_TYPE, &path)?;
    work.counts.read += there.len() as u64;
    let mut questions = BTreeMap::new();
    for (at, question) in QUESTIONS.iter().enumerate() {
        let sequence = (at + 1) as f64;
        let Some(found) = there
            .iter()
            .find(|there| there["question"] == question.text)
        else {
            let body = json!({
                "question": question.text, "fieldType": question.field, "entryType": question.entry(),
                "sequenceNumber": sequence, "requiredFlag": false,
            });
            questions.insert(
                question.text.to_owned(),
                id(&work.api.post(ADD_TYPE, &path, &body)?),
            );
            work.counts.created += 1;
            continue;
        };
        questions.insert(question.text.to_owned(), id(found));
        let mut drift = Vec::new();
        if found["sequenceNumber"].as_f64() != Some(sequence) {
            drift.push(("sequenceNumber", json!(sequence)));
        }
        for (member, wanted) in [
            ("fieldType", question.field),
            ("entryType", question.entry()),
        ] {
            if found[member] != wanted {
                drift.push((member, json!(wanted)));
            }
        }
        // A question that is required or switched off would hold up the configurations.
        for flag in ["requiredFlag", "inactiveFlag"] {
            if found[flag] == true {
                drift.push((flag, json!(false)));
            }
        }
        if drift.is_empty() {
            work.counts.unchanged += 1;
            continue;
        }
        work.api
            .patch(EDIT_TYPE, &format!("{path}/{}", id(found)), &drift)?;
        work.counts.changed += 1;
    }
    let mut record = Record::new(SLUG, "type", settings.kind);
    record.psa_id = Some(kind);
    record.updated = work.moment();
    record.data = json!(questions);
    work.state.put(Shelf::Mapping, &mut record)
}

/// The type as the last run left it.
pub fn held(work: &mut Work<'_, Api<'_>>, name: &str) -> Result<Kind, Failure> {
    if work
        .state
        .find(Shelf::Mapping, SLUG, "type", name)?
        .is_none()
    {
        ensure(work)?;
    }
    let record = work.state.find(Shelf::Mapping, SLUG, "type", name)?;
    let record = record.ok_or_else(|| {
        Failure::Held(format!(
            "the configuration type `{name}` is not there; run the job `type`"
        ))
    })?;
    Ok(Kind {
        id: record.psa_id.unwrap_or_default(),
        questions: serde_json::from_value(record.data).unwrap_or_default(),
    })
}
