//! One run of a job: its lease, its tries, its entry in the history. Knows no integration by name.

use crate::api::Api;
use crate::failure::Failure;
use crate::home::Home;
use crate::integration::{Integration, Job};
use crate::progress::Progress;
use crate::state::{Record, Shelf, State};
use crate::work::{Counts, Work, moment};
use backon::{BlockingRetryable as _, ExponentialBuilder};
use bitting_client::Psa;
use jiff::{Timestamp, ToSpan as _};
use serde_json::json;
use std::time::Duration;

/// How long a lease holds without a word of its holder. Only a shared database needs it: an SQLite file has one
/// holder anyway.
const LEASE_MINUTES: i64 = 60;
/// Runs that the history keeps per job.
const KEPT: usize = 200;

/// What a run is made with.
pub struct Runner<'a> {
    pub home: &'a Home,
    pub state: &'a State,
    pub psa: &'a Psa,
    pub progress: &'a Progress,
    pub now: Timestamp,
    /// Tries of a run that fails for a reason that passes; 1 means no second one.
    pub tries: usize,
    /// First wait between tries; each further one is twice as long.
    pub wait: Duration,
}

/// What came of a run.
#[derive(Debug)]
pub struct Outcome {
    pub job: &'static str,
    pub counts: Counts,
    pub result: Result<(), Failure>,
}

impl Runner<'_> {
    /// Runs one job, or all of them in their order. A job that breaks the connection ends the row.
    pub fn run(
        &self,
        integration: &'static Integration,
        job: Option<&'static Job>,
    ) -> Result<Vec<Outcome>, Failure> {
        let jobs: Vec<&'static Job> = match job {
            Some(job) => vec![job],
            None => integration.jobs.iter().collect(),
        };
        let mut outcomes = Vec::new();
        for job in jobs {
            let outcome = self.one(integration, job)?;
            let broken = outcome.result.as_ref().is_err_and(Failure::breaks);
            outcomes.push(outcome);
            if broken {
                break;
            }
        }
        self.progress.end();
        Ok(outcomes)
    }

    fn one(
        &self,
        integration: &'static Integration,
        job: &'static Job,
    ) -> Result<Outcome, Failure> {
        let lease = self.lease(integration, job)?;
        self.progress
            .begin(&format!("{} {}", integration.slug, job.name));
        let mut work = Work {
            api: Api::new(self.psa, &self.state.steps),
            state: self.state,
            home: self.home,
            progress: self.progress,
            integration: integration.slug,
            job: job.name,
            now: self.now,
            counts: Counts::default(),
        };
        // What is done is on the ledger, so a further try goes on where the last one stopped.
        let delays = ExponentialBuilder::default()
            .with_min_delay(self.wait)
            .with_max_delay(Duration::from_secs(60))
            .with_max_times(self.tries.saturating_sub(1));
        let result = (|| {
            work.counts = Counts::default();
            (job.run)(&mut work)
        })
        .retry(delays)
        .when(Failure::passes)
        .call();
        if matches!(result, Err(Failure::CutOff)) {
            // A killed process writes nothing either; its lease goes with the next opening.
            return Err(Failure::CutOff);
        }
        if let Some(after) = integration.after {
            after(
                &mut work,
                match &result {
                    Ok(()) => Ok(()),
                    Err(failure) => Err(failure),
                },
            )?;
        }
        let outcome = Outcome {
            job: job.name,
            counts: work.counts,
            result,
        };
        self.record(integration, &outcome)?;
        self.state.remove(Shelf::Lease, lease)?;
        Ok(outcome)
    }

    fn lease(&self, integration: &Integration, job: &Job) -> Result<i64, Failure> {
        let until = self
            .now
            .checked_add(LEASE_MINUTES.minutes())
            .unwrap_or(self.now);
        let mut lease = Record::new(integration.slug, "lease", job.name);
        lease.state = format!("process {}", std::process::id());
        lease.updated = moment(until);
        // The second time round, the first one's holder was found to have gone.
        for _ in 0..2 {
            if self.state.lease(&mut lease)? {
                return Ok(lease.id);
            }
            let Some(held) = self
                .state
                .find(Shelf::Lease, integration.slug, "lease", job.name)?
            else {
                continue;
            };
            if held.updated > moment(self.now) {
                return Err(Failure::Running {
                    integration: integration.slug.to_owned(),
                    job: job.name.to_owned(),
                    holder: held.state,
                    until: held.updated,
                });
            }
            self.state.remove(Shelf::Lease, held.id)?;
        }
        Err(Failure::Held(format!(
            "{} {}: another server took the job over at this moment",
            integration.slug, job.name
        )))
    }

    fn record(&self, integration: &Integration, outcome: &Outcome) -> Result<(), Failure> {
        let mut run = Record::new(integration.slug, outcome.job, self.now.to_string());
        let state = match outcome.result {
            Ok(()) => "done",
            Err(_) => "failed",
        };
        state.clone_into(&mut run.state);
        run.updated = moment(self.now);
        run.data = json!({
            "counts": outcome.counts,
            "error": outcome.result.as_ref().err().map(ToString::to_string),
        });
        self.state.put(Shelf::Run, &mut run)?;
        let runs = self.state.all(Shelf::Run, integration.slug, outcome.job)?;
        let old: Vec<i64> = runs.iter().rev().skip(KEPT).map(|run| run.id).collect();
        self.state.remove_all(Shelf::Run, &old)
    }
}

/// Jobs that are due: the last moment of their rhythm is after their last run's.
pub fn due(
    state: &State,
    integration: &'static Integration,
    now: Timestamp,
) -> Result<Vec<&'static Job>, Failure> {
    let zone = jiff::tz::TimeZone::system();
    let mut due = Vec::new();
    for job in integration.jobs {
        let Some(moment_due) = job.rhythm.due(now, &zone) else {
            continue;
        };
        let runs = state.all(Shelf::Run, integration.slug, job.name)?;
        let last = runs
            .last()
            .map(|run| run.updated.clone())
            .unwrap_or_default();
        if last < moment(moment_due) {
            due.push(job);
        }
    }
    Ok(due)
}
