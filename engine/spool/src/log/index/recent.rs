//! Bodies that have just been written. Most messages are claimed within milliseconds, and reading them back from the file would be a system
//! call, a copy and a checksum each.

use bytes::Bytes;

use super::super::codec::Pos;

/// Largest body that is kept, octets.
pub(crate) const LARGEST: usize = 512;

/// The last bodies written, by number and place.
#[derive(Debug)]
pub(crate) struct Recent {
    /// By number, so that a newer message takes the place of an older one.
    slots: Vec<Option<(u64, Pos, Bytes)>>,
}

impl Recent {
    /// Keeps so many.
    pub(crate) fn new(slots: usize) -> Recent {
        Recent { slots: vec![None; slots] }
    }

    /// Keeps a body.
    pub(crate) fn put(&mut self, id: u64, pos: Pos, body: Bytes) {
        let at = self.at(id);
        if let Some(slot) = self.slots.get_mut(at) {
            *slot = Some((id, pos, body));
        }
    }

    /// The body of a message, if it is still kept, and still the message's: a replaced one lies elsewhere.
    pub(crate) fn get(&self, id: u64, pos: Pos) -> Option<Bytes> {
        let (kept, place, body) = self.slots.get(self.at(id))?.as_ref()?;
        (*kept == id && *place == pos).then(|| body.clone())
    }

    fn at(&self, id: u64) -> usize {
        id.checked_rem(self.slots.len() as u64).unwrap_or(0) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_very_body_is_given_back() {
        let mut recent = Recent::new(8);
        let pos = |offset| Pos { segment: 1, offset, len: 4 };
        assert_eq!(recent.get(5, pos(100)), None);
        recent.put(5, pos(100), Bytes::from_static(b"body"));
        assert_eq!(recent.get(5, pos(100)), Some(Bytes::from_static(b"body")));
        assert_eq!(recent.get(5, pos(200)), None, "it was replaced");
        recent.put(13, pos(300), Bytes::from_static(b"next"));
        assert_eq!(recent.get(5, pos(100)), None, "it was pushed out");
        let mut none = Recent::new(0);
        none.put(5, pos(100), Bytes::from_static(b"body"));
        assert_eq!(none.get(5, pos(100)), None);
    }
}
