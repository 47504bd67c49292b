//! The integrations' jobs beside the server: joins `sync`, which runs them, to the server, whose console shows
//! them. Neither knows the other.

use crate::commands::sync::named;
use bitting_client::{ApiUser, AutotaskKey, Credentials, KeyFile, Secret};
use bitting_server::jobs::{
    Checked, Integration, Job, JobRun, Jobs, KeptConnection, NewConnection,
};
use bitting_sync::connection::Key;
use bitting_sync::progress::Progress;
use bitting_sync::psa::Kind;
use bitting_sync::run::Outcome;
use bitting_sync::shared::Look;
use bitting_sync::state::{Record, Shelf};
use bitting_sync::text::moment;
use bitting_sync::{ALL, Failure, Shared, connection, find, input};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// How long the console waits for another program that holds the state.
const WAIT: Duration = Duration::from_secs(10);

/// The jobs of one home.
pub struct Desk {
    shared: Arc<Shared>,
    /// Names this software where a connection's form did not ask for it.
    client_id: String,
}

impl Desk {
    pub fn new(shared: Arc<Shared>, client_id: String) -> Self {
        Self { shared, client_id }
    }

    fn integration(
        &self,
        look: &Look,
        known: &'static bitting_sync::Integration,
    ) -> Result<Integration, Failure> {
        let file = self.shared.home.connection(known.slug);
        let connection = file
            .exists()
            .then(|| connection::shown(&file))
            .transpose()?;
        let (now, zone) = (Timestamp::now(), TimeZone::system());
        let mut jobs = Vec::new();
        for job in known.jobs {
            let runs = look.state.all(Shelf::Run, known.slug, job.name)?;
            let lease = look
                .state
                .find(Shelf::Lease, known.slug, "lease", job.name)?;
            let next = job.rhythm.next(now, &zone);
            jobs.push(Job {
                name: job.name.to_owned(),
                what: job.what.to_owned(),
                rhythm: job.rhythm.words(),
                next: next.filter(|_| connection.is_some()).map(moment),
                running: lease
                    .filter(|lease| lease.updated > moment(now))
                    .map(|lease| lease.state),
                last: runs.last().map(run),
            });
        }
        Ok(Integration {
            slug: known.slug.to_owned(),
            title: known.title.to_owned(),
            psa: match known.psa {
                Kind::ConnectWise => "connectwise",
                Kind::Autotask => "autotask",
            }
            .to_owned(),
            connection: connection.map(|(url, company, public_key)| KeptConnection {
                url,
                company,
                public_key,
            }),
            jobs,
        })
    }
}

fn run(record: &Record) -> JobRun {
    let counts = &record.data["counts"];
    let count = |name: &str| counts[name].as_u64().unwrap_or_default();
    JobRun {
        job: record.kind.clone(),
        at: record.updated.clone(),
        done: record.state == "done",
        read: count("read"),
        created: count("created"),
        changed: count("changed"),
        unchanged: count("unchanged"),
        skipped: count("skipped"),
        warnings: counts["warnings"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|warning| warning.as_str().map(str::to_owned))
            .collect(),
        error: record.data["error"].as_str().map(str::to_owned),
    }
}

/// A failure as a sentence.
fn sentence(failure: impl std::fmt::Display) -> String {
    failure.to_string()
}

impl Jobs for Desk {
    fn overview(&self) -> Result<Vec<Integration>, String> {
        let look = self.shared.look().map_err(sentence)?;
        ALL.into_iter()
            .map(|known| self.integration(&look, known).map_err(sentence))
            .collect()
    }

    fn runs(
        &self,
        integration: &str,
        job: Option<&str>,
        most: usize,
    ) -> Result<Vec<JobRun>, String> {
        let known = find(integration).map_err(sentence)?;
        let look = self.shared.look().map_err(sentence)?;
        let mut runs = look
            .state
            .every(Shelf::Run, Some(known.slug))
            .map_err(sentence)?;
        runs.sort_by(|a, b| (&b.updated, b.id).cmp(&(&a.updated, a.id)));
        Ok(runs
            .iter()
            .filter(|run| job.is_none_or(|job| run.kind.eq_ignore_ascii_case(job)))
            .take(most)
            .map(run)
            .collect())
    }

