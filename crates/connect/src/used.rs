//! Which rights calls that were made needed, from the PSA's log of events. What was refused needed more than
//! it had, so only calls that were served count as use.

use crate::ConnectError;
use bitting_catalog::Catalog;
use bitting_catalog::route::{Method, Route, RouteKind};
use bitting_client::Psa;
use bitting_policy::{ActionId, EntryId, Needs, Verb};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// One call of the log.
#[derive(Debug, Clone, Deserialize)]
pub struct Called {
    pub method: String,
    /// As it was asked for, below the server's address.
    pub path: String,
    #[serde(default)]
    pub member: String,
    /// Path of the route with its placeholders.
    #[serde(default)]
    pub route: String,
    pub status: u16,
    /// How often; a line of a log that does not count stands for one call.
    #[serde(default = "once")]
    pub count: usize,
}

fn once() -> usize {
    1
}

/// A right that a call needs: a row, or a setup table behind its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    Row(ActionId, Verb),
    Table(EntryId, Verb),
}

/// The calls there is a log of; nothing on a PSA that keeps none for callers.
pub fn events(psa: &Psa) -> Result<Option<Vec<Called>>, ConnectError> {
    // What is kept counts from the first day; a server that keeps nothing may still have a short log.
    for path in ["used", "events"] {
        match psa.own("GET", path, None) {
            Ok(value) => return Ok(serde_json::from_value(value).ok()),
            Err(error) if error.status().is_some() => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(None)
}

/// The rights that each member's served calls needed, by member id.
pub fn by_member(events: &[Called], catalog: &Catalog) -> BTreeMap<String, BTreeSet<Right>> {
    let mut used: BTreeMap<String, BTreeSet<Right>> = BTreeMap::new();
    for event in events
        .iter()
        .filter(|event| event.status < 400 && !event.member.is_empty())
    {
        let rights = used.entry(event.member.to_lowercase()).or_default();
        rights.extend(rights_of(event, catalog));
        rights.extend(widening(event, catalog));
    }
    used
}

/// The rights one call needs.
pub fn rights_of(event: &Called, catalog: &Catalog) -> Vec<Right> {
    let Some(route) = catalog
        .routes
        .iter()
        .find(|route| *route.path == *event.route)
    else {
        return Vec::new();
    };
    let mut rights = Vec::new();
    collect(
        needs_of(catalog, route),
        verb_of(route, &event.method),
        &mut rights,
    );
    rights
}

/// The rights that show records of others to a call. It is served without them, with its own records alone.
pub fn widening(event: &Called, catalog: &Catalog) -> Vec<Right> {
    let mut rights = Vec::new();
    let mut routes = catalog.routes.iter();
    let entity = routes
        .find(|route| *route.path == *event.route)
        .map(|route| catalog.entity(route.entity));
    if let Some(right) = entity.and_then(|entity| entity.extra_rights.get("others")) {
        collect(&right.needs, Verb::Inquire, &mut rights);
    }
    rights
}

/// The rights of a path: its own, its view's, or its entity's.
pub fn needs_of<'a>(catalog: &'a Catalog, route: &'a Route) -> &'a Needs {
    let entity = catalog.entity(route.entity);
    let view = route
        .view
        .and_then(|view| entity.views.get(view))
        .and_then(|view| view.right.as_ref());
    &route.right.as_ref().or(view).unwrap_or(&entity.right).needs
}

/// The level a call asks for.
fn verb_of(route: &Route, method: &str) -> Verb {
    let makes = |path: &str| {
        let last = path
            .trim_end_matches('/')
            .rsplit('/')
            .find(|part| !part.starts_with('{'))
            .unwrap_or_default();
        ["copy", "generate", "invoice"].contains(&last)
            || last.starts_with("convertTo")
            || last.starts_with("createFrom")
    };
    match (route.kind, method) {
        (_, "GET") | (RouteKind::Search, _) => Verb::Inquire,
        (
            RouteKind::Collection | RouteKind::Bulk | RouteKind::Singleton | RouteKind::Item,
            "POST",
        ) => Verb::Add,
        (RouteKind::Action, "POST") if makes(&route.path) => Verb::Add,
        (_, "DELETE") => Verb::Delete,
        _ => Verb::Edit,
    }
}

fn collect(needs: &Needs, verb: Verb, rights: &mut Vec<Right>) {
    match needs {
        Needs::Anyone | Needs::AnyMember => {}
        Needs::Action(action) => rights.push(Right::Row(*action, verb)),
        Needs::Table(table) => rights.push(Right::Table(*table, verb)),
        Needs::Every(all) => all.iter().for_each(|needs| collect(needs, verb, rights)),
        // Which of them served cannot be told from outside; the first is what the vendor names first.
        Needs::Either(all) => all
            .iter()
            .take(1)
            .for_each(|needs| collect(needs, verb, rights)),
    }
}

/// Whether a route can be asked for without knowing an id.
pub(crate) fn is_plain_list(route: &Route) -> bool {
    route.kind == RouteKind::Collection
        && route.params.is_empty()
        && route
            .methods
            .iter()
            .any(|operation| operation.method == Method::Get)
}
