//! Disks that fail, hang, or are full; too much at once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use waxwing_media::{Fault, MediaError, MediaOptions, MediaStore};

use super::harness::*;

/// A world whose disk fails at a step while the switch is on.
fn failing(step: &'static str, kind: io::ErrorKind) -> (World, Arc<AtomicBool>) {
    let switch = Arc::new(AtomicBool::new(false));
    let on = Arc::clone(&switch);
    let w = World::with(move |o| {
        let on = Arc::clone(&on);
        o.fault = Some(Fault::new(move |at| if at == step && on.load(Ordering::Relaxed) { Err(kind.into()) } else { Ok(()) }));
    });
    (w, switch)
}

#[test]
fn a_failed_write_or_sync_stops_it_for_good_and_what_is_stored_can_be_read() {
    for step in ["write", "sync"] {
        let (mut w, switch) = failing(step, io::ErrorKind::Other);
        let id = w.keep(b"before", 1);
        switch.store(true, Ordering::Relaxed);
        assert!(matches!(w.try_put(b"during"), Err(MediaError::Failed { .. })));
        switch.store(false, Ordering::Relaxed);
        assert!(matches!(w.try_put(b"after"), Err(MediaError::Failed { place, .. }) if place.contains("0000000001.pack")));
        assert!(matches!(w.store().unhealthy(), Some(MediaError::Failed { .. })));
        assert_eq!(w.get(&id), Some(b"before".to_vec()));
        w.reopen();
        assert_eq!(w.get(&id), Some(b"before".to_vec()));
        w.put(b"after");
    }
}

#[test]
fn a_disk_that_is_full_refuses_and_goes_on_when_there_is_room() {
    let (mut w, switch) = failing("write", io::ErrorKind::StorageFull);
    let before = w.keep(&content(1, 9000), 1);
    switch.store(true, Ordering::Relaxed);
    // In the pack that is there, and where a new one would be needed.
    for len in [10, 9000] {
        assert!(matches!(w.try_put(&content(2, len)), Err(MediaError::DiskFull { .. })), "{len}");
        assert!(matches!(w.store().unhealthy(), Some(MediaError::DiskFull { .. })));
    }
    switch.store(false, Ordering::Relaxed);
    let after = w.keep(&content(2, 9000), 1);
    assert_eq!(w.store().unhealthy(), None);
    w.reopen();
    assert_eq!((w.get(&before), w.get(&after)), (Some(content(1, 9000)), Some(content(2, 9000))));
}

#[test]
fn a_disk_that_hangs_is_told_after_the_deadline() {
    let hang = Arc::new(AtomicBool::new(false));
    let hung = Arc::clone(&hang);
    let w = World::with(move |o| {
        let hung = Arc::clone(&hung);
        (o.deadline, o.pending_octets) = (Duration::from_millis(50), 1024);
        o.fault = Some(Fault::new(move |_| {
            while hung.load(Ordering::Relaxed) {
                std::thread::yield_now();
            }
            Ok(())
        }));
    });
    hang.store(true, Ordering::Relaxed);
    block_on(async {
        let (first, same, second) = tokio::join!(
            w.store().put(Bytes::from_static(b"first")),
            w.store().put(Bytes::from_static(b"first")),
            w.store().put(Bytes::from_static(b"waits for its turn"))
        );
        for put in [first, same, second] {
            assert!(matches!(put, Err(MediaError::TooSlow { waited_ms }) if waited_ms >= 50));
        }
    });
    hang.store(false, Ordering::Relaxed);
    w.put(b"third");
    assert!(w.store().contains(&waxwing_media::MediaId::of(b"first")), "stored after all");
    assert!(!w.store().contains(&waxwing_media::MediaId::of(b"waits for its turn")), "never queued");
}

#[test]
fn more_than_may_wait_waits_outside_and_all_of_it_is_stored() {
    let w = World::with(|o| (o.pending_octets, o.sync, o.group_octets) = (4096, false, 5000));
    block_on(async {
        let puts: Vec<_> = (0..300u64).map(|n| tokio::spawn(w.store().put(Bytes::from(content(n, 1 + n as usize * 13))))).collect();
        let mut pins = Vec::new();
        for put in puts {
            pins.push(put.await.unwrap().unwrap());
        }
        for (n, pin) in pins.iter().enumerate() {
            assert_eq!(w.get(pin.id()), Some(content(n as u64, 1 + n * 13)));
        }
    });
    assert_eq!(w.store().stats().pending, 0);
}

#[test]
fn who_waits_while_others_are_written_shares_one_sync() {
    let (hold, syncs) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let (held, counted) = (Arc::clone(&hold), Arc::clone(&syncs));
    let w = World::with(move |o| {
        let (held, counted) = (Arc::clone(&held), Arc::clone(&counted));
        o.pack_size = 1 << 20;
        o.fault = Some(Fault::new(move |step| {
            counted.fetch_add(u32::from(step == "sync"), Ordering::Relaxed);
            while held.load(Ordering::Relaxed) {
                std::thread::yield_now();
            }
            Ok(())
        }));
    });
    w.put(b"the pack is made");
    hold.store(true, Ordering::Relaxed);
    let before = syncs.load(Ordering::Relaxed);
    block_on(async {
        let puts: Vec<_> = (0..100u64).map(|n| tokio::spawn(w.store().put(Bytes::from(content(n, 500))))).collect();
        let all = 100 * 552;
        while w.store().stats().pending < all {
            tokio::task::yield_now().await;
        }
        hold.store(false, Ordering::Relaxed);
        for put in puts {
            put.await.unwrap().unwrap();
        }
    });
    assert!(syncs.load(Ordering::Relaxed) - before <= 3, "a group in the works, and one for all others");
}

#[test]
fn a_content_that_is_too_large_is_refused_without_harm() {
    let w = World::new();
    assert_eq!(w.try_put(&content(1, (64 << 10) + 1)).map(drop), Err(MediaError::TooLarge { len: 65_537, limit: 65_536 }));
    w.put(&content(1, 64 << 10));
}

#[test]
fn options_that_cannot_work_are_refused() {
    let w = World::new();
    let refused = |change: fn(&mut MediaOptions)| {
        let mut options = w.options();
        change(&mut options);
        matches!(MediaStore::open(options), Err(MediaError::Options(_)))
    };
    assert!(refused(|o| o.pack_size = 100));
    assert!(refused(|o| o.max_blob = 0));
    assert!(refused(|o| o.max_blob = 2 << 30));
    assert!(refused(|o| o.open_files = 0));
    assert!(refused(|o| o.compact_percent = 100));
}
