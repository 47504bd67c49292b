//! What never passes the gate: calls without a right reach no PSA, conditions cannot be smuggled, a revoked key
//! ends at the next request, and a PSA that fails is told in a sentence without its secrets.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod gated;
mod support;

use ::http::header::SET_COOKIE;
use bitting_calls::http::{self, Handler, Outgoing, Received};
use bitting_catalog::route::Method;
use bitting_policy::{Level, Needs, Role};
use bitting_psa::keys::Pair;
use bytes::Bytes;
use gated::{Psa, equip, gate, opened, rows, settings};
use http_body_util::Full;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use support::{Company, Credentials};
use tokio::net::TcpListener;
use tokio::sync::watch;

#[tokio::test(flavor = "multi_thread")]
async fn without_a_right_nothing_reaches_the_psa() {
    let psa = Psa::serve(Company::open().await).await;
    let company = gate(settings(&psa.address, &psa.pair())).await;
    let empty = Role::new(company.instance.registry(), 0, "nothing");
    let (_, powerless) = equip(&company, "none", &empty, &json!({})).await;
    let wrong = Credentials::new("nobody", "nothing");
    let before = psa.asked();
    let mut seen = 0;
    for route in &company.instance.catalog().routes {
        let entity = company.instance.catalog().entity(route.entity);
        let needs = &route.right.as_ref().unwrap_or(&entity.right).needs;
        let free = matches!(needs, Needs::Anyone | Needs::AnyMember) || route.view.is_some();
        let path = route
            .path
            .split('/')
            .map(|segment| {
                if segment.starts_with('{') {
                    "1"
                } else {
                    segment
                }
            })
            .collect::<Vec<_>>()
            .join("/");
        for operation in &route.methods {
            let method = match operation.method {
                Method::Get => "GET",
                Method::Post => "POST",
                Method::Put => "PUT",
                Method::Patch => "PATCH",
                Method::Delete => "DELETE",
            };
            let body = (method != "GET").then(|| json!({}));
            if &*route.path != "/system/info" {
                let none = company.send(None, method, &path, None).await;
                assert_eq!(none.status, 401, "{method} {path}");
            }
            let bad = company.call(&wrong, method, &path, body.clone()).await;
            assert_eq!(bad.status, 401, "{method} {path}");
            if !free {
                let denied = company.call(&powerless, method, &path, body).await;
                assert_eq!(denied.status, 403, "{method} {path}");
                seen += 1;
            }
        }
    }
    for path in ["/no/such/path", "/service/tickets/1/no"] {
        assert_eq!(company.get(&powerless, path).await.status, 404);
    }
    assert!(seen > 2_500, "{seen}");
    assert_eq!(psa.asked(), before, "nothing of all this reached the PSA");
}

/// A role that reads its own tickets, and what only the PSA's administrator sees.
async fn narrow(psa: &Psa, company: &Company) -> Credentials {
    let registry = company.instance.registry();
    let mut role = Role::new(registry, 0, "own tickets");
    let action = registry
        .action("Service Desk", "Service Tickets")
        .expect("a row");
    role.set(
        registry,
        action,
        [Level::None, Level::None, Level::None, Level::My],
    )
    .expect("My");
    let top = rows(&psa.company, "/system/locations").await;
    let top = top
        .iter()
        .find(|row| row["reportsTo"].is_null())
        .expect("a top")["id"]
        .clone();
    let (_, key) = equip(
        company,
        "mallory",
        &role,
        &json!({ "securityLocation": { "id": top } }),
    )
    .await;
    key
}

