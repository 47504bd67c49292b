//! Switches of an Autotask instance: strict or lenient, with limits or without.

use super::Area;
use super::reply;
use crate::operator::ask::Ask;
use crate::operator::settings::{Change, SettingBody};
use bitting_autotask::tenant::Tenant;
use bitting_autotask::tenant::switches::{SWITCHES, Switch};
use bitting_dialects::connectwise::error::FieldError;
use bitting_psa::answer::Reply;
use bitting_psa::problem::Problem;
use http::Method;

pub fn list(area: &Area<'_>) -> Result<Reply, Problem> {
    if area.ask.method != Method::GET {
        return Err(Ask::unsupported("GET"));
    }
    let all: Vec<_> = SWITCHES
        .iter()
        .map(|switch| shown(&area.tenant, switch))
        .collect();
    reply(200, &all)
}

pub async fn one(area: &Area<'_>, name: &str) -> Result<Reply, Problem> {
    let switch = Switch::find(name).ok_or_else(|| {
        let known: Vec<_> = SWITCHES.iter().map(|switch| switch.name).collect();
        let message = format!(
            "There is no setting '{name}' of an Autotask instance; there are {}.",
            known.join(", ")
        );
        Problem::field("setting", FieldError::not_found("setting", "name", message))
    })?;
    match area.ask.method {
        Method::GET => {}
        Method::PUT => {
            let change: Change = area.ask.body()?;
            let value = change.value.as_deref();
            if let Some(text) = value.and_then(|value| switch.fault(value)) {
                let error = FieldError::invalid("setting", "value", text);
                return Err(Problem::field("setting", error));
            }
            area.tenant.set_switch(switch, value).await?;
        }
        _ => return Err(Ask::unsupported("GET, PUT")),
    }
    reply(200, &shown(&area.tenant, switch))
}

fn shown<'a>(tenant: &Tenant, switch: &'a Switch) -> SettingBody<'a> {
    SettingBody {
        name: switch.name,
        value: tenant.switch(switch),
        takes: switch.takes,
        meaning: switch.meaning,
    }
}
