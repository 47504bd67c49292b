//! Sheets that gather a member's entries of a period, and their way to approval: time sheets and expense
//! reports, which are alike.

use super::super::changes;
use super::super::related::{self, text};
use super::{cycles, periods};
use crate::paths;
use bitting_catalog::entity::Entity;
use bitting_dialects::connectwise::error::{ApiError, FieldError};
use bitting_psa::backend::{column, equals};
use bitting_psa::draft::Draft;
use bitting_psa::number::hundredths;
use bitting_psa::permit::Permit;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_psa::saving;
use bitting_psa::{answer::Answer, context::Context};
use bitting_query::{Filter, Kind, Value, and};
use bitting_store::table::Change;
use serde_json::json;

/// One kind of sheet with its entries.
pub struct Book {
    pub sheets: &'static str,
    pub entries: &'static str,
    /// What set-ups of periods call it.
    what: &'static str,
    /// Columns of an entry: its sheet, its day, what the sheet sums.
    pub link: &'static str,
    day: &'static str,
    summed: &'static str,
    /// The column of a sheet that holds the sum, and its field for the day by which it is due.
    total: &'static str,
    due: &'static str,
}

pub static TIME: Book = Book {
    sheets: "time/sheets",
    entries: paths::time::ENTRIES,
    what: "Time",
    link: "time_sheet_id",
    day: "time_start",
    summed: "actual_hours",
    total: "hours",
    due: "deadline",
};

pub static EXPENSES: Book = Book {
    sheets: "expense/reports",
    entries: "expense/entries",
    what: "Expense",
    link: "expense_report_id",
    day: "date",
    summed: "amount",
    total: "total",
    due: "dueDate",
};

/// States in which a sheet takes entries.
const OPEN: [&str; 4] = ["Open", "Rejected", "ErrorsCorrected", "RejectBySecondTier"];
/// States that an approval does not change any more.
const SETTLED: [&str; 3] = ["Billed", "WrittenOff", "BilledAgreement"];

/// The sheet of an entry's member and day, if there is one.
async fn sheet(
    context: Context<'_>,
    row: &Row,
    book: &Book,
) -> Result<Option<(Option<Row>, periods::Period)>, Problem> {
    let day = row.text(book.day).and_then(cycles::day);
    let (Some(member), Some(day)) = (row.integer("member_id"), day) else {
        return Ok(None);
    };
    let period = periods::of(context, day, book.what).await?;
    let own = equals("member_id", Kind::Integer, Value::Integer(member));
    let from = Filter::Compare {
        path: column("date_start", Kind::DateTime),
        op: bitting_query::Comparison::Equal,
        value: Value::Text(cycles::shown(period.first)),
    };
    let found = related::filtered(context.instance, book.sheets, and(own, from)).await?;
    Ok(Some((found.into_iter().next(), period)))
}

/// Refuses an entry whose sheet, or former sheet, was handed in.
pub async fn writable(
    context: Context<'_>,
    draft: &mut Draft<'_>,
    book: &Book,
) -> Result<(), Problem> {
    let former = match draft.before.as_ref().and_then(|row| row.integer(book.link)) {
        Some(id) => related::one(context.instance, book.sheets, id).await?,
        None => None,
    };
    let now = sheet(context, &draft.row, book)
        .await?
        .and_then(|(row, _)| row);
    let shut = |row: &&Row| !OPEN.contains(&row.text("status").unwrap_or("Open"));
    if let Some(shut) = [former, now].iter().flatten().find(shut) {
        let message = format!(
            "Sheet {} is {}; reverse it before its entries change.",
            shut.id,
            shut.text("status").unwrap_or_default()
        );
        let field = if book.what == "Time" {
            "timeSheet"
        } else {
            "expenseReport"
        };
        let error = FieldError::invalid(&draft.resource, field, message);
        draft.errors.push(error);
    }
    Ok(())
}

