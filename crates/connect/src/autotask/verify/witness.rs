//! Operations on entities, as the level decides them: what each has to be at least and at most, and what the key is
//! told it is.

use super::Asked;
use super::told::Told;
use crate::autotask::known::{Access, actions, needs};
use bitting_catalog::entity::Entity;
use bitting_catalog::served::Act;
use bitting_policy::{Role, Verb};

/// One operation on one entity, as the level decides it.
pub struct Witness<'a> {
    pub entity: &'a Entity,
    pub act: Act,
    pub verb: Verb,
    /// The least that serves.
    pub wanted: Access,
    /// More than this is in excess.
    pub most: Access,
    pub told: Option<Access>,
}

/// Every operation that a permission decides and the entity can do. `least` is the role that just serves, `most` the
/// whole level.
pub fn witnesses<'a>(
    asked: &'a Asked<'_>,
    least: &Role,
    most: &Role,
    told: Option<&Told>,
) -> Vec<Witness<'a>> {
    let mut all = Vec::new();
    for entity in &asked.screen.catalog.entities {
        let can = entity.served.as_ref().map(|served| served.can);
        for act in Act::EVERY {
            let (needs, verb) = needs(entity, act);
            if actions(needs).is_empty() || !can.is_some_and(|can| can.does(act)) {
                continue;
            }
            let told =
                told.and_then(|told| told.get(&(entity.schema.to_string(), act.word())).copied());
            all.push(Witness {
                entity,
                act,
                verb,
                wanted: asked.screen.access(least, entity, act),
                most: asked.screen.access(most, entity, act),
                told,
            });
        }
    }
    all
}
