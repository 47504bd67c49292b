//! New calls as server-sent events: a row each, as the page has them. A stream ends with its session, and
//! when the server stops.

use super::{Watched, row};
use bitting_calls::http::Outgoing;
use bitting_psa::event::Log;
use bytes::Bytes;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, mpsc, watch};

/// Calls that come faster than this are sent together.
const PACE: Duration = Duration::from_millis(200);
/// Something is sent at least this often, so that nobody in between ends the connection.
const BEAT: Duration = Duration::from_secs(15);
/// Most rows at a time: more than that nobody reads, and the page keeps no more.
const MOST: usize = 100;

/// One stream.
pub struct Live {
    pub watched: Watched,
    pub log: Arc<Log>,
    /// Where the page ended, or where a stream that broke off did.
    pub from: Option<u64>,
    pub ended: watch::Receiver<bool>,
    /// Whether whoever looks is still signed in.
    pub alive: Box<dyn Fn() -> bool + Send>,
    /// Given back with the stream's end.
    pub _turn: OwnedSemaphorePermit,
}

impl Live {
    /// The body of the answer; it is written as long as somebody reads it.
    pub fn run(self) -> Outgoing {
        let (send, body) = mpsc::channel(8);
        tokio::spawn(self.write(send));
        Outgoing::Live(body)
    }

    async fn write(mut self, send: mpsc::Sender<Bytes>) {
        let mut news = self.log.news();
        let now = *news.borrow_and_update();
        let mut at = self.from.map_or(now, |from| from.min(now));
        let mut text = "retry: 2000\n\n".to_owned();
        let mut first = true;
        loop {
            let part = std::mem::replace(&mut text, ": still here\n\n".to_owned());
            if send.send(Bytes::from(part)).await.is_err() {
                return;
            }
            // What came between the page and its stream is there already.
            if !std::mem::take(&mut first) {
                tokio::select! {
                    changed = news.changed() => if changed.is_err() { return },
                    () = tokio::time::sleep(BEAT) => {}
                    _ = self.ended.wait_for(|ended| *ended) => return,
                    () = send.closed() => return,
                }
            }
            if !(self.alive)() {
                return;
            }
            news.mark_unchanged();
            let (fresh, next) = self.log.since(at);
            at = next;
            let fitting: Vec<_> = fresh
                .iter()
                .filter(|event| self.watched.search.fits(event))
                .collect();
            for event in fitting.iter().skip(fitting.len().saturating_sub(MOST)) {
                // Writing to a String cannot fail.
                let _ = writeln!(text, "event: call\nid: {at}");
                for line in row(&self.watched, event).into_string().lines() {
                    let _ = writeln!(text, "data: {line}");
                }
                text.push('\n');
            }
            tokio::time::sleep(PACE).await;
        }
    }
}
