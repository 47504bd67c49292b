//! The vendor's limits over real sockets: calls at once, calls an hour, rows of a page. The delays are waited out
//! by a gate in place of the clock, so that nothing here depends on how quick the machine is.

#![allow(clippy::unwrap_used)]

#[path = "support/autotask.rs"]
mod support;

use bitting_autotask::limits::{HOURLY, Limits};
use bitting_autotask::users::Shown;
use bitting_calls::http::{BODY_LIMIT, Body, Handler as _, Received, serve};
use bitting_calls::seed::Demo;
use bitting_demo::Size;
use bitting_store::Location;
use jiff::Timestamp;
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use support::{START, Site, all, small};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Calls that wait: how long each was told to, and whether they may go on.
struct Gate {
    waits: Arc<Mutex<Vec<u64>>>,
    arrived: watch::Sender<usize>,
    open: watch::Sender<bool>,
}

impl Gate {
    fn at(site: &Site, open: bool) -> Arc<Self> {
        let gate = Arc::new(Self {
            waits: Arc::default(),
            arrived: watch::Sender::new(0),
            open: watch::Sender::new(open),
        });
        let held = gate.clone();
        site.tenant
            .usage
            .set_pause(Arc::new(move |delay: Duration| {
                let gate = held.clone();
                Box::pin(async move {
                    gate.waits
                        .lock()
                        .push(u64::try_from(delay.as_millis()).unwrap());
                    gate.arrived.send_modify(|arrived| *arrived += 1);
                    gate.open.subscribe().wait_for(|open| *open).await.unwrap();
                })
            }));
        gate
    }

    /// Waits until so many calls wait.
    async fn holds(&self, calls: usize) {
        let mut arrived = self.arrived.subscribe();
        arrived.wait_for(|arrived| *arrived >= calls).await.unwrap();
    }
}

/// A site behind a socket, with the vendor's limits.
struct Wire {
    site: Site,
    address: SocketAddr,
    _stop: watch::Sender<bool>,
}

impl Wire {
    async fn open(demo: &Demo) -> Self {
        let site = Site::with(Location::Memory, Some(demo)).await;
        site.tenant.usage.set(Limits::vendor());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(serve(
            listener,
            None,
            site.server.clone(),
            BODY_LIMIT,
            stopped,
        ));
        Self {
            site,
            address,
            _stop: stop,
        }
    }

    /// Counts calls as if they had been made before.
    fn made_before(&self, calls: u64) {
        for _ in 0..calls {
            let now = Timestamp::from_second(START).unwrap();
            self.site.tenant.usage.enter(0, "before", now).unwrap();
        }
    }

    /// One call on a connection of its own, under way until it is awaited.
    fn send(&self, user: &Shown, path: &str, body: Option<&Value>) -> JoinHandle<(u16, Value)> {
        let method = if body.is_some() { "POST" } else { "GET" };
        let body = body.map(Value::to_string).unwrap_or_default();
        let path = match path.strip_prefix(&format!("http://{}", self.address)) {
            Some(path) => path.to_owned(),
            None => format!("/ATServicesRest/V1.0{path}"),
        };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nUserName: {}\r\nSecret: {}\r\n\
             ApiIntegrationCode: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            user.user,
            user.secret.reveal(),
            user.code.reveal(),
            body.len(),
        );
        let address = self.address;
        tokio::spawn(async move {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.unwrap();
            let text = String::from_utf8(answer).unwrap();
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            let status = head.split(' ').nth(1).unwrap().parse().unwrap();
            (status, serde_json::from_str(body).unwrap_or(Value::Null))
        })
    }

    async fn call(&self, user: &Shown, path: &str, body: Option<&Value>) -> (u16, Value) {
        self.send(user, path, body).await.unwrap()
    }

    /// What a refused call is told to wait, in seconds.
    async fn told_to_wait(&self) -> String {
        let uri = "http://psa.test/ATServicesRest/V1.0/Tickets/0";
        let user = self.site.admin();
        let (parts, ()) = http::Request::get(uri)
            .header("UserName", &user.user)
            .header("Secret", user.secret.reveal())
            .header("ApiIntegrationCode", user.code.reveal())
            .body(())
            .unwrap()
            .into_parts();
        let received = Received {
            parts,
            body: Body::Read(Vec::new().into()),
            secure: false,
            peer: self.address,
        };
        let answer = self.site.server.handle(received).await;
        assert_eq!(answer.status(), 429);
        answer.headers()["retry-after"].to_str().unwrap().to_owned()
    }

    /// What the database says it has counted; the question counts too.
    async fn counted(&self) -> u64 {
        let (status, said) = self
            .call(self.site.admin(), "/ThresholdInformation/", None)
            .await;
        assert_eq!(status, 200, "{said}");
        assert_eq!(said["externalRequestThreshold"], HOURLY);
        assert_eq!(said["requestThresholdTimeframe"], 60);
        said["currentTimeframeRequestCount"].as_u64().unwrap()
    }
}

