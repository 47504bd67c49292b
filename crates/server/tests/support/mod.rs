//! A company to test against: an instance in memory with the shipped catalog, an administrator, a clock
//! that stands still, and calls that go through the whole server but for the socket. Knows no subject of
//! its own; every test file of this crate may use it.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::missing_panics_doc
)]

pub mod random;

use base64::Engine as _;
use bitting_calls::http::{Body, Handler as _, Received};
use bitting_calls::seed::{self, Demo};
use bitting_catalog::Catalog;
use bitting_demo::Size;
use bitting_policy::{Level, Levels, List, ListDocument, Needs, Registry, Role};
use bitting_psa::instance::{Instance, Opening};
use bitting_psa::keys::{Key, Pair};
use bitting_psa::secret::Secret;
use bitting_rules::first;
use bitting_rules::rulebook::Rulebook;
use bitting_server::server::{Server, Settings};
use bitting_store::{Durability, Location};
use http_body_util::BodyExt as _;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

/// The company's id, before the `+` of its keys.
pub const COMPANY: &str = "acme";
/// When the clock starts: 2026-03-02T09:00:00Z.
pub const START: i64 = 1_772_442_000;

/// What a panicking clock says, which nobody may hear.
pub const SAID: &str = "the clock quotes s3cr3t";

/// A company with its server.
pub struct Company {
    pub server: Server,
    pub instance: Arc<Instance>,
    /// The administrator's key, which every right is open to.
    pub admin: Credentials,
    pub admin_member: i64,
    second: Arc<AtomicI64>,
    /// Readings of the clock until one panics; none does below one.
    readings: Arc<AtomicI64>,
    next_key: AtomicI64,
    /// Keys of members that hold one need each.
    holders: Mutex<BTreeMap<String, Credentials>>,
}

/// What a client sends as `Authorization`.
#[derive(Clone)]
pub struct Credentials(String);

impl Credentials {
    /// The value of the Authorization header.
    pub fn header(&self) -> &str {
        &self.0
    }

    pub fn new(public: &str, private: &str) -> Self {
        let text = format!("{COMPANY}+{public}:{private}");
        let text = base64::engine::general_purpose::STANDARD.encode(text);
        Self(format!("Basic {text}"))
    }
}

/// An answer, read.
#[derive(Debug)]
pub struct Answered {
    pub status: u16,
    pub headers: http::HeaderMap,
    /// Null when the body is empty or no JSON.
    pub json: Value,
    pub body: Vec<u8>,
}

impl Answered {
    /// The JSON, once the status is the one expected.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(
            self.status,
            status,
            "{}",
            String::from_utf8_lossy(&self.body)
        );
        self.json
    }

    /// The rows of a list.
    #[track_caller]
    pub fn rows(self) -> Vec<Value> {
        match self.expect(200) {
            Value::Array(rows) => rows,
            other => panic!("not a list: {other}"),
        }
    }

    /// What the header beside a denial says.
    pub fn denial(&self) -> &str {
        let header = self.headers.get("x-bitting-denial");
        header.and_then(|value| value.to_str().ok()).unwrap_or("")
    }
}

impl Company {
    /// A new company: the top of its structure, an administrator, a least-privilege member.
    pub async fn open() -> Self {
        Self::open_at(Location::Memory).await
    }

    /// The same in a database of the test's own.
    pub async fn open_at(location: Location) -> Self {
        let company = Self::bare_at(location).await;
        let members = first::company(&company.instance)
            .await
            .expect("a new company");
        company.with_admin(members.admin)
    }

    /// A company that is there already, whoever its members are.
    pub async fn reopen(location: Location) -> Self {
        Self::bare_at(location).await
    }

    /// A company without a single record: whoever calls it lays them down.
    pub async fn bare() -> Self {
        Self::bare_at(Location::Memory).await
    }

    /// The demo company of this size; its administrator is this company's.
    pub async fn demo(size: Size, seed: u64) -> Self {
        Self::demo_at(Location::Memory, size, seed).await
    }

    pub async fn demo_at(location: Location, size: Size, seed: u64) -> Self {
        let company = Self::bare_at(location).await;
        let demo = Demo { size, seed };
        let seeded = seed::company(&company.instance, Some(&demo), &mut |_| {}).await;
        let admin = seeded.expect("a demo company").admin;
        company.with_admin(admin.expect("an administrator"))
    }

    /// The same company with this member as its administrator.
    pub fn with_admin(mut self, member: i64) -> Self {
        self.admin_member = member;
        self.admin = self.key(member);
        self
    }

