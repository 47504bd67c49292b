//! One filter language for both PSAs: filter, order and page; evaluated on a row, or rendered as
//! SQL. Pure: knows no dialect, no catalog and no driver.
//!
//! What a filter means is defined once and holds in `eval`, in SQLite and in PostgreSQL:
//!
//! - Logic has two values. Null is a value of its own, equal to null only: `x = v` is false and
//!   `x != v` is true where x is null, so that a condition and its negation part the rows in two.
//!   An ordering (`<`, `<=`, `>`, `>=`), a pattern or a word never holds for null.
//! - A path whose reference is null, or points to no row, is null.
//! - Text compares and sorts byte by byte with ASCII letters folded to lower case. Date-times
//!   compare and sort as their bytes. Integers and numbers compare by numeric value.
//! - A value that is not of the path's kind (in JSON) counts as null, and a literal that is not of
//!   the path's kind (text for a number, NaN, text with a NUL) fits no row: its comparisons are
//!   false, `!=` is true. Whoever reads conditions converts literals first.
//! - JSON columns are compared through `Any` only; on the column itself only `IsNull` can hold.
//! - Patterns and words look at texts, date-times and integers; an integer's text is its decimal digits.
//! - Nulls sort before everything else, and after it when descending.
//! - A pattern of more than 10,000 bytes matches nothing.

pub mod eval;
pub mod filter;
mod pattern;
pub mod simplify;
pub mod sql;
#[cfg(feature = "testing")]
pub mod testing;

pub use eval::{Row, matches};
pub use filter::{
    Comparison, Elements, Filter, Kind, Link, Order, Path, Pattern, Piece, Select, Value,
};
pub use simplify::{and, simplify};
pub use sql::{Dialect, Indexes, Statement, render, render_count, render_delete, render_with};
