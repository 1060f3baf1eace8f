//! Phase one of a transaction: whether it may be applied, and what it forbids from now on.

use super::codec::{CopyRec, Pos, Step, op_size, state_size};
use super::index::{Dedup, Effect, Index, Key, Place};
use crate::{Accepted, MAX_PRIORITY, Millis, MsgId, Op, Outcome, Parked, SpoolError, Tx, TxDone, TxError};

/// Operations in a transaction at most.
const MAX_OPS: usize = 65_535;

/// What transactions are judged by.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) now: Millis,
    pub(crate) queues: u32,
    pub(crate) groups: u32,
    pub(crate) max_tx: usize,
    pub(crate) max_messages: u64,
    pub(crate) max_parked: usize,
    /// Log file that is being written.
    pub(crate) segment: u32,
    /// Why accepts are refused, if they are.
    pub(crate) no_accepts: Option<SpoolError>,
    /// Why everything is refused, if it is.
    pub(crate) nothing: Option<SpoolError>,
}

/// At most how many octets a transaction takes in the log.
pub(crate) fn tx_size(tx: &Tx) -> usize {
    64 + tx.ops.iter().map(op_size).sum::<usize>()
}

/// What a transaction takes beside that: a replace writes the message's state anew.
pub(crate) fn extra_size(index: &Index, tx: &Tx) -> usize {
    let extra = |op: &Op| if let Op::Replace { id, .. } = op { state_size(index.part_count(id.0)) } else { 0 };
    tx.ops.iter().map(extra).sum()
}

/// Whether a transaction brings something new. One that records an outcome is let in even when new messages are refused: what it accepts
/// besides (the receipt for a submitter) belongs to that outcome, and refusing both would mean to send the message again.
pub(crate) fn accepts(tx: &Tx) -> bool {
    let outcome = |op: &Op| matches!(op, Op::Settle { .. } | Op::Receipt { .. } | Op::Cancel { .. });
    tx.ops.iter().any(|op| matches!(op, Op::Accept(_))) && !tx.ops.iter().any(outcome)
}

impl Rules {
    /// Whether a transaction may be applied. Changes nothing.
    pub(crate) fn check(&self, index: &Index, tx: &Tx) -> Result<(), TxError> {
        if tx.ops.len() > MAX_OPS {
            return Err(TxError::Malformed("more than 65,535 operations"));
        }
        if tx_size(tx) + extra_size(index, tx) > self.max_tx {
            return Err(TxError::Malformed("larger than the limit of a transaction (16 MiB)"));
        }
        if let Some(error) = &self.nothing {
            return Err(error.clone().into());
        }
        let mut accepts = 0;
        let mut parks = 0;
        let mut touched = Vec::new();
        for op in &tx.ops {
            let id = self.check_op(index, op)?;
            if tx.ops.len() > 1 {
                touched.extend(id);
            }
            accepts += u64::from(matches!(op, Op::Accept(_)));
            parks += usize::from(matches!(op, Op::Park { .. }));
        }
        if touched.len() > 1 {
            touched.sort_unstable();
            if touched.windows(2).any(|pair| pair[0] == pair[1]) {
                return Err(TxError::Malformed("one message is changed twice"));
            }
        }
        if accepts > 0 && self::accepts(tx) {
            if let Some(error) = &self.no_accepts {
                return Err(error.clone().into());
            }
            let queued = index.entries.len();
            if queued + accepts > self.max_messages {
                return Err(SpoolError::QueueFull { queued, limit: self.max_messages }.into());
            }
        }
        if parks > 0 && index.parked.full(self.max_parked, parks) {
            return Err(SpoolError::QueueFull { queued: index.parked.len() as u64, limit: self.max_parked as u64 }.into());
        }
        Ok(())
    }

