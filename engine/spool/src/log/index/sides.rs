//! What is known of messages that have been sent at least in part: the state of each part and the carrier's ids, and from a carrier's id
//! back to the message.
//!
//! Remote ids are kept as 128-bit hashes with a secret key of the folder: ten million of them collide with a chance below 1 in 10^24, and
//! nobody who does not know the key can choose ids that do. The back way costs eight octets a remote id.

use std::collections::VecDeque;

use hashbrown::{HashMap, HashTable};

use super::super::codec::Hash128;
use super::entries::NO_SIDE;

/// Finished remote ids that are remembered, to tell a repeated receipt from an unknown one.
const FINISHED: usize = 65_536;

#[derive(Debug)]
enum Parts {
    /// The usual message: one part, one remote id.
    One {
        state: u8,
        hash: Hash128,
    },
    Many(Box<Many>),
}

#[derive(Debug, Default)]
struct Many {
    states: Vec<u8>,
    sent: Vec<(u8, Hash128)>,
}

/// A message that has been sent at least in part.
#[derive(Debug)]
pub(crate) struct Side {
    pub(crate) id: u64,
    /// Changes with every change of the message.
    pub(crate) version: u32,
    parts: Parts,
}

impl Side {
    /// State codes of all parts, 0 = no receipt yet.
    pub(crate) fn states(&self) -> Vec<u8> {
        match &self.parts {
            Parts::One { state, .. } => vec![*state],
            Parts::Many(many) => many.states.clone(),
        }
    }

    pub(crate) fn parts(&self) -> usize {
        match &self.parts {
            Parts::One { .. } => 1,
            Parts::Many(many) => many.states.len(),
        }
    }

    /// Parts that went out, with their remote ids.
    pub(crate) fn sent(&self) -> impl Iterator<Item = (u8, Hash128)> + use<'_> {
        (0..self.sent_count()).map_while(|n| self.sent_at(n))
    }

    fn set_state(&mut self, part: u8, code: u8) {
        match &mut self.parts {
            Parts::One { state, .. } => *state = code,
            Parts::Many(many) => {
                if let Some(state) = many.states.get_mut(usize::from(part)) {
                    *state = code;
                }
            }
        }
    }

    /// One of the parts that went out, by the order in which they did.
    fn sent_at(&self, index: u32) -> Option<(u8, Hash128)> {
        match &self.parts {
            Parts::One { hash, .. } => (index == 0).then_some((0, *hash)),
            Parts::Many(many) => many.sent.get(index as usize).copied(),
        }
    }

    fn sent_count(&self) -> u32 {
        match &self.parts {
            Parts::One { .. } => 1,
            Parts::Many(many) => many.sent.len() as u32,
        }
    }

    /// Turns into the general form, with room for `total` parts.
    fn many(&mut self, total: usize) -> &mut Many {
        if let Parts::One { state, hash } = self.parts {
            self.parts = Parts::Many(Box::new(Many { states: vec![state], sent: vec![(0, hash)] }));
        }
        match &mut self.parts {
            Parts::Many(many) => {
                if many.states.len() < total {
                    many.states.resize(total, 0);
                }
                many
            }
            // Just replaced above.
            Parts::One { .. } => unreachable!("a single part was made general"),
        }
    }
}

/// Tables of the way back. One table of ten million would stand still for a second when it grows; of these each grows at a time of its own.
const TABLES: usize = 64;

/// All of them, and the way back from remote ids.
#[derive(Debug)]
pub(crate) struct Sides {
    slots: Vec<Option<Side>>,
    free: Vec<u32>,
    /// Slot and index of the part sent, found by the part's hash. One remote id leads to one message: the one it was last given for.
    by_remote: Box<[HashTable<(u32, u32)>; TABLES]>,
    next_version: u32,
    finished: HashMap<Hash128, u64>,
    finished_order: VecDeque<Hash128>,
}

impl Default for Sides {
    fn default() -> Sides {
        Sides {
            slots: Vec::new(),
            free: Vec::new(),
            by_remote: Box::new(std::array::from_fn(|_| HashTable::new())),
            next_version: 0,
            finished: HashMap::new(),
            finished_order: VecDeque::new(),
        }
    }
}

