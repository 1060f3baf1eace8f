//! Reading records, and what an index file keeps of them.

use super::*;
use crate::{NewEntry, Outcome, SentPart};

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
