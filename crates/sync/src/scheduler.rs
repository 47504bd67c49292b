//! Runs what is due by itself: each integration on a thread of its own, so that a long import holds up nobody
//! else's tickets. Moments are looked at anew every time, never counted up, so a clock that jumps brings at most
//! one run of each job. Knows no job.

use crate::failure::Failure;
use crate::integration::Integration;
use crate::progress::Progress;
use crate::registry::ALL;
use crate::run::{Outcome, due};
use crate::shared::Shared;
use bitting_store::StoreError;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often the clock is looked at.
const LOOK: Duration = Duration::from_secs(20);

/// What hears of each run.
pub type Tell = dyn Fn(&'static Integration, &Result<Outcome, Failure>) + Send + Sync;

/// Threads that run what is due, until they are stopped.
pub struct Scheduler {
    shared: Arc<Shared>,
    bell: Arc<Bell>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Bell {
    stopped: Mutex<bool>,
    rung: Condvar,
}

impl Bell {
    /// Waits; answers whether it is time to stop.
    fn wait(&self, so_long: Duration) -> bool {
        let stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self
            .rung
            .wait_timeout_while(stopped, so_long, |stopped| !*stopped);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn stop(&self) {
        *self.stopped.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.rung.notify_all();
    }
}

/// What an integration's last look found: nothing new happens before one of these changes.
#[derive(PartialEq)]
struct Seen {
    due: Option<Timestamp>,
    /// Runs that failed for a reason that passes are tried again after an hour.
    hour: i64,
    connected: Timestamp,
}

impl Scheduler {
    pub fn start(shared: &Arc<Shared>, tell: &Arc<Tell>) -> Self {
        let bell = Arc::new(Bell::default());
        let mut threads = Vec::new();
        for integration in ALL {
            let (shared, told, bell) = (shared.clone(), tell.clone(), bell.clone());
            let thread = std::thread::Builder::new()
                .name(format!("jobs-{}", integration.slug))
                .spawn(move || {
                    let mut seen = None;
                    loop {
                        look(&shared, integration, &mut seen, &*told, Timestamp::now());
                        if bell.wait(LOOK) {
                            return;
                        }
                    }
                });
            match thread {
                Ok(thread) => threads.push(thread),
                Err(error) => tell(
                    integration,
                    &Err(Failure::Held(format!("its jobs cannot be run: {error}"))),
                ),
            }
        }
        Self {
            shared: shared.clone(),
            bell,
            threads,
        }
    }

    /// Ends runs at their next step and waits for them, yet not for a PSA that does not answer.
    pub fn stop(self, most: Duration) {
        self.bell.stop();
        let began = std::time::Instant::now();
        while began.elapsed() < most && self.threads.iter().any(|thread| !thread.is_finished()) {
            self.shared.stop();
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Looks whether anything of an integration may be due, and runs it.
fn look(
    shared: &Shared,
    integration: &'static Integration,
    seen: &mut Option<Seen>,
    tell: &Tell,
    now: Timestamp,
) {
    let Some(connected) = shared.home.connected(integration.slug) else {
        return;
    };
    let zone = TimeZone::system();
    let found = Seen {
        due: integration
            .jobs
            .iter()
            .filter_map(|job| job.rhythm.due(now, &zone))
            .max(),
        hour: now.as_second().div_euclid(3600),
        connected,
    };
    if seen.as_ref() == Some(&found) {
        return;
    }
    match turn(shared, integration, tell, now) {
        Ok(true) => *seen = Some(found),
        // Somebody else is at it; what he leaves is looked at again.
        Ok(false) => {}
        Err(failure) => {
            tell(integration, &Err(failure));
            *seen = Some(found);
        }
    }
}

/// Runs every job of an integration that is due at this moment. `false` where another program or server was at
/// it, so that there may be something left.
pub fn turn(
    shared: &Shared,
    integration: &'static Integration,
    tell: &Tell,
    now: Timestamp,
) -> Result<bool, Failure> {
    let state = match shared.state(Duration::ZERO) {
        Err(Failure::Store(StoreError::Locked { .. })) => return Ok(false),
        state => state?,
    };
    let mut whole = true;
    let connected = shared.home.connected(integration.slug);
    for job in due(&state, integration, now, connected)? {
        let ran = shared.run(&state, integration, Some(job), &Progress::Silent, now);
        match ran {
            Ok(outcomes) => {
                for outcome in outcomes {
                    let breaks = outcome.result.as_ref().is_err_and(Failure::breaks);
                    tell(integration, &Ok(outcome));
                    if breaks {
                        return Ok(whole);
                    }
                }
            }
            Err(Failure::Running { .. } | Failure::Held(_)) => whole = false,
            Err(Failure::Stopped) => return Ok(false),
            Err(failure) => return Err(failure),
        }
    }
    Ok(whole)
}
