//! Records: what a frame's payload is made of.
//!
//! A payload is: commit time (varint), flags (1 octet: 1 = something in it is shown in the feed), then records until its end. A record is
//! a kind octet and its fields; numbers are LEB128 varints, strings have a length before them, options a 0/1 octet. Bodies that are read
//! later on their own carry a CRC-32 seeded with the message's id.

use bytes::Bytes;

use crate::{Event, GroupId, Millis, MsgId, NewEntry, Op, Outcome, QueueId, SentPart};

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

pub(crate) fn put_u64(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_u64(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn put_option(out: &mut Vec<u8>, value: Option<u64>) {
    match value {
        Some(value) => {
            out.push(1);
            put_u64(out, value);
        }
        None => out.push(0),
    }
}

/// Checksum that lies before a body.
pub(crate) fn body_crc(id: u64, body: &[u8]) -> u32 {
    let mut state = crc32fast::Hasher::new();
    state.update(&id.to_le_bytes());
    state.update(body);
    state.finalize()
}

/// Returns where in `out` the checksum of the body is.
fn put_body(out: &mut Vec<u8>, id: u64, body: &[u8]) -> usize {
    put_u64(out, body.len() as u64);
    let at = out.len();
    out.extend_from_slice(&body_crc(id, body).to_le_bytes());
    out.extend_from_slice(body);
    at
}

fn put_parts(out: &mut Vec<u8>, parts: &[SentPart]) {
    put_u64(out, parts.len() as u64);
    for part in parts {
        out.push(part.part);
        put_bytes(out, &part.remote);
    }
}

fn put_outcome(out: &mut Vec<u8>, outcome: &Outcome) {
    match outcome {
        Outcome::Sent { parts, total, await_until } => {
            out.push(SENT);
            put_parts(out, parts);
            out.push(*total);
            put_option(out, *await_until);
        }
        Outcome::Retry { at, queue, count, sent } => {
            out.push(RETRY);
            put_u64(out, *at);
            put_option(out, queue.map(|q| u64::from(q.0)));
            out.push(u8::from(*count));
            put_parts(out, sent);
        }
        Outcome::Failed => out.push(FAILED),
        Outcome::Expired => out.push(EXPIRED),
        Outcome::Done => out.push(DONE),
    }
}

/// Appends an operation. Returns where in `out` its body's checksum is, if it has a body that is read later. `states` are those that
/// [`Step::Replace`] counts.
pub(crate) fn put_op(out: &mut Vec<u8>, op: &Op, step: Step, states: &[CopyRec]) -> Option<usize> {
    match (op, step) {
        (Op::Accept(e), Step::Accept(id)) => {
            out.push(ACCEPT);
            put_u64(out, id.0);
            put_u64(out, u64::from(e.queue.0));
            put_u64(out, u64::from(e.group.0));
            out.push(e.priority);
            put_u64(out, e.due);
            put_u64(out, e.expires);
            match &e.dedup {
                Some(key) => {
                    out.push(1);
                    put_bytes(out, key);
                }
                None => out.push(0),
            }
            return Some(put_body(out, id.0, &e.body));
        }
        (Op::Settle { lease, outcome, note }, Step::Queue(queue)) => {
            out.push(SETTLE);
            put_u64(out, lease.id.0);
            put_u64(out, u64::from(queue.0));
            put_outcome(out, outcome);
            put_bytes(out, note);
        }
        (Op::Receipt { id, part, state, done, note, .. }, Step::Plain) => {
            out.push(RECEIPT);
            put_u64(out, id.0);
            out.extend_from_slice(&[*part, *state, u8::from(*done)]);
            put_bytes(out, note);
        }
        (Op::Park { source, remote, body }, Step::Park(key)) => {
            out.push(PARK);
            put_u64(out, key);
            put_u64(out, u64::from(source.0));
            put_bytes(out, remote);
            return Some(put_body(out, key, body));
        }
        (Op::Unpark { key }, Step::Plain) => {
            out.push(UNPARK);
            put_u64(out, *key);
        }
        (Op::GiveUp { id }, Step::Plain) => {
            out.push(GIVE_UP);
            put_u64(out, id.0);
        }
        (Op::Cancel { id, note }, Step::Plain) => {
            out.push(CANCEL);
            put_u64(out, id.0);
            put_bytes(out, note);
        }
        (Op::Replace { id, body, due, expires }, Step::Replace(state)) => {
            out.push(REPLACE);
            put_state(out, states.get(state)?);
            put_option(out, *due);
            put_option(out, *expires);
            return Some(put_body(out, id.0, body));
        }
        (Op::Replay { id, expires, .. }, Step::Queue(queue)) => {
            out.push(REPLAY);
            put_u64(out, id.0);
            put_u64(out, u64::from(queue.0));
            put_u64(out, *expires);
        }
        (Op::Bury { id }, Step::Plain) => {
            out.push(BURY);
            put_u64(out, id.0);
        }
        (Op::Note { id, kind, note }, Step::Plain) => {
            out.push(NOTE);
            put_option(out, id.map(|id| id.0));
            out.push(*kind);
            put_bytes(out, note);
        }
        _ => {}
    }
    None
}

/// At most how many octets [`put_op`] appends.
pub(crate) fn op_size(op: &Op) -> usize {
    let parts = |parts: &[SentPart]| parts.iter().map(|p| p.remote.len() + 12).sum::<usize>();
    64 + match op {
        Op::Accept(e) => e.body.len() + e.dedup.as_ref().map_or(0, Bytes::len),
        Op::Settle { outcome, note, .. } => {
            note.len()
                + match outcome {
                    Outcome::Sent { parts: p, .. } | Outcome::Retry { sent: p, .. } => 24 + parts(p),
                    _ => 0,
                }
        }
        Op::Receipt { note, .. } | Op::Cancel { note, .. } | Op::Note { note, .. } => note.len(),
        Op::Park { remote, body, .. } => remote.len() + body.len(),
        Op::Replace { body, .. } => body.len(),
        _ => 0,
    }
}

pub(crate) fn put_queue(out: &mut Vec<u8>, number: u32, name: &str) {
    out.push(DEFINE_QUEUE);
    put_u64(out, u64::from(number));
    put_bytes(out, name.as_bytes());
}

pub(crate) fn put_group(out: &mut Vec<u8>, number: u32, name: &str) {
    out.push(DEFINE_GROUP);
    put_u64(out, u64::from(number));
    put_bytes(out, name.as_bytes());
}

fn put_state(out: &mut Vec<u8>, c: &CopyRec) {
    put_u64(out, c.id.0);
    put_u64(out, u64::from(c.queue.0));
    put_u64(out, u64::from(c.group.0));
    out.extend_from_slice(&[c.priority, c.place]);
    put_u64(out, u64::from(c.attempts));
    put_u64(out, c.accepted);
    put_u64(out, c.due);
    put_u64(out, c.expires);
    put_bytes(out, &c.states);
    put_u64(out, c.sent.len() as u64);
    for (part, hash) in &c.sent {
        out.push(*part);
        out.extend_from_slice(&hash.0[0].to_le_bytes());
        out.extend_from_slice(&hash.0[1].to_le_bytes());
    }
}

/// At most how many octets the state of a message takes, given how many states and remote ids of parts it has.
pub(crate) fn state_size(parts: usize) -> usize {
    parts * 17 + 72
}

pub(crate) fn put_copy(out: &mut Vec<u8>, c: &CopyRec) -> usize {
    out.push(COPY);
    put_state(out, c);
    put_body(out, c.id.0, &c.body)
}

pub(crate) fn put_copy_parked(out: &mut Vec<u8>, key: u64, source: QueueId, remote: &[u8], at: Millis, body: &[u8]) -> usize {
    out.push(COPY_PARKED);
    put_u64(out, key);
    put_u64(out, u64::from(source.0));
    put_u64(out, at);
    put_bytes(out, remote);
    put_body(out, key, body)
}

/// Reads records out of a frame's payload.
pub(crate) struct Reader<'a> {
    buf: &'a Bytes,
    at: usize,
    segment: u32,
    /// Offset in the file of the buffer's first octet; none for a payload out of an index file, where bodies have left their offsets.
    base: Option<u32>,
    /// Where the last field of the last record begins: its body's checksum, or the length of its words.
    tail: usize,
}

/// The payload is not what this version writes, although its checksum is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

type Result<T> = std::result::Result<T, Malformed>;

impl<'a> Reader<'a> {
    pub(crate) fn new(buf: &'a Bytes, segment: u32, base: u32) -> Reader<'a> {
        Reader { buf, at: 0, segment, base: Some(base), tail: 0 }
    }

    /// Reads what [`strip`] wrote.
    pub(crate) fn stripped(buf: &'a Bytes, segment: u32) -> Reader<'a> {
        Reader { buf, at: 0, segment, base: None, tail: 0 }
    }

    pub(crate) fn segment(&self) -> u32 {
        self.segment
    }

    /// Commit time and whether the feed shows anything of the frame.
    pub(crate) fn head(&mut self) -> Result<(Millis, bool)> {
        Ok((self.number()?, self.octet()? & 1 != 0))
    }

    /// The next record, or `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Rec>> {
        self.tail = usize::MAX;
        if self.at == self.buf.len() {
            return Ok(None);
        }
        let kind = self.octet()?;
        let mut pos = Pos::NONE;
        let mut replay_expires = 0;
        let event = match kind {
            ACCEPT => {
                let id = self.id()?;
                let (queue, group) = (QueueId(self.small()?), GroupId(self.small()?));
                let priority = self.octet()?;
                let (due, expires) = (self.number()?, self.number()?);
                let dedup = if self.octet()? != 0 { Some(self.bytes()?) } else { None };
                let body = self.body(&mut pos)?;
                Event::Accepted { id, entry: NewEntry { queue, group, priority, due, expires, dedup, body } }
            }
            SETTLE => {
                let (id, queue) = (self.id()?, QueueId(self.small()?));
                Event::Settled { id, queue, outcome: self.outcome()?, note: self.words()? }
            }
            RECEIPT => {
                let id = self.id()?;
                let (part, state, done) = (self.octet()?, self.octet()?, self.octet()? != 0);
                Event::Receipt { id, part, state, done, note: self.words()? }
            }
            PARK => {
                let (key, source, remote) = (self.number()?, QueueId(self.small()?), self.bytes()?);
                let body = self.kept_body(&mut pos)?;
                return Ok(Some(Rec::Park { key, source, remote, body, at: pos, copied: None }));
            }
            UNPARK => Event::Unparked { key: self.number()? },
            GIVE_UP => Event::GaveUp { id: self.id()? },
            CANCEL => Event::Cancelled { id: self.id()?, note: self.words()? },
            REPLACE => {
                let mut copy = self.state()?;
                let (due, expires) = (self.option()?, self.option()?);
                copy.body = self.body(&mut pos)?;
                return Ok(Some(Rec::Replace { copy, due, expires, body: pos }));
            }
            REPLAY => {
                let (id, queue) = (self.id()?, QueueId(self.small()?));
                replay_expires = self.number()?;
                Event::Replayed { id, queue }
            }
            BURY => Event::Buried { id: self.id()? },
            NOTE => Event::Note { id: self.option()?.map(MsgId), kind: self.octet()?, note: self.words()? },
            DEFINE_QUEUE => return Ok(Some(Rec::Queue { number: self.small()?, name: self.bytes()? })),
            DEFINE_GROUP => return Ok(Some(Rec::Group { number: self.small()?, name: self.bytes()? })),
            COPY => {
                let mut copy = self.state()?;
                copy.body = self.body(&mut pos)?;
                return Ok(Some(Rec::Copy { copy, body: pos }));
            }
            COPY_PARKED => {
                let (key, source, first) = (self.number()?, QueueId(self.small()?), self.number()?);
                let remote = self.bytes()?;
                let body = self.kept_body(&mut pos)?;
                return Ok(Some(Rec::Park { key, source, remote, body, at: pos, copied: Some(first) }));
            }
            _ => return Err(Malformed),
        };
        Ok(Some(Rec::Event { event, body: pos, replay_expires }))
    }

    fn state(&mut self) -> Result<CopyRec> {
        let id = self.id()?;
        let (queue, group) = (QueueId(self.small()?), GroupId(self.small()?));
        let (priority, place) = (self.octet()?, self.octet()?);
        let attempts = self.number()?.try_into().map_err(|_| Malformed)?;
        let (accepted, due, expires) = (self.number()?, self.number()?, self.number()?);
        let states = self.bytes()?.to_vec();
        let count = self.number()?;
        let mut sent = Vec::new();
        for _ in 0..count {
            let part = self.octet()?;
            sent.push((part, Hash128([self.fixed()?, self.fixed()?])));
        }
        let body = Bytes::new();
        Ok(CopyRec { id, queue, group, priority, place, attempts, accepted, due, expires, states, sent, body })
    }

    fn outcome(&mut self) -> Result<Outcome> {
        Ok(match self.octet()? {
            SENT => Outcome::Sent { parts: self.parts()?, total: self.octet()?, await_until: self.option()? },
            RETRY => {
                let at = self.number()?;
                let queue = match self.option()? {
                    Some(queue) => Some(QueueId(queue.try_into().map_err(|_| Malformed)?)),
                    None => None,
                };
                Outcome::Retry { at, queue, count: self.octet()? != 0, sent: self.parts()? }
            }
            FAILED => Outcome::Failed,
            EXPIRED => Outcome::Expired,
            DONE => Outcome::Done,
            _ => return Err(Malformed),
        })
    }

    fn parts(&mut self) -> Result<Vec<SentPart>> {
        let count = self.number()?;
        let mut parts = Vec::new();
        for _ in 0..count {
            parts.push(SentPart { part: self.octet()?, remote: self.bytes()? });
        }
        Ok(parts)
    }

    fn body(&mut self, pos: &mut Pos) -> Result<Bytes> {
        let len = self.small()?;
        self.tail = self.at;
        let Some(base) = self.base else {
            *pos = Pos { segment: self.segment, offset: self.small()?, len };
            return Ok(Bytes::new());
        };
        let offset = base + self.at as u32;
        self.take(4)?;
        *pos = Pos { segment: self.segment, offset, len };
        self.take(len as usize)
    }

    /// A body that is needed whole even in an index file.
    fn kept_body(&mut self, pos: &mut Pos) -> Result<Bytes> {
        let short = self.body(pos)?;
        if self.base.is_some() { Ok(short) } else { self.take(pos.len as usize) }
    }

    fn words(&mut self) -> Result<Bytes> {
        self.tail = self.at;
        self.bytes()
    }

    fn id(&mut self) -> Result<MsgId> {
        self.number().map(MsgId)
    }

    fn option(&mut self) -> Result<Option<u64>> {
        Ok(if self.octet()? != 0 { Some(self.number()?) } else { None })
    }

    fn bytes(&mut self) -> Result<Bytes> {
        let len = self.small()?;
        self.take(len as usize)
    }

    fn take(&mut self, len: usize) -> Result<Bytes> {
        let end = self.at.checked_add(len).filter(|end| *end <= self.buf.len()).ok_or(Malformed)?;
        let bytes = self.buf.slice(self.at..end);
        self.at = end;
        Ok(bytes)
    }

    fn fixed(&mut self) -> Result<u64> {
        Ok(u64::from_le_bytes(self.take(8)?.as_ref().try_into().map_err(|_| Malformed)?))
    }

    fn octet(&mut self) -> Result<u8> {
        let octet = *self.buf.get(self.at).ok_or(Malformed)?;
        self.at += 1;
        Ok(octet)
    }

    fn small(&mut self) -> Result<u32> {
        self.number()?.try_into().map_err(|_| Malformed)
    }

    pub(crate) fn number(&mut self) -> Result<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let octet = self.octet()?;
            value |= u64::from(octet & 0x7F) << shift;
            if octet & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Malformed)
    }
}

