//! What became of the messages to callbacks: each member sees those of its own, administrators all.

use super::{Ask, reply};
use crate::answer::Reply;
use crate::problem::Problem;
use crate::rules::callbacks::outbox;
use http::Method;

/// Messages shown at a time, newest first.
const SHOWN: u64 = 1_000;

pub async fn deliveries(ask: &Ask<'_>) -> Result<Reply, Problem> {
    if ask.method != Method::GET {
        return Err(Ask::unsupported("GET"));
    }
    let own = (!ask.caller.role.admin).then_some(ask.caller.member);
    reply(200, &outbox::latest(&ask.instance, own, SHOWN).await?)
}
