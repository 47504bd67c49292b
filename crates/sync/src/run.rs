//! One run of a job: its lease, its tries, its entry in the history. Knows no integration by name.

use crate::api::Api;
use crate::failure::Failure;
use crate::home::Home;
use crate::integration::{Integration, Job, Run};
use crate::lease::Lease;
use crate::progress::Progress;
use crate::psa::Way;
use crate::queries::Queries;
use crate::state::{Record, Shelf, State};
use crate::text::moment;
use crate::work::{Counts, Work};
use backon::{BlockingRetryable as _, ExponentialBuilder};
use jiff::{Timestamp, ToSpan as _};
use serde_json::json;
use std::time::Duration;

/// Runs that the history keeps per job.
const KEPT: usize = 200;

/// What a run is made with.
pub struct Runner<'a> {
    pub home: &'a Home,
    pub state: &'a State,
    pub psa: Way<'a>,
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
        let lease = Lease::take(self.state, integration.slug, job.name, self.now)?;
        let state = self.state.fenced(lease.id());
        let outcome = lease.renewed_while(|| self.held(integration, job, &state));
        match &outcome {
            // A killed process writes nothing either; its lease goes with the next opening.
            Err(Failure::CutOff | Failure::Overtaken) => {}
            _ => self.state.release(lease.id())?,
        }
        outcome
    }

    /// The run itself, everything it writes under the lease.
    fn held(
        &self,
        integration: &'static Integration,
        job: &'static Job,
        state: &State,
    ) -> Result<Outcome, Failure> {
        self.progress
            .begin(&format!("{} {}", integration.slug, job.name));
        let before = self.psa.calls();
        let (mut counts, result) = match (job.run, self.psa) {
            (Run::ConnectWise(run), Way::ConnectWise(psa)) => {
                let mut work = self.work(Api::under(psa, state), integration, job, state);
                let result = self.tried(&mut work, run);
                (work.counts, result)
            }
            (Run::Autotask(run), Way::Autotask(psa)) => {
                let mut work = self.work(Queries::under(psa, state), integration, job, state);
                let result = self.tried(&mut work, run);
                (work.counts, result)
            }
            _ => {
                return Err(Failure::Held(format!(
                    "{} works with another PSA than the one it is connected to; connect it again",
                    integration.title
                )));
            }
        };
        if let Err(ended @ (Failure::CutOff | Failure::Overtaken | Failure::Stopped)) = result {
            return Err(ended);
        }
        if let Some(after) = integration.after {
            let mut work = self.work((), integration, job, state);
            work.counts = counts;
            after(&mut work, result.as_ref().copied())?;
            counts = work.counts;
        }
        counts.requests = (self.psa.calls() - before) as u64;
        let outcome = Outcome {
            job: job.name,
            counts,
            result,
        };
        self.record(state, integration, &outcome)?;
        Ok(outcome)
    }

    fn work<'w, A>(
        &'w self,
        api: A,
        integration: &'static Integration,
        job: &'static Job,
        state: &'w State,
    ) -> Work<'w, A> {
        Work {
            api,
            state,
            home: self.home,
            progress: self.progress,
            integration: integration.slug,
            psa: integration.psa,
            job: job.name,
            now: self.now,
            counts: Counts::default(),
        }
    }

    /// Runs, and again where that may help. What is done is on the ledger, so a further try goes on where the last
    /// one stopped.
    fn tried<'w, A>(
        &self,
        work: &mut Work<'w, A>,
        run: fn(&mut Work<'w, A>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let delays = ExponentialBuilder::default()
            .with_min_delay(self.wait)
            .with_max_delay(Duration::from_secs(60))
            .with_max_times(self.tries.saturating_sub(1));
        (|| {
            work.counts = Counts::default();
            run(work)
        })
        .retry(delays)
        .when(Failure::passes)
        .call()
    }

    fn record(
        &self,
        state: &State,
        integration: &Integration,
        outcome: &Outcome,
    ) -> Result<(), Failure> {
        let mut run = Record::new(integration.slug, outcome.job, self.now.to_string());
        let word = match outcome.result {
            Ok(()) => "done",
            Err(_) => "failed",
        };
        word.clone_into(&mut run.state);
        run.updated = moment(self.now);
        let error = outcome.result.as_ref().err();
        run.data = json!({
            "counts": outcome.counts,
            "error": error.map(ToString::to_string),
            "passes": error.is_some_and(Failure::passes),
        });
        state.put(Shelf::Run, &mut run)?;
        let runs = state.all(Shelf::Run, integration.slug, outcome.job)?;
        let old: Vec<i64> = runs.iter().rev().skip(KEPT).map(|run| run.id).collect();
        state.remove_all(Shelf::Run, &old)
    }
}

/// Jobs that are due: the last moment of their rhythm is after their last run's. A job that never ran waits for
/// the first moment after the connection was made, so that there is time for its settings; one that failed for a
/// reason that passes is tried again after an hour. A run of the future is one of a clock that went back since:
/// it counts for nothing, so that nothing starves.
pub fn due(
    state: &State,
    integration: &'static Integration,
    now: Timestamp,
    connected: Option<Timestamp>,
) -> Result<Vec<&'static Job>, Failure> {
    let zone = jiff::tz::TimeZone::system();
    let past = |at: &Timestamp| *at <= now;
    let mut due = Vec::new();
    for job in integration.jobs {
        let Some(moment_due) = job.rhythm.due(now, &zone) else {
            continue;
        };
        let runs = state.all(Shelf::Run, integration.slug, job.name)?;
        let last = runs.last();
        let at = match last {
            Some(run) => run.updated.parse().ok().filter(past),
            None => connected.filter(past),
        };
        let again = last.is_some_and(|run| run.data["passes"] == true)
            && at.is_some_and(|at| {
                now.duration_since(at) >= 1.hour().try_into().unwrap_or_default()
            });
        if again || at.is_none_or(|at| at < moment_due) {
            due.push(job);
        }
    }
    Ok(due)
}
