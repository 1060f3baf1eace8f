//! What the threads of a spool have in common.

use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, RwLock};
use tokio::sync::watch;

use super::config::SpoolConfig;
use super::folder::Folder;
use super::index::Index;
use super::names::Names;
use super::pool::Pool;
use crate::{Cursor, SpoolError};

const HEALTHY: u8 = 0;
const SHORT: u8 = 1;
const STOPPED: u8 = 2;

/// Counters for [`crate::SpoolStats`].
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) messages: AtomicU64,
    pub(crate) accepted: AtomicU64,
    pub(crate) syncs: AtomicU64,
    pub(crate) written: AtomicU64,
    pub(crate) compacted: AtomicU64,
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

/// Everything the threads share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: SpoolConfig,
    pub(crate) folder: Folder,
    pub(crate) hash_key: [u8; 16],
    pub(crate) names: RwLock<Names>,
    pub(crate) index: Mutex<Index>,
    pub(crate) pool: Pool,
    pub(crate) counters: Counters,
    /// Position behind the last durable transaction that the feed shows.
    pub(crate) shown: watch::Sender<Cursor>,
    /// Told when the committer has been at one group for longer than the deadline.
    pub(crate) slow: watch::Sender<()>,
    pub(crate) timer: Bell,
    pub(crate) caretaker: Bell,
    /// One caretaker at a time: the thread, or a caller who wants it done now.
    pub(crate) tending: Mutex<()>,
    wakers: RwLock<Vec<Option<watch::Sender<()>>>>,
    state: AtomicU8,
    short: Mutex<Option<SpoolError>>,
    failed: OnceLock<SpoolError>,
    born: Instant,
    /// When the group being written was begun, milliseconds since `born` plus 1; 0 = none is.
    busy: AtomicU64,
}

impl Shared {
    pub(crate) fn new(config: SpoolConfig, folder: Folder, hash_key: [u8; 16], names: Names, index: Index, pool: Pool) -> Shared {
        let counters = Counters::default();
        counters.messages.store(index.entries.len(), Ordering::Relaxed);
        let shown = index.segments.shown_end();
        Shared {
            config,
            folder,
            hash_key,
            names: RwLock::new(names),
            index: Mutex::new(index),
            pool,
            counters,
            shown: watch::Sender::new(shown),
            slow: watch::Sender::new(()),
            timer: Bell::default(),
            caretaker: Bell::default(),
            tending: Mutex::new(()),
            wakers: RwLock::new(Vec::new()),
            state: AtomicU8::new(HEALTHY),
            short: Mutex::new(None),
            failed: OnceLock::new(),
            born: Instant::now(),
            busy: AtomicU64::new(0),
        }
    }

    /// Fault injection.
    pub(crate) fn ask(&self, step: &str) -> io::Result<()> {
        self.config.fault.as_ref().map_or(Ok(()), |fault| fault.ask(step))
    }

    /// A receiver that is told when a queue has something new to claim.
    pub(crate) fn waker(&self, queue: u32) -> watch::Receiver<()> {
        let at = queue as usize;
        if let Some(Some(waker)) = self.wakers.read().get(at) {
            return waker.subscribe();
        }
        let mut wakers = self.wakers.write();
        if wakers.len() <= at {
            wakers.resize(at + 1, None);
        }
        wakers[at].get_or_insert_with(|| watch::Sender::new(())).subscribe()
    }

    /// Wakes those who wait for something to claim.
    pub(crate) fn wake(&self, queues: &[u32]) {
        if queues.is_empty() {
            return;
        }
        let wakers = self.wakers.read();
        for queue in queues {
            if let Some(Some(waker)) = wakers.get(*queue as usize) {
                waker.send_replace(());
            }
        }
    }

    /// The caretaker has something to do.
    pub(crate) fn tend(&self) {
        self.caretaker.ring();
    }

    pub(crate) fn begin_group(&self) {
        self.busy.store(self.born.elapsed().as_millis() as u64 + 1, Ordering::Relaxed);
    }

    pub(crate) fn end_group(&self) {
        self.busy.store(0, Ordering::Relaxed);
    }

    /// Whether the committer has been at one group for longer than the deadline.
    pub(crate) fn is_slow(&self) -> bool {
        let since = self.busy.load(Ordering::Relaxed);
        since > 0 && u128::from(since - 1) + self.config.deadline.as_millis() <= self.born.elapsed().as_millis()
    }

    /// New messages are refused at the moment, or no longer.
    pub(crate) fn set_short(&self, error: Option<SpoolError>) {
        let (from, to) = if error.is_some() { (HEALTHY, SHORT) } else { (SHORT, HEALTHY) };
        if to == SHORT || self.state.load(Ordering::Relaxed) == SHORT {
            *self.short.lock() = error;
            let _ = self.state.compare_exchange(from, to, Ordering::AcqRel, Ordering::Relaxed);
        }
    }

    /// Nothing is accepted any more.
    pub(crate) fn fail(&self, error: SpoolError) {
        let _ = self.failed.set(error);
        self.state.store(STOPPED, Ordering::Release);
    }

    pub(crate) fn failed(&self) -> Option<SpoolError> {
        self.failed.get().cloned()
    }

    pub(crate) fn close(&self) {
        self.state.store(STOPPED, Ordering::Release);
    }

    /// Why nothing at all can be done, if so.
    pub(crate) fn stopped(&self) -> Option<SpoolError> {
        (self.state.load(Ordering::Acquire) == STOPPED).then(|| self.failed().unwrap_or(SpoolError::Closing))
    }

    /// Why new messages are refused, if they are.
    pub(crate) fn unhealthy(&self) -> Option<SpoolError> {
        match self.state.load(Ordering::Acquire) {
            STOPPED => Some(self.failed().unwrap_or(SpoolError::Closing)),
            SHORT => self.short.lock().clone(),
            _ => {
                let queued = self.counters.messages.load(Ordering::Relaxed);
                let limit = self.config.max_messages;
                (queued >= limit).then_some(SpoolError::QueueFull { queued, limit })
            }
        }
    }
}
