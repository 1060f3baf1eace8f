//! The spool against a plain model in memory: random lives, closed and opened, compacted, with time going by.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use proptest::prelude::*;

use super::harness::*;
use waxwing_spool::*;

const QUEUES: [&str; 3] = ["c:a", "c:b", "account:x"];
const GROUPS: [&str; 2] = ["g1", "g2"];
const REMOTES: u8 = 6;
const WINDOW: Millis = 60_000;

#[derive(Clone, Debug)]
enum Act {
    Accept { queue: usize, group: usize, priority: u8, due: u64, ttl: u64, key: Option<u8>, size: usize },
    Claim { queue: usize, max: usize },
    ClaimExpired { max: usize },
    Sent { pick: usize, parts: Vec<(u8, u8)>, total: u8, wait: Option<u64> },
    Retry { pick: usize, at: u64, queue: Option<usize>, count: bool, parts: Vec<(u8, u8)> },
    Settle { pick: usize, how: u8 },
    OldLease { pick: usize },
    Renew { pick: usize },
    Release { pick: usize },
    Receipt { queue: usize, remote: u8, state: u8, done: bool },
    Park { queue: usize, remote: u8 },
    Unpark { pick: usize },
    GiveUp { pick: usize },
    Cancel { pick: usize },
    Replace { pick: usize, due: Option<u64>, ttl: Option<u64>, size: usize },
    Replay { pick: usize, queue: Option<usize> },
    Bury { pick: usize },
    Advance { by: u64 },
    Tend,
    Reopen,
}

fn act() -> impl Strategy<Value = Act> {
    let pick = 0..64usize;
    let queue = 0..QUEUES.len();
    let parts = || proptest::collection::vec((0..3u8, 0..=REMOTES), 0..3);
    let accept = (0..QUEUES.len(), 0..GROUPS.len(), 0..4u8, 0..40u64, 1..300u64, proptest::option::weighted(0.3, 0..8u8), 0..1500usize);
    prop_oneof![
        12 => accept.prop_map(|(queue, group, priority, due, ttl, key, size)| Act::Accept { queue, group, priority, due, ttl, key, size }),
        8 => (queue.clone(), 0..5usize).prop_map(|(queue, max)| Act::Claim { queue, max }),
        1 => (0..5usize).prop_map(|max| Act::ClaimExpired { max }),
        4 => (pick.clone(), parts(), 3..5u8, proptest::option::weighted(0.8, 1..2000u64))
            .prop_map(|(pick, parts, total, wait)| Act::Sent { pick, parts, total, wait }),
        3 => (pick.clone(), 0..50u64, proptest::option::of(queue.clone()), any::<bool>(), parts())
            .prop_map(|(pick, at, queue, count, parts)| Act::Retry { pick, at, queue, count, parts }),
        4 => (pick.clone(), 0..3u8).prop_map(|(pick, how)| Act::Settle { pick, how }),
        1 => pick.clone().prop_map(|pick| Act::OldLease { pick }),
        1 => pick.clone().prop_map(|pick| Act::Renew { pick }),
        2 => pick.clone().prop_map(|pick| Act::Release { pick }),
        4 => (queue.clone(), 0..REMOTES, 1..9u8, any::<bool>())
            .prop_map(|(queue, remote, state, done)| Act::Receipt { queue, remote, state, done }),
        2 => (queue.clone(), 0..REMOTES).prop_map(|(queue, remote)| Act::Park { queue, remote }),
        2 => pick.clone().prop_map(|pick| Act::Unpark { pick }),
        1 => pick.clone().prop_map(|pick| Act::GiveUp { pick }),
        2 => pick.clone().prop_map(|pick| Act::Cancel { pick }),
        2 => (pick.clone(), proptest::option::of(0..50u64), proptest::option::of(1..300u64), 0..1500usize)
            .prop_map(|(pick, due, ttl, size)| Act::Replace { pick, due, ttl, size }),
        1 => (pick.clone(), proptest::option::of(queue)).prop_map(|(pick, queue)| Act::Replay { pick, queue }),
        1 => pick.prop_map(|pick| Act::Bury { pick }),
        5 => (1..60u64).prop_map(|by| Act::Advance { by }),
        2 => Just(Act::Tend),
        1 => Just(Act::Reopen),
    ]
}

#[derive(Clone, Debug)]
struct Message {
    state: MsgState,
    body: Bytes,
    lease: Option<(Lease, Millis)>,
    awaits: Millis,
    states: Vec<u8>,
    sent: Vec<(u8, Remote)>,
    /// Handed out as expired before its due time, which is then forgotten, though not durably.
    due_lost: bool,
}

