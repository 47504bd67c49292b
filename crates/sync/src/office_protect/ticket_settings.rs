//! The status chosen for new tickets: open, active, on the API member's default board, or not used. Needs the
//! profile's optional rights; without them nothing can be chosen and everything else works.

use super::rights::{BOARDS, HIDDEN, MEMBERS};
use super::settings::Settings;
use crate::Failure;
use crate::api::{id, literal};
use crate::work::Work;
use serde_json::Value;

/// Watermark with the id of the status that passed; empty where none is used.
pub const STATUS: &str = "ticket status";

pub fn run(work: &mut Work<'_>) -> Result<(), Failure> {
    let settings = Settings::of(work)?;
    let found = match statuses(work, settings.api_member()) {
        Err(Failure::Right { need, .. }) => {
            work.state.set_watermark(work.integration, STATUS, "")?;
            work.warn(format!(
                "{need} is missing; it is optional: without it, {HIDDEN}"
            ));
            return Ok(());
        }
        found => found?,
    };
    let Some(wanted) = &settings.status else {
        return work.state.set_watermark(work.integration, STATUS, "");
    };
    match usable(&found, wanted) {
        Ok(status) => work
            .state
            .set_watermark(work.integration, STATUS, &status.to_string()),
        Err(reason) => {
            work.state.set_watermark(work.integration, STATUS, "")?;
            Err(Failure::Settings(format!(
                "status `{wanted}` {reason}; until another one is chosen, new tickets get their board's default status"
            )))
        }
    }
}

/// Statuses of the member's default board; none where it has no board.
fn statuses(work: &mut Work<'_>, member: &str) -> Result<Vec<Value>, Failure> {
    let members = work.api.find(
        MEMBERS,
        "system/members",
        &format!("identifier={}", literal(member)),
    )?;
    let Some(found) = members.first() else {
        return Err(Failure::Settings(format!(
            "there is no member `{member}`; enter the API member's id as api_member"
        )));
    };
    let Some(board) = found["serviceDefaultBoard"]["id"].as_i64() else {
        work.warn(format!(
            "member {member} has no default board; tickets go to the PSA's own default board"
        ));
        // The right is asked for all the same, so that its absence shows before a board is chosen.
        work.api.get(BOARDS, "service/boards?pageSize=1")?;
        return Ok(Vec::new());
    };
    let statuses = work
        .api
        .all(BOARDS, &format!("service/boards/{board}/statuses"))?;
    work.counts.read += statuses.len() as u64;
    work.output("statuses.jsonl", &statuses)?;
    Ok(statuses)
}

fn usable(statuses: &[Value], wanted: &str) -> Result<i64, &'static str> {
    let named = |status: &&Value| {
        id(status).to_string() == wanted
            || status["name"]
                .as_str()
                .is_some_and(|name| name.eq_ignore_ascii_case(wanted))
    };
    let status = statuses
        .iter()
        .find(named)
        .ok_or("is none of the member's default board")?;
    match status {
        closed if closed["closedStatus"] == true || closed["closedFlag"] == true => {
            Err("closes tickets")
        }
        inactive if inactive["inactive"] == true || inactive["inactiveFlag"] == true => {
            Err("is not active any more")
        }
        status => Ok(id(status)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_open_active_statuses_of_the_board_are_used() {
        let statuses = [
            json!({ "id": 1, "name": "New", "closedStatus": false, "inactive": false }),
            json!({ "id": 2, "name": "Closed", "closedStatus": true }),
            json!({ "id": 3, "name": "Old", "inactive": true }),
        ];
        assert_eq!(usable(&statuses, "new"), Ok(1));
        assert_eq!(usable(&statuses, "1"), Ok(1));
        assert_eq!(usable(&statuses, "Closed"), Err("closes tickets"));
        assert_eq!(usable(&statuses, "3"), Err("is not active any more"));
        assert_eq!(
            usable(&statuses, "Other"),
            Err("is none of the member's default board")
        );
    }
}
