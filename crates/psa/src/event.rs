//! What happened, as one value per request: audit, log and metrics read it. Holds no secret and no body.

pub mod search;

use crate::caller::Caller;
use crate::problem::Problem;
use bitting_policy::Denial;
use http::request::Parts;
use jiff::Timestamp;
use parking_lot::RwLock;
use serde::Serialize;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::watch;

/// Events kept in memory for those who look.
const KEPT: usize = 100_000;
/// Events looked at for one page: a search that fits almost nothing goes on when it is asked again.
pub const LOOKED_AT: usize = 40_000;

/// One request and its outcome.
#[derive(Debug, Clone, Serialize)]
pub struct Event {
    pub id: String,
    pub at: Timestamp,
    pub method: String,
    pub path: String,
    /// What stands behind the question mark, as it was sent.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub query: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub company: String,
    /// `company` is an Autotask instance, whose names are apart from those of companies.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub autotask: bool,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub member: String,
    /// Path of the route with its placeholders.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub route: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub entity: String,
    pub status: u16,
    pub microseconds: u64,
    /// `allowed`, `denied`, `no key` (who calls is not known), `no route` or `fault`.
    pub decision: &'static str,
    /// Why, where the decision was not to allow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The fault that a test asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub denial: Option<Arc<Denial>>,
    /// What the PSA behind the gate answered last, 0 where it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upstream: Option<u16>,
    /// Requests that the call took there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upstream_calls: Option<u32>,
}

/// The latest events.
#[derive(Debug)]
pub struct Log {
    kept: RwLock<Kept>,
    /// Number of the newest event, for those who wait for one.
    newest: watch::Sender<u64>,
}

/// Events in the order in which they were recorded; the first has this number.
#[derive(Debug, Default)]
struct Kept {
    first: u64,
    events: VecDeque<Arc<Event>>,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            kept: RwLock::default(),
            newest: watch::Sender::new(0),
        }
    }
}

static NEXT: AtomicU64 = AtomicU64::new(1);

impl Event {
    pub fn new(parts: &Parts) -> Self {
        Self {
            id: format!("{:08x}", NEXT.fetch_add(1, Ordering::Relaxed)),
            at: Timestamp::now(),
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            company: String::new(),
            autotask: false,
            member: String::new(),
            route: String::new(),
            entity: String::new(),
            status: 0,
            microseconds: 0,
            decision: "",
            reason: None,
            fault: None,
            denial: None,
            upstream: None,
            upstream_calls: None,
        }
    }

    /// What the PSA behind the gate said, and after how many requests; `None` when it was not asked.
    pub fn upstream(&mut self, told: Option<(u16, u32)>) {
        self.upstream = told.map(|(status, _)| status);
        self.upstream_calls = told.map(|(_, calls)| calls);
    }

    pub fn caller(&mut self, company: &str, caller: &Caller) {
        company.clone_into(&mut self.company);
        self.autotask = false;
        self.member = caller.identifier.to_string();
    }

    /// It is about an Autotask instance: its calls, and what the operator does to it.
    pub fn tenant(&mut self, name: &str, user: &str) {
        name.clone_into(&mut self.company);
        self.autotask = true;
        user.clone_into(&mut self.member);
    }

    pub fn route(&mut self, route: &str, entity: &str) {
        route.clone_into(&mut self.route);
        entity.clone_into(&mut self.entity);
    }

    pub fn fail(&mut self, problem: &Problem) {
        match problem {
            Problem::Denied(denial) => self.denial = Some(Arc::new((**denial).clone())),
            Problem::Store(error) => {
                tracing::error!(request = self.id, %error, "the database failed");
            }
            Problem::Api(_) => {}
        }
    }

    /// A fault struck the call.
    pub fn fault(&mut self, fault: &'static str) {
        self.fault = Some(fault);
    }

    /// The decision in one word, and why.
    fn decide(&mut self) {
        (self.decision, self.reason) = match (&self.denial, self.fault) {
            (Some(denial), _) => ("denied", Some(denial.to_string())),
            (None, Some(fault @ ("throttle" | "error"))) => {
                ("fault", Some(format!("a test asked for {fault}")))
            }
            _ if self.status == 401 => ("no key", Some("the key opens nothing".to_owned())),
            _ if self.route.is_empty() && self.status == 404 => {
                ("no route", Some("no such path".to_owned()))
            }
            _ => ("allowed", None),
        };
    }

    pub fn finish(&mut self, status: u16, took: Duration) {
        self.status = status;
        self.microseconds = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.decide();
    }
}

impl Log {
    /// Keeps an event; a denial is also a line of the log.
    pub fn record(&self, event: Event) {
        if let Some(denial) = &event.denial {
            tracing::warn!(
                request = event.id,
                company = event.company,
                member = event.member,
                method = event.method,
                path = event.path,
                %denial,
                "denied"
            );
        }
        tracing::debug!(
            request = event.id,
            member = event.member,
            method = event.method,
            path = event.path,
            status = event.status,
            microseconds = event.microseconds,
            "answered"
        );
        let newest = {
            let mut kept = self.kept.write();
            if kept.events.len() == KEPT {
                kept.events.pop_front();
                kept.first += 1;
            }
            kept.events.push_back(Arc::new(event));
            kept.first + kept.events.len() as u64
        };
        if self.newest.receiver_count() > 0 {
            self.newest.send_replace(newest);
        }
    }

