//! Just enough HTML to read a pasted table or list: tags become lines, cells become tabs. Knows nothing of rights.

/// Whether the text is markup and not a page as people see it.
pub(super) fn is_html(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    ["<td", "<li", "<table", "<p>", "<br"]
        .iter()
        .any(|tag| lower.contains(tag))
}

#[derive(Default)]
struct Rows {
    done: Vec<(usize, String)>,
    line: usize,
    /// The text that is being gathered, and the line it began in.
    text: String,
    began: usize,
    /// The row of a table that is being gathered.
    row: Option<Vec<String>>,
    in_cell: bool,
    /// What a cell that spans rows says in the rows below: column, rows left.
    spans: Vec<(usize, usize)>,
    span: usize,
}

/// The rows and paragraphs with the line each begins in; cells of a row are apart by tabs.
pub(super) fn rows(text: &str) -> Vec<(usize, String)> {
    let mut rows = Rows {
        line: 1,
        ..Rows::default()
    };
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        rows.say(&rest[..at]);
        let tail = &rest[at..];
        let Some(end) = tail.find('>') else {
            rest = "";
            break;
        };
        let tag = &tail[1..end];
        rows.line += tag.matches('\n').count();
        rest = &tail[end + 1..];
        let name: String = tag
            .trim_start_matches('/')
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .collect::<String>()
            .to_ascii_lowercase();
        if matches!(name.as_str(), "script" | "style") && !tag.starts_with('/') {
            let close = rest
                .to_ascii_lowercase()
                .find(&format!("</{name}"))
                .unwrap_or(rest.len());
            rows.line += rest[..close].matches('\n').count();
            rest = &rest[close..];
            continue;
        }
        rows.tag(&name, tag);
    }
    rows.say(rest);
    rows.flush();
    rows.done
}

impl Rows {
    fn say(&mut self, text: &str) {
        if self.text.trim().is_empty() {
            let blank = text.len() - text.trim_start().len();
            self.began = self.line + text[..blank].matches('\n').count();
        }
        self.line += text.matches('\n').count();
        self.text
            .push_str(&entities(&text.replace(['\n', '\r', '\t'], " ")));
    }

    fn tag(&mut self, name: &str, tag: &str) {
        let closes = tag.starts_with('/');
        match name {
            "tr" if !closes => {
                self.flush();
                self.began = self.line;
                self.row = Some(Vec::new());
            }
            "td" | "th" if !closes => {
                self.end_cell();
                self.fill_spans();
                self.in_cell = true;
                self.span = attribute(tag, "rowspan");
                let more = attribute(tag, "colspan").saturating_sub(1);
                if let Some(row) = &mut self.row {
                    row.extend(std::iter::repeat_n(String::new(), more));
                }
            }
            "td" | "th" => self.end_cell(),
            "tr" | "table" => {
                self.end_cell();
                if let Some(row) = self.row.take() {
                    self.done.push((self.began, row.join("\t")));
                }
                self.text.clear();
            }
            "br" | "p" | "div" | "li" | "ul" | "ol" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                if self.in_cell {
                    if !self.text.trim().is_empty() {
                        self.text.push_str("; ");
                    }
                } else if self.row.is_none() {
                    self.flush();
                    if name == "li" && !closes {
                        self.text.push_str("• ");
                    }
                }
            }
            _ => {}
        }
    }

    fn end_cell(&mut self) {
        if !self.in_cell {
            self.text.clear();
            return;
        }
        self.in_cell = false;
        let said = std::mem::take(&mut self.text);
        if let Some(row) = &mut self.row {
            if self.span > 1 {
                self.spans.push((row.len(), self.span - 1));
            }
            row.push(said.trim_matches([' ', ';']).to_owned());
        }
    }

    /// Cells that began in a row above stand in their column with nothing in them.
    fn fill_spans(&mut self) {
        let Some(row) = &mut self.row else { return };
        while let Some(at) = self
            .spans
            .iter()
            .position(|(column, _)| *column == row.len())
        {
            row.push(String::new());
            self.spans[at].1 -= 1;
            if self.spans[at].1 == 0 {
                self.spans.remove(at);
            }
        }
    }

    fn flush(&mut self) {
        let said = std::mem::take(&mut self.text);
        if !said.trim().is_empty() && said.trim() != "•" {
            self.done.push((self.began, said.trim().to_owned()));
        }
    }
}

/// A number among a tag's attributes; 1 where it is not there.
fn attribute(tag: &str, name: &str) -> usize {
    let lower = tag.to_ascii_lowercase();
    let Some((_, rest)) = lower.split_once(&format!("{name}=")) else {
        return 1;
    };
    let digits: String = rest
        .trim_start_matches(['"', '\''])
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    // The standard's limits are far above what a guide's table has.
    digits.parse().unwrap_or(1).clamp(1, 200)
}

fn entities(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    let known = [
        ("&nbsp;", " "),
        ("&ndash;", "-"),
        ("&mdash;", "-"),
        ("&rarr;", ">"),
        ("&gt;", ">"),
        ("&lt;", "<"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&apos;", "'"),
        ("&bull;", "•"),
        ("&check;", "✓"),
        ("&#10003;", "✓"),
        ("&#160;", " "),
        ("&rsaquo;", ">"),
        ("&raquo;", ">"),
        ("&amp;", "&"),
    ];
    known.iter().fold(text.to_owned(), |text, (name, letter)| {
        text.replace(name, letter)
    })
}
