//! `/docs`: the description of what is served, generated from the catalog, for people and as OpenAPI. Open
//! to everyone, since it is the same in every copy of the program; it says nothing of an instance's data.

mod autotask;
mod openapi;
mod try_it;

use super::page;
use crate::console::web::{content, page_response, plain};
use crate::server::Server;
use bitting_autotask::tenant::Tenant;
use bitting_calls::http::form::{Form, encode};
use bitting_catalog::Catalog;
use bitting_catalog::entity::{Basis, Entity, Field, Kind, Right};
use bitting_catalog::route::{Method, Route};
use bitting_policy::{Needs, Registry};
use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use maud::{Markup, html};
use std::sync::OnceLock;

const SIZE: usize = 60;

pub fn answer(server: &Server, rest: &[&str], query: &Form) -> Response<Full<Bytes>> {
    let Some(instance) = server.instances().into_iter().next() else {
        return plain(404, "There is no instance to describe.");
    };
    let (catalog, registry) = (instance.catalog(), instance.registry());
    match rest {
        [] => page_response(200, list(server, catalog, registry, query)),
        ["openapi.json"] => {
            static TEXT: OnceLock<Bytes> = OnceLock::new();
            let text = TEXT.get_or_init(|| {
                let whole = openapi::openapi(catalog, registry);
                Bytes::from(serde_json::to_vec(&whole).unwrap_or_default())
            });
            content(200, "application/json", text.clone())
        }
        ["entity", path @ ..] => match catalog.entity_at(&path.join("/")) {
            Some(entity) => page_response(200, sheet(catalog, registry, entity, &instance.company)),
            None => plain(404, "There is no such entity."),
        },
        ["autotask", rest @ ..] => match server.autotask().into_iter().next() {
            Some(tenant) => of_autotask(&tenant, rest, query),
            None => plain(404, "This server runs no Autotask."),
        },
        _ => plain(404, "There is nothing here."),
    }
}

fn of_autotask(tenant: &Tenant, rest: &[&str], query: &Form) -> Response<Full<Bytes>> {
    match rest {
        [] => page_response(200, autotask::list(tenant, query)),
        ["openapi.json"] => {
            static TEXT: OnceLock<Bytes> = OnceLock::new();
            let text = TEXT.get_or_init(|| {
                let whole = autotask::whole(tenant);
                Bytes::from(serde_json::to_vec(&whole).unwrap_or_default())
            });
            content(200, "application/json", text.clone())
        }
        ["entity", name] => match tenant.catalog().entity_at(name) {
            Some(entity) => page_response(200, autotask::sheet(tenant, entity)),
            None => plain(404, "There is no such entity."),
        },
        _ => plain(404, "There is nothing here."),
    }
}