    async fn bare_at(location: Location) -> Self {
        let (registry, catalog) = Catalog::embedded().expect("the shipped data reads");
        let second = Arc::new(AtomicI64::new(START));
        let clock = second.clone();
        let readings = Arc::new(AtomicI64::new(0));
        let left = readings.clone();
        let instance = Instance::open(Opening {
            company: COMPANY.to_owned(),
            name: "Acme".to_owned(),
            location,
            durability: Durability::Off,
            catalog: Arc::new(catalog),
            registry: Arc::new(registry),
            clock: Arc::new(move || {
                assert!(left.fetch_sub(1, Ordering::Relaxed) != 1, "{SAID}");
                Timestamp::from_second(clock.load(Ordering::Relaxed)).expect("a time in range")
            }),
            groundwork: &Rulebook,
        })
        .await
        .expect("an instance opens");
        let instance = Arc::new(instance);
        let server = Server::new(Settings {
            require_client_id: false,
            operator: Secret::generate(),
        });
        server.add(instance.clone());
        Self {
            server,
            instance,
            admin: Credentials(String::new()),
            admin_member: 0,
            second,
            readings,
            next_key: AtomicI64::new(1),
            holders: Mutex::default(),
        }
    }

    /// Moves the clock on.
    pub fn advance(&self, by: SignedDuration) {
        self.second.fetch_add(by.as_secs(), Ordering::Relaxed);
    }

    /// Has the clock panic at its n-th reading from now; answers what was left of the number told before, which is more
    /// than nothing where it did not panic.
    pub fn panic_at(&self, reading: i64) -> i64 {
        self.readings.swap(reading, Ordering::Relaxed)
    }

    /// Cuts a key for a member.
    pub fn key(&self, member: i64) -> Credentials {
        let pair = Pair::generate();
        let id = 1_000_000 + self.next_key.fetch_add(1, Ordering::Relaxed);
        let key = Key::new(id, member, "test".to_owned(), &pair, self.instance.now());
        self.instance.keys.put(key);
        Credentials::new(&pair.public, pair.private.reveal())
    }

    /// A role with these rows (module, action, [Add, Edit, Delete, Inquire]) and these lists.
    pub async fn role(
        &self,
        name: &str,
        rows: &[(&str, &str, Levels)],
        lists: &[(&str, ListDocument)],
    ) -> i64 {
        let made = self
            .call(
                &self.admin,
                "POST",
                "/system/securityroles",
                Some(json!({ "name": name })),
            )
            .await
            .expect(201);
        let id = made["id"].as_i64().expect("an id");
        let registry = self.instance.registry();
        let mut role = Role::new(registry, id, name);
        for (module, action, levels) in rows {
            let action = registry.action(module, action).expect("a known action");
            role.set(registry, action, *levels)
                .expect("levels the action accepts");
        }
        for (list, entries) in lists {
            let list = registry.list(list).expect("a known list");
            role.set_list(registry, list, entries)
                .expect("known entries");
        }
        self.instance.save_role(role).await.expect("a role is kept");
        id
    }

    /// An API member of a role, with a key.
    pub async fn member(&self, identifier: &str, role: i64) -> (i64, Credentials) {
        let body = json!({
            "identifier": identifier,
            "name": identifier,
            "securityRole": { "id": role },
        });
        let made = self
            .call(&self.admin, "POST", "/system/apiMembers", Some(body))
            .await
            .expect(201);
        let id = made["id"].as_i64().expect("an id");
        (id, self.key(id))
    }

    /// The key of a member with exactly the rights that satisfy the needs, the same at every call, so that
    /// three thousand operations share a few hundred keys.
    pub async fn holder(&self, needs: &Needs) -> Credentials {
        let name = format!("{needs:?}");
        let number = {
            let holders = self.holders.lock().expect("no panic while held");
            if let Some(key) = holders.get(&name) {
                return key.clone();
            }
            holders.len()
        };
        let id = self.role(&format!("holder {number}"), &[], &[]).await;
        let registry = self.instance.registry();
        let mut role = Role::new(registry, id, format!("holder {number}"));
        smallest(registry, &mut role, needs);
        self.instance.save_role(role).await.expect("a role is kept");
        let (_, key) = self.member(&format!("holder{number}"), id).await;
        let mut holders = self.holders.lock().expect("no panic while held");
        holders.insert(name, key.clone());
        key
    }

