//! The reception: the way from a path to the room that answers it. Discovery and the key check happen here; everything
//! after a key is the pipeline's, the gate's, the console's or the operator's.

use super::Server;
use bitting_autotask as autotask;
use bitting_calls::address::{base, is_code_base, text};
use bitting_calls::http::{Handler, Outgoing, Received};
use bitting_calls::panics::{Caught, Panicked};
use bitting_calls::pipeline;
use bitting_calls::pipeline::call::Call;
use bitting_catalog::route::Method;
use bitting_dialects::autotask::error::Refusal;
use bitting_dialects::autotask::route::Router as AutotaskRouter;
use bitting_dialects::connectwise::auth;
use bitting_dialects::connectwise::error::ApiError;
use bitting_dialects::connectwise::parameters::Parameters;
use bitting_gate::Gate;
use bitting_psa::answer::{DEFAULT_RELEASE, Reply, Wire};
use bitting_psa::caller::Caller;
use bitting_psa::event::Event;
use bitting_psa::fault;
use bitting_psa::instance::Instance;
use bitting_psa::problem::Problem;
use bitting_rules as rules;
use bytes::Bytes;
use http::{HeaderMap, Response};
use http_body_util::Full;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

impl Server {
    /// Drops what servers that share a database with this one have changed. Calls on the APIs look on their own.
    async fn look(&self) {
        for instance in self.instances() {
            if let Err(error) = instance.look().await {
                tracing::warn!(%error, company = instance.company, "the database does not answer");
            }
        }
        for tenant in self.autotask() {
            if let Err(error) = tenant.look().await {
                tracing::warn!(%error, database = tenant.name, "the database does not answer");
            }
        }
    }

    /// A page of the console, or its live stream.
    async fn page(&self, received: &Received) -> Response<Outgoing> {
        self.tenants.wake().await;
        self.look().await;
        if let Some(stream) = crate::console::stream(self, received) {
            return stream;
        }
        let answer = crate::console::answer(self, received).await;
        answer.map(Outgoing::Whole)
    }

    /// The answer to a call on an API, with all that is noted of it but for its line in the log.
    async fn answered(
        &self,
        received: &Received,
        event: &mut Event,
        started: Instant,
    ) -> Response<Full<Bytes>> {
        let reply = self.route(received, event).await;
        event.finish(reply.status, started.elapsed());
        let accept = auth::accept(
            received
                .parts
                .headers
                .get_all(http::header::ACCEPT)
                .iter()
                .filter_map(|value| value.to_str().ok()),
        );
        let vendor_type = accept
            .vendor_type
            .then(|| accept.release.unwrap_or(DEFAULT_RELEASE));
        // A wrong key is told nothing of what it was for.
        let is_known = !event.autotask && !event.member.is_empty();
        let company = is_known.then_some(&*event.company);
        let instance = company.and_then(|company| self.instance(company));
        let reply = match &instance {
            Some(instance) if instance.is_gate() => reply.of_gate(),
            _ => reply,
        };
        let wire = Wire::of(&event.path, vendor_type);
        let response = reply.into_response(&event.id, wire);
        if let Some(instance) = instance {
            instance.used.note(event, instance.now());
        }
        response
    }

    async fn route(&self, received: &Received, event: &mut Event) -> Reply {
        let path = received.parts.uri.path();
        let segments: Vec<&str> = path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .collect();
        // Discovery needs no record; whatever else comes while the first ones are laid down waits for them.
        let discovery = matches!(segments[..], [first, ..] if first.eq_ignore_ascii_case("login"));
        if !discovery && !self.doors.passed().await {
            return Reply::text(
                503,
                "The first records could not be laid down, so that this server has none and ends; its terminal says why.",
            );
        }
        if AutotaskRouter::is_ours(&segments) && self.tenants.any() {
            self.tenants.wake().await;
            return autotask::handle(&self.tenants, &self.faults, received, &segments, event).await;
        }
        let lower: Vec<String> = segments
            .iter()
            .take(3)
            .map(|segment| segment.to_ascii_lowercase())
            .collect();
        let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
        match &lower[..] {
            ["login", "companyinfo", ..] => {
                self.company_info(segments.get(2).copied().unwrap_or_default())
            }
            [code, "login", "companyinfo"] if is_code_base(code) => {
                self.company_info(segments.get(3).copied().unwrap_or_default())
            }
            [code, "apis", "3.0"] if is_code_base(code) => {
                self.call(received, &segments, event).await
            }
            [code, "api", "inlineimages"] if is_code_base(code) => {
                match self.inline_image(received, &segments, event).await {
                    Ok(reply) => reply,
                    Err(problem) => {
                        event.fail(&problem);
                        Reply::problem(&problem)
                    }
                }
            }
            ["bitting", "callbacks", "keys"] => self.signing_key(&segments),
            ["bitting", ..] => {
                self.tenants.wake().await;
                crate::operator::answer(self, received, &segments, event).await
            }
            ["health"] => Reply::json(200, b"{\"status\":\"ok\"}".to_vec()),
            _ if lower.get(1) == Some(&"apis") => {
                Reply::text(400, "Cannot route. Codebase/company is invalid")
            }
            _ => Reply::error(&ApiError::no_endpoint()),
        }
    }

