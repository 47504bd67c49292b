//! A stand-in until `bitting_query::sql` is there.

use bitting_query::Value;

/// SQL with its parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    pub sql: String,
    pub params: Vec<Value>,
}
