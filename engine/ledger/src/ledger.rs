//! The ledger as others hold it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::sync::watch;
use waxwing_core::{Address, Counts, History, LifeCounts, MessageStatus, Millis, MsgId, Pressure};
use waxwing_spool::BoxFuture;

use crate::feed::Feed;
use crate::projector::{Order, Projector, Shared};
use crate::query::{Page, Query};
use crate::readers::{Job, Readers};
use crate::record::{Life, MessageRecord};
use crate::stats::{self, DayCount};
use crate::{Day, Lag, LedgerError, LedgerOptions, search};

/// How long a look-up waits for the projection to take in what has just happened.
const CATCH_UP: Duration = Duration::from_secs(1);
/// Most messages that [`History::queued_between`] names.
const QUEUED: usize = 1000;
/// Most messages that [`History::find_reference`] names.
const REFERENCED: usize = 100;
/// How far before and behind the time given a reference is looked for, milliseconds, the nearest first: whoever asks knows the time of its
/// acceptance, or nearly so, and a look over all of it would take the time of a search.
const AROUND: [(u64, u64); 3] = [(5_000, 5_000), (60_000, 60_000), (600_000, 3_600_000)];

/// The record of every message's life: a projection of the spool's feed into SQLite files, one a day.
///
/// It may be lost at any time: it is written anew from as much of the feed as the spool still has. Dropping it ends its thread without
/// storing what it has not stored yet; nothing is lost by that, the feed has it.
pub struct Ledger {
    options: LedgerOptions,
    shared: Arc<Shared>,
    readers: Arc<Readers>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// Counters since start, for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LedgerStats {
    /// Records of the feed that were stored.
    pub events: u64,
    /// Attempts that failed (to read the feed, or to write a file) and were or will be repeated.
    pub errors: u64,
    /// How far it is behind.
    pub lag: Lag,
}

impl Ledger {
    /// Opens the folder, moves damaged files aside, and starts the thread that stores what the feed tells. Blocks while it looks into
    /// each day's file.
    ///
    /// # Errors
    /// When the folder or a file cannot be used, for other reasons than damage.
    pub fn open(options: LedgerOptions, feed: impl Feed) -> Result<Arc<Ledger>, LedgerError> {
        let shared = Arc::new(Shared::new());
        let projector = Projector::open(options.clone(), Arc::new(feed), shared.clone())?;
        let thread = std::thread::Builder::new()
            .name("ledger".to_owned())
            .spawn(move || projector.run())
            .map_err(|e| LedgerError::io("starting the thread for", &options.folder, e))?;
        let readers = Arc::new(Readers::new(options.folder.clone(), shared.clone(), options.readers));
        Ok(Arc::new(Ledger { options, shared, readers, thread: Mutex::new(Some(thread)) }))
    }

    /// Whether new messages should be refused because the ledger is too far behind, and in which words
    /// ([`waxwing_core::Gateway::set_pressure`]). Changes are sent, and the state of now counts as one.
    pub fn pressure(&self) -> watch::Receiver<Pressure> {
        let mut pressure = self.shared.pressure.subscribe();
        pressure.mark_changed();
        pressure
    }

    /// Counters and the lag.
    pub fn stats(&self) -> LedgerStats {
        LedgerStats {
            events: self.shared.events.load(Ordering::Relaxed),
            errors: self.shared.errors.load(Ordering::Relaxed),
            lag: *self.shared.lag.lock(),
        }
    }

    /// Waits until everything that is durable in the spool now is in the ledger; false where that takes longer.
    pub async fn caught_up(&self, within: Duration) -> bool {
        caught_up(&self.shared, within).await
    }

