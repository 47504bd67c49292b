//! Time entries: what they are charged to, how long they took, and who pays.

use super::{Context, related};
use crate::draft::Draft;
use crate::problem::Problem;
use bitting_dialects::connectwise::error::FieldError;
use bitting_query::Value;
use jiff::Timestamp;

/// What an entry can be charged to, where that is, and the field that shows it as a link.
const CHARGED: [(&str, &str, &str); 4] = [
    ("ServiceTicket", "service/tickets", "ticket"),
    ("ProjectTicket", "project/tickets", "ticket"),
    ("Company", "company/companies", "company"),
    ("Activity", "sales/activities", "activity"),
];

/// Fills an entry from what it is charged to, and works out its hours. Whoever writes it took the time,
/// unless it says otherwise.
pub async fn save(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    if draft.is_new() {
        if !context.caller.is_operator() {
            draft.default("member", Value::Integer(context.caller.member));
        }
        draft.default("billableOption", Value::Text("Billable".to_owned()));
    }
    if draft.changed("chargeToId") || draft.changed("chargeToType") {
        charge(context, draft).await?;
    }
    hours(draft);
    Ok(())
}

async fn charge(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    let (Some(id), Some(kind)) = (draft.integer("chargeToId"), draft.text("chargeToType")) else {
        return Ok(());
    };
    let Some((_, path, link)) = CHARGED.iter().find(|(name, _, _)| *name == kind) else {
        return Ok(());
    };
    let entity = related::entity(context.instance, path)?;
    let Some(row) = related::seen(context, entity, id).await? else {
        let message = format!("{} {id} not found", entity.schema);
        let error = FieldError::not_found(&draft.resource, "chargeToId", message);
        draft.errors.push(error);
        return Ok(());
    };
    draft.set(link, Value::Integer(id));
    for (field, column) in [("company", "company_id"), ("agreement", "agreement_id")] {
        if let Some(of) = row.integer(column) {
            draft.default(field, Value::Integer(of));
        }
    }
    for (field, column) in [("workType", "work_type_id"), ("workRole", "work_role_id")] {
        if let Some(of) = row.integer(column) {
            draft.default(field, Value::Integer(of));
        }
    }
    Ok(())
}

/// From start to end without the deducted hours; hours given without an end stand as given.
fn hours(draft: &mut Draft<'_>) {
    let at = |name: &str| {
        draft
            .text(name)
            .and_then(|text| text.parse::<Timestamp>().ok())
    };
    let (Some(start), Some(end)) = (at("timeStart"), at("timeEnd")) else {
        return;
    };
    if end < start {
        let message = "timeEnd lies before timeStart.";
        let error = FieldError::invalid(&draft.resource, "timeEnd", message);
        draft.errors.push(error);
        return;
    }
    if !draft.gave("actualHours") && (draft.changed("timeStart") || draft.changed("timeEnd")) {
        let deducted = draft
            .column("hoursDeduct")
            .and_then(|column| draft.row.number(column));
        let hours = (end.as_second() - start.as_second()) as f64 / 3600.0 - deducted.unwrap_or(0.0);
        draft.set(
            "actualHours",
            Value::Number((hours * 100.0).round() / 100.0),
        );
    }
}
