//! Places, counters and time: what a message's move from one place to another means for its queue, and what time alone moves.

use super::entries::{CHUNK, Entry, NOTED, Place};
use super::queue::TICK;
use super::{Index, Millis, MsgId};

/// Entries looked through, or ids moved, in one call at most; the rest waits for the next call.
const PORTION: usize = 16 * CHUNK as usize;

impl Index {
    /// Takes a message out of its place.
    pub(super) fn unplace(&mut self, entry: &Entry) {
        if !self.live {
            return;
        }
        if entry.place == Place::Dead {
            self.dead_count -= 1;
        }
        let at = entry.queue;
        let queue = self.queue_mut(at);
        let mut crowded = false;
        match entry.place {
            Place::Free | Place::Hidden => {}
            Place::Ready => {
                queue.ready -= 1;
                crowded = queue.left_behind();
            }
            Place::Deferred => {
                queue.deferred -= 1;
                crowded = queue.left_behind();
            }
            Place::Expired => queue.expired -= 1,
            Place::Leased => queue.leased -= 1,
            Place::Awaiting => queue.awaiting -= 1,
            Place::Dead => queue.dead -= 1,
        }
        if crowded {
            self.clean(at);
        }
    }

    /// Drops left-behind ids from a queue's lists.
    fn clean(&mut self, at: u32) {
        let entries = &self.entries;
        if let Some(queue) = self.queues.get_mut(at as usize) {
            queue.clean(|id, priority, group| {
                entries.get(id).is_some_and(|e| {
                    e.queue == at
                        && match priority {
                            Some(priority) => e.place == Place::Ready && e.priority == priority && e.group == group,
                            None => e.place == Place::Deferred,
                        }
                })
            });
        }
    }

    /// A message is in its (new) place: counters and deadline.
    pub(super) fn placed(&mut self, id: u64, entry: &Entry) {
        if !self.live {
            return;
        }
        let queue = self.queue_mut(entry.queue);
        match entry.place {
            Place::Free | Place::Hidden => {}
            Place::Ready => queue.ready += 1,
            Place::Deferred => queue.deferred += 1,
            Place::Expired => queue.expired += 1,
            Place::Leased => queue.leased += 1,
            Place::Awaiting => queue.awaiting += 1,
            Place::Dead => {
                queue.dead += 1;
                self.dead_count += 1;
                self.dead.push_back((id, entry.due()));
                self.bury_surplus();
            }
        }
        self.watch(id, entry.deadline());
    }

    /// More dead letters than are kept: the oldest are to be buried.
    fn bury_surplus(&mut self) {
        let mut surplus = self.dead_count.saturating_sub(self.max_dead + self.to_bury.len());
        while surplus > 0 {
            let Some((id, due)) = self.dead.pop_front() else { break };
            // One that was replayed and failed again has another time.
            if self.entries.get(id).is_some_and(|e| e.due() == due) && self.note(id, Place::Dead) {
                self.to_bury.push(MsgId(id));
                surplus -= 1;
            }
        }
        if self.dead.len() > 2 * self.dead_count + 1024 {
            let entries = &self.entries;
            self.dead.retain(|(id, due)| entries.get(*id).is_some_and(|e| e.place == Place::Dead && e.due() == *due));
        }
    }

    /// Marks a message as told of; false if it is not in that place, or told of already.
    fn note(&mut self, id: u64, place: Place) -> bool {
        let Some(entry) = self.entries.get_mut(id).filter(|e| e.place == place && e.token != NOTED) else { return false };
        entry.token = NOTED;
        true
    }

    /// Puts a hidden message where it belongs by the time.
    pub(super) fn queued(&mut self, id: u64, now: Millis) {
        let Some(mut entry) = self.entries.get(id).copied().filter(|e| e.place == Place::Hidden) else { return };
        if !self.live {
            return;
        }
        let due = entry.due();
        let queue = self.queue_mut(entry.queue);
        if entry.expires() <= now {
            entry.place = Place::Expired;
            self.expired.push_back(id);
        } else if due > now {
            entry.place = Place::Deferred;
            queue.defer(due, id);
            if queue.oldest_deferred.is_none_or(|(oldest, _)| id < oldest) {
                queue.oldest_deferred = Some((id, entry.accepted()));
            }
        } else {
            entry.place = Place::Ready;
            queue.push(entry.priority, entry.group, id);
        }
        self.wake(entry.queue);
        self.put_back(id, entry);
    }

    fn wake(&mut self, queue: u32) {
        let state = self.queue_mut(queue);
        if !state.woken {
            state.woken = true;
            self.wakes.push(queue);
        }
    }

