//! The console's hand in an instance: calls through the very pipeline that serves the API, as the operator
//! or in a member's place, and permits for what the vendor's API has no path for. Knows no page.

use super::bench::{Bench, Refusal};
use crate::server::Server;
use base64::Engine as _;
use bitting_calls::http::{Body, Received};
use bitting_calls::pipeline;
use bitting_calls::pipeline::call::Call;
use bitting_catalog::entity::Entity;
use bitting_catalog::route::Method;
use bitting_dialects::connectwise::error::ApiError;
use bitting_dialects::connectwise::parameters::Parameters;
use bitting_policy::{Role, Verb};
use bitting_psa::answer::DEFAULT_RELEASE;
use bitting_psa::caller::Caller;
use bitting_psa::context::Context;
use bitting_psa::event::Event;
use bitting_psa::instance::Instance;
use bitting_psa::keys::{Key, Pair};
use bitting_psa::permit::{Permit, authorize};
use bitting_psa::problem::Problem;
use bitting_psa::saving;
use bitting_rules::rulebook::Rulebook;
use bytes::Bytes;
use serde_json::Value;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

/// Where links in records would lead; pages do not show them.
const BASE: &str = "http://console/v4_6_release/apis/3.0/";
pub const ROLES: &str = "system/securityroles";
pub const MEMBERS: &str = "system/members";

/// One instance and whoever works on it.
pub struct Desk<'a> {
    pub server: &'a Server,
    pub instance: Arc<Instance>,
    pub caller: Arc<Caller>,
    /// The Autotask database that the work is about, where it is: its log is where the work is written down.
    tenant: Option<String>,
}

impl<'a> Desk<'a> {
    /// As the operator, who holds every right.
    pub fn new(server: &'a Server, instance: Arc<Instance>) -> Self {
        let caller = Arc::new(Caller::operator(instance.registry()));
        Self {
            server,
            instance,
            caller,
            tenant: None,
        }
    }

    /// As the operator of an Autotask database, who is one of a company's: a server without one has none.
    pub fn operator_of(server: &'a Server, tenant: &str) -> Option<Self> {
        let first = server.instances().into_iter().next()?;
        Some(Self {
            tenant: Some(tenant.to_owned()),
            ..Self::new(server, first)
        })
    }

    /// Whose log an event of this desk belongs to.
    fn sign(&self, event: &mut Event) {
        match &self.tenant {
            Some(name) => event.tenant(name, &self.caller.identifier),
            None => event.caller(&self.instance.company, &self.caller),
        }
    }

