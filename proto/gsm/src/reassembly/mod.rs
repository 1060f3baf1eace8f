//! Joining the parts of a message, which come in any order, twice, late or never.
//!
//! The reassembler holds parts in memory, bounded in number and octets, and knows no clock: every call brings the time. Each part carries
//! a token of the caller's, typically what is needed to acknowledge it, and every token comes back exactly once: with the whole message,
//! or with what there was of it.
//!
//! A message is known by the caller's key (sender, receiver, the line it came by) with its reference and number of parts. Senders do
//! reuse references, some use one for all messages; so a part number that comes again with another content begins another message.

mod group;
mod part;

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use self::group::{Group, Identity};
pub use self::part::{Incomplete, Inserted, Part, Reject};

/// How much a reassembler may hold, and for how long.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ReassemblyLimits {
    /// How many messages may wait for parts.
    pub max_messages: usize,
    /// How many octets the waiting parts may take, each counted with [`PART_OVERHEAD`].
    pub max_octets: usize,
    /// How long a message waits from its first part on, in milliseconds.
    pub lifetime_ms: u64,
    /// Two messages of one sender with the same reference, both waiting: a part goes to the older one only if that got a part within
    /// this time, in milliseconds; else to the one that got a part last. So the remains of an old message don't swallow parts of a new
    /// one.
    pub burst_ms: u64,
}

/// What a part is counted for besides its payload, in octets: its place in the tables.
pub const PART_OVERHEAD: usize = 128;

/// How many waiting messages may share a key, a reference and a total; the oldest gives way to one more. Only a broken or hostile sender
/// gets there, and looking through them must stay cheap.
pub const MAX_TWINS: usize = 16;

/// Joins parts. `K` tells senders (and whatever else must not be mixed) apart; `T` is the caller's token for a part.
#[derive(Debug)]
pub struct Reassembler<K, T> {
    limits: ReassemblyLimits,
    /// The waiting messages of an identity, the oldest first.
    waiting: HashMap<Identity<K>, Vec<u64>>,
    /// Every waiting message by its serial number, so the oldest comes first.
    groups: BTreeMap<u64, Group<K, T>>,
    next_serial: u64,
    octets: usize,
    /// The latest time that a call brought: a clock that steps back must not reorder deadlines.
    now: u64,
}

impl Default for ReassemblyLimits {
    /// 10,000 messages, 16 MiB, 24 hours, bursts of 30 seconds.
    fn default() -> Self {
        Self { max_messages: 10_000, max_octets: 16 << 20, lifetime_ms: 24 * 60 * 60 * 1000, burst_ms: 30_000 }
    }
}

impl<K: Clone + Eq + Hash, T> Reassembler<K, T> {
    /// An empty reassembler.
    pub fn new(limits: ReassemblyLimits) -> Self {
        Self { limits, waiting: HashMap::new(), groups: BTreeMap::new(), next_serial: 0, octets: 0, now: 0 }
    }

    /// How many messages wait for parts.
    pub fn len(&self) -> usize {
        self.groups.len()
    }

    /// No message waits for parts.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// How many octets the waiting parts are counted for.
    pub fn octets(&self) -> usize {
        self.octets
    }

