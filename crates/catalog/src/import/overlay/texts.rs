//! A data file's text with more in it: lines in a part of it, words in a field's values. Must not know what they
//! mean.

use crate::import::fields;
use std::collections::BTreeSet;

/// The head of a part as this text writes it.
pub fn head(text: &str, name: &str) -> String {
    let plain = format!("[{name}]");
    if text.lines().any(|line| line.trim() == plain) {
        return plain;
    }
    format!("[{}]", fields::quoted(name))
}

/// A text in which a field's `values` hold these words too; `None` where it does not write them.
pub fn widened(text: &str, part: &str, field: &str, words: &[&str]) -> Option<String> {
    let start = {
        let head = head(text, part);
        let at = if text.starts_with(&head) {
            0
        } else {
            text.find(&format!("\n{head}"))? + 1
        };
        at + head.len()
    };
    let end = text[start..]
        .find("\n[")
        .map_or(text.len(), |at| start + at);
    let line = text[start..end].find(&format!("\n{field} = "))? + start + 1;
    let stop = text[line..].find('\n').map_or(text.len(), |at| line + at);
    const LIST: &str = "values = [";
    let list = line + text[line..stop].find(LIST)? + LIST.len();
    let close = list + text[list..stop].find(']')?;
    let more: Vec<String> = words.iter().map(|word| fields::quoted(word)).collect();
    let more = more.join(", ");
    Some(format!("{}, {more}{}", &text[..close], &text[close..]))
}

/// Lines, each with its end.
pub fn joined<'l>(lines: impl Iterator<Item = &'l String>) -> String {
    lines.flat_map(|line| [line.as_str(), "\n"]).collect()
}

/// A file with lines more in a part of it, which is added where it has none.
pub fn with(text: &str, head: &str, lines: &BTreeSet<String>) -> String {
    if lines.is_empty() {
        return text.to_owned();
    }
    let lines = joined(lines.iter());
    let at = text.lines().scan(0, |at, line| {
        let start = *at;
        *at += line.len() + 1;
        Some((start, *at, line))
    });
    let found = at.into_iter().find(|(_, _, line)| line.trim() == head);
    match found {
        Some((_, after, _)) => format!("{}{lines}{}", &text[..after], &text[after..]),
        None => format!("{}\n\n{head}\n{lines}", text.trim_end()),
    }
}