/// The table that has a remote id.
fn table(hash: Hash128) -> usize {
    hash.0[1] as usize % TABLES
}

impl Sides {
    pub(crate) fn get(&self, slot: u32) -> Option<&Side> {
        self.slots.get(slot as usize)?.as_ref()
    }

    /// Records that parts of message `id` went out. Returns its slot.
    pub(crate) fn sent(&mut self, slot: u32, id: u64, total: u8, parts: &[(u8, Hash128)]) -> u32 {
        let version = self.version();
        let total = parts.iter().map(|(part, _)| part.saturating_add(1)).fold(total, u8::max);
        if slot == NO_SIDE {
            let single = match parts {
                [(0, hash)] if total == 1 => Some(*hash),
                _ => None,
            };
            let side = Side {
                id,
                version,
                parts: match single {
                    Some(hash) => Parts::One { state: 0, hash },
                    None => Parts::Many(Box::new(Many { states: vec![0; usize::from(total)], sent: parts.to_vec() })),
                },
            };
            let slot = match self.free.pop() {
                Some(slot) => {
                    self.slots[slot as usize] = Some(side);
                    slot
                }
                None => {
                    self.slots.push(Some(side));
                    self.slots.len() as u32 - 1
                }
            };
            self.lead(parts, slot, 0);
            return slot;
        }
        if let Some(side) = self.slots.get_mut(slot as usize).and_then(Option::as_mut) {
            side.version = version;
            let first = side.sent_count();
            if usize::from(total) > side.parts() || !parts.is_empty() {
                side.many(usize::from(total)).sent.extend_from_slice(parts);
            }
            self.lead(parts, slot, first);
        }
        slot
    }

    /// Parts of a message that went out, for a copy of it; without the remote ids that have been given to a later message since.
    pub(crate) fn owned(&self, slot: u32) -> Vec<(u8, Hash128)> {
        let Some(side) = self.get(slot) else { return Vec::new() };
        let own =
            |index: u32, hash: Hash128| self.by_remote[table(hash)].find(hash.0[0], |candidate| *candidate == (slot, index)).is_some();
        (0u32..).zip(side.sent()).map(|(index, (part, hash))| (part, if own(index, hash) { hash } else { Hash128::NONE })).collect()
    }

    /// Restores one that was copied forward.
    pub(crate) fn restore(&mut self, id: u64, states: &[u8], parts: &[(u8, Hash128)]) -> u32 {
        let total = states.len().min(255) as u8;
        let slot = self.sent(NO_SIDE, id, total, parts);
        for (part, state) in (0u8..).zip(states) {
            self.set_state(slot, part, *state);
        }
        slot
    }

    pub(crate) fn set_state(&mut self, slot: u32, part: u8, state: u8) {
        let version = self.version();
        if let Some(side) = self.slots.get_mut(slot as usize).and_then(Option::as_mut) {
            side.version = version;
            side.set_state(part, state);
        }
    }

    /// The message is gone; its remote ids are remembered as finished.
    pub(crate) fn finish(&mut self, slot: u32) {
        let Some(side) = self.slots.get_mut(slot as usize).and_then(Option::take) else { return };
        self.free.push(slot);
        for (index, (_, hash)) in (0u32..).zip(side.sent()) {
            if hash != Hash128::NONE {
                if let Ok(found) = self.by_remote[table(hash)].find_entry(hash.0[0], |candidate| *candidate == (slot, index)) {
                    found.remove();
                }
                self.remember(hash, side.id);
            }
        }
    }

    /// A remote id was given to a message that is finished by now: it leads nowhere any more.
    pub(crate) fn outdate(&mut self, hash: Hash128, id: u64) {
        if hash == Hash128::NONE {
            return;
        }
        let slots = &self.slots;
        let hash_of = |(slot, index): &(u32, u32)| slots.get(*slot as usize)?.as_ref()?.sent_at(*index).map(|(_, hash)| hash);
        if let Ok(found) = self.by_remote[table(hash)].find_entry(hash.0[0], |candidate| hash_of(candidate) == Some(hash)) {
            found.remove();
        }
        self.remember(hash, id);
    }

