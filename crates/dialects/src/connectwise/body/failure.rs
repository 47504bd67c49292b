//! Why a value of a body is not taken, in the vendor's words. Knows no field's rules.

use super::super::error::{ApiError, FieldError};
use serde_json::Value;

/// Why a value is not taken.
pub(crate) enum Failure {
    /// One field does not hold; the others are still read.
    Field(FieldError),
    /// The whole body is refused.
    Api(ApiError),
}

impl From<FieldError> for Failure {
    fn from(error: FieldError) -> Self {
        Self::Field(error)
    }
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

/// The value's JSON type does not fit at all.
pub(crate) fn conversion(value: &Value, kind: &str, path: &str) -> ApiError {
    const LONGEST: usize = 60;
    let mut shown: String = value.to_string().chars().take(LONGEST).collect();
    if matches!(value, Value::Object(_)) {
        "{…}".clone_into(&mut shown);
    } else if matches!(value, Value::Array(_)) {
        "[…]".clone_into(&mut shown);
    }
    ApiError::conversion(format!(
        "Error converting value {shown} to type '{kind}'. Path '{path}'."
    ))
}
