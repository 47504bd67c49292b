//! What is known of how records look: layouts that were worked out, and what reading one record for them takes.

use crate::row::by_name;
use bitting_catalog::entity::{Entity, EntityId, Kind as FieldKind, Release};
use bitting_dialects::connectwise::layout::{ENTERED_BY, Layout, SCOPE};
use bitting_dialects::connectwise::projection::Projection;
use bitting_store::table::Column;
use foldhash::fast::RandomState;
use parking_lot::RwLock;
use std::collections::HashMap;
use std::sync::Arc;

/// Layouts kept; callers ask for few projections, but nothing keeps them from asking for many.
pub(super) const LAYOUTS: usize = 2_000;

type LayoutKey = (EntityId, Option<usize>, Release, u64, Option<String>);

/// What is kept of them.
#[derive(Default)]
pub(super) struct Layouts {
    pub(super) known: RwLock<HashMap<LayoutKey, Arc<Known>, RandomState>>,
    pub(super) projections: RwLock<HashMap<Box<str>, Arc<Projection>, RandomState>>,
}

/// A layout, and what reading one record for it takes.
pub(crate) struct Known {
    pub(super) layout: Layout,
    /// Its columns, and those that permits look at.
    pub(super) by_id: Vec<Arc<str>>,
    /// Where the latter stand among them.
    pub(super) guards: Vec<(Arc<str>, usize)>,
    /// The layout's columns in the order in which rows keep them, and where each stands.
    pub(super) sorted: Vec<(Arc<str>, usize)>,
}

impl Known {
    pub(super) fn new(layout: Layout, guards: &[Arc<str>]) -> Self {
        let mut by_id = layout.columns.clone();
        let mut places = Vec::with_capacity(guards.len());
        for guard in guards {
            let place = by_id.iter().position(|column| column == guard);
            let place = place.unwrap_or_else(|| {
                by_id.push(guard.clone());
                by_id.len() - 1
            });
            places.push((guard.clone(), place));
        }
        let sorted = layout.columns.iter().enumerate();
        let mut sorted: Vec<_> = sorted.map(|(at, name)| (name.clone(), at)).collect();
        sorted.sort_unstable_by(|left, right| by_name(&left.0, &right.0));
        Self {
            layout,
            by_id,
            guards: places,
            sorted,
        }
    }
}

/// Columns that permits look at: where a row hangs, whose it is, what it hangs under.
pub(super) fn guards(entity: &Entity, columns: &[Column]) -> Arc<[Arc<str>]> {
    let field = |name: &str| entity.any_field(name).map(|field| field.column.clone());
    let scope = &entity.scope;
    let named = [scope.board.as_deref(), scope.project.as_deref()];
    let mut guards = vec![Arc::from("id"), Arc::from(SCOPE), Arc::from(ENTERED_BY)];
    guards.extend(named.into_iter().flatten().filter_map(field));
    guards.extend(entity.parents.iter().map(|parent| parent.column.clone()));
    // Whether a record that only bears a mark is gone, for those who refer to it.
    guards.extend(entity.soft_delete.as_deref().and_then(field));
    for (name, _) in &entity.only {
        let plain = |kind: &FieldKind| !matches!(kind, FieldKind::Reference(_));
        let field = entity.any_field(name).filter(|field| plain(&field.kind));
        guards.extend(field.map(|field| field.column.clone()));
    }
    let mut seen: Vec<Arc<str>> = Vec::new();
    for guard in guards {
        let there = &*guard == "id" || columns.iter().any(|column| column.name == guard);
        if there && !seen.contains(&guard) {
            seen.push(guard);
        }
    }
    seen.into()
}
