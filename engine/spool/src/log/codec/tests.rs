//! Every record read back, and nothing that makes the reader panic.
#![allow(clippy::unwrap_used)]
use proptest::prelude::*;

use super::*;
use crate::{Lease, NewEntry, Op, Outcome, SentPart};

fn bytes() -> impl Strategy<Value = Bytes> {
    proptest::collection::vec(any::<u8>(), 0..40).prop_map(Bytes::from)
}

fn parts() -> impl Strategy<Value = Vec<SentPart>> {
    proptest::collection::vec((any::<u8>(), bytes()).prop_map(|(part, remote)| SentPart { part, remote }), 0..4)
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        (parts(), any::<u8>(), any::<Option<u64>>()).prop_map(|(parts, total, await_until)| Outcome::Sent { parts, total, await_until }),
        (any::<u64>(), any::<Option<u32>>(), any::<bool>(), parts()).prop_map(|(at, queue, count, sent)| Outcome::Retry {
            at,
            queue: queue.map(QueueId),
            count,
            sent
        }),
        Just(Outcome::Failed),
        Just(Outcome::Expired),
        Just(Outcome::Done),
    ]
}

/// An operation with its step, and the event that it is read back as.
fn op() -> impl Strategy<Value = (Op, Step, Event)> {
    let id = || any::<u64>().prop_map(MsgId);
    prop_oneof![
        (id(), any::<(u32, u32, u8, u64, u64)>(), proptest::option::of(bytes()), bytes()).prop_map(
            |(id, (queue, group, priority, due, expires), dedup, body)| {
                let entry = NewEntry { queue: QueueId(queue), group: GroupId(group), priority, due, expires, dedup, body };
                (Op::Accept(entry.clone()), Step::Accept(id), Event::Accepted { id, entry })
            }
        ),
        (id(), any::<u32>(), outcome(), bytes()).prop_map(|(id, queue, outcome, note)| {
            let queue = QueueId(queue);
            let op = Op::Settle { lease: Lease { id, token: 1 }, outcome: outcome.clone(), note: note.clone() };
            (op, Step::Queue(queue), Event::Settled { id, queue, outcome, note })
        }),
        (id(), any::<(u8, u8, bool)>(), bytes()).prop_map(|(id, (part, state, done), note)| {
            let op = Op::Receipt { id, part, expect: 0, state, done, note: note.clone() };
            (op, Step::Plain, Event::Receipt { id, part, state, done, note })
        }),
        any::<u64>().prop_map(|key| (Op::Unpark { key }, Step::Plain, Event::Unparked { key })),
        id().prop_map(|id| (Op::GiveUp { id }, Step::Plain, Event::GaveUp { id })),
        (id(), bytes()).prop_map(|(id, note)| (Op::Cancel { id, note: note.clone() }, Step::Plain, Event::Cancelled { id, note })),
        (id(), any::<u32>(), any::<u64>()).prop_map(|(id, queue, expires)| {
            let queue = QueueId(queue);
            (Op::Replay { id, queue: None, expires }, Step::Queue(queue), Event::Replayed { id, queue })
        }),
        id().prop_map(|id| (Op::Bury { id }, Step::Plain, Event::Buried { id })),
        (proptest::option::of(id()), any::<u8>(), bytes()).prop_map(|(id, kind, note)| (
            Op::Note { id, kind, note: note.clone() },
            Step::Plain,
            Event::Note { id, kind, note }
        )),
    ]
}

fn read(reader: &mut Reader<'_>) -> Result<Vec<Rec>, Malformed> {
    let mut recs = Vec::new();
    while let Some(rec) = reader.next()? {
        recs.push(rec);
    }
    Ok(recs)
}

proptest! {
    #[test]
    fn what_is_written_is_read_back_within_the_size_foretold(ops in proptest::collection::vec(op(), 0..8)) {
        let mut out = vec![0; 2];
        let mut bodies = Vec::new();
        for (op, step, _) in &ops {
            let before = out.len();
            bodies.push(put_op(&mut out, op, *step, &[]));
            prop_assert!(out.len() - before <= op_size(op));
        }
        let payload = Bytes::from(out);
        let mut reader = Reader::new(&payload, 3, 1000);
        prop_assert_eq!(reader.head(), Ok((0, false)));
        let recs = read(&mut reader).unwrap();
        prop_assert_eq!(recs.len(), ops.len());
        for ((rec, (_, _, event)), at) in recs.iter().zip(&ops).zip(&bodies) {
            let Rec::Event { event: got, body, .. } = rec else { panic!("{rec:?}") };
            prop_assert_eq!(got, event);
            prop_assert_eq!(body.offset, at.map_or(0, |at| 1000 + at as u32));
        }
        let mut index = Vec::new();
        strip(&mut index, &payload, 3, 1000).unwrap();
        let index = Bytes::from(index);
        let mut reader = Reader::stripped(&index, 3);
        reader.head().unwrap();
        let stripped = read(&mut reader).unwrap();
        prop_assert_eq!(stripped.len(), recs.len());
        for (rec, short) in recs.iter().zip(&stripped) {
            let (Rec::Event { event, body, .. }, Rec::Event { event: short, body: at, .. }) = (rec, short) else { panic!("{short:?}") };
            prop_assert_eq!(body, at);
            prop_assert_eq!(std::mem::discriminant(event), std::mem::discriminant(short));
        }
    }

    #[test]
    fn no_octets_make_it_panic(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
        let payload = Bytes::from(octets);
        for mut reader in [Reader::new(&payload, 1, 0), Reader::stripped(&payload, 1)] {
            let _ = reader.head().and_then(|_| read(&mut reader));
        }
    }
}
