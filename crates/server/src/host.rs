//! Starting a server: data, first company, keys, certificate, sockets, and the facts that people's test
//! suites read from the ready file.

pub(crate) mod error;
mod filling;
mod laying;
mod rest;
mod used;

pub use bitting_autotask::options::AutotaskOptions;
pub use bitting_calls::cutting::Shown;
pub use bitting_calls::seed::Demo;
pub use error::HostError;
pub use filling::{Filled, FilledAutotask, fill, fill_autotask};
pub use laying::{Keys, Laid, Order, lay_down};

use crate::server::{Server, Settings, Starting};
use crate::tls::{self, Source};
use bitting_autotask as autotask;
use bitting_autotask::asleep::Asleep;
use bitting_autotask::seed::First;
use bitting_autotask::shelf::Rack;
use bitting_autotask::webhooks::delivery;
use bitting_calls::courier;
use bitting_calls::cutting::{CLIENT_ID, pairs};
use bitting_calls::http;
use bitting_calls::http::BODY_LIMIT;
use bitting_calls::panics::steady;
use bitting_calls::seed::{self, Seeded};
use bitting_calls::shelf::{self, Shelf};
use bitting_calls::shipped;
use bitting_catalog::Catalog;
use bitting_gate::front::{self, Front};
use bitting_psa::instance::{Clock, Instance};
use bitting_psa::secret::Secret;
use bitting_store::DatabaseUrl;
use jiff::Timestamp;
use serde::Serialize;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

/// What a server is started with.
#[derive(Debug, Clone)]
pub struct Options {
    /// Directory for the database, the certificate authority and the operator's file.
    pub state: PathBuf,
    /// Keep the data in `state`; else it is gone with the process.
    pub keep: bool,
    /// Data files of the user's own, by their path below `connectwise/`.
    pub overlay: Vec<(String, String)>,
    /// A PostgreSQL database instead of a file.
    pub database: Option<String>,
    pub host: String,
    pub http_port: u16,
    pub https_port: u16,
    pub company: String,
    pub company_name: String,
    /// Demo records for a new company; without, it gets its structure and two API members.
    pub demo: Option<Demo>,
    pub require_client_id: bool,
    /// Certificate chain and key of the user's own, PEM.
    pub certificate: Option<(PathBuf, PathBuf)>,
    /// Cut pairs anew even if the company is not new: a ready file is wanted.
    pub ready: bool,
    /// Serve an Autotask database too, with its own demo company.
    pub autotask: Option<AutotaskOptions>,
    /// The moment at which the clock of all records stands still; nothing is the machine's own clock.
    pub now: Option<Timestamp>,
}

/// A running server.
pub struct Running {
    pub server: Arc<Server>,
    pub ready: Ready,
    stop: watch::Sender<bool>,
    listeners: Vec<tokio::task::JoinHandle<()>>,
}

/// The facts of a running server, as the ready file has them.
#[derive(Serialize)]
pub struct Ready {
    pub http: String,
    pub https: String,
    pub ca_file: PathBuf,
    pub console: String,
    pub connectwise: Connectwise,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub autotask: Option<Autotask>,
}

/// The Autotask database of a running server.
#[derive(Serialize)]
pub struct Autotask {
    /// Root of the API, with the slash at its end: `http://localhost:8080/ATServicesRest/`.
    pub base_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin: Option<ShownUser>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub least: Option<ShownUser>,
}

/// An API user in the clear, for the ready file alone.
#[derive(Serialize)]
pub struct ShownUser {
    pub username: String,
    pub secret: String,
    pub integration_code: String,
}

#[derive(Serialize)]
pub struct Connectwise {
    pub company: String,
    pub client_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin: Option<Shown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub least: Option<Shown>,
}

/// Work that a program waits for. In a box, since a future that crosses a crate's border bare is compiled there
/// once more with all that it awaits, which is the whole server.
pub type Work<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Opens everything and answers once the server does. `progress` hears how many demo rows are done.
pub fn start<'a>(
    options: &'a Options,
    progress: &'a mut (dyn FnMut(u64) + Send),
) -> Work<'a, Result<Running, HostError>> {
    Box::pin(begin(options, progress))
}

async fn begin(
    options: &Options,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<Running, HostError> {
    open(options, Records::AtHand, progress).await
}

/// The same where another process lays down the first records, as `laying` tells when it is done.
pub fn start_laid<'a>(
    options: &'a Options,
    laying: Work<'a, Result<Laid, String>>,
    progress: &'a mut (dyn FnMut(u64) + Send),
) -> Work<'a, Result<Running, HostError>> {
    Box::pin(open(options, Records::Laying(laying), progress))
}

/// What a server's first records come from.
enum Records<'a> {
    /// The database; one that is new is filled here.
    AtHand,
    /// Another process.
    Laying(Work<'a, Result<Laid, String>>),
    /// A live PSA.
    Front(&'a Front),
}

/// The same in front of a PSA, whose records it shows: of the options' records it has none.
pub fn start_gate<'a>(
    options: &'a Options,
    front: &'a Front,
) -> Work<'a, Result<Running, HostError>> {
    Box::pin(async move { open(options, Records::Front(front), &mut |_| {}).await })
}