    /// The id of a record that the administrator makes.
    pub async fn made(&self, path: &str, body: Value) -> i64 {
        let made = self.call(&self.admin, "POST", path, Some(body)).await;
        assert_eq!(made.status, 201, "{path}: {}", made.json);
        made.json["id"].as_i64().expect("an id")
    }

    /// A call below the API root, from the Authorization header to the answer's body.
    pub async fn call(
        &self,
        key: &Credentials,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Answered {
        let body = body.map(|body| body.to_string().into_bytes());
        self.send(Some(key), method, path, body).await
    }

    /// Reads with GET.
    pub async fn get(&self, key: &Credentials, path: &str) -> Answered {
        self.call(key, "GET", path, None).await
    }

    /// Reads with GET as a release shows it.
    pub async fn get_as_of(&self, key: &Credentials, path: &str, release: &str) -> Answered {
        let path = format!("/v4_6_release/apis/3.0{path}");
        let accept = format!("application/vnd.connectwise.com+json; version={release}");
        self.whole(Some(key), "GET", &path, None, &[("accept", &accept)])
            .await
    }

    /// Any call at all: also without a key, also with a body that is no JSON. Blanks and quotes in the
    /// query are escaped here.
    pub async fn send(
        &self,
        key: Option<&Credentials>,
        method: &str,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Answered {
        let path = format!("/v4_6_release/apis/3.0{path}");
        self.raw(key, method, &path, body, "application/json").await
    }

    /// A body of another kind than JSON.
    pub async fn send_as(
        &self,
        key: &Credentials,
        method: &str,
        path: &str,
        body: Vec<u8>,
        content_type: &str,
    ) -> Answered {
        let path = format!("/v4_6_release/apis/3.0{path}");
        self.raw(Some(key), method, &path, Some(body), content_type)
            .await
    }

    /// Reads a path from the root of the server.
    pub async fn at(&self, key: Option<&Credentials>, path: &str) -> Answered {
        self.raw(key, "GET", path, None, "").await
    }

    /// Any call on a path from the root of the server.
    pub async fn raw(
        &self,
        key: Option<&Credentials>,
        method: &str,
        path: &str,
        body: Option<Vec<u8>>,
        content_type: &str,
    ) -> Answered {
        let headers = [("content-type", content_type)];
        let headers: &[_] = if body.is_some() { &headers } else { &[] };
        self.whole(key, method, path, body, headers).await
    }

    /// The same with any headers.
    pub async fn whole(
        &self,
        key: Option<&Credentials>,
        method: &str,
        path: &str,
        body: Option<Vec<u8>>,
        headers: &[(&str, &str)],
    ) -> Answered {
        let path = path
            .replace(' ', "%20")
            .replace('"', "%22")
            .replace('<', "%3C")
            .replace('>', "%3E");
        let mut request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("host", "psa.test")
            .header("clientid", "b1771a6e-0000-4000-8000-000000000001");
        if let Some(key) = key {
            request = request.header("authorization", &key.0);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).expect("a request").into_parts();
        let received = Received {
            parts,
            body: Body::Read(body.unwrap_or_default().into()),
            secure: true,
            peer: SocketAddr::from(([127, 0, 0, 1], 1)),
        };
        let answered = Box::pin(self.server.handle(received)).await;
        let (parts, body) = answered.into_parts();
        let body = body.collect().await.expect("a body").to_bytes().to_vec();
        Answered {
            status: parts.status.as_u16(),
            headers: parts.headers,
            json: serde_json::from_slice(&body).unwrap_or(Value::Null),
            body,
        }
    }
}

/// The smallest role that satisfies the needs: every verb of exactly the rows they name.
fn smallest(registry: &Registry, role: &mut Role, needs: &Needs) {
    match needs {
        Needs::Anyone | Needs::AnyMember => {}
        Needs::Action(action) => {
            let row = registry.get(*action).expect("a known action");
            let levels = bitting_policy::Verb::EVERY.map(|verb| {
                if row.accepts(verb, Level::All) {
                    Level::All
                } else {
                    Level::None
                }
            });
            role.set(registry, *action, levels)
                .expect("All is accepted");
        }
        Needs::Table(table) => {
            role.set(registry, registry.table_setup(), [Level::All; 4])
                .expect("Table Setup takes All");
            role.set_tables(List::Allow([*table].into_iter().collect()));
        }
        Needs::Every(parts) => parts.iter().for_each(|part| smallest(registry, role, part)),
        Needs::Either(parts) => smallest(registry, role, &parts[0]),
    }
}
