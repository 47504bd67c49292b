//! A number as records show it. Knows nothing else.

/// A number as records show it: without a fraction where it has none.
pub fn shown(number: f64) -> serde_json::Value {
    // Beyond this, whole numbers are no longer told apart.
    const WHOLE: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() < WHOLE {
        serde_json::Value::from(number as i64)
    } else {
        serde_json::Value::from(number)
    }
}
