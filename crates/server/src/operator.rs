//! Bitting's own API under `/bitting/apis/3.0/`, in the vendor's style and by the same keys and rights: what
//! the vendor's REST API cannot do. Levels and customize lists of roles, key pairs, instances, settings and
//! the latest events.

mod autotask;
mod callbacks;
mod events;
mod faults;
mod instances;
mod keys;
mod roles;
mod settings;

pub(crate) use events::PATH as LOG_PATH;
pub(crate) use instances::{Made, check, make};
pub(crate) use settings::{SWITCHES, fault as setting_fault};

use crate::answer::Reply;
use crate::caller::Caller;
use crate::copies::not_of_a_gate;
use crate::event::Event;
use crate::http::{Body, Received};
use crate::instance::Instance;
use crate::permit::{Permit, authorize};
use crate::problem::Problem;
use crate::server::Server;
use bitting_catalog::entity::Entity;
use bitting_dialects::connectwise::error::ApiError;
use bitting_policy::Verb;
use http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// A call on this API with its caller known.
struct Ask<'a> {
    server: &'a Server,
    instance: Arc<Instance>,
    caller: Arc<Caller>,
    method: Method,
    received: &'a Received,
}

/// Answers a call below `/bitting/`.
pub async fn answer(
    server: &Server,
    received: &Received,
    segments: &[&str],
    event: &mut Event,
) -> Reply {
    match route(server, received, segments, event).await {
        Ok(reply) => reply,
        Err(problem) => {
            event.fail(&problem);
            Reply::problem(&problem)
        }
    }
}

async fn route(
    server: &Server,
    received: &Received,
    segments: &[&str],
    event: &mut Event,
) -> Result<Reply, Problem> {
    let lower: Vec<String> = segments
        .iter()
        .map(|segment| segment.to_ascii_lowercase())
        .collect();
    let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
    let ["bitting", "apis", "3.0", rest @ ..] = &lower[..] else {
        return Err(ApiError::no_endpoint().into());
    };
    let (instance, caller) = server.authenticate(&received.parts.headers).await?;
    // Whoever only looks leaves no line in the log: it would follow itself.
    if received.parts.method != Method::GET {
        event.caller(&instance.company, &caller);
    }
    let ask = Ask {
        server,
        instance,
        caller,
        method: received.parts.method.clone(),
        received,
    };
    if ask.instance.gate().is_some()
        && matches!(rest, ["faults" | "autotask", ..] | ["instances", _, ..])
    {
        return Err(not_of_a_gate());
    }
    match rest {
        ["system", "securityroles", id, tail @ ..] => {
            roles::answer(&ask, number(id)?, tail, segments).await
        }
        ["system", "members" | "apimembers", id, "keys"] => {
            keys::of_member(&ask, number(id)?).await
        }
        ["system", "keys"] => keys::list(&ask),
        ["system", "keys", id] => keys::one(&ask, number(id)?).await,
        ["instances"] => instances::answer(&ask, None).await,
        [
            "instances",
            company,
            verb @ ("snapshot" | "restore" | "reset"),
        ] => instances::copy(&ask, company, verb).await,
        ["instances", _] => instances::answer(&ask, segments.get(4).copied()).await,
        ["settings"] => settings::list(&ask),
        ["settings", _] => settings::one(&ask, segments.get(4).copied().unwrap_or_default()).await,
        ["callbacks", "deliveries"] => callbacks::deliveries(&ask).await,
        ["faults"] => faults::answer(&ask, None),
        ["faults", id] => faults::answer(&ask, Some(id)),
        ["autotask", tail @ ..] => autotask::answer(&ask, tail, segments, event).await,
        ["events"] => events::answer(&ask),
        ["used"] => {
            ask.operator_or_admin()?;
            reply(200, &ask.instance.used.lines())
        }
        _ => Err(ApiError::no_endpoint().into()),
    }
}

impl<'a> Ask<'a> {
    /// The right on the vendor's own entity decides here too.
    fn permit(&'a self, path: &str, verb: Verb) -> Result<Permit<'a>, Problem> {
        let entity = self.entity(path)?;
        let grounds = self.instance.backend.grounds();
        authorize(grounds, &self.caller, entity, &entity.right.needs, verb)
            .map_err(|denial| denial.by(&self.caller.role.name).into())
    }

    fn entity(&self, path: &str) -> Result<&Entity, Problem> {
        self.instance
            .catalog()
            .entity_at(path)
            .ok_or_else(|| ApiError::no_endpoint().into())
    }

    fn body<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let Body::Read(bytes) = &self.received.body else {
            return Err(ApiError::too_large(crate::http::BODY_LIMIT).into());
        };
        let bytes: &[u8] = if bytes.is_empty() { b"{}" } else { bytes };
        serde_json::from_slice(bytes).map_err(|error| {
            ApiError::bad_request(format!("The body cannot be read: {error}.")).into()
        })
    }

    fn operator(&self) -> Result<(), Problem> {
        if self.caller.is_operator() {
            Ok(())
        } else {
            Err(ApiError::security().into())
        }
    }

    fn operator_or_admin(&self) -> Result<(), Problem> {
        if self.caller.role.admin {
            Ok(())
        } else {
            Err(ApiError::security().into())
        }
    }

    fn unsupported(allowed: &str) -> Problem {
        ApiError::method_not_allowed(allowed).into()
    }
}

fn number(text: &str) -> Result<i64, Problem> {
    text.parse().map_err(|_| {
        ApiError::bad_request(format!("{text} is no id; ids are whole numbers.")).into()
    })
}

fn reply<T: Serialize + ?Sized>(status: u16, value: &T) -> Result<Reply, Problem> {
    let body = serde_json::to_vec(value).map_err(|error| ApiError::server(error.to_string()))?;
    Ok(Reply::json(status, body))
}
