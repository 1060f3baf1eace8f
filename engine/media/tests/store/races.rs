//! Putting the same content while others let go of it, copy it forward, remove its pack, and read it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bytes::Bytes;
use waxwing_media::{MediaId, Owner};

use super::harness::*;

#[test]
fn putting_and_letting_go_of_the_same_contents_while_packs_move_loses_nothing() {
    let mut w = World::with(|o| {
        (o.sync, o.compact_slack, o.open_files) = (false, 4096, 3);
    });
    w.store().recovered();
    let contents: Arc<Vec<Bytes>> = Arc::new((0..24).map(|n| Bytes::from(content(n, 700 + 50 * n as usize))).collect());
    let (owners, stop) = (Arc::new(AtomicU64::new(1)), Arc::new(AtomicBool::new(false)));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    let tidy = {
        let (store, stop) = (Arc::clone(w.store()), Arc::clone(&stop));
        std::thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                store.maintain().unwrap();
            }
        })
    };
    let kept: Vec<(usize, u64)> = runtime.block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        for task in 0..16u64 {
            let (store, contents, owners) = (Arc::clone(w.store()), Arc::clone(&contents), Arc::clone(&owners));
            tasks.spawn(async move {
                let mut rng = fastrand::Rng::with_seed(task);
                let mut kept: Vec<(usize, u64)> = Vec::new();
                for _ in 0..400 {
                    let n = rng.usize(..contents.len());
                    let pin = store.put(contents[n].clone()).await.unwrap();
                    if rng.bool() {
                        let owner = owners.fetch_add(1, Ordering::Relaxed);
                        pin.hold(Owner(owner));
                        kept.push((n, owner));
                    }
                    assert_eq!(store.get(pin.id()).unwrap().as_ref(), Some(&contents[n]));
                    let id = *pin.id();
                    drop(pin);
                    if kept.iter().any(|(k, _)| *k == n) {
                        assert_eq!(store.get(&id).unwrap().as_ref(), Some(&contents[n]), "it has an owner");
                    }
                    if kept.len() > 1 {
                        let (n, owner) = kept.swap_remove(rng.usize(..kept.len()));
                        store.release(&MediaId::of(&contents[n]), Owner(owner));
                    }
                }
                kept
            });
        }
        tasks.join_all().await.into_iter().flatten().collect()
    });
    stop.store(true, Ordering::Relaxed);
    tidy.join().unwrap();
    let stats = w.store().stats();
    assert_eq!(stats.owners, kept.len() as u64);
    assert!(stats.dropped > 0 && stats.copied > 0, "packs moved: {stats:?}");
    for round in 0..2 {
        for (n, content) in contents.iter().enumerate() {
            let needed = kept.iter().any(|(k, _)| *k == n);
            let is = w.store().get(&MediaId::of(content)).unwrap();
            assert_eq!(is.as_ref(), needed.then_some(content), "{n} {round}");
        }
        w.reopen();
        for (n, owner) in &kept {
            assert!(w.store().hold(&MediaId::of(&contents[*n]), Owner(*owner)));
        }
        w.store().recovered();
        let distinct = kept.iter().map(|(n, _)| n).collect::<std::collections::BTreeSet<_>>().len();
        until("what nobody needs goes", || w.store().stats().blobs == distinct as u64);
    }
}

#[test]
fn sweeping_while_others_put_and_hold_drops_only_who_is_gone() {
    let w = World::with(|o| o.sync = false);
    w.store().recovered();
    let stop = Arc::new(AtomicBool::new(false));
    let sweeper = {
        let (store, stop) = (Arc::clone(w.store()), Arc::clone(&stop));
        std::thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                store.sweep(&|owner| owner.0 % 2 == 0);
            }
        })
    };
    let ids: Vec<MediaId> = (0..2000u64).map(|n| w.keep(&n.to_le_bytes(), n)).collect();
    stop.store(true, Ordering::Relaxed);
    sweeper.join().unwrap();
    w.store().sweep(&|owner| owner.0 % 2 == 0);
    for (n, id) in ids.iter().enumerate() {
        assert_eq!(w.store().contains(id), n % 2 == 0);
    }
}
