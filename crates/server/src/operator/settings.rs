//! Switches of an instance, each with the values it takes.

use super::{Ask, reply};
use crate::answer::Reply;
use crate::problem::Problem;
use bitting_dialects::connectwise::error::{ApiError, FieldError};
use http::Method;
use serde::{Deserialize, Serialize};

/// A switch: its name, what it takes, and what it does.
pub(crate) struct Switch {
    pub(crate) name: &'static str,
    pub(crate) takes: &'static str,
    pub(crate) meaning: &'static str,
}

pub(crate) const SWITCHES: &[Switch] = &[
    Switch {
        name: "strict",
        takes: "on (default), off",
        meaning: "refuse unknown members in bodies",
    },
    Switch {
        name: "tokens",
        takes: "refuse (default), own",
        meaning: "let API members mint tokens for themselves",
    },
    Switch {
        name: "report-allow-list",
        takes: "names joined by commas; absent for all",
        meaning: "reports that the API Reports action opens",
    },
    Switch {
        name: "default-board",
        takes: "id of a service board",
        meaning: "board of tickets that name none",
    },
];

#[derive(Serialize)]
struct SettingBody<'a> {
    name: &'a str,
    value: Option<String>,
    takes: &'a str,
    meaning: &'a str,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    value: Option<String>,
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
