//! The query string of a request as typed parameters. Names are taken in any letter case. Knows neither
//! entities nor the grammar inside the values.
//!
//! The first of several parameters of the same name counts, an empty one counts as absent, and names that
//! mean nothing here are kept aside and never refused.

use super::error::ApiError;
use percent_encoding::percent_decode;

/// Records on a page when the caller says nothing.
pub const DEFAULT_PAGE_SIZE: u32 = 25;
/// More are asked for in vain: the page is silently this long.
pub const MAX_PAGE_SIZE: u32 = 1000;
/// The last page number told apart from its predecessor; no list is that long.
const MAX_PAGE: u64 = 1 << 40;

/// What a query string asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameters {
    pub conditions: Option<String>,
    pub child_conditions: Option<String>,
    pub custom_field_conditions: Option<String>,
    pub order_by: Option<String>,
    pub fields: Option<String>,
    pub columns: Option<String>,
    /// From 1.
    pub page: u64,
    /// From 1 to [`MAX_PAGE_SIZE`].
    pub page_size: u32,
    /// Records after this id, for pages that only go forward.
    pub page_id: Option<i64>,
    /// Everything else in the order given, names as written (`recordType`, `transferContactId`).
    pub others: Vec<(String, String)>,
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            conditions: None,
            child_conditions: None,
            custom_field_conditions: None,
            order_by: None,
            fields: None,
            columns: None,
            page: 1,
            page_size: DEFAULT_PAGE_SIZE,
            page_id: None,
            others: Vec::new(),
        }
    }
}

