//! PATCH, POST and search bodies and forms: no bytes may panic.

#![no_main]

use bitting_catalog::Catalog;
use bitting_catalog::entity::Release;
use bitting_dialects::connectwise::body::{Purpose, Reader};
use bitting_dialects::connectwise::{filter_values, multipart, patch};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| match Catalog::embedded() {
    Ok((_, catalog)) => catalog,
    Err(error) => panic!("the shipped catalog does not load: {error}"),
});

fuzz_target!(|input: (u16, u8, &[u8])| {
    let (which, purpose, body) = input;
    let reader = Reader {
        names: &*CATALOG,
        entity: &CATALOG.entities[usize::from(which) % CATALOG.entities.len()],
        release: Release {
            year: 2025,
            number: 1,
        },
        purpose: [Purpose::Create, Purpose::Replace, Purpose::Change][usize::from(purpose % 3)],
        strict: purpose & 4 == 0,
        filled: &|_| false,
    };
    let _ = reader.read(body);
    if let Ok(operations) = patch::operations(body) {
        let _ = patch::apply(&operations, &reader);
    }
    let _ = filter_values::read(body);
    let _ = multipart::parts(body, "x");
});
