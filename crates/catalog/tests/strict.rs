//! The reader refuses what it cannot resolve, and says where and what was probably meant.

#![allow(clippy::unwrap_used)]

use bitting_catalog::{Catalog, CatalogError};
use bitting_policy::Registry;
use proptest::prelude::*;

const ACTIONS: &str = r#"
table_setup = "System / Table Setup"
[[module]]
name = "System"
action = [{ name = "Table Setup", my = "no" }, { name = "Things", my = "yes" }]
[[list]]
identifier = "SystemTableSetup"
action = "System / Table Setup"
holds = "setup tables"
entries = "tables"
"#;

const TABLES: &str = r#"
[[category]]
name = "Shop"
module = "System"
table = [{ name = "Colour", basis = "seen", entities = ["shop/colours"] }]
"#;

const REFERENCES: &str =
    r#"ColourReference = { to = "shop/colours", shows = ["name"], href = "colour_href" }"#;

const COLOURS: &str = r#"schema = "Colour"
label = "name"

[paths]
"/shop/colours" = "collection"
"/shop/colours/{id}" = "item"

[fields]
name = { kind = "text", max = 50, required = true }
"#;

const THINGS: &str = r#"schema = "Thing"
right = { action = "System / Things", reason = "Because." }

[paths]
"/shop/colours/{parentId}/things" = "collection"
"/shop/colours/{parentId}/Things/" = { kind = "collection", verbs = "DELETE" }
"/shop/colours/{parentId}/things/{id}" = "item"

[fields]
title = "text"
shade = { ref = "ColourReference" }
"#;

fn read(colours: &str, things: &str) -> Result<Catalog, CatalogError> {
    let registry = Registry::read(&[("actions.toml", ACTIONS), ("tables.toml", TABLES)]).unwrap();
    let files = [
        ("references.toml", REFERENCES),
        ("shop/colours.toml", colours),
        ("shop/colours/things.toml", things),
        ("actions.toml", ACTIONS),
    ];
    Catalog::read(files, &registry)
}

#[test]
fn the_small_shop_reads() {
    let catalog = read(COLOURS, THINGS).unwrap();
    assert_eq!(catalog.check(None), Vec::<String>::new());
    let thing = catalog.entity_at("shop/colours/things").unwrap();
    assert_eq!(&*thing.table, "shop_colours_things");
    assert_eq!(&*thing.parents[0].column, "parent_id");
    assert_eq!(
        thing.parents[0].entity,
        catalog.entity_at("shop/colours").map(|e| e.id)
    );
    let twin = &catalog.routes_of(thing.id).next().unwrap();
    assert_eq!(twin.methods.len(), 3, "two spellings are one route");
    assert_eq!(&*twin.also[0], "/shop/colours/{parentId}/Things/");
    let columns: Vec<_> = catalog.tables()[1]
        .columns
        .iter()
        .map(|c| c.name.to_string())
        .collect();
    let standing = [
        "entered_by",
        "date_entered",
        "updated_by",
        "last_updated",
        "scope_id",
        "extra",
    ];
    assert_eq!(columns[..3], ["title", "shade_id", "parent_id"]);
    assert_eq!(columns[3..], standing);
}

/// (what is written instead of what, the line, and a part of the message)
#[test]
fn faults_name_their_line_and_what_was_meant() {
    let things = |from: &str, to: &str| read(COLOURS, &THINGS.replace(from, to));
    let colours = |from: &str, to: &str| read(&COLOURS.replace(from, to), THINGS);
    for (result, line, part) in [
        (
            things("ColourReference", "ColorReference"),
            11,
            "did you mean `ColourReference`?",
        ),
        (
            things("System / Things", "System / Thing"),
            2,
            "did you mean `System / Things`?",
        ),
        (
            things("right = {", "rights = {"),
            2,
            "unknown field `rights`",
        ),
        (things("\"text\"", "\"txt\""), 10, "unknown variant `txt`"),
        (
            things("{ ref = \"ColourReference\" }", "{ max = 5 }"),
            11,
            "exactly one of `kind`",
        ),
        (
            things(
                "\"System / Things\", reason",
                "\"System / Things\", who = \"member\", reason",
            ),
            2,
            "join several",
        ),
        (
            things("action = \"System / Things\", ", ""),
            2,
            "has no right",
        ),
        (
            things("[fields]", "[fields]\nshade = \"text\""),
            12,
            "duplicate key",
        ),
        (
            things("[paths]", "my = { fields = [\"tittle\"] }\n[paths]"),
            4,
            "did you mean `title`?",
        ),
        (
            things("[paths]", "parents = { parentId = \"shad\" }\n[paths]"),
            4,
            "did you mean `shade`?",
        ),
        (
            things(
                "[paths]",
                "parents = { grandparentId = \"shade\" }\n[paths]",
            ),
            4,
            "grandparentId",
        ),
        (
            things("[paths]", "stored_in = \"shop/colors\"\n[paths]"),
            4,
            "did you mean `shop/colours`?",
        ),
        (
            things("\"item\"", "{ kind = \"item\", view = \"ThingInfo\" }"),
            7,
            "no view `ThingInfo`",
        ),
        (
            things("\"item\"", "{ kind = \"item\", verbs = \"GET FETCH\" }"),
            7,
            "`FETCH` is no verb",
        ),
        (things("\"DELETE\"", "\"GET\""), 6, "are one path"),
        (
            things("\"text\"", "{ kind = \"text\", since = \"new\" }"),
            10,
            "is no release",
        ),
        (
            things(
                "\"text\"",
                "{ kind = \"text\", required_if = { shad = \"Red\" } }",
            ),
            10,
            "did you mean `shade`?",
        ),
        (
            things(
                "\"text\"",
                "{ kind = \"text\", required_unless = [\"title\"] }",
            ),
            10,
            "no other field",
        ),
        (
            things(
                "\"text\"",
                "{ kind = \"text\", valid_if = { shade = true } }",
            ),
            10,
            "a value that `shade` cannot hold",
        ),
        (
            things("\"text\"", "{ kind = \"text\", valid_if = { shade = [] } }"),
            10,
            "write \"*\" for any",
        ),
        (
            things(
                "\"text\"",
                "{ kind = \"text\", required = true, required_if = { shade = \"Red\" } }",
            ),
            10,
            "whatever other fields hold",
        ),
        (
            things(
                "\"text\"",
                "{ kind = \"text\", valid_if = { size = \"Larg\" } }\nsize = { kind = \"text\", values = [\"Large\"] }",
            ),
            10,
            "did you mean `Large`?",
        ),
        (
            colours(
                "label =",
                "right = { action = \"System / Things\" }\nlabel =",
            ),
            2,
            "tables.toml puts this path",
        ),
        (
            colours(
                "label =",
                "listed_by = { list = \"SystemTableSet\", field = \"name\" }\nlabel =",
            ),
            2,
            "SystemTableSetup",
        ),
    ] {
        let error = result.unwrap_err();
        let message = error.to_string();
        assert!(message.contains(part), "{message}, wanted {part}");
        assert_eq!(error.line, line, "{message}");
        assert!(message.starts_with("shop/colours"), "{message}");
    }
}

