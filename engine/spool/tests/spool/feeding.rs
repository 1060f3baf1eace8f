//! The feed: order, resumption, what holds the log.

use std::time::Duration;

use super::harness::*;
use bytes::Bytes;
use waxwing_spool::*;

fn all(w: &World, mut after: Cursor, max_bytes: usize) -> Vec<FeedItem> {
    let mut items: Vec<FeedItem> = Vec::new();
    loop {
        let page = w.spool().feed(after, max_bytes).unwrap();
        let Some(last) = page.last() else { return items };
        assert!(last.cursor > after);
        after = last.cursor;
        items.extend(page);
    }
}

#[test]
fn the_feed_tells_a_whole_life_in_order() {
    let w = World::new();
    let entry = w.entry("c:a", "g", "body");
    let id = w.accept_with(entry.clone());
    let lease = w.claim_one("c:a").lease;
    let queue = w.q("c:a");
    w.one(Op::Settle { lease, outcome: retry(w.now()), note: Bytes::from_static(b"busy") });
    let lease = w.claim_one("c:a").lease;
    let outcome = sent(&[(0, "R")], 1, Some(w.now() + DAY));
    w.settle(lease, outcome.clone());
    let found = w.found("c:a", "R");
    w.commit(vec![receipt(&found, 2, true), Op::Note { id: Some(id), kind: 7, note: Bytes::from_static(b"n") }]);
    let park = Op::Park { source: queue, remote: Bytes::from_static(b"Z"), body: Bytes::from_static(b"dlr") };
    w.one(park);
    let key = w.spool().parked(queue, b"Z")[0].key;
    w.one(Op::Unpark { key });
    let expected = [
        Event::Accepted { id, entry },
        Event::Settled { id, queue, outcome: retry(w.now()), note: Bytes::from_static(b"busy") },
        Event::Settled { id, queue, outcome, note: Bytes::new() },
        Event::Receipt { id, part: 0, state: 2, done: true, note: Bytes::from_static(b"DLR") },
        Event::Note { id: Some(id), kind: 7, note: Bytes::from_static(b"n") },
        Event::Parked { source: queue, remote: Bytes::from_static(b"Z"), body: Bytes::from_static(b"dlr") },
        Event::Unparked { key },
    ];
    let items = all(&w, Cursor::default(), usize::MAX);
    assert_eq!(items.iter().map(|i| i.event.clone()).collect::<Vec<_>>(), expected);
    assert!(items.iter().all(|i| i.at == START));
    assert_eq!(items[3].cursor, items[4].cursor, "one transaction, one position");
}

#[test]
fn it_can_be_resumed_anywhere_in_any_portion_and_over_restarts() {
    let mut w = World::new();
    for n in 0..400 {
        w.accept("c:a", "g", &format!("{n} {}", "x".repeat(400)));
        if n % 150 == 149 {
            w.reopen();
        }
    }
    assert!(w.spool().stats().segments > 4);
    let items = all(&w, Cursor::default(), usize::MAX);
    assert_eq!(items.len(), 400);
    assert!(items.windows(2).all(|pair| pair[0].cursor < pair[1].cursor));
    for portion in [1, 1000, 50_000] {
        assert_eq!(all(&w, Cursor::default(), portion), items);
    }
    for at in [0, 1, 149, 150, 398, 399] {
        assert_eq!(all(&w, items[at].cursor, 5_000), items[at + 1..]);
    }
}

#[test]
fn only_what_is_durable_is_announced_and_hidden_records_wake_nobody() {
    let w = World::new();
    let ready = w.spool().feed_ready(Cursor::default());
    w.accept("c:a", "g", "x");
    w.block_on(async { tokio::time::timeout(Duration::from_secs(20), ready).await }).unwrap();
    let end = w.spool().feed(Cursor::default(), 1).unwrap()[0].cursor;
    let mut ready = w.spool().feed_ready(end);
    w.maintain();
    let waits = w.block_on(async { futures_poll(&mut ready).await });
    assert!(waits, "nothing new to read");
    w.accept("c:a", "g", "y");
    w.block_on(async { tokio::time::timeout(Duration::from_secs(20), ready).await }).unwrap();
}

async fn futures_poll(future: &mut BoxFuture<'static, ()>) -> bool {
    std::future::poll_fn(|cx| std::task::Poll::Ready(future.as_mut().poll(cx).is_pending())).await
}

