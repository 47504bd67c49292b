//! What the PSA tells a key of its own rights: `mySecurity` and the entries of its customize lists.

use super::Asked;
use crate::ConnectError;
use crate::held::{lists_of, rows_of};
use crate::wanted::Wanted;
use bitting_policy::{ListDocument, Role, RoleDocument};
use serde_json::Value;

/// The caller's rights as the PSA tells them, or nothing where it does not.
pub fn told(
    asked: &Asked<'_>,
    wanted: &Wanted,
    me: &Value,
    notes: &mut Vec<String>,
) -> Result<Option<Role>, ConnectError> {
    let Ok(rows) = asked.key.list("system/mySecurity") else {
        return Ok(None);
    };
    if rows.is_empty() {
        return Ok(None);
    }
    let read = rows_of(&rows, asked.registry);
    let mut document = RoleDocument {
        name: me["securityRole"]["name"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
        admin: me["adminFlag"] == true,
        rows: read.rows,
        ..RoleDocument::default()
    };
    match asked.key.list("system/mySecurity/customizeItems") {
        Ok(items) => {
            let (lists, untold) = lists_of(&items, &read.restricted, asked.registry);
            document.lists = lists;
            for list in untold {
                // A list without a told entry allows nothing, or all but some: which of them is not told, so what
                // is wanted is believed where it is one of the two.
                let known = wanted.document.lists.get(&list);
                match known {
                    Some(ListDocument::Allow(names)) if names.is_empty() => {
                        document.lists.insert(list, ListDocument::Allow(Vec::new()));
                        continue;
                    }
                    Some(denied @ ListDocument::Deny(_)) => {
                        document.lists.insert(list.clone(), denied.clone());
                    }
                    _ => {}
                }
                notes.push(format!(
                    "{list} restricts, but the PSA does not tell its entries"
                ));
            }
        }
        Err(_) => notes.push(
            "the PSA does not tell the entries of customize lists; probes check the tables"
                .to_owned(),
        ),
    }
    for row in read.unknown {
        notes.push(format!(
            "the role grants `{row}`, a row unknown here and not needed"
        ));
    }
    let role = Role::observed(asked.registry, &document).map_err(|source| ConnectError::Role {
        profile: "the rights the PSA tells".to_owned(),
        fault: Box::new(source),
    })?;
    Ok(Some(role))
}
