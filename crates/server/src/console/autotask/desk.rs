//! Whoever works on an Autotask database from the console: calls as events, problems for people.

use crate::console::outcome::Result;
use crate::server::Server;
use bitting_autotask::answer::Trouble;
use bitting_autotask::operator;
use bitting_autotask::tenant::{Caller, Tenant};
use bitting_calls::http::form::encode;
use bitting_dialects::connectwise::error::ApiError;
use bitting_psa::event::Event;
use bitting_psa::problem::Problem;
use serde_json::Value;
use std::future::Future;
use std::sync::Arc;
use std::time::Instant;

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
    pub fn operator(&self) -> Option<crate::console::desk::Desk<'_>> {
        crate::console::desk::Desk::operator_of(self.server, &self.tenant.name)
    }

    /// A record of an entity.
    pub async fn record(&self, path: &str, id: i64) -> Result<Value> {
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
        let query = format!("search={}", encode(&search.to_string()));
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
