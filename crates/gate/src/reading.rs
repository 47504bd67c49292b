//! Reading through the gate: lists, counts and single records. The caller's conditions are read, checked and
//! printed anew beside the fence; what comes back is proven row by row.

use super::fence::Fence;
use super::show::Show;
use super::upstream::{Answer, Ask, gateway};
use super::{AT_ONCE, Passage, Stop, proof};
use bitting_calls::http::Body;
use bitting_calls::pipeline;
use bitting_catalog::route::RouteKind;
use bitting_dialects::connectwise::conditions::print;
use bitting_dialects::connectwise::error::ApiError;
use bitting_dialects::connectwise::filter_values;
use bitting_dialects::connectwise::link::{self, Position};
use bitting_dialects::connectwise::parameters::Parameters;
use bitting_dialects::connectwise::projection::Projection;
use bitting_psa::answer::Reply;
use bitting_psa::permit::Permit;
use serde_json::{Value as Json, json};

impl Passage<'_> {
    /// Answers a list, a count or one record.
    pub(super) async fn read(
        self,
        permit: &Permit<'_>,
        id: Option<i64>,
        proven: bool,
    ) -> Result<Reply, Stop> {
        let call = self.call;
        let fence = self.fence(permit, proven).await?;
        let mut parameters = call.parameters.clone();
        let searches = call.route.kind == RouteKind::Search;
        if searches {
            let wanted = filter_values::read(pipeline::body(call)?)?;
            parameters.order_by = wanted.order_by.or(parameters.order_by);
            let both =
                |own: &Option<String>, body: &Option<String>| both(own.as_deref(), body.as_deref());
            parameters.conditions = both(&parameters.conditions, &wanted.conditions)?;
            parameters.child_conditions =
                both(&parameters.child_conditions, &wanted.child_conditions)?;
            parameters.custom_field_conditions = both(
                &parameters.custom_field_conditions,
                &wanted.custom_field_conditions,
            )?;
        }
        // Names that the caller may not look at are refused here, as in front of a database of our own.
        pipeline::read_filter(call, permit, &parameters)?;
        if let Some(text) = &parameters.order_by {
            pipeline::ordered(call, permit, text)?;
        }
        if call.route.kind == RouteKind::Count {
            return self.count(permit, &fence, &parameters).await;
        }
        let projection = parameters.fields.as_deref().and_then(Projection::read);
        let added = match (&projection, call.route.view) {
            (Some(_), None) if !fence.is_open() => proof::fields(&fence.paths()),
            _ => Vec::new(),
        };
        let mut fields = parameters.fields.clone();
        if let Some(fields) = &mut fields {
            for field in &added {
                fields.push(',');
                fields.push_str(field);
            }
        }
        let path = self.path();
        let mut ask = Ask::get(&path, call.release).with("fields", fields);
        if id.is_none() {
            ask = self.listing(ask, permit, &fence, &parameters, searches)?;
        }
        let answer = self.sent(ask).await?;
        let position = position(&answer, &parameters, call.forward_only);
        let (mut rows, alone) = match answer.json()? {
            Json::Array(rows) => (rows, false),
            Json::Object(record) => (vec![Json::Object(record)], true),
            _ => return Err(gateway("The PSA behind this gate answered no record.").into()),
        };
        let missing =
            || ApiError::not_found(&call.entity.schema, &id.unwrap_or_default().to_string());
        let kept = self.kept(permit, &rows, &fence).await?;
        let all = rows.len();
        let mut kept = kept.into_iter();
        rows.retain(|_| kept.next().unwrap_or_default());
        if id.is_some() && rows.is_empty() {
            return Err(missing().into());
        }
        if rows.len() < all {
            tracing::warn!(
                path,
                dropped = all - rows.len(),
                "the PSA answered records beyond what it was asked for"
            );
        }
        let show = Show {
            permit,
            view: call.route.view,
            base: &call.base,
            projection: projection.as_ref(),
            added: &added,
        };
        for row in &mut rows {
            show.record(row);
        }
        let body = match (alone, rows.pop()) {
            (true, Some(record)) => serde_json::to_vec(&record),
            (_, last) => {
                rows.extend(last);
                serde_json::to_vec(&rows)
            }
        };
        let reply = Reply::json(200, body.unwrap_or_default());
        if id.is_some() {
            return Ok(reply);
        }
        let query = call.received.parts.uri.query().unwrap_or_default();
        let size = u64::from(parameters.page_size);
        Ok(reply.with_link(link::header(&call.url, query, size, &position)))
    }

    /// The parameters of a list, narrowed; in the body where the call had them there.
    fn listing<'p>(
        self,
        mut ask: Ask<'p>,
        permit: &Permit<'_>,
        fence: &Fence,
        parameters: &Parameters,
        searches: bool,
    ) -> Result<Ask<'p>, Stop> {
        let (conditions, _) = self.conditions(permit, fence, parameters)?;
        let child = anew(parameters.child_conditions.as_deref())?;
        let custom = anew(parameters.custom_field_conditions.as_deref())?;
        let order = parameters.order_by.clone();
        ask.forward_only = self.call.forward_only;
        ask = ask.with("pageSize", Some(parameters.page_size.to_string()));
        ask = match parameters.page_id {
            Some(id) => ask.with("pageId", Some(id.to_string())),
            None if ask.forward_only => ask,
            None => ask.with("page", Some(parameters.page.to_string())),
        };
        if searches {
            ask.method = reqwest::Method::POST;
            ask.body = Some(json!({
                "conditions": conditions,
                "orderBy": order,
                "childConditions": child,
                "customFieldConditions": custom,
            }));
            return Ok(ask);
        }
        Ok(ask
            .with("conditions", conditions)
            .with("childConditions", child)
            .with("customFieldConditions", custom)
            .with("orderBy", order))
    }

    /// The fence and the caller's conditions as one text, and whether it says the fence exactly.
    fn conditions(
        self,
        permit: &Permit<'_>,
        fence: &Fence,
        parameters: &Parameters,
    ) -> Result<(Option<String>, bool), Stop> {
        let own = anew(parameters.conditions.as_deref())?;
        if fence.is_open() {
            return Ok((own, true));
        }
        let printed = print::filter(&fence.whole())
            .map_err(|error| self.refuse(permit, &error.to_string()))?;
        Ok((
            print::both(Some(&printed.text), own.as_deref()),
            printed.exact,
        ))
    }

    /// Which of a page's records may be shown. A view does not show what the proof looks at: its records are read
    /// a second time.
    async fn kept(
        self,
        permit: &Permit<'_>,
        rows: &[Json],
        fence: &Fence,
    ) -> Result<Vec<bool>, Stop> {
        if self.call.route.view.is_none() || fence.is_open() {
            return self.prove(rows, fence).await;
        }
        let entity = permit.entity();
        let path = self.gate.lists.get(&entity.id);
        let Some(path) = path.filter(|path| !path.contains('{')) else {
            let why = "the gate knows no list of these records to prove them by";
            return Err(self.refuse(permit, why).into());
        };
        let ids: Vec<i64> = rows.iter().filter_map(|row| row["id"].as_i64()).collect();
        let mut seen = Vec::new();
        for ids in ids.chunks(AT_ONCE) {
            let list: Vec<String> = ids.iter().map(i64::to_string).collect();
            let ask = Ask::get(path.trim_start_matches('/'), self.call.release)
                .with("conditions", Some(format!("id in ({})", list.join(","))))
                .with("fields", Some(proof::fields(&fence.paths()).join(",")))
                .with("pageSize", Some("1000".to_owned()));
            let found = self.sent(ask).await?.json()?;
            let found = found.as_array().cloned().unwrap_or_default();
            let proven = self.prove(&found, fence).await?;
            let proven = found.iter().zip(proven).filter(|(_, proven)| *proven);
            seen.extend(proven.filter_map(|(row, _)| row["id"].as_i64()));
        }
        let kept = rows.iter().map(|row| row["id"].as_i64());
        Ok(kept
            .map(|id| id.is_some_and(|id| seen.contains(&id)))
            .collect())
    }

    /// A number proves nothing, so that a path has to show once that it heeds conditions, and the fence has to be
    /// said exactly.
    async fn count(
        self,
        permit: &Permit<'_>,
        fence: &Fence,
        parameters: &Parameters,
    ) -> Result<Reply, Stop> {
        let path = self.path();
        let (conditions, exact) = self.conditions(permit, fence, parameters)?;
        let told = fence.is_open() || (exact && self.heeds(&path).await?);
        if !told {
            let why = "the PSA cannot be asked to count these records alone; list them instead";
            return Err(self.refuse(permit, why).into());
        }
        let ask = Ask::get(&path, self.call.release)
            .with("conditions", conditions)
            .with(
                "childConditions",
                anew(parameters.child_conditions.as_deref())?,
            )
            .with(
                "customFieldConditions",
                anew(parameters.custom_field_conditions.as_deref())?,
            );
        let found = self.sent(ask).await?.json()?;
        let count = found["count"]
            .as_u64()
            .ok_or_else(|| gateway("The PSA behind this gate answered no count."))?;
        Ok(Reply::json(
            200,
            format!("{{\"count\":{count}}}").into_bytes(),
        ))
    }

    /// Whether this path counts nothing when it is asked for a record that cannot be.
    async fn heeds(self, path: &str) -> Result<bool, Stop> {
        let key = &self.call.route.path;
        let known = self.gate.heedful.read().get(key).copied();
        if let Some(heeds) = known {
            return Ok(heeds);
        }
        let ask = Ask::get(path, self.call.release)
            .with("conditions", Some("(id = -1) and (id != -1)".to_owned()));
        let heeds = self.sent(ask).await?.json()?["count"] == 0;
        self.gate.heedful.write().insert(key.clone(), heeds);
        Ok(heeds)
    }

    /// A call of an administrator who sees all, on a path that is no plain list or record: as it came, but for the
    /// key and the links.
    pub(super) async fn forward(self, permit: &Permit<'_>) -> Result<Reply, Stop> {
        let call = self.call;
        let path = self.path();
        let method = call.received.parts.method.clone();
        let method = if method == http::Method::HEAD {
            http::Method::GET
        } else {
            method
        };
        let mut ask = Ask::get(&path, call.release);
        ask.method = method;
        ask.raw_query = call.received.parts.uri.query();
        ask.forward_only = call.forward_only;
        let kind = call.received.parts.headers.get(http::header::CONTENT_TYPE);
        let kind = kind.and_then(|value| value.to_str().ok());
        if let Body::Read(_) = &call.received.body {
            let bytes = pipeline::body(call)?;
            ask.raw_body =
                (!bytes.is_empty()).then_some((kind.unwrap_or("application/json"), bytes));
        }
        let answer = self.sent(ask).await?;
        let position = position(&answer, &call.parameters, call.forward_only);
        let is_json = answer
            .media
            .as_deref()
            .is_none_or(|media| media.contains("json"));
        if !is_json {
            return Ok(Reply::file(
                answer.status,
                answer.bytes,
                answer.media,
                answer.file,
            ));
        }
        let mut found = answer.json()?;
        let show = Show {
            permit,
            view: None,
            base: &call.base,
            projection: None,
            added: &[],
        };
        show.record(&mut found);
        let lists = found.is_array();
        let body = match found {
            Json::Null => Vec::new(),
            found => serde_json::to_vec(&found).unwrap_or_default(),
        };
        let reply = Reply::json(answer.status, body);
        if !lists {
            return Ok(reply);
        }
        let query = call.received.parts.uri.query().unwrap_or_default();
        let size = u64::from(call.parameters.page_size);
        Ok(reply.with_link(link::header(&call.url, query, size, &position)))
    }
}

