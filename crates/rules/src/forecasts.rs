//! The forecast of an opportunity: one record worked out from its items, in the shape that newer clients
//! read, and items that are posted one by one or, as older clients do, straight to the forecast. Each call
//! has been authorized for itself; this file only narrows by the fields that its permit hides.

use super::agreements::cents;
use super::{opportunities, set_up};
use bitting_catalog::entity::Entity;
use bitting_catalog::route::Method;
use bitting_dialects::connectwise::error::ApiError;
use bitting_dialects::connectwise::projection::Projection;
use bitting_policy::Verb;
use bitting_psa::backend::{Ask, Look, equals};
use bitting_psa::draft::Draft;
use bitting_psa::permit::Permit;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_psa::saving;
use bitting_psa::{answer::Answer, context::Context};
use bitting_query::{Filter, Kind, Value};
use serde_json::{Map, Value as Json, json};

/// Items on one page of the answer; a forecast has no more.
const ITEMS: u64 = 10_000;

/// Sums of a forecast by the type of its items.
const BY_TYPE: [(&str, &str); 5] = [
    ("productRevenue", "Product"),
    ("serviceRevenue", "Service"),
    ("agreementRevenue", "Agreement"),
    ("otherRevenue1", "Other1"),
    ("otherRevenue2", "Other2"),
];

/// Answers what is asked of the forecast as a whole.
pub async fn answer(
    context: Context<'_>,
    permit: &Permit<'_>,
    body: &[u8],
) -> Result<Answer, Problem> {
    match context.method {
        Method::Get => Ok(Answer::json(200, &json!([whole(context, permit).await?]))),
        Method::Post => post(context, permit, body).await,
        Method::Put => {
            let items = items_of(&read(body)?)?.unwrap_or_default();
            put(context, permit, &items).await
        }
        Method::Patch => match patched(&read(body)?)? {
            Some(items) => put(context, permit, &items).await,
            None => Ok(Answer::json(200, &whole(context, &permit.reading()).await?)),
        },
        Method::Delete => {
            swap(context, permit, &[]).await?;
            Ok(Answer::empty(204))
        }
    }
}

/// Copies one item within its forecast.
pub async fn copy(
    context: Context<'_>,
    permit: &Permit<'_>,
    id: Option<i64>,
) -> Result<Answer, Problem> {
    opportunities::parent_open_to(context, Verb::Edit).await?;
    let entity = permit.entity();
    let id = id.ok_or_else(ApiError::no_endpoint)?;
    let missing = || ApiError::not_found(&entity.schema, &id.to_string());
    let look = look(context, None);
    let record = context
        .instance
        .backend
        .get(&permit.reading(), id, under(context, entity), look)
        .await?
        .ok_or_else(missing)?;
    let mut record: Map<String, Json> = serde_json::from_slice(&record).map_err(|_| missing())?;
    for name in ["id", "_info", "sequenceNumber"] {
        record.remove(name);
    }
    let body = Json::Object(record).to_string();
    saving::create(context, permit, body.as_bytes(), context.release).await?;
    Ok(Answer::json(200, &json!({ "success": true })))
}

/// Fills in an item: its status is that of the opportunity in the path.
pub async fn save_item(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    opportunities::parent_open_to(context, Verb::Edit).await?;
    if draft.is_new() {
        draft.default("quantity", Value::Number(1.0));
        if !draft.gave("includeFlag") {
            draft.set("includeFlag", Value::Boolean(true));
        }
        if let Some((row, opportunity)) =
            set_up::referred(context.instance, draft, "opportunity").await?
        {
            let status = opportunity.value(context.instance, &row, "status").clone();
            draft.default("status", status);
        }
        if draft.is_null("sequenceNumber") {
            let filter = under(context, draft.entity);
            let others = context
                .instance
                .backend
                .raw_count(draft.entity, &filter)
                .await?;
            draft.set("sequenceNumber", Value::Number(others as f64 + 1.0));
        }
    }
    let (revenue, cost) = (number(draft, "revenue"), number(draft, "cost"));
    draft.set("margin", Value::Number(cents(revenue - cost)));
    let share = if revenue == 0.0 {
        0
    } else {
        ((revenue - cost) / revenue * 100.0).round() as i64
    };
    if !draft.gave("percentage") {
        draft.set("percentage", Value::Integer(share));
    }
    Ok(())
}

