//! Autotask databases of a server: made, copied, brought back, started anew and struck by faults, over Bitting's
//! own API, and remembered by the next start.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use base64::Engine as _;
use bitting_calls::http::{Body, Handler as _, Received};
use bitting_server::host::{self, AutotaskOptions, Options, Running};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::Path;

const OWN: &str = "/bitting/apis/3.0/";
const API: &str = "/ATServicesRest/V1.0/";
/// Asks for every record.
const ALL: &str = "search=%7B%22filter%22:[%7B%22op%22:%22exist%22,%22field%22:%22id%22%7D]%7D";

async fn start(state: &Path) -> Running {
    start_as(state, false).await
}

/// With a ready file, or without one.
async fn start_as(state: &Path, ready: bool) -> Running {
    let options = Options {
        state: state.to_owned(),
        keep: true,
        overlay: Vec::new(),
        database: None,
        host: "127.0.0.1".into(),
        http_port: 0,
        https_port: 0,
        company: "acme".into(),
        company_name: "Acme".into(),
        demo: None,
        require_client_id: false,
        now: None,
        certificate: None,
        ready,
        autotask: Some(AutotaskOptions::default()),
    };
    host::start(&options, &mut |_| {}).await.unwrap()
}

struct Answer {
    status: u16,
    headers: http::HeaderMap,
    text: String,
    json: Value,
}

async fn send(
    running: &Running,
    method: &str,
    path: &str,
    headers: &[(&str, String)],
    body: &Value,
) -> Answer {
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    send_text(running, method, path, headers, &body).await
}

async fn send_text(
    running: &Running,
    method: &str,
    path: &str,
    headers: &[(&str, String)],
    body: &str,
) -> Answer {
    let mut request = http::Request::builder()
        .method(method)
        .uri(format!("http://psa.test{path}"))
        .header("host", "psa.test");
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let (parts, ()) = request.body(()).unwrap().into_parts();
    let body = body.to_owned();
    let received = Received {
        parts,
        body: Body::Read(body.into()),
        secure: true,
        peer: SocketAddr::from(([127, 0, 0, 1], 1)),
    };
    let (parts, body) = running.server.handle(received).await.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    Answer {
        status: parts.status.as_u16(),
        headers: parts.headers,
        text: String::from_utf8_lossy(&bytes).into_owned(),
        json: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
    }
}

/// A call of the operator.
async fn own(running: &Running, method: &str, path: &str, body: Value) -> Answer {
    let secret = running.server.settings.operator.reveal();
    let key = format!("acme+operator:{secret}");
    let key = base64::engine::general_purpose::STANDARD.encode(key);
    let headers = [("authorization", format!("Basic {key}"))];
    send(running, method, &format!("{OWN}{path}"), &headers, &body).await
}

/// A call with an API user's credentials.
async fn call(running: &Running, user: &Value, method: &str, path: &str, body: Value) -> Answer {
    let word = |name: &str| user[name].as_str().unwrap().to_owned();
    let headers = [
        ("username", word("username")),
        ("secret", word("secret")),
        ("apiintegrationcode", word("integration_code")),
    ];
    send(running, method, &format!("{API}{path}"), &headers, &body).await
}

/// Everything of a path that lists.
async fn every(running: &Running, user: &Value, path: &str) -> Answer {
    call(running, user, "GET", &format!("{path}?{ALL}"), Value::Null).await
}

async fn companies(running: &Running, user: &Value) -> Vec<String> {
    let all = json!({"filter": [{"op": "gte", "field": "id", "value": 0}]});
    let answer = call(running, user, "POST", "Companies/query", all).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let items = answer.json["items"].as_array().unwrap().iter();
    let names = items.map(|one| one["companyName"].as_str().unwrap().to_owned());
    names.collect()
}

