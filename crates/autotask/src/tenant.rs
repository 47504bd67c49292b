//! One Autotask database: its rows, its API users, its security levels. A server holds many.

mod callers;
pub mod switches;
mod used;
mod users;

use super::definitions;
use super::limits::{Limits, Usage};
use super::users::{ApiUser, ProtectedData};
use bitting_catalog::Catalog;
use bitting_catalog::entity::EntityId;
use bitting_catalog::security::{LevelError, Permissions, Reach, SecurityLevel};
use bitting_dialects::autotask::route::Router;
use bitting_dialects::autotask::udf::Defined;
use bitting_policy::{ActionId, Registry, Role, Verb};
use bitting_psa::backend::Backend;
use bitting_psa::instance::Clock;
use bitting_psa::row::owned;
use bitting_psa::shape;
use bitting_psa::versions;
use bitting_query::{Filter, Kind, Select, Value};
use bitting_store::table::{Change, Column, Flow, Key, Table};
use bitting_store::{Durability, Location, Store, StoreError};
use jiff::Timestamp;
use parking_lot::{Mutex, RwLock};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub const USERS: &str = "bitting_api_users";
const LEVELS: &str = "bitting_security_levels";
const SETTINGS: &str = "bitting_settings";
/// Most levels of an instance's own that API users can hold.
const MOST_LEVELS: usize = 50;
/// Wrong secrets or codes in a row after which a user is locked. The vendor does not say how many it takes.
const MOST_FAILURES: u32 = 10;
/// Its one row has the second at which each user's credentials were last taken, by the id it rests under: no
/// setting, because it decides nothing.
const USED: &str = "bitting_api_user_use";
const LAST_USED: &str = "last-used";
/// Settings about a resource: its level, when it is a person, and the territories it is a member of.
const LEVEL_OF: &str = "level-of/";
const TERRITORIES_OF: &str = "territories-of/";

/// One Autotask database.
pub struct Tenant {
    pub name: String,
    pub backend: Backend,
    pub permissions: Arc<Permissions>,
    pub(crate) router: Router,
    pub usage: Usage,
    /// Records can be changed at their own path too, for clients that could never have worked upstream.
    pub lenient: AtomicBool,
    /// What the server was started with, where no switch says otherwise.
    started: Mutex<switches::Started>,
    /// The limits that the switches came to last.
    settled: Mutex<Limits>,
    clock: Clock,
    levels: RwLock<HashMap<i64, Arc<Level>>>,
    users: RwLock<HashMap<String, (i64, Arc<ApiUser>)>>,
    settings: RwLock<HashMap<String, String>>,
    defined: RwLock<HashMap<EntityId, Arc<[Defined]>>>,
    /// Wrong credentials in a row, by user name.
    failures: Mutex<HashMap<String, u32>>,
    /// Second at which credentials were last taken, by the id of their user; and whether that is at rest.
    last_used: Mutex<(BTreeMap<i64, i64>, bool)>,
    /// Held while a record takes the next number of a series.
    pub(crate) numbering: tokio::sync::Mutex<()>,
    /// The last number given of each series and day; others may have been given by another server.
    pub(crate) numbers: Mutex<HashMap<String, u64>>,
    /// Rings when a webhook has something to tell.
    pub(crate) news: tokio::sync::Notify,
}

/// A security level with the role it amounts to.
#[derive(Debug)]
pub struct Level {
    pub document: SecurityLevel,
    pub role: Arc<Role>,
    reaches: Vec<(ActionId, Verb, Reach)>,
}

impl Level {
    fn new(
        permissions: &Permissions,
        registry: &Registry,
        id: i64,
        document: SecurityLevel,
    ) -> Result<Self, LevelError> {
        let role = permissions.role(registry, id, &document)?;
        Ok(Self {
            reaches: permissions.reaches(registry, &document),
            role: Arc::new(role),
            document,
        })
    }

