//! The life of a ConnectWise request: path, key, route, right, permit, backend, answer. Every call goes
//! this way, whatever it asks for.

mod asking;
mod bundles;
pub mod call;
mod parents;
mod veil;

use self::call::{Call, needs};
use crate::http::Body;
use asking::filter;
pub use asking::{ordered, read_filter};
use bitting_catalog::entity::Entity;
use bitting_catalog::route::{Method, Route, RouteKind};
use bitting_dialects::connectwise::error::{ApiError, FieldError};
use bitting_dialects::connectwise::filter_values;
use bitting_dialects::connectwise::link::{self, Position};
use bitting_dialects::connectwise::projection::Projection;
use bitting_policy::Verb;
use bitting_psa::answer::Reply;
use bitting_psa::backend::{Ask, Look, Made};
use bitting_psa::instance::Later;
use bitting_psa::marks::under;
use bitting_psa::permit::{Permit, authorize};
use bitting_psa::problem::Problem;
use bitting_psa::{
    answer::{Answer, Paged},
    context::Context,
};
use bitting_psa::{computed, marks, saving};
use bitting_query::{Comparison, Filter, Kind, Path, Value, and};
use bitting_rules as rules;
use bitting_rules::rulebook::Rulebook;
use parents::pass_parents;
pub use parents::split;
use std::sync::Arc;

/// Answers a path by a verb of its own. A bundle is made of calls, which rules know nothing of; all others are theirs.
async fn action(
    context: Context<'_>,
    permit: &Permit<'_>,
    rule: &str,
    id: Option<i64>,
    body: &[u8],
) -> Result<Option<Answer>, Problem> {
    match rule {
        "bundles" => bundles::answer(context, body, false, within)
            .await
            .map(Some),
        "bundles_count" => bundles::answer(context, body, true, within).await.map(Some),
        _ => rules::action(context, permit, rule, id, body).await,
    }
}

/// Answers a call within a call.
fn within<'a>(call: &'a Call<'a>) -> Later<'a, Reply> {
    answer(call)
}

