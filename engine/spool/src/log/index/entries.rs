//! The table of messages: about fifty octets each, found by id.
//!
//! Ids are sequential, so entries live in chunks of 1,024 ids. A chunk with many live entries is an array; one with few is a short sorted
//! list, so that a lone straggler in a range of a thousand ids doesn't hold a thousand slots.

use std::hash::{BuildHasherDefault, Hasher};

use hashbrown::HashMap;

use super::super::codec::Pos;
use crate::Millis;

/// Ids in a chunk.
pub(crate) const CHUNK: u64 = 1024;
/// A list becomes an array above this many entries, and an array a list below [`SPARSE`].
const DENSE: usize = 128;
const SPARSE: usize = 48;
/// No side record.
pub(crate) const NO_SIDE: u32 = u32::MAX;
/// Token of a message that waits for no lease: its deadline has passed and whoever deals with it has been told.
pub(crate) const NOTED: u32 = 1;
/// Latest time an entry can hold: 48 bits of milliseconds, the year 10889.
pub(crate) const LATEST: Millis = (1 << 48) - 1;

/// Where a message is, in more detail than [`crate::Stage`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Place {
    /// No entry.
    Free = 0,
    /// In a queue, but its last change is not durable yet: nobody may claim it.
    Hidden = 1,
    /// In its group's list.
    Ready = 2,
    /// Waiting for its due time.
    Deferred = 3,
    /// Its validity ended while it was queued.
    Expired = 4,
    /// With a claimer; `due` is when the lease ends.
    Leased = 5,
    /// Sent; `due` is until when its receipt is waited for.
    Awaiting = 6,
    /// A dead letter; `due` is when it is buried.
    Dead = 7,
}

/// One message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    segment: u32,
    offset: u32,
    len: u32,
    pub(crate) queue: u32,
    pub(crate) group: u32,
    pub(crate) token: u32,
    /// Slot in the table of sent parts, or [`NO_SIDE`].
    pub(crate) side: u32,
    accepted_low: u32,
    due_low: u32,
    expires_low: u32,
    accepted_high: u16,
    due_high: u16,
    expires_high: u16,
    pub(crate) attempts: u16,
    pub(crate) priority: u8,
    pub(crate) place: Place,
}

fn split(time: Millis) -> (u32, u16) {
    let time = time.min(LATEST);
    (time as u32, (time >> 32) as u16)
}

fn join(low: u32, high: u16) -> Millis {
    u64::from(low) | u64::from(high) << 32
}

impl Entry {
    pub(crate) fn new(queue: u32, group: u32, priority: u8, accepted: Millis) -> Entry {
        let (accepted_low, accepted_high) = split(accepted);
        Entry {
            segment: Pos::NONE.segment,
            offset: 0,
            len: 0,
            queue,
            group,
            token: 0,
            side: NO_SIDE,
            accepted_low,
            due_low: 0,
            expires_low: 0,
            accepted_high,
            due_high: 0,
            expires_high: 0,
            attempts: 0,
            priority,
            place: Place::Hidden,
        }
    }

    const EMPTY: Entry = Entry {
        segment: 0,
        offset: 0,
        len: 0,
        queue: 0,
        group: 0,
        token: 0,
        side: NO_SIDE,
        accepted_low: 0,
        due_low: 0,
        expires_low: 0,
        accepted_high: 0,
        due_high: 0,
        expires_high: 0,
        attempts: 0,
        priority: 0,
        place: Place::Free,
    };

    pub(crate) fn pos(&self) -> Pos {
        Pos { segment: self.segment, offset: self.offset, len: self.len }
    }

    pub(crate) fn set_pos(&mut self, pos: Pos) {
        (self.segment, self.offset, self.len) = (pos.segment, pos.offset, pos.len);
    }

    /// Whether its body has been written at all.
    pub(crate) fn written(&self) -> bool {
        self.segment != Pos::NONE.segment
    }

