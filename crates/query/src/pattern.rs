//! Patterns: what they match, and their text for LIKE, GLOB and PostgreSQL's regular expressions.
//! Knows no table and no column.

use crate::filter::{Pattern, Piece};
use std::fmt::Write as _;

/// Longest pattern in bytes, below the limit where SQLite refuses one.
const LONGEST: usize = 10_000;

enum Token<'a> {
    One(char),
    AnyOne,
    AnyRun,
    Class(bool, &'a [(char, char)]),
}

/// Whether the pattern can match anything in any of the three places.
pub(crate) fn usable(pattern: &Pattern) -> bool {
    let mut bytes = 0;
    for piece in &pattern.0 {
        bytes += match piece {
            Piece::Text(text) if text.contains('\0') => return false,
            Piece::Text(text) => text.len(),
            Piece::AnyRun | Piece::AnyOne => 1,
            Piece::Class { members, negated } => {
                if !negated && fold(members).is_empty() {
                    return false;
                }
                members.len() * 8
            }
        };
    }
    bytes <= LONGEST
}

/// Whether LIKE can say it.
pub(crate) fn has_class(pattern: &Pattern) -> bool {
    pattern
        .0
        .iter()
        .any(|piece| matches!(piece, Piece::Class { .. }))
}

/// Whether the whole text matches. Time is at most the product of the two lengths.
pub(crate) fn holds(pattern: &Pattern, text: &str) -> bool {
    if !usable(pattern) {
        return false;
    }
    let mut tokens = Vec::new();
    for piece in &pattern.0 {
        match piece {
            Piece::Text(text) => tokens.extend(text.chars().map(Token::One)),
            Piece::AnyRun => tokens.push(Token::AnyRun),
            Piece::AnyOne => tokens.push(Token::AnyOne),
            Piece::Class { negated, members } => tokens.push(Token::Class(*negated, members)),
        }
    }
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut token) = (0, 0);
    // Only the last run ever needs another try: earlier ones have already done all they must.
    let mut retry: Option<(usize, usize)> = None;
    while at < text.len() {
        match tokens.get(token) {
            Some(Token::AnyRun) => {
                token += 1;
                retry = Some((token, at));
                continue;
            }
            Some(one) if fits(one, text[at]) => {
                token += 1;
                at += 1;
                continue;
            }
            _ => {}
        }
        let Some((after, from)) = retry else {
            return false;
        };
        retry = Some((after, from + 1));
        token = after;
        at = from + 1;
    }
    tokens[token..]
        .iter()
        .all(|token| matches!(token, Token::AnyRun))
}

fn fits(token: &Token<'_>, c: char) -> bool {
    match token {
        Token::One(wanted) => wanted.eq_ignore_ascii_case(&c),
        Token::AnyOne => true,
        Token::AnyRun => false,
        Token::Class(negated, members) => {
            let within = |c: char| members.iter().any(|(low, high)| *low <= c && c <= *high);
            (within(c) || within(c.to_ascii_lowercase()) || within(c.to_ascii_uppercase()))
                != *negated
        }
    }
}

/// The pieces, with runs that follow each other as one: each costs the database a search.
fn runs_once(pattern: &Pattern) -> impl Iterator<Item = &Piece> {
    let mut run = false;
    pattern.0.iter().filter(move |piece| {
        let again = run && matches!(piece, Piece::AnyRun);
        run = matches!(piece, Piece::AnyRun);
        !again
    })
}

/// For `LIKE … ESCAPE '\'`, lower case.
pub(crate) fn like(pattern: &Pattern) -> String {
    let mut out = String::new();
    for piece in runs_once(pattern) {
        match piece {
            Piece::Text(text) => escape_like(text, &mut out),
            Piece::AnyRun => out.push('%'),
            Piece::AnyOne | Piece::Class { .. } => out.push('_'),
        }
    }
    out
}

/// Appends text that LIKE takes literally, lower case.
pub(crate) fn escape_like(text: &str, out: &mut String) {
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            out.push('\\');
        }
        out.push(c.to_ascii_lowercase());
    }
}

/// For SQLite's GLOB over lower-cased text.
pub(crate) fn glob(pattern: &Pattern) -> String {
    let mut out = String::new();
    for piece in runs_once(pattern) {
        match piece {
            Piece::Text(text) => text.chars().for_each(|c| glob_char(c, &mut out)),
            Piece::AnyRun => out.push('*'),
            Piece::AnyOne => out.push('?'),
            Piece::Class { negated, members } => glob_class(*negated, &fold(members), &mut out),
        }
    }
    out
}

fn glob_char(c: char, out: &mut String) {
    match c {
        '*' | '?' | '[' => out.extend(['[', c, ']']),
        c => out.push(c.to_ascii_lowercase()),
    }
}

/// `]` stands first, `-` before any range, and `^` last: the only places where GLOB takes each of
/// them literally.
fn glob_class(negated: bool, ranges: &[(char, char)], out: &mut String) {
    let holds = |c: char| ranges.iter().any(|(low, high)| *low <= c && c <= *high);
    let ranges = without(ranges, &['-', ']', '^']);
    let (close, dash, caret) = (holds(']'), holds('-'), holds('^'));
    if !negated && caret && !close && !dash && ranges.is_empty() {
        out.push('^');
        return;
    }
    if negated && ranges.is_empty() && !(close || dash || caret) {
        out.push('?');
        return;
    }
    out.push('[');
    if negated {
        out.push('^');
    }
    if close {
        out.push(']');
    }
    if dash {
        out.push('-');
    }
    for (low, high) in ranges {
        out.push(low);
        if low < high {
            out.push('-');
            out.push(high);
        }
    }
    if caret {
        out.push('^');
    }
    out.push(']');
}

