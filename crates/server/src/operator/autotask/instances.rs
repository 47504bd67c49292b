//! The Autotask databases of this server: another one, and copies of each.

use super::super::instances::{CopyBody, demo, first_seed};
use crate::copies::{self, autotask};
use crate::operator::ask::{Ask, reply};
use crate::operator::making::make;
use bitting_autotask::tenant::Tenant;
use bitting_autotask::users::Shown;
use bitting_dialects::connectwise::error::ApiError;
use bitting_psa::answer::Reply;
use bitting_psa::problem::Problem;
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

/// `{"name": "Second", "demo": true}`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewBody {
    name: String,
    /// Fill it with demo records; else it gets its structure and two API users.
    #[serde(default)]
    demo: bool,
    /// Tickets of the demo records, instead of their usual number.
    tickets: Option<u32>,
    #[serde(default = "first_seed")]
    seed: u64,
}

/// Makes a database. Its first two API users are in this answer and never again.
pub async fn create(ask: &Ask<'_>) -> Result<Reply, Problem> {
    let body: NewBody = ask.body()?;
    let demo = demo(body.demo, body.tickets, body.seed)?;
    let made = make(ask.server, &body.name, demo.as_ref(), &mut |_| {}).await?;
    let mut shown = json!(super::shown(&made.tenant));
    shown["admin"] = credentials(made.first.admin.as_ref());
    shown["least"] = credentials(made.first.least.as_ref());
    reply(201, &shown)
}

fn credentials(user: Option<&Shown>) -> Value {
    let all = user.map(|user| {
        json!({
            "username": user.user,
            "secret": user.secret.reveal(),
            "integration_code": user.code.reveal(),
        })
    });
    all.unwrap_or_default()
}

/// Takes a snapshot of a database, brings one back, or starts the database anew.
pub async fn copy(ask: &Ask<'_>, tenant: &Tenant, verb: &str) -> Result<Reply, Problem> {
    if ask.method != Method::POST {
        return Err(Ask::unsupported("POST"));
    }
    let body: CopyBody = ask.body()?;
    let file = || {
        let Some((shelf, _)) = &ask.server.shelf else {
            return Err(ApiError::bad_request("This server keeps no snapshots.").into());
        };
        copies::file(&shelf.state, &autotask::folder(tenant), &body.name)
    };
    match verb {
        "snapshot" => autotask::take(tenant, &file()?).await?,
        "restore" => autotask::restore(tenant, &file()?).await?,
        _ => autotask::reset(tenant, body.demo()?.as_ref(), &mut |_| {}).await?,
    }
    reply(200, &super::shown(tenant))
}
