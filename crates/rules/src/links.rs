//! Links to other systems whose address names fields of a record: `https://x.test/?c=[identifier]`.

use super::related;
use crate::acting;
use bitting_dialects::connectwise::error::{ApiError, FieldError};
use bitting_policy::Verb;
use bitting_psa::permit::Permit;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_psa::{answer::Answer, context::Context};
use bitting_query::Value;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

/// The entity behind a screen.
fn screen(word: &str) -> Option<&'static str> {
    Some(match word {
        "Company" => "company/companies",
        "Contact" => "company/contacts",
        "Service" => "service/tickets",
        "Invoice" => "finance/invoices",
        "PurchaseOrder" => "procurement/purchaseorders",
        "SalesOrder" => "sales/orders",
        _ => return None,
    })
}

/// The address of a link for one record: each `[field]` becomes the record's value, as far as the caller may
/// read record and field; `[id]` is its id. What names no field stays.
pub async fn resolve(
    context: Context<'_>,
    permit: &Permit<'_>,
    id: Option<i64>,
    body: &[u8],
) -> Result<Answer, Problem> {
    let resource = "linkResolveUrlInfo";
    let id = id.ok_or_else(ApiError::no_endpoint)?;
    let members = related::object(body, "LinkResolveUrlInfo")?;
    let record = related::member(&members, "referenceId").and_then(related::number);
    let missing = || Problem::field(resource, FieldError::missing(resource, "referenceId"));
    let record = record.ok_or_else(missing)?;
    let missing = || ApiError::not_found(&permit.entity().schema, &id.to_string());
    let link = context.instance.backend.row(permit, id).await?;
    let link = link.ok_or_else(missing)?;
    let address = link.text("url").unwrap_or_default();
    let url = match link.text("screen_link").and_then(screen) {
        Some(path) => {
            let reading = related::permit(context, path, Verb::Inquire)?;
            let found = context.instance.backend.row(&reading, record).await?;
            let row = found.ok_or_else(|| {
                let message = format!("{} {record} not found", reading.entity().schema);
                let error = FieldError::not_found(resource, "referenceId", message);
                Problem::field(resource, error)
            })?;
            filled(address, |name| value(&reading, &row, name))
        }
        None => filled(address, |name| (name == "id").then(|| record.to_string())),
    };
    let said = json!({ "referenceId": record, "url": url });
    Ok(Answer::json(acting::status(context), &said))
}

/// A field of a record as a part of an address; `None` for a name that is no field. A field that is hidden
/// from the caller is empty.
fn value(permit: &Permit<'_>, row: &Row, name: &str) -> Option<String> {
    if name.eq_ignore_ascii_case("id") {
        return Some(row.id.to_string());
    }
    let entity = permit.entity();
    let index = entity
        .fields
        .iter()
        .position(|field| field.name.eq_ignore_ascii_case(name))?;
    let field = &entity.fields[index];
    if permit.hides(index) || field.write_only {
        return Some(String::new());
    }
    Some(match row.get(&field.column) {
        Value::Null => String::new(),
        Value::Text(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Boolean(flag) => flag.to_string(),
    })
}

/// Fills the bracketed names of an address.
fn filled(address: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::new();
    let mut rest = address;
    while let Some((before, after)) = rest.split_once('[') {
        out.push_str(before);
        let named = after.split_once(']');
        match named.and_then(|(name, after)| Some((value(name)?, after))) {
            Some((value, after)) => {
                out.extend(utf8_percent_encode(&value, NON_ALPHANUMERIC));
                rest = after;
            }
            None => {
                out.push('[');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::filled;

    #[test]
    fn names_become_values_that_an_address_can_hold() {
        let value = |name: &str| (name == "name").then(|| "A & B".to_owned());
        assert_eq!(
            filled("https://x/?n=[name]&z=[]", value),
            "https://x/?n=A%20%26%20B&z=[]"
        );
        assert_eq!(filled("[other][name", value), "[other][name");
    }
}
