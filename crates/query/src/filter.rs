//! The filter language both PSAs' grammars are read into. Names are resolved: a path names columns
//! and tables, not API fields. Knows no dialect and no catalog.

use std::sync::Arc;

/// A condition on one row.
#[derive(Debug, Clone, PartialEq, Hash)]
pub enum Filter {
    /// Every row, or no row.
    Constant(bool),
    And(Vec<Filter>),
    Or(Vec<Filter>),
    Not(Box<Filter>),
    Compare {
        path: Path,
        op: Comparison,
        value: Value,
    },
    /// The value is one of these. An empty list matches no row.
    OneOf {
        path: Path,
        values: Vec<Value>,
    },
    /// Text holds this text, letter case ignored (ASCII).
    Contains {
        path: Path,
        text: String,
    },
    /// Text matches this pattern as a whole, letter case ignored (ASCII).
    Like {
        path: Path,
        pattern: Pattern,
    },
    /// Text column with words joined by `, ` holds exactly this word (`resources`).
    HasWord {
        path: Path,
        word: String,
    },
    IsNull {
        path: Path,
    },
    /// Some element of a JSON array column, or some row of a child table, satisfies all of it.
    Any {
        of: Elements,
        filter: Box<Filter>,
    },
    /// The row that a reference points to satisfies all of it; a reference that is null or points to no row
    /// does not.
    Behind {
        link: Link,
        filter: Box<Filter>,
    },
    /// The row's id is in an index table `(member_id, id)` under this key: level My.
    InIndex {
        table: Arc<str>,
        key: i64,
    },
    /// The row's id is in an index table under one of these keys. No id may stand there under two of them: a page
    /// merges the rows of the keys, and would show such a row twice.
    InRuns {
        table: Arc<str>,
        keys: Vec<i64>,
    },
}

/// The path of a test of one value, borrowed as the filter is.
macro_rules! path_of {
    ($filter:expr) => {
        match $filter {
            Filter::Compare { path, .. }
            | Filter::OneOf { path, .. }
            | Filter::Contains { path, .. }
            | Filter::Like { path, .. }
            | Filter::HasWord { path, .. }
            | Filter::IsNull { path } => Some(path),
            _ => None,
        }
    };
}

impl Filter {
    /// The value that a test of one value is about; nothing for tests of other kinds.
    pub fn path(&self) -> Option<&Path> {
        path_of!(self)
    }

    /// The same, to change it.
    pub fn path_mut(&mut self) -> Option<&mut Path> {
        path_of!(self)
    }

    /// Every value of the row itself that is looked at, and of rows its paths lead to; not those of elements
    /// and of rows that `Behind` names.
    pub fn paths(&self) -> Vec<&Path> {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().flat_map(Self::paths).collect(),
            Self::Not(inner) => inner.paths(),
            test => test.path().into_iter().collect(),
        }
    }
}

/// Where a value stands: a column of the row, or of a row that it points to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Path {
    /// References followed, in order.
    pub through: Vec<Link>,
    pub column: Arc<str>,
    pub kind: Kind,
}

/// One reference followed: `column` of the row holds the `id` of a row of `table`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Link {
    pub column: Arc<str>,
    pub table: Arc<str>,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    Integer,
    Number,
    Boolean,
    /// Compared without regard to ASCII letter case.
    Text,
    /// ISO 8601 in UTC with seconds, `2005-05-27T17:30:19Z`: text order is time order.
    DateTime,
    /// JSON text: arrays and nested objects.
    Json,
}

/// A value in a filter and at rest.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Integer(i64),
    Number(f64),
    Boolean(bool),
    /// Also date-times and JSON.
    Text(String),
}

impl std::hash::Hash for Value {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        match self {
            Self::Null => {}
            Self::Integer(number) => number.hash(state),
            // Both zeros are equal, so that they hash as one.
            Self::Number(number) => (number + 0.0).to_bits().hash(state),
            Self::Boolean(flag) => flag.hash(state),
            Self::Text(text) => text.hash(state),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A pattern in pieces, so that each dialect keeps its own wildcards.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pattern(pub Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Piece {
    Text(String),
    /// Any run of characters, also none.
    AnyRun,
    /// Exactly one character.
    AnyOne,
    /// Exactly one character of these (or, negated, not of these).
    Class {
        negated: bool,
        members: Vec<(char, char)>,
    },
}

/// Elements a filter looks for one of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Elements {
    /// Objects of a JSON array column; paths of the inner filter name their members.
    Json { column: Arc<str> },
    /// Plain values of a JSON array column; the inner filter's path has the column `value`.
    JsonValues { column: Arc<str> },
    /// Rows of a child table whose `column` holds this row's id.
    Children { table: Arc<str>, column: Arc<str> },
}

/// One key of an order.
#[derive(Debug, Clone, PartialEq, Hash)]
pub struct Order {
    pub path: Path,
    pub descending: bool,
    /// What the row behind each reference of the path must satisfy, in their order: where one does not, the key
    /// is null, whatever that row holds. Empty where every row may be looked at.
    pub sights: Vec<Filter>,
}

impl Order {
    /// By the value at the end of a path, whatever rows stand on the way.
    pub fn by(path: Path, descending: bool) -> Self {
        Self {
            path,
            descending,
            sights: Vec::new(),
        }
    }
}

/// One statement's worth of reading.
#[derive(Debug, Clone, PartialEq)]
pub struct Select {
    pub table: Arc<str>,
    /// Columns in the order in which the answer's cells come.
    pub columns: Vec<Arc<str>>,
    pub filter: Filter,
    /// Always ends with the id, so that pages never overlap; empty means by id.
    pub order: Vec<Order>,
    pub limit: Option<u64>,
    pub offset: u64,
}
