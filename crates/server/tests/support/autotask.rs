//! An Autotask database to test against, with a server, a demo company and its two first users, and calls that go
//! through the whole server but for the socket. Every test file of this crate about Autotask may use it.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::missing_panics_doc
)]

use bitting_autotask::seed::{self, First};
use bitting_autotask::tenant::{Opening, Tenant};
use bitting_autotask::users::Shown;
use bitting_calls::http::{Body, Handler as _, Received};
use bitting_calls::seed::Demo;
use bitting_catalog::Catalog;
use bitting_demo::Size;
use bitting_psa::secret::Secret;
use bitting_server::server::{Server, Settings};
use bitting_store::{Durability, Location};
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// When the clock starts: 2026-03-02T09:00:00Z.
pub const START: i64 = 1_772_442_000;
/// What a panicking clock says, which nobody may hear.
pub const SAID: &str = "the clock quotes s3cr3t";
/// The level that all others are copied from.
pub const SYSTEM: &str = "API User (system) (API-only)";

/// A server with one Autotask database and its two first users.
pub struct Site {
    pub server: Arc<Server>,
    pub tenant: Arc<Tenant>,
    pub first: First,
    second: Arc<AtomicI64>,
    /// Readings of the clock until one panics; none does below one.
    readings: Arc<AtomicI64>,
}

/// A demo company that is made in a moment.
pub fn small() -> Demo {
    let size = Size {
        companies: 40,
        contacts: 60,
        configurations: 30,
        agreements: 12,
        tickets: 60,
        opportunities: 20,
        activities: 20,
        projects: 4,
        technicians: 0,
    };
    Demo { size, seed: 1 }
}

/// An answer, read.
#[derive(Debug)]
pub struct Answered {
    pub status: u16,
    pub denial: String,
    pub body: Vec<u8>,
    /// Null when the body is empty or no JSON.
    pub json: Value,
}

impl Site {
    pub async fn open() -> Self {
        Self::open_at(Location::Memory).await
    }

    pub async fn open_at(location: Location) -> Self {
        Self::with(location, Some(&small())).await
    }

    /// With these demo records, or with none.
    pub async fn with(location: Location, demo: Option<&Demo>) -> Self {
        let (permissions, registry, catalog) = Catalog::autotask().unwrap();
        let second = Arc::new(AtomicI64::new(START));
        let clock = second.clone();
        let readings = Arc::new(AtomicI64::new(0));
        let left = readings.clone();
        let tenant = Tenant::open(Opening {
            name: "Test".into(),
            location,
            durability: Durability::Full,
            permissions: Arc::new(permissions),
            registry: Arc::new(registry),
            catalog: Arc::new(catalog),
            clock: Arc::new(move || {
                assert!(left.fetch_sub(1, Ordering::Relaxed) != 1, "{SAID}");
                Timestamp::from_second(clock.load(Ordering::Relaxed)).unwrap()
            }),
        })
        .await
        .unwrap();
        let first = seed::company(&tenant, demo, true, &mut |_| {})
            .await
            .unwrap();
        let tenant = Arc::new(tenant);
        let server = Server::new(Settings {
            require_client_id: false,
            operator: Secret::generate(),
        });
        server.add_autotask(tenant.clone());
        Self {
            server: Arc::new(server),
            tenant,
            first,
            second,
            readings,
        }
    }

    pub fn advance(&self, seconds: i64) {
        self.second.fetch_add(seconds, Ordering::Relaxed);
    }

    /// Has the clock panic at its n-th reading from now; answers what was left of the number told before, which is more
    /// than nothing where it did not panic.
    pub fn panic_at(&self, reading: i64) -> i64 {
        self.readings.swap(reading, Ordering::Relaxed)
    }

    pub fn admin(&self) -> &Shown {
        self.first.admin.as_ref().unwrap()
    }

    pub fn least(&self) -> &Shown {
        self.first.least.as_ref().unwrap()
    }

