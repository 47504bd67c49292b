//! A PSA for the jobs: Bitting's own server with the demo company, spoken to over its API with the key that
//! `connect` cuts from the integration's profile. Knows no integration.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::missing_panics_doc
)]

pub mod post_office;
pub mod side;
pub mod tenant;
pub mod umbrella;

use bitting_catalog::Catalog;
use bitting_catalog::profile::Profile;
use bitting_client::{ApiUser, Autotask, Credentials, KeyFile, Options, Psa, Secret};
use bitting_connect::apply::apply;
use bitting_connect::plan::plan;
use bitting_connect::wanted::{Choices, wanted};
use bitting_connect::{held, keys, profiles};
use bitting_policy::{Level, ListDocument, Registry, RoleDocument, Verb};
use bitting_server::host::{self, Running};
use bitting_store::Location;
use bitting_sync::progress::Progress;
use bitting_sync::psa::Way;
use bitting_sync::run::{Outcome, Runner};
use bitting_sync::state::State;
use bitting_sync::{Failure, Home, Integration, Job};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use tokio::runtime::Runtime;

/// A running server with an integration connected to it.
pub struct Server {
    runtime: Runtime,
    running: Option<Running>,
    _state: tempfile::TempDir,
    pub role: i64,
    pub member: i64,
    /// The role as the profile wants it.
    pub document: RoleDocument,
    pub key: Option<Psa>,
}

fn registry() -> &'static Registry {
    static DATA: OnceLock<(Registry, Catalog)> = OnceLock::new();
    &DATA
        .get_or_init(|| Catalog::embedded().expect("the shipped data reads"))
        .0
}

impl Server {
    /// The demo company with this profile applied.
    pub fn start(slug: &str, features: &[&str]) -> Self {
        Self::start_with(slug, features, 200)
    }

    /// The same with so many tickets.
    pub fn start_with(slug: &str, features: &[&str], tickets: u32) -> Self {
        let mut server = Self::bare(tickets, None);
        server.apply(slug, features);
        server
    }

    /// The demo companies of both PSAs, with nothing connected.
    pub fn with_autotask() -> Self {
        Self::bare(20, Some(host::AutotaskOptions::default()))
    }

    /// A way to the Autotask instance.
    pub fn autotask(&self, user: ApiUser) -> Autotask {
        Autotask::open(&self.running().ready.http, user, None).expect("a way")
    }

    /// The Autotask user that sees everything.
    pub fn autotask_admin(&self) -> Autotask {
        let autotask = self.running().ready.autotask.as_ref().expect("an instance");
        let admin = autotask.admin.as_ref().expect("an administrator");
        self.autotask(ApiUser {
            user: admin.username.clone(),
            secret: Secret::new(&*admin.secret),
            code: Secret::new(&*admin.integration_code),
        })
    }

