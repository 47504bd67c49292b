//! JSON as the vendor's parser takes it: texts in single quotes, names without quotes, a comma too many. Hand-written
//! searches are full of it. Must not know what is asked.

use serde_json::Value as Json;

/// Reads JSON, strictly first. What cannot be read either way is told as the strict reader tells it.
pub fn read(text: &str) -> Result<Json, serde_json::Error> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    serde_json::from_str(text)
        .or_else(|error| serde_json::from_str(&strict(text)).map_err(|_| error))
}

/// The same text as JSON proper, where it means any.
fn strict(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text.chars().peekable();
    while let Some(letter) = rest.next() {
        match letter {
            '"' | '\'' => quoted(letter, &mut rest, &mut out),
            ',' => {
                let after = rest.clone().find(|next| !next.is_whitespace());
                if !matches!(after, Some(']' | '}')) {
                    out.push(',');
                }
            }
            first if first.is_ascii_alphabetic() || first == '_' || first == '$' => {
                let mut word = String::from(first);
                while let Some(next) =
                    rest.next_if(|next| next.is_ascii_alphanumeric() || matches!(next, '_' | '$'))
                {
                    word.push(next);
                }
                let is_name = rest.clone().find(|next| !next.is_whitespace()) == Some(':');
                if is_name {
                    out.push('"');
                }
                out.push_str(&word);
                if is_name {
                    out.push('"');
                }
            }
            // What stands in a number is none of a word.
            digit if digit.is_ascii_digit() => {
                out.push(digit);
                while let Some(next) = rest
                    .next_if(|next| next.is_ascii_alphanumeric() || matches!(next, '.' | '+' | '-'))
                {
                    out.push(next);
                }
            }
            other => out.push(other),
        }
    }
    out
}

/// A text up to its closing quote, in double quotes. One that never ends stays open.
fn quoted(quote: char, rest: &mut impl Iterator<Item = char>, out: &mut String) {
    out.push('"');
    while let Some(letter) = rest.next() {
        match letter {
            end if end == quote => return out.push('"'),
            '"' => out.push_str("\\\""),
            '\\' => match rest.next() {
                Some('\'') => out.push('\''),
                Some(escaped) => out.extend(['\\', escaped]),
                None => {}
            },
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::read;
    use serde_json::json;

    #[test]
    fn every_way_people_write_it() {
        for (text, expected) in [
            (r#"{"a":1}"#, json!({"a": 1})),
            ("\u{feff}{\"a\":1}", json!({"a": 1})),
            (
                "{'filter':[{'op':'exist','field':'id'}]}",
                json!({"filter": [{"op": "exist", "field": "id"}]}),
            ),
            (r#"{'a':"O'Brien"}"#, json!({"a": "O'Brien"})),
            (r"{'a':'O\'Brien'}", json!({"a": "O'Brien"})),
            (r#"{'a':'the "new" one'}"#, json!({"a": "the \"new\" one"})),
            (
                r"{'a':'back\\slash \u00e9\n'}",
                json!({"a": "back\\slash é\n"}),
            ),
            (
                "{filter : [{op:'eq', value:true}]}",
                json!({"filter": [{"op": "eq", "value": true}]}),
            ),
            ("{a:-1.5e+3,b:null}", json!({"a": -1500.0, "b": null})),
            ("{'a':[1,2,],}", json!({"a": [1, 2]})),
            ("{'a':'x,]'}", json!({"a": "x,]"})),
        ] {
            assert_eq!(read(text).ok(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_means_nothing_is_refused_as_before() {
        for text in [
            "",
            "{",
            "{'a'}",
            "{a:b}",
            "'a",
            "{'a':'b\\",
            "[1 2]",
            "{,}x",
        ] {
            let strict = serde_json::from_str::<serde_json::Value>(text);
            let strict = strict.map_err(|error| error.to_string());
            let given = read(text).map_err(|error| error.to_string());
            assert_eq!(given, strict, "{text}");
            assert!(given.is_err(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "[\\[\\]{}'\":,a0\\\\ .-]{0,30}|\\PC{0,20}") {
            let strict = serde_json::from_str::<serde_json::Value>(&text).ok();
            let given = read(&text).ok();
            proptest::prop_assert!(strict.is_none() || given == strict);
        }
    }
}
