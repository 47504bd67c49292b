//! What Office Protect asks of a PSA, whichever it is. Its jobs know a PSA through this alone.

use super::settings::Settings;
use super::source::Event;
use crate::Failure;
use crate::work::Work;
use serde_json::Value;

/// A PSA as Office Protect sees it.
pub trait Face: Copy {
    /// Why a company that a tenant is mapped to may not be among those that are offered.
    const UNSEEN: &'static str;

    /// Companies that take tickets, each with `id` and `name` and what else helps to tell them apart.
    fn companies(self) -> Result<Vec<Value>, Failure>;

    /// Why a company takes no tickets at the moment; none where it does.
    fn closed(self, company: i64) -> Result<Option<&'static str>, Failure>;

    /// What new tickets have beside their event, by the settings.
    fn further(work: &mut Work<'_, Self>, settings: &Settings) -> Result<Value, Failure>;

    /// The ticket of an event, where it is there already; the oldest of several.
    fn look_up(self, event: &Event) -> Result<Option<i64>, Failure>;

    /// Makes the ticket of an event; answers its id.
    fn make(self, event: &Event, company: i64, further: &Value) -> Result<i64, Failure>;

    /// Puts a mark before a ticket's summary, once; answers whether it is new.
    fn mark(self, ticket: i64, mark: &str) -> Result<bool, Failure>;

    /// Notes on a ticket what became of its event, once; answers whether it is new.
    fn note(self, ticket: i64, event: &Event) -> Result<bool, Failure>;
}
