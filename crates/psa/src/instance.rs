//! One PSA company: its data, its keys, its members as callers. A server holds many.

mod cutting;

use crate::backend::Backend;
use crate::caller::Caller;
use crate::keys::{self, Key, Keys};
use crate::marks;
use crate::outbox::{self, callbacks::Message};
use crate::problem::Problem;
use crate::row::owned;
use crate::shape;
use crate::used::{self, Used};
use crate::versions;
use bitting_catalog::Catalog;
use bitting_catalog::entity::Entity;
use bitting_dialects::connectwise::router::Router;
use bitting_policy::{Registry, Role, RoleDocument};
use bitting_query::{Filter, Kind, Select, Value};
use bitting_store::table::{Change, Column, Flow, Key as TableKey, Table};
use bitting_store::{Durability, Location, Store, StoreError};
use jiff::Timestamp;
use parking_lot::RwLock;
use std::any::Any;
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// Documents of roles at rest: levels and customize lists by name.
const ROLES: &str = "bitting_roles";
/// Settings of the instance: `name` and `value`.
pub const SETTINGS: &str = "bitting_settings";

/// Where the time comes from, so that tests can hold it still.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// One PSA company.
pub struct Instance {
    /// Company id as clients write it before the `+`, compared without regard to letter case.
    pub company: String,
    pub name: String,
    pub backend: Backend,
    pub router: Router,
    pub keys: Keys,
    /// Which calls each member makes.
    pub used: Used,
    pub clock: Clock,
    /// Rows of a member's caller are read anew once this has moved on.
    security: AtomicU64,
    callers: RwLock<HashMap<i64, (u64, Arc<Caller>)>>,
    roles: RwLock<HashMap<i64, Arc<Role>>>,
    settings: RwLock<HashMap<String, String>>,
    groundwork: &'static dyn Groundwork,
    /// What rules keep in memory of this instance; each knows its own by type.
    memory: Vec<Memory>,
    /// Told when a write leaves messages for callbacks.
    pub outbox: tokio::sync::Notify,
    /// Held while the key that signs them is made.
    pub signing: tokio::sync::Mutex<()>,
    /// Held by writes whose sums depend on other rows (balances, sheets, invoices), one after another.
    ledger: tokio::sync::Mutex<()>,
    /// The day that states at rest are of; a day that never was when they have to be looked at.
    agreements_day: AtomicI64,
    /// Where the records are, when a PSA behind a gate has them. Which, the gate knows.
    gate: std::sync::OnceLock<Arc<dyn Any + Send + Sync>>,
}

/// The turn to write sums: in this process, and among the servers that share the database.
pub struct Ledger<'i> {
    // In this order: the others may go on before those here.
    _among_servers: bitting_store::Turn,
    _here: tokio::sync::MutexGuard<'i, ()>,
}

/// What an instance is opened with.
pub struct Opening {
    pub company: String,
    pub name: String,
    pub location: Location,
    pub durability: Durability,
    pub catalog: Arc<Catalog>,
    pub registry: Arc<Registry>,
    pub clock: Clock,
    pub groundwork: &'static dyn Groundwork,
}

/// What comes of something that may wait. In a box: a future that crosses the border of a crate bare is compiled there
/// once more, with all that it awaits.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = Result<T, Problem>> + Send + 'a>>;

/// Something kept in memory of an instance.
pub type Memory = Box<dyn Any + Send + Sync>;

/// What an instance asks of the rules, which know its entities by name. It does not know the rules: they are handed in
/// where it is opened.
pub trait Groundwork: Sync {
    /// The tables that rules keep beside those of entities.
    fn tables(&self) -> Vec<Table>;

    /// What rules keep in memory of one instance, empty as yet: one of each type.
    fn memory(&self) -> Vec<Memory>;

    /// Whether a change of this entity's records can change what a caller may do.
    fn decides_rights(&self, catalog: &Catalog, entity: &Entity) -> bool;

    /// Reads what each process knows of the records by heart: the definitions of custom fields.
    fn read<'i>(&self, instance: &'i Instance) -> Later<'i, ()>;

    /// Builds the caller of a member's keys; `None` when there is no such member or it is inactive.
    fn caller<'i>(&self, instance: &'i Instance, member: i64) -> Later<'i, Option<Caller>>;

    /// The id of the member with this identifier, in any letter case.
    fn member_with<'i>(
        &self,
        instance: &'i Instance,
        identifier: &'i str,
    ) -> Later<'i, Option<i64>>;

    /// The top of the structure, where records without a location of their own hang.
    fn top_location<'i>(&self, instance: &'i Instance) -> Later<'i, Option<i64>>;
}

