//! From a path to its route: letter case, doubled and trailing slashes make no difference, and a literal
//! segment wins over a placeholder. Knows no verbs' meaning.

use bitting_catalog::route::{Route, RouteKind};
use std::collections::HashMap;

/// Every path of the API as a tree of segments.
#[derive(Debug, Default)]
pub struct Router {
    root: Node,
}

#[derive(Debug, Default)]
struct Node {
    literal: HashMap<Box<str>, Node>,
    placeholder: Option<Box<Node>>,
    /// Index of the route that ends here, for a number in the last placeholder or no placeholder at all.
    route: Option<usize>,
    /// Index of the route that ends here with a word in the last placeholder.
    by_name: Option<usize>,
}

/// A route found, with what stood in its placeholders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match<'p> {
    pub route: usize,
    pub params: Vec<&'p str>,
}

impl Router {
    /// Builds the tree. Later routes do not replace earlier ones on the same path.
    pub fn new(routes: &[Route]) -> Self {
        let mut router = Self::default();
        for (index, route) in routes.iter().enumerate() {
            router.insert(&route.path, index, takes_word(route));
            // The vendor's description lost a slash here; both spellings are served.
            if route.path.contains("types{id}") {
                router.insert(&route.path.replace("types{id}", "types/{id}"), index, false);
            }
        }
        router
    }

    fn insert(&mut self, path: &str, index: usize, word: bool) {
        let mut node = &mut self.root;
        for segment in path.split('/').filter(|segment| !segment.is_empty()) {
            node = if segment.starts_with('{') {
                node.placeholder.get_or_insert_default()
            } else {
                node.literal
                    .entry(segment.to_ascii_lowercase().into_boxed_str())
                    .or_default()
            };
        }
        let slot = if word {
            &mut node.by_name
        } else {
            &mut node.route
        };
        slot.get_or_insert(index);
    }

    /// Finds the route of a path below the API root.
    pub fn find<'p>(&self, path: &'p str) -> Option<Match<'p>> {
        let segments: Vec<&str> = path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .flat_map(apart)
            .collect();
        let mut params = Vec::new();
        let route = self.root.walk(&segments, &mut params)?;
        Some(Match { route, params })
    }
}

impl Node {
    fn walk<'p>(&self, segments: &[&'p str], params: &mut Vec<&'p str>) -> Option<usize> {
        let Some((first, rest)) = segments.split_first() else {
            let is_number = params
                .last()
                .is_none_or(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
            return if is_number {
                self.route.or(self.by_name)
            } else {
                self.by_name.or(self.route)
            };
        };
        let lower;
        let key: &str = if first.bytes().any(|byte| byte.is_ascii_uppercase()) {
            lower = first.to_ascii_lowercase();
            &lower
        } else {
            first
        };
        if let Some(found) = self
            .literal
            .get(key)
            .and_then(|next| next.walk(rest, params))
        {
            return Some(found);
        }
        let next = self.placeholder.as_deref()?;
        params.push(first);
        let found = next.walk(rest, params);
        if found.is_none() {
            params.pop();
        }
        found
    }
}

/// `types17`, which the vendor's description writes without its slash, is `types`, `17`.
fn apart(segment: &str) -> impl Iterator<Item = &str> {
    let joined = segment
        .get(..5)
        .filter(|start| start.eq_ignore_ascii_case("types"))
        .map(|_| segment.split_at(5))
        .filter(|(_, id)| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()));
    let (first, second) = match joined {
        Some((word, id)) => (word, Some(id)),
        None => (segment, None),
    };
    std::iter::once(first).chain(second)
}

fn takes_word(route: &Route) -> bool {
    route.kind == RouteKind::ItemByName
}
