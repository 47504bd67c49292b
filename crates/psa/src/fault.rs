//! Faults that a test asks for: a slow answer, a throttled call, an error, a page that breaks off, a right
//! that is withdrawn. None is there unless somebody set it, none outlives the process, and each says in the
//! answer that it was one. Knows no path of its own and no record.

use bitting_policy::{ActionId, Registry};
use parking_lot::RwLock;
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Most faults at a time, and the longest a latency may be, in milliseconds.
const MOST: usize = 1_000;
const LONGEST: u64 = 600_000;

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind", deny_unknown_fields)]
pub enum Kind {
    /// The answer takes this much longer.
    Latency { milliseconds: u64 },
    /// 429, with the seconds to wait.
    Throttle {
        #[serde(default = "thirty")]
        seconds: u64,
    },
    /// A status from 500 to 599.
    Error {
        #[serde(default = "five_hundred")]
        status: u16,
    },
    /// A list that ends in the middle of a record.
    Truncate,
    /// The caller's role without a row: `Service Desk / Service Tickets`.
    Withdraw { right: String },
}

fn thirty() -> u64 {
    30
}

fn five_hundred() -> u16 {
    500
}

impl Kind {
    /// As answers and events name it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Latency { .. } => "latency",
            Self::Throttle { .. } => "throttle",
            Self::Error { .. } => "error",
            Self::Truncate => "truncate",
            Self::Withdraw { .. } => "withdraw",
        }
    }
}

/// The action that `module / action` names.
pub fn action(registry: &Registry, right: &str) -> Option<ActionId> {
    let (module, action) = right.split_once('/')?;
    registry.action(module.trim(), action.trim())
}

/// Which calls a fault strikes: all that fit everything that is said.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Aim {
    /// Public key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Identifier of a member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// How the path below the API root begins: `service/tickets`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Fitting calls that pass before the first is struck.
    pub after: u64,
    /// Calls that are struck before the fault is over; without, it goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
}

/// A fault that was set.
#[derive(Debug, Clone, Serialize)]
pub struct Fault {
    pub id: u64,
    #[serde(skip)]
    company: String,
    #[serde(flatten)]
    pub kind: Kind,
    #[serde(flatten)]
    pub aim: Aim,
    /// Fitting calls so far.
    pub seen: u64,
    /// Calls struck so far.
    pub struck: u64,
}

/// A call as faults see it.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    pub company: &'a str,
    pub key: &'a str,
    pub member: &'a str,
    pub method: &'a str,
    /// Below the API root, without a slash before it.
    pub path: &'a str,
}

/// All faults of a server.
#[derive(Debug, Default)]
pub struct Faults {
    any: AtomicBool,
    next: AtomicU64,
    set: RwLock<Vec<Fault>>,
}

impl Faults {
    /// Sets a fault for a company; `Err` says what is wrong with it.
    pub fn add(&self, company: &str, kind: Kind, aim: Aim) -> Result<Fault, String> {
        match &kind {
            Kind::Latency { milliseconds } if *milliseconds > LONGEST => {
                return Err(format!("milliseconds must be at most {LONGEST}."));
            }
            Kind::Error { status } if !(500..600).contains(status) => {
                return Err(format!(
                    "status must lie between 500 and 599, not {status}."
                ));
            }
            _ => {}
        }
        let mut set = self.set.write();
        if set.len() == MOST {
            return Err(format!("There are {MOST} faults already; clear some."));
        }
        let fault = Fault {
            id: self.next.fetch_add(1, Ordering::Relaxed) + 1,
            company: company.to_ascii_lowercase(),
            kind,
            aim,
            seen: 0,
            struck: 0,
        };
        set.push(fault.clone());
        self.any.store(true, Ordering::Release);
        Ok(fault)
    }

    /// The faults of a company.
    pub fn list(&self, company: &str) -> Vec<Fault> {
        let of = |fault: &&Fault| fault.company.eq_ignore_ascii_case(company);
        self.set.read().iter().filter(of).cloned().collect()
    }

    /// Takes one fault of a company away, or all; answers how many went.
    pub fn clear(&self, company: &str, id: Option<u64>) -> usize {
        let mut set = self.set.write();
        let before = set.len();
        set.retain(|fault| {
            !fault.company.eq_ignore_ascii_case(company) || id.is_some_and(|id| fault.id != id)
        });
        self.any.store(!set.is_empty(), Ordering::Release);
        before - set.len()
    }

