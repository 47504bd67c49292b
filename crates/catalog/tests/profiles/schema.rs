//! The JSON Schema for editors says what the loader says: the same keys, the same words.

use bitting_catalog::profile::{Profile, ProfileError};
use serde_json::Value as Schema;
use std::collections::BTreeSet;
use toml::Value;

const EVERY_KEY: &str = include_str!("every_key.toml");

fn schema() -> Schema {
    serde_json::from_str(include_str!("../../../../data/profiles/schema.json")).expect("JSON")
}

/// Follows a reference into the definitions.
fn resolved<'a>(root: &'a Schema, node: &'a Schema) -> &'a Schema {
    match node["$ref"].as_str() {
        Some(path) => root
            .pointer(path.trim_start_matches('#'))
            .expect("a definition"),
        None => node,
    }
}

/// What is wrong with a value, by the few words of JSON Schema that ours uses.
fn faults(root: &Schema, node: &Schema, value: &Value, at: &str, found: &mut Vec<String>) {
    let node = resolved(root, node);
    if let Some(words) = node["enum"].as_array() {
        let word = value.as_str().unwrap_or_default();
        if !words.iter().any(|known| known == word) {
            found.push(format!("{at}: {value}"));
        }
        return;
    }
    match (node["type"].as_str().expect("a type"), value) {
        ("string", Value::String(_))
        | ("boolean", Value::Boolean(_))
        | ("integer", Value::Integer(_)) => {}
        ("array", Value::Array(items)) => {
            for item in items {
                faults(root, &node["items"], item, at, found);
            }
        }
        ("object", Value::Table(table)) => {
            for (key, value) in table {
                match node["properties"].get(key) {
                    Some(next) => faults(root, next, value, &format!("{at}.{key}"), found),
                    None => found.push(format!("{at}: unknown key {key}")),
                }
            }
            for key in node["required"].as_array().into_iter().flatten() {
                if !table.contains_key(key.as_str().expect("a name")) {
                    found.push(format!("{at}: no {key}"));
                }
            }
        }
        (kind, value) => found.push(format!("{at}: {value} is no {kind}")),
    }
}

#[test]
fn every_shipped_profile_fits_the_schema() {
    let schema = schema();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/profiles");
    let mut files = 0;
    for psa in ["connectwise", "autotask"] {
        for entry in std::fs::read_dir(format!("{folder}/{psa}")).expect("a folder") {
            let path = entry.expect("an entry").path();
            let text = std::fs::read_to_string(&path).expect("a file");
            let value: Value = toml::from_str(&text).expect("TOML");
            let mut found = Vec::new();
            faults(&schema, &schema, &value, "", &mut found);
            assert!(found.is_empty(), "{}: {found:?}", path.display());
            files += 1;
        }
    }
    assert!(files > 50);
}

/// Visits every table of the file that uses every key, with its schema.
fn tables<'a>(
    root: &'a Schema,
    node: &'a Schema,
    value: &mut Value,
    whole: &dyn Fn(&mut Value, &'a Schema),
) {
    let node = resolved(root, node);
    if value.is_table() {
        whole(value, node);
    }
    match value {
        Value::Table(table) => {
            for (key, value) in table {
                tables(root, &node["properties"][key.as_str()], value, whole);
            }
        }
        Value::Array(items) => {
            for item in items {
                tables(root, &node["items"], item, whole);
            }
        }
        _ => {}
    }
}

fn names(node: &Schema) -> BTreeSet<String> {
    node["properties"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, _)| name.clone())
        .collect()
}

#[test]
fn the_loader_knows_exactly_the_keys_of_the_schema() {
    let schema = schema();
    let mut value: Value = toml::from_str(EVERY_KEY).expect("TOML");
    let mut found = Vec::new();
    faults(&schema, &schema, &value, "", &mut found);
    assert!(found.is_empty(), "{found:?}");
    // The file mixes both PSAs and includes a feature in itself, but it has no unknown key.
    let error = Profile::parse("x.toml", EVERY_KEY).expect_err("mixed");
    assert!(
        matches!(error, ProfileError::Inconsistent { .. }),
        "{error}"
    );

    // Each table in turn gets a key that does not exist; the loader then lists those that do.
    let count = std::cell::Cell::new(0);
    tables(&schema, &schema, &mut value, &|_, _| {
        count.set(count.get() + 1);
    });
    let total = count.get();
    assert!(total > 30, "{total}");
    for chosen in 0..total {
        let mut value: Value = toml::from_str(EVERY_KEY).expect("TOML");
        let expected = std::cell::RefCell::new(BTreeSet::new());
        let place = std::cell::Cell::new(0);
        tables(&schema, &schema, &mut value, &|table, node| {
            if place.get() == chosen
                && let Value::Table(table) = table
            {
                table.insert("zzz".to_owned(), Value::Boolean(true));
                *expected.borrow_mut() = names(node);
            }
            place.set(place.get() + 1);
        });
        let text = toml::to_string(&value).expect("TOML");
        let error = Profile::parse("x.toml", &text)
            .expect_err("an unknown key")
            .to_string();
        let mut quoted = error.split('`').skip(1).step_by(2);
        assert_eq!(quoted.next(), Some("zzz"), "{error}");
        let listed: BTreeSet<String> = quoted.map(str::to_owned).collect();
        assert_eq!(listed, expected.into_inner(), "{error}");
    }
}

#[test]
fn the_loader_knows_exactly_the_words_of_the_schema() {
    let schema = schema();
    for (path, before, after) in [
        (
            "/properties/profile/properties/psa/enum",
            "psa = \"connectwise\"",
            "psa = \"zzz\"",
        ),
        (
            "/properties/profile/properties/completeness/enum",
            "completeness = \"complete\"",
            "completeness = \"zzz\"",
        ),
        (
            "/properties/profile/properties/admin_alternative/enum",
            "admin_alternative = \"none\"",
            "admin_alternative = \"zzz\"",
        ),
        (
            "/properties/edition/items/properties/relation/enum",
            "relation = \"older\"",
            "relation = \"zzz\"",
        ),
        (
            "/properties/feature/items/properties/status/enum",
            "status = \"temporary\"",
            "status = \"zzz\"",
        ),
        (
            "/properties/level/properties/start/enum",
            "start = \"copy\"",
            "start = \"zzz\"",
        ),
        (
            "/properties/connection/items/properties/item/enum",
            "item = \"site\"",
            "item = \"zzz\"",
        ),
        (
            "/$defs/customize/properties/mode/enum",
            "mode = \"allow\"",
            "mode = \"zzz\"",
        ),
        (
            "/$defs/grant/properties/add/enum",
            "add = \"None\"",
            "add = \"zzz\"",
        ),
    ] {
        let words: BTreeSet<String> = schema
            .pointer(path)
            .and_then(Schema::as_array)
            .expect(path)
            .iter()
            .map(|word| word.as_str().expect("a word").to_owned())
            .collect();
        assert!(EVERY_KEY.contains(before), "{before}");
        let error = Profile::parse("x.toml", &EVERY_KEY.replacen(before, after, 1))
            .expect_err(after)
            .to_string();
        let listed: BTreeSet<String> = error
            .split('`')
            .skip(3)
            .step_by(2)
            .map(str::to_owned)
            .collect();
        assert_eq!(listed, words, "{error}");
    }
}