    /// The latest events, newest last.
    pub fn latest(&self, count: usize) -> Vec<Arc<Event>> {
        let kept = self.kept.read();
        let skipped = kept.events.len().saturating_sub(count);
        kept.events.range(skipped..).cloned().collect()
    }

    /// Tells whenever there is a newer event. Its value is where [`Log::since`] goes on.
    pub fn news(&self) -> watch::Receiver<u64> {
        self.newest.send_replace(self.next());
        self.newest.subscribe()
    }

    /// Number of the event that comes next: where [`Log::since`] goes on.
    pub fn next(&self) -> u64 {
        let kept = self.kept.read();
        kept.first + kept.events.len() as u64
    }

    /// Events from this number on, oldest first, and the number that goes on after them.
    pub fn since(&self, number: u64) -> (Vec<Arc<Event>>, u64) {
        let kept = self.kept.read();
        let skipped = usize::try_from(number.saturating_sub(kept.first)).unwrap_or(usize::MAX);
        let events = kept.events.iter().skip(skipped).cloned().collect();
        (events, kept.first + kept.events.len() as u64)
    }

    /// The latest events that fit, newest first, among so many that one look is short. Only those before the
    /// event of this id, where one is given; none where it is no longer kept.
    pub fn before(&self, id: Option<&str>, most: usize, fits: &dyn Fn(&Event) -> bool) -> Found {
        let kept = self.kept.read();
        let end = match id {
            None => kept.events.len(),
            Some(id) => place(&kept.events, id).unwrap_or_default(),
        };
        let start = end.saturating_sub(LOOKED_AT);
        let events: Vec<_> = kept
            .events
            .range(start..end)
            .rev()
            .filter(|event| fits(event))
            .take(most)
            .cloned()
            .collect();
        let is_cut = start > 0 && events.len() < most;
        Found {
            events,
            until: is_cut.then(|| kept.events[start].clone()),
        }
    }

    /// The latest events that fit, newest first, as in [`Log::before`].
    pub fn some(&self, most: usize, fits: &dyn Fn(&Event) -> bool) -> Vec<Arc<Event>> {
        self.before(None, most, fits).events
    }

    /// Events behind the one of this id that fit, oldest first; all that are kept where it no longer is.
    pub fn after(&self, id: &str, most: usize, fits: &dyn Fn(&Event) -> bool) -> Vec<Arc<Event>> {
        let kept = self.kept.read();
        let start = place(&kept.events, id).map_or(0, |at| at + 1);
        let behind = kept.events.range(start..).filter(|event| fits(event));
        behind.take(most).cloned().collect()
    }

    /// The event of this id, while it is kept.
    pub fn find(&self, id: &str) -> Option<Arc<Event>> {
        let kept = self.kept.read();
        place(&kept.events, id).map(|at| kept.events[at].clone())
    }
}

/// What one look at the log has found.
#[derive(Debug)]
pub struct Found {
    pub events: Vec<Arc<Event>>,
    /// The oldest event that was looked at, where the look ended before there was enough: go on before it.
    pub until: Option<Arc<Event>>,
}

fn place(events: &VecDeque<Arc<Event>>, id: &str) -> Option<usize> {
    events.iter().rposition(|event| event.id == id)
}

#[cfg(test)]
mod tests {
    use super::{Event, KEPT, LOOKED_AT, Log};

    fn event(path: &str) -> Event {
        let request = http::Request::builder()
            .uri(path)
            .body(())
            .expect("a request");
        Event::new(&request.into_parts().0)
    }

    #[test]
    fn pages_go_back_to_the_oldest_and_name_no_event_twice() {
        let log = Log::default();
        for index in 0..25 {
            log.record(event(if index % 2 == 0 { "/even" } else { "/odd" }));
        }
        let even = |event: &Event| event.path == "/even";
        let mut seen = Vec::new();
        let mut last: Option<String> = None;
        loop {
            let page = log.before(last.as_deref(), 4, &even).events;
            let Some(oldest) = page.last() else { break };
            last = Some(oldest.id.clone());
            seen.extend(page.iter().map(|event| event.id.clone()));
        }
        let mut once = seen.clone();
        once.dedup();
        assert_eq!((seen.len(), once.len()), (13, 13));
        assert!(log.before(Some("nothing"), 4, &even).events.is_empty());
    }

    #[test]
    fn a_search_that_fits_one_old_event_comes_to_it_look_by_look() {
        let log = Log::default();
        log.record(event("/wanted"));
        for _ in 1..KEPT {
            log.record(event("/other"));
        }
        let mut looks = 0;
        let mut last: Option<String> = None;
        let found = loop {
            looks += 1;
            let mut found = log.before(last.as_deref(), 4, &|event| event.path == "/wanted");
            if let Some(event) = found.events.pop() {
                break event;
            }
            last = Some(found.until.expect("there is more").id.clone());
        };
        assert_eq!(looks, KEPT.div_ceil(LOOKED_AT));
        assert_eq!(log.find(&found.id).expect("kept").path, "/wanted");
    }

    #[test]
    fn news_go_on_where_they_stopped_while_the_oldest_are_dropped() {
        let log = Log::default();
        log.record(event("/before"));
        let news = log.news();
        for _ in 0..KEPT {
            log.record(event("/later"));
        }
        assert_eq!(log.latest(usize::MAX).len(), KEPT);
        assert!(news.has_changed().expect("open"));
        let at = *news.borrow();
        log.record(event("/last"));
        let paths: Vec<_> = log
            .since(at)
            .0
            .iter()
            .map(|event| event.path.clone())
            .collect();
        assert_eq!(paths, ["/last"]);
    }
}
