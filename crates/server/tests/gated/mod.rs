//! A gate in front of a company that answers on a socket of its own, as a live PSA would.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::missing_panics_doc
)]

use super::support::random::random_role;
use super::support::{Answered, COMPANY, Company, Credentials};
use bitting_calls::http::{self, Handler, Outgoing, Received};
use bitting_demo::Size;
use bitting_gate::{Gate, Settings, Upstream};
use bitting_policy::{Level, Role};
use bitting_psa::keys::{Key, Pair};
use bitting_psa::secret::Secret;
use rand::Rng as _;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Levels that roles draw from: most see something.
const OFTEN: [Level; 6] = [
    Level::None,
    Level::My,
    Level::My,
    Level::All,
    Level::All,
    Level::All,
];

/// Few records of every kind.
pub const SMALL: Size = Size {
    companies: 24,
    contacts: 30,
    configurations: 30,
    agreements: 16,
    tickets: 80,
    opportunities: 20,
    activities: 24,
    projects: 4,
    technicians: 0,
};

/// A PSA on a socket that counts what it is asked.
pub struct Psa {
    pub company: Company,
    pub address: String,
    pub asked: AtomicUsize,
    /// Every request line since the test began.
    pub lines: Mutex<Vec<String>>,
    stop: watch::Sender<bool>,
}

struct Door(Arc<Psa>);

impl Handler for Door {
    async fn handle(&self, received: Received) -> ::http::Response<Outgoing> {
        self.0.asked.fetch_add(1, Ordering::Relaxed);
        let line = format!("{} {}", received.parts.method, received.parts.uri);
        self.0.lines.lock().expect("no panic while held").push(line);
        Box::pin(self.0.company.server.handle(received)).await
    }
}

impl Psa {
    /// The demo company on a free port.
    pub async fn demo(size: Size) -> Arc<Self> {
        Self::serve(Company::demo(size, 7).await).await
    }

    pub async fn serve(company: Company) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let (stop, stopped) = watch::channel(false);
        let psa = Arc::new(Self {
            company,
            address,
            asked: AtomicUsize::new(0),
            lines: Mutex::default(),
            stop,
        });
        let door = Arc::new(Door(psa.clone()));
        tokio::spawn(http::serve(listener, None, door, 1 << 20, stopped));
        psa
    }

    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    /// Takes no further connection.
    pub fn stop(&self) {
        let _ = self.stop.send(true);
    }

    /// A key pair of the administrator, for the gate.
    pub fn pair(&self) -> Pair {
        let pair = Pair::generate();
        let member = self.company.admin_member;
        let key = Key::new(
            2_000_000,
            member,
            "gate".to_owned(),
            &pair,
            self.company.instance.now(),
        );
        self.company.instance.keys.put(key);
        pair
    }
}

/// What the gate of a test is told about its PSA.
pub fn settings(address: &str, pair: &Pair) -> Settings {
    Settings {
        address: address.to_owned(),
        company: COMPANY.to_owned(),
        public_key: pair.public.clone(),
        private_key: Secret::new(pair.private.reveal()),
        client_id: "b1771a6e-0000-4000-8000-000000000001".to_owned(),
        authority: None,
        patience: Duration::from_secs(60),
    }
}

/// A gate in front of a PSA, whose operator is its `admin`.
pub async fn gate(settings: Settings) -> Company {
    let mut company = Company::bare().await;
    let mut upstream = Upstream::open(settings).expect("a way");
    let found = upstream.locate().await;
    let gate = Arc::new(Gate::new(upstream, company.instance.catalog()));
    if found.is_ok() {
        gate.mirror(&company.instance).await.expect("the structure");
    }
    company.instance.join_gate(gate);
    let operator = company.server.settings.operator.reveal().to_owned();
    company.admin = Credentials::new("operator", &operator);
    company
}

/// The same role and the same member, made on one side.
pub async fn equip(
    company: &Company,
    identifier: &str,
    role: &Role,
    member: &Value,
) -> (i64, Credentials) {
    let id = company.role(identifier, &[], &[]).await;
    let mut role = role.clone();
    role.id = id;
    identifier.clone_into(&mut role.name);
    company
        .instance
        .save_role(role)
        .await
        .expect("a role is kept");
    let mut body = member.clone();
    body["identifier"] = json!(identifier);
    body["name"] = json!(identifier);
    body["securityRole"] = json!({ "id": id });
    let made = company
        .call(&company.admin, "POST", "/system/apiMembers", Some(body))
        .await
        .expect(201);
    let id = made["id"].as_i64().expect("an id");
    (id, company.key(id))
}

/// Two answers that ought to be the same.
#[track_caller]
pub fn same(what: &str, direct: &Answered, gated: &Answered) {
    assert_eq!(
        (direct.status, direct.headers.get("link")),
        (gated.status, gated.headers.get("link")),
        "{what}: {} | {} | {}",
        gated.denial(),
        String::from_utf8_lossy(&direct.body),
        String::from_utf8_lossy(&gated.body)
    );
    if direct.status == 200 {
        assert_eq!(direct.json, gated.json, "{what}");
    }
}

pub async fn rows(company: &Company, path: &str) -> Vec<Value> {
    let path = format!("{path}?pageSize=1000");
    company.get(&company.admin, &path).await.rows()
}

/// One of the demo company's locations, not always the top, and boards out of sight.
pub async fn random_place(psa: &Company, random: &mut StdRng) -> Value {
    let locations = rows(psa, "/system/locations").await;
    let boards = rows(psa, "/service/boards").await;
    let location = locations[random.random_range(0..locations.len())]["id"].clone();
    let excluded: Vec<Value> = boards
        .iter()
        .filter(|_| random.random_bool(0.3))
        .map(|board| board["id"].clone())
        .collect();
    json!({
        "securityLocation": { "id": location },
        "excludedServiceBoardIds": excluded,
        "blockPriceFlag": random.random_bool(0.3),
        "blockCostFlag": random.random_bool(0.3),
    })
}

/// A PSA, a gate in front of it, and a random member known to both by the same name.
pub async fn both(
    psa: &Psa,
    gate: &Company,
    random: &mut StdRng,
    number: usize,
) -> (Credentials, Credentials) {
    let role = random_role(psa.company.instance.registry(), &OFTEN, random);
    let place = random_place(&psa.company, random).await;
    let name = format!("random{number}");
    let (member, direct) = equip(&psa.company, &name, &role, &place).await;
    let (_, gated) = equip(gate, &name, &role, &place).await;
    for (path, field) in [
        ("/service/tickets", "owner"),
        ("/sales/activities", "assignTo"),
        ("/sales/opportunities", "primarySalesRep"),
    ] {
        for _ in 0..6 {
            let id = random.random_range(1..30);
            let patch = json!([{ "op": "replace", "path": field, "value": { "id": member } }]);
            let path = format!("{path}/{id}");
            psa.company
                .call(&psa.company.admin, "PATCH", &path, Some(patch))
                .await;
        }
    }
    (direct, gated)
}

/// A demo company on a socket, and a gate in front of it.
pub async fn opened() -> (Arc<Psa>, Company) {
    let psa = Psa::demo(SMALL).await;
    let gate = gate(settings(&psa.address, &psa.pair())).await;
    (psa, gate)
}
