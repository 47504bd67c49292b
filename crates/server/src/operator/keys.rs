//! Key pairs of members. The private half is in the answer that creates it, and never again.
//!
//! Whoever may edit a member sees and changes its keys. To view members is what integrations hold in order to read
//! names: it shows a member its own keys, not which other integrations there are, nor when each called last.

use crate::operator::ask::{Ask, reply};
use bitting_dialects::connectwise::error::{ApiError, FieldError};
use bitting_policy::Verb;
use bitting_psa::answer::Reply;
use bitting_psa::backend::with_id;
use bitting_psa::keys::Key;
use bitting_psa::moment::time;
use bitting_psa::problem::Problem;
use bitting_query::Filter;
use http::Method;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

const MEMBERS: &str = "system/members";

/// A key as lists show it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KeyBody<'a> {
    id: i64,
    member_id: i64,
    /// Where the caller may see the member.
    #[serde(skip_serializing_if = "Option::is_none")]
    member_identifier: Option<&'a str>,
    description: &'a str,
    public_key: &'a str,
    /// Only in the answer that creates the pair.
    #[serde(skip_serializing_if = "Option::is_none")]
    private_key: Option<&'a str>,
    created: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used: Option<String>,
    inactive_flag: bool,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct KeyChange {
    description: Option<String>,
    /// ISO 8601, a day or a moment; an empty text takes the expiry away.
    expires: Option<String>,
    inactive_flag: Option<bool>,
}

/// The members whose keys the caller may see or change: all of them, or the one that is asked about if it is among
/// them. Identifiers by their ids; one that it may edit and not view has none.
struct Members(HashMap<i64, Option<String>>);

impl Members {
    /// A right that is wanting is said. A member out of sight is just not among them.
    async fn read(ask: &Ask<'_>, one: Option<i64>) -> Result<Self, Problem> {
        let own = ask.method == Method::GET && one == Some(ask.caller.member);
        let verb = if own { Verb::Inquire } else { Verb::Edit };
        let permit = ask.permit(MEMBERS, verb)?;
        let filter = one.map_or(Filter::Constant(true), with_id);
        let backend = &ask.instance.backend;
        let rows = backend.rows(&permit, filter, Vec::new(), None).await?;
        let named = rows.iter().map(|row| {
            let identifier = row.text("identifier").map(str::to_owned);
            (row.id, identifier)
        });
        Ok(Self(named.collect()))
    }

    fn holds(&self, member: i64) -> bool {
        self.0.contains_key(&member)
    }

    fn show<'a>(&'a self, key: &'a Key, private: Option<&'a str>) -> KeyBody<'a> {
        KeyBody {
            member_identifier: self.0.get(&key.member).and_then(Option::as_deref),
            ..shown(key, private)
        }
    }
}

pub async fn of_member(ask: &Ask<'_>, member: i64) -> Result<Reply, Problem> {
    if !matches!(ask.method, Method::GET | Method::POST) {
        return Err(Ask::unsupported("GET, POST"));
    }
    let members = Members::read(ask, Some(member)).await?;
    if !members.holds(member) {
        return Err(ApiError::not_found("Member", &member.to_string()).into());
    }
    if ask.method == Method::GET {
        let keys = ask.instance.keys.list(Some(member));
        let all: Vec<_> = keys.iter().map(|key| members.show(key, None)).collect();
        return reply(200, &all);
    }
    let body: KeyChange = ask.body()?;
    let description = body.description.unwrap_or_default();
    if description.trim().is_empty() {
        return Err(Problem::field(
            "key",
            FieldError::missing("key", "description"),
        ));
    }
    let expires = expiry(body.expires.as_deref(), None, ask.instance.now())?;
    let (key, pair) = ask
        .instance
        .cut_key(member, description.trim(), expires)
        .await?;
    reply(201, &members.show(&key, Some(pair.private.reveal())))
}

pub async fn list(ask: &Ask<'_>) -> Result<Reply, Problem> {
    let members = Members::read(ask, None).await?;
    let keys = ask.instance.keys.list(None);
    let all: Vec<_> = keys
        .iter()
        .filter(|key| members.holds(key.member))
        .map(|key| members.show(key, None))
        .collect();
    reply(200, &all)
}

pub async fn one(ask: &Ask<'_>, id: i64) -> Result<Reply, Problem> {
    let found = ask.instance.keys.get(id);
    let member = found.as_ref().map(|key| key.member);
    let members = Members::read(ask, member.or(Some(0))).await?;
    let key = found
        .filter(|key| members.holds(key.member))
        .ok_or_else(|| ApiError::not_found("Key", &id.to_string()))?;
    match ask.method {
        Method::GET => reply(200, &members.show(&key, None)),
        Method::DELETE => {
            ask.instance.delete_key(id).await?;
            Ok(Reply::json(204, Vec::new()))
        }
        Method::PATCH | Method::PUT => {
            let change: KeyChange = ask.body()?;
            let expires = match &change.expires {
                None => key.expires,
                Some(text) => expiry(Some(text), key.expires, ask.instance.now())?,
            };
            let description = change
                .description
                .unwrap_or_else(|| key.description.clone());
            let next = key.with(
                description,
                change.inactive_flag.unwrap_or(key.inactive),
                expires,
            );
            let key = ask.instance.change_key(next).await?;
            reply(200, &members.show(&key, None))
        }
        _ => Err(Ask::unsupported("GET, PUT, PATCH, DELETE")),
    }
}

/// A moment, or a day, which a key works to the end of, in UTC.
fn moment(text: &str) -> Option<Timestamp> {
    if let Ok(moment) = text.parse() {
        return Some(moment);
    }
    let plain = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'-');
    let day: jiff::civil::Date = text.parse().ok().filter(|_| plain)?;
    let end = day.at(23, 59, 59, 0);
    jiff::tz::Offset::UTC.to_timestamp(end).ok()
}

/// When a key ends. That may not have been before now, but for a client that sends back what the key has already.
fn expiry(
    text: Option<&str>,
    had: Option<Timestamp>,
    now: Timestamp,
) -> Result<Option<Timestamp>, Problem> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let wrong = |error| Problem::field("key", error);
    let expires = moment(text).ok_or_else(|| {
        let said: String = text.chars().take(40).collect();
        wrong(FieldError::invalid(
            "key",
            "expires",
            format!(
                "expires `{said}` is no moment; write a day, 2030-01-01, to whose end in UTC the key works, or a moment with \
                 its zone, 2030-01-01T08:00:00Z."
            ),
        ))
    })?;
    if expires <= now && had.is_none_or(|had| time(had) != time(expires)) {
        return Err(wrong(FieldError::invalid(
            "key",
            "expires",
            format!(
                "expires {} is in the past, so that the key would never work; name a later moment, or none for a key without end.",
                time(expires)
            ),
        )));
    }
    Ok(Some(expires))
}

fn shown<'a>(key: &'a Key, private: Option<&'a str>) -> KeyBody<'a> {
    KeyBody {
        id: key.id,
        member_id: key.member,
        member_identifier: None,
        description: &key.description,
        public_key: &key.public,
        private_key: private,
        created: time(key.created),
        expires: key.expires.map(time),
        last_used: key.last_used().map(time),
        inactive_flag: key.inactive,
    }
}
