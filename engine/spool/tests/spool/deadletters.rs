//! Dead letters: kept, replayed, buried.

use super::harness::*;
use waxwing_spool::*;

fn dead(w: &World, body: &str) -> MsgId {
    let id = w.accept("c:a", "g", body);
    let claimed = w.claim_one("c:a");
    assert_eq!(claimed.lease.id, id);
    w.settle(claimed.lease, Outcome::Failed);
    id
}

fn replay(w: &World, id: MsgId, queue: Option<&str>) -> Op {
    Op::Replay { id, queue: queue.map(|q| w.q(q)), expires: w.now() + DAY }
}

#[test]
fn a_failed_message_stays_with_its_body_and_can_be_replayed_into_another_queue() {
    let mut w = World::new();
    let id = w.accept("c:a", "g", "x");
    let lease = w.claim_one("c:a").lease;
    w.settle(lease, retry(0));
    let lease = w.claim_one("c:a").lease;
    w.settle(lease, Outcome::Failed);
    assert_eq!(w.stage(id), Some(Stage::Dead));
    w.reopen();
    assert_eq!(w.spool().read_body(id).unwrap().unwrap(), "x");
    assert!(w.claim("c:a", 1).is_empty());
    w.one(replay(&w, id, Some("c:b")));
    assert_eq!(w.try_one(replay(&w, id, None)), Err(TxError::NotQueued(id)));
    let claimed = w.claim_one("c:b");
    assert_eq!((claimed.lease.id, claimed.attempts), (id, 0));
    assert_eq!(w.depth("c:a"), None);
}

#[test]
fn a_dead_letter_is_buried_after_its_retention_and_the_feed_says_so() {
    let mut w = World::with(|c| c.dead_retention = 10_000);
    let first = dead(&w, "1");
    w.advance(5_000);
    let second = dead(&w, "2");
    w.reopen();
    w.advance(5_000);
    w.maintain();
    assert_eq!((w.stage(first), w.stage(second)), (None, Some(Stage::Dead)));
    assert_eq!(w.events().iter().filter(|e| **e == Event::Buried { id: first }).count(), 1);
    w.advance(5_000);
    w.maintain();
    assert_eq!(w.stage(second), None);
    w.maintain();
    assert_eq!(w.events().iter().filter(|e| matches!(e, Event::Buried { .. })).count(), 2);
}

#[test]
fn no_more_dead_letters_are_kept_than_allowed_and_the_oldest_go_first() {
    let mut w = World::with(|c| c.max_dead = 3);
    let ids: Vec<MsgId> = (0..5).map(|n| dead(&w, &n.to_string())).collect();
    w.maintain();
    assert_eq!(w.spool().list(None, None, 9).iter().map(|s| s.id).collect::<Vec<_>>(), ids[2..]);
    w.one(replay(&w, ids[2], None));
    let lease = w.claim_one("c:a").lease;
    w.advance(1);
    w.settle(lease, Outcome::Failed);
    let more = dead(&w, "more");
    w.reopen();
    w.maintain();
    assert_eq!(w.spool().list(None, None, 9).iter().map(|s| s.id).collect::<Vec<_>>(), [ids[2], ids[4], more]);
}

#[test]
fn burying_by_hand_touches_dead_letters_only() {
    let w = World::new();
    let id = dead(&w, "x");
    let queued = w.accept("c:a", "g", "y");
    w.one(Op::Bury { id });
    w.one(Op::Bury { id: queued });
    assert_eq!((w.stage(id), w.stage(queued)), (None, Some(Stage::Queued)));
}

#[test]
fn a_dead_letter_forgets_its_parts_and_a_late_receipt_is_a_duplicate() {
    let w = World::new();
    let id = w.accept("c:a", "g", "long");
    let lease = w.claim_one("c:a").lease;
    w.settle(lease, Outcome::Retry { at: 0, queue: None, count: true, sent: sent_parts(&[(0, "A")]) });
    let lease = w.claim_one("c:a").lease;
    w.settle(lease, Outcome::Failed);
    assert_eq!(w.spool().find_remote(w.q("c:a"), b"A"), RemoteLookup::Finished(id));
    w.one(replay(&w, id, None));
    assert!(w.claim_one("c:a").sent_parts.is_empty());
}
