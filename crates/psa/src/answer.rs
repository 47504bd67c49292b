//! What goes back: status, body and the headers that every answer carries. A denial is told beside the
//! vendor's own words in a header of ours.

use crate::problem::Problem;
use bitting_catalog::entity::Release;
use bitting_dialects::connectwise::error::ApiError;
use bitting_policy::Denial;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, header};
use http_body_util::Full;

/// Release of the wire format that answers announce.
pub const VERSION: &str = "2025.1";

/// Release of records when the caller names none.
pub const DEFAULT_RELEASE: Release = Release {
    year: 2025,
    number: 1,
};

// Names that HTTP does not know, made once: from a text they are read and hashed at each answer.
const CURRENT_VERSION: HeaderName = HeaderName::from_static("api-current-version");
const ORIGIN: HeaderName = HeaderName::from_static("x-bitting");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-cw-request-id");
const OWN_REQUEST_ID: HeaderName = HeaderName::from_static("x-bitting-request-id");
const DENIAL: HeaderName = HeaderName::from_static("x-bitting-denial");
const FAULT: HeaderName = HeaderName::from_static("x-bitting-fault");

/// What a caller without a key is asked for. Clients of .NET and Python that are given a name and a password
/// send them only once they are asked.
const CHALLENGE: HeaderValue =
    HeaderValue::from_static("Basic realm=\"ConnectWise\", charset=\"UTF-8\"");

/// Whose headers an answer carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    Connectwise {
        /// The release of the vendor's own media type, where the caller asked for that.
        vendor_type: Option<Release>,
    },
    Autotask,
}

impl Wire {
    /// By the path that was called; a caller of ConnectWise may have asked for the vendor's own media type.
    pub fn of(path: &str, vendor_type: Option<Release>) -> Self {
        let start = path.get(1..11).unwrap_or_default();
        if start.eq_ignore_ascii_case("atservices") {
            Self::Autotask
        } else {
            Self::Connectwise { vendor_type }
        }
    }
}

/// An answer that is not a plain record of the entity.
#[derive(Debug, Default)]
pub struct Answer {
    pub status: u16,
    /// JSON, unless `media` says otherwise.
    pub body: Vec<u8>,
    pub media: Option<String>,
    /// File name of a download.
    pub file: Option<String>,
    /// What a page of rows that are no records says of the next one.
    pub paged: Option<Paged>,
}

/// Whether another page follows, and the last row of this one.
#[derive(Debug, Clone, Copy)]
pub struct Paged {
    pub more: bool,
    pub last: Option<i64>,
}

impl Answer {
    pub fn json(status: u16, value: &serde_json::Value) -> Self {
        Self {
            status,
            body: serde_json::to_vec(value).unwrap_or_default(),
            ..Self::default()
        }
    }

    pub fn empty(status: u16) -> Self {
        Self {
            status,
            ..Self::default()
        }
    }
}

/// An answer before it becomes HTTP.
#[derive(Debug, Default)]
pub struct Reply {
    pub status: u16,
    pub body: Vec<u8>,
    media: Option<String>,
    link: Option<String>,
    /// Where the record is that this call made.
    location: Option<String>,
    file: Option<String>,
    denial: Option<String>,
    allow: Option<String>,
    /// When a throttled caller may try again: seconds, or a moment as the PSA behind a gate wrote it.
    retry_after: Option<String>,
    /// The fault that a test asked for and got.
    fault: Option<&'static str>,
    /// A PSA behind the gate has the records.
    of_gate: bool,
}

impl Reply {
    pub fn json(status: u16, body: Vec<u8>) -> Self {
        Self {
            status,
            body,
            ..Self::default()
        }
    }

    pub fn text(status: u16, text: &str) -> Self {
        Self {
            status,
            body: text.as_bytes().to_vec(),
            media: Some("text/plain; charset=utf-8".to_owned()),
            ..Self::default()
        }
    }

