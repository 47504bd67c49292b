//! The Autotask half of `/docs`: entities with their operations and the permission each needs, as pages and as
//! OpenAPI, from the same catalog that serves them.

use super::{kind, needs, openapi, remarks, try_it};
use crate::console::page;
use bitting_autotask::tenant::Tenant;
use bitting_calls::http::form::{Form, encode};
use bitting_catalog::Catalog;
use bitting_catalog::entity::Entity;
use bitting_catalog::served::{Act, Asked};
use bitting_policy::Registry;
use maud::{Markup, html};
use serde_json::{Map, Value, json};

const SIZE: usize = 60;

/// One operation: method, path, what is asked.
type Operation = (&'static str, String, Asked);

/// Every operation that is served on an entity, at its own path and below its parent.
fn operations(catalog: &Catalog, entity: &Entity) -> Vec<Operation> {
    let Some(served) = &entity.served else {
        return Vec::new();
    };
    let mut all = at(&format!("/{}", entity.path), served.root, true);
    if let Some(below) = &served.below {
        let parent = below.parent.map(|parent| &*catalog.entity(parent).path);
        let base = format!("/{}/{{parentId}}/{}", below.segment, below.route);
        let listed = at(&base, below.operations, false);
        all.extend(listed.into_iter().filter(|_| parent.is_some()));
    }
    all
}

fn at(base: &str, operations: bitting_catalog::served::Operations, root: bool) -> Vec<Operation> {
    let mut all = Vec::new();
    for asked in operations.iter() {
        let path = |rest: &str| format!("{base}{rest}");
        let item = path("/{id}");
        match asked {
            Asked::Get => all.push(("GET", item, asked)),
            Asked::List => all.push(("GET", path(""), asked)),
            Asked::Query => {
                all.push(("GET", path("/query"), asked));
                all.push(("POST", path("/query"), asked));
            }
            Asked::Count => {
                all.push(("GET", path("/query/count"), asked));
                all.push(("POST", path("/query/count"), asked));
            }
            Asked::Info => all.push(("GET", path("/entityInformation"), asked)),
            Asked::Fields => all.push(("GET", path("/entityInformation/fields"), asked)),
            Asked::UserDefined => {
                all.push(("GET", path("/entityInformation/userDefinedFields"), asked));
            }
            Asked::Post => all.push(("POST", path(""), asked)),
            Asked::Patch => all.push(("PATCH", path(""), asked)),
            Asked::Put => all.push(("PUT", path(""), asked)),
            Asked::Delete => all.push(("DELETE", item, asked)),
        }
    }
    // A list without a search is below a parent only.
    all.retain(|(_, _, asked)| !root || *asked != Asked::List);
    all
}

/// The right that an operation needs, with the verb that decides it.
fn right(registry: &Registry, entity: &Entity, asked: Asked) -> String {
    let act = match asked {
        Asked::Info | Asked::Fields | Asked::UserDefined => return "any key".to_owned(),
        Asked::Post => Act::Create,
        Asked::Patch | Asked::Put => Act::Update,
        Asked::Delete => Act::Delete,
        _ => Act::Query,
    };
    let own = entity.extra_rights.get(act.word());
    let words = needs(registry, &own.unwrap_or(&entity.right).needs);
    if words.contains(" / ") {
        format!("{words}: {}", act.verb())
    } else {
        words
    }
}

pub fn list(tenant: &Tenant, query: &Form) -> Markup {
    let (catalog, registry) = (tenant.catalog(), tenant.registry());
    let search = query.trimmed("search").to_lowercase();
    let found: Vec<&Entity> = catalog
        .entities
        .iter()
        .filter(|entity| entity.path.to_lowercase().contains(&search))
        .collect();
    let page = query.page();
    let start = usize::try_from(page - 1)
        .unwrap_or_default()
        .saturating_mul(SIZE);
    let body = html! {
        h1 { "API description: Autotask" }
        p { "Every entity that is served, with the permission it needs. As a file: " a href="/docs/autotask/openapi.json" { "openapi.json" } " (OpenAPI 3.0). " a href="/docs" { "The ConnectWise API" } "." }
        form.filter method="get" {
            div.field.grow { label for="search" { "Entity contains" } input #search name="search" type="search" value=(query.trimmed("search")); }
            button type="submit" { "Search" }
        }
        p.hint { (found.len()) " entities" }
        div.wide tabindex="0" role="region" aria-label="Entities" { table {
            thead { tr { th scope="col" { "Entity" } th scope="col" { "Operations" } th scope="col" { "Permission" } } }
            tbody { @for entity in found.iter().skip(start).take(SIZE) { tr {
                th scope="row" { a href=(format!("/docs/autotask/entity/{}", entity.path)) { code { (entity.path) } } }
                td { (operations(catalog, entity).len()) }
                td { (needs(registry, &entity.right.needs)) }
            } } }
        } }
        (page::pages(&format!("/docs/autotask?search={}&page=", encode(&search)), page, SIZE as u64, found.len() as u64))
    };
    page::public("API description: Autotask", &body)
}

pub fn sheet(tenant: &Tenant, entity: &Entity) -> Markup {
    let (catalog, registry) = (tenant.catalog(), tenant.registry());
    let all = operations(catalog, entity);
    let calls: Vec<String> = all
        .iter()
        .map(|(method, path, _)| format!("{method} {path}"))
        .collect();
    let body = html! {
        (page::crumbs(&[("API description", Some("/docs/autotask".to_owned())), (&entity.path, None)]))
        h1 { (entity.schema) }
        dl.facts { dt { "Permission" } dd { (needs(registry, &entity.right.needs)) }
            @if !entity.right.reason.is_empty() { dt { "Why" } dd { (entity.right.reason) } } }
        section { h2 { "Operations" } div.wide tabindex="0" role="region" aria-label="Operations" { table {
            thead { tr { th scope="col" { "Call" } th scope="col" { "Permission" } } }
            tbody { @for (method, path, asked) in &all { tr {
                th scope="row" { span.method { (method) } " " code { (path) } }
                td { (right(registry, entity, *asked)) }
            } } }
        } } }
        section { h2 { "Fields" } div.wide tabindex="0" role="region" aria-label="Fields" { table {
            thead { tr { th scope="col" { "Name" } th scope="col" { "Type" } th scope="col" { "Remarks" } } }
            tbody { @for field in &entity.fields { tr { th scope="row" { code { (field.name) } } td { (kind(&field.kind)) } td { (remarks(field)) } } } }
        } } }
        (try_it::autotask(&calls))
    };
    page::public(&entity.schema, &body)
}

/// The whole description.
pub fn whole(tenant: &Tenant) -> Value {
    let (catalog, registry) = (tenant.catalog(), tenant.registry());
    let (mut paths, mut schemas) = (Map::new(), Map::new());
    for entity in &catalog.entities {
        schemas.insert(entity.schema.to_string(), openapi::object(&entity.fields));
        for (method, path, asked) in operations(catalog, entity) {
            let item = paths
                .entry(path.clone())
                .or_insert_with(|| Value::Object(Map::new()));
            item[method.to_lowercase()] = described(registry, entity, method, &path, asked);
        }
    }
    json!({
        "openapi": "3.0.3",
        "info": {
            "title": "Autotask REST API as Bitting serves it",
            "description": "Every operation with the permission it needs (x-right).",
            "version": bitting_psa::answer::VERSION,
        },
        "servers": [{ "url": "/ATServicesRest/V1.0" }],
        "security": [{ "user": [], "secret": [], "code": [] }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "user": { "type": "apiKey", "in": "header", "name": "UserName" },
                "secret": { "type": "apiKey", "in": "header", "name": "Secret" },
                "code": { "type": "apiKey", "in": "header", "name": "ApiIntegrationCode" },
            },
        },
    })
}

fn described(
    registry: &Registry,
    entity: &Entity,
    method: &str,
    path: &str,
    asked: Asked,
) -> Value {
    let mut parameters: Vec<Value> = ["parentId", "id"]
        .into_iter()
        .filter(|name| path.contains(&format!("{{{name}}}")))
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "integer" } }))
        .collect();
    let searches = matches!(asked, Asked::Query | Asked::Count);
    if searches && method == "GET" {
        parameters.push(json!({ "name": "search", "in": "query", "required": true, "schema": { "type": "string" }, "description": "{\"filter\":[{\"op\":\"eq\",\"field\":\"id\",\"value\":1}]}" }));
    }
    let record = json!({ "$ref": format!("#/components/schemas/{}", entity.schema) });
    let answer = match asked {
        Asked::Get => json!({ "type": "object", "properties": { "item": record } }),
        Asked::List | Asked::Query => {
            json!({ "type": "object", "properties": { "items": { "type": "array", "items": record }, "pageDetails": { "type": "object" } } })
        }
        Asked::Count => {
            json!({ "type": "object", "properties": { "queryCount": { "type": "integer" } } })
        }
        Asked::Post | Asked::Patch | Asked::Put | Asked::Delete => {
            json!({ "type": "object", "properties": { "itemId": { "type": "integer" } } })
        }
        _ => json!({ "type": "object" }),
    };
    let mut operation = json!({
        "tags": [entity.path],
        "operationId": format!("{}{}", method.to_lowercase(), path.replace(['/', '{', '}'], "_")),
        "x-right": right(registry, entity, asked),
        "parameters": parameters,
        "responses": {
            "200": { "description": "Done", "content": { "application/json": { "schema": answer } } },
            "500": { "description": "Refused: the security level, or the input" },
        },
    });
    let takes = match asked {
        Asked::Post | Asked::Patch | Asked::Put => Some(record),
        _ if searches && method == "POST" => Some(json!({ "type": "object" })),
        _ => None,
    };
    if let Some(takes) = takes {
        operation["requestBody"] =
            json!({ "content": { "application/json": { "schema": takes } } });
    }
    operation
}
