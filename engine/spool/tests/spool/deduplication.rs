//! Idempotency keys.

use super::harness::*;
use bytes::Bytes;
use waxwing_spool::*;

fn keyed(w: &World, group: &str, key: &'static str) -> Op {
    let mut entry = w.entry("c:a", group, "x");
    entry.dedup = Some(Bytes::from_static(key.as_bytes()));
    Op::Accept(entry)
}

#[test]
fn a_second_accept_with_the_same_key_gets_the_first_id_and_stores_nothing() {
    let mut w = World::new();
    let first = w.one(keyed(&w, "g", "k")).accepted[0].id();
    assert_eq!(w.one(keyed(&w, "g", "k")).accepted, [Accepted::Duplicate(first)]);
    assert!(matches!(w.one(keyed(&w, "other", "k")).accepted[..], [Accepted::New(_)]), "keys are the group's own");
    let both = w.commit(vec![keyed(&w, "g", "k2"), keyed(&w, "g", "k2")]).accepted;
    assert_eq!(both[1], Accepted::Duplicate(both[0].id()));
    // Before it is opened anew: then the first log file may be cleaned up at once, since nobody has asked for the feed.
    assert_eq!(w.events().iter().filter(|e| matches!(e, Event::Accepted { .. })).count(), 3);
    w.reopen();
    assert_eq!(w.one(keyed(&w, "g", "k")).accepted, [Accepted::Duplicate(first)]);
    assert_eq!(w.spool().stats().messages, 3);
}

#[test]
fn a_key_outlives_its_message_and_its_log_file_but_not_its_window() {
    let mut w = World::with(|c| c.dedup_window = DAY);
    let first = w.one(keyed(&w, "g", "k")).accepted[0].id();
    let lease = w.claim_one("c:a").lease;
    w.settle(lease, Outcome::Done);
    for _ in 0..3 {
        w.reopen();
        w.maintain();
        assert_eq!(w.one(keyed(&w, "g", "k")).accepted, [Accepted::Duplicate(first)]);
    }
    assert_eq!(w.spool().stats().segments, 1, "the first log file is gone");
    w.advance(DAY - 1);
    assert_eq!(w.one(keyed(&w, "g", "k")).accepted, [Accepted::Duplicate(first)]);
    w.advance(1);
    assert!(matches!(w.one(keyed(&w, "g", "k")).accepted[..], [Accepted::New(_)]));
}

#[test]
fn the_number_of_keys_is_bounded() {
    let w = World::with(|c| c.max_dedup = 2);
    for key in ["a", "b", "c"] {
        w.one(keyed(&w, "g", key));
    }
    assert!(matches!(w.one(keyed(&w, "g", "c")).accepted[..], [Accepted::Duplicate(_)]));
    assert!(matches!(w.one(keyed(&w, "g", "a")).accepted[..], [Accepted::New(_)]));
}