    /// Discovery: needs no key, and answers null for a company that is not here.
    fn company_info(&self, company: &str) -> Reply {
        let company = percent_encoding::percent_decode_str(company).decode_utf8_lossy();
        let there = self.instance(&company);
        let there = there.map(|instance| (instance.name.clone(), instance.company.clone()));
        let coming = self.coming.get().filter(|_| !self.doors.is_open());
        let coming = coming.filter(|coming| coming.company.eq_ignore_ascii_case(&company));
        let found = there.or_else(|| coming.map(|one| (one.name.clone(), one.company.clone())));
        let body = match found {
            Some((name, company)) => serde_json::json!({
                "CompanyName": name,
                "Codebase": "v4_6_release/",
                "VersionCode": "v2025.1",
                "VersionNumber": "v4.6.105333",
                "CompanyID": company,
                "IsCloud": false,
            }),
            None => serde_json::Value::Null,
        };
        Reply::json(200, serde_json::to_vec(&body).unwrap_or_default())
    }

    /// The key that signs an instance's callbacks, at the address that each delivery names.
    fn signing_key(&self, segments: &[&str]) -> Reply {
        let found = match segments {
            [_, _, _, company, id] => self
                .instance(company)
                .and_then(|instance| bitting_calls::delivery::signing_key(&instance, id)),
            _ => None,
        };
        match found {
            Some(key) => {
                let body = serde_json::json!({ "signing_key": key });
                Reply::json(200, serde_json::to_vec(&body).unwrap_or_default())
            }
            None => Reply::error(&ApiError::no_endpoint()),
        }
    }

    /// A picture within a text, by company and guid: for whoever may read the document itself.
    async fn inline_image(
        &self,
        received: &Received,
        segments: &[&str],
        event: &mut Event,
    ) -> Result<Reply, Problem> {
        let (instance, caller) = self.authenticate(&received.parts.headers).await?;
        event.caller(&instance.company, &caller);
        if instance.is_gate() {
            // Pictures are documents, which a gate cannot hold against a role's rows.
            return Err(ApiError::no_endpoint().into());
        }
        let [_, _, _, company, guid] = segments else {
            return Err(ApiError::no_endpoint().into());
        };
        if !company.eq_ignore_ascii_case(&instance.company) {
            return Err(ApiError::no_endpoint().into());
        }
        let answer = rules::documents::inline(&instance, &caller, guid).await?;
        Ok(Reply::from_answer(answer))
    }

    async fn call(&self, received: &Received, segments: &[&str], event: &mut Event) -> Reply {
        match self.known_call(received, segments, event).await {
            Ok(reply) => reply,
            Err(problem) => {
                event.fail(&problem);
                Reply::problem(&problem)
            }
        }
    }

