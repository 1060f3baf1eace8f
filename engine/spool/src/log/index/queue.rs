//! One queue: priorities, fairness between groups, due times.
//!
//! Lists hold ids only and are cleaned lazily: whoever takes an id out of one looks at the entry whether it is still meant.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};

use super::entries::IdMap;
use crate::{MAX_PRIORITY, Millis};

/// Due times are rounded up to this, so that a retry storm makes few buckets.
pub(crate) const TICK: Millis = 100;
/// One of so many claims goes to the next lower priority.
const TURNS: u32 = 16;

/// What the caller makes of an id that a list offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is taken.
    Take,
    /// It is no longer in the queue: on to the next.
    Skip,
}

/// Messages of one group and priority, by id: what comes back (a retry, a released lease) goes where it was.
#[derive(Debug, Default)]
struct Line {
    fresh: VecDeque<u64>,
    back: BinaryHeap<Reverse<u64>>,
}

impl Line {
    fn push(&mut self, id: u64) {
        if self.fresh.back().is_none_or(|last| *last < id) {
            self.fresh.push_back(id);
        } else {
            self.back.push(Reverse(id));
        }
    }

    fn first(&self) -> Option<u64> {
        match (self.fresh.front(), self.back.peek()) {
            (Some(a), Some(Reverse(b))) => Some(*a.min(b)),
            (Some(a), None) => Some(*a),
            (None, b) => b.map(|b| b.0),
        }
    }

    fn pop(&mut self) -> Option<u64> {
        let id = self.first()?;
        if self.fresh.front() == Some(&id) {
            self.fresh.pop_front();
            if self.fresh.capacity() > 64 && self.fresh.len() * 4 < self.fresh.capacity() {
                self.fresh.shrink_to(self.fresh.len() * 2);
            }
        } else {
            self.back.pop();
            if self.back.is_empty() {
                self.back = BinaryHeap::new();
            }
        }
        Some(id)
    }
}

/// One priority: groups take turns.
#[derive(Debug, Default)]
struct Level {
    turns: VecDeque<u32>,
    lines: IdMap<Line>,
}

impl Level {
    fn push(&mut self, group: u32, id: u64) {
        self.lines
            .entry(u64::from(group))
            .or_insert_with(|| {
                self.turns.push_back(group);
                Line::default()
            })
            .push(id);
    }

    fn pop(&mut self, fate: &mut impl FnMut(u64, u32) -> Fate) -> Option<u64> {
        while let Some(group) = self.turns.pop_front() {
            let Some(line) = self.lines.get_mut(&u64::from(group)) else { continue };
            let mut taken = None;
            while let Some(id) = line.pop() {
                if fate(id, group) == Fate::Take {
                    taken = Some(id);
                    break;
                }
            }
            if line.first().is_some() {
                self.turns.push_back(group);
            } else {
                self.lines.remove(&u64::from(group));
            }
            if taken.is_some() {
                return taken;
            }
        }
        None
    }
}

/// A queue and what it holds.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    levels: [Level; MAX_PRIORITY as usize + 1],
    deferred_ids: BTreeMap<Millis, Vec<u64>>,
    turn: u32,
    /// Ids in the lists that are no longer meant, about.
    stale: u64,
    /// Oldest deferred message, if known: (id, when accepted).
    pub(crate) oldest_deferred: Option<(u64, Millis)>,
    pub(crate) ready: u64,
    pub(crate) deferred: u64,
    /// Queued messages whose validity has ended.
    pub(crate) expired: u64,
    pub(crate) leased: u64,
    pub(crate) awaiting: u64,
    pub(crate) dead: u64,
    /// Somebody has to be told that there may be something to claim.
    pub(crate) woken: bool,
}

impl Queue {
    pub(crate) fn is_empty(&self) -> bool {
        self.ready + self.deferred + self.expired + self.leased + self.awaiting + self.dead == 0
    }

    pub(crate) fn push(&mut self, priority: u8, group: u32, id: u64) {
        self.levels[usize::from(priority.min(MAX_PRIORITY))].push(group, id);
    }

    pub(crate) fn defer(&mut self, due: Millis, id: u64) {
        self.deferred_ids.entry(due.div_ceil(TICK)).or_default().push(id);
    }

    /// When the next deferred message may fall due.
    pub(crate) fn next_due(&self) -> Option<Millis> {
        self.deferred_ids.first_key_value().map(|(tick, _)| tick * TICK)
    }

    /// Takes out the ids that have fallen due, at most about `max`.
    pub(crate) fn fallen_due(&mut self, now: Millis, max: usize) -> Vec<u64> {
        let mut ids = Vec::new();
        while let Some(mut bucket) = self.deferred_ids.first_entry() {
            if *bucket.key() * TICK > now || ids.len() >= max {
                break;
            }
            let here = bucket.get_mut();
            if here.len() > max - ids.len() {
                ids.extend(here.drain(..max - ids.len()));
            } else {
                ids.append(here);
                bucket.remove();
            }
        }
        ids
    }