    /// Remembers a remote id as that of a finished message.
    fn remember(&mut self, hash: Hash128, id: u64) {
        if self.finished.insert(hash, id).is_none() {
            self.finished_order.push_back(hash);
            if self.finished_order.len() > FINISHED
                && let Some(oldest) = self.finished_order.pop_front()
            {
                self.finished.remove(&oldest);
            }
        }
    }

    /// Slot and part that a remote id was last given for.
    pub(crate) fn find(&self, hash: Hash128) -> Option<(u32, u8)> {
        let sent = |(slot, index): &(u32, u32)| self.get(*slot).and_then(|side| side.sent_at(*index));
        let found = self.by_remote[table(hash)].find(hash.0[0], |candidate| sent(candidate).is_some_and(|(_, h)| h == hash))?;
        Some((found.0, sent(found)?.0))
    }

    pub(crate) fn finished(&self, hash: Hash128) -> Option<u64> {
        self.finished.get(&hash).copied()
    }

    /// Makes the remote ids of parts lead to a slot, where they have the indices from `first`.
    fn lead(&mut self, parts: &[(u8, Hash128)], slot: u32, first: u32) {
        let slots = &self.slots;
        let hash_of = |(slot, index): &(u32, u32)| slots.get(*slot as usize)?.as_ref()?.sent_at(*index).map(|(_, hash)| hash);
        for (index, (_, hash)) in (first..).zip(parts) {
            if *hash == Hash128::NONE {
                continue;
            }
            if let Some(existing) = self.by_remote[table(*hash)].find_mut(hash.0[0], |candidate| hash_of(candidate) == Some(*hash)) {
                *existing = (slot, index);
            } else {
                self.by_remote[table(*hash)].insert_unique(hash.0[0], (slot, index), |place| hash_of(place).map_or(0, |h| h.0[0]));
            }
        }
    }

    fn version(&mut self) -> u32 {
        self.next_version = self.next_version.wrapping_add(1);
        self.next_version
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(n: u64) -> Hash128 {
        Hash128([n.wrapping_mul(0x9E37_79B9_7F4A_7C15), n + 1])
    }

    #[test]
    fn many_remotes_are_found_and_forgotten() {
        let mut sides = Sides::default();
        let slots: Vec<u32> = (0..5000).map(|n| sides.sent(NO_SIDE, n, 1, &[(0, hash(n))])).collect();
        for n in 0..5000 {
            assert_eq!(sides.find(hash(n)), Some((slots[n as usize], 0)));
        }
        for n in 0..5000 {
            sides.finish(slots[n as usize]);
            assert_eq!(sides.find(hash(n)), None);
            assert_eq!(sides.finished(hash(n)), Some(n));
        }
        assert!(sides.by_remote.iter().all(HashTable::is_empty));
    }

    #[test]
    fn a_reused_remote_id_belongs_to_the_later_message() {
        let mut sides = Sides::default();
        let a = sides.sent(NO_SIDE, 1, 1, &[(0, hash(9))]);
        let b = sides.sent(NO_SIDE, 2, 2, &[(1, hash(9))]);
        assert_eq!(sides.find(hash(9)), Some((b, 1)));
        sides.finish(a);
        assert_eq!(sides.find(hash(9)), Some((b, 1)));
        sides.finish(b);
        assert_eq!(sides.find(hash(9)), None);
    }

    #[test]
    fn parts_gather_over_attempts() {
        let mut sides = Sides::default();
        let slot = sides.sent(NO_SIDE, 1, 0, &[(0, hash(1))]);
        sides.set_state(slot, 0, 7);
        let before = sides.get(slot).map(|s| s.version);
        sides.sent(slot, 1, 3, &[(1, hash(2)), (2, Hash128::NONE)]);
        let side = sides.get(slot).expect("just stored");
        assert_eq!(side.states(), [7, 0, 0]);
        assert_ne!(Some(side.version), before);
        assert_eq!(sides.find(hash(2)), Some((slot, 1)));
        assert_eq!(sides.find(hash(1)), Some((slot, 0)));
    }
}
