//! Torn tails, damaged bytes, missing files: what a crash explains is recovered, anything else is told.

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use tempfile::TempDir;
use waxwing_spool::log::{EmbeddedSpool, SpoolConfig};
use waxwing_spool::*;

use super::harness::*;

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(dir.join("segments"))
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "log") && !p.file_name().unwrap().to_str().unwrap().starts_with("spare"))
        .collect();
    files.sort();
    files
}

/// A copy of the log files, without spares.
fn copy(w: &World) -> TempDir {
    let to = TempDir::new().unwrap();
    fs::create_dir_all(to.path().join("segments")).unwrap();
    fs::create_dir_all(to.path().join("keys")).unwrap();
    for file in files(w.dir.path()) {
        fs::copy(&file, to.path().join("segments").join(file.file_name().unwrap())).unwrap();
    }
    to
}

/// Leaves old files where they are.
fn uncompacted(config: &mut SpoolConfig) {
    (config.compact_percent, config.compact_slack) = (0, u64::MAX / 2);
}

fn config(w: &World, dir: &TempDir) -> SpoolConfig {
    SpoolConfig { dir: dir.path().to_path_buf(), ..w.config() }
}

/// Everything durable that can be seen.
fn view(spool: &dyn Spool) -> Vec<(MsgState, Bytes)> {
    let state = |s: MsgState| {
        let stage = if s.stage == Stage::Leased { Stage::Queued } else { s.stage };
        let body = spool.read_body(s.id).unwrap().unwrap();
        (MsgState { stage, due: 0, ..s }, body)
    };
    spool.list(None, None, usize::MAX).into_iter().map(state).collect()
}

/// A small log with one of everything, and what could be seen after each transaction, with the position behind it.
fn history(w: &World) -> Vec<(u64, Vec<(MsgState, Bytes)>)> {
    let mut seen = vec![(0, Vec::new())];
    let mut at = Cursor::default();
    let mut look = |w: &World| {
        if let Some(last) = w.spool().feed(at, usize::MAX).unwrap().last() {
            at = last.cursor;
            seen.push((at.offset, view(w.spool())));
        }
    };
    for n in 0..3 {
        let two = vec![Op::Accept(w.entry("c:a", "g", &format!("first {n}"))), Op::Accept(w.entry("c:b", "h", &format!("second {n}")))];
        w.commit(two);
        look(w);
    }
    let lease = w.claim_one("c:a").lease;
    w.settle(lease, sent(&[(0, "A"), (1, "B")], 2, Some(w.now() + DAY)));
    look(w);
    let found = w.found("c:a", "B");
    w.commit(vec![receipt(&found, 3, false), Op::Accept(w.entry("account:x", "h", "intermediate"))]);
    look(w);
    let lease = w.claim_one("c:a").lease;
    w.settle(lease, retry(w.now() + 5000));
    look(w);
    w.one(Op::Replace { id: lease.id, body: Bytes::from_static(b"replaced"), due: None, expires: Some(w.now() + 99) });
    look(w);
    let claimed = w.claim("c:b", 2);
    w.commit(vec![settle(claimed[0].lease, Outcome::Failed), settle(claimed[1].lease, Outcome::Done)]);
    look(w);
    w.one(Op::Replay { id: claimed[0].lease.id, queue: Some(w.q("c:new")), expires: w.now() + DAY });
    look(w);
    w.one(receipt(&w.found("c:a", "A"), 2, true));
    look(w);
    w.one(Op::Cancel { id: lease.id, note: Bytes::new() });
    look(w);
    seen
}

