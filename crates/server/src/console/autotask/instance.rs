//! The page of an Autotask database among the instances. What the operator does there is written down at the
//! server's first company, as Bitting's own API has it.

use super::Desk;
use crate::console::desk::Desk as Beside;
use crate::console::instances;
use crate::console::instances::subject::Subject;
use crate::console::{Outcome, Result, Visit};

pub async fn answer(visit: &Visit<'_>, desk: &Desk<'_>, rest: &[&str]) -> Result<Outcome> {
    let Some(first) = desk.server.instances().into_iter().next() else {
        return Ok(Outcome::Nowhere);
    };
    let beside = Beside::new(desk.server, first);
    let subject = Subject::tenant(&beside, desk.tenant.clone());
    instances::answer(visit, &subject, rest).await
}
