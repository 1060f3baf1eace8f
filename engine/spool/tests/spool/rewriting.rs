//! Cancel and replace, and their races with a claim.

use super::harness::*;
use bytes::Bytes;
use waxwing_spool::*;

fn cancel(id: MsgId) -> Op {
    Op::Cancel { id, note: Bytes::from_static(b"by hand") }
}

fn replace(id: MsgId, body: &'static str, due: Option<Millis>, expires: Option<Millis>) -> Op {
    Op::Replace { id, body: Bytes::from_static(body.as_bytes()), due, expires }
}

#[test]
fn a_cancelled_message_is_gone_from_every_place_it_can_be_queued_in() {
    let mut w = World::new();
    let ready = w.accept("c:a", "g", "ready");
    let mut e = w.entry("c:a", "g", "deferred");
    e.due = w.now() + 1000;
    let deferred = w.accept_with(e);
    let mut e = w.entry("c:a", "g", "expired");
    e.expires = w.now() + 100;
    let expired = w.accept_with(e);
    w.advance(100);
    assert!(w.claim_expired_is_empty_for("c:b"));
    for id in [ready, deferred, expired] {
        w.one(cancel(id));
        assert_eq!(w.stage(id), None);
        assert_eq!(w.try_one(cancel(id)), Err(TxError::NotQueued(id)));
    }
    w.reopen();
    w.advance(1000);
    assert!(w.claim("c:a", 9).is_empty() && w.spool().claim_expired(9, LEASE).is_empty());
    assert!(w.spool().depths().is_empty());
}

impl World {
    fn claim_expired_is_empty_for(&self, queue: &str) -> bool {
        self.claim(queue, 1).is_empty()
    }
}

#[test]
fn what_is_leased_or_sent_or_dead_cannot_be_cancelled_or_replaced() {
    let w = World::new();
    let sent_id = w.sent("c:a", "R1");
    let leased = w.accept("c:a", "g", "x");
    let _lease = w.claim_one("c:a").lease;
    let dead = w.accept("c:a", "g", "y");
    let lease = w.claim_one("c:a").lease;
    w.settle(lease, Outcome::Failed);
    for id in [sent_id, leased, dead, MsgId(1)] {
        assert_eq!(w.try_one(cancel(id)), Err(TxError::NotQueued(id)));
        assert_eq!(w.try_one(replace(id, "new", None, None)), Err(TxError::NotQueued(id)));
    }
}

#[test]
fn a_replaced_message_keeps_its_place_and_has_the_new_body_after_a_restart_too() {
    let mut w = World::new();
    let first = w.accept("c:a", "g", "old");
    w.accept("c:a", "g", "second");
    w.one(replace(first, "new body", None, None));
    assert_eq!(w.spool().read_body(first).unwrap().unwrap(), "new body");
    w.reopen();
    assert_eq!(w.spool().read_body(first).unwrap().unwrap(), "new body");
    assert_eq!(w.bodies("c:a", 9), ["new body", "second"]);
}

#[test]
fn a_replace_moves_due_time_and_validity() {
    let mut w = World::new();
    let id = w.accept("c:a", "g", "x");
    w.one(replace(id, "y", Some(w.now() + 1000), Some(w.now() + 5000)));
    assert!(w.claim("c:a", 9).is_empty());
    w.reopen();
    let state = w.spool().get(id).unwrap();
    assert_eq!((state.due, state.expires), (START + 1000, START + 5000));
    w.advance(1000);
    assert_eq!(w.depth("c:a").unwrap().ready, 1);
    w.advance(4000);
    assert!(w.claim("c:a", 9).is_empty());
    w.one(replace(id, "z", None, Some(w.now() + 1000)));
    assert_eq!(w.bodies("c:a", 9), ["z"], "a longer validity brings an expired message back");
    assert!(matches!(w.try_one(replace(id, "q", None, Some(w.now()))), Err(TxError::Malformed(_))));
}

#[test]
fn of_a_cancel_and_a_claim_exactly_one_wins() {
    let w = World::new();
    for round in 0..200 {
        let id = w.accept("c:a", "g", "x");
        let spool = w.embedded.clone().unwrap();
        let queue = w.q("c:a");
        let claimer = std::thread::spawn(move || spool.claim(queue, 1, LEASE));
        let cancelled = w.try_one(cancel(id)).is_ok();
        let claimed = claimer.join().unwrap();
        assert!(cancelled != (claimed.len() == 1), "round {round}: cancelled {cancelled}, claimed {}", claimed.len());
        for c in claimed {
            w.settle(c.lease, Outcome::Done);
        }
    }
    assert!(w.spool().depths().is_empty());
}

#[test]
fn one_batch_may_change_the_same_message_again_and_again() {
    let w = World::new();
    let id = w.accept("c:a", "g", "0");
    let lease = w.claim_one("c:a").lease;
    let txs = vec![
        Tx::one(settle(lease, retry(0))),
        Tx::one(replace(id, "1", None, None)),
        Tx::one(replace(id, "2", None, None)),
        Tx::one(cancel(id)),
        Tx::one(cancel(id)),
        Tx::one(replace(id, "3", None, None)),
    ];
    let results = w.block_on(w.spool().commit(txs)).unwrap();
    assert_eq!(results.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, true, true, true, false, false]);
    assert!(w.claim("c:a", 9).is_empty());
    assert_eq!(w.spool().stats().messages, 0);
}

#[test]
fn replacing_over_and_over_while_nobody_claims_does_not_pile_up() {
    let w = World::new();
    let ids: Vec<MsgId> = (0..50).map(|n| w.accept("c:a", "g", &n.to_string())).collect();
    for round in 0..100u64 {
        let due = if round % 2 == 0 { w.now() + 1000 } else { 0 };
        let txs = ids.iter().map(|id| Tx::one(replace(*id, "again", Some(due), None))).collect();
        assert!(w.block_on(w.spool().commit(txs)).unwrap().iter().all(Result::is_ok));
    }
    assert_eq!(w.claim("c:a", 99).iter().map(|c| c.lease.id).collect::<Vec<_>>(), ids);
}
