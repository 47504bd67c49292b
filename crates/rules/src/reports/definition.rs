//! What a report is: its columns and where their values come from, as its file in `data/reports/connectwise`
//! says. A file is read when its report is first asked for. Knows neither rows nor callers.

use super::expression::{self, Expression};
use parking_lot::RwLock;
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

#[derive(rust_embed::RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../data/reports/connectwise"]
struct Shipped;

/// A report with its columns.
#[derive(Debug)]
pub struct Report {
    pub name: Box<str>,
    pub rows: Source,
    pub columns: Vec<Column>,
}

/// Where a report's rows come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Nowhere: the report answers its columns.
    Nowhere,
    /// One row per record of this entity, of those that the condition (in the language of lists) keeps, without
    /// those that records of another kind name (`finance/accounting/batches/entries by expense`).
    Entity {
        path: String,
        only: Option<String>,
        without: Option<String>,
    },
    /// One row per element of a list that a record holds: its custom fields, the options of a field.
    Each(Each),
    /// One row per value that a field may have.
    Values { path: String, field: String },
    /// One row per line of the audit trails of this entity's records.
    Trail(String),
    /// A function of the server's.
    Function(String),
}

/// The elements of a list that records hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Each {
    pub path: String,
    pub only: Option<String>,
    /// The field that holds the list, or `customFields`.
    pub list: String,
    /// The entity whose records the elements name by id.
    pub of: Option<String>,
}

/// One column.
#[derive(Debug)]
pub struct Column {
    pub name: Box<str>,
    pub kind: ColumnKind,
    pub nullable: bool,
    pub tells: Tells,
    /// What its values are; `None` leaves it empty.
    pub value: Option<Expression>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    Text,
    Numeric,
    DateTime,
    Boolean,
}

/// What a column gives away, for members whose sight of prices or costs is blocked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tells {
    Nothing,
    Price,
    Cost,
    /// A margin: beside either of them it tells the other.
    Both,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    source: Option<String>,
    only: Option<String>,
    without: Option<String>,
    each: Option<String>,
    of: Option<String>,
    values: Option<String>,
    trail: Option<String>,
    function: Option<String>,
    columns: toml::Table,
}

impl ColumnKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "Text",
            Self::Numeric => "Numeric",
            Self::DateTime => "DateTime",
            Self::Boolean => "Boolean",
        }
    }
}

/// Names of all reports, in order.
pub fn names() -> Vec<String> {
    let mut names: Vec<String> = Shipped::iter()
        .filter_map(|file| file.strip_suffix(".toml").map(str::to_owned))
        .collect();
    names.sort_unstable();
    names
}

/// The report of this name in any letter case; the error says what is wrong with its file.
pub fn find(name: &str) -> Result<Option<Arc<Report>>, String> {
    static READ: LazyLock<RwLock<HashMap<String, Arc<Report>>>> = LazyLock::new(RwLock::default);
    let Some(name) = names()
        .into_iter()
        .find(|known| known.eq_ignore_ascii_case(name))
    else {
        return Ok(None);
    };
    if let Some(report) = READ.read().get(&name) {
        return Ok(Some(report.clone()));
    }
    let file = format!("{name}.toml");
    let Some(shipped) = Shipped::get(&file) else {
        return Ok(None);
    };
    let text = String::from_utf8_lossy(&shipped.data);
    let report = read(&name, &text).map_err(|error| format!("{file}: {error}"))?;
    let report = Arc::new(report);
    READ.write().insert(name, report.clone());
    Ok(Some(report))
}

/// Reads a report's file.
pub fn read(name: &str, text: &str) -> Result<Report, String> {
    let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
    let rows = source(&file)?;
    let mut columns = Vec::with_capacity(file.columns.len());
    for (name, value) in file.columns {
        let toml::Value::String(text) = value else {
            return Err(format!("{name}: a column is a text, `Type? = value`"));
        };
        let column = column(&name, &text).map_err(|error| format!("{name}: {error}"))?;
        columns.push(column);
    }
    Ok(Report {
        name: name.into(),
        rows,
        columns,
    })
}

fn source(file: &File) -> Result<Source, String> {
    let said = [&file.source, &file.values, &file.trail, &file.function];
    if said.iter().filter(|said| said.is_some()).count() > 1 {
        return Err("say one of source, values, trail and function".to_owned());
    }
    let narrowed = file.only.is_some() || file.each.is_some() || file.without.is_some();
    if file.source.is_none() && narrowed || file.each.is_none() && file.of.is_some() {
        return Err("only, without and each need a source, of needs each".to_owned());
    }
    if let (Some(path), Some(list)) = (&file.source, &file.each) {
        return Ok(Source::Each(Each {
            path: path.clone(),
            only: file.only.clone(),
            list: list.clone(),
            of: file.of.clone(),
        }));
    }
    if let Some(path) = &file.source {
        return Ok(Source::Entity {
            path: path.clone(),
            only: file.only.clone(),
            without: file.without.clone(),
        });
    }
    if let Some(of) = &file.values {
        let (path, field) = of
            .rsplit_once('/')
            .ok_or("values are those of entity/field")?;
        return Ok(Source::Values {
            path: path.to_owned(),
            field: field.to_owned(),
        });
    }
    if let Some(path) = &file.trail {
        return Ok(Source::Trail(path.clone()));
    }
    let function = file.function.clone();
    Ok(function.map_or(Source::Nowhere, Source::Function))
}

/// `Numeric? cost = hourlyCost`
fn column(name: &str, text: &str) -> Result<Column, String> {
    let (form, value) = match text.split_once('=') {
        Some((form, value)) => (form, Some(expression::parse(value)?)),
        None => (text, None),
    };
    let mut words = form.split_whitespace();
    let kind = words.next().unwrap_or_default();
    let (kind, nullable) = match kind.strip_suffix('?') {
        Some(kind) => (kind, true),
        None => (kind, false),
    };
    let kind = match kind {
        "Text" => ColumnKind::Text,
        "Numeric" => ColumnKind::Numeric,
        "DateTime" => ColumnKind::DateTime,
        "Boolean" => ColumnKind::Boolean,
        other => {
            return Err(format!(
                "no type `{other}`; one of Text, Numeric, DateTime, Boolean"
            ));
        }
    };
    let tells = match words.next() {
        None => Tells::Nothing,
        Some("price") => Tells::Price,
        Some("cost") => Tells::Cost,
        Some("margin") => Tells::Both,
        Some(other) => return Err(format!("`{other}` after the type; price, cost or margin")),
    };
    Ok(Column {
        name: name.into(),
        kind,
        nullable,
        tells,
        value,
    })
}
