//! The life of an Autotask request: path, key, limits, right, permit, rows, answer. Every call goes this way.

use super::answer::Trouble;
use super::asleep::Tenants;
use super::faults::Struck;
use super::permit::{self, Permit};
use super::reading::{self, Asked};
use super::rules;
use super::saving::{self, Spot};
use super::tenant::{Caller, Tenant};
use super::unpack::unpacked;
use super::users::ProtectedData;
use bitting_calls::http::{Body, Received};
use bitting_catalog::entity::Entity;
use bitting_catalog::served::{self, Act};
use bitting_dialects::autotask::description;
use bitting_dialects::autotask::error::Refusal;
use bitting_dialects::autotask::headers::Credentials;
use bitting_dialects::autotask::information;
use bitting_dialects::autotask::page::Token;
use bitting_dialects::autotask::route::{Place, Route, Router, Shape};
use bitting_dialects::autotask::search::{self, Search};
use bitting_psa::answer::Reply;
use bitting_psa::event::Event;
use bitting_psa::fault::Faults;
use bitting_query::and;
use serde_json::{Value as Json, json};
use std::borrow::Cow;
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;

/// Number of the zone that discovery names.
const ZONE: u32 = 0;

/// Answers a call, and says beside a refusal what it was for.
pub fn handle<'a>(
    tenants: &'a Tenants,
    faults: &'a Faults,
    received: &'a Received,
    segments: &'a [&'a str],
    event: &'a mut Event,
) -> Pin<Box<dyn Future<Output = Reply> + Send + 'a>> {
    Box::pin(async move {
        let mut struck = Struck::default();
        match answer(tenants, faults, received, segments, event, &mut struck).await {
            Ok(body) => struck.on(Reply::json(200, body)),
            Err(trouble) => {
                let refusal = trouble.refusal();
                let denial = match &trouble {
                    Trouble::Denied(_, denial) => {
                        event.denial = Some(Arc::new((**denial).clone()));
                        Some(denial.to_string())
                    }
                    Trouble::Store(error) => {
                        tracing::error!(request = event.id, %error, "the database failed");
                        None
                    }
                    Trouble::Refused(_) => None,
                };
                let mut reply = Reply::json(refusal.status, refusal.body()).with_denial(denial);
                if let Some(seconds) = refusal.retry_after {
                    reply = reply.with_retry_after(seconds);
                }
                struck.on(reply)
            }
        }
    })
}

