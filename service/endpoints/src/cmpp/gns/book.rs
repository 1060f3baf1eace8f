//! What is known of routes: bounded, and each with the time until which it is believed.

use std::collections::BTreeMap;

use hashbrown::HashMap;
use waxwing_core::Millis;

use super::route::{MoEntry, MtEntry, place, refused, update};

/// Most routes of each kind. A country has some ten thousand segments of seven digits.
const MAX_ROUTES: usize = 500_000;
/// Most numbers and codes that nothing is known of, or that are being asked for.
const MAX_MISSES: usize = 100_000;
/// Longest service code.
const SP_CODE: usize = 21;

/// The kind of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Way {
    /// To handsets.
    Mt,
    /// To SPs.
    Mo,
}

/// What is known of a number or a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// This gateway serves it.
    Gateway(u32),
    /// Nobody does.
    Nobody,
    /// Nothing, and nobody was asked.
    Unknown,
    /// Nothing, and somebody was asked.
    Asked,
}

/// Why an update is not taken: the result.
pub(crate) type Changed = Result<(), u8>;

struct Kept<E> {
    entry: E,
    until: Millis,
}

enum Miss {
    Nobody(Millis),
    /// Not to be asked for again before.
    Asked(Millis),
}

/// All routes.
#[derive(Default)]
pub(crate) struct Book {
    /// By the first number of their segment.
    mt: BTreeMap<u64, (u64, Kept<MtEntry>)>,
    mo: HashMap<String, Kept<MoEntry>>,
    misses: HashMap<(Way, String), Miss>,
}

impl Book {
    /// What is known of a handset's number, or of the number that a handset wrote to.
    pub(crate) fn find(&self, way: Way, number: &str, now: Millis) -> Found {
        let known = match way {
            Way::Mt => self.segment(number).filter(|k| k.until > now).map(|k| k.entry.gateway),
            Way::Mo => self.sp(number).filter(|k| k.until > now).map(|k| k.entry.gateway),
        };
        if let Some(gateway) = known {
            return Found::Gateway(gateway);
        }
        match self.misses.get(&key(way, number)) {
            Some(Miss::Nobody(until)) if *until > now => Found::Nobody,
            Some(Miss::Asked(until)) if *until > now => Found::Asked,
            _ => Found::Unknown,
        }
    }

    fn segment(&self, number: &str) -> Option<&Kept<MtEntry>> {
        let place = place(number)?;
        // Segments may lie in each other; the one that begins last is the closest.
        self.mt.range(..=place).rev().take(8).find(|(_, (end, _))| *end >= place).map(|(_, (_, kept))| kept)
    }

    fn sp(&self, number: &str) -> Option<&Kept<MoEntry>> {
        (1..=number.len().min(SP_CODE)).rev().find_map(|n| self.mo.get(number.get(..n)?))
    }

    /// Somebody is being asked: nobody else is before this time.
    pub(crate) fn asked(&mut self, way: Way, number: &str, until: Millis, now: Millis) {
        self.miss(key(way, number), Miss::Asked(until), now);
    }

    /// There is no route, until this time.
    pub(crate) fn nobody(&mut self, way: Way, number: &str, until: Millis, now: Millis) {
        self.miss(key(way, number), Miss::Nobody(until), now);
    }

    fn miss(&mut self, key: (Way, String), miss: Miss, now: Millis) {
        if self.misses.len() >= MAX_MISSES {
            self.misses.retain(|_, m| matches!(m, Miss::Nobody(until) | Miss::Asked(until) if *until > now));
            if self.misses.len() >= MAX_MISSES {
                self.misses.clear();
            }
        }
        self.misses.insert(key, miss);
    }

    /// Keeps a route to handsets until this time.
    ///
    /// # Errors
    /// With the result to answer, where it is none.
    pub(crate) fn keep_mt(&mut self, entry: MtEntry, until: Millis) -> Changed {
        let (first, last) = entry.range()?;
        if self.mt.len() >= MAX_ROUTES && !self.mt.contains_key(&first) {
            return Err(refused::FAILED);
        }
        self.misses.retain(|(way, number), _| *way != Way::Mt || place(number).is_none_or(|p| !(first..=last).contains(&p)));
        self.mt.insert(first, (last, Kept { entry, until }));
        Ok(())
    }

    /// Keeps a route to an SP until this time.
    ///
    /// # Errors
    /// With the result to answer, where it is none.
    pub(crate) fn keep_mo(&mut self, entry: MoEntry, until: Millis) -> Changed {
        if entry.sp_code.is_empty() || entry.sp_code.len() > SP_CODE {
            return Err(refused::SP_CODE);
        }
        if self.mo.len() >= MAX_ROUTES && !self.mo.contains_key(&entry.sp_code) {
            return Err(refused::FAILED);
        }
        self.misses.retain(|(way, number), _| *way != Way::Mo || !number.starts_with(&entry.sp_code));
        self.mo.insert(entry.sp_code.clone(), Kept { entry, until });
        Ok(())
    }

    /// What the GNS tells of a route to handsets.
    ///
    /// # Errors
    /// With the result to answer.
    pub(crate) fn change_mt(&mut self, update_type: u8, entry: MtEntry, until: Millis) -> Changed {
        let others = |k: &Kept<MtEntry>| k.entry.id != entry.id;
        match update_type {
            update::ADD => self.keep_mt(entry, until),
            update::DELETE => {
                let (first, _) = entry.range().unwrap_or_default();
                self.mt.retain(|start, (_, k)| others(k) && *start != first);
                Ok(())
            }
            update::CHANGE => {
                entry.range()?;
                self.mt.retain(|_, (_, k)| others(k));
                self.keep_mt(entry, until)
            }
            _ => Err(refused::UPDATE_TYPE),
        }
    }

