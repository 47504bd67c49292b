//! From recipes as written to a plan: finds every entity and field in the catalog, settles what is made
//! below what, and what has to be remembered. Field recipes are read in `makers`, paths in `paths`.

use super::error::DemoError;
use super::plan::{Assign, Block, Condition, Count, Gathered, Keep, Later, Plan, Route, Rows, To};
use super::recipe::{Recipes, TableRecipe};
use bitting_catalog::Catalog;
use bitting_catalog::entity::{Entity, EntityId, Field};
use std::collections::{HashMap, HashSet};
use toml::{Table, Value};

/// Reads recipes against a catalog.
pub(super) struct Compiler<'a> {
    pub catalog: &'a Catalog,
    pub recipes: &'a Recipes,
    pub keep: Vec<Option<Keep>>,
    pub under: HashSet<(EntityId, EntityId)>,
    pub filters: usize,
    /// Names of the rows that stand in recipes, in small letters, by entity.
    pub known: HashMap<EntityId, HashSet<String>>,
}

/// The row whose recipe is being read.
pub(super) struct Scene<'a> {
    pub entity: &'a Entity,
    pub lets: Vec<String>,
    /// Slots that have a value by now.
    pub done: HashSet<usize>,
    /// Stamps that have a value by now.
    pub stamped: Vec<To>,
    /// Rows above: the entity, and the names of its lets.
    pub above: Vec<(&'a Entity, Vec<String>)>,
    /// Entity of the rows that `each_row` goes through.
    pub item: Option<EntityId>,
    pub distinct: Vec<usize>,
}

/// What a value is for.
#[derive(Clone, Default)]
pub(super) struct Want<'a> {
    pub field: Option<&'a Field>,
    /// Entity whose rows the value names.
    pub target: Option<EntityId>,
    pub within: Option<Route>,
}

/// First stream of tables that stand apart: above any number of tables.
const APART: usize = 1_000_000;

/// Makes the plan.
pub(super) fn compile(catalog: &Catalog, recipes: &Recipes) -> Result<Plan, DemoError> {
    let mut keep: Vec<Option<Keep>> = Vec::new();
    keep.resize_with(catalog.entities.len(), || None);
    let mut compiler = Compiler {
        catalog,
        recipes,
        keep,
        under: HashSet::new(),
        filters: 0,
        known: HashMap::new(),
    };
    compiler.survey()?;
    let mut blocks: Vec<Block> = Vec::with_capacity(recipes.tables.len());
    let mut roots = Vec::new();
    let mut streams = Vec::new();
    for (index, recipe) in recipes.tables.iter().enumerate() {
        let mut block = compiler.block(recipe).map_err(|mut error| {
            if error.entity.is_empty() {
                error.entity.clone_from(&recipe.entity);
            }
            error
        })?;
        // A table that stands apart has a stream of its own and leaves those of the tables behind it as they are.
        let apart = |table: &TableRecipe| table.keys.get("apart").is_some();
        let before = &recipes.tables[..index];
        block.stream = if apart(recipe) {
            APART + index
        } else {
            before.iter().filter(|table| !apart(table)).count()
        };
        let parents: Vec<usize> = match block.each {
            None => Vec::new(),
            // Rows below those that the recipe names, which stand in recipes themselves, whatever else is made
            // of their kind.
            Some(_) if !block.only.is_empty() => Vec::new(),
            Some(each) => (0..index)
                .filter(|parent| blocks[*parent].entity == each && streams[*parent])
                .collect(),
        };
        let made = matches!(block.rows, Rows::Made(..));
        streams.push(made || !parents.is_empty());
        if parents.is_empty() {
            roots.push(index);
        }
        for parent in parents {
            blocks[parent].children.push(index);
        }
        blocks.push(block);
    }
    let file = &recipes.settings.file;
    let members = compiler.entity(file, &recipes.settings.members)?.id;
    let locations = compiler.entity(file, &recipes.settings.locations)?.id;
    let roles = compiler.entity(file, &recipes.settings.roles)?.id;
    for block in &blocks {
        let entity = catalog.entity(block.entity);
        // What a row takes its node from must be remembered.
        if let Some(via) = entity
            .scope
            .via
            .as_deref()
            .and_then(|name| entity.any_field(name))
            .and_then(Field::target)
        {
            compiler.keep[catalog.home(via).id.0 as usize].get_or_insert_default();
        }
    }
    Ok(Plan {
        blocks,
        roots,
        keep: compiler.keep,
        under: compiler.under,
        words: recipes.words.values().cloned().collect(),
        members,
        locations,
        roles,
    })
}

