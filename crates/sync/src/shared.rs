//! The state as a whole program shares it: opened when somebody needs it, closed when nobody does, so that other
//! programs on this machine get at a file in between. Knows no job.

use crate::connection::{self, Key};
use crate::failure::Failure;
use crate::home::Home;
use crate::integration::{Integration, Job};
use crate::progress::Progress;
use crate::psa::Way;
use crate::run::{Outcome, Runner};
use crate::state::State;
use bitting_client::{Autotask, ClientError, KeyFile, Options, Psa};
use bitting_store::{Location, StoreError};
use jiff::Timestamp;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

/// How often a file that another program holds is tried again.
const AGAIN: Duration = Duration::from_millis(100);

/// Home and state of a program.
pub struct Shared {
    pub home: Home,
    location: Option<Location>,
    open: Mutex<Weak<State>>,
}

/// A state to look at, and the copy it may stand in.
pub struct Look {
    pub state: Arc<State>,
    copy: Option<std::path::PathBuf>,
}

impl Drop for Look {
    fn drop(&mut self) {
        if let Some(folder) = &self.copy {
            // Left over, it takes room and nothing else.
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

impl Shared {
    /// `location` is where the state rests, where that is not in the home.
    pub fn new(home: Home, location: Option<Location>) -> Self {
        Self {
            home,
            location,
            open: Mutex::default(),
        }
    }

    fn location(&self) -> Result<Location, Failure> {
        self.location
            .as_ref()
            .map_or_else(|| self.home.state(), |location| Ok(location.clone()))
    }

    /// The state. Waits so long for another program that holds it.
    pub fn state(&self, wait: Duration) -> Result<Arc<State>, Failure> {
        let began = Instant::now();
        loop {
            let opened = {
                let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(state) = open.upgrade() {
                    return Ok(state);
                }
                State::open(&self.location()?).map(|state| {
                    let state = Arc::new(state);
                    *open = Arc::downgrade(&state);
                    state
                })
            };
            match opened {
                Err(Failure::Store(StoreError::Locked { .. })) if began.elapsed() < wait => {
                    std::thread::sleep(AGAIN);
                }
                other => return other,
            }
        }
    }

    /// The state to look at, also while another program holds it.
    pub fn look(&self) -> Result<Look, Failure> {
        match self.state(Duration::ZERO) {
            Err(Failure::Store(StoreError::Locked { path, .. })) => {
                let folder = self.home.folder.join(format!(
                    "look-{}-{}",
                    std::process::id(),
                    rand::random::<u32>()
                ));
                std::fs::create_dir_all(&folder).map_err(|error| Failure::file(&folder, error))?;
                let copy = State::look(&path, &folder.join("state.db"));
                let state = copy.inspect_err(|_| {
                    let _ = std::fs::remove_dir_all(&folder);
                })?;
                Ok(Look {
                    state: Arc::new(state),
                    copy: Some(folder),
                })
            }
            state => Ok(Look {
                state: state?,
                copy: None,
            }),
        }
    }

    /// Lays down settings and records to try an integration with; answers which files.
    pub fn sample(
        &self,
        integration: &'static Integration,
        now: Timestamp,
    ) -> Result<Vec<String>, Failure> {
        let lay = |way: Way<'_>| crate::sample::lay(&self.home, integration, way, now);
        match connection::load(&self.home.connection(integration.slug), &self.home.lock()?)? {
            Key::ConnectWise(key) => {
                lay((&Psa::of_key_file(&key, true).map_err(Failure::Client)?).into())
            }
            Key::Autotask(key) => lay((&Autotask::of_key(&key).map_err(Failure::Client)?).into()),
        }
    }

    /// Runs a job, or all of them in their order, with the connection that is kept.
    pub fn run(
        &self,
        state: &State,
        integration: &'static Integration,
        job: Option<&'static Job>,
        progress: &Progress,
        now: Timestamp,
    ) -> Result<Vec<Outcome>, Failure> {
        let key = connection::load(&self.home.connection(integration.slug), &self.home.lock()?)?;
        let run = |psa: Way<'_>| {
            let runner = Runner {
                home: &self.home,
                state,
                psa,
                progress,
                now,
                tries: 3,
                wait: Duration::from_secs(2),
            };
            runner.run(integration, job)
        };
        match key {
            Key::ConnectWise(key) => run((&open(&key)?).into()),
            Key::Autotask(key) => run((&Autotask::of_key(&key).map_err(Failure::Client)?).into()),
        }
    }

    /// Ends what runs in this program at its next step.
    pub fn stop(&self) {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(state) = open.upgrade() {
            state.steps.stop();
        }
    }
}

/// A way to the PSA. That it is down is found by the run itself, so that the run is kept, tried again and told of.
fn open(key: &KeyFile) -> Result<Psa, Failure> {
    let down = match Psa::of_key_file(key, true) {
        Ok(psa) => return Ok(psa),
        Err(error) => error,
    };
    match down {
        ClientError::Unreachable { .. } | ClientError::BrokenOff { .. } => {}
        ClientError::Refused { status, .. } if status == 429 || status >= 500 => {}
        other => return Err(Failure::Client(other)),
    }
    let options = Options {
        ca_file: key.ca_file.as_deref(),
        vendor_only: true,
        // Nobody can be asked where it is; every PSA answers there.
        usual_path: true,
        ..Options::default()
    };
    Psa::open(&key.url, key.credentials.clone(), &options).map_err(Failure::Client)
}
