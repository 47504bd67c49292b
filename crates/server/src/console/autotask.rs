//! The console of an Autotask database, in that product's words: Admin > Features & Settings > Resources/Users
//! (HR) > Security Levels, and Admin > Resources (Users).

mod audit;
mod connect;
mod data;
mod instance;
pub mod integrations;
mod level;
pub mod levels;
mod lines;
mod overview;
mod people;
mod protected;
mod resources;
mod user;

pub use connect::order;

use super::activity;
use super::page::{self, Page};
use crate::autotask::answer::Trouble;
use crate::autotask::operator;
use crate::autotask::tenant::{Caller, Tenant};
use crate::console::{
    outcome::{Outcome, Result},
    visit::Visit,
};
use crate::server::Server;
use bitting_dialects::connectwise::error::ApiError;
use bitting_psa::event::Event;
use bitting_psa::problem::Problem;
use maud::{Markup, html};
use serde_json::Value;
use std::future::Future;
use std::sync::Arc;
use std::time::Instant;

pub async fn answer(visit: &Visit<'_>, tenant: &Arc<Tenant>, words: &[&str]) -> Result<Outcome> {
    let desk = Desk {
        server: visit.server,
        tenant,
        caller: Caller::operator(tenant),
    };
    match words {
        [] => overview::answer(visit, &desk).await,
        ["features"] => Ok(Outcome::Page(features(visit))),
        ["levels", rest @ ..] => levels::answer(visit, &desk, rest).await,
        ["resources", rest @ ..] => resources::answer(visit, &desk, rest).await,
        ["integrations", rest @ ..] => integrations::answer(visit, &desk, rest).await,
        ["audit", rest @ ..] => audit::answer(visit, &desk, rest).await,
        ["activity", rest @ ..] => activity::of_autotask(visit, &desk, rest).await,
        ["data"] => data::answer(visit, &desk).await,
        ["instances", rest @ ..] => instance::answer(visit, &desk, rest).await,
        _ => Ok(Outcome::Nowhere),
    }
}

/// One Autotask database and whoever works on it.
pub struct Desk<'a> {
    pub server: &'a Server,
    pub tenant: &'a Arc<Tenant>,
    pub caller: Caller,
}

impl Desk<'_> {
    /// One call below `V1.0/`. Writes are events like those of any other caller.
    pub async fn call(
        &self,
        method: http::Method,
        path: &str,
        query: &str,
        body: Option<&Value>,
    ) -> std::result::Result<Value, Trouble> {
        let work = operator::call(self.tenant, &self.caller, method.clone(), path, query, body);
        if method == http::Method::GET {
            return work.await;
        }
        self.written(method, path, work).await
    }

    /// The desk of the server's operator, who sets up what the vendor's own API cannot.
    fn operator(&self) -> Option<super::desk::Desk<'_>> {
        super::desk::Desk::operator_of(self.server, &self.tenant.name)
    }

    /// A record of an entity.
    async fn record(&self, path: &str, id: i64) -> Result<Value> {
        let path = format!("{path}/{id}");
        let found = self.call(http::Method::GET, &path, "", None).await;
        Ok(found.map_err(|trouble| problem(&trouble))?["item"].take())
    }

    /// Records of an entity that fit a search of the vendor's own form.
    pub async fn found(
        &self,
        path: &str,
        search: &Value,
    ) -> std::result::Result<Vec<Value>, Trouble> {
        let query = format!("search={}", super::form::encode(&search.to_string()));
        let answer = self
            .call(http::Method::GET, &format!("{path}/query"), &query, None)
            .await?;
        Ok(answer["items"].as_array().cloned().unwrap_or_default())
    }

    /// A write as an event, under the path that it would have.
    pub async fn written<T>(
        &self,
        method: http::Method,
        path: &str,
        work: impl Future<Output = std::result::Result<T, Trouble>>,
    ) -> std::result::Result<T, Trouble> {
        let request = http::Request::builder()
            .method(method)
            .uri(format!("/ATServicesRest/V1.0/{path}"))
            .body(());
        let started = Instant::now();
        let done = work.await;
        if let Ok(request) = request {
            let (parts, ()) = request.into_parts();
            let mut event = Event::new(&parts);
            event.tenant(&self.tenant.name, &self.caller.user);
            let status = match &done {
                Ok(_) => 200,
                Err(trouble) => {
                    if let Trouble::Denied(_, denial) = trouble {
                        event.denial = Some(Arc::new((**denial).clone()));
                    }
                    trouble.refusal().status
                }
            };
            event.finish(status, started.elapsed());
            self.server.log.record(event);
        }
        done
    }
}

/// What went wrong, for people.
pub fn message(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Denied(_, denial) => {
            format!("Denied: {denial}. To allow it, {}.", denial.remedy)
        }
        other => other.refusal().says.join(" "),
    }
}

/// For the pages that show any problem alike.
pub fn problem(trouble: &Trouble) -> Problem {
    let mut error = ApiError::bad_request(message(trouble));
    error.status = match trouble {
        Trouble::Store(_) => 500,
        other => other.refusal().status,
    };
    error.into()
}

fn features(visit: &Visit<'_>) -> Page {
    let body = html! {
        (page::crumbs(&[("Admin", None), ("Features & Settings", None)]))
        h1 { "Features & Settings" }
        section.card { h2 { "Resources/Users (HR)" }
            ul.plain {
                li { a href=(visit.at("levels")) { "Security Levels" } p.hint { "What API users and people may see and do. Copy a system level, then change the copy." } }
                li { a href=(visit.at("resources")) { "Resources/Users" } p.hint { "People and API users, with their security level, key and lines of business." } }
            }
        }
    };
    Page::new("features", "Features & Settings", body)
}

/// The way to Security Levels, as the product has it.
fn levels_crumbs(visit: &Visit<'_>, last: Option<&str>) -> Markup {
    let mut path = vec![
        ("Admin", None),
        ("Features & Settings", Some(visit.at("features"))),
        ("Resources/Users (HR)", Some(visit.at("features"))),
        ("Security Levels", last.map(|_| visit.at("levels"))),
    ];
    if let Some(last) = last {
        path.push((last, None));
    }
    page::crumbs(&path)
}
