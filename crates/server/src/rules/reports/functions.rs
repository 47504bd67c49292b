//! Reports whose rows are no records: worked out by a function that the report's file names. The rows hold
//! their values by the report's own column names.

use crate::instance::Instance;
use crate::problem::Problem;
use crate::row::Row;
use bitting_dialects::connectwise::error::ApiError;
use bitting_policy::{Level, Verb};
use bitting_query::{Filter, Value};

/// The rows that a function makes.
pub async fn rows(instance: &Instance, function: &str) -> Result<Vec<Row>, Problem> {
    match function {
        "member_security_roles" => member_security_roles(instance).await,
        other => {
            tracing::error!(function = other, "a report names a function there is not");
            Err(ApiError::server("The report's definition names no known function.").into())
        }
    }
}

/// What every member's role says of every action. Levels count 0 for None, 1 for My, 2 for All.
async fn member_security_roles(instance: &Instance) -> Result<Vec<Row>, Problem> {
    let mut rows = Vec::new();
    let (Some(members), Some(roles)) = (
        instance.catalog().entity_at("system/apiMembers"),
        instance.catalog().entity_at("system/securityroles"),
    ) else {
        return Ok(rows);
    };
    let all = Filter::Constant(true);
    let known = instance
        .backend
        .raw_rows(roles, all.clone(), Vec::new(), None)
        .await?;
    for member in instance
        .backend
        .raw_rows(members, all, Vec::new(), None)
        .await?
    {
        let value = |name: &str| super::super::set_up::value(members, &member, name);
        let Value::Integer(role_id) = value("securityRole") else {
            continue;
        };
        let admin = known
            .iter()
            .any(|row| row.id == *role_id && row.flag("admin_flag"));
        let role = instance.role(*role_id);
        for action in instance.registry().actions() {
            let mut row = Row::new(rows.len() as i64 + 1);
            row.set("Member_ID", value("identifier").clone());
            row.set_text("Module_ID", action.module_identifier.clone());
            row.set_text(
                "Module_Name",
                format!("{} / {}", action.module, action.name),
            );
            row.set("FO_Role_Security_RecID", Value::Integer(*role_id));
            for (name, verb) in [
                ("Add_Level", Verb::Add),
                ("Edit_Level", Verb::Edit),
                ("Delete_Level", Verb::Delete),
                ("Inquire_Level", Verb::Inquire),
            ] {
                let level = if admin && action.accepts(verb, Level::All) {
                    Level::All
                } else {
                    role.level(action.id, verb)
                };
                let number = match level {
                    Level::None => 0,
                    Level::My => 1,
                    Level::All => 2,
                };
                row.set(name, Value::Integer(number));
            }
            rows.push(row);
        }
    }
    Ok(rows)
}
