//! Several reads in one call. Each goes the whole way of a call of its own, with a permit of its own: a
//! bundle opens nothing that its parts do not.

use crate::http::{Body, Received};
use crate::pipeline::call::Call;
use bitting_catalog::entity::{Entity, Release};
use bitting_catalog::route::{Method, Route, RouteKind};
use bitting_dialects::connectwise::error::ApiError;
use bitting_dialects::connectwise::parameters::Parameters;
use bitting_psa::answer::Reply;
use bitting_psa::instance::Later;
use bitting_psa::problem::Problem;
use bitting_psa::{answer::Answer, context::Context};
use bitting_rules::related;
use serde_json::{Map, Value, json};
use std::net::SocketAddr;
use std::sync::Arc;

/// Reads in one bundle.
const MOST: usize = 100;

/// How a call is answered, within the one that bundles it.
pub(super) type Within = for<'a> fn(&'a Call<'a>) -> Later<'a, Reply>;

/// Answers `/system/bundles`, and with `count` how many records each read would find.
pub async fn answer(
    context: Context<'_>,
    body: &[u8],
    count: bool,
    within: Within,
) -> Result<Answer, Problem> {
    let members = related::object(body, "BundleRequestsCollection")?;
    let requests = related::member(&members, "requests").and_then(Value::as_array);
    let requests = requests.ok_or_else(|| {
        ApiError::bad_request(
            "The body must have requests, a list of {sequenceNumber, resourceType, apiRequest}.",
        )
    })?;
    if requests.len() > MOST {
        let message = format!(
            "A bundle holds at most {MOST} requests, not {}.",
            requests.len()
        );
        return Err(ApiError::bad_request(message).into());
    }
    let mut results = Vec::with_capacity(requests.len());
    for request in requests {
        results.push(one(context, request, count, within).await);
    }
    Ok(Answer::json(200, &json!({ "results": results })))
}

/// How one read went. A part that fails says so, and leaves the others alone.
async fn one(context: Context<'_>, request: &Value, count: bool, within: Within) -> Value {
    let empty = Map::new();
    let members = request.as_object().unwrap_or(&empty);
    let mut result = Map::new();
    for name in ["sequenceNumber", "resourceType", "version"] {
        if let Some(value) = related::member(members, name) {
            result.insert(name.to_owned(), value.clone());
        }
    }
    let (status, body) = match read(context, members, count, within).await {
        Ok(reply) => (reply.status, reply.body),
        Err(problem) => {
            let reply = Reply::problem(&problem);
            (reply.status, reply.body)
        }
    };
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let success = status < 400;
    result.insert("success".to_owned(), json!(success));
    result.insert("statusCode".to_owned(), json!(status));
    if !success {
        result.insert("error".to_owned(), body);
    } else if count {
        result.insert("count".to_owned(), body["count"].clone());
    } else {
        let entities = match body {
            Value::Array(rows) => rows,
            row => vec![row],
        };
        result.insert("count".to_owned(), json!(entities.len()));
        result.insert("entities".to_owned(), Value::Array(entities));
    }
    Value::Object(result)
}

async fn read(
    context: Context<'_>,
    members: &Map<String, Value>,
    count: bool,
    within: Within,
) -> Result<Reply, Problem> {
    let empty = Map::new();
    let asked = related::member(members, "apiRequest")
        .and_then(Value::as_object)
        .unwrap_or(&empty);
    let number = |name: &str| {
        related::member(asked, name)
            .and_then(related::number)
            .filter(|id| *id != 0)
    };
    let above: Vec<i64> = ["grandParentId", "parentId"]
        .into_iter()
        .filter_map(number)
        .collect();
    let id = number("id").filter(|_| !count);
    let kind = match (id, count) {
        (Some(_), _) => RouteKind::Item,
        (None, true) => RouteKind::Count,
        (None, false) => RouteKind::Collection,
    };
    let resource = related::member(members, "resourceType")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let (route, entity) = found(
        context,
        resource,
        kind,
        above.len() + usize::from(id.is_some()),
    )?;
    let words: Vec<String> = above.iter().chain(&id).map(ToString::to_string).collect();
    let release = related::member(members, "version")
        .and_then(Value::as_str)
        .and_then(release)
        .unwrap_or(context.release);
    let request = http::Request::new(());
    let received = Received {
        parts: request.into_parts().0,
        body: Body::Read(bytes::Bytes::new()),
        secure: true,
        peer: SocketAddr::from(([127, 0, 0, 1], 0)),
    };
    let call = Call {
        instance: context.instance,
        caller: Arc::new(context.caller.clone()),
        route,
        entity,
        method: Method::Get,
        words: words.iter().map(String::as_str).collect(),
        parameters: parameters(asked)?,
        release,
        forward_only: false,
        base: context.base.to_owned(),
        url: format!("{}{}", context.base, entity.path),
        received: &received,
    };
    within(&call).await
}

/// The path of a kind of record with this many ids in it. A kind goes by its schema's name or its path.
fn found<'a>(
    context: Context<'a>,
    resource: &str,
    kind: RouteKind,
    ids: usize,
) -> Result<(&'a Route, &'a Entity), Problem> {
    let catalog = context.instance.catalog();
    let resource = resource.trim().trim_matches('/');
    let fits = |route: &&Route| {
        route.kind == kind
            && route.params.len() == ids
            && route.view.is_none()
            && route
                .methods
                .iter()
                .any(|operation| operation.method == Method::Get)
    };
    let named = |entity: &Entity| {
        entity.schema.eq_ignore_ascii_case(resource) || entity.path.eq_ignore_ascii_case(resource)
    };
    let route = catalog
        .routes
        .iter()
        .filter(fits)
        .find(|route| named(catalog.entity(route.entity)));
    let missing = || {
        ApiError::bad_request(format!(
            "There is no {resource} with {ids} ids in its path; name a record's schema or its path, \
             and give id, parentId and grandParentId as it needs them."
        ))
    };
    let route = route.ok_or_else(missing)?;
    Ok((route, catalog.entity(route.entity)))
}

/// `filters`, `page` and `fields` as the parameters of a list.
fn parameters(asked: &Map<String, Value>) -> Result<Parameters, Problem> {
    let mut pairs = Vec::new();
    let mut take = |members: &Map<String, Value>, name: &str| {
        let text = match related::member(members, name) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => return,
        };
        let text = percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC);
        pairs.push(format!("{name}={text}"));
    };
    take(asked, "fields");
    if let Some(filters) = related::member(asked, "filters").and_then(Value::as_object) {
        for name in [
            "conditions",
            "childConditions",
            "customFieldConditions",
            "orderBy",
        ] {
            take(filters, name);
        }
    }
    if let Some(page) = related::member(asked, "page").and_then(Value::as_object) {
        for name in ["page", "pageSize", "pageId"] {
            take(page, name);
        }
    }
    if let Some(others) = related::member(asked, "miscProperties").and_then(Value::as_object) {
        for name in others.keys() {
            take(others, name);
        }
    }
    Ok(Parameters::read(&pairs.join("&"))?)
}

/// `2025.1`
fn release(text: &str) -> Option<Release> {
    let (year, number) = text.trim().split_once('.')?;
    Some(Release {
        year: year.parse().ok()?,
        number: number.parse().ok()?,
    })
}
