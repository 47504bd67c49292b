//! Autotask's search language, paging links and bodies: no text may panic, whatever is read can be simplified and
//! written as SQL, and a link that was written reads the same.

#![no_main]

use bitting_catalog::Catalog;
use bitting_dialects::autotask::page::Token;
use bitting_dialects::autotask::udf::Defined;
use bitting_dialects::autotask::{body, search};
use bitting_query::{Filter, simplify};
use libfuzzer_sys::fuzz_target;
use std::sync::{Arc, LazyLock};

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| match Catalog::autotask() {
    Ok((_, _, catalog)) => catalog,
    Err(error) => panic!("the shipped catalog does not load: {error}"),
});

fn defined() -> Vec<Defined> {
    let field = |id: i64, name: &str, kind: &'static str, protected: bool| Defined {
        id,
        name: Arc::from(name),
        label: Arc::from(name),
        description: Arc::from(""),
        kind,
        required: false,
        values: Vec::new(),
        protected,
    };
    vec![
        field(1, "Tier", "string", false),
        field(2, "Seats", "double", false),
        field(3, "Since", "datetime", true),
    ]
}

fuzz_target!(|input: (u16, &str)| {
    let (which, text) = input;
    let entity = &CATALOG.entities[usize::from(which) % CATALOG.entities.len()];
    let defined = defined();
    if let Ok(json) = search::json(text) {
        if let Ok(found) = search::read(entity, &defined, &json) {
            let simple = simplify(found.filter.clone());
            // Simplifying twice changes nothing more.
            assert_eq!(simplify(simple.clone()), simple);
            if found.filter == Filter::Constant(false) {
                assert_eq!(simple, Filter::Constant(false));
            }
        }
        let token = Token::first(json, None, 7).next(9);
        assert_eq!(Token::read(&token.text(), 7).ok(), Some(token.clone()));
        assert!(Token::read(&token.text(), 8).is_err());
    }
    let _ = Token::read(text, 7);
    let _ = body::read(entity, &defined, text.as_bytes());
});
