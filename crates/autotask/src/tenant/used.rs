//! When the credentials of API users were last taken: in memory with every call, at rest every few seconds.

use super::{LAST_USED, Tenant, USED};
use bitting_store::StoreError;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

impl Tenant {
    /// When credentials were last taken, by the id that their user rests under.
    pub fn last_used(&self, id: i64) -> Option<Timestamp> {
        let second = self.last_used.lock().0.get(&id).copied();
        second.and_then(|second| Timestamp::from_second(second).ok())
    }

    pub(super) fn used_now(&self, id: i64) {
        let now = self.now().as_second();
        let mut used = self.last_used.lock();
        if used.0.insert(id, now) != Some(now) {
            used.1 = false;
        }
    }

    /// Keeps when credentials were last taken, so that it outlives the server.
    pub async fn save_last_used(&self) -> Result<(), StoreError> {
        let known: Vec<i64> = self.api_users().into_iter().map(|(id, _)| id).collect();
        let json = {
            let mut used = self.last_used.lock();
            if used.1 {
                return Ok(());
            }
            used.0.retain(|id, _| known.contains(id));
            used.1 = true;
            serde_json::to_string(&used.0).unwrap_or_default()
        };
        let kept = self.keep_last_used(&json).await;
        if kept.is_err() {
            self.last_used.lock().1 = false;
        }
        kept
    }

    async fn keep_last_used(&self, json: &str) -> Result<(), StoreError> {
        let old = self.rows(USED).await?.pop().map(|(id, ..)| id);
        let change = self.put(&Arc::from(USED), old, LAST_USED, json).await?;
        self.backend.write(vec![change]).await
    }

    /// Reads what is at rest; what is newer in memory stays.
    pub(super) async fn read_use(&self) -> Result<(), StoreError> {
        let kept = self.rows(USED).await?.pop();
        let kept: BTreeMap<i64, i64> = kept
            .and_then(|(_, _, json)| serde_json::from_str(&json).ok())
            .unwrap_or_default();
        let mut used = self.last_used.lock();
        for (id, second) in kept {
            let known = used.0.entry(id).or_default();
            *known = second.max(*known);
        }
        Ok(())
    }
}
