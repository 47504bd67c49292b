//! Pasted text as lines of cells: out of HTML, Markdown, a spreadsheet, Word or a PDF. Knows no names of a PSA.

use super::html;

/// One line of the guide, without bullets, marks and odd characters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Line {
    /// Line of the pasted text, from 1.
    pub number: usize,
    /// One cell for a line of prose.
    pub cells: Vec<Cell>,
    /// It began with a bullet or a number.
    pub item: bool,
    /// Cells were told apart by runs of blanks, so only their place says which column they are in.
    pub aligned: bool,
}

/// Text and the column it begins in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Cell {
    pub text: String,
    pub start: usize,
}

impl Line {
    /// Everything the line says, in one text.
    pub fn text(&self) -> String {
        let cells = self.cells.iter().map(|cell| cell.text.as_str());
        let said: Vec<&str> = cells.filter(|text| !text.is_empty()).collect();
        said.join(" ")
    }
}

/// The lines that say something.
pub(super) fn lines(text: &str) -> Vec<Line> {
    let text = text.trim_start_matches('\u{feff}');
    let rows: Vec<(usize, String)> = if html::is_html(text) {
        html::rows(text)
    } else {
        let numbered = text.lines().enumerate();
        numbered
            .map(|(index, line)| (index + 1, line.to_owned()))
            .collect()
    };
    let separator = rows.iter().find_map(|(_, row)| separated(row));
    let read = rows.iter().filter_map(|(number, row)| {
        let row = plain(row);
        if row.trim().is_empty() || is_rule(&row) {
            return None;
        }
        Some(line(*number, &row, separator))
    });
    read.collect()
}

/// `|---|:--:|` and `=====`, which only draw.
fn is_rule(row: &str) -> bool {
    let drawn = row.trim();
    drawn.len() >= 3
        && drawn
            .chars()
            .all(|ch| matches!(ch, '|' | '-' | ':' | '=' | '_' | '+' | ' '))
}

/// The letter between the cells, where a row is the heading of comma- or semicolon-separated values.
fn separated(row: &str) -> Option<char> {
    [',', ';'].into_iter().find(|letter| {
        let cells: Vec<&str> = row
            .split(*letter)
            .map(|cell| cell.trim().trim_matches('"'))
            .collect();
        let verbs = cells
            .iter()
            .filter(|cell| super::rights::verb(&cell.to_lowercase()).is_some());
        // `Add, Edit and Inquire` is a sentence: a table begins with the name of a column.
        cells.len() >= 3 && verbs.count() >= 2 && super::columns::names_a_column(cells[0])
    })
}

fn line(number: usize, row: &str, separator: Option<char>) -> Line {
    let mut line = Line {
        number,
        ..Line::default()
    };
    let text = if row.contains('\t') {
        line.cells = row.split('\t').map(cell).collect();
        return line;
    } else if row.matches('|').count() >= 2 {
        let inner = row.trim();
        let inner = inner.strip_prefix('|').unwrap_or(inner);
        let inner = inner.strip_suffix('|').unwrap_or(inner);
        line.cells = inner.split('|').map(cell).collect();
        return line;
    } else {
        let (item, rest) = without_bullet(row);
        line.item = item;
        rest
    };
    if let Some(separator) = separator.filter(|separator| text.matches(*separator).count() >= 2) {
        line.cells = quoted_cells(text, separator);
        return line;
    }
    line.cells = apart(row, text);
    line.aligned = line.cells.len() > 1;
    line
}

fn cell(text: &str) -> Cell {
    let bare = without_bullet(text).1;
    // A star alone is every action, and a dash alone is no right: neither marks an item.
    let said = if bare.trim().is_empty() { text } else { bare };
    Cell {
        text: said.split_whitespace().collect::<Vec<_>>().join(" "),
        start: 0,
    }
}

/// Comma-separated values, where a cell in quotes may hold the comma.
fn quoted_cells(text: &str, separator: char) -> Vec<Cell> {
    let (mut cells, mut now, mut within) = (Vec::new(), String::new(), false);
    for letter in text.chars() {
        if letter == '"' {
            within = !within;
        } else if letter == separator && !within {
            cells.push(cell(&now));
            now.clear();
        } else {
            now.push(letter);
        }
    }
    cells.push(cell(&now));
    cells
}

/// Cells that two blanks or more keep apart, with the column each begins in.
fn apart(row: &str, text: &str) -> Vec<Cell> {
    let before = row.chars().count() - text.chars().count();
    let letters: Vec<char> = text.chars().collect();
    let (mut cells, mut at) = (Vec::new(), 0);
    while at < letters.len() {
        if letters[at] == ' ' {
            at += 1;
            continue;
        }
        let start = at;
        while at < letters.len()
            && !(letters[at] == ' ' && letters.get(at + 1).is_none_or(|next| *next == ' '))
        {
            at += 1;
        }
        cells.push(Cell {
            text: letters[start..at].iter().collect(),
            start: before + start,
        });
    }
    cells
}

/// Whether the text is an item of a list, and what stands behind its mark.
fn without_bullet(text: &str) -> (bool, &str) {
    let start = text.trim_start();
    let marks = [
        '•', '◦', '▪', '▫', '●', '○', '■', '□', '‣', '·', '➢', '➤', '❖', '*', '+', '▸', '►',
        '\u{f0b7}', '\u{f0a7}',
    ];
    if let Some(rest) = start.strip_prefix(marks) {
        return (true, rest.trim_start());
    }
    // A dash, or Word's bullet of the second level, and a blank.
    for mark in ["- ", "-\u{20}", "o ", "[ ] ", "[x] ", "> "] {
        if let Some(rest) = start.strip_prefix(mark) {
            return (true, rest.trim_start());
        }
    }
    let digits = start.trim_start_matches(|ch: char| ch.is_ascii_digit());
    if digits.len() < start.len()
        && let Some(rest) = digits
            .strip_prefix(". ")
            .or_else(|| digits.strip_prefix(") "))
    {
        return (true, rest.trim_start());
    }
    (false, start)
}

/// The text with one kind of blank, dash, quote and arrow, and without what only decorates.
fn plain(row: &str) -> String {
    let mut out = String::with_capacity(row.len());
    for letter in row.chars() {
        match letter {
            '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => {
                out.push(' ');
            }
            '\u{2010}'..='\u{2015}' | '\u{2212}' => out.push('-'),
            '“' | '”' | '„' => out.push('"'),
            '‘' | '’' => out.push('\''),
            '→' | '›' | '»' | '➔' | '⇒' | '➜' => out.push('>'),
            '✓' | '✔' | '☑' | '✅' | '🗸' => out.push_str(" yes "),
            '✗' | '✘' | '❌' | '☐' | '✕' | '✖' => out.push_str(" none "),
            // Marks of footnotes are one mark, which a level may bear.
            '¹' | '²' | '³' | '†' | '‡' => out.push('*'),
            '\u{200b}'..='\u{200f}'
            | '\u{ad}'
            | '\u{feff}'
            | '\u{2060}'
            | '\u{fe0f}'
            | '`'
            | '®'
            | '™' => {}
            other => out.push(other),
        }
    }
    let out = out
        .replace("**", "")
        .replace("__", "")
        .replace("->", ">")
        .replace("=>", ">");
    let heading = out.trim_start();
    if heading.starts_with('#') {
        return heading.trim_matches(['#', ' ']).to_owned();
    }
    out.trim_end().to_owned()
}
