//! Reads what a recipe says of one field: a plain value, a name, a text with blanks, or a table whose
//! keys say how the value comes about.

use super::compile::{Compiler, Scene, Want};
use super::conditions;
use super::error::DemoError;
use super::moment::{self, Round};
use super::plan::{Condition, Filter, Maker, Operand, Route, Wanted};
use super::tables::{flag, number, span};
use bitting_catalog::entity::{EntityId, Kind};
use bitting_query::Value as Plain;
use toml::{Table, Value};

const KINDS: [&str; 25] = [
    "value", "pick", "turn", "first_of", "by", "copy", "not", "empty", "ref", "first", "upcoming",
    "date", "month", "hours", "number", "multiply", "divide", "add", "subtract", "uuid",
    "each_row", "ids", "below", "integer", "chance",
];

impl<'a> Compiler<'a> {
    /// Reads one value.
    pub fn maker(
        &mut self,
        file: &str,
        scene: &Scene<'a>,
        want: &Want<'a>,
        value: &Value,
    ) -> Result<Maker, DemoError> {
        match value {
            Value::String(text) => self.text(file, scene, want, text),
            Value::Integer(number) => Ok(Maker::Constant(Plain::Integer(*number))),
            Value::Float(number) => Ok(Maker::Constant(Plain::Number(*number))),
            Value::Boolean(flag) => Ok(Maker::Constant(Plain::Boolean(*flag))),
            Value::Table(table) => self.table(file, scene, want, table),
            Value::Array(_) | Value::Datetime(_) => Err(DemoError::new(
                file,
                format!("{value} is no value; write a text, a number, a flag or a table"),
            )),
        }
    }

    fn text(
        &mut self,
        file: &str,
        scene: &Scene<'a>,
        want: &Want<'a>,
        text: &str,
    ) -> Result<Maker, DemoError> {
        if text.contains(['{', '}']) {
            return Ok(Maker::Text(self.pieces(file, scene, text)?));
        }
        if let Some(target) = want.target {
            self.check_name(file, target, text)?;
            let within = self.within(file, scene, want, target)?;
            return Ok(Maker::Named {
                target,
                name: text.to_lowercase(),
                within,
            });
        }
        if let Some(field) = want.field {
            if !field.values.is_empty() && !field.values.iter().any(|known| **known == *text) {
                let names = field.values.iter().map(|known| &**known);
                return Err(DemoError::new(
                    file,
                    format!("`{text}` is none of the field's values"),
                )
                .meant(text, names));
            }
            if matches!(field.kind, Kind::DateTime | Kind::Date) && moment::read(text).is_none() {
                return Err(DemoError::new(
                    file,
                    format!("`{text}` is no time; write `2026-01-31T08:00:00Z`"),
                ));
            }
        }
        Ok(Maker::Constant(Plain::Text(text.to_owned())))
    }

    /// Refuses a name that no row of the recipes has.
    pub fn check_name(&self, file: &str, target: EntityId, name: &str) -> Result<(), DemoError> {
        let path = &self.catalog.entity(target).path;
        let Some(known) = self.known.get(&target) else {
            return Err(DemoError::new(
                file,
                format!("the recipes name no rows of {path}, so `{name}` cannot be found"),
            ));
        };
        if known.contains(&name.to_lowercase()) {
            return Ok(());
        }
        let names = known.iter().map(String::as_str);
        Err(DemoError::new(file, format!("no row of {path} is called `{name}`")).meant(name, names))
    }

    /// The row below which a name is looked up: said so, or by the catalog (`status` within `board`).
    fn within(
        &mut self,
        file: &str,
        scene: &Scene<'a>,
        want: &Want<'a>,
        target: EntityId,
    ) -> Result<Option<Route>, DemoError> {
        let route = match (
            &want.within,
            want.field.and_then(|field| field.within.as_deref()),
        ) {
            (Some(route), _) => Some(route.clone()),
            (None, Some(name)) => Some(self.route(file, scene, name)?),
            (None, None) => None,
        };
        if let Some(parent) = route.as_ref().and_then(|route| route.result) {
            self.need_under(target, parent);
        }
        Ok(route)
    }

    fn need_under(&mut self, target: EntityId, parent: EntityId) {
        self.under.insert((target, parent));
        self.keep[target.0 as usize].get_or_insert_default();
    }

