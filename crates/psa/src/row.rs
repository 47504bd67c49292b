//! A row in hand: values by column, as rules and checks of writes see it.

use bitting_query::{Elements, Kind, Path, Value};
use bitting_store::table::{Cell, Cells, Column};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

/// The order in which a row keeps its columns: by length, then by name. Most names differ in length, which costs
/// nothing to compare.
pub fn by_name(left: &str, right: &str) -> Ordering {
    let length = left.len().cmp(&right.len());
    length.then_with(|| left.cmp(right))
}

/// Values of one row by column name; an absent column is null.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Row {
    pub id: i64,
    /// In the order of [`by_name`]. Not a map: a write reads a dozen wide rows, and building maps of them cost as
    /// much as finding them. Shared until one is changed: rows of set-up are handed out over and over.
    values: Arc<Vec<(Arc<str>, Value)>>,
}

impl Row {
    pub fn new(id: i64) -> Self {
        Self {
            id,
            values: Arc::default(),
        }
    }

    /// Reads a row whose first cell is the id, followed by `columns`, in the order of [`by_name`].
    pub fn read(columns: &[Column], cells: &dyn Cells) -> Self {
        debug_assert!(is_sorted(columns));
        let id = match cells.cell(0) {
            Cell::Integer(id) => id,
            _ => 0,
        };
        let mut values = Vec::with_capacity(columns.len());
        for (index, column) in columns.iter().enumerate() {
            match value(column.kind, cells.cell(index + 1)) {
                Value::Null => {}
                value => values.push((column.name.clone(), value)),
            }
        }
        Self {
            id,
            values: Arc::new(values),
        }
    }

    /// The same of columns in any order.
    pub fn read_unsorted(columns: &[Column], cells: &dyn Cells) -> Self {
        let mut row = Self::new(match cells.cell(0) {
            Cell::Integer(id) => id,
            _ => 0,
        });
        for (index, column) in columns.iter().enumerate() {
            row.set(&column.name, value(column.kind, cells.cell(index + 1)));
        }
        row
    }

    pub fn get(&self, column: &str) -> &Value {
        self.find(column)
            .map_or(&Value::Null, |at| &self.values[at].1)
    }

    /// The values of these columns, in the order of [`by_name`], each at its place of so many.
    pub fn in_order(&self, sorted: &[(Arc<str>, usize)], width: usize) -> Vec<Option<&Value>> {
        let mut found = vec![None; width];
        let mut values = self.values.iter().peekable();
        for (name, place) in sorted {
            while let Some((column, value)) = values.peek() {
                match by_name(column, name) {
                    Ordering::Less => drop(values.next()),
                    Ordering::Equal => {
                        found[*place] = Some(value);
                        break;
                    }
                    Ordering::Greater => break,
                }
            }
        }
        found
    }

    /// Where the column is, or where it would have to be.
    fn find(&self, column: &str) -> Result<usize, usize> {
        self.values
            .binary_search_by(|(name, _)| by_name(name, column))
    }

    pub fn is_null(&self, column: &str) -> bool {
        *self.get(column) == Value::Null
    }

    pub fn integer(&self, column: &str) -> Option<i64> {
        if column == "id" {
            return Some(self.id);
        }
        match self.get(column) {
            Value::Integer(number) => Some(*number),
            _ => None,
        }
    }

    pub fn number(&self, column: &str) -> Option<f64> {
        match self.get(column) {
            Value::Integer(number) => Some(*number as f64),
            Value::Number(number) => Some(*number),
            _ => None,
        }
    }

    pub fn text(&self, column: &str) -> Option<&str> {
        match self.get(column) {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn flag(&self, column: &str) -> bool {
        matches!(self.get(column), Value::Boolean(true) | Value::Integer(1))
    }

    pub fn set(&mut self, column: &str, value: Value) {
        self.put(column, value, |column| Arc::from(column));
    }

    /// The same, with the name that the catalog keeps.
    pub fn set_named(&mut self, column: &Arc<str>, value: Value) {
        self.put(column, value, |_| column.clone());
    }

    fn put(&mut self, column: &str, value: Value, name: impl FnOnce(&str) -> Arc<str>) {
        let found = self.find(column);
        if found.is_err() && value == Value::Null {
            return;
        }
        let values = Arc::make_mut(&mut self.values);
        match (found, value) {
            (Ok(at), Value::Null) => drop(values.remove(at)),
            (Ok(at), value) => values[at].1 = value,
            (Err(at), value) => values.insert(at, (name(column), value)),
        }
    }

    /// Whole numbers in columns of numbers become what reading them back gives. Columns are in the order of
    /// [`by_name`].
    pub fn settle(&mut self, columns: &[Column]) {
        debug_assert!(is_sorted(columns));
        let mut rest = columns.iter();
        let wrong: Vec<(usize, i64)> = self
            .values
            .iter()
            .enumerate()
            .filter_map(|(at, (name, value))| {
                let column = rest.find(|column| column.name == *name)?;
                match value {
                    Value::Integer(whole) if column.kind == Kind::Number => Some((at, *whole)),
                    _ => None,
                }
            })
            .collect();
        if !wrong.is_empty() {
            let values = Arc::make_mut(&mut self.values);
            for (at, whole) in wrong {
                values[at].1 = Value::Number(whole as f64);
            }
        }
    }

    pub fn set_text(&mut self, column: &str, text: impl Into<String>) {
        self.set(column, Value::Text(text.into()));
    }

    /// All values that are not null.
    pub fn into_values(self) -> Vec<(Arc<str>, Value)> {
        Arc::unwrap_or_clone(self.values)
    }

    /// Columns whose value differs from `before`, with the new value.
    pub fn changes_since(&self, before: &Self) -> Vec<(Arc<str>, Value)> {
        let mut changes = Vec::new();
        for (column, value) in self.values.iter() {
            if before.get(column) != value {
                changes.push((column.clone(), value.clone()));
            }
        }
        for (column, _) in before.values.iter() {
            if self.find(column).is_err() {
                changes.push((column.clone(), Value::Null));
            }
        }
        changes
    }
}

fn is_sorted(columns: &[Column]) -> bool {
    columns.is_sorted_by(|left, right| by_name(&left.name, &right.name) == Ordering::Less)
}

/// A cell as the value its column holds.
fn value(kind: Kind, cell: Cell<'_>) -> Value {
    match (kind, owned(cell)) {
        // SQLite keeps booleans as integers.
        (Kind::Boolean, Value::Integer(flag)) => Value::Boolean(flag != 0),
        (_, value) => value,
    }
}

/// A cell as an owned value.
pub fn owned(cell: Cell<'_>) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Integer(number) => Value::Integer(number),
        Cell::Number(number) => Value::Number(number),
        Cell::Boolean(flag) => Value::Boolean(flag),
        Cell::Text(text) => Value::Text(text.to_owned()),
    }
}

/// A row that a reference points to, as the filter on the reference sees it.
pub struct Target<'a>(pub &'a Row);

impl bitting_query::Row for Target<'_> {
    fn value(&self, path: &Path) -> Cow<'_, Value> {
        match &*path.column {
            "id" => Cow::Owned(Value::Integer(self.0.id)),
            column => Cow::Borrowed(self.0.get(column)),
        }
    }

    fn elements(&self, _: &Elements) -> Vec<Box<dyn bitting_query::Row + '_>> {
        Vec::new()
    }

    fn in_index(&self, _: &str, _: i64) -> bool {
        false
    }
}
