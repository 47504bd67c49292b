//! Whether an answer holds anything that the schema of its release does not. Written against the catalog,
//! independently of what writes the answers.

use bitting_catalog::Catalog;
use bitting_catalog::entity::{Entity, Field, Kind, Release, Scalar};
use serde_json::Value;

/// Names in the answer that its schema does not have, as paths; none when all is well.
pub fn strays(catalog: &Catalog, schema: &str, release: Release, answer: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let schema = schema.trim_end_matches("[]");
    match answer {
        Value::Array(rows) => {
            for row in rows {
                one(catalog, schema, release, row, "", &mut found);
            }
        }
        row => one(catalog, schema, release, row, "", &mut found),
    }
    found.sort();
    found.dedup();
    found
}

/// Members every record of a stored kind may have beside its fields.
fn common(name: &str) -> bool {
    matches!(name, "_info")
}

fn one(
    catalog: &Catalog,
    schema: &str,
    release: Release,
    row: &Value,
    at: &str,
    found: &mut Vec<String>,
) {
    let Value::Object(members) = row else {
        return;
    };
    // A view of that name, a nested shape, a record of an entity, or a link.
    let view = catalog.entities.iter().find_map(|entity| {
        let view = entity.views.iter().find(|view| *view.schema == *schema)?;
        Some((entity, view))
    });
    let entity: Option<&Entity> = catalog.entity_of(schema);
    for (name, value) in members {
        if common(name) {
            continue;
        }
        let path = format!("{at}{name}");
        let field: Option<&Field> = if let Some((entity, view)) = view {
            let source = view.fields.iter().find(|(shown, _)| **shown == **name);
            let of_entity = source.and_then(|(_, source)| entity.any_field(source));
            of_entity.or_else(|| view.computed.iter().find(|field| *field.name == **name))
        } else if let Some(entity) = entity {
            if name == "customFields" && entity.custom_fields {
                continue;
            }
            entity.fields.iter().find(|field| *field.name == **name)
        } else if let Some(fields) = catalog.shape(schema) {
            if fields.is_empty() {
                // Nobody has published its members.
                continue;
            }
            fields.iter().find(|field| *field.name == **name)
        } else if let Some(reference) = catalog.references.get(schema) {
            let known = name == "id" || reference.members.iter().any(|(m, _)| **m == **name);
            if !known {
                found.push(path);
            }
            continue;
        } else {
            // A free-form answer has no schema to be outside of.
            continue;
        };
        let Some(field) = field else {
            found.push(path);
            continue;
        };
        let exists = field.since.is_none_or(|since| since <= release)
            && field.until.is_none_or(|until| release <= until);
        if field.write_only || !exists {
            found.push(format!("{path} (not in {release})"));
        }
        if !fits(field, value) {
            found.push(format!(
                "{path} holds {value}, which is no {:?}",
                field.kind
            ));
        }
        inside(catalog, &field.kind, release, value, &path, found);
    }
}

/// Whether a value is of the kind its field says. Nothing in it may be null.
fn fits(field: &Field, value: &Value) -> bool {
    if value.is_null() {
        return true;
    }
    let text = |fits: &dyn Fn(&str) -> bool| value.as_str().is_some_and(fits);
    let object = |value: &Value| value.is_object();
    match &field.kind {
        Kind::Integer => value.is_i64(),
        Kind::Number => value.is_number(),
        Kind::Boolean => value.is_boolean(),
        Kind::Text => text(&|text| {
            let among = field.values.iter().any(|known| **known == *text);
            field.values.is_empty() || among || field.blank && text.is_empty()
        }),
        Kind::DateTime => text(&|text| is_moment(text)),
        Kind::Date => text(&|text| is_moment(text) || is_day(text)),
        Kind::Uuid => text(&|text| text.len() == 36 && text.matches('-').count() == 4),
        Kind::Reference(_) | Kind::Embedded { list: false, .. } => object(value),
        Kind::References(_) | Kind::Embedded { list: true, .. } => {
            value.as_array().is_some_and(|rows| rows.iter().all(object))
        }
        Kind::List(scalar) => value.as_array().is_some_and(|values| {
            values.iter().all(|value| match scalar {
                Scalar::Integer => value.is_i64(),
                Scalar::Number => value.is_number(),
                Scalar::Boolean => value.is_boolean(),
                Scalar::Text => value.is_string(),
            })
        }),
        Kind::Any => true,
    }
}

/// `2005-05-27T17:30:19Z`
fn is_moment(text: &str) -> bool {
    let shape: String = text
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    shape == "0000-00-00T00:00:00Z"
}

fn is_day(text: &str) -> bool {
    let shape: String = text
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    shape == "0000-00-00"
}

fn inside(
    catalog: &Catalog,
    kind: &Kind,
    release: Release,
    value: &Value,
    path: &str,
    found: &mut Vec<String>,
) {
    let below = format!("{path}/");
    let rows: Vec<&Value> = match value {
        Value::Array(rows) => rows.iter().collect(),
        one => vec![one],
    };
    match kind {
        Kind::Embedded { shape, .. } => {
            for row in rows {
                one(catalog, shape, release, row, &below, found);
            }
        }
        Kind::Reference(reference) | Kind::References(reference) => {
            for name in rows
                .iter()
                .filter_map(|row| row.as_object())
                .flat_map(|m| m.keys())
            {
                let known = name == "id"
                    || name == "_info"
                    || reference.members.iter().any(|(m, _)| **m == **name);
                if !known {
                    found.push(format!("{below}{name}"));
                }
            }
        }
        _ => {}
    }
}
