//! Behaviour that is not data. An entity's file names its rules; here they are found. This folder is the
//! only place in the server that knows entities by name.

pub mod first;
pub mod members;
pub mod system;

use crate::caller::Caller;
use crate::draft::Draft;
use crate::instance::Instance;
use crate::permit::Permit;
use crate::problem::Problem;
use crate::row::Row;
use bitting_catalog::entity::Entity;
use bitting_dialects::connectwise::body::Input;
use bitting_dialects::connectwise::parameters::Parameters;
use bitting_store::table::Change;
use jiff::Timestamp;

/// What every rule may look at.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    pub instance: &'a Instance,
    pub caller: &'a Caller,
    pub now: Timestamp,
    pub parameters: &'a Parameters,
    /// Ids in the path before the record's own, outermost first.
    pub parents: &'a [i64],
    /// `https://host/v4_6_release/apis/3.0/`
    pub base: &'a str,
}

/// An answer that is not a plain record of the entity.
#[derive(Debug, Default)]
pub struct Answer {
    pub status: u16,
    /// JSON, unless `media` says otherwise.
    pub body: Vec<u8>,
    pub media: Option<String>,
    /// File name of a download.
    pub file: Option<String>,
}

impl Answer {
    pub fn json(status: u16, value: &serde_json::Value) -> Self {
        Self {
            status,
            body: serde_json::to_vec(value).unwrap_or_default(),
            media: None,
            file: None,
        }
    }

    pub fn empty(status: u16) -> Self {
        Self {
            status,
            ..Self::default()
        }
    }
}

/// Fills in what other fields are looked up within (a ticket's board), before they are.
pub async fn prepare(_context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    for rule in &draft.entity.rules {
        match rule.as_str() {
            _ => {}
        }
    }
    Ok(())
}

/// Fills in and checks a record before it is saved; `draft.before` tells a change from a creation.
pub async fn before_save(
    context: Context<'_>,
    draft: &mut Draft<'_>,
    _input: &Input,
) -> Result<(), Problem> {
    for rule in &draft.entity.rules {
        match rule.as_str() {
            "member" | "api_member" => members::save(context, draft).await?,
            _ => {}
        }
    }
    Ok(())
}

/// What goes with a record that is deleted; or why it stays.
pub async fn before_delete(
    _context: Context<'_>,
    entity: &Entity,
    _row: &Row,
    _also: &mut Vec<Change>,
) -> Result<(), Problem> {
    for rule in &entity.rules {
        match rule.as_str() {
            _ => {}
        }
    }
    Ok(())
}

/// What follows once a record is at rest: caches that have to be built anew.
pub fn after_save(instance: &Instance, entity: &Entity) {
    if members::decides_rights(&entity.path) {
        instance.security_changed();
    }
}

/// Rows of an entity that is worked out and not stored, unfiltered; `None` when it is stored.
pub async fn computed(
    _context: Context<'_>,
    _permit: &Permit<'_>,
) -> Result<Option<Vec<Row>>, Problem> {
    Ok(None)
}

/// A verb of its own on a path (`/copy`, `/merge`), a singleton or a file; `None` when no rule answers it.
pub async fn action(
    _context: Context<'_>,
    _permit: &Permit<'_>,
    rule: &str,
    _id: Option<i64>,
    _body: &[u8],
) -> Result<Option<Answer>, Problem> {
    match rule {
        _ => Ok(None),
    }
}
