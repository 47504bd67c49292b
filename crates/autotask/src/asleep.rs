//! The Autotask databases of a server, of which the first may not be open before somebody asks for it: its catalog,
//! routes and tables are a sixth of what an idle server would hold. Knows no path.

use super::shelf::{self, Rack};
use super::tenant::Tenant;
use crate::options::AutotaskOptions;
use bitting_calls::shelf::Shelf;
use bitting_catalog::CatalogError;
use bitting_store::{Held, Location, StoreError};
use parking_lot::RwLock;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use tokio::sync::Mutex;

/// Why a database that is asleep cannot be opened.
#[derive(Debug, thiserror::Error)]
enum WakeError {
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The Autotask databases of a server. Cheap to clone.
#[derive(Clone, Default)]
pub struct Tenants(Arc<Known>);

#[derive(Default)]
struct Known {
    open: RwLock<Vec<Arc<Tenant>>>,
    /// What further ones are opened with; nothing where ConnectWise is served alone.
    rack: OnceLock<Rack>,
    asleep: Mutex<Option<Asleep>>,
    /// Whether there is one asleep: each call asks.
    sleeps: AtomicBool,
}

/// A first database that was laid down and not opened. Nobody else can open it meanwhile, and a temporary one goes away
/// with this.
pub struct Asleep {
    shelf: Shelf,
    wanted: AutotaskOptions,
    /// Where it is; with nobody holding it after it could not be opened.
    place: Location,
    held: Option<Held>,
}

impl Asleep {
    /// Holds the database; `left` is the directory of one that goes away with the server.
    pub fn hold(
        shelf: &Shelf,
        wanted: AutotaskOptions,
        left: Option<PathBuf>,
    ) -> Result<Self, StoreError> {
        let usual = || shelf::location(shelf, shelf::FIRST);
        let place = left.map_or_else(usual, Location::Left);
        Ok(Self {
            shelf: shelf.clone(),
            wanted,
            held: Some(Held::take(place.clone())?),
            place,
        })
    }

    async fn open(&mut self) -> Result<(Rack, Tenant), WakeError> {
        let rack = Rack::new(self.wanted)?;
        let place = match self.held.take() {
            Some(held) => held.release(),
            None => self.place.clone(),
        };
        let opened = rack.open_at(&self.shelf, shelf::FIRST, place).await;
        if opened.is_err() {
            // Should it be somebody else's now, the next try says so.
            self.held = Held::take(self.place.clone()).ok();
        }
        Ok((rack, opened?))
    }
}

impl Tenants {
    /// Adds an open database. Calls find theirs by the user name.
    pub fn add(&self, tenant: Arc<Tenant>) {
        self.0.open.write().push(tenant);
    }

    /// Those that are open.
    pub fn all(&self) -> Vec<Arc<Tenant>> {
        self.0.open.read().clone()
    }

    /// Whether there are any, open or not.
    pub fn any(&self) -> bool {
        self.0.sleeps.load(Ordering::Acquire) || !self.0.open.read().is_empty()
    }

    /// What further ones are opened with.
    pub fn rack(&self) -> Option<&Rack> {
        self.0.rack.get()
    }

    /// Sets what further ones are opened with; the first one stays.
    pub fn further(&self, rack: Rack) {
        let _ = self.0.rack.set(rack);
    }

    /// Takes a database that is opened when it is first asked for.
    pub fn sleep(&self, asleep: Asleep) {
        if let Ok(mut place) = self.0.asleep.try_lock() {
            *place = Some(asleep);
            self.0.sleeps.store(true, Ordering::Release);
        }
    }

    /// Opens the one that is asleep, for whoever may ask for it; all who ask meanwhile wait.
    pub async fn wake(&self) {
        if !self.0.sleeps.load(Ordering::Acquire) {
            return;
        }
        // On its own: a caller who goes away must not leave it half open.
        let known = self.0.clone();
        let woken = tokio::spawn(async move { known.wake().await }).await;
        let failed = match woken {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        tracing::error!(error = failed, "the Autotask database cannot be opened");
    }
}

impl Known {
    async fn wake(&self) -> Result<(), WakeError> {
        let mut asleep = self.asleep.lock().await;
        let Some(one) = asleep.as_mut() else {
            return Ok(());
        };
        let (rack, tenant) = one.open().await?;
        self.open.write().push(Arc::new(tenant));
        let _ = self.rack.set(rack);
        *asleep = None;
        self.sleeps.store(false, Ordering::Release);
        Ok(())
    }
}
