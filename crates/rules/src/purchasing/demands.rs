//! What has to be bought: products of a vendor become the lines of a purchase order, a new one or one that is
//! there, in one write.

use super::{LINES, parent};
use crate::acting;
use crate::related::{self, id};
use bitting_dialects::connectwise::error::FieldError;
use bitting_dialects::connectwise::layout::SCOPE;
use bitting_policy::Verb;
use bitting_psa::draft::Draft;
use bitting_psa::permit::Permit;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_psa::saving;
use bitting_psa::{answer::Answer, context::Context};
use bitting_query::Value;
use bitting_store::table::Change;
use serde_json::{Map, Value as Json, json};

const ORDERS: &str = "procurement/purchaseorders";
const PRODUCTS: &str = "procurement/products";
const CATALOG: &str = "procurement/catalog";
const RESOURCE: &str = "purchasingDemand";

fn invalid(name: &str, message: String) -> Problem {
    Problem::field(RESOURCE, FieldError::invalid(RESOURCE, name, message))
}

/// Answers the demand with the purchase order that it became.
pub async fn answer(context: Context<'_>, body: &[u8]) -> Result<Answer, Problem> {
    let members = related::object(body, "PurchasingDemand")?;
    let wanted = wanted(&members)?;
    let said = match related::member(&members, "purchaseOrder") {
        None => Map::new(),
        Some(Json::Object(said)) => said.clone(),
        Some(_) => {
            return Err(invalid(
                "purchaseOrder",
                "purchaseOrder is an object.".to_owned(),
            ));
        }
    };
    let lines = related::permit(context, LINES, Verb::Add)?;
    let (orders, order, mut changes) = ordered(context, &members, said).await?;
    let of = match related::one(context.instance, ORDERS, order).await? {
        Some(row) => row,
        None => acting::to_be(&changes, orders.entity(), order),
    };
    let parent = parent(context, LINES)?;
    let there = related::under(context.instance, LINES, &parent, order).await?;
    let last = there
        .iter()
        .filter_map(|line| line.integer("line_number"))
        .max();
    for (number, product) in (last.unwrap_or_default() + 1..).zip(&wanted) {
        let mut draft = line(context, product, number, lines.entity()).await?;
        draft.row.set(&parent, Value::Integer(order));
        draft.set("purchaseOrderNumber", of.get("po_number").clone());
        let node = of.integer(SCOPE);
        changes.extend(saving::laid_down(context, &lines, &mut draft, node).await?);
    }
    saving::finish(context, orders.entity(), changes).await?;
    let mut answer = acting::shown(context, &orders.reading(), order).await?;
    let order: Json = serde_json::from_slice(&answer.body).unwrap_or_default();
    let mut shown = Map::new();
    for name in ["warehouse", "vendor"] {
        if let Some(id) = related::member(&members, name).and_then(|said| said.get("id")) {
            shown.insert(name.to_owned(), json!({ "id": id }));
        }
    }
    let products: Vec<Json> = wanted
        .iter()
        .map(|product| json!({ "productRecId": product.id, "quantity": product.quantity }))
        .collect();
    shown.insert("products".to_owned(), json!(products));
    shown.insert("purchaseOrder".to_owned(), order);
    answer.body = serde_json::to_vec(&shown).unwrap_or_default();
    Ok(answer)
}

/// One product that is to be bought.
struct Wanted {
    id: i64,
    quantity: i64,
    cost: Option<f64>,
}

fn wanted(members: &Map<String, Json>) -> Result<Vec<Wanted>, Problem> {
    let products = related::member(members, "products").and_then(|said| said.as_array());
    let products = products.filter(|products| !products.is_empty());
    let missing = || Problem::field(RESOURCE, FieldError::missing(RESOURCE, "products"));
    let mut wanted = Vec::new();
    for product in products.ok_or_else(missing)? {
        let id = product.get("productRecId").and_then(related::number);
        let quantity = product.get("quantity").map_or(Some(1), related::number);
        match (id, quantity.filter(|quantity| *quantity > 0)) {
            (Some(id), Some(quantity)) => wanted.push(Wanted {
                id,
                quantity,
                cost: product.get("cost").and_then(Json::as_f64),
            }),
            _ => {
                let message =
                    "Each of products needs a productRecId, and a quantity above 0.".to_owned();
                return Err(invalid("products", message));
            }
        }
    }
    Ok(wanted)
}

/// The purchase order: the one that the body names by its id, else a new one for the vendor.
async fn ordered<'a>(
    context: Context<'a>,
    members: &Map<String, Json>,
    mut said: Map<String, Json>,
) -> Result<(Permit<'a>, i64, Vec<Change>), Problem> {
    if let Some(named) = related::member(&said, "id") {
        let message = || invalid("purchaseOrder/id", "purchaseOrder/id is no id.".to_owned());
        let named = related::number(named).ok_or_else(message)?;
        let permit = related::permit(context, ORDERS, Verb::Edit)?;
        saving::existing(context, &permit, named).await?;
        return Ok((permit, named, Vec::new()));
    }
    for (name, to) in [("vendor", "vendorCompany"), ("warehouse", "warehouse")] {
        if let Some(reference) = related::member(members, name)
            && related::member(&said, to).is_none()
        {
            said.insert(to.to_owned(), reference.clone());
        }
    }
    let permit = related::permit(context, ORDERS, Verb::Add)?;
    let bytes = Json::Object(said).to_string();
    let (id, changes) =
        saving::composed(context, &permit, bytes.as_bytes(), context.release).await?;
    Ok((permit, id, changes))
}

/// The line of a product: what its product and that one's catalog item say.
async fn line<'a>(
    context: Context<'a>,
    wanted: &Wanted,
    number: i64,
    entity: &'a bitting_catalog::entity::Entity,
) -> Result<Draft<'a>, Problem> {
    let products = related::permit(context, PRODUCTS, Verb::Inquire)?;
    let found = context.instance.backend.row(&products, wanted.id).await?;
    let product = found.ok_or_else(|| {
        let message = format!("ProductItem {} not found", wanted.id);
        let error = FieldError::not_found(RESOURCE, "products/productRecId", message);
        Problem::field(RESOURCE, error)
    })?;
    let item = match product.integer("catalog_item_id") {
        Some(item) => related::one(context.instance, CATALOG, item).await?,
        None => None,
    };
    let item = item.unwrap_or_default();
    let unit = [&product, &item]
        .into_iter()
        .find_map(|row| row.integer("unit_of_measure_id"));
    if unit.is_none() {
        let message = format!("The product {} has no unit of measure.", wanted.id);
        return Err(invalid("products/productRecId", message));
    }
    let text = [&product, &item]
        .into_iter()
        .find_map(|row| row.text("description"));
    let cost = wanted
        .cost
        .or(product.number("cost"))
        .or(item.number("cost"));
    let mut draft = Draft::new(
        entity,
        Row::new(related::next_id(context.instance, LINES).await?),
    );
    for (name, value) in [
        ("lineNumber", Value::Integer(number)),
        ("description", related::text(text.unwrap_or("Product"))),
        ("product", id(product.integer("catalog_item_id"))),
        ("quantity", Value::Number(wanted.quantity as f64)),
        ("unitOfMeasure", id(unit)),
        ("unitCost", cost.map_or(Value::Null, Value::Number)),
        ("vendorSku", product.get("vendor_sku").clone()),
        ("warehouse", product.get("warehouse_id").clone()),
    ] {
        draft.set(name, value);
    }
    saving::fill_defaults(&mut draft);
    Ok(draft)
}