async fn add(running: &Running, user: &Value, name: &str) {
    let people = every(running, user, "Resources/query").await;
    let people = people.json["items"].as_array().unwrap().iter();
    let mut people = people.filter(|one| one["licenseType"] != 7);
    let owner = people.next().expect("a person").clone();
    let body = json!({
        "companyName": name, "companyType": 1, "phone": "1", "ownerResourceID": owner["id"],
    });
    let answer = call(running, user, "POST", "Companies", body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

async fn make(running: &Running, name: &str) -> Value {
    let made = own(running, "POST", "autotask", json!({"name": name})).await;
    assert_eq!(made.status, 201, "{}", made.text);
    made.json
}

#[tokio::test(flavor = "multi_thread")]
async fn another_database_is_made_copied_started_anew_and_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let running = start(folder.path()).await;
    let made = make(&running, "Second").await;
    assert_eq!(made["kind"], "autotask");
    let admin = &made["admin"];
    assert!(made["least"]["secret"].as_str().unwrap().len() > 15);
    // What was shown is not shown again, and the first database is another.
    let again = own(&running, "GET", "autotask/second", Value::Null).await;
    assert_eq!(again.json["name"], "Second");
    assert!(again.json.get("admin").is_none());
    let zone = format!(
        "{API}ZoneInformation?user={}",
        admin["username"].as_str().unwrap()
    );
    let zone = send(&running, "GET", &zone, &[], &Value::Null).await;
    assert_eq!(zone.json["zoneName"], "Second");
    for (name, why) in [
        ("second", "already"),
        ("BITTING", "already"),
        ("a b", "cannot name"),
        ("", "cannot name"),
    ] {
        let refused = own(&running, "POST", "autotask", json!({"name": name})).await;
        assert_eq!(refused.status, 400, "{name}");
        assert!(refused.text.contains(why), "{}", refused.text);
    }

    let start_names = companies(&running, admin).await;
    let taken = own(
        &running,
        "POST",
        "autotask/Second/snapshot",
        json!({"name": "start"}),
    )
    .await;
    assert_eq!(taken.status, 200, "{}", taken.text);
    add(&running, admin, "Made since").await;
    let levels = own(&running, "GET", "autotask/Second/levels", Value::Null).await;
    let level = levels.json[0]["name"].clone();
    let form = json!({"firstName": "Later", "lastName": "User", "email": "l@x.test", "securityLevel": level});
    let later = own(&running, "POST", "autotask/Second/users", form).await;
    assert_eq!(later.status, 201, "{}", later.text);
    let key = &later.json["keys"][0];
    let later = json!({"username": key["userName"], "secret": key["secret"], "integration_code": key["integrationCode"]});
    assert_eq!(
        companies(&running, &later).await.len(),
        start_names.len() + 1
    );

    for _ in 0..2 {
        let back = own(
            &running,
            "POST",
            "autotask/Second/restore",
            json!({"name": "start"}),
        )
        .await;
        assert_eq!(back.status, 200, "{}", back.text);
        assert_eq!(companies(&running, admin).await, start_names);
        let refused = call(&running, &later, "GET", "Companies/1", Value::Null).await;
        assert_eq!(
            refused.status, 401,
            "a user that was made later is none any more"
        );
        add(&running, admin, "Once more").await;
    }
    let lost = own(
        &running,
        "POST",
        "autotask/Second/restore",
        json!({"name": "never"}),
    )
    .await;
    assert_eq!(lost.status, 404, "{}", lost.text);

    let anew = own(&running, "POST", "autotask/Second/reset", json!({})).await;
    assert_eq!(anew.status, 200, "{}", anew.text);
    assert_eq!(companies(&running, admin).await, start_names);
    let least = every(&running, &made["least"], "Tickets/query/count");
    assert_eq!(
        least.await.status,
        200,
        "the second user's key opens its successor"
    );

    // Neither a reset of the company that remembers it nor the next start forgets it.
    let company = own(&running, "POST", "instances/acme/reset", json!({})).await;
    assert_eq!(company.status, 200, "{}", company.text);
    add(&running, admin, "Kept").await;
    let used = own(&running, "GET", "autotask/Second/users", Value::Null).await;
    let used = used.json.as_array().unwrap().iter();
    let keys: Vec<_> = used
        .flat_map(|user| user["keys"].as_array().unwrap())
        .collect();
    assert!(
        keys.iter().all(|key| key["created"].is_string()),
        "{keys:?}"
    );
    assert!(
        keys.iter().any(|key| key["lastUsed"].is_string()),
        "{keys:?}"
    );
    running.stop().await;
    let running = start(folder.path()).await;
    let names = companies(&running, admin).await;
    assert_eq!(names.len(), start_names.len() + 1);
    assert!(names.contains(&"Kept".to_owned()));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_strike_the_calls_of_the_database_they_are_set_on() {
    let folder = tempfile::tempdir().unwrap();
    let running = start(folder.path()).await;
    let (one, other) = (make(&running, "One").await, make(&running, "acme").await);
    let (one, other) = (&one["admin"], &other["admin"]);
    let set = |fault: Value| own(&running, "POST", "autotask/One/faults", fault);
    let read = |user| every(&running, user, "Companies/query");
    let clear = || own(&running, "DELETE", "autotask/One/faults", Value::Null);
    let header = |answer: &Answer, name: &str| {
        let value = answer.headers.get(name);
        value.map(|value| value.to_str().unwrap().to_owned())
    };
    let fits = json!({"kind": "throttle", "seconds": 7, "path": "Companies"});
    assert_eq!(set(fits).await.status, 201);
    let struck = read(one).await;
    assert_eq!(struck.status, 429);
    assert_eq!(header(&struck, "retry-after").as_deref(), Some("7"));
    assert_eq!(
        header(&struck, "x-bitting-fault").as_deref(),
        Some("throttle")
    );
    assert!(struck.json["errors"][0].is_string(), "{}", struck.text);
    assert_eq!(read(other).await.status, 200, "another database");
    let elsewhere = every(&running, one, "Contacts/query/count");
    assert_eq!(elsewhere.await.status, 200, "another path");
    clear().await;
    assert_eq!(read(one).await.status, 200);

    set(json!({"kind": "error", "status": 503})).await;
    let failed = read(one).await;
    assert_eq!(
        (failed.status, header(&failed, "x-bitting-fault").as_deref()),
        (503, Some("error"))
    );
    clear().await;

    set(json!({"kind": "truncate"})).await;
    let broken = read(one).await;
    assert_eq!(broken.status, 200);
    assert!(
        broken.json.is_null() && broken.text.starts_with("{\"items\":[{"),
        "{}",
        broken.text
    );
    clear().await;

    let unknown = set(json!({"kind": "withdraw", "right": "CRM / Nothing"})).await;
    assert_eq!(unknown.status, 400, "{}", unknown.text);
    let user = one["username"].clone();
    let right = "Service Desk / Tickets";
    let withdrawn = set(json!({"kind": "withdraw", "right": right, "key": user, "times": 1})).await;
    assert_eq!(withdrawn.status, 201, "{}", withdrawn.text);
    let tickets = || every(&running, one, "Tickets/query");
    let refused = tickets().await;
    assert_eq!(refused.status, 500, "{}", refused.text);
    assert!(
        header(&refused, "x-bitting-denial")
            .unwrap()
            .contains("Tickets")
    );
    assert_eq!(tickets().await.status, 200, "once was asked for");
    // A company of the same name has its own.
    let listed = own(&running, "GET", "faults", Value::Null).await;
    assert_eq!(listed.json, json!([]));
    running.stop().await;
}

/// What the operator does to an Autotask database, at the console or over Bitting's own API, is in that
/// database's log, and not in the one of a company, be they of one name.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_to_a_database_is_in_its_own_log() {
    let folder = tempfile::tempdir().unwrap();
    let running = start(folder.path()).await;
    make(&running, "acme").await;
    let link = running.server.console.one_time_path();
    let answer = send(&running, "GET", &link, &[], &Value::Null).await;
    assert_eq!(answer.status, 303);
    let cookie = answer.headers["set-cookie"].to_str().unwrap().to_owned();
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let page = async |path: &str| {
        let path = format!("/console/{path}");
        let headers = [("cookie", cookie.clone())];
        let answer = send(&running, "GET", &path, &headers, &Value::Null).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.text
    };
    let shown = page("autotask.acme/instances").await;
    let (_, rest) = shown.split_once("name=\"csrf\" value=\"").unwrap();
    let token = rest.split('"').next().unwrap().to_owned();
    let post = async |path: &str, form: &str, status: u16| {
        let path = format!("/console/{path}");
        let headers = [("cookie", cookie.clone()), ("x-csrf", token.clone())];
        let answer = send_text(&running, "POST", &path, &headers, form).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text);
        answer.text
    };
    let settings = "autotask.acme/instances";
    for (form, field) in [
        ("lenient=perhaps", "lenient"),
        ("limits=on&thread-limit=0", "thread-limit"),
        ("hourly-limit=many", "hourly-limit"),
    ] {
        let shown = post(settings, form, 422).await;
        let beside = format!("id=\"{field}-hint\"><strong>");
        assert!(shown.contains(&beside), "{form}: {shown}");
    }
    post(settings, "limits=on&thread-limit=2&lenient=on", 303).await;
    let held = own(
        &running,
        "GET",
        "autotask/acme/settings/thread-limit",
        Value::Null,
    )
    .await;
    assert_eq!(held.json["value"], "2");
    let held = own(
        &running,
        "GET",
        "autotask/acme/settings/lenient",
        Value::Null,
    )
    .await;
    assert_eq!(held.json["value"], "on");
    post("autotask.acme/instances/faults/clear", "", 303).await;
    let level = json!({"name": "Copied", "copyOf": "Full Access (system)"});
    let made = own(&running, "POST", "autotask/acme/levels", level).await;
    assert_eq!(made.status, 201, "{}", made.text);

    let log = own(&running, "GET", "autotask/acme/events", Value::Null).await;
    let paths = |log: &Value| -> Vec<String> {
        let events = log.as_array().unwrap().iter();
        let texts = events.map(|event| {
            let word = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
            format!("{} {} {}", word("member"), word("method"), word("path"))
        });
        texts.collect()
    };
    let here = paths(&log.json);
    for expected in [
        "operator PUT /bitting/apis/3.0/autotask/acme/settings/limits",
        "operator DELETE /bitting/apis/3.0/autotask/acme/faults",
        "operator POST /bitting/apis/3.0/autotask/acme/levels",
    ] {
        assert!(here.contains(&expected.to_owned()), "{expected}: {here:?}");
    }
    let company = own(&running, "GET", "events", Value::Null).await;
    let of_company = paths(&company.json);
    assert!(
        of_company
            .iter()
            .all(|line| !line.contains("autotask/acme")),
        "{of_company:?}"
    );
    assert!(
        page("autotask.acme/activity")
            .await
            .contains("autotask/acme/faults")
    );
    assert!(!page("acme/activity").await.contains("autotask/acme/faults"));
}

