//! Texts of a row: blanks filled, names looked up, and the JSON of nested objects.

use super::plan::{Piece, PieceKind, Trim};
use super::random::Random;
use super::run::{Frame, Run};
use super::values::first_id;
use bitting_catalog::entity::{EntityId, Kind};
use bitting_query::Value;
use std::fmt::Write;

impl<'a> Run<'a, '_> {
    /// Fills the blanks of a text for the row on top of the stack.
    pub fn write(&self, pieces: &[Piece], random: &mut Random) -> String {
        let mut out = String::with_capacity(32);
        for piece in pieces {
            let from = out.len();
            match &piece.what {
                PieceKind::Literal(text) => out.push_str(text),
                PieceKind::Word(list) => out.push_str(self.word(*list, random)),
                PieceKind::Route(route) => write_text(&mut out, &self.follow(route)),
                PieceKind::Digits(count) => random.digits(*count, &mut out),
                PieceKind::Hex(count) => random.hex(*count, &mut out),
                PieceKind::Id(width) => {
                    let _ = write!(out, "{:0width$}", self.top().id, width = *width);
                }
                PieceKind::Place(width) => {
                    let _ = write!(out, "{:0width$}", self.top().place, width = *width);
                }
                PieceKind::RoundOfWords => {
                    let round = self.top().index / self.combinations();
                    if round > 0 {
                        let _ = write!(out, "{}", round + 1);
                    }
                }
                PieceKind::ItemNumber => {
                    let _ = write!(out, "{}", self.item.1);
                }
            }
            if piece.trim != Trim::None {
                let text = out.split_off(from);
                trim(&mut out, &text, piece.trim);
            }
        }
        let end = out.trim_end().len();
        out.truncate(end);
        out
    }

    fn combinations(&self) -> u64 {
        let block = &self.plan.blocks[self.top().block];
        block
            .distinct
            .iter()
            .map(|list| self.plan.words[*list].len() as u64)
            .product::<u64>()
            .max(1)
    }

    /// A word of a list; from a list that must not repeat, the one for the row's number.
    fn word(&self, list: usize, random: &mut Random) -> &'a str {
        let plan = self.plan;
        let words = &plan.words[list];
        let row = self.top();
        let distinct = &plan.blocks[row.block].distinct;
        let Some(position) = distinct.iter().position(|other| *other == list) else {
            return &words[random.below(words.len() as u64) as usize];
        };
        // A step that shares no factor with the number of combinations visits each of them once.
        let all = self.combinations();
        let mut step = (all * 5 / 8) | 1;
        while common(step, all) != 1 {
            step += 2;
        }
        let mut number = (row.index % all) * step % all;
        for earlier in &distinct[..position] {
            number /= plan.words[*earlier].len() as u64;
        }
        &words[(number % words.len() as u64) as usize]
    }

    /// A row as a nested object of a row above it.
    pub fn object(&self, row: &Frame, members: &[(String, Option<usize>)]) -> String {
        let entity = self.catalog.entity(self.plan.blocks[row.block].entity);
        let mut out = String::from("{");
        for (name, slot) in members {
            let value = match slot {
                None => Value::Integer(row.id),
                Some(slot) => row.values[*slot].clone(),
            };
            if value == Value::Null {
                continue;
            }
            let _ = write!(out, "{}\"{name}\":", if out.len() > 1 { "," } else { "" });
            let field = slot.and_then(|slot| entity.every_field().nth(slot));
            match (
                field.map(|field| &field.kind),
                field.and_then(bitting_catalog::entity::Field::target),
                first_id(&value),
            ) {
                (Some(Kind::Reference(_)), Some(target), Some(id)) => {
                    self.write_link(&mut out, target, id);
                }
                _ => write_json(&mut out, &value),
            }
        }
        out.push('}');
        out
    }

    fn write_link(&self, out: &mut String, target: EntityId, id: i64) {
        let target = self.catalog.home(target);
        let _ = write!(out, "{{\"id\":{id}");
        let column = self.shown[target.id.0 as usize];
        if let (Some(column), Some(table)) = (column, self.kept.table(target.id)) {
            out.push_str(",\"name\":");
            write_json(out, table.value(id, column));
        }
        out.push('}');
    }
}

fn common(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { common(b, a % b) }
}

fn trim(out: &mut String, text: &str, how: Trim) {
    match how {
        Trim::None => out.push_str(text),
        Trim::Slug => out.extend(
            text.chars()
                .filter(char::is_ascii_alphanumeric)
                .map(|letter| letter.to_ascii_lowercase()),
        ),
        Trim::Upper => out.push_str(&text.to_uppercase()),
        Trim::Capital => {
            let mut letters = text.chars();
            out.extend(letters.next().into_iter().flat_map(char::to_uppercase));
            out.push_str(letters.as_str());
        }
        Trim::Head => {
            let mut words = text.split(' ');
            out.push_str(words.next().unwrap_or_default());
            if let Some(second) = words.next() {
                out.push(' ');
                out.push_str(second);
            }
        }
        Trim::Short => out.extend(text.chars().take(60)),
        Trim::Year => out.extend(text.chars().take(4)),
    }
}

pub(super) fn write_text(out: &mut String, value: &Value) {
    match value {
        Value::Null => {}
        Value::Text(text) => out.push_str(text),
        Value::Integer(number) => {
            let _ = write!(out, "{number}");
        }
        Value::Number(number) => {
            let _ = write!(out, "{number}");
        }
        Value::Boolean(flag) => {
            let _ = write!(out, "{flag}");
        }
    }
}

pub(super) fn write_json(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Text(text) => out.push_str(&serde_json::Value::from(text.as_str()).to_string()),
        _ => write_text(out, value),
    }
}
