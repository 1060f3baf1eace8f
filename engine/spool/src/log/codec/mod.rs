//! Records: what a frame's payload is made of.
//!
//! A payload is: commit time (varint), flags (1 octet: 1 = something in it is shown in the feed), then records until its end. A record is
//! a kind octet and its fields; numbers are LEB128 varints, strings have a length before them, options a 0/1 octet. Bodies that are read
//! later on their own carry a CRC-32 seeded with the message's id.

mod read;
#[cfg(test)]
mod tests;
mod write;

use bytes::Bytes;

pub(crate) use read::{Malformed, Reader, strip};
pub(crate) use write::{body_crc, op_size, put_copy, put_copy_parked, put_group, put_op, put_queue, put_u64, state_size};

use crate::{Event, GroupId, Millis, MsgId, QueueId};

const ACCEPT: u8 = 1;
const SETTLE: u8 = 2;
const RECEIPT: u8 = 3;
const PARK: u8 = 4;
const UNPARK: u8 = 5;
const GIVE_UP: u8 = 6;
const CANCEL: u8 = 7;
const REPLACE: u8 = 8;
const REPLAY: u8 = 9;
const BURY: u8 = 10;
const NOTE: u8 = 11;
const DEFINE_QUEUE: u8 = 12;
const DEFINE_GROUP: u8 = 13;
const COPY: u8 = 14;
const COPY_PARKED: u8 = 15;

const SENT: u8 = 1;
const RETRY: u8 = 2;
const FAILED: u8 = 3;
const EXPIRED: u8 = 4;
const DONE: u8 = 5;

/// A 128-bit keyed hash of a remote id or an idempotency key; all zero stands for none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Hash128(pub(crate) [u64; 2]);

impl Hash128 {
    pub(crate) const NONE: Hash128 = Hash128([0, 0]);
}

/// Where a body lies: at the CRC before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pos {
    pub(crate) segment: u32,
    pub(crate) offset: u32,
    pub(crate) len: u32,
}

impl Pos {
    /// Nothing written yet.
    pub(crate) const NONE: Pos = Pos { segment: u32::MAX, offset: 0, len: 0 };
}

/// A message with all its state, copied forward by compaction or written anew by a replace (then without the body).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CopyRec {
    pub(crate) id: MsgId,
    pub(crate) queue: QueueId,
    pub(crate) group: GroupId,
    pub(crate) priority: u8,
    /// [`super::index::Place`] as a number.
    pub(crate) place: u8,
    pub(crate) attempts: u16,
    pub(crate) accepted: Millis,
    pub(crate) due: Millis,
    pub(crate) expires: Millis,
    /// State codes of the parts, if the message has been sent at least in part.
    pub(crate) states: Vec<u8>,
    pub(crate) sent: Vec<(u8, Hash128)>,
    pub(crate) body: Bytes,
}

/// A decoded record. Positions are those of the body in it, if it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rec {
    /// As the feed shows it.
    Event { event: Event, body: Pos, replay_expires: Millis },
    /// [`Event::Replaced`], with the message's state after it: what lies before may be gone when this is read.
    Replace { copy: CopyRec, due: Option<Millis>, expires: Option<Millis>, body: Pos },
    /// A parked receipt with its number. `copied`: by compaction, with the time that it was first parked.
    Park { key: u64, source: QueueId, remote: Bytes, body: Bytes, at: Pos, copied: Option<Millis> },
    /// The name of a queue.
    Queue { number: u32, name: Bytes },
    /// The name of a group.
    Group { number: u32, name: Bytes },
    /// A message copied forward.
    Copy { copy: CopyRec, body: Pos },
}

/// What the committer found out about an operation before writing it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing to write.
    Skip,
    /// Accepted under this id.
    Accept(MsgId),
    /// Settled or replayed in this queue.
    Queue(QueueId),
    /// Parked under this number.
    Park(u64),
    /// Replaced; its state has this number among those of the group.
    Replace(usize),
    /// Written as given.
    Plain,
}