/// Queue and remote id; none for a part without an id.
type Remote = Option<(QueueId, u8)>;

#[derive(Default)]
struct Model {
    messages: BTreeMap<u64, Message>,
    /// Message and index of the part sent.
    remotes: HashMap<(QueueId, u8), (u64, usize)>,
    finished: HashMap<(QueueId, u8), u64>,
    parked: BTreeMap<u64, (QueueId, u8, bool)>,
    keys: HashMap<(GroupId, u8), (MsgId, Millis)>,
    events: Vec<Event>,
    leases: Vec<Lease>,
    reopened: bool,
}

impl Model {
    fn finish(&mut self, id: u64) {
        if let Some(gone) = self.messages.remove(&id) {
            self.forget(id, &gone.sent);
        }
    }

    fn forget(&mut self, id: u64, sent: &[(u8, Remote)]) {
        for (index, (_, remote)) in sent.iter().enumerate() {
            let Some(remote) = remote else { continue };
            if self.remotes.get(remote) == Some(&(id, index)) {
                self.remotes.remove(remote);
            }
            self.finished.insert(*remote, id);
        }
    }

    fn went_out(&mut self, id: u64, queue: QueueId, parts: &[(u8, u8)], total: u8) {
        let message = self.messages.get_mut(&id).unwrap();
        let total = parts.iter().map(|(p, _)| p + 1).fold(total, u8::max) as usize;
        if message.states.len() < total {
            message.states.resize(total, 0);
        }
        for (part, remote) in parts {
            let remote = (*remote < REMOTES).then_some((queue, *remote));
            if let Some(remote) = remote {
                self.remotes.insert(remote, (id, message.sent.len()));
            }
            message.sent.push((*part, remote));
        }
    }

    fn take_parked(&mut self, queue: QueueId, parts: &[(u8, u8)]) -> Vec<u64> {
        let mut keys = Vec::new();
        for (_, remote) in parts {
            for (key, parked) in &mut self.parked {
                if (parked.0, parked.1) == (queue, *remote) && !parked.2 {
                    parked.2 = true;
                    keys.push(*key);
                }
            }
        }
        keys
    }

    fn pass(&mut self, now: Millis) {
        for message in self.messages.values_mut() {
            if message.lease.is_some_and(|(_, until)| until <= now) {
                back(message);
            }
        }
    }

    fn claimable(&self, id: u64, queue: QueueId, now: Millis) -> bool {
        let s = &self.messages[&id].state;
        s.stage == Stage::Queued && s.queue == queue && s.due <= now && s.expires > now
    }

    fn pick(&self, pick: usize) -> MsgId {
        let count = self.messages.len();
        self.messages.keys().nth(if count == 0 { 0 } else { pick % count }).map_or(MsgId(7), |id| MsgId(*id))
    }

    /// A lease that holds, if there is one.
    fn lease(&self, pick: usize) -> Option<Lease> {
        let leases: Vec<Lease> = self.messages.values().filter_map(|m| m.lease.map(|(lease, _)| lease)).collect();
        if leases.is_empty() { None } else { Some(leases[pick % leases.len()]) }
    }
}

fn back(message: &mut Message) {
    message.lease = None;
    message.state.stage = Stage::Queued;
    message.state.due = 0;
}

fn remote(n: u8) -> Bytes {
    if n < REMOTES { Bytes::from(format!("R{n}")) } else { Bytes::new() }
}

fn parts(parts: &[(u8, u8)]) -> Vec<SentPart> {
    parts.iter().map(|(part, n)| SentPart { part: *part, remote: remote(*n) }).collect()
}

struct Run {
    w: World,
    m: Model,
    bodies: u32,
}

impl Run {
    fn q(&self, at: usize) -> QueueId {
        self.w.q(QUEUES[at])
    }

    fn body(&mut self, size: usize) -> Bytes {
        self.bodies += 1;
        Bytes::from(format!("{}:{}", self.bodies, "b".repeat(size)))
    }

    fn settle(&mut self, lease: Lease, outcome: &Outcome) -> TxDone {
        let queue = self.m.messages[&lease.id.0].state.queue;
        let done = self.w.one(settle(lease, outcome.clone()));
        self.m.events.push(Event::Settled { id: lease.id, queue, outcome: outcome.clone(), note: Bytes::new() });
        done
    }

