//! Try it: one call with a key of one's own, made by the page itself and shown with status, headers and body.
//! The key goes to this server alone, in the call, and is kept nowhere.

use super::word;
use crate::console::page::{self, Field};
use bitting_catalog::Catalog;
use bitting_catalog::entity::Entity;
use bitting_catalog::route::RouteKind;
use maud::{Markup, html};

pub fn form(catalog: &Catalog, entity: &Entity, company: &str) -> Markup {
    let routes = catalog.routes_of(entity.id);
    let calls = routes
        .filter(|route| !matches!(route.kind, RouteKind::Binary))
        .flat_map(|route| {
            let methods = route.methods.iter();
            methods.map(|one| format!("{} {}", word(one.method), route.path))
        });
    let calls: Vec<String> = calls.collect();
    let key = html! {
        (page::text_field("company", "Company ID", company, "", None, Field::default()))
        (page::text_field("public", "Public Key", "", "", None, Field::default()))
        (page::text_field("private", "Private Key", "", "", None, secret()))
        (page::text_field("client", "clientId", bitting_calls::cutting::CLIENT_ID, "Names the software that calls; any GUID serves here.", None, Field::default()))
    };
    section(
        "/v4_6_release/apis/3.0",
        "conditions=id>10&fields=id&pageSize=5",
        &calls,
        &key,
    )
}

/// The same for an Autotask entity.
pub fn autotask(calls: &[String]) -> Markup {
    let key = html! {
        (page::text_field("username", "Username (Key)", "", "", None, Field::default()))
        (page::text_field("secret", "Password (Secret)", "", "", None, secret()))
        (page::text_field("code", "Tracking Identifier", "", "", None, secret()))
    };
    let hint = "search={\"MaxRecords\":5,\"filter\":[{\"op\":\"exist\",\"field\":\"id\"}]}";
    section("/ATServicesRest/V1.0", hint, calls, &key)
}

fn secret() -> Field {
    Field {
        kind: "password",
        ..Field::default()
    }
}

fn section(root: &str, hint: &str, calls: &[String], key: &Markup) -> Markup {
    let calls: Vec<(String, String)> = calls
        .iter()
        .map(|call| (call.clone(), call.clone()))
        .collect();
    html! {
        section.try { h2 { "Try it" }
            p { "A call with a key of yours. The key is sent in this call and kept nowhere." }
            form.card data-try=(root) {
                (page::choice("call", "Call", &calls, "", None, "", None))
                div data-parameters {}
                (page::text_field("query", "Parameters", "", hint, None, Field::default()))
                (page::text_field("body", "Body", "", "JSON, for POST, PUT and PATCH.", None, Field { long: true, ..Field::default() }))
                fieldset { legend { "Key" } (key) }
                button type="submit" { "Send" }
            }
            div data-answer aria-live="polite" {}
            noscript { p.hint { "Trying a call needs scripts." } }
        }
    }
}
