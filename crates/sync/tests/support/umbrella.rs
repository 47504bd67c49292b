//! Umbrella's console as a test has it, and both PSAs with its profile applied, so that one scenario runs on either.

pub mod autotask;
pub mod connectwise;

use super::Desk;
use bitting_sync::Integration;
use bitting_sync::psa::Way;
use serde_json::{Value, json};

/// A PSA with two companies that organisations belong to.
pub trait Side {
    const INTEGRATION: &'static Integration;
    /// What names no company.
    const NOBODY: &'static str;
    /// A whole run has at least so many steps at which it can be killed.
    const STEPS: u64;

    /// An instance of its own.
    fn start() -> Self;

    /// The least-privilege key.
    fn key(&self) -> Way<'_>;

    /// What names the two companies in the console.
    fn companies(&self) -> &[String; 2];

    /// Settings with a product or type of the tag's own, and tickets from five events on.
    fn settings(&self, tag: &str) -> String;

    /// Ids of the tickets that the jobs made for organisations of the tag.
    fn tickets(&self, tag: &str) -> Vec<i64>;

    /// How many notes a ticket has.
    fn notes(&self, ticket: i64) -> usize;

    /// A person edits a ticket, what it is known by included, and leaves it open.
    fn edit(&self, ticket: i64);

    /// A person closes a ticket.
    fn close(&self, ticket: i64);

    /// Configurations of the tag's organisations, by organisation and company.
    fn configurations(&self, tag: &str) -> Vec<Value>;

    /// The seats that a configuration tells of.
    fn seats(configuration: &Value) -> String;

    /// What must be there in the end, however the way to it was.
    fn right(&self, tag: &str);

    /// Two organisations of companies, one of no company, one unmapped; three identities, one of them over the
    /// threshold.
    fn desk(&self, tag: &str) -> Desk {
        let desk = Desk::new(Self::INTEGRATION, &self.settings(tag));
        let [first, second] = self.companies();
        desk.give(
            "organisations.jsonl",
            &[
                organisation(tag, 1, first),
                organisation(tag, 2, &second.to_lowercase()),
                organisation(tag, 3, Self::NOBODY),
                organisation(tag, 4, ""),
            ],
        );
        // The window that ended last at 12:30 is 08:00 to 12:00.
        desk.give(
            "events.jsonl",
            &[
                event(tag, 1, "laptop-7", "2026-11-21T08:00:00Z", "botnet", 4),
                event(tag, 1, "laptop-7", "2026-11-21T11:59:59Z", "botnet", 2),
                event(tag, 1, "laptop-8", "2026-11-21T09:00:00Z", "botnet", 5),
                event(tag, 1, "laptop-9", "2026-11-21T09:00:00Z", "malware", 50),
                event(tag, 3, "laptop-1", "2026-11-21T09:00:00Z", "botnet", 50),
                event(tag, 1, "laptop-7", "2026-11-21T12:00:00Z", "botnet", 9),
            ],
        );
        desk
    }
}

pub fn organisation(tag: &str, number: u32, company: &str) -> Value {
    json!({
        "org": format!("{tag}-{number}"), "name": format!("Org {number} of {tag}"), "company": company, "package": "DNS Advantage",
        "seats": 40, "service_status": "Protected", "networks": { "active": 2, "inactive": 1 }, "requests_24h": 1000,
        "top_blocked": ["bad.test", "worse.test"], "dashboard": "https://dashboard.test/1",
    })
}

pub fn event(
    tag: &str,
    number: u32,
    identity: &str,
    time: &str,
    category: &str,
    count: u64,
) -> Value {
    json!({ "org": format!("{tag}-{number}"), "identity": identity, "time": time, "domain": "c2.test", "category": category, "count": count })
}