#[tokio::test(flavor = "multi_thread")]
async fn conditions_cannot_be_smuggled_past_the_fence() {
    let (psa, company) = opened().await;
    let key = narrow(&psa, &company).await;
    for text in [
        "id > 0",
        "id > 0 or id < 0",
        "id > 0) or (id > 0",
        "id > 0)) or ((id > 0",
        "summary = \"x\" or id > 0",
        r#"summary = "x\" or id > 0 or summary = \"""#,
        r"summary = 'x\' or id > 0 or summary = '",
        r#"summary = "x"" or id > 0 or summary = """#,
        r#"summary = "\") or (id > 0 or summary = \"""#,
        "owner/identifier = \"mallory\" or not (id = 0)",
        "not (not (id > 0))",
        "id in (1,2,3,4,5) or recordType = \"ProjectTicket\"",
        "id > 0 -- ",
        "id > 0 /* ",
        "id > 0%26conditions=id > 0",
        "id > 0\u{0}",
    ] {
        let encoded =
            percent_encoding::percent_encode(text.as_bytes(), percent_encoding::NON_ALPHANUMERIC);
        for path in [
            format!("/service/tickets?conditions={encoded}"),
            format!("/service/tickets?Conditions=id>0&conditions={encoded}"),
            format!("/service/tickets?childConditions={encoded}"),
            format!("/service/tickets?orderBy={encoded}"),
            format!("/service/tickets?fields={encoded}"),
        ] {
            let answered = company.get(&key, &path).await;
            match answered.status {
                200 => assert_eq!(answered.json, json!([]), "{text}"),
                status => assert!([400, 403].contains(&status), "{text}: {status}"),
            }
        }
        let count = company
            .get(
                &key,
                &format!("/service/tickets/count?conditions={encoded}"),
            )
            .await;
        match count.status {
            200 => assert_eq!(count.json["count"], 0, "{text}"),
            status => assert!([400, 403].contains(&status), "{text}: {status}"),
        }
        let body = json!({ "conditions": text });
        let found = company
            .call(&key, "POST", "/service/tickets/search", Some(body))
            .await;
        assert!(
            found.status >= 400 || found.json == json!([]),
            "{text}: {}",
            found.json
        );
    }
    assert_eq!(
        company
            .get(&key, "/service/tickets/3?conditions=id>0")
            .await
            .status,
        404
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_key_ends_at_the_next_request() {
    let (psa, company) = opened().await;
    let made = narrow(&psa, &company).await;
    assert_eq!(company.get(&made, "/service/tickets").await.status, 200);
    let member = company.instance.keys.list(None)[0].member;
    let cut = company.instance.cut_key(member, "test", None).await;
    let (own, pair) = cut.expect("a key");
    let key = Credentials::new(&pair.public, pair.private.reveal());
    assert_eq!(company.get(&key, "/service/tickets").await.status, 200);
    company.instance.delete_key(own.id).await.expect("revoked");
    let before = psa.asked();
    assert_eq!(company.get(&key, "/service/tickets").await.status, 401);
    assert_eq!(psa.asked(), before);
    // A role that is turned down counts at the next request as well.
    let key = company.key(own.member);
    assert_eq!(company.get(&key, "/service/tickets").await.status, 200);
    let registry = company.instance.registry();
    let member = company
        .instance
        .caller(own.member)
        .await
        .expect("a read")
        .expect("a caller");
    let role = Role::new(registry, member.role.id, "own tickets");
    company
        .instance
        .save_role(role)
        .await
        .expect("a role is kept");
    assert_eq!(company.get(&key, "/service/tickets").await.status, 403);
    let events = company.server.log.latest(3);
    let told: Vec<_> = events
        .iter()
        .map(|event| (event.decision, event.upstream))
        .collect();
    assert_eq!(told[..2], [("no key", None), ("allowed", Some(200))]);
    assert_eq!((told[2].0, told[2].1), ("denied", None));
    assert!(
        events[2]
            .reason
            .as_deref()
            .is_some_and(|why| why.contains("Service Tickets"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sandbox_s_comforts_are_no_gate_s() {
    let (_psa, company) = opened().await;
    for path in ["faults", "instances/acme/reset", "instances/acme/restore"] {
        let path = format!("/bitting/apis/3.0/{path}");
        let answered = company
            .raw(
                Some(&company.admin),
                "POST",
                &path,
                Some(b"{}".to_vec()),
                "application/json",
            )
            .await;
        assert_eq!(answered.status, 404, "{path}");
    }
    // Nor does the console offer them, or show the gate's empty tables as the PSA's.
    let link = company.server.console.one_time_path();
    let entered = company.at(None, &link).await;
    let cookie = entered.headers[SET_COOKIE].to_str().unwrap();
    let cookie = cookie.split_once(';').unwrap().0;
    let headers = [("cookie", cookie), ("host", "localhost")];
    let page = async |path: &str| {
        let path = format!("/console/acme/{path}");
        let answer = company.whole(None, "GET", &path, None, &headers).await;
        (answer.status, String::from_utf8(answer.body).unwrap())
    };
    let (status, overview) = page("").await;
    assert_eq!(status, 200);
    assert!(overview.contains("Security Roles") && !overview.contains("acme/data"));
    for path in [
        "data",
        "instances",
        "instances/reset",
        "instances/faults/new",
    ] {
        let (status, text) = page(path).await;
        assert_eq!(status, 404, "{path}");
        assert!(text.contains("Not of a gate"), "{path}");
    }
}

/// A PSA that always says this.
struct Says {
    status: u16,
    headers: Vec<(&'static str, &'static str)>,
    body: String,
    silent: bool,
}

impl Handler for Says {
    async fn handle(&self, _: Received) -> ::http::Response<Outgoing> {
        if self.silent {
            std::future::pending::<()>().await;
        }
        let mut response = ::http::Response::builder().status(self.status);
        for (name, value) in &self.headers {
            response = response.header(*name, *value);
        }
        let body = Outgoing::Whole(Full::new(Bytes::from(self.body.clone())));
        response.body(body).expect("a response")
    }
}

async fn in_front_of(says: Says, patience: Duration) -> (Company, Credentials, Pair) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(async move {
        http::serve(listener, None, Arc::new(says), 1 << 20, stopped).await;
        drop(stop);
    });
    let pair = Pair::generate();
    let mut settings = settings(&address, &pair);
    settings.patience = patience;
    let (company, key) = fronted(settings).await;
    (company, key, pair)
}

/// A gate that never saw its PSA, and an administrator's virtual key.
async fn fronted(settings: bitting_gate::Settings) -> (Company, Credentials) {
    let company = Company::open().await;
    let upstream = bitting_gate::Upstream::open(settings).expect("a way");
    let gate = bitting_gate::Gate::new(upstream, company.instance.catalog());
    company.instance.join_gate(Arc::new(gate));
    let key = company.admin.clone();
    (company, key)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_psa_that_fails_is_told_in_a_sentence() {
    let long = Duration::from_secs(60);
    for (status, headers, body, expected, words) in [
        (401, vec![], "{}", 502, "refuses the gate's own key"),
        (403, vec![], "{}", 403, ""),
        (
            302,
            vec![("location", "https://elsewhere.test/login")],
            "",
            502,
            "sends calls elsewhere",
        ),
        (200, vec![], "<html>log in</html>", 502, "no JSON"),
        (
            429,
            vec![("retry-after", "17")],
            "{\"error\":\"ConnectWiseAPI\"}",
            429,
            "",
        ),
        (
            500,
            vec![],
            "{\"code\":\"ConnectWiseApi\",\"message\":\"A timeout has occured.\"}",
            500,
            "timeout",
        ),
    ] {
        let says = Says {
            status,
            headers,
            body: body.to_owned(),
            silent: false,
        };
        let (company, key, _) = in_front_of(says, long).await;
        let answered = company.get(&key, "/service/tickets/1").await;
        assert_eq!(answered.status, expected, "{status}");
        let text = String::from_utf8_lossy(&answered.body).into_owned();
        assert!(text.contains(words), "{status}: {text}");
        assert!(!text.contains("elsewhere.test") && !answered.headers.contains_key("location"));
        if status == 429 {
            assert_eq!(answered.headers["retry-after"], "17");
        }
        if status == 403 {
            assert!(
                answered.denial().contains("gate's own key"),
                "{}",
                answered.denial()
            );
        }
        let event = company.server.log.latest(1).remove(0);
        assert_eq!(event.upstream, Some(status));
    }
    let silent = Says {
        status: 200,
        headers: Vec::new(),
        body: String::new(),
        silent: true,
    };
    let (company, key, _) = in_front_of(silent, Duration::from_millis(200)).await;
    let answered = company.get(&key, "/service/tickets/1").await;
    assert_eq!(answered.status, 504);
    assert!(
        answered.json["message"]
            .as_str()
            .is_some_and(|text| text.contains("did not answer within"))
    );
    // A port that nobody listens on any more.
    let gone = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", gone.local_addr().expect("an address"));
    drop(gone);
    let (company, key) = fronted(settings(&address, &Pair::generate())).await;
    let answered = company.get(&key, "/service/tickets").await;
    assert_eq!(answered.status, 502);
    assert!(
        answered.json["message"]
            .as_str()
            .is_some_and(|text| text.contains("cannot be reached"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_psa_s_key_is_in_no_answer_and_no_event() {
    let pair = Pair::generate();
    let secret = pair.private.reveal().to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let (_stop, stopped) = watch::channel(false);
    // A proxy's page that shows what it was sent.
    let says = Says {
        status: 500,
        headers: Vec::new(),
        body: format!("<html>Authorization for {secret}</html>"),
        silent: false,
    };
    tokio::spawn(http::serve(
        listener,
        None,
        Arc::new(says),
        1 << 20,
        stopped,
    ));
    let (company, key) = fronted(settings(&address, &pair)).await;
    for path in [
        "/service/tickets",
        "/service/tickets/1",
        "/service/tickets/count",
    ] {
        let answered = company.get(&key, path).await;
        assert_eq!(answered.status, 500);
        assert!(!String::from_utf8_lossy(&answered.body).contains(&secret));
    }
    let events: Vec<Value> = company
        .server
        .log
        .latest(10)
        .iter()
        .map(|event| serde_json::to_value(event.as_ref()).expect("an event"))
        .collect();
    assert!(!json!(events).to_string().contains(&secret));
}
