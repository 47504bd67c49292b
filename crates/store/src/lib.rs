//! Rows at rest: SQLite and PostgreSQL behind one contract. Knows tables and columns, not entities,
//! rights or HTTP.

pub mod table;
