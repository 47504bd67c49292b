//! What the data says of the conditions between fields, and the words for it: one field is required, or may be
//! set, only when others hold something. Knows no record.

use crate::ground::Literal;
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

/// What is wrong with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// It is missing.
    Missing,
    /// It is set, and may not be.
    OutOfPlace,
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
            write!(f, "{literal}")?;
        }
        Ok(())
    }
}