fn list(server: &Server, catalog: &Catalog, registry: &Registry, query: &Form) -> Markup {
    let (area, search) = (
        query.trimmed("area"),
        query.trimmed("search").to_lowercase(),
    );
    let mut areas: Vec<&str> = catalog
        .routes
        .iter()
        .filter_map(|route| first(&route.path))
        .collect();
    areas.sort_unstable();
    areas.dedup();
    let found: Vec<&Route> = catalog
        .routes
        .iter()
        .filter(|route| area.is_empty() || first(&route.path) == Some(area))
        .filter(|route| {
            search
                .split_whitespace()
                .all(|word| route.path.to_lowercase().contains(word))
        })
        .collect();
    let page = query.page();
    let start = usize::try_from(page - 1)
        .unwrap_or_default()
        .saturating_mul(SIZE);
    let areas: Vec<_> = areas
        .into_iter()
        .map(|one| (one.to_owned(), one.to_owned()))
        .collect();
    let body = html! {
        h1 { "API description" }
        p { "Every path that is served, with the right it needs. As a file: " a href="/docs/openapi.json" { "openapi.json" } " (OpenAPI 3.0)." @if !server.autotask().is_empty() { " " a href="/docs/autotask" { "The Autotask API" } "." } }
        form.filter method="get" {
            (page::choice("area", "Area", &areas, area, Some("all"), "", None))
            div.field.grow { label for="search" { "Path contains" } input #search name="search" type="search" value=(query.trimmed("search")); }
            button type="submit" { "Search" }
        }
        p.hint { (found.len()) " paths" }
        div.wide tabindex="0" role="region" aria-label="Paths" { table {
            thead { tr { th scope="col" { "Path" } th scope="col" { "Methods" } th scope="col" { "Right" } } }
            tbody { @for route in found.iter().skip(start).take(SIZE) {
                @let entity = catalog.entity(route.entity);
                tr {
                    th scope="row" { a href=(format!("/docs/entity/{}", entity.path)) { code { (route.path) } } }
                    td { @for one in &route.methods { span.method { (word(one.method)) } " " } }
                    td { (needs(registry, &right(route, entity).needs)) }
                }
            } }
        } }
        (page::pages(&format!("/docs?area={}&search={}&page=", encode(area), encode(&search)), page, SIZE as u64, found.len() as u64))
    };
    page::public("API description", &body)
}

fn sheet(catalog: &Catalog, registry: &Registry, entity: &Entity, company: &str) -> Markup {
    let body = html! {
        (page::crumbs(&[("API description", Some("/docs".to_owned())), (&entity.path, None)]))
        h1 { (entity.schema) }
        dl.facts {
            dt { "Right" } dd { (needs(registry, &entity.right.needs)) }
            dt { "How sure" } dd { (sure(entity.right.basis)) @if !entity.right.reason.is_empty() { ": " (entity.right.reason) } }
            @for (name, right) in &entity.extra_rights { dt { "Also, for " (name) } dd { (needs(registry, &right.needs)) } }
        }
        section { h2 { "Paths" } ul.plain { @for route in catalog.routes_of(entity.id) {
            li { @for one in &route.methods { span.method { (word(one.method)) } " " } code { (route.path) }
                @if route.right.is_some() { " needs " (needs(registry, &right(route, entity).needs)) } }
        } } }
        section { h2 { "Members of a record" }
            div.wide tabindex="0" role="region" aria-label="Members of a record" { table {
                thead { tr { th scope="col" { "Name" } th scope="col" { "Type" } th scope="col" { "Remarks" } } }
                tbody { @for field in &entity.fields { tr { th scope="row" { code { (field.name) } } td { (kind(&field.kind)) } td { (remarks(field)) } } } }
            } }
        }
        (try_it::form(catalog, entity, company))
    };
    page::public(&entity.schema, &body)
}

fn first(path: &str) -> Option<&str> {
    path.trim_start_matches('/').split('/').next()
}

fn right<'a>(route: &'a Route, entity: &'a Entity) -> &'a Right {
    let view = route.view.and_then(|index| entity.views.get(index));
    let of_view = view.and_then(|view| view.right.as_ref());
    route.right.as_ref().or(of_view).unwrap_or(&entity.right)
}

/// A right in the screens' words.
fn needs(registry: &Registry, needs: &Needs) -> String {
    let joined = |all: &[Needs], by: &str| {
        let words: Vec<String> = all.iter().map(|one| self::needs(registry, one)).collect();
        words.join(by)
    };
    match needs {
        Needs::Anyone => "nothing".to_owned(),
        Needs::AnyMember => "any key".to_owned(),
        Needs::Action(id) => registry.get(*id).map_or_else(
            || "a right that is not known".to_owned(),
            bitting_policy::Action::full_name,
        ),
        Needs::Table(id) => format!(
            "System / Table Setup with {}",
            registry
                .get_table(*id)
                .map(bitting_policy::Table::full_name)
                .unwrap_or_default()
        ),
        Needs::Every(all) => joined(all, ", and "),
        Needs::Either(all) => joined(all, ", or "),
    }
}

fn sure(basis: Basis) -> &'static str {
    match basis {
        Basis::Stated => "stated by a vendor, or a refusal was observed",
        Basis::Granted => "a vendor grants exactly this for a feature that must call it",
        _ => "follows from what is known",
    }
}

fn word(method: Method) -> &'static str {
    match method {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Patch => "PATCH",
        Method::Delete => "DELETE",
    }
}

fn kind(kind: &Kind) -> String {
    match kind {
        Kind::Integer => "integer".to_owned(),
        Kind::Number => "number".to_owned(),
        Kind::Boolean => "boolean".to_owned(),
        Kind::Text => "text".to_owned(),
        Kind::DateTime => "date and time".to_owned(),
        Kind::Date => "date".to_owned(),
        Kind::Uuid => "GUID".to_owned(),
        Kind::Reference(to) => to.shape.to_string(),
        Kind::References(to) => format!("list of {}", to.shape),
        Kind::List(_) => "list".to_owned(),
        Kind::Embedded { shape, list: true } => format!("list of {shape}"),
        Kind::Embedded { shape, .. } => shape.to_string(),
        Kind::Any => "any".to_owned(),
    }
}

fn remarks(field: &Field) -> String {
    let mut words = Vec::new();
    if field.required {
        words.push("required".to_owned());
    }
    words.extend(field.conditions.iter().flat_map(|one| one.sentences()));
    if field.read_only {
        words.push("read only".to_owned());
    }
    if field.write_only {
        words.push("never in an answer".to_owned());
    }
    if let Some(max) = field.max {
        words.push(format!("at most {max} characters"));
    }
    if !field.values.is_empty() {
        words.push(format!("one of {}", field.values.join(", ")));
    }
    words.join("; ")
}
