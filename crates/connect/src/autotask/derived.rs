//! Cells of a level that act as more than the screen says: what plan, proof and audit tell of them.

use super::known::Screen;
use crate::ConnectError;
use bitting_catalog::security::SecurityLevel;
use bitting_catalog::served::Act;

/// A cell that acts as more than it says.
pub struct Acting {
    /// `Contracts / Contracts: View None acts as All, because …`
    pub said: String,
    /// Entities that the key may do more with by it; empty where the rest of the level keeps them shut.
    pub opens: Vec<String>,
    /// What to set where it is not meant.
    pub remedy: String,
}

impl Acting {
    /// The whole sentence, with what comes of it.
    pub fn note(&self) -> String {
        let said = &self.said;
        match self.opens.as_slice() {
            [] => format!("{said}; the rest of the level still keeps it from the API"),
            [one] => format!("{said}; that opens {one}"),
            [one, rest @ ..] => format!("{said}; that opens {one} and {} more", rest.len()),
        }
    }
}

/// Every such cell of a level.
pub fn acting(level: &SecurityLevel, screen: &Screen) -> Result<Vec<Acting>, ConnectError> {
    let found = screen.permissions.derivations(level);
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let fault = |error: bitting_catalog::security::LevelError| ConnectError::InTheWay {
        what: error.to_string(),
        remedy: "correct the level".to_owned(),
    };
    let acts = screen.role(level).map_err(fault)?;
    let set = screen
        .permissions
        .role_as_set(&screen.registry, 0, level)
        .map_err(fault)?;
    let further = screen.catalog.entities.iter().filter(|entity| {
        Act::EVERY
            .into_iter()
            .any(|act| screen.access(&acts, entity, act) > screen.access(&set, entity, act))
    });
    let mut opens: Vec<String> = further.map(|entity| entity.path.to_string()).collect();
    // The plainest name first.
    opens.sort_by_key(|path| (path.len(), path.clone()));
    Ok(found
        .iter()
        .map(|each| Acting {
            said: each.to_string(),
            opens: opens.clone(),
            remedy: each.remedy(),
        })
        .collect())
}