    fn bare(tickets: u32, autotask: Option<host::AutotaskOptions>) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let state = tempfile::tempdir().expect("a directory");
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
            demo: Some(bitting_server::host::Demo {
                size: bitting_demo::Size::with_tickets(tickets),
                seed: 1,
            }),
            require_client_id: true,
            now: None,
            certificate: None,
            autotask,
            ready: true,
        };
        let running = runtime
            .block_on(host::start(&options, &mut |_| {}))
            .expect("a server");
        Self {
            runtime,
            running: Some(running),
            _state: state,
            role: 0,
            member: 0,
            document: RoleDocument::default(),
            key: None,
        }
    }

    fn apply(&mut self, slug: &str, features: &[&str]) {
        let profile: Profile = profiles::find(slug, None).expect(slug);
        let features: Vec<String> = features
            .iter()
            .map(|feature| (*feature).to_owned())
            .collect();
        let operator = self.operator();
        // Some of the demo company's members sit at a location of their own; this one shall see all companies.
        let choices = Choices {
            selection: profile.select(&features).expect("features"),
            location: Some("Corporate".to_owned()),
            ..Choices::default()
        };
        let wanted = wanted(&profile, &choices, registry()).expect("something to want");
        self.document = wanted.document.clone();
        let plan = plan(&operator, wanted, registry()).expect("a plan");
        let applied = apply(&operator, &plan, registry()).expect("applied");
        self.role = applied.role;
        self.member = applied.member;
        self.key = Some(self.cut());
    }

    fn running(&self) -> &Running {
        self.running.as_ref().expect("running")
    }

    /// A further key of the integration's member.
    pub fn cut(&self) -> Psa {
        let cut = keys::cut(&self.operator(), self.member, "sync", None).expect("a key");
        self.with(&cut.public_key, cut.private_key.reveal())
    }

    pub fn key(&self) -> &Psa {
        self.key.as_ref().expect("a key")
    }

    /// A further key of the integration's member, as `connect` hands it over.
    pub fn key_file(&self) -> KeyFile {
        self.key_file_and_id().0
    }

    /// The same, and the id by which it is revoked.
    pub fn key_file_and_id(&self) -> (KeyFile, i64) {
        let cut = keys::cut(&self.operator(), self.member, "sync", None).expect("a key");
        let ready = &self.running().ready;
        let file = KeyFile {
            url: ready.http.clone(),
            credentials: Credentials {
                company: ready.connectwise.company.clone(),
                public_key: cut.public_key.clone(),
                private_key: Secret::new(cut.private_key.reveal()),
                client_id: Some(ready.connectwise.client_id.clone()),
            },
            ca_file: None,
        };
        (file, cut.id)
    }

    /// The operator, who sees and may do everything: to look at effects and to prepare.
    pub fn operator(&self) -> Psa {
        self.with("operator", self.running().server.settings.operator.reveal())
    }

    pub fn with(&self, public: &str, private: &str) -> Psa {
        let ready = &self.running().ready;
        let credentials = Credentials {
            company: ready.connectwise.company.clone(),
            public_key: public.to_owned(),
            private_key: Secret::new(private),
            client_id: Some(ready.connectwise.client_id.clone()),
        };
        Psa::open(
            &ready.http,
            credentials,
            &Options {
                usual_path: true,
                ..Options::default()
            },
        )
        .expect("a way")
    }

    /// A way to the server past someone who hears of each request before it goes on: which one it is, and its
    /// method and path. He may do to the server what he likes.
    pub fn meddled(&self, key: &KeyFile, meddle: impl Fn(usize, &str) + Send + 'static) -> Psa {
        let server = self.running().ready.http.clone();
        let server = server.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        std::thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let mut stream = stream.expect("a connection");
                let (request, line) = request(&mut stream);
                meddle(number, &line);
                let mut on = TcpStream::connect(&server).expect("the server");
                on.write_all(&request).expect("sent on");
                // The server closes the connection after its answer.
                let _ = std::io::copy(&mut on, &mut stream);
            }
        });
        let options = Options {
            usual_path: true,
            ..Options::default()
        };
        Psa::open(&address, key.credentials.clone(), &options).expect("a way")
    }

    /// Sets the role.
    pub fn set(&self, document: &RoleDocument) {
        let path = format!("{}/{}/document", held::ROLES, self.role);
        self.operator()
            .own("PUT", &path, Some(&json!(document)))
            .expect("a role is set");
    }

    /// The role without one right at a time: what was taken, and the rest.
    pub fn without_each(&self) -> Vec<(String, RoleDocument)> {
        let mut every = Vec::new();
        for (at, row) in self.document.rows.iter().enumerate() {
            for verb in Verb::EVERY
                .into_iter()
                .filter(|verb| row.levels()[verb.index()] > Level::None)
            {
                let mut less = self.document.clone();
                let cells = &mut less.rows[at];
                match verb {
                    Verb::Add => cells.add = Level::None,
                    Verb::Edit => cells.edit = Level::None,
                    Verb::Delete => cells.delete = Level::None,
                    // Without Inquire a row keeps nothing.
                    Verb::Inquire => {
                        (cells.add, cells.edit, cells.delete, cells.inquire) =
                            (Level::None, Level::None, Level::None, Level::None);
                    }
                }
                every.push((format!("{} / {}: {verb}", row.module, row.action), less));
            }
        }
        for (list, entries) in &self.document.lists {
            let ListDocument::Allow(names) = entries else {
                continue;
            };
            for name in names {
                let mut less = self.document.clone();
                let rest = names
                    .iter()
                    .filter(|other| *other != name)
                    .cloned()
                    .collect();
                less.lists.insert(list.clone(), ListDocument::Allow(rest));
                every.push((name.clone(), less));
            }
        }
        every
    }
}

