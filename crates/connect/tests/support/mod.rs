//! A PSA to connect to: Bitting's own server on free ports, spoken to over its API like any other. Knows how
//! to start it and to open it with a key, nothing of profiles.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::missing_panics_doc
)]

mod proxy;

use bitting_catalog::Catalog;
use bitting_catalog::profile::Profile;
use bitting_client::{Credentials, Options, Psa, Secret};
use bitting_connect::apply::{Applied, apply};
use bitting_connect::plan::{Plan, plan};
use bitting_connect::profiles;
use bitting_connect::verify::{Asked, Report, State, verify};
use bitting_connect::wanted::{Choices, wanted};
use bitting_connect::{held, keys};
use bitting_policy::{ListDocument, Registry, RoleDocument};
use bitting_server::host::{self, Running};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::OnceLock;
use tokio::runtime::Runtime;

/// A running server; it ends with the value.
pub struct Server {
    runtime: Runtime,
    running: Option<Running>,
    /// Its certificate and state.
    _state: tempfile::TempDir,
}

pub fn data() -> &'static (Registry, Catalog) {
    static DATA: OnceLock<(Registry, Catalog)> = OnceLock::new();
    DATA.get_or_init(|| Catalog::embedded().expect("the shipped data reads"))
}

pub fn registry() -> &'static Registry {
    &data().0
}

impl Server {
    /// A company with few demo records, or with its structure only.
    pub fn start(demo: bool) -> Self {
        Self::run(demo, None)
    }

    /// With an Autotask instance beside it.
    pub fn with_autotask() -> Self {
        Self::run(true, Some(host::AutotaskOptions::default()))
    }

    fn run(demo: bool, autotask: Option<host::AutotaskOptions>) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let state = tempfile::tempdir().expect("a directory");
        let demo = demo.then(|| bitting_server::host::Demo {
            size: bitting_demo::Size::with_tickets(60),
            seed: 1,
        });
        let options = host::Options {
            state: state.path().to_owned(),
            keep: false,
            overlay: Vec::new(),
            database: None,
            host: "127.0.0.1".to_owned(),
            http_port: 0,
            https_port: 0,
            company: "bitting".to_owned(),
            company_name: "Northwind Signal".to_owned(),
            demo,
            require_client_id: true,
            now: None,
            certificate: None,
            ready: true,
            autotask,
        };
        let running = runtime
            .block_on(host::start(&options, &mut |_| {}))
            .expect("a server");
        Self {
            runtime,
            running: Some(running),
            _state: state,
        }
    }

    fn running(&self) -> &Running {
        self.running.as_ref().expect("a running server")
    }

    /// The operator's way, as `bitting` commands take it.
    pub fn operator(&self) -> Psa {
        let running = self.running();
        self.with("operator", running.server.settings.operator.reveal(), false)
    }

    /// The operator's way without anything that a live PSA lacks.
    pub fn as_live(&self) -> Psa {
        let running = self.running();
        self.with("operator", running.server.settings.operator.reveal(), true)
    }

    /// A way with a key pair, over https as integrations take it.
    pub fn with(&self, public: &str, private: &str, vendor_only: bool) -> Psa {
        let ready = &self.running().ready;
        let credentials = Credentials {
            company: ready.connectwise.company.clone(),
            public_key: public.to_owned(),
            private_key: Secret::new(private),
            client_id: Some(ready.connectwise.client_id.clone()),
        };
        let options = Options {
            ca_file: Some(&ready.ca_file),
            vendor_only,
            ..Options::default()
        };
        Psa::open(&ready.https, credentials, &options).expect("a way")
    }

    pub fn http(&self) -> &str {
        &self.running().ready.http
    }

    pub fn https(&self) -> &str {
        &self.running().ready.https
    }

    /// A way to the Autotask instance with a key just cut.
    pub fn autotask(&self, user: bitting_client::ApiUser) -> bitting_client::Autotask {
        let ready = &self.running().ready;
        bitting_client::Autotask::open(&ready.https, user, Some(&ready.ca_file)).expect("a way")
    }

    /// The Autotask user that sees everything.
    pub fn autotask_admin(&self) -> bitting_client::Autotask {
        let autotask = self.running().ready.autotask.as_ref().expect("an instance");
        let admin = autotask.admin.as_ref().expect("an administrator");
        self.autotask(bitting_client::ApiUser {
            user: admin.username.clone(),
            secret: Secret::new(&*admin.secret),
            code: Secret::new(&*admin.integration_code),
        })
    }

    pub fn client_id(&self) -> &str {
        &self.running().ready.connectwise.client_id
    }

    /// A key of a member, open.
    pub fn key(&self, member: i64) -> Psa {
        let cut = keys::cut(&self.operator(), member, "test", None).expect("a key");
        self.with(&cut.public_key, cut.private_key.reveal(), false)
    }

    /// Sets a role as it is written, by the operator.
    pub fn set(&self, role: i64, document: &RoleDocument) {
        let path = format!("{}/{role}/document", held::ROLES);
        self.operator()
            .own("PUT", &path, Some(&json!(document)))
            .expect("a role is set");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            self.runtime.block_on(running.stop());
        }
    }
}