/// Answers a call on an instance's API.
pub fn answer<'a>(call: &'a Call<'_>) -> Later<'a, Reply> {
    Box::pin(async move {
        let verb =
            rules::verb(call.route, call.method).unwrap_or_else(|| verb(call.route, call.method));
        let needs = needs(call);
        let permit = authorize(
            call.instance.backend.grounds(),
            &call.caller,
            call.entity,
            needs,
            verb,
        )
        .map_err(|denial| denial.by(&call.caller.role.name))?;
        let ids = ids(call).await?;
        let (parents, id) = split(call, &ids);
        pass_parents(call, &permit, parents).await?;
        let context = Context {
            instance: call.instance,
            caller: &call.caller,
            now: call.instance.now(),
            parameters: &call.parameters,
            parents,
            words: &call.words,
            base: &call.base,
            route: call.route,
            method: call.method,
            release: call.release,
            content_type: call
                .received
                .parts
                .headers
                .get(http::header::CONTENT_TYPE)
                .and_then(|value| value.to_str().ok()),
            rules: &Rulebook,
        };
        rules::before_read(call.instance, call.entity).await?;
        let id = id.or_else(|| rules::standing_for(context, call.route));
        let permit = match id.and_then(|id| marks::is_own(call.entity, &call.caller, id)) {
            Some(true) => permit.whole(),
            Some(false) => return Err(unseen(call.entity, id).into()),
            None => permit,
        };
        if call.route.rule.is_some() && call.entity.stored && call.method == Method::Get {
            // A rule may not look at them; a mistake in them is one all the same.
            filter(call, &permit)?;
        }
        if let Some(rule) = &call.route.rule
            && let Some(answer) = Box::pin(action(context, &permit, rule, id, body(call)?)).await?
        {
            let paged = answer.paged;
            let reply = Reply::from_answer(answer);
            return Ok(match paged {
                Some(paged) => {
                    let forward = call.forward_only || call.parameters.page_id.is_some();
                    reply.with_link(link(call, paged, forward, None))
                }
                None => reply,
            });
        }
        match (call.route.kind, call.method) {
            (
                RouteKind::Collection
                | RouteKind::Info
                | RouteKind::UsagesList
                | RouteKind::Usages
                | RouteKind::Item,
                Method::Get,
            ) if id.is_none() => list(call, context, &permit, None).await,
            (RouteKind::Usages | RouteKind::UsagesList, Method::Get) => {
                usages(call, &permit, id).await
            }
            (RouteKind::Count, Method::Get) => count(call, context, &permit).await,
            (RouteKind::Singleton, Method::Get) if id.is_some() => {
                item(call, context, &permit, id, 200).await
            }
            (RouteKind::Item | RouteKind::ItemByName | RouteKind::Info, Method::Get) => {
                item(call, context, &permit, id, 200).await
            }
            (RouteKind::Search, Method::Post) => {
                let wanted = filter_values::read(body(call)?)?;
                list(call, context, &permit, Some(wanted)).await
            }
            (RouteKind::Singleton, Method::Get) if call.route.rule.is_none() => {
                let only = only(context, &permit).await?;
                item(call, context, &permit, Some(only), 200).await
            }
            // A forecast item is posted to a path that names an item, and an invoice grouping to one that
            // counts; each gets an id of its own.
            (
                RouteKind::Collection | RouteKind::Item | RouteKind::Singleton | RouteKind::Count,
                Method::Post,
            ) => {
                let made = Box::pin(saving::create(context, &permit, body(call)?, call.release));
                let made = made.await?;
                let reading = permit.reading();
                let reply =
                    shown(call, context, &reading, call.status(), Known::Made(&made)).await?;
                Ok(match call.route.kind {
                    RouteKind::Collection if reply.status == 201 => {
                        reply.with_location(format!("{}/{}", call.url, made.row.id))
                    }
                    _ => reply,
                })
            }
            (RouteKind::Item | RouteKind::Collection, Method::Put | Method::Patch) => {
                let id = match id {
                    Some(id) => id,
                    None => named(context, &permit, body(call)?).await?,
                };
                let whole = call.method == Method::Put;
                Box::pin(saving::change(
                    context,
                    &permit,
                    id,
                    body(call)?,
                    whole,
                    call.release,
                ))
                .await?;
                let own = marks::is_own(call.entity, &call.caller, id) == Some(true);
                let reading = permit.reading();
                let reading = if own { reading.whole() } else { reading };
                item(call, context, &reading, Some(id), call.status()).await
            }
            (RouteKind::Item, Method::Delete) => {
                let id = id.ok_or_else(ApiError::no_endpoint)?;
                Box::pin(saving::delete(context, &permit, id)).await?;
                Ok(Reply::from_answer(Answer::empty(call.status())))
            }
            (RouteKind::Collection, Method::Delete) => {
                for id in doomed(call, context, &permit).await? {
                    Box::pin(saving::delete(context, &permit, id)).await?;
                }
                Ok(Reply::from_answer(Answer::empty(call.status())))
            }
            (RouteKind::Bulk, _) => crate::bulk::answer(context, &permit, body(call)?).await,
            _ => Err(ApiError::no_endpoint().into()),
        }
    })
}

/// The one record of a path that names none: settings, of which there is one.
async fn only(context: Context<'_>, permit: &Permit<'_>) -> Result<i64, Problem> {
    let backend = &context.instance.backend;
    let under = under(context.instance.backend.grounds(), permit, context.parents);
    let rows = match rules::computed(context, permit).await? {
        Some(rows) => rows,
        None => backend.rows(permit, under, Vec::new(), Some(1)).await?,
    };
    let missing = || ApiError::not_found(&permit.entity().schema, "");
    Ok(rows.first().ok_or_else(missing)?.id)
}