    fn table(
        &mut self,
        file: &str,
        scene: &Scene<'a>,
        want: &Want<'a>,
        table: &Table,
    ) -> Result<Maker, DemoError> {
        let mut want = want.clone();
        if let Some(path) = table.get("of").and_then(Value::as_str) {
            want.target = Some(self.catalog.home(self.entity(file, path)?.id).id);
        }
        if let Some(path) = table.get("in").and_then(Value::as_str)
            && !table.contains_key("each_row")
        {
            want.within = Some(self.route(file, scene, path)?);
        }
        let mut kinds = KINDS.iter().filter(|kind| table.contains_key(**kind));
        let kind = kinds.next().copied();
        let conditional =
            |key: &&str| table.contains_key(*key) && !(*key == "chance" && kind == Some("chance"));
        let mut conditions = Vec::new();
        if conditions::KEYS.iter().any(conditional) {
            self.conditions(file, scene, table, &mut conditions)?;
            if kind == Some("chance") {
                conditions.retain(|condition| !matches!(condition, Condition::Chance(_)));
            }
        }
        let Some(kind) = kind else {
            let key = table.keys().next().map_or("", String::as_str);
            return Err(DemoError::new(
                file,
                format!("`{key}` says not how the value comes about"),
            )
            .meant(key, KINDS));
        };
        let what = self.kind(file, scene, &want, table, kind, &table[kind])?;
        Ok(if conditions.is_empty() {
            what
        } else {
            Maker::If(conditions, Box::new(what))
        })
    }

    fn kind(
        &mut self,
        file: &str,
        scene: &Scene<'a>,
        want: &Want<'a>,
        table: &Table,
        kind: &str,
        value: &Value,
    ) -> Result<Maker, DemoError> {
        let wrong = |what: &str| DemoError::new(file, format!("`{kind}` must be {what}"));
        let path = || {
            value
                .as_str()
                .ok_or_else(|| wrong("a path such as `parent.id`"))
        };
        let target = || {
            want.target.ok_or_else(|| {
                DemoError::new(
                    file,
                    format!("`{kind}` needs a field that points to rows, or `of`"),
                )
            })
        };
        Ok(match kind {
            "value" => self.maker(file, scene, want, value)?,
            "pick" => self.pick(file, scene, want, value)?,
            "turn" => Maker::Turn(self.list(file, scene, want, value)?),
            "first_of" => Maker::FirstOf(self.list(file, scene, want, value)?),
            "by" => self.by(file, scene, want, table, value)?,
            "copy" => Maker::Copy(self.route(file, scene, path()?)?),
            "not" => Maker::Not(self.route(file, scene, path()?)?),
            "empty" => Maker::Empty(self.route(file, scene, path()?)?),
            "ref" => self.any(file, scene, want, target()?, value)?,
            "first" => {
                let (target, of) = (target()?, self.route(file, scene, path()?)?);
                let parent = of.result.ok_or_else(|| wrong("a path to a row"))?;
                self.need_under(target, parent);
                Maker::First { target, of }
            }
            "upcoming" => Maker::Upcoming(self.entity(file, path()?)?.id),
            "date" => self.date(file, scene, table, value)?,
            "month" => Maker::Month {
                from: value
                    .as_integer()
                    .ok_or_else(|| wrong("a number of months from now"))?,
                step: table.get("step").and_then(Value::as_integer).unwrap_or(1),
            },
            "hours" => {
                let after = table
                    .get("after")
                    .and_then(Value::as_str)
                    .ok_or_else(|| wrong("given with `after`"))?;
                Maker::Hours {
                    hours: self.route(file, scene, path()?)?,
                    after: self.route(file, scene, after)?,
                }
            }
            "number" => match value.as_array().map(Vec::as_slice) {
                Some([low, high]) => {
                    let (Some(low), Some(high)) = (number(low), number(high)) else {
                        return Err(wrong("two numbers"));
                    };
                    Maker::Number {
                        low,
                        high,
                        step: table.get("step").and_then(number).unwrap_or(1.0),
                        grown: flag(table, "grown"),
                    }
                }
                _ => return Err(wrong("two numbers")),
            },
            "multiply" => Maker::Multiply(self.operands(file, scene, value)?),
            "divide" => Maker::Divide(self.operands(file, scene, value)?),
            "add" => Maker::Add(self.operands(file, scene, value)?),
            "subtract" => Maker::Subtract(self.operands(file, scene, value)?),
            "uuid" => Maker::Uuid,
            "each_row" => self.each_row(file, scene, table, path()?)?,
            "ids" => Maker::Names {
                target: target()?,
                names: self.names(file, target()?, value)?,
            },
            "below" => {
                let target = self.catalog.home(self.entity(file, path()?)?.id).id;
                let within = table.get("in").and_then(Value::as_str).unwrap_or("parent");
                let within = self.route(file, scene, within)?;
                let parent = within.result.ok_or_else(|| wrong("a path to a row"))?;
                self.need_under(target, parent);
                Maker::Below { target, within }
            }
            "integer" => Maker::Integer(self.pieces(file, scene, path()?)?),
            _ => Maker::Chance(number(value).ok_or_else(|| wrong("a number from 0 to 1"))?),
        })
    }

