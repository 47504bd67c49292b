//! What a rule is told of the call it works for, and what the core asks of rules without knowing one: they are handed
//! in by who opens the call, so that saving stands below them.

use crate::backend::Look;
use crate::caller::Caller;
use crate::draft::Draft;
use crate::instance::{Instance, Later};
use crate::row::Row;
use bitting_catalog::entity::{Entity, Release};
use bitting_catalog::route::{Method, Route};
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
    /// What stood in the path's placeholders, as the client wrote it.
    pub words: &'a [&'a str],
    /// `https://host/v4_6_release/apis/3.0/`
    pub base: &'a str,
    pub route: &'a Route,
    pub method: Method,
    pub release: Release,
    /// What the client says its body is.
    pub content_type: Option<&'a str>,
    /// What entities do beyond their data.
    pub rules: &'static dyn Rules,
}

/// What entities do beyond their data, when a record is saved or deleted.
pub trait Rules: Sync {
    /// Fills in what other fields are looked up within (a ticket's board), before they are.
    fn prepare<'a, 'd: 'a>(&self, context: Context<'a>, draft: &'a mut Draft<'d>) -> Later<'a, ()>;

    /// Fills in and checks a record before it is saved; `draft.before` tells a change from a creation.
    fn before_save<'a, 'd: 'a>(
        &self,
        context: Context<'a>,
        draft: &'a mut Draft<'d>,
    ) -> Later<'a, ()>;

    /// Adds the rows that come with a record, once its place is known.
    fn alongside<'a, 'd: 'a>(
        &self,
        context: Context<'a>,
        draft: &'a mut Draft<'d>,
    ) -> Later<'a, ()>;

    /// Adds what goes with a record that is deleted; or says why it stays.
    fn before_delete<'a>(
        &self,
        context: Context<'a>,
        entity: &'a Entity,
        row: &'a Row,
        also: &'a mut Vec<Change>,
    ) -> Later<'a, ()>;

    /// What follows once a record is gone.
    fn after_delete(&self, instance: &Instance, entity: &Entity, id: i64);

    /// Adds what tells of a record that was created or changed.
    fn saved<'a, 'd: 'a>(
        &self,
        context: Context<'a>,
        draft: &'a Draft<'d>,
        changes: &'a mut Vec<Change>,
    ) -> Later<'a, ()>;

    /// Adds what tells of a record that was deleted.
    fn removed<'a>(
        &self,
        context: Context<'a>,
        entity: &'a Entity,
        row: &'a Row,
        changes: &'a mut Vec<Change>,
    ) -> Later<'a, ()>;

    /// Adds what tells of everything else that the changes do.
    fn complete<'a>(&self, context: Context<'a>, changes: &'a mut Vec<Change>) -> Later<'a, ()>;
}

impl<'a> Context<'a> {
    /// A whole record of the entity itself, as this call's release writes it.
    pub fn look(self) -> Look<'a> {
        Look {
            view: None,
            projection: None,
            release: self.release,
            base: self.base,
            parents: self.parents,
        }
    }
}