    pub fn from_answer(answer: Answer) -> Self {
        Self {
            status: answer.status,
            body: answer.body,
            media: answer.media,
            file: answer.file,
            ..Self::default()
        }
    }

    pub fn error(error: &ApiError) -> Self {
        Self::json(error.status, error.body())
    }

    pub fn denied(denial: &Denial) -> Self {
        let mut reply = Self::error(&ApiError::security());
        reply.denial = Some(denial.to_string());
        reply
    }

    pub fn problem(problem: &Problem) -> Self {
        match problem {
            Problem::Api(error) => Self::error(error),
            Problem::Denied(denial) => Self::denied(denial),
            Problem::Store(error) => Self::error(&crate::problem::wire(error)),
        }
    }

    /// What a caller that asks too often is told: the vendor writes `error` here where it has `code` elsewhere.
    pub fn throttled(seconds: u64) -> Self {
        let message = format!("Too many requests. Please try again in {seconds} seconds.");
        let body = serde_json::json!({ "error": "ConnectWiseAPI", "message": message });
        let mut reply = Self::json(429, serde_json::to_vec(&body).unwrap_or_default());
        reply.retry_after = Some(seconds.to_string());
        reply
    }

    /// A file, or whatever else is no JSON.
    pub fn file(status: u16, body: Vec<u8>, media: Option<String>, file: Option<String>) -> Self {
        Self {
            status,
            body,
            media,
            file,
            ..Self::default()
        }
    }

    /// The same answer, which says that a PSA behind the gate gave it.
    #[must_use]
    pub fn of_gate(mut self) -> Self {
        self.of_gate = true;
        self
    }

    #[must_use]
    pub fn with_wait(mut self, when: Option<String>) -> Self {
        self.retry_after = when;
        self
    }

    /// The same answer, which says that it is a fault.
    #[must_use]
    pub fn with_fault(mut self, fault: &'static str) -> Self {
        self.fault = Some(fault);
        self
    }

    /// The same answer, which tells the caller to wait.
    #[must_use]
    pub fn with_retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds.to_string());
        self
    }

    /// A list that ends in the middle; every other answer stays whole.
    #[must_use]
    pub fn cut_short(mut self) -> Self {
        let lists = [&b"[{"[..], b"{\"items\":[{"];
        if self.status == 200 && lists.iter().any(|start| self.body.starts_with(start)) {
            self.body.truncate(self.body.len() / 2);
            self.fault = Some("truncate");
        }
        self
    }

    #[must_use]
    pub fn with_link(mut self, link: String) -> Self {
        self.link = Some(link);
        self
    }

    #[must_use]
    pub fn with_location(mut self, address: String) -> Self {
        self.location = Some(address);
        self
    }

    /// What was refused, beside the vendor's own words.
    #[must_use]
    pub fn with_denial(mut self, denial: Option<String>) -> Self {
        self.denial = denial;
        self
    }

    #[must_use]
    pub fn with_allow(mut self, allow: String) -> Self {
        self.allow = Some(allow);
        self
    }

    /// The HTTP response to the call of this id.
    pub fn into_response(self, request: &str, wire: Wire) -> Response<Full<Bytes>> {
        let empty = self.body.is_empty();
        let mut response = Response::new(Full::new(Bytes::from(self.body)));
        *response.status_mut() = http::StatusCode::from_u16(self.status)
            .unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        let media = match (self.media, wire) {
            (Some(media), _) => HeaderValue::from_str(&media).ok(),
            (
                None,
                Wire::Connectwise {
                    vendor_type: Some(release),
                },
            ) => Some(vendor_media(release)),
            (None, _) => Some(HeaderValue::from_static("application/json; charset=utf-8")),
        };
        if let Some(media) = media.filter(|_| !empty) {
            headers.insert(header::CONTENT_TYPE, media);
        }
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
        let request_id = if wire == Wire::Autotask {
            OWN_REQUEST_ID
        } else {
            headers.insert(CURRENT_VERSION, HeaderValue::from_static(VERSION));
            REQUEST_ID
        };
        let origin = if self.of_gate {
            "gate; the records are the PSA's"
        } else {
            "embedded; not a live PSA"
        };
        headers.insert(ORIGIN, HeaderValue::from_static(origin));
        if self.status == 401 && wire != Wire::Autotask {
            headers.insert(header::WWW_AUTHENTICATE, CHALLENGE);
        }
        let named: [(HeaderName, Option<&str>); 7] = [
            (request_id, Some(request)),
            (header::LINK, self.link.as_deref()),
            (header::LOCATION, self.location.as_deref()),
            (DENIAL, self.denial.as_deref()),
            (header::ALLOW, self.allow.as_deref()),
            (header::RETRY_AFTER, self.retry_after.as_deref()),
            (FAULT, self.fault),
        ];
        for (name, value) in named {
            if let Some(value) = value.and_then(header_value) {
                headers.insert(name, value);
            }
        }
        if let Some(value) = self.file.and_then(|file| header_value(&attachment(&file))) {
            headers.insert(header::CONTENT_DISPOSITION, value);
        }
        response
    }
}

