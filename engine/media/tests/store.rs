//! What a media store promises, told by what comes out of it again.
#![allow(clippy::unwrap_used)]

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use proptest::prelude::*;
use tempfile::TempDir;
use waxwing_media::{MediaError, MediaId, MediaOptions, MediaStore, Owner, Pin};

fn options(folder: &Path) -> MediaOptions {
    MediaOptions { pack_size: 64 << 10, care: Duration::from_millis(5), reserve: 0, ..MediaOptions::new(folder) }
}

fn open(folder: &Path) -> Arc<MediaStore> {
    MediaStore::open(options(folder)).unwrap()
}

fn put(store: &Arc<MediaStore>, content: &[u8]) -> Pin {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(store.put(Bytes::copy_from_slice(content))).unwrap()
}

fn content(n: u64, len: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(n);
    std::iter::repeat_with(|| random.u8(..)).take(len).collect()
}

fn packs(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut all: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    all.retain(|p| p.extension().is_some_and(|e| e == "pack"));
    all.sort();
    all
}

fn until(what: &str, mut is: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !is() {
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn what_was_put_is_there_and_once() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    let pin = put(&store, b"hello");
    assert_eq!(store.get(pin.id()).unwrap().unwrap(), "hello");
    let again = put(&store, b"hello");
    let empty = put(&store, b"");
    assert_eq!(store.get(empty.id()).unwrap().unwrap(), "");
    assert_eq!((again.id(), store.stats().known, store.stats().blobs), (pin.id(), 1, 2));
    assert_eq!(store.get(&MediaId::of([&b"other"[..]])).unwrap(), None);
    assert_eq!(store.len_of(pin.id()), Some(5));
    let size = std::fs::metadata(&packs(folder.path())[0]).unwrap().len();
    assert_eq!(size, 2 * 52 + 5);
}

#[test]
fn what_nobody_needs_goes_and_its_room_comes_back() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    store.recovered();
    let pins: Vec<Pin> = (0..100).map(|n| put(&store, &content(n, 10_000))).collect();
    let ids: Vec<MediaId> = pins.iter().map(|p| *p.id()).collect();
    for (n, id) in ids.iter().enumerate() {
        store.hold(id, Owner(n as u64));
    }
    drop(pins);
    assert!(packs(folder.path()).len() > 10 && ids.iter().all(|id| store.contains(id)));
    // One in ten stays, spread over all packs.
    store.sweep(&|Owner(n)| n % 10 == 0);
    assert_eq!(store.stats().blobs, 10);
    until("the rest was copied into few packs", || packs(folder.path()).len() <= 4);
    for (n, id) in ids.iter().enumerate() {
        let is = store.get(id).unwrap().map(|c| c.to_vec());
        assert_eq!(is, (n % 10 == 0).then(|| content(n as u64, 10_000)), "{n}");
    }
    store.close();
    drop(store);
    let store = open(folder.path());
    assert!((0..10).all(|n| store.get(&ids[n * 10]).unwrap().unwrap() == content(n as u64 * 10, 10_000)));
    // Nobody has told who needs them: nothing goes.
    store.sweep(&|_| false);
    assert!(store.contains(&ids[0]));
    store.hold(&ids[0], Owner(0));
    store.recovered();
    store.sweep(&|o| o == Owner(0));
    assert_eq!(store.stats().blobs, 1);
}

#[test]
fn a_content_is_kept_by_each_of_its_owners_and_by_pins() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    store.recovered();
    let pin = put(&store, b"shared");
    let id = *pin.id();
    for n in 0..1000 {
        store.hold(&id, Owner(n));
    }
    drop(pin);
    for n in 0..999 {
        store.release(&id, Owner(n));
        assert!(store.contains(&id));
    }
    let pin = put(&store, b"shared");
    store.release(&id, Owner(999));
    store.sweep(&|_| false);
    assert!(store.contains(&id));
    drop(pin);
    assert!(!store.contains(&id));
}

#[test]
fn a_second_process_is_kept_out() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    assert!(matches!(MediaStore::open(options(folder.path())), Err(MediaError::Locked(_))));
    drop(store);
    drop(open(folder.path()));
}

#[test]
fn what_does_not_fit_is_refused_and_nothing_breaks() {
    let folder = TempDir::new().unwrap();
    let store = MediaStore::open(MediaOptions { max_blob: 10, reserve: u64::MAX / 2, ..options(folder.path()) }).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    assert!(matches!(runtime.block_on(store.put(Bytes::from_static(&[0; 11]))), Err(MediaError::TooLarge { len: 11, max: 10 })));
    assert!(matches!(runtime.block_on(store.put(Bytes::from_static(b"x"))), Err(MediaError::Full { .. })));
    assert!(store.unhealthy().is_none());
}