/// Puts the entry on its sheet, which is made where there is none, and sums the sheet anew.
pub async fn join(context: Context<'_>, draft: &mut Draft<'_>, book: &Book) -> Result<(), Problem> {
    let own = draft.row.number(book.summed).unwrap_or(0.0);
    let was = draft.before.as_ref().and_then(|row| row.integer(book.link));
    let now = match sheet(context, &draft.row, book).await? {
        None => None,
        Some((Some(row), _)) => Some(row.id),
        Some((None, period)) => {
            let id = related::next_id(context.instance, book.sheets).await?;
            let member = draft.row.get("member_id").clone();
            let changes = made(context, book, id, member, period).await?;
            draft.also.extend(changes);
            Some(id)
        }
    };
    draft.row.set(book.link, related::id(now));
    for sheet in [now, was.filter(|was| Some(*was) != now)]
        .into_iter()
        .flatten()
    {
        let own = if now == Some(sheet) { own } else { 0.0 };
        draft
            .also
            .push(sum(context, book, sheet, draft.row.id, own).await?);
    }
    Ok(())
}

async fn made(
    context: Context<'_>,
    book: &Book,
    id: i64,
    member: Value,
    period: periods::Period,
) -> Result<Vec<Change>, Problem> {
    let values = [
        ("member", member),
        ("year", Value::Integer(i64::from(period.year))),
        ("period", Value::Integer(period.number)),
        ("dateStart", text(cycles::shown(period.first))),
        ("dateEnd", text(cycles::shown(period.last))),
        (book.due, text(cycles::shown(period.deadline))),
        ("status", text("Open")),
    ];
    related::insert(context, book.sheets, id, &values, None).await
}

/// A sheet without an entry that goes.
pub async fn leave(
    context: Context<'_>,
    row: &Row,
    book: &Book,
    also: &mut Vec<Change>,
) -> Result<(), Problem> {
    if let Some(sheet) = row.integer(book.link) {
        also.push(sum(context, book, sheet, row.id, 0.0).await?);
    }
    Ok(())
}

async fn sum(
    context: Context<'_>,
    book: &Book,
    sheet: i64,
    except: i64,
    own: f64,
) -> Result<Change, Problem> {
    let entries = related::under(context.instance, book.entries, book.link, sheet).await?;
    let others = entries.iter().filter(|row| row.id != except);
    let sum: f64 = others.filter_map(|row| row.number(book.summed)).sum();
    let sum = Value::Number(hundredths(sum + own));
    related::update(context, book.sheets, sheet, &[(book.total, sum)])
}

/// A step on the way of a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Submit,
    Approve,
    Reject,
    Reverse,
}

impl Step {
    /// The state after this step, or why there is none.
    pub fn from(self, status: &str, tier: Option<&str>) -> Option<&'static str> {
        match (self, status, tier) {
            (Self::Submit, status, _) if OPEN.contains(&status) => Some("PendingApproval"),
            (
                Self::Approve,
                "PendingApproval" | "PendingProjectApproval",
                None | Some("Tier1Update" | "Project" | "Service" | "DataEntry"),
            ) => Some("ApprovedByTierOne"),
            (Self::Approve, "ApprovedByTierOne", None | Some("Tier2Update")) => {
                Some("ApprovedByTierTwo")
            }
            (Self::Approve, "ApprovedByTierOne" | "ApprovedByTierTwo", Some("Billing")) => {
                Some("ReadyToBill")
            }
            (Self::Reject, "PendingApproval" | "PendingProjectApproval", _) => Some("Rejected"),
            (Self::Reject, "ApprovedByTierOne" | "ApprovedByTierTwo" | "ReadyToBill", _) => {
                Some("RejectBySecondTier")
            }
            (
                Self::Reverse,
                "PendingApproval"
                | "PendingProjectApproval"
                | "ApprovedByTierOne"
                | "ApprovedByTierTwo"
                | "ReadyToBill",
                _,
            ) => Some("Open"),
            _ => None,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Submit => "submitted",
            Self::Approve => "approved",
            Self::Reject => "rejected",
            Self::Reverse => "reversed",
        }
    }
}

