//! Questions that people and metrics ask.

use super::Index;
use super::entries::{CHUNK, Entry, Place};
use crate::{GroupId, Millis, MsgId, MsgState, QueueId, Stage};

/// Deferred messages that are looked through for the oldest one; in a longer list an older bound is shown.
const SCAN: u64 = 100_000;

fn state(id: u64, entry: &Entry) -> MsgState {
    let stage = match entry.place {
        Place::Leased => Stage::Leased,
        Place::Awaiting => Stage::Awaiting,
        Place::Dead => Stage::Dead,
        _ => Stage::Queued,
    };
    MsgState {
        id: MsgId(id),
        queue: QueueId(entry.queue),
        group: GroupId(entry.group),
        priority: entry.priority,
        stage,
        attempts: entry.attempts,
        accepted: entry.accepted(),
        due: entry.due(),
        expires: entry.expires(),
    }
}

impl Index {
    pub(crate) fn state(&self, id: MsgId) -> Option<MsgState> {
        self.entries.get(id.0).filter(|e| e.written()).map(|e| state(id.0, e))
    }

    pub(crate) fn list(&self, queue: Option<QueueId>, after: Option<MsgId>, max: usize) -> Vec<MsgState> {
        let from = after.map_or(0, |id| id.0.saturating_add(1));
        let mut out = Vec::new();
        for chunk in self.entries.chunks().into_iter().filter(|c| *c >= from / CHUNK) {
            for (id, entry) in self.entries.in_chunk(chunk) {
                if out.len() == max {
                    return out;
                }
                if id >= from && entry.written() && queue.is_none_or(|q| q.0 == entry.queue) {
                    out.push(state(id, entry));
                }
            }
        }
        out
    }

    /// When the oldest queued message of a queue was accepted.
    pub(crate) fn oldest(&mut self, at: u32) -> Option<Millis> {
        let Index { entries, queues, expired, .. } = self;
        let queue = queues.get_mut(at as usize)?;
        let of = |id: u64, place: Place| entries.get(id).filter(|e| e.place == place && e.queue == at).map(Entry::accepted);
        queue.trim(|id, priority, group| {
            entries.get(id).is_some_and(|e| e.place == Place::Ready && e.queue == at && e.priority == priority && e.group == group)
        });
        let ready = queue.firsts().filter_map(|id| of(id, Place::Ready)).min();
        let deferred = if queue.deferred == 0 {
            queue.oldest_deferred = None;
            None
        } else {
            let known = queue.oldest_deferred.filter(|(id, _)| of(*id, Place::Deferred).is_some());
            if known.is_none() && queue.deferred <= SCAN {
                let found = queue.deferred_ids().filter(|id| of(*id, Place::Deferred).is_some()).min();
                queue.oldest_deferred = found.and_then(|id| of(id, Place::Deferred).map(|accepted| (id, accepted)));
            }
            queue.oldest_deferred.map(|(_, accepted)| accepted)
        };
        let over = if queue.expired == 0 { None } else { expired.iter().filter_map(|id| of(*id, Place::Expired)).min() };
        ready.into_iter().chain(deferred).chain(over).min()
    }
}
