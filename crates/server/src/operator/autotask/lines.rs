//! Lines of business: which there are, and which of them a resource works for. The vendor's API shows them and
//! lets nobody change them; its screens have a tab for that.

use super::{Area, reply, wrong};
use crate::operator::ask::Ask;
use bitting_autotask::tenant::Tenant;
use bitting_catalog::entity::Entity;
use bitting_dialects::connectwise::error::ApiError;
use bitting_psa::answer::Reply;
use bitting_psa::backend::equals;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_query::{Filter, Kind, Value};
use bitting_store::table::Change;
use http::Method;
use serde::Serialize;

#[derive(Serialize)]
struct Line {
    id: i64,
    /// `Managed Services > East`
    name: String,
}

pub async fn all(area: &Area<'_>) -> Result<Reply, Problem> {
    if area.ask.method != Method::GET {
        return Err(Ask::unsupported("GET"));
    }
    reply(200, &known(&area.tenant).await?)
}

/// Names of the lines a resource works for.
pub async fn of(tenant: &Tenant, resource: i64) -> Result<Vec<String>, Problem> {
    let held = held(tenant, resource).await?;
    let known = known(tenant).await?;
    let names = known.into_iter().filter(|line| {
        held.iter()
            .any(|row| row.integer("organizational_level_association_id") == Some(line.id))
    });
    Ok(names.map(|line| line.name).collect())
}

/// What has to change for a resource to work for these lines and no others, each given by name or id.
pub async fn changes(
    tenant: &Tenant,
    resource: i64,
    wanted: &[serde_json::Value],
) -> Result<Vec<Change>, Problem> {
    let known = known(tenant).await?;
    let mut lines = Vec::with_capacity(wanted.len());
    for word in wanted {
        let text = word.as_str().unwrap_or_default();
        let id = word.as_i64().or_else(|| text.parse().ok());
        let found = known
            .iter()
            .find(|line| Some(line.id) == id || line.name.eq_ignore_ascii_case(text));
        let line = found.ok_or_else(|| {
            let names: Vec<&str> = known.iter().map(|line| line.name.as_str()).collect();
            wrong(
                "linesOfBusiness",
                format!(
                    "there is no line of business {word}; there are {}",
                    names.join(", ")
                ),
            )
        })?;
        if !lines.contains(&line.id) {
            lines.push(line.id);
        }
    }
    let listing = entity(tenant, "OrganizationalResources")?;
    let held = held(tenant, resource).await?;
    let line_of = |row: &Row| row.integer("organizational_level_association_id");
    let mut changes = Vec::new();
    for row in &held {
        if line_of(row).is_none_or(|line| !lines.contains(&line)) {
            changes.push(Change::Delete {
                table: listing.table.clone(),
                id: row.id,
            });
        }
    }
    for line in lines {
        if held.iter().any(|row| line_of(row) == Some(line)) {
            continue;
        }
        let mut row = Row::new(tenant.backend.store.next_id(&listing.table).await?);
        row.set("organizational_level_association_id", Value::Integer(line));
        row.set("resource_id", Value::Integer(resource));
        changes.push(Change::Insert {
            table: listing.table.clone(),
            id: row.id,
            values: row.into_values(),
        });
    }
    Ok(changes)
}

async fn held(tenant: &Tenant, resource: i64) -> Result<Vec<Row>, Problem> {
    let listing = entity(tenant, "OrganizationalResources")?;
    let filter = equals("resource_id", Kind::Integer, Value::Integer(resource));
    let rows = tenant.backend.raw_rows(listing, filter, Vec::new(), None);
    Ok(rows.await?)
}

async fn known(tenant: &Tenant) -> Result<Vec<Line>, Problem> {
    let all = async |path: &str| -> Result<Vec<Row>, Problem> {
        let entity = entity(tenant, path)?;
        let rows = tenant
            .backend
            .raw_rows(entity, Filter::Constant(true), Vec::new(), None);
        Ok(rows.await?)
    };
    let (first, second) = (
        all("OrganizationalLevel1s").await?,
        all("OrganizationalLevel2s").await?,
    );
    let name = |rows: &[Row], id: Option<i64>| {
        let found = rows.iter().find(|row| Some(row.id) == id);
        let name = found.and_then(|row| row.text("name"));
        name.unwrap_or("?").to_owned()
    };
    let lines = all("OrganizationalLevelAssociations").await?;
    Ok(lines
        .iter()
        .map(|row| Line {
            id: row.id,
            name: format!(
                "{} > {}",
                name(&first, row.integer("organizational_level1_id")),
                name(&second, row.integer("organizational_level2_id"))
            ),
        })
        .collect())
}

fn entity<'t>(tenant: &'t Tenant, path: &str) -> Result<&'t Entity, Problem> {
    let found = tenant.catalog().entity_at(path);
    found.ok_or_else(|| ApiError::no_endpoint().into())
}
