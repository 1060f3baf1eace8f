//! The index: everything about the messages but their bodies.
//!
//! A change happens in two phases. Before it is written, its effects that forbid something take place (a lease is used up, a message
//! leaves its queue); after it is durable, those that allow something do (a message becomes claimable, a log file loses a live message).
//! Nothing can therefore race between the two, and nothing is handed out that a crash could take back. Recovery runs both at once.

mod claim;
mod dedup;
mod entries;
mod parked;
mod queue;
mod recent;
mod segments;
mod sides;
mod state;
mod timers;

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use siphasher::sip128::{Hasher128, SipHasher13};

use super::codec::{CopyRec, Hash128, Pos};
use super::config::SpoolConfig;
use crate::{Millis, MsgId, NewEntry, Outcome, Parked, QueueId, SentPart};

pub(crate) use claim::Found;
pub(crate) use dedup::{Dedup, Key};
pub(crate) use entries::{Entries, Entry, NO_SIDE, Place};
pub(crate) use parked::ParkedTable;
pub(crate) use queue::Queue;
pub(crate) use recent::LARGEST;
pub(crate) use segments::{Segment, Segments};
pub(crate) use sides::Sides;

use recent::Recent;

/// What takes place when a change has become durable.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Effect {
    /// A message's body lies here now, and it may be claimed.
    Written { id: u64, pos: Pos },
    /// A message may be claimed again.
    Queued { id: u64 },
    /// A message's body was copied forward, if it is still where it was.
    Moved { id: u64, from: Pos, to: Pos },
    /// A receipt was parked, or copied forward.
    Parked { key: u64, pos: Pos },
}

/// All state in memory.
#[derive(Debug)]
pub(crate) struct Index {
    pub(crate) entries: Entries,
    pub(crate) queues: Vec<Queue>,
    pub(crate) segments: Segments,
    pub(crate) sides: Sides,
    pub(crate) recent: Recent,
    pub(crate) parked: ParkedTable,
    pub(crate) dedup: Dedup,
    pub(crate) next_id: u64,
    pub(crate) next_key: u64,
    next_token: u32,
    hash_key: [u64; 2],
    /// Chunks by when something in them falls due.
    deadlines: std::collections::BTreeSet<(Millis, u64)>,
    /// Queued messages whose validity has ended, in the order it did.
    expired: VecDeque<u64>,
    /// Messages whose wait for a receipt has ended, offered in turn until they are given up; the last one that was offered.
    overdue: std::collections::BTreeSet<u64>,
    offered: u64,
    /// Dead letters and when they are buried, oldest first; replayed ones are still among them.
    dead: VecDeque<(u64, Millis)>,
    dead_count: usize,
    /// Dead letters that the committer is to bury.
    pub(crate) to_bury: Vec<MsgId>,
    /// Bodies that are no longer needed once the group being written is durable.
    frees: Vec<Pos>,
    /// Queues with something new to claim, whose waiters have to be told.
    wakes: Vec<u32>,
    /// False during recovery: lists and counters are made at its end.
    live: bool,
    pub(crate) parked_stale: Millis,
    dead_retention: Millis,
    max_dead: usize,
}

impl Index {
    pub(crate) fn new(config: &SpoolConfig, hash_key: [u8; 16]) -> Index {
        let half = |at: usize| hash_key[at..at + 8].iter().fold(0u64, |n, b| (n << 8) | u64::from(*b));
        Index {
            entries: Entries::default(),
            queues: Vec::new(),
            segments: Segments::default(),
            sides: Sides::default(),
            recent: Recent::new(config.recent_bodies),
            parked: ParkedTable::default(),
            dedup: Dedup::new(config.dedup_window, config.max_dedup),
            next_id: 0,
            next_key: 1,
            next_token: fastrand::u32(..),
            hash_key: [half(0), half(8)],
            deadlines: std::collections::BTreeSet::new(),
            expired: VecDeque::new(),
            overdue: std::collections::BTreeSet::new(),
            offered: 0,
            dead: VecDeque::new(),
            dead_count: 0,
            to_bury: Vec::new(),
            frees: Vec::new(),
            wakes: Vec::new(),
            live: false,
            parked_stale: config.parked_stale,
            dead_retention: config.dead_retention,
            max_dead: config.max_dead,
        }
    }

