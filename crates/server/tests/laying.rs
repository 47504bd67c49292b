//! First records that are laid down elsewhere while the sockets answer: discovery does not wait for them, everything
//! else does, and keys are cut by the server that opens them.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use base64::Engine as _;
use bitting_calls::seed::Demo;
use bitting_demo::Size;
use bitting_server::host::{self, AutotaskOptions, Laid, Options, Order, Running, Work};
use bitting_store::{Held, Location};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

fn options(state: &Path, keep: bool, place: Option<SocketAddr>) -> Options {
    let size = Size {
        companies: 3,
        contacts: 3,
        configurations: 3,
        agreements: 1,
        tickets: 5,
        opportunities: 2,
        activities: 2,
        projects: 1,
        technicians: 0,
    };
    Options {
        state: state.to_owned(),
        keep,
        overlay: Vec::new(),
        database: None,
        host: place.map_or("127.0.0.1".to_owned(), |place| place.ip().to_string()),
        http_port: place.map_or(0, |place| place.port()),
        https_port: 0,
        company: "acme".into(),
        company_name: "Acme".into(),
        demo: Some(Demo { size, seed: 1 }),
        require_client_id: false,
        now: None,
        certificate: None,
        ready: false,
        autotask: Some(AutotaskOptions::default()),
    }
}

/// An address and a port of it that is free. The address is this process's own where the system has more than one
/// for itself, so that nobody takes the port before the server does.
fn free_place() -> SocketAddr {
    let [.., high, low] = std::process::id().to_be_bytes();
    let own = TcpListener::bind((Ipv4Addr::new(127, 77, high, low), 0));
    let listener = own.unwrap_or_else(|_| TcpListener::bind(("127.0.0.1", 0)).unwrap());
    listener.local_addr().unwrap()
}

