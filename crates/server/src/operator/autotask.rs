//! What Autotask's own API cannot do: security levels and API users, for whoever runs the server. A live
//! Autotask has screens for both and no way in.

mod instances;
mod levels;
mod lines;
pub(crate) mod making;
mod people;
mod settings;
mod users;

use crate::operator::ask::{Ask, number, reply};
use bitting_autotask::tenant::{LevelTrouble, Tenant};
use bitting_dialects::connectwise::error::{ApiError, FieldError};
use bitting_psa::answer::Reply;
use bitting_psa::event::Event;
use bitting_psa::problem::Problem;
use http::Method;
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
struct TenantBody<'a> {
    name: &'a str,
    kind: &'static str,
    place: &'a str,
    levels: usize,
    users: usize,
}

/// `autotask`, `autotask/{instance}/levels…`, `…/users…`, `…/people…`, `…/lines`, `…/settings…`, `…/faults…`, `…/events`,
/// `…/snapshot`; the first instance is `-`.
pub async fn answer(
    ask: &Ask<'_>,
    lower: &[&str],
    segments: &[&str],
    event: &mut Event,
) -> Result<Reply, Problem> {
    ask.operator()?;
    let tenants = ask.server.autotask();
    let [name, rest @ ..] = lower else {
        if ask.method == Method::POST {
            return instances::create(ask).await;
        }
        if ask.method != Method::GET {
            return Err(Ask::unsupported("GET, POST"));
        }
        let all: Vec<_> = tenants.iter().map(|tenant| shown(tenant)).collect();
        return reply(200, &all);
    };
    let tenant = tenants
        .iter()
        .find(|tenant| *name == "-" || tenant.name.eq_ignore_ascii_case(name))
        .ok_or_else(|| {
            let known: Vec<&str> = tenants.iter().map(|tenant| tenant.name.as_str()).collect();
            let known = match known.as_slice() {
                [] => "this server runs none".to_owned(),
                known => format!("there is {}", known.join(", ")),
            };
            ApiError::bad_request(format!("There is no Autotask instance '{name}'; {known}."))
        })?;
    if ask.method != Method::GET {
        event.tenant(&tenant.name, &ask.caller.identifier);
    }
    let area = Area {
        ask,
        tenant: tenant.clone(),
    };
    match rest {
        [] if ask.method == Method::GET => reply(200, &shown(tenant)),
        [verb @ ("snapshot" | "restore" | "reset")] => instances::copy(ask, tenant, verb).await,
        ["faults"] => super::faults::on(ask, &tenant.faults(), tenant.registry(), None),
        ["faults", id] => super::faults::on(ask, &tenant.faults(), tenant.registry(), Some(id)),
        ["events"] => super::events::of(ask, &tenant.name, true),
        ["levels"] => levels::all(&area).await,
        ["levels", id] => levels::one(&area, number(id)?).await,
        ["users"] => users::all(&area).await,
        ["users", id] => users::one(&area, number(id)?).await,
        ["users", id, "keys"] => users::cut(&area, number(id)?).await,
        ["people"] => people::all(&area).await,
        ["people", id] => people::one(&area, number(id)?).await,
        ["lines"] => lines::all(&area).await,
        ["settings"] => settings::list(&area),
        ["settings", name] => settings::one(&area, name).await,
        ["keys", _] => users::key(&area, segments.get(6).copied().unwrap_or_default()).await,
        _ => Err(ApiError::no_endpoint().into()),
    }
}

fn shown(tenant: &Tenant) -> TenantBody<'_> {
    TenantBody {
        name: &tenant.name,
        kind: "autotask",
        place: tenant.backend.place(),
        levels: tenant.levels().len(),
        users: tenant.api_users().len(),
    }
}

/// A call about one instance.
struct Area<'a> {
    ask: &'a Ask<'a>,
    tenant: Arc<Tenant>,
}

fn wrong(field: &str, message: impl Into<String>) -> Problem {
    Problem::field(
        "autotask",
        FieldError::invalid("autotask", field, message.into()),
    )
}

fn refused(trouble: LevelTrouble) -> Problem {
    match trouble {
        LevelTrouble::Store(error) => error.into(),
        other => wrong("securityLevel", other.to_string()),
    }
}
