//! Putting an instance in front of a PSA when the server starts, and keeping its structure the PSA's.

use super::{Gate, LocateError, Settings, Upstream};
use bitting_psa::instance::Instance;
use bitting_psa::problem::Problem;
use bitting_rules as rules;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How often the structure is read anew.
const EVERY: Duration = Duration::from_secs(300);

/// What a gate is started with.
#[derive(Debug, Clone)]
pub struct Front {
    pub upstream: Settings,
    /// Virtual members that are called otherwise on the PSA: identifier here, identifier there.
    pub names: Vec<(String, String)>,
}

/// Why a gate does not start.
#[derive(Debug, thiserror::Error)]
pub enum FrontError {
    #[error("{0}; check --psa, --company and the key")]
    Gate(String),
    #[error(transparent)]
    Problem(#[from] Problem),
}

/// Puts the instance in front of the PSA. A PSA that is down stops only a gate that has never seen it.
pub async fn join(instance: &Instance, front: &Front) -> Result<(), FrontError> {
    let mut upstream = Upstream::open(front.upstream.clone()).map_err(FrontError::Gate)?;
    let located = upstream.locate().await;
    let gate = Arc::new(Gate::new(upstream, instance.catalog()));
    gate.name_members(instance, &front.names).await?;
    instance.join_gate(gate.clone());
    match located {
        Err(LocateError::Unreachable(why))
            if rules::members::top_location(instance).await?.is_some() =>
        {
            tracing::warn!(%why, "the gate starts with the structure it knows");
        }
        Err(error) => return Err(FrontError::Gate(format!("{error} ({})", gate.address()))),
        Ok(()) => {
            let mirrored = gate.mirror(instance).await;
            mirrored.map_err(|problem| FrontError::Gate(problem.to_string()))?;
        }
    }
    Ok(())
}

/// Reads the structure of every instance behind a gate anew until the server stops.
pub async fn follow(
    instances: impl Fn() -> Vec<Arc<Instance>> + Send,
    mut stopped: watch::Receiver<bool>,
) {
    loop {
        tokio::select! {
            _ = stopped.changed() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        for instance in instances() {
            if let Some(gate) = instance.gate::<Gate>()
                && let Err(problem) = gate.mirror(&instance).await
            {
                tracing::warn!(%problem, "the PSA's structure could not be read");
            }
        }
    }
}
