//! Whether a row satisfies a filter, in memory. Knows no SQL and not where rows come from.

use crate::filter::{Comparison, Elements, Filter, Kind, Link, Order, Path, Value};
use crate::pattern;
use std::borrow::Cow;
use std::cmp::Ordering;

/// A row that can be asked for its values.
pub trait Row {
    /// The value at a path; null when a reference on the way is null or points to no row. In an
    /// element of a JSON array, an array or an object is null too, unless the kind is `Json`.
    fn value(&self, path: &Path) -> Cow<'_, Value>;
    /// The elements to look through; none when there are none, or when the column holds no array.
    /// For `Elements::Json` only the elements that are objects.
    fn elements(&self, of: &Elements) -> Vec<Box<dyn Row + '_>>;
    /// The row that a reference points to; rows that follow none have none.
    fn behind(&self, _link: &Link) -> Option<Box<dyn Row + '_>> {
        None
    }
    /// Whether the pair `(key, this row's id)` is in that pair table.
    fn in_index(&self, table: &str, key: i64) -> bool;
}

/// Whether the row satisfies the filter, by the rules at the head of this crate.
pub fn matches(filter: &Filter, row: &dyn Row) -> bool {
    match filter {
        Filter::Constant(value) => *value,
        Filter::And(parts) => parts.iter().all(|part| matches(part, row)),
        Filter::Or(parts) => parts.iter().any(|part| matches(part, row)),
        Filter::Not(inner) => !matches(inner, row),
        Filter::Compare { path, op, value } => compares(&row.value(path), path.kind, *op, value),
        Filter::OneOf { path, values } => {
            let held = row.value(path);
            values.iter().any(|value| equal(&held, path.kind, value))
        }
        Filter::Contains { path, text } => on_text(row, path, |held| {
            !text.contains('\0') && holds(held, &text.to_ascii_lowercase())
        }),
        Filter::Like { path, pattern } => on_text(row, path, |held| pattern::holds(pattern, held)),
        Filter::HasWord { path, word } => on_text(row, path, |held| {
            !word.contains('\0')
                && holds(
                    &format!(", {held}, "),
                    &format!(", {}, ", word.to_ascii_lowercase()),
                )
        }),
        Filter::IsNull { path } => typed(&row.value(path), path.kind).is_none(),
        Filter::Any { of, filter } => row
            .elements(of)
            .iter()
            .any(|element| matches(filter, element.as_ref())),
        Filter::Behind { link, filter } => row
            .behind(link)
            .is_some_and(|there| matches(filter, there.as_ref())),
        Filter::InIndex { table, key } => row.in_index(table, *key),
        Filter::InRuns { table, keys } => keys.iter().any(|key| row.in_index(table, *key)),
    }
}

/// Where one row stands against another in an order; rows equal in all keys are equal.
pub fn compare_rows(order: &[Order], left: &dyn Row, right: &dyn Row) -> Ordering {
    for key in order {
        let (left, right) = (value_of(key, left), value_of(key, right));
        let kind = key.path.kind;
        let way = match (typed(&left, kind), typed(&right, kind)) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(left), Some(right)) => against(left, kind, right).unwrap_or(Ordering::Equal),
        };
        if way != Ordering::Equal {
            return if key.descending { way.reverse() } else { way };
        }
    }
    Ordering::Equal
}

/// What a row is sorted by: null where a row on the way is out of sight.
fn value_of<'r>(key: &Order, row: &'r dyn Row) -> Cow<'r, Value> {
    if in_sight(&key.path.through, &key.sights, row) {
        row.value(&key.path)
    } else {
        Cow::Owned(Value::Null)
    }
}

fn in_sight(links: &[Link], sights: &[Filter], row: &dyn Row) -> bool {
    match (links, sights) {
        ([link, links @ ..], [sight, sights @ ..]) => row.behind(link).is_some_and(|there| {
            matches(sight, there.as_ref()) && in_sight(links, sights, there.as_ref())
        }),
        _ => true,
    }
}

