//! What was used, of keys and rights, kept every few seconds. Knows no entity.

use crate::server::Server;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How often what was used is kept.
const EVERY: Duration = Duration::from_secs(10);

/// Keeps what was used every few seconds, so that a server that is killed loses no more than that.
pub async fn keep(server: Arc<Server>, mut stopped: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            _ = stopped.changed() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        keep_now(&server).await;
    }
}

/// Keeps it at once.
pub async fn keep_now(server: &Server) {
    let warn = |kept: Result<(), String>| {
        if let Err(error) = kept {
            tracing::warn!(%error, "what was used could not be kept");
        }
    };
    for instance in server.instances() {
        for kept in [instance.save_last_used().await, instance.save_used().await] {
            warn(kept.map_err(|error| error.to_string()));
        }
    }
    for tenant in server.autotask() {
        warn(
            tenant
                .save_last_used()
                .await
                .map_err(|error| error.to_string()),
        );
    }
}
