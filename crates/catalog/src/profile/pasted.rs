//! A vendor's permission guide, as it is pasted, read into rows: tables, lists and sentences out of HTML, Markdown,
//! Word, a spreadsheet or a PDF. What is not understood is said line by line; a right is never granted on a likeness.
//! Must not know how a profile is used. ConnectWise only: Autotask's guides are screens full of named controls.

mod columns;
mod form;
mod html;
mod lines;
mod names;
mod reader;
mod rights;
mod text;

pub use text::{Head, profile};

use bitting_policy::{Level, Registry};

/// What a guide says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pasted {
    /// One for each action, in the guide's order.
    pub rows: Vec<Row>,
    /// What looks like a right and was not understood: nothing of it is granted.
    pub unread: Vec<Remark>,
    /// What was read, and should be looked at.
    pub remarks: Vec<Remark>,
    /// Name that the guide gives the security role.
    pub role: Option<String>,
    /// Fields of the API member form, by their key in profiles: `identifier`, `location`, ...
    pub member: Vec<(&'static str, String)>,
    /// The guide asks for, or offers, an administrator's role.
    pub administrator: bool,
}

/// One action with what is asked of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Row {
    /// As the screen writes it.
    pub module: String,
    /// As the screen writes it, or `*`.
    pub action: String,
    /// Add, Edit, Delete, Inquire.
    pub levels: [Option<Level>; 4],
    pub why: String,
    /// What the guide printed where that is no level.
    pub printed: Option<String>,
    /// What could not be read with certainty.
    pub uncertain: Option<String>,
    /// Setup tables, as the screen writes them.
    pub tables: Vec<String>,
    /// The tables are those to leave out.
    pub deny: bool,
    /// Line of the guide, from 1.
    pub line: usize,
}

/// A line of the guide with something to say about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// Line of the guide, from 1.
    pub line: usize,
    /// What the matter is.
    pub text: String,
    /// What to do.
    pub advice: String,
}

/// Reads a guide. Never fails: what is not understood is in `unread`.
pub fn read(text: &str, registry: &Registry) -> Pasted {
    let mut reader = reader::Reader::new(registry);
    for line in lines::lines(text) {
        reader.take(&line);
    }
    reader.done()
}

#[cfg(test)]
mod tests;
