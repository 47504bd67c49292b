//! Numbers as records show and keep them. Knows nothing else.

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

/// Two decimals, as hours and money have.
pub fn hundredths(amount: f64) -> f64 {
    (amount * 100.0).round() / 100.0
}
