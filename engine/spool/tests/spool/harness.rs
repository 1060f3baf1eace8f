//! A spool on a clock of its own, closed and opened at will.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tempfile::TempDir;
use waxwing_spool::log::{Clock, EmbeddedSpool, SpoolConfig};
use waxwing_spool::*;

pub(crate) const START: Millis = 1_750_000_000_000;
pub(crate) const LEASE: Duration = Duration::from_secs(30);
pub(crate) const DAY: Millis = 24 * 3600 * 1000;

/// What a test holds. The engine is behind `dyn Spool`, so that the same tests fit another one.
pub(crate) struct World {
    pub(crate) clock: Arc<AtomicU64>,
    tweak: Box<dyn Fn(&mut SpoolConfig)>,
    pub(crate) embedded: Option<Arc<EmbeddedSpool>>,
    runtime: tokio::runtime::Runtime,
    /// Last, so that nobody writes in it any more when it is removed.
    pub(crate) dir: TempDir,
}

impl World {
    pub(crate) fn new() -> World {
        World::with(|_| {})
    }

    pub(crate) fn with(tweak: impl Fn(&mut SpoolConfig) + 'static) -> World {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let clock = Arc::new(AtomicU64::new(START));
        let dir = TempDir::new().unwrap();
        let mut world = World { dir, clock, tweak: Box::new(tweak), embedded: None, runtime };
        world.open();
        world
    }

    pub(crate) fn config(&self) -> SpoolConfig {
        let clock = Arc::clone(&self.clock);
        let mut config = SpoolConfig::small(self.dir.path());
        config.clock = Clock::new(move || clock.load(Ordering::Relaxed));
        (self.tweak)(&mut config);
        config
    }

    pub(crate) fn open(&mut self) {
        self.embedded = Some(EmbeddedSpool::open(self.config()).unwrap());
    }

    pub(crate) fn reopen(&mut self) {
        self.embedded.take().unwrap().close();
        self.open();
    }

    pub(crate) fn spool(&self) -> &dyn Spool {
        self.embedded.as_deref().unwrap()
    }

    pub(crate) fn maintain(&self) {
        self.embedded.as_ref().unwrap().maintain().unwrap();
    }

    pub(crate) fn now(&self) -> Millis {
        self.clock.load(Ordering::Relaxed)
    }

    pub(crate) fn advance(&self, by: Millis) {
        self.clock.fetch_add(by, Ordering::Relaxed);
    }

    pub(crate) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    pub(crate) fn try_commit(&self, tx: Tx) -> Result<TxDone, TxError> {
        self.block_on(self.spool().commit(vec![tx])).unwrap().remove(0)
    }

    pub(crate) fn commit(&self, ops: Vec<Op>) -> TxDone {
        self.try_commit(Tx { ops }).unwrap()
    }

    pub(crate) fn try_one(&self, op: Op) -> Result<TxDone, TxError> {
        self.try_commit(Tx::one(op))
    }

    pub(crate) fn one(&self, op: Op) -> TxDone {
        self.try_one(op).unwrap()
    }

    pub(crate) fn q(&self, name: &str) -> QueueId {
        self.spool().queue(name)
    }

    pub(crate) fn entry(&self, queue: &str, group: &str, body: &str) -> NewEntry {
        NewEntry {
            queue: self.q(queue),
            group: self.spool().group(group),
            priority: 1,
            due: 0,
            expires: self.now() + DAY,
            dedup: None,
            body: Bytes::copy_from_slice(body.as_bytes()),
        }
    }

    pub(crate) fn accept(&self, queue: &str, group: &str, body: &str) -> MsgId {
        self.accept_with(self.entry(queue, group, body))
    }

    pub(crate) fn accept_with(&self, entry: NewEntry) -> MsgId {
        match self.one(Op::Accept(entry)).accepted[..] {
            [Accepted::New(id)] => id,
            ref other => panic!("not accepted: {other:?}"),
        }
    }

    pub(crate) fn claim(&self, queue: &str, max: usize) -> Vec<Claimed> {
        self.spool().claim(self.q(queue), max, LEASE)
    }

    pub(crate) fn claim_one(&self, queue: &str) -> Claimed {
        let mut claimed = self.claim(queue, 1);
        assert_eq!(claimed.len(), 1, "nothing to claim in {queue}");
        claimed.remove(0)
    }

    pub(crate) fn bodies(&self, queue: &str, max: usize) -> Vec<String> {
        self.claim(queue, max).into_iter().map(|c| String::from_utf8(c.body.to_vec()).unwrap()).collect()
    }

    pub(crate) fn settle(&self, lease: Lease, outcome: Outcome) -> TxDone {
        self.one(settle(lease, outcome))
    }

    /// Accepts, claims and sends a message of one part.
    pub(crate) fn sent(&self, queue: &str, remote: &str) -> MsgId {
        let id = self.accept(queue, "g", "sent");
        let claimed = self.claim_one(queue);
        assert_eq!(claimed.lease.id, id);
        self.settle(claimed.lease, sent(&[(0, remote)], 1, Some(self.now() + DAY)));
        id
    }

    pub(crate) fn found(&self, queue: &str, remote: &str) -> RemoteMatch {
        match self.spool().find_remote(self.q(queue), remote.as_bytes()) {
            RemoteLookup::Found(found) => found,
            other => panic!("{remote} leads to {other:?}"),
        }
    }

    pub(crate) fn depth(&self, queue: &str) -> Option<QueueDepth> {
        let id = self.q(queue);
        self.spool().depths().into_iter().find(|d| d.queue == id)
    }

    pub(crate) fn stage(&self, id: MsgId) -> Option<Stage> {
        self.spool().get(id).map(|s| s.stage)
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        self.spool().feed(Cursor::default(), usize::MAX).unwrap().into_iter().map(|i| i.event).collect()
    }
}

pub(crate) fn settle(lease: Lease, outcome: Outcome) -> Op {
    Op::Settle { lease, outcome, note: Bytes::new() }
}

pub(crate) fn sent(parts: &[(u8, &str)], total: u8, await_until: Option<Millis>) -> Outcome {
    Outcome::Sent { parts: sent_parts(parts), total, await_until }
}

pub(crate) fn sent_parts(parts: &[(u8, &str)]) -> Vec<SentPart> {
    parts.iter().map(|(part, remote)| SentPart { part: *part, remote: Bytes::copy_from_slice(remote.as_bytes()) }).collect()
}

pub(crate) fn receipt(found: &RemoteMatch, state: u8, done: bool) -> Op {
    Op::Receipt { id: found.id, part: found.part, expect: found.version, state, done, note: Bytes::from_static(b"DLR") }
}

pub(crate) fn retry(at: Millis) -> Outcome {
    Outcome::Retry { at, queue: None, count: true, sent: Vec::new() }
}

/// PROPTEST_CASES, or few enough for every day.
pub(crate) fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(48)
}
