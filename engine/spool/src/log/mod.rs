//! The embedded engine: an append-only log of our own and an index in memory.
//!
//! Why not a database: a queue is the one workload where a log does everything that is needed, at a fraction of the cost; and the order
//! of the log is the feed. The parts:
//!
//! * `committer`: the one thread that writes; `plan`: phase one of a transaction; `codec`, `frame`: the bytes;
//! * `index`: all state but the bodies, about fifty octets a message beside its place in a list;
//! * `pool`: log files prepared in advance; `caretaker`: drops old ones, copies stragglers forward;
//! * `recover`, `scan`, `index_file`: from files to index; `feed`: from files to events; `timer`: what time alone moves.
//!
//! Log files are a contiguous suffix of the log, `segments/NNNNNNNNNN.log`; only the oldest is ever dropped. Each begins with the names
//! of all queues and groups, so any suffix can be read by itself.

mod caretaker;
mod codec;
mod committer;
mod config;
mod feed;
mod folder;
mod frame;
mod index;
mod index_file;
mod keys;
mod names;
mod plan;
mod pool;
mod recover;
mod scan;
mod shared;
mod spool;
mod timer;

use std::fs::File;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel, sync_channel};
use std::thread::JoinHandle;

use parking_lot::Mutex;
use tokio::sync::Semaphore;

pub use config::{Clock, Fault, SpoolConfig};

use committer::{Committer, Job};
use folder::Folder;
use pool::Pool;
use recover::{Recovered, recover};
use shared::Shared;

use crate::SpoolError;

/// How often a spool that is being written is read again before its reader gives up.
const LOOKS: usize = 5;

/// The embedded spool. Open one for a folder; dropping it closes it.
#[derive(Debug)]
pub struct EmbeddedSpool {
    shared: Arc<Shared>,
    /// None when opened for reading only.
    jobs: Option<Sender<Job>>,
    /// One for each KiB of transactions that may wait for the committer.
    permits: Arc<Semaphore>,
    all_permits: u32,
    threads: Mutex<Vec<JoinHandle<()>>>,
    lock: Mutex<Option<File>>,
}

impl EmbeddedSpool {
    /// Opens the spool of a folder, which is made if missing. Blocks: reads the whole log.
    ///
    /// Fails where another process has it open ([`SpoolError::Locked`]), a file is damaged in a place that no crash explains
    /// ([`SpoolError::Corrupt`]), or the disk has no room for one log file ([`SpoolError::DiskFull`]).
    pub fn open(config: SpoolConfig) -> Result<Arc<EmbeddedSpool>, SpoolError> {
        config.check()?;
        let folder = Folder::create(&config.dir)?;
        let lock = folder.lock()?;
        folder.clean()?;
        let Recovered { names, index, hash_key, spares } = recover(&config, &folder, true)?;
        let pool = Pool::new(folder.clone(), &config, spares);
        pool.set_used(index.segments.len() as u64);
        pool.ensure_one()?;
        let all_permits = permits(&config);
        let shared = Arc::new(Shared::new(config, folder, hash_key, names, index, pool));
        let (jobs, inbox) = channel();
        let committer = Committer::new(Arc::clone(&shared), inbox)?;
        let mut threads = vec![spawn("spool-commit", move || committer.run())?];
        let own = Arc::clone(&shared);
        threads.push(spawn("spool-files", move || own.pool.fill())?);
        let own = Arc::clone(&shared);
        threads.push(spawn("spool-timer", move || timer::run(&own))?);
        let (own, own_jobs) = (Arc::clone(&shared), jobs.clone());
        threads.push(spawn("spool-care", move || caretaker::run(&own, &own_jobs))?);
        Ok(Arc::new(EmbeddedSpool {
            shared,
            jobs: Some(jobs),
            permits: Arc::new(Semaphore::new(all_permits as usize)),
            all_permits,
            threads: Mutex::new(threads),
            lock: Mutex::new(Some(lock)),
        }))
    }

    /// Opens a spool for looking at it, without the lock: best effort where another process is writing it. Everything that would change
    /// something fails with [`SpoolError::Closing`]; nothing can be claimed.
    pub fn open_read_only(config: SpoolConfig) -> Result<Arc<EmbeddedSpool>, SpoolError> {
        config.check()?;
        let folder = Folder::existing(&config.dir);
        // A file may be renamed or go on being written between two looks at it.
        let mut found = recover(&config, &folder, false);
        for _ in 1..LOOKS {
            if found.is_err() {
                found = recover(&config, &folder, false);
            }
        }
        let Recovered { names, index, hash_key, .. } = found?;
        let pool = Pool::new(folder.clone(), &config, Vec::new());
        let shared = Arc::new(Shared::new(config, folder, hash_key, names, index, pool));
        shared.close();
        let (permits, threads) = (Arc::new(Semaphore::new(0)), Mutex::new(Vec::new()));
        Ok(Arc::new(EmbeddedSpool { shared, jobs: None, permits, all_permits: 0, threads, lock: Mutex::new(None) }))
    }

    /// Commits what has been queued, then stops and lets go of the folder; later calls fail with [`SpoolError::Closing`]. Blocks until
    /// the threads have ended.
    pub fn close(&self) {
        let threads = std::mem::take(&mut *self.threads.lock());
        if threads.is_empty() {
            return;
        }
        if let Some(jobs) = &self.jobs {
            let _ = jobs.send(Job::Close);
        }
        let mut threads = threads.into_iter();
        let _ = threads.next().map(JoinHandle::join);
        self.shared.close();
        self.shared.pool.stop();
        self.shared.timer.ring();
        self.shared.caretaker.ring();
        for thread in threads {
            let _ = thread.join();
        }
        if let Some(file) = self.lock.lock().take() {
            folder::unlock(&file);
        }
    }

    /// Does now what the background threads do in their own time: buries dead letters whose retention has ended, copies stragglers
    /// forward, drops log files. Blocks. For tools and tests.
    pub fn maintain(&self) -> Result<(), SpoolError> {
        let jobs = self.jobs.as_ref().ok_or(SpoolError::Closing)?;
        let (done, tended) = sync_channel(1);
        jobs.send(Job::Tend { done }).map_err(|_| SpoolError::Closing)?;
        let _ = tended.recv();
        caretaker::tend(&self.shared, jobs)?;
        self.shared.stopped().map_or(Ok(()), Err)
    }
}

impl Drop for EmbeddedSpool {
    fn drop(&mut self) {
        self.close();
    }
}

fn permits(config: &SpoolConfig) -> u32 {
    (config.queued_bytes / 1024).clamp(1, 1 << 24) as u32
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, SpoolError> {
    std::thread::Builder::new()
        .name(name.into())
        .spawn(run)
        .map_err(|e| SpoolError::Failed { place: format!("starting the thread {name}"), error: e.to_string() })
}
