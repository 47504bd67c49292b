//! Copies of an Autotask database: the same as a company's, with API users in the place of members' keys.

use super::{Copied, bring_back, take_into, wiped};
use bitting_autotask::seed;
use bitting_autotask::tenant::{self, Tenant};
use bitting_autotask::users::ApiUser;
use bitting_autotask::webhooks::outbox::Message;
use bitting_calls::seed::Demo;
use bitting_dialects::connectwise::error::ApiError;
use bitting_psa::outbox::Message as _;
use bitting_psa::problem::Problem;
use bitting_store::StoreError;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

/// What the copies of a database are filed under. No company id has a dot.
pub fn folder(tenant: &Tenant) -> String {
    format!("autotask.{}", tenant.name)
}

fn copied(tenant: &Tenant) -> Copied<'_> {
    Copied {
        store: &tenant.backend.store,
        tables: super::kept(tenant::tables(tenant.catalog())),
        outbox: Arc::from(Message::TABLE),
        keys: tenant::USERS,
    }
}

/// Copies the database into a new file, in place of an older copy of that name.
pub async fn take(tenant: &Tenant, file: &Path) -> Result<(), Problem> {
    take_into(&copied(tenant), file).await
}

/// Brings a copy back: everything since is gone.
pub async fn restore(tenant: &Tenant, file: &Path) -> Result<(), Problem> {
    bring_back(&copied(tenant), file).await?;
    Ok(refresh(tenant).await?)
}

/// Starts the database anew. Key and secret of its first two API users stay good; `progress` hears how many demo
/// rows are done.
pub async fn reset(
    tenant: &Tenant,
    demo: Option<&Demo>,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<(), Problem> {
    let first = seed::users(tenant);
    let mut kept = tenant.api_users();
    kept.retain(|(_, user)| first.contains(&Some(user.resource)));
    let ids: BTreeSet<i64> = kept.iter().map(|(id, _)| *id).collect();
    let changes = wiped(&copied(tenant), &ids).await?;
    let store = &tenant.backend.store;
    store.load(changes.into_iter(), &mut |_| {}).await?;
    refresh(tenant).await?;
    let now = seed::anew(tenant, demo, progress)
        .await
        .map_err(ApiError::server)?;
    let moved = kept.into_iter().filter_map(|(id, user)| {
        let at = first.iter().position(|one| *one == Some(user.resource))?;
        let (resource, level) = now[at];
        let user = ApiUser {
            resource,
            level,
            ..(*user).clone()
        };
        Some((id, user))
    });
    tenant.change_users(moved.collect(), Vec::new()).await?;
    Ok(refresh(tenant).await?)
}

/// Everything in memory is read anew.
async fn refresh(tenant: &Tenant) -> Result<(), StoreError> {
    tenant.backend.forget_all();
    tenant.reload().await
}
