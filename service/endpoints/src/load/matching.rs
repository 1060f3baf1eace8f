//! Which receipts belong to which messages.

use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

/// Whether receipts and messages belong together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Matched {
    /// Receipts of messages that were accepted.
    pub matched: u64,
    /// Receipts of nothing that was accepted, and second ones.
    pub strange: u64,
    /// Messages whose receipt has not come.
    pub missing: u64,
    /// Ids that were not looked at, because too many were outstanding.
    pub unlooked: u64,
}

/// Ids of which one half was seen: the response or the receipt. Either may come first.
#[derive(Debug, Default)]
pub(super) struct Matching {
    halves: HashMap<u64, Half>,
    matched: u64,
    unlooked: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Half {
    Accepted,
    Receipt,
}

/// Most ids kept, some 100 MB.
const MOST: usize = 4_000_000;

impl Matching {
    pub(super) fn saw(&mut self, id: u64, half: Half) {
        let full = self.halves.len() >= MOST;
        match self.halves.entry(id) {
            Entry::Occupied(e) if *e.get() != half => {
                e.remove();
                self.matched += 1;
            }
            Entry::Occupied(_) => self.unlooked += 1,
            Entry::Vacant(_) if full => self.unlooked += 1,
            Entry::Vacant(e) => {
                e.insert(half);
            }
        }
    }

    pub(super) fn result(&self) -> Matched {
        let strange = self.halves.values().filter(|h| **h == Half::Receipt).count() as u64;
        Matched { matched: self.matched, strange, missing: self.halves.len() as u64 - strange, unlooked: self.unlooked }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_find_each_other_in_either_order() {
        let mut m = Matching::default();
        for (id, half) in [(1, Half::Accepted), (1, Half::Receipt), (2, Half::Receipt), (2, Half::Accepted)] {
            m.saw(id, half);
        }
        assert_eq!(m.result(), Matched { matched: 2, ..Matched::default() });
        m.saw(1, Half::Receipt);
        m.saw(3, Half::Accepted);
        assert_eq!(m.result(), Matched { matched: 2, strange: 1, missing: 1, unlooked: 0 });
    }
}
