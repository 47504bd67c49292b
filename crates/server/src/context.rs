//! What a rule is told of the call it works for.

use crate::backend::Look;
use crate::caller::Caller;
use crate::instance::Instance;
use bitting_catalog::entity::Release;
use bitting_catalog::route::{Method, Route};
use bitting_dialects::connectwise::parameters::Parameters;
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
