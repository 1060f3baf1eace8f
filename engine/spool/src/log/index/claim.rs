//! Handing messages out, and the leases on them.

use super::entries::Place;
use super::queue::Fate;
use super::{Index, Pos};
use crate::{GroupId, Lease, Millis};

/// A message as the index hands it out; a body that is not there is read outside the lock.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) lease: Lease,
    pub(crate) group: GroupId,
    pub(crate) priority: u8,
    pub(crate) attempts: u16,
    pub(crate) accepted: Millis,
    pub(crate) expires: Millis,
    pub(crate) sent_parts: Vec<u8>,
    pub(crate) pos: Pos,
    /// Where it was written a moment ago.
    pub(crate) body: Option<bytes::Bytes>,
}

impl Index {
    /// Up to `max` messages of a queue, leased until `until`.
    pub(crate) fn claim(&mut self, at: u32, max: usize, until: Millis, now: Millis) -> Vec<Found> {
        self.advance(now);
        self.advance_queue(at, now);
        let mut found = Vec::new();
        let mut over = Vec::new();
        while found.len() < max {
            let entries = &self.entries;
            let Some(queue) = self.queues.get_mut(at as usize) else { break };
            let next = queue.pop(|id, priority, group| match entries.get(id) {
                Some(e) if e.place == Place::Ready && e.queue == at && e.priority == priority && e.group == group => {
                    if e.expires() > now {
                        Fate::Take
                    } else {
                        over.push(id);
                        Fate::Skip
                    }
                }
                _ => Fate::Skip,
            });
            let Some(id) = next else { break };
            found.extend(self.lease(id, until));
        }
        for id in over {
            if self.entries.get(id).is_some_and(|e| e.place == Place::Ready) {
                self.expire(id);
            }
        }
        found
    }

    /// Up to `max` queued messages whose validity has ended.
    pub(crate) fn claim_expired(&mut self, max: usize, until: Millis, now: Millis) -> Vec<Found> {
        self.advance(now);
        let mut found = Vec::new();
        while found.len() < max {
            let Some(id) = self.expired.pop_front() else { break };
            if self.entries.get(id).is_some_and(|e| e.place == Place::Expired) {
                found.extend(self.lease(id, until));
            }
        }
        if self.expired.is_empty() {
            self.expired.shrink_to(64);
        }
        found
    }

    fn lease(&mut self, id: u64, until: Millis) -> Option<Found> {
        let mut entry = *self.entries.get(id)?;
        let queue = self.queue_mut(entry.queue);
        match entry.place {
            Place::Expired => queue.expired -= 1,
            _ => queue.ready -= 1,
        }
        self.next_token = self.next_token.wrapping_add(1);
        entry.place = Place::Leased;
        entry.token = self.next_token;
        entry.set_due(until);
        self.put_back(id, entry);
        let mut sent_parts: Vec<u8> = self.sides.get(entry.side).map(|s| s.sent().map(|(part, _)| part).collect()).unwrap_or_default();
        sent_parts.sort_unstable();
        sent_parts.dedup();
        Some(Found {
            lease: Lease { id: crate::MsgId(id), token: entry.token },
            group: GroupId(entry.group),
            priority: entry.priority,
            attempts: entry.attempts,
            accepted: entry.accepted(),
            expires: entry.expires(),
            sent_parts,
            pos: entry.pos(),
            body: self.recent.get(id, entry.pos()),
        })
    }

    /// Whether a lease holds.
    pub(crate) fn holds(&self, lease: &Lease, now: Millis) -> bool {
        self.entries.get(lease.id.0).is_some_and(|e| e.place == Place::Leased && e.token == lease.token && e.due() > now)
    }

    pub(crate) fn renew(&mut self, lease: &Lease, until: Millis, now: Millis) -> bool {
        if !self.holds(lease, now) {
            return false;
        }
        let Some(mut entry) = self.entries.get(lease.id.0).copied() else { return false };
        self.unplace(&entry);
        entry.set_due(until);
        self.put_back(lease.id.0, entry);
        true
    }

    pub(crate) fn release(&mut self, lease: &Lease, now: Millis) -> bool {
        let holds = self.holds(lease, now);
        if holds {
            self.give_back(lease.id.0, now);
        }
        holds
    }

    /// Messages whose wait for a receipt has ended. They are offered again, in turn, until they are given up.
    pub(crate) fn overdue(&mut self, max: usize, now: Millis) -> Vec<crate::MsgId> {
        self.advance(now);
        let mut ids = Vec::new();
        let mut gone = Vec::new();
        let turn = self.overdue.range(self.offered + 1..).chain(self.overdue.range(..=self.offered));
        for id in turn {
            if ids.len() == max {
                break;
            }
            if self.entries.get(*id).is_some_and(|e| e.place == Place::Awaiting) {
                ids.push(crate::MsgId(*id));
            } else {
                gone.push(*id);
            }
        }
        for id in gone {
            self.overdue.remove(&id);
        }
        self.offered = ids.last().map_or(self.offered, |id| id.0);
        ids
    }
}
