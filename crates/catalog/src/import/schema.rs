//! A schema as its members, whatever way the description has of saying it: parts that belong together
//! (`allOf`), a type or nothing (`nullable`, `["string", "null"]`, `anyOf` with null), constants. Must not know
//! the catalog.

use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Where a description keeps its schemas.
pub(super) const SCHEMAS: &str = "#/components/schemas/";

/// Members and names of required ones.
#[derive(Debug, Default, Clone)]
pub(super) struct Members {
    pub said: Map<String, Value>,
    pub required: BTreeSet<String>,
    /// By member: others that make it required when they are set.
    pub dependent: BTreeMap<String, BTreeSet<String>>,
    /// Members of which one has to be set.
    pub either: Vec<BTreeSet<String>>,
}

/// The members of a schema and of all its parts.
pub(super) fn members(schema: &Value, schemas: Option<&Map<String, Value>>) -> Members {
    let mut found = Members::default();
    gather(schema, schemas, &mut Vec::new(), &mut found);
    found
}

fn gather<'v>(
    schema: &'v Value,
    schemas: Option<&'v Map<String, Value>>,
    seen: &mut Vec<&'v str>,
    found: &mut Members,
) {
    for part in schema["allOf"].as_array().into_iter().flatten() {
        let Some(name) = part["$ref"].as_str() else {
            gather(part, schemas, seen, found);
            continue;
        };
        // A schema that is a part of itself adds nothing the second time.
        if seen.contains(&name) {
            continue;
        }
        seen.push(name);
        let named = name.strip_prefix(SCHEMAS);
        if let Some(part) = named.and_then(|name| schemas?.get(name)) {
            gather(part, schemas, seen, found);
        }
    }
    for (name, said) in schema["properties"].as_object().into_iter().flatten() {
        found.said.insert(name.clone(), plain(said));
    }
    let required = schema["required"].as_array().into_iter().flatten();
    let names = required.filter_map(Value::as_str).map(str::to_owned);
    found.required.extend(names);
    for (other, asked) in schema["dependentRequired"]
        .as_object()
        .into_iter()
        .flatten()
    {
        for name in texts(asked) {
            found
                .dependent
                .entry(name)
                .or_default()
                .insert(other.clone());
        }
    }
    for word in ["anyOf", "oneOf"] {
        let ways = schema[word].as_array().into_iter().flatten();
        let one = |way: &Value| {
            let mut names = texts(&way["required"]);
            (names.len() == 1).then(|| names.remove(0))
        };
        let group: Option<BTreeSet<String>> = ways.map(one).collect();
        found.either.extend(group.filter(|group| group.len() > 1));
    }
}

fn texts(list: &Value) -> Vec<String> {
    let texts = list.as_array().into_iter().flatten();
    texts.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// What one member is, with the ways around it taken away: nothing of it is lost that data can say.
pub(super) fn plain(said: &Value) -> Value {
    for word in ["anyOf", "oneOf", "allOf"] {
        let Some(parts) = said[word].as_array() else {
            continue;
        };
        let null = |part: &&Value| part["type"] == "null";
        let mut parts = parts.iter().filter(|part| !null(part));
        // One of several things, or all of them at once, is any JSON; one thing or nothing is that thing.
        let only = match (parts.next(), parts.next()) {
            (Some(only), None) => only,
            _ if said["properties"].is_object() => continue,
            _ => return json!({}),
        };
        let mut plain = plain(only);
        if let (Some(plain), true) = (plain.as_object_mut(), said["readOnly"] == true) {
            plain.insert("readOnly".to_owned(), json!(true));
        }
        if let (Some(plain), Some(text)) = (plain.as_object_mut(), said.get("description")) {
            plain.insert("description".to_owned(), text.clone());
        }
        return plain;
    }
    let mut plain = said.clone();
    let Some(members) = plain.as_object_mut() else {
        return json!({});
    };
    if let Some(types) = said["type"].as_array() {
        let mut types = types.iter().filter(|word| **word != "null");
        let only = match (types.next(), types.next()) {
            (Some(only), None) => only.clone(),
            _ => json!(""),
        };
        members.insert("type".to_owned(), only);
    }
    if let Some(word) = said["const"].as_str() {
        members.insert("enum".to_owned(), json!([word]));
    }
    if said["items"].is_object() {
        members.insert("items".to_owned(), self::plain(&said["items"]));
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_what_it_is_in_either_version() {
        let link = json!({ "$ref": "#/components/schemas/Box" });
        let table = [
            (
                json!({ "type": ["string", "null"] }),
                json!({ "type": "string" }),
            ),
            (json!({ "allOf": [link], "nullable": true }), link.clone()),
            (json!({ "anyOf": [link, { "type": "null" }] }), link.clone()),
            (
                json!({ "oneOf": [{ "type": "string" }, { "type": "integer" }] }),
                json!({}),
            ),
            (json!(true), json!({})),
            (
                json!({ "const": "A" }),
                json!({ "const": "A", "enum": ["A"] }),
            ),
        ];
        for (said, is) in table {
            assert_eq!(plain(&said), is, "{said}");
        }
    }

    #[test]
    fn parts_come_together_and_a_circle_ends() {
        let schemas = json!({
            "Base": { "properties": { "a": { "type": "string" } }, "required": ["a"], "allOf": [{ "$ref": "#/components/schemas/Top" }] },
            "Top": { "allOf": [{ "$ref": "#/components/schemas/Base" }, { "properties": { "b": { "type": "integer" } } }] },
        });
        let found = members(&schemas["Top"], schemas.as_object());
        let names: Vec<&String> = found.said.keys().collect();
        assert_eq!(names.len(), 2, "{names:?}");
        assert!(found.required.contains("a"));
    }
}
