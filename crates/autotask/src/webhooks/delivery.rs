//! Tells webhooks what happened: signs what their outbox holds, posts it, and keeps what came of it. A webhook hears
//! of a record only while its owner may read that record.

use super::super::answer::Trouble;
use super::super::permit::authorize;
use super::super::reading;
use super::super::tenant::Tenant;
use super::outbox::Message;
use base64::Engine as _;
use bitting_calls::courier::{BATCH, Courier, Place, builder, reason};
use bitting_catalog::served::Act;
use bitting_dialects::autotask::callout::{Action, Callout, SIGNATURE};
use bitting_psa::backend::{Backend, equals};
use bitting_psa::moment::time;
use bitting_psa::outbox::{self, Message as _, Progress, State};
use bitting_psa::row::Row;
use bitting_query::{Filter, Kind, Value, and};
use bitting_store::StoreError;
use bitting_store::table::Change;
use jiff::Timestamp;
use std::sync::Arc;
use tokio::sync::Notify;

/// Messages in a row that come to nothing, after which a webhook is made inactive.
const MOST_FAILURES: u64 = 10;

/// Delivers for one database.
pub type Delivery = Courier<Tenant>;

/// What calls receivers: header names go out as `X-Hook-Signature`, for receivers that compare them letter by letter.
pub fn client() -> Result<reqwest::Client, reqwest::Error> {
    builder().http1_title_case_headers().build()
}

impl Place for Tenant {
    type Message = Message;
    type Error = Trouble;
    const RECEIVERS: &'static str = "webhooks";

    fn backend(&self) -> &Backend {
        &self.backend
    }

    fn now(&self) -> Timestamp {
        self.now()
    }

    fn news(&self) -> &Notify {
        &self.news
    }

    async fn look(&self) -> Result<(), StoreError> {
        self.look().await
    }

    async fn deliver(courier: &Delivery, mut message: Message) -> Result<Progress, Trouble> {
        let tenant = &*courier.place;
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
        let mut request = courier
            .client
            .post(url)
            .header("content-type", "application/json")
            .body(message.payload.clone());
        if !last_words {
            let key = hook.text("secret_key").unwrap_or_default();
            request = request.header(SIGNATURE, signature(key, message.payload.as_bytes()));
        }
        let sent = request.send().await;
        let progress = &mut message.progress;
        progress.attempts += 1;
        progress.tried = Some(time(tenant.now()));
        let fault = match sent {
            Ok(answer) => {
                let status = answer.status();
                progress.status = Some(i64::from(status.as_u16()));
                (!status.is_success()).then(|| format!("the receiver answered {}", status.as_u16()))
            }
            Err(error) => Some(reason(&error)),
        };
        progress.error.clone_from(&fault);
        match fault {
            None => progress.state = State::Delivered,
            // How often the vendor tries is not documented.
            Some(_) => progress.put_off(tenant.now()),
        }
        let progress = progress.clone();
        let mut changes = vec![message.update()];
        if let Some(fault) = fault.filter(|_| progress.state == State::Failed && !last_words) {
            changes.extend(error_log(tenant, &message, &fault).await?);
            changes.extend(given_up(tenant, &message, hook).await?);
        }
        tenant.backend.write(changes).await?;
        Ok(progress)
    }
}

async fn withhold(tenant: &Tenant, mut message: Message, why: &str) -> Result<Progress, Trouble> {
    message.progress.withhold(why);
    tenant.backend.write(vec![message.update()]).await?;
    Ok(message.progress)
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
    let own = and(
        equals("webhook", Kind::Integer, Value::Integer(message.webhook)),
        equals("hooks", Kind::Text, Value::Text(message.hooks.clone())),
    );
    let latest: Vec<Message> = outbox::latest(&tenant.backend, own, MOST_FAILURES + BATCH).await?;
    // What was lost before it was given up once does not count again when somebody has made it active since.
    let settled: Vec<State> = latest
        .iter()
        .take_while(|other| other.action != Action::Deactivated.word())
        .filter(|other| other.id != message.id)
        .map(|other| other.progress.state)
        .filter(|state| matches!(state, State::Delivered | State::Failed))
        .take(usize::try_from(MOST_FAILURES).unwrap_or(10) - 1)
        .collect();
    let enough = settled.len() as u64 + 1 >= MOST_FAILURES;
    if !enough || settled.iter().any(|state| *state != State::Failed) {
        return Ok(Vec::new());
    }
    let Some(hooks) = tenant.catalog().entity_at(&message.hooks) else {
        return Ok(Vec::new());
    };
    let id = outbox::next_id::<Message>(&tenant.backend).await?;
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
        progress: Progress::begun(tenant.now()),
        ..message.clone()
    };
    Ok(vec![
        Change::Update {
            table: hooks.table.clone(),
            id: message.webhook,
            values: vec![(Arc::from("is_active"), Value::Boolean(false))],
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
