//! Files of the pages, inside the binary. Their addresses stay, so browsers ask again after an hour.

use crate::console::web::{content, plain};
use bytes::Bytes;
use http::{HeaderValue, Response, header};
use http_body_util::Full;

/// A file by its name in the address.
pub fn answer(name: &str) -> Response<Full<Bytes>> {
    let (media, text): (&'static str, &'static str) = match name {
        "console.css" => (
            "text/css; charset=utf-8",
            include_str!("../../assets/console.css"),
        ),
        "console.js" => (
            "text/javascript; charset=utf-8",
            include_str!("../../assets/console.js"),
        ),
        "htmx.js" => (
            "text/javascript; charset=utf-8",
            include_str!("../../assets/htmx-2.0.11.min.js"),
        ),
        "key.svg" => ("image/svg+xml", include_str!("../../assets/key.svg")),
        _ => return plain(404, "There is no such file."),
    };
    let mut response = content(200, media, Bytes::from_static(text.as_bytes()));
    response.headers_mut().insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=3600"),
    );
    response
}
