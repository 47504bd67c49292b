//! Where a server is reached, as the client wrote it.

use crate::http::Received;
use http::HeaderMap;

/// `v4_6_release`, or the cloud's alias `v2025_1`, which people also write `2025.1`.
pub fn is_code_base(segment: &str) -> bool {
    let year = segment
        .strip_prefix('v')
        .unwrap_or(segment)
        .split_once(['_', '.']);
    segment == "v4_6_release"
        || year.is_some_and(|(year, number)| {
            year.len() == 4
                && !number.is_empty()
                && [year, number]
                    .iter()
                    .all(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
        })
}

/// The API root as the client wrote it, behind whatever proxies stand in between.
pub fn base(received: &Received, code: &str) -> String {
    let headers = &received.parts.headers;
    let forwarded = |name| {
        text(headers, name)
            .and_then(|value| value.split(',').next())
            .map(str::trim)
    };
    let scheme =
        forwarded("x-forwarded-proto").unwrap_or(if received.secure { "https" } else { "http" });
    let authority = received
        .parts
        .uri
        .authority()
        .map(http::uri::Authority::as_str);
    let host = forwarded("x-forwarded-host")
        .or_else(|| text(headers, "host"))
        .or(authority)
        .unwrap_or("localhost");
    let mut base = String::with_capacity(scheme.len() + host.len() + code.len() + 24);
    // A proxy that tells the port apart from the host.
    let behind = host.rsplit(']').next().unwrap_or(host).contains(':');
    let usual = if scheme == "https" { "443" } else { "80" };
    let port = forwarded("x-forwarded-port").filter(|port| {
        let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
        let named = headers.contains_key("x-forwarded-host") && !behind;
        digits && named && *port != usual
    });
    let fine = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
    for (text, end) in [
        (scheme, "://"),
        (host, if port.is_some() { ":" } else { "/" }),
        (
            port.unwrap_or_default(),
            if port.is_some() { "/" } else { "" },
        ),
    ] {
        if text.bytes().all(fine) {
            base.push_str(text);
        } else {
            let clean = text.chars().filter(|c| c.is_ascii() && fine(*c as u8));
            base.extend(clean);
        }
        base.push_str(end);
    }
    base.push_str(code);
    base.push_str("/apis/3.0/");
    base
}

/// A header, where it is text.
pub fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
