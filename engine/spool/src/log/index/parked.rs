//! Receipts that wait for the response they belong to.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use hashbrown::HashMap;

use super::super::codec::Pos;
use crate::{Millis, Parked, QueueId};

/// Octets of bodies kept in memory at most; beyond, parking is refused like beyond the count.
const MAX_OCTETS: usize = 64 << 20;

#[derive(Debug)]
struct Item {
    parked: Parked,
    pos: Pos,
    /// When it is stale: counted from when it was parked, or handed out last.
    stale: Millis,
    /// Handed out: whoever has it will unpark it.
    taken: bool,
}

/// All parked receipts.
#[derive(Debug, Default)]
pub(crate) struct ParkedTable {
    items: BTreeMap<u64, Item>,
    by_remote: HashMap<(QueueId, Bytes), Vec<u64>>,
    by_age: BTreeSet<(Millis, u64)>,
    octets: usize,
}

impl ParkedTable {
    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    pub(crate) fn full(&self, max: usize, more: usize) -> bool {
        self.items.len() + more > max || self.octets > MAX_OCTETS
    }

    /// Adds a receipt; one of that number that is there already is kept.
    pub(crate) fn insert(&mut self, parked: Parked, stale: Millis) {
        let key = parked.key;
        if self.items.contains_key(&key) {
            return;
        }
        self.octets += parked.body.len() + parked.remote.len();
        let keys = self.by_remote.entry((parked.source, parked.remote.clone())).or_default();
        // Copies forward are met later than they were parked.
        keys.insert(keys.partition_point(|other| *other < key), key);
        self.by_age.insert((stale, key));
        self.items.insert(key, Item { parked, pos: Pos::NONE, stale, taken: false });
    }

    /// Says where a receipt lies in the log; returns where it lay before. `None` if it is gone.
    pub(crate) fn moved(&mut self, key: u64, to: Pos) -> Option<Pos> {
        self.items.get_mut(&key).map(|item| std::mem::replace(&mut item.pos, to))
    }

    pub(crate) fn pos(&self, key: u64) -> Option<Pos> {
        self.items.get(&key).map(|item| item.pos)
    }

    pub(crate) fn get(&self, key: u64) -> Option<&Parked> {
        self.items.get(&key).map(|item| &item.parked)
    }

    /// Receipts for a remote id that nobody has yet, handed out.
    pub(crate) fn take(&mut self, source: QueueId, remote: &Bytes, stale: Millis, out: &mut Vec<Parked>) {
        let Some(keys) = self.by_remote.get(&(source, remote.clone())) else { return };
        for key in keys.clone() {
            if self.items.get(&key).is_some_and(|item| !item.taken) {
                self.hand_out(key, stale, out);
            }
        }
    }

    /// Stale receipts, handed out.
    pub(crate) fn take_stale(&mut self, now: Millis, max: usize, stale: Millis) -> Vec<Parked> {
        let keys: Vec<u64> = self.by_age.range(..=(now, u64::MAX)).take(max).map(|(_, key)| *key).collect();
        let mut out = Vec::with_capacity(keys.len());
        for key in keys {
            self.hand_out(key, stale, &mut out);
        }
        out
    }

    pub(crate) fn hand_out(&mut self, key: u64, stale: Millis, out: &mut Vec<Parked>) {
        if let Some(item) = self.items.get_mut(&key) {
            self.by_age.remove(&(item.stale, key));
            item.stale = stale;
            item.taken = true;
            self.by_age.insert((stale, key));
            out.push(item.parked.clone());
        }
    }

    /// Forgets a receipt; returns where it lay.
    pub(crate) fn remove(&mut self, key: u64) -> Option<Pos> {
        let item = self.items.remove(&key)?;
        self.octets -= item.parked.body.len() + item.parked.remote.len();
        self.by_age.remove(&(item.stale, key));
        let remote = (item.parked.source, item.parked.remote);
        if let Some(keys) = self.by_remote.get_mut(&remote) {
            keys.retain(|k| *k != key);
            if keys.is_empty() {
                self.by_remote.remove(&remote);
            }
        }
        Some(item.pos)
    }
}