/// The right to what hangs under a closed opportunity, before an item goes.
pub async fn remove_item(context: Context<'_>) -> Result<(), Problem> {
    opportunities::parent_open_to(context, Verb::Edit).await
}

/// A forecast with its items, or one item as older clients write it.
async fn post(context: Context<'_>, permit: &Permit<'_>, body: &[u8]) -> Result<Answer, Problem> {
    let body = read(body)?;
    if let Some(items) = items_of(&body)? {
        opportunities::parent_open_to(context, Verb::Edit).await?;
        create(context, permit, &[], &items).await?;
        let forecast = whole(context, &permit.reading()).await?;
        return Ok(Answer::json(201, &forecast));
    }
    let ids = create(context, permit, &[], &[modern(body)]).await?;
    let entity = permit.entity();
    let id = ids.first().copied().unwrap_or_default();
    let record = context
        .instance
        .backend
        .get(
            &permit.reading(),
            id,
            under(context, entity),
            look(context, None),
        )
        .await?
        .ok_or_else(|| ApiError::not_found(&entity.schema, &id.to_string()))?;
    Ok(Answer {
        status: 201,
        body: record,
        ..Answer::default()
    })
}

async fn put(context: Context<'_>, permit: &Permit<'_>, items: &[Json]) -> Result<Answer, Problem> {
    swap(context, permit, items).await?;
    let forecast = whole(context, &permit.reading()).await?;
    Ok(Answer::json(200, &forecast))
}

/// Puts these items in place of those there are.
async fn swap(context: Context<'_>, permit: &Permit<'_>, items: &[Json]) -> Result<(), Problem> {
    opportunities::parent_open_to(context, Verb::Edit).await?;
    let filter = under(context, permit.entity());
    let rows = context
        .instance
        .backend
        .rows(permit, filter, Vec::new(), None)
        .await?;
    let gone: Vec<i64> = rows.iter().map(|row| row.id).collect();
    create(context, permit, &gone, items).await?;
    Ok(())
}

async fn create(
    context: Context<'_>,
    permit: &Permit<'_>,
    gone: &[i64],
    items: &[Json],
) -> Result<Vec<i64>, Problem> {
    let texts: Vec<String> = items.iter().map(Json::to_string).collect();
    let bodies: Vec<&[u8]> = texts.iter().map(String::as_bytes).collect();
    saving::replace(context, permit, gone, &bodies, context.release).await
}

/// The forecast as one record.
async fn whole(context: Context<'_>, permit: &Permit<'_>) -> Result<Json, Problem> {
    let entity = permit.entity();
    let backend = &context.instance.backend;
    let filter = under(context, entity);
    let ask = Ask {
        filter: filter.clone(),
        order: Vec::new(),
        limit: ITEMS,
        offset: 0,
        look: look(context, None),
    };
    let page = backend.list(permit, ask).await?;
    let items: Json = serde_json::from_slice(&page.body).unwrap_or(Json::Array(Vec::new()));
    let rows = backend.rows(permit, filter, Vec::new(), None).await?;
    let id = context.parents.last().copied().unwrap_or_default();
    let mut forecast = json!({ "id": id, "forecastItems": items });
    let sums = Sums::of(permit, id);
    let value = |row: &Row, name: &str| match set_up::value(entity, row, name) {
        Value::Text(text) => text.clone(),
        _ => String::new(),
    };
    let included: Vec<&Row> = rows
        .iter()
        .filter(|row| *set_up::value(entity, row, "includeFlag") == Value::Boolean(true))
        .collect();
    for (name, kind) in BY_TYPE {
        let of_kind = included
            .iter()
            .copied()
            .filter(|row| value(row, "forecastType") == kind);
        forecast[name] = sums.sum(entity, of_kind);
    }
    for name in ["timeRevenue", "expenseRevenue"] {
        forecast[name] = sums.sum(entity, std::iter::empty());
    }
    forecast["forecastRevenueTotals"] = sums.sum(entity, included.iter().copied());
    forecast["inclusiveRevenueTotals"] = sums.sum(entity, rows.iter());
    let (won, lost) = outcomes(context).await?;
    let status = |row: &Row| match set_up::value(entity, row, "status") {
        Value::Integer(status) => *status,
        _ => 0,
    };
    let pick = |keep: &dyn Fn(i64) -> bool| {
        let kept = included.iter().copied().filter(|row| keep(status(row)));
        sums.sum(entity, kept.collect::<Vec<_>>().into_iter())
    };
    forecast["wonRevenue"] = pick(&|id| won.contains(&id));
    forecast["lostRevenue"] = pick(&|id| lost.contains(&id));
    forecast["openRevenue"] = pick(&|id| !won.contains(&id) && !lost.contains(&id));
    if !sums.hides_revenue {
        let total = |name: &str| -> f64 {
            included
                .iter()
                .filter_map(|row| amount(entity, row, name))
                .sum()
        };
        forecast["recurringTotal"] = bitting_psa::number::shown(cents(total("recurringRevenue")));
        forecast["salesTaxRevenue"] = json!(0);
        forecast["forecastTotalWithTaxes"] = bitting_psa::number::shown(cents(total("revenue")));
    }
    forecast["expectedProbability"] = json!(probability(context, id).await?);
    Ok(projected(context, forecast))
}