    /// All ids that wait for a due time, stale ones among them.
    pub(crate) fn deferred_ids(&self) -> impl Iterator<Item = u64> {
        self.deferred_ids.values().flatten().copied()
    }

    /// Drops ids that are no longer meant from the heads of all lists. `keep` gets (id, priority, group).
    pub(crate) fn trim(&mut self, mut keep: impl FnMut(u64, u8, u32) -> bool) {
        for (priority, level) in self.levels.iter_mut().enumerate() {
            for (group, line) in &mut level.lines {
                while line.first().is_some_and(|id| !keep(id, priority as u8, *group as u32)) {
                    line.pop();
                    self.stale = self.stale.saturating_sub(1);
                }
            }
        }
    }

    /// The first ids of all groups.
    pub(crate) fn firsts(&self) -> impl Iterator<Item = u64> {
        self.levels.iter().flat_map(|l| l.lines.values()).filter_map(Line::first)
    }

    /// Next message in turn. `fate` judges what the lists offer: id, priority, group.
    pub(crate) fn pop(&mut self, mut fate: impl FnMut(u64, u8, u32) -> Fate) -> Option<u64> {
        loop {
            let level = self.pick()?;
            let priority = level as u8;
            let id = self.levels[level].pop(&mut |id, group| {
                let fate = fate(id, priority, group);
                if fate == Fate::Skip {
                    self.stale = self.stale.saturating_sub(1);
                }
                fate
            });
            if id.is_some() {
                self.turn = self.turn.wrapping_add(1);
                return id;
            }
        }
    }

    /// Highest priority that has a list, or now and then the next lower one.
    fn pick(&self) -> Option<usize> {
        let mut level = (0..self.levels.len()).rev().find(|l| !self.levels[*l].turns.is_empty())?;
        let mut turn = self.turn;
        while turn % TURNS == TURNS - 1 {
            let Some(lower) = (0..level).rev().find(|l| !self.levels[*l].turns.is_empty()) else { break };
            level = lower;
            turn /= TURNS;
        }
        Some(level)
    }

    /// An id was left behind in a list; when there are many, the lists are to be rebuilt: true.
    pub(crate) fn left_behind(&mut self) -> bool {
        self.stale += 1;
        self.stale > 1024 && self.stale > 2 * (self.ready + self.deferred)
    }

    /// Drops ids that are no longer meant. `keep` gets (id, priority, group) for ready ones, and priority `None` for deferred ones.
    pub(crate) fn clean(&mut self, mut keep: impl FnMut(u64, Option<u8>, u32) -> bool) {
        for (priority, level) in self.levels.iter_mut().enumerate() {
            for (group, line) in &mut level.lines {
                line.fresh.retain(|id| keep(*id, Some(priority as u8), *group as u32));
                line.fresh.shrink_to_fit();
                line.back.retain(|Reverse(id)| keep(*id, Some(priority as u8), *group as u32));
                line.back.shrink_to_fit();
            }
        }
        self.deferred_ids.retain(|_, ids| {
            ids.retain(|id| keep(*id, None, 0));
            !ids.is_empty()
        });
        self.stale = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drain(queue: &mut Queue, n: usize) -> Vec<u64> {
        (0..n).filter_map(|_| queue.pop(|_, _, _| Fate::Take)).collect()
    }

    #[test]
    fn groups_take_turns_and_returned_ids_go_back_to_their_place() {
        let mut q = Queue::default();
        for id in 1..=4 {
            q.push(1, 1, id);
        }
        q.push(1, 2, 5);
        assert_eq!(drain(&mut q, 3), [1, 5, 2]);
        q.push(1, 1, 2);
        q.push(1, 1, 1);
        assert_eq!(drain(&mut q, 9), [1, 2, 3, 4]);
        assert_eq!(drain(&mut q, 1), []);
    }

    #[test]
    fn one_claim_of_sixteen_goes_to_the_next_lower_priority_and_the_lowest_is_reached_too() {
        let mut q = Queue::default();
        for id in 0..2000 {
            q.push(3, 1, id);
            q.push(1, 1, 10_000 + id);
        }
        q.push(0, 1, 99_999);
        let order = drain(&mut q, 256);
        assert_eq!(order.iter().filter(|id| **id >= 10_000).count(), 16);
        assert_eq!(order[15], 10_000);
        assert!(order.contains(&99_999));
    }

    #[test]
    fn due_times_round_up_and_large_buckets_come_in_portions() {
        let mut q = Queue::default();
        for id in 0..10 {
            q.defer(1_001, id);
        }
        assert_eq!(q.next_due(), Some(1_100));
        assert!(q.fallen_due(1_099, 100).is_empty());
        assert_eq!(q.fallen_due(1_100, 6).len(), 6);
        assert_eq!(q.fallen_due(1_100, 6).len(), 4);
        assert_eq!(q.next_due(), None);
    }
}
