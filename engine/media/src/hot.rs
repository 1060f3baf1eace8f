//! Contents that were read lately, in memory: a picture that goes to many is asked for by all of them at about the same time.

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;
use parking_lot::Mutex;

use crate::MediaId;

/// The share of the cache that one content may take: one part in so many.
const SHARE: usize = 8;

/// A bounded cache; what came first goes first, unless it was asked for again meanwhile.
#[derive(Debug)]
pub(crate) struct Hot {
    most: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    contents: HashMap<MediaId, (Bytes, bool)>,
    order: VecDeque<MediaId>,
    octets: usize,
}

impl Hot {
    pub(crate) fn new(most: usize) -> Hot {
        Hot { most, state: Mutex::default() }
    }

    pub(crate) fn get(&self, id: &MediaId) -> Option<Bytes> {
        if self.most == 0 {
            return None;
        }
        let mut state = self.state.lock();
        let (content, again) = state.contents.get_mut(id)?;
        *again = true;
        Some(content.clone())
    }

    /// Keeps a content that nothing larger stands behind.
    pub(crate) fn put(&self, id: MediaId, content: &Bytes) {
        if content.len() > self.most / SHARE {
            return;
        }
        let mut state = self.state.lock();
        if state.contents.insert(id, (content.clone(), false)).is_some() {
            return;
        }
        state.order.push_back(id);
        state.octets += cost(content);
        while state.octets > self.most
            && let Some(first) = state.order.pop_front()
        {
            match state.contents.remove(&first) {
                Some((content, true)) => {
                    state.contents.insert(first, (content, false));
                    state.order.push_back(first);
                }
                Some((content, false)) => state.octets -= cost(&content),
                None => {}
            }
        }
    }
}

/// With what it takes to keep it.
fn cost(content: &Bytes) -> usize {
    content.len() + 200
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_bounded_and_keeps_what_is_asked_for() {
        let hot = Hot::new(10_000);
        let content = |n: u32| Bytes::from(vec![n as u8; 800]);
        let favourite = MediaId::of(b"favourite");
        hot.put(favourite, &content(9));
        for n in 0..1000u32 {
            assert_eq!(hot.get(&favourite), Some(content(9)), "{n}");
            hot.put(MediaId::of(&n.to_le_bytes()), &content(n));
            assert!(hot.state.lock().octets <= 10_000 && hot.state.lock().contents.len() <= 10);
        }
        assert!(hot.get(&MediaId::of(&999u32.to_le_bytes())).is_some());
        assert!(hot.get(&MediaId::of(&1u32.to_le_bytes())).is_none());
        hot.put(MediaId::of(b"large"), &Bytes::from(vec![0; 2000]));
        assert!(hot.get(&MediaId::of(b"large")).is_none());
    }
}
