//! What is where and who needs it; all of it in memory, under one lock, about 75 octets a content.

mod owners;
mod packs;
mod slab;

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashMap, HashTable};
use tokio::sync::oneshot;

pub(crate) use packs::Packs;
use slab::Slab;
pub(crate) use slab::{Blob, Place};

use crate::{MediaError, MediaId, Pin};

/// Somebody who waits for a content to be durable.
pub(crate) type Waiter = oneshot::Sender<Result<Pin, MediaError>>;

/// An owner found by [`Index::owners_from`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Held {
    pub(crate) slot: u32,
    pub(crate) id: MediaId,
    pub(crate) owner: u64,
}

/// The index.
#[derive(Debug)]
pub(crate) struct Index {
    slab: Slab,
    table: HashTable<u32>,
    hasher: DefaultHashBuilder,
    pub(crate) packs: Packs,
    /// Contents that are being written, and who waits for them.
    pub(crate) pending: HashMap<MediaId, Vec<Waiter>>,
    /// All owners have been told; what has none may go.
    recovered: bool,
    owners: u64,
    octets: u64,
}

impl Index {
    pub(crate) fn new() -> Index {
        Index {
            slab: Slab::new(),
            table: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            packs: Packs::default(),
            pending: HashMap::new(),
            recovered: false,
            owners: 0,
            octets: 0,
        }
    }

    /// Contents, owners, octets.
    pub(crate) fn counts(&self) -> (u64, u64, u64) {
        (self.table.len() as u64, self.owners, self.octets)
    }

    pub(crate) fn slot(&self, id: &MediaId) -> Option<u32> {
        let same = |slot: &u32| self.slab.get(*slot).is_some_and(|blob| blob.id == *id);
        self.table.find(hash(&self.hasher, id), same).copied()
    }

    pub(crate) fn blob(&self, id: &MediaId) -> Option<&Blob> {
        self.slab.get(self.slot(id)?)
    }

    /// Takes in a content that lies at a place. If it is known, the new place counts: of two copies the older is in the older pack, which
    /// goes sooner.
    pub(crate) fn insert(&mut self, id: MediaId, place: Place, len: u32) -> u32 {
        self.packs.add(place.pack, len);
        if let Some(slot) = self.slot(&id)
            && let Some(blob) = self.slab.get_mut(slot)
        {
            self.packs.remove(blob.place().pack, len);
            blob.set_place(place);
            return slot;
        }
        let slot = self.slab.insert(id, place, len);
        let Index { slab, hasher, .. } = self;
        let rehash = |slot: &u32| slab.get(*slot).map_or(0, |blob| hash(hasher, &blob.id));
        self.table.insert_unique(hash(hasher, &id), slot, rehash);
        self.octets += u64::from(len);
        slot
    }

    /// A copy of a content is durable at another place. Nothing changes where it is needed no longer, or lies elsewhere by now.
    pub(crate) fn moved(&mut self, id: &MediaId, from: Place, to: Place) {
        let Some(blob) = self.slot(id).and_then(|slot| self.slab.get_mut(slot)) else { return };
        if blob.place() == from {
            blob.set_place(to);
            self.packs.remove(from.pack, blob.len);
            self.packs.add(to.pack, blob.len);
        }
    }

    /// Whether a content is needed from that place.
    pub(crate) fn lies_at(&self, id: &MediaId, place: Place) -> bool {
        self.blob(id).is_some_and(|blob| blob.place() == place)
    }

    pub(crate) fn pin(&mut self, slot: u32) {
        if let Some(blob) = self.slab.get_mut(slot) {
            blob.pins += 1;
        }
    }

    pub(crate) fn unpin(&mut self, slot: u32) {
        if let Some(blob) = self.slab.get_mut(slot) {
            blob.pins = blob.pins.saturating_sub(1);
        }
        self.bury(slot);
    }

    pub(crate) fn hold(&mut self, slot: u32, owner: u64) {
        if self.slab.get_mut(slot).is_some_and(|blob| blob.owners.insert(owner)) {
            self.owners += 1;
        }
    }

    pub(crate) fn release(&mut self, slot: u32, owner: u64) {
        if self.slab.get_mut(slot).is_some_and(|blob| blob.owners.remove(owner)) {
            self.owners -= 1;
            self.bury(slot);
        }
    }

    /// The same for one that was found a while ago.
    pub(crate) fn release_held(&mut self, held: Held) {
        if self.slab.get(held.slot).is_some_and(|blob| blob.id == held.id) {
            self.release(held.slot, held.owner);
        }
    }

    /// From now on what nobody needs goes.
    pub(crate) fn set_recovered(&mut self) {
        self.recovered = true;
    }

    /// Takes a content out if nobody needs it.
    fn bury(&mut self, slot: u32) {
        let Some(blob) = self.slab.get(slot).filter(|blob| blob.is_dead() && self.recovered) else { return };
        let (id, place, len) = (blob.id, blob.place(), blob.len);
        if let Ok(entry) = self.table.find_entry(hash(&self.hasher, &id), |other| *other == slot) {
            entry.remove();
        }
        self.slab.remove(slot);
        self.octets -= u64::from(len);
        self.packs.remove(place.pack, len);
    }

    /// Buries the dead among some slots. Returns where to go on.
    pub(crate) fn bury_from(&mut self, from: u32, slots: u32) -> Option<u32> {
        let end = from.saturating_add(slots).min(self.slab.slots());
        (from..end).for_each(|slot| self.bury(slot));
        (end < self.slab.slots()).then_some(end)
    }

    /// Owners of the contents in some slots, until there are `max` or a bit more. Returns where to go on.
    pub(crate) fn owners_from(&self, from: u32, slots: u32, max: usize, out: &mut Vec<Held>) -> Option<u32> {
        let end = from.saturating_add(slots).min(self.slab.slots());
        for slot in from..end {
            if let Some(blob) = self.slab.get(slot) {
                out.extend(blob.owners.iter().map(|owner| Held { slot, id: blob.id, owner }));
            }
            if out.len() >= max && slot + 1 < self.slab.slots() {
                return Some(slot + 1);
            }
        }
        (end < self.slab.slots()).then_some(end)
    }
}

/// A content's name is a hash already, but everybody knows which.
fn hash(hasher: &DefaultHashBuilder, id: &MediaId) -> u64 {
    let (half, _) = id.as_bytes().split_at(16);
    hasher.hash_one(half)
}