    pub(crate) fn accepted(&self) -> Millis {
        join(self.accepted_low, self.accepted_high)
    }

    pub(crate) fn due(&self) -> Millis {
        join(self.due_low, self.due_high)
    }

    pub(crate) fn set_due(&mut self, due: Millis) {
        (self.due_low, self.due_high) = split(due);
    }

    pub(crate) fn expires(&self) -> Millis {
        join(self.expires_low, self.expires_high)
    }

    pub(crate) fn set_expires(&mut self, expires: Millis) {
        (self.expires_low, self.expires_high) = split(expires);
    }

    /// When something has to be done about it even if nobody asks.
    pub(crate) fn deadline(&self) -> Millis {
        match self.place {
            Place::Free | Place::Expired => Millis::MAX,
            Place::Awaiting | Place::Dead if self.token == NOTED => Millis::MAX,
            Place::Hidden | Place::Ready | Place::Deferred => self.expires(),
            Place::Leased | Place::Awaiting | Place::Dead => self.due(),
        }
    }
}

#[derive(Debug)]
enum Slots {
    List(Vec<(u16, Entry)>),
    Array(Box<[Entry]>),
}

/// A range of [`CHUNK`] ids.
#[derive(Debug)]
struct Chunk {
    slots: Slots,
    live: usize,
    /// When it has to be looked through next, as known to the caller.
    wake: Millis,
}

/// Ids are spread by a multiplication; nobody outside chooses them.
#[derive(Default)]
pub(crate) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for b in bytes {
            self.write_u64(u64::from(*b));
        }
    }
    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0 ^ value).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(26);
    }
}

/// A map keyed by ids.
pub(crate) type IdMap<V> = HashMap<u64, V, BuildHasherDefault<IdHasher>>;

/// All messages.
#[derive(Debug, Default)]
pub(crate) struct Entries {
    chunks: IdMap<Chunk>,
    len: u64,
}

impl Entries {
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    pub(crate) fn get(&self, id: u64) -> Option<&Entry> {
        let slot = (id % CHUNK) as u16;
        match &self.chunks.get(&(id / CHUNK))?.slots {
            Slots::List(list) => list.binary_search_by_key(&slot, |(s, _)| *s).ok().map(|at| &list[at].1),
            Slots::Array(array) => array.get(slot as usize).filter(|e| e.place != Place::Free),
        }
    }

    pub(crate) fn get_mut(&mut self, id: u64) -> Option<&mut Entry> {
        let slot = (id % CHUNK) as u16;
        match &mut self.chunks.get_mut(&(id / CHUNK))?.slots {
            Slots::List(list) => list.binary_search_by_key(&slot, |(s, _)| *s).ok().map(|at| &mut list[at].1),
            Slots::Array(array) => array.get_mut(slot as usize).filter(|e| e.place != Place::Free),
        }
    }

    /// Adds an entry, or replaces the one of that id, which is returned.
    pub(crate) fn insert(&mut self, id: u64, entry: Entry) -> Option<Entry> {
        if let Some(old) = self.get_mut(id) {
            return Some(std::mem::replace(old, entry));
        }
        let chunk = self.chunks.entry(id / CHUNK).or_insert_with(|| Chunk { slots: Slots::List(Vec::new()), live: 0, wake: Millis::MAX });
        let slot = (id % CHUNK) as u16;
        if let Slots::List(list) = &mut chunk.slots
            && list.len() >= DENSE
        {
            let mut array = vec![Entry::EMPTY; CHUNK as usize].into_boxed_slice();
            for (slot, entry) in list.iter() {
                array[*slot as usize] = *entry;
            }
            chunk.slots = Slots::Array(array);
        }
        match &mut chunk.slots {
            Slots::List(list) => {
                let at = list.partition_point(|(s, _)| *s < slot);
                list.insert(at, (slot, entry));
            }
            Slots::Array(array) => array[slot as usize] = entry,
        }
        chunk.live += 1;
        self.len += 1;
        None
    }