/// A request as it is to go on, asking for the connection to be closed, and its method and path.
pub fn request(stream: &mut TcpStream) -> (Vec<u8>, String) {
    let mut reader = BufReader::new(stream);
    let (mut request, mut first, mut length) = (String::new(), String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).expect("a line");
        if first.is_empty() {
            let (request, _) = line.rsplit_once(' ').expect("a request");
            request.clone_into(&mut first);
        }
        let lower = line.to_ascii_lowercase();
        if let Some(text) = lower.strip_prefix("content-length:") {
            length = text.trim().parse().expect("a length");
        }
        if line.trim().is_empty() {
            request.push_str("connection: close\r\n\r\n");
            break;
        }
        if !lower.starts_with("connection:") {
            request.push_str(&line);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("a body");
    let mut request = request.into_bytes();
    request.extend(body);
    (request, first)
}

/// A server that answers as told: status, further headers and body for each path with its query, the request's body,
/// and how often it was asked for. Its address, and every path that was asked for.
pub fn answering(
    answer: impl Fn(&str, &str, usize) -> (u16, &'static str, String) + Send + 'static,
) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let asked = Arc::new(Mutex::new(Vec::new()));
    let kept = asked.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let (whole, line) = request(&mut stream);
            let whole = String::from_utf8_lossy(&whole).into_owned();
            let body = whole.split_once("\r\n\r\n").map_or("", |(_, body)| body);
            let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
            let times = {
                let mut kept = kept.lock().unwrap();
                kept.push(path.clone());
                kept.iter().filter(|asked| **asked == path).count()
            };
            let (status, headers, body) = answer(&path, body, times);
            let length = body.len();
            let _ = write!(
                stream,
                "HTTP/1.1 {status} X\r\n{headers}Content-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            );
        }
    });
    (address, asked)
}

/// A ConnectWise that answers as told, by path and how often it was asked for.
pub fn psa(
    answer: impl Fn(&str, usize) -> (u16, &'static str, String) + Send + 'static,
) -> (Psa, Arc<Mutex<Vec<String>>>) {
    let (address, asked) = answering(move |path, _, times| answer(path, times));
    (connectwise_at(&address), asked)
}

/// A way to a ConnectWise at this address, with a key of no account.
pub fn connectwise_at(address: &str) -> Psa {
    let credentials = Credentials {
        company: "acme".to_owned(),
        public_key: "p".to_owned(),
        private_key: Secret::new("s"),
        client_id: None,
    };
    let options = Options {
        usual_path: true,
        ..Options::default()
    };
    Psa::open(address, credentials, &options).expect("a way")
}

/// A way to an Autotask at this address, with a key of no account.
pub fn autotask_at(address: &str) -> Autotask {
    let user = ApiUser {
        user: "key@example.com".to_owned(),
        secret: Secret::new("s"),
        code: Secret::new("c"),
    };
    Autotask::open(address, user, None).expect("a way")
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            self.runtime.block_on(running.stop());
        }
    }
}

/// A folder and a state of an integration.
pub struct Desk {
    _folder: tempfile::TempDir,
    pub home: Home,
    pub state: State,
    pub integration: &'static Integration,
    pub now: Timestamp,
}

impl Desk {
    pub fn new(integration: &'static Integration, settings: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let home = Home::new(folder.path());
        let file = home.settings_file(integration.slug);
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("made");
        std::fs::create_dir_all(home.input(integration.slug, "")).expect("made");
        std::fs::write(file, settings).expect("settings");
        let now = "2026-11-21T12:30:00Z".parse().expect("a moment");
        Self {
            _folder: folder,
            home,
            state: State::open(&Location::Memory).expect("a state"),
            integration,
            now,
        }
    }

    pub fn give(&self, name: &str, rows: &[Value]) {
        let lines: Vec<String> = rows.iter().map(ToString::to_string).collect();
        let text = lines.join(
            "
",
        );
        std::fs::write(self.home.input(self.integration.slug, name), text).expect("input");
    }

    pub fn taken(&self, name: &str) -> Vec<Value> {
        bitting_sync::input::read(&self.home.output(self.integration.slug, name))
            .expect("output")
            .0
    }