    /// What strikes this call, in the order in which it was set.
    pub fn strike(&self, target: Target<'_>) -> Vec<Kind> {
        if !self.any.load(Ordering::Acquire) {
            return Vec::new();
        }
        let mut struck = Vec::new();
        for fault in self.set.write().iter_mut() {
            if !fault.fits(target) {
                continue;
            }
            fault.seen += 1;
            let over = fault.aim.times.is_some_and(|times| fault.struck >= times);
            if fault.seen > fault.aim.after && !over {
                fault.struck += 1;
                struck.push(fault.kind.clone());
            }
        }
        struck
    }

    /// Whether any fault is set: calls look no further when none is.
    pub fn any(&self) -> bool {
        self.any.load(Ordering::Acquire)
    }
}

impl Fault {
    fn fits(&self, target: Target<'_>) -> bool {
        let same = |wanted: &Option<String>, is: &str| {
            wanted
                .as_ref()
                .is_none_or(|wanted| wanted.eq_ignore_ascii_case(is))
        };
        let path = self
            .aim
            .path
            .as_deref()
            .unwrap_or_default()
            .trim_matches('/');
        let under = target
            .path
            .get(..path.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(path));
        self.company.eq_ignore_ascii_case(target.company)
            // Public keys are told apart by letter case.
            && self.aim.key.as_ref().is_none_or(|key| key == target.key)
            && same(&self.aim.member, target.member)
            && same(&self.aim.method, target.method)
            && under
    }
}

#[cfg(test)]
mod tests {
    use super::{Aim, Faults, Kind, Target};

    const CALL: Target<'static> = Target {
        company: "acme",
        key: "Abc",
        member: "Api",
        method: "GET",
        path: "service/tickets/5",
    };

    fn count(aim: Aim, call: Target<'_>, calls: usize) -> Vec<usize> {
        let faults = Faults::default();
        faults.add("ACME", Kind::Truncate, aim).expect("a fault");
        (0..calls).map(|_| faults.strike(call).len()).collect()
    }

    #[test]
    fn strikes_what_it_is_aimed_at() {
        let text = |text: &str| Some(text.to_owned());
        for (aim, hits) in [
            (Aim::default(), 1),
            (
                Aim {
                    key: text("Abc"),
                    ..Aim::default()
                },
                1,
            ),
            (
                Aim {
                    key: text("abc"),
                    ..Aim::default()
                },
                0,
            ),
            (
                Aim {
                    member: text("API"),
                    method: text("get"),
                    ..Aim::default()
                },
                1,
            ),
            (
                Aim {
                    member: text("other"),
                    ..Aim::default()
                },
                0,
            ),
            (
                Aim {
                    method: text("POST"),
                    ..Aim::default()
                },
                0,
            ),
            (
                Aim {
                    path: text("/Service/Tickets"),
                    ..Aim::default()
                },
                1,
            ),
            (
                Aim {
                    path: text("company"),
                    ..Aim::default()
                },
                0,
            ),
            (
                Aim {
                    path: text("service/tickets/5/notes"),
                    ..Aim::default()
                },
                0,
            ),
        ] {
            assert_eq!(count(aim.clone(), CALL, 1), [hits], "{aim:?}");
        }
        let elsewhere = Target {
            company: "other",
            ..CALL
        };
        assert_eq!(count(Aim::default(), elsewhere, 1), [0]);
    }

    #[test]
    fn begins_and_ends_when_told() {
        let aim = Aim {
            after: 2,
            times: Some(2),
            ..Aim::default()
        };
        assert_eq!(count(aim, CALL, 6), [0, 0, 1, 1, 0, 0]);
        assert_eq!(count(Aim::default(), CALL, 3), [1, 1, 1]);
    }

    #[test]
    fn goes_when_cleared_and_only_then() {
        let faults = Faults::default();
        let first = faults
            .add("acme", Kind::Truncate, Aim::default())
            .expect("a fault");
        faults
            .add("acme", Kind::Truncate, Aim::default())
            .expect("a fault");
        faults
            .add("other", Kind::Truncate, Aim::default())
            .expect("a fault");
        assert_eq!(faults.clear("acme", Some(first.id)), 1);
        assert_eq!(faults.strike(CALL).len(), 1);
        assert_eq!(faults.clear("Acme", None), 1);
        assert!(faults.strike(CALL).is_empty() && faults.any());
        assert_eq!(faults.clear("other", None), 1);
        assert!(!faults.any());
    }

    #[test]
    fn refuses_what_it_cannot_do() {
        let faults = Faults::default();
        let wrong = [
            Kind::Error { status: 404 },
            Kind::Latency {
                milliseconds: 600_001,
            },
        ];
        for kind in wrong {
            assert!(faults.add("acme", kind, Aim::default()).is_err());
        }
        assert!(!faults.any());
    }
}
