//! The companies of this server. Only its operator sees more than one.

use super::{Ask, reply};
use crate::answer::Reply;
use crate::problem::Problem;
use bitting_dialects::connectwise::error::ApiError;
use http::Method;
use serde::Serialize;

#[derive(Serialize)]
struct InstanceBody {
    company: String,
    name: String,
    kind: &'static str,
    place: String,
}

pub async fn answer(ask: &Ask<'_>, company: Option<&str>) -> Result<Reply, Problem> {
    if ask.method != Method::GET {
        return Err(Ask::unsupported("GET"));
    }
    ask.operator()?;
    let all: Vec<InstanceBody> = ask
        .server
        .instances()
        .iter()
        .map(|instance| InstanceBody {
            company: instance.company.clone(),
            name: instance.name.clone(),
            kind: "connectwise",
            place: instance.backend.place().to_owned(),
        })
        .collect();
    match company {
        None => reply(200, &all),
        Some(company) => {
            let found = all
                .into_iter()
                .find(|instance| instance.company.eq_ignore_ascii_case(company));
            reply(
                200,
                &found.ok_or_else(|| ApiError::not_found("Instance", company))?,
            )
        }
    }
}
