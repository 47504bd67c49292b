//! Rows to JSON, straight from the cells: every field in the vendor's spelling, user-defined fields as an array at
//! the end of each record, also of those that can have none. Knows no driver.

use super::udf::{self, Defined, EXTRA};
use crate::connectwise::record::Cell;
use bitting_catalog::entity::{Entity, Kind};
use std::io::Write as _;
use std::sync::Arc;

/// What is written of each row, and which columns that takes.
#[derive(Debug, Clone)]
pub struct Layout {
    /// Columns to read, in order; the id is the first.
    pub columns: Vec<Arc<str>>,
    parts: Vec<Part>,
    /// Index of the cell with user-defined values.
    extra: Option<usize>,
}

#[derive(Debug, Clone)]
struct Part {
    /// `"companyID":` ready to write.
    key: Box<[u8]>,
    cell: usize,
    shown: Shown,
    required: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Shown {
    Integer,
    Number,
    Boolean,
    Text,
    /// Never in a list.
    Blank,
    /// Never in an answer, and a text for typed clients.
    Secret,
}

impl Layout {
    /// `include` are the fields wanted, all where there are none. With `data`, content of attachments shows too.
    pub fn new(
        entity: &Entity,
        include: Option<&[usize]>,
        hidden: &dyn Fn(usize) -> bool,
        data: bool,
    ) -> Self {
        let mut columns: Vec<Arc<str>> = vec![Arc::from("id")];
        let mut parts = Vec::with_capacity(entity.fields.len());
        for (index, field) in entity.fields.iter().enumerate() {
            let wanted = include.is_none_or(|include| include.contains(&index));
            if !wanted && &*field.name != "id" {
                continue;
            }
            let shown = match field.kind {
                _ if hidden(index) => Shown::Blank,
                _ if field.write_only => Shown::Secret,
                _ if field.native.as_deref() == Some("byte") && !data => Shown::Blank,
                Kind::Integer | Kind::Reference(_) => Shown::Integer,
                Kind::Number => Shown::Number,
                Kind::Boolean => Shown::Boolean,
                _ => Shown::Text,
            };
            let unread = matches!(shown, Shown::Blank | Shown::Secret);
            let cell = if &*field.name == "id" || unread {
                0
            } else {
                columns.push(field.column.clone());
                columns.len() - 1
            };
            parts.push(Part {
                key: format!("{}:", serde_json::Value::from(&*field.name))
                    .into_bytes()
                    .into(),
                cell,
                shown,
                required: field.required || field.blank,
            });
        }
        let extra = entity
            .served
            .as_ref()
            .and_then(|served| served.user_defined)
            .map(|_| {
                columns.push(Arc::from(EXTRA));
                columns.len() - 1
            });
        Self {
            columns,
            parts,
            extra,
        }
    }

    /// Appends one record. `cell` gives the cell of a column by its place in [`Layout::columns`].
    pub fn write<'c>(
        &self,
        out: &mut Vec<u8>,
        defined: &[Defined],
        masked: bool,
        cell: &dyn Fn(usize) -> Cell<'c>,
    ) {
        out.push(b'{');
        for part in &self.parts {
            out.extend_from_slice(&part.key);
            part.write(out, cell(part.cell));
            out.push(b',');
        }
        out.extend_from_slice(b"\"userDefinedFields\":[");
        if let Some(extra) = self.extra {
            let held = match cell(extra) {
                Cell::Text(text) => udf::held(text),
                _ => Vec::new(),
            };
            for (index, field) in defined.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                let value = held
                    .iter()
                    .find(|held| held.name.eq_ignore_ascii_case(&field.name))
                    .and_then(|held| held.value.as_deref());
                out.extend_from_slice(b"{\"name\":");
                string(out, &field.name);
                out.extend_from_slice(b",\"value\":");
                match value {
                    // Whether there is a value is protected too.
                    _ if masked && field.protected => string(out, udf::MASK),
                    Some(value) => string(out, value),
                    None => out.extend_from_slice(b"null"),
                }
                out.push(b'}');
            }
        }
        out.extend_from_slice(b"]}");
    }
}

impl Part {
    fn write(&self, out: &mut Vec<u8>, cell: Cell<'_>) {
        match (self.shown, cell) {
            (Shown::Blank, _) => out.extend_from_slice(b"null"),
            (Shown::Secret, _) => out.extend_from_slice(b"\"\""),
            // Typed clients break where something required is not there.
            (shown, Cell::Null) => out.extend_from_slice(match shown {
                Shown::Integer if self.required => b"0",
                Shown::Number if self.required => b"0.0",
                Shown::Boolean if self.required => b"false",
                Shown::Text if self.required => b"\"\"",
                _ => b"null",
            }),
            (Shown::Boolean, Cell::Integer(flag)) => {
                out.extend_from_slice(if flag == 0 { b"false" } else { b"true" });
            }
            (_, Cell::Boolean(flag)) => {
                out.extend_from_slice(if flag { b"true" } else { b"false" });
            }
            (Shown::Number, Cell::Integer(number)) => {
                let _ = write!(out, "{number}.0");
            }
            (_, Cell::Integer(number)) => {
                out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
            }
            (_, Cell::Number(number)) if number.is_finite() => {
                out.extend_from_slice(ryu::Buffer::new().format_finite(number).as_bytes());
            }
            (_, Cell::Number(_)) => out.extend_from_slice(b"null"),
            (_, Cell::Text(text)) => string(out, text),
        }
    }
}

fn string(out: &mut Vec<u8>, text: &str) {
    // Writing into a vector cannot fail.
    let _ = serde_json::to_writer(out, text);
}
