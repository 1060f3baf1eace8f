//! Accepting, claiming, order, fairness, priorities, time.

use std::time::Duration;

use super::harness::*;
use waxwing_spool::*;

#[test]
fn what_is_accepted_is_claimed_with_its_body_and_settled_once() {
    let w = World::new();
    let id = w.accept("c:a", "shop", "hello");
    assert_eq!(w.stage(id), Some(Stage::Queued));
    let claimed = w.claim_one("c:a");
    assert_eq!((claimed.lease.id, &claimed.body[..], claimed.attempts, claimed.priority), (id, &b"hello"[..], 0, 1));
    assert_eq!((claimed.accepted, claimed.expires, claimed.group), (START, START + DAY, w.spool().group("shop")));
    assert_eq!(w.stage(id), Some(Stage::Leased));
    assert!(w.claim("c:a", 10).is_empty());
    w.settle(claimed.lease, Outcome::Done);
    assert_eq!(w.stage(id), None);
    assert_eq!(w.try_one(settle(claimed.lease, Outcome::Done)), Err(TxError::Stale(id)));
    assert_eq!(w.spool().read_body(id), Ok(None));
}

#[test]
fn ids_begin_at_the_time_and_rise_over_restarts_even_when_everything_is_gone() {
    let mut w = World::new();
    let id = w.accept("c:a", "shop", "x");
    assert_eq!(id.0, START / 1000);
    assert_eq!(id.to_string().len(), 8);
    let claimed = w.claim_one("c:a");
    w.settle(claimed.lease, Outcome::Done);
    for n in 1..5 {
        w.reopen();
        w.maintain();
        assert_eq!(w.accept("c:a", "shop", "x").0, id.0 + n);
        let claimed = w.claim_one("c:a");
        w.settle(claimed.lease, Outcome::Done);
    }
}

#[test]
fn a_batch_keeps_its_order_and_one_refused_transaction_does_not_hurt_the_others() {
    let w = World::new();
    let good = |body: &str| Tx::one(Op::Accept(w.entry("c:a", "g", body)));
    let mut bad = w.entry("c:a", "g", "bad");
    bad.priority = 9;
    let mixed = Tx { ops: vec![Op::Accept(w.entry("c:a", "g", "half")), Op::Accept(bad)] };
    let results = w.block_on(w.spool().commit(vec![good("1"), mixed, good("2")])).unwrap();
    assert!(results[0].is_ok() && results[2].is_ok());
    assert!(matches!(results[1], Err(TxError::Malformed(_))));
    assert_eq!(w.bodies("c:a", 10), ["1", "2"]);
}

#[test]
fn everything_survives_a_restart_and_leases_do_not() {
    let mut w = World::new();
    let a = w.accept("c:a", "g1", "a");
    let b = w.accept("c:b", "g2", "b");
    let lease = w.claim_one("c:a").lease;
    w.reopen();
    assert_eq!(w.try_one(settle(lease, Outcome::Done)), Err(TxError::Stale(a)));
    assert_eq!(w.spool().queue_name(QueueId(0)).as_deref(), Some("c:a"));
    assert_eq!(w.spool().group_name(GroupId(1)).as_deref(), Some("g2"));
    assert_eq!(w.spool().queue_name(QueueId(9)), None);
    assert_eq!(w.claim_one("c:a").lease.id, a);
    assert_eq!(w.spool().read_body(b).unwrap().unwrap(), "b");
    assert_eq!(w.bodies("c:b", 9), ["b"]);
}

#[test]
fn groups_share_a_queue_one_message_a_turn_and_each_keeps_its_order() {
    let w = World::new();
    for n in 0..100 {
        w.accept("c:a", "bulk", &format!("bulk{n}"));
    }
    w.accept("c:a", "otp", "otp0");
    w.accept("c:a", "otp", "otp1");
    assert_eq!(w.bodies("c:a", 5), ["bulk0", "otp0", "bulk1", "otp1", "bulk2"]);
    assert_eq!(w.bodies("c:a", 3), ["bulk3", "bulk4", "bulk5"]);
}