/// Appends a frame's payload without bodies and words, which recovery does not need: an offset stands for a body, nothing for words.
/// Bodies of parked receipts stay.
pub(crate) fn strip(out: &mut Vec<u8>, payload: &Bytes, segment: u32, base: u32) -> Result<()> {
    let mut reader = Reader::new(payload, segment, base);
    reader.head()?;
    out.extend_from_slice(&payload[..reader.at]);
    let mut start = reader.at;
    while let Some(rec) = reader.next()? {
        let tail = reader.tail.min(reader.at);
        out.extend_from_slice(&payload[start..tail]);
        match rec {
            Rec::Park { at, body, .. } => {
                put_u64(out, at.offset.into());
                out.extend_from_slice(&body);
            }
            Rec::Copy { body, .. } | Rec::Replace { body, .. } => put_u64(out, body.offset.into()),
            Rec::Event { event: Event::Accepted { .. }, body, .. } => put_u64(out, body.offset.into()),
            Rec::Event { .. } if tail < reader.at => out.push(0),
            Rec::Event { .. } | Rec::Queue { .. } | Rec::Group { .. } => {}
        }
        start = reader.at;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;
    use crate::Lease;

    fn bytes() -> impl Strategy<Value = Bytes> {
        proptest::collection::vec(any::<u8>(), 0..40).prop_map(Bytes::from)
    }

    fn parts() -> impl Strategy<Value = Vec<SentPart>> {
        proptest::collection::vec((any::<u8>(), bytes()).prop_map(|(part, remote)| SentPart { part, remote }), 0..4)
    }

    fn outcome() -> impl Strategy<Value = Outcome> {
        prop_oneof![
            (parts(), any::<u8>(), any::<Option<u64>>()).prop_map(|(parts, total, await_until)| Outcome::Sent {
                parts,
                total,
                await_until
            }),
            (any::<u64>(), any::<Option<u32>>(), any::<bool>(), parts()).prop_map(|(at, queue, count, sent)| Outcome::Retry {
                at,
                queue: queue.map(QueueId),
                count,
                sent
            }),
            Just(Outcome::Failed),
            Just(Outcome::Expired),
            Just(Outcome::Done),
        ]
    }

    /// An operation with its step, and the event that it is read back as.
    fn op() -> impl Strategy<Value = (Op, Step, Event)> {
        let id = || any::<u64>().prop_map(MsgId);
        prop_oneof![
            (id(), any::<(u32, u32, u8, u64, u64)>(), proptest::option::of(bytes()), bytes()).prop_map(
                |(id, (queue, group, priority, due, expires), dedup, body)| {
                    let entry = NewEntry { queue: QueueId(queue), group: GroupId(group), priority, due, expires, dedup, body };
                    (Op::Accept(entry.clone()), Step::Accept(id), Event::Accepted { id, entry })
                }
            ),
            (id(), any::<u32>(), outcome(), bytes()).prop_map(|(id, queue, outcome, note)| {
                let queue = QueueId(queue);
                let op = Op::Settle { lease: Lease { id, token: 1 }, outcome: outcome.clone(), note: note.clone() };
                (op, Step::Queue(queue), Event::Settled { id, queue, outcome, note })
            }),
            (id(), any::<(u8, u8, bool)>(), bytes()).prop_map(|(id, (part, state, done), note)| {
                let op = Op::Receipt { id, part, expect: 0, state, done, note: note.clone() };
                (op, Step::Plain, Event::Receipt { id, part, state, done, note })
            }),
            any::<u64>().prop_map(|key| (Op::Unpark { key }, Step::Plain, Event::Unparked { key })),
            id().prop_map(|id| (Op::GiveUp { id }, Step::Plain, Event::GaveUp { id })),
            (id(), bytes()).prop_map(|(id, note)| (Op::Cancel { id, note: note.clone() }, Step::Plain, Event::Cancelled { id, note })),
            (id(), any::<u32>(), any::<u64>()).prop_map(|(id, queue, expires)| {
                let queue = QueueId(queue);
                (Op::Replay { id, queue: None, expires }, Step::Queue(queue), Event::Replayed { id, queue })
            }),
            id().prop_map(|id| (Op::Bury { id }, Step::Plain, Event::Buried { id })),
            (proptest::option::of(id()), any::<u8>(), bytes()).prop_map(|(id, kind, note)| (
                Op::Note { id, kind, note: note.clone() },
                Step::Plain,
                Event::Note { id, kind, note }
            )),
        ]
    }

    fn read(reader: &mut Reader<'_>) -> Result<Vec<Rec>> {
        let mut recs = Vec::new();
        while let Some(rec) = reader.next()? {
            recs.push(rec);
        }
        Ok(recs)
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back_within_the_size_foretold(ops in proptest::collection::vec(op(), 0..8)) {
            let mut out = vec![0; 2];
            let mut bodies = Vec::new();
            for (op, step, _) in &ops {
                let before = out.len();
                bodies.push(put_op(&mut out, op, *step, &[]));
                prop_assert!(out.len() - before <= op_size(op));
            }
            let payload = Bytes::from(out);
            let mut reader = Reader::new(&payload, 3, 1000);
            prop_assert_eq!(reader.head(), Ok((0, false)));
            let recs = read(&mut reader).unwrap();
            prop_assert_eq!(recs.len(), ops.len());
            for ((rec, (_, _, event)), at) in recs.iter().zip(&ops).zip(&bodies) {
                let Rec::Event { event: got, body, .. } = rec else { panic!("{rec:?}") };
                prop_assert_eq!(got, event);
                prop_assert_eq!(body.offset, at.map_or(0, |at| 1000 + at as u32));
            }
            let mut index = Vec::new();
            strip(&mut index, &payload, 3, 1000).unwrap();
            let index = Bytes::from(index);
            let mut reader = Reader::stripped(&index, 3);
            reader.head().unwrap();
            let stripped = read(&mut reader).unwrap();
            prop_assert_eq!(stripped.len(), recs.len());
            for (rec, short) in recs.iter().zip(&stripped) {
                let (Rec::Event { event, body, .. }, Rec::Event { event: short, body: at, .. }) = (rec, short) else { panic!("{short:?}") };
                prop_assert_eq!(body, at);
                prop_assert_eq!(std::mem::discriminant(event), std::mem::discriminant(short));
            }
        }

        #[test]
        fn no_octets_make_it_panic(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
            let payload = Bytes::from(octets);
            for mut reader in [Reader::new(&payload, 1, 0), Reader::stripped(&payload, 1)] {
                let _ = reader.head().and_then(|_| read(&mut reader));
            }
        }
    }
}