/// The change that keeps a setting nobody has set yet.
pub fn setting_change(id: i64, name: &str, value: &str) -> Change {
    Change::Insert {
        table: Arc::from(SETTINGS),
        id,
        values: vec![
            (Arc::from("name"), Value::Text(name.to_owned())),
            (Arc::from("value"), Value::Text(value.to_owned())),
        ],
    }
}

impl Instance {
    /// Opens the database and reads keys, roles and settings.
    pub async fn open(opening: Opening) -> Result<Self, StoreError> {
        let groundwork = opening.groundwork;
        let mut tables = tables(&opening.catalog, groundwork);
        tables.push(versions::table());
        let deciding = deciding(&opening.catalog, groundwork);
        let store = Store::open_with(&opening.location, tables, opening.durability).await?;
        let router = Router::new(&opening.catalog.routes);
        let instance = Self {
            company: opening.company,
            name: opening.name,
            backend: Backend::new(store, opening.catalog, opening.registry).deciding(deciding),
            router,
            keys: Keys::default(),
            used: Used::default(),
            clock: opening.clock,
            security: AtomicU64::new(1),
            callers: RwLock::default(),
            roles: RwLock::default(),
            settings: RwLock::default(),
            groundwork,
            memory: groundwork.memory(),
            outbox: tokio::sync::Notify::new(),
            signing: tokio::sync::Mutex::new(()),
            ledger: tokio::sync::Mutex::new(()),
            agreements_day: AtomicI64::new(i64::MIN),
            gate: std::sync::OnceLock::new(),
        };
        instance.reload().await?;
        Ok(instance)
    }

    /// Reads keys, roles and settings anew: at opening, after a load or a restore. Servers that share the
    /// database do so at their next request.
    pub async fn reload(&self) -> Result<(), StoreError> {
        self.backend.forget_all();
        self.backend.fill_pairs().await?;
        self.set_agreements_day(i64::MIN);
        if let Some(versions) = &self.backend.versions {
            versions.renew(&self.backend.store).await?;
        }
        let rows = self.system_rows(&used::table()).await?;
        self.used
            .load(rows.into_iter().filter_map(|row| match &row[..] {
                [Value::Integer(id), _, Value::Text(line)] => Some((*id, line.clone())),
                _ => None,
            }));
        self.read_rights().await
    }

    /// Drops what another server that shares the database has changed since the last call.
    pub async fn look(&self) -> Result<(), StoreError> {
        self.backend.look(async || self.read_rights().await).await
    }

    /// Reads keys, roles, settings and custom fields anew.
    async fn read_rights(&self) -> Result<(), StoreError> {
        let rows = self.system_rows(&keys::table()).await?;
        self.keys
            .replace(rows.iter().filter_map(|row| Key::from_row(row)));
        let mut roles = HashMap::new();
        for row in self.system_rows(&named(ROLES, "document")).await? {
            if let [Value::Integer(id), _, Value::Text(document)] = &row[..]
                && let Some(role) = self.read_role(*id, document)
            {
                roles.insert(*id, Arc::new(role));
            }
        }
        *self.roles.write() = roles;
        let mut settings = HashMap::new();
        for row in self.system_rows(&named(SETTINGS, "value")).await? {
            if let [_, Value::Text(name), Value::Text(value)] = &row[..] {
                settings.insert(name.clone(), value.clone());
            }
        }
        *self.settings.write() = settings;
        self.security_changed();
        match self.groundwork.read(self).await {
            Err(Problem::Store(error)) => Err(error),
            // A catalog without definitions has no custom fields.
            Err(_) | Ok(()) => Ok(()),
        }
    }

    /// Puts the instance in front of a PSA: from here on its records are that one's. The first gate stays.
    pub fn join_gate(&self, gate: Arc<dyn Any + Send + Sync>) {
        let _ = self.gate.set(gate);
    }

    /// Whether the records are those of a PSA behind a gate.
    pub fn is_gate(&self) -> bool {
        self.gate.get().is_some()
    }

