//! A database that other servers share: what they have changed is dropped from memory.

use super::Backend;
use bitting_store::StoreError;

impl Backend {
    /// Drops what another server that shares the database has changed since the last call; `read_rights` reads
    /// anew what decides what callers may do.
    pub async fn look(
        &self,
        read_rights: impl AsyncFnOnce() -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let Some(versions) = &self.versions else {
            return Ok(());
        };
        let Some(moved) = versions.look(&self.store).await? else {
            return Ok(());
        };
        if moved.names {
            self.forget_all();
        }
        if moved.rights {
            read_rights().await?;
        }
        versions.caught_up(moved);
        Ok(())
    }
}
