//! The first records of an Autotask instance: the demo company from its recipes, the system levels, and the two
//! API users that a newcomer starts with.

use super::tenant::Tenant;
use super::users::{ApiUser, Shown};
use bitting_calls::seed::{Demo, lay_down};
use bitting_catalog::security::{SecurityLevel, Values};
use bitting_demo::Size;

/// Setting that names the resources a newcomer starts with, `admin,least`.
const USERS: &str = "first-users";
/// Folders of recipes: the demo company, and an empty one.
const DEMO: &str = "autotask";
const EMPTY: &str = "autotask-empty";
/// The system level that copies are made of.
const API_USER: &str = "API User (system) (API-only)";

/// The level that the least-privilege user of the demo holds: what one published guide asks for, and nothing else.
const LEAST: &str = "API User (Propel Your MSP)";
/// The vendor whose product calls with it.
const LEAST_VENDOR: &str = "Propel Your MSP";
const LEAST_SETTINGS: [(&str, &str, &str); 14] = [
    ("Contracts / Contracts", "view", "All"),
    ("Contracts / Contract Visibility", "value", "Full"),
    ("CRM / Customer & Cancelation", "value", "All"),
    // The guide lists Add alone; what is added has to be read back.
    ("CRM / Opportunities & Quotes", "view", "Mine"),
    ("CRM / Opportunities & Quotes", "add", "Yes"),
    ("CRM / Configuration Items & Subscriptions", "view", "All"),
    ("CRM / Configuration Items & Subscriptions", "edit", "All"),
    ("CRM / To-Dos", "view", "Mine"),
    ("CRM / To-Dos", "add", "Yes"),
    ("Service Desk / Tickets", "view", "All"),
    ("Service Desk / Tickets", "add", "Yes"),
    ("Admin / Resources/Users (HR)", "value", "Checked"),
    ("Admin / Configuration Items", "value", "Checked"),
    (
        "Other / Not required to change password (does not expire)",
        "value",
        "Checked",
    ),
];

/// The API users of a first start, as they are shown once.
#[derive(Debug, Default)]
pub struct First {
    pub admin: Option<Shown>,
    pub least: Option<Shown>,
}

impl First {
    /// Keys that are cut before there is a resource for them, and the users they open, as these rest: without
    /// resource and level, which [`admit`] gives them.
    pub fn ahead() -> (Self, [ApiUser; 2]) {
        let (full, admin) = ApiUser::generate(0, 0, None);
        let (restricted, least) = ApiUser::generate(0, 0, Some(LEAST_VENDOR));
        let first = Self {
            admin: Some(admin),
            least: Some(least),
        };
        (first, [full, restricted])
    }
}

