//! What is said when a row of writes stops in its middle: what is done, what failed, and whether it may be done
//! all the same because only its answer was lost.

use crate::ConnectError;

/// Writes in their order, each with the words for it.
#[derive(Debug, Default)]
pub struct Steps {
    done: Vec<String>,
}

impl Steps {
    /// A write: `doing` names it while it is under way, `done` once it is.
    ///
    /// # Errors
    /// [`ConnectError::Halfway`] with what was done before, and the reason.
    pub fn take<T>(
        &mut self,
        doing: &str,
        done: String,
        write: impl FnOnce() -> Result<T, ConnectError>,
    ) -> Result<T, ConnectError> {
        match write() {
            Ok(made) => {
                self.done.push(done);
                Ok(made)
            }
            Err(fault) => Err(self.stop(doing, fault)),
        }
    }

    /// What was written, a sentence each.
    pub fn done(self) -> Vec<String> {
        self.done
    }

    fn stop(&mut self, doing: &str, fault: ConnectError) -> ConnectError {
        let open = match &fault {
            ConnectError::Client(error) => error.leaves_open(),
            // The PSA said yes, in words that do not tell what it made.
            ConnectError::Answer { .. } => true,
            _ => false,
        };
        if self.done.is_empty() && !open {
            return fault;
        }
        ConnectError::Halfway {
            done: std::mem::take(&mut self.done),
            doing: doing.to_owned(),
            open,
            fault: Box::new(fault),
        }
    }
}

/// What is there by now.
pub(crate) fn said(done: &[String], doing: &str, open: bool) -> String {
    let before = match done {
        [] => "nothing is known to be written".to_owned(),
        done => format!("this far it went: {}", done.join(", ")),
    };
    let maybe = if open {
        ", and may be done all the same, since only its answer is missing"
    } else {
        ""
    };
    format!("{before}; then {doing} failed{maybe}")
}
