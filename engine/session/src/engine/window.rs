//! The requests that wait for an answer, found by sequence number and ordered by time.

use std::collections::VecDeque;
use std::time::Instant;

use hashbrown::HashMap;

/// Unanswered requests. All of them have the same timeout, so a queue keeps them in order of their deadlines; an
/// answered request leaves a dead entry there, which is dropped at the front or when dead entries prevail.
#[derive(Debug, Default)]
pub(super) struct Window {
    in_flight: HashMap<u32, Waiting>,
    /// What goes out again without an answer; empty in sessions where nothing does.
    kept: HashMap<u32, Kept>,
    by_time: VecDeque<Slot>,
    /// No request in flight has a number above this.
    highest: u32,
    next_order: u64,
}

#[derive(Debug)]
struct Waiting {
    order: u64,
    token: u64,
}

#[derive(Debug)]
struct Kept {
    frame: Box<[u8]>,
    /// How often it may still go out.
    left: u32,
}

#[derive(Debug)]
struct Slot {
    deadline: Instant,
    order: u64,
    seq: u32,
}

/// What comes of a request without an answer in time.
#[derive(Debug)]
pub(super) enum Expired {
    /// It goes out again, and stays in flight.
    Again { frame: Box<[u8]> },
    /// It is in flight no longer.
    ForGood { seq: u32, token: u64 },
}

impl Window {
    pub(super) fn contains(&self, seq: u32) -> bool {
        seq <= self.highest && self.in_flight.contains_key(&seq)
    }

    pub(super) fn len(&self) -> usize {
        self.in_flight.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.in_flight.is_empty()
    }

    pub(super) fn insert(&mut self, seq: u32, token: u64, deadline: Instant) {
        let order = self.next_order;
        self.next_order += 1;
        self.highest = if self.in_flight.is_empty() { seq } else { self.highest.max(seq) };
        self.in_flight.insert(seq, Waiting { order, token });
        self.by_time.push_back(Slot { deadline, order, seq });
        if self.by_time.len() > 2 * self.in_flight.len() + 64 {
            let in_flight = &self.in_flight;
            self.by_time.retain(|slot| is_live(in_flight, slot));
        }
    }

    /// Keeps the frame of a request in flight, which may go out `left` times more.
    pub(super) fn keep(&mut self, seq: u32, frame: &[u8], left: u32) {
        self.kept.insert(seq, Kept { frame: frame.into(), left });
    }

    pub(super) fn remove(&mut self, seq: u32) -> Option<u64> {
        let Waiting { order, token } = self.in_flight.remove(&seq)?;
        if !self.kept.is_empty() {
            self.kept.remove(&seq);
        }
        if self.by_time.front().is_some_and(|slot| slot.order == order) {
            self.by_time.pop_front();
            self.drop_dead_front();
        }
        Some(token)
    }

    /// The oldest request's deadline.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.by_time.front().map(|slot| slot.deadline)
    }

    /// What comes of the oldest request, if its deadline has come. Where `again` is given, it goes out again if it may, and has until then.
    pub(super) fn expire(&mut self, now: Instant, again: Option<Instant>) -> Option<Expired> {
        let seq = self.by_time.front().filter(|slot| slot.deadline <= now)?.seq;
        if let Some(deadline) = again
            && let Some(frame) = self.renew(seq, deadline)
        {
            return Some(Expired::Again { frame });
        }
        let token = self.remove(seq)?;
        Some(Expired::ForGood { seq, token })
    }

    /// Puts the oldest request behind the others, with a new deadline, if it may go out again.
    fn renew(&mut self, seq: u32, deadline: Instant) -> Option<Box<[u8]>> {
        let kept = self.kept.get_mut(&seq)?;
        kept.left = kept.left.checked_sub(1)?;
        let frame = kept.frame.clone();
        let order = self.next_order;
        self.in_flight.get_mut(&seq)?.order = order;
        self.next_order += 1;
        self.by_time.pop_front();
        self.by_time.push_back(Slot { deadline, order, seq });
        self.drop_dead_front();
        Some(frame)
    }

    /// Takes the oldest request, as (sequence number, token).
    pub(super) fn pop_oldest(&mut self) -> Option<(u32, u64)> {
        let seq = self.by_time.front()?.seq;
        Some((seq, self.remove(seq)?))
    }

    /// Keeps the rule that a live entry, or none, stands at the front.
    fn drop_dead_front(&mut self) {
        while self.by_time.front().is_some_and(|slot| !is_live(&self.in_flight, slot)) {
            self.by_time.pop_front();
        }
    }
}

fn is_live(in_flight: &HashMap<u32, Waiting>, slot: &Slot) -> bool {
    in_flight.get(&slot.seq).is_some_and(|waiting| waiting.order == slot.order)
}