/// What a path answers over a connection of its own.
async fn get(place: SocketAddr, path: &str, authorization: &str) -> String {
    let mut stream = loop {
        // The server may not listen yet.
        match TcpStream::connect(place).await {
            Ok(stream) => break stream,
            Err(_) => tokio::task::yield_now().await,
        }
    };
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: {authorization}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

fn basic(running: &Running) -> String {
    let pair = running.ready.connectwise.admin.as_ref().expect("a pair");
    let plain = format!("acme+{}:{}", pair.public_key, pair.private_key);
    let encoded = base64::engine::general_purpose::STANDARD.encode(plain);
    format!("Basic {encoded}")
}

/// Waits until nothing is there: a call that was answered may hold its server a moment longer than a stop lasts.
async fn gone(place: &Path) {
    let patience = std::time::Instant::now();
    while place.exists() {
        assert!(patience.elapsed().as_secs() < 60, "{}", place.display());
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

const COUNT: &str = "/v4_6_release/apis/3.0/service/tickets/count";

/// Starts with records that come when told to: the server, and where they were laid down.
async fn started(state: &Path, keep: bool) -> (Running, SocketAddr, Vec<std::path::PathBuf>) {
    let place = free_place();
    let options = options(state, keep, Some(place));
    let order = Order::of(&options).expect("a new company");
    let (tell, told) = oneshot::channel::<()>();
    let laying: Work<'static, Result<Laid, String>> = Box::pin(async move {
        told.await.unwrap();
        let laid = host::lay_down(order).await;
        laid.map_err(|error| error.to_string())
    });
    let asked = async {
        let known = get(place, "/login/companyinfo/ACME", "").await;
        assert!(known.contains(r#""CompanyName":"Acme""#), "{known}");
        assert!(known.contains(r#""CompanyID":"acme""#), "{known}");
        let unknown = get(place, "/login/companyinfo/other", "").await;
        assert!(unknown.ends_with("null"), "{unknown}");
        // Waits until the records are there, and then has no key.
        let waiting = tokio::spawn(get(place, COUNT, ""));
        tell.send(()).unwrap();
        waiting.await.unwrap()
    };
    let mut silent = |_| {};
    let (running, refused) = tokio::join!(host::start_laid(&options, laying, &mut silent), asked);
    let running = running.unwrap();
    assert!(refused.starts_with("HTTP/1.1 401"), "{refused}");
    let places = running
        .server
        .instances()
        .iter()
        .map(|instance| instance.backend.place().into())
        .collect();
    (running, place, places)
}

#[tokio::test(flavor = "multi_thread")]
async fn records_of_another_process_are_served_and_go_with_the_server() {
    let state = tempfile::tempdir().unwrap();
    let (running, place, places) = started(state.path(), false).await;
    let tickets = get(place, COUNT, &basic(&running)).await;
    assert!(tickets.starts_with("HTTP/1.1 200"), "{tickets}");
    assert!(!tickets.contains(r#""count":0"#), "{tickets}");
    let autotask = running.ready.autotask.as_ref().expect("Autotask is served");
    assert!(autotask.admin.is_some() && autotask.least.is_some());
    assert!(places.iter().all(|place| place.exists()), "{places:?}");
    running.stop().await;
    for place in &places {
        gone(place).await;
    }
}

const PEOPLE: &str = "/ATServicesRest/V1.0/Resources/query/count";

/// What Autotask answers an API user.
async fn get_autotask(running: &Running, place: SocketAddr, path: &str) -> String {
    let autotask = running.ready.autotask.as_ref().expect("Autotask is served");
    let user = autotask.admin.as_ref().expect("a user");
    let headers = format!(
        "none\r\nApiIntegrationCode: {}\r\nUserName: {}\r\nSecret: {}",
        user.integration_code, user.username, user.secret
    );
    let search = "?search={\"filter\":[{\"op\":\"exist\",\"field\":\"id\"}]}";
    get(
        place,
        &format!("{path}{}", search.replace('"', "%22")),
        &headers,
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn autotask_is_opened_by_whoever_asks_for_it_first() {
    let state = tempfile::tempdir().unwrap();
    let (running, place, _) = started(state.path(), false).await;
    // Discovery and the other API do without it.
    get(place, "/login/companyinfo/acme", "").await;
    get(place, COUNT, &basic(&running)).await;
    assert!(running.server.autotask().is_empty());
    let all = tokio::join!(
        get_autotask(&running, place, PEOPLE),
        get_autotask(&running, place, PEOPLE),
        get_autotask(&running, place, PEOPLE)
    );
    for answer in [all.0, all.1, all.2] {
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(!answer.contains(r#""queryCount":0"#), "{answer}");
    }
    assert_eq!(running.server.autotask().len(), 1, "opened once");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_console_finds_autotask_asleep() {
    let state = tempfile::tempdir().unwrap();
    let (running, place, _) = started(state.path(), false).await;
    assert!(running.server.autotask().is_empty());
    get(place, "/console/", "").await;
    assert_eq!(running.server.autotask().len(), 1);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_away_does_not_leave_autotask_half_open() {
    let state = tempfile::tempdir().unwrap();
    let (running, place, _) = started(state.path(), false).await;
    let mut stream = TcpStream::connect(place).await.unwrap();
    let request = format!("GET {PEOPLE} HTTP/1.1\r\nhost: localhost\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    drop(stream);
    let answer = get_autotask(&running, place, PEOPLE).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    running.stop().await;
}

/// A server and the directory where its Autotask database was laid down.
async fn apart(state: &Path) -> (Running, std::path::PathBuf) {
    let options = options(state, false, None);
    let mut order = Order::of(&options).expect("a new company");
    let keys = order.keys();
    let laid = host::lay_down(order).await.unwrap();
    let directory = laid.autotask.clone().expect("a temporary database");
    let laying: Work<'static, Result<Laid, String>> = Box::pin(async { Ok(laid.with(keys)) });
    let running = host::start_laid(&options, laying, &mut |_| {}).await;
    (running.unwrap(), directory)
}

#[tokio::test(flavor = "multi_thread")]
async fn autotask_asleep_is_nobody_elses_and_goes_with_the_server() {
    let state = tempfile::tempdir().unwrap();
    let (running, directory) = apart(state.path()).await;
    assert!(running.server.autotask().is_empty());
    let swept = Held::take(Location::Left(directory.clone()));
    assert!(swept.is_err(), "a sweep would take it away");
    drop(swept);
    assert!(directory.exists());
    running.stop().await;
    gone(&directory).await;

    // So does one that was opened.
    let (running, directory) = apart(state.path()).await;
    let place = running.ready.http.strip_prefix("http://").unwrap();
    let place = place.replace("localhost", "127.0.0.1").parse().unwrap();
    let answer = get_autotask(&running, place, PEOPLE).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(directory.exists());
    running.stop().await;
    gone(&directory).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn autotask_that_cannot_be_opened_is_an_error_and_tried_again() {
    let state = tempfile::tempdir().unwrap();
    let (running, place, _) = started(state.path(), true).await;
    let file = state.path().join("autotask.psa.sqlite");
    let whole = std::fs::read(&file).unwrap();
    std::fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    let answer = get_autotask(&running, place, PEOPLE).await;
    assert!(answer.starts_with("HTTP/1.1 500"), "{answer}");
    assert!(answer.contains("its log says which"), "{answer}");
    std::fs::write(&file, whole).unwrap();
    let answer = get_autotask(&running, place, PEOPLE).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn autotask_that_was_kept_is_refused_at_the_start_where_it_is_corrupt() {
    let state = tempfile::tempdir().unwrap();
    let (running, _, _) = started(state.path(), true).await;
    running.stop().await;
    let file = state.path().join("autotask.psa.sqlite");
    let whole = std::fs::read(&file).unwrap();
    std::fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    let failed = host::start(&options(state.path(), true, None), &mut |_| {}).await;
    let error = failed.err().expect("no server").to_string();
    assert!(error.contains("autotask.psa.sqlite"), "{error}");
}

#[test]
fn an_order_carries_users_and_not_their_keys() {
    let state = tempfile::tempdir().unwrap();
    let order = Order::of(&options(state.path(), false, None)).expect("a new company");
    let text = serde_json::to_string(&order).unwrap();
    let order: serde_json::Value = serde_json::from_str(&text).unwrap();
    let users = order["users"].as_array().expect("two users");
    for user in users {
        let secret = user["secret"].as_str().expect("a fingerprint");
        assert_eq!(secret.len(), 64, "a fingerprint and not a secret: {user}");
        assert!(secret.chars().all(|c| c.is_ascii_hexdigit()), "{user}");
    }
    assert!(order.get("keys").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_lies_at_its_usual_place_and_is_ordered_once() {
    let state = tempfile::tempdir().unwrap();
    let (running, place, places) = started(state.path(), true).await;
    assert!(places[0].starts_with(state.path()), "{places:?}");
    let key = basic(&running);
    let before = get(place, COUNT, &key).await;
    let before = before.rsplit("\r\n").next().unwrap().to_owned();
    running.stop().await;
    let again = options(state.path(), true, None);
    assert!(Order::of(&again).is_none());
    let running = host::start(&again, &mut |_| {}).await.unwrap();
    assert!(running.ready.connectwise.admin.is_none(), "no new keys");
    let place = running.ready.http.strip_prefix("http://").unwrap();
    let place = place.replace("localhost", "127.0.0.1");
    let after = get(place.parse().unwrap(), COUNT, &key).await;
    assert!(after.ends_with(&before), "{after} instead of {before}");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_fails_says_why_and_nothing_is_served() {
    let state = tempfile::tempdir().unwrap();
    let place = free_place();
    let options = options(state.path(), false, Some(place));
    let (tell, told) = oneshot::channel::<()>();
    let laying: Work<'static, Result<Laid, String>> = Box::pin(async move {
        told.await.unwrap();
        Err("the disk is full".to_owned())
    });
    // Calls that wait for the records are told that there will be none; what they wait for is over before they end.
    let asked = async {
        let known = get(place, "/login/companyinfo/ACME", "").await;
        assert!(known.contains(r#""CompanyName":"Acme""#), "{known}");
        let mut waiting = Vec::new();
        for path in [COUNT, "/", "/ATServicesRest/V1.0/Tickets/1"] {
            let mut stream = TcpStream::connect(place).await.unwrap();
            let request =
                format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
            stream.write_all(request.as_bytes()).await.unwrap();
            waiting.push(stream);
        }
        // Asked after the others on the one listener, so that those have been taken by now.
        get(place, "/login/companyinfo/ACME", "").await;
        tell.send(()).unwrap();
        for mut stream in waiting {
            let mut answer = String::new();
            // A connection whose request had not been read yet is closed without a word.
            stream.read_to_string(&mut answer).await.unwrap();
            let refused = answer.starts_with("HTTP/1.1 503") && answer.contains("laid down");
            assert!(answer.is_empty() || refused, "{answer}");
        }
    };
    let mut silent = |_| {};
    let (failed, ()) = tokio::join!(host::start_laid(&options, laying, &mut silent), asked);
    let error = failed.err().expect("no server").to_string();
    assert_eq!(error, "the demo company cannot be made: the disk is full");
}

#[test]
fn nothing_is_ordered_that_would_carry_a_secret_or_hide_a_fault() {
    let state = tempfile::tempdir().unwrap();
    let usual = options(state.path(), false, None);
    assert!(Order::of(&usual).is_some());
    let mut postgres = usual.clone();
    postgres.database = Some("postgres://somebody:secret@localhost/psa".into());
    assert!(Order::of(&postgres).is_none());
    let mut wrong = usual.clone();
    wrong.company = "../elsewhere".into();
    assert!(Order::of(&wrong).is_none());
    let mut empty = usual;
    empty.demo = None;
    assert!(Order::of(&empty).is_none());
}
