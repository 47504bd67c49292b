//! Configuration items: how they are read and written. Must not know where the figures come from.

use super::product::{Field, Product};
use super::{ADD_ITEMS, COMPANIES, EDIT_ITEMS, PROTECTED_DATA, READ_ITEMS, Working};
use crate::Failure;
use crate::api::short;
use crate::queries::is;
use crate::sight::Standing;
use crate::umbrella::psa::Held;
use crate::umbrella::source::Organisation;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const ITEMS: &str = "ConfigurationItems";
/// Most characters of an item's title.
const TITLE: usize = 200;

/// The figures of an organisation, as text: that is what user-defined fields take, whatever their type.
pub fn answers(fields: &[Field], org: &Organisation, day: &str) -> Vec<Value> {
    let value = |field: &Field| {
        let text = match (field.question.answer)(org, day) {
            Value::String(text) => text,
            other => other.to_string(),
        };
        match field.length {
            0 => text,
            most => short(&text, most),
        }
    };
    fields
        .iter()
        .map(|field| json!({ "name": field.name, "value": value(field) }))
        .collect()
}

/// Items of the product by their organisation and company, the oldest where there are several.
pub fn there(
    work: &mut Working<'_, '_>,
    product: &Product,
) -> Result<BTreeMap<(String, i64), i64>, Failure> {
    let mut there = BTreeMap::new();
    let wanted = [is("eq", "productID", product.id)];
    let fields = ["id", "referenceNumber", "companyID"];
    work.api.walk(READ_ITEMS, ITEMS, &wanted, &fields, |rows| {
        for row in rows {
            let org = row["referenceNumber"].as_str().unwrap_or_default();
            let company = row["companyID"].as_i64().unwrap_or_default();
            there
                .entry((org.to_owned(), company))
                .or_insert(row["id"].as_i64().unwrap_or_default());
        }
        Ok(())
    })?;
    Ok(there)
}

pub fn make(
    work: &mut Working<'_, '_>,
    product: &Product,
    company: i64,
    org: &Organisation,
    answers: &[Value],
) -> Result<i64, Failure> {
    let today = work.now.strftime("%Y-%m-%dT00:00:00Z").to_string();
    let body = json!({
        "companyID": company, "productID": product.id, "isActive": true, "installDate": today,
        "referenceTitle": title(org), "referenceNumber": org.org, "userDefinedFields": answers,
    });
    let made = work.api.post(ADD_ITEMS, ITEMS, &body);
    made.or_else(|failure| Err(of_fields(work, failure, "Create")?))
}

pub fn change(
    work: &mut Working<'_, '_>,
    id: i64,
    org: &Organisation,
    answers: &[Value],
    revive: bool,
) -> Result<(), Failure> {
    let mut change =
        json!({ "id": id, "referenceTitle": title(org), "userDefinedFields": answers });
    if revive {
        change["isActive"] = json!(true);
    }
    let changed = work.api.patch(EDIT_ITEMS, ITEMS, &change);
    changed.or_else(|failure| Err(of_fields(work, failure, "Update")?))
}

/// Marks an item as out of use; one that does not show is none of the job's business.
pub fn retire(work: &mut Working<'_, '_>, id: i64) -> Result<Option<String>, Failure> {
    if work.api.one(READ_ITEMS, ITEMS, id)?.is_none() {
        return Ok(Some(format!(
            "configuration item {id} was deleted, or is hidden from the key; it could not be marked as inactive"
        )));
    }
    let change = json!({ "id": id, "isActive": false });
    work.api.patch(EDIT_ITEMS, ITEMS, &change)?;
    Ok(None)
}

/// How an item stands that is not among those of the product any more. Autotask answers nothing both for a deleted
/// item and for a hidden one, and keeps no log of deleted ones. What the user made itself shows to it at every level
/// that opens items at all, as long as their company is in sight; so does everything to a user who sees all.
pub fn standing(work: &mut Working<'_, '_>, held: Held<'_>) -> Result<Standing, Failure> {
    if let Some(row) = work.api.one(READ_ITEMS, ITEMS, held.id)? {
        return Ok(Standing::There(row));
    }
    let all = sees_all(work, READ_ITEMS, ITEMS)? && sees_all(work, COMPANIES, "Companies")?;
    let own = held.by == Some(work.api.user());
    let in_sight = match held.company.filter(|_| own && !all) {
        Some(company) => work.api.one(COMPANIES, "Companies", company)?.is_some(),
        None => false,
    };
    if !all && !in_sight {
        return Ok(Standing::Unknown(
            "its security level shows only a part of the configuration items".to_owned(),
        ));
    }
    // Once more behind the proof: the user may have seen less a moment ago.
    Ok(match work.api.one(READ_ITEMS, ITEMS, held.id)? {
        Some(row) => Standing::There(row),
        None => Standing::Gone,
    })
}

fn sees_all(
    work: &mut Working<'_, '_>,
    need: crate::queries::Permission,
    entity: &str,
) -> Result<bool, Failure> {
    Ok(work.api.info(need, entity)?["userAccessForQuery"] == "All")
}

/// A refusal though the level allows the operation: then it is the tick of the user, without which user-defined
/// fields of configuration items cannot be written.
fn of_fields(work: &mut Working<'_, '_>, failure: Failure, act: &str) -> Result<Failure, Failure> {
    if !matches!(failure, Failure::Right { .. }) {
        return Ok(failure);
    }
    let info = work.api.info(READ_ITEMS, ITEMS)?;
    if matches!(
        info[format!("userAccessFor{act}")].as_str(),
        None | Some("None")
    ) {
        return Ok(failure);
    }
    Ok(Failure::Held(format!(
        "the API user lacks {PROTECTED_DATA}: its security level lets it write configuration items, but not their user-defined fields; \
         tick that in the form of the API user, below its security level"
    )))
}

fn title(org: &Organisation) -> String {
    short(&format!("Umbrella – {}", org.name), TITLE)
}
