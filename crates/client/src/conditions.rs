//! Text on its way into a query: as a literal of the condition language, and percent-encoded.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What stays as it is in a query's value.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'/')
    .remove(b',');

/// A value of a query, encoded.
pub fn encode(text: &str) -> String {
    utf8_percent_encode(text, VALUE).to_string()
}

/// Text as a literal of a condition: a name may end in a backslash, and must not escape the quote after it.
pub fn literal(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backslash_does_not_escape_the_quote_behind_it() {
        assert_eq!(literal(r"Main \"), r#""Main \\""#);
        assert_eq!(literal(r#"19" rack"#), r#""19\" rack""#);
        assert_eq!(encode(r#"name="A&B""#), "name%3D%22A%26B%22");
    }
}
