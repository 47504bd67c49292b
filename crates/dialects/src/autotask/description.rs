//! The description of the API, Swagger 2.0, as the vendor serves it: clients read from it which entities there are
//! and what their paths take. Made from the catalog. Must not know callers.

use super::information::data_type;
use bitting_catalog::Catalog;
use bitting_catalog::entity::{Entity, Field};
use bitting_catalog::served::{Asked, Operations};
use serde_json::{Map, Value as Json, json};

/// The whole document. `host` is where the client reached the server.
pub fn document(catalog: &Catalog, host: &str, scheme: &str) -> Json {
    let mut paths = Map::new();
    let mut definitions = Map::new();
    for entity in &catalog.entities {
        let Some(served) = &entity.served else {
            continue;
        };
        definitions.insert(model(entity), definition(entity));
        add(
            &mut paths,
            entity,
            &format!("/V1.0/{}", entity.path),
            &[],
            served.root,
        );
        if let Some(below) = &served.below {
            let path = format!("/V1.0/{}/{{parentId}}/{}", below.segment, below.route);
            add(&mut paths, entity, &path, &["parentId"], below.operations);
        }
        for file in &served.files {
            let path = format!("/V1.0/{}/{{id}}/{file}", entity.path);
            paths.insert(
                path,
                json!({"get": {
                    "tags": [entity.path],
                    "operationId": format!("{}_{file}", entity.path),
                    "produces": ["application/json"],
                    "parameters": [{"name": "id", "in": "path", "required": true, "type": "integer", "format": "int64"}],
                    "responses": {"200": {"description": "OK"}},
                }}),
            );
        }
    }
    for (path, summary) in [
        ("/VersionInformation", "Versions of the API"),
        ("/V1.0/ZoneInformation", "Where the database of a user is"),
        (
            "/V1.0/ThresholdInformation",
            "Calls of the last hour and how many there can be",
        ),
        (
            "/V1.0/EntityInformation",
            "Every entity with what the caller may do",
        ),
        ("/V1.0/Version", "Version of the product"),
    ] {
        let answer = json!({"200": {"description": summary}});
        paths.insert(
            path.to_owned(),
            json!({"get": {"tags": ["Service"], "responses": answer}}),
        );
    }
    json!({
        "swagger": "2.0",
        "info": {"version": "v1", "title": "Autotask REST API as Bitting serves it"},
        "host": host,
        "basePath": "/ATServicesRest",
        "schemes": [scheme],
        "paths": paths,
        "definitions": definitions,
    })
}

fn model(entity: &Entity) -> String {
    format!("{}Model", entity.schema)
}

fn definition(entity: &Entity) -> Json {
    let mut properties = Map::new();
    for field in &entity.fields {
        properties.insert(field.name.to_string(), property(field));
    }
    let defined = json!({"type": "array", "items": {"type": "object", "properties": {
        "name": {"type": "string"}, "value": {"type": "string"},
    }}});
    properties.insert("userDefinedFields".to_owned(), defined);
    json!({"type": "object", "properties": properties})
}

fn property(field: &Field) -> Json {
    let (kind, format) = match data_type(field) {
        "integer" | "short" => ("integer", "int32"),
        "long" => ("integer", "int64"),
        "double" | "decimal" => ("number", "double"),
        "boolean" => return json!({"type": "boolean"}),
        "datetime" => ("string", "date-time"),
        "byte[]" => ("string", "byte"),
        _ => {
            return match field.max {
                Some(max) => json!({"type": "string", "maxLength": max}),
                None => json!({"type": "string"}),
            };
        }
    };
    json!({"type": kind, "format": format})
}

/// Adds what can be asked of one place of an entity.
fn add(
    paths: &mut Map<String, Json>,
    entity: &Entity,
    base: &str,
    parents: &[&str],
    operations: Operations,
) {
    for asked in operations.iter() {
        let (verbs, end, id, body): (&[&str], &str, bool, bool) = match asked {
            Asked::Get => (&["get"], "/{id}", true, false),
            Asked::List => (&["get"], "", false, false),
            Asked::Query => (&["get", "post"], "/query", false, false),
            Asked::Count => (&["get", "post"], "/query/count", false, false),
            Asked::Info => (&["get"], "/entityInformation", false, false),
            Asked::Fields => (&["get"], "/entityInformation/fields", false, false),
            Asked::UserDefined => (
                &["get"],
                "/entityInformation/userDefinedFields",
                false,
                false,
            ),
            Asked::Post => (&["post"], "", false, true),
            Asked::Patch => (&["patch"], "", false, true),
            Asked::Put => (&["put"], "", false, true),
            Asked::Delete => (&["delete"], "/{id}", true, false),
        };
        for verb in verbs {
            let mut parameters: Vec<Json> = parents
                .iter()
                .copied()
                .chain(id.then_some("id"))
                .map(|name| json!({"name": name, "in": "path", "required": true, "type": "integer", "format": "int64"}))
                .collect();
            let searches = matches!(asked, Asked::Query | Asked::Count);
            if searches && *verb == "get" {
                parameters.push(
                    json!({"name": "search", "in": "query", "required": true, "type": "string"}),
                );
            } else if searches || body {
                let schema = if body {
                    json!({"$ref": format!("#/definitions/{}", model(entity))})
                } else {
                    json!({"type": "object"})
                };
                parameters.push(
                    json!({"name": "body", "in": "body", "required": true, "schema": schema}),
                );
            }
            let operation = json!({
                "tags": [entity.path],
                "operationId": format!("{}_{asked:?}_{verb}{}", entity.path, if parents.is_empty() { "" } else { "_child" }),
                "consumes": ["application/json"],
                "produces": ["application/json"],
                "parameters": parameters,
                "responses": {"200": {"description": "OK"}},
            });
            let place = paths
                .entry(format!("{base}{end}"))
                .or_insert_with(|| json!({}));
            if let Json::Object(place) = place {
                place.insert((*verb).to_owned(), operation);
            }
        }
    }
}