async fn open(
    options: &Options,
    records: Records<'_>,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<Running, HostError> {
    let (front, laying) = match records {
        Records::AtHand => (None, None),
        Records::Laying(laying) => (None, Some(laying)),
        Records::Front(front) => (Some(front), None),
    };
    let shelf = shelf_of(options)?;
    let source = match &options.certificate {
        Some((certificate, key)) => Source::Files {
            certificate: certificate.clone(),
            key: key.clone(),
        },
        None => Source::Local(options.state.clone()),
    };
    let names = ["localhost", "127.0.0.1", "::1", options.host.as_str()].map(str::to_owned);
    let tls = tls::prepare(&source, &names)?;
    let plain = listen(&options.host, options.http_port).await?;
    let secure = listen(&options.host, options.https_port).await?;
    if let Some(fault) = shelf::fault(&options.company) {
        return Err(HostError::Company(fault));
    }
    let first = shelf::Company {
        company: options.company.clone(),
        name: options.company_name.clone(),
    };
    // Where another process lays it down, that one has it open.
    let opened = match laying {
        None => Some(Arc::new(shelf.open(&first).await?)),
        Some(_) => None,
    };
    let operator = Secret::generate();
    let settings = Settings {
        require_client_id: options.require_client_id,
        operator,
    };
    let company = options.company.clone();
    let server = Server::new(settings).closed();
    // A gate stands in front of one company.
    let server = match front {
        None => server.with_shelf(shelf.clone(), &company),
        Some(_) => server,
    };
    let server = Arc::new(if options.keep {
        server.with_console(options.state.clone())
    } else {
        server
    });
    let _starting = Starting(server.clone());
    server.settle();
    match &opened {
        Some(instance) => server.add(instance.clone()),
        None => server.expect(first.clone()),
    }
    let (stop, stopped) = watch::channel(false);
    let address = |listener: &TcpListener| {
        listener
            .local_addr()
            .unwrap_or(SocketAddr::from(([127, 0, 0, 1], 0)))
    };
    let shown = |port: u16| format!("{}:{port}", shown_host(&options.host));
    let (http_port, https_port) = (address(&plain).port(), address(&secure).port());
    let acceptor = TlsAcceptor::from(tls.config);
    let mut listeners = vec![
        tokio::spawn(http::serve(
            plain,
            None,
            server.clone(),
            BODY_LIMIT,
            stopped.clone(),
        )),
        tokio::spawn(http::serve(
            secure,
            Some(acceptor),
            server.clone(),
            BODY_LIMIT,
            stopped.clone(),
        )),
    ];
    // Sockets answer from here on; calls on records wait until the first ones are laid down.
    let mut laid = match laying {
        Some(laying) => Some(laying.await.map_err(HostError::Seed)?),
        None => None,
    };
    let instance = match opened {
        Some(instance) => instance,
        None => {
            let left = laid.as_mut().and_then(|laid| laid.connectwise.take());
            let instance = Arc::new(shelf.open_left(&first, left).await?);
            server.add(instance.clone());
            instance
        }
    };
    let mut rows = laid.as_ref().map_or(0, |laid| laid.rows);
    let mut counted = |count| {
        rows = count;
        progress(count);
    };
    let seeded = match front {
        None if laid.is_some() => seed::laid(&instance),
        None => seed::company(&instance, options.demo.as_ref(), &mut counted)
            .await
            .map_err(HostError::Seed)?,
        Some(front) => {
            front::join(&instance, front).await?;
            let (followed, until) = (server.clone(), stopped.clone());
            listeners.push(tokio::spawn(steady("gate", stopped.clone(), move || {
                let followed = followed.clone();
                front::follow(move || followed.instances(), until.clone())
            })));
            Seeded {
                new: false,
                admin: None,
                least: None,
            }
        }
    };
    server.console.demo_rows(rows);
    let (admin, least) = pairs(&instance, &seeded, options.ready).await?;
    for company in shelf::others(&instance) {
        server.add(Arc::new(shelf.open(&company).await?));
    }
    let users = match options.autotask {
        Some(wanted) => Some(
            open_autotask(
                &server,
                &instance,
                &shelf,
                (options, wanted),
                laid,
                progress,
            )
            .await?,
        ),
        None => None,
    };
    server.open();
    let ready = Ready {
        http: format!("http://{}", shown(http_port)),
        https: format!("https://{}", shown(https_port)),
        ca_file: tls.ca_file,
        console: format!(
            "http://{}{}",
            shown(http_port),
            server.console.one_time_path()
        ),
        connectwise: Connectwise {
            company,
            client_id: CLIENT_ID.to_owned(),
            admin,
            least,
        },
        autotask: users.map(|users| Autotask {
            base_url: format!("http://{}/ATServicesRest/", shown(http_port)),
            admin: users.admin.as_ref().map(shown_user),
            least: users.least.as_ref().map(shown_user),
        }),
    };
    server
        .console
        .addressed(ready.https.clone(), ready.ca_file.clone());
    let (kept, until) = (server.clone(), stopped.clone());
    listeners.push(tokio::spawn(steady("used", stopped.clone(), move || {
        used::keep(kept.clone(), until.clone())
    })));
    let (resting, until) = (server.clone(), stopped.clone());
    listeners.push(tokio::spawn(steady("rest", stopped.clone(), move || {
        rest::keep(resting.clone(), until.clone())
    })));
    let origin: Arc<str> = Arc::from(ready.https.as_str());
    let (told, until, at) = (server.clone(), stopped.clone(), origin.clone());
    let client = delivery::client()?;
    listeners.push(tokio::spawn(steady(
        "webhooks",
        stopped.clone(),
        move || {
            let told = told.clone();
            courier::run(
                move || told.autotask(),
                client.clone(),
                at.clone(),
                until.clone(),
            )
        },
    )));
    let (told, until) = (server.clone(), stopped.clone());
    let client = courier::client()?;
    listeners.push(tokio::spawn(steady("callbacks", stopped, move || {
        let told = told.clone();
        courier::run(
            move || told.instances(),
            client.clone(),
            origin.clone(),
            until.clone(),
        )
    })));
    Ok(Running {
        server,
        ready,
        stop,
        listeners,
    })
}