/// The record that a change of a whole list is about: the one its body names, else the only one.
async fn named(context: Context<'_>, permit: &Permit<'_>, body: &[u8]) -> Result<i64, Problem> {
    let body: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    match body.as_ref().and_then(|body| body["id"].as_i64()) {
        Some(id) => Ok(id),
        None => only(context, permit).await,
    }
}

/// The records that a DELETE of a list is about: the one that `id` names; without it, those of a log all
/// together, and of what hangs under a record none, since that `id` may have been forgotten.
async fn doomed(
    call: &Call<'_>,
    context: Context<'_>,
    permit: &Permit<'_>,
) -> Result<Vec<i64>, Problem> {
    if let Some(id) = call.parameters.other("id") {
        let missing = || ApiError::not_found(&call.entity.schema, id);
        return Ok(vec![id.trim().parse().map_err(|_| missing())?]);
    }
    if !call.entity.parents.is_empty() {
        let resource = bitting_dialects::connectwise::names::resource(&call.entity.schema);
        return Err(Problem::field(
            &resource,
            FieldError::missing(&resource, "id"),
        ));
    }
    let filter = and(
        under(context.instance.backend.grounds(), permit, context.parents),
        filter(call, permit)?,
    );
    let backend = &call.instance.backend;
    let rows = backend.rows(permit, filter, Vec::new(), None).await?;
    Ok(rows.iter().map(|row| row.id).collect())
}

fn unseen(entity: &Entity, id: Option<i64>) -> ApiError {
    ApiError::not_found(&entity.schema, &id.unwrap_or_default().to_string())
}

/// Which level a call asks for.
pub fn verb(route: &Route, method: Method) -> Verb {
    match (route.kind, method) {
        (_, Method::Get) | (RouteKind::Search, _) => Verb::Inquire,
        (
            RouteKind::Collection
            | RouteKind::Bulk
            | RouteKind::Singleton
            | RouteKind::Item
            | RouteKind::Count,
            Method::Post,
        ) => Verb::Add,
        (RouteKind::Action, Method::Post) if adds(&route.path) => Verb::Add,
        (_, Method::Delete) => Verb::Delete,
        _ => Verb::Edit,
    }
}

/// Actions that leave a new record behind.
fn adds(path: &str) -> bool {
    let last = path
        .trim_end_matches('/')
        .rsplit('/')
        .find(|segment| !segment.starts_with('{'))
        .unwrap_or_default();
    ["copy", "generate", "invoice"].contains(&last)
        || last.starts_with("convertTo")
        || last.starts_with("createFrom")
}

/// The ids in the path. A word where an id is expected names no record, but for paths that take words.
async fn ids(call: &Call<'_>) -> Result<Vec<i64>, Problem> {
    let mut ids = Vec::with_capacity(call.words.len());
    for (index, word) in call.words.iter().enumerate() {
        let last = index + 1 == call.words.len();
        match word.parse::<i64>() {
            Ok(id) => ids.push(id),
            // Rules read words of their own (a report's name) from the route.
            Err(_) if call.route.rule.is_some() => ids.push(0),
            Err(_) if last && call.route.kind == RouteKind::ItemByName => {
                ids.push(by_name(call, word).await?);
            }
            Err(_) => return Err(ApiError::not_found(schema_of(call, index), word).into()),
        }
    }
    Ok(ids)
}

/// What a placeholder of the path is about: a parent, or the record itself.
fn schema_of<'a>(call: &Call<'a>, index: usize) -> &'a str {
    let own = index + 1 == call.words.len() && call.ends_in_own_id();
    let parent = call.entity.parents.get(index).filter(|_| !own);
    match parent.and_then(|parent| parent.entity) {
        Some(parent) => &call.instance.catalog().entity(parent).schema,
        None => &call.entity.schema,
    }
}

