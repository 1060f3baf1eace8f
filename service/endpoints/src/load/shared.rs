//! What the links of a load count together.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use hdrhistogram::Histogram;
use parking_lot::Mutex;
use tokio::sync::Barrier;

use super::matching::Matching;
use super::{End, Load, Sent, histogram, stamp};

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) load: Load,
    receipts_each: u64,
    /// Everybody is logged in when this opens.
    pub(super) ready: Barrier,
    /// In the count of [`stamp::micros`], from when everybody is logged in; 0 before.
    pub(super) begin: AtomicU64,
    pub(super) stop: AtomicBool,
    /// What has not come is not waited for any more.
    pub(super) given_up: AtomicBool,
    pub(super) begun: AtomicU64,
    pub(super) submitted: AtomicU64,
    pub(super) accepted: AtomicU64,
    pub(super) accepted_in_time: AtomicU64,
    pub(super) pauses: AtomicU64,
    pub(super) failed: AtomicU64,
    pub(super) receipts: AtomicU64,
    pub(super) receipts_in_time: AtomicU64,
    pub(super) messages: AtomicU64,
    pub(super) last_answer: AtomicU64,
    pub(super) finished: AtomicU64,
    pub(super) tally: Mutex<Tally>,
}

/// What a link writes down once for each batch of events.
#[derive(Debug)]
pub(super) struct Tally {
    pub(super) response: Histogram<u64>,
    pub(super) codes: BTreeMap<Option<u32>, u64>,
    pub(super) matching: Matching,
}

impl Shared {
    pub(super) fn new(load: Load, receipts_each: u64) -> Shared {
        Shared {
            ready: Barrier::new(load.links.max(1) as usize),
            load,
            receipts_each,
            begin: AtomicU64::new(0),
            stop: AtomicBool::new(false),
            given_up: AtomicBool::new(false),
            begun: AtomicU64::new(0),
            submitted: AtomicU64::new(0),
            accepted: AtomicU64::new(0),
            accepted_in_time: AtomicU64::new(0),
            pauses: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            receipts: AtomicU64::new(0),
            receipts_in_time: AtomicU64::new(0),
            messages: AtomicU64::new(0),
            last_answer: AtomicU64::new(0),
            finished: AtomicU64::new(0),
            tally: Mutex::new(Tally { response: histogram(), codes: BTreeMap::new(), matching: Matching::default() }),
        }
    }

    pub(super) fn since_begin(&self) -> Duration {
        Duration::from_micros(stamp::micros().saturating_sub(self.begin.load(Ordering::Relaxed)))
    }

    /// Whether no more are to be sent now.
    pub(super) fn enough(&self, elapsed: Duration) -> bool {
        self.stop.load(Ordering::Relaxed)
            || match self.load.end {
                End::Count(count) => self.begun.load(Ordering::Relaxed) >= count,
                End::After(time) => elapsed >= time,
            }
    }

    /// Whether every answer and every receipt has come.
    pub(super) fn settled(&self) -> bool {
        let accepted = self.accepted.load(Ordering::Relaxed);
        let answered = accepted + self.pauses.load(Ordering::Relaxed) + self.failed.load(Ordering::Relaxed);
        let expected = self.load.expect.unwrap_or(if self.load.receipts { accepted * self.receipts_each } else { 0 });
        answered >= self.submitted.load(Ordering::Relaxed) && self.receipts.load(Ordering::Relaxed) >= expected
    }

    /// What was sent; `in_time` if it did not take longer than it might.
    pub(super) fn result(&self, in_time: bool) -> Sent {
        let complete = in_time && self.settled();
        let get = |n: &AtomicU64| n.load(Ordering::Relaxed);
        let since = |at: u64| Duration::from_micros(at.saturating_sub(get(&self.begin)));
        let whole = if in_time { since(get(&self.finished)) } else { self.since_begin() };
        let (counted, sending) = match self.load.end {
            End::Count(_) => ((get(&self.accepted), get(&self.receipts)), since(get(&self.last_answer))),
            End::After(time) => ((get(&self.accepted_in_time), get(&self.receipts_in_time)), time.min(whole)),
        };
        let tally = self.tally.lock();
        Sent {
            accepted: get(&self.accepted),
            pauses: get(&self.pauses),
            failed: get(&self.failed),
            codes: tally.codes.clone(),
            receipts: get(&self.receipts),
            messages: get(&self.messages),
            matched: tally.matching.result(),
            in_time: counted,
            sending,
            whole,
            response: tally.response.clone(),
            complete,
        }
    }
}
