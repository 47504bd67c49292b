//! People: resources that sign in and are no API users. Their security level says whether API users may act as
//! them; the vendor's API neither shows nor sets it.

use super::users::{column, resources};
use super::{Area, levels, lines, reply, wrong};
use crate::operator::ask::Ask;
use bitting_autotask::tenant::Tenant;
use bitting_dialects::connectwise::error::ApiError;
use bitting_psa::answer::Reply;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_query::Filter;
use http::Method;
use serde::{Deserialize, Serialize};

/// License of API users.
const API_USER: i64 = 7;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PersonBody {
    id: i64,
    first_name: String,
    last_name: String,
    email: String,
    /// Absent for one that was given none.
    #[serde(skip_serializing_if = "Option::is_none")]
    security_level: Option<String>,
    /// Whether API users may act as this person, as far as its level says.
    allows_impersonation: bool,
    lines_of_business: Vec<String>,
    inactive: bool,
}

/// What is left out stays.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ChangeBody {
    security_level: Option<serde_json::Value>,
    lines_of_business: Option<Vec<serde_json::Value>>,
}

pub async fn all(area: &Area<'_>) -> Result<Reply, Problem> {
    if area.ask.method != Method::GET {
        return Err(Ask::unsupported("GET"));
    }
    let tenant = &area.tenant;
    let rows = tenant
        .backend
        .raw_rows(resources(tenant)?, Filter::Constant(true), Vec::new(), None)
        .await?;
    let mut people = Vec::new();
    for row in rows.iter().filter(|row| is_person(tenant, row)) {
        people.push(body(tenant, row).await?);
    }
    reply(200, &people)
}

pub async fn one(area: &Area<'_>, id: i64) -> Result<Reply, Problem> {
    let tenant = &area.tenant;
    let row = tenant.backend.raw_row(resources(tenant)?, id).await?;
    let row = row
        .filter(|row| is_person(tenant, row))
        .ok_or_else(|| ApiError::not_found("Person", &id.to_string()))?;
    match area.ask.method {
        Method::GET => {}
        Method::PATCH | Method::PUT => change(tenant, id, &area.ask.body()?).await?,
        _ => return Err(Ask::unsupported("GET, PUT, PATCH")),
    }
    reply(200, &body(tenant, &row).await?)
}

async fn change(tenant: &Tenant, id: i64, change: &ChangeBody) -> Result<(), Problem> {
    let level = match &change.security_level {
        None => None,
        Some(word) => {
            let level = levels::find_id(tenant, word)?;
            let held = tenant.level(level);
            if !held.is_some_and(|level| level.document.interactive) {
                return Err(wrong(
                    "securityLevel",
                    "people sign in, and this level is for API users alone; take a copy of `Full Access (system)`",
                ));
            }
            Some(level)
        }
    };
    if let Some(wanted) = &change.lines_of_business {
        let changes = lines::changes(tenant, id, wanted).await?;
        tenant.backend.write(changes).await?;
    }
    if let Some(level) = level {
        tenant.set_level_of(id, level).await?;
    }
    Ok(())
}

fn is_person(tenant: &Tenant, row: &Row) -> bool {
    row.integer("license_type") != Some(API_USER) && tenant.users_of(row.id).is_empty()
}

async fn body(tenant: &Tenant, row: &Row) -> Result<PersonBody, Problem> {
    let entity = resources(tenant)?;
    let text = |field: &str| {
        let column = column(entity, field);
        let text = column.and_then(|column| row.text(column));
        text.unwrap_or_default().to_owned()
    };
    let level = tenant.level_of(row.id);
    Ok(PersonBody {
        id: row.id,
        first_name: text("firstName"),
        last_name: text("lastName"),
        email: text("email"),
        allows_impersonation: level
            .as_ref()
            .is_some_and(|level| level.document.allows_impersonation),
        security_level: level.map(|level| level.document.name.clone()),
        lines_of_business: lines::of(tenant, row.id).await?,
        inactive: !row.flag("is_active"),
    })
}
