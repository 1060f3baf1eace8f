//! What callers and threads of a store have in common.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use tokio::sync::{Semaphore, watch};

use crate::committer::Job;
use crate::files::Files;
use crate::folder::Folder;
use crate::index::Index;
use crate::{MediaError, MediaOptions, MediaStats};

/// Counters for [`MediaStats`].
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) puts: AtomicU64,
    pub(crate) known: AtomicU64,
    pub(crate) gets: AtomicU64,
    pub(crate) pending: AtomicU64,
    pub(crate) syncs: AtomicU64,
    pub(crate) written: AtomicU64,
    pub(crate) copied: AtomicU64,
    pub(crate) dropped: AtomicU64,
    pub(crate) last_sync_us: AtomicU64,
}

/// A thread's reason to get up.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    rung: Mutex<bool>,
    changed: Condvar,
}

impl Bell {
    pub(crate) fn ring(&self) {
        *self.rung.lock() = true;
        self.changed.notify_all();
    }

    pub(crate) fn wait(&self, at_most: Duration) {
        let mut rung = self.rung.lock();
        if !*rung {
            self.changed.wait_for(&mut rung, at_most);
        }
        *rung = false;
    }
}

/// Everything that is shared.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) options: MediaOptions,
    pub(crate) folder: Folder,
    pub(crate) index: Mutex<Index>,
    pub(crate) files: Files,
    pub(crate) counters: Counters,
    pub(crate) jobs: Sender<Job>,
    /// One for each KiB of contents that may wait for the committer.
    pub(crate) permits: Arc<Semaphore>,
    pub(crate) all_permits: u32,
    /// Told now and then, so that who waits looks at how long it has.
    pub(crate) slow: watch::Sender<()>,
    pub(crate) watcher: Bell,
    pub(crate) caretaker: Bell,
    /// One caretaker at a time: the thread, or a caller who wants it done now.
    pub(crate) tending: Mutex<()>,
    /// All owners have been told, so that contents without have to be looked for.
    pub(crate) burying: Mutex<bool>,
    free: AtomicU64,
    stopped: AtomicBool,
    short: Mutex<Option<MediaError>>,
    failed: OnceLock<MediaError>,
}

impl Shared {
    pub(crate) fn new(options: MediaOptions, folder: Folder, index: Index, jobs: Sender<Job>) -> Shared {
        let all_permits = (options.pending_octets / 1024).clamp(1, 1 << 24) as u32;
        Shared {
            files: Files::new(options.open_files),
            free: AtomicU64::new(folder.free()),
            options,
            folder,
            index: Mutex::new(index),
            counters: Counters::default(),
            jobs,
            permits: Arc::new(Semaphore::new(all_permits as usize)),
            all_permits,
            slow: watch::Sender::new(()),
            watcher: Bell::default(),
            caretaker: Bell::default(),
            tending: Mutex::new(()),
            burying: Mutex::new(false),
            stopped: AtomicBool::new(false),
            short: Mutex::new(None),
            failed: OnceLock::new(),
        }
    }

    /// Fault injection.
    pub(crate) fn ask(&self, step: &str) -> io::Result<()> {
        self.options.fault.as_ref().map_or(Ok(()), |fault| fault.ask(step))
    }

    /// Changes the index; the caretaker gets up where that left a pack with nothing in it.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Index) -> T) -> T {
        let mut index = self.index.lock();
        let result = change(&mut index);
        let emptied = index.packs.take_emptied();
        drop(index);
        if emptied {
            self.caretaker.ring();
        }
        result
    }

    /// Why so many octets cannot be written, if the disk has no room for them beside `reserve`.
    pub(crate) fn no_room(&self, octets: u64, reserve: u64) -> Option<MediaError> {
        let free = self.folder.free();
        self.free.store(free, Ordering::Relaxed);
        let needed = octets.saturating_add(reserve);
        (free < needed).then(|| self.disk_full(needed))
    }

    pub(crate) fn disk_full(&self, needed: u64) -> MediaError {
        MediaError::DiskFull { path: self.folder.root().display().to_string(), free: self.folder.free(), needed }
    }

    /// New contents are refused at the moment, or no longer.
    pub(crate) fn set_short(&self, error: Option<MediaError>) {
        let mut short = self.short.lock();
        if short.is_none()
            && let Some(error) = &error
        {
            tracing::warn!(%error, "New contents are refused.");
        }
        *short = error;
    }

    /// Nothing is taken any more.
    pub(crate) fn fail(&self, error: MediaError) {
        tracing::error!(%error, "The media store has stopped.");
        let _ = self.failed.set(error);
        self.stopped.store(true, Ordering::Release);
    }

    pub(crate) fn close(&self) {
        self.stopped.store(true, Ordering::Release);
    }

    /// Why nothing can be stored, if so.
    pub(crate) fn stopped(&self) -> Option<MediaError> {
        self.stopped.load(Ordering::Acquire).then(|| self.failed.get().cloned().unwrap_or(MediaError::Closing))
    }

    /// Why new contents are refused, if they are.
    pub(crate) fn unhealthy(&self) -> Option<MediaError> {
        self.stopped().or_else(|| self.short.lock().clone())
    }

    pub(crate) fn stats(&self) -> MediaStats {
        let counters = &self.counters;
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let ((blobs, owners, octets), packs, (disk_octets, _)) = {
            let index = self.index.lock();
            (index.counts(), index.packs.len(), index.packs.octets())
        };
        MediaStats {
            blobs,
            owners,
            octets,
            packs,
            disk_octets,
            disk_free: get(&self.free),
            puts: get(&counters.puts),
            known: get(&counters.known),
            gets: get(&counters.gets),
            pending: get(&counters.pending),
            syncs: get(&counters.syncs),
            written: get(&counters.written),
            copied: get(&counters.copied),
            dropped: get(&counters.dropped),
            last_sync_us: get(&counters.last_sync_us),
        }
    }
}
