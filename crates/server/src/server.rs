//! The server: its instances, and whose key opens one. Which room answers a path is the reception's matter.

mod doors;
mod reception;

use crate::jobs::Jobs;
use bitting_autotask as autotask;
use bitting_calls::shelf::Shelf;
use bitting_dialects::connectwise::auth;
use bitting_dialects::connectwise::error::ApiError;
use bitting_psa::caller::Caller;
use bitting_psa::event::Log;
use bitting_psa::fault::Faults;
use bitting_psa::instance::Instance;
use bitting_psa::problem::Problem;
use doors::Doors;
pub use doors::Starting;
use http::HeaderMap;
use parking_lot::RwLock;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock, Weak};

/// Public key of whoever runs the server; the private half is the operator's secret.
pub const OPERATOR: &str = "operator";

/// What the server was told.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Refuse calls that name no software.
    pub require_client_id: bool,
    /// Secret of whoever runs the server; opens Bitting's own API.
    pub operator: bitting_psa::secret::Secret,
}

/// All instances of one process.
pub struct Server {
    pub settings: Settings,
    instances: RwLock<HashMap<String, Arc<Instance>>>,
    /// The first company while another process lays it down: discovery answers already.
    coming: OnceLock<bitting_calls::shelf::Company>,
    pub(crate) tenants: autotask::asleep::Tenants,
    pub log: Arc<Log>,
    /// Whether the first records are there.
    doors: Doors,
    /// What tests asked to go wrong.
    pub faults: Faults,
    /// Where further companies are opened, and which company remembers them.
    pub(crate) shelf: Option<(Shelf, String)>,
    pub console: crate::console::state::Console,
    /// The server itself, for work that goes on after its page.
    home: OnceLock<Weak<Server>>,
    /// The integrations' jobs, where something runs them beside the server.
    jobs: OnceLock<Arc<dyn Jobs>>,
}

impl Server {
    pub fn new(settings: Settings) -> Self {
        bitting_calls::panics::watch();
        Self {
            settings,
            instances: RwLock::default(),
            coming: OnceLock::new(),
            tenants: autotask::asleep::Tenants::default(),
            log: Arc::default(),
            doors: Doors::open(),
            faults: Faults::default(),
            shelf: None,
            console: crate::console::state::Console::new(None),
            home: OnceLock::new(),
            jobs: OnceLock::new(),
        }
    }

    /// The same server with a console that keeps its password in this folder.
    #[must_use]
    pub fn with_console(mut self, folder: std::path::PathBuf) -> Self {
        self.console = crate::console::state::Console::new(Some(folder));
        self
    }

    /// A server that can open further companies; `first` remembers them.
    #[must_use]
    pub fn with_shelf(mut self, shelf: Shelf, first: &str) -> Self {
        self.shelf = Some((shelf, first.to_owned()));
        self
    }

    /// Tells the server where it lives.
    pub(crate) fn settle(self: &Arc<Self>) {
        let _ = self.home.set(Arc::downgrade(self));
    }

    /// The server itself, for work that outlives the request that began it.
    pub(crate) fn home(&self) -> Option<Arc<Self>> {
        self.home.get().and_then(Weak::upgrade)
    }

    /// Joins what runs the integrations' jobs; the first one stays.
    pub fn join_jobs(&self, jobs: Arc<dyn Jobs>) {
        let _ = self.jobs.set(jobs);
    }

    /// What runs the integrations' jobs, if anything does.
    pub fn jobs(&self) -> Option<&Arc<dyn Jobs>> {
        self.jobs.get()
    }

    /// A company that will be added before the server opens.
    pub(crate) fn expect(&self, company: bitting_calls::shelf::Company) {
        let _ = self.coming.set(company);
    }

    pub fn add(&self, instance: Arc<Instance>) {
        self.instances
            .write()
            .insert(instance.company.to_ascii_lowercase(), instance);
    }

    /// Adds an Autotask instance. Calls find theirs by the user name.
    pub fn add_autotask(&self, tenant: Arc<autotask::tenant::Tenant>) {
        self.tenants.add(tenant);
    }

    /// The Autotask instances that are open.
    pub fn autotask(&self) -> Vec<Arc<autotask::tenant::Tenant>> {
        self.tenants.all()
    }

    pub fn instance(&self, company: &str) -> Option<Arc<Instance>> {
        self.instances
            .read()
            .get(&company.to_ascii_lowercase())
            .cloned()
    }

    pub fn instances(&self) -> Vec<Arc<Instance>> {
        let mut all: Vec<_> = self.instances.read().values().cloned().collect();
        all.sort_by(|left, right| left.company.cmp(&right.company));
        all
    }

    /// From the Authorization header to the member behind the key.
    pub(crate) async fn authenticate(
        &self,
        headers: &HeaderMap,
    ) -> Result<(Arc<Instance>, Arc<Caller>), Problem> {
        let header = headers
            .get(http::header::AUTHORIZATION)
            .map(http::HeaderValue::as_bytes);
        let credentials =
            auth::credentials(header).map_err(|error| ApiError::unauthorized(error.to_string()))?;
        // One sentence for every wrong half, so that none of them can be guessed apart.
        let wrong = || {
            ApiError::unauthorized(
                "The company, the public key or the private key is wrong, or the key is no longer active.",
            )
        };
        let instance = self.instance(&credentials.company).ok_or_else(wrong)?;
        instance.look().await?;
        let private = credentials.private_key.expose();
        if credentials.public_key == OPERATOR {
            if !self.settings.operator.fingerprint().matches(private) {
                return Err(wrong().into());
            }
            let caller = Arc::new(Caller::operator(instance.registry()));
            return Ok((instance, caller));
        }
        let key = instance
            .keys
            .prove(&credentials.public_key, private, instance.now())
            .map_err(|_| wrong())?;
        let caller = instance.caller(key.member).await?.ok_or_else(wrong)?;
        Ok((instance, caller))
    }
}
