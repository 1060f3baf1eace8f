//! What the embedded log can be told.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::{Millis, SpoolError};

/// Smallest segment that makes sense, octets.
pub(crate) const MIN_SEGMENT: u32 = 16 * 1024;
/// Largest segment, octets.
pub(crate) const MAX_SEGMENT: u32 = 1024 * 1024 * 1024;

/// Where the spool takes its time from.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Millis + Send + Sync>);

impl Clock {
    /// A clock of the caller's; called from several threads and under locks, so it has to be quick.
    pub fn new(now: impl Fn() -> Millis + Send + Sync + 'static) -> Clock {
        Clock(Arc::new(now))
    }

    /// The time now.
    pub fn now(&self) -> Millis {
        (self.0)()
    }
}

impl Default for Clock {
    /// The system's wall clock.
    fn default() -> Clock {
        Clock::new(|| SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| d.as_millis() as Millis))
    }
}

/// Fault injection for tests: asked before every write (`"write"`) and sync (`"sync"`) of the log; an error is taken for the disk's.
#[derive(Clone)]
pub struct Fault(Arc<Ask>);

type Ask = dyn Fn(&str) -> io::Result<()> + Send + Sync;

impl Fault {
    /// A fault of the caller's.
    pub fn new(ask: impl Fn(&str) -> io::Result<()> + Send + Sync + 'static) -> Fault {
        Fault(Arc::new(ask))
    }

    pub(crate) fn ask(&self, step: &str) -> io::Result<()> {
        (self.0)(step)
    }
}

/// Configuration of an [`EmbeddedSpool`](super::EmbeddedSpool). [`SpoolConfig::new`] gives the defaults.
#[derive(Clone)]
pub struct SpoolConfig {
    /// Folder of the spool; made if missing.
    pub dir: PathBuf,
    /// Octets of a log file: 16 KiB to 1 GiB, a multiple of 4096. Default 64 MiB.
    pub segment_size: u32,
    /// Largest transaction in octets, at most a quarter of a segment. Default 16 MiB.
    pub max_tx: u32,
    /// Prepared log files kept in hand, 1 to 64, beside one more that is only for outcomes on a full disk. Default 1.
    pub spares: usize,
    /// Whether to sync before acknowledging. `false` is only for the control run of a durability test, which must then fail.
    pub sync: bool,
    /// How long a commit may wait for the disk before [`SpoolError::TooSlow`]. Default 10 s.
    pub deadline: Duration,
    /// Octets of transactions that may wait for the committer; beyond, callers wait. Default 64 MiB.
    pub queued_bytes: usize,
    /// Octets written with one sync, at most. Default 4 MiB.
    pub group_bytes: usize,
    /// Messages held (all stages) beyond which accepts are refused. Default 20,000,000.
    pub max_messages: u64,
    /// Receipts parked at most. Default 100,000.
    pub max_parked: usize,
    /// When a parked receipt is stale, milliseconds. Default 60,000.
    pub parked_stale: Millis,
    /// Octets that have to stay free on the disk. Default 256 MiB.
    pub min_free: u64,
    /// Octets that the log may use in all, if limited.
    pub max_disk: Option<u64>,
    /// How long dead letters are kept, milliseconds. Default 7 days.
    pub dead_retention: Millis,
    /// Dead letters kept at most; the oldest go first. Default 100,000.
    pub max_dead: usize,
    /// Bodies of at most 512 octets that are kept in memory after they were written, since most are asked for at once. Default 8192.
    pub recent_bodies: usize,
    /// How long an idempotency key is remembered, milliseconds. Default 24 hours.
    pub dedup_window: Millis,
    /// Idempotency keys remembered at most; the oldest go first. Default 1,000,000 (about 80 octets of memory each).
    pub max_dedup: usize,
    /// The oldest log file is copied forward when less than this share of it is live, percent. Default 20.
    pub compact_percent: u32,
    /// The oldest log file is copied forward when the log is larger than four times its live octets plus this. Default 512 MiB.
    pub compact_slack: u64,
    /// Feed readers that will register: the log is kept for them from the moment of opening, so that nothing is reused before they come.
    pub readers: Vec<String>,
    /// With more log files than this, those that are full get an index file beside them, so that a restart needn't read them; a shorter
    /// log is read quickly enough. `usize::MAX` = none. Default 8.
    pub index_files_beyond: usize,
    /// Let [`Spool::commit`](crate::Spool::commit) wait on the calling thread instead of in its future. Only for tests on tokio's paused
    /// clock, which runs ahead whenever a task waits for another thread.
    pub wait_inline: bool,
    /// The clock.
    pub clock: Clock,
    /// Fault injection for tests.
    pub fault: Option<Fault>,
}

impl SpoolConfig {
    /// The defaults for a folder.
    pub fn new(dir: impl Into<PathBuf>) -> SpoolConfig {
        const DAY: Millis = 24 * 3600 * 1000;
        SpoolConfig {
            dir: dir.into(),
            segment_size: 64 << 20,
            max_tx: 16 << 20,
            spares: 1,
            sync: true,
            deadline: Duration::from_secs(10),
            queued_bytes: 64 << 20,
            group_bytes: 4 << 20,
            max_messages: 20_000_000,
            max_parked: 100_000,
            parked_stale: 60_000,
            min_free: 256 << 20,
            max_disk: None,
            dead_retention: 7 * DAY,
            max_dead: 100_000,
            recent_bodies: 8192,
            dedup_window: DAY,
            max_dedup: 1_000_000,
            compact_percent: 20,
            compact_slack: 512 << 20,
            readers: Vec::new(),
            index_files_beyond: 8,
            wait_inline: false,
            clock: Clock::default(),
            fault: None,
        }
    }

    /// A configuration for tests: tiny segments, no reserve of free space, and small limits to match.
    pub fn small(dir: impl Into<PathBuf>) -> SpoolConfig {
        SpoolConfig {
            segment_size: 64 << 10,
            max_tx: 16 << 10,
            min_free: 0,
            group_bytes: 16 << 10,
            compact_slack: 128 << 10,
            recent_bodies: 3,
            ..SpoolConfig::new(dir)
        }
    }

    /// Checks ranges, with the mend in the words of the error.
    pub(crate) fn check(&self) -> Result<(), SpoolError> {
        let bad = |what: &str| Err(SpoolError::Failed { place: "the spool's configuration".into(), error: what.into() });
        if !(MIN_SEGMENT..=MAX_SEGMENT).contains(&self.segment_size) || !self.segment_size.is_multiple_of(4096) {
            return bad("segment_size has to be a multiple of 4096 between 16 KiB and 1 GiB");
        }
        if self.max_tx > self.segment_size / 4 || self.max_tx < 1024 {
            return bad("max_tx has to be at least 1 KiB and at most a quarter of segment_size");
        }
        if !(1..=64).contains(&self.spares) {
            return bad("spares has to be 1 to 64");
        }
        if self.group_bytes == 0 || self.queued_bytes == 0 || self.max_messages == 0 {
            return bad("group_bytes, queued_bytes and max_messages must not be 0");
        }
        Ok(())
    }
}

impl fmt::Debug for SpoolConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpoolConfig")
            .field("dir", &self.dir)
            .field("segment_size", &self.segment_size)
            .field("sync", &self.sync)
            .field("max_messages", &self.max_messages)
            .finish_non_exhaustive()
    }
}
