//! Sent messages, receipts, early receipts.

use super::harness::*;
use bytes::Bytes;
use waxwing_spool::*;

fn park(w: &World, queue: &str, remote: &str, body: &'static str) -> Op {
    Op::Park { source: w.q(queue), remote: Bytes::copy_from_slice(remote.as_bytes()), body: Bytes::from_static(body.as_bytes()) }
}

#[test]
fn a_receipt_finds_its_message_by_connector_and_remote_id_and_ends_it() {
    let mut w = World::new();
    let id = w.sent("c:a", "R1");
    w.reopen();
    assert_eq!(w.stage(id), Some(Stage::Awaiting));
    assert_eq!(w.spool().find_remote(w.q("c:b"), b"R1"), RemoteLookup::Unknown);
    assert_eq!(w.spool().find_remote(w.q("c:a"), b""), RemoteLookup::Unknown);
    let found = w.found("c:a", "R1");
    assert_eq!((found.id, found.part, &found.parts[..], &found.body[..]), (id, 0, &[0][..], &b"sent"[..]));
    w.one(receipt(&found, 2, true));
    assert_eq!(w.stage(id), None);
    assert_eq!(w.spool().find_remote(w.q("c:a"), b"R1"), RemoteLookup::Finished(id));
    assert_eq!(w.try_one(receipt(&found, 2, true)), Err(TxError::Changed(id)));
    assert_eq!(w.depth("c:a"), None);
}

#[test]
fn parts_have_their_own_ids_and_a_decision_on_an_old_version_is_refused() {
    let mut w = World::new();
    let id = w.accept("c:a", "g", "long");
    let lease = w.claim_one("c:a").lease;
    w.settle(lease, sent(&[(0, "A"), (1, "B"), (2, "")], 3, Some(w.now() + DAY)));
    let (a, b) = (w.found("c:a", "A"), w.found("c:a", "B"));
    assert_eq!((b.part, &b.parts[..]), (1, &[0, 0, 0][..]));
    w.one(receipt(&a, 2, false));
    assert_eq!(w.try_one(receipt(&b, 2, false)), Err(TxError::Changed(id)));
    let b = w.found("c:a", "B");
    assert_eq!(b.parts, [2, 0, 0]);
    assert!(matches!(w.try_one(receipt(&RemoteMatch { part: 3, ..b.clone() }, 1, false)), Err(TxError::Malformed(_))));
    assert!(matches!(w.try_one(receipt(&b, 0, false)), Err(TxError::Malformed(_))));
    w.reopen();
    let b = w.found("c:a", "B");
    assert_eq!(b.parts, [2, 0, 0]);
    w.one(receipt(&b, 5, true));
    assert_eq!(w.spool().find_remote(w.q("c:a"), b"A"), RemoteLookup::Finished(id));
}

#[test]
fn a_receipt_and_what_follows_from_it_are_one_transaction() {
    let w = World::new();
    w.sent("c:a", "R1");
    let found = w.found("c:a", "R1");
    let carry = Op::Accept(w.entry("account:shop", "shop", "delivered"));
    w.commit(vec![receipt(&found, 2, true), carry.clone()]);
    assert!(w.try_commit(Tx { ops: vec![receipt(&found, 2, true), carry] }).is_err());
    assert_eq!(w.bodies("account:shop", 9), ["delivered"]);
}

#[test]
fn a_receipt_may_come_before_the_response() {
    let mut w = World::new();
    let id = w.accept("c:a", "g", "x");
    let _ = w.claim_one("c:a");
    assert_eq!(w.one(park(&w, "c:a", "R1", "early")), TxDone::default());
    assert_eq!(w.spool().stats().parked, 1);
    w.reopen();
    let lease = w.claim_one("c:a").lease;
    let done = w.settle(lease, sent(&[(0, "R1")], 1, Some(w.now() + DAY)));
    let [parked] = &done.parked[..] else { panic!("{done:?}") };
    assert_eq!((&parked.remote[..], &parked.body[..], parked.at), (&b"R1"[..], &b"early"[..], START));
    let found = w.found("c:a", "R1");
    w.commit(vec![receipt(&found, 2, true), Op::Unpark { key: parked.key }]);
    assert_eq!(w.stage(id), None);
    w.reopen();
    assert_eq!(w.spool().stats().parked, 0);
    assert!(w.spool().parked(w.q("c:a"), b"R1").is_empty());
}

#[test]
fn a_receipt_parked_when_the_response_is_already_there_comes_straight_back() {
    let w = World::new();
    w.sent("c:a", "R1");
    let done = w.one(park(&w, "c:a", "R1", "late"));
    assert_eq!(done.parked.len(), 1);
    w.one(receipt(&w.found("c:a", "R1"), 2, true));
    let done = w.one(park(&w, "c:a", "R1", "later still"));
    assert_eq!(done.parked.len(), 1, "a receipt for a finished message comes back too");
}

#[test]
fn parking_and_sending_in_one_batch_never_miss_each_other() {
    for order in [[0, 1], [1, 0]] {
        let w = World::new();
        w.accept("c:a", "g", "x");
        let lease = w.claim_one("c:a").lease;
        let txs = [Tx::one(park(&w, "c:a", "R1", "r")), Tx::one(settle(lease, sent(&[(0, "R1")], 1, Some(w.now() + DAY))))];
        let batch = order.iter().map(|n| txs[*n].clone()).collect();
        let results = w.block_on(w.spool().commit(batch)).unwrap();
        let back: usize = results.iter().map(|r| r.as_ref().unwrap().parked.len()).sum();
        assert_eq!(back, 1, "{order:?}");
    }
}

