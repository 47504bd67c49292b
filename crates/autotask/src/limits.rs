//! The vendor's limits as served behaviour: calls per hour with two steps of delay, and calls at once per endpoint
//! and tracking identifier. Off until switched on. Must not know records.

use bitting_dialects::autotask::error::Refusal;
use jiff::Timestamp;
use parking_lot::Mutex;
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// Calls an hour that the database takes.
pub const HOURLY: u64 = 10_000;
/// Calls at once per endpoint and tracking identifier.
pub const THREADS: u32 = 3;

/// Most bytes of one attachment, and of all within the span in seconds.
const ATTACHMENT: u64 = 7_000_000;
const ATTACHMENTS: u64 = 10_000_000;
const ATTACHMENT_SPAN: i64 = 300;

/// Which limits hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    pub hourly: Option<u64>,
    pub threads: Option<u32>,
    /// Calls wait from half the hourly limit on.
    pub delays: bool,
    /// Attachments are limited in size, each and within five minutes.
    pub attachments: bool,
}

impl Limits {
    /// As the vendor has them.
    pub fn vendor() -> Self {
        Self {
            hourly: Some(HOURLY),
            threads: Some(THREADS),
            delays: true,
            attachments: true,
        }
    }
}

/// How a call waits out its delay.
pub type Pause = Arc<dyn Fn(Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// What has been used of the limits.
#[derive(Default)]
pub struct Usage {
    limits: Mutex<Limits>,
    /// Real time where there is none.
    pause: Mutex<Option<Pause>>,
    /// Calls by minute, oldest first.
    minutes: Mutex<VecDeque<(i64, u64)>>,
    open: Arc<Mutex<HashMap<(u64, String), u32>>>,
    attached: Mutex<Attached>,
}

/// What has been attached lately: second and bytes, and until when nothing more is taken.
#[derive(Debug, Default)]
struct Attached {
    files: VecDeque<(i64, u64)>,
    closed_until: i64,
}

/// A call under way; counts until it is dropped.
#[derive(Debug)]
pub struct Underway {
    open: Arc<Mutex<HashMap<(u64, String), u32>>>,
    key: (u64, String),
    /// How long the call has to wait first.
    pub delay: Duration,
}

impl fmt::Debug for Usage {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Usage")
            .field("limits", &self.limits)
            .field("minutes", &self.minutes)
            .field("open", &self.open)
            .finish_non_exhaustive()
    }
}

impl Usage {
    pub fn set(&self, limits: Limits) {
        *self.limits.lock() = limits;
    }

    /// Lets calls wait out their delay by another clock than the machine's.
    pub fn set_pause(&self, pause: Pause) {
        *self.pause.lock() = Some(pause);
    }

    /// Waits as long as the limits want a call to.
    pub async fn wait(&self, underway: &Underway) {
        if underway.delay.is_zero() {
            return;
        }
        let pause = self.pause.lock().clone();
        match pause {
            Some(pause) => pause(underway.delay).await,
            None => tokio::time::sleep(underway.delay).await,
        }
    }

    /// Calls an hour that the database takes, said also where nothing enforces it.
    pub fn threshold(&self) -> u64 {
        self.limits.lock().hourly.unwrap_or(HOURLY)
    }

    /// Calls of the last 60 minutes.
    pub fn used(&self, now: Timestamp) -> u64 {
        lately(&mut self.minutes.lock(), now)
    }

    /// Counts the bytes of an attachment, or refuses it.
    pub fn attach(&self, bytes: u64, now: Timestamp) -> Result<(), Refusal> {
        if !self.limits.lock().attachments {
            return Ok(());
        }
        if bytes > ATTACHMENT {
            return Err(Refusal::new(format!(
                "The attachment is larger than the limit of {ATTACHMENT} bytes."
            )));
        }
        let second = now.as_second();
        let mut attached = self.attached.lock();
        while attached
            .files
            .front()
            .is_some_and(|(at, _)| *at <= second - ATTACHMENT_SPAN)
        {
            attached.files.pop_front();
        }
        let sum: u64 = attached.files.iter().map(|(_, bytes)| bytes).sum();
        if second >= attached.closed_until && sum + bytes <= ATTACHMENTS {
            attached.files.push_back((second, bytes));
            return Ok(());
        }
        if second >= attached.closed_until {
            attached.closed_until = second + ATTACHMENT_SPAN;
        }
        Err(Refusal::new(format!(
            "Attachments are limited to {ATTACHMENTS} bytes in five minutes; try again later."
        )))
    }