impl<'a> Compiler<'a> {
    /// Notes the names of all rows that stand in recipes, so that a misspelled one is found before
    /// anything is made.
    fn survey(&mut self) -> Result<(), DemoError> {
        for recipe in &self.recipes.tables {
            let entity = self.entity(&recipe.file, &recipe.entity)?;
            if recipe.rows.is_none() {
                continue;
            }
            let slots = entity.every_field().count();
            if entity.stored_in.is_none() {
                self.keep[entity.id.0 as usize] = Some(Keep {
                    slots: (0..slots).collect(),
                    named: true,
                });
            }
            let names: Vec<&str> = self
                .name_fields(entity)
                .into_iter()
                .map(|(_, name)| name)
                .collect();
            let known = self.known.entry(entity.id).or_default();
            for row in recipe.rows.iter().flatten() {
                for name in &names {
                    match row.get(*name) {
                        Some(Value::String(text)) => known.insert(text.to_lowercase()),
                        Some(Value::Integer(number)) => known.insert(number.to_string()),
                        _ => false,
                    };
                }
            }
        }
        Ok(())
    }

    /// Slots and names of the fields by which rows of an entity go: those that references show first.
    pub fn name_fields(&self, entity: &'a Entity) -> Vec<(usize, &'a str)> {
        name_fields(self.catalog, entity)
    }

