//! What kind of path a new one is, and whose records it is about. Must not know data files.

use super::Operation;
use crate::catalog::{Catalog, fold};
use crate::entity::Entity;
use crate::read::key;
use crate::route::{Method, RouteKind};

/// A path as the router tells it from others, whatever stands in its last placeholder.
pub fn loose(path: &str) -> String {
    key(path, RouteKind::Item)
}

/// The kind of a new path, and the entity it belongs to. `None` for a verb of its own.
pub fn classify(path: &str, new: &[&Operation]) -> Option<(&'static str, String)> {
    let segments: Vec<&str> = path
        .split('/')
        .filter(|segment| !segment.is_empty())
        .collect();
    let bare = |segments: &[&str]| {
        let words = segments.iter().filter(|segment| !segment.starts_with('{'));
        words.copied().collect::<Vec<_>>().join("/")
    };
    let (last, before) = segments.split_last()?;
    let gets = new.iter().all(|operation| operation.method == Method::Get);
    let light = ["count", "usages"]
        .iter()
        .find(|word| last.eq_ignore_ascii_case(word));
    if let Some(word) = light.filter(|_| gets) {
        return Some((word, bare(before)));
    }
    if last.starts_with('{') {
        return Some(("item", bare(&segments)));
    }
    // A list is read, or made longer; a word that is only posted to after an id does something.
    let reads = new
        .iter()
        .any(|operation| operation.method == Method::Get && operation.list);
    let posts = new
        .iter()
        .any(|operation| operation.method == Method::Post && operation.returns.is_some());
    let after_id = before
        .last()
        .is_some_and(|segment| segment.starts_with('{'));
    (reads || (posts && !after_id)).then(|| ("collection", bare(&segments)))
}

/// The entity whose id stands before the last word of a path.
pub fn above<'c>(path: &str, catalog: &'c Catalog) -> Option<&'c Entity> {
    let segments: Vec<&str> = path
        .split('/')
        .filter(|segment| !segment.is_empty())
        .collect();
    let ends_in_id = segments
        .last()
        .is_some_and(|segment| segment.starts_with('{'));
    let end = segments.len() - usize::from(ends_in_id) - 1;
    let before = segments.get(..end)?;
    before.last().filter(|segment| segment.starts_with('{'))?;
    let words = before.iter().filter(|segment| !segment.starts_with('{'));
    catalog.entity_at(&fold(&words.copied().collect::<Vec<_>>().join("/")))
}

pub fn kind_word(kind: RouteKind) -> Option<&'static str> {
    Some(match kind {
        RouteKind::Collection => "collection",
        RouteKind::Item => "item",
        RouteKind::Count => "count",
        _ => return None,
    })
}
