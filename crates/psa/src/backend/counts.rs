//! How many rows a list has, for the number of its last page. Clients with large pages read whole tables, page
//! after page: their count is kept until something is written, and where it took long, for a multiple of that.

use super::Backend;
use crate::permit::Permit;
use bitting_query::sql::render_count;
use bitting_query::{Filter, Statement};
use bitting_store::StoreError;
use foldhash::fast::RandomState;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Rows of a page from which on a long list is counted: below it, counting may cost more than the page.
const LARGE: u64 = 100;
/// What counting may take before it is spared: a quicker count is made anew after every write.
const LONG: Duration = Duration::from_millis(5);
/// How many times longer than it took a long count is kept when rows are written meanwhile: one part in so many of
/// a reader's time goes into counting, at most.
const PATIENCE: u32 = 20;
/// Counts kept.
const KEPT: usize = 1_000;

/// What has been counted.
#[derive(Default)]
pub(super) struct Counts {
    /// Writes so far.
    writes: AtomicU64,
    kept: Mutex<HashMap<String, Counted, RandomState>>,
}

#[derive(Debug, Clone, Copy)]
struct Counted {
    rows: u64,
    /// Writes before it.
    writes: u64,
    at: Instant,
    took: Duration,
}

impl Counts {
    /// Something is about to be written, or has been.
    pub(super) fn written(&self) {
        self.writes.fetch_add(1, Ordering::Release);
    }

    /// What is known of this statement, if it still holds; `alone` where nobody else writes to the database.
    fn known(&self, key: &str, alone: bool) -> Option<u64> {
        let counted = *self.kept.lock().get(key)?;
        let unwritten = alone && counted.writes == self.writes.load(Ordering::Acquire);
        let recent = counted.took >= LONG && counted.at.elapsed() < counted.took * PATIENCE;
        (unwritten || recent).then_some(counted.rows)
    }

    fn keep(&self, key: String, counted: Counted) {
        let mut kept = self.kept.lock();
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(key, counted);
    }
}

impl Backend {
    /// The number of the last page of `size` rows, of a list that goes on behind page `page`. None where counting
    /// would cost more than the page: small pages of long lists.
    pub async fn last_page(
        &self,
        permit: &Permit<'_>,
        filter: Filter,
        page: u64,
        size: u64,
    ) -> Result<Option<u64>, StoreError> {
        if self.is_small(permit.entity()).await? {
            return Ok(Some(self.count(permit, filter).await?.div_ceil(size)));
        }
        if size < LARGE {
            return Ok(None);
        }
        let filter = self.through(permit, filter);
        let statement = render_count(&permit.entity().table, &filter, self.store.dialect());
        let rows = self.counted(&statement).await?;
        // A count of before may know less than the page does.
        Ok(Some(rows.div_ceil(size).max(page + 1)))
    }

    async fn counted(&self, statement: &Statement) -> Result<u64, StoreError> {
        let key = format!("{} {:?}", statement.sql, statement.params);
        if let Some(rows) = self.counts.known(&key, self.versions.is_none()) {
            return Ok(rows);
        }
        let writes = self.counts.writes.load(Ordering::Acquire);
        let at = Instant::now();
        let rows = self.store.count(statement).await?;
        let counted = Counted {
            rows,
            writes,
            at: Instant::now(),
            took: at.elapsed(),
        };
        self.counts.keep(key, counted);
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::{Counted, Counts, LONG, PATIENCE};
    use std::time::{Duration, Instant};

    fn kept(took: Duration) -> Counts {
        let counts = Counts::default();
        let at = Instant::now();
        let counted = Counted {
            rows: 7,
            writes: 0,
            at,
            took,
        };
        counts.keep("all".to_owned(), counted);
        counts
    }

    #[test]
    fn a_quick_count_holds_until_something_is_written() {
        let counts = kept(LONG / 2);
        assert_eq!(counts.known("all", true), Some(7));
        assert_eq!(
            counts.known("all", false),
            None,
            "another server may have written"
        );
        assert_eq!(counts.known("other", true), None);
        counts.written();
        assert_eq!(counts.known("all", true), None);
    }

    #[test]
    fn a_long_count_outlives_writes() {
        let counts = kept(Duration::from_secs(3_600) / PATIENCE);
        counts.written();
        assert_eq!(counts.known("all", true), Some(7));
        assert_eq!(counts.known("all", false), Some(7));
    }
}