    fn list(
        &mut self,
        file: &str,
        scene: &Scene<'a>,
        want: &Want<'a>,
        value: &Value,
    ) -> Result<Vec<Maker>, DemoError> {
        let Some(entries) = value.as_array().filter(|entries| !entries.is_empty()) else {
            return Err(DemoError::new(
                file,
                "`turn` and `first_of` must be arrays that are not empty",
            ));
        };
        entries
            .iter()
            .map(|entry| self.maker(file, scene, want, entry))
            .collect()
    }

    fn pick(
        &mut self,
        file: &str,
        scene: &Scene<'a>,
        want: &Want<'a>,
        value: &Value,
    ) -> Result<Maker, DemoError> {
        let mut total = 0;
        let mut choices = Vec::new();
        match value {
            Value::Array(entries) => {
                for entry in entries {
                    total += 1;
                    choices.push((total, self.maker(file, scene, want, entry)?));
                }
            }
            Value::Table(weights) => {
                for (name, weight) in weights {
                    let Some(weight) = weight.as_integer().filter(|weight| *weight > 0) else {
                        return Err(DemoError::new(
                            file,
                            format!("the weight of `{name}` must be a number above 0"),
                        ));
                    };
                    total += weight.unsigned_abs();
                    choices.push((total, self.text(file, scene, want, name)?));
                }
            }
            _ => {}
        }
        if choices.is_empty() {
            return Err(DemoError::new(
                file,
                "`pick` must be an array of values, or a table of values and weights",
            ));
        }
        Ok(Maker::Pick(choices))
    }

    fn by(
        &mut self,
        file: &str,
        scene: &Scene<'a>,
        want: &Want<'a>,
        table: &Table,
        value: &Value,
    ) -> Result<Maker, DemoError> {
        let route = self.route(file, scene, value.as_str().unwrap_or_default())?;
        let Some(Value::Table(of)) = table.get("of") else {
            return Err(DemoError::new(
                file,
                "`by` needs `of`, a table of values for each name",
            ));
        };
        let mut cases = Vec::with_capacity(of.len());
        for (name, value) in of {
            if let Some(target) = route.result {
                self.check_name(file, target, name)?;
            }
            // Names of rows are compared in small letters, texts as they are.
            let name = if route.result.is_some() {
                name.to_lowercase()
            } else {
                name.clone()
            };
            cases.push((name, self.maker(file, scene, want, value)?));
        }
        let otherwise = match table.get("else") {
            None => None,
            Some(value) => Some(Box::new(self.maker(file, scene, want, value)?)),
        };
        Ok(Maker::By {
            route,
            cases,
            otherwise,
        })
    }

    fn any(
        &mut self,
        file: &str,
        scene: &Scene<'a>,
        want: &Want<'a>,
        target: EntityId,
        value: &Value,
    ) -> Result<Maker, DemoError> {
        self.keep[target.0 as usize].get_or_insert_default();
        let empty = Table::new();
        let table = value.as_table().unwrap_or(&empty);
        super::tables::only(file, table, &["in", "where", "near"])?;
        let mut want = want.clone();
        if let Some(path) = table.get("in").and_then(Value::as_str) {
            want.within = Some(self.route(file, scene, path)?);
        }
        let within = self.within(file, scene, &want, target)?;
        let entity = self.catalog.entity(target);
        let mut wanted = Vec::new();
        if let Some(Value::Table(conditions)) = table.get("where") {
            for (name, value) in conditions {
                let (slot, points_to) = self.field(file, entity, name)?;
                let column = self.remember(target, slot);
                let value = match (value, points_to) {
                    (Value::String(text), Some(target)) => {
                        self.check_name(file, target, text)?;
                        Wanted::Name(target, text.to_lowercase())
                    }
                    (Value::String(text), None) => Wanted::Value(Plain::Text(text.clone())),
                    (Value::Boolean(flag), _) => Wanted::Value(Plain::Boolean(*flag)),
                    (other, _) => {
                        return Err(DemoError::new(
                            file,
                            format!("`where` compares with texts and flags, not {other}"),
                        ));
                    }
                };
                wanted.push((column, value));
            }
        }
        let near = match table
            .get("near")
            .and_then(Value::as_array)
            .map(Vec::as_slice)
        {
            Some([Value::String(field), Value::String(path)]) => {
                let (slot, _) = self.field(file, entity, field)?;
                Some((self.remember(target, slot), self.route(file, scene, path)?))
            }
            _ => None,
        };
        let filter = (!wanted.is_empty() || near.is_some()).then(|| {
            self.filters += 1;
            Filter {
                number: self.filters - 1,
                wanted,
                near,
            }
        });
        Ok(Maker::Any {
            target,
            within,
            filter,
        })
    }

