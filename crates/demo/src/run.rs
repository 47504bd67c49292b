//! Follows a plan: makes row after row and hands each on at once, so that millions of them need no more
//! memory than the few that others point to. How a value comes about is in `values`.

use super::Size;
use super::columns::Columns;
use super::error::DemoError;
use super::kept::{Kept, NewRow};
use super::moment;
use super::placement::{self, Above};
use super::plan::{Assign, Count, Gathered, Maker, Plan, Rows, To};
use super::random::Random;
use bitting_catalog::Catalog;
use bitting_catalog::entity::{Entity, EntityId};
use bitting_query::Value;
use bitting_store::table::Change;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// A plan being followed.
pub(super) struct Run<'a, 'e> {
    pub catalog: &'a Catalog,
    pub plan: &'a Plan,
    pub size: &'a Size,
    pub seed: u64,
    /// Seconds since 1970.
    pub now: i64,
    pub kept: Kept,
    /// Rows above the one being made, and that one as the last.
    pub stack: Vec<Frame>,
    /// What filters have found.
    pub found: HashMap<(usize, i64, i64), Arc<[i64]>>,
    /// Number and count of the row that `each_row` is at.
    pub item: (i64, u64),
    pub item_table: Option<EntityId>,
    emit: &'e mut dyn FnMut(Change),
    /// Last id given, by the entity that holds the table.
    last: Vec<i64>,
    /// Rows made, by block.
    made: Vec<u64>,
    columns: Vec<Columns>,
    /// Per entity whose rows have names: the kept column with the name to show.
    pub shown: Vec<Option<usize>>,
    entered_by: Arc<str>,
    entered: i64,
    /// The node that rows hang on which say nothing.
    top: Option<i64>,
}

/// A row with its values.
#[derive(Debug)]
pub(super) struct Frame {
    pub block: usize,
    /// The entity that holds the table.
    pub entity: EntityId,
    pub id: i64,
    pub values: Vec<Value>,
    pub entered: i64,
    pub updated: Option<i64>,
    pub by: Arc<str>,
    /// From 1, below its parent.
    pub place: u64,
    pub count: u64,
    /// From 0, of its block.
    pub index: u64,
    node: Option<i64>,
    owners: Vec<i64>,
    sums: Vec<f64>,
    objects: Vec<String>,
}

impl<'a, 'e> Run<'a, 'e> {
    pub fn new(
        catalog: &'a Catalog,
        plan: &'a Plan,
        size: &'a Size,
        seed: u64,
        now: i64,
        settings: (&str, i64),
        emit: &'e mut dyn FnMut(Change),
    ) -> Self {
        Self {
            catalog,
            plan,
            size,
            seed,
            now,
            kept: Kept::new(plan),
            stack: Vec::new(),
            found: HashMap::new(),
            item: (0, 0),
            item_table: None,
            emit,
            last: vec![0; catalog.entities.len()],
            made: vec![0; plan.blocks.len()],
            columns: plan
                .blocks
                .iter()
                .map(|block| Columns::of(catalog, block))
                .collect(),
            shown: super::columns::shown(catalog, plan),
            entered_by: Arc::from(settings.0),
            entered: now + settings.1,
            top: None,
        }
    }

    /// Makes all rows and says how many of each entity.
    pub fn finish(mut self) -> Result<(BTreeMap<Arc<str>, u64>, Kept), DemoError> {
        for root in &self.plan.roots {
            let block = &self.plan.blocks[*root];
            match block.each {
                None => self.rows(*root, 0)?,
                Some(parent) => self.below_fixed(*root, parent)?,
            }
        }
        let mut counts = BTreeMap::new();
        for (block, made) in self.made.iter().enumerate() {
            *counts.entry(self.columns[block].path.clone()).or_default() += made;
        }
        Ok((counts, self.kept))
    }

    /// Makes the rows of a block below each row of an entity whose rows stand in the recipe.
    fn below_fixed(&mut self, index: usize, parent: EntityId) -> Result<(), DemoError> {
        let only: Vec<i64> = self.plan.blocks[index]
            .only
            .iter()
            .flat_map(|name| self.kept.named(parent, &name.to_lowercase()).to_vec())
            .collect();
        let ids = self
            .kept
            .table(parent)
            .map(|table| table.ids.clone())
            .unwrap_or_default();
        for (place, id) in ids.iter().enumerate() {
            if !only.is_empty() && !only.contains(id) {
                continue;
            }
            self.raise(parent, *id);
            self.rows(index, place as u64)?;
            self.stack.clear();
        }
        Ok(())
    }

