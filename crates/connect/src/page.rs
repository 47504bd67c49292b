//! A page of headings, paragraphs, lists and tables, as Markdown and as HTML that needs nothing beside itself.
//! Knows nothing of what the page is about.

use std::fmt::Write as _;

/// A part of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// Level 1 is the title.
    Heading(usize, String),
    Paragraph(String),
    Bullets(Vec<String>),
    Steps(Vec<String>),
    Table(Vec<String>, Vec<Vec<String>>),
}

impl Block {
    pub fn heading(level: usize, text: impl Into<String>) -> Self {
        Self::Heading(level, text.into())
    }

    pub fn paragraph(text: impl Into<String>) -> Self {
        Self::Paragraph(text.into())
    }

    pub fn table(head: &[&str], rows: Vec<Vec<String>>) -> Self {
        Self::Table(head.iter().map(|word| (*word).to_owned()).collect(), rows)
    }
}

/// The page as Markdown.
pub fn markdown(blocks: &[Block]) -> String {
    let mut out = String::new();
    for block in blocks {
        if !out.is_empty() {
            out.push('\n');
        }
        // Writing to a String cannot fail.
        let _ = match block {
            Block::Heading(level, text) => writeln!(out, "{} {text}", "#".repeat(*level)),
            Block::Paragraph(text) => writeln!(out, "{text}"),
            Block::Bullets(items) => items.iter().try_for_each(|item| writeln!(out, "- {item}")),
            Block::Steps(items) => items
                .iter()
                .enumerate()
                .try_for_each(|(at, item)| writeln!(out, "{}. {item}", at + 1)),
            Block::Table(head, rows) => {
                let line = |cells: &[String]| {
                    let cells: Vec<String> = cells
                        .iter()
                        .map(|cell| cell.replace('|', "\\|").replace('\n', " "))
                        .collect();
                    format!("| {} |", cells.join(" | "))
                };
                let _ = writeln!(out, "{}", line(head));
                let _ = writeln!(out, "|{}", "---|".repeat(head.len()));
                rows.iter()
                    .try_for_each(|row| writeln!(out, "{}", line(row)))
            }
        };
    }
    out
}

/// Looks that print well: no colour carries meaning alone.
const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#1c2430}\
h1{font-size:1.7em}h2{font-size:1.2em;margin-top:2em;border-bottom:1px solid #c8d0da}\
table{border-collapse:collapse;width:100%;margin:1em 0}th,td{border:1px solid #c8d0da;padding:.35em .6em;text-align:left;vertical-align:top}\
th{background:#eef2f6}li{margin:.25em 0}@media print{body{margin:0;max-width:none}h2{break-after:avoid}tr{break-inside:avoid}}";

/// The page as HTML: one file, no script, nothing from elsewhere.
pub fn html(title: &str, blocks: &[Block]) -> String {
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>{}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n",
        escaped(title)
    );
    for block in blocks {
        let _ = match block {
            Block::Heading(level, text) => writeln!(out, "<h{level}>{}</h{level}>", marked(text)),
            Block::Paragraph(text) => writeln!(out, "<p>{}</p>", marked(text)),
            Block::Bullets(items) => list(&mut out, "ul", items),
            Block::Steps(items) => list(&mut out, "ol", items),
            Block::Table(head, rows) => {
                let line = |cells: &[String], cell: &str| {
                    let cells: Vec<String> = cells.iter().map(|text| marked(text)).collect();
                    format!(
                        "<{cell}>{}</{cell}>",
                        cells.join(&format!("</{cell}><{cell}>"))
                    )
                };
                let _ = writeln!(
                    out,
                    "<table>\n<thead><tr>{}</tr></thead>\n<tbody>",
                    line(head, "th")
                );
                for row in rows {
                    let _ = writeln!(out, "<tr>{}</tr>", line(row, "td"));
                }
                writeln!(out, "</tbody>\n</table>")
            }
        };
    }
    out.push_str("</body>\n</html>\n");
    out
}

fn list(out: &mut String, tag: &str, items: &[String]) -> std::fmt::Result {
    writeln!(out, "<{tag}>")?;
    for item in items {
        writeln!(out, "<li>{}</li>", marked(item))?;
    }
    writeln!(out, "</{tag}>")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// Text with what stands between backticks as code.
fn marked(text: &str) -> String {
    let parts: Vec<String> = text.split('`').map(escaped).collect();
    // An odd backtick is a letter like any other.
    if parts.len().is_multiple_of(2) {
        return escaped(text);
    }
    let marked = parts.iter().enumerate().map(|(index, part)| {
        if index % 2 == 1 {
            format!("<code>{part}</code>")
        } else {
            part.clone()
        }
    });
    marked.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_stays_text() {
        let blocks = [
            Block::heading(1, "<b>"),
            Block::table(&["a|b"], vec![vec!["1|2\n3".to_owned()]]),
            Block::Steps(vec!["first".to_owned(), "second & third".to_owned()]),
        ];
        let page = html("\"", &blocks);
        assert!(
            marked("set `a<b` to `x`, not `y") == "set `a&lt;b` to `x`, not `y"
                && marked("set `a<b`") == "set <code>a&lt;b</code>"
                && page.contains("<h1>&lt;b&gt;</h1>")
                && page.contains("second &amp; third")
                && page.contains("<title>&quot;")
        );
        let text = markdown(&blocks);
        assert!(
            text.contains("| 1\\|2 3 |") && text.contains("1. first\n2. second & third"),
            "{text}"
        );
    }
}
