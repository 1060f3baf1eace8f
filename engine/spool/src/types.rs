//! The words of the spool: ids, transactions, outcomes, states, feed records.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use thiserror::Error;

/// Milliseconds since 1970-01-01T00:00:00Z. The spool never reads a clock for callers: times are given or taken from its configured clock.
pub type Millis = u64;

/// Number of a message, unique and rising within one data folder. Shown as at least eight hexadecimal digits, capital letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MsgId(pub u64);

impl fmt::Display for MsgId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08X}", self.0)
    }
}

impl std::str::FromStr for MsgId {
    type Err = std::num::ParseIntError;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        u64::from_str_radix(s, 16).map(MsgId)
    }
}

/// A queue, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QueueId(pub u32);

/// A fairness group (an account), by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GroupId(pub u32);

/// Highest priority; 0 is the lowest, 1 the usual one.
pub const MAX_PRIORITY: u8 = 3;

/// A message to be queued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEntry {
    /// Where it waits.
    pub queue: QueueId,
    /// Whose turn it uses up.
    pub group: GroupId,
    /// 0 (low) to [`MAX_PRIORITY`].
    pub priority: u8,
    /// Not before; 0 = at once.
    pub due: Millis,
    /// Validity: not after. Must be later than now. Like all times of a message it is kept to 48 bits (the year 10889); later ones count
    /// as that.
    pub expires: Millis,
    /// Idempotency key: a second accept with the same (group, key) inside the spool's window changes nothing and returns the first id.
    pub dedup: Option<Bytes>,
    /// What is stored, opaque.
    pub body: Bytes,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Queue a message.
    Accept(NewEntry),
    /// The result of handling a claimed message. A stale lease refuses the whole transaction.
    Settle {
        /// From [`Claimed`].
        lease: Lease,
        /// What came of it.
        outcome: Outcome,
        /// Free words kept in the feed (status text of the carrier, reason), empty if none.
        note: Bytes,
    },
    /// A part of a sent message has a receipt. `expect` must be the version of [`RemoteMatch`]; otherwise the whole transaction is
    /// refused with [`TxError::Changed`] and the caller looks again.
    Receipt {
        /// The message.
        id: MsgId,
        /// Which part, from 0.
        part: u8,
        /// [`RemoteMatch::version`] that the decision was made on.
        expect: u32,
        /// State code of this part, the caller's numbering, never 0.
        state: u8,
        /// The message as a whole is final: it leaves the spool with this transaction.
        done: bool,
        /// The receipt as it came, for the feed.
        note: Bytes,
    },
    /// A receipt that matches nothing yet: kept until the response arrives, [`Op::Unpark`] is called or it grows stale. If the response
    /// has arrived since the caller looked, the receipt comes straight back in [`TxDone::parked`], and the caller looks again: so none is
    /// ever missed. Refused like a new message when too many are parked.
    Park {
        /// Connector queue.
        source: QueueId,
        /// The carrier's id, normalised.
        remote: Bytes,
        /// The receipt, opaque.
        body: Bytes,
    },
    /// A parked receipt has been dealt with.
    Unpark {
        /// [`Parked::key`].
        key: u64,
    },
    /// No receipt will come any more: forget the message.
    GiveUp {
        /// The message, which must be waiting for a receipt; otherwise the op has no effect.
        id: MsgId,
    },
    /// Take a queued (not leased) message out. Refused with [`TxError::NotQueued`] otherwise.
    Cancel {
        /// The message.
        id: MsgId,
        /// Who and why, for the feed.
        note: Bytes,
    },
    /// Exchange body, due time and validity of a queued (not leased) message. Refused with [`TxError::NotQueued`] otherwise.
    Replace {
        /// The message.
        id: MsgId,
        /// New body.
        body: Bytes,
        /// New due time, if changed.
        due: Option<Millis>,
        /// New validity, if changed.
        expires: Option<Millis>,
    },
    /// Queue a dead letter again, attempts counted from 0. Refused with [`TxError::NotQueued`] if it is no dead letter.
    Replay {
        /// The message.
        id: MsgId,
        /// Into another queue than it was in.
        queue: Option<QueueId>,
        /// New validity.
        expires: Millis,
    },
    /// Drop a dead letter. No effect on anything else.
    Bury {
        /// The message.
        id: MsgId,
    },
    /// Nothing but a line in the feed about a message (or about none), for the ledger.
    Note {
        /// The message it is about.
        id: Option<MsgId>,
        /// What kind, the caller's numbering.
        kind: u8,
        /// The words.
        note: Bytes,
    },
}

/// Operations that become durable together, in order. A transaction changes a message at most once ([`TxError::Malformed`] otherwise),
/// since every operation is judged by how things stood before the transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tx {
    /// The operations; at most 65,535, together at most 16 MiB.
    pub ops: Vec<Op>,
}

impl Tx {
    /// A transaction of one operation.
    pub fn one(op: Op) -> Tx {
        Tx { ops: vec![op] }
    }
}

