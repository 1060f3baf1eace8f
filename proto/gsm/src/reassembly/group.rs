//! One message that waits for parts.

use super::{Incomplete, Part};

/// What the parts of a message have in common.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) struct Identity<K> {
    pub(super) key: K,
    pub(super) reference: u16,
    pub(super) total: u8,
}

/// The parts of a message so far.
#[derive(Debug)]
pub(super) struct Group<K, T> {
    pub(super) identity: Identity<K>,
    /// In the order of their numbers.
    parts: Vec<Part<T>>,
    pub(super) octets: usize,
    pub(super) deadline: u64,
    pub(super) last_part: u64,
}

impl<K, T> Group<K, T> {
    pub(super) fn new(identity: Identity<K>, now: u64, lifetime_ms: u64) -> Self {
        Self { identity, parts: Vec::new(), octets: 0, deadline: now.saturating_add(lifetime_ms), last_part: now }
    }

    /// The very same part is there.
    pub(super) fn holds(&self, part: &Part<T>) -> bool {
        self.find(part.number).ok().and_then(|at| self.parts.get(at)).is_some_and(|held| held.payload == part.payload)
    }

    /// No part of that number is there.
    pub(super) fn lacks(&self, number: u8) -> bool {
        self.find(number).is_err()
    }

    /// Adds a part that is lacking; true if the message is whole now.
    pub(super) fn add(&mut self, part: Part<T>, now: u64) -> bool {
        let at = self.find(part.number).unwrap_or_else(|at| at);
        self.octets += part.cost();
        self.last_part = now;
        self.parts.insert(at, part);
        self.parts.len() == usize::from(self.identity.total)
    }

    pub(super) fn into_parts(self) -> Vec<Part<T>> {
        self.parts
    }

    pub(super) fn into_incomplete(self) -> Incomplete<K, T> {
        let Identity { key, reference, total } = self.identity;
        Incomplete { key, reference, total, parts: self.parts }
    }

    fn find(&self, number: u8) -> Result<usize, usize> {
        self.parts.binary_search_by_key(&number, |part| part.number)
    }
}
