//! Bitting's own API under `/bitting/apis/3.0/`, in the vendor's style and by the same keys and rights: what
//! the vendor's REST API cannot do. Levels and customize lists of roles, key pairs, instances, settings and
//! the latest events.

mod ask;
mod autotask;
pub(crate) use autotask::making;
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

use crate::copies::not_of_a_gate;
use crate::server::Server;
use ask::{Ask, number, reply};
use bitting_calls::http::Received;
use bitting_dialects::connectwise::error::ApiError;
use bitting_psa::answer::Reply;
use bitting_psa::event::Event;
use bitting_psa::problem::Problem;
use http::Method;

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
    if let Some(encoding) = received.encoding() {
        return Err(ApiError::encoded(&encoding).into());
    }
    let ask = Ask {
        server,
        instance,
        caller,
        method: received.parts.method.clone(),
        received,
    };
    if ask.instance.is_gate() && matches!(rest, ["faults" | "autotask", ..] | ["instances", _, ..])
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
        ["system", "keys"] => keys::list(&ask).await,
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
