//! Delivers what outboxes hold: one courier for each database, which takes the messages that are due and hands them
//! to what knows how to tell them. Knows no message's contents.

use crate::panics::Caught;
use bitting_psa::backend::Backend;
use bitting_psa::moment::time;
use bitting_psa::outbox::{Message, Progress, State, settled_before, waiting};
use bitting_store::StoreError;
use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

/// An answer that takes longer is none.
const PATIENCE: Duration = Duration::from_secs(5);
/// Days for which settled messages can be looked at.
const KEPT_DAYS: i64 = 7;
/// Messages taken from the outbox at a time.
pub const BATCH: u64 = 200;
/// The outbox is looked at this often, also when nobody says that there is something new.
const IDLE: Duration = Duration::from_secs(30);
/// Databases that came or went are noticed within this time.
const LOOK: Duration = Duration::from_secs(1);
/// While messages wait for another attempt.
const BUSY: Duration = Duration::from_millis(500);

/// A database with an outbox.
pub trait Place: Sized + Send + Sync + 'static {
    type Message: Message;
    type Error: From<StoreError> + std::fmt::Display + Send;
    /// What its receivers are called.
    const RECEIVERS: &'static str;

    fn backend(&self) -> &Backend;
    fn now(&self) -> Timestamp;
    /// Told when a write has left a message.
    fn news(&self) -> &Notify;
    /// Drops what another server that shares the database has changed.
    fn look(&self) -> impl Future<Output = Result<(), StoreError>> + Send;
    /// One attempt, of which the outcome is at rest afterwards and told in the answer.
    fn deliver(
        courier: &Courier<Self>,
        message: Self::Message,
    ) -> impl Future<Output = Result<Progress, Self::Error>> + Send;
}

/// Delivers for one database.
pub struct Courier<P> {
    pub place: Arc<P>,
    pub client: reqwest::Client,
    /// Where the database is reached: `https://host:port`
    pub origin: Arc<str>,
    /// When receivers whose oldest message is put off are tried again: until then their messages do not fill what
    /// is taken from the outbox.
    put_off: Arc<Mutex<BTreeMap<i64, i64>>>,
}

impl<P> Clone for Courier<P> {
    fn clone(&self) -> Self {
        Self {
            place: self.place.clone(),
            client: self.client.clone(),
            origin: self.origin.clone(),
            put_off: self.put_off.clone(),
        }
    }
}

/// What calls receivers.
pub fn client() -> Result<reqwest::Client, reqwest::Error> {
    builder().build()
}

/// Straight to the URL: a redirect could lead anywhere, and a proxy is for people.
pub fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .timeout(PATIENCE)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .user_agent("Bitting")
}

/// What went wrong on the way. Not the URL: it may hold a word that only the receiver should know.
pub fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        format!("no answer within {} seconds", PATIENCE.as_secs())
    } else if error.is_connect() {
        "no connection to the receiver".to_owned()
    } else if error.is_builder() {
        "the receiver's URL cannot be called".to_owned()
    } else {
        "the connection broke off".to_owned()
    }
}

/// Delivers for every database there is, also for those that come later, until told to stop.
pub async fn run<P: Place>(
    places: impl Fn() -> Vec<Arc<P>>,
    client: reqwest::Client,
    origin: Arc<str>,
    mut stop: watch::Receiver<bool>,
) {
    let mut running: Vec<(Arc<P>, watch::Sender<bool>)> = Vec::new();
    let mut tasks = JoinSet::new();
    loop {
        let now = places();
        // One that was replaced lets go of its data.
        running.retain(|(place, leave)| {
            let stays = now.iter().any(|other| Arc::ptr_eq(other, place));
            if !stays {
                let _ = leave.send(true);
            }
            stays
        });
        for place in now {
            if !running.iter().any(|(other, _)| Arc::ptr_eq(other, &place)) {
                let (leave, left) = watch::channel(false);
                tasks.spawn(Courier::new(place.clone(), client.clone(), &origin).run(left));
                running.push((place, leave));
            }
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = stop.wait_for(|stopped| *stopped) => break,
        }
        while tasks.try_join_next().is_some() {}
    }
    for (_, leave) in running {
        let _ = leave.send(true);
    }
    while tasks.join_next().await.is_some() {}
}

