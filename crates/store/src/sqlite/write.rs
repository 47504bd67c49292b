//! The one thread that writes. It takes what has piled up, commits once, and only then answers: the cost
//! of reaching the disk is shared. A job that fails hurts nobody else: what was done with it is undone and
//! done again with a savepoint for each; so does one that panics. Knows changes, not where they come from.

use super::apply::{Applier, Session};
use crate::error::StoreError;
use crate::table::Change;
use parking_lot::Mutex;
use rusqlite::Connection;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::{mpsc, oneshot};

/// The most jobs that share a commit.
const BATCH: usize = 256;

/// What the writing thread is asked for.
pub enum Work {
    /// All of these changes or none.
    Write(Vec<Change>),
    /// Empty tables, so that a statement that names them can run.
    Create(Vec<usize>),
    /// What the log holds moved to the file.
    Move,
    #[cfg(test)]
    Panic,
}

pub struct Job {
    pub work: Work,
    pub reply: oneshot::Sender<Result<(), StoreError>>,
}

/// The writing connection and the flags by which readers know which tables exist.
pub struct Writer {
    pub applier: Applier,
    pub exists: Arc<[AtomicBool]>,
}

/// Runs until every sender is gone.
pub fn run(writer: &Mutex<Writer>, mut queue: mpsc::Receiver<Job>) {
    while let Some(first) = queue.blocking_recv() {
        let mut jobs = vec![first];
        loop {
            let before = jobs.len();
            take(&mut queue, &mut jobs);
            // Where the threads that make jobs wait for this one's core, they go first: the more jobs share a commit,
            // the fewer pages each of them has in the log. With a core to spare this is nothing.
            if jobs.len() == before || jobs.len() == BATCH {
                break;
            }
            std::thread::yield_now();
        }
        let done = catch_unwind(AssertUnwindSafe(|| writer.lock().commit(&jobs)));
        // A job that panics has failed by itself. What panics around the jobs fails them all, and the thread goes on.
        let results = done.unwrap_or_else(|_| writer.lock().recover(jobs.len()));
        for (job, result) in jobs.into_iter().zip(results) {
            // Whoever asked may have gone away; the write stands all the same.
            let _ = job.reply.send(result);
        }
    }
}

/// Takes what has piled up.
fn take(queue: &mut mpsc::Receiver<Job>, jobs: &mut Vec<Job>) {
    while jobs.len() < BATCH {
        match queue.try_recv() {
            Ok(job) => jobs.push(job),
            Err(_) => break,
        }
    }
}

impl Writer {
    /// Moves what the log holds to the file, past which readers then need not look. Nothing depends on it: what
    /// somebody still reads stays in the log until the next time.
    fn tidy(&self) {
        let _ = self
            .applier
            .connection
            .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
    }

    fn commit(&mut self, jobs: &[Job]) -> Vec<Result<(), StoreError>> {
        let moves = jobs.iter().any(|job| matches!(job.work, Work::Move));
        let results = self.perform_all(jobs);
        if moves {
            self.tidy();
        }
        results
    }

    /// Undoes what a panic has left open, and answers what its jobs are told.
    fn recover(&mut self, jobs: usize) -> Vec<Result<(), StoreError>> {
        if !self.applier.connection.is_autocommit() {
            let _ = self.applier.connection.execute_batch("ROLLBACK");
        }
        let tables = &mut self.applier.tables;
        tables.forget(0);
        tables.doubt();
        let place = tables.place();
        vec![Err(StoreError::Panicked { place }); jobs]
    }

    /// Does the jobs, and says of each what came of it.
    fn perform_all(&mut self, jobs: &[Job]) -> Vec<Result<(), StoreError>> {
        let mut results = Vec::with_capacity(jobs.len());
        let outcome = self.attempt(jobs, &mut results);
        if outcome.is_err() {
            // Whatever is still open is undone; when SQLite has already done so this fails, and
            // that is fine.
            let _ = self.applier.connection.execute_batch("ROLLBACK");
            self.applier.tables.forget(0);
        }
        self.settle();
        results.resize(jobs.len(), Ok(()));
        let told = results.into_iter().map(|result| match (&outcome, result) {
            (_, Err(own)) => Err(own),
            (Err(shared), Ok(())) => Err(shared.clone()),
            (Ok(()), Ok(())) => Ok(()),
        });
        told.collect()
    }

