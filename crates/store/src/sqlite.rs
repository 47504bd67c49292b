//! Rows in an SQLite file: many readers, one writer, one process. Knows nothing of what the tables
//! mean.

mod apply;
mod cells;
mod ddl;
mod fault;
mod held;
mod ids;
mod lock;
mod open;
mod read;
mod snapshot;
mod temporary;
mod write;

use crate::error::StoreError;
use crate::keyed::{Asked, KeyedStatements};
use crate::layout::Layout;
use crate::location::Durability;
use crate::table::{Cell, Cells, Change, Flow};
use apply::Applier;
use bitting_query::Value;
use fault::{fault, lacks_table};
pub use held::Held;
use parking_lot::Mutex;
pub use read::Hold;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use tokio::sync::{Semaphore, mpsc, oneshot};
use write::{Job, Work, Writer};

/// Jobs that may wait for the writer before the next one has to wait to be queued.
const QUEUE: usize = 1024;

/// The name under which the meta table keeps the highest id a table ever had.
fn high_mark(table: &str) -> String {
    format!("high:{table}")
}

/// The fields are dropped in this order: readers before the writer, whose closing empties the log,
/// and the lock last but for the directory it stands in.
pub struct Sqlite {
    place: Arc<str>,
    durability: Durability,
    layout: Arc<Layout>,
    exists: Arc<[AtomicBool]>,
    ids: Vec<ids::Ids>,
    keyed: KeyedStatements,
    scans: Semaphore,
    readers: read::Readers,
    queue: Option<mpsc::Sender<Job>>,
    logged: Logged,
    thread: Option<JoinHandle<()>>,
    writer: Arc<Mutex<Writer>>,
    _lock: lock::Lock,
    temporary: Option<temporary::Temporary>,
}

impl Sqlite {
    /// Opens a file, or a temporary one when there is no path.
    pub fn open(
        path: Option<PathBuf>,
        layout: Layout,
        durability: Durability,
        hold: Hold,
    ) -> Result<Self, StoreError> {
        let (path, temporary) = if let Some(path) = path {
            (path, None)
        } else {
            let temporary = temporary::Temporary::make()?;
            temporary::Temporary::sweep();
            (temporary.path().join(temporary::FILE), Some(temporary))
        };
        Self::open_at(path, temporary, layout, durability, hold)
    }

    /// Opens the temporary file that another store left, as its own.
    pub fn open_left(directory: PathBuf, layout: Layout, hold: Hold) -> Result<Self, StoreError> {
        let path = directory.join(temporary::FILE);
        let mut store = Self::open_at(path, None, layout, Durability::Off, hold)?;
        // Only now that nobody else has it open.
        store.temporary = Some(temporary::Temporary::adopt(directory));
        Ok(store)
    }

