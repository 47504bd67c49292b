//! Filters, fields and inputs as text that people can check.

use crate::catalog;
use bitting_catalog::entity::{Entity, EntityId};
use bitting_dialects::connectwise::body::{Input, InputValue, Key};
use bitting_dialects::connectwise::conditions::Used;
use bitting_dialects::connectwise::error::ApiError;
use bitting_query::{Comparison, Elements, Filter, Order, Path, Piece, Value};
use std::fmt::Write as _;

pub fn filter(filter: &Filter) -> String {
    let all = |filters: &[Filter], word: &str| {
        let shown: Vec<String> = filters.iter().map(self::filter).collect();
        format!("({})", shown.join(word))
    };
    match filter {
        Filter::Constant(constant) => constant.to_string(),
        Filter::And(filters) => all(filters, " AND "),
        Filter::Or(filters) => all(filters, " OR "),
        Filter::Not(filter) => format!("NOT {}", self::filter(filter)),
        Filter::Compare { path, op, value } => {
            let op = match op {
                Comparison::Equal => "=",
                Comparison::NotEqual => "<>",
                Comparison::Less => "<",
                Comparison::LessOrEqual => "<=",
                Comparison::Greater => ">",
                Comparison::GreaterOrEqual => ">=",
            };
            format!("{} {op} {}", self::path(path), self::value(value))
        }
        Filter::OneOf { path, values } => {
            let values: Vec<String> = values.iter().map(self::value).collect();
            format!("{} IN ({})", self::path(path), values.join(", "))
        }
        Filter::Contains { path, text } => format!("{} CONTAINS {text:?}", self::path(path)),
        Filter::Like { path, pattern } => {
            let pieces: Vec<String> = pattern.0.iter().map(piece).collect();
            format!("{} LIKE {}", self::path(path), pieces.join(" "))
        }
        Filter::HasWord { path, word } => format!("{} HAS {word:?}", self::path(path)),
        Filter::IsNull { path } => format!("{} IS NULL", self::path(path)),
        Filter::Any { of, filter } => {
            let of = match of {
                Elements::Json { column } => format!("object in {column}"),
                Elements::JsonValues { column } => format!("value in {column}"),
                Elements::Children { table, column } => format!("row of {table} by {column}"),
            };
            format!("ANY {of}: [{}]", self::filter(filter))
        }
        Filter::Behind { link, filter } => {
            format!(
                "{}->{}: [{}]",
                link.column,
                link.table,
                self::filter(filter)
            )
        }
        Filter::InIndex { table, key } => format!("id IN {table}[{key}]"),
        Filter::InRuns { table, keys } => format!("id IN {table}{keys:?}"),
    }
}

pub fn path(path: &Path) -> String {
    let mut text = String::new();
    for link in &path.through {
        let _ = write!(text, "{}->{}.", link.column, link.table);
    }
    format!("{text}{}:{:?}", path.column, path.kind)
}

pub fn order(order: &[Order]) -> String {
    let keys: Vec<String> = order
        .iter()
        .map(|key| {
            format!(
                "{}{}",
                path(&key.path),
                if key.descending { " DESC" } else { "" }
            )
        })
        .collect();
    keys.join(", ")
}

fn value(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Integer(number) => number.to_string(),
        Value::Number(number) => format!("{number:?}"),
        Value::Boolean(flag) => flag.to_string(),
        Value::Text(text) => format!("{text:?}"),
    }
}

fn piece(piece: &Piece) -> String {
    match piece {
        Piece::Text(text) => format!("{text:?}"),
        Piece::AnyRun => "*".to_owned(),
        Piece::AnyOne => "?".to_owned(),
        Piece::Class { negated, members } => format!(
            "{}{members:?}",
            if *negated { "none of " } else { "one of " }
        ),
    }
}

pub fn used(used: &Used, entity: EntityId) -> String {
    let names =
        |entity: EntityId, index: usize| catalog().entity(entity).fields[index].name.to_string();
    let mut all: Vec<String> = used
        .fields
        .iter()
        .map(|index| names(entity, *index))
        .collect();
    all.extend(
        used.beyond
            .iter()
            .map(|(id, index)| format!("{}.{}", catalog().entity(*id).path, names(*id, *index))),
    );
    all.extend(
        used.children
            .iter()
            .map(|id| format!("{}/", catalog().entity(*id).path)),
    );
    all.join(" ")
}

pub fn error(error: &ApiError) -> String {
    let mut text = format!("{} {}: {}", error.status, error.code, error.message);
    for field in &error.errors {
        let _ = write!(
            text,
            "\n       {} {}.{}: {}",
            field.code, field.resource, field.field, field.message
        );
    }
    text
}

pub fn input(input: &Input, entity: &Entity) -> String {
    let mut text: Vec<String> = Vec::new();
    for (index, value) in &input.values {
        let shown = match value {
            InputValue::Value(value) => self::value(value),
            InputValue::Reference(key) => self::key(key),
            InputValue::References(keys) => format!(
                "[{}]",
                keys.iter().map(self::key).collect::<Vec<_>>().join(", ")
            ),
            InputValue::Json(json) => json.clone(),
            InputValue::Merge(json) => format!("merge {json}"),
            InputValue::Null => "null".to_owned(),
        };
        text.push(format!("{} = {shown}", entity.fields[*index].name));
    }
    for field in &input.custom_fields {
        text.push(format!(
            "custom {:?} {:?} = {}",
            field.id, field.caption, field.value
        ));
    }
    if let Some(id) = input.id {
        text.push(format!("id {id}"));
    }
    if !input.ignored.is_empty() {
        text.push(format!("ignored {}", input.ignored.join(" ")));
    }
    text.join("; ")
}

fn key(key: &Key) -> String {
    match key {
        Key::Id(id) => format!("#{id}"),
        Key::Name { member, text } => format!("{member} {text:?}"),
    }
}
