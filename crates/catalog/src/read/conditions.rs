//! Conditions between fields, as a file writes them: every field they name is one of the same record, and can
//! hold what they look for. Must not know rights or paths.

use super::texts::Texts;
use crate::conditions::{Conditions, When};
use crate::entity::{Field, Kind, Literal};
use crate::error::{CatalogError, Place};
use crate::profile::nearest;
use crate::source::{FieldText, OneOrMore, Ordered};

/// Stands for anything that a field holds.
const ANYTHING: &str = "*";

/// Gives the fields of a record the conditions that its file writes beside them.
pub(super) fn join(
    fields: &mut [Field],
    written: &Ordered<FieldText>,
    place: Place,
    texts: &Texts,
) -> Result<(), CatalogError> {
    for (name, FieldText(text)) in &written.0 {
        let none = text.required_if.0.is_empty()
            && text.valid_if.0.is_empty()
            && text.required_unless.is_empty();
        if none {
            continue;
        }
        let scene = Scene {
            name,
            fields,
            place,
            texts,
        };
        let mut conditions = Conditions {
            required_if: scene.whens(&text.required_if)?,
            valid_if: scene.whens(&text.valid_if)?,
            required_unless: Vec::new(),
        };
        for other in &text.required_unless {
            conditions
                .required_unless
                .push(scene.other(other)?.name.clone());
        }
        if text.required || text.read_only {
            let fault = format!(
                "`{name}` is `required` or `read_only` whatever other fields hold; take one of both away"
            );
            return Err(place.on(name, fault));
        }
        if let Some(field) = fields.iter_mut().find(|field| *field.name == **name) {
            field.conditions = Some(Box::new(conditions));
        }
    }
    Ok(())
}

struct Scene<'a> {
    /// The field whose conditions they are.
    name: &'a str,
    fields: &'a [Field],
    place: Place<'a>,
    texts: &'a Texts,
}

impl Scene<'_> {
    /// Another field of the record.
    fn other(&self, other: &str) -> Result<&Field, CatalogError> {
        let known = || self.fields.iter().filter(|field| *field.name != *self.name);
        known().find(|field| *field.name == *other).ok_or_else(|| {
            let fault = format!(
                "`{}` depends on `{other}`, which is no other field of the record",
                self.name
            );
            let meant = nearest(other, known().map(|field| &*field.name));
            self.place.on(other, fault).meant(meant)
        })
    }

    fn whens(&self, written: &Ordered<OneOrMore>) -> Result<Vec<When>, CatalogError> {
        let mut whens = Vec::with_capacity(written.0.len());
        for (other, values) in &written.0 {
            let field = self.other(other)?;
            let literals = values.literals();
            let anything = matches!(literals, [one] if one.0 == Literal::Text(ANYTHING.to_owned()));
            let mut is = Vec::new();
            for literal in literals.iter().filter(|_| !anything) {
                is.push(self.value(field, &literal.0)?);
            }
            if is.is_empty() && !anything {
                let fault = format!(
                    "`{}` depends on no value of `{other}`; write \"*\" for any",
                    self.name
                );
                return Err(self.place.on(other, fault));
            }
            whens.push(When {
                field: self.texts.one(other),
                is,
            });
        }
        Ok(whens)
    }

    /// A value that the other field can hold.
    fn value(&self, field: &Field, literal: &Literal) -> Result<Literal, CatalogError> {
        let shows_word = |members: &[(std::sync::Arc<str>, std::sync::Arc<str>)]| {
            members
                .iter()
                .any(|(member, _)| matches!(&**member, "identifier" | "name"))
        };
        let fits = match (&field.kind, literal) {
            (Kind::Boolean, Literal::Bool(_))
            | (Kind::Integer | Kind::Number, Literal::Integer(_) | Literal::Number(_)) => true,
            (Kind::Reference(to), Literal::Text(_)) => shows_word(&to.members),
            (Kind::Text, Literal::Text(word)) => {
                let known = || field.values.iter().map(|value| &**value);
                if !field.values.is_empty() && !known().any(|value| value == word) {
                    let fault = format!("`{word}` is no value of `{}`", field.name);
                    return Err(self.place.on(word, fault).meant(nearest(word, known())));
                }
                true
            }
            _ => false,
        };
        if fits {
            return Ok(literal.clone());
        }
        let fault = format!(
            "`{}` depends on a value that `{}` cannot hold; write true or false for a flag, a number, a text, \
             the identifier or name of a link's record, or \"*\" for anything",
            self.name, field.name
        );
        Err(self.place.on(self.name, fault))
    }
}
