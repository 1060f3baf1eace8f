//! The requests that wait for an answer, found by sequence number and ordered by time.

use std::collections::VecDeque;
use std::time::Instant;

use hashbrown::HashMap;

/// Unanswered requests. All of them have the same timeout, so a queue keeps them in order of their deadlines; an
/// answered request leaves a dead entry there, which is dropped at the front or when dead entries prevail.
#[derive(Debug, Default)]
pub(super) struct Window {
    in_flight: HashMap<u32, Waiting>,
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
struct Slot {
    deadline: Instant,
    order: u64,
    seq: u32,
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

    pub(super) fn remove(&mut self, seq: u32) -> Option<u64> {
        let Waiting { order, token } = self.in_flight.remove(&seq)?;
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

    /// Takes the oldest request, as (sequence number, token), if its deadline has come.
    pub(super) fn pop_expired(&mut self, now: Instant) -> Option<(u32, u64)> {
        if self.next_deadline()? > now {
            return None;
        }
        self.pop_oldest()
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
