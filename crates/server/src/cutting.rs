//! Key pairs: cut for members, changed, revoked, and shown once to whoever starts with them.

use crate::instance::Instance;
use crate::keys::{Key, Pair};
use crate::problem::Problem;
use crate::seed::Seeded;
use serde::Serialize;
use std::sync::Arc;

/// Description of key pairs cut for the first start.
const FIRST: &str = "first start";
/// Description of key pairs cut for a ready file; those of the start before stay good, older ones go.
const READY: &str = "ready file";

/// A key pair in the clear, for the terminal and the ready file alone.
#[derive(Serialize)]
pub struct Shown {
    pub public_key: String,
    pub private_key: String,
}

/// Any GUID will do: it names the software, not the tenant.
pub(crate) const CLIENT_ID: &str = "b1771a6e-0000-4000-8000-000000000001";

/// Key pairs of the two members that a newcomer starts with.
pub(crate) async fn pairs(
    instance: &Instance,
    seeded: &Seeded,
    ready: bool,
) -> Result<(Option<Shown>, Option<Shown>), Problem> {
    if !seeded.new && !ready {
        return Ok((None, None));
    }
    let description = if seeded.new { FIRST } else { READY };
    let mut shown = Vec::new();
    for member in [seeded.admin, seeded.least] {
        let Some(member) = member else {
            shown.push(None);
            continue;
        };
        if description == READY {
            let mut held = instance.keys.list(Some(member));
            held.retain(|key| key.description == READY);
            held.sort_by_key(|key| key.id);
            for key in held.iter().rev().skip(1) {
                instance.delete_key(key.id).await?;
            }
        }
        let (_, pair) = instance.cut_key(member, description, None).await?;
        shown.push(Some(Shown {
            public_key: pair.public,
            private_key: pair.private.reveal().to_owned(),
        }));
    }
    let least = shown.pop().flatten();
    Ok((shown.pop().flatten(), least))
}

impl Instance {
    /// Cuts a key pair for a member. The private half is in the answer and never again.
    pub async fn cut_key(
        &self,
        member: i64,
        description: &str,
        expires: Option<jiff::Timestamp>,
    ) -> Result<(Arc<Key>, Pair), Problem> {
        let id = self
            .backend
            .store
            .next_id(&Arc::from(crate::keys::TABLE))
            .await?;
        let pair = Pair::generate();
        let key = Key::new(id, member, description.to_owned(), &pair, self.now());
        let key = key.with(description.to_owned(), false, expires);
        self.backend.write(vec![key.insert()]).await?;
        Ok((self.keys.put(key), pair))
    }

    /// Revokes a key for good; the next request with it is refused.
    pub async fn delete_key(&self, id: i64) -> Result<(), Problem> {
        self.keys.remove(id);
        let table = Arc::from(crate::keys::TABLE);
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
        let table = Arc::from(crate::used::TABLE);
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