impl Parameters {
    /// Reads what follows the `?`. 400 for text that is not UTF-8, and for a `page` or `pageSize` that is no
    /// whole number from 1, or a `pageId` that is no whole number.
    pub fn read(query: &str) -> Result<Self, ApiError> {
        let mut found = Self::default();
        let (mut page, mut page_size, mut page_id) = (None, None, None);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decoded(name)?, decoded(value)?);
            let slot = match name.to_ascii_lowercase().as_str() {
                "conditions" => &mut found.conditions,
                "childconditions" => &mut found.child_conditions,
                "customfieldconditions" => &mut found.custom_field_conditions,
                "orderby" => &mut found.order_by,
                "fields" => &mut found.fields,
                "columns" => &mut found.columns,
                "page" => &mut page,
                "pagesize" => &mut page_size,
                "pageid" => &mut page_id,
                _ => {
                    found.others.push((name, value));
                    continue;
                }
            };
            if slot.is_none() && !value.trim().is_empty() {
                *slot = Some(value);
            }
        }
        if let Some(text) = page {
            found.page = counted("page", &text)?.min(MAX_PAGE);
        }
        if let Some(text) = page_size {
            // The minimum first, so that the number always fits.
            found.page_size = counted("pageSize", &text)?.min(u64::from(MAX_PAGE_SIZE)) as u32;
        }
        if let Some(text) = page_id {
            let id = text.trim().parse().map_err(|_| {
                ApiError::bad_request(format!(
                    "pageId must be a whole number, the last id you have seen, not '{text}'."
                ))
            })?;
            found.page_id = Some(id);
        }
        Ok(found)
    }

    /// A parameter without a field of its own, its name in any letter case. Blank counts as absent.
    pub fn other(&self, name: &str) -> Option<&str> {
        self.others
            .iter()
            .find(|(other, value)| other.eq_ignore_ascii_case(name) && !value.trim().is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// Records before the page.
    pub fn offset(&self) -> u64 {
        (self.page - 1) * u64::from(self.page_size)
    }
}

/// A whole number from 1; one too large for any list is taken as the largest.
fn counted(name: &str, text: &str) -> Result<u64, ApiError> {
    let digits = text.trim().strip_prefix('+').unwrap_or(text.trim());
    let whole = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = if whole {
        digits.parse().unwrap_or(u64::MAX)
    } else {
        0
    };
    if number == 0 {
        return Err(ApiError::bad_request(format!(
            "{name} must be a whole number from 1, not '{text}'."
        )));
    }
    Ok(number)
}

/// Percent-decoding with `+` as blank. A percent sign that starts no code stays as it is: clients send
/// `like "%x%"` unencoded.
fn decoded(text: &str) -> Result<String, ApiError> {
    let bytes: Vec<u8> = if text.contains('+') {
        percent_decode(text.replace('+', " ").as_bytes()).collect()
    } else {
        percent_decode(text.as_bytes()).collect()
    };
    String::from_utf8(bytes).map_err(|_| {
        ApiError::bad_request("The query string is not UTF-8. Percent-encode it as UTF-8.")
    })
}

#[cfg(test)]
mod tests {
    use super::Parameters;

    #[test]
    fn names_in_any_case_and_first_wins() {
        let found = Parameters::read(
            "ChildConditions=a%2Fb%3D1&customfieldconditions=x&pagesize=50&ORDERBY=id+desc&page=2&page=3&RecordType=Ticket",
        )
        .expect("parameters");
        assert_eq!(found.child_conditions.as_deref(), Some("a/b=1"));
        assert_eq!(found.custom_field_conditions.as_deref(), Some("x"));
        assert_eq!(found.order_by.as_deref(), Some("id desc"));
        assert_eq!((found.page, found.page_size, found.offset()), (2, 50, 50));
        assert_eq!(found.other("recordtype"), Some("Ticket"));
        assert_eq!(found.other("nothing"), None);
    }

    #[test]
    fn defaults_and_empty_values() {
        for query in ["", "&&", "conditions=&page=&pageSize=+&pageId=", "unknown"] {
            let found = Parameters::read(query).expect("parameters");
            assert_eq!(
                (found.page, found.page_size, found.page_id, found.conditions),
                (1, 25, None, None),
                "{query}"
            );
        }
    }

    #[test]
    fn page_sizes_are_capped_silently() {
        for (query, size) in [
            ("pageSize=1000", 1000),
            ("pageSize=1001", 1000),
            ("pageSize=99999999999999999999", 1000),
        ] {
            assert_eq!(
                Parameters::read(query).expect("parameters").page_size,
                size,
                "{query}"
            );
        }
        let far = Parameters::read("page=99999999999999999999&pageSize=1000").expect("parameters");
        assert!(i64::try_from(far.offset()).is_ok());
    }

    #[test]
    fn bad_numbers_are_refused_by_name() {
        for (query, text) in [
            ("page=0", "page must be a whole number from 1, not '0'."),
            ("page=-1", "page must be a whole number from 1, not '-1'."),
            (
                "pageSize=ten",
                "pageSize must be a whole number from 1, not 'ten'.",
            ),
            (
                "pageSize=1.5",
                "pageSize must be a whole number from 1, not '1.5'.",
            ),
            (
                "pageId=x",
                "pageId must be a whole number, the last id you have seen, not 'x'.",
            ),
            (
                "conditions=%ff",
                "The query string is not UTF-8. Percent-encode it as UTF-8.",
            ),
        ] {
            let refused = Parameters::read(query).expect_err(query);
            assert_eq!(
                (refused.status, refused.code, refused.message.as_str()),
                (400, "ConnectWiseApi", text)
            );
        }
    }

    #[test]
    fn an_unencoded_percent_sign_stays() {
        let found =
            Parameters::read("conditions=summary like \"%x%\"&fields=100%").expect("parameters");
        assert_eq!(found.conditions.as_deref(), Some("summary like \"%x%\""));
        assert_eq!(found.fields.as_deref(), Some("100%"));
    }

    proptest::proptest! {
        #[test]
        fn never_panics(query in "\\PC{0,80}|[a-zA-Z&=%+0-9]{0,80}") {
            if let Ok(found) = Parameters::read(&query) {
                proptest::prop_assert!(found.page >= 1 && (1..=1000).contains(&found.page_size));
                let _ = found.offset();
            }
        }
    }
}