#[tokio::test]
async fn a_fourth_call_at_once_is_refused_by_endpoint_and_identifier() {
    let wire = Wire::open(&small()).await;
    // From half the hour on calls wait, and while they do they take a thread.
    wire.made_before(HOURLY / 2);
    let gate = Gate::at(&wire.site, false);
    let (admin, least) = (wire.site.admin(), wire.site.least());
    let search = all();
    let ways = ["/Tickets/query", "/tickets/query/count", "//Tickets/query/"];
    let mut under_way: Vec<_> = ways
        .iter()
        .map(|path| wire.send(admin, path, Some(&search)))
        .collect();
    gate.holds(3).await;
    let (status, said) = wire.call(admin, "/Tickets/entityInformation", None).await;
    assert_eq!(status, 429);
    let says = said["errors"][0].as_str().unwrap();
    assert!(
        says.contains("API thread threshold of 3 threads has been exceeded"),
        "{says}"
    );
    assert!(says.contains("Itgenatr005"), "{says}");
    // Another endpoint, another identifier, and what needs no credentials.
    under_way.push(wire.send(admin, "/Companies/0", None));
    under_way.push(wire.send(least, "/Tickets/query", Some(&search)));
    gate.holds(5).await;
    let zone = format!("/zoneInformation?user={}", admin.user);
    assert_eq!(wire.call(admin, &zone, None).await.0, 200);
    // The refused call took no thread, and each that ends gives its own back.
    assert_eq!(wire.call(admin, "/Tickets/0", None).await.0, 429);
    assert_eq!(wire.told_to_wait().await, "1");
    gate.open.send_replace(true);
    for call in under_way {
        let (status, said) = call.await.unwrap();
        assert_eq!(status, 200, "{said}");
    }
    assert_eq!(
        wire.call(admin, "/Tickets/query", Some(&search)).await.0,
        200
    );
}

#[tokio::test]
async fn users_of_one_vendor_share_its_threads() {
    let wire = Wire::open(&small()).await;
    wire.made_before(HOURLY / 2);
    let gate = Gate::at(&wire.site, false);
    let (_, known) = wire.site.tenant.user(&wire.site.admin().user).unwrap();
    let mut users = Vec::new();
    for vendor in ["Propel Your MSP", "propel your msp", "MSPCFO"] {
        let user = wire
            .site
            .tenant
            .add_user(known.resource, known.level, Some(vendor));
        users.push(user.await.unwrap());
    }
    let mut under_way = vec![
        wire.send(&users[0], "/Companies/0", None),
        wire.send(&users[0], "/Companies/0", None),
        wire.send(&users[1], "/Companies/0", None),
    ];
    gate.holds(3).await;
    for user in &users[..2] {
        assert_eq!(wire.call(user, "/Companies/0", None).await.0, 429);
    }
    under_way.push(wire.send(&users[2], "/Companies/0", None));
    gate.holds(4).await;
    gate.open.send_replace(true);
    for call in under_way {
        assert_eq!(call.await.unwrap().0, 200);
    }
}

