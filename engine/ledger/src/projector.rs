//! The thread that reads the feed and writes the day files.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::thread::Thread;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::watch;
use waxwing_core::Pressure;
use waxwing_spool::Cursor;

use crate::batch::Batch;
use crate::feed::Feed;
use crate::files::{Catalogue, Files};
use crate::totals::Totals;
use crate::{Day, Lag, LedgerError, LedgerOptions};

/// Our name as a reader of the feed.
pub(crate) const READER: &str = "ledger";
/// What doors tell while the ledger is too far behind.
pub(crate) const TOO_FAR: &str = "the ledger is too far behind";

/// How often rows are made durable and the feed is told.
const SYNC_EVERY: Duration = Duration::from_secs(1);
/// How long to wait for news at a time.
const IDLE: Duration = Duration::from_secs(1);
/// Octets asked of the feed at a time, and about the most memory that a batch takes.
const READ: usize = 1 << 20;
const BATCH_OCTETS: usize = 12 << 20;
/// Fewer records than this at a time are what has just happened.
const SHORT: usize = 1024;

/// What the thread is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Order {
    Run = 0,
    /// Store what there is, then end.
    Drain = 1,
    /// End at once.
    Stop = 2,
}

/// What the thread and those who ask share.
pub(crate) struct Shared {
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) pressure: watch::Sender<Pressure>,
    /// Requests to catch up, and those that are fulfilled.
    asked: AtomicU64,
    pub(crate) caught: watch::Sender<u64>,
    order: AtomicU8,
    thread: Mutex<Option<Thread>>,
    pub(crate) lag: Mutex<Lag>,
    /// Records stored since start.
    pub(crate) events: AtomicU64,
    /// Attempts to store that failed since start.
    pub(crate) errors: AtomicU64,
    /// Days in which a reader met damage.
    suspects: Mutex<Vec<Day>>,
}

impl Shared {
    pub(crate) fn new() -> Shared {
        Shared {
            catalogue: Arc::default(),
            pressure: watch::Sender::new(None),
            asked: AtomicU64::new(0),
            caught: watch::Sender::new(0),
            order: AtomicU8::new(Order::Run as u8),
            thread: Mutex::new(None),
            lag: Mutex::default(),
            events: AtomicU64::new(0),
            errors: AtomicU64::new(0),
            suspects: Mutex::default(),
        }
    }

    /// Asks the thread to store what there is now; fulfilled when `caught` has reached the number.
    pub(crate) fn ask(&self) -> u64 {
        let n = self.asked.fetch_add(1, Ordering::AcqRel) + 1;
        self.wake();
        n
    }

    pub(crate) fn order(&self, order: Order) {
        self.order.store(order as u8, Ordering::Release);
        self.wake();
    }

    pub(crate) fn suspect(&self, day: Day) {
        self.suspects.lock().push(day);
        self.wake();
    }

    fn wake(&self) {
        if let Some(t) = &*self.thread.lock() {
            t.unpark();
        }
    }

    fn is_stopped(&self) -> bool {
        self.order.load(Ordering::Acquire) == Order::Stop as u8
    }

    fn is_draining(&self) -> bool {
        self.order.load(Ordering::Acquire) == Order::Drain as u8
    }

    /// Somebody waits, so don't linger.
    fn is_urgent(&self) -> bool {
        self.order.load(Ordering::Acquire) != Order::Run as u8
            || self.asked.load(Ordering::Acquire) > *self.caught.borrow()
            || !self.suspects.lock().is_empty()
    }
}

/// The projection.
pub(crate) struct Projector {
    options: LedgerOptions,
    feed: Arc<dyn Feed>,
    shared: Arc<Shared>,
    files: Files,
    totals: Totals,
    /// Everything up to here is in the files.
    position: Cursor,
    /// Accepts read since start, and what the spool's own count was more than that when the feed's end was reached.
    accepts: u64,
    base: Option<i64>,
    is_dirty: bool,
    synced: Instant,
    /// Day of the last look for days that are too old.
    swept: Option<Day>,
}

/// What a round has done.
enum Round {
    /// Stored what it read, if anything. `end` is set when it reached the feed's end: requests up to that number are fulfilled.
    Stored { end: Option<u64> },
    /// A file is damaged and was replaced; the place in the feed has changed.
    Replaced,
    /// Nothing was stored.
    Failed,
}