    pub fn run<'p>(
        &self,
        psa: impl Into<Way<'p>>,
        job: Option<&'static Job>,
    ) -> Result<Vec<Outcome>, Failure> {
        let runner = Runner {
            home: &self.home,
            state: &self.state,
            psa: psa.into(),
            progress: &Progress::Silent,
            now: self.now,
            tries: 1,
            wait: Duration::from_millis(1),
        };
        runner.run(self.integration, job)
    }

    /// Runs every job; all must succeed.
    pub fn whole<'p>(&self, psa: impl Into<Way<'p>>) -> Vec<Outcome> {
        let outcomes = self.run(psa, None).expect("a run");
        for outcome in &outcomes {
            outcome.result.as_ref().unwrap_or_else(|failure| {
                panic!("{} {}: {failure}", self.integration.slug, outcome.job)
            });
        }
        assert_eq!(outcomes.len(), self.integration.jobs.len());
        outcomes
    }

    /// Everything that the jobs said: failures and warnings.
    pub fn said(outcomes: &[Outcome]) -> String {
        let mut said = String::new();
        for outcome in outcomes {
            for warning in &outcome.counts.warnings {
                said = format!("{said}{}: {warning}\n", outcome.job);
            }
            if let Err(failure) = &outcome.result {
                said = format!("{said}{}: {failure}\n", outcome.job);
            }
        }
        said
    }

    /// Cuts every job off after each of its steps in turn, going on with the same state until it gets through.
    /// Answers how many steps the whole work has. Every job that the integration has takes part.
    pub fn cut_off_everywhere<'p>(&self, psa: impl Into<Way<'p>> + Copy) -> u64 {
        let mut all = 0;
        for job in self.integration.jobs {
            let mut steps = 0;
            loop {
                self.state.steps.stop_after(steps);
                match self.run(psa, Some(job)) {
                    Err(Failure::CutOff) => self.restart(),
                    Err(failure) => panic!("{} after {steps} steps: {failure}", job.name),
                    Ok(outcomes) => {
                        let outcome = &outcomes[0];
                        assert!(outcome.result.is_ok(), "{}: {:?}", job.name, outcome.result);
                        break;
                    }
                }
                steps += 1;
                assert!(steps < 10_000, "{} never ends", job.name);
            }
            // Beside the entry in the history.
            assert!(steps > 1, "{} does nothing here", job.name);
            self.state.steps.stop_after(u64::MAX);
            all += steps;
        }
        all
    }

    /// What the next opening of the state does after a kill.
    pub fn restart(&self) {
        self.state.steps.stop_after(u64::MAX);
        self.state.free().expect("free");
    }

    /// Cuts all jobs off once after so many steps, then lets them run. `false` when they ended before.
    pub fn cut_off_once<'p>(&self, psa: impl Into<Way<'p>> + Copy, steps: u64) -> bool {
        self.state.steps.stop_after(steps);
        let cut = matches!(self.run(psa, None), Err(Failure::CutOff));
        self.restart();
        self.whole(psa);
        cut
    }
}

/// Jobs that work on what others read.
const WITHOUT_CALLS: [&str; 2] = ["metrics", "health"];

/// Takes each right of the profile away in turn: some job fails, or says what it does without, and names it.
/// Rights of `unused` must make no difference. `desk` makes new work that needs every job.
pub fn each_right_is_needed_and_named(
    server: &Server,
    integration: &'static Integration,
    mut desk: impl FnMut(usize) -> Desk,
) {
    let every = server.without_each();
    assert!(!every.is_empty());
    // With all of them every job has something to do, so that none is left out of what follows.
    server.set(&server.document);
    for outcome in desk(every.len()).whole(server.key()) {
        assert!(
            outcome.counts.requests > 0 || WITHOUT_CALLS.contains(&outcome.job),
            "{} asks the PSA nothing here: give it something to do",
            outcome.job
        );
    }
    let (mut silent, mut loud) = (Vec::new(), Vec::new());
    for (at, (right, less)) in every.iter().enumerate() {
        let desk = desk(at);
        server.set(less);
        let outcomes = desk.run(server.key(), None).expect("a run");
        let said = Desk::said(&outcomes);
        let expected = integration.unused.iter().any(|(need, _)| {
            need.table.map_or_else(
                || format!("{} / {}: {}", need.module, need.action, need.verb),
                str::to_owned,
            ) == *right
        });
        if said.contains(right.as_str()) == expected {
            if expected {
                loud.push(format!("{right}\n{said}"));
            } else {
                silent.push(format!("{right}\n{said}"));
            }
        }
    }
    server.set(&server.document);
    assert!(
        silent.is_empty(),
        "no job names these rights:\n{}",
        silent.join("\n")
    );
    assert!(
        loud.is_empty(),
        "these count as unused, but a job asks for them:\n{}",
        loud.join("\n")
    );
}
