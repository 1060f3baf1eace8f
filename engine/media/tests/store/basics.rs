//! Putting, getting, owners, pins, restarts.

use std::os::unix::fs::PermissionsExt;

use bytes::Bytes;
use waxwing_media::{MediaError, MediaId, MediaStore, Owner};

use super::harness::*;

#[test]
fn what_was_put_is_there_and_the_same_again_writes_nothing() {
    let w = World::new();
    let pin = w.put(b"abc");
    assert_eq!((*pin.id(), pin.len(), pin.is_empty()), (MediaId::of(b"abc"), 3, false));
    assert_eq!(w.get(pin.id()), Some(b"abc".to_vec()));
    assert_eq!((w.store().contains(pin.id()), w.store().len_of(pin.id())), (true, Some(3)));
    let before = w.store().stats();
    let again = w.put(b"abc");
    let after = w.store().stats();
    assert_eq!(again.id(), pin.id());
    assert_eq!((after.written, after.syncs, after.known), (before.written, before.syncs, 1));
    assert_eq!((after.blobs, after.octets, after.puts), (1, 3, 2));
}

#[test]
fn what_is_not_there_is_not_there() {
    let w = World::new();
    let id = MediaId::of(b"never");
    assert_eq!((w.get(&id), w.store().contains(&id), w.store().len_of(&id)), (None, false, None));
    assert!(!w.store().hold(&id, Owner(1)));
    w.store().release(&id, Owner(1));
}

#[test]
fn contents_of_any_length_come_back_over_a_restart() {
    let mut w = World::new();
    let lens = [0, 1, 51, 52, 4096, 16 << 10, 64 << 10, 3, 64 << 10];
    let contents: Vec<Vec<u8>> = lens.iter().enumerate().map(|(n, len)| content(n as u64, *len)).collect();
    let ids: Vec<MediaId> = contents.iter().map(|c| w.keep(c, 7)).collect();
    for _ in 0..3 {
        for (id, content) in ids.iter().zip(&contents) {
            assert_eq!(w.get(id).as_ref(), Some(content));
        }
        w.reopen();
    }
}

#[test]
fn parts_are_their_concatenation() {
    let w = World::new();
    let whole = content(1, 5000);
    let all = Bytes::from(whole.clone());
    let parts = vec![all.slice(..0), all.slice(..1), all.slice(1..4000), all.slice(4000..), all.slice(5000..)];
    let pin = block_on(w.store().put_parts(parts)).unwrap();
    assert_eq!(*pin.id(), MediaId::of(&whole));
    assert_eq!(w.get(pin.id()), Some(whole));
    let none = block_on(w.store().put_parts(Vec::new())).unwrap();
    assert_eq!((none.id(), none.is_empty()), (&MediaId::of(b""), true));
    assert_eq!(w.get(none.id()), Some(Vec::new()));
}

#[test]
fn a_content_stays_while_it_has_a_pin_or_an_owner_and_no_longer() {
    let w = World::new();
    w.store().recovered();
    let pin = w.put(b"x");
    let id = *pin.id();
    let second = w.put(b"x");
    drop(pin);
    assert!(w.store().contains(&id));
    second.hold(Owner(1));
    w.store().hold(&id, Owner(2));
    w.store().hold(&id, Owner(2));
    drop(second);
    w.store().release(&id, Owner(1));
    w.store().release(&id, Owner(1));
    assert!(w.store().contains(&id), "owner 2 needs it");
    w.store().release(&id, Owner(2));
    assert!(!w.store().contains(&id));
    assert_eq!(w.get(&id), None);
    let stats = w.store().stats();
    assert_eq!((stats.blobs, stats.owners, stats.octets), (0, 0, 0));
}

#[test]
fn nothing_goes_before_all_owners_have_been_told() {
    let mut w = World::new();
    let (a, b) = (w.keep(b"a", 1), w.keep(b"b", 2));
    w.reopen();
    assert!(w.store().hold(&a, Owner(1)));
    w.store().hold(&b, Owner(2));
    w.store().release(&b, Owner(2));
    w.store().sweep(&|owner| owner == Owner(1));
    drop(w.put(b"b"));
    assert!(w.store().contains(&b), "recovery is not over");
    w.store().recovered();
    until("what nobody needs goes", || !w.store().contains(&b));
    assert!(w.store().contains(&a));
}

