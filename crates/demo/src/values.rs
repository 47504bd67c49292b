//! How one value comes about, and how it is fitted to its field.

use super::error::DemoError;
use super::moment::{self, HOUR};
use super::plan::{Condition, Filter, Maker, Operand, Part, Route, Start, Wanted};
use super::random::Random;
use super::run::{Frame, Run};
use super::texts::{write_json, write_text};
use bitting_catalog::entity::{EntityId, Kind, Scalar};
use bitting_query::Value;
use std::fmt::Write;
use std::sync::Arc;

impl<'a> Run<'a, '_> {
    /// Makes a value for the row on top of the stack; null when the recipe does not apply.
    pub fn make(&mut self, maker: &'a Maker, random: &mut Random) -> Result<Value, DemoError> {
        Ok(match maker {
            Maker::Constant(value) => value.clone(),
            Maker::Named {
                target,
                name,
                within,
            } => Value::Integer(self.named(*target, name, within.as_ref())?),
            Maker::Names { target, names } => {
                let ids = names.iter().map(|name| self.named(*target, name, None));
                let ids = ids
                    .map(|id| id.map(|id| id.to_string()))
                    .collect::<Result<Vec<_>, _>>()?;
                Value::Text(format!("[{}]", ids.join(",")))
            }
            Maker::Below { target, within } => {
                let (first, count) = self.range(*target, within).unwrap_or_default();
                let ids: Vec<String> = (first..first + count).map(|id| id.to_string()).collect();
                Value::Text(format!("[{}]", ids.join(",")))
            }
            Maker::Text(pieces) => Value::Text(self.write(pieces, random)),
            Maker::Integer(pieces) => self
                .write(pieces, random)
                .parse()
                .map_or(Value::Null, Value::Integer),
            Maker::Pick(choices) => {
                let total = choices.last().map_or(0, |(total, _)| *total);
                let at = random.below(total);
                match choices.iter().find(|(upto, _)| at < *upto) {
                    Some((_, maker)) => self.make(maker, random)?,
                    None => Value::Null,
                }
            }
            Maker::Turn(makers) => {
                let place = self.top().place as usize;
                match makers.get(place - 1).or(makers.last()) {
                    Some(maker) => self.make(maker, random)?,
                    None => Value::Null,
                }
            }
            Maker::FirstOf(makers) => {
                for maker in makers {
                    let value = self.make(maker, random)?;
                    if value != Value::Null {
                        return Ok(value);
                    }
                }
                Value::Null
            }
            Maker::By {
                route,
                cases,
                otherwise,
            } => {
                let value = self.follow(route);
                let case = cases
                    .iter()
                    .find(|(name, _)| self.equals(route, &value, name))
                    .map(|(_, maker)| maker);
                match (case, otherwise) {
                    (Some(maker), _) => self.make(maker, random)?,
                    (None, Some(maker)) => self.make(maker, random)?,
                    (None, None) => Value::Null,
                }
            }
            Maker::Copy(route) => self.follow(route),
            Maker::Not(route) => Value::Boolean(!holds(&self.follow(route))),
            Maker::Empty(route) => Value::Boolean(self.follow(route) == Value::Null),
            Maker::Any {
                target,
                within,
                filter,
            } => self.any(*target, within.as_ref(), filter.as_ref(), random),
            Maker::First { target, of } => self
                .range(*target, of)
                .map_or(Value::Null, |(first, _)| Value::Integer(first)),
            Maker::Upcoming(entity) => {
                Value::Integer(self.next_id(self.catalog.home(*entity).id, None))
            }
            Maker::Date {
                from,
                to,
                after,
                spread,
                round,
                work,
                latest,
                to_now,
            } => {
                let base = match after {
                    None => self.now,
                    Some(route) => match self.time(route) {
                        Some(base) => base,
                        None => return Ok(Value::Null),
                    },
                };
                let end = if *to_now { self.now } else { base } + to;
                let wide = (end - base - from) as f64;
                let part = if *spread {
                    let row = self.top();
                    ((row.place - 1) as f64 + random.fraction()) / row.count as f64
                } else {
                    random.fraction()
                };
                let mut at = base + from + (wide * part) as i64;
                if *work {
                    at = moment::working(at, random);
                }
                if let Some(latest) = latest {
                    at = at.min(self.now + latest);
                }
                if let Some(round) = round {
                    at = moment::round(at, *round);
                }
                Value::Text(moment::write(at))
            }
            Maker::Month { from, step } => {
                let months = from + (self.top().place as i64 - 1) * step;
                Value::Text(moment::write(moment::month_after(self.now, months)))
            }
            Maker::Hours { hours, after } => match (float(&self.follow(hours)), self.time(after)) {
                (Some(hours), Some(after)) => {
                    Value::Text(moment::write(after + (hours * HOUR as f64) as i64))
                }
                _ => Value::Null,
            },
            Maker::Number {
                low,
                high,
                step,
                grown,
            } => {
                let growth = if *grown { self.size.growth() } else { 1.0 };
                let low = (low * growth / step).round() * step;
                let high = (high * growth / step).round() * step;
                let steps = ((high - low) / step).round() as i64;
                Value::Number(cents(low + random.between(0, steps) as f64 * step))
            }
            Maker::Chance(chance) => Value::Boolean(random.chance(*chance)),
            Maker::Multiply(operands) => self.calculate(operands, |a, b| a * b),
            Maker::Divide(operands) => self.calculate(operands, |a, b| a / b),
            Maker::Add(operands) => self.calculate(operands, |a, b| a + b),
            Maker::Subtract(operands) => self.calculate(operands, |a, b| a - b),
            Maker::Uuid => Value::Text(random.uuid()),
            Maker::EachRow {
                target,
                within,
                members,
            } => self.each_row(*target, within, members, random)?,
            Maker::If(conditions, maker) => {
                if self.hold(conditions, random) {
                    self.make(maker, random)?
                } else {
                    Value::Null
                }
            }
        })
    }

    pub fn top(&self) -> &Frame {
        &self.stack[self.stack.len() - 1]
    }

    fn named(
        &self,
        target: EntityId,
        name: &str,
        within: Option<&Route>,
    ) -> Result<i64, DemoError> {
        let ids = self.kept.named(target, name);
        let range = within.map(|route| self.range(target, route));
        let found = match range {
            None => ids.first().copied(),
            Some(None) => None,
            Some(Some((first, count))) => ids
                .iter()
                .copied()
                .find(|id| (first..first + count).contains(id)),
        };
        found.ok_or_else(|| {
            let path = &self.catalog.entity(target).path;
            DemoError::new("", format!("no row of {path} called `{name}` stands before this one, or below the same parent"))
        })
    }

    /// First id and count of the rows of an entity below the row that a path leads to.
    fn range(&self, target: EntityId, of: &Route) -> Option<(i64, i64)> {
        let parent = first_id(&self.follow(of))?;
        self.kept.below(target, of.result?, parent)
    }

    fn any(
        &mut self,
        target: EntityId,
        within: Option<&Route>,
        filter: Option<&'a Filter>,
        random: &mut Random,
    ) -> Value {
        let range = match within {
            None => None,
            Some(route) => match self.range(target, route) {
                None => return Value::Null,
                range => range,
            },
        };
        let Some(filter) = filter else {
            let id = match (range, self.kept.table(target)) {
                (Some((first, count)), _) => Some(first + random.between(0, count - 1)),
                (None, Some(table)) => table
                    .ids
                    .get(random.below(table.ids.len() as u64) as usize)
                    .copied(),
                (None, None) => None,
            };
            return id.map_or(Value::Null, Value::Integer);
        };
        let near = filter
            .near
            .as_ref()
            .map(|(column, route)| (*column, self.follow(route)));
        let near_id = near
            .as_ref()
            .and_then(|(_, value)| first_id(value))
            .unwrap_or(0);
        let key = (filter.number, range.map_or(0, |(first, _)| first), near_id);
        let ids = if let Some(ids) = self.found.get(&key) {
            ids.clone()
        } else {
            let ids = self.search(target, range, filter, near.as_ref());
            // Rows that are still being made are searched afresh.
            if self.stack.iter().all(|row| row.entity != target) && self.rests(target) {
                self.found.insert(key, ids.clone());
            }
            ids
        };
        match ids.get(random.below(ids.len() as u64) as usize) {
            Some(id) => Value::Integer(*id),
            None => Value::Null,
        }
    }

    /// Whether no rows of the entity are made below the rows at hand.
    fn rests(&self, target: EntityId) -> bool {
        let mut blocks: Vec<usize> = self
            .stack
            .first()
            .map(|row| row.block)
            .into_iter()
            .collect();
        while let Some(block) = blocks.pop() {
            let block = &self.plan.blocks[block];
            if block.home == target {
                return false;
            }
            blocks.extend(&block.children);
        }
        true
    }

    fn search(
        &self,
        target: EntityId,
        range: Option<(i64, i64)>,
        filter: &Filter,
        near: Option<&(usize, Value)>,
    ) -> Arc<[i64]> {
        let Some(table) = self.kept.table(target) else {
            return Arc::from([]);
        };
        let fits = |id: i64| {
            filter.wanted.iter().all(|(column, wanted)| {
                let value = table.value(id, *column);
                match wanted {
                    Wanted::Value(Value::Boolean(flag)) => holds(value) == *flag,
                    Wanted::Value(wanted) => value == wanted,
                    Wanted::Name(target, name) => first_id(value)
                        .is_some_and(|id| self.kept.named(*target, name).contains(&id)),
                }
            })
        };
        let ids: Vec<i64> = match range {
            Some((first, count)) => (first..first + count).filter(|id| fits(*id)).collect(),
            None => table.ids.iter().copied().filter(|id| fits(*id)).collect(),
        };
        if let Some((column, wanted)) = near {
            let close: Vec<i64> = ids
                .iter()
                .copied()
                .filter(|id| table.value(*id, *column) == wanted)
                .collect();
            if !close.is_empty() {
                return close.into();
            }
        }
        ids.into()
    }

    /// The value at the end of a path.
    pub fn follow(&self, route: &Route) -> Value {
        let mut value = match route.start {
            Start::Item(None) => Value::Integer(self.item.0),
            Start::Item(Some(column)) => {
                match self.item_table.and_then(|entity| self.kept.table(entity)) {
                    Some(table) => table.value(self.item.0, column).clone(),
                    None => Value::Null,
                }
            }
            Start::Row(up, part) => {
                let Some(row) = self
                    .stack
                    .len()
                    .checked_sub(up + 1)
                    .map(|index| &self.stack[index])
                else {
                    return Value::Null;
                };
                match part {
                    Part::Id => Value::Integer(row.id),
                    Part::Slot(slot) => row.values[slot].clone(),
                    Part::Entered => Value::Text(moment::write(row.entered)),
                    Part::Updated => Value::Text(moment::write(row.updated.unwrap_or(row.entered))),
                    Part::By => Value::Text(row.by.to_string()),
                }
            }
        };
        for (entity, column) in &route.steps {
            value = match (first_id(&value), self.kept.table(*entity)) {
                (Some(id), Some(table)) => table.value(id, *column).clone(),
                _ => Value::Null,
            };
        }
        value
    }

    fn equals(&self, route: &Route, value: &Value, name: &str) -> bool {
        match (route.result, value) {
            (Some(target), value) => {
                first_id(value).is_some_and(|id| self.kept.named(target, name).contains(&id))
            }
            (None, Value::Text(text)) => text == name,
            // Pick lists of Autotask are numbers: `status=5`.
            (None, Value::Integer(number)) => name.parse() == Ok(*number),
            (None, _) => false,
        }
    }

    fn time(&self, route: &Route) -> Option<i64> {
        match self.follow(route) {
            Value::Text(text) => moment::read(&text),
            _ => None,
        }
    }

    fn calculate(&self, operands: &[Operand], with: fn(f64, f64) -> f64) -> Value {
        let mut result: Option<f64> = None;
        for operand in operands {
            let number = match operand {
                Operand::Number(number) => Some(*number),
                Operand::Growth => Some(self.size.growth()),
                Operand::Route(route) => float(&self.follow(route)),
            };
            let Some(number) = number else {
                return Value::Null;
            };
            result = Some(result.map_or(number, |result| with(result, number)));
        }
        result.map_or(Value::Null, |result| Value::Number(cents(result)))
    }

    /// Whether all conditions hold for the row on top of the stack.
    pub fn hold(&self, conditions: &[Condition], random: &mut Random) -> bool {
        conditions.iter().all(|condition| match condition {
            Condition::Holds {
                route,
                equals,
                negated,
            } => {
                let value = self.follow(route);
                let met = match equals {
                    None => holds(&value),
                    Some(name) => self.equals(route, &value, name),
                };
                met != *negated
            }
            Condition::Older(route, age) => {
                self.time(route).is_some_and(|time| self.now - time >= *age)
            }
            Condition::Chance(chance) => random.chance(*chance),
            Condition::Last => self.top().place == self.top().count,
        })
    }

    fn each_row(
        &mut self,
        target: EntityId,
        within: &'a Route,
        members: &'a [(String, Maker)],
        random: &mut Random,
    ) -> Result<Value, DemoError> {
        let Some((first, count)) = self.range(target, within) else {
            return Ok(Value::Text("[]".to_owned()));
        };
        let mut out = String::from("[");
        for number in 0..count {
            self.item = (first + number, number as u64 + 1);
            self.item_table = Some(target);
            out.push_str(if number == 0 { "{" } else { ",{" });
            let mut separator = "";
            for (name, maker) in members {
                let value = self.make(maker, random)?;
                if value != Value::Null {
                    let _ = write!(out, "{separator}\"{name}\":");
                    write_json(&mut out, &value);
                    separator = ",";
                }
            }
            out.push('}');
        }
        out.push(']');
        Ok(Value::Text(out))
    }
}

