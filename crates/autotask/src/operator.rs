//! Whoever runs the server, at work in an Autotask database: the same permits, rules and saving as for any other
//! caller, and the one thing that the vendor's API cannot do, making a resource for an API user.

use super::answer::Trouble;
use super::permit::authorize;
use super::pipeline;
use super::saving::{self, Beside, Spot};
use super::tenant::{Caller, Level, Tenant};
use super::users::ProtectedData;
use bitting_calls::http::{Body, Received};
use bitting_catalog::served::Act;
use bitting_dialects::autotask::error::Refusal;
use bitting_policy::Role;
use bytes::Bytes;
use serde_json::Value as Json;
use std::net::SocketAddr;
use std::sync::Arc;

/// Where people rest.
pub const RESOURCES: &str = "Resources";

impl Caller {
    /// Not a resource; holds every right and sees every line of business.
    pub fn operator(tenant: &Tenant) -> Self {
        let mut role = Role::new(tenant.registry(), 0, "operator");
        role.admin = true;
        let role = Arc::new(role);
        Self {
            resource: 0,
            user: Arc::from("operator"),
            role: role.clone(),
            level: Arc::new(Level::of(role)),
            code: 0,
            data: ProtectedData::EditProtected,
            impersonates: None,
            lines: Arc::from([]),
            territories: Arc::from([]),
        }
    }

    pub(crate) fn is_operator(&self) -> bool {
        self.resource == 0
    }
}

/// One call below `V1.0/` as the API would answer this caller.
pub async fn call(
    tenant: &Tenant,
    caller: &Caller,
    method: http::Method,
    path: &str,
    query: &str,
    body: Option<&Json>,
) -> Result<Json, Trouble> {
    let whole = format!("ATServicesRest/V1.0/{}", path.trim_matches('/'));
    let request = http::Request::builder()
        .method(method)
        .uri(format!("/{whole}?{query}"))
        .body(())
        .map_err(|_| Refusal::no_route(path))?;
    let (parts, ()) = request.into_parts();
    let bytes = body.map_or_else(Vec::new, |body| body.to_string().into_bytes());
    let received = Received {
        parts,
        body: Body::Read(Bytes::from(bytes)),
        secure: true,
        peer: SocketAddr::from(([127, 0, 0, 1], 0)),
    };
    let segments: Vec<&str> = whole.split('/').collect();
    let answer = pipeline::on_behalf(tenant, caller, &received, &segments).await?;
    Ok(serde_json::from_slice(&answer).unwrap_or(Json::Null))
}

/// Keeps a resource and its API user in one write, or neither: the same permit, rules and saving as elsewhere.
/// Without an id the resource is a new one, which the vendor's API has no path for.
pub async fn save_resource(
    tenant: &Tenant,
    id: Option<i64>,
    body: &Json,
    beside: Beside,
) -> Result<i64, Trouble> {
    let operator = Caller::operator(tenant);
    let entity = tenant
        .catalog()
        .entity_at(RESOURCES)
        .ok_or_else(|| Refusal::no_route(RESOURCES))?;
    let act = if id.is_some() {
        Act::Update
    } else {
        Act::Create
    };
    let permit = authorize(tenant, &operator, entity, act).await?;
    let (bytes, spot) = (body.to_string().into_bytes(), Spot { parent: None });
    match id {
        Some(_) => {
            let given = (id, &bytes[..]);
            saving::change_with(tenant, &permit, spot, given, false, Some(beside)).await
        }
        None => saving::create_with(tenant, &permit, spot, &bytes, Some(beside)).await,
    }
}
