//! One filter language for both PSAs: filter, order and page; evaluated on a row, or rendered as
//! SQL. Pure: knows no dialect, no catalog and no driver.

pub mod filter;

pub use filter::{Comparison, Elements, Filter, Kind, Link, Order, Path, Pattern, Piece, Select, Value};
