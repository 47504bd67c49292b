//! What is wrong with a data file, and where. Knows no file system: files are names and texts.

use std::fmt;

/// A fault in the catalog's data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct CatalogError {
    /// The file's path below `data/`.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, and what to do.
    pub fault: String,
    /// The name that was probably meant.
    pub nearest: Option<String>,
}

impl fmt::Display for CatalogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.fault)?;
        match &self.nearest {
            Some(name) => write!(f, "; did you mean `{name}`?"),
            None => Ok(()),
        }
    }
}

impl CatalogError {
    pub(crate) fn meant(mut self, nearest: Option<impl Into<String>>) -> Self {
        self.nearest = nearest.map(Into::into);
        self
    }
}

impl From<bitting_policy::RegistryError> for CatalogError {
    fn from(error: bitting_policy::RegistryError) -> Self {
        Self {
            file: error.file,
            line: error.line,
            fault: error.fault,
            nearest: error.nearest,
        }
    }
}

/// One file's name and text, to turn a name in it into a line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub file: &'a str,
    pub text: &'a str,
}

impl Place<'_> {
    /// The fault at a byte of the text.
    pub fn at(self, offset: usize, fault: impl Into<String>) -> CatalogError {
        let before = self.text.as_bytes().iter().take(offset);
        CatalogError {
            file: self.file.to_owned(),
            line: 1 + before.filter(|byte| **byte == b'\n').count(),
            fault: fault.into(),
            nearest: None,
        }
    }

    /// The fault at the first line that names `word` whole: names are short and seldom twice.
    pub fn on(self, word: &str, fault: impl Into<String>) -> CatalogError {
        let whole = |at: usize| {
            let letter = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
            !letter(self.text[..at].chars().next_back())
                && !letter(self.text[at + word.len()..].chars().next())
        };
        let mut places = self.text.match_indices(word).map(|(at, _)| at);
        let offset = places.find(|at| whole(*at)).unwrap_or(0);
        self.at(offset, fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_names_the_line_of_the_whole_word() {
        let place = Place {
            file: "a.toml",
            text: "boards = 1\nboard = 2\n",
        };
        assert_eq!(place.on("board", "wrong").line, 2);
        assert_eq!(place.on("absent", "wrong").line, 1);
        let error = place.on("board", "no board").meant(Some("boards"));
        assert_eq!(
            error.to_string(),
            "a.toml:2: no board; did you mean `boards`?"
        );
    }
}
