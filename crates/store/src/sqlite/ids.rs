//! Ids counted within the process, which is sound because no other process has the file. Knows no
//! SQL: whoever asks first says where the counting starts.

use crate::error::StoreError;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

/// The ids of one table.
#[derive(Default)]
pub struct Ids {
    highest: AtomicI64,
    loaded: AtomicBool,
    loading: Mutex<()>,
}

impl Ids {
    /// The next id; `stored` is asked once for the highest id at rest.
    pub fn next(
        &self,
        stored: impl FnOnce() -> Result<i64, StoreError>,
    ) -> Result<i64, StoreError> {
        if !self.loaded.load(Ordering::Acquire) {
            let _turn = self.loading.lock();
            if !self.loaded.load(Ordering::Acquire) {
                self.highest.fetch_max(stored()?, Ordering::AcqRel);
                self.loaded.store(true, Ordering::Release);
            }
        }
        Ok(self.highest.fetch_add(1, Ordering::AcqRel) + 1)
    }

    /// An id that was given from outside.
    pub fn note(&self, id: i64) {
        self.highest.fetch_max(id, Ordering::AcqRel);
    }
}
