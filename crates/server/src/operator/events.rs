//! The latest calls, oldest first: who asked what, the decision and why. `member`, `decision` and `path` choose
//! among them, `limit` says how many at most, and `after` goes on behind the event of an id.

use crate::operator::ask::{Ask, reply};
use bitting_calls::http::form::Form;
use bitting_dialects::connectwise::error::ApiError;
use bitting_psa::answer::Reply;
use bitting_psa::event::search::{DECISIONS, Search};
use bitting_psa::problem::Problem;

/// Most events of one answer, and how many come without `limit`.
const MOST: usize = 1_000;

/// Path of this answer: looking at the log is no line in it.
pub const PATH: &str = "/bitting/apis/3.0/events";

/// Events of the caller's company.
pub fn answer(ask: &Ask<'_>) -> Result<Reply, Problem> {
    ask.operator_or_admin()?;
    of(ask, &ask.instance.company, false)
}

/// Events of a ConnectWise company or an Autotask instance of this name.
pub fn of(ask: &Ask<'_>, company: &str, autotask: bool) -> Result<Reply, Problem> {
    let query = Form::read(ask.received.parts.uri.query().unwrap_or_default());
    let decision = query.trimmed("decision");
    if !decision.is_empty() && !DECISIONS.iter().any(|(known, _)| *known == decision) {
        let known: Vec<&str> = DECISIONS.iter().map(|(known, _)| *known).collect();
        let message = format!(
            "{decision} is no decision to choose by; there are {}.",
            known.join(", ")
        );
        return Err(ApiError::bad_request(message).into());
    }
    let limit = match query.trimmed("limit") {
        "" => MOST,
        text => text
            .parse()
            .ok()
            .filter(|limit| (1..=MOST).contains(limit))
            .ok_or_else(|| {
                ApiError::bad_request(format!("limit is a number from 1 to {MOST}, not {text}."))
            })?,
    };
    let search = Search {
        company: company.to_owned(),
        autotask,
        member: query.trimmed("member").to_owned(),
        decision: decision.to_owned(),
        path: query.trimmed("path").to_lowercase(),
    };
    let log = &ask.server.log;
    let found = match query.given("after") {
        Some(id) => log.after(id, limit, &|event| search.fits(event)),
        None => {
            let mut latest = log.some(limit, &|event| search.fits(event));
            latest.reverse();
            latest
        }
    };
    let events: Vec<_> = found.iter().map(AsRef::as_ref).collect();
    reply(200, &events)
}