pub fn profile(slug: &str) -> Profile {
    profiles::find(slug, None).expect(slug)
}

/// Choices with these features, and something for every placeholder.
pub fn choices(profile: &Profile, features: &[String]) -> Choices {
    let mut selection = profile.select(features).expect("known features");
    let gaps: Vec<(String, bool)> = profile
        .unfilled(&selection)
        .into_iter()
        .map(|gap| {
            let setup = profile.rows().any(|(_, grant)| {
                grant.action.contains("Table Setup")
                    && grant
                        .customize
                        .as_ref()
                        .is_some_and(|c| c.placeholders.iter().any(|p| p.name == gap.name))
            });
            (gap.name.clone(), setup)
        })
        .collect();
    for (gap, setup) in gaps {
        let entry = if setup {
            "Service / Source"
        } else {
            "Managed Server"
        };
        selection.answers.insert(gap, vec![entry.to_owned()]);
    }
    Choices {
        selection,
        ..Choices::default()
    }
}

pub fn planned(psa: &Psa, profile: &Profile, choices: &Choices) -> Plan {
    let wanted = wanted(profile, choices, registry()).expect("something to want");
    plan(psa, wanted, registry()).expect("a plan")
}

pub fn applied(psa: &Psa, profile: &Profile, choices: &Choices) -> Applied {
    let plan = planned(psa, profile, choices);
    apply(psa, &plan, registry()).expect("an applied plan")
}

pub fn verified(
    key: &Psa,
    admin: Option<&Psa>,
    profile: &Profile,
    choices: &Choices,
    write_probes: bool,
) -> Report {
    verify(&Asked {
        key,
        profile,
        choices,
        registry: registry(),
        catalog: &data().1,
        admin,
        write_probes,
        probes_only: false,
    })
    .expect("a report")
}

pub fn allow(names: &[&str]) -> ListDocument {
    ListDocument::Allow(names.iter().map(|name| (*name).to_owned()).collect())
}

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// What a report says is missing or in excess: row and verb, or row and entry.
pub fn named(report: &Report, state: State) -> BTreeSet<String> {
    let rights = report
        .with(state)
        .map(|right| match (&right.verb, &right.entry) {
            (Some(verb), _) => format!("{} / {}: {verb}", right.module, right.action),
            (None, entry) => format!(
                "{} / {}: {}",
                right.module,
                right.action,
                entry.clone().unwrap_or_default()
            ),
        });
    rights.collect()
}

impl Server {
    /// The operator's way through somebody who hangs up at one request, counted from 0, before or after it was
    /// carried out, and at each that follows.
    pub fn cut_at(&self, at: usize, carried_out: bool, vendor_only: bool) -> Psa {
        let running = self.running();
        let server = running.ready.http.trim_start_matches("http://").to_owned();
        let address = proxy::cut_at(server, at, carried_out);
        let credentials = Credentials {
            company: running.ready.connectwise.company.clone(),
            public_key: "operator".to_owned(),
            private_key: Secret::new(running.server.settings.operator.reveal()),
            client_id: Some(running.ready.connectwise.client_id.clone()),
        };
        let options = Options {
            vendor_only,
            usual_path: true,
            ..Options::default()
        };
        Psa::open(&address, credentials, &options).expect("a way")
    }
}

/// Test data that is kept as TOML.
pub fn toml<T: serde::de::DeserializeOwned>(text: &str) -> T {
    toml::from_str(text).expect("the data reads")
}