#[test]
fn parked_receipts_are_kept_apart_handed_out_once_and_grow_stale() {
    let mut w = World::with(|c| c.max_parked = 3);
    w.one(park(&w, "c:a", "R1", "one"));
    w.one(park(&w, "c:a", "R1", "two"));
    w.one(park(&w, "c:b", "R1", "other"));
    assert!(matches!(w.try_one(park(&w, "c:b", "R2", "full")), Err(TxError::Refused(SpoolError::QueueFull { .. }))));
    let taken = w.spool().parked(w.q("c:a"), b"R1");
    assert_eq!(taken.iter().map(|p| &p.body[..]).collect::<Vec<_>>(), [b"one", b"two"]);
    assert!(w.spool().parked(w.q("c:a"), b"R1").is_empty());
    assert!(w.spool().stale_parked(9).is_empty());
    w.advance(30_000);
    w.reopen();
    assert_eq!(w.spool().parked(w.q("c:b"), b"R1").len(), 1, "after a restart nobody has them");
    w.advance(30_000);
    let stale = w.spool().stale_parked(9);
    assert_eq!(stale.len(), 2, "the one handed out has its own time");
    assert!(w.spool().stale_parked(9).is_empty());
    w.commit(stale.iter().map(|p| Op::Unpark { key: p.key }).collect());
    assert_eq!(w.spool().stats().parked, 1);
    w.advance(60_000);
    assert_eq!(w.spool().stale_parked(9).len(), 1, "what was handed out and forgotten comes back");
}

#[test]
fn the_wait_for_a_receipt_ends() {
    let mut w = World::new();
    let ids = [w.sent("c:a", "R1"), w.sent("c:a", "R2"), w.sent("c:a", "R3")];
    assert!(w.spool().overdue_receipts(9).is_empty());
    w.advance(DAY);
    assert_eq!(w.spool().overdue_receipts(2), ids[..2]);
    assert_eq!(w.spool().overdue_receipts(2), [ids[2], ids[0]]);
    w.commit(vec![Op::GiveUp { id: ids[0] }, Op::GiveUp { id: ids[1] }, Op::GiveUp { id: MsgId(1) }]);
    assert_eq!(w.spool().overdue_receipts(9), [ids[2]]);
    w.reopen();
    assert_eq!(w.spool().overdue_receipts(9), [ids[2]]);
    w.one(receipt(&w.found("c:a", "R3"), 2, true));
    assert!(w.spool().overdue_receipts(9).is_empty());
    assert_eq!(w.spool().stats().messages, 0);
}

#[test]
fn giving_up_something_that_is_queued_has_no_effect() {
    let w = World::new();
    let id = w.accept("c:a", "g", "x");
    w.one(Op::GiveUp { id });
    assert_eq!(w.stage(id), Some(Stage::Queued));
    assert!(!w.events().contains(&Event::GaveUp { id }));
}

#[test]
fn a_message_sent_without_waiting_is_done_but_its_remote_id_is_remembered() {
    let w = World::new();
    let id = w.accept("c:a", "g", "x");
    let lease = w.claim_one("c:a").lease;
    w.settle(lease, sent(&[(0, "R1")], 1, None));
    assert_eq!(w.stage(id), None);
    assert_eq!(w.spool().find_remote(w.q("c:a"), b"R1"), RemoteLookup::Finished(id));
}

#[test]
fn a_remote_id_that_the_carrier_gives_again_belongs_to_the_later_message() {
    let mut w = World::new();
    let first = w.sent("c:a", "17");
    let second = w.sent("c:a", "17");
    assert_eq!(w.found("c:a", "17").id, second);
    w.reopen();
    assert_eq!(w.found("c:a", "17").id, second);
    w.one(receipt(&w.found("c:a", "17"), 2, true));
    assert_eq!(w.spool().find_remote(w.q("c:a"), b"17"), RemoteLookup::Finished(second));
    assert_eq!(w.stage(first), Some(Stage::Awaiting));
}

#[test]
fn parts_of_several_attempts_and_connectors_all_find_the_message() {
    let mut w = World::new();
    let id = w.accept("c:a", "g", "long");
    let lease = w.claim_one("c:a").lease;
    let retry = Outcome::Retry { at: 0, queue: Some(w.q("c:b")), count: true, sent: sent_parts(&[(0, "A0")]) };
    w.settle(lease, retry);
    w.one(receipt(&w.found("c:a", "A0"), 2, false));
    let claimed = w.claim_one("c:b");
    assert_eq!(claimed.sent_parts, [0]);
    w.settle(claimed.lease, sent(&[(1, "B1")], 2, Some(w.now() + DAY)));
    for _ in 0..2 {
        let (a, b) = (w.found("c:a", "A0"), w.found("c:b", "B1"));
        assert_eq!((a.id, a.part, b.id, b.part), (id, 0, id, 1));
        assert_eq!(b.parts, [2, 0]);
        w.reopen();
    }
}