    /// The gate in front of a PSA, where the instance is one, of the type that joined.
    pub fn gate<T: Any>(&self) -> Option<&T> {
        let gate = self.gate.get()?;
        // A gate that nobody finds would let calls through to the instance's own records.
        Some(gate.downcast_ref().expect("there is one kind of gate"))
    }

    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Waits for the writes of sums before this one. Held until its own write is at rest, and taken once only:
    /// who has it would wait for itself.
    pub async fn ledger(&self) -> Result<Ledger<'_>, StoreError> {
        let here = self.ledger.lock().await;
        Ok(Ledger {
            _among_servers: self.backend.store.turn("ledger").await?,
            _here: here,
        })
    }

    /// What rules keep in memory of this type.
    pub fn memory<T: Any>(&self) -> &T {
        let found = self.memory.iter().find_map(|kept| kept.downcast_ref());
        // Who asks is a rule, and the rules made one of each of their types.
        found.expect("rules remember one of each of their types")
    }

    /// The top of the structure, where records without a location of their own hang.
    pub(crate) async fn top_location(&self) -> Result<Option<i64>, Problem> {
        self.groundwork.top_location(self).await
    }

    /// The id of the member with this identifier, in any letter case.
    pub(crate) async fn member_with(&self, identifier: &str) -> Result<Option<i64>, Problem> {
        self.groundwork.member_with(self, identifier).await
    }

    pub fn registry(&self) -> &Registry {
        &self.backend.registry
    }

    pub fn catalog(&self) -> &Catalog {
        &self.backend.catalog
    }

    /// The role with its levels and lists, None everywhere when none were ever set.
    pub fn role(&self, id: i64) -> Arc<Role> {
        let known = self.roles.read().get(&id).cloned();
        known.unwrap_or_else(|| Arc::new(Role::new(self.registry(), id, String::new())))
    }

    /// Keeps a role's levels and lists, at rest and in force from the next request on.
    pub async fn save_role(&self, role: Role) -> Result<(), Problem> {
        let change = self.role_change(&role);
        let exists = self.roles.read().contains_key(&role.id);
        let change = match (exists, change) {
            (true, Change::Insert { table, id, values }) => Change::Update { table, id, values },
            (_, change) => change,
        };
        self.backend.write(vec![change]).await?;
        self.roles.write().insert(role.id, Arc::new(role));
        self.security_changed();
        Ok(())
    }

    /// The change that keeps a new role's document.
    pub fn role_change(&self, role: &Role) -> Change {
        let document = serde_json::to_string(&role.document(self.registry())).unwrap_or_default();
        Change::Insert {
            table: Arc::from(ROLES),
            id: role.id,
            values: vec![
                (Arc::from("name"), Value::Text(role.name.clone())),
                (Arc::from("document"), Value::Text(document)),
            ],
        }
    }

    /// The change that takes a role's document with its record, if it has one.
    pub fn role_removal(&self, id: i64) -> Option<Change> {
        let kept = self.roles.read().contains_key(&id);
        kept.then(|| Change::Delete {
            table: Arc::from(ROLES),
            id,
        })
    }

    /// Lets go of a role whose record and document are gone.
    pub fn forget_role(&self, id: i64) {
        self.roles.write().remove(&id);
        self.security_changed();
    }

    pub fn setting(&self, name: &str) -> Option<String> {
        self.settings.read().get(name).cloned()
    }

    /// Sets or clears one setting.
    pub async fn set_setting(&self, name: &str, value: Option<&str>) -> Result<(), Problem> {
        let table: Arc<str> = Arc::from(SETTINGS);
        let filter = crate::backend::equals("name", Kind::Text, Value::Text(name.to_owned()));
        let mut changes = Vec::new();
        for row in self.filtered(&named(SETTINGS, "value"), filter).await? {
            if let Some(Value::Integer(id)) = row.first() {
                changes.push(Change::Delete {
                    table: table.clone(),
                    id: *id,
                });
            }
        }
        if let Some(value) = value {
            let id = self.backend.store.next_id(&table).await?;
            changes.push(setting_change(id, name, value));
        }
        self.backend.write(changes).await?;
        match value {
            Some(value) => self
                .settings
                .write()
                .insert(name.to_owned(), value.to_owned()),
            None => self.settings.write().remove(name),
        };
        Ok(())
    }

    /// Whether the states of agreements at rest are those of this day (days since 1970, UTC).
    pub fn agreements_are_of(&self, day: i64) -> bool {
        self.agreements_day.load(Ordering::Acquire) == day
    }

    pub fn set_agreements_day(&self, day: i64) {
        self.agreements_day.store(day, Ordering::Release);
    }

    /// A record of this entity is at rest, or gone: what is built of such records is built anew.
    pub fn written(&self, entity: &Entity) {
        if self.groundwork.decides_rights(self.catalog(), entity) {
            self.security_changed();
        }
    }

    /// Reads anew what is known by heart of this entity's records, once a write of them is at rest.
    pub(crate) async fn reread(&self, entity: &Entity) -> Result<(), Problem> {
        if marks::is_read_at_opening(entity) {
            self.groundwork.read(self).await?;
        }
        Ok(())
    }

    /// Members, roles, locations or keys have changed: callers are built anew.
    pub fn security_changed(&self) {
        self.security.fetch_add(1, Ordering::AcqRel);
    }

    /// The member as a caller; `None` when there is none or it is inactive.
    pub async fn caller(&self, member: i64) -> Result<Option<Arc<Caller>>, Problem> {
        let version = self.security.load(Ordering::Acquire);
        if let Some((built, caller)) = self.callers.read().get(&member)
            && *built == version
        {
            return Ok(Some(caller.clone()));
        }
        let Some(caller) = self.groundwork.caller(self, member).await? else {
            return Ok(None);
        };
        let caller = Arc::new(caller);
        self.callers
            .write()
            .insert(member, (version, caller.clone()));
        Ok(Some(caller))
    }

    fn read_role(&self, id: i64, document: &str) -> Option<Role> {
        let document: RoleDocument = serde_json::from_str(document).ok()?;
        // Observed, not set: a row that a newer catalog judges more strictly must not lose the role.
        let mut role = Role::observed(self.registry(), &document)
            .inspect_err(
                |error| tracing::error!(role = id, %error, "a role at rest cannot be read"),
            )
            .ok()?;
        role.id = id;
        Some(role)
    }

    async fn system_rows(&self, table: &Table) -> Result<Vec<Vec<Value>>, StoreError> {
        self.filtered(table, Filter::Constant(true)).await
    }

    async fn filtered(&self, table: &Table, filter: Filter) -> Result<Vec<Vec<Value>>, StoreError> {
        let mut columns: Vec<Arc<str>> = vec![Arc::from("id")];
        columns.extend(table.columns.iter().map(|column| column.name.clone()));
        let width = columns.len();
        let select = Select {
            table: table.name.clone(),
            columns,
            filter,
            order: Vec::new(),
            limit: None,
            offset: 0,
        };
        let mut rows = Vec::new();
        self.backend
            .read(&select, &mut |cells| {
                rows.push((0..width).map(|index| owned(cells.cell(index))).collect());
                Flow::Continue
            })
            .await?;
        Ok(rows)
    }
}

