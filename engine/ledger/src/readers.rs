//! Read-only connections, on blocking threads, a few at a time. Write-ahead logging keeps them and the writer out of each other's way.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rusqlite::{Connection, InterruptHandle};
use tokio::sync::Semaphore;

use crate::files::{self, Catalogue};
use crate::projector::Shared;
use crate::{Day, LedgerError, schema};

/// Connections kept open between searches.
const IDLE: usize = 16;
/// How much longer than a search may take one of its statements may, before it is broken off.
const GRACE: Duration = Duration::from_secs(1);

/// The readers.
pub(crate) struct Readers {
    folder: PathBuf,
    shared: Arc<Shared>,
    permits: Semaphore,
    idle: Mutex<Idle>,
}

/// Open connections, all to files of the same generation: when a file is deleted or exchanged, a connection to it still sees the old one.
#[derive(Default)]
struct Idle {
    generation: u64,
    connections: Vec<(Day, Connection)>,
}

/// One search at work.
pub(crate) struct Job {
    readers: Arc<Readers>,
    /// When it should be done.
    pub(crate) deadline: Instant,
    running: Arc<Mutex<Running>>,
}

#[derive(Default)]
struct Running {
    handle: Option<InterruptHandle>,
    is_broken_off: bool,
}

impl Readers {
    pub(crate) fn new(folder: PathBuf, shared: Arc<Shared>, at_once: usize) -> Readers {
        Readers { folder, shared, permits: Semaphore::new(at_once.max(1)), idle: Mutex::default() }
    }

    pub(crate) fn catalogue(&self) -> &Catalogue {
        &self.shared.catalogue
    }

    /// Runs a search on a blocking thread, at most `time` long, waiting for its turn at most as long again.
    pub(crate) async fn run<T: Send + 'static>(
        self: &Arc<Self>,
        time: Duration,
        f: impl FnOnce(&Job) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        let too_long = || LedgerError::Timeout(u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
        let permit = tokio::time::timeout(time, self.permits.acquire()).await.map_err(|_| too_long())?;
        let _permit = permit.map_err(|_| LedgerError::Closing)?;
        let running: Arc<Mutex<Running>> = Arc::default();
        let job = Job { readers: self.clone(), deadline: Instant::now() + time, running: running.clone() };
        let mut task = tokio::task::spawn_blocking(move || f(&job));
        let joined = match tokio::time::timeout(time + GRACE, &mut task).await {
            Ok(joined) => joined,
            Err(_) => {
                let mut r = running.lock();
                r.is_broken_off = true;
                if let Some(handle) = &r.handle {
                    handle.interrupt();
                }
                return Err(too_long());
            }
        };
        joined.unwrap_or(Err(LedgerError::Closing))
    }
}

impl Job {
    pub(crate) fn catalogue(&self) -> &Catalogue {
        self.readers.catalogue()
    }

    /// Asks a day's file; `None` where that day is no longer there.
    pub(crate) fn on_day<T>(&self, day: Day, f: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<Option<T>, LedgerError> {
        let path = files::path_of(&self.readers.folder, day);
        let generation = self.catalogue().generation();
        let conn = match self.readers.take(day, generation) {
            Some(conn) => conn,
            None => match schema::open_reader(&path, schema::VERSION) {
                Ok(conn) => conn,
                Err(_) if !self.catalogue().has(day) => return Ok(None),
                Err(e) => return Err(self.suspect(day, e)),
            },
        };
        {
            let mut r = self.running.lock();
            if r.is_broken_off {
                return Err(LedgerError::Closing);
            }
            r.handle = Some(conn.get_interrupt_handle());
        }
        let result = f(&conn).map_err(|e| LedgerError::sqlite("reading", &path, e));
        self.running.lock().handle = None;
        match result {
            Ok(found) => {
                self.readers.put(day, conn, generation);
                Ok(Some(found))
            }
            Err(e) => Err(self.suspect(day, e)),
        }
    }

    /// Asks the file of totals.
    pub(crate) fn on_totals<T>(&self, f: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, LedgerError> {
        let path = self.readers.folder.join(crate::totals::FILE);
        let conn = schema::open_reader(&path, crate::totals::VERSION)?;
        f(&conn).map_err(|e| LedgerError::sqlite("reading", &path, e))
    }

    /// Has the writer look at a file that seems to be damaged.
    fn suspect(&self, day: Day, e: LedgerError) -> LedgerError {
        if e.is_damage() {
            self.readers.shared.suspect(day);
        }
        e
    }
}

impl Readers {
    fn take(&self, day: Day, generation: u64) -> Option<Connection> {
        let mut idle = self.idle.lock();
        if idle.generation != generation {
            idle.connections.clear();
            idle.generation = generation;
        }
        let at = idle.connections.iter().position(|(d, _)| *d == day)?;
        Some(idle.connections.remove(at).1)
    }

    fn put(&self, day: Day, conn: Connection, generation: u64) {
        let mut idle = self.idle.lock();
        if idle.generation == generation {
            if idle.connections.len() >= IDLE {
                idle.connections.remove(0);
            }
            idle.connections.push((day, conn));
        }
    }
}
