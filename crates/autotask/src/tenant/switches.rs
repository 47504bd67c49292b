//! How faithful an instance is to the vendor: switches that rest with it. Where none is set, what the server was
//! started with holds. Must not know who sets them.

use super::Tenant;
use crate::limits::{HOURLY, Limits, THREADS};
use bitting_store::StoreError;
use std::sync::atomic::Ordering;

/// Settings of this kind in the database begin so.
const PREFIX: &str = "switch/";

/// A switch: its name, what it takes, and what it does.
pub struct Switch {
    pub name: &'static str,
    pub takes: &'static str,
    pub meaning: &'static str,
    holds: Holds,
}

#[derive(Clone, Copy)]
enum Holds {
    OnOff,
    /// A whole number from one to this.
    Count(u64),
}

const LENIENT: &str = "lenient";
const LIMITS: &str = "limits";
const HOURLY_LIMIT: &str = "hourly-limit";
const THREAD_LIMIT: &str = "thread-limit";

pub const SWITCHES: [Switch; 4] = [
    Switch {
        name: LENIENT,
        takes: "on, off; absent: as the server was started",
        meaning: "take changes at a record's own path too, children at theirs, and searches without a filter, which the vendor refuses with 405, 404 and 500",
        holds: Holds::OnOff,
    },
    Switch {
        name: LIMITS,
        takes: "on, off; absent: as the server was started",
        meaning: "enforce the vendor's limits: calls an hour with their delays, calls at once, attachments",
        holds: Holds::OnOff,
    },
    Switch {
        name: HOURLY_LIMIT,
        takes: "1 to 1000000; absent: 10000",
        meaning: "calls an hour that the database takes, once limits are on",
        holds: Holds::Count(1_000_000),
    },
    Switch {
        name: THREAD_LIMIT,
        takes: "1 to 100; absent: 3",
        meaning: "calls at once per endpoint and tracking identifier, once limits are on",
        holds: Holds::Count(100),
    },
];

impl Switch {
    /// A switch by its name, in any case.
    pub fn find(name: &str) -> Option<&'static Switch> {
        let mut all = SWITCHES.iter();
        all.find(|switch| switch.name.eq_ignore_ascii_case(name))
    }

    /// The only values it takes; empty when it takes others.
    pub fn values(&self) -> &'static [&'static str] {
        match self.holds {
            Holds::OnOff => &["on", "off"],
            Holds::Count(_) => &[],
        }
    }

    /// What is wrong with a value, for people; nothing where the switch takes it.
    pub fn fault(&self, value: &str) -> Option<String> {
        let fits = match self.holds {
            Holds::OnOff => value == "on" || value == "off",
            Holds::Count(most) => value
                .parse()
                .is_ok_and(|count: u64| (1..=most).contains(&count)),
        };
        (!fits).then(|| format!("{} takes {}, and not '{value}'.", self.name, self.takes))
    }
}

/// What holds where a switch is not set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Started {
    pub lenient: bool,
    pub limits: bool,
}

impl Tenant {
    /// Tells the instance how the server was started.
    pub fn start_as(&self, started: Started) {
        *self.started.lock() = started;
        self.settle();
    }

    /// What a switch is set to; nothing where it is not.
    pub fn switch(&self, switch: &Switch) -> Option<String> {
        let value = self.setting(&format!("{PREFIX}{}", switch.name));
        value.filter(|value| !value.is_empty())
    }

    /// Sets a switch, or clears it; in force from the next request on, and after a new start.
    pub async fn set_switch(&self, switch: &Switch, value: Option<&str>) -> Result<(), StoreError> {
        let name = format!("{PREFIX}{}", switch.name);
        self.set_setting(&name, value.unwrap_or_default()).await?;
        self.settle();
        Ok(())
    }

    /// Brings limits and leniency to what the switches say.
    pub(super) fn settle(&self) {
        let said = |name: &str| Switch::find(name).and_then(|switch| self.switch(switch));
        let count = |name: &str| said(name).and_then(|value| value.parse::<u64>().ok());
        let on = |name: &str, default: bool| said(name).map_or(default, |value| value == "on");
        let started = *self.started.lock();
        self.lenient
            .store(on(LENIENT, started.lenient), Ordering::Relaxed);
        let limits = if on(LIMITS, started.limits) {
            let threads = count(THREAD_LIMIT).and_then(|count| u32::try_from(count).ok());
            Limits {
                hourly: Some(count(HOURLY_LIMIT).unwrap_or(HOURLY)),
                threads: Some(threads.unwrap_or(THREADS)),
                ..Limits::vendor()
            }
        } else {
            Limits::default()
        };
        // Who sets limits of its own, as tests do, keeps them until a switch changes.
        let mut settled = self.settled.lock();
        if *settled != limits {
            *settled = limits;
            self.usage.set(limits);
        }
    }
}
