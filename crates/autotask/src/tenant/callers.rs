//! From credentials to whoever calls, with what stands beside a level: lines of business, territories, whom it may
//! act for. Wrong credentials in a row lock a user.

use super::super::answer::Trouble;
use super::super::resources;
use super::super::users::{ApiUser, ProtectedData, Tracking};
use super::{Caller, LEVEL_OF, Level, MOST_FAILURES, TERRITORIES_OF, Tenant};
use bitting_catalog::entity::Entity;
use bitting_dialects::autotask::headers::Credentials;
use bitting_store::StoreError;
use std::hash::{Hash as _, Hasher as _};
use std::sync::Arc;

impl Tenant {
    /// Whoever these credentials prove to be. Nothing says which part is wrong.
    pub(crate) async fn caller(&self, given: &Credentials) -> Result<Option<Caller>, Trouble> {
        self.look().await?;
        let Some((id, user)) = self.user(&given.user) else {
            return Ok(None);
        };
        if !user.knows(given.secret(), given.code()) {
            self.failed(id, &user).await?;
            return Ok(None);
        }
        self.failures.lock().remove(&user.user.to_lowercase());
        let caller = self.caller_of(&user).await?;
        if caller.is_some() {
            self.used_now(id);
        }
        Ok(caller.map(|caller| Caller {
            impersonates: given.impersonates,
            ..caller
        }))
    }

    /// Counts wrong credentials, and locks the user once there are too many in a row.
    async fn failed(&self, id: i64, user: &ApiUser) -> Result<(), StoreError> {
        let count = {
            let mut failures = self.failures.lock();
            let count = failures.entry(user.user.to_lowercase()).or_default();
            *count += 1;
            *count
        };
        if count < MOST_FAILURES || user.locked {
            return Ok(());
        }
        self.failures.lock().remove(&user.user.to_lowercase());
        tracing::warn!(
            user = user.user,
            "locked after {MOST_FAILURES} wrong secrets or codes in a row"
        );
        let locked = ApiUser {
            locked: true,
            ..user.clone()
        };
        self.save_user(Some(id), locked).await
    }

    /// An API user as a caller, if it is let in.
    pub async fn caller_of(&self, user: &ApiUser) -> Result<Option<Caller>, Trouble> {
        let level = self
            .level(user.level)
            .filter(|level| !level.document.inactive && !level.document.interactive);
        let Some(level) = level.filter(|_| !user.locked && !user.inactive) else {
            return Ok(None);
        };
        // Users of one vendor share its identifier, and so what it may use.
        let mut hasher = std::hash::DefaultHasher::new();
        match &user.tracking {
            Tracking::Vendor(vendor) => vendor.to_lowercase().hash(&mut hasher),
            Tracking::Custom(_) => user.code.hash(&mut hasher),
        }
        Ok(Some(Caller {
            resource: user.resource,
            user: Arc::from(user.user.as_str()),
            role: level.role.clone(),
            level,
            code: hasher.finish(),
            data: user.data(),
            impersonates: None,
            lines: resources::lines(&self.backend, user.resource).await?,
            territories: self.territories(user.resource),
        }))
    }

    /// The caller that a resource's API user is, for what is done without a call.
    pub(crate) async fn caller_for(&self, resource: i64) -> Result<Option<Caller>, Trouble> {
        for (_, user) in self.users_of(resource) {
            if let Some(caller) = self.caller_of(&user).await? {
                return Ok(Some(caller));
            }
        }
        Ok(None)
    }

    /// A person that API users may act as; nobody where its level does not allow that.
    pub(crate) async fn stand_in(
        &self,
        resource: i64,
        entity: &Entity,
    ) -> Result<Option<Caller>, Trouble> {
        let level = self
            .level_of(resource)
            .filter(|level| !level.document.inactive && level.document.allows_impersonation);
        let Some(level) = level else { return Ok(None) };
        let open = resources::can_act_as(&self.backend, resource, entity).await?;
        if !open || !self.users_of(resource).is_empty() {
            return Ok(None);
        }
        Ok(Some(Caller {
            resource,
            user: Arc::from(format!("resource {resource}")),
            role: level.role.clone(),
            level,
            code: 0,
            data: ProtectedData::EditProtected,
            impersonates: None,
            lines: resources::lines(&self.backend, resource).await?,
            territories: self.territories(resource),
        }))
    }

    /// The level of a person. That of an API user is the user's.
    pub fn level_of(&self, resource: i64) -> Option<Arc<Level>> {
        let id = self
            .setting(&format!("{LEVEL_OF}{resource}"))?
            .parse()
            .ok()?;
        self.level(id)
    }

    /// Gives a person a level.
    pub async fn set_level_of(&self, resource: i64, level: i64) -> Result<(), StoreError> {
        self.set_setting(&format!("{LEVEL_OF}{resource}"), &level.to_string())
            .await
    }

    /// The territories that a resource is a member of, by their value in the pick list.
    pub fn territories(&self, resource: i64) -> Arc<[i64]> {
        let kept = self.setting(&format!("{TERRITORIES_OF}{resource}"));
        let kept = kept.unwrap_or_default();
        kept.split(',').filter_map(|id| id.parse().ok()).collect()
    }

    /// Makes a resource a member of these territories and no others.
    pub async fn set_territories(
        &self,
        resource: i64,
        territories: &[i64],
    ) -> Result<(), StoreError> {
        let text: Vec<String> = territories.iter().map(i64::to_string).collect();
        self.set_setting(&format!("{TERRITORIES_OF}{resource}"), &text.join(","))
            .await
    }
}
