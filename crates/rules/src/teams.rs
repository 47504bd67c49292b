//! Teams: those of a board, which have a leader among their members, and those of a company, whose rows say
//! which part somebody plays for it.

use super::related::{self, id};
use super::set_up;
use bitting_dialects::connectwise::error::FieldError;
use bitting_psa::context::Context;
use bitting_psa::draft::Draft;
use bitting_psa::problem::Problem;
use bitting_query::Value;

const BOARD_TEAMS: &str = "service/boards/teams";

/// A board's team: its leader is one of its members, nobody is so twice, and the first team is the default.
pub async fn board(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    let Some(column) = draft.column("members") else {
        return Ok(());
    };
    let mut members = Vec::new();
    let said = related::numbers(&draft.row, column);
    for member in draft.integer("teamLeader").into_iter().chain(said) {
        if !members.contains(&member) {
            members.push(member);
        }
    }
    let json = serde_json::to_string(&members).unwrap_or_default();
    draft.set("members", related::text(json));
    if draft.is_new()
        && !draft.gave("defaultFlag")
        && let Some(board) = draft.integer("boardId")
        && related::under(context.instance, BOARD_TEAMS, "board_id", board)
            .await?
            .is_empty()
    {
        draft.set("defaultFlag", Value::Boolean(true));
    }
    Ok(())
}

/// A company's team row: a member or a contact, and the parts that its role plays. A member brings its
/// place.
pub async fn company(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    if draft.is_null("member") && draft.is_null("contact") {
        let message = "A row of a team names a member or a contact.";
        let error = FieldError::invalid(&draft.resource, "member", message);
        draft.errors.push(error);
    }
    if draft.changed("teamRole")
        && let Some((row, role)) = set_up::referred(context.instance, draft, "teamRole").await?
    {
        for name in ["accountManagerFlag", "techFlag", "salesFlag"] {
            if !draft.gave(name) {
                let flag = role.flag(context.instance, &row, name);
                draft.set(name, Value::Boolean(flag));
            }
        }
    }
    if draft.changed("member")
        && let Some((row, _)) = set_up::referred(context.instance, draft, "member").await?
    {
        draft.default("location", id(row.integer("default_location_id")));
        draft.default("department", id(row.integer("default_department_id")));
    }
    Ok(())
}