    fn open_at(
        path: PathBuf,
        temporary: Option<temporary::Temporary>,
        layout: Layout,
        durability: Durability,
        hold: Hold,
    ) -> Result<Self, StoreError> {
        let place: Arc<str> = Arc::from(path.display().to_string());
        if let Some(parent) = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
        {
            std::fs::create_dir_all(parent).map_err(|error| StoreError::Open {
                place: place.to_string(),
                detail: error.to_string(),
            })?;
        }
        let mut lock = lock::take(&path)?;
        if lock.made {
            open::refuse_emptied(&path)?;
        }
        let opened = open::open(&path, &layout, durability)?;
        lock.note_made().map_err(|error| StoreError::Open {
            place: place.to_string(),
            detail: error.to_string(),
        })?;
        let layout = Arc::new(layout);
        let exists: Arc<[AtomicBool]> = opened
            .present
            .iter()
            .map(|there| AtomicBool::new(*there))
            .collect();
        let applier = Applier::new(
            opened.connection,
            layout.clone(),
            place.clone(),
            opened.present,
        );
        let writer = Arc::new(Mutex::new(Writer {
            applier,
            exists: exists.clone(),
        }));
        let (sender, receiver) = mpsc::channel(QUEUE);
        let working = writer.clone();
        let thread = std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || write::run(&working, receiver))
            .map_err(|error| StoreError::Open {
                place: place.to_string(),
                detail: error.to_string(),
            })?;
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Ok(Self {
            ids: layout.tables().map(|_| ids::Ids::default()).collect(),
            keyed: KeyedStatements::new(["?1", "?2"]),
            scans: Semaphore::new(cores.max(2) * 2),
            readers: read::Readers::new(path, hold),
            queue: Some(sender),
            logged: Logged::default(),
            thread: Some(thread),
            place,
            durability,
            layout,
            exists,
            writer,
            _lock: lock,
            temporary,
        })
    }

    /// Reads inline when it is `quick`; else off the threads that serve other requests, with only
    /// so many at a time.
    pub async fn select(
        &self,
        quick: bool,
        sql: &str,
        params: &[Value],
        each: &mut (dyn FnMut(&dyn Cells) -> Flow + Send),
    ) -> Result<(), StoreError> {
        // A second try follows the making of empty tables that the statement joins.
        for _ in 0..4 {
            let result = if quick {
                self.readers.lend(|reader| reader.run(sql, params, each))
            } else {
                let _permit = self.scans.acquire().await.map_err(|_| self.closed())?;
                off_thread(|| self.readers.lend(|reader| reader.run(sql, params, each)))
            };
            match result {
                Ok(()) => return Ok(()),
                Err(error) if lacks_table(&error) => {
                    if self.layout.main_of(sql).is_some_and(|at| !self.has(at)) {
                        return Ok(());
                    }
                    let lacking: Vec<usize> = self
                        .layout
                        .named_in(sql)
                        .into_iter()
                        .filter(|at| !self.has(*at))
                        .collect();
                    if lacking.is_empty() {
                        return Err(fault(&self.place, &error));
                    }
                    self.ask(Work::Create(lacking)).await?;
                }
                Err(error) => return Err(fault(&self.place, &error)),
            }
        }
        Err(StoreError::Refused {
            place: self.place.to_string(),
            detail: "the statement names tables that cannot be made".into(),
        })
    }

    /// One row by its id, inline, and with `pair` whether the row is in that table under that key.
    pub fn get(
        &self,
        table: &Arc<str>,
        id: i64,
        columns: &[Arc<str>],
        pair: Option<(&Arc<str>, i64)>,
        each: &mut (dyn FnMut(&dyn Cells) -> Flow + Send),
    ) -> Result<(), StoreError> {
        let at = self.layout.find(table)?;
        if !self.has(at) {
            return Ok(());
        }
        let mut parameters = vec![Value::Integer(id)];
        let mut asked = Asked::Nothing;
        if let Some((pairs, key)) = pair {
            let pairs = self.layout.find(pairs)?;
            asked = Asked::Blank;
            if self.has(pairs) {
                asked = Asked::Pair(pairs);
                parameters.push(Value::Integer(key));
            }
        }
        let sql = self.keyed.statement(&self.layout, at, columns, asked)?;
        self.readers
            .lend(|reader| reader.run(&sql, &parameters, each))
            .map_err(|error| fault(&self.place, &error))
    }

    /// The rows of one value, by id, inline.
    pub fn under(
        &self,
        table: &Arc<str>,
        (column, value): (&str, i64),
        columns: &[Arc<str>],
        each: &mut (dyn FnMut(&dyn Cells) -> Flow + Send),
    ) -> Result<(), StoreError> {
        let at = self.layout.find(table)?;
        if !self.has(at) {
            return Ok(());
        }
        let asked = Asked::Under(self.layout.place(at, column)?);
        let sql = self.keyed.statement(&self.layout, at, columns, asked)?;
        self.readers
            .lend(|reader| reader.run(&sql, &[Value::Integer(value)], each))
            .map_err(|error| fault(&self.place, &error))
    }

    pub async fn write(&self, changes: Vec<Change>) -> Result<(), StoreError> {
        for change in &changes {
            self.note(change);
        }
        self.logged.write();
        self.ask(Work::Write(changes)).await
    }

    pub fn load(
        &self,
        changes: &mut dyn Iterator<Item = Change>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<u64, StoreError> {
        let own = open::connect(self.readers.path(), self.durability)
            .and_then(open::spilling)
            .map_err(|error| fault(&self.place, &error))?;
        self.logged.write();
        let mut noted = changes.inspect(|change| self.note(change));
        self.writer.lock().load_over(own, &mut noted, progress)
    }

    pub fn next_id(&self, table: &Arc<str>) -> Result<i64, StoreError> {
        let at = self.layout.find(table)?;
        self.ids[at].next(|| {
            if !self.has(at) {
                return Ok(0);
            }
            let sql = format!(
                "SELECT max(coalesce((SELECT max(\"id\") FROM {}), 0), \
                 coalesce((SELECT value FROM bitting_meta WHERE name = ?1), 0))",
                crate::layout::quote(table)
            );
            let mut highest = 0;
            let mut each = |cells: &dyn Cells| {
                if let Cell::Integer(id) = cells.cell(0) {
                    highest = id;
                }
                Flow::Stop
            };
            self.readers
                .lend(|reader| reader.run(&sql, &[Value::Text(high_mark(table))], &mut each))
                .map_err(|error| fault(&self.place, &error))?;
            Ok(highest)
        })
    }

    /// A copy of all rows as one file, taken while others read and write.
    pub async fn snapshot(&self, path: &Path) -> Result<(), StoreError> {
        let (from, to) = (self.readers.path().to_path_buf(), path.to_path_buf());
        let copying = tokio::task::spawn_blocking(move || snapshot::take(&from, &to));
        copying.await.map_err(|_| self.closed())?
    }

    /// Does not remove the temporary directory at the end, and says where it is.
    pub fn leave(&self) -> Option<PathBuf> {
        self.temporary.as_ref().map(temporary::Temporary::leave)
    }

    /// Gives back what reading and writing have filled, where nobody has read since this was last called.
    pub fn rest(&self) {
        if self.logged.rests()
            && let Some(queue) = &self.queue
        {
            // Where somebody writes after all, it is left to the next time.
            let (reply, _) = oneshot::channel();
            let work = Work::Move;
            let _ = queue.try_send(Job { work, reply });
        }
        if !self.readers.rest() {
            return;
        }
        // Whoever writes at this moment needs it.
        if let Some(writer) = self.writer.try_lock() {
            // Nothing depends on it.
            let _ = writer
                .applier
                .connection
                .execute_batch("PRAGMA shrink_memory;");
        }
    }

    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    pub fn place(&self) -> &str {
        &self.place
    }

    pub fn is_blank(&self, table: &str) -> bool {
        self.layout.position(table).is_some_and(|at| !self.has(at))
    }

    fn has(&self, at: usize) -> bool {
        self.exists[at].load(Ordering::Acquire)
    }

    /// Ids given from outside count as used, so that the next one given out is above them.
    fn note(&self, change: &Change) {
        if let Change::Insert { table, id, .. } = change
            && let Some(at) = self.layout.position(table)
        {
            self.ids[at].note(*id);
        }
    }

    async fn ask(&self, work: Work) -> Result<(), StoreError> {
        let (reply, answer) = oneshot::channel();
        let queue = self.queue.as_ref().ok_or_else(|| self.closed())?;
        queue
            .send(Job { work, reply })
            .await
            .map_err(|_| self.closed())?;
        answer.await.map_err(|_| self.closed())?
    }

    fn closed(&self) -> StoreError {
        StoreError::Closed {
            place: self.place.to_string(),
        }
    }
}

/// Whether the log may hold what the file does not, and somebody wrote lately.
#[derive(Default)]
struct Logged {
    holds: AtomicBool,
    lately: AtomicBool,
}

impl Logged {
    fn write(&self) {
        self.holds.store(true, Ordering::Relaxed);
        self.lately.store(true, Ordering::Relaxed);
    }

    /// True once, where nobody has written since this was last called.
    fn rests(&self) -> bool {
        !self.lately.swap(false, Ordering::Relaxed) && self.holds.swap(false, Ordering::Relaxed)
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // It ends once the queue is empty; a panic in it has been printed already.
            let _ = thread.join();
        }
    }
}

/// Copies what is committed in an SQLite file, which another process may have open, into a new file at `to`.
pub fn copy_file(from: &Path, to: &Path) -> Result<(), StoreError> {
    snapshot::take(from, to)
}

/// Runs blocking work without holding up other tasks, where the runtime has threads to spare.
pub fn off_thread<T>(work: impl FnOnce() -> T) -> T {
    use tokio::runtime::{Handle, RuntimeFlavor};
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}