    /// A level with these values alone: permission, cell, value.
    pub async fn level(&self, name: &str, settings: &[(&str, &str, &str)]) -> i64 {
        let mut level = self.tenant.permissions.copy(SYSTEM, name).unwrap();
        level.settings.clear();
        for (permission, cell, value) in settings {
            let values = level.settings.entry((*permission).to_owned()).or_default();
            *values.cell(cell).unwrap() = Some((*value).to_owned());
        }
        self.tenant.save_level(None, level).await.unwrap()
    }

    /// A user of a resource that holds such a level.
    pub async fn user(&self, resource: i64, settings: &[(&str, &str, &str)]) -> Shown {
        let name = format!("level {}", self.tenant.levels().len());
        let level = self.level(&name, settings).await;
        self.tenant.add_user(resource, level, None).await.unwrap()
    }

    /// A resource by its user name.
    pub async fn resource(&self, name: &str) -> i64 {
        let filter = json!({"filter": [{"op": "eq", "field": "userName", "value": name}]});
        let page = self
            .admin_call("POST", "/Resources/query", Some(filter))
            .await;
        page["items"][0]["id"].as_i64().unwrap()
    }

    pub async fn send(
        &self,
        user: Option<&Shown>,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Answered {
        let uri = if path.starts_with("http") {
            path.to_owned()
        } else {
            format!("http://psa.test/ATServicesRest/V1.0{path}")
        };
        let mut request = http::Request::builder().method(method).uri(uri);
        request = request.header("host", "psa.test");
        // A header that some clients send although it is not true.
        request = request.header("content-encoding", "gzip");
        if let Some(user) = user {
            request = request
                .header("UserName", &user.user)
                .header("Secret", user.secret.reveal())
                .header("ApiIntegrationcode", user.code.reveal());
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let received = Received {
            parts,
            body: Body::Read(body.into()),
            secure: false,
            peer: SocketAddr::from(([127, 0, 0, 1], 1)),
        };
        let response = self.server.handle(received).await;
        let denial = response.headers().get("x-bitting-denial");
        let denial = denial.and_then(|value| value.to_str().ok()).unwrap_or("");
        let denial = denial.to_owned();
        let status = response.status().as_u16();
        let body = response
            .into_body()
            .collect()
            .await
            .unwrap()
            .to_bytes()
            .to_vec();
        Answered {
            status,
            denial,
            json: serde_json::from_slice(&body).unwrap_or(Value::Null),
            body,
        }
    }

    pub async fn call(
        &self,
        user: Option<&Shown>,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> (u16, Value) {
        let answered = self.send(user, method, path, &[], body).await;
        (answered.status, answered.json)
    }

    pub async fn admin_call(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        let (status, json) = self.call(Some(self.admin()), method, path, body).await;
        assert_eq!(status, 200, "{method} {path}: {json}");
        json
    }

    /// Every row that a user sees of an entity, by id.
    pub async fn rows(&self, user: &Shown, entity: &str) -> Vec<Value> {
        let mut next = format!("/{entity}/query");
        let search = self.all_of(entity);
        let mut rows = Vec::new();
        loop {
            let (status, page) = self
                .call(Some(user), "POST", &next, Some(search.clone()))
                .await;
            assert_eq!(status, 200, "{entity}: {page}");
            rows.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["pageDetails"]["nextPageUrl"].as_str() {
                Some(link) => link.clone_into(&mut next),
                None => return rows,
            }
        }
    }
}

impl Site {
    /// A search for every row of an entity, also of one whose ids cannot be searched.
    pub fn all_of(&self, entity: &str) -> Value {
        let entity = self.tenant.catalog().entity_at(entity).unwrap();
        let searched = entity.fields.iter().find(|field| field.queryable).unwrap();
        json!({"filter": [{"op": "exist", "field": searched.name}]})
    }
}

/// A search for everything.
pub fn all() -> Value {
    json!({"filter": [{"op": "gte", "field": "id", "value": 0}]})
}