    /// Searches, newest first.
    ///
    /// # Errors
    /// When a file cannot be read, or the time allowed is over without a result.
    pub async fn search(&self, query: Query) -> Result<Page, LedgerError> {
        self.readers
            .run(self.options.search_time, move |job| {
                let limit = query.limit();
                let first =
                    query.after.map(|k| Day::of(k.accepted)).into_iter().chain(query.to.map(|t| Day::of(t.saturating_sub(1)))).min();
                let last = query.from.map(Day::of);
                let days = job.catalogue().days();
                let days = days.into_iter().rev().filter(|d| first.is_none_or(|f| *d <= f) && last.is_none_or(|l| *d >= l));
                let mut page = Page::default();
                for day in days {
                    // One more than asked for tells whether there is another page.
                    let wanted = limit + 1 - page.messages.len();
                    // Numbers rise with time; but only within a day is that relied on, since a new spool may begin with lower ones.
                    let before = query.after.filter(|k| Day::of(k.accepted) == day).map(|k| k.id);
                    let found = job.on_day(day, |c| search::search(c, &query, before, wanted, job.deadline))?;
                    let Some(found) = found else { continue };
                    page.messages.extend(found.messages);
                    if let Some(stopped) = found.stopped {
                        (page.next, page.is_cut) = (Some(stopped), true);
                        return Ok(page);
                    }
                    if page.messages.len() > limit {
                        page.messages.truncate(limit);
                        page.next = page.messages.last().map(search::key);
                        return Ok(page);
                    }
                }
                Ok(page)
            })
            .await
    }

    /// A message with everything that happened to it.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub async fn get(&self, id: MsgId) -> Result<Option<Life>, LedgerError> {
        self.readers
            .run(self.options.search_time, move |job| {
                for day in job.catalogue().candidates(id) {
                    let life = job.on_day(day, |c| {
                        // One transaction, so that the message and its events are of the same moment.
                        let tx = c.unchecked_transaction()?;
                        Ok(match search::get(&tx, id)? {
                            Some(message) => Some(Life { message, events: search::events(&tx, id)? }),
                            None => None,
                        })
                    })?;
                    if let Some(life) = life.flatten() {
                        return Ok(Some(life));
                    }
                }
                Ok(None)
            })
            .await
    }

    /// Counters of days, both included, those of deleted days as well.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub async fn counters(&self, from: Day, to: Day) -> Result<Vec<DayCount>, LedgerError> {
        self.readers
            .run(self.options.search_time, move |job| {
                let days: BTreeSet<Day> = job.catalogue().days().into_iter().filter(|d| (from..=to).contains(d)).collect();
                let mut counts = job.on_totals(|c| stats::read_kept(c, from, to))?;
                counts.retain(|c| !days.contains(&c.day));
                for day in days {
                    counts.extend(job.on_day(day, |c| stats::read_counters(c, day))?.unwrap_or_default());
                }
                Ok(counts)
            })
            .await
    }

    /// What each account has submitted in the day and month of `now` (UTC), for [`waxwing_core::Usage::restore`]. Exact when the ledger has
    /// caught up and nothing is accepted meanwhile: at start, wait for [`Ledger::caught_up`] and ask before any door is opened.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub async fn usage(&self, now: Millis) -> Result<Vec<(String, Counts)>, LedgerError> {
        let today = Day::of(now);
        Ok(stats::usage(&self.counters(today.month_start(), today).await?, now))
    }

    /// Stores what the feed has, makes it durable, and ends. Blocks until that is done (or has failed: it is not tried again).
    pub fn close(&self) {
        self.end(Order::Drain);
    }

    fn end(&self, order: Order) {
        self.shared.order(order);
        let thread = self.thread.lock().take();
        if thread.is_some_and(|t| t.join().is_err()) {
            tracing::error!("the ledger's thread has panicked");
        }
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        self.end(Order::Stop);
    }
}

