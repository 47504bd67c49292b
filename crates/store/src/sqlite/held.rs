//! A database that is at hand and not open: nobody else can open it, and a temporary one goes away with its holder.

use super::lock::{self, Lock};
use super::temporary::{FILE, Temporary};
use crate::error::StoreError;
use crate::location::Location;

/// Holds a database's place until it is opened.
pub struct Held {
    location: Location,
    // In this order: a lock lies within the directory that goes away.
    lock: Option<Lock>,
    temporary: Option<Temporary>,
}

impl Held {
    /// Holds the database at `location`. What is not a file needs no holding.
    pub fn take(location: Location) -> Result<Self, StoreError> {
        let (path, temporary) = match &location {
            Location::Left(directory) => (
                Some(directory.join(FILE)),
                Some(Temporary::adopt(directory.clone())),
            ),
            Location::File(path) => (Some(path.clone()), None),
            Location::Memory | Location::Postgres { .. } => (None, None),
        };
        let lock = match path.map(|path| lock::take(&path)).transpose() {
            Ok(lock) => lock,
            Err(error) => {
                // Somebody else has it, and it goes away with him.
                if let Some(temporary) = &temporary {
                    temporary.leave();
                }
                return Err(error);
            }
        };
        Ok(Self {
            location,
            lock,
            temporary,
        })
    }

    /// Lets go of it, for whoever opens it at once.
    pub fn release(mut self) -> Location {
        if let Some(temporary) = &self.temporary {
            // No sweep takes it for abandoned before it is locked anew.
            temporary.touch();
            temporary.leave();
        }
        self.lock = None;
        self.location.clone()
    }
}
