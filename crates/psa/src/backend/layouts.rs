//! Layouts of answers, worked out once for each entity, view, release, projection and set of hidden fields. Knows
//! no entity by name.

use super::known::{Known, LAYOUTS, guards};
use super::{Backend, Look};
use crate::permit::Permit;
use bitting_catalog::entity::{EntityId, View};
use bitting_dialects::connectwise::layout::{Layout, Wanted};
use bitting_dialects::connectwise::projection::Projection;
use std::sync::Arc;

impl Backend {
    /// Nothing of an entity but the columns that permits look at.
    pub(super) fn guarded(&self, entity: EntityId) -> &Known {
        let at = entity.0 as usize;
        self.guarded[at].get_or_init(|| {
            let guards = guards(self.catalog.entity(entity), &self.columns[at]);
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
    pub fn projection(&self, fields: &str) -> Option<Arc<Projection>> {
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