/// For PostgreSQL's `~` over lower-cased text.
pub(crate) fn regex(pattern: &Pattern) -> String {
    let mut out = String::from("^");
    for piece in runs_once(pattern) {
        match piece {
            Piece::Text(text) => text.chars().for_each(|c| regex_char(c, &mut out)),
            Piece::AnyRun => out.push_str(".*"),
            Piece::AnyOne => out.push('.'),
            Piece::Class { negated, members } => {
                let ranges = fold(members);
                if ranges.is_empty() {
                    out.push('.');
                    continue;
                }
                out.push_str(if *negated { "[^" } else { "[" });
                for (low, high) in ranges {
                    regex_char(low, &mut out);
                    if low < high {
                        out.push('-');
                        regex_char(high, &mut out);
                    }
                }
                out.push(']');
            }
        }
    }
    out.push('$');
    out
}

/// Numeric escapes mean the same inside and outside of brackets.
fn regex_char(c: char, out: &mut String) {
    if c.is_ascii_alphanumeric() || c == ' ' {
        out.push(c.to_ascii_lowercase());
    } else {
        let code = u32::from(c);
        let written = if code <= 0xFFFF {
            write!(out, "\\u{code:04x}")
        } else {
            write!(out, "\\U{code:08x}")
        };
        debug_assert!(written.is_ok(), "a String takes everything");
    }
}

/// The members as sorted ranges without overlap, for text whose ASCII letters are lower case.
fn fold(members: &[(char, char)]) -> Vec<(char, char)> {
    let mut ranges: Vec<(char, char)> = Vec::with_capacity(members.len() * 2);
    for &(low, high) in members {
        // No text holds a NUL, and no dialect's pattern may.
        let low = low.max('\u{1}');
        if low > high {
            continue;
        }
        ranges.push((low, high));
        let (first, last) = (low.max('A'), high.min('Z'));
        if first <= last {
            ranges.push((first.to_ascii_lowercase(), last.to_ascii_lowercase()));
        }
    }
    // Capitals can't occur in lower-cased text.
    let ranges = cut(&ranges, 'A', 'Z');
    let mut merged: Vec<(char, char)> = Vec::with_capacity(ranges.len());
    for (low, high) in ranges {
        match merged.last_mut() {
            Some(last) if low <= last.1 => last.1 = last.1.max(high),
            _ => merged.push((low, high)),
        }
    }
    merged
}

fn without(ranges: &[(char, char)], taken: &[char]) -> Vec<(char, char)> {
    let mut left = ranges.to_vec();
    for c in taken {
        left = cut(&left, *c, *c);
    }
    left
}

/// The ranges, sorted, without the ASCII stretch from `first` to `last`.
fn cut(ranges: &[(char, char)], first: char, last: char) -> Vec<(char, char)> {
    let before = char::from(first as u8 - 1);
    let after = char::from(last as u8 + 1);
    let mut left = Vec::with_capacity(ranges.len() + 1);
    for &(low, high) in ranges {
        if low < first {
            left.push((low, high.min(before)));
        }
        if high > last {
            left.push((low.max(after), high));
        }
    }
    left.sort_unstable();
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(negated: bool, members: &[(char, char)]) -> Piece {
        Piece::Class {
            negated,
            members: members.to_vec(),
        }
    }

    #[test]
    fn texts_of_patterns() {
        let table = [
            (
                vec![Piece::Text("A%_\\".into()), Piece::AnyRun, Piece::AnyRun],
                "a\\%\\_\\\\%",
                "a%_\\*",
                "^a\\u0025\\u005f\\u005c.*$",
            ),
            (
                vec![Piece::Text("[*?".into())],
                "[*?",
                "[[][*][?]",
                "^\\u005b\\u002a\\u003f$",
            ),
            (vec![class(false, &[('^', '^')])], "_", "^", "^[\\u005e]$"),
            (
                vec![class(true, &[('^', '^')])],
                "_",
                "[^^]",
                "^[^\\u005e]$",
            ),
            (
                vec![class(
                    false,
                    &[(']', ']'), ('-', '-'), ('^', '^'), ('B', 'd')],
                )],
                "_",
                "[]-[-\\_-z^]",
                "",
            ),
            (vec![class(true, &[])], "_", "?", "^.$"),
        ];
        for (pieces, wanted_like, wanted_glob, wanted_regex) in table {
            let pattern = Pattern(pieces);
            assert_eq!(like(&pattern), wanted_like);
            assert_eq!(glob(&pattern), wanted_glob);
            if !wanted_regex.is_empty() {
                assert_eq!(regex(&pattern), wanted_regex);
            }
        }
    }

    #[test]
    fn what_patterns_match() {
        let table = [
            (
                vec![Piece::AnyRun, Piece::Text("b".into()), Piece::AnyRun],
                "aBc",
                true,
            ),
            (vec![Piece::Text("a".into()), Piece::AnyOne], "aé", true),
            (vec![Piece::Text("a".into()), Piece::AnyOne], "a", false),
            (vec![Piece::AnyRun], "", true),
            (vec![], "", true),
            (vec![], "a", false),
            (
                vec![class(false, &[('A', 'C')]), Piece::AnyRun],
                "boat",
                true,
            ),
            (vec![class(true, &[('a', 'c')])], "B", false),
            (vec![Piece::Text("É".into())], "é", false),
        ];
        for (pieces, text, wanted) in table {
            assert_eq!(
                holds(&Pattern(pieces.clone()), text),
                wanted,
                "{pieces:?} on {text:?}"
            );
        }
    }
}
