//! The durable queue between every door and every line.
//!
//! A spool keeps opaque bodies in named queues and promises three things: what it has accepted is on the disk before it says so; what
//! was accepted stays until it is settled; and everything that happens can be read back, in order, from a resumable feed. It knows
//! priorities, due times, validity, fairness between groups (accounts), deduplication and the correlation of a carrier's message ids.
//! It knows no protocol.
//!
//! Changes are made by transactions ([`Tx`]): a list of [`Op`]s that become durable together or not at all. That is what makes
//! "settle this message *and* queue the receipt for its submitter" safe against a crash between the two.
//!
//! [`EmbeddedSpool`](log::EmbeddedSpool) is the engine that ships: an append-only log of our own.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

mod error;
pub mod log;
mod types;

pub use error::SpoolError;
pub use types::*;

/// A boxed future, so that [`Spool`] stays usable as `dyn Spool`; one allocation a batch, not a message.
pub type BoxFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The durable queue.
///
/// At-least-once: a claimed message that was not settled before a crash is claimable again afterwards. All methods may be called from
/// any task or thread; none of them blocks on the disk except [`Spool::read_body`] (one read from the page cache as a rule).
pub trait Spool: Send + Sync + 'static {
    /// The id of the queue of that name, made durable with the first transaction that uses it. Names are `kind:name`, for example
    /// `connector:carrier-a`, `account:shop`, `hook:shop`; 1 to 255 octets, longer ones are cut. Names are never forgotten: they are for
    /// what is configured, not for what comes from outside.
    fn queue(&self, name: &str) -> QueueId;

    /// The name of a queue, or `None` for an id that this spool never gave out.
    fn queue_name(&self, id: QueueId) -> Option<Arc<str>>;

    /// The id of a fairness group (an account). Same rules as [`Spool::queue`].
    fn group(&self, name: &str) -> GroupId;

    /// The name of a group.
    fn group_name(&self, id: GroupId) -> Option<Arc<str>>;

    /// Commits transactions, each atomic by itself, all in the order given; resolves when all of them are durable.
    ///
    /// The outer error means that nothing of the batch was applied (the spool is unhealthy or full of unsynced work); an inner error
    /// concerns that transaction alone. Waits (bounded by the spool's own queue limit and deadline) where the committer is behind.
    fn commit(&self, txs: Vec<Tx>) -> BoxFuture<'static, Result<Vec<Result<TxDone, TxError>>, SpoolError>>;

    /// Up to `max` due messages of a queue, fair between groups and by priority, hidden from other claimers until settled, or until the
    /// lease runs out. Never waits. Not durable: a crash releases every lease.
    fn claim(&self, queue: QueueId, max: usize, lease: Duration) -> Vec<Claimed>;

    /// Resolves when the queue may have something to claim (spurious wake-ups happen). Register before claiming, claim, then await: what
    /// came before the registration is not told again.
    fn ready(&self, queue: QueueId) -> BoxFuture<'static, ()>;

    /// Extends a lease from now; false where it is stale.
    fn renew(&self, lease: &Lease, by: Duration) -> bool;

    /// Gives a message back untouched, to its old place in its group, which is in the order of ids; nothing is written. False where the
    /// lease is stale.
    fn release(&self, lease: &Lease) -> bool;

    /// Up to `max` messages whose validity has ended while they were queued, leased to the caller, who settles them as
    /// [`Outcome::Expired`] together with whatever receipt is due.
    fn claim_expired(&self, max: usize, lease: Duration) -> Vec<Claimed>;

    /// Up to `max` sent messages whose wait for a receipt has ended. The caller drops them with [`Op::GiveUp`]; until then they are
    /// offered again in turn.
    fn overdue_receipts(&self, max: usize) -> Vec<MsgId>;

    /// Which message a carrier's id belongs to. `source` is the queue id of the connector that it was sent by. An id that the carrier has
    /// given again leads to the later message. Parts that went out before a retry are found as well.
    fn find_remote(&self, source: QueueId, remote: &[u8]) -> RemoteLookup;

    /// Receipts that were parked (see [`Op::Park`]) for `source` and `remote`, if they are still kept, taken out of memory. They stay in
    /// the log until [`Op::Unpark`].
    fn parked(&self, source: QueueId, remote: &[u8]) -> Vec<Parked>;

    /// Parked receipts older than their limit, at most `max`, for the caller to count, log and drop with [`Op::Unpark`].
    fn stale_parked(&self, max: usize) -> Vec<Parked>;

    /// State of a message that is still in the spool (queued, leased, or waiting for its receipt).
    fn get(&self, id: MsgId) -> Option<MsgState>;

    /// The body of a message that is still in the spool.
    fn read_body(&self, id: MsgId) -> Result<Option<Bytes>, SpoolError>;

    /// Depths of all queues that hold anything.
    fn depths(&self) -> Vec<QueueDepth>;

    /// Ids in a queue (any state), oldest first, after `after`, at most `max`: for people and tools, not for the hot path.
    fn list(&self, queue: Option<QueueId>, after: Option<MsgId>, max: usize) -> Vec<MsgState>;

    /// Reads the feed after a position, at most about `max_bytes` of records (but at least one transaction). Empty when the end is
    /// reached. Only durable records are shown. Blocking file reads: call it from a blocking thread.
    fn feed(&self, after: Cursor, max_bytes: usize) -> Result<Vec<FeedItem>, SpoolError>;

    /// Resolves when there is something durable after `after`.
    fn feed_ready(&self, after: Cursor) -> BoxFuture<'static, ()>;

    /// Says that the named reader has safely stored everything up to the cursor; the log behind the slowest reader can then be reused.
    /// A reader that has never acknowledged anything pins the log from the moment it calls [`Spool::feed_register`].
    fn feed_ack(&self, reader: &str, upto: Cursor);

    /// Declares a reader and where it stands; `None` starts at the oldest record kept. Returns the cursor to read from: later than asked
    /// for only where the log no longer reaches back so far; the beginning where `at` lies behind the end, for this is then another log.
    fn feed_register(&self, reader: &str, at: Option<Cursor>) -> Cursor;

    /// Octets of the log between a position and the end of the feed: how far a reader that stands there is behind. `None` where the
    /// engine cannot tell cheaply.
    fn feed_behind(&self, after: Cursor) -> Option<u64> {
        let _ = after;
        None
    }

    /// `None` when healthy, or why new messages are refused at the moment. Cheap: an atomic load.
    fn unhealthy(&self) -> Option<SpoolError>;

    /// Counters and gauges for metrics.
    fn stats(&self) -> SpoolStats;
}