    /// The same instance in another member's place.
    pub fn as_member(&self, caller: Arc<Caller>) -> Desk<'a> {
        Desk {
            server: self.server,
            instance: self.instance.clone(),
            caller,
            tenant: self.tenant.clone(),
        }
    }

    pub async fn get(&self, path: &str, query: &str) -> Result<Value, Problem> {
        self.call(http::Method::GET, path, query, None).await
    }

    /// The rows of a list.
    pub async fn list(&self, path: &str, query: &str) -> Result<Vec<Value>, Problem> {
        match self.get(path, query).await? {
            Value::Array(rows) => Ok(rows),
            one => Ok(vec![one]),
        }
    }

    /// How many records there are.
    pub async fn count(&self, path: &str, query: &str) -> Result<u64, Problem> {
        let found = self.get(&format!("{path}/count"), query).await?;
        Ok(found["count"].as_u64().unwrap_or_default())
    }

    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, Problem> {
        self.call(http::Method::POST, path, "", Some(body)).await
    }

    pub async fn patch(&self, path: &str, body: &Value) -> Result<Value, Problem> {
        self.call(http::Method::PATCH, path, "", Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Result<Value, Problem> {
        self.call(http::Method::DELETE, path, "", None).await
    }

    /// One call on Bitting's own API as the operator; an error is in words.
    pub async fn operate(
        &self,
        method: http::Method,
        path: &str,
        body: &Value,
    ) -> std::result::Result<Value, String> {
        let secret = self.server.settings.operator.reveal();
        let user = format!(
            "{}+{}:{secret}",
            self.instance.company,
            crate::server::OPERATOR
        );
        let key = base64::engine::general_purpose::STANDARD.encode(user);
        let request = http::Request::builder()
            .method(method)
            .uri(format!("/bitting/apis/3.0/{path}"))
            .header(http::header::AUTHORIZATION, format!("Basic {key}"))
            .body(())
            .map_err(|error| error.to_string())?;
        let (parts, ()) = request.into_parts();
        let mut event = Event::new(&parts);
        self.sign(&mut event);
        let received = Received {
            parts,
            body: Body::Read(Bytes::from(serde_json::to_vec(body).unwrap_or_default())),
            secure: true,
            peer: SocketAddr::from(([127, 0, 0, 1], 0)),
        };
        let started = Instant::now();
        let whole = format!("bitting/apis/3.0/{path}");
        let segments: Vec<&str> = whole.split('/').collect();
        let reply = crate::operator::answer(self.server, &received, &segments, &mut event).await;
        if received.parts.method != http::Method::GET {
            event.finish(reply.status, started.elapsed());
            self.server.log.record(event);
        }
        let answer: Value = serde_json::from_slice(&reply.body).unwrap_or(Value::Null);
        if reply.status < 400 {
            return Ok(answer);
        }
        let texts: Vec<&str> = answer["errors"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|error| error["message"].as_str())
            .collect();
        Err(match texts[..] {
            [] => answer["message"]
                .as_str()
                .unwrap_or("It failed.")
                .to_owned(),
            _ => texts.join(" "),
        })
    }

    /// One call as the API would answer it. Writes are events like those of any other caller.
    async fn call(
        &self,
        method: http::Method,
        path: &str,
        query: &str,
        body: Option<&Value>,
    ) -> Result<Value, Problem> {
        let started = Instant::now();
        let path = path.trim_matches('/');
        let uri = format!("/v4_6_release/apis/3.0/{path}?{query}");
        let request = http::Request::builder()
            .method(method.clone())
            .uri(uri)
            .header(http::header::CONTENT_TYPE, "application/json")
            .body(())
            .map_err(|_| ApiError::no_endpoint())?;
        let (parts, ()) = request.into_parts();
        let mut event = Event::new(&parts);
        self.sign(&mut event);
        let bytes = body.map_or_else(Vec::new, |body| {
            serde_json::to_vec(body).unwrap_or_default()
        });
        let received = Received {
            parts,
            body: Body::Read(Bytes::from(bytes)),
            secure: true,
            peer: SocketAddr::from(([127, 0, 0, 1], 0)),
        };
        let answer = self
            .routed(&method, path, query, &received, &mut event)
            .await;
        if method != http::Method::GET {
            let status = match &answer {
                Ok(reply) => reply.status,
                Err(problem) => {
                    event.fail(problem);
                    bitting_psa::answer::Reply::problem(problem).status
                }
            };
            event.finish(status, started.elapsed());
            self.server.log.record(event);
        }
        Ok(serde_json::from_slice(&answer?.body).unwrap_or(Value::Null))
    }

    async fn routed(
        &self,
        method: &http::Method,
        path: &str,
        query: &str,
        received: &Received,
        event: &mut Event,
    ) -> Result<bitting_psa::answer::Reply, Problem> {
        let instance = &self.instance;
        let found = instance
            .router
            .find(path)
            .ok_or_else(ApiError::no_endpoint)?;
        let catalog = instance.catalog();
        let route = &catalog.routes[found.route];
        let entity = catalog.entity(route.entity);
        event.route(&route.path, &entity.path);
        let method = match *method {
            http::Method::POST => Method::Post,
            http::Method::PATCH => Method::Patch,
            http::Method::DELETE => Method::Delete,
            _ => Method::Get,
        };
        if !route.methods.iter().any(|known| known.method == method) {
            return Err(ApiError::no_endpoint().into());
        }
        let call = Call {
            instance,
            caller: self.caller.clone(),
            route,
            entity,
            method,
            words: found.params,
            parameters: Parameters::read(query)?,
            release: DEFAULT_RELEASE,
            forward_only: false,
            base: BASE.to_owned(),
            url: format!("{BASE}{path}"),
            received,
        };
        pipeline::answer(&call).await
    }

    pub fn entity(&self, path: &str) -> Result<&Entity, Problem> {
        let found = self.instance.catalog().entity_at(path);
        found.ok_or_else(|| ApiError::no_endpoint().into())
    }

    /// The right on the vendor's own entity decides here too.
    pub fn permit(&self, path: &str, verb: Verb) -> Result<Permit<'_>, Problem> {
        let entity = self.entity(path)?;
        let grounds = self.instance.backend.grounds();
        authorize(grounds, &self.caller, entity, &entity.right.needs, verb)
            .map_err(|denial| denial.by(&self.caller.role.name).into())
    }

    /// A security role with its levels, lists and flags.
    pub async fn role(&self, id: i64, verb: Verb) -> Result<Role, Problem> {
        let permit = self.permit(ROLES, verb)?;
        let row = self.instance.backend.row(&permit, id).await?;
        let row = row.ok_or_else(|| ApiError::not_found("SecurityRole", &id.to_string()))?;
        let mut role = (*self.instance.role(id)).clone();
        role.id = row.id;
        row.text("name")
            .unwrap_or_default()
            .clone_into(&mut role.name);
        role.admin = row.flag("admin_flag");
        role.inactive = row.flag("inactive_flag");
        Ok(role)
    }

    /// A write that no call of the pipeline makes: an event like any other, under the path that Bitting's own
    /// API has for it.
    pub async fn written<T>(
        &self,
        method: http::Method,
        path: &str,
        work: impl Future<Output = Result<T, Problem>>,
    ) -> Result<T, Problem> {
        let begun = self.begun(method, path);
        let done = work.await;
        if let Some(begun) = begun {
            self.server.log.record(begun.ended(&done));
        }
        done
    }

    /// The beginning of such a write.
    pub fn begun(&self, method: http::Method, path: &str) -> Option<Begun> {
        let request = http::Request::builder()
            .method(method)
            .uri(format!("/bitting/apis/3.0/{path}"))
            .body(())
            .ok()?;
        let (parts, ()) = request.into_parts();
        let mut event = Event::new(&parts);
        self.sign(&mut event);
        Some(Begun {
            event,
            started: Instant::now(),
        })
    }

    /// Keeps the levels and lists of a role.
    pub async fn save_role(&self, role: Role) -> Result<(), Problem> {
        let path = format!("{ROLES}/{}/document", role.id);
        self.written(http::Method::PUT, &path, async {
            self.permit(ROLES, Verb::Edit)?;
            self.instance.save_role(role).await.map(drop)
        })
        .await
    }

    /// Cuts a key pair for a member.
    pub async fn cut_key(
        &self,
        member: i64,
        description: &str,
        expires: Option<jiff::Timestamp>,
    ) -> Result<(Arc<Key>, Pair), Problem> {
        let path = format!("{MEMBERS}/{member}/keys");
        self.written(http::Method::POST, &path, async {
            self.permit(MEMBERS, Verb::Edit)?;
            self.instance.cut_key(member, description, expires).await
        })
        .await
    }

    /// Takes a key away for good.
    pub async fn delete_key(&self, key: i64) -> Result<(), Problem> {
        let path = format!("system/keys/{key}");
        self.written(http::Method::DELETE, &path, async {
            self.permit(MEMBERS, Verb::Edit)?;
            self.instance.delete_key(key).await
        })
        .await
    }

    /// Works with whatever was handed in, off the threads that serve.
    pub async fn bench<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Bench, &str) -> std::result::Result<T, Refusal> + Send + 'static,
    ) -> std::result::Result<T, Refusal> {
        let company = self.instance.company.clone();
        self.server
            .console
            .over_api(move |bench| work(bench, &company))
            .await
    }

    /// Changes the record of a role, which the vendor's API can only create: the same saving, checks and
    /// permit as its other records.
    pub async fn change_role(&self, id: i64, patch: &Value) -> Result<(), Problem> {
        let path = format!("{ROLES}/{id}");
        self.written(http::Method::PATCH, &path, self.changed_role(id, patch))
            .await
    }

    async fn changed_role(&self, id: i64, patch: &Value) -> Result<(), Problem> {
        let permit = self.permit(ROLES, Verb::Edit)?;
        let catalog = self.instance.catalog();
        let route = catalog
            .routes_of(permit.entity().id)
            .next()
            .ok_or_else(ApiError::no_endpoint)?;
        let parameters = Parameters::default();
        let context = Context {
            instance: &self.instance,
            caller: &self.caller,
            now: self.instance.now(),
            parameters: &parameters,
            parents: &[],
            words: &[],
            base: BASE,
            route,
            method: Method::Patch,
            release: DEFAULT_RELEASE,
            content_type: None,
            rules: &Rulebook,
        };
        let body = serde_json::to_vec(patch).unwrap_or_default();
        saving::change(context, &permit, id, &body, false, DEFAULT_RELEASE).await
    }
}

