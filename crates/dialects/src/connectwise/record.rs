//! Rows to JSON, straight from the cells. A reference whose label is not at hand leaves a hole that is
//! filled once the label has been read. Knows no driver.

use super::layout::{Layout, Members, What};
use bitting_catalog::entity::{EntityId, Reference};
use std::io::Write as _;
use std::sync::Arc;

/// One cell of a row, borrowed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    Null,
    Integer(i64),
    Number(f64),
    Boolean(bool),
    Text(&'a str),
}

/// What a reference shows of the record it points to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// (field of the target, its value as JSON), nulls left out.
    pub parts: Vec<(Arc<str>, Box<[u8]>)>,
    /// Path of the record below the API root, `service/boards/1/statuses/5`; empty if it has none.
    pub path: Box<str>,
}

/// Labels at hand. `None` means unknown so far, not absent.
pub trait Labels: Sync {
    fn label(&self, target: EntityId, id: i64) -> Option<Arc<Label>>;
}

/// A custom field as every record of its entity lists it.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomField {
    pub id: i64,
    /// `"caption":"…","type":"…","entryMethod":"…","numberOfDecimals":0` ready to write.
    pub head: Box<[u8]>,
}

/// Where a reference still has to be written.
#[derive(Debug, Clone)]
pub struct Hole {
    at: usize,
    pub target: EntityId,
    pub id: i64,
    reference: Reference,
    members: Members,
}

/// Writes records one after another into one buffer.
pub struct Writer<'a> {
    out: Vec<u8>,
    holes: Vec<Hole>,
    labels: &'a dyn Labels,
    /// `https://host/v4_6_release/apis/3.0/`, with the slash.
    base: &'a str,
    custom: &'a [CustomField],
    list: bool,
    rows: usize,
}

impl<'a> Writer<'a> {
    /// A writer of one record, or of an array of them.
    pub fn new(
        labels: &'a dyn Labels,
        base: &'a str,
        custom: &'a [CustomField],
        list: bool,
    ) -> Self {
        let mut out = Vec::with_capacity(if list { 32 * 1024 } else { 4 * 1024 });
        if list {
            out.push(b'[');
        }
        Self {
            out,
            holes: Vec::new(),
            labels,
            base,
            custom,
            list,
            rows: 0,
        }
    }

