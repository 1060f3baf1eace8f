//! Torn tails and damaged octets: what a crash explains is cut off, anything else is told.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use waxwing_media::{MediaError, MediaId, MediaOptions, MediaStore};

use super::harness::*;

/// Octets before the first frame, and of a frame without its content.
const HEADER: usize = 64;
const HEAD: usize = 52;

/// A folder with one pack.
fn folder(pack: &[u8]) -> TempDir {
    let dir = TempDir::new().unwrap();
    fs::create_dir_all(dir.path().join("packs")).unwrap();
    fs::write(dir.path().join("packs/0000000001.pack"), pack).unwrap();
    dir
}

fn open(dir: &Path) -> Result<std::sync::Arc<MediaStore>, MediaError> {
    MediaStore::open(MediaOptions { sync: false, ..MediaOptions::small(dir) })
}

/// A pack with some contents, each in a group of its own, that is not full; the contents, and where the frame of each ends.
fn history() -> (Vec<u8>, Vec<(Vec<u8>, usize)>) {
    let w = World::new();
    let mut at = HEADER;
    let mut seen = Vec::new();
    for (n, len) in (0..).zip([5, 0, 130, 40, 77]) {
        let content = content(n, len);
        w.keep(&content, n);
        at += HEAD + len;
        seen.push((content, at));
    }
    let pack = fs::read(&w.packs()[0]).unwrap();
    assert_eq!(pack.len(), at);
    (pack, seen)
}

#[test]
fn every_prefix_of_the_last_pack_opens_to_what_is_whole_in_it_and_can_be_gone_on_with() {
    let (pack, seen) = history();
    let garbage = content(99, 4096);
    for len in HEADER..=pack.len() {
        let tails = [&[][..], &[0; 3000], &garbage, &pack[HEADER..]];
        for tail in tails.into_iter().skip(if len % 5 == 0 { 0 } else { len % 4 }).step_by(if len % 5 == 0 { 1 } else { 4 }) {
            let dir = folder(&[&pack[..len], tail].concat());
            // Octets that happen to be the same make a prefix longer.
            let same = tail.iter().zip(&pack[len..]).take_while(|(a, b)| a == b).count();
            for round in 0..2 {
                let store = open(dir.path()).unwrap();
                for (content, end) in &seen {
                    let there = *end <= len + same;
                    let is = store.get(&MediaId::of(content)).unwrap();
                    assert_eq!(is.as_deref(), there.then_some(&content[..]), "{len} {} {round}", tail.len());
                }
                if round == 1 {
                    assert_eq!(store.get(&MediaId::of(b"new")).unwrap().unwrap(), "new");
                }
                block_on(store.put("new".into())).unwrap();
            }
        }
    }
}

#[test]
fn a_pack_without_a_whole_header_is_told() {
    let (pack, _) = history();
    for len in 0..HEADER {
        let error = open(folder(&pack[..len]).path()).map(drop).unwrap_err();
        assert!(matches!(&error, MediaError::Corrupt { file, offset: 0, .. } if file.ends_with("0000000001.pack")), "{len}: {error}");
    }
}

#[test]
fn a_half_made_pack_is_cleaned_up() {
    let (pack, seen) = history();
    let dir = folder(&pack);
    let half = dir.path().join("packs/0000000002.tmp");
    fs::write(&half, b"half").unwrap();
    let store = open(dir.path()).unwrap();
    assert!(!half.exists());
    assert!(store.contains(&MediaId::of(&seen[0].0)));
}

#[test]
fn a_damaged_octet_in_the_last_pack_loses_one_content_and_is_told() {
    let (pack, seen) = history();
    for at in 0..pack.len() {
        let mut bad = pack.clone();
        bad[at] ^= 0x40;
        let dir = folder(&bad);
        let hit = seen.iter().position(|(_, end)| at < *end).unwrap();
        let in_head = at < seen[hit].1 - seen[hit].0.len();
        let last = hit + 1 == seen.len();
        match open(dir.path()) {
            Err(MediaError::Corrupt { file, offset, .. }) => {
                assert!(at < HEADER || (in_head && !last), "{at}");
                let start = if at < HEADER { 0 } else { seen[hit].1 - seen[hit].0.len() - HEAD };
                assert_eq!((file.ends_with("0000000001.pack"), offset), (true, start as u64));
            }
            Err(other) => panic!("{at}: {other}"),
            Ok(store) => {
                assert!(at >= HEADER && (!in_head || last), "{at}");
                for (n, (content, _)) in seen.iter().enumerate() {
                    let is = store.get(&MediaId::of(content));
                    match is {
                        // Only the very last group can pass for one that was never finished.
                        Ok(None) => assert!(n == hit && last, "{at} {n}"),
                        Ok(Some(is)) => assert!(n != hit && is == content, "{at} {n}"),
                        Err(MediaError::Corrupt { .. }) => assert!(n == hit && !last, "{at} {n}"),
                        Err(other) => panic!("{at}: {other}"),
                    }
                }
            }
        }
    }
}

