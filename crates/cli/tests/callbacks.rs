//! Callbacks from outside: `bitting listen` from the command line to a receiver that checks the signature, and
//! deliveries that outlive a server which is killed.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use base64::Engine as _;
use hmac::{Hmac, Mac as _};
use reqwest::Method;
use reqwest::blocking::Client;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver as Heard, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use support::{LONG, Running, bitting};

/// A delivery as a receiver sees it.
struct Delivery {
    target: String,
    signature: String,
    body: Vec<u8>,
}

impl Delivery {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn id(&self) -> i64 {
        self.json()["ID"].as_i64().unwrap()
    }

    fn message(&self) -> String {
        self.json()["MessageId"].as_str().unwrap().to_owned()
    }

    /// Checks the signature as real receivers do: with the key at the address that the body names.
    fn check(&self, server: &Server) {
        let key_url = self.json()["Metadata"]["key_url"]
            .as_str()
            .unwrap()
            .to_owned();
        let path = key_url
            .split_once("/bitting/")
            .expect("an address of this server")
            .1;
        let answer = Client::new()
            .get(format!("{}/bitting/{path}", server.running.http()))
            .send();
        let answer: Value = answer.unwrap().json().unwrap();
        let key = Sha256::digest(answer["signing_key"].as_str().unwrap().as_bytes());
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(&self.body);
        let expected =
            base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes());
        assert_eq!(self.signature, expected);
    }
}

/// Hears deliveries on a port of its own; while it is told to hold, it hears and does not answer.
struct Receiver {
    url: String,
    hold: Arc<AtomicBool>,
    heard: Heard<Delivery>,
}

impl Receiver {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook?id=", listener.local_addr().unwrap());
        let (say, heard) = channel();
        let hold = Arc::new(AtomicBool::new(false));
        let held = hold.clone();
        std::thread::spawn(move || {
            // Kept open, so that whoever calls waits for an answer.
            let silent = Arc::new(Mutex::new(Vec::new()));
            for stream in listener.incoming().flatten() {
                let (say, held, silent) = (say.clone(), held.clone(), silent.clone());
                std::thread::spawn(move || {
                    while let Some(mut stream) = hear(&stream, &say) {
                        if held.load(Ordering::Acquire) {
                            silent.lock().unwrap().push(stream);
                            return;
                        }
                        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
                    }
                });
            }
        });
        Self { url, hold, heard }
    }

    fn next(&self) -> Delivery {
        self.heard.recv_timeout(LONG).expect("a delivery")
    }
}

/// One request of a connection; none when it has ended.
fn hear(stream: &TcpStream, say: &Sender<Delivery>) -> Option<TcpStream> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line.trim().is_empty() {
            break;
        }
        lines.push(line);
    }
    let header = |name: &str| {
        let pairs = lines.iter().filter_map(|line| line.split_once(':'));
        let mut named = pairs.filter(|(key, _)| key.eq_ignore_ascii_case(name));
        named.next().map(|(_, value)| value.trim().to_owned())
    };
    let mut body = vec![0; header("content-length")?.parse().ok()?];
    reader.read_exact(&mut body).ok()?;
    let delivery = Delivery {
        target: lines[0].split(' ').nth(1)?.to_owned(),
        signature: header("x-content-signature")?,
        body,
    };
    say.send(delivery).ok()?;
    stream.try_clone().ok()
}

/// A server on a directory, and the operator's way to it.
struct Server {
    running: Running,
    authorization: String,
    client_id: String,
}

impl Server {
    fn start(folder: &Path, company: &str, database: Option<&str>) -> Self {
        let mut serve = bitting(folder);
        serve.args(["serve", "--empty", "--no-sync", "--no-autotask"]);
        serve.args(["--company", company]);
        if let Some(database) = database {
            serve.env("BITTING_DATABASE", database);
        }
        let running = Running::start(folder, &mut serve);
        let operator = fs::read_to_string(folder.join("data/operator.json")).unwrap();
        let operator: Value = serde_json::from_str(&operator).unwrap();
        let word = |name: &str| operator[name].as_str().unwrap().to_owned();
        let key = format!("{company}+operator:{}", word("token"));
        let key = base64::engine::general_purpose::STANDARD.encode(key);
        Self {
            running,
            authorization: format!("Basic {key}"),
            client_id: word("client_id"),
        }
    }

    fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Value {
        let mut call = Client::new()
            .request(method, format!("{}{path}", self.running.http()))
            .header("authorization", &self.authorization)
            .header("clientid", &self.client_id);
        if let Some(body) = body {
            call = call.json(body);
        }
        let answer = call.send().unwrap();
        assert!(
            answer.status().is_success(),
            "{path}: {}",
            answer.text().unwrap()
        );
        answer.json().unwrap_or(Value::Null)
    }

    fn psa(&self, method: Method, path: &str, body: Option<&Value>) -> Value {
        self.call(method, &format!("/v4_6_release/apis/3.0{path}"), body)
    }

