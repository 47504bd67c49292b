//! Service boards: what a new board starts with, whom it is closed to, and which types go with which
//! subtypes and items.

pub mod statuses;

use super::related::{self, text};
use bitting_dialects::connectwise::error::{ApiError, FieldError};
use bitting_dialects::connectwise::layout::SCOPE;
use bitting_policy::Verb;
use bitting_psa::draft::Draft;
use bitting_psa::permit::Permit;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_psa::{answer::Answer, context::Context};
use bitting_query::Value;
use std::collections::BTreeSet;

const BOARDS: &str = "service/boards";
const STATUSES: &str = "service/boards/statuses";
const SUBTYPES: &str = "service/boards/subtypes";
const ITEMS: &str = "service/boards/items/associations";
const MEMBERS: &str = "system/members";
const EXCLUDED: &str = "excluded_service_board_ids";

/// A new board starts with a status for new tickets and one for closed ones: without them no ticket could
/// be saved on it.
pub async fn alongside(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    if !draft.is_new() {
        return Ok(());
    }
    for (order, name, closed) in [(1, "New", false), (2, "Closed", true)] {
        let values = [
            ("board", Value::Integer(draft.row.id)),
            ("name", text(name)),
            ("sortOrder", Value::Integer(order)),
            ("displayOnBoard", Value::Boolean(!closed)),
            ("closedStatus", Value::Boolean(closed)),
            ("defaultFlag", Value::Boolean(!closed)),
        ];
        let id = related::next_id(context.instance, STATUSES).await?;
        let node = draft.row.integer(SCOPE);
        let changes = related::insert(context, STATUSES, id, &values, node).await?;
        draft.also.extend(changes);
    }
    Ok(())
}

/// Boards that new tickets may go to.
pub async fn active(context: Context<'_>) -> Result<Vec<Row>, Problem> {
    let mut boards = related::all(context.instance, BOARDS).await?;
    boards.retain(|board| !board.flag("inactive_flag"));
    Ok(boards)
}

/// Members that the board in the path is closed to. The members' own lists say so; a row is one member.
pub async fn excluded(context: Context<'_>, permit: &Permit<'_>) -> Result<Vec<Row>, Problem> {
    let Some(board) = context.parents.last().copied() else {
        return Ok(Vec::new());
    };
    let node = super::members::top_location(context.instance).await?;
    let mut rows = Vec::new();
    for member in related::all(context.instance, MEMBERS).await? {
        if !related::numbers(&member, EXCLUDED).contains(&board) {
            continue;
        }
        let mut row = Row::new(member.id);
        for (name, value) in [("memberId", member.id), ("boardId", board)] {
            if let Some(field) = permit.entity().any_field(name) {
                row.set(&field.column, Value::Integer(value));
            }
        }
        row.set(SCOPE, related::id(node));
        for column in ["entered_by", "date_entered", "updated_by", "last_updated"] {
            row.set(column, member.get(column).clone());
        }
        rows.push(row);
    }
    Ok(rows)
}

/// Closes the board to a member, or opens it again; reading goes its usual way.
pub async fn exclude(
    context: Context<'_>,
    permit: &Permit<'_>,
    id: Option<i64>,
    body: &[u8],
) -> Result<Option<Answer>, Problem> {
    let board = context.parents.last().copied();
    let board = board.ok_or_else(ApiError::no_endpoint)?;
    let schema = &permit.entity().schema;
    match (permit.verb(), id) {
        (Verb::Add, None) => {
            let members = related::object(body, schema)?;
            let member = related::member(&members, "memberId").and_then(related::number);
            let Some(member) = member else {
                let error = FieldError::missing("boardExcludedMember", "memberId");
                return Err(Problem::field("boardExcludedMember", error));
            };
            let Some(row) = related::one(context.instance, MEMBERS, member).await? else {
                let message = format!("Member {member} not found");
                let error = FieldError::not_found("boardExcludedMember", "memberId", message);
                return Err(Problem::field("boardExcludedMember", error));
            };
            let mut boards = related::numbers(&row, EXCLUDED);
            if !boards.contains(&board) {
                boards.push(board);
            }
            keep(context, member, &boards).await?;
            let mut rows = excluded(context, permit).await?;
            rows.retain(|row| row.id == member);
            let look = context.look();
            let backend = &context.instance.backend;
            let body = backend.write_rows(permit, &rows, look, false).await?;
            Ok(Some(Answer {
                status: 201,
                body,
                ..Answer::default()
            }))
        }
        (Verb::Delete, Some(member)) => {
            let missing = || ApiError::not_found(schema, &member.to_string());
            let row = related::one(context.instance, MEMBERS, member)
                .await?
                .ok_or_else(missing)?;
            let mut boards = related::numbers(&row, EXCLUDED);
            if !boards.contains(&board) {
                return Err(missing().into());
            }
            boards.retain(|other| *other != board);
            keep(context, member, &boards).await?;
            Ok(Some(Answer::empty(204)))
        }
        _ => Ok(None),
    }
}

async fn keep(context: Context<'_>, member: i64, boards: &[i64]) -> Result<(), Problem> {
    let json = serde_json::to_string(boards).unwrap_or_default();
    let change = related::update(context, MEMBERS, member, &[(EXCLUDED, text(json))])?;
    let members = related::entity(context.instance, MEMBERS)?;
    bitting_psa::saving::finish(context, members, vec![change]).await
}

/// Which types go with which subtypes, and those with which items, as the subtypes and items say.
pub async fn associations(
    context: Context<'_>,
    permit: &Permit<'_>,
) -> Result<Option<Vec<Row>>, Problem> {
    let entity = permit.entity();
    // The associations of one item are at rest; only the list of a whole board is worked out.
    let Some(kind) = entity.any_field("subType") else {
        return Ok(None);
    };
    let Some(board) = context.parents.last().copied() else {
        return Ok(Some(Vec::new()));
    };
    let node = super::members::top_location(context.instance).await?;
    let items = related::under(context.instance, ITEMS, "board_id", board).await?;
    let (mut rows, mut taken) = (Vec::new(), BTreeSet::new());
    for subtype in related::under(context.instance, SUBTYPES, "board_id", board).await? {
        for of in related::numbers(&subtype, "type_association_ids") {
            let with = items.iter().filter(|item| {
                related::numbers(item, "sub_type_association_ids").contains(&subtype.id)
            });
            let with = std::iter::once(None).chain(with.map(|item| item.integer("item_id")));
            for item in with {
                // Clients keep the associations of all boards in one table.
                let words = format!("{board}/{of}/{}/{}", subtype.id, item.unwrap_or(0));
                let mut row = Row::new(super::security::stable_id(&words, &mut taken));
                row.set(&kind.column, Value::Integer(subtype.id));
                for (name, value) in [("type", Some(of)), ("item", item), ("board", Some(board))] {
                    if let Some(field) = entity.any_field(name) {
                        row.set(&field.column, related::id(value));
                    }
                }
                row.set(SCOPE, related::id(node));
                rows.push(row);
            }
        }
    }
    Ok(Some(rows))
}
