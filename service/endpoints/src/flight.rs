//! Messages on their way to the other side: parts that wait for room, parts that wait for an answer.
//!
//! Pure book-keeping, no I/O: what was answered goes in, settlements come out. A message is settled when nothing of it is unanswered.

use std::collections::VecDeque;

use bytes::Bytes;
use smallvec::SmallVec;
use waxwing_core::{ErrorClass, MsgId, Outgoing, SendResult, Settlement};
use waxwing_spool::SentPart;

/// The parts of a message, each in the form that its protocol encodes; mostly there is one.
pub(crate) type Parts<P> = SmallVec<[P; 1]>;

/// Where a message was claimed and is settled: the place in the session's list of outboxes.
pub(crate) type Lane = usize;

/// The reference that the parts of a message have in common: the same at every attempt, since those that went out before have to fit those
/// that follow, over whichever session.
pub(crate) fn reference(id: MsgId) -> u16 {
    (id.0 & 0xffff) as u16
}

/// Bits of a token that are the part's. A long message has 255 parts at most, but the receipt for one whose parts were submitted several
/// times has one for each time.
const PART_BITS: u32 = 16;

/// The token of a part.
fn token(slot: usize, part: usize) -> u64 {
    (slot as u64) << PART_BITS | part as u64
}

/// The slot and the part of a token.
fn place(token: u64) -> (usize, usize) {
    ((token >> PART_BITS) as usize, (token & ((1 << PART_BITS) - 1)) as usize)
}

/// A part that is to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Next {
    /// Comes back with the answer.
    pub(crate) token: u64,
    slot: usize,
    part: usize,
}

struct Flight<P> {
    out: Outgoing,
    lane: Lane,
    parts: Parts<P>,
    /// A receipt was asked for.
    receipt: bool,
    /// Place in the order of claiming.
    order: u64,
    /// Parts without an answer.
    unanswered: u32,
    /// Parts not sent yet.
    unsent: u32,
    sent: Vec<SentPart>,
    failure: Option<(ErrorClass, String, String)>,
    in_doubt: bool,
}

/// All messages that a session holds.
pub(crate) struct Flights<P> {
    slots: Vec<Option<Flight<P>>>,
    free: Vec<usize>,
    pending: VecDeque<(u64, usize, usize)>,
    order: u64,
}

impl<P> Default for Flights<P> {
    fn default() -> Flights<P> {
        Flights { slots: Vec::new(), free: Vec::new(), pending: VecDeque::new(), order: 0 }
    }
}

impl<P> Flights<P> {
    /// Takes a message in parts, claimed in `lane`. Parts that went out in an earlier attempt are left out; where that is all of them (it
    /// may be cut into fewer by now), it is done.
    #[must_use]
    pub(crate) fn add(&mut self, lane: Lane, out: Outgoing, mut parts: Parts<P>, receipt: bool) -> Option<(Lane, Settlement)> {
        parts.truncate(1 << PART_BITS);
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        self.order += 1;
        let (order, before) = (self.order, self.pending.len());
        let todo = (0..parts.len()).filter(|&i| !u8::try_from(i).is_ok_and(|i| out.sent_parts.contains(&i)));
        self.pending.extend(todo.map(|i| (order, slot, i)));
        let unsent = u32::try_from(self.pending.len() - before).unwrap_or(u32::MAX);
        self.slots[slot] =
            Some(Flight { out, lane, parts, receipt, order, unanswered: 0, unsent, sent: Vec::new(), failure: None, in_doubt: false });
        if unsent == 0 { self.finish(token(slot, 0)) } else { None }
    }

    /// Parts wait to be sent.
    pub(crate) fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Nothing is held.
    #[cfg(test)]
    fn is_empty(&self) -> bool {
        self.slots.len() == self.free.len()
    }

    /// The next part to send, left where it is until [`Flights::sent`].
    pub(crate) fn next(&self) -> Option<Next> {
        self.pending.front().map(|&(_, slot, part)| Next { token: token(slot, part), slot, part })
    }

    /// The message and the part behind [`Flights::next`].
    pub(crate) fn content(&self, n: Next) -> Option<(&Outgoing, &P)> {
        let f = self.slots.get(n.slot)?.as_ref()?;
        Some((&f.out, f.parts.get(n.part)?))
    }

    /// The part was handed to the connection.
    pub(crate) fn sent(&mut self, n: Next) {
        self.pending.pop_front();
        if let Some(f) = self.flight(n.token) {
            f.unsent -= 1;
            f.unanswered += 1;
        }
    }

    /// The part cannot be sent (it does not encode, or it is too late): the message fails as `class` says.
    pub(crate) fn unsendable(&mut self, n: Next, class: ErrorClass, reason: String) -> Option<(Lane, Settlement)> {
        self.pending.pop_front();
        let f = self.flight(n.token)?;
        f.unsent -= 1;
        f.failure = Some((class, String::new(), reason));
        self.finish(n.token)
    }

