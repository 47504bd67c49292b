//! The least a new company needs before anyone can call: the top of its structure, an administrator role
//! with its API member, and a least-privilege one.

use bitting_policy::{Level, Role};
use bitting_psa::defaults;
use bitting_psa::instance::Instance;
use bitting_psa::moment::time;
use bitting_psa::problem::Problem;
use bitting_query::Value;
use bitting_store::Change;
use std::sync::Arc;

/// The two API members of a new company.
#[derive(Debug, Clone, Copy)]
pub struct Members {
    pub admin: i64,
    pub least: i64,
}

/// Lays them down in one write.
pub async fn company(instance: &Instance) -> Result<Members, Problem> {
    let mut changes = Vec::new();
    let level = row(
        instance,
        &mut changes,
        "system/myCompany/corporateStructureLevels",
        &[("name", text("Corporate"))],
    )
    .await?;
    let top = row(
        instance,
        &mut changes,
        "system/locations",
        &[
            ("name", text("Corporate")),
            ("structureLevel", Value::Integer(level)),
            ("locationFlag", Value::Boolean(true)),
        ],
    )
    .await?;
    let department = row(
        instance,
        &mut changes,
        "system/departments",
        &[
            ("identifier", text("Admin")),
            ("name", text("Administration")),
        ],
    )
    .await?;
    let mut members = Vec::new();
    for (role, admin, identifier, name) in [
        ("Admin", true, "AdminAPI", "Administrator"),
        ("Tickets", false, "LeastAPI", "Least privilege"),
    ] {
        let role_id = row(
            instance,
            &mut changes,
            "system/securityroles",
            &[("name", text(role)), ("adminFlag", Value::Boolean(admin))],
        )
        .await?;
        if !admin {
            changes.push(instance.role_change(&least(instance, role_id, role)));
        }
        let member = row(
            instance,
            &mut changes,
            "system/apiMembers",
            &[
                ("identifier", text(identifier)),
                ("name", text(name)),
                ("licenseClass", text("A")),
                ("securityRole", Value::Integer(role_id)),
                ("structureLevel", Value::Integer(level)),
                ("securityLocation", Value::Integer(top)),
                ("defaultLocation", Value::Integer(top)),
                ("defaultDepartment", Value::Integer(department)),
            ],
        )
        .await?;
        members.push(member);
    }
    instance.backend.write(changes).await?;
    instance.reload().await?;
    Ok(Members {
        admin: members[0],
        least: members[1],
    })
}

/// Companies may be read, tickets read and written: what a ticketing integration needs.
fn least(instance: &Instance, id: i64, name: &str) -> Role {
    let mut role = Role::new(instance.registry(), id, name);
    let grants = [
        (
            "Companies",
            "Company Maintenance",
            [Level::None, Level::None, Level::None, Level::All],
        ),
        (
            "Service Desk",
            "Service Tickets",
            [Level::All, Level::All, Level::None, Level::All],
        ),
    ];
    for (module, action, levels) in grants {
        if let Some(action) = instance.registry().action(module, action)
            && let Err(error) = role.set(instance.registry(), action, levels)
        {
            tracing::error!(%error, "the first role cannot be set");
        }
    }
    role
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

async fn row(
    instance: &Instance,
    changes: &mut Vec<Change>,
    path: &str,
    values: &[(&str, Value)],
) -> Result<i64, Problem> {
    let Some(entity) = instance.catalog().entity_at(path) else {
        return Ok(0);
    };
    let id = instance.backend.store.next_id(&entity.table).await?;
    let now = time(instance.now());
    let mut row: Vec<(Arc<str>, Value)> = values
        .iter()
        .filter_map(|(name, value)| Some((entity.any_field(name)?.column.clone(), value.clone())))
        .collect();
    for (column, value) in defaults::of_table(instance.catalog(), entity) {
        if row.iter().all(|(said, _)| *said != column) {
            row.push((column, value));
        }
    }
    for (column, value) in [
        ("entered_by", "system"),
        ("date_entered", &now),
        ("updated_by", "system"),
        ("last_updated", &now),
    ] {
        row.push((Arc::from(column), text(value)));
    }
    changes.push(Change::Insert {
        table: entity.table.clone(),
        id,
        values: row,
    });
    Ok(id)
}
