//! Reads the conditions under which a recipe's value or table comes about.

use super::compile::{Compiler, Scene};
use super::error::DemoError;
use super::plan::Condition;
use super::tables::{flag, number, span};
use toml::{Table, Value};

/// What conditions are said with.
pub(super) const KEYS: [&str; 5] = ["when", "unless", "older", "chance", "last"];

impl<'a> Compiler<'a> {
    /// Reads the conditions that stand beside a value or a table.
    pub fn conditions(
        &mut self,
        file: &str,
        scene: &Scene<'a>,
        table: &Table,
        into: &mut Vec<Condition>,
    ) -> Result<(), DemoError> {
        for (key, negated) in [("when", false), ("unless", true)] {
            let Some(text) = table.get(key).and_then(Value::as_str) else {
                continue;
            };
            let (path, equals) = match text.split_once('=') {
                None => (text, None),
                Some((path, equals)) => (path, Some(equals.to_owned())),
            };
            let route = self.route(file, scene, path)?;
            if let (Some(target), Some(name)) = (route.result, &equals) {
                self.check_name(file, target, name)?;
            }
            let equals = equals.map(|name| {
                if route.result.is_some() {
                    name.to_lowercase()
                } else {
                    name
                }
            });
            into.push(Condition::Holds {
                route,
                equals,
                negated,
            });
        }
        if let Some(older) = table.get("older") {
            let Some([Value::String(path), age]) = older.as_array().map(Vec::as_slice) else {
                return Err(DemoError::new(file, "`older` must be a path and a span"));
            };
            into.push(Condition::Older(
                self.route(file, scene, path)?,
                span(file, "older", age)?,
            ));
        }
        if flag(table, "last") {
            into.push(Condition::Last);
        }
        if let Some(chance) = table.get("chance").and_then(number) {
            into.push(Condition::Chance(chance));
        }
        Ok(())
    }
}
