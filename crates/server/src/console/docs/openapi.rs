//! The description as OpenAPI 3.0, generated from the catalog.

use super::{first, needs, right, word};
use bitting_catalog::Catalog;
use bitting_catalog::entity::{Entity, Field, Kind, Scalar};
use bitting_catalog::route::{Method, Route, RouteKind};
use bitting_policy::Registry;
use serde_json::{Map, Value, json};

/// The whole description.
pub fn openapi(catalog: &Catalog, registry: &Registry) -> Value {
    let mut paths = Map::new();
    for route in &catalog.routes {
        let entity = catalog.entity(route.entity);
        let mut item = Map::new();
        for operation in &route.methods {
            let described = described(route, entity, operation.method, operation.status, registry);
            item.insert(word(operation.method).to_lowercase(), described);
        }
        paths.insert(route.path.to_string(), Value::Object(item));
    }
    let mut schemas = Map::new();
    for (name, fields) in &catalog.shapes {
        schemas.insert(name.to_string(), object(fields));
    }
    for entity in &catalog.entities {
        schemas.insert(entity.schema.to_string(), object(&entity.fields));
    }
    for (name, reference) in &catalog.references {
        let mut members = Map::new();
        members.insert("id".to_owned(), json!({ "type": "integer" }));
        for (member, _) in &reference.members {
            members.insert(member.to_string(), json!({ "type": "string" }));
        }
        schemas.insert(
            name.to_string(),
            json!({ "type": "object", "properties": members }),
        );
    }
    let missing: Vec<String> = catalog
        .entities
        .iter()
        .flat_map(|entity| &entity.fields)
        .chain(catalog.shapes.values().flatten())
        .filter_map(|field| pointed(&field.kind))
        .filter(|name| !schemas.contains_key(*name))
        .map(str::to_owned)
        .collect();
    for name in missing {
        schemas.insert(name, json!({ "type": "object" }));
    }
    json!({
        "openapi": "3.0.3",
        "info": {
            "title": "ConnectWise REST API as Bitting serves it",
            "description": "Every path with the right it needs (x-right).",
            "version": bitting_psa::answer::VERSION,
        },
        "servers": [{ "url": "/v4_6_release/apis/3.0" }],
        "security": [{ "key": [] }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": { "key": { "type": "http", "scheme": "basic", "description": "User name: company id, a plus, the public key. Password: the private key." } },
        },
    })
}

fn described(
    route: &Route,
    entity: &Entity,
    method: Method,
    status: u16,
    registry: &Registry,
) -> Value {
    let mut parameters: Vec<Value> = route
        .params
        .iter()
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
        .collect();
    let list = route.kind == RouteKind::Collection && method == Method::Get;
    if list {
        for name in [
            "conditions",
            "childConditions",
            "customFieldConditions",
            "orderBy",
            "fields",
        ] {
            parameters.push(json!({ "name": name, "in": "query", "schema": { "type": "string" } }));
        }
        for name in ["page", "pageSize", "pageId"] {
            parameters
                .push(json!({ "name": name, "in": "query", "schema": { "type": "integer" } }));
        }
    }
    let schema = json!({ "$ref": format!("#/components/schemas/{}", entity.schema) });
    let body = match (route.kind, method) {
        (RouteKind::Collection, Method::Get) => Some(json!({ "type": "array", "items": schema })),
        (RouteKind::Item | RouteKind::ItemByName | RouteKind::Singleton, Method::Get)
        | (RouteKind::Collection | RouteKind::Item, Method::Post)
        | (RouteKind::Item, Method::Put | Method::Patch) => Some(schema.clone()),
        (RouteKind::Count, _) => {
            Some(json!({ "type": "object", "properties": { "count": { "type": "integer" } } }))
        }
        _ => None,
    };
    let mut answer = json!({ "description": "Done" });
    if let Some(body) = body {
        answer["content"] = json!({ "application/json": { "schema": body } });
    }
    let mut responses = Map::new();
    responses.insert(status.to_string(), answer);
    responses.insert(
        "403".to_owned(),
        json!({ "description": "The key's role lacks the right" }),
    );
    let mut operation = json!({
        "tags": [first(&route.path).unwrap_or_default()],
        "operationId": format!("{}{}", word(method).to_lowercase(), route.path.replace(['/', '{', '}'], "_")),
        "x-right": needs(registry, &right(route, entity).needs),
        "parameters": parameters,
        "responses": responses,
    });
    let takes = match (route.kind, method) {
        (RouteKind::Collection | RouteKind::Item, Method::Post)
        | (RouteKind::Item, Method::Put) => Some(schema),
        (RouteKind::Item, Method::Patch) => {
            Some(json!({ "type": "array", "items": { "type": "object" } }))
        }
        _ => None,
    };
    if let Some(takes) = takes {
        operation["requestBody"] =
            json!({ "content": { "application/json": { "schema": takes } } });
    }
    operation
}