    /// Sees to it that a message is looked at when that time comes.
    fn watch(&mut self, id: u64, at: Millis) {
        if at == Millis::MAX {
            return;
        }
        let at = at.div_ceil(TICK) * TICK;
        let chunk = id / CHUNK;
        let Some(wake) = self.entries.wake_of(chunk) else { return };
        if at < *wake {
            let before = std::mem::replace(wake, at);
            self.deadlines.remove(&(before, chunk));
            self.deadlines.insert((at, chunk));
        }
    }

    /// Gives a leased message back to its queue.
    pub(super) fn give_back(&mut self, id: u64, now: Millis) {
        let Some(mut entry) = self.entries.get(id).copied().filter(|e| e.place == Place::Leased) else { return };
        self.unplace(&entry);
        entry.place = Place::Hidden;
        entry.set_due(0);
        if let Some(place) = self.entries.get_mut(id) {
            *place = entry;
        }
        self.queued(id, now);
    }

    /// A queued message's validity has ended.
    pub(super) fn expire(&mut self, id: u64) {
        let Some(mut entry) = self.entries.get(id).copied() else { return };
        self.unplace(&entry);
        entry.place = Place::Expired;
        self.expired.push_back(id);
        self.put_back(id, entry);
    }

    /// Moves what time has moved: leases that ran out, validities that ended, waits for receipts, retention of dead letters.
    pub(crate) fn advance(&mut self, now: Millis) {
        let mut looked = 0;
        while looked < PORTION {
            let Some(&(at, chunk)) = self.deadlines.first().filter(|(at, _)| *at <= now) else { break };
            self.deadlines.remove(&(at, chunk));
            looked += CHUNK as usize;
            let mut due = Vec::new();
            let mut next = Millis::MAX;
            for (id, entry) in self.entries.in_chunk(chunk) {
                let deadline = entry.deadline();
                if deadline <= now && entry.place != Place::Hidden {
                    due.push((id, entry.place));
                } else {
                    next = next.min(deadline);
                }
            }
            if let Some(wake) = self.entries.wake_of(chunk) {
                *wake = Millis::MAX;
            }
            if next != Millis::MAX {
                // A hidden message whose validity has ended is on its way; it is looked at again with the next tick.
                self.watch(chunk * CHUNK, next.max(now + 1));
            }
            for (id, place) in due {
                match place {
                    Place::Ready | Place::Deferred => self.expire(id),
                    Place::Leased => self.give_back(id, now),
                    Place::Awaiting => {
                        self.note(id, place);
                        self.overdue.insert(id);
                    }
                    Place::Dead => {
                        self.note(id, place);
                        self.to_bury.push(MsgId(id));
                    }
                    Place::Free | Place::Hidden | Place::Expired => {}
                }
            }
        }
    }

    /// Moves deferred messages of a queue that have fallen due.
    pub(crate) fn advance_queue(&mut self, at: u32, now: Millis) {
        let Some(queue) = self.queues.get_mut(at as usize) else { return };
        if queue.next_due().is_none_or(|due| due > now) {
            return;
        }
        for id in queue.fallen_due(now, PORTION) {
            let Some(mut entry) = self.entries.get(id).copied() else { continue };
            if entry.place != Place::Deferred || entry.queue != at || entry.due() > now {
                continue;
            }
            if let Some(queue) = self.queues.get_mut(at as usize) {
                queue.deferred -= 1;
            }
            entry.place = Place::Hidden;
            if let Some(place) = self.entries.get_mut(id) {
                *place = entry;
            }
            self.queued(id, now);
        }
    }

    /// Everything that time moves, in all queues.
    pub(crate) fn advance_all(&mut self, now: Millis) {
        self.advance(now);
        for queue in 0..self.queues.len() as u32 {
            self.advance_queue(queue, now);
        }
    }

    /// When [`Index::advance_all`] has something to do next.
    pub(crate) fn next_deadline(&self) -> Option<Millis> {
        let due = self.queues.iter().filter_map(|q| q.next_due()).min();
        let deadline = self.deadlines.first().map(|(at, _)| *at);
        due.into_iter().chain(deadline).min()
    }

    /// Ends recovery: lists, counters and deadlines are made from the entries.
    pub(crate) fn go_live(&mut self, now: Millis) {
        self.live = true;
        let mut dead = Vec::new();
        for chunk in self.entries.chunks() {
            let here: Vec<(u64, Entry)> = self.entries.in_chunk(chunk).map(|(id, e)| (id, *e)).collect();
            for (id, entry) in here {
                match entry.place {
                    Place::Hidden => self.queued(id, now),
                    Place::Dead => dead.push((entry.due(), id, entry)),
                    _ => self.placed(id, &entry),
                }
            }
        }
        dead.sort_unstable_by_key(|(due, id, _)| (*due, *id));
        for (_, id, entry) in dead {
            self.placed(id, &entry);
        }
        self.dedup.expire(now);
    }
}
