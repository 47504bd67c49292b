//! Conditions text to words, symbols and values. Knows no grammar.

use super::super::dates;
use super::super::error::ApiError;
use super::tree::Literal;
use bitting_query::Comparison;

/// One piece of the text and where it starts, in bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct Token {
    pub at: usize,
    pub what: What,
}

#[derive(Debug, Clone, PartialEq)]
pub enum What {
    Open,
    Close,
    Comma,
    Comparison(Comparison),
    /// A path or a keyword.
    Word(String),
    Literal(Literal),
}

/// Reads the next piece after `at` and says where the text goes on. `None` at its end.
pub fn next(text: &str, at: usize) -> Result<Option<(Token, usize)>, ApiError> {
    let rest = &text[at..];
    let at = at + rest.len() - rest.trim_start().len();
    let rest = &text[at..];
    let Some(first) = rest.chars().next() else {
        return Ok(None);
    };
    let symbol = |what, length| Ok(Some((Token { at, what }, at + length)));
    let second = rest.as_bytes().get(1);
    match first {
        '(' => symbol(What::Open, 1),
        ')' => symbol(What::Close, 1),
        ',' => symbol(What::Comma, 1),
        '=' => symbol(What::Comparison(Comparison::Equal), 1),
        '!' if second == Some(&b'=') => symbol(What::Comparison(Comparison::NotEqual), 2),
        '<' if second == Some(&b'=') => symbol(What::Comparison(Comparison::LessOrEqual), 2),
        '>' if second == Some(&b'=') => symbol(What::Comparison(Comparison::GreaterOrEqual), 2),
        '<' => symbol(What::Comparison(Comparison::Less), 1),
        '>' => symbol(What::Comparison(Comparison::Greater), 1),
        '"' | '\'' => quoted(text, at, first).map(Some),
        '[' => bracketed(text, at).map(Some),
        '0'..='9' | '-' | '+' | '.' => bare(text, at).map(Some),
        _ if first.is_alphabetic() || first == '_' => {
            let inside = |character: char| {
                character.is_alphanumeric() || matches!(character, '_' | '/' | '.' | '-')
            };
            let end = rest
                .find(|character| !inside(character))
                .unwrap_or(rest.len());
            symbol(What::Word(rest[..end].to_owned()), end)
        }
        _ => Err(unexpected(
            text,
            at,
            &format!("'{first}'"),
            "a name, a value or a parenthesis",
        )),
    }
}

fn quoted(text: &str, at: usize, quote: char) -> Result<(Token, usize), ApiError> {
    let mut value = String::new();
    let mut characters = text[at + 1..].char_indices().peekable();
    while let Some((offset, character)) = characters.next() {
        let following = characters.peek().map(|(_, following)| *following);
        match character {
            '\\' if matches!(following, Some('\\' | '"' | '\'')) => {
                value.extend(following);
                characters.next();
            }
            _ if character == quote && following == Some(quote) => {
                value.push(quote);
                characters.next();
            }
            _ if character == quote => {
                let token = Token {
                    at,
                    what: What::Literal(Literal::Text(value)),
                };
                return Ok((token, at + 1 + offset + 1));
            }
            // No database stores it, and one of them refuses to be asked for it.
            '\0' => return Err(unexpected(text, at + 1 + offset, "a NUL character", "text")),
            _ => value.push(character),
        }
    }
    Err(unexpected(
        text,
        text.len(),
        "the end",
        &format!("{quote} to close the text begun at {}", place(text, at)),
    ))
}

fn bracketed(text: &str, at: usize) -> Result<(Token, usize), ApiError> {
    let Some(length) = text[at..].find(']') else {
        return Err(unexpected(
            text,
            text.len(),
            "the end",
            &format!("] to close the date begun at {}", place(text, at)),
        ));
    };
    let inner = &text[at + 1..at + length];
    let moment = dates::moment(inner.trim().trim_matches(['"', '\''])).ok_or_else(|| {
        unexpected(
            text,
            at,
            &format!("[{}]", shown(inner)),
            "a date such as [2016-08-20T18:04:26Z]",
        )
    })?;
    Ok((
        Token {
            at,
            what: What::Literal(Literal::Moment(moment)),
        },
        at + length + 1,
    ))
}

/// A number, or a date without brackets.
fn bare(text: &str, at: usize) -> Result<(Token, usize), ApiError> {
    let run = |from: usize| {
        let inside = |character: char| {
            character.is_ascii_alphanumeric() || matches!(character, '.' | ':' | '+' | '-')
        };
        from + text[from..]
            .find(|character| !inside(character))
            .unwrap_or(text.len() - from)
    };
    let mut end = run(at);
    let word = &text[at..end];
    let literal = if let Some(number) = number(word) {
        number
    } else {
        let is_time = |text: &str| {
            let bytes = text.as_bytes();
            bytes.len() >= 5 && bytes[0].is_ascii_digit() && bytes[2] == b':'
        };
        if dates::is_day(word) && text[end..].strip_prefix(' ').is_some_and(is_time) {
            end = run(end + 1);
        }
        let moment = dates::moment(&text[at..end]);
        moment
            .map(Literal::Moment)
            .ok_or_else(|| unexpected(text, at, &shown(&text[at..end]), "a number or a date"))?
    };
    Ok((
        Token {
            at,
            what: What::Literal(literal),
        },
        end,
    ))
}

fn number(word: &str) -> Option<Literal> {
    let digits = word.strip_prefix(['-', '+']).unwrap_or(word);
    let plain = digits
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'-' | b'+'));
    if !plain || !digits.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        return None;
    }
    if let Ok(integer) = word.parse() {
        return Some(Literal::Integer(integer));
    }
    word.parse()
        .ok()
        .filter(|number: &f64| number.is_finite())
        .map(Literal::Number)
}

/// Where a byte stands, counted in characters from 1.
pub(crate) fn place(text: &str, at: usize) -> usize {
    text[..at].chars().count() + 1
}

/// The start of a piece of the caller's text, short enough for a message.
pub(crate) fn shown(text: &str) -> String {
    const LONGEST: usize = 40;
    let mut short: String = text.chars().take(LONGEST).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// What stood where something else was expected.
pub(crate) fn unexpected(text: &str, at: usize, found: &str, expected: &str) -> ApiError {
    ApiError::condition(format!(
        "Expected {expected} at position {}, found {found}.",
        place(text, at)
    ))
}
