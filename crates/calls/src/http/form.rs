//! What a browser sends: query strings and forms as names with values. Knows nothing of what they mean.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// Longest body of a form in bytes; the matrix of a role is far below it.
pub const LIMIT: usize = 1024 * 1024;

/// Everything but what stands for itself in a URL.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Names with values, in the order sent; a name may come several times.
#[derive(Debug, Default)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// Reads `a=1&b=two+words`. What is not UTF-8 is replaced, since no field takes it anyway.
    pub fn read(text: &str) -> Self {
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        Self(
            pairs
                .map(|pair| {
                    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                    (decode(name), decode(value))
                })
                .collect(),
        )
    }

    /// The first value of a name; empty when it was not sent.
    pub fn text(&self, name: &str) -> &str {
        self.given(name).unwrap_or_default()
    }

    /// The first value of a name without blanks around it.
    pub fn trimmed(&self, name: &str) -> &str {
        self.text(name).trim()
    }

    /// The first value of a name, if it was sent at all.
    pub fn given(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Every value of a name.
    pub fn every<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        let named = self.0.iter().filter(move |(known, _)| known == name);
        named.map(|(_, value)| value.as_str())
    }

    /// Whether a box was ticked.
    pub fn ticked(&self, name: &str) -> bool {
        self.given(name).is_some()
    }

    /// A page number from 1.
    pub fn page(&self) -> u64 {
        self.text("page").parse().unwrap_or(1).clamp(1, 1_000_000)
    }
}

/// A text as it stands in a path or a query string.
pub fn encode(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}

fn decode(text: &str) -> String {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::{Form, encode};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_encoded_is_read_back(name in "\\PC{1,12}", value in "\\PC{0,40}") {
            let form = Form::read(&format!("{}={}&x=1", encode(&name), encode(&value)));
            prop_assert_eq!(form.given(&name), Some(value.as_str()));
        }

        #[test]
        fn any_text_can_be_read(text in "\\PC{0,80}") {
            let _ = Form::read(&text).page();
        }
    }
}
