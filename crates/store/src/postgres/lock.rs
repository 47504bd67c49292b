//! A lock by name that servers on one database see of each other. It rests with a connection, which goes back to
//! the pool once the lock is given up.

use super::{Postgres, fault, lock_key};
use crate::error::StoreError;
use deadpool_postgres::Object;

/// Held until it is dropped.
pub struct Lock {
    key: i64,
    client: Option<Object>,
}

impl Postgres {
    /// Waits until nobody holds the lock of this name in the schema, then holds it. Not to be asked for twice by
    /// one holder, which would wait for itself.
    pub async fn lock(&self, name: &str) -> Result<Lock, StoreError> {
        // No table has a colon in its name.
        let key = lock_key(&self.schema, &format!(":{name}"));
        // Kept at once: who stops waiting must not leave the lock behind on a connection of the pool.
        let lock = Lock {
            key,
            client: Some(self.client().await?),
        };
        if let Some(client) = &lock.client {
            let taken = client.execute("SELECT pg_advisory_lock($1)", &[&key]).await;
            taken.map_err(|error| fault(&self.place, &error))?;
        }
        Ok(lock)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let Some(client) = self.client.take() else {
            return;
        };
        let key = self.key;
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            // The end of the connection gives the lock up.
            drop(Object::take(client));
            return;
        };
        runtime.spawn(async move {
            let given = client
                .query_one("SELECT pg_advisory_unlock($1)", &[&key])
                .await;
            if given.is_err() {
                drop(Object::take(client));
            }
        });
    }
}
