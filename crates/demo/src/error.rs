//! What is wrong with a recipe, and where. Knows no catalog.

use std::fmt;

/// A recipe that cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct DemoError {
    /// The file below `data/demo`: `connectwise/companies.toml`.
    pub file: String,
    /// Path of the entity, or the name of the table of the file; empty when the file is no TOML.
    pub entity: String,
    /// The field, where it is about one.
    pub field: Option<String>,
    /// What is wrong, and what to do.
    pub fault: String,
    /// The name that was probably meant.
    pub nearest: Option<String>,
}

impl fmt::Display for DemoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if !self.entity.is_empty() {
            write!(f, ": {}", self.entity)?;
        }
        if let Some(field) = &self.field {
            write!(f, ": {field}")?;
        }
        write!(f, ": {}", self.fault)?;
        match &self.nearest {
            Some(name) => write!(f, "; did you mean `{name}`?"),
            None => Ok(()),
        }
    }
}

impl DemoError {
    pub(crate) fn new(file: &str, fault: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            entity: String::new(),
            field: None,
            fault: fault.into(),
            nearest: None,
        }
    }

    pub(crate) fn entity(mut self, entity: &str) -> Self {
        entity.clone_into(&mut self.entity);
        self
    }

    /// Names the field, unless a part of it has been named already.
    pub(crate) fn field(mut self, field: &str) -> Self {
        self.field.get_or_insert_with(|| field.to_owned());
        self
    }

    pub(crate) fn meant<'a>(
        mut self,
        wanted: &str,
        names: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        self.nearest = nearest(wanted, names);
        self
    }
}

/// The name spelled most alike, unless nothing comes close.
fn nearest<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let wanted = wanted.to_lowercase();
    let limit = (wanted.chars().count() / 3).max(2);
    let scored = names
        .into_iter()
        .map(|name| (distance(&wanted, &name.to_lowercase()), name));
    let (score, name) = scored.min()?;
    (score <= limit).then(|| name.to_owned())
}

fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replace = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replace.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_where_what_and_what_was_meant() {
        let error = DemoError::new("connectwise/a.toml", "no such field")
            .entity("service/boards")
            .field("nmae")
            .meant("nmae", ["name", "location"]);
        assert_eq!(
            error.to_string(),
            "connectwise/a.toml: service/boards: nmae: no such field; did you mean `name`?"
        );
        assert_eq!(nearest("zzzzzz", ["name", "location"]), None);
    }
}