#[test]
fn a_sweep_drops_the_owners_that_are_gone() {
    let w = World::new();
    w.store().recovered();
    let ids: Vec<MediaId> = (0..3000u64).map(|n| w.keep(&n.to_le_bytes(), n)).collect();
    let popular = w.keep(b"popular", 1);
    assert!((0..5000).all(|n| w.store().hold(&popular, Owner(n))));
    w.store().sweep(&|owner| owner.0 % 3 == 0);
    for (n, id) in ids.iter().enumerate() {
        assert_eq!(w.store().contains(id), n % 3 == 0, "{n}");
    }
    assert_eq!(w.store().stats().owners, 1000 + 1667);
    w.store().sweep(&|_| false);
    assert_eq!((w.store().stats().owners, w.store().stats().blobs), (0, 0));
}

#[test]
fn ten_thousand_of_the_same_are_stored_once() {
    let w = World::with(|o| o.sync = false);
    w.store().recovered();
    let picture = Bytes::from(content(1, 50_000));
    let pins: Vec<_> = block_on(async {
        let puts: Vec<_> = (0..10_000).map(|_| tokio::spawn(w.store().put(picture.clone()))).collect();
        let mut pins = Vec::new();
        for put in puts {
            pins.push(put.await.unwrap().unwrap());
        }
        pins
    });
    for (n, pin) in pins.iter().enumerate() {
        pin.hold(Owner(n as u64));
    }
    let stats = w.store().stats();
    assert_eq!((stats.blobs, stats.owners, stats.known, stats.packs), (1, 10_000, 9_999, 1));
    assert!(stats.disk_octets < 51_000);
    let id = *pins[0].id();
    drop(pins);
    for n in 0..10_000 {
        assert!(w.store().contains(&id));
        w.store().release(&id, Owner(n));
    }
    assert!(!w.store().contains(&id));
}

#[test]
fn a_folder_has_one_store_at_a_time_and_closing_lets_go_of_it() {
    let mut w = World::new();
    assert!(matches!(MediaStore::open(w.options()), Err(MediaError::Locked { .. })));
    let pin = w.put(b"x");
    let store = w.store.take().unwrap();
    store.close();
    store.close();
    assert_eq!(block_on(store.put(Bytes::from_static(b"y"))).map(drop), Err(MediaError::Closing));
    assert_eq!(store.unhealthy(), Some(MediaError::Closing));
    w.open();
    assert!(w.store().contains(pin.id()));
    drop(pin);
}

#[test]
fn closing_stores_what_was_queued() {
    let mut w = World::new();
    let store = w.store.take().unwrap();
    let ids: Vec<MediaId> = block_on(async {
        let mut puts: Vec<_> = (0..50u64).map(|n| store.put(Bytes::from(content(n, 2000)))).collect();
        // Polled once, so that they are queued.
        for put in &mut puts {
            tokio::select! { biased; _ = put => {}, () = std::future::ready(()) => {} }
        }
        store.close();
        (0..50u64).map(|n| MediaId::of(&content(n, 2000))).collect()
    });
    w.open();
    assert!(ids.iter().all(|id| w.store().contains(id)));
}

#[test]
fn a_put_that_nobody_waits_for_any_more_leaves_nothing_behind() {
    let w = World::new();
    w.store().recovered();
    block_on(async {
        for n in 0..100u64 {
            let put = w.store().put(Bytes::from(content(n, 100)));
            tokio::select! { biased; _ = put => {}, () = std::future::ready(()) => {} }
        }
    });
    w.put(b"last");
    let stats = w.store().stats();
    assert_eq!((stats.blobs, stats.pending), (0, 0));
}

#[test]
fn waiting_inline_needs_no_other_task_to_run() {
    let w = World::with(|o| o.wait_inline = true);
    let put = w.store().put(Bytes::from_static(b"x"));
    assert!(w.store().contains(&MediaId::of(b"x")), "done before anybody awaits it");
    assert!(block_on(put).is_ok());
}

#[test]
fn nobody_else_may_read_contents() {
    let w = World::new();
    let _pin = w.put(b"private");
    for path in w.packs().into_iter().chain([w.dir.path().join("packs"), w.dir.path().join("LOCK")]) {
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o077, 0, "{}", path.display());
    }
}
