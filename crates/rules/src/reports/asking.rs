//! What a caller asks of a report: conditions and an order over its columns, and which of them to show. The
//! grammar is that of lists; the names are the report's, in any letter case.

use super::definition::{Column, ColumnKind};
use super::rows::nothing;
use bitting_dialects::connectwise::conditions::literal;
use bitting_dialects::connectwise::conditions::parser;
use bitting_dialects::connectwise::conditions::paths::{Holds, Place};
use bitting_dialects::connectwise::conditions::tree::{Term, Tree};
use bitting_dialects::connectwise::error::ApiError;
use bitting_query::{Elements, Filter, Kind, Path, Value, matches};
use std::borrow::Cow;
use std::sync::Arc;

/// Conditions with the columns they name.
#[derive(Debug, Default)]
pub struct Conditions {
    pub tree: Option<Tree>,
    pub used: Vec<usize>,
}

impl Conditions {
    /// Reads a text; 400 for a name that the report does not have.
    pub fn read(text: Option<&str>, columns: &[Column]) -> Result<Self, ApiError> {
        let tree = text.map_or(Ok(None), parser::parse)?;
        let mut used = Vec::new();
        if let Some(tree) = &tree {
            names(tree, columns, &mut used)?;
        }
        Ok(Self { tree, used })
    }

    /// The filter, with the path of each column by `path`.
    pub fn filter(
        &self,
        columns: &[Column],
        path: &dyn Fn(usize) -> Path,
    ) -> Result<Filter, ApiError> {
        match &self.tree {
            None => Ok(Filter::Constant(true)),
            Some(tree) => filter(tree, columns, path),
        }
    }
}

/// The position of a column.
pub fn position(columns: &[Column], name: &str) -> Result<usize, ApiError> {
    columns
        .iter()
        .position(|column| column.name.eq_ignore_ascii_case(name.trim()))
        .ok_or_else(|| ApiError::unknown_name(name))
}

/// Reads `orderBy`: positions, and whether each descends.
pub fn order(text: Option<&str>, columns: &[Column]) -> Result<Vec<(usize, bool)>, ApiError> {
    let mut order = Vec::new();
    let keys = text.unwrap_or_default().split(',').map(str::trim);
    for key in keys.filter(|key| !key.is_empty()) {
        let mut words = key.split_whitespace();
        let index = position(columns, words.next().unwrap_or_default())?;
        let descending = match words.next().map(str::to_ascii_lowercase).as_deref() {
            None | Some("asc" | "ascending") => false,
            Some("desc" | "descending") => true,
            Some(other) => {
                let message = format!("Expected asc or desc in orderBy, found '{other}'.");
                return Err(ApiError::condition(message));
            }
        };
        order.push((index, descending));
    }
    Ok(order)
}

/// Reads `columns` or `fields`: positions in the order asked for; all of them when nothing is asked.
pub fn shown(text: Option<&str>, columns: &[Column]) -> Result<Vec<usize>, ApiError> {
    let Some(text) = text else {
        return Ok((0..columns.len()).collect());
    };
    let mut shown = Vec::new();
    for name in text.split(',').filter(|name| !name.trim().is_empty()) {
        let index = position(columns, name)?;
        if !shown.contains(&index) {
            shown.push(index);
        }
    }
    Ok(shown)
}

fn names(tree: &Tree, columns: &[Column], used: &mut Vec<usize>) -> Result<(), ApiError> {
    match tree {
        Tree::And(trees) | Tree::Or(trees) => {
            trees.iter().try_for_each(|tree| names(tree, columns, used))
        }
        Tree::Not(tree) => names(tree, columns, used),
        Tree::Term(term) => {
            used.push(position(columns, &term.path)?);
            Ok(())
        }
    }
}

fn filter(
    tree: &Tree,
    columns: &[Column],
    path: &dyn Fn(usize) -> Path,
) -> Result<Filter, ApiError> {
    let all = |trees: &[Tree]| {
        trees
            .iter()
            .map(|tree| filter(tree, columns, path))
            .collect::<Result<Vec<_>, _>>()
    };
    Ok(match tree {
        Tree::And(trees) => Filter::And(all(trees)?),
        Tree::Or(trees) => Filter::Or(all(trees)?),
        Tree::Not(tree) => Filter::Not(Box::new(filter(tree, columns, path)?)),
        Tree::Term(term) => one(term, columns, path)?,
    })
}

/// One comparison. A column that is never null shows its type's nothing where the database has null, and
/// compares as what it shows.
fn one(term: &Term, columns: &[Column], path: &dyn Fn(usize) -> Path) -> Result<Filter, ApiError> {
    let index = position(columns, &term.path)?;
    let column = &columns[index];
    let path = path(index);
    let holds = match (column.kind, path.kind) {
        (ColumnKind::Numeric, Kind::Integer) => Holds::Integer,
        (ColumnKind::Numeric, _) => Holds::Number,
        (ColumnKind::Boolean, _) => Holds::Boolean,
        (ColumnKind::DateTime, _) => Holds::Moment,
        (ColumnKind::Text, _) => Holds::Text,
    };
    let place = Place {
        path: path.clone(),
        holds,
    };
    let filter = literal::filter(term, place)?;
    let shown = nothing(column.kind);
    if column.nullable || shown == Value::Null {
        return Ok(filter);
    }
    let null = Filter::IsNull { path };
    Ok(if matches(&filter, &One(shown)) {
        Filter::Or(vec![filter, null])
    } else {
        Filter::And(vec![filter, Filter::Not(Box::new(null))])
    })
}

/// A row that shows one value wherever one looks.
struct One(Value);

impl bitting_query::Row for One {
    fn value(&self, _: &Path) -> Cow<'_, Value> {
        Cow::Borrowed(&self.0)
    }

    fn elements(&self, _: &Elements) -> Vec<Box<dyn bitting_query::Row + '_>> {
        Vec::new()
    }

    fn in_index(&self, _: &str, _: i64) -> bool {
        false
    }
}

/// The path of a column in rows that are worked out already.
pub fn worked_out(columns: &[Column], index: usize) -> Path {
    let column = &columns[index];
    Path {
        through: Vec::new(),
        column: Arc::from(&*column.name),
        kind: match column.kind {
            ColumnKind::Text => Kind::Text,
            ColumnKind::Numeric => Kind::Number,
            ColumnKind::DateTime => Kind::DateTime,
            ColumnKind::Boolean => Kind::Boolean,
        },
    }
}
