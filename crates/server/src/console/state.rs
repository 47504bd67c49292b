//! What the console of a server keeps: who is signed in, what opens it, and what it was handed. Knows no page.

use super::bench::{Bench, Refusal};
use super::underway;
use super::{door, session};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use tokio::sync::{Semaphore, watch};

/// What the console of a server keeps: who is signed in, and what opens it.
pub struct Console {
    pub(super) sessions: Arc<session::Sessions>,
    pub(super) door: door::Door,
    pub(super) bench: OnceLock<Arc<dyn Bench>>,
    /// Integrations whose jobs run beside the server.
    pub(super) with_jobs: OnceLock<Vec<String>>,
    /// Turns true when open streams are to end.
    pub(super) ended: watch::Sender<bool>,
    /// Streams that are open.
    pub(super) streams: Arc<Semaphore>,
    /// What takes longer than a page may.
    pub(super) work: underway::Underway,
    /// The server's own https address, and the authority that signed its certificate.
    pub(super) own: OnceLock<(String, PathBuf)>,
}

/// Streams of calls at a time.
const STREAMS: usize = 64;

impl Console {
    /// `folder` is where the administrator's password rests; without, it is gone with the process.
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self {
            sessions: Arc::default(),
            door: door::Door::new(folder.map(|folder| folder.join("console.password"))),
            bench: OnceLock::new(),
            with_jobs: OnceLock::new(),
            ended: watch::Sender::new(false),
            streams: Arc::new(Semaphore::new(STREAMS)),
            work: underway::Underway::default(),
            own: OnceLock::new(),
        }
    }

    /// Gives the console what works over the PSA's API from outside: plans, proofs, guides, jobs. Only the
    /// first one counts.
    pub fn equip(&self, bench: Arc<dyn Bench>) {
        let _ = self.bench.set(bench);
    }

    /// Tells the console where the server is, and whose signature its certificate bears.
    pub(crate) fn addressed(&self, https: String, authority: PathBuf) {
        let _ = self.own.set((https, authority));
    }

    /// The authority to trust at an address: the server's own for its own address.
    pub(super) fn authority(&self, url: &str) -> Option<PathBuf> {
        let (https, authority) = self.own.get()?;
        https.eq_ignore_ascii_case(url).then(|| authority.clone())
    }

    /// So many rows the demo company had: the length of the next one's bar.
    pub(crate) fn demo_rows(&self, count: u64) {
        self.work.expect(count);
    }

    /// Ends every open stream: the server stops.
    pub(crate) fn end_streams(&self) {
        self.ended.send_replace(true);
    }

    /// The path of a link that signs in once. The link before it opens nothing any more.
    pub fn one_time_path(&self) -> String {
        format!("/console/enter?link={}", self.door.new_link().reveal())
    }

    /// Works with whatever was handed in, off the threads that serve.
    pub(super) async fn over_api<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Bench) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let Some(bench) = self.bench.get().cloned() else {
            let text = "This server runs without what works over the API.";
            return Err(Refusal::new(text));
        };
        let worked = tokio::task::spawn_blocking(move || work(&*bench));
        worked.await.unwrap_or_else(|error| {
            tracing::error!(%error, "the console's work broke off");
            Err(Refusal::new("It broke off; the server's log says why."))
        })
    }
}
