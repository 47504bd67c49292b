//! A call with everything known about it before the right is checked.

use crate::http::Received;
use bitting_catalog::entity::{Entity, Release};
use bitting_catalog::route::{Method, Operation, Route, RouteKind};
use bitting_dialects::connectwise::parameters::Parameters;
use bitting_policy::Needs;
use bitting_psa::caller::Caller;
use bitting_psa::instance::Instance;
use std::sync::Arc;

/// A call with everything known about it before the right is checked.
pub struct Call<'a> {
    pub instance: &'a Instance,
    pub caller: Arc<Caller>,
    pub route: &'a Route,
    pub entity: &'a Entity,
    pub method: Method,
    pub words: Vec<&'a str>,
    pub parameters: Parameters,
    pub release: Release,
    pub forward_only: bool,
    pub base: String,
    pub url: String,
    pub received: &'a Received,
}

impl Call<'_> {
    pub(crate) fn operation(&self) -> Option<&Operation> {
        let mut methods = self.route.methods.iter();
        methods.find(|operation| operation.method == self.method)
    }

    /// The status of an answer that went well, as the catalog has it.
    pub(crate) fn status(&self) -> u16 {
        self.operation().map_or(200, |operation| operation.status)
    }

    /// Whether the path ends in the record's own id. One that lists ends in the id of what it lists under,
    /// whatever its form.
    pub(crate) fn ends_in_own_id(&self) -> bool {
        match self.route.kind {
            RouteKind::Item | RouteKind::ItemByName => {
                let lists = self.operation().is_some_and(|operation| operation.list);
                let parents = self.entity.parents.len();
                let beyond = self.words.len() > parents;
                // A rule knows what its id is about.
                !lists || (beyond && (parents > 0 || self.route.rule.is_some()))
            }
            RouteKind::Collection | RouteKind::Count | RouteKind::Search | RouteKind::Default => {
                false
            }
            RouteKind::Info => {
                !self.words.is_empty() && !self.operation().is_some_and(|operation| operation.list)
            }
            _ => self.words.len() > parents_in(self),
        }
    }
}

/// What the call needs: the route's own right, its view's, or its entity's.
pub fn needs<'a>(call: &Call<'a>) -> &'a Needs {
    let view = call
        .route
        .view
        .and_then(|index| call.entity.views.get(index))
        .and_then(|view| view.right.as_ref());
    &call
        .route
        .right
        .as_ref()
        .or(view)
        .unwrap_or(&call.entity.right)
        .needs
}

/// How many placeholders of a path name parents: a path that leaves its entity's parents out has none, and
/// names the record alone.
pub(crate) fn parents_in(call: &Call<'_>) -> usize {
    let named = |param: &String| {
        let mut parents = call.entity.parents.iter();
        parents.any(|parent| parent.param == *param)
    };
    call.route
        .params
        .iter()
        .filter(|param| named(param))
        .count()
}
