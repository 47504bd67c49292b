//! Switches of an instance, each with the values it takes.

use crate::operator::ask::{Ask, reply};
use bitting_dialects::connectwise::error::{ApiError, FieldError};
use bitting_psa::answer::Reply;
use bitting_psa::instance::Instance;
use bitting_psa::problem::Problem;
use http::Method;
use serde::{Deserialize, Serialize};

const DEFAULT_BOARD: &str = "default-board";
const BOARDS: &str = "service/boards";

/// A switch: its name, what it takes, and what it does.
pub(crate) struct Switch {
    pub(crate) name: &'static str,
    pub(crate) takes: &'static str,
    /// The only values it takes, the default first; empty when it takes others.
    pub(crate) values: &'static [&'static str],
    pub(crate) meaning: &'static str,
}

pub(crate) const SWITCHES: &[Switch] = &[
    Switch {
        name: "strict",
        takes: "on (default), off",
        values: &["on", "off"],
        meaning: "refuse unknown members in bodies",
    },
    Switch {
        name: "tokens",
        takes: "refuse (default), own",
        values: &["refuse", "own"],
        meaning: "let API members mint tokens for themselves",
    },
    Switch {
        name: "report-allow-list",
        takes: "names joined by commas; absent for all",
        values: &[],
        meaning: "reports that the API Reports action opens",
    },
    Switch {
        name: DEFAULT_BOARD,
        takes: "id of a service board",
        values: &[],
        meaning: "board of tickets that name none",
    },
];

/// What is wrong with a value, for people; nothing where the switch takes it.
pub(crate) async fn fault(
    instance: &Instance,
    switch: &Switch,
    value: Option<&str>,
) -> Result<Option<String>, Problem> {
    let Some(value) = value else { return Ok(None) };
    let name = switch.name;
    if !switch.values.is_empty() && !switch.values.contains(&value) {
        let known = switch.values.join(" or ");
        return Ok(Some(format!("{name} takes {known}, not '{value}'.")));
    }
    if name != DEFAULT_BOARD {
        return Ok(None);
    }
    let (Ok(id), Some(boards)) = (value.parse(), instance.catalog().entity_at(BOARDS)) else {
        return Ok(Some(format!(
            "{name} takes the id of a service board, a number."
        )));
    };
    let found = instance.backend.raw_row(boards, id).await?;
    Ok(found
        .is_none()
        .then(|| format!("There is no service board {id}; Data shows them at {BOARDS}.")))
}

#[derive(Serialize)]
pub(super) struct SettingBody<'a> {
    pub name: &'a str,
    pub value: Option<String>,
    pub takes: &'a str,
    pub meaning: &'a str,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    pub value: Option<String>,
}

pub fn list(ask: &Ask<'_>) -> Result<Reply, Problem> {
    ask.operator_or_admin()?;
    reply(
        200,
        &SWITCHES
            .iter()
            .map(|switch| shown(ask, switch))
            .collect::<Vec<_>>(),
    )
}

pub async fn one(ask: &Ask<'_>, name: &str) -> Result<Reply, Problem> {
    ask.operator_or_admin()?;
    let switch = SWITCHES
        .iter()
        .find(|switch| switch.name.eq_ignore_ascii_case(name))
        .ok_or_else(|| {
            let known: Vec<_> = SWITCHES.iter().map(|switch| switch.name).collect();
            let message = format!(
                "There is no setting '{name}'; there are {}.",
                known.join(", ")
            );
            Problem::field("setting", FieldError::not_found("setting", "name", message))
        })?;
    match ask.method {
        Method::GET => {}
        Method::PUT => {
            let change: Change = ask.body()?;
            let value = change.value.as_deref();
            if let Some(text) = fault(&ask.instance, switch, value).await? {
                let error = FieldError::invalid("setting", "value", text);
                return Err(Problem::field("setting", error));
            }
            ask.instance
                .set_setting(switch.name, change.value.as_deref())
                .await?;
        }
        _ => return Err(ApiError::method_not_allowed("GET, PUT").into()),
    }
    reply(200, &shown(ask, switch))
}

fn shown<'a>(ask: &Ask<'_>, switch: &'a Switch) -> SettingBody<'a> {
    SettingBody {
        name: switch.name,
        value: ask.instance.setting(switch.name),
        takes: switch.takes,
        meaning: switch.meaning,
    }
}