async fn by_name(call: &Call<'_>, word: &str) -> Result<i64, Problem> {
    let missing = || ApiError::not_found(&call.entity.schema, word);
    let field = call
        .entity
        .fields
        .iter()
        .find(|field| *field.name == *"identifier")
        .ok_or_else(missing)?;
    let word = percent_encoding::percent_decode_str(word)
        .decode_utf8_lossy()
        .into_owned();
    let filter = bitting_psa::backend::equals(&field.column, Kind::Text, Value::Text(word));
    let rows = call
        .instance
        .backend
        .raw_rows(call.entity, filter, Vec::new(), Some(1))
        .await?;
    Ok(rows.first().ok_or_else(missing)?.id)
}

fn projection(call: &Call<'_>) -> Option<Arc<Projection>> {
    let fields = call.parameters.fields.as_deref()?;
    call.instance.backend.projection(fields)
}

async fn list(
    call: &Call<'_>,
    context: Context<'_>,
    permit: &Permit<'_>,
    wanted: Option<filter_values::FilterValues>,
) -> Result<Reply, Problem> {
    let parameters = &call.parameters;
    let mut filter = and(
        under(context.instance.backend.grounds(), permit, context.parents),
        filter(call, permit)?,
    );
    filter = and(rules::within(context, permit).await?, filter);
    let mut order_by = parameters.order_by.clone();
    if let Some(wanted) = wanted {
        let mut copy = parameters.clone();
        copy.conditions = wanted.conditions;
        copy.child_conditions = wanted.child_conditions;
        copy.custom_field_conditions = wanted.custom_field_conditions;
        order_by = wanted.order_by.or(order_by);
        filter = and(filter, read_filter(call, permit, &copy)?);
    }
    let forward = call.forward_only || parameters.page_id.is_some();
    let order = match &order_by {
        Some(text) if !forward => ordered(call, permit, text)?,
        _ => Vec::new(),
    };
    if let Some(after) = parameters.page_id.filter(|_| forward) {
        let path = Path {
            through: Vec::new(),
            column: Arc::from("id"),
            kind: Kind::Integer,
        };
        let value = Value::Integer(after);
        filter = and(
            filter,
            Filter::Compare {
                path,
                op: Comparison::Greater,
                value,
            },
        );
    }
    let projection = projection(call);
    let look = Look {
        view: call.route.view,
        projection: projection.as_deref(),
        release: call.release,
        base: &call.base,
        parents: context.parents,
    };
    let size = u64::from(parameters.page_size);
    let offset = if forward { 0 } else { parameters.offset() };
    let ask = Ask {
        filter: filter.clone(),
        order,
        limit: size,
        offset,
        look,
    };
    let worked_out = rules::computed(context, permit).await?;
    let page = match worked_out {
        Some(rows) => computed::list(&call.instance.backend, permit, rows, ask, forward).await?,
        None if call.route.rule.as_deref() == Some("calculate_sla") => {
            let backend = &call.instance.backend;
            let (mut rows, more) = backend.page(permit, &ask).await?;
            rows = rules::tickets::service_level::calculated(context, rows).await?;
            bitting_psa::backend::Page {
                last: rows.last().map(|row| row.id),
                body: backend.write_rows(permit, &rows, ask.look, true).await?,
                more,
                total: None,
            }
        }
        None => call.instance.backend.list(permit, ask).await?,
    };
    let backend = &call.instance.backend;
    // Where counting costs little, the last page is told; some clients read on only then.
    let last = match page.total {
        _ if forward || !page.more => None,
        Some(rows) => Some(rows.div_ceil(size)),
        None if call.entity.stored => {
            let page = parameters.page;
            backend.last_page(permit, filter, page, size).await?
        }
        None => None,
    };
    let paged = Paged {
        more: page.more,
        last: page.last,
    };
    let link = link(call, paged, forward, last);
    Ok(Reply::json(200, page.body).with_link(link))
}