/// Result of a transaction that was applied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TxDone {
    /// One for each [`Op::Accept`], in order.
    pub accepted: Vec<Accepted>,
    /// Receipts that need applying now and then [`Op::Unpark`]: those that had been parked for the remote ids of an [`Outcome::Sent`] or of
    /// the parts sent of an [`Outcome::Retry`], and those that this transaction parked too late. Each is handed out once, and again after
    /// a restart, or by [`crate::Spool::stale_parked`] if it is not dealt with.
    pub parked: Vec<Parked>,
}

/// Result of an accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// Stored under this id.
    New(MsgId),
    /// The same (group, key) was accepted before, under this id; nothing was stored.
    Duplicate(MsgId),
}

impl Accepted {
    /// The id in either case.
    pub fn id(self) -> MsgId {
        match self {
            Accepted::New(id) | Accepted::Duplicate(id) => id,
        }
    }
}

/// Why one transaction was not applied. Nothing of it was.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum TxError {
    /// The lease ran out or was settled before.
    #[error("the lease on message {0} is stale")]
    Stale(MsgId),
    /// [`Op::Receipt`] was decided on an older version.
    #[error("message {0} changed since it was looked up")]
    Changed(MsgId),
    /// Cancel or replace of a message that is unknown, being sent, or already sent.
    #[error("message {0} is not waiting in a queue")]
    NotQueued(MsgId),
    /// A limit of the format is exceeded, or an argument makes no sense.
    #[error("the transaction is malformed: {0}")]
    Malformed(&'static str),
    /// New messages are refused at the moment (disk or memory full); outcomes are not, nor what is accepted in one transaction with an
    /// outcome (settle, receipt, cancel). Only when the reserve for outcomes is used up as well is everything refused.
    #[error(transparent)]
    Refused(#[from] crate::SpoolError),
}

/// The right to settle a claimed message, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lease {
    /// The message.
    pub id: MsgId,
    /// Which claim of it.
    pub token: u32,
}

/// A message handed out for handling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// For settle, renew, release.
    pub lease: Lease,
    /// The fairness group it belongs to.
    pub group: GroupId,
    /// 0 to [`MAX_PRIORITY`].
    pub priority: u8,
    /// Attempts that were counted so far (0 on the first claim).
    pub attempts: u16,
    /// When it was accepted.
    pub accepted: Millis,
    /// End of its validity.
    pub expires: Millis,
    /// Parts that already went out in an earlier attempt ([`Outcome::Retry`] with `sent`), ascending.
    pub sent_parts: Vec<u8>,
    /// The body.
    pub body: Bytes,
}

/// A carrier's id for one part of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentPart {
    /// Part, from 0.
    pub part: u8,
    /// The carrier's id, normalised by the connector; empty where none was given (no receipt can then be matched).
    pub remote: Bytes,
}

/// What came of a claimed message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Taken by the other side. With `await_until` the message stays, correlated by its remote ids, until its receipt or that time;
    /// without, it is done.
    Sent {
        /// Remote ids of parts that went out in this attempt.
        parts: Vec<SentPart>,
        /// How many parts the message has in all, at least 1.
        total: u8,
        /// Until when a receipt is waited for.
        await_until: Option<Millis>,
    },
    /// Try again.
    Retry {
        /// Not before.
        at: Millis,
        /// Into another queue (failover).
        queue: Option<QueueId>,
        /// Counts as an attempt.
        count: bool,
        /// Parts that did go out and need not be sent again.
        sent: Vec<SentPart>,
    },
    /// Failed for good. The body stays as a dead letter, re-playable, until the dead-letter retention ends.
    Failed,
    /// Its validity ended.
    Expired,
    /// Delivered, nothing more to come (for deliveries without receipts: deliver_sm to an ESME, a webhook that answered 2xx).
    Done,
}

/// Result of [`crate::Spool::find_remote`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RemoteLookup {
    /// A message that waits for this receipt.
    Found(RemoteMatch),
    /// A receipt with that id made a message final a short while ago: a duplicate.
    Finished(MsgId),
    /// Unknown: park it.
    Unknown,
}

/// A sent message, as a receipt for one of its parts finds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteMatch {
    /// The message.
    pub id: MsgId,
    /// Which part has this remote id.
    pub part: u8,
    /// To be given back in [`Op::Receipt`].
    pub version: u32,
    /// State codes of all parts so far, 0 = no receipt yet; the length is the number of parts.
    pub parts: Vec<u8>,
    /// Group of the message.
    pub group: GroupId,
    /// When the message was accepted.
    pub accepted: Millis,
    /// End of the message's validity.
    pub expires: Millis,
    /// Body of the message.
    pub body: Bytes,
}

