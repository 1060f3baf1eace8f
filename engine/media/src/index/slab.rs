//! Where the index keeps its contents: numbered slots in chunks, so that growing copies nothing and wastes at most a chunk.

use super::owners::Owners;
use crate::MediaId;

/// Slots that are made at a time.
const CHUNK: usize = 1024;
/// No slot.
const NONE: u32 = u32::MAX;

/// Where a content lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Number of the pack, from 1.
    pub(crate) pack: u32,
    /// Of the frame in it.
    pub(crate) offset: u32,
}

/// A content that is stored: 64 octets.
#[derive(Debug)]
pub(crate) struct Blob {
    pub(crate) id: MediaId,
    pub(crate) owners: Owners,
    /// Pack 0 says that the slot is free, and its offset which slot is the next free one.
    place: Place,
    pub(crate) len: u32,
    /// How many callers hold it by a [`Pin`](crate::Pin).
    pub(crate) pins: u32,
}

impl Blob {
    pub(crate) fn place(&self) -> Place {
        self.place
    }

    pub(crate) fn set_place(&mut self, place: Place) {
        self.place = place;
    }

    /// Nobody needs it.
    pub(crate) fn is_dead(&self) -> bool {
        self.pins == 0 && self.owners.is_empty()
    }
}

/// The slots. Memory once used is kept for those that come.
#[derive(Debug)]
pub(crate) struct Slab {
    chunks: Vec<Vec<Blob>>,
    free: u32,
}

impl Slab {
    pub(crate) fn new() -> Slab {
        Slab { chunks: Vec::new(), free: NONE }
    }

    /// Slots there are, free ones included.
    pub(crate) fn slots(&self) -> u32 {
        self.chunks.last().map_or(0, |last| (self.chunks.len() - 1) * CHUNK + last.len()) as u32
    }

    /// Takes a slot for a content that nobody needs yet.
    pub(crate) fn insert(&mut self, id: MediaId, place: Place, len: u32) -> u32 {
        let blob = Blob { id, owners: Owners::None, place, len, pins: 0 };
        let slot = self.free;
        if let Some(free) = self.any_mut(slot) {
            let next = free.place.offset;
            *free = blob;
            self.free = next;
            return slot;
        }
        let slot = self.slots();
        match self.chunks.last_mut() {
            Some(last) if last.len() < CHUNK => last.push(blob),
            _ => {
                let mut chunk = Vec::with_capacity(CHUNK);
                chunk.push(blob);
                self.chunks.push(chunk);
            }
        }
        slot
    }

    /// Frees a slot.
    pub(crate) fn remove(&mut self, slot: u32) {
        let next = self.free;
        if let Some(blob) = self.get_mut(slot) {
            blob.place = Place { pack: 0, offset: next };
            blob.owners = Owners::None;
            self.free = slot;
        }
    }

    /// The content of a slot; `None` where it is free.
    pub(crate) fn get(&self, slot: u32) -> Option<&Blob> {
        let blob = self.chunks.get(slot as usize / CHUNK)?.get(slot as usize % CHUNK)?;
        (blob.place.pack != 0).then_some(blob)
    }

    pub(crate) fn get_mut(&mut self, slot: u32) -> Option<&mut Blob> {
        self.any_mut(slot).filter(|blob| blob.place.pack != 0)
    }

    fn any_mut(&mut self, slot: u32) -> Option<&mut Blob> {
        self.chunks.get_mut(slot as usize / CHUNK)?.get_mut(slot as usize % CHUNK)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn slots_are_used_again_and_keep_what_is_in_them() {
        assert_eq!(size_of::<Blob>(), 64);
        let mut slab = Slab::new();
        let mut held = Vec::new();
        let mut rng = fastrand::Rng::with_seed(2);
        for n in 0..10_000u32 {
            if held.len() < 1500 && rng.bool() {
                let id = MediaId::of(&n.to_le_bytes());
                let slot = slab.insert(id, Place { pack: 1, offset: n }, n);
                held.push((slot, id, n));
            } else if !held.is_empty() {
                let (slot, ..) = held.swap_remove(rng.usize(..held.len()));
                slab.remove(slot);
                assert!(slab.get(slot).is_none());
            }
        }
        assert!(slab.slots() < 1501);
        for (slot, id, n) in held {
            let blob = slab.get(slot).unwrap();
            assert_eq!((blob.id, blob.len, blob.place().offset), (id, n, n));
        }
    }
}
