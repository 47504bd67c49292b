//! Stock, prices and purchase batches: what of a product lies in a warehouse, what it costs a company, and
//! which lines of a purchase order went to accounting.

pub mod demands;

use super::related;
use crate::acting;
use bitting_dialects::connectwise::error::{ApiError, FieldError};
use bitting_policy::Verb;
use bitting_psa::backend::equals;
use bitting_psa::draft::Draft;
use bitting_psa::moment;
use bitting_psa::permit::Permit;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_psa::saving;
use bitting_psa::{answer::Answer, context::Context};
use bitting_query::{Kind, Value, and};
use serde_json::{Map, Value as Json, json};

const INVENTORY: &str = "procurement/catalog/inventory";
const LINES: &str = "procurement/purchaseorders/lineitems";
const SCHEDULES: &str = "procurement/pricingschedules";
const DETAILS: &str = "procurement/pricingschedules/details";
const BREAKS: &str = "procurement/pricingschedules/details/breaks";
const COMPANIES: &str = "company/companies";

/// How many of a product lie in all warehouse bins, or in the one that the query names.
pub async fn quantity_on_hand(
    context: Context<'_>,
    permit: &Permit<'_>,
) -> Result<Answer, Problem> {
    let word = context.words.last().copied().unwrap_or_default();
    let word = percent_encoding::percent_decode_str(word).decode_utf8_lossy();
    let backend = &context.instance.backend;
    let named = equals("identifier", Kind::Text, related::text(&*word));
    let found = backend.rows(permit, named, Vec::new(), Some(1)).await?;
    let missing = || ApiError::not_found(&permit.entity().schema, &word);
    let item = found.into_iter().next().ok_or_else(missing)?;
    let inventory = related::permit(context, INVENTORY, Verb::Inquire)?;
    let parent = inventory
        .entity()
        .parents
        .last()
        .map(|parent| &*parent.column);
    let mut filter = equals(
        parent.unwrap_or("catalog_item_id"),
        Kind::Integer,
        Value::Integer(item.id),
    );
    if let Some(bin) = context.parameters.other("warehouseBinId") {
        let resource = "catalogItem";
        let bin = bin.trim().parse().map_err(|_| {
            let message = format!("{bin} is no id; warehouseBinId is a whole number.");
            let error = FieldError::invalid(resource, "warehouseBinId", message);
            Problem::field(resource, error)
        })?;
        let of_bin = equals("warehouse_bin_id", Kind::Integer, Value::Integer(bin));
        filter = and(filter, of_bin);
    }
    let rows = backend.rows(&inventory, filter, Vec::new(), None).await?;
    let count: i64 = rows.iter().filter_map(|row| row.integer("on_hand")).sum();
    Ok(Answer::json(200, &json!({ "count": count })))
}

