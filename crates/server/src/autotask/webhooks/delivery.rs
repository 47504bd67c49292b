//! Tells webhooks what happened: takes messages from the outbox, signs them and posts them, and keeps what came of
//! it. A webhook hears of a record only while its owner may read that record.

use super::super::answer::Trouble;
use super::super::permit::authorize;
use super::super::reading;
use super::super::tenant::Tenant;
use super::outbox::{self, Message};
use crate::row::Row;
use crate::rules::callbacks::outbox::State;
use crate::saving::time;
use crate::server::Server;
use base64::Engine as _;
use bitting_catalog::served::Act;
use bitting_dialects::autotask::callout::{Action, Callout, SIGNATURE};
use bitting_query::{Filter, Value};
use bitting_store::table::Change;
use jiff::SignedDuration;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Seconds before the second and before the third attempt. The vendor's own are not documented.
const WAITS: [i64; 2] = [2, 4];
/// Messages in a row that come to nothing, after which a webhook is made inactive.
const MOST_FAILURES: u64 = 10;
/// Days for which settled messages can be looked at.
const KEPT_DAYS: i64 = 7;
/// Messages taken from the outbox at a time.
const BATCH: u64 = 200;
const IDLE: Duration = Duration::from_secs(30);
const BUSY: Duration = Duration::from_millis(500);
/// Instances that came are noticed within this time.
const LOOK: Duration = Duration::from_secs(1);

