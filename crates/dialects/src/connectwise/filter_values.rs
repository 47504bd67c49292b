//! The body of a search: the list parameters that would be too long for a URL.

use super::body::{failure, json};
use super::error::ApiError;
use serde_json::Value;

/// What a search asks for. Pages and fields stay in the query string.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FilterValues {
    pub conditions: Option<String>,
    pub order_by: Option<String>,
    pub child_conditions: Option<String>,
    pub custom_field_conditions: Option<String>,
}

/// Reads a search body; an empty body asks for everything. Members in any letter case; any other member is
/// refused with the vendor's own sentence.
pub fn read(body: &[u8]) -> Result<FilterValues, ApiError> {
    const SCHEMA: &str = "FilterValues";
    let mut found = FilterValues::default();
    if body.trim_ascii().is_empty() {
        return Ok(found);
    }
    for (name, value) in json::object(body, SCHEMA)? {
        let slot = match name.to_ascii_lowercase().as_str() {
            "conditions" => &mut found.conditions,
            "orderby" => &mut found.order_by,
            "childconditions" => &mut found.child_conditions,
            "customfieldconditions" => &mut found.custom_field_conditions,
            _ => {
                let (line, column) = json::position(body, &name);
                return Err(ApiError::unknown_member(&name, SCHEMA, line, column));
            }
        };
        *slot = match value {
            Value::Null => None,
            Value::String(text) => Some(text).filter(|text| !text.trim().is_empty()),
            other => return Err(failure::conversion(&other, "System.String", &name)),
        };
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn members_in_any_case() {
        let found = read(br#"{"Conditions":"id=1","ORDERBY":"id","childconditions":null,"CustomFieldConditions":" "}"#)
            .expect("filter values");
        assert_eq!(found.conditions.as_deref(), Some("id=1"));
        assert_eq!(found.order_by.as_deref(), Some("id"));
        assert_eq!(
            (found.child_conditions, found.custom_field_conditions),
            (None, None)
        );
        assert_eq!(read(b" "), Ok(super::FilterValues::default()));
    }

    #[test]
    fn other_members_get_the_observed_error() {
        let refused =
            read(br#"{"conditions":"summary contains 'printers'", "page":1}"#).expect_err("page");
        assert_eq!((refused.status, refused.code), (400, "ConnectWiseApi"));
        assert_eq!(
            refused.message,
            "Could not find member 'page' on object of type 'FilterValues'. Path 'page', line 1, position 52. \
             Check your accept header to be sure that you are using the correct model version."
        );
        assert_eq!(read(b"[]").expect_err("array").status, 400);
        assert_eq!(
            read(br#"{"conditions":5}"#).expect_err("number").status,
            400
        );
        assert_eq!(read(b"{").expect_err("cut").status, 400);
    }

    proptest::proptest! {
        #[test]
        fn never_panics(body: Vec<u8>) {
            let _ = read(&body);
        }
    }
}