    /// What the GNS tells of a route to an SP.
    ///
    /// # Errors
    /// With the result to answer.
    pub(crate) fn change_mo(&mut self, update_type: u8, entry: MoEntry, until: Millis) -> Changed {
        let others = |k: &Kept<MoEntry>| k.entry.id != entry.id;
        match update_type {
            update::ADD => self.keep_mo(entry, until),
            update::DELETE => {
                self.mo.retain(|code, k| others(k) && *code != entry.sp_code);
                Ok(())
            }
            update::CHANGE => {
                self.mo.retain(|_, k| others(k));
                self.keep_mo(entry, until)
            }
            _ => Err(refused::UPDATE_TYPE),
        }
    }

    /// Puts freshly fetched routes in the place of those of their kind.
    pub(crate) fn replace(&mut self, way: Way, fresh: Book) {
        match way {
            Way::Mt => self.mt = fresh.mt,
            Way::Mo => self.mo = fresh.mo,
        }
        self.misses.retain(|(w, _), _| *w != way);
    }

    /// Routes of a kind.
    pub(crate) fn len(&self, way: Way) -> usize {
        match way {
            Way::Mt => self.mt.len(),
            Way::Mo => self.mo.len(),
        }
    }
}

/// Misses are kept by segment, or by the whole code.
fn key(way: Way, number: &str) -> (Way, String) {
    let digits = match way {
        Way::Mt => number.strip_prefix("86").filter(|rest| rest.len() == 11).unwrap_or(number),
        Way::Mo => number,
    };
    let most = if way == Way::Mt { 7 } else { SP_CODE };
    (way, digits.get(..most).unwrap_or(digits).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mt(id: u32, gateway: u32, start: &str, end: &str) -> MtEntry {
        MtEntry { id, gateway, address: None, start: start.into(), end: end.into(), area: "0010".into() }
    }

    fn mo(id: u32, gateway: u32, sp_code: &str) -> MoEntry {
        MoEntry { id, gateway, address: None, sp_code: sp_code.into(), sp_id: String::new() }
    }

    #[test]
    fn the_closest_segment_and_the_longest_code_count() {
        let mut b = Book::default();
        b.keep_mt(mt(1, 1001, "1380000", "1389999"), 100).unwrap_or_default();
        b.keep_mt(mt(2, 1002, "1380013", "1380013"), 100).unwrap_or_default();
        assert_eq!(b.find(Way::Mt, "13800138000", 0), Found::Gateway(1002));
        assert_eq!(b.find(Way::Mt, "8613800148000", 0), Found::Gateway(1001));
        assert_eq!(b.find(Way::Mt, "13900138000", 0), Found::Unknown);
        b.keep_mo(mo(1, 1001, "1069"), 100).unwrap_or_default();
        b.keep_mo(mo(2, 1003, "10690001"), 100).unwrap_or_default();
        assert_eq!(b.find(Way::Mo, "1069000177", 0), Found::Gateway(1003));
        assert_eq!(b.find(Way::Mo, "10691", 0), Found::Gateway(1001));
        assert_eq!(b.find(Way::Mo, "10691", 100), Found::Unknown, "believed until then");
    }

    #[test]
    fn what_is_not_there_is_remembered_for_a_while_and_by_segment() {
        let mut b = Book::default();
        b.asked(Way::Mt, "13800138000", 10, 0);
        assert_eq!(b.find(Way::Mt, "8613800138999", 0), Found::Asked);
        b.nobody(Way::Mt, "13800138000", 20, 0);
        assert_eq!((b.find(Way::Mt, "13800138999", 19), b.find(Way::Mt, "13800138999", 20)), (Found::Nobody, Found::Unknown));
        b.keep_mt(mt(1, 1001, "1380013", "1380013"), 100).unwrap_or_default();
        assert_eq!(b.find(Way::Mt, "13800138999", 5), Found::Gateway(1001), "a route ends a miss");
    }

    #[test]
    fn misses_are_bounded() {
        let mut b = Book::default();
        for n in 0..2 * MAX_MISSES {
            b.asked(Way::Mo, &n.to_string(), 1000, 0);
        }
        assert!(b.misses.len() <= MAX_MISSES);
    }

    #[test]
    fn updates_add_change_and_delete() {
        let mut b = Book::default();
        assert_eq!(b.change_mt(update::ADD, mt(7, 1001, "1380013", "1380013"), 100), Ok(()));
        assert_eq!(b.change_mt(update::CHANGE, mt(7, 1002, "1380014", "1380014"), 100), Ok(()));
        assert_eq!((b.find(Way::Mt, "13800138000", 0), b.find(Way::Mt, "13800148000", 0)), (Found::Unknown, Found::Gateway(1002)));
        assert_eq!(b.change_mt(update::DELETE, mt(7, 1002, "", ""), 100), Ok(()));
        assert_eq!((b.len(Way::Mt), b.find(Way::Mt, "13800148000", 0)), (0, Found::Unknown));
        assert_eq!(b.change_mt(9, mt(7, 1002, "1", "1"), 100), Err(refused::UPDATE_TYPE));
        assert_eq!(b.change_mo(update::ADD, mo(1, 1001, "1069"), 100), Ok(()));
        assert_eq!(b.change_mo(update::CHANGE, mo(1, 1002, "1069"), 100), Ok(()));
        assert_eq!(b.find(Way::Mo, "1069", 0), Found::Gateway(1002));
        assert_eq!(b.change_mo(update::DELETE, mo(1, 1002, "1069"), 100), Ok(()));
        assert_eq!(b.len(Way::Mo), 0);
        assert_eq!(b.change_mo(update::ADD, mo(1, 1001, ""), 100), Err(refused::SP_CODE));
    }
}