fn anew(text: Option<&str>) -> Result<Option<String>, ApiError> {
    text.map_or(Ok(None), print::anew)
}

/// What the query says and what the body says, both read before they are put together.
fn both(first: Option<&str>, second: Option<&str>) -> Result<Option<String>, ApiError> {
    let (first, second) = (anew(first)?, anew(second)?);
    Ok(print::both(first.as_deref(), second.as_deref()))
}

/// Where the PSA says the next page is. Its own addresses hold the narrowed conditions and are not passed on.
fn position(answer: &Answer, parameters: &Parameters, forward: bool) -> Position {
    let links = answer.link.as_deref().unwrap_or_default();
    let number = |rel: &str, name: &str| -> Option<u64> {
        let link = links
            .split(", <")
            .find(|link| link.contains(&format!("rel=\"{rel}\"")))?;
        let url = link.split('>').next()?.trim_start_matches('<');
        let (_, query) = url.split_once('?')?;
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let (_, value) = pairs.find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        value.parse().ok()
    };
    if forward || parameters.page_id.is_some() {
        let next = number("next", "pageId").and_then(|id| i64::try_from(id).ok());
        return Position::Forward { next };
    }
    Position::Page {
        page: parameters.page,
        more: number("next", "page").is_some(),
        last: number("last", "page"),
    }
}
