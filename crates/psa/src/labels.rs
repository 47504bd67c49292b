//! Names of referenced records, kept in memory so that a page of records does not read each of its
//! references again. Dropped when the record changes. Knows no entity by name.

use bitting_catalog::entity::{Entity, EntityId, Kind, Reference};
use bitting_catalog::route::{Route, RouteKind};
use bitting_dialects::connectwise::record::{Label, Labels, write_text};
use bitting_query::Value;
use foldhash::fast::RandomState;
use parking_lot::RwLock;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Labels kept per entity; beyond it the entity's labels start afresh.
const KEPT: usize = 50_000;

/// Which columns make a label of an entity, and its path.
#[derive(Debug, Clone, Default)]
pub struct Recipe {
    /// (field name, column) of every member some reference shows.
    pub members: Vec<(Arc<str>, Arc<str>)>,
    /// Columns of the parents in the path, outermost first.
    pub parents: Vec<Arc<str>>,
    /// Pieces of the item path between its placeholders; empty when there is no item path.
    pieces: Vec<Box<str>>,
}

/// All labels at hand.
#[derive(Debug, Default)]
pub struct LabelCache {
    recipes: Vec<Recipe>,
    /// By table: the entities whose records it holds, of those that references show.
    tables: HashMap<Arc<str>, Vec<EntityId>, RandomState>,
    kept: Vec<RwLock<HashMap<i64, Arc<Label>, RandomState>>>,
    /// How often something was forgotten: what was asked for before is not kept after.
    forgotten: AtomicU64,
}

/// Labels that one answer has read, whatever is forgotten meanwhile.
#[derive(Debug, Default)]
pub struct Found(HashMap<(EntityId, i64), Arc<Label>>);

impl Found {
    pub fn put(&mut self, entity: EntityId, id: i64, label: Arc<Label>) {
        self.0.insert((entity, id), label);
    }
}

impl Labels for Found {
    fn label(&self, target: EntityId, id: i64) -> Option<Arc<Label>> {
        self.0.get(&(target, id)).cloned()
    }
}

impl LabelCache {
    /// Works out every entity's recipe.
    pub fn new(entities: &[Entity], routes: &[Route]) -> Self {
        let mut recipes = vec![Recipe::default(); entities.len()];
        for entity in entities {
            for field in entity.every_field() {
                let (Kind::Reference(reference) | Kind::References(reference)) = &field.kind else {
                    continue;
                };
                add_members(&mut recipes, entities, reference);
            }
        }
        for (recipe, entity) in recipes.iter_mut().zip(entities) {
            recipe.parents = entity
                .parents
                .iter()
                .map(|parent| parent.column.clone())
                .collect();
            let item = routes.iter().find(|route| {
                route.entity == entity.id && route.kind == RouteKind::Item && route.view.is_none()
            });
            if let Some(route) = item {
                recipe.pieces = pieces(&route.path);
            }
        }
        let kept = entities.iter().map(|_| RwLock::default()).collect();
        let mut tables: HashMap<Arc<str>, Vec<EntityId>, RandomState> = HashMap::default();
        let shown = |entity: &&Entity| !recipes[entity.id.0 as usize].members.is_empty();
        for entity in entities.iter().filter(shown) {
            tables
                .entry(entity.table.clone())
                .or_default()
                .push(entity.id);
        }
        Self {
            recipes,
            tables,
            kept,
            forgotten: AtomicU64::new(0),
        }
    }

    pub fn recipe(&self, entity: EntityId) -> &Recipe {
        &self.recipes[entity.0 as usize]
    }

    /// To be handed to [`Self::keep`] with what is read from the store after this.
    pub fn asked(&self) -> u64 {
        self.forgotten.load(Ordering::Acquire)
    }

