//! Writes whose sums depend on other rows wait for each other.

use crate::instance::{Instance, Ledger};
use crate::problem::Problem;
use bitting_catalog::entity::Entity;

/// Rules whose records take part in sums over other records, which only one write at a time can keep true.
const SUMMED: [&str; 12] = [
    "time_entry",
    "expense_entry",
    "schedule_entry",
    "agreement",
    "addition",
    "adjustment",
    "invoice",
    "invoice_payment",
    "product",
    "project_phase",
    "project_team",
    "opportunity_team",
];

/// Waits for the writes before this one, where the entity's records take part in sums. Held until the write
/// is at rest; nothing that holds it saves under another turn.
pub async fn turn<'i>(
    instance: &'i Instance,
    entity: &Entity,
) -> Result<Option<Ledger<'i>>, Problem> {
    let summed = |rule: &String| SUMMED.contains(&rule.as_str());
    if entity.rules.iter().any(summed) {
        Ok(Some(instance.ledger().await?))
    } else {
        Ok(None)
    }
}

/// The same for a change of a record at rest: a ticket that is given away counts its owner among its resources,
/// which its schedule entries write under a turn. Whatever may name an owner waits.
pub async fn turn_to_change<'i>(
    instance: &'i Instance,
    entity: &Entity,
    body: &[u8],
) -> Result<Option<Ledger<'i>>, Problem> {
    let gives = |body: &[u8]| {
        body.windows(5)
            .any(|word| word.eq_ignore_ascii_case(b"owner"))
    };
    if entity.rules.iter().any(|rule| rule == "ticket") && gives(body) {
        return Ok(Some(instance.ledger().await?));
    }
    turn(instance, entity).await
}
