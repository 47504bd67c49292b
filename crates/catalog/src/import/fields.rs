//! One member of a described schema as a field of a data file. Must not know paths.

use super::description::Description;
use crate::catalog::Catalog;
use crate::error::CatalogError;
use serde_json::Value;

/// The line of a field: `name = { kind = "text", max = 50 }`. `None` for members that every record has.
pub(super) fn line(
    name: &str,
    said: &Value,
    required: bool,
    catalog: &Catalog,
    description: &Description<'_>,
) -> Result<Option<String>, CatalogError> {
    if matches!(name, "id" | "_info" | "customFields") {
        return Ok(None);
    }
    let good = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.is_empty() || !name.chars().all(good) {
        let fault = format!("`{name}` cannot name a field; use letters, digits and _");
        return Err(description.fault(name, fault));
    }
    let mut parts = vec![kind(said, catalog, description)?];
    if let Some(max) = said["maxLength"]
        .as_u64()
        .filter(|_| parts[0].contains("\"text\""))
    {
        parts.push(format!("max = {max}"));
    }
    let words: Vec<&str> = said["enum"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if !words.is_empty() {
        let quoted: Vec<String> = words.iter().map(|word| quoted(word)).collect();
        parts.push(format!("values = [{}]", quoted.join(", ")));
    }
    if said["readOnly"] == true {
        parts.push("read_only = true".to_owned());
    } else if required {
        parts.push("required = true".to_owned());
    }
    Ok(Some(format!("{name} = {{ {} }}", parts.join(", "))))
}

fn kind(
    said: &Value,
    catalog: &Catalog,
    description: &Description<'_>,
) -> Result<String, CatalogError> {
    if let Some(reference) = said["$ref"].as_str() {
        let name = description.named(reference)?;
        return Ok(if catalog.references.contains_key(name) {
            format!("ref = {}", quoted(name))
        } else if catalog.shape(name).is_some() {
            format!("shape = {}", quoted(name))
        } else {
            "kind = \"any\"".to_owned()
        });
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
        "array" => list(&said["items"], catalog, description)?,
        "object" | "" => "kind = \"any\"".to_owned(),
        other => {
            let fault = format!(
                "`{other}` is no type of OpenAPI; use integer, number, boolean, string, array or object"
            );
            return Err(description.fault(other, fault));
        }
    })
}

fn list(
    items: &Value,
    catalog: &Catalog,
    description: &Description<'_>,
) -> Result<String, CatalogError> {
    if let Some(reference) = items["$ref"].as_str() {
        let name = description.named(reference)?;
        return Ok(if catalog.references.contains_key(name) {
            format!("refs = {}", quoted(name))
        } else if catalog.shape(name).is_some() {
            format!("shapes = {}", quoted(name))
        } else {
            "kind = \"any\"".to_owned()
        });
    }
    let scalar = match items["type"].as_str().unwrap_or_default() {
        "integer" => "integer",
        "number" => "number",
        "boolean" => "boolean",
        "string" => "text",
        _ => return Ok("kind = \"any\"".to_owned()),
    };
    Ok(format!("list = \"{scalar}\""))
}

/// A TOML text.
pub(super) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
