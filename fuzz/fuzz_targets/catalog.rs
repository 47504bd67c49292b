//! Entity files as people write them: no text may panic, and a fault names its file.

#![no_main]

use bitting_catalog::Catalog;
use bitting_policy::Registry;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| match Catalog::embedded() {
    Ok((registry, _)) => registry,
    Err(error) => panic!("the shipped catalog does not load: {error}"),
});

fuzz_target!(|input: (&str, &str)| {
    let (entity, references) = input;
    let files = [
        ("service/tickets.toml", entity),
        ("references.toml", references),
    ];
    match Catalog::read(files, &REGISTRY) {
        Ok(catalog) => {
            let _ = catalog.check(None);
            let _ = catalog.tables();
        }
        Err(error) => assert!(error.file.ends_with(".toml"), "{error}"),
    }
});
