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
    let calls: Vec<(String, String)> = routes
        .filter(|route| !matches!(route.kind, RouteKind::Binary))
        .flat_map(|route| {
            route.methods.iter().map(|one| {
                let call = format!("{} {}", word(one.method), route.path);
                (call.clone(), call)
            })
        })
        .collect();
    let secret = Field {
        kind: "password",
        ..Field::default()
    };
    html! {
        section.try { h2 { "Try it" }
            p { "A call with a key of yours. The key is sent in this call and kept nowhere." }
            form.card data-try="/v4_6_release/apis/3.0" {
                (page::choice("call", "Call", &calls, "", None, "", None))
                div data-parameters {}
                (page::text_field("query", "Parameters", "", "conditions=id>10&fields=id&pageSize=5", None, Field::default()))
                (page::text_field("body", "Body", "", "JSON, for POST, PUT and PATCH.", None, Field { long: true, ..Field::default() }))
                fieldset { legend { "Key" }
                    (page::text_field("company", "Company ID", company, "", None, Field::default()))
                    (page::text_field("public", "Public Key", "", "", None, Field::default()))
                    (page::text_field("private", "Private Key", "", "", None, secret))
                    (page::text_field("client", "clientId", "b1771a6e-0000-4000-8000-000000000001", "Names the software that calls; any GUID serves here.", None, Field::default()))
                }
                button type="submit" { "Send" }
            }
            div data-answer aria-live="polite" {}
            noscript { p.hint { "Trying a call needs scripts." } }
        }
    }
}
