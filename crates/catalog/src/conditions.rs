//! What a record breaks of the conditions between its fields ([`Conditions`]): one is required, or may be set, only
//! when others hold something. Knows no server.
//!
//! A flag that was never said is off, as answers show it. Where the vendor's description leaves a case open, the
//! lenient reading counts: a flag that is off, and the number zero, are never out of place.

use crate::entity::{Field, Literal};

pub use crate::when::{Broken, Conditions, When};

/// What a field of a record holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Held {
    /// No value, or a blank text.
    Nothing,
    Flag(bool),
    Number(f64),
    /// A text; of a link, the words by which the record it points to is known.
    Words(Vec<String>),
    /// Something that no condition looks into.
    Something,
}

impl When {
    pub fn is_met(&self, held: &Held) -> bool {
        if *held == Held::Nothing {
            return self.is.contains(&Literal::Bool(false));
        }
        self.is.is_empty() || self.is.iter().any(|literal| same(literal, held))
    }
}

fn same(literal: &Literal, held: &Held) -> bool {
    match (literal, held) {
        (Literal::Bool(wanted), Held::Flag(flag)) => wanted == flag,
        #[allow(clippy::cast_precision_loss)]
        (Literal::Integer(wanted), Held::Number(number)) => (*wanted as f64 - number).abs() < 0.5,
        (Literal::Number(wanted), Held::Number(number)) => (wanted - number).abs() < f64::EPSILON,
        (Literal::Text(wanted), Held::Words(words)) => {
            words.iter().any(|word| letters(word).eq(letters(wanted)))
        }
        _ => false,
    }
}

/// `Email Address` and `EmailAddress` are one word: an identifier and a name of the same thing.
fn letters(word: &str) -> impl Iterator<Item = char> {
    let letters = word.chars().filter(|letter| letter.is_alphanumeric());
    letters.map(|letter| letter.to_ascii_lowercase())
}

/// What a record breaks, in the order of its fields, each field once.
///
/// `said` tells which fields this write says anything about. What was at rest before is nobody's mistake: a
/// field is missed only when it or what it depends on is said, and out of place only when it is said itself.
pub fn broken<'f>(
    fields: &'f [Field],
    said: &dyn Fn(&Field) -> bool,
    held: &dyn Fn(&Field) -> Held,
) -> Vec<(&'f Field, Broken)> {
    let named = |name: &str| fields.iter().find(|field| *field.name == *name);
    let met = |when: &When| named(&when.field).is_some_and(|field| when.is_met(&held(field)));
    let idle = |field: &Field| match held(field) {
        Held::Nothing | Held::Flag(false) => true,
        Held::Number(number) => number == 0.0,
        _ => false,
    };
    let mut found: Vec<(&Field, Broken)> = Vec::new();
    for field in fields {
        let Some(conditions) = &field.conditions else {
            continue;
        };
        let about =
            || std::iter::once(field).chain(conditions.names().filter_map(|one| named(one)));
        if !about().any(said) {
            continue;
        }
        let asked = !conditions.required_if.is_empty() && conditions.required_if.iter().all(met);
        let lacking = !conditions.required_unless.is_empty()
            && std::iter::once(field)
                .chain(
                    conditions
                        .required_unless
                        .iter()
                        .filter_map(|one| named(one)),
                )
                .all(|one| matches!(held(one), Held::Nothing | Held::Flag(false)));
        // Of fields that stand for one another, the first is told of.
        let told = found
            .iter()
            .any(|(other, _)| conditions.required_unless.contains(&other.name));
        if asked && held(field) == Held::Nothing || lacking && !told {
            found.push((field, Broken::Missing));
        } else if said(field) && !idle(field) && !conditions.valid_if.iter().all(met) {
            found.push((field, Broken::OutOfPlace));
        }
    }
    found
}

#[cfg(test)]
mod tests;
