//! Headers: no bytes may panic, and no refusal may show any of them.

#![no_main]

use bitting_dialects::connectwise::auth;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|header: &[u8]| {
    let _ = auth::credentials(Some(header));
    if let Ok(text) = std::str::from_utf8(header) {
        let _ = auth::accept([text]);
        let _ = auth::client_id(Some(text), Some(text));
        let _ = auth::forward_only(Some(text));
    }
});