/// Lets in users whose keys were cut ahead, in a database that is new.
pub async fn admit(tenant: &Tenant, ahead: [ApiUser; 2]) -> Result<(), String> {
    let (full, restricted) = levels(tenant).await?;
    let places = users(tenant).into_iter().zip([full, restricted]);
    for ((resource, level), user) in places.zip(ahead) {
        let resource = resource.ok_or("a new database has no first resources")?;
        let user = ApiUser {
            resource,
            level,
            ..user
        };
        let saved = tenant.save_user(None, user).await;
        saved.map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Fills an instance that is new. Keys are cut then, and whenever `ready` asks for new ones.
pub async fn company(
    tenant: &Tenant,
    wanted: Option<&Demo>,
    ready: bool,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<First, String> {
    let known = tenant.setting(USERS).is_some();
    if known && !ready {
        return Ok(First::default());
    }
    records(tenant, wanted, progress).await?;
    let [admin, least] = users(tenant);
    let (full, restricted) = levels(tenant).await?;
    let mut first = First::default();
    if let Some(admin) = admin {
        first.admin = Some(user(tenant, admin, full, None).await?);
    }
    if let Some(least) = least {
        first.least = Some(user(tenant, least, restricted, Some(LEAST_VENDOR)).await?);
    }
    Ok(first)
}

/// The resources that a newcomer starts with: the one with every right, and the one with the least.
pub fn users(tenant: &Tenant) -> [Option<i64>; 2] {
    let known = tenant.setting(USERS).unwrap_or_default();
    let mut ids = known.split(',').map(|id| id.parse().ok());
    [ids.next().flatten(), ids.next().flatten()]
}

/// Fills a database that was wiped, and cuts no keys: the first two resources with the level of each.
pub async fn anew(
    tenant: &Tenant,
    wanted: Option<&Demo>,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<[(i64, i64); 2], String> {
    let (admin, least) = lay(tenant, wanted, progress).await?;
    let (full, restricted) = levels(tenant).await?;
    Ok([(admin, full), (least, restricted)])
}

/// The records of an instance that is new, without keys.
pub async fn records(
    tenant: &Tenant,
    wanted: Option<&Demo>,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<(), String> {
    if tenant.setting(USERS).is_none() {
        lay(tenant, wanted, progress).await?;
    }
    Ok(())
}

async fn lay(
    tenant: &Tenant,
    wanted: Option<&Demo>,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<(i64, i64), String> {
    let (admin, least) = load(tenant, wanted, progress).await?;
    tenant
        .set_setting(USERS, &format!("{admin},{least}"))
        .await
        .map_err(|error| error.to_string())?;
    Ok((admin, least))
}

/// A new pair for a resource. The first one stays good, as does the one of the start before this: programs that were
/// given those go on.
async fn user(
    tenant: &Tenant,
    resource: i64,
    level: i64,
    vendor: Option<&str>,
) -> Result<Shown, String> {
    let held = tenant.users_of(resource);
    let older = held.iter().filter(|(_, user)| user.again).rev().skip(1);
    for (id, _) in older {
        let removed = tenant.remove_user(*id).await;
        removed.map_err(|error| error.to_string())?;
    }
    let (mut user, shown) = match held.first() {
        Some((_, first)) => first.another(),
        None => ApiUser::generate(resource, level, vendor),
    };
    user.again = !held.is_empty();
    // Wrong secrets may have locked the others; what a ready file names has to open.
    user.locked = false;
    let saved = tenant.save_user(None, user).await;
    saved.map_err(|error| error.to_string())?;
    Ok(shown)
}

/// The levels of the first two users, made where they are not there yet.
async fn levels(tenant: &Tenant) -> Result<(i64, i64), String> {
    let known = |name: &str| {
        let levels = tenant.levels();
        let found = levels.iter().find(|(_, level)| level.document.name == name);
        found.map(|(id, _)| *id)
    };
    for system in &tenant.permissions.system {
        if known(&system.name).is_none() {
            let level = tenant.permissions.start(system);
            let saved = tenant.save_level(None, level).await;
            saved.map_err(|error| error.to_string())?;
        }
    }
    if known(LEAST).is_none() {
        let mut level = SecurityLevel {
            name: LEAST.to_owned(),
            copy_of: API_USER.to_owned(),
            ..SecurityLevel::default()
        };
        for (permission, cell, value) in LEAST_SETTINGS {
            let values: &mut Values = level.settings.entry(permission.to_owned()).or_default();
            if let Some(cell) = values.cell(cell) {
                *cell = Some(value.to_owned());
            }
        }
        let saved = tenant.save_level(None, level).await;
        saved.map_err(|error| error.to_string())?;
    }
    match (known(API_USER), known(LEAST)) {
        (Some(full), Some(least)) => Ok((full, least)),
        _ => Err("the first security levels are missing from permissions.toml".to_owned()),
    }
}

/// The demo company, or the least there can be, and the ids of its first two users.
async fn load(
    tenant: &Tenant,
    wanted: Option<&Demo>,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<(i64, i64), String> {
    let now = tenant.now();
    let least = Demo {
        size: Size::default(),
        seed: 1,
    };
    let (recipes, demo) = match wanted {
        Some(demo) => (DEMO, demo),
        None => (EMPTY, &least),
    };
    let summary = lay_down(
        &tenant.backend,
        recipes,
        now,
        demo,
        &|_| Ok(Vec::new()),
        progress,
    )
    .await?;
    tenant.reload().await.map_err(|error| error.to_string())?;
    let (admin, least) = (summary.admin.member, summary.least.member);
    // The first user goes everywhere, the other one in one territory.
    let territories: Vec<i64> = values(tenant, "Companies", "territoryID");
    let members = [
        (admin, &territories[..]),
        (least, territories.get(..1).unwrap_or_default()),
    ];
    for (resource, territories) in members {
        let set = tenant.set_territories(resource, territories).await;
        set.map_err(|error| error.to_string())?;
    }
    Ok((admin, least))
}

/// The values that a pick list has.
fn values(tenant: &Tenant, entity: &str, field: &str) -> Vec<i64> {
    let entity = tenant.catalog().entity_at(entity);
    let field = entity.and_then(|entity| entity.fields.iter().find(|known| *known.name == *field));
    let list = field.and_then(|field| field.picklist.as_deref());
    let values = list.map(|list| {
        list.values
            .iter()
            .filter_map(|value| value.value.parse().ok())
    });
    values.into_iter().flatten().collect()
}
