//! What a condition is about, as far as its outer shape says: the record's id, one value of a column, the keys of a
//! pair table. Whether an index leads there, the plan asks.

use crate::filter::{Comparison, Filter, Kind, Path, Value};
use std::sync::Arc;

/// Whether a path is the record's own id.
pub(super) fn is_id(path: &Path) -> bool {
    path.through.is_empty() && &*path.column == "id"
}

/// The pair table and the keys that a filter is about.
pub(super) fn pairs(filter: &Filter) -> Option<(&Arc<str>, &[i64])> {
    match filter {
        Filter::InIndex { table, key } => Some((table, std::slice::from_ref(key))),
        Filter::InRuns { table, keys } => Some((table, keys)),
        _ => None,
    }
}

/// Whether a condition asks for one value of this column, which is not null.
pub(super) fn equates(filter: &Filter, column: &str) -> bool {
    match filter {
        Filter::Compare {
            path,
            op: Comparison::Equal,
            value,
        } => path.through.is_empty() && &*path.column == column && *value != Value::Null,
        _ => false,
    }
}

/// The column of an equality that an index serves.
pub(super) fn column_of(filter: &Filter) -> Option<&Arc<str>> {
    match filter {
        Filter::Compare {
            path,
            op: Comparison::Equal,
            ..
        } if equates(filter, &path.column) && path.kind != Kind::Boolean => Some(&path.column),
        _ => None,
    }
}