    /// A label read from the store: the members' values in the recipe's order, then the parents'. Kept unless
    /// something was forgotten since it was `asked` for, since it may be of before that.
    pub fn keep(
        &self,
        asked: u64,
        entity: EntityId,
        id: i64,
        members: &[Value],
        parents: &[Value],
    ) -> Arc<Label> {
        let recipe = self.recipe(entity);
        let parts = recipe
            .members
            .iter()
            .zip(members)
            .filter_map(|((name, _), value)| Some((name.clone(), json(value)?)))
            .collect();
        let mut ids: Vec<i64> = parents.iter().filter_map(integer).collect();
        ids.push(id);
        let label = Arc::new(Label {
            parts,
            path: recipe.path(&ids),
        });
        let mut kept = self.kept[entity.0 as usize].write();
        if self.asked() == asked {
            if kept.len() >= KEPT {
                kept.clear();
            }
            kept.insert(id, label.clone());
        }
        label
    }

    /// Forgets what has changed.
    pub fn forget(&self, entity: EntityId, id: i64) {
        if self.recipe(entity).members.is_empty() {
            return;
        }
        let mut kept = self.kept[entity.0 as usize].write();
        self.forgotten.fetch_add(1, Ordering::AcqRel);
        kept.remove(&id);
    }

    /// Forgets a row that has changed, as every entity shows it.
    pub fn forget_row(&self, table: &str, id: i64) {
        for entity in self.tables.get(table).into_iter().flatten() {
            self.forget(*entity, id);
        }
    }

    /// Forgets everything, after a restore.
    pub fn clear(&self) {
        self.forgotten.fetch_add(1, Ordering::AcqRel);
        for kept in &self.kept {
            kept.write().clear();
        }
    }
}

impl Labels for LabelCache {
    fn label(&self, target: EntityId, id: i64) -> Option<Arc<Label>> {
        self.kept[target.0 as usize].read().get(&id).cloned()
    }
}

impl Recipe {
    /// The record's path below the API root, from the ids in it; empty when one is missing.
    pub fn path(&self, ids: &[i64]) -> Box<str> {
        if self.pieces.is_empty() || self.pieces.len() != ids.len() + 1 {
            return Box::from("");
        }
        let mut path = String::with_capacity(48);
        for (piece, id) in self.pieces.iter().zip(ids) {
            path.push_str(piece);
            path.push_str(&id.to_string());
        }
        path.into_boxed_str()
    }
}

fn add_members(recipes: &mut [Recipe], entities: &[Entity], reference: &Reference) {
    let Some(target) = reference.target else {
        return;
    };
    let (recipe, entity) = (
        &mut recipes[target.0 as usize],
        &entities[target.0 as usize],
    );
    for (_, source) in &reference.members {
        if recipe.members.iter().any(|(name, _)| name == source) {
            continue;
        }
        if let Some(field) = entity.any_field(source) {
            recipe.members.push((source.clone(), field.column.clone()));
        }
    }
}

/// `/service/boards/{parentId}/statuses/{id}` -> `service/boards/`, `/statuses/`, ``.
fn pieces(path: &str) -> Vec<Box<str>> {
    let mut pieces = Vec::new();
    let mut rest = path.trim_start_matches('/');
    while let Some((before, after)) = rest.split_once('{') {
        pieces.push(Box::from(before));
        rest = after.split_once('}').map_or("", |(_, after)| after);
    }
    pieces.push(Box::from(rest));
    pieces
}

fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Integer(number) => Some(*number),
        _ => None,
    }
}

fn json(value: &Value) -> Option<Box<[u8]>> {
    let mut out = Vec::new();
    match value {
        Value::Null => return None,
        Value::Text(text) => write_text(&mut out, text),
        Value::Integer(number) => out.extend_from_slice(number.to_string().as_bytes()),
        Value::Number(number) => out.extend_from_slice(number.to_string().as_bytes()),
        Value::Boolean(flag) => out.extend_from_slice(if *flag { b"true" } else { b"false" }),
    }
    Some(out.into_boxed_slice())
}
