//! What entityInformation says of the caller.

use super::Asked;
use crate::ConnectError;
use crate::autotask::known::{Access, actions, needs};
use crate::report::Report;
use bitting_catalog::entity::Entity;
use bitting_catalog::served::Act;
use serde_json::Value;
use std::collections::BTreeMap;

/// How far the caller goes, by entity and operation.
pub type Told = BTreeMap<(String, &'static str), Access>;

/// What entityInformation says of this caller, by entity and operation; nothing where it is not answered.
pub fn told(asked: &Asked<'_>, report: &mut Report) -> Result<Option<Told>, ConnectError> {
    let answer = asked.key.ask("GET", "EntityInformation", None)?;
    let mut infos: Vec<Value> = Vec::new();
    if answer.is_success() {
        let listed = answer.body["entityDescriptions"].as_array();
        infos.extend(
            listed
                .into_iter()
                .flatten()
                .map(|each| each["info"].clone()),
        );
    } else {
        // Some zones answer it for one entity at a time.
        for entity in entities(asked) {
            let path = format!("{}/entityInformation", entity.path);
            let answer = asked.key.ask("GET", &path, None)?;
            if answer.is_success() {
                infos.push(answer.body["info"].clone());
            }
        }
    }
    if infos.is_empty() {
        report
            .notes
            .push("entityInformation is not answered here, so counts alone prove".to_owned());
        return Ok(None);
    }
    let mut told = BTreeMap::new();
    for info in &infos {
        let Some(name) = info["name"].as_str() else {
            continue;
        };
        for act in Act::EVERY {
            let field = format!("userAccessFor{}", capital(act.word()));
            if let Some(access) = info[&field].as_str().and_then(Access::read) {
                told.insert((name.to_owned(), act.word()), access);
            }
        }
    }
    Ok(Some(told))
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

/// Entities that a permission of the level decides.
fn entities<'a>(asked: &'a Asked<'_>) -> impl Iterator<Item = &'a Entity> {
    asked.screen.catalog.entities.iter().filter(|entity| {
        Act::EVERY
            .into_iter()
            .any(|act| !actions(needs(entity, act).0).is_empty())
    })
}
