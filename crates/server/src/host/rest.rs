//! Gives memory back while nobody asks for anything. Knows no entity.

use crate::server::Server;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Whoever has not been asked for this long rests.
const QUIET: Duration = Duration::from_secs(1);

/// Has every database rest that was not read for a while, until told to stop.
pub async fn keep(server: Arc<Server>, mut stopped: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            _ = stopped.changed() => return,
            () = tokio::time::sleep(QUIET) => {}
        }
        for instance in server.instances() {
            instance.backend.store.rest();
        }
        for tenant in server.autotask() {
            tenant.backend.store.rest();
        }
    }
}