    /// Fails only when the transaction as a whole fails; a job's own failure is in `results`.
    fn attempt(
        &mut self,
        jobs: &[Job],
        results: &mut Vec<Result<(), StoreError>>,
    ) -> Result<(), StoreError> {
        match (self.together(jobs)?, jobs) {
            (Ok(()), _) => self.applier.run("COMMIT"),
            (Err(own), [_]) => {
                results.push(Err(own));
                Ok(())
            }
            (Err(_), _) => self.one_by_one(jobs, results),
        }
    }

    /// All jobs as one, since most often none fails and a savepoint copies every page that its job touches.
    /// The inner result is of the first that failed; then nothing is done and no transaction open.
    fn together(&mut self, jobs: &[Job]) -> Result<Result<(), StoreError>, StoreError> {
        self.applier.run("BEGIN IMMEDIATE")?;
        let mut session = self.applier.session();
        let done = jobs
            .iter()
            .try_for_each(|job| perform(&mut session, &job.work));
        drop(session);
        if done.is_err() {
            if !self.applier.connection.is_autocommit() {
                self.applier.run("ROLLBACK")?;
            }
            self.applier.tables.forget(0);
        }
        Ok(done)
    }

    fn one_by_one(
        &mut self,
        jobs: &[Job],
        results: &mut Vec<Result<(), StoreError>>,
    ) -> Result<(), StoreError> {
        self.applier.run("BEGIN IMMEDIATE")?;
        for job in jobs {
            self.applier.run("SAVEPOINT job")?;
            let kept = self.applier.tables.fresh.len();
            let result = perform(&mut self.applier.session(), &job.work);
            if let Err(error) = &result {
                if self.applier.connection.is_autocommit() {
                    // The failure (a full disk, say) took the whole transaction with it.
                    return Err(error.clone());
                }
                self.applier.run("ROLLBACK TO job")?;
                self.applier.tables.forget(kept);
            }
            self.applier.run("RELEASE job")?;
            results.push(result);
        }
        self.applier.run("COMMIT")
    }

    /// Tells readers of the tables that are now there.
    fn settle(&mut self) {
        for at in self.applier.tables.fresh.drain(..) {
            self.exists[at].store(true, Ordering::Release);
        }
    }

