//! What a PSA has already: a role with its levels and lists, an API member, its keys. Read over the API; what
//! a live PSA does not tell is said to be unknown, not taken for nothing.

use crate::ConnectError;
use bitting_client::Psa;
use bitting_policy::{Level, ListDocument, Registry, Role, RoleDocument, RowDocument};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

pub const ROLES: &str = "system/securityroles";
pub const MEMBERS: &str = "system/apiMembers";

/// A security role as the PSA has it.
#[derive(Debug, Clone)]
pub struct HeldRole {
    pub id: i64,
    pub document: RoleDocument,
    pub role: Role,
    /// Whether the customize lists could be read; the vendor's API shows only the caller's own.
    pub lists_known: bool,
    /// Actions whose list restricts, where only that much is known.
    pub restricted: BTreeSet<String>,
    /// Rows that no registry knows, with a level: a newer release has them.
    pub unknown: Vec<String>,
}

/// An API member as the PSA has it.
#[derive(Debug, Clone)]
pub struct HeldMember {
    pub id: i64,
    pub record: Value,
}

/// A key pair without its private half.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HeldKey {
    pub id: i64,
    #[serde(default)]
    pub member_id: i64,
    #[serde(default)]
    pub description: String,
    #[serde(default)]
    pub public_key: String,
    #[serde(default)]
    pub created: Option<String>,
    #[serde(default)]
    pub expires: Option<String>,
    #[serde(default)]
    pub last_used: Option<String>,
    #[serde(default)]
    pub inactive_flag: bool,
}

/// The role of this name, if there is one. Names differ in more than letter case.
pub fn role(
    psa: &Psa,
    own: bool,
    name: &str,
    registry: &Registry,
) -> Result<Option<HeldRole>, ConnectError> {
    let rows = psa.list(ROLES)?;
    let Some(row) = rows.iter().find(|row| same(&row["name"], name)) else {
        return Ok(None);
    };
    read_role(psa, own, row, registry).map(Some)
}

/// A role by its record.
pub fn read_role(
    psa: &Psa,
    own: bool,
    record: &Value,
    registry: &Registry,
) -> Result<HeldRole, ConnectError> {
    let id = id(record, ROLES)?;
    let mut unknown = Vec::new();
    let mut restricted = BTreeSet::new();
    let mut document = if own {
        let value = psa.own("GET", &format!("{ROLES}/{id}/document"), None)?;
        serde_json::from_value(value).map_err(|_| ConnectError::Answer {
            path: format!("{ROLES}/{id}/document"),
            member: "rows",
        })?
    } else {
        let rows = psa.list(&format!("{ROLES}/{id}/settings"))?;
        let read = rows_of(&rows, registry);
        unknown = read.unknown;
        restricted = read.restricted;
        RoleDocument {
            rows: read.rows,
            ..RoleDocument::default()
        }
    };
    document.id = id;
    record["name"]
        .as_str()
        .unwrap_or_default()
        .clone_into(&mut document.name);
    document.admin = record["adminFlag"] == true;
    document.inactive = record["inactiveFlag"] == true;
    let role = Role::observed(registry, &document).map_err(|source| ConnectError::Role {
        profile: format!("the role `{}`", document.name),
        fault: Box::new(source),
    })?;
    Ok(HeldRole {
        id,
        document,
        role,
        lists_known: own,
        restricted,
        unknown,
    })
}

/// Rows of a role as the vendor's API writes them.
#[derive(Debug, Default)]
pub struct Rows {
    pub rows: Vec<RowDocument>,
    pub restricted: BTreeSet<String>,
    pub unknown: Vec<String>,
}

/// Reads setting rows. A row that the registry does not know is kept by name where it grants something.
pub fn rows_of(rows: &[Value], registry: &Registry) -> Rows {
    let mut read = Rows::default();
    for row in rows {
        let word = |member: &str| row[member].as_str().unwrap_or_default();
        let module = [word("moduleName"), word("moduleDescription")];
        let action = [
            word("moduleFunctionDescription"),
            word("moduleFunctionName"),
        ];
        let found = module.iter().find_map(|module| {
            action
                .iter()
                .find_map(|action| registry.action(module, action))
        });
        let level = |member: &str| word(member).parse::<Level>().unwrap_or(Level::None);
        let document = RowDocument {
            module: String::new(),
            action: String::new(),
            add: level("addLevel"),
            edit: level("editLevel"),
            delete: level("deleteLevel"),
            inquire: level("inquireLevel"),
        };
        let Some(known) = found.and_then(|id| registry.get(id)) else {
            if document.levels() != [Level::None; 4] {
                read.unknown.push(format!("{} / {}", module[0], action[0]));
            }
            continue;
        };
        if row["restrictFlag"] == true {
            read.restricted.insert(known.full_name());
        }
        read.rows.push(RowDocument {
            module: known.module.clone(),
            action: known.name.clone(),
            ..document
        });
    }
    read
}