    fn step(&mut self, act: Act) {
        let now = self.w.now();
        match act {
            Act::Accept { queue, group, priority, due, ttl, key, size } => {
                let entry = NewEntry {
                    queue: self.q(queue),
                    group: self.w.spool().group(GROUPS[group]),
                    priority,
                    due: if due < 20 { 0 } else { now + due * 100 },
                    expires: now + ttl * 100,
                    dedup: key.map(|k| Bytes::from(vec![k])),
                    body: self.body(size),
                };
                let known = key.and_then(|k| self.m.keys.get(&(entry.group, k))).filter(|(_, at)| at + WINDOW > now).map(|(id, _)| *id);
                match (self.w.one(Op::Accept(entry.clone())).accepted[0], known) {
                    (Accepted::Duplicate(id), Some(known)) => assert_eq!(id, known),
                    (Accepted::New(id), None) => {
                        if let Some(key) = key {
                            self.m.keys.insert((entry.group, key), (id, now));
                        }
                        let NewEntry { queue, group, priority, due, expires, .. } = entry;
                        let state = MsgState { id, queue, group, priority, stage: Stage::Queued, attempts: 0, accepted: now, due, expires };
                        let body = entry.body.clone();
                        let (states, sent) = (vec![], vec![]);
                        let message = Message { state, body, lease: None, awaits: 0, states, sent, due_lost: false };
                        assert!(self.m.messages.insert(id.0, message).is_none());
                        self.m.events.push(Event::Accepted { id, entry });
                    }
                    (got, expected) => panic!("{got:?}, expected {expected:?}"),
                }
            }
            Act::Claim { queue, max } => {
                let queue = self.q(queue);
                let claimable = self.m.messages.keys().filter(|id| self.m.claimable(**id, queue, now)).count();
                let claimed = self.w.spool().claim(queue, max, LEASE);
                assert_eq!(claimed.len(), claimable.min(max));
                for c in claimed {
                    let id = c.lease.id.0;
                    assert!(self.m.claimable(id, queue, now), "{c:?}");
                    let line = |m: &&Message| m.state.group == c.group && m.state.priority == c.priority;
                    let first = self.m.messages.values().filter(line).find(|m| self.m.claimable(m.state.id.0, queue, now));
                    assert_eq!(first.unwrap().state.id.0, id, "not the first of its group");
                    self.handed_out(c);
                }
            }
            Act::ClaimExpired { max } => {
                let over = |m: &&Message| m.state.stage == Stage::Queued && m.state.expires <= now;
                let count = self.m.messages.values().filter(over).count();
                let claimed = self.w.spool().claim_expired(max, LEASE);
                assert_eq!(claimed.len(), count.min(max));
                for c in claimed {
                    assert!(over(&&self.m.messages[&c.lease.id.0]));
                    self.m.messages.get_mut(&c.lease.id.0).unwrap().due_lost = true;
                    self.handed_out(c);
                }
            }
            Act::Sent { pick, parts: list, total, wait } => {
                let Some(lease) = self.m.lease(pick) else { return };
                let queue = self.m.messages[&lease.id.0].state.queue;
                let await_until = wait.map(|wait| now + wait * 100);
                let done = self.settle(lease, &Outcome::Sent { parts: parts(&list), total, await_until });
                assert_eq!(done.parked.iter().map(|p| p.key).collect::<Vec<_>>(), self.m.take_parked(queue, &list));
                match await_until {
                    Some(until) => {
                        self.m.went_out(lease.id.0, queue, &list, total);
                        let message = self.m.messages.get_mut(&lease.id.0).unwrap();
                        (message.state.stage, message.awaits, message.lease) = (Stage::Awaiting, until, None);
                    }
                    None => {
                        self.m.finish(lease.id.0);
                        for (_, n) in list.iter().filter(|(_, n)| *n < REMOTES) {
                            self.m.remotes.remove(&(queue, *n));
                            self.m.finished.insert((queue, *n), lease.id.0);
                        }
                    }
                }
            }
            Act::Retry { pick, at, queue, count, parts: list } => {
                let Some(lease) = self.m.lease(pick) else { return };
                let from = self.m.messages[&lease.id.0].state.queue;
                let (at, queue) = (now + at * 100, queue.map(|q| self.q(q)));
                let done = self.settle(lease, &Outcome::Retry { at, queue, count, sent: parts(&list) });
                assert_eq!(done.parked.iter().map(|p| p.key).collect::<Vec<_>>(), self.m.take_parked(from, &list));
                self.m.went_out(lease.id.0, from, &list, 0);
                let message = self.m.messages.get_mut(&lease.id.0).unwrap();
                back(message);
                message.state.due = at;
                message.state.queue = queue.unwrap_or(from);
                message.state.attempts += u16::from(count);
            }
            Act::Settle { pick, how } => {
                let Some(lease) = self.m.lease(pick) else { return };
                let outcome = [Outcome::Done, Outcome::Failed, Outcome::Expired][how as usize].clone();
                self.settle(lease, &outcome);
                if outcome == Outcome::Failed {
                    let mut message = self.m.messages.remove(&lease.id.0).unwrap();
                    self.m.forget(lease.id.0, &message.sent);
                    (message.states, message.sent) = (vec![], vec![]);
                    (message.state.stage, message.lease) = (Stage::Dead, None);
                    self.m.messages.insert(lease.id.0, message);
                } else {
                    self.m.finish(lease.id.0);
                }
            }
            Act::OldLease { pick } => {
                let old: Vec<Lease> = self.m.leases.iter().copied().filter(|l| !self.holds(l)).collect();
                if let Some(lease) = old.get(pick % old.len().max(1)) {
                    assert_eq!(self.w.try_one(settle(*lease, Outcome::Done)), Err(TxError::Stale(lease.id)));
                    assert!(!self.w.spool().renew(lease, LEASE) && !self.w.spool().release(lease));
                }
            }
            Act::Renew { pick } => {
                let Some(lease) = self.m.lease(pick) else { return };
                assert!(self.w.spool().renew(&lease, LEASE));
                self.m.messages.get_mut(&lease.id.0).unwrap().lease = Some((lease, now + LEASE.as_millis() as u64));
            }
            Act::Release { pick } => {
                let Some(lease) = self.m.lease(pick) else { return };
                assert!(self.w.spool().release(&lease));
                back(self.m.messages.get_mut(&lease.id.0).unwrap());
            }
            Act::Receipt { queue, remote: n, state, done } => {
                let RemoteLookup::Found(found) = self.w.spool().find_remote(self.q(queue), &remote(n)) else { return };
                self.w.one(receipt(&found, state, done));
                assert_eq!(self.w.try_one(receipt(&found, state, done)), Err(TxError::Changed(found.id)));
                let note = Bytes::from_static(b"DLR");
                self.m.events.push(Event::Receipt { id: found.id, part: found.part, state, done, note });
                self.m.messages.get_mut(&found.id.0).unwrap().states[found.part as usize] = state;
                if done {
                    self.m.finish(found.id.0);
                }
            }
            Act::Park { queue, remote: n } => {
                let source = self.q(queue);
                let body = self.body(0);
                let done = self.w.one(Op::Park { source, remote: remote(n), body: body.clone() });
                let known = self.m.remotes.contains_key(&(source, n)) || self.m.finished.contains_key(&(source, n));
                if !self.m.reopened || self.m.remotes.contains_key(&(source, n)) {
                    assert_eq!(!done.parked.is_empty(), known);
                }
                let taken = !done.parked.is_empty();
                // Numbers rise by one, and the spool tells one only when it hands the receipt out.
                let key = self.m.events.iter().filter(|e| matches!(e, Event::Parked { .. })).count() as u64 + 1;
                assert!(done.parked.iter().all(|p| p.key == key));
                self.m.parked.insert(key, (source, n, taken));
                self.m.events.push(Event::Parked { source, remote: remote(n), body });
            }
            Act::Unpark { pick } => {
                let keys: Vec<u64> = self.m.parked.keys().copied().collect();
                let key = keys.get(pick % keys.len().max(1)).copied().unwrap_or(99_999);
                self.w.one(Op::Unpark { key });
                if self.m.parked.remove(&key).is_some() {
                    self.m.events.push(Event::Unparked { key });
                }
            }
            Act::GiveUp { pick } => {
                let id = self.m.pick(pick);
                self.w.one(Op::GiveUp { id });
                if self.m.messages.get(&id.0).is_some_and(|m| m.state.stage == Stage::Awaiting) {
                    self.m.finish(id.0);
                    self.m.events.push(Event::GaveUp { id });
                }
            }
            Act::Cancel { pick } => {
                let id = self.m.pick(pick);
                let result = self.w.try_one(Op::Cancel { id, note: Bytes::new() });
                if self.m.messages.get(&id.0).is_some_and(|m| m.state.stage == Stage::Queued) {
                    result.unwrap();
                    self.m.finish(id.0);
                    self.m.events.push(Event::Cancelled { id, note: Bytes::new() });
                } else {
                    assert_eq!(result, Err(TxError::NotQueued(id)));
                }
            }
            Act::Replace { pick, due, ttl, size } => {
                let id = self.m.pick(pick);
                let body = self.body(size);
                let due = if self.m.messages.get(&id.0).is_some_and(|m| m.due_lost) { Some(due.unwrap_or(0)) } else { due };
                let (due, expires) = (due.map(|due| now + due * 100), ttl.map(|ttl| now + ttl * 100));
                let result = self.w.try_one(Op::Replace { id, body: body.clone(), due, expires });
                match self.m.messages.get_mut(&id.0).filter(|m| m.state.stage == Stage::Queued) {
                    Some(message) => {
                        result.unwrap();
                        message.body = body.clone();
                        message.due_lost = false;
                        message.state.due = due.unwrap_or(message.state.due);
                        message.state.expires = expires.unwrap_or(message.state.expires);
                        self.m.events.push(Event::Replaced { id, body, due, expires });
                    }
                    None => assert_eq!(result, Err(TxError::NotQueued(id))),
                }
            }
            Act::Replay { pick, queue } => {
                let id = self.m.pick(pick);
                let queue = queue.map(|q| self.q(q));
                let result = self.w.try_one(Op::Replay { id, queue, expires: now + 10_000 });
                match self.m.messages.get_mut(&id.0).filter(|m| m.state.stage == Stage::Dead) {
                    Some(message) => {
                        result.unwrap();
                        back(message);
                        message.state.queue = queue.unwrap_or(message.state.queue);
                        (message.state.attempts, message.state.expires) = (0, now + 10_000);
                        self.m.events.push(Event::Replayed { id, queue: message.state.queue });
                    }
                    None => assert_eq!(result, Err(TxError::NotQueued(id))),
                }
            }
            Act::Bury { pick } => {
                let id = self.m.pick(pick);
                self.w.one(Op::Bury { id });
                if self.m.messages.get(&id.0).is_some_and(|m| m.state.stage == Stage::Dead) {
                    self.m.finish(id.0);
                    self.m.events.push(Event::Buried { id });
                }
            }
            Act::Advance { by } => {
                self.w.advance(by * 100);
                self.m.pass(self.w.now());
            }
            Act::Tend => self.w.maintain(),
            Act::Reopen => {
                self.w.reopen();
                self.m.reopened = true;
                self.m.messages.values_mut().filter(|m| m.lease.is_some()).for_each(back);
                self.m.parked.values_mut().for_each(|p| p.2 = false);
            }
        }
    }

