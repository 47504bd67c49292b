//! The console's requests and answers as browsers know them: cookies, origins, kinds of content.

use bitting_calls::http::Received;
use bitting_calls::http::form::Form;
use bytes::Bytes;
use http::{HeaderValue, Response, header};
use http_body_util::Full;
use maud::Markup;
use subtle::ConstantTimeEq as _;

pub(super) fn page_response(status: u16, markup: Markup) -> Response<Full<Bytes>> {
    content(status, "text/html; charset=utf-8", markup.into_string())
}

pub(super) fn content(
    status: u16,
    media: &'static str,
    body: impl Into<Bytes>,
) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    response
}

pub(super) fn plain(status: u16, text: &'static str) -> Response<Full<Bytes>> {
    content(status, "text/plain; charset=utf-8", text)
}

pub(super) fn see(address: &str) -> Response<Full<Bytes>> {
    let mut response = plain(303, "");
    if let Ok(address) = HeaderValue::from_str(address) {
        response.headers_mut().insert(header::LOCATION, address);
    }
    response
}

pub(super) fn has_token(received: &Received, form: &Form, expected: &str) -> bool {
    let header = received.parts.headers.get("x-csrf");
    let sent = header
        .and_then(|value| value.to_str().ok())
        .unwrap_or_else(|| form.text("csrf"));
    bool::from(sent.as_bytes().ct_eq(expected.as_bytes()))
}

/// Whether a form comes from a page of this very server. Browsers always say so; others may leave it out,
/// since the token decides in any case.
pub(super) fn same_origin(received: &Received) -> bool {
    let header = |name: &str| {
        let value = received.parts.headers.get(name);
        value.and_then(|value| value.to_str().ok())
    };
    if header("sec-fetch-site").is_some_and(|site| site != "same-origin") {
        return false;
    }
    match header("origin") {
        None => true,
        Some(origin) => origin
            .split_once("://")
            .is_some_and(|(_, authority)| Some(authority) == host(received)),
    }
}

/// The host and port that the browser asked for.
pub(super) fn host(received: &Received) -> Option<&str> {
    let headers = &received.parts.headers;
    let forwarded = headers.get("x-forwarded-host");
    let named = forwarded.or_else(|| headers.get(header::HOST));
    let named = named.and_then(|value| value.to_str().ok());
    named.or_else(|| {
        let authority = received.parts.uri.authority();
        authority.map(http::uri::Authority::as_str)
    })
}

/// The address of this server as the browser wrote it.
pub(super) fn origin(received: &Received) -> String {
    let scheme = if is_secure(received) { "https" } else { "http" };
    let host: String = host(received)
        .unwrap_or("localhost")
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || "-._:[]".contains(*c))
        .collect();
    format!("{scheme}://{host}")
}

pub(super) fn is_secure(received: &Received) -> bool {
    let forwarded = received.parts.headers.get("x-forwarded-proto");
    received.secure || forwarded.is_some_and(|value| value.as_bytes().starts_with(b"https"))
}

/// Cookies do not know ports, so that the port stands in the name: two servers on one host keep apart.
pub(super) fn cookie_name(received: &Received, what: &str) -> String {
    let port: String = host(received)
        .and_then(|host| host.rsplit_once(':'))
        .map(|(_, port)| port.chars().filter(char::is_ascii_digit).collect())
        .unwrap_or_default();
    let prefix = if is_secure(received) { "__Host-" } else { "" };
    format!("{prefix}bitting-{what}{port}")
}

pub(super) fn cookie(received: &Received, name: &str) -> Option<String> {
    let headers = received.parts.headers.get_all(header::COOKIE);
    headers
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value.to_owned())
}

/// Sets a cookie that no script reads and no other site sends; an empty value takes it away.
pub(super) fn set_cookie(
    response: &mut Response<Full<Bytes>>,
    received: &Received,
    what: &str,
    value: &str,
) {
    let name = cookie_name(received, what);
    let secure = if is_secure(received) { "; Secure" } else { "" };
    let age = if value.is_empty() { "; Max-Age=0" } else { "" };
    let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{age}");
    if let Ok(text) = HeaderValue::from_str(&text) {
        response.headers_mut().append(header::SET_COOKIE, text);
    }
}