    pub(crate) fn remove(&mut self, id: u64) -> Option<Entry> {
        let number = id / CHUNK;
        let slot = (id % CHUNK) as u16;
        let chunk = self.chunks.get_mut(&number)?;
        let gone = match &mut chunk.slots {
            Slots::List(list) => {
                let at = list.binary_search_by_key(&slot, |(s, _)| *s).ok()?;
                list.remove(at).1
            }
            Slots::Array(array) => {
                let place = &mut array[slot as usize];
                if place.place == Place::Free {
                    return None;
                }
                std::mem::replace(place, Entry::EMPTY)
            }
        };
        chunk.live -= 1;
        self.len -= 1;
        if chunk.live == 0 {
            self.chunks.remove(&number);
        } else if chunk.live < SPARSE
            && let Slots::Array(array) = &chunk.slots
        {
            let mut list = Vec::with_capacity(SPARSE);
            list.extend(array.iter().enumerate().filter(|(_, e)| e.place != Place::Free).map(|(slot, e)| (slot as u16, *e)));
            chunk.slots = Slots::List(list);
        }
        Some(gone)
    }

    /// Numbers of all chunks, rising.
    pub(crate) fn chunks(&self) -> Vec<u64> {
        let mut numbers: Vec<u64> = self.chunks.keys().copied().collect();
        numbers.sort_unstable();
        numbers
    }

    /// Live entries of a chunk, by rising id.
    pub(crate) fn in_chunk(&self, number: u64) -> impl Iterator<Item = (u64, &Entry)> {
        let (list, array): (&[(u16, Entry)], &[Entry]) = match self.chunks.get(&number).map(|c| &c.slots) {
            Some(Slots::List(list)) => (list, &[]),
            Some(Slots::Array(array)) => (&[], array),
            None => (&[], &[]),
        };
        let listed = list.iter().map(|(slot, entry)| (u64::from(*slot), entry));
        let arrayed = array.iter().enumerate().filter(|(_, e)| e.place != Place::Free).map(|(slot, entry)| (slot as u64, entry));
        listed.chain(arrayed).map(move |(slot, entry)| (number * CHUNK + slot, entry))
    }

    /// When the chunk of this id is to be looked through; [`Millis::MAX`] if that is not known.
    pub(crate) fn wake_of(&mut self, chunk: u64) -> Option<&mut Millis> {
        self.chunks.get_mut(&chunk).map(|c| &mut c.wake)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn entry(queue: u32) -> Entry {
        Entry::new(queue, 0, 1, 1_700_000_000_000)
    }

    #[test]
    fn entry_is_small_and_keeps_48_bit_times() {
        assert!(size_of::<Entry>() <= 52, "{}", size_of::<Entry>());
        let mut e = entry(1);
        e.set_due(u64::MAX);
        e.set_expires(1_700_000_000_123);
        assert_eq!((e.accepted(), e.due(), e.expires()), (1_700_000_000_000, LATEST, 1_700_000_000_123));
    }

    #[test]
    fn chunks_grow_and_shrink_without_losing_anything() {
        let mut entries = Entries::default();
        let first = 1_000_000;
        for i in 0..3000 {
            entries.insert(first + i, entry(i as u32));
        }
        assert_eq!(entries.len(), 3000);
        for i in (0..3000).filter(|i| i % 100 != 7) {
            assert!(entries.remove(first + i).is_some());
            assert!(entries.remove(first + i).is_none());
        }
        let left: Vec<u64> = entries.chunks().into_iter().flat_map(|c| entries.in_chunk(c).map(|(id, _)| id).collect::<Vec<_>>()).collect();
        assert_eq!(left, (0..30).map(|i| first + i * 100 + 7).collect::<Vec<_>>());
        for i in 0..30 {
            assert_eq!(entries.get(first + i * 100 + 7).unwrap().queue, i as u32 * 100 + 7);
            entries.remove(first + i * 100 + 7);
        }
        assert!(entries.chunks().is_empty());
    }
}