/// A write that has begun.
pub struct Begun {
    event: Event,
    started: Instant,
}

impl Begun {
    /// The event of the whole.
    pub fn ended<T>(self, done: &Result<T, Problem>) -> Event {
        let mut event = self.event;
        let status = match done {
            Ok(_) => 200,
            Err(problem) => {
                event.fail(problem);
                bitting_psa::answer::Reply::problem(problem).status
            }
        };
        event.finish(status, self.started.elapsed());
        event
    }
}

/// What went wrong, for people.
pub fn message(problem: &Problem) -> String {
    match problem {
        Problem::Api(error) if error.errors.is_empty() => error.message.clone(),
        Problem::Api(error) => {
            let texts: Vec<_> = error
                .errors
                .iter()
                .map(|one| one.message.as_str())
                .collect();
            texts.join(" ")
        }
        Problem::Denied(denial) => format!("Denied: {denial}. To allow it, {}.", denial.remedy),
        Problem::Store(_) => "The database failed; the server's log says why.".to_owned(),
    }
}

/// What went wrong with one field of a form.
pub fn field_error<'p>(problem: Option<&'p Problem>, field: &str) -> Option<&'p str> {
    let Some(Problem::Api(error)) = problem else {
        return None;
    };
    let of_field = |name: &str| {
        name.split(['/', '.'])
            .next()
            .is_some_and(|first| first.eq_ignore_ascii_case(field))
    };
    let found = error.errors.iter().find(|one| of_field(&one.field));
    found.map(|one| one.message.as_str())
}
