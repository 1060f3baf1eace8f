//! Index files: a restart with them comes to the same as one without, and one that is damaged is passed over.

use std::fs;
use std::path::PathBuf;

use waxwing_spool::log::EmbeddedSpool;
use waxwing_spool::*;

use super::harness::*;

fn index_files(w: &World) -> Vec<PathBuf> {
    let all = fs::read_dir(w.dir.path().join("segments")).unwrap().map(|e| e.unwrap().path());
    let mut files: Vec<PathBuf> = all.filter(|p| p.extension().is_some_and(|e| e == "idx")).collect();
    files.sort();
    files
}

fn view(spool: &dyn Spool) -> (Vec<MsgState>, Vec<QueueDepth>, u64) {
    (spool.list(None, None, usize::MAX), spool.depths(), spool.stats().parked)
}

/// A log of several files with messages in every stage.
fn world() -> World {
    let w = World::with(|c| {
        c.index_files_beyond = 2;
        (c.segment_size, c.max_tx) = (16 << 10, 4 << 10);
        (c.compact_percent, c.compact_slack) = (0, u64::MAX / 2);
    });
    for n in 0..60 {
        let id = w.accept("c:a", "g", &format!("{n}{}", "x".repeat(900)));
        let lease = w.claim_one("c:a").lease;
        let remote = bytes::Bytes::from(format!("P{n}"));
        match n % 6 {
            0 => w.settle(lease, sent(&[(0, &format!("R{n}"))], 2, Some(w.now() + DAY))),
            1 => w.settle(lease, retry(w.now() + 1000)),
            2 => w.settle(lease, Outcome::Failed),
            3 => {
                w.settle(lease, retry(w.now() + 2000));
                w.one(Op::Replace { id, body: format!("new {n}").into(), due: None, expires: Some(w.now() + 5000) })
            }
            4 => w.one(Op::Park { source: w.q("c:a"), remote, body: "parked".into() }),
            _ => w.settle(lease, Outcome::Done),
        };
    }
    w.maintain();
    w
}

#[test]
fn a_restart_with_index_files_comes_to_the_same_as_one_without() {
    let mut w = world();
    assert!(index_files(&w).len() >= 3);
    w.reopen();
    let with = view(w.spool());
    let body = |spool: &dyn Spool| with.0.iter().map(|s| spool.read_body(s.id).unwrap().unwrap()).collect::<Vec<_>>();
    let bodies = body(w.spool());
    assert!(bodies.iter().any(|b| b == "new 3"));
    let parked = w.spool().parked(w.q("c:a"), b"P4");
    assert_eq!(parked[0].body, "parked");
    let events = w.events();
    w.embedded.take().unwrap().close();
    index_files(&w).iter().for_each(|file| fs::remove_file(file).unwrap());
    w.open();
    assert_eq!(view(w.spool()), with);
    assert_eq!(body(w.spool()), bodies);
    assert_eq!(w.events(), events);
    assert_eq!(w.found("c:a", "R0").parts, [0, 0]);
}

#[test]
fn a_damaged_index_file_is_passed_over() {
    let mut w = world();
    w.embedded.take().unwrap().close();
    let expected = view(&*EmbeddedSpool::open_read_only(w.config()).unwrap());
    let files = index_files(&w);
    let whole = fs::read(&files[0]).unwrap();
    for at in 0..whole.len() {
        let mut bad = whole.clone();
        bad[at] ^= 0x10;
        fs::write(&files[0], &bad).unwrap();
        assert_eq!(view(&*EmbeddedSpool::open_read_only(w.config()).unwrap()), expected, "{at}");
    }
    for bad in [&whole[..0], &whole[..20], &whole[..whole.len() - 1], &fs::read(&files[1]).unwrap()] {
        fs::write(&files[0], bad).unwrap();
        assert_eq!(view(&*EmbeddedSpool::open_read_only(w.config()).unwrap()), expected);
    }
}

#[test]
fn it_is_used_and_goes_with_its_log_file() {
    let mut w = world();
    w.embedded.take().unwrap().close();
    // A log file that was damaged after it was indexed opens: nobody read it.
    let log = w.dir.path().join("segments/0000000001.log");
    let mut bytes = fs::read(&log).unwrap();
    bytes[3000] ^= 1;
    fs::write(&log, &bytes).unwrap();
    w.open();
    for state in w.spool().list(None, None, usize::MAX) {
        match state.stage {
            Stage::Queued => w.one(Op::Cancel { id: state.id, note: "".into() }),
            Stage::Dead => w.one(Op::Bury { id: state.id }),
            _ => w.one(Op::GiveUp { id: state.id }),
        };
    }
    for key in 1..=10 {
        w.one(Op::Unpark { key });
    }
    w.maintain();
    assert!(index_files(&w).is_empty(), "{:?}", index_files(&w));
    assert_eq!(w.spool().stats().segments, 1);
}
