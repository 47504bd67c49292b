//! Key pairs for four hours that let a member call as itself. API members are refused whatever their role;
//! other members may only once the instance is told so, and only for themselves.

use crate::members;
use bitting_dialects::connectwise::error::ApiError;
use bitting_psa::keys::{Key, Pair, TABLE};
use bitting_psa::problem::Problem;
use bitting_psa::{answer::Answer, context::Context};
use bitting_store::table::Change;
use jiff::SignedDuration;
use serde_json::json;
use std::sync::Arc;

/// Setting of the instance: `own` lets members cut tokens for themselves.
const SETTING: &str = "tokens";
/// How a token is told from a lasting key.
const DESCRIPTION: &str = "token";
const LIFE: SignedDuration = SignedDuration::from_hours(4);

/// Cuts a pair for the member named in the path. Refused with 401, as the vendor refuses it.
pub async fn mint(context: Context<'_>) -> Result<Answer, Problem> {
    let (instance, member) = (context.instance, context.caller.member);
    if instance.setting(SETTING).as_deref() != Some("own") || !own(context) {
        return Err(refused());
    }
    let row = members::member_row(instance, member).await?;
    // A member whose licence class is not known may be an API member.
    if row.is_none_or(|row| matches!(row.text("license_class"), None | Some("A"))) {
        return Err(refused());
    }
    let table: Arc<str> = Arc::from(TABLE);
    let pair = Pair::generate();
    let id = instance.backend.store.next_id(&table).await?;
    let expires = context.now + LIFE;
    let key = Key::new(id, member, DESCRIPTION.to_owned(), &pair, context.now).with(
        DESCRIPTION.to_owned(),
        false,
        Some(expires),
    );
    let mut changes = vec![key.insert()];
    // Tokens that have run out go with the next one, so that they do not pile up.
    let stale: Vec<i64> = instance
        .keys
        .list(Some(member))
        .iter()
        .filter(|old| {
            old.description == DESCRIPTION && old.expires.is_some_and(|end| end <= context.now)
        })
        .map(|old| old.id)
        .collect();
    changes.extend(stale.iter().map(|id| Change::Delete {
        table: table.clone(),
        id: *id,
    }));
    instance.backend.write(changes).await?;
    for id in stale {
        instance.keys.remove(id);
    }
    instance.keys.put(key);
    Ok(Answer::json(
        200,
        &json!({
            "publicKey": pair.public,
            "privateKey": pair.private.reveal(),
            "expiration": bitting_psa::moment::time(expires),
        }),
    ))
}

/// Whether the path names the caller, by identifier or id.
fn own(context: Context<'_>) -> bool {
    let Some(word) = context.words.last() else {
        return false;
    };
    let word = percent_encoding::percent_decode_str(word).decode_utf8_lossy();
    word.eq_ignore_ascii_case(&context.caller.identifier)
        || word.parse() == Ok(context.caller.member)
}

fn refused() -> Problem {
    ApiError::unauthorized(ApiError::security().message).into()
}