#[test]
fn priorities_are_strict_but_nothing_starves() {
    let w = World::new();
    let mut tx = Tx::default();
    for n in 0..64 {
        let mut low = w.entry("c:a", "g", &format!("low{n}"));
        low.priority = 0;
        let mut high = w.entry("c:a", "g", &format!("high{n}"));
        high.priority = 3;
        tx.ops.extend([Op::Accept(low), Op::Accept(high)]);
    }
    w.try_commit(tx).unwrap();
    let order = w.bodies("c:a", 64);
    assert_eq!(order.iter().filter(|b| b.starts_with("low")).count(), 4);
    assert!(order[..15].iter().all(|b| b.starts_with("high")));
    assert_eq!(order[15], "low0");
}

#[test]
fn a_message_waits_for_its_due_time_and_a_waiter_is_woken_then() {
    let w = World::new();
    let mut later = w.entry("c:a", "g", "later");
    later.due = w.now() + 5_000;
    let id = w.accept_with(later);
    assert!(w.claim("c:a", 1).is_empty());
    assert_eq!(w.depth("c:a").unwrap().deferred, 1);
    assert_eq!(w.spool().get(id).unwrap().due, START + 5_000);
    let ready = w.spool().ready(w.q("c:a"));
    w.advance(5_000);
    w.block_on(async { tokio::time::timeout(Duration::from_secs(20), ready).await }).unwrap();
    assert_eq!(w.bodies("c:a", 1), ["later"]);
}

#[test]
fn a_waiter_sleeps_no_longer_than_to_the_due_time() {
    let w = World::with(|c| c.clock = waxwing_spool::log::Clock::default());
    let now = c_now();
    let mut later = w.entry("c:a", "g", "later");
    (later.due, later.expires) = (now + 300, now + DAY);
    w.accept_with(later);
    let ready = w.spool().ready(w.q("c:a"));
    w.block_on(async { tokio::time::timeout(Duration::from_secs(20), ready).await }).unwrap();
    let mut got = w.claim("c:a", 1);
    while got.is_empty() {
        let ready = w.spool().ready(w.q("c:a"));
        got = w.claim("c:a", 1);
        if got.is_empty() {
            w.block_on(async { tokio::time::timeout(Duration::from_secs(20), ready).await }).unwrap();
        }
    }
    assert!(c_now() >= now + 300);
}

fn c_now() -> Millis {
    waxwing_spool::log::Clock::default().now()
}

#[test]
fn a_waiter_is_woken_by_an_accept_a_release_and_a_lease_that_ran_out() {
    let w = World::new();
    let bounded = |ready: BoxFuture<'static, ()>| w.block_on(async { tokio::time::timeout(Duration::from_secs(20), ready).await }).unwrap();
    let ready = w.spool().ready(w.q("c:a"));
    w.accept("c:a", "g", "x");
    bounded(ready);
    let claimed = w.claim_one("c:a");
    let ready = w.spool().ready(w.q("c:a"));
    assert!(w.spool().release(&claimed.lease));
    bounded(ready);
    w.claim_one("c:a");
    let ready = w.spool().ready(w.q("c:a"));
    w.advance(LEASE.as_millis() as u64);
    bounded(ready);
    assert_eq!(w.claim("c:a", 1).len(), 1);
}

#[test]
fn a_released_message_goes_back_to_the_front_with_its_attempts_untouched() {
    let w = World::new();
    for n in 0..3 {
        w.accept("c:a", "g", &n.to_string());
    }
    let first = w.claim_one("c:a");
    let second = w.claim_one("c:a");
    assert!(w.spool().release(&second.lease));
    assert!(w.spool().release(&first.lease));
    assert!(!w.spool().release(&first.lease));
    let again = w.claim("c:a", 3);
    assert_eq!(again.iter().map(|c| &c.body[..]).collect::<Vec<_>>(), [b"0", b"1", b"2"]);
    assert!(again.iter().all(|c| c.attempts == 0));
}

#[test]
fn a_lease_runs_out_unless_renewed_and_its_token_is_then_worthless() {
    let w = World::new();
    let id = w.accept("c:a", "g", "x");
    let first = w.claim_one("c:a");
    w.advance(20_000);
    assert!(w.spool().renew(&first.lease, LEASE));
    w.advance(20_000);
    assert!(w.claim("c:a", 1).is_empty());
    w.advance(10_000);
    assert!(!w.spool().renew(&first.lease, LEASE));
    assert_eq!(w.try_one(settle(first.lease, Outcome::Done)), Err(TxError::Stale(id)));
    let second = w.claim_one("c:a");
    assert_ne!(first.lease.token, second.lease.token);
    assert_eq!(w.try_one(settle(first.lease, Outcome::Done)), Err(TxError::Stale(id)));
    w.settle(second.lease, Outcome::Done);
}