    /// The carrier took the part.
    pub(crate) fn accepted(&mut self, token: u64, remote: Bytes) -> Option<(Lane, Settlement)> {
        let f = self.flight(token)?;
        f.unanswered -= 1;
        if f.sent.is_empty() {
            f.sent.reserve_exact(f.parts.len());
        }
        // The spool counts to 255: what is beyond goes out again where others have to.
        if let Ok(part) = u8::try_from(place(token).1) {
            f.sent.push(SentPart { part, remote });
        }
        self.finish(token)
    }

    /// The carrier refused the part.
    pub(crate) fn refused(&mut self, token: u64, class: ErrorClass, code: String, reason: String) -> Option<(Lane, Settlement)> {
        let f = self.flight(token)?;
        f.unanswered -= 1;
        f.failure.get_or_insert((class, code, reason));
        self.finish(token)
    }

    /// The carrier wants it later: the part goes back to its place, before whatever was claimed after it.
    pub(crate) fn later(&mut self, token: u64) {
        let (slot, part) = place(token);
        let Some(f) = self.flight(token) else { return };
        f.unanswered -= 1;
        f.unsent += 1;
        let key = (f.order, slot, part);
        let at = self.pending.partition_point(|&(order, _, p)| (order, p) < (key.0, part));
        self.pending.insert(at, key);
    }

    /// No answer came, or none will.
    pub(crate) fn unanswered(&mut self, token: u64) -> Option<(Lane, Settlement)> {
        let f = self.flight(token)?;
        f.unanswered -= 1;
        f.in_doubt = true;
        self.finish(token)
    }

    /// The session ended before the answer, and the other side will ask for what it missed: the part counts as not sent.
    pub(crate) fn lost(&mut self, token: u64) {
        if let Some(f) = self.flight(token) {
            f.unanswered -= 1;
            f.unsent += 1;
        }
    }

    /// Where the message that a part belongs to was claimed.
    pub(crate) fn lane(&self, token: u64) -> Option<Lane> {
        self.slots.get(place(token).0)?.as_ref().map(|f| f.lane)
    }

    /// The message that a part belongs to.
    pub(crate) fn message(&self, token: u64) -> Option<&Outgoing> {
        self.slots.get(place(token).0)?.as_ref().map(|f| &f.out)
    }

    /// The end of the session: everything that was not sent goes back, in an order that keeps the queue's.
    pub(crate) fn drain(&mut self) -> Vec<(Lane, Settlement)> {
        self.pending.clear();
        let mut flights: Vec<Flight<P>> = self.slots.drain(..).flatten().collect();
        self.free.clear();
        flights.sort_by_key(|f| std::cmp::Reverse(f.order));
        flights.into_iter().map(settle).collect()
    }

    /// Leases of all messages held, to be renewed.
    pub(crate) fn leases(&self) -> impl Iterator<Item = &waxwing_spool::Lease> {
        self.slots.iter().flatten().map(|f| &f.out.lease)
    }

    fn flight(&mut self, token: u64) -> Option<&mut Flight<P>> {
        self.slots.get_mut(place(token).0)?.as_mut()
    }

    fn finish(&mut self, token: u64) -> Option<(Lane, Settlement)> {
        let slot = place(token).0;
        let f = self.slots.get_mut(slot)?.as_mut()?;
        if (f.failure.is_some() || f.in_doubt) && f.unsent > 0 {
            f.unsent = 0;
            self.pending.retain(|&(_, s, _)| s != slot);
        }
        if f.unanswered > 0 || f.unsent > 0 {
            return None;
        }
        let flight = self.slots.get_mut(slot)?.take()?;
        self.free.push(slot);
        Some(settle(flight))
    }
}