    /// Returns the message that the operation changes.
    fn check_op(&self, index: &Index, op: &Op) -> Result<Option<MsgId>, TxError> {
        let place = |id: MsgId| index.entries.get(id.0).filter(|e| e.written()).map(|e| e.place);
        let queued = |id: MsgId| match place(id) {
            Some(Place::Ready | Place::Deferred | Place::Expired | Place::Hidden) => Ok(Some(id)),
            _ => Err(TxError::NotQueued(id)),
        };
        match op {
            Op::Accept(e) => {
                if e.queue.0 >= self.queues || e.group.0 >= self.groups {
                    return Err(TxError::Malformed("a queue or group that this spool never gave out"));
                }
                if e.priority > MAX_PRIORITY {
                    return Err(TxError::Malformed("priority is 0 to 3"));
                }
                if e.expires <= self.now {
                    return Err(TxError::Malformed("the validity has ended already"));
                }
                Ok(None)
            }
            Op::Settle { lease, outcome, .. } => {
                if !index.holds(lease, self.now) {
                    return Err(TxError::Stale(lease.id));
                }
                match outcome {
                    Outcome::Sent { total: 0, .. } => Err(TxError::Malformed("a sent message has at least one part")),
                    Outcome::Sent { parts, total, .. } if parts.iter().any(|p| p.part >= *total) => {
                        Err(TxError::Malformed("a part beyond the number of parts"))
                    }
                    Outcome::Retry { queue: Some(queue), .. } if queue.0 >= self.queues => {
                        Err(TxError::Malformed("a queue that this spool never gave out"))
                    }
                    Outcome::Retry { sent, .. } if sent.iter().any(|p| p.part == u8::MAX) => Err(TxError::Malformed("a part beyond 254")),
                    _ => Ok(Some(lease.id)),
                }
            }
            Op::Receipt { id, part, expect, state, .. } => {
                if *state == 0 {
                    return Err(TxError::Malformed("state 0 means no receipt"));
                }
                let side = index.entries.get(id.0).and_then(|e| index.sides.get(e.side));
                match side {
                    Some(side) if side.version == *expect && usize::from(*part) < side.parts() => Ok(Some(*id)),
                    Some(side) if side.version == *expect => Err(TxError::Malformed("a part beyond the number of parts")),
                    _ => Err(TxError::Changed(*id)),
                }
            }
            Op::Park { source, .. } if source.0 >= self.queues => Err(TxError::Malformed("a queue that this spool never gave out")),
            Op::Park { .. } | Op::Unpark { .. } | Op::Note { .. } => Ok(None),
            Op::GiveUp { id } | Op::Bury { id } => Ok(Some(*id)),
            Op::Cancel { id, .. } => queued(*id),
            Op::Replace { id, expires, .. } => {
                if expires.is_some_and(|e| e <= self.now) {
                    return Err(TxError::Malformed("the validity has ended already"));
                }
                queued(*id)
            }
            Op::Replay { id, queue, expires } => {
                if queue.is_some_and(|q| q.0 >= self.queues) {
                    return Err(TxError::Malformed("a queue that this spool never gave out"));
                }
                if *expires <= self.now {
                    return Err(TxError::Malformed("the validity has ended already"));
                }
                if place(*id) == Some(Place::Dead) { Ok(Some(*id)) } else { Err(TxError::NotQueued(*id)) }
            }
        }
    }

    /// Applies phase one of a transaction that [`Rules::check`] has let pass; a step for each operation goes to `steps`.
    pub(crate) fn apply(&self, index: &mut Index, tx: &Tx, steps: &mut Vec<Step>, states: &mut Vec<CopyRec>) -> TxDone {
        let mut done = TxDone::default();
        for op in &tx.ops {
            steps.push(self.apply_op(index, op, &mut done, states));
        }
        done
    }

