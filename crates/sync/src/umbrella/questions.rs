//! What the record of an organisation tells: a question each, with the kind of its field and its answer. The same
//! on both PSAs.

use super::source::{Deployed, Organisation};
use serde_json::{Value, json};

/// A question: text, kind of its field, and its answer.
pub struct Question {
    pub text: &'static str,
    pub field: &'static str,
    pub answer: fn(&Organisation, &str) -> Value,
}

impl Question {
    /// How it is filled in: a day in a field of its own.
    pub fn entry(&self) -> &'static str {
        if self.field == "Date" {
            "Date"
        } else {
            "EntryField"
        }
    }
}

const fn ask(
    text: &'static str,
    field: &'static str,
    answer: fn(&Organisation, &str) -> Value,
) -> Question {
    Question {
        text,
        field,
        answer,
    }
}

fn total(deployed: Deployed) -> Value {
    json!(deployed.active + deployed.inactive)
}

/// The questions in their order. The second argument of an answer is the day of the run.
pub const QUESTIONS: [Question; 24] = [
    ask("Umbrella Org ID", "Text", |org, _| json!(org.org)),
    ask("Org Name", "Text", |org, _| json!(org.name)),
    ask("Package", "Text", |org, _| json!(org.package)),
    ask("Seats", "Number", |org, _| json!(org.seats)),
    ask("Service Status", "Text", |org, _| json!(org.service_status)),
    ask("Networks Active", "Number", |org, _| {
        json!(org.networks.active)
    }),
    ask("Networks Inactive", "Number", |org, _| {
        json!(org.networks.inactive)
    }),
    ask("Networks Total", "Number", |org, _| total(org.networks)),
    ask("Roaming Clients Active", "Number", |org, _| {
        json!(org.roaming_clients.active)
    }),
    ask("Roaming Clients Inactive", "Number", |org, _| {
        json!(org.roaming_clients.inactive)
    }),
    ask("Roaming Clients Total", "Number", |org, _| {
        total(org.roaming_clients)
    }),
    ask("Virtual Appliances Active", "Number", |org, _| {
        json!(org.virtual_appliances.active)
    }),
    ask("Virtual Appliances Inactive", "Number", |org, _| {
        json!(org.virtual_appliances.inactive)
    }),
    ask("Virtual Appliances Total", "Number", |org, _| {
        total(org.virtual_appliances)
    }),
    ask("Requests 24h", "Number", |org, _| json!(org.requests_24h)),
    ask("Requests 30d", "Number", |org, _| json!(org.requests_30d)),
    ask("Blocked 24h", "Number", |org, _| json!(org.blocked_24h)),
    ask("Blocked 30d", "Number", |org, _| json!(org.blocked_30d)),
    ask("Threats Prevented 30d", "Number", |org, _| {
        json!(org.threats_30d)
    }),
    ask("Infections Contained 30d", "Number", |org, _| {
        json!(org.infections_30d)
    }),
    ask("Top Allowed Domains", "TextArea", |org, _| {
        json!(org.top_allowed.join("\n"))
    }),
    ask("Top Blocked Domains", "TextArea", |org, _| {
        json!(org.top_blocked.join("\n"))
    }),
    ask("Dashboard", "Hyperlink", |org, _| json!(org.dashboard)),
    ask("Last Updated", "Date", |_, day| {
        json!(format!("{day}T00:00:00Z"))
    }),
];
