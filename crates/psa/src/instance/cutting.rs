//! Keys of an instance at rest: cut, changed, revoked, and when each was last used.

use super::Instance;
use crate::keys::{self, Key, Pair};
use crate::problem::Problem;
use crate::used;
use std::sync::Arc;

impl Instance {
    /// Cuts a key pair for a member. The private half is in the answer and never again.
    pub async fn cut_key(
        &self,
        member: i64,
        description: &str,
        expires: Option<jiff::Timestamp>,
    ) -> Result<(Arc<Key>, Pair), Problem> {
        let id = self.backend.store.next_id(&Arc::from(keys::TABLE)).await?;
        let pair = Pair::generate();
        let key = Key::new(id, member, description.to_owned(), &pair, self.now());
        let key = key.with(description.to_owned(), false, expires);
        self.backend.write(vec![key.insert()]).await?;
        Ok((self.keys.put(key), pair))
    }

    /// Revokes a key for good; the next request with it is refused.
    pub async fn delete_key(&self, id: i64) -> Result<(), Problem> {
        self.keys.remove(id);
        let table = Arc::from(keys::TABLE);
        self.backend
            .write(vec![bitting_store::Change::Delete { table, id }])
            .await?;
        Ok(())
    }

    /// Changes a key's description, activity and expiry.
    pub async fn change_key(&self, key: Key) -> Result<Arc<Key>, Problem> {
        self.backend.write(vec![key.update()]).await?;
        Ok(self.keys.put(key))
    }

    /// Keeps when keys were last used: written now and then, not on every request.
    pub async fn save_last_used(&self) -> Result<(), Problem> {
        self.look().await?;
        let changes: Vec<_> = self
            .keys
            .list(None)
            .iter()
            .filter(|key| key.is_unkept())
            .map(|key| key.use_kept())
            .collect();
        if changes.is_empty() {
            return Ok(());
        }
        Ok(self.backend.write(changes).await?)
    }

    /// Keeps what members called, as rarely.
    pub async fn save_used(&self) -> Result<(), Problem> {
        let table = Arc::from(used::TABLE);
        let mut ids = Vec::new();
        for _ in 0..self.used.fresh() {
            ids.push(self.backend.store.next_id(&table).await?);
        }
        let changes = self.used.changes(ids.into_iter());
        if changes.is_empty() {
            return Ok(());
        }
        Ok(self.backend.write(changes).await?)
    }
}
