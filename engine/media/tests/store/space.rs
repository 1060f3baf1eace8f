//! Space comes back: packs without anything needed go, stragglers move, and disks that are full refuse.

use waxwing_media::{MediaError, MediaId, Owner};

use super::harness::*;

fn settled(w: &World) {
    // The pack being written may be ended in between, by another thread.
    (0..3).for_each(|_| w.store().maintain().unwrap());
}

#[test]
fn packs_in_which_nothing_is_needed_go() {
    let w = World::new();
    w.store().recovered();
    let ids: Vec<MediaId> = (0..100).map(|n| w.keep(&content(n, 2000), n)).collect();
    assert!(w.packs().len() > 10);
    ids.iter().zip(0..).for_each(|(id, n)| w.store().release(id, Owner(n)));
    until("all packs go", || {
        settled(&w);
        w.packs().is_empty()
    });
    let stats = w.store().stats();
    assert_eq!((stats.packs, stats.disk_octets, stats.copied), (0, 0, 0));
    assert!(stats.dropped > 10);
}

#[test]
fn stragglers_are_copied_forward_and_stay_over_a_restart() {
    let mut w = World::new();
    w.store().recovered();
    let all: Vec<(u64, MediaId)> = (0..400).map(|n| (n, w.keep(&content(n, 1000), n))).collect();
    assert_eq!(w.used() / 100_000, 4);
    w.store().sweep(&|owner| owner.0 % 20 == 0);
    until("space comes back", || {
        settled(&w);
        w.used() < 80_000
    });
    assert!(w.store().stats().copied >= 15 * 1052);
    for round in 0..2 {
        for (n, id) in &all {
            assert_eq!(w.get(id), (n % 20 == 0).then(|| content(*n, 1000)), "{n}, round {round}");
        }
        w.reopen();
        for (n, id) in all.iter().filter(|(n, _)| n % 20 == 0) {
            assert!(w.store().hold(id, Owner(*n)));
        }
        w.store().recovered();
        until("copies that nobody needs go", || w.store().stats().blobs == 20);
    }
}

#[test]
fn all_packs_together_take_little_more_than_twice_what_is_needed() {
    let w = World::with(|o| (o.sync, o.compact_slack) = (false, 16 << 10));
    w.store().recovered();
    let ids: Vec<MediaId> = (0..600).map(|n| w.keep(&content(n, 1000), n)).collect();
    // Too much of each pack stays to copy it for its own sake.
    w.store().sweep(&|owner| owner.0 % 5 < 2);
    let live = 240 * 1052;
    until("space comes back", || {
        settled(&w);
        w.used() <= 2 * live + (16 << 10) + (20 << 10)
    });
    assert!(ids.iter().zip(0..600u64).all(|(id, n)| w.get(id).is_some() == (n % 5 < 2)));
}

#[test]
fn what_was_let_go_is_written_again_when_it_comes_again() {
    let mut w = World::new();
    w.store().recovered();
    let id = w.keep(b"again", 1);
    w.store().release(&id, Owner(1));
    assert_eq!(w.keep(b"again", 2), id);
    for _ in 0..2 {
        assert_eq!(w.get(&id), Some(b"again".to_vec()));
        w.reopen();
        assert!(w.store().hold(&id, Owner(2)));
        w.store().recovered();
        assert_eq!(w.store().stats().blobs, 1, "two copies are one content");
    }
}

#[test]
fn the_reserve_is_kept_free_and_what_is_stored_can_be_read() {
    let mut w = World::new();
    let id = w.keep(b"before", 1);
    let free = w.store().stats().disk_free;
    drop(w.store.take());
    let mut options = w.options();
    options.min_free = free * 2;
    let store = waxwing_media::MediaStore::open(options).unwrap();
    let put = |content: &'static [u8]| block_on(store.put(bytes::Bytes::from_static(content)));
    assert!(matches!(put(b"new"), Err(MediaError::DiskFull { needed, .. }) if needed > free * 2));
    assert!(matches!(store.unhealthy(), Some(MediaError::DiskFull { .. })));
    assert!(put(b"before").is_ok(), "what is there needs no room");
    assert_eq!(store.get(&id).unwrap().unwrap(), "before");
    assert_eq!(store.stats().pending, 0);
}
