//! Pages of a list: the envelope, and the links to the next and the previous one. A link carries all it needs, so
//! that clients may follow it with any verb and any body. Must not know rows.

use super::error::Refusal;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// Most earlier pages a link remembers.
const REMEMBERED: usize = 60;
/// Longest token of a link, in bytes: servers and clients take no address much longer.
const LONGEST: usize = 60 * 1024;

/// Where in which list a page begins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Token {
    /// The search as it was given.
    #[serde(rename = "q")]
    pub search: Json,
    /// The id in the path, for lists below a record.
    #[serde(rename = "p", skip_serializing_if = "Option::is_none", default)]
    pub parent: Option<i64>,
    /// Rows with higher ids.
    #[serde(rename = "a")]
    pub after: i64,
    /// Where the pages before this one began, oldest first.
    #[serde(rename = "b", default)]
    pub back: Vec<i64>,
    /// The user the link was given to.
    #[serde(rename = "u")]
    pub user: i64,
    /// The search is too long for a link: whoever follows it sends it again, as the vendor always wants.
    #[serde(rename = "l", skip_serializing_if = "std::ops::Not::not", default)]
    pub left_out: bool,
}

impl Token {
    pub fn first(search: Json, parent: Option<i64>, user: i64) -> Self {
        Self {
            search,
            parent,
            after: i64::MIN,
            back: Vec::new(),
            user,
            left_out: false,
        }
    }

    /// The page behind the row with this id.
    #[must_use]
    pub fn next(&self, last: i64) -> Self {
        let mut next = self.clone();
        next.back.push(self.after);
        if next.back.len() > REMEMBERED {
            next.back.remove(0);
        }
        next.after = last;
        next
    }

    /// The page before, if there is one.
    pub fn previous(&self) -> Option<Self> {
        let mut previous = self.clone();
        previous.after = previous.back.pop()?;
        Some(previous)
    }

    /// The token as it stands in a link.
    pub fn text(&self) -> String {
        let text = URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default());
        if text.len() <= LONGEST || self.left_out {
            return text;
        }
        let mut short = self.clone();
        short.search = Json::Null;
        short.left_out = true;
        short.text()
    }

    /// The same token with the search that its link left out.
    #[must_use]
    pub fn with(mut self, search: Json) -> Self {
        self.search = search;
        self.left_out = false;
        self
    }

    /// Reads a link's token, and refuses that of another user.
    pub fn read(text: &str, user: i64) -> Result<Self, Refusal> {
        let broken = || Refusal::new("The paging link is broken; start the query again.");
        if text.len() > LONGEST {
            return Err(broken());
        }
        let bytes = URL_SAFE_NO_PAD
            .decode(text.trim_end_matches('='))
            .map_err(|_| broken())?;
        let token: Self = serde_json::from_slice(&bytes).map_err(|_| broken())?;
        if token.user == user {
            Ok(token)
        } else {
            Err(broken())
        }
    }
}

/// Ends a list that was begun with `{"items":[`.
pub fn finish(
    out: &mut Vec<u8>,
    count: u64,
    size: u64,
    previous: Option<&str>,
    next: Option<&str>,
) {
    let details = serde_json::json!({
        "count": count,
        "requestCount": size,
        "prevPageUrl": previous,
        "nextPageUrl": next,
    });
    out.extend_from_slice(b"],\"pageDetails\":");
    out.extend_from_slice(details.to_string().as_bytes());
    out.push(b'}');
}