    /// The secret of the hashes, as headers have it.
    pub(crate) fn key_bytes(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.hash_key[0].to_be_bytes());
        bytes[8..].copy_from_slice(&self.hash_key[1].to_be_bytes());
        bytes
    }

    /// Hash of a carrier's id.
    pub(crate) fn remote_hash(&self, source: QueueId, remote: &[u8]) -> Hash128 {
        if remote.is_empty() { Hash128::NONE } else { self.hash(source.0, remote) }
    }

    /// Hash of an idempotency key.
    pub(crate) fn dedup_hash(&self, entry: &NewEntry) -> Option<Hash128> {
        entry.dedup.as_ref().map(|key| self.hash(entry.group.0, key))
    }

    fn hash(&self, of: u32, bytes: &[u8]) -> Hash128 {
        use std::hash::Hasher;
        let mut hasher = SipHasher13::new_with_keys(self.hash_key[0], self.hash_key[1]);
        hasher.write(&of.to_le_bytes());
        hasher.write(bytes);
        let hash = hasher.finish128();
        // All zero stands for none.
        Hash128([hash.h1, hash.h2 | 1])
    }

    pub(crate) fn hash_parts(&self, source: QueueId, parts: &[SentPart]) -> Vec<(u8, Hash128)> {
        parts.iter().map(|p| (p.part, self.remote_hash(source, &p.remote))).collect()
    }

    fn queue_mut(&mut self, queue: u32) -> &mut Queue {
        let at = queue as usize;
        if self.queues.len() <= at {
            self.queues.resize_with(at + 1, Queue::default);
        }
        &mut self.queues[at]
    }

    /// Phase one of an accept.
    pub(crate) fn accept(&mut self, id: MsgId, new: &NewEntry, now: Millis) {
        self.next_id = self.next_id.max(id.0 + 1);
        let mut entry = Entry::new(new.queue.0, new.group.0, new.priority, now);
        entry.set_due(new.due);
        entry.set_expires(new.expires);
        if let Some(old) = self.entries.insert(id.0, entry) {
            self.dropped(&old);
        }
    }

    /// Phase one of a settle. `queue` is the one it was claimed from.
    pub(crate) fn settle(&mut self, id: MsgId, queue: QueueId, outcome: &Outcome, now: Millis) {
        let Some(mut entry) = self.entries.get(id.0).copied() else {
            // In recovery: the message is gone, or its copy comes later. Either way its remote ids no longer lead to an earlier message.
            if let Outcome::Sent { parts, .. } | Outcome::Retry { sent: parts, .. } = outcome {
                self.hash_parts(queue, parts).into_iter().for_each(|(_, hash)| self.sides.outdate(hash, id.0));
            }
            return;
        };
        match outcome {
            Outcome::Sent { parts, await_until: None, .. } => {
                let hashes = self.hash_parts(queue, parts);
                self.remove(id);
                hashes.into_iter().for_each(|(_, hash)| self.sides.outdate(hash, id.0));
            }
            Outcome::Expired | Outcome::Done => self.remove(id),
            Outcome::Sent { parts, total, await_until: Some(until) } => {
                let hashes = self.hash_parts(queue, parts);
                self.unplace(&entry);
                entry.side = self.sides.sent(entry.side, id.0, *total, &hashes);
                entry.place = Place::Awaiting;
                entry.token = 0;
                entry.set_due(*until);
                self.put_back(id.0, entry);
            }
            Outcome::Retry { at, queue: to, count, sent } => {
                self.unplace(&entry);
                if !sent.is_empty() {
                    let hashes = self.hash_parts(queue, sent);
                    entry.side = self.sides.sent(entry.side, id.0, 0, &hashes);
                }
                entry.place = Place::Hidden;
                entry.set_due(*at);
                entry.queue = to.unwrap_or(queue).0;
                entry.attempts = entry.attempts.saturating_add(u16::from(*count));
                self.put_back(id.0, entry);
            }
            Outcome::Failed => {
                self.unplace(&entry);
                self.sides.finish(entry.side);
                entry.side = NO_SIDE;
                entry.place = Place::Dead;
                entry.token = 0;
                entry.set_due(now.saturating_add(self.dead_retention));
                self.put_back(id.0, entry);
            }
        }
    }

    /// Writes an entry back after a change of place, with counters and deadline.
    fn put_back(&mut self, id: u64, entry: Entry) {
        if let Some(place) = self.entries.get_mut(id) {
            *place = entry;
            self.placed(id, &entry);
        }
    }

    /// A part has a receipt.
    pub(crate) fn receipt(&mut self, id: MsgId, part: u8, state: u8, done: bool) {
        let Some(entry) = self.entries.get(id.0) else { return };
        let slot = entry.side;
        self.sides.set_state(slot, part, state);
        if done {
            self.remove(id);
        }
    }

    /// Forgets a message for good.
    pub(crate) fn remove(&mut self, id: MsgId) {
        if let Some(entry) = self.entries.remove(id.0) {
            self.dropped(&entry);
        }
    }

    fn dropped(&mut self, entry: &Entry) {
        self.unplace(entry);
        self.sides.finish(entry.side);
        if entry.written() {
            self.free(entry.pos());
        }
    }

    /// A body is no longer needed: at once in recovery, else when the group is durable.
    fn free(&mut self, pos: Pos) {
        if self.live {
            self.frees.push(pos);
        } else {
            self.segments.free(pos);
        }
    }

    /// Phase one of a replace.
    pub(crate) fn replace(&mut self, id: MsgId, due: Option<Millis>, expires: Option<Millis>) {
        let Some(mut entry) = self.entries.get(id.0).copied() else { return };
        self.unplace(&entry);
        entry.place = Place::Hidden;
        if let Some(due) = due {
            entry.set_due(due);
        }
        if let Some(expires) = expires {
            entry.set_expires(expires);
        }
        self.put_back(id.0, entry);
    }

    /// Phase one of a replay.
    pub(crate) fn replay(&mut self, id: MsgId, queue: QueueId, expires: Millis) {
        let Some(mut entry) = self.entries.get(id.0).copied() else { return };
        self.unplace(&entry);
        entry.place = Place::Hidden;
        entry.queue = queue.0;
        entry.attempts = 0;
        entry.set_due(0);
        entry.set_expires(expires);
        self.put_back(id.0, entry);
    }

    pub(crate) fn park(&mut self, parked: Parked) {
        // Copied, so that a small receipt doesn't hold the large buffer that it came in.
        let parked = Parked { remote: Bytes::copy_from_slice(&parked.remote), body: Bytes::copy_from_slice(&parked.body), ..parked };
        self.next_key = self.next_key.max(parked.key + 1);
        let stale = parked.at.saturating_add(self.parked_stale);
        self.parked.insert(parked, stale);
    }

    /// A parked receipt lies here, met in recovery.
    pub(crate) fn parked_at(&mut self, key: u64, pos: Pos) {
        if let Some(old) = self.parked.moved(key, pos) {
            self.segments.add(pos);
            if old != Pos::NONE {
                self.segments.free(old);
            }
        }
    }

    pub(crate) fn unpark(&mut self, key: u64) {
        if let Some(pos) = self.parked.remove(key)
            && pos != Pos::NONE
        {
            self.free(pos);
        }
    }

    /// A message copied forward, met in recovery.
    pub(crate) fn restore(&mut self, copy: &CopyRec, pos: Pos) {
        let mut entry = Entry::new(copy.queue.0, copy.group.0, copy.priority, copy.accepted);
        entry.attempts = copy.attempts;
        entry.set_due(copy.due);
        entry.set_expires(copy.expires);
        entry.place = match copy.place {
            p if p == Place::Awaiting as u8 => Place::Awaiting,
            p if p == Place::Dead as u8 => Place::Dead,
            _ => Place::Hidden,
        };
        entry.set_pos(pos);
        self.next_id = self.next_id.max(copy.id.0 + 1);
        if let Some(old) = self.entries.insert(copy.id.0, entry) {
            self.dropped(&old);
        }
        self.segments.add(pos);
        if !copy.states.is_empty() || !copy.sent.is_empty() {
            let slot = self.sides.restore(copy.id.0, &copy.states, &copy.sent);
            if let Some(entry) = self.entries.get_mut(copy.id.0) {
                entry.side = slot;
            }
        }
    }

    /// How many states and remote ids of parts a message has.
    pub(crate) fn part_count(&self, id: u64) -> usize {
        let side = self.entries.get(id).and_then(|e| self.sides.get(e.side));
        side.map_or(0, |s| s.parts() + s.sent().count())
    }

    /// All state of a message, as a restart would have it.
    pub(crate) fn snapshot(&self, id: u64, body: Bytes) -> Option<CopyRec> {
        let entry = self.entries.get(id)?;
        let place = match entry.place {
            Place::Awaiting | Place::Dead => entry.place,
            _ => Place::Hidden,
        };
        // The end of a lease means nothing after a restart.
        let due = if entry.place == Place::Leased { 0 } else { entry.due() };
        let side = self.sides.get(entry.side);
        Some(CopyRec {
            id: MsgId(id),
            queue: QueueId(entry.queue),
            group: crate::GroupId(entry.group),
            priority: entry.priority,
            place: place as u8,
            attempts: entry.attempts,
            accepted: entry.accepted(),
            due,
            expires: entry.expires(),
            states: side.map(sides::Side::states).unwrap_or_default(),
            sent: self.sides.owned(entry.side),
            body,
        })
    }

    /// Phase two: what was written is durable.
    pub(crate) fn publish(&mut self, effects: &[Effect], now: Millis) {
        for effect in effects {
            match *effect {
                Effect::Written { id, pos } => self.written(id, pos, now),
                Effect::Queued { id } => self.queued(id, now),
                Effect::Moved { id, from, to } => {
                    if let Some(entry) = self.entries.get_mut(id).filter(|e| e.pos() == from) {
                        entry.set_pos(to);
                        self.segments.free(from);
                        self.segments.add(to);
                    }
                }
                Effect::Parked { key, pos } => self.parked_at(key, pos),
            }
        }
        for pos in std::mem::take(&mut self.frees) {
            self.segments.free(pos);
        }
    }

    /// A body is in the log; its message may be claimed.
    pub(crate) fn written(&mut self, id: u64, pos: Pos, now: Millis) {
        // Cancelled in the same group: nothing is left of it.
        let Some(entry) = self.entries.get_mut(id) else { return };
        let old = entry.pos();
        entry.set_pos(pos);
        self.segments.add(pos);
        if old != Pos::NONE {
            self.segments.free(old);
        }
        self.queued(id, now);
    }

    /// Files of the log, for reading outside the lock.
    pub(crate) fn file(&self, pos: Pos) -> Option<Arc<std::fs::File>> {
        self.segments.get(u64::from(pos.segment)).map(|s| Arc::clone(&s.file))
    }

    /// Queues whose waiters have to be woken.
    pub(crate) fn take_wakes(&mut self) -> Vec<u32> {
        for queue in &self.wakes {
            if let Some(queue) = self.queues.get_mut(*queue as usize) {
                queue.woken = false;
            }
        }
        std::mem::take(&mut self.wakes)
    }
}
