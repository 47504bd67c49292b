//! What servers and jobs run on, and what ends them.

use anyhow::{Context as _, Result};
use std::time::Duration;

/// Bytes of a worker's stack, of which only what is used takes memory: a write that makes records which make
/// records nests deep, most of all in a build without optimisation.
const STACK: usize = 16 << 20;
/// How long a thread stays that has nothing to do, with its stack and the allocator's pages for it.
const KEPT: Duration = Duration::from_secs(1);

/// What servers run on.
pub fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(STACK)
        .thread_keep_alive(KEPT)
        .build()
        .context("cannot start the runtime")
}

/// Waits until the system asks the program to end.
pub async fn stop_signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