fn cents(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

/// Whether a value is there, and neither false nor nothing.
fn holds(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Boolean(flag) => *flag,
        Value::Text(text) => !text.is_empty() && text != "[]",
        Value::Integer(number) => *number != 0,
        Value::Number(number) => *number != 0.0,
    }
}

/// The id in a value, or the first one of a list of ids.
pub(super) fn first_id(value: &Value) -> Option<i64> {
    match value {
        Value::Integer(id) => Some(*id),
        Value::Text(list) => list
            .strip_prefix('[')?
            .split([',', ']'])
            .next()?
            .parse()
            .ok(),
        _ => None,
    }
}

/// The number in a value.
pub(super) fn float(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(number) => Some(*number as f64),
        Value::Number(number) => Some(*number),
        Value::Text(text) => text.parse().ok(),
        _ => None,
    }
}

/// Fits a value to the field it is for. Texts that are too long are cut.
pub(super) fn fit(value: Value, kind: Option<&Kind>, max: Option<u32>) -> Value {
    let Some(kind) = kind else { return value };
    match (kind, value) {
        (_, Value::Null) => Value::Null,
        // A day has no time; the API keeps it so, too.
        (Kind::Date, Value::Text(text)) => Value::Text(text.chars().take(10).collect()),
        (Kind::Text | Kind::DateTime | Kind::Uuid, Value::Text(text)) => {
            if text.is_empty() {
                return Value::Null;
            }
            match max {
                Some(max) if text.chars().count() > max as usize => Value::Text(
                    text.chars()
                        .take(max as usize)
                        .collect::<String>()
                        .trim_end()
                        .to_owned(),
                ),
                _ => Value::Text(text),
            }
        }
        (Kind::Text, value) => {
            let mut text = String::new();
            write_text(&mut text, &value);
            Value::Text(text)
        }
        (Kind::Integer, Value::Number(number)) => Value::Integer(number.round() as i64),
        (Kind::Integer, Value::Text(text)) => text.parse().map_or(Value::Null, Value::Integer),
        (Kind::Number, value @ (Value::Integer(_) | Value::Text(_))) => {
            float(&value).map_or(Value::Null, Value::Number)
        }
        (Kind::Reference(_), value) => first_id(&value).map_or(Value::Null, Value::Integer),
        (Kind::References(_) | Kind::List(Scalar::Integer), Value::Integer(id)) => {
            Value::Text(format!("[{id}]"))
        }
        (_, value) => value,
    }
}