/// (what is written instead of what, and a part of the fault that the check finds)
#[test]
fn the_check_finds_what_reading_lets_pass() {
    for (from, to, part) in [
        (
            "\"text\"",
            "{ shape = \"Box\" }",
            "the shape `Box`, which is nowhere",
        ),
        ("reason = \"Because.\"", "reason = \"\"", "no reason"),
        (
            "[paths]",
            "my = { fields = [\"shade\"] }\n[paths]",
            "names no member",
        ),
        (
            "[paths]",
            "scope = { via = \"title\" }\n[paths]",
            "points nowhere",
        ),
        (
            "[paths]",
            "unique = [[\"colour\"]]\n[paths]",
            "unique by `colour`",
        ),
        ("[paths]", "label = \"colour\"\n[paths]", "label `colour`"),
        (
            "[paths]",
            "only = { colour = [\"red\"] }\n[paths]",
            "only by `colour`",
        ),
        (
            "\"item\"",
            "{ kind = \"item\", body = { PUT = \"Box\" } }",
            "the shape `Box` is nowhere",
        ),
        (
            "\"item\"",
            "\"item\"\n\"/shop/colours/{id}/\" = \"count\"",
            "one path in two files",
        ),
        (
            "\"item\"",
            "\"item\"\n\"/shop/mix\" = \"action\"",
            "without a rule",
        ),
        (
            "title = \"text\"",
            "title = { kind = \"text\", column = \"shade_id\" }",
            "rest differently",
        ),
    ] {
        let catalog = read(COLOURS, &THINGS.replace(from, to)).unwrap();
        let faults = catalog.check(None);
        assert!(
            faults.iter().any(|fault| fault.contains(part)),
            "{faults:?}, wanted {part}"
        );
    }
}

proptest! {
    /// Whatever is cut out of a file, or put into it, the answer is a catalog or a fault in it.
    #[test]
    fn no_text_brings_the_reader_down(at in 0..THINGS.len(), cut in 0..40usize, put in "[ -~\n]{0,12}") {
        let end = (at + cut).min(THINGS.len());
        let text = format!("{}{put}{}", &THINGS[..at], &THINGS[end..]);
        match read(COLOURS, &text) {
            Ok(catalog) => drop(catalog.check(None)),
            Err(error) => prop_assert!(error.line >= 1 && error.line <= text.lines().count() + 1),
        }
    }
}

#[test]
fn conditions_between_fields_are_read() {
    let text = "{ kind = \"text\", required_if = { shade = [\"Red\", \"Blue\"], size = 3 }, valid_if = { shade = \"*\" } }\nsize = { kind = \"integer\", required_unless = [\"shade\"] }";
    let catalog = read(COLOURS, &THINGS.replace("\"text\"", text)).unwrap();
    let thing = catalog.entity_at("shop/colours/things").unwrap();
    let said = |name: &str| {
        thing
            .any_field(name)
            .unwrap()
            .conditions
            .as_ref()
            .unwrap()
            .sentences()
    };
    let title = [
        "required when shade is Red or Blue and size is 3",
        "only valid when shade is set",
    ];
    assert_eq!(said("title"), title);
    assert_eq!(said("size"), ["required unless shade is set"]);
}
