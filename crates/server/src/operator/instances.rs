//! The companies of this server. Only its operator sees more than one, and makes another.

use crate::copies;
use crate::operator::ask::{Ask, reply};
use crate::server::Server;
use bitting_calls::cutting::{Shown, pairs};
use bitting_calls::seed::{self, Demo};
use bitting_calls::shelf::{self, Company};
use bitting_demo::Size;
use bitting_dialects::connectwise::error::{ApiError, FieldError};
use bitting_psa::answer::Reply;
use bitting_psa::instance::Instance;
use bitting_psa::problem::Problem;
use http::Method;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Serialize)]
struct InstanceBody {
    company: String,
    name: String,
    kind: &'static str,
    place: String,
    /// Key pairs of the first members, only in the answer that makes the company.
    #[serde(skip_serializing_if = "Option::is_none")]
    admin: Option<Shown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    least: Option<Shown>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewBody {
    company: String,
    name: Option<String>,
    /// Fill it with the demo company; else it gets its structure and two API members.
    #[serde(default)]
    demo: bool,
    /// Tickets of the demo company, instead of its usual number.
    tickets: Option<u32>,
    #[serde(default = "first_seed")]
    seed: u64,
}

pub(super) fn first_seed() -> u64 {
    1
}

/// Most tickets that a call waits for; larger companies are made by `bitting demo`, without a server.
const MOST_TICKETS: u32 = 100_000;

pub(super) fn demo(wanted: bool, tickets: Option<u32>, seed: u64) -> Result<Option<Demo>, Problem> {
    if tickets.is_some_and(|tickets| tickets > MOST_TICKETS) {
        let message = format!(
            "tickets must be {MOST_TICKETS} at most; make a larger company with bitting demo --size."
        );
        let error = FieldError::invalid("instance", "tickets", message);
        return Err(Problem::field("instance", error));
    }
    let size = tickets.map_or_else(Size::default, Size::scaled);
    Ok((wanted || tickets.is_some()).then_some(Demo { size, seed }))
}

pub async fn answer(ask: &Ask<'_>, company: Option<&str>) -> Result<Reply, Problem> {
    ask.operator()?;
    if ask.method == Method::POST && company.is_none() {
        return create(ask).await;
    }
    if ask.method != Method::GET {
        return Err(Ask::unsupported(if company.is_none() {
            "GET, POST"
        } else {
            "GET"
        }));
    }
    let all = ask.server.instances();
    match company {
        None => reply(
            200,
            &all.iter()
                .map(|instance| shown(instance))
                .collect::<Vec<_>>(),
        ),
        Some(company) => {
            let found = all
                .iter()
                .find(|instance| instance.company.eq_ignore_ascii_case(company));
            let found = found.ok_or_else(|| ApiError::not_found("Instance", company))?;
            reply(200, &shown(found))
        }
    }
}

async fn create(ask: &Ask<'_>) -> Result<Reply, Problem> {
    let body: NewBody = ask.body()?;
    let company = Company {
        name: body.name.unwrap_or_else(|| body.company.clone()),
        company: body.company,
    };
    let demo = demo(body.demo, body.tickets, body.seed)?;
    check(ask.server, &company)?;
    let made = make(ask.server, &company, demo.as_ref(), &mut |_| {}).await?;
    let mut body = shown(&made.instance);
    (body.admin, body.least) = (made.admin, made.least);
    reply(201, &body)
}

/// A company that was just made, with the key pairs of its first members.
pub(crate) struct Made {
    pub(crate) instance: Arc<Instance>,
    pub(crate) admin: Option<Shown>,
    pub(crate) least: Option<Shown>,
}

/// Whether a company can be made.
pub(crate) fn check(server: &Server, company: &Company) -> Result<(), Problem> {
    shelf::check(&company.company)?;
    if server.instance(&company.company).is_some() {
        let error = FieldError::exists("instance", "company", "Company ID already in use.");
        return Err(Problem::field("instance", error));
    }
    if server.shelf.is_none() {
        return Err(ApiError::bad_request("This server holds one company only.").into());
    }
    Ok(())
}

/// Makes a company; `progress` hears how many demo rows are done.
pub(crate) async fn make(
    server: &Server,
    company: &Company,
    demo: Option<&Demo>,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<Made, Problem> {
    check(server, company)?;
    let Some((shelf, first)) = &server.shelf else {
        return Err(ApiError::bad_request("This server holds one company only.").into());
    };
    let first = server.instance(first).ok_or_else(ApiError::no_endpoint)?;
    let instance = shelf.open(company).await?;
    let seeded = seed::company(&instance, demo, progress)
        .await
        .map_err(ApiError::server)?;
    let (admin, least) = pairs(&instance, &seeded, true).await?;
    shelf::remember(&first, company).await?;
    let instance = Arc::new(instance);
    server.add(instance.clone());
    Ok(Made {
        instance,
        admin,
        least,
    })
}

/// What a copy is asked for with.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CopyBody {
    /// Name of the snapshot.
    #[serde(default = "usual")]
    pub(super) name: String,
    /// A reset company gets demo records; else its structure and two API members.
    #[serde(default)]
    demo: bool,
    /// Tickets of the demo company, instead of its usual number.
    tickets: Option<u32>,
    #[serde(default = "first_seed")]
    seed: u64,
}

impl CopyBody {
    /// The demo records that are asked for.
    pub(super) fn demo(&self) -> Result<Option<Demo>, Problem> {
        demo(self.demo, self.tickets, self.seed)
    }
}

fn usual() -> String {
    "snapshot".to_owned()
}

/// Takes a snapshot of a company, brings one back, or starts the company anew.
pub async fn copy(ask: &Ask<'_>, company: &str, verb: &str) -> Result<Reply, Problem> {
    ask.operator()?;
    if ask.method != Method::POST {
        return Err(Ask::unsupported("POST"));
    }
    let body: CopyBody = ask.body()?;
    let found = ask.server.instance(company);
    let instance = found.ok_or_else(|| ApiError::not_found("Instance", company))?;
    let file = || {
        let Some((shelf, _)) = &ask.server.shelf else {
            return Err(ApiError::bad_request("This server keeps no snapshots.").into());
        };
        copies::file(&shelf.state, &instance.company, &body.name)
    };
    match verb {
        "snapshot" => copies::take(&instance, &file()?).await?,
        "restore" => copies::restore(&instance, &file()?).await?,
        _ => {
            let demo = body.demo()?;
            copies::reset(&instance, demo.as_ref()).await?;
        }
    }
    reply(200, &shown(&instance))
}

fn shown(instance: &Instance) -> InstanceBody {
    InstanceBody {
        company: instance.company.clone(),
        name: instance.name.clone(),
        kind: "connectwise",
        place: instance.backend.place().to_owned(),
        admin: None,
        least: None,
    }
}
