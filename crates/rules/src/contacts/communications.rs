//! Phone numbers and addresses of a contact, which are kept twice: as rows with a path of their own, and as
//! the list that the contact shows. One of each kind is the default; the default phone is the contact's.

use super::CONTACTS;
use crate::related::{self, text};
use bitting_dialects::connectwise::error::FieldError;
use bitting_dialects::connectwise::layout::SCOPE;
use bitting_psa::context::Context;
use bitting_psa::draft::Draft;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_query::Value;
use bitting_store::table::Change;
use serde_json::json;

const ITEMS: &str = "company/contacts/communications";
const KINDS: &str = "company/communicationTypes";
const LIST: &str = "communicationItems";
const NAMES: [&str; 3] = ["Phone", "Fax", "Email"];

/// One way to reach a contact.
#[derive(Debug, Clone)]
struct Item {
    id: i64,
    kind: i64,
    /// `Phone`, `Fax` or `Email`.
    name: &'static str,
    value: String,
    extension: Option<String>,
    marked: bool,
}

impl Item {
    /// With the sign before it, as the product shows it: `@example.com`.
    fn domain(&self) -> Option<&str> {
        let at = self.value.rfind('@')?;
        (self.name == "Email").then_some(&self.value[at..])
    }

    fn read(row: &Row, kinds: &[Row]) -> Option<Self> {
        let kind = row.integer("type_id")?;
        Some(Self {
            id: row.id,
            kind,
            name: name_of(kinds.iter().find(|row| row.id == kind)),
            value: row.text("value").unwrap_or_default().to_owned(),
            extension: row.text("extension").map(str::to_owned),
            marked: row.flag("default_flag"),
        })
    }
}

fn name_of(kind: Option<&Row>) -> &'static str {
    match kind {
        Some(row) if row.flag("email_flag") => "Email",
        Some(row) if row.flag("fax_flag") => "Fax",
        _ => "Phone",
    }
}

/// Leaves one default of each kind: the one that was just marked, else the first that is, else the first.
fn settle(items: &mut [Item], last: Option<i64>) {
    for name in NAMES {
        let of = |item: &&Item| item.name == name;
        let chosen = items
            .iter()
            .filter(of)
            .find(|item| item.marked && Some(item.id) == last)
            .or_else(|| items.iter().filter(of).find(|item| item.marked))
            .or_else(|| items.iter().find(of))
            .map(|item| item.id);
        for item in items.iter_mut().filter(|item| item.name == name) {
            item.marked = Some(item.id) == chosen;
        }
    }
}

/// What the contact shows of its items, by column.
fn shown(items: &[Item], kinds: &[Row]) -> Vec<(&'static str, Value)> {
    let kind_of = |item: &Item| {
        let row = kinds.iter().find(|row| row.id == item.kind);
        row.and_then(|row| row.text("description"))
            .unwrap_or_default()
    };
    let list: Vec<serde_json::Value> = items
        .iter()
        .map(|item| {
            let mut shown = json!({
                "id": item.id,
                "type": { "id": item.kind, "name": kind_of(item) },
                "value": item.value,
                "defaultFlag": item.marked,
                "communicationType": item.name,
            });
            for (name, value) in [
                ("extension", item.extension.as_deref()),
                ("domain", item.domain()),
            ] {
                if let Some(value) = value {
                    shown[name] = json!(value);
                }
            }
            shown
        })
        .collect();
    let phone = items
        .iter()
        .find(|item| item.name == "Phone" && item.marked);
    let or_null = |value: Option<&str>| value.map_or(Value::Null, text);
    let extension = phone.and_then(|item| item.extension.as_deref());
    vec![
        (
            "communication_items",
            text(serde_json::Value::Array(list).to_string()),
        ),
        ("default_phone_type", or_null(phone.map(kind_of))),
        (
            "default_phone_nbr",
            or_null(phone.map(|item| item.value.as_str())),
        ),
        ("default_phone_extension", or_null(extension)),
    ]
}

/// Reads the list that came with a contact; it replaces what was there.
pub async fn take(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    if !draft.gave(LIST) {
        return Ok(());
    }
    let given: Vec<serde_json::Value> = draft
        .text(LIST)
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default();
    let kinds = related::all(context.instance, KINDS).await?;
    let mut items = Vec::new();
    for given in &given {
        let Some(members) = given.as_object() else {
            continue;
        };
        let said = |name: &str| {
            let value = related::member(members, name)?;
            let text = value.as_str().map(str::to_owned);
            text.or_else(|| Some(value.to_string()))
        };
        let Some(kind) = kind(members, &kinds) else {
            let message = "The communication type of an item was not found.";
            let error = FieldError::not_found(&draft.resource, "communicationItems/type", message);
            draft.errors.push(error);
            return Ok(());
        };
        let Some(value) = said("value").filter(|value| !value.trim().is_empty()) else {
            let error = FieldError::missing(&draft.resource, "communicationItems/value");
            draft.errors.push(error);
            return Ok(());
        };
        items.push(Item {
            id: related::next_id(context.instance, ITEMS).await?,
            kind: kind.id,
            name: name_of(Some(kind)),
            value,
            extension: said("extension"),
            marked: said("defaultFlag").is_some_and(|flag| flag.eq_ignore_ascii_case("true")),
        });
    }
    settle(&mut items, None);
    for (column, value) in shown(&items, &kinds) {
        draft.row.set(column, value);
    }
    Ok(())
}

