//! The heading of a guide's table: which column is the module, the action, a verb. Knows no rights.

use super::lines::{Cell, Line};
use super::rights::verb;
use bitting_policy::Verb;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Module,
    Action,
    Verb(Verb),
    /// Verbs and levels in words: `Inquire: All`.
    Rights,
    Why,
    /// The entries of the row's customize list.
    Entries,
    Other,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Columns {
    pub kinds: Vec<Kind>,
    starts: Vec<usize>,
}

/// Whether the word is the name of a column that is not a verb's.
pub(super) fn names_a_column(cell: &str) -> bool {
    !matches!(kind(cell), None | Some(Kind::Verb(_) | Kind::Other))
}

fn kind(cell: &str) -> Option<Kind> {
    let words: Vec<String> = super::rights::words(cell)
        .map(|(_, _, word)| word)
        .collect();
    let has = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
    if words.len() > 5 {
        return None;
    }
    if let Some(verb) = words.first().and_then(|word| verb(word)) {
        let more = words[1..]
            .iter()
            .all(|word| matches!(word.as_str(), "level" | "access" | "right" | "rights"));
        return more.then_some(Kind::Verb(verb));
    }
    Some(match () {
        () if has(&["sub", "submodule"]) => Kind::Action,
        () if has(&["module", "modules", "area", "category", "section"]) => Kind::Module,
        () if has(&[
            "customize",
            "customise",
            "customization",
            "tables",
            "entries",
            "restrict",
        ]) =>
        {
            Kind::Entries
        }
        () if has(&[
            "reason",
            "purpose",
            "why",
            "description",
            "notes",
            "note",
            "comment",
            "comments",
            "usage",
            "used",
        ]) =>
        {
            Kind::Why
        }
        () if has(&[
            "action", "actions", "function", "screen", "item", "feature", "setting", "name",
        ]) =>
        {
            Kind::Action
        }
        () if has(&[
            "permission",
            "permissions",
            "level",
            "levels",
            "access",
            "rights",
        ]) =>
        {
            Kind::Rights
        }
        () => Kind::Other,
    })
}

/// The columns, where the line is the heading of a table of rights.
pub(super) fn columns(line: &Line) -> Option<Columns> {
    let cells: Vec<&Cell> = line.cells.iter().collect();
    if cells.len() < 2 {
        return None;
    }
    let mut kinds: Vec<Kind> = cells
        .iter()
        .map(|cell| kind(&cell.text).unwrap_or(Kind::Other))
        .collect();
    letters(&cells, &mut kinds);
    let verbs = kinds
        .iter()
        .filter(|kind| matches!(kind, Kind::Verb(_)))
        .count();
    let has = |wanted: Kind| kinds.contains(&wanted);
    let named = has(Kind::Module) || has(Kind::Action) || has(Kind::Rights);
    // A table of `Module | Permission | Add ...` calls its actions permissions.
    if verbs > 0 && !has(Kind::Action) {
        if let Some(at) = kinds.iter().position(|kind| *kind == Kind::Rights) {
            kinds[at] = Kind::Action;
        } else if let Some(at) = kinds.iter().position(|kind| *kind == Kind::Other) {
            kinds[at] = Kind::Action;
        }
    }
    let heading = verbs >= 2
        || (verbs == 1 && named)
        || (kinds.contains(&Kind::Rights)
            && cells.len() <= 5
            && named
            && kinds.contains(&Kind::Action));
    heading.then(|| Columns {
        kinds,
        starts: cells.iter().map(|cell| cell.start).collect(),
    })
}

/// `A E D I`, the letters that narrow tables write for the verbs.
fn letters(cells: &[&Cell], kinds: &mut [Kind]) {
    let verb = |text: &str| match text {
        "A" => Some(Verb::Add),
        "E" => Some(Verb::Edit),
        "D" => Some(Verb::Delete),
        "I" | "V" => Some(Verb::Inquire),
        _ => None,
    };
    let known: Vec<Option<Verb>> = cells.iter().map(|cell| verb(&cell.text)).collect();
    if known.iter().flatten().count() >= 3 {
        for (kind, verb) in kinds.iter_mut().zip(known) {
            if let Some(verb) = verb {
                *kind = Kind::Verb(verb);
            }
        }
    }
}

impl Columns {
    /// The cells of a row in the order of the columns. `leads` tells whether a first cell is a module: rows below
    /// one that spans several lack it.
    pub fn place(&self, line: &Line, leads: impl Fn(&str) -> bool) -> Vec<String> {
        let mut cells = vec![String::new(); self.kinds.len()];
        if line.aligned && line.cells.len() != self.kinds.len() {
            for cell in &line.cells {
                let away = |at: &usize| self.starts[*at].abs_diff(cell.start);
                if let Some(at) = (0..self.starts.len()).min_by_key(away) {
                    cells[at].clone_from(&cell.text);
                }
            }
            return cells;
        }
        let lacks = self.kinds.first() == Some(&Kind::Module)
            && line.cells.len() < self.kinds.len()
            && line
                .cells
                .first()
                .is_some_and(|cell| !cell.text.is_empty() && !leads(&cell.text));
        for (at, cell) in line.cells.iter().enumerate() {
            if let Some(into) = cells.get_mut(at + usize::from(lacks)) {
                into.clone_from(&cell.text);
            }
        }
        cells
    }
}
