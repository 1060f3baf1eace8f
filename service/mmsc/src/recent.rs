//! Messages that were acknowledged a short while ago: a phone that fetches twice, as many do, gets it twice.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;
use waxwing_core::{Millis, MsgId};

use crate::Facts;

/// How many are kept.
const MOST: usize = 4096;
/// For how long, milliseconds.
const TIME: Millis = 10 * 60_000;

/// Bounded in number and time.
#[derive(Default)]
pub(crate) struct Recent(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    by_token: HashMap<String, Arc<Kept>>,
    order: VecDeque<Arc<Kept>>,
    ids: HashSet<MsgId>,
}

/// What is kept of a message.
pub(crate) struct Kept {
    pub(crate) id: MsgId,
    pub(crate) facts: Facts,
    until: Millis,
}

impl Recent {
    /// Keeps one. Returns those that are let go for it.
    pub(crate) fn keep(&self, id: MsgId, facts: Facts, now: Millis) -> Vec<Arc<Kept>> {
        let mut inner = self.0.lock();
        let kept = Arc::new(Kept { id, facts, until: now + TIME });
        if inner.by_token.insert(kept.facts.token.clone(), kept.clone()).is_none() {
            inner.ids.insert(id);
            inner.order.push_back(kept);
        }
        inner.drop_old(now, MOST)
    }

    /// One of them.
    pub(crate) fn find(&self, token: &str, now: Millis) -> Option<Arc<Kept>> {
        self.0.lock().by_token.get(token).filter(|k| k.until > now).cloned()
    }

    /// Whether it is one of them.
    pub(crate) fn has(&self, id: MsgId) -> bool {
        self.0.lock().ids.contains(&id)
    }

    /// The same by its number.
    pub(crate) fn by_id(&self, id: MsgId, now: Millis) -> Option<Arc<Kept>> {
        let inner = self.0.lock();
        if !inner.ids.contains(&id) {
            return None;
        }
        inner.order.iter().rev().find(|k| k.id == id && k.until > now).cloned()
    }

    /// Lets go of those whose time is over.
    pub(crate) fn expire(&self, now: Millis) -> Vec<Arc<Kept>> {
        self.0.lock().drop_old(now, MOST)
    }
}

impl Inner {
    fn drop_old(&mut self, now: Millis, most: usize) -> Vec<Arc<Kept>> {
        let mut gone = Vec::new();
        while let Some(oldest) = self.order.front() {
            if oldest.until > now && self.order.len() <= most {
                break;
            }
            if let Some(kept) = self.order.pop_front() {
                self.by_token.remove(&kept.facts.token);
                self.ids.remove(&kept.id);
                gone.push(kept);
            }
        }
        gone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(n: usize) -> Facts {
        Facts { token: n.to_string(), ..Facts::default() }
    }

    #[test]
    fn they_are_kept_for_a_while_and_not_too_many() {
        let recent = Recent::default();
        for n in 0..MOST + 10 {
            let gone = recent.keep(MsgId(n as u64), facts(n), 1000);
            assert_eq!(gone.len(), usize::from(n >= MOST));
        }
        assert!(recent.find("9", 1000).is_none() && recent.find("10", 1000).is_some());
        assert!(recent.find("10", 1000 + TIME).is_none());
        assert_eq!(recent.expire(1000 + TIME).len(), MOST);
        assert!(recent.0.lock().by_token.is_empty());
    }
}