    fn client(&self, name: &str) -> i64 {
        let body = json!({ "identifier": name, "name": name });
        let made = self.psa(Method::POST, "/company/companies", Some(&body));
        made["id"].as_i64().unwrap()
    }

    /// Message and state of all deliveries, once none waits any more.
    fn settled(&self) -> Vec<(String, String)> {
        loop {
            let rows = self.call(Method::GET, "/bitting/apis/3.0/callbacks/deliveries", None);
            let rows = rows.as_array().unwrap();
            let word = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
            let states: Vec<(String, String)> = rows
                .iter()
                .map(|row| (word(row, "messageId"), word(row, "state")))
                .collect();
            if !states.iter().any(|(_, state)| state == "waiting") {
                return states;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The end that leaves no time for anything.
    fn kill(mut self) {
        self.running.child.kill().unwrap();
        self.running.child.wait().unwrap();
    }
}

#[test]
fn listen_brings_callbacks_to_a_url_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), "acme", None);
    let receiver = Receiver::start();
    let mut listen = bitting(folder.path())
        .args([
            "listen",
            "--json",
            "--forward-to",
            &receiver.url,
            "--type",
            "company",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(listen.stderr.take().unwrap()).lines();
    let said = said.next().unwrap().unwrap();
    assert!(
        said.starts_with("forwarding company to http://127.0.0.1:"),
        "{said}"
    );
    let mut shown = BufReader::new(listen.stdout.take().unwrap()).lines();

    let id = server.client("Heard");
    let heard = receiver.next();
    assert_eq!(heard.target, format!("/hook?id={id}&action=added"));
    let body = heard.json();
    assert_eq!(
        (&body["Action"], &body["Type"]),
        (&json!("added"), &json!("company"))
    );
    let entity: Value = serde_json::from_str(body["Entity"].as_str().unwrap()).unwrap();
    assert_eq!(entity["identifier"], "Heard");
    heard.check(&server);
    let line: Value = serde_json::from_str(&shown.next().unwrap().unwrap()).unwrap();
    assert_eq!(
        (&line["recordId"], &line["state"], &line["status"]),
        (&json!(id), &json!("delivered"), &json!(200))
    );

    let pid = listen.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .unwrap()
            .success()
    );
    assert!(listen.wait().unwrap().success());
    let left = server.psa(Method::GET, "/system/callbacks", None);
    assert_eq!(left, json!([]), "the callback goes with the command");
}

/// Killed between the commit of a change and its delivery, a server delivers after its next start what it had
/// not, and what it cannot know to have arrived: each message once or more, never none.
fn delivered_after_a_kill(company: &str, database: Option<&str>) {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), company, database);
    let receiver = Receiver::start();
    let callback =
        json!({ "url": receiver.url, "type": "company", "level": "owner", "objectId": 1 });
    server.psa(Method::POST, "/system/callbacks", Some(&callback));
    let before = server.client("Before");
    let heard = receiver.next();
    assert_eq!(heard.id(), before);
    let first = heard.message();
    assert_eq!(server.settled(), [(first.clone(), "delivered".to_owned())]);

    receiver.hold.store(true, Ordering::Release);
    let made: BTreeSet<i64> = (0..12)
        .map(|number| server.client(&format!("C{number}")))
        .collect();
    // On its way, and not answered: the others wait behind it.
    let mut told = BTreeSet::from([receiver.next().message()]);
    server.kill();
    told.extend(receiver.heard.try_iter().map(|delivery| delivery.message()));

    receiver.hold.store(false, Ordering::Release);
    let server = Server::start(folder.path(), company, database);
    let settled = server.settled();
    let mut again = BTreeSet::new();
    for delivery in receiver.heard.try_iter() {
        delivery.check(&server);
        assert!(made.contains(&delivery.id()));
        again.insert(delivery.message());
    }
    assert_eq!(settled.len(), made.len() + 1);
    assert!(!again.is_empty(), "the kill came before all was told");
    for (message, state) in settled {
        // One that a very slow machine left unanswered for too long was told, and is not told again.
        let once = told.contains(&message) || again.contains(&message);
        assert!(state == "delivered" || once, "{message} is {state}");
        let late = state == "delivered" && message != first;
        assert!(
            !late || again.contains(&message),
            "{message} is told by the new server"
        );
    }
}

#[test]
fn a_killed_server_delivers_after_its_next_start() {
    delivered_after_a_kill("crash", None);
}

#[test]
fn a_killed_server_on_postgresql_delivers_after_its_next_start() {
    let Ok(url) = std::env::var("BITTING_TEST_POSTGRES") else {
        println!("skipped: no PostgreSQL (BITTING_TEST_POSTGRES is not set)");
        return;
    };
    delivered_after_a_kill(&format!("crash{}", std::process::id()), Some(&url));
}