    fn holds(&self, lease: &Lease) -> bool {
        self.m.messages.get(&lease.id.0).is_some_and(|m| m.lease.is_some_and(|(l, _)| l == *lease))
    }

    fn handed_out(&mut self, c: Claimed) {
        let until = self.w.now() + LEASE.as_millis() as u64;
        let message = self.m.messages.get_mut(&c.lease.id.0).unwrap();
        let s = &message.state;
        assert_eq!((c.attempts, c.accepted, c.expires, c.priority), (s.attempts, s.accepted, s.expires, s.priority));
        assert_eq!(c.body, message.body);
        let mut sent: Vec<u8> = message.sent.iter().map(|(part, _)| *part).collect();
        sent.sort_unstable();
        sent.dedup();
        assert_eq!(c.sent_parts, sent);
        (message.state.stage, message.lease) = (Stage::Leased, Some((c.lease, until)));
        self.m.leases.push(c.lease);
    }

    fn compare(&mut self) {
        let now = self.w.now();
        let plain = |s: &MsgState| MsgState {
            due: if s.stage == Stage::Queued && s.due > now && s.expires > now { s.due } else { 0 },
            ..s.clone()
        };
        let listed: Vec<MsgState> = self.w.spool().list(None, None, usize::MAX).iter().map(plain).collect();
        let expected: Vec<MsgState> = self.m.messages.values().map(|m| plain(&m.state)).collect();
        if let Some(at) = (0..listed.len().max(expected.len())).find(|at| listed.get(*at) != expected.get(*at)) {
            panic!("message {at}: {:?}, expected {:?}", listed.get(at), expected.get(at));
        }
        for message in self.m.messages.values() {
            assert_eq!(self.w.spool().read_body(message.state.id).unwrap().as_ref(), Some(&message.body));
        }
        self.compare_depths(now);
        self.compare_remotes();
        let mut overdue = self.w.spool().overdue_receipts(usize::MAX);
        overdue.sort();
        let late = |m: &&Message| m.state.stage == Stage::Awaiting && m.awaits <= now;
        assert_eq!(overdue, self.m.messages.values().filter(late).map(|m| m.state.id).collect::<Vec<_>>());
        let stats = self.w.spool().stats();
        assert_eq!((stats.messages, stats.parked), (self.m.messages.len() as u64, self.m.parked.len() as u64));
    }

