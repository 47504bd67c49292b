//! A guide's Markdown read back into sections, tables and lists, as a reader with a pencil would. Knows Markdown as
//! far as guides use it, and nothing of what they say.

/// A section: its heading and what follows until the next.
#[derive(Debug, Default, Clone)]
pub struct Section {
    pub heading: String,
    pub paragraphs: Vec<String>,
    pub items: Vec<String>,
    /// Rows without their head, cells as they were before they were written.
    pub tables: Vec<Vec<Vec<String>>>,
}

impl Section {
    /// Everything it says, in a row.
    pub fn text(&self) -> String {
        let cells = self.tables.iter().flatten().map(|row| row.join(" "));
        let all = self.paragraphs.iter().chain(&self.items).cloned();
        all.chain(cells).collect::<Vec<_>>().join("\n")
    }
}

/// The sections in their order.
pub fn sections(markdown: &str) -> Vec<Section> {
    let mut all: Vec<Section> = vec![Section::default()];
    let mut in_table = false;
    for line in markdown.lines() {
        let now = all.last_mut().expect("one");
        if line.starts_with('#') {
            let level = line.chars().take_while(|letter| *letter == '#').count();
            all.push(Section {
                heading: line[level..].trim().to_owned(),
                ..Section::default()
            });
        } else if line.starts_with("|---") {
            // The line above was the head, which is no row.
            now.tables.last_mut().expect("a head").pop();
        } else if line.starts_with('|') {
            if !in_table {
                now.tables.push(Vec::new());
            }
            now.tables.last_mut().expect("a table").push(cells(line));
        } else if let Some(item) = item(line) {
            now.items.push(item.to_owned());
        } else if !line.is_empty() {
            now.paragraphs.push(line.to_owned());
        }
        in_table = line.starts_with('|');
    }
    all
}

fn item(line: &str) -> Option<&str> {
    let numbered = || {
        let (number, rest) = line.split_once(". ")?;
        number.parse::<usize>().is_ok().then_some(rest)
    };
    line.strip_prefix("- ").or_else(numbered)
}

fn cells(line: &str) -> Vec<String> {
    let inner = line.trim().trim_start_matches('|');
    let inner = inner.strip_suffix('|').unwrap_or(inner);
    // A bar within a cell is written with a backslash before it.
    let whole = inner.replace("\\|", "\u{0}");
    whole
        .split('|')
        .map(|cell| cell.trim().replace('\u{0}', "|"))
        .collect()
}
