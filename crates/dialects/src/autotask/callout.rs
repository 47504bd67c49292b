//! What webhooks tell: the body of a callout, written as .NET writes JSON, because receivers check the signature
//! against a text that they have written so themselves. Must not know who hears of what, or the key.

use serde_json::Value as Json;
use std::fmt::Write as _;

/// Header with the signature of a callout: `sha1=` and base64 of the keyed hash of its body.
pub const SIGNATURE: &str = "X-Hook-Signature";

/// What happened to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Create,
    Update,
    Delete,
    /// Nothing more will be told; sent to an address of its own.
    Deactivated,
}

impl Action {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Create => "Create",
            Self::Update => "Update",
            Self::Delete => "Delete",
            Self::Deactivated => "Deactivated",
        }
    }
}

/// A callout before it is written.
#[derive(Debug, Clone)]
pub struct Callout<'a> {
    pub action: Action,
    pub guid: &'a str,
    /// One record's name, `Ticket`; some go by their older names.
    pub entity: &'a str,
    pub id: i64,
    /// Values by the name of the field.
    pub fields: Vec<(&'a str, Json)>,
    pub time: &'a str,
    pub sequence: i64,
    /// The resource that made the change.
    pub person: i64,
}

/// Names that callouts have kept from the older API.
const OLDER: [(&str, &str); 2] = [
    ("Company", "Account"),
    ("ConfigurationItem", "InstalledProduct"),
];

impl Callout<'_> {
    /// The body, without white space.
    pub fn body(&self) -> String {
        let older = OLDER.iter().find(|(name, _)| *name == self.entity);
        let entity = older.map_or(self.entity, |(_, older)| older);
        let mut out = String::from("{\"Action\":");
        string(&mut out, self.action.word());
        out.push_str(",\"Guid\":");
        string(&mut out, self.guid);
        out.push_str(",\"EntityType\":");
        string(&mut out, entity);
        let _ = write!(out, ",\"Id\":{},\"Fields\":{{", self.id);
        for (place, (name, value)) in self.fields.iter().enumerate() {
            if place > 0 {
                out.push(',');
            }
            string(&mut out, name);
            out.push(':');
            json(&mut out, value);
        }
        out.push_str("},\"EventTime\":");
        string(&mut out, self.time);
        let _ = write!(
            out,
            ",\"SequenceNumber\":{},\"PersonID\":{}}}",
            self.sequence, self.person
        );
        out
    }
}

/// A plain value; what is nested is written as text.
fn json(out: &mut String, value: &Json) {
    match value {
        Json::String(text) => string(out, text),
        Json::Null | Json::Bool(_) | Json::Number(_) => {
            let _ = write!(out, "{value}");
        }
        Json::Array(_) | Json::Object(_) => string(out, &value.to_string()),
    }
}

/// Quotes, markup and everything beyond ASCII go out as `\u` and four capital hexadecimal digits.
fn string(out: &mut String, text: &str) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\\' => out.push_str("\\\\"),
            '&' | '<' | '>' | '"' | '\'' | '`' | '+' => {
                let _ = write!(out, "\\u{:04X}", u32::from(letter));
            }
            ' '..='~' => out.push(letter),
            other => {
                for unit in other.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04X}");
                }
            }
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn written_as_the_vendor_writes_it() {
        let callout = Callout {
            action: Action::Update,
            guid: "g",
            entity: "ConfigurationItem",
            id: 7,
            fields: vec![
                (
                    "title",
                    json!("a<b> & \"c\" 'd' `e` f+g \u{e9}\u{1f600}\n\u{7f}\\/"),
                ),
                ("isActive", json!(true)),
                ("count", json!(1.5)),
                ("none", Json::Null),
            ],
            time: "2026-03-02T09:00:00Z",
            sequence: 3,
            person: 9,
        };
        assert_eq!(
            callout.body(),
            r#"{"Action":"Update","Guid":"g","EntityType":"InstalledProduct","Id":7,"Fields":{"title":"a\u003Cb\u003E \u0026 \u0022c\u0022 \u0027d\u0027 \u0060e\u0060 f\u002Bg \u00E9\uD83D\uDE00\n\u007F\\/","isActive":true,"count":1.5,"none":null},"EventTime":"2026-03-02T09:00:00Z","SequenceNumber":3,"PersonID":9}"#
        );
    }
}
