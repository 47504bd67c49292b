//! What a gate keeps: the way to its PSA, and what it has seen there. How calls pass through is the gate's own matter.

use super::upstream::Upstream;
use bitting_catalog::Catalog;
use bitting_catalog::entity::EntityId;
use bitting_catalog::route::{Method, RouteKind};
use parking_lot::RwLock;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Instant;

/// A gate in front of one PSA.
pub struct Gate {
    pub(super) upstream: Upstream,
    /// Lists that conditions on an entity are sent to, and the paths of single records.
    pub(super) lists: HashMap<EntityId, Arc<str>>,
    pub(super) items: HashMap<EntityId, Arc<str>>,
    /// Ids of members on the PSA, and when they were looked up.
    pub(super) people: RwLock<HashMap<String, (Instant, Option<i64>)>>,
    /// Paths that were seen to heed conditions when they count.
    pub(super) heedful: RwLock<HashMap<Arc<str>, bool>>,
    /// Names on the PSA of virtual members that are called otherwise there, both in lower case.
    pub(super) names: RwLock<BTreeMap<String, String>>,
}

impl Gate {
    pub fn new(upstream: Upstream, catalog: &Catalog) -> Self {
        let (mut lists, mut items) = (HashMap::new(), HashMap::new());
        for route in &catalog.routes {
            let reads = route.methods.iter().any(|op| op.method == Method::Get);
            if !reads || route.view.is_some() || route.rule.is_some() {
                continue;
            }
            let entity = catalog.entity(route.entity);
            let parents = entity.parents.len();
            match route.kind {
                RouteKind::Collection if route.params.len() == parents => {
                    lists.entry(entity.id).or_insert_with(|| route.path.clone());
                }
                RouteKind::Item if route.params.len() == parents + 1 => {
                    items.entry(entity.id).or_insert_with(|| route.path.clone());
                }
                _ => {}
            }
        }
        Self {
            upstream,
            lists,
            items,
            people: RwLock::default(),
            heedful: RwLock::default(),
            names: RwLock::default(),
        }
    }

    /// Where the PSA is, for people.
    pub fn address(&self) -> &str {
        self.upstream.address()
    }
}
