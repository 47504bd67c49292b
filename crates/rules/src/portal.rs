//! Logins of contacts at the customer portal. There is no portal here; but integrations that bring one of
//! their own check its passwords against the PSA, which keeps nothing of them but a slow hash.

use super::related::{self, text};
use crate::acting;
use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
use bitting_dialects::connectwise::error::{ApiError, FieldError};
use bitting_psa::backend::equals;
use bitting_psa::draft::Draft;
use bitting_psa::permit::Permit;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_psa::{answer::Answer, context::Context};
use bitting_query::{Kind, Value, and};
use serde_json::json;

/// Column of the hash.
const HASH: &str = "portal_password_hash";
const COMMUNICATIONS: &str = "company/contacts/communications";
/// Most bytes that are hashed: hashing is slow on purpose, and must not be made slower by whoever asks.
const LONGEST: usize = 1024;

/// Takes the password out of a contact that is saved, and keeps its hash.
pub async fn keep(draft: &mut Draft<'_>) -> Result<(), Problem> {
    if !draft.gave("portalPassword") {
        return Ok(());
    }
    let said = draft.text("portalPassword").map(str::to_owned);
    draft.set("portalPassword", Value::Null);
    let hash = match said.filter(|said| !said.is_empty()) {
        None => Value::Null,
        Some(said) if said.len() > LONGEST => {
            let message = format!("portalPassword may have {LONGEST} bytes at most.");
            let error = FieldError::invalid(&draft.resource, "portalPassword", message);
            draft.errors.push(error);
            return Ok(());
        }
        Some(said) => Value::Text(off(move || hashed(&said)).await??),
    };
    draft.row.set(HASH, hash);
    Ok(())
}

/// Runs what is slow off the threads that answer.
async fn off<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    let failed = |_| ApiError::server("The password could not be worked on.").into();
    tokio::task::spawn_blocking(work).await.map_err(failed)
}

fn hashed(password: &str) -> Result<String, Problem> {
    let failed = |_| Problem::from(ApiError::server("The password could not be hashed."));
    let salt = SaltString::encode_b64(uuid::Uuid::new_v4().as_bytes()).map_err(failed)?;
    let hash = Argon2::default().hash_password(password.as_bytes(), &salt);
    Ok(hash.map_err(failed)?.to_string())
}

fn opens(hash: &str, password: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| {
        Argon2::default()
            .verify_password(password.as_bytes(), &hash)
            .is_ok()
    })
}

/// A text of the body that must be there.
fn required(
    members: &serde_json::Map<String, serde_json::Value>,
    resource: &str,
    name: &str,
) -> Result<String, Problem> {
    let said = related::member(members, name).and_then(|said| said.as_str());
    let said = said
        .map(str::to_owned)
        .filter(|said| !said.trim().is_empty());
    said.ok_or_else(|| Problem::field(resource, FieldError::missing(resource, name)))
}

/// Contacts in the caller's sight that have this address.
async fn with_address(
    context: Context<'_>,
    permit: &Permit<'_>,
    address: &str,
) -> Result<Vec<Row>, Problem> {
    let address = equals("value", Kind::Text, text(address.trim()));
    let mail = equals("communication_type", Kind::Text, text("Email"));
    let found = related::filtered(context.instance, COMMUNICATIONS, and(address, mail)).await?;
    let mut ids: Vec<i64> = found
        .iter()
        .filter_map(|row| row.integer("contact_id"))
        .collect();
    ids.dedup();
    let backend = &context.instance.backend;
    let mut contacts = Vec::new();
    for id in ids {
        contacts.extend(backend.row(&permit.reading(), id).await?);
    }
    Ok(contacts)
}

/// `/requestPassword`: the mail that would go out does not, for there is nothing here to send it.
pub async fn request(
    context: Context<'_>,
    permit: &Permit<'_>,
    body: &[u8],
) -> Result<Answer, Problem> {
    let members = related::object(body, "RequestPasswordRequest")?;
    let email = required(&members, "requestPasswordRequest", "email")?;
    if with_address(context, permit, &email).await?.is_empty() {
        return Err(ApiError::not_found("Contact", &format!("with the email {email}")).into());
    }
    Ok(Answer::empty(acting::status(context)))
}

/// `/validatePortalCredentials`: whose login an address and a password are. Whoever has none, a wrong one or
/// a blocked one gets the same answer.
pub async fn validate(
    context: Context<'_>,
    permit: &Permit<'_>,
    body: &[u8],
) -> Result<Answer, Problem> {
    let resource = "validatePortalRequest";
    let members = related::object(body, "ValidatePortalRequest")?;
    let email = required(&members, resource, "email")?;
    let password = required(&members, resource, "password")?;
    let mut found = None;
    let contacts = with_address(context, permit, &email).await?;
    let open = |row: &&Row| !row.flag("inactive_flag") && !row.flag("disable_portal_login_flag");
    if password.len() <= LONGEST {
        for contact in contacts.iter().filter(open) {
            let Some(hash) = contact.text(HASH).map(str::to_owned) else {
                continue;
            };
            let password = password.clone();
            if off(move || opens(&hash, &password)).await? {
                found = Some(contact.id);
                break;
            }
        }
    }
    let said = match found {
        Some(id) => json!({ "success": true, "contactId": id }),
        None => json!({ "success": false }),
    };
    Ok(Answer::json(acting::status(context), &said))
}

#[cfg(test)]
mod tests {
    use super::{hashed, opens};

    #[test]
    fn a_hash_opens_with_its_password_alone() {
        let hash = hashed("correct horse").expect("a hash");
        assert!(hash.starts_with("$argon2id$") && !hash.contains("correct"));
        assert!(opens(&hash, "correct horse"));
        assert!(!opens(&hash, "Correct horse") && !opens("", "correct horse"));
    }
}