    fn compare_depths(&self, now: Millis) {
        let mut depths: BTreeMap<QueueId, [u64; 5]> = BTreeMap::new();
        let mut oldest: BTreeMap<QueueId, Millis> = BTreeMap::new();
        for m in self.m.messages.values() {
            let at = match m.state.stage {
                Stage::Queued if m.state.due > now && m.state.expires > now => 1,
                Stage::Queued => 0,
                Stage::Leased => 2,
                Stage::Awaiting => 3,
                Stage::Dead => 4,
            };
            depths.entry(m.state.queue).or_default()[at] += 1;
            if at < 2 {
                let oldest = oldest.entry(m.state.queue).or_insert(m.state.accepted);
                *oldest = m.state.accepted.min(*oldest);
            }
        }
        let shown = self.w.spool().depths();
        let got: BTreeMap<QueueId, [u64; 5]> =
            shown.iter().map(|d| (d.queue, [d.ready, d.deferred, d.leased, d.awaiting, d.dead])).collect();
        assert_eq!(got, depths);
        assert!(shown.iter().all(|d| d.oldest == oldest.get(&d.queue).copied()), "{shown:?} {oldest:?}");
    }

    fn compare_remotes(&self) {
        for queue in 0..QUEUES.len() {
            for n in 0..REMOTES {
                let key = (self.q(queue), n);
                match (self.w.spool().find_remote(key.0, &remote(n)), self.m.remotes.get(&key)) {
                    (RemoteLookup::Found(found), Some((id, index))) => {
                        let message = &self.m.messages[id];
                        assert_eq!((found.id.0, found.part), (*id, message.sent[*index].0));
                        assert_eq!((found.parts, found.body), (message.states.clone(), message.body.clone()));
                    }
                    (RemoteLookup::Found(found), None) => panic!("{key:?} leads to {found:?}"),
                    (other, Some(expected)) => panic!("{key:?} leads to {other:?}, expected {expected:?}"),
                    (other, None) if !self.m.reopened => {
                        let expected = self.m.finished.get(&key).map_or(RemoteLookup::Unknown, |id| RemoteLookup::Finished(MsgId(*id)));
                        assert_eq!(other, expected);
                    }
                    // What finished before a restart may be forgotten.
                    (_, None) => {}
                }
            }
        }
    }
}