    pub fn entity(&self, file: &str, path: &str) -> Result<&'a Entity, DemoError> {
        let found = self.catalog.entity_at(path).filter(|entity| entity.stored);
        found.ok_or_else(|| {
            let paths = self.catalog.entities.iter().map(|entity| &*entity.path);
            DemoError::new(file, format!("the catalog stores no entity `{path}`"))
                .entity(path)
                .meant(path, paths)
        })
    }

    /// Makes sure that a slot is remembered, and says in which column.
    pub fn remember(&mut self, entity: EntityId, slot: usize) -> usize {
        let keep = self.keep[entity.0 as usize].get_or_insert_default();
        keep.slots
            .iter()
            .position(|kept| *kept == slot)
            .unwrap_or_else(|| {
                keep.slots.push(slot);
                keep.slots.len() - 1
            })
    }

    fn block(&mut self, recipe: &'a TableRecipe) -> Result<Block, DemoError> {
        let file = &recipe.file;
        let entity = self.entity(file, &recipe.entity)?;
        let each = match recipe.keys.get("each") {
            None => None,
            Some(Value::String(path)) => Some(self.entity(file, path)?),
            Some(_) => return Err(DemoError::new(file, "`each` must be the path of an entity")),
        };
        let lets: Vec<String> = recipe.lets.keys().cloned().collect();
        let mut scene = Scene {
            entity,
            lets,
            done: HashSet::new(),
            stamped: Vec::new(),
            above: self.above(recipe)?,
            item: None,
            distinct: self.distinct(recipe)?,
        };
        let mut conditions = Vec::new();
        self.conditions(file, &scene, &recipe.keys, &mut conditions)?;
        // A chance is a part of a field's recipe; a table has counts.
        conditions.retain(|condition| !matches!(condition, Condition::Chance(_)));
        let mut later = Vec::new();
        let rows = match &recipe.rows {
            Some(rows) => {
                let mut fixed = Vec::with_capacity(rows.len());
                for row in rows {
                    scene.done.clear();
                    scene.stamped.clear();
                    fixed.push(self.row(recipe, &mut scene, row, &mut later)?);
                }
                Rows::Fixed(fixed)
            }
            None => Rows::Made(
                match recipe.keys.get("count") {
                    Some(made @ Value::Table(_)) => Count::Made(Box::new(self.maker(
                        file,
                        &scene,
                        &Want::default(),
                        made,
                    )?)),
                    _ => count(recipe)?,
                },
                self.row(recipe, &mut scene, &recipe.fields, &mut later)?,
            ),
        };
        let only = match recipe.keys.get("only") {
            None => Vec::new(),
            only => super::tables::strings(file, "only", only)?,
        };
        if let Some(each) = each {
            for name in &only {
                self.check_name(file, each.id, name)?;
            }
        }
        Ok(Block {
            file: file.clone(),
            entity: entity.id,
            home: self.catalog.home(entity.id).id,
            each: each.map(|each| each.id),
            only,
            children: Vec::new(),
            rows,
            conditions,
            first_id: recipe.keys.get("first_id").and_then(Value::as_integer),
            stream: 0,
            slots: entity.every_field().count() + scene.lets.len(),
            distinct: scene.distinct,
            later,
        })
    }

    /// Entities of the rows above, nearest first.
    fn above(&self, recipe: &TableRecipe) -> Result<Vec<(&'a Entity, Vec<String>)>, DemoError> {
        let mut above = Vec::new();
        let mut next = recipe.keys.get("each").and_then(Value::as_str);
        while let Some(path) = next {
            let entity = self.entity(&recipe.file, path)?;
            let Some(parent) = self
                .recipes
                .tables
                .iter()
                .find(|table| table.entity.eq_ignore_ascii_case(path))
            else {
                let fault = format!("`each` is `{path}`, of which the recipes make no rows");
                return Err(DemoError::new(&recipe.file, fault));
            };
            above.push((entity, parent.lets.keys().cloned().collect()));
            next = parent.keys.get("each").and_then(Value::as_str);
        }
        Ok(above)
    }

    fn distinct(&self, recipe: &TableRecipe) -> Result<Vec<usize>, DemoError> {
        if !recipe.keys.contains_key("distinct") {
            return Ok(Vec::new());
        }
        let names = super::tables::strings(&recipe.file, "distinct", recipe.keys.get("distinct"))?;
        names
            .iter()
            .map(|name| self.word(&recipe.file, name))
            .collect()
    }

    /// Reads the assignments of one row.
    fn row(
        &mut self,
        recipe: &'a TableRecipe,
        scene: &mut Scene<'a>,
        fields: &'a Table,
        later: &mut Vec<Later>,
    ) -> Result<Vec<Assign>, DemoError> {
        let file = &recipe.file;
        let entity = scene.entity;
        let mut order = Vec::new();
        let mut pending: Vec<(To, &str, &'a Value)> = Vec::new();
        for (to, key) in [
            (To::Entered, "entered"),
            (To::By, "by"),
            (To::Updated, "updated"),
        ] {
            match recipe.keys.get(key) {
                Some(value) => pending.push((to, key, value)),
                None if to != To::Updated => scene.stamped.push(to),
                None => {}
            }
        }
        for parent in &entity.parents {
            if let Some(slot) = parent
                .field
                .as_deref()
                .and_then(|name| slot_of(entity, name))
            {
                scene.done.insert(slot);
            }
        }
        self.stamps(file, scene, &mut pending, &mut order);
        let base = entity.every_field().count();
        for (index, (name, value)) in recipe.lets.iter().enumerate() {
            if let Some(table) = gathered(value) {
                let from_below = self.later(file, base + index, table);
                later.push(from_below.map_err(|error| error.field(name))?);
                scene.done.insert(base + index);
                continue;
            }
            let what = self
                .maker(file, scene, &Want::default(), value)
                .map_err(|error| error.field(name))?;
            order.push(Assign {
                to: To::Slot(base + index),
                what,
                kind: None,
                max: None,
            });
            scene.done.insert(base + index);
        }
        for (name, value) in fields {
            let Some(slot) = slot_of(entity, name) else {
                let names = entity.every_field().map(|field| &*field.name);
                return Err(
                    DemoError::new(file, format!("{} has no such field", entity.path))
                        .field(name)
                        .meant(name, names),
                );
            };
            let Some(field) = entity.every_field().nth(slot) else {
                continue;
            };
            if let Some(table) = gathered(value) {
                later.push(
                    self.later(file, slot, table)
                        .map_err(|error| error.field(name))?,
                );
            } else {
                let target = field.target().map(|target| self.catalog.home(target).id);
                let want = Want {
                    field: Some(field),
                    target,
                    within: None,
                };
                let what = self
                    .maker(file, scene, &want, value)
                    .map_err(|error| error.field(name))?;
                order.push(Assign {
                    to: To::Slot(slot),
                    what,
                    kind: Some(field.kind.clone()),
                    max: field.max,
                });
            }
            scene.done.insert(slot);
            self.stamps(file, scene, &mut pending, &mut order);
        }
        if let Some((_, key, value)) = pending.first() {
            // Once more, for its error.
            self.maker(file, scene, &Want::default(), value)
                .map_err(|error| error.field(key))?;
        }
        for (slot, field) in entity.every_field().enumerate() {
            if field.required
                && field.default.is_none()
                && &*field.name != "id"
                && !scene.done.contains(&slot)
            {
                return Err(
                    DemoError::new(file, "the field is required; give it a value")
                        .field(&field.name),
                );
            }
        }
        Ok(order)
    }

    /// Adds the stamps (entered, by, updated) that can be worked out from what is there by now.
    fn stamps(
        &mut self,
        file: &str,
        scene: &mut Scene<'a>,
        pending: &mut Vec<(To, &str, &'a Value)>,
        order: &mut Vec<Assign>,
    ) {
        pending.retain(|(to, _, value)| {
            let Ok(what) = self.maker(file, scene, &Want::default(), value) else {
                return true;
            };
            order.push(Assign {
                to: *to,
                what,
                kind: None,
                max: None,
            });
            scene.stamped.push(*to);
            false
        });
    }

    fn later(&mut self, file: &str, slot: usize, table: &Table) -> Result<Later, DemoError> {
        let gathers = table.contains_key("gather");
        let key = if gathers { "gather" } else { "sum" };
        let path = table.get(key).and_then(Value::as_str).unwrap_or_default();
        let from = self.entity(file, path)?;
        let member = |name: &str| {
            slot_of(from, name).ok_or_else(|| {
                let names = from.every_field().map(|field| &*field.name);
                DemoError::new(file, format!("{path} has no field `{name}`")).meant(name, names)
            })
        };
        let what = if gathers {
            let names = super::tables::strings(file, "members", table.get("members"))?;
            let members = names.into_iter().map(|name| {
                let slot = if name == "id" {
                    None
                } else {
                    Some(member(&name)?)
                };
                Ok::<_, DemoError>((name, slot))
            });
            Gathered::Objects(members.collect::<Result<_, _>>()?)
        } else {
            Gathered::Sum(member(
                table
                    .get("member")
                    .and_then(Value::as_str)
                    .unwrap_or_default(),
            )?)
        };
        Ok(Later {
            slot,
            from: from.id,
            what,
        })
    }
}

/// The recipe of a value that comes from rows below.
fn gathered(value: &Value) -> Option<&Table> {
    let table = value.as_table()?;
    (table.contains_key("sum") || table.contains_key("gather")).then_some(table)
}

/// The place of a field among fields and hidden fields.
pub(super) fn slot_of(entity: &Entity, name: &str) -> Option<usize> {
    entity.every_field().position(|field| *field.name == *name)
}

/// See [`Compiler::name_fields`].
pub(super) fn name_fields<'e>(catalog: &Catalog, entity: &'e Entity) -> Vec<(usize, &'e str)> {
    let shown = catalog
        .references
        .values()
        .filter(|reference| reference.target == Some(entity.id))
        .flat_map(|reference| reference.members.iter().map(|(_, source)| &**source));
    let usual = ["name", "identifier", "description"];
    let mut fields: Vec<(usize, &str)> = Vec::new();
    for name in usual
        .into_iter()
        .chain(entity.label.as_deref())
        .chain(shown)
    {
        if let Some((slot, field)) = entity
            .every_field()
            .enumerate()
            .find(|(_, field)| *field.name == *name)
            && !fields.iter().any(|(known, _)| *known == slot)
        {
            fields.push((slot, &field.name));
        }
    }
    fields
}

