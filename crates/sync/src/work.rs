//! What a job works with: the PSA, the state, its files, the moment, and what it counts. Knows no entity.

use crate::api::Api;
use crate::failure::Failure;
use crate::home::Home;
use crate::input;
use crate::progress::Progress;
use crate::psa::Kind;
use crate::state::{Shelf, State};
use crate::text::moment;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What a run did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    pub read: u64,
    pub created: u64,
    pub changed: u64,
    pub unchanged: u64,
    pub skipped: u64,
    /// Calls on the PSA.
    pub requests: u64,
    /// What a person should know, a sentence each.
    pub warnings: Vec<String>,
}

/// A job at work, on a ConnectWise unless said otherwise.
pub struct Work<'a, A = Api<'a>> {
    pub api: A,
    pub state: &'a State,
    pub home: &'a Home,
    pub progress: &'a Progress,
    pub integration: &'static str,
    /// The PSA that the integration works with.
    pub psa: Kind,
    pub job: &'static str,
    /// The moment of the run, the same throughout.
    pub now: Timestamp,
    pub counts: Counts,
}

impl<A> Work<'_, A> {
    pub fn settings<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        self.home.settings(self.integration)
    }

    /// Rows of an input file; what is wrong with one is a warning.
    pub fn input<T: DeserializeOwned>(&mut self, name: &str) -> Result<Vec<T>, Failure> {
        let (rows, faults) = input::read(&self.home.input(self.integration, name))?;
        for fault in faults {
            self.warn(fault);
        }
        Ok(rows)
    }

    pub fn output<T: Serialize>(&self, name: &str, rows: &[T]) -> Result<(), Failure> {
        input::write(&self.home.output(self.integration, name), rows)?;
        self.state.steps.done()
    }

    /// Whether an output file is as it was and nothing that it shows changed, so that it may stay.
    pub fn stays(&self, name: &str) -> bool {
        self.counts.created + self.counts.changed == 0
            && self.home.output(self.integration, name).exists()
    }

    /// Shows the rows that are kept under a kind and a state, without holding them all.
    pub fn output_kept(
        &self,
        name: &str,
        shelf: Shelf,
        kind: &str,
        state: &str,
    ) -> Result<(), Failure> {
        let mut lines = input::Lines::begin(&self.home.output(self.integration, name))?;
        self.state.each(shelf, self.integration, kind, &mut |row| {
            if row.state == state {
                lines.put(row.data);
            }
        })?;
        lines.end()?;
        self.state.steps.done()
    }

    pub fn warn(&mut self, text: impl Into<String>) {
        let text = text.into();
        self.progress.say(&format!("{}: {text}", self.integration));
        self.counts.warnings.push(text);
    }

    /// What a call on one record brought. A fault of that record is said with its name and holds up no other; the
    /// next run tries again.
    pub fn taken<T>(
        &mut self,
        name: &str,
        result: Result<T, Failure>,
    ) -> Result<Option<T>, Failure> {
        match result {
            Ok(brought) => Ok(Some(brought)),
            Err(failure) if failure.of_one_record() => {
                self.warn(format!("{name}: {failure}"));
                Ok(None)
            }
            Err(failure) => Err(failure),
        }
    }

    pub fn moment(&self) -> String {
        moment(self.now)
    }
}