fn shelf_of(options: &Options) -> Result<Shelf, HostError> {
    let (registry, catalog) = if options.overlay.is_empty() {
        shipped::connectwise()?
    } else {
        let (registry, catalog) = Catalog::overlaid(options.overlay.iter().cloned())?;
        // What is shipped has been checked; what a user adds has not.
        let faults = catalog.check(None);
        if !faults.is_empty() {
            return Err(HostError::Overlay(faults.join("\n")));
        }
        (registry, catalog)
    };
    let clock: Clock = match options.now {
        Some(moment) => Arc::new(move || moment),
        None => Arc::new(Timestamp::now),
    };
    Ok(Shelf {
        catalog: Arc::new(catalog),
        registry: Arc::new(registry),
        clock,
        state: options.state.clone(),
        keep: options.keep,
        database: options.database.as_ref().map(DatabaseUrl::new),
    })
}

impl Running {
    /// Stops taking connections, finishes open requests, and closes the data.
    pub fn stop(self) -> Work<'static, ()> {
        Box::pin(self.end())
    }

    async fn end(self) {
        // Streams have no end of their own.
        self.server.console.end_streams();
        // Nobody listening any more is as good as stopped.
        let _ = self.stop.send(true);
        for listener in self.listeners {
            let _ = listener.await;
        }
        used::keep_now(&self.server).await;
    }
}

/// Opens the Autotask databases beside the companies; `keeper` remembers which there are. One that was just laid down,
/// and whose keys are known, is not opened before somebody asks for it.
async fn open_autotask(
    server: &Server,
    keeper: &Instance,
    shelf: &Shelf,
    (options, wanted): (&Options, AutotaskOptions),
    mut laid: Option<Laid>,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<First, HostError> {
    let known = laid.as_mut().and_then(Laid::keys);
    // Keys of records that were just laid down are cut here, and in no other process.
    let ready = options.ready || laid.is_some();
    let left = laid.and_then(|laid| laid.autotask);
    if let Some(known) = known {
        server.tenants.sleep(Asleep::hold(shelf, wanted, left)?);
        return Ok(known);
    }
    let rack = Rack::new(wanted)?;
    let name = autotask::shelf::FIRST;
    let tenant = rack.open_left(shelf, name, left).await?;
    let first = autotask::seed::company(&tenant, options.demo.as_ref(), ready, progress)
        .await
        .map_err(HostError::Seed)?;
    server.add_autotask(Arc::new(tenant));
    for name in autotask::shelf::others(keeper) {
        server.add_autotask(Arc::new(rack.open(shelf, &name).await?));
    }
    server.tenants.further(rack);
    Ok(first)
}

fn shown_user(user: &autotask::users::Shown) -> ShownUser {
    ShownUser {
        username: user.user.clone(),
        secret: user.secret.reveal().to_owned(),
        integration_code: user.code.reveal().to_owned(),
    }
}

async fn listen(host: &str, port: u16) -> Result<TcpListener, HostError> {
    let address = if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    };
    TcpListener::bind(&address)
        .await
        .map_err(|reason| HostError::Listen { address, reason })
}

/// A host that clients can connect to.
fn shown_host(host: &str) -> String {
    match host {
        "0.0.0.0" | "::" | "127.0.0.1" | "::1" => "localhost".to_owned(),
        other if other.contains(':') => format!("[{other}]"),
        other => other.to_owned(),
    }
}