fn count(recipe: &TableRecipe) -> Result<Count, DemoError> {
    let wrong = |fault: &str| Err(DemoError::new(&recipe.file, fault).entity(&recipe.entity));
    let share = match recipe.keys.get("share") {
        None => 1.0,
        Some(share) => super::tables::number(share).unwrap_or(1.0),
    };
    if let Some(size) = recipe.keys.get("spread").and_then(Value::as_str) {
        let least = recipe
            .keys
            .get("least")
            .and_then(Value::as_integer)
            .unwrap_or(0)
            .unsigned_abs();
        return Ok(Count::Spread {
            size: size.to_owned(),
            share,
            least,
        });
    }
    match recipe.keys.get("count") {
        Some(Value::String(size)) => Ok(Count::Sized {
            size: size.clone(),
            share,
        }),
        Some(Value::Integer(count)) if *count >= 0 => {
            Ok(Count::Between(count.unsigned_abs(), count.unsigned_abs()))
        }
        Some(Value::Array(ends)) => match ends.as_slice() {
            [Value::Integer(low), Value::Integer(high)] if 0 <= *low && low <= high => {
                Ok(Count::Between(low.unsigned_abs(), high.unsigned_abs()))
            }
            _ => wrong("`count` as an array must be the least and the most"),
        },
        _ => wrong(
            "the table has neither `rows` nor a `count` (a number, two numbers, or the name of a size) nor a `spread`",
        ),
    }
}
