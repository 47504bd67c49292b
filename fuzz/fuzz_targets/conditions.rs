//! Conditions, child conditions, custom field conditions and orders: no text may panic, and what is read
//! prints as text that reads the same.

#![no_main]

use bitting_catalog::Catalog;
use bitting_catalog::entity::{EntityId, Release};
use bitting_dialects::connectwise::conditions::{
    child_conditions, conditions, custom_field_conditions, parser,
};
use bitting_dialects::connectwise::order::order;
use bitting_dialects::connectwise::parameters::Parameters;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| match Catalog::embedded() {
    Ok((_, catalog)) => catalog,
    Err(error) => panic!("the shipped catalog does not load: {error}"),
});

fuzz_target!(|input: (u16, &str)| {
    let (which, text) = input;
    let release = Release {
        year: 2025,
        number: 1,
    };
    let entity = EntityId(u32::from(which) % CATALOG.entities.len() as u32);
    if let Ok(Some(tree)) = parser::parse(text) {
        let printed = tree.to_string();
        // Printing may only lengthen a text past its bound, never change what it says.
        if let Ok(again) = parser::parse(&printed) {
            assert_eq!(again, Some(tree), "{printed}");
        }
    }
    let _ = conditions(text, &*CATALOG, entity, release);
    let _ = child_conditions(text, &*CATALOG, entity, release);
    let _ = custom_field_conditions(text, &[(1, "Outage ID"), (2, "X")]);
    let _ = order(text, &*CATALOG, entity, release);
    let _ = Parameters::read(text);
});