/// Tables whose rows decide what a caller may do, and what is read of them at opening.
fn deciding(catalog: &Catalog, groundwork: &dyn Groundwork) -> Vec<Arc<str>> {
    let entities = catalog.entities.iter();
    let mut tables: Vec<Arc<str>> = entities
        .filter(|entity| {
            groundwork.decides_rights(catalog, entity) || marks::is_read_at_opening(entity)
        })
        .map(|entity| entity.table.clone())
        .collect();
    tables.extend([keys::TABLE, ROLES, SETTINGS].map(Arc::from));
    tables
}

/// Every table of an instance: those of its entities, and the server's own.
pub fn tables(catalog: &Catalog, groundwork: &dyn Groundwork) -> Vec<Table> {
    let mut tables = shape::tables(catalog);
    tables.extend([
        keys::table(),
        used::table(),
        named(ROLES, "document"),
        named(SETTINGS, "value"),
        outbox::table::<Message>(),
    ]);
    tables.extend(groundwork.tables());
    tables
}

fn named(name: &str, value: &str) -> Table {
    let column = |name: &str| Column {
        name: Arc::from(name),
        kind: Kind::Text,
    };
    Table {
        name: Arc::from(name),
        key: TableKey::Id,
        columns: vec![column("name"), column(value)],
        indexes: Vec::new(),
        sparse: Vec::new(),
    }
}