#[test]
fn a_stale_lease_refuses_its_whole_transaction() {
    let w = World::new();
    w.accept("c:a", "g", "x");
    let lease = w.claim_one("c:a").lease;
    w.settle(lease, retry(w.now() + 1000));
    let receipt = Op::Accept(w.entry("account:shop", "g", "receipt"));
    assert!(w.try_commit(Tx { ops: vec![receipt.clone(), settle(lease, Outcome::Done)] }).is_err());
    assert!(w.claim("account:shop", 1).is_empty());
    w.one(receipt);
    assert_eq!(w.claim("account:shop", 9).len(), 1);
}

#[test]
fn what_expires_in_the_queue_is_never_claimed_but_handed_out_as_expired() {
    let mut w = World::new();
    let mut short = w.entry("c:a", "g", "short");
    short.expires = w.now() + 1_000;
    let mut deferred = w.entry("c:a", "g", "deferred");
    (deferred.due, deferred.expires) = (w.now() + 500, w.now() + 400);
    let (a, b) = (w.accept_with(short), w.accept_with(deferred));
    assert!(w.spool().claim_expired(9, LEASE).is_empty());
    w.advance(1_000);
    assert!(w.claim("c:a", 9).is_empty());
    assert_eq!(w.depth("c:a").unwrap().ready, 2);
    let mut over: Vec<Claimed> = w.spool().claim_expired(9, LEASE);
    over.sort_by_key(|c| c.lease.id);
    assert_eq!(over.iter().map(|c| c.lease.id).collect::<Vec<_>>(), [a, b]);
    w.settle(over[0].lease, Outcome::Expired);
    assert!(w.spool().claim_expired(9, LEASE).is_empty());
    w.reopen();
    let again = w.spool().claim_expired(9, LEASE);
    assert_eq!(again.iter().map(|c| c.lease.id).collect::<Vec<_>>(), [b]);
    assert!(w.spool().release(&again[0].lease));
    let again = w.spool().claim_expired(9, LEASE);
    w.settle(again[0].lease, Outcome::Expired);
    assert_eq!(w.depth("c:a"), None);
}

#[test]
fn what_expires_while_it_is_leased_may_still_be_settled_and_is_not_claimed_again() {
    let w = World::new();
    let mut short = w.entry("c:a", "g", "short");
    short.expires = w.now() + 1_000;
    let id = w.accept_with(short);
    let claimed = w.claim_one("c:a");
    w.advance(2_000);
    assert!(w.spool().claim_expired(9, LEASE).is_empty());
    w.settle(claimed.lease, retry(w.now()));
    assert!(w.claim("c:a", 9).is_empty());
    assert_eq!(w.spool().claim_expired(9, LEASE)[0].lease.id, id);
}

#[test]
fn a_retry_counts_waits_changes_queue_and_remembers_the_parts_that_went_out() {
    let mut w = World::new();
    let id = w.accept("c:a", "g", "long");
    let claimed = w.claim_one("c:a");
    let outcome = Outcome::Retry { at: w.now() + 60_000, queue: Some(w.q("c:b")), count: true, sent: sent_parts(&[(1, "r1"), (0, "r0")]) };
    w.settle(claimed.lease, outcome);
    for round in 0..2 {
        assert!(w.claim("c:a", 1).is_empty() && w.claim("c:b", 1).is_empty());
        assert_eq!(w.found("c:a", "r1").id, id, "round {round}");
        w.reopen();
    }
    w.advance(60_000);
    let again = w.claim_one("c:b");
    assert_eq!((again.lease.id, again.attempts, again.sent_parts), (id, 1, vec![0, 1]));
    let outcome = Outcome::Retry { at: 0, queue: None, count: false, sent: Vec::new() };
    w.settle(again.lease, outcome);
    assert_eq!(w.claim_one("c:b").attempts, 1);
}