impl History for Ledger {
    fn find(&self, id: MsgId) -> BoxFuture<'static, Option<MessageStatus>> {
        let (shared, readers, time) = (self.shared.clone(), self.readers.clone(), self.options.search_time);
        Box::pin(async move {
            let look = || {
                readers.run(time, move |job| {
                    for day in job.catalogue().candidates(id) {
                        if let Some(m) = job.on_day(day, |c| search::get(c, id))?.flatten() {
                            return Ok(Some(m));
                        }
                    }
                    Ok(None)
                })
            };
            let mut found = look().await;
            // Who asks has not found it in the spool: if it is not final here, the end of its life is on its way to us.
            if !matches!(&found, Ok(Some(m)) if m.state.is_final()) && caught_up(&shared, CATCH_UP).await {
                found = look().await;
            }
            found
                .unwrap_or_else(|e| {
                    tracing::warn!(message = %id, "could not be looked up in the ledger: {e}");
                    None
                })
                .map(status)
        })
    }

    fn queued_between(&self, account: &str, source: &Address, destination: &Address) -> BoxFuture<'static, Vec<MsgId>> {
        let (shared, readers, time) = (self.shared.clone(), self.readers.clone(), self.options.search_time);
        let (account, source, destination) = (account.to_owned(), source.as_text().into_owned(), destination.as_text().into_owned());
        Box::pin(async move {
            caught_up(&shared, CATCH_UP).await;
            let found = readers.run(time, move |job| {
                let mut ids = Vec::new();
                for day in job.catalogue().days() {
                    let more = job.on_day(day, |c| search::queued(c, &account, &source, &destination, QUEUED - ids.len()))?;
                    ids.extend(more.unwrap_or_default());
                    if ids.len() >= QUEUED {
                        break;
                    }
                }
                Ok(ids)
            });
            found.await.unwrap_or_else(|e| {
                tracing::warn!("queued messages could not be looked up in the ledger: {e}");
                Vec::new()
            })
        })
    }

    fn find_reference(&self, account: &str, reference: &str, around: Millis) -> BoxFuture<'static, Vec<MsgId>> {
        let (shared, readers, time) = (self.shared.clone(), self.readers.clone(), self.options.search_time);
        let (account, reference) = (account.to_owned(), reference.to_owned());
        Box::pin(async move {
            caught_up(&shared, CATCH_UP).await;
            readers.run(time, move |job| referenced(job, &account, &reference, around)).await.unwrap_or_else(|e| {
                tracing::warn!("a reference could not be looked up in the ledger: {e}");
                Vec::new()
            })
        })
    }

    fn counts(&self, account: &str, time: (Millis, Millis), service: Option<&str>) -> BoxFuture<'static, LifeCounts> {
        let (shared, readers, bound) = (self.shared.clone(), self.readers.clone(), self.options.search_time);
        let (account, service) = (account.to_owned(), service.map(str::to_owned));
        Box::pin(async move {
            caught_up(&shared, CATCH_UP).await;
            readers.run(bound, move |job| counts(job, &account, time, service.as_deref())).await.unwrap_or_else(|e| {
                tracing::warn!("messages could not be counted: {e}");
                LifeCounts::default()
            })
        })
    }
}

/// [`History::find_reference`], with what happened in time.
fn referenced(job: &Job, account: &str, reference: &str, around: Millis) -> Result<Vec<MsgId>, LedgerError> {
    let mut found = Vec::new();
    if reference.is_empty() {
        return Ok(found);
    }
    for (before, behind) in AROUND {
        let time = (around.saturating_sub(before), around.saturating_add(behind));
        for day in job.catalogue().days().into_iter().filter(|d| (Day::of(time.0)..=Day::of(time.1)).contains(d)) {
            let look = |c: &Connection| search::referenced(c, account, reference, time, &mut found, REFERENCED, job.deadline);
            if job.on_day(day, look)? == Some(false) {
                return Ok(found);
            }
        }
        if !found.is_empty() {
            break;
        }
    }
    Ok(found)
}

/// [`History::counts`]; of days whose files were deleted there are no more than those of all services together.
fn counts(job: &Job, account: &str, time: (Millis, Millis), service: Option<&str>) -> Result<LifeCounts, LedgerError> {
    let mut all = LifeCounts::default();
    if time.1 <= time.0 {
        return Ok(all);
    }
    let (first, last) = (Day::of(time.0), Day::of(time.1 - 1));
    let there = job.catalogue().days();
    for &day in there.iter().filter(|d| (first..=last).contains(d)) {
        if let Some(counts) = job.on_day(day, |c| stats::counts(c, account, time, service))? {
            all.add(&counts);
        }
    }
    if service.is_none() {
        let noon = |d: Day| d.start() + (d.end() - d.start()) / 2;
        let kept = job.on_totals(|c| stats::read_kept(c, first, last))?;
        let kept = kept.iter().filter(|c| c.account == account && !there.contains(&c.day) && (time.0..time.1).contains(&noon(c.day)));
        kept.for_each(|c| stats::add(&mut all, c.kind, c.state, c.messages, c.sent));
    }
    Ok(all)
}

async fn caught_up(shared: &Shared, within: Duration) -> bool {
    let mut caught = shared.caught.subscribe();
    let asked = shared.ask();
    matches!(tokio::time::timeout(within, caught.wait_for(|c| *c >= asked)).await, Ok(Ok(_)))
}

fn status(m: MessageRecord) -> MessageStatus {
    MessageStatus {
        id: m.id,
        account: m.account.into(),
        state: m.state,
        done: m.done,
        error: m.error,
        source: m.source,
        destination: m.destination,
        reference: m.reference,
    }
}
