//! A spool that makes outcomes durable only when the test says so: a very slow disk.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;
use waxwing_spool::log::EmbeddedSpool;
use waxwing_spool::*;

pub struct SlowSpool {
    inner: Arc<EmbeddedSpool>,
    open: watch::Sender<bool>,
    /// Batches of outcomes.
    pub batches: AtomicUsize,
    /// Outcomes.
    pub outcomes: AtomicUsize,
}

impl SlowSpool {
    pub fn over(inner: Arc<EmbeddedSpool>) -> Arc<SlowSpool> {
        Arc::new(SlowSpool { inner, open: watch::Sender::new(false), batches: AtomicUsize::new(0), outcomes: AtomicUsize::new(0) })
    }

    /// From now on outcomes become durable.
    pub fn open(&self) {
        self.open.send_replace(true);
    }
}

impl Spool for SlowSpool {
    fn commit(&self, txs: Vec<Tx>) -> BoxFuture<'static, Result<Vec<Result<TxDone, TxError>>, SpoolError>> {
        let outcomes = txs.iter().flat_map(|tx| &tx.ops).filter(|op| matches!(op, Op::Settle { .. })).count();
        let commit = self.inner.commit(txs);
        if outcomes == 0 {
            return commit;
        }
        self.batches.fetch_add(1, Ordering::Relaxed);
        self.outcomes.fetch_add(outcomes, Ordering::Relaxed);
        let mut open = self.open.subscribe();
        Box::pin(async move {
            open.wait_for(|open| *open).await.unwrap();
            commit.await
        })
    }

    fn queue(&self, name: &str) -> QueueId {
        self.inner.queue(name)
    }
    fn queue_name(&self, id: QueueId) -> Option<Arc<str>> {
        self.inner.queue_name(id)
    }
    fn group(&self, name: &str) -> GroupId {
        self.inner.group(name)
    }
    fn group_name(&self, id: GroupId) -> Option<Arc<str>> {
        self.inner.group_name(id)
    }
    fn claim(&self, queue: QueueId, max: usize, lease: Duration) -> Vec<Claimed> {
        self.inner.claim(queue, max, lease)
    }
    fn ready(&self, queue: QueueId) -> BoxFuture<'static, ()> {
        self.inner.ready(queue)
    }
    fn renew(&self, lease: &Lease, by: Duration) -> bool {
        self.inner.renew(lease, by)
    }
    fn release(&self, lease: &Lease) -> bool {
        self.inner.release(lease)
    }
    fn claim_expired(&self, max: usize, lease: Duration) -> Vec<Claimed> {
        self.inner.claim_expired(max, lease)
    }
    fn overdue_receipts(&self, max: usize) -> Vec<MsgId> {
        self.inner.overdue_receipts(max)
    }
    fn find_remote(&self, source: QueueId, remote: &[u8]) -> RemoteLookup {
        self.inner.find_remote(source, remote)
    }
    fn parked(&self, source: QueueId, remote: &[u8]) -> Vec<Parked> {
        self.inner.parked(source, remote)
    }
    fn stale_parked(&self, max: usize) -> Vec<Parked> {
        self.inner.stale_parked(max)
    }
    fn get(&self, id: MsgId) -> Option<MsgState> {
        self.inner.get(id)
    }
    fn read_body(&self, id: MsgId) -> Result<Option<Bytes>, SpoolError> {
        self.inner.read_body(id)
    }
    fn depths(&self) -> Vec<QueueDepth> {
        self.inner.depths()
    }
    fn list(&self, queue: Option<QueueId>, after: Option<MsgId>, max: usize) -> Vec<MsgState> {
        self.inner.list(queue, after, max)
    }
    fn feed(&self, after: Cursor, max_bytes: usize) -> Result<Vec<FeedItem>, SpoolError> {
        self.inner.feed(after, max_bytes)
    }
    fn feed_ready(&self, after: Cursor) -> BoxFuture<'static, ()> {
        self.inner.feed_ready(after)
    }
    fn feed_ack(&self, reader: &str, upto: Cursor) {
        self.inner.feed_ack(reader, upto);
    }
    fn feed_register(&self, reader: &str, at: Option<Cursor>) -> Cursor {
        self.inner.feed_register(reader, at)
    }
    fn unhealthy(&self) -> Option<SpoolError> {
        self.inner.unhealthy()
    }
    fn stats(&self) -> SpoolStats {
        self.inner.stats()
    }
}