/// Statuses that are won, and those that are lost.
async fn outcomes(context: Context<'_>) -> Result<(Vec<i64>, Vec<i64>), Problem> {
    let catalog = context.instance.catalog();
    let Some(entity) = catalog.entity_at("sales/opportunities/statuses") else {
        return Ok((Vec::new(), Vec::new()));
    };
    let rows = context
        .instance
        .backend
        .raw_rows(entity, Filter::Constant(true), Vec::new(), None)
        .await?;
    let with = |name: &str| {
        rows.iter()
            .filter(|row| *set_up::value(entity, row, name) == Value::Boolean(true))
            .map(|row| row.id)
            .collect()
    };
    Ok((with("wonFlag"), with("lostFlag")))
}

/// The percentage that the opportunity's probability stands for.
async fn probability(context: Context<'_>, id: i64) -> Result<i64, Problem> {
    let (catalog, backend) = (context.instance.catalog(), &context.instance.backend);
    let (Some(opportunities), Some(probabilities)) = (
        catalog.entity_at("sales/opportunities"),
        catalog.entity_at("sales/probabilities"),
    ) else {
        return Ok(0);
    };
    let Some(row) = backend.raw_row(opportunities, id).await? else {
        return Ok(0);
    };
    let Value::Integer(probability) = set_up::value(opportunities, &row, "probability") else {
        return Ok(0);
    };
    let row = backend.raw_row(probabilities, *probability).await?;
    Ok(row.map_or(0, |row| {
        match set_up::value(probabilities, &row, "probability") {
            Value::Integer(percent) => *percent,
            _ => 0,
        }
    }))
}

/// Adds up what the permit shows.
struct Sums {
    opportunity: i64,
    hides_revenue: bool,
    hides_cost: bool,
}

impl Sums {
    fn of(permit: &Permit<'_>, opportunity: i64) -> Self {
        let hides = |name: &str| {
            let fields = &permit.entity().fields;
            let index = fields.iter().position(|field| *field.name == *name);
            index.is_none_or(|index| permit.hides(index))
        };
        Self {
            opportunity,
            hides_revenue: hides("revenue"),
            hides_cost: hides("cost"),
        }
    }

    fn sum<'r>(&self, entity: &Entity, rows: impl Iterator<Item = &'r Row>) -> Json {
        let (mut revenue, mut cost) = (0.0, 0.0);
        for row in rows {
            revenue += amount(entity, row, "revenue").unwrap_or(0.0);
            cost += amount(entity, row, "cost").unwrap_or(0.0);
        }
        let mut sums = json!({ "id": self.opportunity });
        if !self.hides_revenue {
            sums["revenue"] = bitting_psa::number::shown(cents(revenue));
        }
        if !self.hides_cost {
            sums["cost"] = bitting_psa::number::shown(cents(cost));
        }
        // A margin beside either of them would tell the other.
        if !self.hides_revenue && !self.hides_cost {
            let margin = revenue - cost;
            let share = if revenue == 0.0 {
                0.0
            } else {
                cents(margin / revenue * 100.0)
            };
            sums["margin"] = bitting_psa::number::shown(cents(margin));
            sums["percentage"] = bitting_psa::number::shown(share);
        }
        sums
    }
}

