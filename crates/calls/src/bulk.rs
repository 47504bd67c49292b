//! Many records in one call: each is saved for itself, and the answer says of each how it went. Knows no
//! entity by name.

use bitting_catalog::route::Method;
use bitting_dialects::connectwise::error::{ApiError, FieldError};
use bitting_dialects::connectwise::names;
use bitting_psa::answer::Reply;
use bitting_psa::context::Context;
use bitting_psa::permit::Permit;
use bitting_psa::problem::Problem;
use bitting_psa::saving;
use bitting_query::Filter;
use serde_json::{Value, json};

/// Answers POST, PUT and DELETE of a `/bulk` path.
pub async fn answer(
    context: Context<'_>,
    permit: &Permit<'_>,
    body: &[u8],
) -> Result<Reply, Problem> {
    let items: Value = serde_json::from_slice(body)
        .map_err(|error| ApiError::bad_request(format!("The body is not JSON: {error}.")))?;
    // Ids to delete come as a list, or as `{"ids": [...]}`.
    let items = match items {
        Value::Array(items) => items,
        Value::Object(mut members) => match members.remove("ids") {
            Some(Value::Array(items)) => items,
            _ => return Err(ApiError::bad_request("The body must be a JSON array.").into()),
        },
        _ => return Err(ApiError::bad_request("The body must be a JSON array.").into()),
    };
    let mut payload = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let mut result = json!({ "originalIndex": index });
        let said = match one(context, permit, item).await {
            Ok((status, data)) => {
                if !data.is_null() {
                    result["data"] = data;
                }
                (true, status)
            }
            Err(problem) => {
                let reply = Reply::problem(&problem);
                result["error"] = serde_json::from_slice(&reply.body).unwrap_or_default();
                (false, reply.status)
            }
        };
        (result["success"], result["statusCode"]) = (json!(said.0), json!(said.1));
        payload.push(result);
    }
    let body = json!({ "payload": payload, "_info": {} });
    Ok(Reply::json(
        207,
        serde_json::to_vec(&body).unwrap_or_default(),
    ))
}

/// One record of the list: its status and what it looks like now.
async fn one(
    context: Context<'_>,
    permit: &Permit<'_>,
    item: &Value,
) -> Result<(u16, Value), Problem> {
    let bytes = item.to_string().into_bytes();
    let (status, id) = match context.method {
        Method::Post => (
            201,
            saving::create(context, permit, &bytes, context.release)
                .await?
                .row
                .id,
        ),
        Method::Delete => {
            saving::delete(context, permit, id(permit, item)?).await?;
            return Ok((204, Value::Null));
        }
        _ => {
            let id = id(permit, item)?;
            saving::change(context, permit, id, &bytes, true, context.release).await?;
            (200, id)
        }
    };
    let look = context.look();
    let backend = &context.instance.backend;
    let body = backend
        .get(&permit.reading(), id, Filter::Constant(true), look)
        .await?;
    let data = body.and_then(|body| serde_json::from_slice(&body).ok());
    Ok((status, data.unwrap_or(json!({ "id": id }))))
}

fn id(permit: &Permit<'_>, item: &Value) -> Result<i64, Problem> {
    let id = item.as_i64().or_else(|| item["id"].as_i64());
    let resource = names::resource(&permit.entity().schema);
    id.ok_or_else(|| Problem::field(&resource, FieldError::missing(&resource, "id")))
}