#[test]
fn every_prefix_of_the_log_opens_to_the_transactions_that_are_whole_in_it() {
    let mut w = World::with(|c| (c.segment_size, c.max_tx) = (16 << 10, 4 << 10));
    let history = history(&w);
    assert!(history.len() > 10);
    w.embedded.take().unwrap().close();
    let dir = copy(&w);
    let file = files(dir.path()).pop().unwrap();
    let whole = fs::read(&file).unwrap();
    let end = history.last().unwrap().0 as usize;
    // What a recycled file may hold behind the end: frames of an earlier life.
    let other = World::new();
    for n in 0..40 {
        other.accept("c:a", "g", &format!("{n}{}", "old".repeat(90)));
    }
    let old = fs::read(&files(other.dir.path())[0]).unwrap();
    // A transaction is whole when its octets are there, even if the last of them came with the zeros behind.
    let expected = |bytes: &[u8]| {
        let len = bytes.iter().zip(&whole).take_while(|(a, b)| a == b).count();
        &history.iter().rev().find(|(at, _)| *at as usize <= len).unwrap().1
    };
    for len in 0..=end {
        for kind in if len < 128 { [0, 2, 2] } else { [0, 1, 2] } {
            let mut bytes = whole[..len].to_vec();
            match kind {
                0 => bytes.resize(whole.len(), 0),
                1 => bytes.extend_from_slice(&old[len..whole.len()]),
                _ => {}
            }
            fs::write(&file, &bytes).unwrap();
            let opened = EmbeddedSpool::open_read_only(config(&w, &dir));
            if len < 128 {
                // A header that was never whole is that of a file not yet in use, or damage; never messages out of nothing.
                assert!(opened.map_or(true, |s| view(&*s).is_empty()), "{len} {kind}");
                continue;
            }
            assert_eq!(view(&*opened.unwrap()), *expected(&bytes), "{len} {kind}");
        }
    }
    for len in (128..=end).step_by(97) {
        let mut bytes = whole[..len].to_vec();
        bytes.resize(whole.len(), 0);
        fs::write(&file, &bytes).unwrap();
        for file in files(dir.path()).iter().skip(1) {
            fs::remove_file(file).unwrap();
        }
        for _ in 0..2 {
            let spool = EmbeddedSpool::open(config(&w, &dir)).unwrap();
            assert_eq!(view(&*spool), *expected(&bytes), "{len}");
        }
    }
}

#[test]
fn a_file_taken_into_use_but_never_written_is_passed_over() {
    let mut w = World::with(uncompacted);
    let id = w.accept("c:a", "g", "x");
    w.embedded.take().unwrap().close();
    let last = files(w.dir.path()).pop().unwrap();
    let next = w.dir.path().join("segments/0000000002.log");
    for content in [vec![0; 64 << 10], fs::read(&last).unwrap(), Vec::new()] {
        fs::write(&next, content).unwrap();
        w.open();
        assert_eq!(w.stage(id), Some(Stage::Queued));
        w.embedded.take().unwrap().close();
        for file in files(w.dir.path()).iter().skip(1) {
            fs::remove_file(file).unwrap();
        }
    }
}

#[test]
fn a_damaged_octet_anywhere_is_told_or_does_not_matter() {
    let mut w = World::with(|c| {
        (c.segment_size, c.max_tx) = (16 << 10, 4 << 10);
        uncompacted(c);
    });
    let history = history(&w);
    w.reopen();
    w.accept("c:a", "g", "in the second file");
    w.accept("c:a", "g", "last");
    let all = view(w.spool());
    let end = w.spool().feed(Cursor::default(), usize::MAX).unwrap().last().unwrap().cursor.offset as usize;
    w.embedded.take().unwrap().close();
    let dir = copy(&w);
    let list = files(dir.path());
    let first = fs::read(&list[0]).unwrap();
    let used = history.last().unwrap().0 as usize;
    for at in (0..used).chain((used..first.len()).step_by(401)) {
        let mut bad = first.clone();
        bad[at] ^= 0x40;
        fs::write(&list[0], &bad).unwrap();
        let opened = EmbeddedSpool::open_read_only(config(&w, &dir));
        if at < used {
            let error = opened.map(|_| ()).unwrap_err();
            assert!(matches!(&error, SpoolError::Corrupt { file, .. } if file.ends_with("0000000001.log")), "{at}: {error:?}");
        } else {
            assert_eq!(view(&*opened.unwrap()), all, "{at}");
        }
    }
    fs::write(&list[0], &first).unwrap();
    let second = fs::read(&list[1]).unwrap();
    let mut last_only = 0;
    for at in 0..end {
        let mut bad = second.clone();
        bad[at] ^= 0x40;
        fs::write(&list[1], &bad).unwrap();
        match EmbeddedSpool::open_read_only(config(&w, &dir)) {
            Err(SpoolError::Corrupt { .. }) => {}
            Ok(spool) => {
                // Only the very last transaction can pass for one that was never finished.
                assert_eq!(view(&*spool), all[..all.len() - 1], "{at}");
                last_only += 1;
            }
            Err(other) => panic!("{at}: {other:?}"),
        }
    }
    assert!((20..200).contains(&last_only), "{last_only}");
}