    /// A role that no level stands behind.
    pub(crate) fn of(role: Arc<Role>) -> Self {
        Self {
            document: SecurityLevel::default(),
            role,
            reaches: Vec::new(),
        }
    }

    /// The same level with another role, which lacks this action.
    pub(crate) fn of_role(level: &Self, role: Arc<Role>, action: ActionId) -> Self {
        let reaches = level.reaches.iter().filter(|(of, ..)| *of != action);
        Self {
            document: level.document.clone(),
            role,
            reaches: reaches.copied().collect(),
        }
    }

    /// Whether the value of a row opens this beside own rows.
    pub fn reaches(&self, action: ActionId, verb: Verb, reach: Reach) -> bool {
        self.reaches.contains(&(action, verb, reach))
    }
}

/// Whoever calls.
#[derive(Debug, Clone)]
pub struct Caller {
    pub resource: i64,
    pub user: Arc<str>,
    pub role: Arc<Role>,
    pub level: Arc<Level>,
    /// Stands for the tracking identifier in counts.
    pub code: u64,
    pub data: ProtectedData,
    pub impersonates: Option<i64>,
    /// Lines of business it works for.
    pub lines: Arc<[i64]>,
    pub territories: Arc<[i64]>,
}

/// What a tenant is opened with.
pub struct Opening {
    pub name: String,
    pub location: Location,
    pub durability: Durability,
    pub permissions: Arc<Permissions>,
    pub registry: Arc<Registry>,
    pub catalog: Arc<Catalog>,
    pub clock: Clock,
}