/// The vendor's media type in the release that the records are written in.
fn vendor_media(release: Release) -> HeaderValue {
    if release == DEFAULT_RELEASE {
        return HeaderValue::from_static("application/vnd.connectwise.com+json; version=2025.1");
    }
    let Release { year, number } = release;
    let text = format!("application/vnd.connectwise.com+json; version={year}.{number}");
    // Digits and what stands above: always a value.
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(
        "application/vnd.connectwise.com+json",
    ))
}

/// How a download names its file. A name in letters that a header has no words for comes in a form that has, behind
/// the plain one; a plain name stands alone, since clients read it up to the end of the header.
fn attachment(file: &str) -> String {
    let clean = |c: char| if c == '"' || c.is_control() { '_' } else { c };
    let name: String = file.chars().map(clean).collect();
    if name.is_ascii() {
        return format!("attachment; filename=\"{name}\"");
    }
    let plain: String = name
        .chars()
        .map(|c| if c.is_ascii() { c } else { '_' })
        .collect();
    let whole = percent_encoding::utf8_percent_encode(&name, NAME);
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{whole}")
}

/// What may not stand as it is in an extended parameter of a header.
const NAME: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_');

/// A header value; characters it may not hold become question marks.
fn header_value(text: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(text).ok().or_else(|| {
        let clean: String = text
            .chars()
            .map(|c| if (' '..='~').contains(&c) { c } else { '?' })
            .collect();
        HeaderValue::from_str(&clean).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::{Reply, Wire, attachment};

    /// Names of the headers of an answer to a call of this path.
    fn names(path: &str) -> Vec<String> {
        let response = Reply::json(200, b"{}".to_vec()).into_response("1", Wire::of(path, None));
        let names = response.headers().keys();
        names.map(|name| name.as_str().to_owned()).collect()
    }

    #[test]
    fn files_are_named_so_that_every_client_can_read_it() {
        for (file, expected) in [
            ("a b.txt", "attachment; filename=\"a b.txt\""),
            ("a\"b\n.txt", "attachment; filename=\"a_b_.txt\""),
            (
                "Müller 1.pdf",
                "attachment; filename=\"M_ller 1.pdf\"; filename*=UTF-8''M%C3%BCller%201.pdf",
            ),
        ] {
            assert_eq!(attachment(file), expected);
        }
    }

    #[test]
    fn each_psa_has_its_own_headers() {
        let connectwise = names("/v4_6_release/apis/3.0/system/info");
        let autotask = names("/atservicesrest/v1.0/Version");
        for (name, owner) in [
            ("api-current-version", &connectwise),
            ("x-cw-request-id", &connectwise),
            ("x-bitting-request-id", &autotask),
        ] {
            for headers in [&connectwise, &autotask] {
                assert_eq!(
                    headers.iter().any(|known| known == name),
                    std::ptr::eq(headers, owner),
                    "{name}"
                );
            }
        }
    }
}
