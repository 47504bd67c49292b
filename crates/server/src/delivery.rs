//! Tells callbacks what happened: takes messages from the outbox, signs them and posts them, and keeps what
//! came of it. The only place in the server that calls others over HTTP.

use crate::backend::Look;
use crate::instance::Instance;
use crate::permit::authorize;
use crate::problem::Problem;
use crate::row::Row;
use crate::rules::callbacks::outbox::{self, Message, State};
use crate::rules::callbacks::{self, recipient};
use crate::secret::{Secret, word};
use crate::server::Server;
use base64::Engine as _;
use bitting_policy::Verb;
use bitting_query::{Filter, Value};
use bitting_store::table::Change;
use hmac::{Hmac, Mac as _};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// An answer that takes longer is none.
const PATIENCE: Duration = Duration::from_secs(5);
/// Answers after which the vendor tries again; after all others it does not. What it does when there is none
/// (after five seconds, or for want of a connection) nobody says: here that is tried again alike, since a
/// receiver that restarts would lose what happened meanwhile.
const AGAIN: [u16; 4] = [404, 409, 419, 429];
/// Seconds before the second and before the third attempt.
const WAITS: [i64; 2] = [2, 4];
/// Days with nothing but failures after which a callback is made inactive.
const FAILING_DAYS: i64 = 3;
/// Days for which settled messages can be looked at.
const KEPT_DAYS: i64 = 7;
/// Messages taken from the outbox at a time.
const BATCH: u64 = 200;
/// The outbox is looked at this often, also when nobody says that there is something new.
const IDLE: Duration = Duration::from_secs(30);
/// Instances that came or went are noticed within this time.
const LOOK: Duration = Duration::from_secs(1);
/// While messages wait for another attempt.
const BUSY: Duration = Duration::from_millis(500);

/// Setting with the key that signs, and with the word in its address.
const KEY: &str = "callback-key";
const KEY_ID: &str = "callback-key-id";

/// What a receiver reads.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    message_id: &'a str,
    from_url: &'a str,
    company_id: &'a str,
    member_id: &'a str,
    action: &'a str,
    r#type: &'a str,
    #[serde(rename = "ID")]
    id: i64,
    product_instance_id: Option<&'a str>,
    partner_id: Option<&'a str>,
    entity: Option<&'a str>,
    metadata: Metadata<'a>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    key_url: &'a str,
}

/// Delivers for one instance.
pub struct Delivery {
    instance: Arc<Instance>,
    client: reqwest::Client,
    /// `https://host:port`
    origin: String,
}

/// What calls receivers. Straight to the URL: a redirect could lead anywhere, and a proxy is for people.
pub fn client() -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .timeout(PATIENCE)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .user_agent("Bitting")
        .build()
}

