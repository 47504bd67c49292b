//! What a ticket is about: an identity that made more botnet requests than the threshold in one window of time, and
//! the words for it. Knows no PSA.

use crate::api::short;
use crate::text::{hash, moment};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Domains that a text names.
const SHOWN: usize = 50;

/// One identity over the threshold in one window.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Seen {
    pub org: String,
    /// What the organisation is called.
    pub name: String,
    pub identity: String,
    pub start: Timestamp,
    pub end: Timestamp,
    pub count: u64,
    pub domains: BTreeMap<String, u64>,
}

impl Seen {
    /// What the ticket of this window is known by; at most 100 characters.
    pub fn key(&self) -> String {
        let identity = if self.org.len() + self.identity.len() > 60 {
            hash(&self.identity)
        } else {
            self.identity.clone()
        };
        short(
            &format!("umbrella:{}:{identity}:{}", self.org, moment(self.start)),
            100,
        )
    }

    /// What stands in a text that tells of the window.
    pub fn mark(&self) -> String {
        format!("[{}]", self.key())
    }

    /// What the ticket is called.
    pub fn title(&self) -> String {
        format!(
            "Umbrella: botnet activity of {} ({})",
            self.identity, self.name
        )
    }

    /// What a ticket or a note says of it: the busiest domains, and the mark.
    pub fn text(&self) -> String {
        // A PSA takes only so long a text; the busiest domains tell the most.
        let mut domains: Vec<_> = self.domains.iter().collect();
        domains.sort_by_key(|(domain, count)| (std::cmp::Reverse(**count), *domain));
        let rest = domains.split_off(domains.len().min(SHOWN)).len();
        let mut lines: Vec<String> = domains
            .iter()
            .map(|(domain, count)| format!("  {domain}: {count}"))
            .collect();
        if rest > 0 {
            lines.push(format!("  and {rest} more domains"));
        }
        format!(
            "{} blocked botnet requests of {} from {} to {}:\n{}\n{}",
            self.count,
            self.identity,
            moment(self.start),
            moment(self.end),
            lines.join("\n"),
            self.mark()
        )
    }
}
