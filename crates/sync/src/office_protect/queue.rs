//! The queue of events in the outbox, as far as more than the tickets have to know it.

use crate::state::Record;

/// Kind of the queue's rows in the outbox.
pub const EVENT: &str = "event";

/// The events that became too old for a ticket since then, as a mail lists them.
pub fn expired<'e>(events: impl IntoIterator<Item = &'e Record>, since: &str) -> String {
    let expired: Vec<&str> = events
        .into_iter()
        .filter(|event| event.state == "expired" && *event.updated >= *since)
        .map(|event| event.key.as_str())
        .collect();
    if expired.is_empty() {
        "none".to_owned()
    } else {
        expired.join(", ")
    }
}
