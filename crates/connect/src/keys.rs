//! Key pairs over Bitting's own API: cutting, proving, revoking. A live PSA cuts its keys on its screens.

use crate::ConnectError;
use crate::halfway::Steps;
use crate::held::{HeldKey, MEMBERS};
use bitting_client::{Credentials, Options, Psa, Secret};
use serde_json::{Value, json};
use std::path::Path;

/// A key pair just cut. The private half exists here and nowhere else.
#[derive(Debug)]
pub struct Cut {
    pub id: i64,
    pub public_key: String,
    pub private_key: Secret,
    /// The answer without the private half, for tables.
    pub record: Value,
}

/// Cuts a key pair for a member.
pub fn cut(
    psa: &Psa,
    member: i64,
    description: &str,
    expires: Option<&str>,
) -> Result<Cut, ConnectError> {
    Steps::default().take(
        "cutting a key (one that was cut so is held by nobody: `bitting key list` shows it, `bitting key revoke` takes it away)",
        String::new(),
        || made(psa, member, description, expires),
    )
}

fn made(
    psa: &Psa,
    member: i64,
    description: &str,
    expires: Option<&str>,
) -> Result<Cut, ConnectError> {
    let path = format!("{MEMBERS}/{member}/keys");
    let body = json!({ "description": description, "expires": expires });
    let mut record = psa.own("POST", &path, Some(&body))?;
    let lacking = |member| ConnectError::Answer {
        path: path.clone(),
        member,
    };
    let private = record
        .as_object_mut()
        .and_then(|members| members.remove("privateKey"));
    let private = private
        .as_ref()
        .and_then(Value::as_str)
        .ok_or_else(|| lacking("privateKey"))?;
    Ok(Cut {
        id: record["id"].as_i64().ok_or_else(|| lacking("id"))?,
        public_key: record["publicKey"]
            .as_str()
            .ok_or_else(|| lacking("publicKey"))?
            .to_owned(),
        private_key: Secret::new(private),
        record,
    })
}

/// Takes a key away for good; the next request with it is refused.
pub fn revoke(psa: &Psa, id: i64) -> Result<(), ConnectError> {
    psa.own("DELETE", &format!("system/keys/{id}"), None)?;
    Ok(())
}

/// Opens a way with a key just cut.
pub fn open(
    psa: &Psa,
    cut: &Cut,
    address: &str,
    ca_file: Option<&Path>,
) -> Result<Psa, ConnectError> {
    let credentials = Credentials {
        company: psa.company().to_owned(),
        public_key: cut.public_key.clone(),
        private_key: cut.private_key.clone(),
        client_id: psa.client_id().map(str::to_owned),
    };
    let options = Options {
        ca_file,
        ..Options::default()
    };
    Ok(Psa::open(address, credentials, &options)?)
}

/// Whether a key opens the PSA and belongs to this member.
pub fn prove(key: &Psa, identifier: &str) -> Result<(), ConnectError> {
    let me = key.get("system/myMembers")?;
    let me = me.as_array().and_then(|rows| rows.first()).unwrap_or(&me);
    let found = me["identifier"].as_str().unwrap_or_default();
    if found.eq_ignore_ascii_case(identifier) {
        return Ok(());
    }
    Err(ConnectError::InTheWay {
        what: format!("the key opens the PSA as `{found}` and not as `{identifier}`"),
        remedy: "check whose key it is".to_owned(),
    })
}

/// Keys of a list that work at this moment, as far as the list tells.
pub fn live(keys: &[HeldKey]) -> impl Iterator<Item = &HeldKey> {
    keys.iter().filter(|key| !key.inactive_flag)
}
