//! What became of the messages to callbacks: each member sees those of its own, administrators all.

use crate::operator::ask::{Ask, reply};
use bitting_psa::answer::Reply;
use bitting_psa::backend::equals;
use bitting_psa::outbox;
use bitting_psa::outbox::callbacks::Message;
use bitting_psa::problem::Problem;
use bitting_query::{Filter, Kind, Value};
use http::Method;

/// Messages shown at a time, newest first.
const SHOWN: u64 = 1_000;

pub async fn deliveries(ask: &Ask<'_>) -> Result<Reply, Problem> {
    if ask.method != Method::GET {
        return Err(Ask::unsupported("GET"));
    }
    let own = if ask.caller.role.admin {
        Filter::Constant(true)
    } else {
        equals("member", Kind::Integer, Value::Integer(ask.caller.member))
    };
    let latest: Vec<Message> = outbox::latest(&ask.instance.backend, own, SHOWN).await?;
    reply(200, &latest)
}