    /// Takes in a part at a time in milliseconds, counted from any fixed point.
    ///
    /// Messages whose time is over are not looked for here; call [`expire`](Self::expire) when [`next_expiry`](Self::next_expiry) says.
    pub fn insert(&mut self, key: K, part: Part<T>, now: u64) -> Inserted<K, T> {
        if let Some(reason) = self.reject(&part) {
            return Inserted::Rejected { part, reason };
        }
        if part.total == 1 {
            return Inserted::Complete { parts: vec![part] };
        }
        self.now = self.now.max(now);
        let identity = Identity { key, reference: part.reference, total: part.total };
        let serials = self.waiting.get(&identity).map_or(&[][..], Vec::as_slice);
        let same = |serial: &u64| self.groups.get(serial).is_some_and(|group| group.holds(&part));
        if serials.iter().any(same) {
            return Inserted::Duplicate { token: part.token };
        }
        let mut evicted = Vec::new();
        let serial = match self.pick(serials, part.number) {
            Some(serial) => serial,
            None => {
                let oldest = serials.first().copied().filter(|_| serials.len() >= MAX_TWINS);
                evicted.extend(oldest.and_then(|serial| self.remove(serial)).map(Group::into_incomplete));
                self.begin(identity)
            }
        };
        self.octets += part.cost();
        let complete = self.groups.get_mut(&serial).is_some_and(|group| group.add(part, self.now));
        if complete {
            return Inserted::Complete { parts: self.remove(serial).map(|group| group.into_parts()).unwrap_or_default() };
        }
        self.evict(&mut evicted);
        Inserted::Pending { evicted }
    }

    /// Takes out the messages whose time is over at `now`, the oldest first.
    pub fn expire(&mut self, now: u64) -> Vec<Incomplete<K, T>> {
        self.now = self.now.max(now);
        let mut expired = Vec::new();
        while self.next_expiry().is_some_and(|deadline| deadline <= self.now) {
            expired.extend(self.remove_oldest());
        }
        expired
    }

    /// When [`expire`](Self::expire) has something to do next, in milliseconds; `None` if nothing waits.
    pub fn next_expiry(&self) -> Option<u64> {
        self.groups.first_key_value().map(|(_, group)| group.deadline)
    }

    /// Takes out every message, the oldest first: for the end of a session, when no more parts will come.
    pub fn drain(&mut self) -> Vec<Incomplete<K, T>> {
        std::iter::from_fn(|| self.remove_oldest()).collect()
    }

    fn reject(&self, part: &Part<T>) -> Option<Reject> {
        if part.number == 0 || part.number > part.total {
            return Some(Reject::Numbering);
        }
        (part.total > 1 && part.cost() > self.limits.max_octets).then_some(Reject::TooLarge)
    }

    /// The message that a part belongs to, of those with its identity: see [`ReassemblyLimits::burst_ms`].
    fn pick(&self, serials: &[u64], number: u8) -> Option<u64> {
        let groups = serials.iter().filter_map(|serial| Some((*serial, self.groups.get(serial)?)));
        let mut free: Vec<_> = groups.filter(|(_, group)| group.lacks(number)).collect();
        let recent = free.iter().position(|(_, group)| self.now - group.last_part <= self.limits.burst_ms);
        match recent {
            Some(at) => free.get(at).map(|(serial, _)| *serial),
            None => {
                free.sort_by_key(|(_, group)| group.last_part);
                free.last().map(|(serial, _)| *serial)
            }
        }
    }

    fn begin(&mut self, identity: Identity<K>) -> u64 {
        let serial = self.next_serial;
        self.next_serial += 1;
        self.waiting.entry(identity.clone()).or_default().push(serial);
        self.groups.insert(serial, Group::new(identity, self.now, self.limits.lifetime_ms));
        serial
    }

    /// Takes out the oldest messages until the limits are kept.
    fn evict(&mut self, evicted: &mut Vec<Incomplete<K, T>>) {
        while self.groups.len() > self.limits.max_messages || self.octets > self.limits.max_octets {
            match self.remove_oldest() {
                Some(incomplete) => evicted.push(incomplete),
                None => break,
            }
        }
    }

    fn remove_oldest(&mut self) -> Option<Incomplete<K, T>> {
        let serial = *self.groups.first_key_value()?.0;
        self.remove(serial).map(Group::into_incomplete)
    }

    fn remove(&mut self, serial: u64) -> Option<Group<K, T>> {
        let group = self.groups.remove(&serial)?;
        self.octets -= group.octets;
        if let Some(serials) = self.waiting.get_mut(&group.identity) {
            serials.retain(|other| *other != serial);
            if serials.is_empty() {
                self.waiting.remove(&group.identity);
            }
        }
        Some(group)
    }
}

#[cfg(test)]
mod tests;
