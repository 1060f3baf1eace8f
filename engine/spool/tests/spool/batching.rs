//! Many transactions in one group come to the same as one after the other: between the two phases of a commit nothing races.

use bytes::Bytes;
use proptest::prelude::*;

use super::harness::*;
use waxwing_spool::*;

const QUEUES: [&str; 2] = ["c:a", "c:b"];

/// One operation; numbers pick among what there is.
#[derive(Clone, Debug)]
enum Pick {
    Accept { queue: usize, due: bool, key: Option<u8> },
    Settle { lease: usize, how: u8, remote: u8 },
    Receipt { remote: usize, done: bool },
    Park { remote: u8 },
    Unpark { key: u64 },
    GiveUp { id: usize },
    Cancel { id: usize },
    Replace { id: usize, due: bool },
    Replay { id: usize },
    Bury { id: usize },
}

fn pick() -> impl Strategy<Value = Pick> {
    prop_oneof![
        4 => (0..2usize, any::<bool>(), proptest::option::weighted(0.3, 0..3u8)).prop_map(|(queue, due, key)| Pick::Accept { queue, due, key }),
        6 => (0..8usize, 0..6u8, 0..5u8).prop_map(|(lease, how, remote)| Pick::Settle { lease, how, remote }),
        3 => (0..5usize, any::<bool>()).prop_map(|(remote, done)| Pick::Receipt { remote, done }),
        2 => (0..5u8).prop_map(|remote| Pick::Park { remote }),
        1 => (1..9u64).prop_map(|key| Pick::Unpark { key }),
        1 => (0..20usize).prop_map(|id| Pick::GiveUp { id }),
        3 => (0..20usize).prop_map(|id| Pick::Cancel { id }),
        3 => (0..20usize, any::<bool>()).prop_map(|(id, due)| Pick::Replace { id, due }),
        1 => (0..20usize).prop_map(|id| Pick::Replay { id }),
        1 => (0..20usize).prop_map(|id| Pick::Bury { id }),
    ]
}

fn remote(n: u8) -> Bytes {
    Bytes::from(vec![b'R', n])
}

/// What a round knows before it commits anything.
struct Known {
    leases: Vec<Lease>,
    remotes: Vec<RemoteMatch>,
    ids: Vec<MsgId>,
}

impl Known {
    fn of(w: &World) -> Known {
        let mut leases = Vec::new();
        for queue in QUEUES {
            leases.extend(w.claim(queue, 4).into_iter().map(|c| c.lease));
        }
        let found = (0..5).filter_map(|n| match w.spool().find_remote(w.q("c:a"), &remote(n)) {
            RemoteLookup::Found(found) => Some(found),
            _ => None,
        });
        Known { leases, remotes: found.collect(), ids: w.spool().list(None, None, usize::MAX).iter().map(|s| s.id).collect() }
    }

    fn op(&self, w: &World, pick: &Pick, number: usize) -> Op {
        let id = |at: usize| self.ids.get(at % self.ids.len().max(1)).copied().unwrap_or(MsgId(5));
        let now = w.now();
        match *pick {
            Pick::Accept { queue, due, key } => {
                let mut entry = w.entry(QUEUES[queue], "g", &format!("{number}{}", "x".repeat(number * 13 % 700)));
                entry.due = if due { now + 500 } else { 0 };
                entry.dedup = key.map(|k| Bytes::from(vec![k]));
                Op::Accept(entry)
            }
            Pick::Settle { lease, how, remote: n } => {
                let nobody = Lease { id: MsgId(5), token: 0 };
                let lease = self.leases.get(lease % self.leases.len().max(1)).copied().unwrap_or(nobody);
                let parts = vec![SentPart { part: n % 2, remote: remote(n) }];
                let outcome = match how {
                    0 => Outcome::Sent { parts, total: 2, await_until: Some(now + DAY) },
                    1 => Outcome::Sent { parts, total: 2, await_until: None },
                    2 => Outcome::Retry { at: now + 300, queue: Some(w.q("c:b")), count: true, sent: parts },
                    3 => retry(0),
                    4 => Outcome::Failed,
                    _ => Outcome::Done,
                };
                settle(lease, outcome)
            }
            Pick::Receipt { remote, done } => match self.remotes.get(remote % self.remotes.len().max(1)) {
                Some(found) => receipt(found, 3, done),
                None => Op::GiveUp { id: MsgId(5) },
            },
            Pick::Park { remote: n } => Op::Park { source: w.q("c:a"), remote: remote(n), body: Bytes::from(vec![n; 30]) },
            Pick::Unpark { key } => Op::Unpark { key },
            Pick::GiveUp { id: at } => Op::GiveUp { id: id(at) },
            Pick::Cancel { id: at } => Op::Cancel { id: id(at), note: Bytes::new() },
            Pick::Replace { id: at, due } => {
                Op::Replace { id: id(at), body: Bytes::from(format!("new {number}")), due: due.then_some(now + 400), expires: None }
            }
            Pick::Replay { id: at } => Op::Replay { id: id(at), queue: None, expires: now + DAY },
            Pick::Bury { id: at } => Op::Bury { id: id(at) },
        }
    }
}