    /// Loads over a connection of its own that is closed at the end: what a load fills caches and lists of
    /// statements with, an idle server would hold for ever.
    pub fn load_over(
        &mut self,
        own: Connection,
        changes: &mut dyn Iterator<Item = Change>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<u64, StoreError> {
        let usual = std::mem::replace(&mut self.applier.connection, own);
        // What is loaded may come from a caller's code that panics.
        let result = catch_unwind(AssertUnwindSafe(|| self.load(changes, progress)));
        self.applier.connection = usual;
        result.unwrap_or_else(|panic| {
            // Its transaction went with its connection.
            self.applier.tables.forget(0);
            self.applier.tables.doubt();
            resume_unwind(panic)
        })
    }

    /// Everything in one transaction, with indexes of new tables made at the end.
    fn load(
        &mut self,
        changes: &mut dyn Iterator<Item = Change>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<u64, StoreError> {
        self.applier.tables.indexes_later = true;
        let result = self.load_all(changes, progress);
        self.applier.tables.indexes_later = false;
        if result.is_err() {
            let _ = self.applier.connection.execute_batch("ROLLBACK");
            self.applier.tables.forget(0);
        }
        self.settle();
        result
    }

    fn load_all(
        &mut self,
        changes: &mut dyn Iterator<Item = Change>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<u64, StoreError> {
        self.applier.run("BEGIN IMMEDIATE")?;
        let mut done = 0;
        let mut session = self.applier.session();
        for change in changes {
            session.apply(&change)?;
            done += 1;
            if done % 10_000 == 0 {
                progress(done);
            }
        }
        drop(session);
        for at in self.applier.tables.fresh.clone() {
            self.applier.session().index(at)?;
        }
        self.applier.run("COMMIT")?;
        progress(done);
        Ok(done)
    }
}

/// Does one job. If that panics, it has failed and the others stand.
fn perform(session: &mut Session<'_>, work: &Work) -> Result<(), StoreError> {
    let done = catch_unwind(AssertUnwindSafe(|| apply(session, work)));
    done.unwrap_or_else(|_| Err(session.panicked()))
}

fn apply(session: &mut Session<'_>, work: &Work) -> Result<(), StoreError> {
    match work {
        Work::Write(changes) => changes.iter().try_for_each(|change| session.apply(change)),
        Work::Create(tables) => tables.iter().try_for_each(|at| session.ensure(*at)),
        // Done once the transaction is over.
        Work::Move => Ok(()),
        #[cfg(test)]
        Work::Panic => panic!("a row says a secret"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::layout::Layout;
    use crate::location::Durability;
    use crate::sqlite::open::open;
    use crate::table::{Column, Key, Table};
    use bitting_query::{Kind, Value};
    use std::sync::Arc;

    fn insert(table: &str, id: i64, length: usize) -> Change {
        let values = vec![(Arc::from("text"), Value::Text("x".repeat(length)))];
        Change::Insert {
            table: table.into(),
            id,
            values,
        }
    }

    /// Runs the jobs in one batch on a file that may not grow beyond `pages`.
    fn commit(
        writer: &mut Writer,
        pages: i64,
        jobs: Vec<Vec<Change>>,
    ) -> Vec<Result<(), StoreError>> {
        writer
            .applier
            .connection
            .pragma_update(None, "max_page_count", pages)
            .unwrap();
        let jobs: Vec<Job> = jobs
            .into_iter()
            .map(|changes| job(Work::Write(changes)).0)
            .collect();
        writer.commit(&jobs)
    }

    fn job(work: Work) -> (Job, oneshot::Receiver<Result<(), StoreError>>) {
        let (reply, answer) = oneshot::channel();
        (Job { work, reply }, answer)
    }

    /// A writer of two tables, `a` and `b`, and the flags of so many of them.
    fn writer(directory: &std::path::Path, flags: usize) -> (Writer, Arc<[AtomicBool]>) {
        let tables = ["a", "b"].map(|name| Table {
            name: name.into(),
            key: Key::Id,
            columns: vec![Column {
                name: "text".into(),
                kind: Kind::Text,
            }],
            indexes: vec![],
            sparse: Vec::new(),
        });
        let layout = Arc::new(Layout::new(tables.to_vec()));
        let opened = open(&directory.join("rows"), &layout, Durability::Full).unwrap();
        let applier = Applier::new(opened.connection, layout, "rows".into(), opened.present);
        let exists: Arc<[AtomicBool]> = (0..flags).map(|_| AtomicBool::new(false)).collect();
        let flags = exists.clone();
        (Writer { applier, exists }, flags)
    }

    fn count(writer: &Writer, table: &str) -> i64 {
        let sql = format!("SELECT count(*) FROM {table}");
        let counted = writer
            .applier
            .connection
            .query_row(&sql, [], |row| row.get(0));
        // Without the table there are no rows in it.
        counted.unwrap_or_default()
    }

    /// Has the thread do these jobs as one batch, and answers what each was told.
    fn run_all(writer: &Arc<Mutex<Writer>>, works: Vec<Work>) -> Vec<Result<(), StoreError>> {
        let (sender, receiver) = mpsc::channel(works.len());
        let mut answers = Vec::new();
        for work in works {
            let (job, answer) = job(work);
            assert!(sender.try_send(job).is_ok());
            answers.push(answer);
        }
        drop(sender);
        let working = writer.clone();
        let thread = std::thread::spawn(move || run(&working, receiver));
        let told = answers
            .into_iter()
            .map(|answer| answer.blocking_recv().expect("everybody is answered"))
            .collect();
        thread.join().expect("the thread goes on to its end");
        told
    }

    #[test]
    fn a_job_that_panics_fails_alone_and_says_nothing_of_its_rows() {
        let directory = tempfile::tempdir().unwrap();
        let (writer, exists) = writer(directory.path(), 2);
        let writer = Arc::new(Mutex::new(writer));
        let write = |table: &str, id| Work::Write(vec![insert(table, id, 10)]);
        let alone = run_all(&writer, vec![Work::Panic]);
        assert!(
            matches!(alone[..], [Err(StoreError::Panicked { .. })]),
            "{alone:?}"
        );
        let works = vec![
            write("a", 1),
            Work::Panic,
            write("b", 1),
            Work::Panic,
            write("a", 2),
        ];
        let told = run_all(&writer, works);
        for (at, told) in told.iter().enumerate() {
            assert_eq!(told.is_err(), at % 2 == 1, "{at}: {told:?}");
            assert!(!format!("{told:?}").contains("secret"));
        }
        assert_eq!(run_all(&writer, vec![write("a", 3)]), [Ok(())]);
        let writer = writer.lock();
        assert_eq!((count(&writer, "a"), count(&writer, "b")), (3, 1));
        assert!(
            writer.applier.connection.is_autocommit(),
            "nothing is left open"
        );
        assert!(exists.iter().all(|there| there.load(Ordering::Acquire)));
    }

    /// The second table has no flag, whence whatever makes it panics once its jobs are done.
    #[test]
    fn what_panics_around_the_jobs_is_told_to_all_of_them_and_the_thread_goes_on() {
        let directory = tempfile::tempdir().unwrap();
        let (writer, _) = writer(directory.path(), 1);
        let writer = Arc::new(Mutex::new(writer));
        let write = |table: &str, id| Work::Write(vec![insert(table, id, 10)]);
        let told = run_all(&writer, vec![write("b", 1), write("b", 2)]);
        assert!(
            told.iter()
                .all(|told| matches!(told, Err(StoreError::Panicked { .. }))),
            "{told:?}"
        );
        assert_eq!(run_all(&writer, vec![write("a", 1)]), [Ok(())]);
        assert_eq!(count(&writer.lock(), "a"), 1);
    }

    #[test]
    fn a_load_that_panics_leaves_nothing_and_the_writer_whole() {
        let directory = tempfile::tempdir().unwrap();
        let (mut writer, _) = writer(directory.path(), 2);
        let own =
            crate::sqlite::open::connect(&directory.path().join("rows"), Durability::Full).unwrap();
        let mut changes = (1..10).map(|id| {
            assert!(id < 5, "the generator breaks");
            insert("a", id, 10)
        });
        let loaded = catch_unwind(AssertUnwindSafe(|| {
            writer.load_over(own, &mut changes, &mut |_| {})
        }));
        assert!(loaded.is_err(), "it is the caller's panic");
        assert_eq!(count(&writer, "a"), 0);
        let answers = commit(&mut writer, 100_000, vec![vec![insert("a", 1, 1)]]);
        assert_eq!(answers, [Ok(())]);
        assert_eq!(count(&writer, "a"), 1);
    }

    #[test]
    fn a_full_disk_is_said_and_writing_goes_on_after_it() {
        let directory = tempfile::tempdir().unwrap();
        let (mut writer, exists) = writer(directory.path(), 2);
        let seen = |at: usize| exists[at].load(Ordering::Acquire);

        let jobs = vec![
            vec![insert("a", 1, 10)],
            vec![insert("b", 1, 1_000_000)],
            vec![insert("a", 2, 10)],
        ];
        let answers = commit(&mut writer, 20, jobs);
        assert!(
            matches!(answers[1], Err(StoreError::Full { .. })),
            "{answers:?}"
        );
        // The others may have failed with it, but what was acknowledged is there and nothing else.
        let rows = count(&writer, "a");
        assert_eq!(
            rows,
            answers.iter().filter(|answer| answer.is_ok()).count() as i64
        );
        assert_eq!(seen(0), rows > 0);
        assert!(!seen(1));

        let failed = writer.load(
            &mut (10..20).map(|id| insert("b", id, 100_000)),
            &mut |_| {},
        );
        assert!(matches!(failed, Err(StoreError::Full { .. })), "{failed:?}");
        assert!(!seen(1));

        let answers = commit(
            &mut writer,
            100_000,
            vec![vec![insert("b", 1, 1_000_000), insert("a", 3, 1)]],
        );
        assert_eq!(answers, [Ok(())]);
        assert!(seen(0) && seen(1));
    }
}