pub fn object(fields: &[Field]) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for field in fields {
        let mut shape = schema(&field.kind);
        if shape.get("$ref").is_none() {
            if let Some(max) = field.max.filter(|_| matches!(field.kind, Kind::Text)) {
                shape["maxLength"] = json!(max);
            }
            if !field.values.is_empty() {
                shape["enum"] = json!(field.values);
            }
            let said: Vec<String> = field
                .conditions
                .iter()
                .flat_map(|one| one.sentences())
                .collect();
            if !said.is_empty() {
                shape["description"] = json!(said.join(". "));
            }
            if field.read_only {
                shape["readOnly"] = json!(true);
            }
            if field.write_only {
                shape["writeOnly"] = json!(true);
            }
        }
        if field.required && !field.read_only {
            required.push(field.name.to_string());
        }
        properties.insert(field.name.to_string(), shape);
    }
    let mut shape = json!({ "type": "object", "properties": properties });
    if !required.is_empty() {
        shape["required"] = json!(required);
    }
    shape
}

fn pointed(kind: &Kind) -> Option<&str> {
    match kind {
        Kind::Reference(to) | Kind::References(to) => Some(&to.shape),
        Kind::Embedded { shape, .. } => Some(shape),
        _ => None,
    }
}

fn schema(kind: &Kind) -> Value {
    let link = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    match kind {
        Kind::Integer => json!({ "type": "integer" }),
        Kind::Number => json!({ "type": "number" }),
        Kind::Boolean => json!({ "type": "boolean" }),
        Kind::Text => json!({ "type": "string" }),
        Kind::DateTime => json!({ "type": "string", "format": "date-time" }),
        Kind::Date => json!({ "type": "string", "format": "date" }),
        Kind::Uuid => json!({ "type": "string", "format": "uuid" }),
        Kind::Reference(to) => link(&to.shape),
        Kind::References(to) => json!({ "type": "array", "items": link(&to.shape) }),
        Kind::List(of) => json!({ "type": "array", "items": { "type": scalar(*of) } }),
        Kind::Embedded { shape, list: true } => json!({ "type": "array", "items": link(shape) }),
        Kind::Embedded { shape, .. } => link(shape),
        Kind::Any => json!({}),
    }
}

fn scalar(of: Scalar) -> &'static str {
    match of {
        Scalar::Integer => "integer",
        Scalar::Number => "number",
        Scalar::Boolean => "boolean",
        Scalar::Text => "string",
    }
}

#[cfg(test)]
mod tests {
    use super::openapi;
    use serde_json::Value;
    use std::collections::BTreeSet;

    fn links(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    match member.as_str() {
                        Some(link) if name == "$ref" => {
                            found.insert(link.to_owned());
                        }
                        _ => links(member, found),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| links(item, found)),
            _ => {}
        }
    }

    #[test]
    fn every_route_is_described_and_every_link_leads_somewhere() {
        let (registry, catalog) = bitting_catalog::Catalog::embedded().expect("data");
        let whole = openapi(&catalog, &registry);
        for route in &catalog.routes {
            let item = &whole["paths"][&*route.path];
            assert_eq!(
                item.as_object().map(serde_json::Map::len),
                Some(route.methods.len()),
                "{}",
                route.path
            );
        }
        let mut found = BTreeSet::new();
        links(&whole, &mut found);
        assert!(found.len() > 300);
        let board = &whole["components"]["schemas"]["Board"]["properties"];
        let said = "only valid when autoAssignLimitFlag is true";
        assert_eq!(board["autoAssignLimitAmount"]["description"], said);
        for link in found {
            let name = link.trim_start_matches("#/components/schemas/");
            assert!(whole["components"]["schemas"][name].is_object(), "{link}");
        }
    }
}