#[test]
fn a_damaged_octet_in_a_full_pack_loses_one_content_at_most() {
    let mut w = World::with(|o| o.pack_size = 4096);
    let seen: Vec<Vec<u8>> = (0..12).map(|n| content(n, 300 + n as usize)).collect();
    seen.iter().for_each(|c| drop(w.put(c)));
    drop(w.store.take());
    let (first, second) = (fs::read(&w.packs()[0]).unwrap(), fs::read(&w.packs()[1]).unwrap());
    let in_first: Vec<&Vec<u8>> = seen.iter().filter(|c| first.windows(c.len()).any(|w| w == &c[..])).collect();
    let list: usize = HEADER + in_first.iter().map(|c| HEAD + c.len()).sum::<usize>();
    assert_eq!(first.len(), list + HEAD + 40 * in_first.len() + 12);
    for at in 0..first.len() {
        let mut bad = first.clone();
        bad[at] ^= 0x40;
        let dir = folder(&bad);
        fs::write(dir.path().join("packs/0000000002.pack"), &second).unwrap();
        let store = match open(dir.path()) {
            Ok(store) => store,
            Err(error) => {
                assert!(at < HEADER && matches!(error, MediaError::Corrupt { offset: 0, .. }), "{at}: {error}");
                continue;
            }
        };
        let lost = seen.iter().filter(|c| match store.get(&MediaId::of(c)) {
            Ok(is) => {
                assert_eq!(is.as_deref(), Some(&c[..]), "{at}");
                false
            }
            Err(MediaError::Corrupt { .. }) => true,
            Err(other) => panic!("{at}: {other}"),
        });
        assert_eq!(lost.count(), usize::from(at < list), "{at}");
    }
    // Both the list and a head: nobody knows what was there.
    let mut bad = first.clone();
    bad[HEADER + 20] ^= 1;
    bad[list + 60] ^= 1;
    let dir = folder(&bad);
    fs::write(dir.path().join("packs/0000000002.pack"), &second).unwrap();
    assert!(matches!(open(dir.path()), Err(MediaError::Corrupt { offset: 64, .. })));
}

#[test]
fn a_torn_list_is_written_again() {
    let w = World::with(|o| o.pack_size = 4096);
    let seen: Vec<Vec<u8>> = (0..12).map(|n| content(n, 300)).collect();
    seen.iter().for_each(|c| drop(w.put(c)));
    let first = fs::read(&w.packs()[0]).unwrap();
    let list = HEADER + first.windows(4).filter(|w| w == b"WxMb").count() * (HEAD + 300);
    for len in list..=first.len() {
        let dir = folder(&first[..len]);
        let store = MediaStore::open(MediaOptions { sync: false, pack_size: 4096, ..MediaOptions::small(dir.path()) }).unwrap();
        let there = seen.iter().filter(|c| store.contains(&MediaId::of(c))).count();
        assert_eq!(there, (list - HEADER) / (HEAD + 300));
        block_on(store.put(content(50, 2000).into())).unwrap();
        drop(store);
        assert_eq!(fs::read(&packs(dir.path())[0]).unwrap(), first, "{len}");
    }
}

#[test]
fn a_damaged_content_does_not_hold_up_the_others_of_its_pack() {
    let mut w = World::new();
    let ids: Vec<MediaId> = (0..40).map(|n| w.keep(&content(n, 1000), n)).collect();
    drop(w.store.take());
    let path = &w.packs()[0];
    let mut bytes = fs::read(path).unwrap();
    bytes[HEADER + HEAD + 10] ^= 1;
    fs::write(path, bytes).unwrap();
    w.open();
    assert!(matches!(w.store().get(&ids[0]), Err(MediaError::Corrupt { offset: 64, .. })));
    for (n, id) in ids.iter().enumerate().filter(|(n, _)| n % 8 == 0) {
        w.store().hold(id, waxwing_media::Owner(n as u64));
    }
    w.store().recovered();
    until("what is not needed goes", || w.store().stats().blobs == 5);
    w.store().maintain().unwrap();
    assert!(matches!(w.store().get(&ids[0]), Err(MediaError::Corrupt { .. })), "still told");
    assert_eq!(w.get(&ids[8]), Some(content(8, 1000)));
    w.store().release(&ids[0], waxwing_media::Owner(0));
    w.store().release(&ids[8], waxwing_media::Owner(8));
    until("its pack goes at last", || !path.exists());
}

#[test]
fn a_pack_that_is_gone_is_told() {
    let mut w = World::with(|o| o.open_files = 1);
    let ids: Vec<MediaId> = (0..40).map(|n| w.keep(&content(n, 1000), n)).collect();
    fs::remove_file(&w.packs()[0]).unwrap();
    w.get(&ids[39]);
    assert!(matches!(w.store().get(&ids[0]), Err(MediaError::Corrupt { file, .. }) if file.ends_with("0000000001.pack")));
    w.reopen();
    assert!(!w.store().hold(&ids[0], waxwing_media::Owner(0)), "holding it says that it is lost");
}