fn amount(entity: &Entity, row: &Row, name: &str) -> Option<f64> {
    row.number(&entity.any_field(name)?.column)
}

fn number(draft: &Draft<'_>, name: &str) -> f64 {
    let column = draft.column(name);
    column
        .and_then(|column| draft.row.number(column))
        .unwrap_or(0.0)
}

fn under(context: Context<'_>, entity: &Entity) -> Filter {
    let parent = entity.parents.last();
    let id = context.parents.last();
    match (parent, id) {
        (Some(parent), Some(id)) => equals(&parent.column, Kind::Integer, Value::Integer(*id)),
        _ => Filter::Constant(false),
    }
}

fn look<'a>(context: Context<'a>, projection: Option<&'a Projection>) -> Look<'a> {
    Look {
        view: None,
        projection,
        release: context.release,
        base: context.base,
        parents: context.parents,
    }
}

/// Only the members that `fields` names.
fn projected(context: Context<'_>, forecast: Json) -> Json {
    let wanted = context.parameters.fields.as_deref();
    match (wanted.and_then(Projection::read), forecast) {
        (Some(wanted), Json::Object(mut members)) => {
            members.retain(|name, _| wanted.includes_name(name));
            Json::Object(members)
        }
        (_, forecast) => forecast,
    }
}

fn read(body: &[u8]) -> Result<Json, Problem> {
    serde_json::from_slice(body)
        .map_err(|error| ApiError::bad_request(format!("The body is no JSON: {error}.")).into())
}

/// The items in a forecast; `None` when the body is no forecast but a single item.
fn items_of(body: &Json) -> Result<Option<Vec<Json>>, Problem> {
    let Json::Object(members) = body else {
        let message = "A forecast is a JSON object with forecastItems.";
        return Err(ApiError::bad_request(message).into());
    };
    let found = members
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("forecastItems"));
    match found {
        None => Ok(None),
        Some((_, Json::Array(items))) => Ok(Some(items.iter().cloned().map(modern).collect())),
        Some((_, Json::Null)) => Ok(Some(Vec::new())),
        Some(_) => Err(ApiError::bad_request("forecastItems is an array of items.").into()),
    }
}

/// The items that a patch puts in place; `None` when it is about something else.
fn patched(body: &Json) -> Result<Option<Vec<Json>>, Problem> {
    let Json::Array(operations) = body else {
        let message = "A patch is a JSON array of {op, path, value}.";
        return Err(ApiError::bad_request(message).into());
    };
    for operation in operations {
        let path = operation["path"].as_str().unwrap_or_default();
        if path
            .trim_start_matches('/')
            .eq_ignore_ascii_case("forecastItems")
        {
            return items_of(&json!({ "forecastItems": operation["value"] }));
        }
    }
    Ok(None)
}

/// An item with the names that clients of 2019 give its members put right, and without its old id.
fn modern(item: Json) -> Json {
    const RENAMED: [(&str, &str); 3] = [
        ("name", "forecastDescription"),
        ("type", "forecastType"),
        ("includedFlag", "includeFlag"),
    ];
    let Json::Object(members) = item else {
        return item;
    };
    let mut renamed = Map::new();
    for (name, value) in members {
        if name == "id" || name == "_info" {
            continue;
        }
        let known = RENAMED
            .into_iter()
            .find(|(old, _)| name.eq_ignore_ascii_case(old));
        let value = match (known, value) {
            // The older shape refers to the type by name.
            (Some(("type", _)), Json::Object(reference)) => {
                reference.get("name").cloned().unwrap_or(Json::Null)
            }
            (_, value) => value,
        };
        renamed.insert(known.map_or(name, |(_, new)| new.to_owned()), value);
    }
    Json::Object(renamed)
}