    /// Puts a kept row, and those above it, on the stack.
    fn raise(&mut self, entity: EntityId, id: i64) {
        let plan = self.plan;
        let Some(block) = plan.blocks.iter().position(|block| block.entity == entity) else {
            return;
        };
        let Some(table) = self.kept.table(entity) else {
            return;
        };
        let (values, node) = (table.values(id).to_vec(), table.node(id));
        let above = table.index(id).map_or(0, |index| table.parents[index]);
        if let Some(parent) = plan.blocks[block].each {
            self.raise(parent, above);
        }
        let mut frame = self.frame(block, id);
        frame.values = values;
        frame.values.resize(plan.blocks[block].slots, Value::Null);
        frame.node = node;
        self.stack.push(frame);
    }

    fn frame(&self, block: usize, id: i64) -> Frame {
        let plan = &self.plan.blocks[block];
        let above = self.stack.last();
        Frame {
            block,
            entity: plan.home,
            id,
            values: vec![Value::Null; plan.slots],
            entered: above.map_or(self.entered, |row| row.entered),
            updated: None,
            by: above.map_or_else(|| self.entered_by.clone(), |row| row.by.clone()),
            place: 1,
            count: 1,
            index: self.made[block],
            node: None,
            owners: Vec::new(),
            sums: vec![0.0; plan.later.len()],
            objects: vec![String::new(); plan.later.len()],
        }
    }