/// Whoever was given keys yesterday goes on with them today, whichever PSA they are for.
#[tokio::test(flavor = "multi_thread")]
async fn keys_of_former_starts_stay_good() {
    let state = tempfile::tempdir().unwrap();
    let mut autotask = Vec::new();
    let mut connectwise = Vec::new();
    for round in 0..4 {
        let running = start_as(state.path(), true).await;
        let facts = serde_json::to_value(&running.ready).unwrap();
        autotask.push(facts["autotask"].clone());
        connectwise.push(facts["connectwise"].clone());
        // The first ones, those of the start before, and those of this start.
        for past in 0..=round {
            let good = past == 0 || past + 1 >= round;
            for who in ["admin", "least"] {
                let user = &autotask[past][who];
                let answer = call(&running, user, "GET", "Version", Value::Null).await;
                let expected = if good { 200 } else { 401 };
                assert_eq!(answer.status, expected, "{who} of start {past} in {round}");
                let pair = &connectwise[past][who];
                let word = |name: &str| pair[name].as_str().unwrap();
                let key = format!("acme+{}:{}", word("public_key"), word("private_key"));
                let key = base64::engine::general_purpose::STANDARD.encode(key);
                let headers = [("authorization", format!("Basic {key}"))];
                let path = "/v4_6_release/apis/3.0/system/info";
                let answer = send(&running, "GET", path, &headers, &Value::Null).await;
                assert_eq!(answer.status, expected, "{who} of start {past} in {round}");
            }
        }
        running.stop().await;
    }
    // What the user may is kept by every key, and no start makes another user.
    let running = start_as(state.path(), true).await;
    let users = own(&running, "GET", "autotask/Bitting/users", Value::Null).await;
    assert_eq!(users.json.as_array().unwrap().len(), 2, "{}", users.text);
    running.stop().await;
}