#[tokio::test]
async fn the_hour_slows_down_twice_and_then_refuses_until_it_has_passed() {
    let wire = Wire::open(&small()).await;
    let gate = Gate::at(&wire.site, true);
    let admin = wire.site.admin();
    let step = async |before: u64| {
        wire.made_before(before);
        let (status, said) = wire.call(admin, "/Companies/0", None).await;
        assert_eq!(status, 200, "{said}");
        std::mem::take(&mut *gate.waits.lock())
    };
    assert_eq!(step(4_999).await, [0_u64; 0], "the 5,000th call");
    assert_eq!(wire.counted().await, 5_001);
    assert_eq!(std::mem::take(&mut *gate.waits.lock()), [500]);
    assert_eq!(step(2_498).await, [500], "the 7,500th call");
    assert_eq!(step(0).await, [1_000]);
    assert_eq!(step(2_497).await, [1_000], "the 9,999th call");
    assert_eq!(wire.counted().await, HOURLY, "the last one");
    for path in ["/Companies/0", "/ThresholdInformation", "/Version"] {
        let (status, said) = wire.call(admin, path, None).await;
        assert_eq!(status, 429, "{path}: {said}");
        assert!(
            said["errors"][0].as_str().unwrap().contains("threshold"),
            "{said}"
        );
    }
    // A refusal says when the first call leaves the hour, does not count, and the hour rolls.
    assert_eq!(wire.told_to_wait().await, "3600");
    wire.site.advance(59 * 60);
    assert_eq!(wire.call(admin, "/Companies/0", None).await.0, 429);
    wire.site.advance(60);
    gate.waits.lock().clear();
    assert_eq!(wire.counted().await, 1);
    assert!(gate.waits.lock().is_empty());
}

#[tokio::test]
async fn calls_at_once_never_pass_the_hour() {
    let wire = Wire::open(&small()).await;
    wire.site.tenant.usage.set(Limits {
        hourly: Some(12),
        ..Limits::default()
    });
    let calls: Vec<_> = (0..30)
        .map(|_| wire.send(wire.site.admin(), "/Companies/0", None))
        .collect();
    let mut statuses = Vec::new();
    for call in calls {
        statuses.push(call.await.unwrap().0);
    }
    let passed = statuses.iter().filter(|status| **status == 200).count();
    let refused = statuses.iter().filter(|status| **status == 429).count();
    assert_eq!((passed, refused), (12, 18), "{statuses:?}");
}

#[tokio::test]
async fn a_page_holds_500_rows_at_most_and_links_to_the_next() {
    let demo = Demo {
        size: Size {
            tickets: 1_100,
            ..small().size
        },
        seed: 1,
    };
    let wire = Wire::open(&demo).await;
    let admin = wire.site.admin();
    for size in [json!(501), json!(0), json!(-1), json!("many")] {
        let mut search = all();
        search["MaxRecords"] = size;
        let (status, said) = wire.call(admin, "/Tickets/query", Some(&search)).await;
        let says = said["errors"][0].as_str().unwrap_or_default();
        assert_eq!(
            (status, says),
            (500, "maxCountOfRecordsToReturn must be between 1 and 500")
        );
    }
    let (_, count) = wire.call(admin, "/Tickets/query/count", Some(&all())).await;
    let count = count["queryCount"].as_u64().unwrap();
    assert!(count > 1_000, "{count}");
    let (mut path, mut ids, mut sizes) = ("/Tickets/query".to_owned(), Vec::new(), Vec::new());
    loop {
        let (status, page) = wire.call(admin, &path, Some(&all())).await;
        assert_eq!(status, 200, "{page}");
        let items = page["items"].as_array().unwrap();
        ids.extend(items.iter().map(|item| item["id"].as_i64().unwrap()));
        assert_eq!(page["pageDetails"]["count"], items.len());
        assert_eq!(page["pageDetails"]["requestCount"], 500);
        sizes.push(items.len() as u64);
        match page["pageDetails"]["nextPageUrl"].as_str() {
            Some(next) => {
                assert!(
                    next.starts_with(&format!("http://{}/ATServicesRest/V1.0/", wire.address)),
                    "{next}"
                );
                next.clone_into(&mut path);
            }
            None => break,
        }
    }
    assert_eq!(sizes, [500, 500, count - 1_000]);
    assert!(
        ids.is_sorted_by(|left, right| left < right),
        "by ascending id"
    );
}