/// Why a security level cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum LevelTrouble {
    #[error(transparent)]
    Level(#[from] LevelError),
    #[error("`{0}` is a system level; copy it and change the copy")]
    System(String),
    #[error("`{0}` cannot be copied; choose another level to start from")]
    Fixed(String),
    #[error("there are {MOST_LEVELS} levels already; remove one")]
    TooMany,
    #[error("API users hold `{name}` ({count}); give them another level first")]
    InUse { name: String, count: usize },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Tenant {
    /// Opens the database and reads levels, users and settings.
    pub async fn open(opening: Opening) -> Result<Self, StoreError> {
        let mut tables = tables(&opening.catalog);
        tables.push(versions::table());
        let mut deciding = definitions::defining(&opening.catalog);
        deciding.extend([USERS, LEVELS, SETTINGS].map(Arc::from));
        let store = Store::open_with(&opening.location, tables, opening.durability).await?;
        let router = Router::new(&opening.catalog);
        let tenant = Self {
            name: opening.name,
            backend: Backend::new(store, opening.catalog, opening.registry).deciding(deciding),
            permissions: opening.permissions,
            router,
            usage: Usage::default(),
            lenient: AtomicBool::new(false),
            started: Mutex::default(),
            settled: Mutex::default(),
            clock: opening.clock,
            levels: RwLock::default(),
            users: RwLock::default(),
            settings: RwLock::default(),
            defined: RwLock::default(),
            failures: Mutex::default(),
            last_used: Mutex::new((BTreeMap::new(), true)),
            numbering: tokio::sync::Mutex::default(),
            numbers: Mutex::default(),
            news: tokio::sync::Notify::new(),
        };
        tenant.reload().await?;
        Ok(tenant)
    }

    /// Reads levels, users, settings and user-defined fields anew. Servers that share the database do so at
    /// their next request.
    pub async fn reload(&self) -> Result<(), StoreError> {
        if let Some(versions) = &self.backend.versions {
            versions.renew(&self.backend.store).await?;
        }
        self.read_use().await?;
        self.read_rights().await
    }

    /// Drops what another server that shares the database has changed since the last call.
    pub async fn look(&self) -> Result<(), StoreError> {
        self.backend.look(async || self.read_rights().await).await
    }

    async fn read_rights(&self) -> Result<(), StoreError> {
        let mut levels = HashMap::new();
        for (id, _, value) in self.rows(LEVELS).await? {
            if let Ok(document) = serde_json::from_str::<SecurityLevel>(&value)
                && let Ok(level) = Level::new(&self.permissions, self.registry(), id, document)
            {
                levels.insert(id, Arc::new(level));
            } else {
                tracing::error!(level = id, "a security level at rest cannot be read");
            }
        }
        *self.levels.write() = levels;
        let mut users = HashMap::new();
        for (id, name, value) in self.rows(USERS).await? {
            if let Ok(user) = serde_json::from_str::<ApiUser>(&value) {
                users.insert(name, (id, Arc::new(user)));
            }
        }
        *self.users.write() = users;
        let settings = self.rows(SETTINGS).await?;
        *self.settings.write() = settings
            .into_iter()
            .map(|(_, name, value)| (name, value))
            .collect();
        self.settle();
        *self.defined.write() = definitions::defined(&self.backend).await?;
        Ok(())
    }

    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// What faults of this database are filed under. No company id has a dot.
    pub fn faults(&self) -> String {
        format!("autotask.{}", self.name)
    }

    pub fn registry(&self) -> &Registry {
        &self.backend.registry
    }

    pub fn catalog(&self) -> &Catalog {
        &self.backend.catalog
    }

    pub fn is_lenient(&self) -> bool {
        self.lenient.load(Ordering::Relaxed)
    }

    pub fn setting(&self, name: &str) -> Option<String> {
        self.settings.read().get(name).cloned()
    }

    /// Sets a setting that was not set before, or replaces it.
    pub async fn set_setting(&self, name: &str, value: &str) -> Result<(), StoreError> {
        let known = self.rows(SETTINGS).await?;
        let old = known.iter().find(|(_, known, _)| known == name);
        let table = Arc::from(SETTINGS);
        let change = self
            .put(&table, old.map(|(id, ..)| *id), name, value)
            .await?;
        self.backend.write(vec![change]).await?;
        self.settings
            .write()
            .insert(name.to_owned(), value.to_owned());
        Ok(())
    }

    /// User-defined fields of an entity.
    pub(crate) fn defined(&self, entity: EntityId) -> Arc<[Defined]> {
        self.defined
            .read()
            .get(&entity)
            .cloned()
            .unwrap_or_default()
    }

    /// Reads user-defined fields anew, once their definitions have changed.
    pub(crate) async fn definitions_changed(&self) -> Result<(), StoreError> {
        let defined = definitions::defined(&self.backend).await?;
        *self.defined.write() = defined;
        Ok(())
    }

    /// A level by its id.
    pub fn level(&self, id: i64) -> Option<Arc<Level>> {
        self.levels.read().get(&id).cloned()
    }

    /// Every level of the instance's own, by id.
    pub fn levels(&self) -> Vec<(i64, Arc<Level>)> {
        let levels = self.levels.read();
        let mut levels: Vec<_> = levels
            .iter()
            .map(|(id, level)| (*id, level.clone()))
            .collect();
        levels.sort_by_key(|(id, _)| *id);
        levels
    }

    /// Keeps a new level, or an existing one anew; in force from the next request on.
    pub async fn save_level(
        &self,
        id: Option<i64>,
        document: SecurityLevel,
    ) -> Result<i64, LevelTrouble> {
        let is_system = |name: &str| self.is_system(name);
        if let Some(level) = id
            .and_then(|id| self.level(id))
            .filter(|level| is_system(&level.document.name))
        {
            return Err(LevelTrouble::System(level.document.name.clone()));
        }
        let mut system = self.permissions.system.iter();
        if id.is_none()
            && let Some(of) = system.find(|level| level.fixed && level.name == document.copy_of)
            && of.name != document.name
        {
            return Err(LevelTrouble::Fixed(of.name.clone()));
        }
        let own = self
            .levels()
            .iter()
            .filter(|(_, level)| !is_system(&level.document.name) && !level.document.interactive)
            .count();
        let counts = !is_system(&document.name) && !document.interactive;
        if id.is_none() && counts && own >= MOST_LEVELS {
            return Err(LevelTrouble::TooMany);
        }
        // What cannot be read back is not kept.
        self.permissions
            .role(self.registry(), id.unwrap_or_default(), &document)?;
        let json = serde_json::to_string(&document).unwrap_or_default();
        let table = Arc::from(LEVELS);
        let change = self.put(&table, id, &document.name, &json).await?;
        let id = id_of(&change);
        self.backend.write(vec![change]).await?;
        let level = Level::new(&self.permissions, self.registry(), id, document)?;
        self.levels.write().insert(id, Arc::new(level));
        Ok(id)
    }

    /// Whether a level of this name comes with the product.
    pub fn is_system(&self, name: &str) -> bool {
        let mut system = self.permissions.system.iter();
        system.any(|level| level.name.eq_ignore_ascii_case(name))
    }

    /// Removes a level of the instance's own that nobody holds.
    pub async fn remove_level(&self, id: i64) -> Result<(), LevelTrouble> {
        let Some(level) = self.level(id) else {
            return Ok(());
        };
        let name = level.document.name.clone();
        if self.is_system(&name) {
            return Err(LevelTrouble::System(name));
        }
        let users = self.api_users();
        let count = users.iter().filter(|(_, user)| user.level == id).count();
        if count > 0 {
            return Err(LevelTrouble::InUse { name, count });
        }
        let change = Change::Delete {
            table: Arc::from(LEVELS),
            id,
        };
        self.backend.write(vec![change]).await?;
        self.levels.write().remove(&id);
        Ok(())
    }

    async fn put(
        &self,
        table: &Arc<str>,
        id: Option<i64>,
        name: &str,
        value: &str,
    ) -> Result<Change, StoreError> {
        let values = vec![
            (Arc::from("name"), Value::Text(name.to_owned())),
            (Arc::from("value"), Value::Text(value.to_owned())),
        ];
        let table = table.clone();
        if let Some(id) = id {
            return Ok(Change::Update { table, id, values });
        }
        let id = self.backend.store.next_id(&table).await?;
        Ok(Change::Insert { table, id, values })
    }

    /// Rows of one of the server's own tables: id, name, value.
    async fn rows(&self, table: &str) -> Result<Vec<(i64, String, String)>, StoreError> {
        let select = Select {
            table: Arc::from(table),
            columns: ["id", "name", "value"].map(Arc::from).to_vec(),
            filter: Filter::Constant(true),
            order: Vec::new(),
            limit: None,
            offset: 0,
        };
        let mut rows = Vec::new();
        self.backend
            .read(&select, &mut |cells| {
                let cells = [0, 1, 2].map(|index| owned(cells.cell(index)));
                if let [Value::Integer(id), Value::Text(name), Value::Text(value)] = cells {
                    rows.push((id, name, value));
                }
                Flow::Continue
            })
            .await?;
        Ok(rows)
    }
}

/// Every table of a database: those of its entities, and the server's own.
pub fn tables(catalog: &Catalog) -> Vec<Table> {
    let mut tables = shape::tables(catalog);
    tables.extend([USERS, LEVELS, SETTINGS, USED].map(named));
    tables.push(bitting_psa::outbox::table::<super::webhooks::outbox::Message>());
    tables
}

fn id_of(change: &Change) -> i64 {
    match change {
        Change::Insert { id, .. } | Change::Update { id, .. } => *id,
        _ => 0,
    }
}

fn named(name: &str) -> Table {
    let column = |name: &str| Column {
        name: Arc::from(name),
        kind: Kind::Text,
    };
    Table {
        name: Arc::from(name),
        key: Key::Id,
        columns: vec![column("name"), column("value")],
        indexes: Vec::new(),
        sparse: Vec::new(),
    }
}
