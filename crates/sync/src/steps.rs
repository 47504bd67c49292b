//! Counts what a run does outside itself: calls, writes and files. Tests stop a run after any of them, as if the
//! process had been killed there. Must not know what a step does.

use crate::Failure;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Steps done, and the step after which the run is cut off.
#[derive(Debug)]
pub struct Steps {
    done: AtomicU64,
    last: AtomicU64,
    stopped: AtomicBool,
}

impl Default for Steps {
    fn default() -> Self {
        Self {
            done: AtomicU64::new(0),
            last: AtomicU64::new(u64::MAX),
            stopped: AtomicBool::new(false),
        }
    }
}

impl Steps {
    /// Cuts the run off after `count` further steps.
    pub fn stop_after(&self, count: u64) {
        self.done.store(0, Ordering::Relaxed);
        self.last.store(count, Ordering::Relaxed);
    }

    /// Ends runs at their next step, for good: the program stops.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// A step was done.
    pub fn done(&self) -> Result<(), Failure> {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        if done > self.last.load(Ordering::Relaxed) {
            return Err(Failure::CutOff);
        }
        if self.stopped.load(Ordering::Relaxed) {
            return Err(Failure::Stopped);
        }
        Ok(())
    }

    /// Steps done so far.
    pub fn count(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }
}
