//! Laying down the first records in a process that ends then. Its heap and its caches, and the code and the texts that
//! nothing but a first start needs, would else be a third of what an idle server holds. How it is started is the
//! program's; keys are cut in the server alone, so that no secret passes between the two: of Autotask's, which are cut
//! ahead so that its database need not be opened for them, what passes are the users as they rest.

use super::{Options, Work, shelf_of};
use crate::host::error::HostError;
use bitting_autotask as autotask;
use bitting_autotask::options::AutotaskOptions;
use bitting_autotask::seed::First;
use bitting_autotask::shelf::Rack;
use bitting_autotask::users::ApiUser;
use bitting_calls::seed::{self, Demo};
use bitting_calls::shelf;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What the other process is to lay down.
#[derive(Serialize, Deserialize)]
pub struct Order {
    state: PathBuf,
    keep: bool,
    overlay: Vec<(String, String)>,
    company: String,
    name: String,
    demo: Demo,
    autotask: bool,
    #[serde(default)]
    now: Option<Timestamp>,
    /// The first users of Autotask.
    #[serde(default)]
    users: Option<[ApiUser; 2]>,
    #[serde(skip)]
    keys: Keys,
}

/// Keys of Autotask that were cut ahead; they stay in the server.
#[derive(Default)]
pub struct Keys(pub(super) Option<First>);

/// What it has laid down.
#[derive(Serialize, Deserialize)]
pub struct Laid {
    /// Rows of the first company.
    pub rows: u64,
    /// Where the databases are that go away with the server; others are at their usual place.
    pub connectwise: Option<PathBuf>,
    pub autotask: Option<PathBuf>,
    #[serde(skip)]
    keys: Keys,
}

impl Laid {
    /// What was laid down for an order that these keys were taken from.
    #[must_use]
    pub fn with(self, keys: Keys) -> Self {
        Self { keys, ..self }
    }

    /// The keys that open Autotask's database, where they were cut ahead.
    pub(super) fn keys(&mut self) -> Option<First> {
        self.keys.0.take()
    }
}

impl Order {
    /// The order for a start with these options, or nothing where there is something already, where PostgreSQL
    /// would be asked (its address holds a password), and where the server has a fault to tell of first.
    pub fn of(options: &Options) -> Option<Self> {
        let demo = options.demo.clone()?;
        if options.database.is_some() || shelf::fault(&options.company).is_some() {
            return None;
        }
        let is_row_file = |entry: std::io::Result<std::fs::DirEntry>| {
            entry.is_ok_and(|entry| entry.file_name().to_string_lossy().contains(".sqlite"))
        };
        if options.keep && std::fs::read_dir(&options.state).ok()?.any(is_row_file) {
            return None;
        }
        let (keys, users) = match options.autotask.map(|_| First::ahead()) {
            Some((keys, users)) => (Some(keys), Some(users)),
            None => (None, None),
        };
        Some(Self {
            users,
            keys: Keys(keys),
            state: options.state.clone(),
            keep: options.keep,
            overlay: options.overlay.clone(),
            company: options.company.clone(),
            name: options.company_name.clone(),
            demo,
            autotask: options.autotask.is_some(),
            now: options.now,
        })
    }

    /// The keys to the users it names, for [`Laid::with`]; once.
    pub fn keys(&mut self) -> Keys {
        std::mem::take(&mut self.keys)
    }

    fn options(self) -> Options {
        Options {
            state: self.state,
            keep: self.keep,
            overlay: self.overlay,
            database: None,
            host: String::new(),
            http_port: 0,
            https_port: 0,
            company: self.company,
            company_name: self.name,
            demo: Some(self.demo),
            require_client_id: true,
            certificate: None,
            ready: false,
            autotask: self.autotask.then(AutotaskOptions::default),
            now: self.now,
        }
    }
}

/// Lays down what is ordered and closes it, for the server that [`super::start_laid`] starts.
pub fn lay_down(mut order: Order) -> Work<'static, Result<Laid, HostError>> {
    let (users, keys) = (order.users.take(), order.keys());
    Box::pin(async move { Ok(lay(order.options(), users).await?.with(keys)) })
}

async fn lay(options: Options, users: Option<[ApiUser; 2]>) -> Result<Laid, HostError> {
    let shelf = shelf_of(&options)?;
    let company = shelf::Company {
        company: options.company.clone(),
        name: options.company_name.clone(),
    };
    let demo = options.demo.as_ref();
    let instance = shelf.open(&company).await?;
    let mut rows = 0;
    seed::company(&instance, demo, &mut |done| rows = done)
        .await
        .map_err(HostError::Seed)?;
    let mut laid = Laid {
        rows,
        connectwise: instance.backend.leave(),
        autotask: None,
        keys: Keys::default(),
    };
    if let Some(wanted) = options.autotask {
        let rack = Rack::new(wanted)?;
        let tenant = rack.open(&shelf, autotask::shelf::FIRST).await?;
        autotask::seed::records(&tenant, demo, &mut |_| {})
            .await
            .map_err(HostError::Seed)?;
        if let Some(users) = users {
            let admitted = autotask::seed::admit(&tenant, users).await;
            admitted.map_err(HostError::Seed)?;
        }
        laid.autotask = tenant.backend.leave();
    }
    Ok(laid)
}
