//! The packs, and how much of each is still needed.

use std::collections::BTreeMap;

use crate::frame::HEAD_LEN;

/// A pack file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pack {
    /// Octets of the file.
    pub(crate) size: u64,
    /// Contents needed.
    pub(crate) live: u32,
    /// Octets of their frames.
    pub(crate) live_octets: u64,
    /// Something in it cannot be read, so it cannot be copied forward.
    pub(crate) damaged: bool,
}

/// All packs, by number.
#[derive(Debug, Default)]
pub(crate) struct Packs {
    all: BTreeMap<u32, Pack>,
    /// The one that is being written.
    pub(crate) active: Option<u32>,
    /// The highest number so far: none is used again, since a reader may still have the file that had it.
    highest: u32,
    size: u64,
    live_octets: u64,
    /// One came to be empty, since last asked.
    emptied: bool,
}

impl Packs {
    pub(crate) fn len(&self) -> u64 {
        self.all.len() as u64
    }

    /// Octets of all files, and of the frames that are needed.
    pub(crate) fn octets(&self) -> (u64, u64) {
        (self.size, self.live_octets)
    }

    /// Number of the next pack.
    pub(crate) fn next(&self) -> u32 {
        self.highest + 1
    }

    pub(crate) fn set_size(&mut self, number: u32, size: u64) {
        self.highest = self.highest.max(number);
        let pack = self.all.entry(number).or_default();
        self.size = self.size - pack.size + size;
        pack.size = size;
    }

    pub(crate) fn set_damaged(&mut self, number: u32) {
        if let Some(pack) = self.all.get_mut(&number) {
            pack.damaged = true;
        }
    }

    /// A content is needed from there.
    pub(crate) fn add(&mut self, number: u32, len: u32) {
        let pack = self.all.entry(number).or_default();
        pack.live += 1;
        pack.live_octets += u64::from(len + HEAD_LEN);
        self.live_octets += u64::from(len + HEAD_LEN);
    }

    /// A content is no longer needed from there.
    pub(crate) fn remove(&mut self, number: u32, len: u32) {
        if let Some(pack) = self.all.get_mut(&number) {
            pack.live -= 1;
            pack.live_octets -= u64::from(len + HEAD_LEN);
            self.live_octets -= u64::from(len + HEAD_LEN);
            self.emptied |= pack.live == 0;
        }
    }

    /// Whether a pack came to be empty since last asked.
    pub(crate) fn take_emptied(&mut self) -> bool {
        std::mem::take(&mut self.emptied)
    }

    /// Forgets packs in which nothing is needed, but the one being written. Their numbers.
    pub(crate) fn take_empty(&mut self) -> Vec<u32> {
        let empty = |(number, pack): (&u32, &Pack)| (pack.live == 0 && Some(*number) != self.active).then_some(*number);
        let numbers: Vec<u32> = self.all.iter().filter_map(empty).collect();
        for number in &numbers {
            if let Some(pack) = self.all.remove(number) {
                self.size -= pack.size;
            }
        }
        numbers
    }

    /// The pack that is copied forward with the most gain, if one is worth it: less than `percent` of it is needed, or all packs together
    /// are larger than twice what is needed plus `slack`.
    pub(crate) fn to_copy(&self, percent: u32, slack: u64) -> Option<u32> {
        let share = |pack: &Pack| pack.live_octets * 100 / pack.size.max(1);
        let full = self.all.iter().filter(|(number, pack)| Some(**number) != self.active && !pack.damaged && pack.live > 0);
        let (number, pack) = full.min_by_key(|(_, pack)| share(pack))?;
        let wasteful = self.size > self.live_octets.saturating_mul(2) + slack && share(pack) < 75;
        (share(pack) < u64::from(percent) || wasteful).then_some(*number)
    }

    /// Whether the pack that is being written had better be ended, since most of it is not needed any more, and it is larger than `least`.
    pub(crate) fn to_end(&self, percent: u32, least: u64) -> bool {
        let active = self.active.and_then(|number| self.all.get(&number));
        active.is_some_and(|pack| pack.size > least && pack.live_octets * 100 <= pack.size * u64::from(percent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packs(list: &[(u64, u32)]) -> Packs {
        let mut packs = Packs::default();
        for (number, (size, live)) in (1..).zip(list) {
            packs.set_size(number, *size);
            (0..*live).for_each(|_| packs.add(number, 1000 - HEAD_LEN));
        }
        packs
    }

    #[test]
    fn the_sparsest_is_copied_when_sparse_enough_or_when_all_take_too_much() {
        assert_eq!(packs(&[(10_000, 5), (10_000, 4)]).to_copy(25, 1 << 30), None);
        assert_eq!(packs(&[(10_000, 5), (10_000, 2), (10_000, 1)]).to_copy(25, 1 << 30), Some(3));
        assert_eq!(packs(&[(10_000, 5), (10_000, 4)]).to_copy(25, 1000), Some(2));
        assert_eq!(packs(&[(10_000, 5), (10_000, 4)]).to_copy(25, 2000), None);
        let mut all = packs(&[(10_000, 2), (10_000, 1)]);
        all.active = Some(2);
        assert_eq!(all.to_copy(25, 1 << 30), Some(1));
        all.set_damaged(1);
        assert_eq!(all.to_copy(25, 1 << 30), None);
    }

    #[test]
    fn the_empty_go_but_not_the_one_being_written() {
        let mut all = packs(&[(500, 0), (500, 1), (500, 0), (500, 0)]);
        all.active = Some(4);
        all.remove(2, 1000 - HEAD_LEN);
        assert!(all.take_emptied() && !all.take_emptied());
        assert_eq!(all.take_empty(), [1, 2, 3]);
        assert_eq!((all.len(), all.octets(), all.next()), (1, (500, 0), 5));
        all.active = None;
        assert_eq!((all.take_empty(), all.next()), (vec![4], 5), "no number is used again");
        all.set_size(5, 500);
        all.active = Some(5);
        assert!(all.to_end(25, 499) && !all.to_end(25, 500));
    }
}
