//! One member of a described schema as a field of a data file. Must not know paths.

use super::description::Description;
use super::schema::Members;
use crate::catalog::Catalog;
use crate::error::CatalogError;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const ANY: &str = "kind = \"any\"";

/// Nested shapes that fields ask for and the catalog does not have.
#[derive(Debug, Default)]
pub(super) struct Shapes {
    /// By the name of their schema.
    pub wanted: BTreeSet<String>,
    /// Without a schema of their own, by a name made for them.
    pub inline: BTreeMap<String, Members>,
}

/// What a field's line is worked out from.
pub(super) struct Scene<'a> {
    pub catalog: &'a Catalog,
    pub description: &'a Description<'a>,
    pub shapes: &'a mut Shapes,
    /// The schema whose members they are.
    pub owner: &'a str,
}

/// Whether a field can have this name.
pub(super) fn named(name: &str) -> bool {
    let good = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !name.is_empty() && name.chars().all(good)
}

/// The line of a field: `name = { kind = "text", max = 50 }`. `None` for members that every record has.
pub(super) fn line(
    name: &str,
    said: &Value,
    required: bool,
    conditions: Vec<String>,
    scene: &mut Scene<'_>,
) -> Result<Option<String>, CatalogError> {
    if matches!(name, "id" | "_info" | "customFields") {
        return Ok(None);
    }
    let said = &scene.description.resolved(said)?;
    let mut parts = vec![kind(name, said, scene)?];
    if let Some(max) = said["maxLength"]
        .as_u64()
        .filter(|_| parts[0].contains("\"text\""))
    {
        parts.push(format!("max = {max}"));
    }
    let words = values(said);
    if !words.is_empty() {
        let quoted: Vec<String> = words.iter().map(|word| quoted(word)).collect();
        parts.push(format!("values = [{}]", quoted.join(", ")));
    }
    if said["readOnly"] == true {
        parts.push("read_only = true".to_owned());
    } else if required {
        parts.push("required = true".to_owned());
    } else {
        parts.extend(conditions);
    }
    Ok(Some(format!("{name} = {{ {} }}", parts.join(", "))))
}

/// The words that a text is one of; none where it is any.
pub(super) fn values(said: &Value) -> Vec<&str> {
    let words = said["enum"].as_array().into_iter().flatten();
    words.filter_map(Value::as_str).collect()
}

fn kind(name: &str, said: &Value, scene: &mut Scene<'_>) -> Result<String, CatalogError> {
    if let Some(shape) = object(name, said, scene, ["ref", "shape"])? {
        return Ok(shape);
    }
    let format = said["format"].as_str().unwrap_or_default();
    Ok(match said["type"].as_str().unwrap_or_default() {
        "integer" => "kind = \"integer\"".to_owned(),
        "number" => "kind = \"number\"".to_owned(),
        "boolean" => "kind = \"boolean\"".to_owned(),
        "string" => match format {
            "date-time" => "kind = \"datetime\"".to_owned(),
            "date" => "kind = \"date\"".to_owned(),
            "uuid" => "kind = \"uuid\"".to_owned(),
            _ => "kind = \"text\"".to_owned(),
        },
        "array" => list(name, &said["items"], scene)?,
        "object" | "" => ANY.to_owned(),
        other => {
            let fault = format!(
                "`{other}` is no type of OpenAPI; use integer, number, boolean, string, array or object"
            );
            return Err(scene.description.fault(other, fault));
        }
    })
}

/// A link, or a nested object; `None` for what is neither.
fn object(
    name: &str,
    said: &Value,
    scene: &mut Scene<'_>,
    [link, nested]: [&str; 2],
) -> Result<Option<String>, CatalogError> {
    if let Some(reference) = said["$ref"].as_str() {
        let name = scene.description.named(reference)?;
        if scene.catalog.references.contains_key(name) {
            return Ok(Some(format!("{link} = {}", quoted(name))));
        }
        if scene.catalog.shape(name).is_none() {
            if !scene.description.schemas.contains_key(name) {
                return Ok(Some(ANY.to_owned()));
            }
            scene.shapes.wanted.insert(name.to_owned());
        }
        return Ok(Some(format!("{nested} = {}", quoted(name))));
    }
    if !said["properties"].is_object() {
        return Ok(None);
    }
    let mut shape = format!("{}_{name}", scene.owner.replace('.', "_"));
    let taken = |shape: &str| {
        scene.catalog.shape(shape).is_some() || scene.description.schemas.contains_key(shape)
    };
    while taken(&shape) {
        shape.push('_');
    }
    let members = super::schema::members(said, None);
    let line = format!("{nested} = {}", quoted(&shape));
    scene.shapes.inline.insert(shape, members);
    Ok(Some(line))
}

fn list(name: &str, items: &Value, scene: &mut Scene<'_>) -> Result<String, CatalogError> {
    let items = &scene.description.resolved(items)?;
    if let Some(shapes) = object(name, items, scene, ["refs", "shapes"])? {
        return Ok(shapes);
    }
    let scalar = match items["type"].as_str().unwrap_or_default() {
        "integer" => "integer",
        "number" => "number",
        "boolean" => "boolean",
        "string" => "text",
        _ => return Ok(ANY.to_owned()),
    };
    Ok(format!("list = \"{scalar}\""))
}

/// A TOML text.
pub(super) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