/// Fills and empties the log so that old files could go.
fn churn(w: &World, rounds: usize) {
    for _ in 0..rounds {
        let txs = (0..20).map(|_| Tx::one(Op::Accept(w.entry("c:a", "g", &"x".repeat(500))))).collect();
        w.block_on(w.spool().commit(txs)).unwrap();
        let txs = w.claim("c:a", 20).into_iter().map(|c| Tx::one(settle(c.lease, Outcome::Done))).collect();
        w.block_on(w.spool().commit(txs)).unwrap();
    }
}

#[test]
fn a_reader_that_lags_holds_the_log_and_is_never_skipped() {
    let w = World::new();
    let at = w.spool().feed_register("ledger", None);
    churn(&w, 40);
    w.maintain();
    let held = w.spool().stats().segments;
    assert!(held > 4, "{held}");
    assert!(w.spool().stats().feed_lag > 200_000);
    let items = all(&w, at, 10_000);
    assert_eq!(items.len(), 40 * 40);
    let middle = items[items.len() / 2].cursor;
    w.spool().feed_ack("ledger", middle);
    w.maintain();
    let less = w.spool().stats().segments;
    assert!(less < held && less > 1, "{less}");
    assert_eq!(all(&w, middle, 10_000), items[items.len() / 2 + 1..]);
    w.spool().feed_ack("ledger", items[items.len() - 1].cursor);
    w.maintain();
    assert_eq!(w.spool().stats().segments, 1);
    assert_eq!(w.spool().stats().feed_lag, 0);
}

#[test]
fn a_configured_reader_holds_the_log_from_the_moment_of_opening() {
    let mut w = World::with(|c| c.readers = vec!["ledger".into()]);
    churn(&w, 40);
    w.reopen();
    w.maintain();
    assert_eq!(all(&w, w.spool().feed_register("ledger", None), 10_000).len(), 40 * 40);
}

#[test]
fn without_readers_the_log_stays_short_and_a_late_one_starts_where_it_still_reaches() {
    let w = World::new();
    churn(&w, 40);
    w.maintain();
    assert_eq!(w.spool().stats().segments, 1);
    let from = w.spool().feed_register("late", Some(Cursor { segment: 1, offset: 200 }));
    assert!(from.segment > 1);
    let far = Cursor { segment: 99_999, offset: 0 };
    assert_eq!(w.spool().feed_register("foreign", Some(far)), Cursor::default());
}

#[test]
fn stragglers_are_copied_forward_unseen_and_lose_nothing() {
    let mut w = World::new();
    let mut deferred = w.entry("c:slow", "g", "three days");
    deferred.due = w.now() + 1000;
    let straggler = w.accept_with(deferred);
    let waiting = w.sent("c:b", "R1");
    w.one(receipt(&w.found("c:b", "R1"), 1, false));
    let lease = {
        w.accept("c:d", "g", "dead");
        w.claim_one("c:d").lease
    };
    w.settle(lease, Outcome::Failed);
    w.one(Op::Park { source: w.q("c:b"), remote: Bytes::from_static(b"P"), body: Bytes::from_static(b"parked") });
    let held = w.accept("c:held", "g", "held");
    let held_lease = w.claim_one("c:held").lease;
    let before = w.spool().list(None, None, 99);
    for _ in 0..3 {
        churn(&w, 30);
        w.maintain();
        assert!(w.spool().stats().segments <= 2, "{}", w.spool().stats().segments);
    }
    assert!(w.spool().stats().compacted > 0);
    assert_eq!(w.spool().list(None, None, 99), before);
    assert!(w.events().iter().all(|e| !matches!(e, Event::Accepted { id, .. } if *id == straggler)));
    for round in 0..2 {
        assert_eq!(w.spool().read_body(straggler).unwrap().unwrap(), "three days");
        assert_eq!((w.found("c:b", "R1").id, w.found("c:b", "R1").parts), (waiting, vec![1]), "round {round}");
        assert_eq!(w.stage(lease.id), Some(Stage::Dead));
        assert_eq!(w.spool().stats().parked, 1);
        if round == 0 {
            w.settle(held_lease, retry(0));
            w.reopen();
        }
    }
    assert_eq!(w.claim_one("c:held").lease.id, held);
    assert_eq!(w.spool().parked(w.q("c:b"), b"P")[0].body, "parked");
    w.advance(1000);
    assert_eq!(w.bodies("c:slow", 1), ["three days"]);
}