/// Delivers for every instance of a server, also for those that come later, until told to stop.
pub async fn run(
    server: Arc<Server>,
    client: reqwest::Client,
    origin: String,
    mut stop: watch::Receiver<bool>,
) {
    let mut running: Vec<(Arc<Instance>, watch::Sender<bool>)> = Vec::new();
    let mut tasks = tokio::task::JoinSet::new();
    loop {
        let instances = server.instances();
        // One that was replaced lets go of its data.
        running.retain(|(instance, leave)| {
            let stays = instances.iter().any(|other| Arc::ptr_eq(other, instance));
            if !stays {
                let _ = leave.send(true);
            }
            stays
        });
        for instance in instances {
            if !running
                .iter()
                .any(|(other, _)| Arc::ptr_eq(other, &instance))
            {
                let (leave, left) = watch::channel(false);
                let delivery = Delivery::new(instance.clone(), client.clone(), &origin);
                tasks.spawn(delivery.run(left));
                running.push((instance, leave));
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

impl Delivery {
    /// `origin` is where the instance is reached.
    pub fn new(instance: Arc<Instance>, client: reqwest::Client, origin: &str) -> Self {
        Self {
            instance,
            client,
            origin: origin.trim_end_matches('/').to_owned(),
        }
    }

    /// Delivers until told to stop; what is not delivered then is delivered after the next start.
    async fn run(self, mut stop: watch::Receiver<bool>) {
        let this = Arc::new(self);
        loop {
            // A message that is on its way when the server stops goes out once more after the next start.
            let round = tokio::select! {
                round = this.clone().round() => round,
                _ = stop.wait_for(|stopped| *stopped) => return,
            };
            let pause = match round {
                Ok(true) => BUSY,
                Ok(false) => IDLE,
                Err(error) => {
                    tracing::warn!(%error, "callbacks could not be delivered");
                    IDLE
                }
            };
            tokio::select! {
                () = this.instance.outbox.notified() => {}
                () = tokio::time::sleep(pause) => {}
                _ = stop.wait_for(|stopped| *stopped) => return,
            }
        }
    }

    /// Tries every message that is due, and answers whether any still waits. Messages of one callback go
    /// out in their order; callbacks do not wait for each other.
    pub async fn round(self: Arc<Self>) -> Result<bool, Problem> {
        self.instance.look().await?;
        let now = self.instance.now().as_second();
        let waiting = outbox::waiting(&self.instance, BATCH).await?;
        let mut by_callback: BTreeMap<i64, Vec<Message>> = BTreeMap::new();
        for message in waiting {
            by_callback
                .entry(message.callback_id)
                .or_default()
                .push(message);
        }
        let mut tasks = tokio::task::JoinSet::new();
        for (callback, messages) in by_callback {
            let this = self.clone();
            tasks.spawn(async move {
                for message in messages.into_iter().filter(|message| message.due <= now) {
                    this.clone().deliver(callback, message).await?;
                }
                Ok::<(), Problem>(())
            });
        }
        while let Some(done) = tasks.join_next().await {
            match done {
                Ok(result) => result?,
                Err(error) => tracing::error!(%error, "a delivery broke off"),
            }
        }
        self.forget().await?;
        Ok(!outbox::waiting(&self.instance, 1).await?.is_empty())
    }

    async fn deliver(self: Arc<Self>, callback: i64, mut message: Message) -> Result<(), Problem> {
        let row = self.callback(callback).await?;
        let url = row.as_ref().and_then(|row| row.text("url"));
        let (Some(row), Some(url)) = (&row, url) else {
            return self
                .settle(message, State::Withheld, "the callback is gone or inactive")
                .await;
        };
        let url = address(url, message.record_id, &message.action);
        let entity = if message.action == "deleted" {
            None
        } else {
            let record = self.record(&message).await?;
            if record.is_none() {
                let why = "the callback's member may not read the record";
                return self.settle(message, State::Withheld, why).await;
            }
            record
        };
        let (id, key) = signing(&self.instance).await?;
        let key_url = format!(
            "{}/bitting/callbacks/keys/{}/{id}",
            self.origin, self.instance.company
        );
        let host = self.origin.split("://").last().unwrap_or_default();
        let body = Body {
            message_id: &message.message_id,
            from_url: host,
            company_id: &self.instance.company,
            member_id: &message.by,
            action: &message.action,
            r#type: &message.kind,
            id: message.record_id,
            product_instance_id: None,
            partner_id: None,
            entity: entity.as_deref(),
            metadata: Metadata { key_url: &key_url },
        };
        let body = serde_json::to_vec(&body).unwrap_or_default();
        let sent = self
            .client
            .post(&url)
            .header("content-type", "application/json")
            .header("x-content-signature", signature(key.reveal(), &body))
            .body(body)
            .send()
            .await;
        message.attempts += 1;
        message.tried = Some(crate::saving::time(self.instance.now()));
        match sent {
            Ok(answer) if answer.status().is_success() => {
                message.status = Some(i64::from(answer.status().as_u16()));
                message.error = None;
                message.state = State::Delivered;
            }
            Ok(answer) => {
                let status = answer.status().as_u16();
                message.status = Some(i64::from(status));
                message.error = Some(format!("the receiver answered {status}"));
                message.state = State::Failed;
                if AGAIN.contains(&status) {
                    self.try_again(&mut message);
                }
            }
            Err(error) => {
                message.status = None;
                // Not the URL: it may hold a word that only the receiver should know.
                message.state = State::Failed;
                // Nobody refused it, so it may go through yet; what cannot be called at all never will.
                if !error.is_builder() {
                    self.try_again(&mut message);
                }
                message.error = Some(reason(&error.without_url()));
            }
        }
        let failed = message.state == State::Failed;
        let mut changes = vec![message.update()];
        if failed && self.always_fails(callback, &message).await? {
            tracing::warn!(
                callback,
                "made inactive after {FAILING_DAYS} days of failures"
            );
            changes.push(inactive(&self.instance, row)?);
        }
        Ok(self.instance.backend.write(changes).await?)
    }

    /// Puts a message off until its next attempt, where it has one left.
    fn try_again(&self, message: &mut Message) {
        let wait = usize::try_from(message.attempts - 1);
        if let Some(wait) = wait.ok().and_then(|at| WAITS.get(at)) {
            message.due = self.instance.now().as_second() + wait;
            message.state = State::Waiting;
        }
    }

    /// The callback, unless it is gone or inactive.
    async fn callback(&self, id: i64) -> Result<Option<Row>, Problem> {
        let Some(entity) = self.instance.catalog().entity_at(callbacks::PATH) else {
            return Ok(None);
        };
        let row = self.instance.backend.raw_row(entity, id).await?;
        Ok(row.filter(|row| !row.flag("inactive_flag")))
    }

    /// The record as the callback's member sees it now.
    async fn record(&self, message: &Message) -> Result<Option<String>, Problem> {
        let instance = &self.instance;
        let Some(entity) = instance.catalog().entity_at(&message.entity) else {
            return Ok(None);
        };
        let Some(caller) = recipient(instance, message.member).await? else {
            return Ok(None);
        };
        let needs = &entity.right.needs;
        let grounds = instance.backend.grounds();
        let Ok(permit) = authorize(grounds, &caller, entity, needs, Verb::Inquire) else {
            return Ok(None);
        };
        let base = format!("{}/v4_6_release/apis/3.0/", self.origin);
        let look = Look {
            view: None,
            projection: None,
            release: crate::server::DEFAULT_RELEASE,
            base: &base,
            parents: &[],
        };
        let body = instance
            .backend
            .get(&permit, message.record_id, Filter::Constant(true), look)
            .await?;
        Ok(body.and_then(|body| String::from_utf8(body).ok()))
    }

    async fn settle(&self, mut message: Message, state: State, why: &str) -> Result<(), Problem> {
        message.state = state;
        message.error = Some(why.to_owned());
        Ok(self.instance.backend.write(vec![message.update()]).await?)
    }

    /// Whether each of the last days saw failures and nothing else. `latest` is not at rest yet.
    async fn always_fails(&self, callback: i64, latest: &Message) -> Result<bool, Problem> {
        let now = self.instance.now();
        let day = |time: Timestamp| crate::saving::time(time)[..10].to_owned();
        let days: Vec<String> = (0..FAILING_DAYS)
            .map(|back| day(now - SignedDuration::from_hours(24 * back)))
            .collect();
        let first = days.last().cloned().unwrap_or_default();
        let mut tried = outbox::tried_since(&self.instance, callback, &first).await?;
        tried.retain(|message| message.id != latest.id);
        tried.push(latest.clone());
        let on = |day: &String| {
            tried
                .iter()
                .filter(|message| {
                    message
                        .tried
                        .as_ref()
                        .is_some_and(|tried| tried.starts_with(day))
                })
                .map(|message| message.state)
                .collect::<Vec<_>>()
        };
        Ok(days.iter().all(|day| {
            let states = on(day);
            states.contains(&State::Failed) && !states.contains(&State::Delivered)
        }))
    }

    async fn forget(&self) -> Result<(), Problem> {
        let before = self.instance.now() - SignedDuration::from_hours(24 * KEPT_DAYS);
        let gone = outbox::settled_before(&self.instance, &crate::saving::time(before)).await?;
        Ok(self.instance.backend.write(gone).await?)
    }
}

fn inactive(instance: &Instance, row: &Row) -> Result<Change, Problem> {
    let entity = crate::rules::related::entity(instance, callbacks::PATH)?;
    Ok(Change::Update {
        table: entity.table.clone(),
        id: row.id,
        values: vec![(Arc::from("inactive_flag"), Value::Boolean(true))],
    })
}

/// The id is put behind the URL as it stands (most end in `?id=`), then the action.
fn address(url: &str, id: i64, action: &str) -> String {
    let joint = if url.contains('?') { '&' } else { '?' };
    format!("{url}{id}{joint}action={action}")
}

/// What went wrong on the way, without what the client library adds around it.
pub(crate) fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        format!("no answer within {} seconds", PATIENCE.as_secs())
    } else if error.is_connect() {
        "no connection to the receiver".to_owned()
    } else if error.is_builder() {
        "the callback's URL cannot be called".to_owned()
    } else {
        "the connection broke off".to_owned()
    }
}

/// Base64 of the keyed hash of a body; the key of the hash is the hash of the signing key.
pub fn signature(signing_key: &str, body: &[u8]) -> String {
    let key = Sha256::digest(signing_key.as_bytes());
    // A keyed hash takes keys of every length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&key) else {
        return String::new();
    };
    mac.update(body);
    base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes())
}

