//! API users at rest and in memory: both change together, or neither does.

use super::super::saving::Beside;
use super::super::users::{ApiUser, Shown};
use super::{Tenant, USERS, id_of};
use bitting_store::StoreError;
use bitting_store::table::Change;
use std::sync::Arc;

impl Tenant {
    /// Makes an API user. The secret and the code are in the answer and never again.
    pub async fn add_user(
        &self,
        resource: i64,
        level: i64,
        vendor: Option<&str>,
    ) -> Result<Shown, StoreError> {
        let (user, shown) = ApiUser::generate(resource, level, vendor);
        self.save_user(None, user).await?;
        Ok(shown)
    }

    /// Keeps an API user; in force from the next request on.
    pub async fn save_user(&self, id: Option<i64>, mut user: ApiUser) -> Result<(), StoreError> {
        if id.is_none() {
            user.created = user.created.or_else(|| Some(self.now()));
        }
        let json = serde_json::to_string(&user).unwrap_or_default();
        let key = user.user.to_lowercase();
        let change = self.put(&Arc::from(USERS), id, &key, &json).await?;
        let id = id_of(&change);
        self.backend.write(vec![change]).await?;
        self.users.write().insert(key, (id, Arc::new(user)));
        Ok(())
    }

    /// Keeps a new API user together with other changes, or neither.
    pub async fn save_user_with(
        &self,
        mut user: ApiUser,
        mut changes: Vec<Change>,
    ) -> Result<(), StoreError> {
        user.created = user.created.or_else(|| Some(self.now()));
        let json = serde_json::to_string(&user).unwrap_or_default();
        let key = user.user.to_lowercase();
        let change = self.put(&Arc::from(USERS), None, &key, &json).await?;
        let id = id_of(&change);
        changes.push(change);
        self.backend.write(changes).await?;
        self.users.write().insert(key, (id, Arc::new(user)));
        Ok(())
    }

    /// Keeps an API user together with other changes, or nothing of it; what it rests under is found by itself.
    pub(crate) async fn keep_user(
        &self,
        beside: Beside,
        mut changes: Vec<Change>,
    ) -> Result<(), StoreError> {
        let Beside { at, gone, mut user } = beside;
        if at.or(gone).is_none() {
            user.created = user.created.or_else(|| Some(self.now()));
        }
        let json = serde_json::to_string(&user).unwrap_or_default();
        let key = user.user.to_lowercase();
        let change = self.put(&Arc::from(USERS), at, &key, &json).await?;
        let id = id_of(&change);
        changes.push(change);
        changes.extend(gone.map(|id| Change::Delete {
            table: Arc::from(USERS),
            id,
        }));
        self.backend.write(changes).await?;
        let mut users = self.users.write();
        users.retain(|_, (known, _)| Some(*known) != gone && *known != id);
        users.insert(key, (id, Arc::new(user)));
        Ok(())
    }

    /// Keeps API users anew together with other changes, or nothing of it.
    pub async fn change_users(
        &self,
        users: Vec<(i64, ApiUser)>,
        mut changes: Vec<Change>,
    ) -> Result<(), StoreError> {
        let table = Arc::from(USERS);
        for (id, user) in &users {
            let json = serde_json::to_string(user).unwrap_or_default();
            let key = user.user.to_lowercase();
            changes.push(self.put(&table, Some(*id), &key, &json).await?);
        }
        self.backend.write(changes).await?;
        let mut held = self.users.write();
        for (id, user) in users {
            held.insert(user.user.to_lowercase(), (id, Arc::new(user)));
        }
        Ok(())
    }

    /// Removes API users together with other changes, or nothing of it.
    pub async fn remove_users(
        &self,
        ids: &[i64],
        mut changes: Vec<Change>,
    ) -> Result<(), StoreError> {
        changes.extend(ids.iter().map(|id| Change::Delete {
            table: Arc::from(USERS),
            id: *id,
        }));
        self.backend.write(changes).await?;
        self.users
            .write()
            .retain(|_, (known, _)| !ids.contains(known));
        Ok(())
    }

    /// Every API user, by the id it rests under.
    pub fn api_users(&self) -> Vec<(i64, Arc<ApiUser>)> {
        let mut users: Vec<_> = self.users.read().values().cloned().collect();
        users.sort_by_key(|(id, _)| *id);
        users
    }

    /// An API user by its user name, with the id it rests under.
    pub fn user(&self, name: &str) -> Option<(i64, Arc<ApiUser>)> {
        self.users.read().get(&name.to_lowercase()).cloned()
    }

    /// API users of a resource.
    pub fn users_of(&self, resource: i64) -> Vec<(i64, Arc<ApiUser>)> {
        let mut users = self.api_users();
        users.retain(|(_, user)| user.resource == resource);
        users
    }

    /// Removes an API user.
    pub async fn remove_user(&self, id: i64) -> Result<(), StoreError> {
        self.backend
            .write(vec![Change::Delete {
                table: Arc::from(USERS),
                id,
            }])
            .await?;
        self.users.write().retain(|_, (known, _)| *known != id);
        Ok(())
    }
}