impl<P: Place> Courier<P> {
    /// `origin` is where the database is reached.
    pub fn new(place: Arc<P>, client: reqwest::Client, origin: &str) -> Self {
        Self {
            place,
            client,
            origin: Arc::from(origin.trim_end_matches('/')),
            put_off: Arc::default(),
        }
    }

    /// Delivers until told to stop; what is not delivered then is delivered after the next start.
    async fn run(self, mut stop: watch::Receiver<bool>) {
        loop {
            // A message that is on its way when the server stops goes out once more after the next start.
            let round = tokio::select! {
                round = self.round() => round,
                _ = stop.wait_for(|stopped| *stopped) => return,
            };
            let pause = match round {
                Ok(true) => BUSY,
                Ok(false) => IDLE,
                Err(error) => {
                    tracing::warn!(%error, "{} could not be told", P::RECEIVERS);
                    IDLE
                }
            };
            tokio::select! {
                () = self.place.news().notified() => {}
                () = tokio::time::sleep(pause) => {}
                _ = stop.wait_for(|stopped| *stopped) => return,
            }
        }
    }

    /// Tries the messages that are due, and answers whether any still waits. Messages of one receiver go out in
    /// their order: later ones wait behind one that is tried again. Receivers do not wait for each other. A round that
    /// panics is over, and nothing waits until the next one.
    pub async fn round(&self) -> Result<bool, P::Error> {
        match Caught(Box::pin(self.told())).await {
            Ok(told) => told,
            Err(panicked) => {
                panicked.tell(P::RECEIVERS);
                Ok(false)
            }
        }
    }

    async fn told(&self) -> Result<bool, P::Error> {
        let place = &self.place;
        place.look().await?;
        let now = place.now().as_second();
        let later: Vec<i64> = {
            let mut put_off = self.put_off.lock();
            put_off.retain(|_, due| *due > now);
            put_off.keys().copied().collect()
        };
        let mut by_receiver: BTreeMap<i64, Vec<P::Message>> = BTreeMap::new();
        for message in waiting::<P::Message>(place.backend(), later, BATCH).await? {
            let receiver = message.receiver();
            by_receiver.entry(receiver).or_default().push(message);
        }
        let mut tasks = JoinSet::new();
        for (receiver, messages) in by_receiver {
            let courier = self.clone();
            tasks.spawn(async move {
                let told = Caught(Box::pin(courier.tell(receiver, messages, now))).await;
                told.unwrap_or_else(|panicked| {
                    panicked.tell(P::RECEIVERS);
                    Ok(())
                })
            });
        }
        while let Some(done) = tasks.join_next().await {
            match done {
                Ok(result) => result?,
                // Panics are caught within, and nobody else ends it.
                Err(_) => tracing::error!("telling {} broke off", P::RECEIVERS),
            }
        }
        let before = time(place.now() - SignedDuration::from_hours(24 * KEPT_DAYS));
        let gone = settled_before::<P::Message>(place.backend(), &before).await?;
        if !gone.is_empty() {
            place.backend().write(gone).await?;
        }
        let left = waiting::<P::Message>(place.backend(), [], 1).await?;
        Ok(!left.is_empty())
    }

    /// An attempt that panicked counts as one: what panics each time is given up in the end, and those behind it go out.
    async fn failed(&self, mut message: P::Message) -> Result<Progress, P::Error> {
        let now = self.place.now();
        let progress = message.progress_mut();
        progress.attempts += 1;
        progress.tried = Some(time(now));
        progress.status = None;
        progress.error = Some("the server failed to tell it; its log says where".to_owned());
        progress.put_off(now);
        let progress = progress.clone();
        self.place.backend().write(vec![message.update()]).await?;
        Ok(progress)
    }

    /// Tells one receiver, up to a message that is not due yet.
    async fn tell(
        &self,
        receiver: i64,
        messages: Vec<P::Message>,
        now: i64,
    ) -> Result<(), P::Error> {
        for message in messages {
            let mut due = message.progress().due;
            if due <= now {
                let progress = match Caught(Box::pin(P::deliver(self, message.clone()))).await {
                    Ok(progress) => progress?,
                    Err(panicked) => {
                        panicked.tell(P::RECEIVERS);
                        self.failed(message).await?
                    }
                };
                if progress.state != State::Waiting {
                    continue;
                }
                due = progress.due;
            }
            self.put_off.lock().insert(receiver, due);
            break;
        }
        Ok(())
    }
}