    async fn known_call(
        &self,
        received: &Received,
        segments: &[&str],
        event: &mut Event,
    ) -> Result<Reply, Problem> {
        let headers = &received.parts.headers;
        let authorization = headers.get(http::header::AUTHORIZATION);
        let rest = &segments[3..];
        let is_info = matches!(rest, [system, info]
            if system.eq_ignore_ascii_case("system") && info.eq_ignore_ascii_case("info"));
        let accept = auth::accept(
            headers
                .get_all(http::header::ACCEPT)
                .iter()
                .filter_map(|value| value.to_str().ok()),
        );
        let release = accept.release.unwrap_or(DEFAULT_RELEASE);
        // Every company shows the same; without one there is no data file to go by.
        if let Some(any) = self.instances().first()
            && is_info
            && authorization.is_none()
        {
            return Ok(Reply::from_answer(rules::system::info(
                any.catalog(),
                release,
            )));
        }
        let (instance, mut caller) = match self.authenticate(headers).await {
            Ok(known) => known,
            Err(problem) => {
                // Whoever sets an integration up looks for its wrong key in the company's own log.
                if let Some(instance) = self.claimed(headers) {
                    event.company.clone_from(&instance.company);
                }
                return Err(problem);
            }
        };
        event.caller(&instance.company, &caller);
        let cookie = text(headers, "cookie");
        if self.settings.require_client_id
            && auth::client_id(text(headers, "clientid"), cookie).is_none()
        {
            return Err(ApiError::client_id().into());
        }
        let path = rest.join("/");
        let mut cut_short = false;
        for kind in self.strikes(received, &instance, &caller, &path) {
            event.fault(kind.word());
            match kind {
                fault::Kind::Latency { milliseconds } => {
                    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
                }
                fault::Kind::Throttle { seconds } => {
                    return Ok(Reply::throttled(seconds).with_fault("throttle"));
                }
                fault::Kind::Error { status } => {
                    let mut error = ApiError::server("A timeout has occured. Please try again.");
                    error.status = status;
                    return Ok(Reply::error(&error).with_fault("error"));
                }
                fault::Kind::Truncate => cut_short = true,
                fault::Kind::Withdraw { right } => {
                    caller = Arc::new(caller.without(instance.registry(), &right));
                }
            }
        }
        let found = instance
            .router
            .find(&path)
            .ok_or_else(ApiError::no_endpoint)?;
        let catalog = instance.catalog();
        let route = &catalog.routes[found.route];
        let entity = catalog.entity(route.entity);
        event.route(&route.path, &entity.path);
        let allowed = || {
            route
                .methods
                .iter()
                .map(|operation| name(operation.method))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let method = method(&received.parts.method);
        let Some(method) = method.filter(|method| {
            route
                .methods
                .iter()
                .any(|operation| operation.method == *method)
        }) else {
            return Ok(
                Reply::error(&ApiError::method_not_allowed(&allowed())).with_allow(allowed())
            );
        };
        if let Some(encoding) = received.encoding() {
            return Err(ApiError::encoded(&encoding).into());
        }
        let base = base(received, segments[0]);
        let call = Call {
            instance: &instance,
            caller: caller.clone(),
            route,
            entity,
            method,
            words: found.params,
            parameters: Parameters::read(received.parts.uri.query().unwrap_or_default())?,
            release,
            forward_only: auth::forward_only(text(headers, "pagination-type")),
            url: format!("{base}{path}"),
            base,
            received,
        };
        let reply = match instance.gate::<Gate>() {
            Some(gate) if !caller.is_operator() => gate.answer(&call, event).await?,
            _ => pipeline::answer(&call).await?,
        };
        Ok(if cut_short { reply.cut_short() } else { reply })
    }

    /// The faults that strike a call.
    fn strikes(
        &self,
        received: &Received,
        instance: &Instance,
        caller: &Caller,
        path: &str,
    ) -> Vec<fault::Kind> {
        if !self.faults.any() || instance.is_gate() {
            return Vec::new();
        }
        let header = received.parts.headers.get(http::header::AUTHORIZATION);
        let credentials = auth::credentials(header.map(http::HeaderValue::as_bytes));
        self.faults.strike(fault::Target {
            company: &instance.company,
            key: credentials.as_ref().map_or("", |known| &known.public_key),
            member: &caller.identifier,
            method: received.parts.method.as_str(),
            path,
        })
    }

    /// The company that a call names, whoever it comes from.
    fn claimed(&self, headers: &HeaderMap) -> Option<Arc<Instance>> {
        let header = headers.get(http::header::AUTHORIZATION)?;
        let credentials = auth::credentials(Some(header.as_bytes())).ok()?;
        self.instance(&credentials.company)
    }
}

impl Handler for Server {
    async fn handle(&self, received: Received) -> Response<Outgoing> {
        if crate::console::serves(received.parts.uri.path()) && self.doors.passed().await {
            // Boxed: pages are large futures, which calls on the APIs must not carry.
            return match Caught(Box::pin(self.page(&received))).await {
                Ok(response) => response,
                Err(panicked) => {
                    tell(&Event::new(&received.parts), &panicked);
                    crate::console::failed().map(Outgoing::Whole)
                }
            };
        }
        let started = Instant::now();
        let mut event = Event::new(&received.parts);
        let caught = {
            let answering = pin!(self.answered(&received, &mut event, started));
            Caught(answering).await
        };
        let response = caught.unwrap_or_else(|panicked| {
            tell(&event, &panicked);
            let reply = failed(&event.path);
            event.finish(reply.status, started.elapsed());
            reply.into_response(&event.id, Wire::of(&event.path, None))
        });
        if event.path != crate::operator::LOG_PATH {
            self.log.record(event);
        }
        response.map(Outgoing::Whole)
    }
}

/// A call that panicked, in the log: which one it was and where, with nothing of what it sent.
fn tell(event: &Event, panicked: &Panicked) {
    tracing::error!(
        request = event.id,
        method = event.method,
        path = event.path,
        route = event.route,
        place = panicked.place,
        backtrace = panicked.backtrace,
        "a call panicked and was answered 500; please report the place"
    );
}

/// What the caller of a call that panicked is told, in the words of the API that was called.
fn failed(path: &str) -> Reply {
    if Wire::of(path, None) == Wire::Autotask {
        let refusal = Refusal::new("An error occurred on the server; its log says which.");
        return Reply::json(refusal.status, refusal.body());
    }
    Reply::error(&ApiError::server(
        "The server could not complete the request; its log says why.",
    ))
}

fn method(method: &http::Method) -> Option<Method> {
    match *method {
        http::Method::GET | http::Method::HEAD => Some(Method::Get),
        http::Method::POST => Some(Method::Post),
        http::Method::PUT => Some(Method::Put),
        http::Method::PATCH => Some(Method::Patch),
        http::Method::DELETE => Some(Method::Delete),
        _ => None,
    }
}

fn name(method: Method) -> &'static str {
    match method {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Patch => "PATCH",
        Method::Delete => "DELETE",
    }
}
