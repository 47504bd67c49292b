//! Faults of a company: set, listed and cleared by administrators and the operator.

use crate::operator::ask::{Ask, reply};
use bitting_dialects::connectwise::error::ApiError;
use bitting_policy::Registry;
use bitting_psa::answer::Answer;
use bitting_psa::answer::Reply;
use bitting_psa::fault::{Aim, Kind};
use bitting_psa::problem::Problem;
use http::Method;
use serde_json::Value;

/// Members of a body that say which calls are struck; all others say what goes wrong.
const AIM: [&str; 6] = ["key", "member", "method", "path", "after", "times"];

pub fn answer(ask: &Ask<'_>, id: Option<&str>) -> Result<Reply, Problem> {
    ask.operator_or_admin()?;
    let registry = ask.instance.registry();
    on(ask, &ask.instance.company, registry, id)
}

/// Faults of whatever is filed under this name, with rights of this registry.
pub fn on(
    ask: &Ask<'_>,
    company: &str,
    registry: &Registry,
    id: Option<&str>,
) -> Result<Reply, Problem> {
    let faults = &ask.server.faults;
    match (&ask.method, id) {
        (&Method::GET, None) => reply(200, &faults.list(company)),
        (&Method::POST, None) => {
            let (kind, aim) = read(ask, registry)?;
            let fault = faults
                .add(company, kind, aim)
                .map_err(ApiError::bad_request)?;
            reply(201, &fault)
        }
        (&Method::DELETE, None) => {
            faults.clear(company, None);
            Ok(Reply::from_answer(Answer::empty(204)))
        }
        (&Method::DELETE, Some(word)) => {
            let missing = || ApiError::not_found("Fault", word);
            let id: u64 = word.parse().map_err(|_| missing())?;
            if faults.clear(company, Some(id)) == 0 {
                return Err(missing().into());
            }
            Ok(Reply::from_answer(Answer::empty(204)))
        }
        (_, None) => Err(Ask::unsupported("GET, POST, DELETE")),
        (_, Some(_)) => Err(Ask::unsupported("DELETE")),
    }
}

fn read(ask: &Ask<'_>, registry: &Registry) -> Result<(Kind, Aim), Problem> {
    let body: serde_json::Map<String, Value> = ask.body()?;
    let (aim, kind): (Vec<_>, Vec<_>) = body
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .partition(|(name, _)| AIM.contains(&name.as_str()));
    let wrong = |error: serde_json::Error| {
        ApiError::bad_request(format!(
            "The fault cannot be read: {error}. kind is latency (milliseconds), throttle (seconds), \
             error (status), truncate or withdraw (right); key, member, method, path, after and times say \
             which calls it strikes."
        ))
    };
    let kind: Kind =
        serde_json::from_value(Value::Object(kind.into_iter().collect())).map_err(wrong)?;
    let aim: Aim =
        serde_json::from_value(Value::Object(aim.into_iter().collect())).map_err(wrong)?;
    if let Kind::Withdraw { right } = &kind
        && bitting_psa::fault::action(registry, right).is_none()
    {
        let message = format!(
            "There is no right {right}; write module and action as `Service Desk / Service Tickets`."
        );
        return Err(ApiError::bad_request(message).into());
    }
    Ok((kind, aim))
}