/// The price of a product for a company: what the company's pricing schedule says of the product, of its
/// subcategory or of its category on that day and for that quantity, else the product's own.
pub async fn price(
    context: Context<'_>,
    permit: &Permit<'_>,
    id: Option<i64>,
    body: &[u8],
) -> Result<Answer, Problem> {
    let id = id.ok_or_else(ApiError::no_endpoint)?;
    let resource = "catalogPricing";
    let item = acting::model(context, permit.entity(), id).await?;
    let members = acting::members(body, "CatalogPricing")?;
    let invalid = |name: &str, message: String| {
        Problem::field(resource, FieldError::invalid(resource, name, message))
    };
    let quantity = match related::member(&members, "quantity") {
        None => 1,
        Some(said) => related::number(said)
            .filter(|quantity| *quantity > 0)
            .ok_or_else(|| invalid("quantity", "quantity is a whole number above 0.".to_owned()))?,
    };
    let date = match related::member(&members, "date") {
        None => moment::time(context.now),
        Some(said) => {
            let text = said.as_str().unwrap_or_default();
            day(text).ok_or_else(|| {
                invalid(
                    "date",
                    format!("{said} is no date; write 2026-03-02T00:00:00Z."),
                )
            })?
        }
    };
    let company = match related::member(&members, "company") {
        None => None,
        Some(said) => {
            let id = said.get("id").and_then(related::number);
            let id = id.ok_or_else(|| {
                Problem::field(resource, FieldError::missing(resource, "company/id"))
            })?;
            let entity = related::entity(context.instance, COMPANIES)?;
            if related::seen(context, entity, id).await?.is_none() {
                let message = format!("Company {id} not found");
                let error = FieldError::not_found(resource, "company/id", message);
                return Err(Problem::field(resource, error));
            }
            Some(id)
        }
    };
    let asked = Asked {
        item: &item,
        quantity: quantity as f64,
        date,
    };
    let price = match scheduled(context, &asked, company).await? {
        Some(price) => Some(price),
        None => item.number("price"),
    };
    let entity = permit.entity();
    let hidden = entity
        .fields
        .iter()
        .position(|field| &*field.name == "price")
        .is_some_and(|field| permit.hides(field));
    let mut said = Map::new();
    said.insert(
        "catalogItem".to_owned(),
        json!({ "id": id, "identifier": item.text("identifier") }),
    );
    for name in ["company", "location"] {
        if let Some(id) = related::member(&members, name).and_then(|said| said.get("id")) {
            said.insert(name.to_owned(), json!({ "id": id }));
        }
    }
    said.insert("quantity".to_owned(), json!(quantity));
    said.insert("date".to_owned(), json!(asked.date));
    if let Some(price) = price.filter(|_| !hidden) {
        said.insert("price".to_owned(), bitting_psa::number::shown(price));
    }
    Ok(Answer::json(acting::status(context), &Json::Object(said)))
}

/// A day or moment as records show it.
fn day(text: &str) -> Option<String> {
    let text = text.trim();
    if let Ok(moment) = text.parse::<jiff::Timestamp>() {
        return Some(moment::time(moment));
    }
    let day = text.parse::<jiff::civil::Date>().ok()?;
    Some(format!("{day}T00:00:00Z"))
}

/// What a price is asked for.
struct Asked<'r> {
    item: &'r Row,
    quantity: f64,
    date: String,
}

/// The price by the company's schedule, else by the one that set-up marks as default.
async fn scheduled(
    context: Context<'_>,
    asked: &Asked<'_>,
    company: Option<i64>,
) -> Result<Option<f64>, Problem> {
    let mut schedules = related::all(context.instance, SCHEDULES).await?;
    schedules.retain(|schedule| !schedule.flag("inactive_flag"));
    let own = |schedule: &&Row| {
        company.is_some_and(|company| related::numbers(schedule, "companies").contains(&company))
    };
    let schedule = schedules.iter().find(own).or_else(|| {
        schedules
            .iter()
            .find(|schedule| schedule.flag("default_flag"))
    });
    let Some(schedule) = schedule else {
        return Ok(None);
    };
    let parent = parent(context, DETAILS)?;
    let details = related::under(context.instance, DETAILS, &parent, schedule.id).await?;
    // The product itself before its subcategory, and that before its category.
    for (of, by) in [
        ("product_id", Some(asked.item.id)),
        ("sub_category_id", asked.item.integer("subcategory_id")),
        ("category_id", asked.item.integer("category_id")),
    ] {
        let fits = |detail: &&Row| by.is_some() && detail.integer(of) == by && valid(detail, asked);
        for detail in details.iter().filter(fits) {
            let parent = self::parent(context, BREAKS)?;
            let breaks = related::under(context.instance, BREAKS, &parent, detail.id).await?;
            let within = |row: &&Row| {
                let from = row.number("quantity_start").unwrap_or_default();
                let to = row
                    .number("quantity_end")
                    .filter(|_| !row.flag("unlimited"));
                asked.quantity >= from && to.is_none_or(|to| asked.quantity <= to)
            };
            if let Some(found) = breaks.iter().find(within) {
                return Ok(broken(found, asked.item));
            }
        }
    }
    Ok(None)
}