async fn answer(
    tenants: &Tenants,
    faults: &Faults,
    received: &Received,
    segments: &[&str],
    event: &mut Event,
    struck: &mut Struck,
) -> Result<Vec<u8>, Trouble> {
    let method = received.parts.method.as_str();
    let path = received.parts.uri.path();
    let query = parameters(received.parts.uri.query().unwrap_or_default());
    let open = tenants.all();
    let Some(first) = open.first() else {
        // One that could not be opened was told in the log.
        let refusal = if tenants.any() {
            Refusal::new("An error occurred on the server; its log says which.")
        } else {
            Refusal::no_route(path)
        };
        return Err(refusal.into());
    };
    // All instances have the same paths.
    let route = first
        .router
        .find(segments)
        .ok_or_else(|| Refusal::no_route(path))?;
    let is_read = received.parts.method == http::Method::GET;
    match &route {
        Route::VersionInformation | Route::Description | Route::Zone if !is_read => {
            return Err(Refusal::method(method).into());
        }
        Route::VersionInformation => return Ok(bytes(&json!({"apiVersions": ["V1.0"]}))),
        Route::Description => {
            let origin = origin(received);
            let (scheme, host) = origin.split_once("://").unwrap_or(("http", &origin));
            return Ok(bytes(&description::document(first.catalog(), host, scheme)));
        }
        Route::Zone => {
            let user = query.get("user").map_or("", String::as_str);
            let tenant = open
                .iter()
                .find(|tenant| tenant.user(user).is_some())
                .ok_or_else(Refusal::zone)?;
            let origin = origin(received);
            return Ok(bytes(&json!({
                "zoneName": tenant.name,
                "url": format!("{origin}/ATServicesRest/"),
                "webUrl": format!("{origin}/"),
                "ci": ZONE,
                "dataBaseType": "Embedded",
                "ciLevel": 0,
            })));
        }
        _ => {}
    }
    let header = |name: &str| {
        let value = received.parts.headers.get(name)?;
        value.to_str().ok()
    };
    let given = Credentials::read(&header).ok_or_else(Refusal::unauthorized)?;
    let tenant = open
        .iter()
        .find(|tenant| tenant.user(&given.user).is_some())
        .ok_or_else(Refusal::unauthorized)?;
    // A wrong secret stands in the log of the database that it was for; who called is not known.
    event.tenant(&tenant.name, "");
    let mut caller = tenant
        .caller(&given)
        .await?
        .ok_or_else(Refusal::unauthorized)?;
    event.tenant(&tenant.name, &caller.user);
    if faults.any() {
        let below = segments
            .iter()
            .skip_while(|word| !Router::is_version(word))
            .skip(1);
        let below: Vec<&str> = below.copied().collect();
        let call = (method, below.join("/"));
        struck.by(faults, tenant, &mut caller, &call, event).await?;
    }
    let endpoint = match &route {
        Route::Entity(place) => tenant.catalog().entity(place.entity).path.to_string(),
        other => format!("{other:?}"),
    };
    let underway = tenant.usage.enter(caller.code, &endpoint, tenant.now())?;
    tenant.usage.wait(&underway).await;
    match route {
        Route::VersionInformation | Route::Description | Route::Zone => {
            Err(Refusal::no_route(path).into())
        }
        Route::Version | Route::Threshold | Route::Modules | Route::EveryEntity if !is_read => {
            Err(Refusal::method(method).into())
        }
        Route::Version => Ok(bytes(&json!({
            "majorVersion": "2025", "minorVersion": "1", "build": "0", "customerType": "Demo",
        }))),
        Route::Threshold => Ok(bytes(&json!({
            "externalRequestThreshold": tenant.usage.threshold(),
            "requestThresholdTimeframe": 60,
            "currentTimeframeRequestCount": tenant.usage.used(tenant.now()),
        }))),
        Route::Modules => Ok(bytes(&json!({ "items": [] }))),
        Route::EveryEntity => {
            let mut all = Vec::new();
            for entity in &tenant.catalog().entities {
                all.push(json!({ "info": info(tenant, &caller, entity).await? }));
            }
            Ok(bytes(&json!({ "entityDescriptions": all })))
        }
        Route::Entity(place) => {
            let entity = tenant.catalog().entity(place.entity);
            event.route(path, &entity.path);
            let call = Call {
                tenant,
                caller: &caller,
                entity,
                place,
                received,
                query: &query,
                base: base(received, segments),
                takes_no_filter: tenant.is_lenient(),
            };
            call.answer(method).await
        }
    }
}

/// Answers a call on an entity for somebody who is known without a key: the operator, or an API user in whose
/// place the operator looks.
pub(crate) async fn on_behalf(
    tenant: &Tenant,
    caller: &Caller,
    received: &Received,
    segments: &[&str],
) -> Result<Vec<u8>, Trouble> {
    let query = parameters(received.parts.uri.query().unwrap_or_default());
    let Some(Route::Entity(place)) = tenant.router.find(segments) else {
        return Err(Refusal::no_route(received.parts.uri.path()).into());
    };
    let call = Call {
        tenant,
        caller,
        entity: tenant.catalog().entity(place.entity),
        place,
        received,
        query: &query,
        base: base(received, segments),
        takes_no_filter: true,
    };
    call.answer(received.parts.method.as_str()).await
}

