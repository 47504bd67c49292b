//! JSON bodies as trees of values, with the vendor's answers to what is no JSON. Depth is bounded by the JSON
//! reader (128).

use super::super::error::ApiError;
use serde_json::{Map, Value};

/// The body as an object. 400 for another type.
pub fn object(body: &[u8], schema: &str) -> Result<Map<String, Value>, ApiError> {
    match value(body)? {
        Value::Object(members) => Ok(members),
        other => Err(super::failure::conversion(&other, schema, "")),
    }
}

/// The body as any JSON. 400 with line and column when it is none.
pub fn value(body: &[u8]) -> Result<Value, ApiError> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    if body.trim_ascii().is_empty() {
        return Err(ApiError::bad_request("The body is empty. Send JSON."));
    }
    serde_json::from_slice(body).map_err(|error| {
        let text = error.to_string();
        let reason = text.split(" at line ").next().unwrap_or_default();
        let (line, column) = (error.line(), error.column());
        ApiError::bad_request(format!(
            "The body is not JSON: {reason}. Line {line}, position {column}."
        ))
    })
}

/// A member by its name in any letter case, exact case first.
pub fn member<'v>(members: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    members.get(name).or_else(|| {
        members
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    })
}

/// A whole number, also when written as text or with a zero fraction.
pub fn integer(value: &Value) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let whole =
        |number: f64| (number.fract() == 0.0 && number.abs() <= EXACT).then_some(number as i64);
    match value {
        Value::Number(number) => number.as_i64().or_else(|| number.as_f64().and_then(whole)),
        Value::String(text) => {
            let text = text.trim();
            text.parse()
                .ok()
                .or_else(|| text.parse().ok().and_then(whole))
        }
        _ => None,
    }
}

/// Where a member of the outermost object is named: line from 1, and the position right after its colon, as
/// the vendor's JSON reader counts. The body is known to be JSON.
pub fn position(body: &[u8], name: &str) -> (usize, usize) {
    let (mut depth, mut index, mut start) = (0_usize, 0, None);
    while index < body.len() {
        match body[index] {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => {
                let end = closing_quote(body, index);
                if depth == 1 {
                    start = Some((index, end));
                }
                index = end;
            }
            b':' if depth == 1 => {
                let named = start.and_then(|(from, to)| {
                    serde_json::from_slice::<String>(body.get(from..=to)?).ok()
                });
                if named.as_deref() == Some(name) {
                    let before = &body[..=index];
                    let line = before.split(|byte| *byte == b'\n').count();
                    let from = before
                        .iter()
                        .rposition(|byte| *byte == b'\n')
                        .map_or(0, |at| at + 1);
                    return (
                        line,
                        String::from_utf8_lossy(&before[from..]).chars().count(),
                    );
                }
            }
            _ => {}
        }
        index += 1;
    }
    (1, 1)
}

fn closing_quote(body: &[u8], open: usize) -> usize {
    let mut index = open + 1;
    while index < body.len() {
        match body[index] {
            b'\\' => index += 1,
            b'"' => return index,
            _ => {}
        }
        index += 1;
    }
    body.len()
}

#[cfg(test)]
mod tests {
    use super::{integer, position, value};
    use serde_json::json;

    #[test]
    fn positions_are_counted_as_the_vendor_does() {
        assert_eq!(
            position(br#"{"conditions":"a = \"page\":","page":1}"#, "page"),
            (1, 37)
        );
        assert_eq!(
            position(b"{\n  \"a\": {\"page\": 2},\n  \"page\" : 1}", "page"),
            (3, 10)
        );
        assert_eq!(position(b"{}", "page"), (1, 1));
    }

    #[test]
    fn what_is_no_json_says_where() {
        for (body, text) in [
            ("", "The body is empty. Send JSON."),
            (
                "{\"a\":}",
                "The body is not JSON: expected value. Line 1, position 6.",
            ),
            (
                "{\"a\":1",
                "The body is not JSON: EOF while parsing an object. Line 1, position 6.",
            ),
        ] {
            let refused = value(body.as_bytes()).expect_err(body);
            assert_eq!((refused.status, refused.message.as_str()), (400, text));
        }
        assert_eq!(
            value(&"[".repeat(100_000).into_bytes())
                .expect_err("too deep")
                .status,
            400
        );
        assert_eq!(value(b"\xef\xbb\xbf{}"), Ok(json!({})));
        assert_eq!(value(b"\"\xff\"").expect_err("not UTF-8").status, 400);
    }

    #[test]
    fn whole_numbers_in_every_spelling() {
        for (value, number) in [
            (json!(5), Some(5)),
            (json!("5"), Some(5)),
            (json!(" 12.0 "), Some(12)),
            (json!(5.0), Some(5)),
            (json!(5.5), None),
            (json!("5x"), None),
            (json!(null), None),
            (json!(1e300), None),
            (json!(u64::MAX), None),
        ] {
            assert_eq!(integer(&value), number, "{value}");
        }
    }
}