    fn apply_op(&self, index: &mut Index, op: &Op, done: &mut TxDone, states: &mut Vec<CopyRec>) -> Step {
        let stale = self.now.saturating_add(index.parked_stale);
        match op {
            Op::Accept(entry) => {
                let hash = index.dedup_hash(entry);
                if let Some(first) = hash.and_then(|hash| index.dedup.find(hash)) {
                    done.accepted.push(Accepted::Duplicate(MsgId(first)));
                    return Step::Skip;
                }
                let id = MsgId(index.next_id);
                index.accept(id, entry, self.now);
                if let Some(hash) = hash {
                    remember(&mut index.dedup, Key { hash, id: id.0, at: self.now, segment: self.segment }, self.now);
                }
                done.accepted.push(Accepted::New(id));
                Step::Accept(id)
            }
            Op::Settle { lease, outcome, .. } => {
                let Some(queue) = index.entries.get(lease.id.0).map(|e| crate::QueueId(e.queue)) else { return Step::Skip };
                index.settle(lease.id, queue, outcome, self.now);
                if let Outcome::Sent { parts, .. } | Outcome::Retry { sent: parts, .. } = outcome {
                    for part in parts.iter().filter(|p| !p.remote.is_empty()) {
                        index.parked.take(queue, &part.remote, stale, &mut done.parked);
                    }
                }
                Step::Queue(queue)
            }
            Op::Receipt { id, part, state, done: last, .. } => {
                index.receipt(*id, *part, *state, *last);
                Step::Plain
            }
            Op::Park { source, remote, body } => {
                let key = index.next_key;
                index.park(Parked { key, source: *source, remote: remote.clone(), body: body.clone(), at: self.now });
                // The response came between the caller's look-up and now: whoever parks has to look again.
                let hash = index.remote_hash(*source, remote);
                if index.sides.find(hash).is_some() || index.sides.finished(hash).is_some() {
                    index.parked.hand_out(key, stale, &mut done.parked);
                }
                Step::Park(key)
            }
            Op::Unpark { key } => {
                if index.parked.get(*key).is_none() {
                    return Step::Skip;
                }
                index.unpark(*key);
                Step::Plain
            }
            Op::GiveUp { id } => remove_from(index, *id, Place::Awaiting),
            Op::Cancel { id, .. } => {
                index.remove(*id);
                Step::Plain
            }
            Op::Replace { id, due, expires, .. } => {
                index.replace(*id, *due, *expires);
                let Some(state) = index.snapshot(id.0, bytes::Bytes::new()) else { return Step::Skip };
                states.push(state);
                Step::Replace(states.len() - 1)
            }
            Op::Replay { id, queue, expires } => {
                let Some(old) = index.entries.get(id.0).map(|e| crate::QueueId(e.queue)) else { return Step::Skip };
                let queue = queue.unwrap_or(old);
                index.replay(*id, queue, *expires);
                Step::Queue(queue)
            }
            Op::Bury { id } => remove_from(index, *id, Place::Dead),
            Op::Note { .. } => Step::Plain,
        }
    }
}

fn remember(dedup: &mut Dedup, key: Key, now: Millis) {
    dedup.insert(key);
    dedup.expire(now);
}

fn remove_from(index: &mut Index, id: MsgId, place: Place) -> Step {
    if index.entries.get(id.0).is_some_and(|e| e.place == place) {
        index.remove(id);
        Step::Plain
    } else {
        Step::Skip
    }
}

/// What an operation does once it is durable, with its body at `pos`.
pub(crate) fn effect(op: &Op, step: Step, pos: Pos) -> Option<Effect> {
    match (op, step) {
        (_, Step::Skip) => None,
        (_, Step::Accept(id)) => Some(Effect::Written { id: id.0, pos }),
        (_, Step::Park(key)) => Some(Effect::Parked { key, pos }),
        (Op::Replace { id, .. }, _) => Some(Effect::Written { id: id.0, pos }),
        (Op::Replay { id, .. }, _) => Some(Effect::Queued { id: id.0 }),
        (Op::Settle { lease, outcome: Outcome::Retry { .. }, .. }, _) => Some(Effect::Queued { id: lease.id.0 }),
        _ => None,
    }
}