/// Takes a sheet one step on, with those of its entries that are not billed.
pub async fn step(
    context: Context<'_>,
    permit: &Permit<'_>,
    book: &Book,
    step: Step,
    id: Option<i64>,
    body: &[u8],
) -> Result<Answer, Problem> {
    let id = id.ok_or_else(ApiError::no_endpoint)?;
    let _turn = context.instance.ledger().await?;
    let entity = permit.entity();
    let sheet = saving::existing(context, permit, id).await?;
    let tier = tier(body, &entity.schema)?;
    let was = sheet.text("status").unwrap_or("Open").to_owned();
    let resource = bitting_dialects::connectwise::names::resource(&entity.schema);
    let Some(status) = step.from(&was, tier.as_deref()) else {
        let by = tier.map_or(String::new(), |tier| format!(" as {tier}"));
        let message = format!(
            "{} {id} is {was} and cannot be {}{by}.",
            entity.schema,
            step.word()
        );
        let error = FieldError::invalid(&resource, "status", message);
        return Err(Problem::field(&resource, error));
    };
    let rows = related::under(context.instance, book.entries, book.link, id).await?;
    if step == Step::Submit && rows.is_empty() {
        let message = format!("{} {id} has no entries.", entity.schema);
        let error = FieldError::invalid(&resource, "status", message);
        return Err(Problem::field(&resource, error));
    }
    let mut all = marked(context, entity, sheet, status).await?;
    let entries = related::entity(context.instance, book.entries)?;
    for row in rows {
        if !SETTLED.contains(&row.text("status").unwrap_or_default()) {
            all.extend(marked(context, entries, row, status).await?);
        }
    }
    saving::finish(context, entity, all).await?;
    Ok(Answer::json(200, &json!({ "success": true })))
}

/// Which of the approvals the caller speaks for.
fn tier(body: &[u8], schema: &str) -> Result<Option<String>, Problem> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(None);
    }
    let members = related::object(body, schema)?;
    Ok(related::member(&members, "approvalType")
        .and_then(|value| value.as_str())
        .map(str::to_owned))
}

/// The changes that give a record another state, told to the trail and to callbacks.
pub async fn marked(
    context: Context<'_>,
    entity: &Entity,
    row: Row,
    status: &str,
) -> Result<Vec<Change>, Problem> {
    let mut draft = Draft::changing(entity, row);
    draft.set("status", text(status));
    changed(context, draft).await
}

/// The changes that bring a record's new values to rest, without a look at the permit: the caller's right to
/// do this was decided on another record.
pub async fn changed(context: Context<'_>, mut draft: Draft<'_>) -> Result<Vec<Change>, Problem> {
    saving::enter(context, &mut draft);
    let Some(before) = draft.before.clone() else {
        return Ok(Vec::new());
    };
    let mut all = vec![Change::Update {
        table: draft.entity.table.clone(),
        id: draft.row.id,
        values: draft.row.changes_since(&before),
    }];
    all.append(&mut draft.also);
    changes::saved(context, &draft, &mut all).await?;
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::Step::{Approve, Reject, Reverse, Submit};

    #[test]
    fn sheets_go_their_way_and_no_other() {
        for (step, from, tier, to) in [
            (Submit, "Open", None, Some("PendingApproval")),
            (Submit, "Rejected", None, Some("PendingApproval")),
            (Submit, "PendingApproval", None, None),
            (Approve, "Open", None, None),
            (Approve, "PendingApproval", None, Some("ApprovedByTierOne")),
            (Approve, "PendingApproval", Some("Tier2Update"), None),
            (Approve, "ApprovedByTierOne", Some("Tier1Update"), None),
            (
                Approve,
                "ApprovedByTierOne",
                Some("Tier2Update"),
                Some("ApprovedByTierTwo"),
            ),
            (
                Approve,
                "ApprovedByTierTwo",
                Some("Billing"),
                Some("ReadyToBill"),
            ),
            (Reject, "PendingApproval", None, Some("Rejected")),
            (
                Reject,
                "ApprovedByTierOne",
                None,
                Some("RejectBySecondTier"),
            ),
            (Reject, "Open", None, None),
            (Reverse, "ApprovedByTierTwo", None, Some("Open")),
            (Reverse, "Billed", None, None),
            (Reverse, "Open", None, None),
        ] {
            assert_eq!(step.from(from, tier), to, "{step:?} {from} {tier:?}");
        }
    }
}