#[test]
fn a_retried_message_keeps_its_place_before_later_ones_of_its_group() {
    let w = World::new();
    for n in 0..3 {
        w.accept("c:a", "g", &n.to_string());
    }
    let claimed = w.claim_one("c:a");
    w.settle(claimed.lease, Outcome::Retry { at: w.now() + 100, queue: None, count: false, sent: Vec::new() });
    assert_eq!(w.bodies("c:a", 1), ["1"]);
    w.advance(100);
    assert_eq!(w.bodies("c:a", 2), ["0", "2"]);
}

#[test]
fn depths_count_every_stage_and_show_the_oldest() {
    let w = World::new();
    assert!(w.spool().depths().is_empty());
    let mut deferred = w.entry("c:a", "g", "deferred");
    deferred.due = w.now() + 60_000;
    w.accept_with(deferred);
    w.advance(1_000);
    for n in 0..5 {
        w.accept("c:a", "g", &n.to_string());
        w.advance(1_000);
    }
    let claimed = w.claim("c:a", 3);
    w.settle(claimed[0].lease, Outcome::Failed);
    w.settle(claimed[1].lease, sent(&[(0, "r")], 1, Some(w.now() + DAY)));
    let depth = w.depth("c:a").unwrap();
    assert_eq!(&*depth.name, "c:a");
    assert_eq!((depth.ready, depth.deferred, depth.leased, depth.awaiting, depth.dead), (2, 1, 1, 1, 1));
    assert_eq!(depth.oldest, Some(START));
    w.advance(60_000);
    let depth = w.depth("c:a").unwrap();
    assert_eq!((depth.ready, depth.deferred, depth.oldest), (4, 0, Some(START)));
    assert_eq!(w.spool().list(Some(w.q("c:a")), None, 99).len(), 6);
    let page = w.spool().list(None, None, 2);
    assert_eq!(w.spool().list(None, Some(page[1].id), 99).len(), 4);
    assert!(w.spool().list(Some(w.q("c:other")), None, 99).is_empty());
}

#[test]
fn the_limit_of_messages_refuses_accepts_only() {
    let w = World::with(|c| c.max_messages = 2);
    w.accept("c:a", "g", "1");
    w.accept("c:a", "g", "2");
    let full = SpoolError::QueueFull { queued: 2, limit: 2 };
    assert_eq!(w.try_one(Op::Accept(w.entry("c:a", "g", "3"))), Err(TxError::Refused(full.clone())));
    assert_eq!(w.spool().unhealthy(), Some(full));
    let claimed = w.claim_one("c:a");
    w.settle(claimed.lease, Outcome::Done);
    assert_eq!(w.spool().unhealthy(), None);
    w.accept("c:a", "g", "3");
}

#[test]
fn nonsense_is_refused_and_nothing_of_it_is_done() {
    let w = World::new();
    let e = |change: fn(&mut NewEntry)| {
        let mut entry = w.entry("c:a", "g", "x");
        change(&mut entry);
        Op::Accept(entry)
    };
    let id = w.accept("c:z", "g", "x");
    let lease = w.claim_one("c:z").lease;
    let twice = vec![Op::GiveUp { id }, settle(lease, Outcome::Done)];
    let nonsense = vec![
        vec![e(|e| e.priority = 4)],
        vec![e(|e| e.expires = START)],
        vec![e(|e| e.queue = QueueId(77))],
        vec![e(|e| e.group = GroupId(77))],
        vec![e(|e| e.body = vec![0; 20 << 10].into())],
        vec![settle(lease, sent(&[], 0, None))],
        vec![settle(lease, sent(&[(2, "r")], 2, None))],
        vec![settle(lease, Outcome::Retry { at: 0, queue: Some(QueueId(77)), count: true, sent: vec![] })],
        twice,
        vec![Op::Unpark { key: 1 }; 70_000],
    ];
    for ops in nonsense {
        let what = format!("{:.100?}", ops[0]);
        assert!(matches!(w.try_commit(Tx { ops }), Err(TxError::Malformed(_))), "{what}");
    }
    assert!(w.claim("c:a", 1).is_empty());
    assert_eq!(w.try_commit(Tx::default()), Ok(TxDone::default()));
    w.settle(lease, Outcome::Done);
}