    /// Number of records written.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Appends one record. `path` is the record's own path below the API root, for its links.
    pub fn write<'c>(&mut self, layout: &Layout, path: &str, cell: impl Fn(usize) -> Cell<'c>) {
        if self.rows > 0 {
            self.out.push(b',');
        }
        self.rows += 1;
        self.out.push(b'{');
        let start = self.out.len();
        for step in &layout.steps {
            let value = cell(step.cell);
            if value == Cell::Null && !step.always {
                continue;
            }
            let before = self.out.len();
            if before > start {
                self.out.push(b',');
            }
            self.out.extend_from_slice(&step.key);
            if !self.value(&step.what, value) {
                self.out.truncate(before);
            }
        }
        if let Some(extra) = layout.extra {
            self.custom_fields(start, cell(extra));
        }
        if let Some(info) = &layout.info {
            self.separate(start);
            self.out.extend_from_slice(b"\"_info\":{");
            let inner = self.out.len();
            for (key, index) in &info.stamps {
                if let Cell::Text(text) = cell(*index) {
                    self.separate(inner);
                    self.out.extend_from_slice(key);
                    write_text(&mut self.out, text);
                }
            }
            if !path.is_empty() {
                for (key, below) in &info.links {
                    self.separate(inner);
                    self.out.extend_from_slice(key);
                    self.out.push(b'"');
                    self.out.extend_from_slice(self.base.as_bytes());
                    self.out.extend_from_slice(path.as_bytes());
                    self.out.push(b'/');
                    self.out.extend_from_slice(below.as_bytes());
                    self.out.push(b'"');
                }
            }
            self.out.push(b'}');
        }
        self.out.push(b'}');
    }

    /// Labels that have to be read before [`Writer::finish`].
    pub fn holes(&self) -> &[Hole] {
        &self.holes
    }

    /// The bytes, with every hole filled from `labels`; a record that is gone shows its id alone.
    pub fn finish(mut self, labels: &dyn Labels) -> Vec<u8> {
        if self.list {
            self.out.push(b']');
        }
        if self.holes.is_empty() {
            return self.out;
        }
        let mut filled = Vec::with_capacity(self.out.len() + self.holes.len() * 96);
        let mut from = 0;
        for hole in &self.holes {
            filled.extend_from_slice(&self.out[from..hole.at]);
            from = hole.at;
            let label = labels.label(hole.target, hole.id);
            write_reference(
                &mut filled,
                &hole.reference,
                &hole.members,
                hole.id,
                label.as_deref(),
                self.base,
            );
        }
        filled.extend_from_slice(&self.out[from..]);
        filled
    }

    fn separate(&mut self, start: usize) {
        if self.out.len() > start {
            self.out.push(b',');
        }
    }

    /// Writes a value; false when there is nothing to show after all.
    fn value(&mut self, what: &What, value: Cell<'_>) -> bool {
        match (what, value) {
            (What::Boolean, Cell::Null) => self.out.extend_from_slice(b"false"),
            (What::Boolean, Cell::Integer(number)) => {
                self.out
                    .extend_from_slice(if number == 0 { b"false" } else { b"true" });
            }
            (What::Text, Cell::Null) => self.out.extend_from_slice(b"\"\""),
            (What::Integer | What::Number, Cell::Null) => self.out.push(b'0'),
            (_, Cell::Null) => return false,
            (What::Reference(reference, members), Cell::Integer(id)) => {
                self.reference(reference, members, id);
            }
            (What::References(reference, members), Cell::Text(ids)) => {
                self.out.push(b'[');
                for (index, id) in ids_of(ids).enumerate() {
                    if index > 0 {
                        self.out.push(b',');
                    }
                    self.reference(reference, members, id);
                }
                self.out.push(b']');
            }
            (What::Veiled, Cell::Text(json)) => write_veiled(&mut self.out, json),
            (What::Without(gone), Cell::Text(json)) => write_without(&mut self.out, json, gone),
            (What::Raw, Cell::Text(json)) => self.out.extend_from_slice(json.as_bytes()),
            (_, Cell::Integer(number)) => write_integer(&mut self.out, number),
            (What::Integer, Cell::Number(number)) => write_integer(&mut self.out, number as i64),
            (_, Cell::Number(number)) => write_number(&mut self.out, number),
            (_, Cell::Boolean(flag)) => {
                self.out
                    .extend_from_slice(if flag { b"true" } else { b"false" });
            }
            (_, Cell::Text(text)) => write_text(&mut self.out, text),
        }
        true
    }

    fn reference(&mut self, reference: &Reference, members: &Members, id: i64) {
        let Some(target) = reference.target else {
            write_reference(&mut self.out, reference, members, id, None, self.base);
            return;
        };
        match self.labels.label(target, id) {
            Some(label) => write_reference(
                &mut self.out,
                reference,
                members,
                id,
                Some(&label),
                self.base,
            ),
            None => self.holes.push(Hole {
                at: self.out.len(),
                target,
                id,
                reference: reference.clone(),
                members: members.clone(),
            }),
        }
    }

    fn custom_fields(&mut self, start: usize, extra: Cell<'_>) {
        if self.custom.is_empty() {
            return;
        }
        let values: Vec<serde_json::Value> = match extra {
            Cell::Text(json) => serde_json::from_str(json).unwrap_or_default(),
            _ => Vec::new(),
        };
        self.separate(start);
        self.out.extend_from_slice(b"\"customFields\":[");
        for (index, field) in self.custom.iter().enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            self.out.extend_from_slice(b"{\"id\":");
            write_integer(&mut self.out, field.id);
            self.out.push(b',');
            self.out.extend_from_slice(&field.head);
            let value = values
                .iter()
                .find(|entry| entry["id"].as_i64() == Some(field.id))
                .map(|entry| &entry["value"]);
            if let Some(value) = value.filter(|value| !value.is_null()) {
                self.out.extend_from_slice(b",\"value\":");
                // Writing to a Vec cannot fail.
                let _ = serde_json::to_writer(&mut self.out, value);
            }
            self.out.push(b'}');
        }
        self.out.push(b']');
    }
}