/// A call on an entity.
struct Call<'a> {
    tenant: &'a Tenant,
    caller: &'a Caller,
    entity: &'a Entity,
    place: Place,
    received: &'a Received,
    query: &'a HashMap<String, String>,
    /// `https://host/ATServicesRest/V1.0`
    base: String,
    /// A search without a filter finds everything, where the vendor refuses one.
    takes_no_filter: bool,
}

impl Call<'_> {
    async fn answer(&self, method: &str) -> Result<Vec<u8>, Trouble> {
        let served = self.entity.served.as_ref();
        let searched = matches!(self.place.shape, Shape::Query | Shape::Count);
        let operations = served.map(|served| match &served.below {
            // What can be searched at its own path, a lenient instance searches below its parent too.
            Some(below) if self.place.below && !searched => below.operations,
            Some(_) if self.place.below => served.root,
            // Some clients write children at their own path, with the parent in the body.
            Some(below) if self.tenant.is_lenient() => served.root.with_writes_of(below.operations),
            _ => served.root,
        });
        let asked = self.place.asked(method, self.tenant.is_lenient());
        let Some(asked) = asked.filter(|asked| operations.is_some_and(|all| all.has(*asked)))
        else {
            return Err(self
                .wrong_verb(method, operations.unwrap_or_default())
                .into());
        };
        let spot = Spot {
            parent: self.place.parent,
        };
        let id = match self.place.shape {
            Shape::Item(id) => Some(id),
            _ => None,
        };
        self.impersonation(asked)?;
        match asked {
            served::Asked::Info => {
                let info = info(self.tenant, self.caller, self.entity).await?;
                Ok(bytes(&json!({ "info": info })))
            }
            served::Asked::Fields => {
                let catalog = self.tenant.catalog();
                let tenant = self.tenant;
                let choices = |field: &_| rules::webhooks::choices(tenant, self.entity, field);
                Ok(bytes(&information::fields(catalog, self.entity, &choices)))
            }
            served::Asked::UserDefined => {
                if served.is_none_or(|served| served.user_defined.is_none()) {
                    return Err(Refusal::no_route(self.received.parts.uri.path()).into());
                }
                let defined = self.tenant.defined(self.entity.id);
                let hooked = rules::webhooks::watches_user_defined(self.tenant, self.entity);
                Ok(bytes(&information::user_defined(&defined, hooked)))
            }
            served::Asked::Get => match self.place.shape {
                Shape::File(id, file) => {
                    let permit = self.permit(Act::Query).await?;
                    rules::files::answer(self.tenant, &permit, id, file).await
                }
                _ => self.get(id.unwrap_or_default(), spot).await,
            },
            // Below a record out of sight there is nothing, as in a query that names it.
            served::Asked::List => self.list(Json::Null, spot).await,
            served::Asked::Query if self.place.shape == Shape::Next => self.next().await,
            served::Asked::Query => self.list(self.filtered()?, spot).await,
            served::Asked::Count => {
                let permit = self.permit(Act::Query).await?;
                let search = self.read(&permit, &self.search()?)?;
                let filter = and(search.filter, saving::under(self.entity, spot));
                let count = reading::count(self.tenant, &permit, filter).await?;
                Ok(bytes(&json!({ "queryCount": count })))
            }
            served::Asked::Post => {
                let permit = self.permit(Act::Create).await?;
                self.pass_parent(&permit).await?;
                let id = saving::create(self.tenant, &permit, spot, &self.body()?).await?;
                Ok(bytes(&json!({ "itemId": id })))
            }
            served::Asked::Patch | served::Asked::Put => {
                let permit = self.permit(Act::Update).await?;
                let whole = asked == served::Asked::Put && id.is_none();
                let id =
                    saving::change(self.tenant, &permit, spot, id, &self.body()?, whole).await?;
                Ok(bytes(&json!({ "itemId": id })))
            }
            served::Asked::Delete => {
                let permit = self.permit(Act::Delete).await?;
                let id = id.unwrap_or_default();
                saving::delete(self.tenant, &permit, spot, id).await?;
                Ok(bytes(&json!({ "itemId": id })))
            }
        }
    }

    async fn permit(&self, act: Act) -> Result<Permit<'_>, Trouble> {
        permit::authorize_write(self.tenant, self.caller, self.entity, act).await
    }

    /// Which refusal fits a verb that the place does not take: a path without any verb is none.
    fn wrong_verb(&self, method: &str, all: served::Operations) -> Refusal {
        let any = ["GET", "POST", "PATCH", "PUT", "DELETE"]
            .into_iter()
            .filter_map(|verb| self.place.asked(verb, false))
            .any(|asked| all.has(asked));
        if any {
            Refusal::method(method)
        } else {
            Refusal::no_route(self.received.parts.uri.path())
        }
    }

    /// Acting as somebody else works on writes alone, and where it is known at all.
    fn impersonation(&self, asked: served::Asked) -> Result<(), Refusal> {
        use served::Asked::{Count, Get, List, Query};
        let reads = matches!(asked, Get | List | Query | Count);
        let acts = self.caller.impersonates.is_some() && permit::can_be_impersonated(self.entity);
        if reads && acts {
            return Err(Refusal::permissions(Act::Query, &self.entity.schema));
        }
        Ok(())
    }

    /// The record in the path must be there, and be one that a record can be made for.
    async fn pass_parent(&self, permit: &Permit<'_>) -> Result<(), Trouble> {
        let below = self
            .entity
            .served
            .as_ref()
            .and_then(|served| served.below.as_ref());
        let (Some(parent), Some(below)) = (self.place.parent, below) else {
            return Ok(());
        };
        let (Some(target), Some(field)) = (below.parent, below.field) else {
            return Ok(());
        };
        let target = self.tenant.catalog().entity(target);
        if permit::may_refer(self.tenant, permit, target, parent).await? {
            return Ok(());
        }
        let name = &self.entity.fields[field].name;
        Err(Refusal::new(Refusal::reference(name, &target.schema)).into())
    }

    async fn get(&self, id: i64, spot: Spot) -> Result<Vec<u8>, Trouble> {
        let permit = self.permit(Act::Query).await?;
        let under = saving::under(self.entity, spot);
        // Attachments come as a list of one when they are asked for below their record, and only then with content.
        let listed = self.place.below && self.entity.path.ends_with("Attachments");
        let record = reading::record(self.tenant, &permit, id, under, listed).await?;
        let mut out = Vec::new();
        match (record, listed) {
            (Some(record), false) => {
                out.extend_from_slice(b"{\"item\":");
                out.extend_from_slice(&record);
                out.push(b'}');
            }
            (None, false) => out.extend_from_slice(b"{\"item\":null}"),
            (record, true) => {
                out.extend_from_slice(b"{\"items\":[");
                out.extend_from_slice(record.as_deref().unwrap_or_default());
                let count = u64::from(record.is_some());
                bitting_dialects::autotask::page::finish(&mut out, count, search::PAGE, None, None);
            }
        }
        Ok(out)
    }

    async fn list(&self, given: Json, spot: Spot) -> Result<Vec<u8>, Trouble> {
        let token = Token::first(given, spot.parent, self.caller.resource);
        self.page(&token).await
    }

    /// A further page: its link says all there is to know, whatever the body holds, but for a search that is too
    /// long for one.
    async fn next(&self) -> Result<Vec<u8>, Trouble> {
        let text = self.query.get("paging").map_or("", String::as_str);
        let mut token = Token::read(text, self.caller.resource)?;
        if token.left_out {
            let given = self.search()?;
            if !search::has_filter(&given) {
                return Err(Refusal::new(search::LEFT_OUT).into());
            }
            token = token.with(given);
        }
        self.page(&token).await
    }

    async fn page(&self, token: &Token) -> Result<Vec<u8>, Trouble> {
        let permit = self.permit(Act::Query).await?;
        let search = self.read(&permit, &token.search)?;
        let under = saving::under(
            self.entity,
            Spot {
                parent: token.parent,
            },
        );
        let next = format!("{}/{}/query/next?paging=", self.base, self.entity.path);
        let asked = Asked {
            search: &search,
            token,
            next: &next,
        };
        Ok(reading::page(self.tenant, &permit, under, asked).await?)
    }

    fn read(&self, permit: &Permit<'_>, given: &Json) -> Result<Search, Refusal> {
        // Whoever may not see a value may not ask for it either.
        let data = permit.user_defined();
        let defined = self.tenant.defined(self.entity.id);
        let open: Vec<_> = defined
            .iter()
            .filter(|field| match data {
                ProtectedData::None => false,
                data => data >= ProtectedData::ViewProtected || !field.protected,
            })
            .cloned()
            .collect();
        let search = search::read(self.entity, &open, given)?;
        if let Some(field) = search.used.iter().find(|field| permit.hides(**field)) {
            let name = &self.entity.fields[*field].name;
            return Err(Refusal::not_queryable(name, &self.entity.schema));
        }
        Ok(search)
    }

    /// The search of the query string or of the body.
    fn search(&self) -> Result<Json, Refusal> {
        if self.received.parts.method == http::Method::GET {
            search::json(self.query.get("search").map_or("", String::as_str))
        } else {
            search::json(&String::from_utf8_lossy(&self.body()?))
        }
    }

    /// A search that has to say what it wants. Counts need not: a client in wide use counts everything with an
    /// empty object.
    fn filtered(&self) -> Result<Json, Refusal> {
        let given = self.search()?;
        if self.takes_no_filter || search::has_filter(&given) {
            return Ok(given);
        }
        Err(Refusal::new(search::NO_FILTER))
    }

    fn body(&self) -> Result<Cow<'_, [u8]>, Refusal> {
        match &self.received.body {
            Body::Read(bytes) => match self.received.encoding() {
                // What is gzip tells its first bytes; of anything else the header alone.
                Some(encoding) if !["gzip", "x-gzip"].contains(&encoding.as_str()) => {
                    Err(Refusal::encoded(&encoding))
                }
                _ => unpacked(bytes),
            },
            Body::TooLarge => Err(Refusal::new("The body is too large.")),
            Body::Broken => Err(Refusal::new("The body broke off.")),
        }
    }
}

