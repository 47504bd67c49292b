//! An Autotask instance that commands work on.

use crate::results::print_calls;
use bitting_client::{ApiUser, Autotask, AutotaskKey, Psa};
use bitting_connect::autotask::held::Instance;
use std::path::PathBuf;

/// Where the instance is, and the operator's way to it where there is one.
pub struct Opened {
    psa: Option<Psa>,
    instance: Option<String>,
    /// Address for integrations.
    pub url: String,
    pub ca_file: Option<PathBuf>,
    list_calls: bool,
}

impl Opened {
    pub fn new(
        psa: Option<Psa>,
        instance: Option<String>,
        url: String,
        ca_file: Option<PathBuf>,
        list_calls: bool,
    ) -> Self {
        Self {
            psa,
            instance,
            url,
            ca_file,
            list_calls,
        }
    }

    /// Bitting's own API, which a live Autotask does not have.
    pub fn own(&self) -> Option<Instance<'_>> {
        let psa = self.psa.as_ref()?;
        Some(Instance::new(psa, self.instance.as_deref()))
    }

    /// What a key file holds for a key just cut.
    pub fn key(&self, user: ApiUser) -> AutotaskKey {
        AutotaskKey {
            url: self.url.clone(),
            user,
            ca_file: self.ca_file.clone(),
        }
    }

    /// The calls that an integration's key made, in the same list.
    pub fn list(&self, key: &Autotask) {
        if self.list_calls {
            print_calls(&key.calls());
        }
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        if let (true, Some(psa)) = (self.list_calls, &self.psa) {
            print_calls(&psa.calls());
        }
    }
}