/// The type that an item names by id or name, or the default one of its kind.
fn kind<'k>(
    item: &serde_json::Map<String, serde_json::Value>,
    kinds: &'k [Row],
) -> Option<&'k Row> {
    if let Some(named) = related::member(item, "type").and_then(|kind| kind.as_object()) {
        if let Some(id) = related::member(named, "id").and_then(related::number) {
            return kinds.iter().find(|row| row.id == id);
        }
        let name = related::member(named, "name")?.as_str()?;
        return kinds.iter().find(|row| {
            row.text("description")
                .is_some_and(|text| text.eq_ignore_ascii_case(name))
        });
    }
    let name = related::member(item, "communicationType")?.as_str()?;
    let fits = |row: &&Row| name_of(Some(row)).eq_ignore_ascii_case(name);
    let marked = kinds
        .iter()
        .filter(fits)
        .find(|row| row.flag("default_flag"));
    marked.or_else(|| kinds.iter().find(fits))
}

/// The rows of a list that came with a contact.
pub async fn alongside(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    if !draft.gave(LIST) {
        return Ok(());
    }
    let contact = draft.row.id;
    let table = &related::entity(context.instance, ITEMS)?.table;
    for row in related::under(context.instance, ITEMS, "contact_id", contact).await? {
        draft.also.push(Change::Delete {
            table: table.clone(),
            id: row.id,
        });
    }
    let items: Vec<serde_json::Value> = draft
        .text(LIST)
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default();
    let node = draft.row.integer(SCOPE);
    for item in &items {
        let said = |name: &str| item[name].as_str().map_or(Value::Null, text);
        let values = [
            ("contactId", Value::Integer(contact)),
            (
                "type",
                item["type"]["id"]
                    .as_i64()
                    .map_or(Value::Null, Value::Integer),
            ),
            ("value", said("value")),
            ("extension", said("extension")),
            ("domain", said("domain")),
            ("communicationType", said("communicationType")),
            ("defaultFlag", Value::Boolean(item["defaultFlag"] == true)),
        ];
        let id = item["id"].as_i64().unwrap_or_default();
        let changes = related::insert(context, ITEMS, id, &values, node).await?;
        draft.also.extend(changes);
    }
    Ok(())
}

/// One item that is saved by itself.
pub async fn save(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    let kinds = related::all(context.instance, KINDS).await?;
    let Some(contact) = draft.integer("contactId") else {
        return Ok(());
    };
    let Some(own) = Item::read(&draft.row, &kinds) else {
        return Ok(());
    };
    draft.set("communicationType", text(own.name));
    draft.set("domain", own.domain().map_or(Value::Null, text));
    let mut items = others(context, contact, draft.row.id, &kinds).await?;
    let before = items.clone();
    items.push(own);
    settle(&mut items, Some(draft.row.id));
    let marked = items.last().is_some_and(|item| item.marked);
    draft.set("defaultFlag", Value::Boolean(marked));
    let changes = remarked(context, contact, &before, &items, &kinds)?;
    draft.also.extend(changes);
    Ok(())
}

/// One item that goes: another of its kind becomes the default.
pub async fn delete(
    context: Context<'_>,
    row: &Row,
    also: &mut Vec<Change>,
) -> Result<(), Problem> {
    let Some(contact) = row.integer("contact_id") else {
        return Ok(());
    };
    let kinds = related::all(context.instance, KINDS).await?;
    let mut items = others(context, contact, row.id, &kinds).await?;
    let before = items.clone();
    settle(&mut items, None);
    also.extend(remarked(context, contact, &before, &items, &kinds)?);
    Ok(())
}

async fn others(
    context: Context<'_>,
    contact: i64,
    without: i64,
    kinds: &[Row],
) -> Result<Vec<Item>, Problem> {
    let rows = related::under(context.instance, ITEMS, "contact_id", contact).await?;
    Ok(rows
        .iter()
        .filter(|row| row.id != without)
        .filter_map(|row| Item::read(row, kinds))
        .collect())
}

/// Changes of the other items' marks, and of what the contact shows.
fn remarked(
    context: Context<'_>,
    contact: i64,
    before: &[Item],
    items: &[Item],
    kinds: &[Row],
) -> Result<Vec<Change>, Problem> {
    let mut changes = Vec::new();
    for (was, is) in before.iter().zip(items) {
        if was.marked != is.marked {
            let values = [("default_flag", Value::Boolean(is.marked))];
            changes.push(related::update(context, ITEMS, is.id, &values)?);
        }
    }
    let values = shown(items, kinds);
    changes.push(related::update(context, CONTACTS, contact, &values)?);
    Ok(changes)
}
