//! What a page of an instance is about: a company or an Autotask database. Both can be copied, started anew and
//! struck by faults; everything that differs between the two is here.

use crate::console::desk::Desk;
use crate::copies::{self, autotask};
use bitting_autotask::tenant::Tenant;
use bitting_calls::seed::Demo;
use bitting_dialects::connectwise::error::ApiError;
use bitting_policy::Registry;
use bitting_psa::instance::Instance;
use bitting_psa::problem::Problem;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One of the two, with a desk at which what the operator does is written down.
pub struct Subject<'a> {
    /// Of the company itself, or of the one that stands beside the database.
    pub desk: &'a Desk<'a>,
    pub of: Of,
}

/// The database itself; goes along with work that outlives its page.
#[derive(Clone)]
pub enum Of {
    Company(Arc<Instance>),
    Tenant(Arc<Tenant>),
}

impl<'a> Subject<'a> {
    pub fn company(desk: &'a Desk<'a>) -> Self {
        let of = Of::Company(desk.instance.clone());
        Self { desk, of }
    }

    pub fn tenant(desk: &'a Desk<'a>, tenant: Arc<Tenant>) -> Self {
        let of = Of::Tenant(tenant);
        Self { desk, of }
    }

    pub fn name(&self) -> &str {
        match &self.of {
            Of::Company(instance) => &instance.company,
            Of::Tenant(tenant) => &tenant.name,
        }
    }

    pub fn is_autotask(&self) -> bool {
        matches!(self.of, Of::Tenant(_))
    }

    /// Where Bitting's own API has it.
    pub fn path(&self) -> String {
        match &self.of {
            Of::Company(instance) => format!("instances/{}", instance.company),
            Of::Tenant(tenant) => format!("autotask/{}", tenant.name),
        }
    }

    /// Where Bitting's own API has its faults, and what they are filed under.
    pub fn faults(&self) -> (String, String) {
        match &self.of {
            Of::Company(instance) => ("faults".to_owned(), instance.company.clone()),
            Of::Tenant(tenant) => (format!("autotask/{}/faults", tenant.name), tenant.faults()),
        }
    }

    /// What copies are filed under.
    fn folder(&self) -> String {
        match &self.of {
            Of::Company(instance) => instance.company.clone(),
            Of::Tenant(tenant) => autotask::folder(tenant),
        }
    }

    /// The file of a copy of this name.
    pub fn file(&self, name: &str) -> Result<PathBuf, Problem> {
        let Some((shelf, _)) = &self.desk.server.shelf else {
            return Err(ApiError::bad_request("This server keeps no snapshots.").into());
        };
        copies::file(&shelf.state, &self.folder(), name)
    }

    /// Names of its copies, with when and how many bytes.
    pub fn taken(&self) -> Vec<(String, std::time::SystemTime, u64)> {
        let shelf = self.desk.server.shelf.as_ref();
        shelf.map_or_else(Vec::new, |(shelf, _)| {
            copies::taken(&shelf.state, &self.folder())
        })
    }

    pub fn registry(&self) -> &Registry {
        match &self.of {
            Of::Company(instance) => instance.registry(),
            Of::Tenant(tenant) => tenant.registry(),
        }
    }

    /// What opens it: the word that a call brings, and what people call it.
    pub fn keys(&self) -> Vec<(String, String)> {
        match &self.of {
            Of::Company(instance) => instance
                .keys
                .list(None)
                .iter()
                .map(|key| {
                    let public = key.public.to_string();
                    let words = format!("{public} ({})", key.description);
                    (public, words)
                })
                .collect(),
            Of::Tenant(tenant) => tenant
                .api_users()
                .iter()
                .map(|(_, user)| {
                    let level = tenant.level(user.level);
                    let level = level.map_or_else(String::new, |level| level.document.name.clone());
                    (user.user.clone(), format!("{} ({level})", user.user))
                })
                .collect(),
        }
    }
}

impl Of {
    pub async fn take(&self, file: &Path) -> Result<(), Problem> {
        match self {
            Self::Company(instance) => copies::take(instance, file).await,
            Self::Tenant(tenant) => autotask::take(tenant, file).await,
        }
    }

    pub async fn restore(&self, file: &Path) -> Result<(), Problem> {
        match self {
            Self::Company(instance) => copies::restore(instance, file).await,
            Self::Tenant(tenant) => autotask::restore(tenant, file).await,
        }
    }

    /// `progress` hears how many demo rows are done.
    pub async fn reset(
        &self,
        demo: Option<&Demo>,
        progress: &mut (dyn FnMut(u64) + Send),
    ) -> Result<(), Problem> {
        match self {
            Self::Company(instance) => copies::reset_watched(instance, demo, progress).await,
            Self::Tenant(tenant) => autotask::reset(tenant, demo, progress).await,
        }
    }
}