/// The newest pack may end anywhere: what was whole is there, and what is put afterwards is as well.
#[test]
fn every_prefix_of_the_newest_pack_opens() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    let ids: Vec<MediaId> = (0..5).map(|n| *put(&store, &content(n, 40)).id()).collect();
    drop(store);
    let pack = std::fs::read(&packs(folder.path())[0]).unwrap();
    for len in 0..=pack.len() {
        let other = TempDir::new().unwrap();
        std::fs::write(other.path().join("0000000000.pack"), &pack[..len]).unwrap();
        let store = open(other.path());
        let whole = len / (52 + 40);
        for (n, id) in ids.iter().enumerate() {
            assert_eq!(store.get(id).unwrap().is_some(), n < whole, "{n} of {len} octets");
        }
        let pin = put(&store, b"new");
        assert_eq!(store.get(pin.id()).unwrap().unwrap(), "new");
    }
}

/// A damaged octet costs the content that it is in, and no other.
#[test]
fn damage_costs_what_it_hits() {
    let folder = TempDir::new().unwrap();
    let store = MediaStore::open(MediaOptions { pack_size: 1 << 20, ..options(folder.path()) }).unwrap();
    let ids: Vec<MediaId> = (0..4).map(|n| *put(&store, &content(n, 100)).id()).collect();
    drop(store);
    let pack = std::fs::read(&packs(folder.path())[0]).unwrap();
    for at in 0..pack.len() {
        let other = TempDir::new().unwrap();
        let mut damaged = pack.clone();
        damaged[at] ^= 0x55;
        std::fs::write(other.path().join("0000000000.pack"), &damaged).unwrap();
        // As an old pack, and as the newest.
        if at % 2 == 0 {
            std::fs::write(other.path().join("0000000001.pack"), b"").unwrap();
        }
        let store = open(other.path());
        for (n, id) in ids.iter().enumerate() {
            let is_hit = at / (52 + 100) == n;
            match store.get(id) {
                Ok(Some(c)) => assert!(!is_hit && c == content(n as u64, 100), "{n}: octet {at}"),
                Ok(None) | Err(MediaError::Damaged { .. }) => assert!(is_hit, "{n}: octet {at}"),
                Err(e) => panic!("{e}"),
            }
        }
    }
}

#[test]
fn many_put_the_same_while_others_let_it_go() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    store.recovered();
    std::thread::scope(|scope| {
        for thread in 0..8u64 {
            let store = &store;
            scope.spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
                for n in 0..300 {
                    let which = (n * 7 + thread) % 5;
                    let expected = content(which, 3000);
                    let pin = runtime.block_on(store.put(Bytes::from(expected.clone()))).unwrap();
                    store.hold(pin.id(), Owner(thread << 32 | n));
                    let id = *pin.id();
                    drop(pin);
                    assert_eq!(store.get(&id).unwrap().unwrap(), expected);
                    store.release(&id, Owner(thread << 32 | n));
                    if n % 50 == 0 {
                        store.sweep(&|_| true);
                    }
                }
            });
        }
    });
    assert_eq!(store.stats().blobs, 0);
    until("all packs but the newest are gone", || packs(folder.path()).len() <= 1);
}

#[derive(Clone, Debug)]
enum Step {
    Put(u64),
    Release(u64),
    Sweep,
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0u64..12).prop_map(Step::Put),
        4 => (0u64..12).prop_map(Step::Release),
        1 => Just(Step::Sweep),
        1 => Just(Step::Reopen),
    ];
    proptest::collection::vec(step, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]
    /// Beside a model: a set of contents that somebody needs.
    #[test]
    fn it_has_what_is_needed(steps in steps()) {
        let folder = TempDir::new().unwrap();
        let small = || MediaOptions { pack_size: 4096, care: Duration::from_millis(1), sync: false, ..options(folder.path()) };
        let mut store = MediaStore::open(small()).unwrap();
        store.recovered();
        let mut needed: HashSet<u64> = HashSet::new();
        let mut ids: HashMap<u64, MediaId> = HashMap::new();
        for step in steps {
            match step {
                Step::Put(n) => {
                    let pin = put(&store, &content(n, 700 + n as usize));
                    store.hold(pin.id(), Owner(n));
                    ids.insert(n, *pin.id());
                    needed.insert(n);
                }
                Step::Release(n) => if let Some(id) = ids.get(&n) {
                    store.release(id, Owner(n));
                    needed.remove(&n);
                },
                Step::Sweep => store.sweep(&|Owner(n)| needed.contains(&n)),
                Step::Reopen => {
                    drop(store);
                    store = MediaStore::open(small()).unwrap();
                    for n in &needed {
                        store.hold(&ids[n], Owner(*n));
                    }
                    store.recovered();
                }
            }
            for n in &needed {
                prop_assert_eq!(store.get(&ids[n]).unwrap().unwrap(), content(*n, 700 + *n as usize));
            }
        }
        store.sweep(&|Owner(n)| needed.contains(&n));
        prop_assert_eq!(store.stats().blobs, needed.len() as u64);
    }
}