    /// Counts a call, or refuses it.
    pub fn enter(&self, code: u64, endpoint: &str, now: Timestamp) -> Result<Underway, Refusal> {
        let limits = *self.limits.lock();
        let used = {
            // Counted under one lock, so that calls at once do not all find the last one free.
            let mut minutes = self.minutes.lock();
            let used = lately(&mut minutes, now);
            if limits.hourly.is_some_and(|most| used >= most) {
                return Err(Refusal::hourly().after(until_less(&minutes, now)));
            }
            let minute = now.as_second() / 60;
            match minutes.back_mut() {
                Some((last, calls)) if *last == minute => *calls += 1,
                _ => minutes.push_back((minute, 1)),
            }
            used
        };
        let key = (code, endpoint.to_owned());
        {
            let mut open = self.open.lock();
            let running = open.entry(key.clone()).or_default();
            if let Some(most) = limits.threads
                && *running >= most
            {
                return Err(Refusal::threads(most));
            }
            *running += 1;
        }
        let delay = match limits.hourly {
            Some(most) if limits.delays && used * 4 >= most * 3 => Duration::from_secs(1),
            Some(most) if limits.delays && used * 2 >= most => Duration::from_millis(500),
            _ => Duration::ZERO,
        };
        Ok(Underway {
            open: self.open.clone(),
            key,
            delay,
        })
    }
}

/// Calls of the last 60 minutes; forgets those before.
fn lately(minutes: &mut VecDeque<(i64, u64)>, now: Timestamp) -> u64 {
    let oldest = now.as_second() / 60 - 60;
    while minutes.front().is_some_and(|(minute, _)| *minute <= oldest) {
        minutes.pop_front();
    }
    minutes.iter().map(|(_, calls)| calls).sum()
}

/// Seconds until the first of the calls counted is an hour old.
fn until_less(minutes: &VecDeque<(i64, u64)>, now: Timestamp) -> u64 {
    let ends = minutes.front().map_or(0, |(minute, _)| (minute + 60) * 60);
    u64::try_from(ends - now.as_second()).unwrap_or(0).max(1)
}

impl Drop for Underway {
    fn drop(&mut self) {
        let mut open = self.open.lock();
        if let Some(running) = open.get_mut(&self.key) {
            *running -= 1;
            if *running == 0 {
                open.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fourth_call_at_once_is_refused_until_one_ends() {
        let usage = Usage::default();
        usage.set(Limits::vendor());
        let now = Timestamp::UNIX_EPOCH;
        let calls: Vec<_> = (0..3).map(|_| usage.enter(1, "Tickets", now)).collect();
        assert!(calls.iter().all(Result::is_ok));
        let refused = usage
            .enter(1, "Tickets", now)
            .err()
            .map(|error| error.status);
        assert_eq!(refused, Some(429));
        assert!(usage.enter(1, "Companies", now).is_ok(), "another endpoint");
        assert!(usage.enter(2, "Tickets", now).is_ok(), "another code");
        drop(calls);
        assert!(usage.enter(1, "Tickets", now).is_ok());
    }

    #[test]
    fn the_hour_slows_down_twice_and_then_ends() {
        let usage = Usage::default();
        usage.set(Limits {
            hourly: Some(8),
            delays: true,
            ..Limits::default()
        });
        let now = Timestamp::UNIX_EPOCH;
        let waits: Vec<u64> = (0..8)
            .filter_map(|_| usage.enter(1, "Tickets", now).ok())
            .map(|call| u64::try_from(call.delay.as_millis()).unwrap_or(u64::MAX))
            .collect();
        assert_eq!(waits, [0, 0, 0, 0, 500, 500, 1000, 1000]);
        let later = |second| Timestamp::from_second(second).unwrap_or(now);
        for (second, wait) in [(0, 3_600), (3_599, 1)] {
            let refused = usage.enter(1, "Tickets", later(second)).err();
            let told = refused.and_then(|refused| refused.retry_after);
            assert_eq!(told, Some(wait), "after {second} seconds");
        }
        let later = later(3_600);
        assert!(usage.enter(1, "Tickets", later).is_ok());
        assert_eq!(usage.used(later), 1);
    }

    #[test]
    fn too_much_attached_closes_the_door_for_five_minutes() {
        let usage = Usage::default();
        usage.set(Limits::vendor());
        let at = |second| Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH);
        assert!(usage.attach(7_000_001, at(0)).is_err(), "one too large");
        assert!(usage.attach(6_000_000, at(0)).is_ok());
        assert!(usage.attach(4_000_001, at(10)).is_err(), "too many bytes");
        assert!(usage.attach(1, at(299)).is_err(), "closed");
        assert!(usage.attach(1, at(310)).is_ok());
        usage.set(Limits::default());
        assert!(usage.attach(70_000_000, at(311)).is_ok(), "switched off");
    }
}
