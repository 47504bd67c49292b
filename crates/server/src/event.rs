//! What happened, as one value per request: audit, log and metrics read it. Holds no secret and no body.

use crate::caller::Caller;
use crate::problem::Problem;
use bitting_policy::Denial;
use http::request::Parts;
use parking_lot::RwLock;
use serde::Serialize;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Events kept in memory for those who look.
const KEPT: usize = 1_000;

/// One request and its outcome.
#[derive(Debug, Clone, Serialize)]
pub struct Event {
    pub id: String,
    pub method: String,
    pub path: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub company: String,
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
}

/// The latest events.
#[derive(Debug, Default)]
pub struct Log {
    kept: RwLock<VecDeque<Arc<Event>>>,
}

static NEXT: AtomicU64 = AtomicU64::new(1);

impl Event {
    pub fn new(parts: &Parts) -> Self {
        Self {
            id: format!("{:08x}", NEXT.fetch_add(1, Ordering::Relaxed)),
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
            company: String::new(),
            member: String::new(),
            route: String::new(),
            entity: String::new(),
            status: 0,
            microseconds: 0,
            decision: "",
            reason: None,
            fault: None,
            denial: None,
        }
    }

    pub fn caller(&mut self, company: &str, caller: &Caller) {
        company.clone_into(&mut self.company);
        self.member = caller.identifier.to_string();
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
        let mut kept = self.kept.write();
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(Arc::new(event));
    }

    /// The latest events, newest last.
    pub fn latest(&self, count: usize) -> Vec<Arc<Event>> {
        let kept = self.kept.read();
        kept.iter()
            .skip(kept.len().saturating_sub(count))
            .cloned()
            .collect()
    }
}
