//! The wildcards of `like`: `*` and `%` for any run, `_` for one character, `[…]` for one of a class.
//! `[*]`, `[%]`, `[_]` and `[[]` stand for the characters themselves.

use bitting_query::{Pattern, Piece};

/// Reads a pattern. Nothing is refused: a bracket that nothing closes stands for itself.
pub fn read(text: &str) -> Pattern {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut plain = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        let piece = match character {
            '*' | '%' => Piece::AnyRun,
            '_' => Piece::AnyOne,
            '[' => {
                let Some((class, rest)) = class(characters.as_str()) else {
                    plain.push(character);
                    continue;
                };
                characters = rest.chars();
                match class {
                    // A class of one character is that character.
                    Piece::Class {
                        negated: false,
                        ref members,
                    } if matches!(members[..], [(from, to)] if from == to) => {
                        plain.push(members[0].0);
                        continue;
                    }
                    class => class,
                }
            }
            _ => {
                plain.push(character);
                continue;
            }
        };
        if !plain.is_empty() {
            pieces.push(Piece::Text(std::mem::take(&mut plain)));
        }
        // Runs next to each other say no more than one, and cost more.
        if piece != Piece::AnyRun || pieces.last() != Some(&Piece::AnyRun) {
            pieces.push(piece);
        }
    }
    if !plain.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    Pattern(pieces)
}

/// What follows an opening bracket, and what follows the closing one.
fn class(text: &str) -> Option<(Piece, &str)> {
    let end = text.find(']')?;
    let (inner, rest) = (&text[..end], &text[end + 1..]);
    let (negated, inner) = match inner.strip_prefix('^') {
        Some(inner) if !inner.is_empty() => (true, inner),
        _ => (false, inner),
    };
    let characters: Vec<char> = inner.chars().collect();
    let mut members = Vec::new();
    let mut index = 0;
    while index < characters.len() {
        let from = characters[index];
        if index + 2 < characters.len() && characters[index + 1] == '-' {
            members.push((from, characters[index + 2]));
            index += 3;
        } else {
            members.push((from, from));
            index += 1;
        }
    }
    (!members.is_empty()).then_some((Piece::Class { negated, members }, rest))
}

#[cfg(test)]
mod tests {
    use super::read;
    use bitting_query::Piece::{self, AnyOne, AnyRun, Class};

    fn text(text: &str) -> Piece {
        Piece::Text(text.to_owned())
    }

    #[test]
    fn every_wildcard() {
        let table: [(&str, Vec<Piece>); 14] = [
            ("", vec![]),
            ("plain", vec![text("plain")]),
            ("*x%", vec![AnyRun, text("x"), AnyRun]),
            ("**%a", vec![AnyRun, text("a")]),
            ("a_b", vec![text("a"), AnyOne, text("b")]),
            ("[[]string]", vec![text("[string]")]),
            ("100[%]", vec![text("100%")]),
            ("[*]", vec![text("*")]),
            ("[", vec![text("[")]),
            ("[]", vec![text("[]")]),
            (
                "[a-f]x",
                vec![
                    Class {
                        negated: false,
                        members: vec![('a', 'f')],
                    },
                    text("x"),
                ],
            ),
            (
                "[^0-9_]",
                vec![Class {
                    negated: true,
                    members: vec![('0', '9'), ('_', '_')],
                }],
            ),
            ("[^]", vec![text("^")]),
            (
                "[a-]",
                vec![Class {
                    negated: false,
                    members: vec![('a', 'a'), ('-', '-')],
                }],
            ),
        ];
        for (pattern, pieces) in table {
            assert_eq!(read(pattern).0, pieces, "{pattern}");
        }
    }
}