    fn start(&self, integration: &str, job: Option<&str>) -> Result<(), String> {
        let known = find(integration).map_err(sentence)?;
        let job = job
            .map(|job| named(known, job))
            .transpose()
            .map_err(sentence)?;
        if !self.shared.home.connection(known.slug).exists() {
            return Err(format!("{} is not connected", known.title));
        }
        let state = self.shared.state(WAIT).map_err(sentence)?;
        let shared = self.shared.clone();
        let work = move || {
            let now = Timestamp::now();
            match shared.run(&state, known, job, &Progress::Silent, now) {
                Ok(outcomes) => outcomes.into_iter().for_each(|one| say(known, &Ok(one))),
                Err(failure) => say(known, &Err(failure)),
            }
        };
        std::thread::Builder::new()
            .name(format!("job-{}", known.slug))
            .spawn(work)
            .map(drop)
            .map_err(sentence)
    }

    fn connect(&self, integration: &str, new: NewConnection) -> Result<(), String> {
        let known = find(integration).map_err(sentence)?;
        let key = match known.psa {
            Kind::ConnectWise => Key::ConnectWise(KeyFile {
                url: new.url,
                credentials: Credentials {
                    company: new.company,
                    public_key: new.public_key,
                    private_key: Secret::new(new.private_key),
                    client_id: Some(new.client_id.unwrap_or_else(|| self.client_id.clone())),
                },
                ca_file: new.ca_file,
            }),
            Kind::Autotask => Key::Autotask(AutotaskKey {
                url: new.url,
                user: ApiUser {
                    user: new.public_key,
                    secret: Secret::new(new.private_key),
                    code: Secret::new(new.integration_code.unwrap_or_default()),
                },
                ca_file: new.ca_file,
            }),
        };
        self.shared.home.connect(known, &key).map_err(sentence)
    }

    fn check(&self, integration: &str) -> Result<Vec<Checked>, String> {
        let known = find(integration).map_err(sentence)?;
        let job = named(known, "check").map_err(sentence)?;
        let state = self.shared.state(WAIT).map_err(sentence)?;
        let ran = self.shared.run(
            &state,
            known,
            Some(job),
            &Progress::Silent,
            Timestamp::now(),
        );
        for outcome in ran.map_err(sentence)? {
            match outcome.result {
                // The list says the same, right by right.
                Ok(()) | Err(Failure::Held(_)) => {}
                Err(failure) => return Err(sentence(failure)),
            }
        }
        let file = self.shared.home.output(known.slug, "check.jsonl");
        let (rows, _) = input::read::<Value>(&file).map_err(sentence)?;
        let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
        Ok(rows
            .iter()
            .map(|row| Checked {
                right: text(row, "right"),
                optional: row["optional"] == true,
                result: text(row, "result"),
            })
            .collect())
    }

    fn settings(&self, integration: &str) -> Result<String, String> {
        let known = find(integration).map_err(sentence)?;
        let file = self.shared.home.settings_file(known.slug);
        match std::fs::read_to_string(&file) {
            Ok(text) => Ok(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Ok(known.settings.to_owned())
            }
            Err(error) => Err(format!("{}: {error}", file.display())),
        }
    }

    fn set_settings(&self, integration: &str, text: &str) -> Result<(), String> {
        let known = find(integration).map_err(sentence)?;
        (known.read_settings)(text).map_err(sentence)?;
        bitting_sync::private::write(&self.shared.home.settings_file(known.slug), text.as_bytes())
            .map_err(sentence)
    }
}

/// Says what came of a run that nobody waits for.
pub fn say(integration: &'static bitting_sync::Integration, ran: &Result<Outcome, Failure>) {
    let slug = integration.slug;
    match ran {
        Ok(outcome) => {
            for warning in &outcome.counts.warnings {
                tracing::warn!(integration = slug, job = outcome.job, "{warning}");
            }
            match &outcome.result {
                Ok(()) => tracing::info!(
                    integration = slug,
                    job = outcome.job,
                    created = outcome.counts.created,
                    changed = outcome.counts.changed,
                    "done"
                ),
                Err(failure) => {
                    tracing::error!(integration = slug, job = outcome.job, "{failure}");
                }
            }
        }
        Err(failure) => tracing::error!(integration = slug, "{failure}"),
    }
}