/// Contracts View None acts as All once every organization row is All; the level's page says so beside the row.
#[tokio::test(flavor = "multi_thread")]
async fn a_level_s_page_tells_what_acts_as_more_than_it_shows() {
    let folder = tempfile::tempdir().unwrap();
    let running = start(folder.path()).await;
    make(&running, "acme").await;
    let link = running.server.console.one_time_path();
    let answer = send(&running, "GET", &link, &[], &Value::Null).await;
    let cookie = answer.headers["set-cookie"].to_str().unwrap().to_owned();
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let body = json!({"name": "Sight", "copyOf": "API User (system) (API-only)"});
    let made = own(&running, "POST", "autotask/acme/levels", body).await;
    let id = made.json["id"].as_i64().unwrap();
    let caution =
        "View None acts as All, because every row of CRM &gt; Account &amp; Contact Access is All";
    for (view, prospects, told) in [
        ("None", "All", true),
        ("None", "Mine", false),
        ("Organizations", "All", false),
    ] {
        let settings = json!({
            "CRM / Customer & Cancelation": {"value": "All"},
            "CRM / Vendor & Partners": {"value": "All"},
            "CRM / Prospects, Leads, & Dead": {"value": prospects},
            "Contracts / Contracts": {"view": view},
        });
        let body = json!({ "settings": settings });
        let set = own(&running, "PUT", &format!("autotask/acme/levels/{id}"), body).await;
        assert_eq!(set.status, 200, "{}", set.text);
        let path = format!("/console/autotask.acme/levels/{id}");
        let headers = [("cookie", cookie.clone())];
        let page = send(&running, "GET", &path, &headers, &Value::Null).await;
        assert_eq!(page.status, 200, "{}", page.text);
        assert_eq!(page.text.contains(caution), told, "{view} {prospects}");
    }
    running.stop().await;
}