async fn info(tenant: &Tenant, caller: &Caller, entity: &Entity) -> Result<Json, Trouble> {
    let mut all = HashMap::new();
    for act in Act::EVERY {
        all.insert(act, permit::access(tenant, caller, entity, act).await?);
    }
    Ok(information::entity(entity, &|act| {
        all.get(&act).copied().unwrap_or(information::Access::None)
    }))
}

fn bytes(json: &Json) -> Vec<u8> {
    json.to_string().into_bytes()
}

/// Names in lower case; the last of several values counts.
fn parameters(query: &str) -> HashMap<String, String> {
    let decode = |text: &str| {
        percent_encoding::percent_decode_str(&text.replace('+', " "))
            .decode_utf8_lossy()
            .into_owned()
    };
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (decode(name).to_ascii_lowercase(), decode(value)))
        .collect()
}

/// Scheme and host as the client wrote them, behind whatever proxies stand in between.
fn origin(received: &Received) -> String {
    let base = bitting_calls::address::base(received, "");
    base.split("//")
        .nth(1)
        .and_then(|rest| rest.split('/').next())
        .map_or_else(String::new, |host| {
            let scheme = base.split("//").next().unwrap_or("http:");
            format!("{scheme}//{host}")
        })
}

/// The root of the API as the client wrote it.
fn base(received: &Received, segments: &[&str]) -> String {
    let mut base = origin(received);
    for segment in segments {
        base.push('/');
        base.push_str(segment);
        if Router::is_version(segment) {
            break;
        }
    }
    base
}
