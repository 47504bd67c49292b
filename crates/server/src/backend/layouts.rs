//! Layouts of answers, worked out once for each entity, view, release, projection and set of hidden fields. Knows
//! no entity by name.

use super::{Backend, Look};
use crate::permit::Permit;
use crate::row::by_name;
use bitting_catalog::entity::{EntityId, Release, View};
use bitting_dialects::connectwise::layout::{Layout, Wanted};
use bitting_dialects::connectwise::projection::Projection;
use foldhash::fast::RandomState;
use parking_lot::RwLock;
use std::collections::HashMap;
use std::sync::Arc;

/// Layouts kept; callers ask for few projections, but nothing keeps them from asking for many.
const LAYOUTS: usize = 2_000;

type LayoutKey = (EntityId, Option<usize>, Release, u64, Option<String>);

/// What is kept of them.
#[derive(Default)]
pub(super) struct Layouts {
    known: RwLock<HashMap<LayoutKey, Arc<Known>, RandomState>>,
    projections: RwLock<HashMap<Box<str>, Arc<Projection>, RandomState>>,
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

impl Backend {
    /// Nothing of an entity but the columns that permits look at.
    pub(super) fn guarded(&self, entity: EntityId) -> &Known {
        let at = entity.0 as usize;
        self.guarded[at].get_or_init(|| {
            let guards = super::by_id::guards(self.catalog.entity(entity), &self.columns[at]);
            let layout = Layout {
                columns: Vec::new(),
                steps: Vec::new(),
                info: None,
                extra: None,
            };
            Box::new(Known::new(layout, &guards))
        })
    }

    /// What `fields` asks for; `None` where it asks for nothing in particular.
    pub(crate) fn projection(&self, fields: &str) -> Option<Arc<Projection>> {
        if let Some(known) = self.layouts.projections.read().get(fields) {
            return Some(known.clone());
        }
        let read = Arc::new(Projection::read(fields)?);
        let mut projections = self.layouts.projections.write();
        if projections.len() >= LAYOUTS {
            projections.clear();
        }
        projections.insert(Box::from(fields), read.clone());
        Some(read)
    }

    pub(super) fn layout(&self, permit: &Permit<'_>, look: &Look<'_>) -> Arc<Known> {
        let entity = permit.entity();
        let view: Option<&View> = look.view.and_then(|index| entity.views.get(index));
        let hidden = |field: usize| permit.hides(field);
        let wanted = Wanted {
            names: &*self.catalog,
            view,
            projection: look.projection,
            release: look.release,
            hidden: &hidden,
        };
        let fields = look
            .projection
            .map(|projection| projection.text().to_owned());
        let key = (entity.id, look.view, look.release, permit.hidden(), fields);
        if let Some(known) = self.layouts.known.read().get(&key) {
            return known.clone();
        }
        let guards = &self.guarded(entity.id).by_id;
        let layout = Arc::new(Known::new(Layout::new(entity, wanted), guards));
        let mut layouts = self.layouts.known.write();
        if layouts.len() >= LAYOUTS {
            layouts.clear();
        }
        layouts.insert(key, layout.clone());
        layout
    }
}