impl Projector {
    /// Opens the files and finds the place in the feed to go on from.
    pub(crate) fn open(options: LedgerOptions, feed: Arc<dyn Feed>, shared: Arc<Shared>) -> Result<Projector, LedgerError> {
        let folder = &options.folder;
        std::fs::create_dir_all(folder).map_err(|e| LedgerError::io("creating", folder, e))?;
        let totals = Totals::open(folder)?;
        let (mut files, damaged) = Files::open(folder, shared.catalogue.clone())?;
        if damaged {
            // Should this rebuilding be interrupted, it has to begin again.
            totals.set_position(Cursor::default())?;
        }
        let asked = totals.position()?;
        let position = feed.register(READER, asked);
        match asked {
            None => tracing::info!(folder = %folder.display(), "the ledger is new and begins with the oldest record of the spool"),
            Some(at) if at == Cursor::default() => tracing::info!(?position, "the ledger is rebuilt from the oldest record of the spool"),
            Some(at) if position > at => {
                tracing::warn!(stored = ?at, oldest = ?position, "the spool no longer has all records the ledger is missing")
            }
            Some(at) if position < at => {
                tracing::warn!(stored = ?at, ?position, "the spool's log ends before the place that the ledger has reached: taken for another log");
                files.begin_anew()?;
                totals.set_position(position)?;
            }
            Some(_) => tracing::debug!(?position, "the ledger goes on"),
        }
        let now = Instant::now();
        let (accepts, base, is_dirty, swept) = (0, None, false, None);
        let mut this = Projector { options, feed, shared, files, totals, position, accepts, base, is_dirty, synced: now, swept };
        this.measure();
        Ok(this)
    }

    /// Runs until ordered to end.
    pub(crate) fn run(mut self) {
        *self.shared.thread.lock() = Some(std::thread::current());
        let mut wait = Duration::from_millis(100);
        while !self.shared.is_stopped() {
            match self.round() {
                Round::Stored { end } => {
                    wait = Duration::from_millis(100);
                    self.measure();
                    if let Some(asked) = end {
                        self.shared.caught.send_if_modified(|c| std::mem::replace(c, asked) < asked);
                    }
                    self.keep_house();
                    if end.is_some() && self.shared.is_draining() {
                        self.sync();
                        return;
                    }
                }
                Round::Replaced => {}
                Round::Failed => {
                    self.measure();
                    if self.shared.is_draining() {
                        return;
                    }
                    if !self.shared.is_stopped() {
                        std::thread::park_timeout(wait);
                    }
                    wait = (wait * 2).min(Duration::from_secs(10));
                }
            }
        }
    }

    /// Reads a batch and stores it.
    fn round(&mut self) -> Round {
        match self.try_round() {
            Ok(end) => Round::Stored { end },
            Err(e) => {
                self.files.forget();
                if e.is_damage() {
                    self.replace_damaged(&e);
                    return Round::Replaced;
                }
                self.failed(&e.to_string());
                Round::Failed
            }
        }
    }

    /// Reads what there is, and a little longer for more, so that many events share a transaction and most lives are written once, when
    /// they are over; and writes it. `Some` where the feed's end was reached.
    fn try_round(&mut self) -> Result<Option<u64>, LedgerError> {
        let oldest = self.oldest();
        let shared = &self.shared;
        let mut batch = Batch::new(&mut self.files, &*self.feed, self.options.keep_text, oldest, self.position);
        let mut deadline = Instant::now() + IDLE;
        let end = loop {
            let asked = shared.asked.load(Ordering::Acquire);
            let accepted = self.feed.accepted();
            let more = self.feed.read(batch.upto, READ).map_err(LedgerError::Feed)?;
            if more.is_empty() {
                self.base = Some(accepted.cast_signed() - (self.accepts + batch.accepts).cast_signed());
                if shared.is_urgent() || Instant::now() >= deadline {
                    break Some(asked);
                }
                if batch.records == 0 {
                    crate::park::wait(self.feed.ready(batch.upto), deadline, || shared.is_urgent());
                } else {
                    // Not for each single event: that would be as many transactions.
                    crate::park::wait(std::future::pending(), deadline, || shared.is_urgent());
                }
                continue;
            }
            if batch.records == 0 {
                deadline = Instant::now() + self.options.linger;
            }
            for item in &more {
                batch.add(item)?;
            }
            if batch.records >= self.options.batch as u64 || batch.octets >= BATCH_OCTETS {
                break None;
            }
            if more.len() < SHORT && !shared.is_urgent() {
                // It comes in as it happens: no reading of crumbs.
                crate::park::wait(std::future::pending(), deadline.min(Instant::now() + self.options.linger / 4), || shared.is_urgent());
            }
        };
        let (records, accepts, upto) = (batch.records, batch.accepts, batch.upto);
        if records == 0 {
            return Ok(end);
        }
        batch.write()?;
        self.position = upto;
        self.accepts += accepts;
        self.shared.events.fetch_add(records, Ordering::Relaxed);
        self.is_dirty = true;
        Ok(end)
    }

