//! Writing records.

use super::*;
use crate::{Op, Outcome, SentPart};

pub(crate) fn put_u64(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_u64(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn put_option(out: &mut Vec<u8>, value: Option<u64>) {
    match value {
        Some(value) => {
            out.push(1);
            put_u64(out, value);
        }
        None => out.push(0),
    }
}

/// Checksum that lies before a body.
pub(crate) fn body_crc(id: u64, body: &[u8]) -> u32 {
    let mut state = crc32fast::Hasher::new();
    state.update(&id.to_le_bytes());
    state.update(body);
    state.finalize()
}

/// Returns where in `out` the checksum of the body is.
fn put_body(out: &mut Vec<u8>, id: u64, body: &[u8]) -> usize {
    put_u64(out, body.len() as u64);
    let at = out.len();
    out.extend_from_slice(&body_crc(id, body).to_le_bytes());
    out.extend_from_slice(body);
    at
}

fn put_parts(out: &mut Vec<u8>, parts: &[SentPart]) {
    put_u64(out, parts.len() as u64);
    for part in parts {
        out.push(part.part);
        put_bytes(out, &part.remote);
    }
}

fn put_outcome(out: &mut Vec<u8>, outcome: &Outcome) {
    match outcome {
        Outcome::Sent { parts, total, await_until } => {
            out.push(SENT);
            put_parts(out, parts);
            out.push(*total);
            put_option(out, *await_until);
        }
        Outcome::Retry { at, queue, count, sent } => {
            out.push(RETRY);
            put_u64(out, *at);
            put_option(out, queue.map(|q| u64::from(q.0)));
            out.push(u8::from(*count));
            put_parts(out, sent);
        }
        Outcome::Failed => out.push(FAILED),
        Outcome::Expired => out.push(EXPIRED),
        Outcome::Done => out.push(DONE),
    }
}

/// Appends an operation. Returns where in `out` its body's checksum is, if it has a body that is read later. `states` are those that
/// [`Step::Replace`] counts.
pub(crate) fn put_op(out: &mut Vec<u8>, op: &Op, step: Step, states: &[CopyRec]) -> Option<usize> {
    match (op, step) {
        (Op::Accept(e), Step::Accept(id)) => {
            out.push(ACCEPT);
            put_u64(out, id.0);
            put_u64(out, u64::from(e.queue.0));
            put_u64(out, u64::from(e.group.0));
            out.push(e.priority);
            put_u64(out, e.due);
            put_u64(out, e.expires);
            match &e.dedup {
                Some(key) => {
                    out.push(1);
                    put_bytes(out, key);
                }
                None => out.push(0),
            }
            return Some(put_body(out, id.0, &e.body));
        }
        (Op::Settle { lease, outcome, note }, Step::Queue(queue)) => {
            out.push(SETTLE);
            put_u64(out, lease.id.0);
            put_u64(out, u64::from(queue.0));
            put_outcome(out, outcome);
            put_bytes(out, note);
        }
        (Op::Receipt { id, part, state, done, note, .. }, Step::Plain) => {
            out.push(RECEIPT);
            put_u64(out, id.0);
            out.extend_from_slice(&[*part, *state, u8::from(*done)]);
            put_bytes(out, note);
        }
        (Op::Park { source, remote, body }, Step::Park(key)) => {
            out.push(PARK);
            put_u64(out, key);
            put_u64(out, u64::from(source.0));
            put_bytes(out, remote);
            return Some(put_body(out, key, body));
        }
        (Op::Unpark { key }, Step::Plain) => {
            out.push(UNPARK);
            put_u64(out, *key);
        }
        (Op::GiveUp { id }, Step::Plain) => {
            out.push(GIVE_UP);
            put_u64(out, id.0);
        }
        (Op::Cancel { id, note }, Step::Plain) => {
            out.push(CANCEL);
            put_u64(out, id.0);
            put_bytes(out, note);
        }
        (Op::Replace { id, body, due, expires }, Step::Replace(state)) => {
            out.push(REPLACE);
            put_state(out, states.get(state)?);
            put_option(out, *due);
            put_option(out, *expires);
            return Some(put_body(out, id.0, body));
        }
        (Op::Replay { id, expires, .. }, Step::Queue(queue)) => {
            out.push(REPLAY);
            put_u64(out, id.0);
            put_u64(out, u64::from(queue.0));
            put_u64(out, *expires);
        }
        (Op::Bury { id }, Step::Plain) => {
            out.push(BURY);
            put_u64(out, id.0);
        }
        (Op::Note { id, kind, note }, Step::Plain) => {
            out.push(NOTE);
            put_option(out, id.map(|id| id.0));
            out.push(*kind);
            put_bytes(out, note);
        }
        _ => {}
    }
    None
}

/// At most how many octets [`put_op`] appends.
pub(crate) fn op_size(op: &Op) -> usize {
    let parts = |parts: &[SentPart]| parts.iter().map(|p| p.remote.len() + 12).sum::<usize>();
    64 + match op {
        Op::Accept(e) => e.body.len() + e.dedup.as_ref().map_or(0, Bytes::len),
        Op::Settle { outcome, note, .. } => {
            note.len()
                + match outcome {
                    Outcome::Sent { parts: p, .. } | Outcome::Retry { sent: p, .. } => 24 + parts(p),
                    _ => 0,
                }
        }
        Op::Receipt { note, .. } | Op::Cancel { note, .. } | Op::Note { note, .. } => note.len(),
        Op::Park { remote, body, .. } => remote.len() + body.len(),
        Op::Replace { body, .. } => body.len(),
        _ => 0,
    }
}

pub(crate) fn put_queue(out: &mut Vec<u8>, number: u32, name: &str) {
    out.push(DEFINE_QUEUE);
    put_u64(out, u64::from(number));
    put_bytes(out, name.as_bytes());
}

pub(crate) fn put_group(out: &mut Vec<u8>, number: u32, name: &str) {
    out.push(DEFINE_GROUP);
    put_u64(out, u64::from(number));
    put_bytes(out, name.as_bytes());
}

fn put_state(out: &mut Vec<u8>, c: &CopyRec) {
    put_u64(out, c.id.0);
    put_u64(out, u64::from(c.queue.0));
    put_u64(out, u64::from(c.group.0));
    out.extend_from_slice(&[c.priority, c.place]);
    put_u64(out, u64::from(c.attempts));
    put_u64(out, c.accepted);
    put_u64(out, c.due);
    put_u64(out, c.expires);
    put_bytes(out, &c.states);
    put_u64(out, c.sent.len() as u64);
    for (part, hash) in &c.sent {
        out.push(*part);
        out.extend_from_slice(&hash.0[0].to_le_bytes());
        out.extend_from_slice(&hash.0[1].to_le_bytes());
    }
}

/// At most how many octets the state of a message takes, given how many states and remote ids of parts it has.
pub(crate) fn state_size(parts: usize) -> usize {
    parts * 17 + 72
}

pub(crate) fn put_copy(out: &mut Vec<u8>, c: &CopyRec) -> usize {
    out.push(COPY);
    put_state(out, c);
    put_body(out, c.id.0, &c.body)
}

pub(crate) fn put_copy_parked(out: &mut Vec<u8>, key: u64, source: QueueId, remote: &[u8], at: Millis, body: &[u8]) -> usize {
    out.push(COPY_PARKED);
    put_u64(out, key);
    put_u64(out, u64::from(source.0));
    put_u64(out, at);
    put_bytes(out, remote);
    put_body(out, key, body)
}
