//! What runs the integrations' own jobs beside the server, where something does: the console shows them and
//! starts them. The server does not know what a job does, and knows no crate that does; the program joins both.
//!
//! Every function blocks, for files and a database: call them on a thread of their own.

use serde::{Deserialize, Serialize};

/// The jobs beside the server. Errors are sentences for people, without secrets.
pub trait Jobs: Send + Sync {
    /// Every integration with its jobs, connected or not.
    fn overview(&self) -> Result<Vec<Integration>, String>;

    /// Runs of an integration or of one of its jobs, newest first, at most so many.
    fn runs(
        &self,
        integration: &str,
        job: Option<&str>,
        most: usize,
    ) -> Result<Vec<JobRun>, String>;

    /// Starts one job, or all in their order, and answers at once; what came of it appears in `runs`.
    fn start(&self, integration: &str, job: Option<&str>) -> Result<(), String>;

    /// Keeps a connection, its private key encrypted, and lays down settings where there are none.
    fn connect(&self, integration: &str, connection: NewConnection) -> Result<(), String>;

    /// Tries the kept connection: the right and what came of it, one by one. Takes as long as the PSA does.
    fn check(&self, integration: &str) -> Result<Vec<Checked>, String>;

    /// The text of the settings, TOML with remarks.
    fn settings(&self, integration: &str) -> Result<String, String>;

    /// Keeps other settings, or says what is wrong with them and keeps the old ones.
    fn set_settings(&self, integration: &str, text: &str) -> Result<(), String>;
}

/// An integration as the console shows it.
#[derive(Debug, Clone, Serialize)]
pub struct Integration {
    /// `office_protect`
    pub slug: String,
    /// `Office Protect`
    pub title: String,
    /// `connectwise` or `autotask`: what its key is made of.
    pub psa: String,
    pub connection: Option<KeptConnection>,
    pub jobs: Vec<Job>,
}

/// Where an integration's PSA is. The private key stays where it is.
#[derive(Debug, Clone, Serialize)]
pub struct KeptConnection {
    pub url: String,
    pub company: String,
    pub public_key: String,
}

/// What the connection form asks for. For Autotask `public_key` is the user name, `private_key` the secret, and
/// `company` is empty.
#[derive(Clone, Deserialize)]
pub struct NewConnection {
    pub url: String,
    pub company: String,
    pub public_key: String,
    pub private_key: String,
    pub client_id: Option<String>,
    /// Autotask's tracking identifier.
    #[serde(default)]
    pub integration_code: Option<String>,
    /// The authority of a server's own certificate, a file on this machine.
    pub ca_file: Option<std::path::PathBuf>,
}

/// A job. Moments are ISO 8601 in UTC.
#[derive(Debug, Clone, Serialize)]
pub struct Job {
    pub name: String,
    pub what: String,
    /// In words: `daily at 03:00`, `every 4 hours`, `by hand`.
    pub rhythm: String,
    /// When it runs next by itself; none where nobody connected it or it runs by hand.
    pub next: Option<String>,
    /// Who runs it at this moment.
    pub running: Option<String>,
    pub last: Option<JobRun>,
}

/// A run that ended.
#[derive(Debug, Clone, Serialize)]
pub struct JobRun {
    pub job: String,
    pub at: String,
    pub done: bool,
    pub read: u64,
    pub created: u64,
    pub changed: u64,
    pub unchanged: u64,
    pub skipped: u64,
    pub warnings: Vec<String>,
    pub error: Option<String>,
}

/// A right of the profile, tried.
#[derive(Debug, Clone, Serialize)]
pub struct Checked {
    pub right: String,
    pub optional: bool,
    /// `held`, `missing` or `not provable by reading`.
    pub result: String,
}