    /// Makes the rows of a block below the row on top of the stack.
    fn rows(&mut self, index: usize, parent: u64) -> Result<(), DemoError> {
        let plan = self.plan;
        let block = &plan.blocks[index];
        let mut count = match &block.rows {
            Rows::Fixed(rows) => rows.len() as u64,
            Rows::Made(count, _) => self.count(count, index, parent)?,
        };
        if !block.conditions.is_empty() {
            // Conditions look up from a row that is not there yet.
            let frame = self.frame(index, 0);
            self.stack.push(frame);
            let holds = self.hold(
                &block.conditions,
                &mut Random::for_row(self.seed, block.stream, 0),
            );
            self.stack.pop();
            if !holds {
                count = 0;
            }
        }
        for place in 0..count {
            let assigns: &'a [Assign] = match &block.rows {
                Rows::Fixed(rows) => &rows[place as usize],
                Rows::Made(_, assigns) => assigns,
            };
            let id = self.next_id(block.home, block.first_id);
            let before = std::mem::replace(&mut self.last[block.home.0 as usize], id);
            let mut frame = self.frame(index, id);
            frame.place = place + 1;
            frame.count = count;
            self.made[index] += 1;
            self.stack.push(frame);
            let made = self.row(index, assigns)?;
            let done = self.stack.pop();
            if !made {
                self.last[block.home.0 as usize] = before;
                self.made[index] -= 1;
            } else if let Some(done) = done {
                self.hand_on(done);
            }
        }
        Ok(())
    }

    /// The id that the next row of a table gets.
    pub fn next_id(&self, home: EntityId, first: Option<i64>) -> i64 {
        let last = self.last[home.0 as usize];
        // Autotask's own company has the id 0; no other first row has.
        if last == 0 && first == Some(0) {
            return 0;
        }
        (last + 1).max(first.unwrap_or(1))
    }

    fn count(&mut self, count: &'a Count, index: usize, parent: u64) -> Result<u64, DemoError> {
        let sized = |size: &str, share: f64| match self.size.of(size) {
            Some(count) => Ok((f64::from(count) * share).round() as u64),
            None => Err(DemoError::new(
                &self.plan.blocks[index].file,
                format!("there is no size `{size}`"),
            )
            .entity(&self.columns[index].path)
            .meant(size, Size::NAMES)),
        };
        Ok(match count {
            Count::Made(made) => {
                // It looks up from a row that is not there yet.
                let above = self.stack.last().map_or(0, |row| row.id);
                let mut random =
                    Random::for_row(!self.seed, self.plan.blocks[index].stream, above as u64);
                let frame = self.frame(index, 0);
                self.stack.push(frame);
                let count = self.make(made, &mut random);
                self.stack.pop();
                super::values::float(&count?).map_or(0, |count| count.round().max(0.0) as u64)
            }
            Count::Between(low, high) => {
                let above = self.stack.last().map_or(0, |row| row.id);
                let mut random =
                    Random::for_row(!self.seed, self.plan.blocks[index].stream, above as u64);
                random.between(*low as i64, *high as i64).unsigned_abs()
            }
            Count::Sized { size, share } => sized(size, *share)?,
            Count::Spread { size, share, least } => {
                let total = sized(size, *share)?;
                let (place, parents) = self
                    .stack
                    .last()
                    .map_or((parent, 1), |row| (row.place - 1, row.count));
                let extra = total.saturating_sub(least * parents) as f64;
                // A few parents have many rows and many have few: the first quarter holds a third.
                let rank = place.wrapping_mul(7919) % parents.max(1);
                let below = |rank: u64| {
                    (extra * (1.0 - (1.0 - rank as f64 / parents as f64).powf(1.5))).floor() as u64
                };
                least + below(rank + 1) - below(rank)
            }
        })
    }

    /// Makes the row on top of the stack and what is below it. There is none where it has to name another row and
    /// finds none to name, as in a small company.
    fn row(&mut self, index: usize, assigns: &'a [Assign]) -> Result<bool, DemoError> {
        let plan = self.plan;
        let block = &plan.blocks[index];
        let catalog = self.catalog;
        let entity = catalog.entity(block.entity);
        let top = self.stack.len() - 1;
        let id = self.stack[top].id;
        let mut random = Random::for_row(self.seed, block.stream, id as u64);
        self.inherit(index);
        for assign in assigns {
            let value = self
                .make(&assign.what, &mut random)
                .map_err(|error| self.blame(error, index, assign.to))?;
            let frame = &mut self.stack[top];
            match (assign.to, value) {
                (To::Slot(slot), value) => {
                    frame.values[slot] =
                        super::values::fit(value, assign.kind.as_ref(), assign.max);
                }
                (To::Entered, Value::Text(text)) => {
                    frame.entered = moment::read(&text).unwrap_or(frame.entered);
                }
                (To::Updated, Value::Text(text)) => frame.updated = moment::read(&text),
                (To::By, Value::Text(text)) => frame.by = Arc::from(text),
                _ => {}
            }
        }
        let values = &self.stack[top].values;
        let missing = |slot: &&usize| values[**slot] == Value::Null;
        if let Some(slot) = self.columns[index].required.iter().find(missing) {
            let mut of_slot = assigns.iter().filter(|assign| assign.to == To::Slot(*slot));
            let looks_up = |what| matches!(what, &Maker::Any { .. } | &Maker::First { .. });
            if of_slot.any(|assign| looks_up(&assign.what)) {
                return Ok(false);
            }
            let fault = "the field is required, but its recipe gave no value";
            return Err(self.blame(DemoError::new("", fault), index, To::Slot(*slot)));
        }
        self.place(entity);
        let keep = plan.keep[block.home.0 as usize]
            .as_ref()
            .filter(|_| block.entity == block.home);
        if let Some(keep) = keep {
            let frame = &self.stack[top];
            let names = if keep.named {
                self.columns[index].names_of(&frame.values)
            } else {
                Vec::new()
            };
            let parent = top.checked_sub(1).map_or(0, |above| self.stack[above].id);
            self.kept.add(
                block.home,
                keep,
                NewRow {
                    id,
                    values: &frame.values,
                    node: frame.node,
                    parent,
                    names,
                },
            );
            for above in &self.stack[..top] {
                self.kept.put_under(block.home, above.entity, above.id, id);
            }
        }
        for child in &block.children {
            self.rows(*child, 0)?;
            if !block.later.is_empty() {
                self.gather(index);
                if let Some(keep) = keep {
                    self.kept
                        .amend(block.home, keep, id, &self.stack[top].values);
                }
            }
        }
        Ok(true)
    }

    fn blame(&self, error: DemoError, index: usize, to: To) -> DemoError {
        let entity = self.catalog.entity(self.plan.blocks[index].entity);
        let error = DemoError {
            file: self.plan.blocks[index].file.clone(),
            entity: entity.path.to_string(),
            ..error
        };
        match to {
            To::Slot(slot) => match entity.every_field().nth(slot) {
                Some(field) => error.field(&field.name),
                None => error,
            },
            To::Entered => error.field("entered"),
            To::Updated => error.field("updated"),
            To::By => error.field("by"),
        }
    }

    /// Fields that say the row's parent.
    fn inherit(&mut self, index: usize) {
        let Some((row, above)) = self.stack.split_last_mut() else {
            return;
        };
        for parent in &self.columns[index].parents {
            let Some(slot) = parent.slot else { continue };
            if let Some(found) = above.iter().rev().find(|row| row.entity == parent.home) {
                row.values[slot] = Value::Integer(found.id);
            }
        }
    }

    fn place(&mut self, entity: &Entity) {
        let catalog = self.catalog;
        let Some((row, above)) = self.stack.split_last() else {
            return;
        };
        let above: Vec<Above<'_>> = above
            .iter()
            .map(|row| Above {
                entity: row.entity,
                id: row.id,
                node: row.node,
                owners: &row.owners,
            })
            .collect();
        let home = |id: EntityId| catalog.home(id).id;
        let node = placement::node(entity, &row.values, &above, &self.kept, &home).or(self.top);
        let (members, kept) = (self.plan.members, &self.kept);
        let member = |name: &str| kept.named(members, &name.to_lowercase()).first().copied();
        let owners = placement::owners(entity, &row.values, &row.by, &above, &member);
        let (home, id) = (row.entity, row.id);
        if let Some(row) = self.stack.last_mut() {
            row.node = node;
            row.owners = owners;
        }
        if home == self.plan.locations {
            // The first location is the root of the tree.
            self.top.get_or_insert(id);
        }
    }

    /// Fills the fields that come from rows below.
    fn gather(&mut self, index: usize) {
        let Some(frame) = self.stack.last_mut() else {
            return;
        };
        for (number, later) in self.plan.blocks[index].later.iter().enumerate() {
            frame.values[later.slot] = match later.what {
                Gathered::Sum(_) => Value::Number((frame.sums[number] * 100.0).round() / 100.0),
                Gathered::Objects(_) => Value::Text(format!("[{}]", frame.objects[number])),
            };
        }
    }

    /// Adds a finished row to what the rows above gather, and hands it on.
    fn hand_on(&mut self, mut row: Frame) {
        let plan = self.plan;
        for above in 0..self.stack.len() {
            for (number, later) in plan.blocks[self.stack[above].block]
                .later
                .iter()
                .enumerate()
            {
                if later.from != row.entity {
                    continue;
                }
                match &later.what {
                    Gathered::Sum(slot) => {
                        self.stack[above].sums[number] +=
                            super::values::float(&row.values[*slot]).unwrap_or(0.0);
                    }
                    Gathered::Objects(members) => {
                        let object = self.object(&row, members);
                        let objects = &mut self.stack[above].objects[number];
                        if !objects.is_empty() {
                            objects.push(',');
                        }
                        objects.push_str(&object);
                    }
                }
            }
        }
        let columns = &self.columns[row.block];
        let by = Value::Text(row.by.to_string());
        let entered = Value::Text(moment::write(row.entered));
        let updated = Value::Text(moment::write(row.updated.unwrap_or(row.entered)));
        let mut values: Vec<(Arc<str>, Value)> = Vec::with_capacity(columns.fields.len() / 2 + 6);
        for (stamp, value) in [by.clone(), entered, by, updated].into_iter().enumerate() {
            match columns.stamps[stamp].1 {
                Some(slot) if row.values[slot] != Value::Null => {}
                Some(slot) => row.values[slot] = value,
                None => values.push((columns.stamps[stamp].0.clone(), value)),
            }
        }
        if let (Some(scope), Some(node)) = (&columns.scope, row.node) {
            values.push((scope.clone(), Value::Integer(node)));
        }
        for parent in columns
            .parents
            .iter()
            .filter(|parent| parent.slot.is_none())
        {
            let mut above = self.stack.iter().rev();
            if let Some(found) = above.find(|row| row.entity == parent.home) {
                values.push((parent.column.clone(), Value::Integer(found.id)));
            }
        }
        // Every row of a block has the same columns, nulls too, so that the store prepares one statement.
        for cell in &columns.cells {
            let given = cell
                .slots
                .iter()
                .find(|slot| row.values[**slot] != Value::Null);
            let value = match given {
                Some(slot) => std::mem::replace(&mut row.values[*slot], Value::Null),
                None => cell.default.clone(),
            };
            values.push((cell.column.clone(), value));
        }
        let mut pairs = Vec::new();
        for by in &columns.by {
            let value = |column: &str| {
                let mut held = values.iter();
                held.find(|(name, _)| **name == *column).map(|(_, v)| v)
            };
            pairs.extend(by.pairs(row.owners.iter(), value, row.id));
        }
        (self.emit)(Change::Insert {
            table: columns.table.clone(),
            id: row.id,
            values,
        });
        pairs.into_iter().for_each(&mut self.emit);
        if let Some(mine) = &columns.mine {
            for key in row.owners {
                (self.emit)(Change::Pair {
                    table: mine.clone(),
                    key,
                    id: row.id,
                });
            }
        }
    }
}
