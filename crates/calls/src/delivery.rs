//! Tells callbacks what happened: signs what their outbox holds, posts it, and keeps what came of it.

use crate::courier::{Courier, Place, reason};
use base64::Engine as _;
use bitting_policy::Verb;
use bitting_psa::backend::{Backend, Look};
use bitting_psa::instance::Instance;
use bitting_psa::moment::time;
use bitting_psa::outbox::callbacks::Message;
use bitting_psa::outbox::{self, Message as _, Progress, State};
use bitting_psa::permit::authorize;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_psa::secret::{Secret, word};
use bitting_query::{Filter, Value};
use bitting_rules::callbacks::{self, recipient};
use bitting_store::StoreError;
use bitting_store::table::Change;
use hmac::{Hmac, Mac as _};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use tokio::sync::Notify;

/// Answers after which the vendor tries again; after all others it does not. What it does when there is none
/// (after five seconds, or for want of a connection) nobody says: here that is tried again alike, since a
/// receiver that restarts would lose what happened meanwhile.
const AGAIN: [u16; 4] = [404, 409, 419, 429];
/// Days with nothing but failures after which a callback is made inactive.
const FAILING_DAYS: i64 = 3;

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
pub type Delivery = Courier<Instance>;

impl Place for Instance {
    type Message = Message;
    type Error = Problem;
    const RECEIVERS: &'static str = "callbacks";

    fn backend(&self) -> &Backend {
        &self.backend
    }

    fn now(&self) -> Timestamp {
        self.now()
    }

    fn news(&self) -> &Notify {
        &self.outbox
    }

    async fn look(&self) -> Result<(), StoreError> {
        self.look().await
    }

    async fn deliver(courier: &Delivery, message: Message) -> Result<Progress, Problem> {
        let instance = &*courier.place;
        let row = callback(instance, message.callback_id).await?;
        let url = row.as_ref().and_then(|row| row.text("url"));
        let (Some(row), Some(url)) = (&row, url) else {
            return withhold(instance, message, "the callback is gone or inactive").await;
        };
        let entity = if message.action == "deleted" {
            None
        } else {
            let record = record(instance, &courier.origin, &message).await?;
            if record.is_none() {
                let why = "the callback's member may not read the record";
                return withhold(instance, message, why).await;
            }
            record
        };
        let url = address(url, message.record_id, &message.action);
        let sent = post(courier, &url, &message, entity.as_deref()).await?;
        settle(instance, message, sent, row).await
    }
}

/// Signs a message and posts it. The answer's status, or the fault that there was none for.
async fn post(
    courier: &Delivery,
    url: &str,
    message: &Message,
    entity: Option<&str>,
) -> Result<Result<u16, reqwest::Error>, Problem> {
    let company = &courier.place.company;
    let (id, key) = signing(&courier.place).await?;
    let key_url = format!("{}/bitting/callbacks/keys/{company}/{id}", courier.origin);
    let body = Body {
        message_id: &message.message_id,
        from_url: courier.origin.split("://").last().unwrap_or_default(),
        company_id: company,
        member_id: &message.by,
        action: &message.action,
        r#type: &message.kind,
        id: message.record_id,
        product_instance_id: None,
        partner_id: None,
        entity,
        metadata: Metadata { key_url: &key_url },
    };
    let body = serde_json::to_vec(&body).unwrap_or_default();
    let sent = courier
        .client
        .post(url)
        .header("content-type", "application/json")
        .header("x-content-signature", signature(key.reveal(), &body))
        .body(body)
        .send()
        .await;
    Ok(sent.map(|answer| answer.status().as_u16()))
}

/// Keeps what came of an attempt.
async fn settle(
    instance: &Instance,
    mut message: Message,
    sent: Result<u16, reqwest::Error>,
    callback: &Row,
) -> Result<Progress, Problem> {
    let progress = &mut message.progress;
    progress.attempts += 1;
    progress.tried = Some(time(instance.now()));
    progress.status = sent.as_ref().ok().map(|status| i64::from(*status));
    let again = match &sent {
        Ok(200..=299) => {
            progress.error = None;
            progress.state = State::Delivered;
            false
        }
        Ok(status) => {
            progress.error = Some(format!("the receiver answered {status}"));
            progress.state = State::Failed;
            AGAIN.contains(status)
        }
        Err(error) => {
            progress.error = Some(reason(error));
            progress.state = State::Failed;
            // Nobody refused it, so it may go through yet; what cannot be called at all never will.
            !error.is_builder()
        }
    };
    if again {
        progress.put_off(instance.now());
    }
    let failed = progress.state == State::Failed;
    let progress = progress.clone();
    let mut changes = vec![message.update()];
    if failed && always_fails(instance, &message).await? {
        tracing::warn!(
            callback = message.callback_id,
            "made inactive after {FAILING_DAYS} days of failures"
        );
        changes.push(inactive(instance, callback)?);
    }
    instance.backend.write(changes).await?;
    Ok(progress)
}

async fn withhold(
    instance: &Instance,
    mut message: Message,
    why: &str,
) -> Result<Progress, Problem> {
    message.progress.withhold(why);
    instance.backend.write(vec![message.update()]).await?;
    Ok(message.progress)
}

/// The callback, unless it is gone or inactive.
async fn callback(instance: &Instance, id: i64) -> Result<Option<Row>, Problem> {
    let Some(entity) = instance.catalog().entity_at(callbacks::PATH) else {
        return Ok(None);
    };
    let row = instance.backend.raw_row(entity, id).await?;
    Ok(row.filter(|row| !row.flag("inactive_flag")))
}

/// The record as the callback's member sees it now.
async fn record(
    instance: &Instance,
    origin: &str,
    message: &Message,
) -> Result<Option<String>, Problem> {
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
    let base = format!("{origin}/v4_6_release/apis/3.0/");
    let look = Look {
        view: None,
        projection: None,
        release: bitting_psa::answer::DEFAULT_RELEASE,
        base: &base,
        parents: &[],
    };
    let body = instance
        .backend
        .get(&permit, message.record_id, Filter::Constant(true), look)
        .await?;
    Ok(body.and_then(|body| String::from_utf8(body).ok()))
}

/// Whether each of the last days saw failures and nothing else. `latest` is not at rest yet.
async fn always_fails(instance: &Instance, latest: &Message) -> Result<bool, Problem> {
    let now = instance.now();
    let days: Vec<String> = (0..FAILING_DAYS)
        .map(|back| time(now - SignedDuration::from_hours(24 * back))[..10].to_owned())
        .collect();
    let first = days.last().cloned().unwrap_or_default();
    let mut tried: Vec<Message> =
        outbox::tried_since(&instance.backend, latest.callback_id, &first).await?;
    tried.retain(|message| message.id != latest.id);
    tried.push(latest.clone());
    let of_day = |day: &str| -> Vec<State> {
        let all = tried.iter().map(|message| &message.progress);
        all.filter(|progress| {
            progress
                .tried
                .as_ref()
                .is_some_and(|at| at.starts_with(day))
        })
        .map(|progress| progress.state)
        .collect()
    };
    Ok(days.iter().all(|day| {
        let states = of_day(day);
        states.contains(&State::Failed) && !states.contains(&State::Delivered)
    }))
}

fn inactive(instance: &Instance, row: &Row) -> Result<Change, Problem> {
    let entity = bitting_rules::related::entity(instance, callbacks::PATH)?;
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
