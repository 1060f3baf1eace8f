//! Idempotency keys of the last while: a second accept with one of them gets the first one's id.

use std::collections::VecDeque;

use hashbrown::HashMap;

use super::super::codec::Hash128;
use crate::Millis;

/// One key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) hash: Hash128,
    pub(crate) id: u64,
    pub(crate) at: Millis,
    /// Log file that it lies in (or an earlier one); 0 when it has been saved apart.
    pub(crate) segment: u32,
}

/// All keys, oldest first.
#[derive(Debug)]
pub(crate) struct Dedup {
    window: Millis,
    max: usize,
    ids: HashMap<Hash128, u64>,
    order: VecDeque<Key>,
}

impl Dedup {
    pub(crate) fn new(window: Millis, max: usize) -> Dedup {
        Dedup { window, max, ids: HashMap::new(), order: VecDeque::new() }
    }

    /// Drops what is outside the window or beyond the limit.
    pub(crate) fn expire(&mut self, now: Millis) {
        while let Some(first) = self.order.front() {
            if self.order.len() <= self.max && first.at + self.window > now {
                break;
            }
            if let Some(key) = self.order.pop_front() {
                self.ids.remove(&key.hash);
            }
        }
    }

    pub(crate) fn find(&self, hash: Hash128) -> Option<u64> {
        self.ids.get(&hash).copied()
    }

    /// Remembers a key; one that is known already stays as it is, unless its window had passed by then.
    pub(crate) fn insert(&mut self, key: Key) {
        self.expire(key.at);
        if self.ids.try_insert(key.hash, key.id).is_ok() {
            self.order.push_back(key);
        }
    }

    /// Keys that lie in log files up to `segment` and have not been saved apart.
    pub(crate) fn unsaved(&self, segment: u32) -> Vec<Key> {
        self.order.iter().take_while(|key| key.segment <= segment).filter(|key| key.segment != 0).copied().collect()
    }

    /// Those have been saved apart.
    pub(crate) fn saved(&mut self, segment: u32) {
        self.order.iter_mut().take_while(|key| key.segment <= segment).for_each(|key| key.segment = 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u64, at: Millis, segment: u32) -> Key {
        Key { hash: Hash128([n, 1]), id: n, at, segment }
    }

    #[test]
    fn keys_go_out_of_the_window_and_over_the_limit() {
        let mut dedup = Dedup::new(1000, 3);
        for n in 0..4 {
            dedup.insert(key(n, n * 100, 1));
        }
        dedup.insert(key(3, 999, 1));
        dedup.expire(300);
        assert_eq!((dedup.find(Hash128([0, 1])), dedup.find(Hash128([1, 1]))), (None, Some(1)));
        dedup.expire(1299);
        assert_eq!((dedup.find(Hash128([2, 1])), dedup.find(Hash128([3, 1]))), (None, Some(3)));
        dedup.expire(1300);
        assert_eq!(dedup.find(Hash128([3, 1])), None);
    }

    #[test]
    fn a_key_met_again_after_its_window_counts_from_then() {
        let mut dedup = Dedup::new(1000, 9);
        dedup.insert(key(1, 0, 1));
        dedup.insert(Key { id: 7, ..key(1, 1000, 1) });
        dedup.expire(1999);
        assert_eq!(dedup.find(Hash128([1, 1])), Some(7));
    }

    #[test]
    fn keys_are_saved_once() {
        let mut dedup = Dedup::new(1000, 10);
        for n in 1..=3 {
            dedup.insert(key(n, 0, n as u32));
        }
        assert_eq!(dedup.unsaved(2).len(), 2);
        dedup.saved(2);
        assert_eq!(dedup.unsaved(2).len(), 0);
        assert_eq!(dedup.unsaved(3).len(), 1);
    }
}
