//! How many records a key counts, beside an administrator's where there is one: a restricted user gets an empty answer
//! and no error.

use super::Asked;
use super::witness::Witness;
use crate::ConnectError;
use crate::autotask::known::{Access, actions, needs};
use crate::probe::{Probed, Shown};
use crate::report::Report;
use crate::symptom::Diagnosis;
use bitting_catalog::entity::{Entity, EntityId};
use bitting_catalog::served::{self, Act};
use bitting_client::Answer;
use bitting_policy::ActionId;
use serde_json::json;
use std::collections::BTreeMap;

/// How many records of an entity the key counts, and an administrator; by entity, or entity and class.
pub type Counts = BTreeMap<String, (Option<u64>, Option<u64>, Shown)>;

/// Counts every entity that can be listed by itself and that the level opens, and each class of records that a
/// permission of its own opens.
pub fn counts(
    asked: &Asked<'_>,
    witnesses: &[Witness<'_>],
    report: &mut Report,
) -> Result<Counts, ConnectError> {
    let chosen = chosen(asked, witnesses);
    let mut found = Counts::new();
    for witness in witnesses {
        let asks = witness.act == Act::Query && witness.wanted > Access::None;
        if !asks || !chosen.contains(&witness.entity.id) {
            continue;
        }
        let every = json!({ "filter": [{ "op": "gte", "field": "id", "value": 0 }] });
        let entity = witness.entity;
        let mut asks = vec![(entity.path.to_string(), every)];
        let rows = entity.served.as_ref().map(|served| &served.rows);
        if let Some(field) = rows.and_then(|rows| rows.classes) {
            let field = &entity.fields[field].name;
            for action in actions(needs(entity, Act::Query).0) {
                let Some(entry) = asked.screen.permission(action) else {
                    continue;
                };
                if !entry.classes.is_empty() {
                    let only = json!({ "filter": [{ "op": "in", "field": &**field, "value": entry.classes }] });
                    asks.push((format!("{} of {}", entity.path, entry.full_name()), only));
                }
            }
        }
        for (key, body) in asks {
            let path = format!("{}/query/count", entity.path);
            let answer = asked.key.ask("POST", &path, Some(&body))?;
            let shown = shown(&answer);
            let seen = answer.body["queryCount"].as_u64();
            report.probes.push(Probed {
                method: "POST",
                path: path.clone(),
                status: answer.status,
                shown,
                seen,
                left_behind: None,
            });
            let all = match asked.admin {
                Some(admin) => {
                    let answer = admin.ask("POST", &path, Some(&body))?;
                    answer.body["queryCount"].as_u64()
                }
                None => None,
            };
            found.insert(key, (seen, all, shown));
        }
    }
    hidden(witnesses, &found, report);
    Ok(found)
}

/// Entities to count: those whose rows have classes, and two for each permission, because more prove no more.
fn chosen(asked: &Asked<'_>, witnesses: &[Witness<'_>]) -> Vec<EntityId> {
    let mut by_need: BTreeMap<Vec<ActionId>, Vec<&Entity>> = BTreeMap::new();
    for witness in witnesses {
        if witness.act == Act::Query && listed(asked, witness.entity) {
            let actions = actions(needs(witness.entity, Act::Query).0);
            by_need.entry(actions).or_default().push(witness.entity);
        }
    }
    let mut chosen = Vec::new();
    for mut entities in by_need.into_values() {
        entities.sort_by_key(|entity| (entity.path.len(), entity.path.clone()));
        chosen.extend(entities.into_iter().take(2).map(|entity| entity.id));
    }
    chosen
}

/// Entities that decide something for the guide: their own list exists and a listed permission opens it.
fn listed(asked: &Asked<'_>, entity: &Entity) -> bool {
    let counted = entity
        .served
        .as_ref()
        .is_some_and(|served| served.root.has(served::Asked::Count));
    // The count is of all ids.
    let query = counted
        && entity
            .fields
            .iter()
            .any(|field| &*field.name == "id" && field.queryable);
    query
        && actions(needs(entity, Act::Query).0).iter().any(|action| {
            asked.screen.permission(*action).is_some_and(|entry| {
                asked.wanted.listed.iter().any(|(name, _, value)| {
                    *name == entry.full_name()
                        && !["None", "No", "Unchecked"].contains(&value.as_str())
                })
            })
        })
}

/// The vendor refuses with 500 and one phrase.
fn shown(answer: &Answer) -> Shown {
    let lacks = answer
        .message()
        .to_ascii_lowercase()
        .contains("adequate permissions");
    match answer.status {
        _ if lacks => Shown::Refused,
        403 => Shown::Refused,
        200..=299 => Shown::Granted,
        _ => Shown::Nothing,
    }
}

/// What is left out of lists without an error.
fn hidden(witnesses: &[Witness<'_>], counts: &Counts, report: &mut Report) {
    let mut fewer = Vec::new();
    let mut empty = Vec::new();
    for witness in witnesses {
        let all_rows = witness.act == Act::Query && witness.wanted == Access::All;
        let Some((Some(seen), all, _)) = counts.get(&*witness.entity.path).filter(|_| all_rows)
        else {
            continue;
        };
        match all {
            Some(all) if seen < all => {
                fewer.push(format!("{seen} of {all} {}", witness.entity.path));
            }
            None if *seen == 0 => empty.push(witness.entity.path.to_string()),
            _ => {}
        }
    }
    if !fewer.is_empty() {
        report.diagnoses.push(Diagnosis::new(
            format!("the key sees {}", fewer.join(", ")),
            "the level opens all of them, so a line of business hides the rest, without any error",
            "Admin > Resources (Users) > the API user > Line of Business: leave it empty, unless data are kept apart",
        ));
    }
    if !empty.is_empty() {
        report.notes.push(format!(
            "empty to this key, so there is nothing, or a line of business hides it: {}; --admin-key compares counts",
            empty.join(", ")
        ));
    }
}