    fn oldest(&self) -> Day {
        Day::of(self.options.clock.now()).back(self.options.retention_days.max(1) - 1)
    }

    /// A file turned out to be damaged: the feed is read again from its beginning, and the other files skip what they have.
    fn replace_damaged(&mut self, e: &LedgerError) {
        let day = match e {
            LedgerError::Sqlite { path, .. } => day_of(path),
            _ => None,
        };
        let Some(day) = day else {
            self.failed(&e.to_string());
            std::thread::park_timeout(IDLE);
            return;
        };
        let result = self.totals.set_position(Cursor::default()).and_then(|()| self.files.set_aside(day, e));
        if let Err(e) = result {
            self.failed(&e.to_string());
            std::thread::park_timeout(IDLE);
            return;
        }
        self.position = self.feed.register(READER, Some(Cursor::default()));
        (self.accepts, self.base) = (0, None);
    }

    /// Says how far behind it is.
    fn measure(&mut self) {
        let messages =
            self.base.map(|base| (self.feed.accepted().cast_signed() - base - self.accepts.cast_signed()).max(0).cast_unsigned());
        let lag = Lag { messages, octets: self.feed.behind(self.position) };
        *self.shared.lag.lock() = lag;
        let limit = self.options.lag;
        self.shared.pressure.send_if_modified(|p| {
            let is = limit.is_exceeded(lag, p.is_some());
            if is == p.is_some() {
                return false;
            }
            if is {
                tracing::warn!(?lag, "the ledger is too far behind the spool; new messages are refused until it has caught up");
            } else {
                tracing::info!(?lag, "the ledger has caught up");
            }
            *p = is.then_some(TOO_FAR);
            true
        });
    }

    fn keep_house(&mut self) {
        if self.is_dirty && self.synced.elapsed() >= SYNC_EVERY {
            self.sync();
        }
        let suspects = std::mem::take(&mut *self.shared.suspects.lock());
        for day in suspects {
            self.check(day);
        }
        let today = Day::of(self.options.clock.now());
        if self.swept != Some(today) {
            match self.sweep() {
                Ok(()) => self.swept = Some(today),
                Err(e) => self.failed(&e.to_string()),
            }
        }
    }

    /// Makes everything durable, and only then lets go of the feed's records.
    fn sync(&mut self) {
        self.synced = Instant::now();
        match self.files.sync().and_then(|()| self.totals.set_position(self.position)) {
            Ok(()) => {
                self.feed.ack(READER, self.position);
                self.is_dirty = false;
            }
            Err(e) => self.failed(&e.to_string()),
        }
    }

    /// A reader met damage in a file: look for ourselves.
    fn check(&mut self, day: Day) {
        if !self.files.has(day) {
            return;
        }
        let sound = self.files.get(day).map(|f| f.is_sound());
        if let Ok(false) = sound {
            let path = crate::files::path_of(&self.options.folder, day);
            let error = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT), None);
            self.replace_damaged(&LedgerError::sqlite("checking", &path, error));
        }
    }

    /// Deletes days that are too old, when their counters are safe.
    fn sweep(&mut self) -> Result<(), LedgerError> {
        let oldest = self.oldest();
        for day in self.files.days().into_iter().filter(|d| *d < oldest) {
            match self.files.get(day).and_then(|f| f.counters()) {
                Ok(counters) => self.totals.keep(day, &counters)?,
                Err(e) if e.is_damage() => tracing::warn!(%day, "the counters of a day that is deleted cannot be read: {e}"),
                Err(e) => return Err(e),
            }
            self.files.delete(day)?;
            tracing::info!(%day, "deleted from the ledger: older than retention_days");
        }
        Ok(())
    }

    fn failed(&self, what: &str) {
        self.shared.errors.fetch_add(1, Ordering::Relaxed);
        tracing::error!("the ledger tries again: {what}");
    }
}

fn day_of(path: &Path) -> Option<Day> {
    path.file_stem()?.to_str()?.parse().ok()
}
