//! Activities: who gave them to whom, and when they were closed.

use super::set_up;
use bitting_psa::context::Context;
use bitting_psa::draft::Draft;
use bitting_psa::moment::time;
use bitting_psa::problem::Problem;
use bitting_query::Value;

/// Whoever writes an activity assigned it, unless it says otherwise; a status that closes stamps the time.
/// Type and status have their defaults from their tables already.
pub async fn save(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    if draft.is_new() && !context.caller.is_operator() {
        draft.default("assignedBy", Value::Integer(context.caller.member));
    }
    if draft.is_new() && draft.is_null("status") {
        let open = set_up::first(
            context.instance,
            "sales/activities/statuses",
            "name",
            &["closedFlag"],
        )
        .await?;
        if let Some(row) = open {
            draft.set("status", Value::Integer(row.id));
        }
    }
    let (before, after) = (draft.is_null("dateEnd"), draft.is_null("dateStart"));
    if before && !after && draft.is_new() {
        let start = draft.text("dateStart").map(str::to_owned);
        draft.set("dateEnd", start.map_or(Value::Null, Value::Text));
    }
    super::related::ordered(draft, "dateStart", "dateEnd");
    if !draft.changed("status") {
        return Ok(());
    }
    let closed = match set_up::referred(context.instance, draft, "status").await? {
        Some((row, status)) => status.flag(context.instance, &row, "closedFlag"),
        None => false,
    };
    draft.set("closeFlag", Value::Boolean(closed));
    if closed {
        draft.default("dateClosedUtc", Value::Text(time(context.now)));
    } else {
        draft.set("dateClosedUtc", Value::Null);
    }
    Ok(())
}