/// Delivers for every Autotask instance of a server until told to stop.
pub async fn run(server: Arc<Server>, client: reqwest::Client, mut stop: watch::Receiver<bool>) {
    let mut running: Vec<(Arc<Tenant>, watch::Sender<bool>)> = Vec::new();
    let mut tasks = tokio::task::JoinSet::new();
    loop {
        let tenants = server.autotask();
        running.retain(|(tenant, leave)| {
            let stays = tenants.iter().any(|other| Arc::ptr_eq(other, tenant));
            if !stays {
                let _ = leave.send(true);
            }
            stays
        });
        for tenant in tenants {
            if !running.iter().any(|(other, _)| Arc::ptr_eq(other, &tenant)) {
                let (leave, left) = watch::channel(false);
                tasks.spawn(deliver_for(tenant.clone(), client.clone(), left));
                running.push((tenant, leave));
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

async fn deliver_for(
    tenant: Arc<Tenant>,
    client: reqwest::Client,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        // A message that is on its way when the server stops goes out once more after the next start.
        let round = tokio::select! {
            round = round(tenant.clone(), client.clone()) => round,
            _ = stop.wait_for(|stopped| *stopped) => return,
        };
        let pause = match round {
            Ok(true) => BUSY,
            Ok(false) => IDLE,
            Err(error) => {
                tracing::warn!(%error, "webhooks could not be told");
                IDLE
            }
        };
        tokio::select! {
            () = tenant.news.notified() => {}
            () = tokio::time::sleep(pause) => {}
            _ = stop.wait_for(|stopped| *stopped) => return,
        }
    }
}

/// Tries every message that is due, and answers whether any still waits. Messages of one webhook go out in their
/// order; webhooks do not wait for each other.
pub async fn round(tenant: Arc<Tenant>, client: reqwest::Client) -> Result<bool, Trouble> {
    tenant.look().await?;
    let now = tenant.now().as_second();
    let mut by_hook: BTreeMap<(String, i64), Vec<Message>> = BTreeMap::new();
    for message in outbox::waiting(&tenant, BATCH).await? {
        let hook = (message.hooks.clone(), message.webhook);
        by_hook.entry(hook).or_default().push(message);
    }
    let mut tasks = tokio::task::JoinSet::new();
    for messages in by_hook.into_values() {
        let (tenant, client) = (tenant.clone(), client.clone());
        tasks.spawn(async move {
            for message in messages {
                // Later ones wait behind one that is tried again.
                if message.due > now || !deliver(&tenant, &client, message).await? {
                    break;
                }
            }
            Ok::<(), Trouble>(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        match done {
            Ok(result) => result?,
            Err(error) => tracing::error!(%error, "a delivery broke off"),
        }
    }
    let before = tenant.now() - SignedDuration::from_hours(24 * KEPT_DAYS);
    let gone = outbox::settled_before(&tenant, &time(before)).await?;
    if !gone.is_empty() {
        tenant.backend.write(gone).await?;
    }
    Ok(!outbox::waiting(&tenant, 1).await?.is_empty())
}

/// One attempt; false when the message is tried again.
async fn deliver(
    tenant: &Tenant,
    client: &reqwest::Client,
    mut message: Message,
) -> Result<bool, Trouble> {
    let hook = match tenant.catalog().entity_at(&message.hooks) {
        Some(hooks) => tenant.backend.raw_row(hooks, message.webhook).await?,
        None => None,
    };
    let last_words = message.action == Action::Deactivated.word();
    let hook = hook.filter(|hook| last_words || hook.flag("is_active"));
    let to = if last_words {
        "deactivation_url"
    } else {
        "webhook_url"
    };
    let Some((hook, url)) = hook
        .as_ref()
        .and_then(|hook| hook.text(to).map(|url| (hook, url)))
    else {
        return withhold(tenant, message, "the webhook is gone or inactive").await;
    };
    if !last_words && !may_hear(tenant, &message).await? {
        let why = "the webhook's owner may not read the record";
        return withhold(tenant, message, why).await;
    }
    let mut request = client
        .post(url)
        .header("content-type", "application/json")
        .body(message.payload.clone());
    if !last_words {
        let key = hook.text("secret_key").unwrap_or_default();
        request = request.header(SIGNATURE, signature(key, message.payload.as_bytes()));
    }
    let sent = request.send().await;
    message.attempts += 1;
    message.tried = Some(time(tenant.now()));
    let fault = match sent {
        Ok(answer) => {
            message.status = Some(i64::from(answer.status().as_u16()));
            let status = answer.status();
            (!status.is_success()).then(|| format!("the receiver answered {}", status.as_u16()))
        }
        Err(error) => Some(crate::delivery::reason(&error)),
    };
    message.error.clone_from(&fault);
    let Some(fault) = fault else {
        message.state = State::Delivered;
        tenant.backend.write(vec![message.update()]).await?;
        return Ok(true);
    };
    let wait = usize::try_from(message.attempts - 1).ok();
    if let Some(wait) = wait.and_then(|attempt| WAITS.get(attempt)) {
        message.due = tenant.now().as_second() + wait;
        tenant.backend.write(vec![message.update()]).await?;
        return Ok(false);
    }
    message.state = State::Failed;
    let mut changes = vec![message.update()];
    if !last_words {
        changes.extend(error_log(tenant, &message, &fault).await?);
        changes.extend(given_up(tenant, &message, hook).await?);
    }
    tenant.backend.write(changes).await?;
    Ok(true)
}

async fn withhold(tenant: &Tenant, mut message: Message, why: &str) -> Result<bool, Trouble> {
    message.state = State::Withheld;
    message.error = Some(why.to_owned());
    tenant.backend.write(vec![message.update()]).await?;
    Ok(true)
}

/// What is gone was looked at when it went; everything else is looked at now.
async fn may_hear(tenant: &Tenant, message: &Message) -> Result<bool, Trouble> {
    let Some(entity) = tenant.catalog().entity_at(&message.entity) else {
        return Ok(false);
    };
    let Some(owner) = tenant.caller_for(message.owner).await? else {
        return Ok(false);
    };
    if message.action == Action::Delete.word() {
        return Ok(true);
    }
    let permit = match authorize(tenant, &owner, entity, Act::Query).await {
        Ok(permit) => permit,
        Err(Trouble::Denied(..)) => return Ok(false),
        Err(trouble) => return Err(trouble),
    };
    let all = Filter::Constant(true);
    let row = reading::row(tenant, &permit, message.record_id, all).await?;
    Ok(row.is_some())
}

/// A row of the error log that integrations can query.
async fn error_log(
    tenant: &Tenant,
    message: &Message,
    fault: &str,
) -> Result<Option<Change>, Trouble> {
    let Some(log) = tenant.catalog().entity_at("WebhookEventErrorLogs") else {
        return Ok(None);
    };
    let text = |text: &str| Value::Text(text.chars().take(8000).collect());
    let mut row = Row::new(tenant.backend.store.next_id(&log.table).await?);
    let named = match message.hooks.as_str() {
        "CompanyWebhooks" => "account_webhook_id",
        "ContactWebhooks" => "contact_webhook_id",
        _ => "",
    };
    if !named.is_empty() {
        row.set(named, Value::Integer(message.webhook));
    }
    row.set("create_date_time", text(&time(tenant.now())));
    row.set("error_message", text(fault));
    row.set("payload", text(&message.payload));
    row.set("sequence_number", Value::Integer(message.id));
    Ok(Some(Change::Insert {
        table: log.table.clone(),
        id: row.id,
        values: row.into_values(),
    }))
}

/// Makes a webhook inactive that nobody has heard for long, and leaves it a last word.
async fn given_up(tenant: &Tenant, message: &Message, hook: &Row) -> Result<Vec<Change>, Trouble> {
    let latest = outbox::latest_of(
        tenant,
        &message.hooks,
        message.webhook,
        MOST_FAILURES + BATCH,
    );
    let settled: Vec<Message> = latest
        .await?
        .into_iter()
        .filter(|other| other.id != message.id)
        .filter(|other| matches!(other.state, State::Delivered | State::Failed))
        .take(usize::try_from(MOST_FAILURES).unwrap_or(10) - 1)
        .collect();
    let enough = settled.len() as u64 + 1 >= MOST_FAILURES;
    if !enough || settled.iter().any(|other| other.state != State::Failed) {
        return Ok(Vec::new());
    }
    let Some(hooks) = tenant.catalog().entity_at(&message.hooks) else {
        return Ok(Vec::new());
    };
    let id = outbox::next_id(tenant).await?;
    let now = time(tenant.now());
    let payload = Callout {
        action: Action::Deactivated,
        guid: hook.text("webhook_guid").unwrap_or_default(),
        entity: hooks.schema.trim_end_matches("Webhook"),
        id: message.webhook,
        fields: Vec::new(),
        time: &now,
        sequence: id,
        person: message.owner,
    };
    let last = Message {
        id,
        action: Action::Deactivated.word().to_owned(),
        payload: payload.body(),
        created: now.clone(),
        due: tenant.now().as_second(),
        attempts: 0,
        state: State::Waiting,
        status: None,
        error: None,
        tried: None,
        ..message.clone()
    };
    Ok(vec![
        Change::Update {
            table: hooks.table.clone(),
            id: message.webhook,
            values: vec![
                (Arc::from("is_active"), Value::Boolean(false)),
                (Arc::from("is_ready"), Value::Boolean(false)),
            ],
        },
        last.insert(),
    ])
}

/// `sha1=` and base64 of the keyed hash of a body.
pub fn signature(key: &str, body: &[u8]) -> String {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key.as_bytes());
    let tag = ring::hmac::sign(&key, body);
    let text = base64::engine::general_purpose::STANDARD.encode(tag.as_ref());
    format!("sha1={text}")
}

#[cfg(test)]
mod tests {
    /// Worked out apart with `openssl dgst -sha1 -hmac abc -binary | base64`.
    #[test]
    fn signed_as_receivers_check_it() {
        assert_eq!(super::signature("abc", b"{\"a\":1}"), EXPECTED);
    }
    const EXPECTED: &str = "sha1=lQC3+oifBi1pjcwBYGr42iA2PdM=";
}
