//! Who runs a job at the moment: a row that only one can have, also among several servers. It is renewed while
//! its holder is alive and runs out when he is not; its id fences everything that is written under it, so that a
//! holder who wakes up late changes nothing. Knows no job.

use crate::Failure;
use crate::state::{Record, Shelf, State};
use crate::text::moment;
use jiff::{Timestamp, ToSpan as _};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// How long a lease holds without a word of its holder.
pub const HOLDS: i64 = 5;
/// How often its holder renews it.
const RENEWED: Duration = Duration::from_secs(60);

/// A lease that was taken.
pub struct Lease<'a> {
    state: &'a State,
    id: i64,
    taken: Timestamp,
    began: Instant,
}

impl<'a> Lease<'a> {
    /// Takes the lease of a job, from nobody or from a holder who has gone.
    pub fn take(
        state: &'a State,
        integration: &str,
        job: &str,
        now: Timestamp,
    ) -> Result<Self, Failure> {
        let mut lease = Record::new(integration, "lease", job);
        lease.state = holder();
        lease.updated = moment(later(now, HOLDS));
        // The second time round, the first one's holder was found to have gone.
        for _ in 0..2 {
            if state.lease(&mut lease)? {
                return Ok(Self {
                    state,
                    id: lease.id,
                    taken: now,
                    began: Instant::now(),
                });
            }
            let Some(held) = state.find(Shelf::Lease, integration, "lease", job)? else {
                continue;
            };
            // An end further off than anybody may set it comes from a clock that has gone back since.
            let believed = moment(now)..=moment(later(now, 2 * HOLDS));
            if believed.contains(&held.updated) {
                return Err(Failure::Running {
                    integration: integration.to_owned(),
                    job: job.to_owned(),
                    holder: held.state,
                    until: held.updated,
                });
            }
            state.release(held.id)?;
        }
        Err(Failure::Held(format!(
            "{integration} {job}: another server took the job over at this moment"
        )))
    }

    /// Told to every write.
    pub fn id(&self) -> i64 {
        self.id
    }

    /// Does the work and renews the lease meanwhile. Counts time by a clock that does not jump.
    pub fn renewed_while<T>(&self, work: impl FnOnce() -> T) -> T {
        let (done, ended) = mpsc::channel::<()>();
        std::thread::scope(move |scope| {
            scope.spawn(move || {
                while ended.recv_timeout(RENEWED) == Err(mpsc::RecvTimeoutError::Timeout) {
                    let spent = i64::try_from(self.began.elapsed().as_secs()).unwrap_or_default();
                    let now = self
                        .taken
                        .checked_add(spent.seconds())
                        .unwrap_or(self.taken);
                    // A database that is away for a moment is no reason to give up; one that took the lease away is.
                    if let Err(Failure::Overtaken) =
                        self.state.renew(self.id, &moment(later(now, HOLDS)))
                    {
                        return;
                    }
                }
            });
            let outcome = work();
            drop(done);
            outcome
        })
    }
}

fn later(now: Timestamp, minutes: i64) -> Timestamp {
    now.checked_add(minutes.minutes()).unwrap_or(now)
}

/// This process, as people find it.
fn holder() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname")
        .ok()
        .or_else(|| std::env::var("HOSTNAME").ok())
        .or_else(|| std::env::var("COMPUTERNAME").ok());
    match host
        .as_deref()
        .map(str::trim)
        .filter(|host| !host.is_empty())
    {
        Some(host) => format!("process {} on {host}", std::process::id()),
        None => format!("process {}", std::process::id()),
    }
}