#[test]
fn nobody_else_may_read_messages() {
    use std::os::unix::fs::PermissionsExt;
    let w = World::new();
    w.accept("c:a", "g", "private");
    for path in files(w.dir.path()).into_iter().chain([w.dir.path().join("segments"), w.dir.path().join("LOCK")]) {
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o077, 0, "{}", path.display());
    }
}

#[test]
fn a_missing_file_is_told() {
    let mut w = World::with(uncompacted);
    for n in 0..3 {
        w.accept("c:a", "g", &n.to_string());
        w.reopen();
    }
    w.embedded.take().unwrap().close();
    let list = files(w.dir.path());
    assert!(list.len() > 3);
    fs::remove_file(&list[1]).unwrap();
    let error = EmbeddedSpool::open(w.config()).map(|_| ()).unwrap_err();
    assert!(matches!(&error, SpoolError::Corrupt { file, .. } if file.ends_with("0000000002.log")), "{error:?}");
}

#[test]
fn a_body_that_rots_on_the_disk_is_told_and_not_sent() {
    let w = World::new();
    let id = w.accept("c:a", "g", "a body to be found in the file");
    // Others, so that it is no longer in memory.
    for n in 0..10 {
        w.accept("c:b", "g", &n.to_string());
    }
    let file = files(w.dir.path()).pop().unwrap();
    let mut bytes = fs::read(&file).unwrap();
    let at = bytes.windows(12).position(|w| w == b"to be found ").unwrap();
    bytes[at] = b'T';
    // Written in place: the spool has the file open.
    use std::os::unix::fs::FileExt;
    fs::OpenOptions::new().write(true).open(&file).unwrap().write_all_at(&bytes[at..=at], at as u64).unwrap();
    assert!(matches!(w.spool().read_body(id), Err(SpoolError::Corrupt { .. })));
    assert!(w.claim("c:a", 1).is_empty());
    assert!(matches!(w.spool().feed(Cursor::default(), 1000), Err(SpoolError::Corrupt { .. })));
}

#[test]
fn a_damaged_file_of_saved_keys_is_told() {
    let mut w = World::new();
    let mut entry = w.entry("c:a", "g", "x");
    entry.dedup = Some(Bytes::from_static(b"key"));
    w.accept_with(entry);
    let lease = w.claim_one("c:a").lease;
    w.settle(lease, Outcome::Done);
    w.reopen();
    w.maintain();
    w.embedded.take().unwrap().close();
    let file = fs::read_dir(w.dir.path().join("keys")).unwrap().next().unwrap().unwrap().path();
    let mut bytes = fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&file, bytes).unwrap();
    assert!(matches!(EmbeddedSpool::open(w.config()), Err(SpoolError::Corrupt { .. })));
}

#[test]
fn a_spool_can_be_looked_at_while_it_is_in_use() {
    let w = World::new();
    let id = w.accept("c:a", "g", "x");
    assert!(matches!(EmbeddedSpool::open(w.config()), Err(SpoolError::Locked { .. })));
    let look = EmbeddedSpool::open_read_only(w.config()).unwrap();
    assert_eq!(look.get(id).unwrap().stage, Stage::Queued);
    assert_eq!(look.depths()[0].ready, 1);
    assert_eq!(look.feed(Cursor::default(), 1000).unwrap().len(), 1);
    assert!(look.claim(QueueId(0), 1, LEASE).is_empty());
    assert_eq!(w.block_on(look.commit(vec![Tx::default()])), Err(SpoolError::Closing));
}
