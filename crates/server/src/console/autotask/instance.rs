//! The page of an Autotask database among the instances. What the operator does there is written down in that
//! database's own log.

use super::desk::Desk;
use crate::console::instances;
use crate::console::instances::subject::Subject;
use crate::console::{
    outcome::{Outcome, Result},
    visit::Visit,
};

pub async fn answer(visit: &Visit<'_>, desk: &Desk<'_>, rest: &[&str]) -> Result<Outcome> {
    let Some(operator) = desk.operator() else {
        return Ok(Outcome::Nowhere);
    };
    let subject = Subject::tenant(&operator, desk.tenant.clone());
    instances::answer(visit, &subject, rest).await
}