/// Versions are the spool's own affair, and what a lease's end or a due time in the past reads like is not durable.
fn view(w: &World) -> impl std::fmt::Debug {
    let now = w.now();
    let state = |s: MsgState| {
        let body = w.spool().read_body(s.id).unwrap();
        (MsgState { due: if s.stage == Stage::Queued && s.due > now { s.due } else { 0 }, ..s }, body)
    };
    let states: Vec<_> = w.spool().list(None, None, usize::MAX).into_iter().map(state).collect();
    let remotes: Vec<_> = (0..5)
        .flat_map(|n| QUEUES.map(|q| w.spool().find_remote(w.q(q), &remote(n))))
        .map(|found| match found {
            RemoteLookup::Found(found) => Some(RemoteMatch { version: 0, ..found }),
            _ => None,
        })
        .collect();
    (states, remotes, w.spool().depths(), w.spool().stats().parked, w.events())
}

fn world() -> World {
    World::with(|c| {
        c.sync = false;
        (c.segment_size, c.max_tx) = (16 << 10, 4 << 10);
        c.group_bytes = 16 << 10;
        c.compact_slack = 32 << 10;
        c.readers = vec!["holds everything".into()];
    })
}

fn run(rounds: Vec<Vec<Vec<Pick>>>) {
    let (mut together, mut apart) = (world(), world());
    let mut number = 0;
    for round in rounds {
        let (a, b) = (Known::of(&together), Known::of(&apart));
        assert_eq!(a.leases.iter().map(|l| l.id).collect::<Vec<_>>(), b.leases.iter().map(|l| l.id).collect::<Vec<_>>());
        let (mut batch, mut single) = (Vec::new(), Vec::new());
        for picks in &round {
            let ops = |known: &Known, w: &World| {
                let ops = picks.iter().enumerate().map(|(n, pick)| known.op(w, pick, number + n));
                Tx { ops: ops.collect() }
            };
            batch.push(ops(&a, &together));
            single.push(ops(&b, &apart));
            number += picks.len();
        }
        let results = together.block_on(together.spool().commit(batch)).unwrap();
        let expected: Vec<_> = single.into_iter().map(|tx| apart.try_commit(tx)).collect();
        assert_eq!(results, expected);
        assert_eq!(format!("{:?}", view(&together)), format!("{:?}", view(&apart)));
        together.advance(200);
        apart.advance(200);
        if number % 7 == 0 {
            together.maintain();
        }
    }
    together.reopen();
    apart.reopen();
    assert_eq!(format!("{:?}", view(&together)), format!("{:?}", view(&apart)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, max_shrink_iters: 2000, ..ProptestConfig::default() })]

    #[test]
    fn a_batch_comes_to_the_same_as_its_transactions_one_by_one(
        rounds in proptest::collection::vec(proptest::collection::vec(proptest::collection::vec(pick(), 1..4), 1..12), 1..12)
    ) {
        run(rounds);
    }
}