fn parent(context: Context<'_>, path: &str) -> Result<String, Problem> {
    let entity = related::entity(context.instance, path)?;
    let parent = entity
        .parents
        .last()
        .map(|parent| parent.column.to_string());
    Ok(parent.unwrap_or_default())
}

fn valid(detail: &Row, asked: &Asked<'_>) -> bool {
    let begun = detail
        .text("start_date")
        .is_none_or(|start| start <= asked.date.as_str());
    let ended = detail
        .text("end_date")
        .is_some_and(|end| end < asked.date.as_str() && !detail.flag("no_end_date"));
    begun && !ended
}

/// What one step of a schedule makes of a product's own price and cost, per unit.
fn broken(step: &Row, item: &Row) -> Option<f64> {
    let amount = step.number("amount")?;
    let price = match step.text("price_method")? {
        "PercentMarkupFromCost" => item.number("cost")? * (1.0 + amount / 100.0),
        "PercentMarkdownFromPrice" => item.number("price")? * (1.0 - amount / 100.0),
        // A flat rate is for the whole range, a price per unit for each: both are what is asked here.
        _ => amount,
    };
    Some((price * 100.0).round() / 100.0)
}

/// Takes the lines of a purchase order out of the batch that went to accounting, or puts them back.
pub async fn batch(
    context: Context<'_>,
    permit: &Permit<'_>,
    id: Option<i64>,
    batched: bool,
) -> Result<Answer, Problem> {
    let id = id.ok_or_else(ApiError::no_endpoint)?;
    saving::existing(context, permit, id).await?;
    let lines = related::permit(context, LINES, Verb::Edit)?;
    let parent = parent(context, LINES)?;
    let of_order = equals(&parent, Kind::Integer, Value::Integer(id));
    let backend = &context.instance.backend;
    let mut changes = Vec::new();
    let mut count = 0;
    for row in backend.rows(&lines, of_order, Vec::new(), None).await? {
        if row.flag("batched_flag") == batched {
            continue;
        }
        count += 1;
        let was = row.id;
        let mut draft = Draft::changing(lines.entity(), row);
        draft.set("batchedFlag", Value::Boolean(batched));
        let left = if batched {
            Value::Null
        } else {
            Value::Integer(was)
        };
        draft.set("unbatchedRecId", left);
        changes.extend(saving::settle(context, &lines, &mut draft).await?);
    }
    if count > 0 {
        saving::finish(context, permit.entity(), changes).await?;
    }
    let how = if batched {
        "in the batch"
    } else {
        "out of the batch"
    };
    let said = json!({
        "success": count > 0,
        "message": if count > 0 {
            format!("{count} lines are {how} now.")
        } else {
            format!("Every line was {how} before.")
        },
    });
    Ok(Answer::json(acting::status(context), &said))
}

#[cfg(test)]
mod tests {
    use super::{Row, Value, broken, day};

    fn row(values: &[(&str, f64)]) -> Row {
        let mut row = Row::new(1);
        for (column, value) in values {
            row.set(column, Value::Number(*value));
        }
        row
    }

    #[test]
    fn a_step_works_on_cost_price_or_alone() {
        let item = row(&[("cost", 80.0), ("price", 120.0)]);
        for (method, price) in [
            ("FlatRateForRange", 25.0),
            ("PricePerUnit", 25.0),
            ("PercentMarkupFromCost", 100.0),
            ("PercentMarkdownFromPrice", 90.0),
        ] {
            let mut step = row(&[("amount", 25.0)]);
            step.set_text("price_method", method);
            assert_eq!(broken(&step, &item), Some(price), "{method}");
        }
    }

    #[test]
    fn a_day_is_the_moment_it_begins() {
        assert_eq!(day("2026-03-02").as_deref(), Some("2026-03-02T00:00:00Z"));
        assert_eq!(
            day("2026-03-02T10:00:00+01:00").as_deref(),
            Some("2026-03-02T09:00:00Z")
        );
        assert_eq!(day("tomorrow"), None);
    }
}