/// Customize lists from the caller's own entries: a row that restricts allows what is listed.
///
/// A list of tenant data without an entry may be a deny list, which the API does not spell out: it is left
/// out and named in the second value.
pub fn lists_of(
    items: &[Value],
    restricted: &BTreeSet<String>,
    registry: &Registry,
) -> (BTreeMap<String, ListDocument>, Vec<String>) {
    let mut lists = BTreeMap::new();
    let mut untold = Vec::new();
    for list in registry.lists() {
        let Some(action) = registry.get(list.action) else {
            continue;
        };
        if !restricted.contains(&action.full_name()) {
            continue;
        }
        let entries: Vec<String> = items
            .iter()
            .filter(|item| same(&item["customizeIdentifier"], &list.identifier))
            .filter_map(|item| item["itemIdentifier"].as_str())
            .map(|entry| table_named(registry, list.fixed, entry))
            .collect();
        if entries.is_empty() && !list.fixed {
            untold.push(list.identifier.clone());
            continue;
        }
        lists.insert(list.identifier.clone(), ListDocument::Allow(entries));
    }
    (lists, untold)
}

/// Setup tables are listed by identifier; people and profiles name them.
fn table_named(registry: &Registry, fixed: bool, entry: &str) -> String {
    if !fixed {
        return entry.to_owned();
    }
    let mut tables = registry.tables().iter();
    let found = tables.find(|table| table.identifier.eq_ignore_ascii_case(entry));
    let found = found.or_else(|| registry.table(entry).and_then(|id| registry.get_table(id)));
    found.map_or_else(|| entry.to_owned(), bitting_policy::Table::full_name)
}

/// The API member of this id, if there is one.
pub fn member(psa: &Psa, identifier: &str) -> Result<Option<HeldMember>, ConnectError> {
    let rows = psa.list(MEMBERS)?;
    let found = rows
        .into_iter()
        .find(|row| same(&row["identifier"], identifier));
    found
        .map(|record| {
            Ok(HeldMember {
                id: id(&record, MEMBERS)?,
                record,
            })
        })
        .transpose()
}

/// Refuses an id that a person logs in with. A PSA that does not list its people to this key refuses on its own.
pub fn nobodys(psa: &Psa, identifier: &str) -> Result<(), ConnectError> {
    let Ok(people) = psa.named("system/members", "identifier", identifier) else {
        return Ok(());
    };
    if people.is_empty() {
        return Ok(());
    }
    Err(ConnectError::InTheWay {
        what: format!("the member id `{identifier}` is a person's on this PSA"),
        remedy: "choose another id with --member".to_owned(),
    })
}

/// The member's keys that still open something; a live PSA does not list them.
pub fn keys(psa: &Psa, member: i64) -> Result<Vec<HeldKey>, ConnectError> {
    let path = format!("{MEMBERS}/{member}/keys");
    let value = psa.own("GET", &path, None)?;
    serde_json::from_value(value).map_err(|_| ConnectError::Answer {
        path,
        member: "publicKey",
    })
}

/// The id of the record of this name in a setup list.
pub fn id_named(
    psa: &Psa,
    path: &str,
    field: &'static str,
    name: &str,
) -> Result<Value, ConnectError> {
    let rows = psa.list(path)?;
    let found = rows.iter().find(|row| {
        same(&row["name"], name)
            || same(&row["identifier"], name)
            || row["id"].as_i64().is_some_and(|id| name.parse() == Ok(id))
    });
    if let Some(row) = found {
        return Ok(row.clone());
    }
    let known: Vec<&str> = rows
        .iter()
        .filter_map(|row| row["name"].as_str())
        .take(12)
        .collect();
    Err(ConnectError::Form {
        field,
        value: name.to_owned(),
        reason: match known.as_slice() {
            [] => format!(
                "the PSA has none at all yet ({path}); make it there first, or leave the field to a person"
            ),
            known => {
                let instead = match field {
                    "default board" => ", or with --board",
                    "location" => ", or with --location",
                    _ => "",
                };
                format!(
                    "the PSA has none of that name; it has {}; name one of them in the profile{instead}",
                    known.join(", ")
                )
            }
        },
    })
}

pub(crate) fn id(record: &Value, path: &str) -> Result<i64, ConnectError> {
    record["id"].as_i64().ok_or_else(|| ConnectError::Answer {
        path: path.to_owned(),
        member: "id",
    })
}

fn same(value: &Value, word: &str) -> bool {
    value
        .as_str()
        .is_some_and(|text| text.trim().eq_ignore_ascii_case(word.trim()))
}