/// A receipt that came before the response it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parked {
    /// For [`Op::Unpark`].
    pub key: u64,
    /// Connector queue.
    pub source: QueueId,
    /// The carrier's id.
    pub remote: Bytes,
    /// The receipt.
    pub body: Bytes,
    /// When it was parked.
    pub at: Millis,
}

/// Where a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Waiting to be claimed, or for its due time.
    Queued,
    /// With a claimer.
    Leased,
    /// Sent, receipt outstanding.
    Awaiting,
    /// A dead letter.
    Dead,
}

/// State of a message in the spool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MsgState {
    /// The message.
    pub id: MsgId,
    /// Its queue.
    pub queue: QueueId,
    /// Its group.
    pub group: GroupId,
    /// 0 to [`MAX_PRIORITY`].
    pub priority: u8,
    /// Where it stands.
    pub stage: Stage,
    /// Counted attempts.
    pub attempts: u16,
    /// When it was accepted.
    pub accepted: Millis,
    /// For [`Stage::Queued`]: not before; 0 or past = at once. Otherwise when the lease, the wait for a receipt or the retention ends.
    pub due: Millis,
    /// Not after.
    pub expires: Millis,
}

/// How much a queue holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueDepth {
    /// The queue.
    pub queue: QueueId,
    /// Its name.
    pub name: Arc<str>,
    /// Claimable now, or by [`crate::Spool::claim_expired`].
    pub ready: u64,
    /// Waiting for a due time.
    pub deferred: u64,
    /// With claimers.
    pub leased: u64,
    /// Sent from it, receipt outstanding.
    pub awaiting: u64,
    /// Dead letters.
    pub dead: u64,
    /// When the oldest queued message was accepted (of very many deferred ones perhaps only not after that).
    pub oldest: Option<Millis>,
}

/// A position in the feed: just behind a transaction. Orders like the log. The default is the beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cursor {
    /// Number of the segment.
    pub segment: u64,
    /// Octets into it.
    pub offset: u64,
}

/// One record of the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedItem {
    /// Position behind the transaction that this record belongs to; acknowledge a cursor only when all its records are stored.
    pub cursor: Cursor,
    /// When the transaction was committed.
    pub at: Millis,
    /// What happened.
    pub event: Event,
}

/// What happened, as the log has it. Compaction copies don't appear in the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// [`Op::Accept`].
    Accepted {
        /// Its id.
        id: MsgId,
        /// As given.
        entry: NewEntry,
    },
    /// [`Op::Settle`].
    Settled {
        /// The message.
        id: MsgId,
        /// Queue that it was claimed from.
        queue: QueueId,
        /// The result.
        outcome: Outcome,
        /// The words.
        note: Bytes,
    },
    /// [`Op::Receipt`].
    Receipt {
        /// The message.
        id: MsgId,
        /// Part, from 0.
        part: u8,
        /// State code.
        state: u8,
        /// The message is final.
        done: bool,
        /// The receipt.
        note: Bytes,
    },
    /// [`Op::Park`].
    Parked {
        /// Connector queue.
        source: QueueId,
        /// Carrier's id.
        remote: Bytes,
        /// The receipt.
        body: Bytes,
    },
    /// [`Op::Unpark`].
    Unparked {
        /// Which.
        key: u64,
    },
    /// [`Op::GiveUp`].
    GaveUp {
        /// The message.
        id: MsgId,
    },
    /// [`Op::Cancel`].
    Cancelled {
        /// The message.
        id: MsgId,
        /// The words.
        note: Bytes,
    },
    /// [`Op::Replace`].
    Replaced {
        /// The message.
        id: MsgId,
        /// New body.
        body: Bytes,
        /// New due time.
        due: Option<Millis>,
        /// New validity.
        expires: Option<Millis>,
    },
    /// A dead letter was queued again.
    Replayed {
        /// The message.
        id: MsgId,
        /// Into this queue.
        queue: QueueId,
    },
    /// A dead letter was dropped, by hand or because its retention ended.
    Buried {
        /// The message.
        id: MsgId,
    },
    /// [`Op::Note`].
    Note {
        /// The message, if any.
        id: Option<MsgId>,
        /// Kind.
        kind: u8,
        /// The words.
        note: Bytes,
    },
}

/// Counters since start, and gauges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpoolStats {
    /// Messages in the spool, all stages.
    pub messages: u64,
    /// Messages accepted since start.
    pub accepted: u64,
    /// Groups committed (one sync each).
    pub syncs: u64,
    /// Octets written to the log.
    pub written: u64,
    /// Log files in use.
    pub segments: u64,
    /// Octets copied forward by compaction.
    pub compacted: u64,
    /// Receipts parked now.
    pub parked: u64,
    /// Octets free on the spool's disk, as last looked at.
    pub disk_free: u64,
    /// Octets of the log that the slowest feed reader has yet to read; they hold the log back, so whoever accepts should slow down when
    /// this grows without end.
    pub feed_lag: u64,
    /// Time that the last group took to become durable, microseconds.
    pub last_sync_us: u64,
}
