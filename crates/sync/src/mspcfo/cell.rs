//! Columns of a table and what stands in them, whatever file it becomes. Knows no figure.

use std::borrow::Cow;

/// A column, by what its cells are where they are not empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    Text(&'static str),
    Number(&'static str),
    Flag(&'static str),
}

impl Column {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text(name) | Self::Number(name) | Self::Flag(name) => name,
        }
    }
}

/// What stands in one row of a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell<'c> {
    Null,
    Number(f64),
    Count(i64),
    Flag(bool),
    Text(Cow<'c, str>),
}
