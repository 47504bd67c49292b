//! The parts of an OpenAPI description that matter here, checked: paths with their operations, and schemas
//! with their members. Must not know the catalog.

use super::schema::{self, Members, SCHEMAS};
use crate::error::{CatalogError, Place};
use crate::route::Method;
use crate::source::MethodText;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What a description says.
pub(super) struct Description<'a> {
    place: Place<'a>,
    pub paths: BTreeMap<String, Vec<Operation>>,
    /// Schemas with members, by name.
    pub schemas: BTreeMap<String, Members>,
    raw: Option<&'a Map<String, Value>>,
    tree: &'a Value,
}

pub(super) struct Operation {
    pub method: Method,
    pub word: &'static str,
    /// The schema of the answer, and whether it is a list of them.
    pub returns: Option<String>,
    pub list: bool,
    /// Parameters of the query that are not every list's.
    pub parameters: Vec<String>,
}

/// What a description may write before the vendor's paths.
const BASE: &str = "/v4_6_release/apis/3.0";
/// Parameters that every list takes.
const USUAL: [&str; 9] = [
    "conditions",
    "childConditions",
    "customFieldConditions",
    "orderBy",
    "fields",
    "columns",
    "page",
    "pageSize",
    "pageId",
];

impl<'a> Description<'a> {
    pub fn read(file: &'a str, text: &'a str, tree: &'a Value) -> Result<Self, CatalogError> {
        let place = Place { file, text };
        let version = tree["openapi"].as_str().unwrap_or_default();
        if !version.starts_with("3.") {
            let fault =
                "this is no OpenAPI 3 description: `openapi` must be a text that begins with 3";
            return Err(place.on("openapi", fault));
        }
        let Some(paths) = tree["paths"].as_object() else {
            return Err(place.on("paths", "a description has `paths`, an object by path"));
        };
        let raw = tree["components"]["schemas"].as_object();
        let mut read = Self {
            place,
            paths: BTreeMap::new(),
            schemas: BTreeMap::new(),
            raw,
            tree,
        };
        for (name, schema) in raw.into_iter().flatten() {
            if !plain(name, ".") {
                return Err(place.on(
                    name,
                    format!("`{name}` cannot name a schema; use letters and digits"),
                ));
            }
            // What is no object (a bare list, a map) has no members.
            let members = schema::members(schema, raw);
            if !members.said.is_empty() {
                read.schemas.insert(name.clone(), members);
            }
        }
        for (path, verbs) in paths {
            let path = path.strip_prefix(BASE).unwrap_or(path);
            read.checked(path)?;
            let Some(verbs) = verbs.as_object() else {
                return Err(place.on(path, format!("`{path}` holds no object of verbs")));
            };
            let mut operations = Vec::new();
            for (_, method, word) in MethodText::EVERY {
                let Some(said) = verbs.get(&word.to_ascii_lowercase()) else {
                    continue;
                };
                operations.push(read.operation(path, method, word, said)?);
            }
            read.paths.insert(path.to_owned(), operations);
        }
        Ok(read)
    }

    /// The fault at the first line that names a word.
    pub fn fault(&self, word: &str, fault: impl Into<String>) -> CatalogError {
        self.place.on(word, fault)
    }

    /// The schema that a reference names, which has to be there.
    pub fn named<'v>(&self, reference: &'v str) -> Result<&'v str, CatalogError> {
        let known = |name: &&str| self.raw.is_some_and(|raw| raw.contains_key(*name));
        match reference.strip_prefix(SCHEMAS).filter(known) {
            Some(name) => Ok(name),
            None => {
                let last = reference.rsplit('/').next().unwrap_or(reference);
                Err(self.place.on(
                    last,
                    format!("`{reference}` leads nowhere; the schema is not in the file"),
                ))
            }
        }
    }

    fn checked(&self, path: &str) -> Result<(), CatalogError> {
        // The vendor's own description forgets a slash here and there: `types{id}`, `{id}{id}`.
        let segment = |segment: &str| {
            let mut parts = segment.split('{');
            let word = parts.next().unwrap_or_default();
            (word.is_empty() && segment.contains('{') || plain(word, "-."))
                && parts.all(|part| part.strip_suffix('}').is_some_and(|name| plain(name, "")))
        };
        let mut segments = path.split('/').filter(|segment| !segment.is_empty());
        if !path.starts_with('/') || path.len() < 2 || !segments.all(segment) {
            let fault = format!("`{path}` is no path; write `/module/records/{{id}}`");
            return Err(self.place.on(path, fault));
        }
        Ok(())
    }

    fn operation(
        &self,
        path: &str,
        method: Method,
        word: &'static str,
        said: &'a Value,
    ) -> Result<Operation, CatalogError> {
        let Some(answers) = said["responses"].as_object() else {
            let fault = format!("{word} {path} has no `responses`");
            return Err(self.place.on(path, fault));
        };
        let good = answers.iter().find(|(status, _)| status.starts_with('2'));
        let good = good.map(|(_, answer)| self.shared(answer)).transpose()?;
        let content = good.and_then(|answer| answer["content"].as_object());
        let schema = content
            .and_then(|kinds| kinds.values().next())
            .map(|kind| &kind["schema"]);
        let list = schema.is_some_and(|schema| schema["type"] == "array");
        let reference = schema.and_then(|schema| {
            let one = if list { &schema["items"] } else { schema };
            one["$ref"].as_str()
        });
        let returns = match reference {
            Some(reference) => Some(self.named(reference)?.to_owned()),
            None => None,
        };
        let mut parameters = Vec::new();
        for said in said["parameters"].as_array().into_iter().flatten() {
            let said = self.shared(said)?;
            let name = said["name"].as_str().unwrap_or_default();
            if said["in"] == "query" && !USUAL.contains(&name) {
                parameters.push(name.to_owned());
            }
        }
        Ok(Operation {
            method,
            word,
            returns,
            list,
            parameters,
        })
    }

    /// What is said, or what it refers to elsewhere in the description.
    fn shared(&self, said: &'a Value) -> Result<&'a Value, CatalogError> {
        let Some(reference) = said["$ref"].as_str() else {
            return Ok(said);
        };
        let found = reference.strip_prefix('#');
        let found = found.and_then(|pointer| self.tree.pointer(pointer));
        found.ok_or_else(|| {
            let last = reference.rsplit('/').next().unwrap_or(reference);
            let fault = format!("`{reference}` leads nowhere; only what is in the file is read");
            self.place.on(last, fault)
        })
    }

    /// A member as what it is: a reference to a schema without members (a named enum, a date) is that.
    pub fn resolved(&self, said: &Value) -> Result<Value, CatalogError> {
        let mut said = schema::plain(said);
        // Names that lead in a circle say nothing.
        for _ in 0..8 {
            let Some(reference) = said["$ref"].as_str() else {
                return Ok(said);
            };
            let name = self.named(reference)?;
            match self.raw.and_then(|raw| raw.get(name)) {
                Some(schema) if !self.schemas.contains_key(name) => {
                    said = schema::plain(schema);
                }
                _ => return Ok(said),
            }
        }
        Ok(Value::Object(Map::new()))
    }
}

/// Letters, digits, `_` and these.
fn plain(text: &str, also: &str) -> bool {
    let good = |c: char| c.is_ascii_alphanumeric() || c == '_' || also.contains(c);
    !text.is_empty() && text.chars().all(good)
}