/// Whether a literal is of the kind, so that a comparison with it can hold.
pub(crate) fn fits(kind: Kind, value: &Value) -> bool {
    match (kind, value) {
        (Kind::Integer | Kind::Number, Value::Integer(_)) | (Kind::Boolean, Value::Boolean(_)) => {
            true
        }
        (Kind::Integer | Kind::Number, Value::Number(number)) => !number.is_nan(),
        (Kind::Text | Kind::DateTime, Value::Text(text)) => !text.contains('\0'),
        _ => false,
    }
}

/// The value, unless it is null or counts as null.
fn typed(value: &Value, kind: Kind) -> Option<&Value> {
    let of_kind = match value {
        Value::Null => false,
        Value::Text(_) => matches!(kind, Kind::Text | Kind::DateTime | Kind::Json),
        other => kind == Kind::Json || fits(kind, other),
    };
    of_kind.then_some(value)
}

fn compares(held: &Value, kind: Kind, op: Comparison, value: &Value) -> bool {
    let wanted = match op {
        Comparison::Equal => return equal(held, kind, value),
        Comparison::NotEqual => return !equal(held, kind, value),
        Comparison::Less => [Ordering::Less; 2],
        Comparison::LessOrEqual => [Ordering::Less, Ordering::Equal],
        Comparison::Greater => [Ordering::Greater; 2],
        Comparison::GreaterOrEqual => [Ordering::Greater, Ordering::Equal],
    };
    ordering(held, kind, value).is_some_and(|way| wanted.contains(&way))
}

fn equal(held: &Value, kind: Kind, value: &Value) -> bool {
    if *value == Value::Null {
        return typed(held, kind).is_none();
    }
    ordering(held, kind, value) == Some(Ordering::Equal)
}

fn ordering(held: &Value, kind: Kind, value: &Value) -> Option<Ordering> {
    if !fits(kind, value) {
        return None;
    }
    against(typed(held, kind)?, kind, value)
}

fn against(left: &Value, kind: Kind, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Integer(left), Value::Integer(right)) => Some(left.cmp(right)),
        (Value::Number(left), Value::Number(right)) => left.partial_cmp(right),
        (Value::Integer(left), Value::Number(right)) => exactly(*left, *right),
        (Value::Number(left), Value::Integer(right)) => {
            exactly(*right, *left).map(Ordering::reverse)
        }
        (Value::Boolean(left), Value::Boolean(right)) => Some(left.cmp(right)),
        (Value::Text(left), Value::Text(right)) if kind == Kind::Text => {
            let fold = |text: &'_ str| text.as_bytes().to_ascii_lowercase();
            Some(fold(left).cmp(&fold(right)))
        }
        (Value::Text(left), Value::Text(right)) => Some(left.as_bytes().cmp(right.as_bytes())),
        _ => None,
    }
}

/// Compares without the rounding that turning a large integer into a float would bring.
fn exactly(integer: i64, number: f64) -> Option<Ordering> {
    if number.is_nan() {
        return None;
    }
    // Beyond these the cast would saturate; 2^63 itself is a float, i64::MAX is not.
    if number >= 9_223_372_036_854_775_808.0 {
        return Some(Ordering::Less);
    }
    if number < -9_223_372_036_854_775_808.0 {
        return Some(Ordering::Greater);
    }
    let whole = number.trunc();
    Some(integer.cmp(&(whole as i64)).then_with(|| {
        0.0_f64
            .partial_cmp(&(number - whole))
            .unwrap_or(Ordering::Equal)
    }))
}

fn on_text(row: &dyn Row, path: &Path, test: impl Fn(&str) -> bool) -> bool {
    match (path.kind, &*row.value(path)) {
        // Date-times are text too: `lastUpdated contains "2024-05"` is asked for.
        (Kind::Text | Kind::DateTime, Value::Text(held)) => test(held),
        (Kind::Integer, Value::Integer(held)) => test(&held.to_string()),
        _ => false,
    }
}

/// Whether the text holds the part, which is in lower case.
fn holds(text: &str, part: &str) -> bool {
    text.to_ascii_lowercase().contains(part)
}