fn write_reference(
    out: &mut Vec<u8>,
    reference: &Reference,
    members: &Members,
    id: i64,
    label: Option<&Label>,
    base: &str,
) {
    out.push(b'{');
    let start = out.len();
    if members.id {
        out.extend_from_slice(b"\"id\":");
        write_integer(out, id);
    }
    if let Some(label) = label {
        for index in &members.shown {
            let (name, field) = &reference.members[*index];
            if let Some((_, json)) = label.parts.iter().find(|(part, _)| part == field) {
                if out.len() > start {
                    out.push(b',');
                }
                out.push(b'"');
                out.extend_from_slice(name.as_bytes());
                out.extend_from_slice(b"\":");
                if is_text(name) && !json.starts_with(b"\"") {
                    out.push(b'"');
                    out.extend_from_slice(json);
                    out.push(b'"');
                } else {
                    out.extend_from_slice(json);
                }
            }
        }
        if members.info && !label.path.is_empty() && !reference.href.is_empty() {
            if out.len() > start {
                out.push(b',');
            }
            out.extend_from_slice(b"\"_info\":{\"");
            out.extend_from_slice(reference.href.as_bytes());
            out.extend_from_slice(b"\":\"");
            out.extend_from_slice(base.as_bytes());
            out.extend_from_slice(label.path.as_bytes());
            out.extend_from_slice(b"\"}");
        }
    }
    out.push(b'}');
}

/// Members that every reference shows as text, also where the record holds a number (a probability's name
/// is its percentage).
fn is_text(member: &str) -> bool {
    matches!(member, "name" | "identifier" | "summary" | "title" | "type")
}

/// Ids of a JSON array of integers; anything else in it is passed over.
pub fn ids_of(json: &str) -> impl Iterator<Item = i64> + '_ {
    json.trim_matches(['[', ']'])
        .split(',')
        .filter_map(|piece| piece.trim().parse().ok())
}

/// A list of answers without those whose `fieldType` is a password; nothing at all where it cannot be read.
fn write_veiled(out: &mut Vec<u8>, json: &str) {
    let answers: Vec<serde_json::Value> = serde_json::from_str(json).unwrap_or_default();
    let mut answers = serde_json::Value::Array(answers);
    super::layout::veil(&mut answers);
    out.extend_from_slice(answers.to_string().as_bytes());
}

/// Nested objects without these members; nothing at all where they cannot be read.
fn write_without(out: &mut Vec<u8>, json: &str, gone: &[Arc<str>]) {
    let mut value: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
    let rows = match &mut value {
        serde_json::Value::Array(rows) => rows.as_mut_slice(),
        one => std::slice::from_mut(one),
    };
    for members in rows.iter_mut().filter_map(serde_json::Value::as_object_mut) {
        members.retain(|name, _| !gone.iter().any(|gone| **gone == **name));
    }
    out.extend_from_slice(value.to_string().as_bytes());
}

pub(crate) fn write_integer(out: &mut Vec<u8>, number: i64) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// As JavaScript prints it: no trailing `.0`.
pub(crate) fn write_number(out: &mut Vec<u8>, number: f64) {
    if number.fract() == 0.0 && number.abs() < 1e15 {
        write_integer(out, number as i64);
    } else if number.is_finite() {
        out.extend_from_slice(ryu::Buffer::new().format_finite(number).as_bytes());
    } else {
        out.extend_from_slice(b"null");
    }
}

/// A JSON string: raw UTF-8, with only what must be escaped escaped.
pub fn write_text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut from = 0;
    for (index, byte) in bytes.iter().enumerate() {
        if *byte >= 0x20 && *byte != b'"' && *byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&bytes[from..index]);
        from = index + 1;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0c => out.extend_from_slice(b"\\f"),
            other => {
                // Writing to a Vec cannot fail.
                let _ = write!(out, "\\u{other:04x}");
            }
        }
    }
    out.extend_from_slice(&bytes[from..]);
    out.push(b'"');
}
