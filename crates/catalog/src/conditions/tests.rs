//! Conditions of fields: when one is required or out of place, by the record it stands in.

use super::*;
use crate::Catalog;
use crate::entity::Entity;
use std::collections::BTreeMap;
use std::sync::Arc;

fn field(fields: &mut Vec<Field>, model: &Field, name: &str, conditions: Option<Conditions>) {
    fields.push(Field {
        name: Arc::from(name),
        conditions: conditions.map(Box::new),
        ..model.clone()
    });
}

fn model() -> Field {
    let (_, catalog) = Catalog::embedded().expect("data");
    catalog.entities[0].fields[0].clone()
}

type Case = (
    Vec<(&'static str, Held)>,
    &'static [&'static str],
    &'static [(&'static str, Broken)],
);

/// (what is held, which fields are said, what is broken) of a record whose `b` asks for `a` and goes only with `c`
/// at 3, and one of whose flags `x` and `y` has to be on.
#[test]
fn a_record_breaks_what_it_says_and_nothing_else() {
    let when = |field: &str, is: &[Literal]| When {
        field: Arc::from(field),
        is: is.to_vec(),
    };
    let unless = |others: &[&str]| Conditions {
        required_unless: others.iter().map(|name| Arc::from(*name)).collect(),
        ..Conditions::default()
    };
    let (model, mut fields) = (model(), Vec::new());
    field(
        &mut fields,
        &model,
        "a",
        Some(Conditions {
            required_if: vec![
                when("b", &[]),
                when("c", &[Literal::Integer(3), Literal::Integer(4)]),
            ],
            ..Conditions::default()
        }),
    );
    field(
        &mut fields,
        &model,
        "b",
        Some(Conditions {
            valid_if: vec![when("c", &[Literal::Integer(3)])],
            ..Conditions::default()
        }),
    );
    field(&mut fields, &model, "c", None);
    field(&mut fields, &model, "x", Some(unless(&["y"])));
    field(&mut fields, &model, "y", Some(unless(&["x"])));
    let three = || ("c", Held::Number(3.0));
    let four = || ("c", Held::Number(4.0));
    let word = |name: &'static str| (name, Held::Words(vec!["word".to_owned()]));
    let on = |name: &'static str| (name, Held::Flag(true));
    let off = |name: &'static str| (name, Held::Flag(false));
    let table: [Case; 12] = [
        (vec![on("x")], &["a", "b", "c", "x", "y"], &[]),
        (
            vec![word("b"), three(), on("y")],
            &["b"],
            &[("a", Broken::Missing)],
        ),
        (vec![word("a"), word("b"), three()], &["a", "b", "c"], &[]),
        // One of two conditions is not enough.
        (vec![three()], &["a", "b", "c"], &[]),
        (
            vec![word("b"), four()],
            &["b"],
            &[("a", Broken::Missing), ("b", Broken::OutOfPlace)],
        ),
        // Not said: at rest since before.
        (vec![word("a"), word("b"), four()], &["a", "c"], &[]),
        (vec![word("b"), three()], &["y"], &[("x", Broken::Missing)]),
        // Nothing in it, or nothing to speak of, is never out of place.
        (vec![off("b"), four()], &["b"], &[("a", Broken::Missing)]),
        (vec![("b", Held::Number(0.0))], &["b"], &[]),
        // Of two that stand for one another, one is told of.
        (
            vec![off("x"), off("y")],
            &["x", "y"],
            &[("x", Broken::Missing)],
        ),
        (vec![off("x"), on("y")], &["x", "y"], &[]),
        (vec![word("b")], &["b"], &[("b", Broken::OutOfPlace)]),
    ];
    for (number, (holds, says, wanted)) in table.iter().enumerate() {
        let holds: BTreeMap<&str, Held> = holds.iter().cloned().collect();
        let held = |field: &Field| holds.get(&*field.name).cloned().unwrap_or(Held::Nothing);
        let said = |field: &Field| says.contains(&&*field.name);
        let broken: Vec<(&str, Broken)> = broken(&fields, &said, &held)
            .into_iter()
            .map(|(field, broken)| (&*field.name, broken))
            .collect();
        assert_eq!(broken, *wanted, "row {number}");
    }
}

#[test]
fn a_word_is_met_in_any_spelling_and_a_flag_never_said_is_off() {
    let when = |literal: Literal| When {
        field: Arc::from("f"),
        is: vec![literal],
    };
    let words = |words: &[&str]| Held::Words(words.iter().map(ToString::to_string).collect());
    let mail = when(Literal::Text("Email Address".to_owned()));
    assert!(mail.is_met(&words(&["3", "EmailAddress"])) && mail.is_met(&words(&["email address"])));
    assert!(!mail.is_met(&words(&["Email"])) && !mail.is_met(&Held::Something));
    let off = when(Literal::Bool(false));
    assert!(off.is_met(&Held::Flag(false)) && off.is_met(&Held::Nothing));
    assert!(!when(Literal::Bool(true)).is_met(&Held::Nothing) && !mail.is_met(&Held::Nothing));
    assert_eq!(mail.to_string(), "f is Email Address");
}

/// Every condition of the shipped data, in the words of the docs page.
#[test]
fn every_condition() {
    let (_, catalog) = Catalog::embedded().expect("data");
    let mut lines = Vec::new();
    let mut take = |of: &str, fields: &[Field]| {
        for field in fields {
            for sentence in field.conditions.iter().flat_map(|one| one.sentences()) {
                lines.push(format!("{of} {}: {sentence}", field.name));
            }
        }
    };
    let entity = |entity: &Entity| (entity.path.to_string(), entity.fields.clone());
    for (path, fields) in catalog.entities.iter().map(entity) {
        take(&path, &fields);
    }
    for (name, fields) in &catalog.shapes {
        take(name, fields);
    }
    insta::assert_snapshot!(lines.join("\n"));
}