/// The word in the address of the signing key, and the key; made at first use.
async fn signing(instance: &Instance) -> Result<(String, Secret), Problem> {
    let _turn = instance.signing.lock().await;
    let known = (instance.setting(KEY_ID), instance.setting(KEY));
    if let (Some(id), Some(key)) = known {
        return Ok((id, Secret::new(key)));
    }
    let (id, key) = (word(), Secret::generate());
    instance.set_setting(KEY, Some(key.reveal())).await?;
    instance.set_setting(KEY_ID, Some(&id)).await?;
    Ok((id, key))
}

/// The signing key at an address that a delivery named: receivers fetch it without a key of their own.
pub fn signing_key(instance: &Instance, id: &str) -> Option<String> {
    let known = instance.setting(KEY_ID)?;
    (known == id).then(|| instance.setting(KEY)).flatten()
}

#[cfg(test)]
mod tests {
    use super::{Body, Metadata, address, signature};

    #[test]
    fn the_id_and_then_the_action() {
        assert_eq!(
            address("https://h/cb?id=", 69, "updated"),
            "https://h/cb?id=69&action=updated"
        );
        assert_eq!(
            address("https://h/cb/", 69, "added"),
            "https://h/cb/69?action=added"
        );
    }

    /// Worked out apart with `openssl dgst`.
    #[test]
    fn signed_as_receivers_check_it() {
        assert_eq!(signature("abc", b"{\"a\":1}"), EXPECTED);
    }
    const EXPECTED: &str = "V1dL6UfZrterKIXXyVA2ayTSc7ZOsXV03gB1TA6Socg=";

    #[test]
    fn written_as_javascript_would() {
        let body = Body {
            message_id: "m",
            from_url: "h",
            company_id: "acme",
            member_id: "me",
            action: "added",
            r#type: "ticket",
            id: 5,
            product_instance_id: None,
            partner_id: None,
            entity: Some("{\"summary\":\"a/b \u{e9} \\\"\u{1f}\"}"),
            metadata: Metadata {
                key_url: "https://h/k",
            },
        };
        let expected = "{\"MessageId\":\"m\",\"FromUrl\":\"h\",\"CompanyId\":\"acme\",\"MemberId\":\"me\",\
            \"Action\":\"added\",\"Type\":\"ticket\",\"ID\":5,\"ProductInstanceId\":null,\"PartnerId\":null,\
            \"Entity\":\"{\\\"summary\\\":\\\"a/b \u{e9} \\\\\\\"\\u001f\\\"}\",\"Metadata\":{\"key_url\":\"https://h/k\"}}";
        assert_eq!(serde_json::to_string(&body).expect("JSON"), expected);
    }
}