    fn date(
        &mut self,
        file: &str,
        scene: &Scene<'a>,
        table: &Table,
        value: &Value,
    ) -> Result<Maker, DemoError> {
        let Some([from, to]) = value.as_array().map(Vec::as_slice) else {
            return Err(DemoError::new(
                file,
                "`date` must be two spans, the earliest and the latest",
            ));
        };
        let after = match table.get("after").and_then(Value::as_str) {
            None => None,
            Some(path) => Some(self.route(file, scene, path)?),
        };
        let round = match table.get("at").and_then(Value::as_str) {
            None => None,
            Some("day") => Some(Round::Day),
            Some("week") => Some(Round::Week),
            Some("month") => Some(Round::Month),
            Some("year") => Some(Round::Year),
            Some(other) => {
                return Err(DemoError::new(
                    file,
                    format!("`at` is `{other}`; it is `day`, `week`, `month` or `year`"),
                ));
            }
        };
        Ok(Maker::Date {
            from: span(file, "date", from)?,
            to: span(file, "date", to)?,
            after,
            spread: flag(table, "spread"),
            round,
            work: flag(table, "work"),
            to_now: flag(table, "to_now"),
            latest: table
                .get("latest")
                .map(|latest| span(file, "latest", latest))
                .transpose()?,
        })
    }

    fn operands(
        &mut self,
        file: &str,
        scene: &Scene<'a>,
        value: &Value,
    ) -> Result<Vec<Operand>, DemoError> {
        let entries = value.as_array().map(Vec::as_slice).unwrap_or_default();
        let operand = |entry: &Value| match (entry, number(entry)) {
            (_, Some(number)) => Ok(Operand::Number(number)),
            (Value::String(word), _) if word == "growth" => Ok(Operand::Growth),
            (Value::String(path), _) => Ok(Operand::Route(self.route(file, scene, path)?)),
            _ => Err(DemoError::new(
                file,
                format!("{entry} is no number and no path"),
            )),
        };
        entries.iter().map(operand).collect()
    }

    fn each_row(
        &mut self,
        file: &str,
        scene: &Scene<'a>,
        table: &Table,
        path: &str,
    ) -> Result<Maker, DemoError> {
        let target = self.catalog.home(self.entity(file, path)?.id).id;
        let within = self.route(
            file,
            scene,
            table.get("in").and_then(Value::as_str).unwrap_or("parent"),
        )?;
        let parent = within
            .result
            .ok_or_else(|| DemoError::new(file, "`in` must be a path to a row"))?;
        self.need_under(target, parent);
        let inner = Scene {
            entity: scene.entity,
            lets: scene.lets.clone(),
            done: scene.done.clone(),
            stamped: scene.stamped.clone(),
            above: scene.above.clone(),
            item: Some(target),
            distinct: Vec::new(),
        };
        let Some(Value::Table(members)) = table.get("members") else {
            return Err(DemoError::new(file, "`each_row` needs a table `members`"));
        };
        let mut made = Vec::with_capacity(members.len());
        for (name, value) in members {
            let what = self
                .maker(file, &inner, &Want::default(), value)
                .map_err(|error| error.field(name))?;
            made.push((name.clone(), what));
        }
        Ok(Maker::EachRow {
            target,
            within,
            members: made,
        })
    }

    fn names(
        &mut self,
        file: &str,
        target: EntityId,
        value: &Value,
    ) -> Result<Vec<String>, DemoError> {
        let names = super::tables::strings(file, "ids", Some(value))?;
        for name in &names {
            self.check_name(file, target, name)?;
        }
        Ok(names.into_iter().map(|name| name.to_lowercase()).collect())
    }
}