fn settle<P>(f: Flight<P>) -> (Lane, Settlement) {
    let total = u8::try_from(f.parts.len()).unwrap_or(u8::MAX);
    let result = match f.failure {
        Some((class, code, reason)) => SendResult::Refused { class, code, reason, sent: f.sent },
        None if f.in_doubt || f.unanswered > 0 => SendResult::NoAnswer { sent: f.sent },
        None if f.unsent == 0 => SendResult::Sent { parts: f.sent, total, receipt: f.receipt },
        None if f.sent.is_empty() => SendResult::Released,
        // Some parts are out, the others can follow over the next session.
        None => SendResult::Refused {
            class: ErrorClass::Throttled,
            code: String::new(),
            reason: "the session ended between two parts".into(),
            sent: f.sent,
        },
    };
    (f.lane, Settlement { out: f.out, result })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use waxwing_spool::{GroupId, Lease};

    fn out(id: u64) -> Outgoing {
        Outgoing {
            lease: Lease { id: MsgId(id), token: 1 },
            group: GroupId(0),
            attempts: 0,
            accepted: 0,
            expires: 1,
            priority: 1,
            sent_parts: vec![],
            message: Box::default(),
        }
    }

    fn parts(n: usize) -> Parts<()> {
        smallvec::smallvec![(); n]
    }

    fn send_all(f: &mut Flights<()>) -> Vec<u64> {
        let mut tokens = Vec::new();
        while let Some(n) = f.next() {
            f.sent(n);
            tokens.push(n.token);
        }
        tokens
    }

    #[test]
    fn a_message_is_settled_when_its_last_part_is_answered() {
        let mut f = Flights::default();
        assert!(f.add(0, out(1), parts(2), true).is_none());
        let t = send_all(&mut f);
        assert!(f.accepted(t[1], Bytes::from_static(b"b")).is_none());
        let (_, s) = f.accepted(t[0], Bytes::from_static(b"a")).unwrap();
        assert!(matches!(s.result, SendResult::Sent { total: 2, receipt: true, ref parts } if parts.len() == 2));
        assert!(f.is_empty());
    }

    #[test]
    fn a_refused_part_takes_back_those_not_sent_yet() {
        let mut f = Flights::default();
        assert!(f.add(0, out(1), parts(3), true).is_none());
        let n = f.next().unwrap();
        f.sent(n);
        let (_, s) = f.refused(n.token, ErrorClass::Permanent, "x".into(), "y".into()).unwrap();
        assert!(matches!(s.result, SendResult::Refused { class: ErrorClass::Permanent, .. }));
        assert!(!f.has_pending() && f.is_empty());
    }

    #[test]
    fn throttled_parts_keep_their_order() {
        let mut f = Flights::default();
        (1..=3).for_each(|i| assert!(f.add(0, out(i), parts(1), false).is_none()));
        let t = send_all(&mut f);
        assert!(f.add(0, out(4), parts(1), false).is_none());
        // Answers come in any order.
        f.later(t[1]);
        f.later(t[2]);
        f.later(t[0]);
        let ids: Vec<u64> = std::iter::from_fn(|| {
            let n = f.next()?;
            let id = f.content(n)?.0.id().0;
            f.sent(n);
            Some(id)
        })
        .collect();
        assert_eq!(ids, [1, 2, 3, 4]);
    }

    #[test]
    fn at_the_end_each_message_has_its_own_fate() {
        let mut f = Flights::default();
        assert!(f.add(0, out(1), parts(1), false).is_none()); // sent, not answered
        assert!(f.add(0, out(2), parts(2), false).is_none()); // one part answered, one not sent
        assert!(f.add(0, out(3), parts(1), false).is_none()); // not sent
        let n = f.next().unwrap();
        f.sent(n);
        let n = f.next().unwrap();
        f.sent(n);
        assert!(f.accepted(n.token, Bytes::new()).is_none());
        let fates: Vec<_> = f.drain().into_iter().map(|(_, s)| (s.out.id().0, s.result)).collect();
        assert_eq!(fates[0], (3, SendResult::Released));
        assert!(matches!(fates[1], (2, SendResult::Refused { class: ErrorClass::Throttled, ref sent, .. }) if sent.len() == 1));
        assert!(matches!(fates[2], (1, SendResult::NoAnswer { .. })));
        assert!(f.is_empty());
    }

    #[test]
    fn a_message_whose_parts_all_went_out_is_done() {
        let mut f = Flights::default();
        let before = Outgoing { sent_parts: vec![0, 1, 2], ..out(1) };
        let (_, s) = f.add(0, before, parts(2), true).unwrap();
        assert!(matches!(s.result, SendResult::Sent { total: 2, ref parts, .. } if parts.is_empty()));
        assert!(f.is_empty() && !f.has_pending());
    }

    #[test]
    fn parts_beyond_255_are_kept_apart_from_other_messages() {
        let mut f = Flights::default();
        assert!(f.add(0, out(1), parts(600), false).is_none());
        assert!(f.add(0, out(2), parts(1), false).is_none());
        let t = send_all(&mut f);
        assert_eq!(t.iter().collect::<std::collections::HashSet<_>>().len(), 601);
        let done: Vec<_> = t.iter().filter_map(|&t| f.accepted(t, Bytes::new())).map(|(_, s)| (s.out.id().0, s.result)).collect();
        assert!(matches!(done[0], (1, SendResult::Sent { total: 255, ref parts, .. }) if parts.len() == 256));
        assert!(matches!(done[1], (2, SendResult::Sent { .. })));
        assert!(f.is_empty());
    }
}