/// The `Link` of a page; `last` is the number of the last one, where it is known.
fn link(call: &Call<'_>, paged: Paged, forward: bool, last: Option<u64>) -> String {
    let position = if forward {
        Position::Forward {
            next: paged.last.filter(|_| paged.more),
        }
    } else {
        Position::Page {
            page: call.parameters.page,
            more: paged.more,
            last,
        }
    };
    link::header(
        &call.url,
        call.received.parts.uri.query().unwrap_or_default(),
        u64::from(call.parameters.page_size),
        &position,
    )
}

async fn count(
    call: &Call<'_>,
    context: Context<'_>,
    permit: &Permit<'_>,
) -> Result<Reply, Problem> {
    let filter = and(
        under(context.instance.backend.grounds(), permit, context.parents),
        filter(call, permit)?,
    );
    let filter = and(rules::within(context, permit).await?, filter);
    let count = match rules::computed(context, permit).await? {
        Some(rows) => computed::count(&call.instance.backend, rows, permit, filter).await?,
        None => call.instance.backend.count(permit, filter).await?,
    };
    Ok(Reply::json(
        200,
        format!("{{\"count\":{count}}}").into_bytes(),
    ))
}

async fn item(
    call: &Call<'_>,
    context: Context<'_>,
    permit: &Permit<'_>,
    id: Option<i64>,
    status: u16,
) -> Result<Reply, Problem> {
    let id = id.ok_or_else(ApiError::no_endpoint)?;
    shown(call, context, permit, status, Known::Id(id)).await
}

/// A record to show: one at rest, or one that the call has just made.
enum Known<'m> {
    Id(i64),
    Made(&'m Made),
}

async fn shown(
    call: &Call<'_>,
    context: Context<'_>,
    permit: &Permit<'_>,
    status: u16,
    known: Known<'_>,
) -> Result<Reply, Problem> {
    let projection = projection(call);
    let look = Look {
        view: call.route.view,
        projection: projection.as_deref(),
        release: call.release,
        base: &call.base,
        parents: context.parents,
    };
    let under = under(context.instance.backend.grounds(), permit, context.parents);
    let backend = &call.instance.backend;
    let id = match known {
        Known::Id(id) => id,
        Known::Made(made) => made.row.id,
    };
    let body = match (rules::computed(context, permit).await?, known) {
        (Some(rows), _) => computed::one(backend, permit, rows, id, under, look).await?,
        (None, Known::Id(id)) => backend.get(permit, id, under, look).await?,
        (None, Known::Made(made)) => backend.get_made(permit, made, under, look).await?,
    };
    let body = body.ok_or_else(|| ApiError::not_found(&call.entity.schema, &id.to_string()))?;
    Ok(Reply::json(status, as_listed(call, body)))
}

/// A record alone in a list, where the catalog says that the path answers one.
fn as_listed(call: &Call<'_>, record: Vec<u8>) -> Vec<u8> {
    if call.operation().is_some_and(|operation| operation.list) {
        [b"[", &*record, b"]"].concat()
    } else {
        record
    }
}

/// Where a setup row is used: one line per kind of record that points to it.
async fn usages(call: &Call<'_>, permit: &Permit<'_>, id: Option<i64>) -> Result<Reply, Problem> {
    let id = id.ok_or_else(ApiError::no_endpoint)?;
    if call.instance.backend.row(permit, id).await?.is_none() {
        return Err(ApiError::not_found(&call.entity.schema, &id.to_string()).into());
    }
    let found =
        bitting_psa::usage::of(&call.instance.backend, &call.caller, call.entity, id).await?;
    Ok(Reply::json(
        200,
        serde_json::to_vec(&found).unwrap_or_default(),
    ))
}

pub fn body<'c>(call: &'c Call<'_>) -> Result<&'c [u8], Problem> {
    match &call.received.body {
        Body::Read(bytes) => Ok(bytes),
        Body::TooLarge => Err(ApiError::too_large(crate::http::BODY_LIMIT).into()),
        Body::Broken => {
            Err(ApiError::bad_request("The body ended before its announced length.").into())
        }
    }
}
