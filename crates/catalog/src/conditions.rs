//! Conditions between the fields of one record: one is required, or may be set, only when others hold
//! something. What the data says, what a record breaks of it, and the words for both. Knows no server.
//!
//! A flag that was never said is off, as answers show it. Where the vendor's description leaves a case open, the
//! lenient reading counts: a flag that is off, and the number zero, are never out of place.

use crate::entity::{Field, Literal};
use std::fmt;
use std::sync::Arc;

/// What other fields make of one.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Conditions {
    /// Required when all of these are met; empty for never.
    pub required_if: Vec<When>,
    /// May be set only when all of these are met; empty for always.
    pub valid_if: Vec<When>,
    /// One of these and the field itself has to hold something; of flags, one has to be on.
    pub required_unless: Vec<Arc<str>>,
}

/// A condition on another field of the record.
#[derive(Debug, Clone, PartialEq)]
pub struct When {
    pub field: Arc<str>,
    /// Met by any of these; when empty, by anything the field holds.
    pub is: Vec<Literal>,
}

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

/// What is wrong with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// It is missing.
    Missing,
    /// It is set, and may not be.
    OutOfPlace,
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

impl Conditions {
    /// Names of the other fields that this looks at.
    pub fn names(&self) -> impl Iterator<Item = &Arc<str>> {
        let whens = self.required_if.iter().chain(&self.valid_if);
        whens.map(|when| &when.field).chain(&self.required_unless)
    }

    /// One sentence each, without a capital and a full stop: `required when notifyWho is Email Address`.
    pub fn sentences(&self) -> Vec<String> {
        let mut said = self.sentences_of(Broken::Missing);
        said.extend(self.sentences_of(Broken::OutOfPlace));
        said
    }

    /// The sentences that a field breaks which is missing, or out of place.
    pub fn sentences_of(&self, broken: Broken) -> Vec<String> {
        let mut said = Vec::new();
        match broken {
            Broken::Missing => {
                if !self.required_if.is_empty() {
                    said.push(format!("required when {}", all(&self.required_if)));
                }
                if !self.required_unless.is_empty() {
                    let others = self.required_unless.join(" or ");
                    said.push(format!("required unless {others} is set"));
                }
            }
            Broken::OutOfPlace if !self.valid_if.is_empty() => {
                said.push(format!("only valid when {}", all(&self.valid_if)));
            }
            Broken::OutOfPlace => {}
        }
        said
    }
}

fn all(whens: &[When]) -> String {
    let words: Vec<String> = whens.iter().map(ToString::to_string).collect();
    words.join(" and ")
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is ", self.field)?;
        if self.is.is_empty() {
            return f.write_str("set");
        }
        for (index, literal) in self.is.iter().enumerate() {
            if index > 0 {
                f.write_str(" or ")?;
            }
            match literal {
                Literal::Bool(flag) => write!(f, "{flag}")?,
                Literal::Integer(number) => write!(f, "{number}")?,
                Literal::Number(number) => write!(f, "{number}")?,
                Literal::Text(word) => f.write_str(word)?,
            }
        }
        Ok(())
    }
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
