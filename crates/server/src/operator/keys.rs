//! Key pairs of members. The private half is in the answer that creates it, and never again.

use crate::answer::Reply;
use crate::backend::with_id;
use crate::keys::Key;
use crate::moment::time;
use crate::operator::ask::{Ask, reply};
use crate::problem::Problem;
use bitting_dialects::connectwise::error::{ApiError, FieldError};
use bitting_policy::Verb;
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
    /// ISO 8601; an empty text takes the expiry away.
    expires: Option<String>,
    inactive_flag: Option<bool>,
}

/// The identifiers of members among what the caller may see, by their ids; of all, or of one.
struct Members(HashMap<i64, String>);

impl Members {
    async fn read(ask: &Ask<'_>, one: Option<i64>) -> Result<Self, Problem> {
        let Ok(permit) = ask.permit(MEMBERS, Verb::Inquire) else {
            return Ok(Self(HashMap::new()));
        };
        let filter = one.map_or(Filter::Constant(true), with_id);
        let backend = &ask.instance.backend;
        let rows = backend.rows(&permit, filter, Vec::new(), None).await?;
        let named = rows.iter().filter_map(|row| {
            let identifier = row.text("identifier")?;
            Some((row.id, identifier.to_owned()))
        });
        Ok(Self(named.collect()))
    }

    fn show<'a>(&'a self, key: &'a Key, private: Option<&'a str>) -> KeyBody<'a> {
        KeyBody {
            member_identifier: self.0.get(&key.member).map(String::as_str),
            ..shown(key, private)
        }
    }
}

pub async fn of_member(ask: &Ask<'_>, member: i64) -> Result<Reply, Problem> {
    let verb = if ask.method == Method::GET {
        Verb::Inquire
    } else {
        Verb::Edit
    };
    let permit = ask.permit(MEMBERS, verb)?;
    if ask.instance.backend.row(&permit, member).await?.is_none() {
        return Err(ApiError::not_found("Member", &member.to_string()).into());
    }
    if ask.method == Method::GET {
        let keys = ask.instance.keys.list(Some(member));
        let members = Members::read(ask, Some(member)).await?;
        let all: Vec<_> = keys.iter().map(|key| members.show(key, None)).collect();
        return reply(200, &all);
    }
    if ask.method != Method::POST {
        return Err(Ask::unsupported("GET, POST"));
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
    let members = Members::read(ask, Some(member)).await?;
    reply(201, &members.show(&key, Some(pair.private.reveal())))
}

pub async fn list(ask: &Ask<'_>) -> Result<Reply, Problem> {
    ask.permit(MEMBERS, Verb::Inquire)?;
    let keys = ask.instance.keys.list(None);
    let members = Members::read(ask, None).await?;
    let all: Vec<_> = keys.iter().map(|key| members.show(key, None)).collect();
    reply(200, &all)
}

pub async fn one(ask: &Ask<'_>, id: i64) -> Result<Reply, Problem> {
    let verb = if ask.method == Method::GET {
        Verb::Inquire
    } else {
        Verb::Edit
    };
    ask.permit(MEMBERS, verb)?;
    let key = ask
        .instance
        .keys
        .get(id)
        .ok_or_else(|| ApiError::not_found("Key", &id.to_string()))?;
    let members = Members::read(ask, Some(key.member)).await?;
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
    let expires: Timestamp = text
        .parse()
        .map_err(|_| wrong(FieldError::format("key", "expires")))?;
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