fn run(acts: Vec<Act>) {
    let w = World::with(|c| {
        c.sync = false;
        c.index_files_beyond = 1;
        c.segment_size = 16 << 10;
        c.max_tx = 4 << 10;
        c.compact_slack = 32 << 10;
        c.dedup_window = WINDOW;
        c.readers = vec!["ledger".into()];
    });
    let mut run = Run { w, m: Model::default(), bodies: 0 };
    for name in QUEUES {
        run.w.q(name);
    }
    let mut read: Vec<FeedItem> = Vec::new();
    let mut at = run.w.spool().feed_register("ledger", None);
    for act in acts {
        let looks = matches!(act, Act::Advance { .. } | Act::Tend | Act::Reopen | Act::Receipt { .. } | Act::Claim { .. });
        run.step(act);
        if looks {
            run.compare();
            let items = run.w.spool().feed(at, 2000).unwrap();
            at = items.last().map_or(at, |i| i.cursor);
            read.extend(items);
            run.w.spool().feed_ack("ledger", at);
        }
    }
    run.step(Act::Reopen);
    run.compare();
    while let items = run.w.spool().feed(at, 5000).unwrap()
        && let Some(last) = items.last()
    {
        at = last.cursor;
        read.extend(items);
    }
    assert_eq!(read.into_iter().map(|i| i.event).collect::<Vec<_>>(), run.m.events);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, max_shrink_iters: 2000, ..ProptestConfig::default() })]

    #[test]
    fn behaves_like_the_model(acts in proptest::collection::vec(act(), 1..250)) {
        run(acts);
    }
}
