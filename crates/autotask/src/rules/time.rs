//! Time entries: whose they are, what they are for, and the values that only some levels may change.

use super::super::answer::Trouble;
use super::super::permit::Permit;
use crate::draft::Draft;
use bitting_dialects::autotask::error::Refusal;
use bitting_policy::Verb;
use bitting_psa::row::Row;
use bitting_query::Value;

/// Fields that a check of the screen guards, and what the vendor calls them.
const GUARDED: [(&str, &str); 3] = [
    ("isNonBillable", "Non-Billable"),
    ("showOnInvoice", "Show On Invoice"),
    ("billingCodeID", "Work Type"),
];
/// Those that are guarded where the time is a task's, and free where it is a ticket's.
const GUARDED_ON_TASKS: [(&str, &str); 3] = [
    ("contractID", "Contract"),
    ("contractServiceID", "Service/Bundle"),
    ("contractServiceBundleID", "Service/Bundle"),
];

/// Time of others is theirs.
pub fn save(permit: &Permit<'_>, draft: &mut Draft<'_>) -> Result<(), Trouble> {
    if let Some(before) = &draft.before
        && !is_own(permit, before)
    {
        return Err(Refusal::new(
            "You do not have permission to edit time entries that you did not create.",
        )
        .into());
    }
    let kind = match (draft.integer("ticketID"), draft.integer("taskID")) {
        (Some(_), _) => 2,
        (None, Some(_)) => 6,
        (None, None) => 10,
    };
    draft.set("timeEntryType", Value::Integer(kind));
    if draft.before.is_none() && !draft.gives("showOnInvoice") {
        let billable = !draft.flag("isNonBillable");
        draft.set("showOnInvoice", Value::Boolean(billable));
    }
    let window = ["startDateTime", "endDateTime"];
    // Hours alone are passed over: they follow the window.
    if draft.before.is_some() && !window.iter().any(|name| draft.gives(name)) {
        draft.ignore("hoursWorked");
    }
    if let Some(hours) = draft.number("hoursWorked") {
        let offset = draft.number("offsetHours").unwrap_or_default();
        draft.set("hoursToBill", Value::Number((hours + offset).max(0.0)));
    }
    guarded(permit, draft, kind);
    Ok(())
}

/// What a new entry has by itself may be said by anyone; another value only by who may modify it.
fn guarded(permit: &Permit<'_>, draft: &mut Draft<'_>, kind: i64) {
    let (modify, of, more) = match kind {
        2 => ("modify", "Ticket", &[][..]),
        6 => ("modify-on-task", "Project task", &GUARDED_ON_TASKS[..]),
        _ => return,
    };
    for &(name, called) in GUARDED.iter().chain(more) {
        let usual = match (&draft.before, name) {
            (Some(_), _) => !draft.changes(name),
            (None, "isNonBillable") => !draft.flag(name),
            (None, "showOnInvoice") => draft.flag(name) || draft.flag("isNonBillable"),
            (None, _) => true,
        };
        let right = format!("{modify} {name}");
        if draft.gives(name) && !usual && !permit.holds(&right, Verb::Edit) {
            draft.errors.push(format!(
                "User not authorized to change {called} values for {of} time entries"
            ));
        }
    }
}

/// What others have made can be deleted by nobody else.
pub fn delete(permit: &Permit<'_>, row: &Row) -> Result<(), Trouble> {
    if is_own(permit, row) {
        return Ok(());
    }
    Err(
        Refusal::new("You do not have permission to delete time entries that you did not create.")
            .into(),
    )
}

fn is_own(permit: &Permit<'_>, row: &Row) -> bool {
    ["creator_user_id", "resource_id"]
        .iter()
        .any(|column| row.integer(column) == Some(permit.acting().resource))
}
