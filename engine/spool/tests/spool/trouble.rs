//! A disk that is full, slow or broken; callers that push too hard.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use waxwing_spool::log::{EmbeddedSpool, Fault};
use waxwing_spool::*;

use super::harness::*;

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < Duration::from_secs(30), "{what}");
        std::thread::yield_now();
    }
}

fn big(w: &World) -> Op {
    Op::Accept(w.entry("c:a", "g", &"x".repeat(3000)))
}

#[test]
fn on_a_full_disk_accepts_are_refused_outcomes_are_not_and_it_recovers_by_itself() {
    let w = World::with(|c| {
        (c.segment_size, c.max_tx) = (16 << 10, 4 << 10);
        c.max_disk = Some(6 * (16 << 10));
    });
    let mut accepted = 0;
    let refused = loop {
        match w.try_one(big(&w)) {
            Ok(_) => accepted += 1,
            Err(error) => break error,
        }
        assert!(accepted < 100);
    };
    assert!(matches!(refused, TxError::Refused(SpoolError::DiskFull { .. })), "{refused:?}");
    assert!(matches!(w.spool().unhealthy(), Some(SpoolError::DiskFull { .. })));
    assert!((10..30).contains(&accepted), "{accepted}");
    let lease = w.claim_one("c:a").lease;
    w.settle(lease, Outcome::Done);
    assert!(matches!(w.try_one(big(&w)), Err(TxError::Refused(_))), "an outcome does not open the door");
    // More outcomes than fit into what is left of the file and the reserve: files that become empty on the way take the rest.
    let claimed = w.claim("c:a", 99);
    assert_eq!(claimed.len(), accepted - 1);
    let note = bytes::Bytes::from(vec![b'n'; 900]);
    for c in claimed {
        let done = Op::Settle { lease: c.lease, outcome: Outcome::Done, note: note.clone() };
        until("a place for an outcome", || w.try_one(done.clone()).is_ok());
    }
    until("space came back", || w.spool().unhealthy().is_none());
    until("accepts again", || w.try_one(big(&w)).is_ok());
}

#[test]
fn a_failed_sync_stops_the_spool_for_good_and_nothing_acknowledged_is_lost() {
    for step in ["sync", "write"] {
        let countdown = Arc::new(AtomicU32::new(u32::MAX));
        let count = Arc::clone(&countdown);
        let mut w = World::with(move |c| {
            let count = Arc::clone(&count);
            c.fault = Some(Fault::new(move |at| {
                let fail = at == step && count.fetch_sub(1, Ordering::Relaxed) == 0;
                if fail { Err(io::Error::other("injected")) } else { Ok(()) }
            }));
        });
        let first = w.accept("c:a", "g", "kept");
        let lease = w.claim_one("c:a").lease;
        countdown.store(0, Ordering::Relaxed);
        let failed = w.block_on(w.spool().commit(vec![Tx::one(big(&w))])).unwrap_err();
        assert!(matches!(&failed, SpoolError::Failed { error, .. } if error == "injected"), "{failed:?}");
        for _ in 0..3 {
            assert_eq!(w.block_on(w.spool().commit(vec![Tx::one(settle(lease, Outcome::Done))])), Err(failed.clone()));
        }
        assert_eq!(w.spool().unhealthy(), Some(failed));
        assert!(w.claim("c:a", 9).is_empty());
        countdown.store(u32::MAX, Ordering::Relaxed);
        w.reopen();
        assert_eq!(w.spool().unhealthy(), None);
        assert_eq!(w.claim_one("c:a").lease.id, first);
    }
}

#[test]
fn a_disk_that_hangs_is_told_after_the_deadline() {
    let hang = Arc::new(AtomicBool::new(false));
    let hung = Arc::clone(&hang);
    let w = World::with(move |c| {
        let hung = Arc::clone(&hung);
        c.deadline = Duration::from_millis(50);
        c.queued_bytes = 1024;
        c.fault = Some(Fault::new(move |_| {
            while hung.load(Ordering::Relaxed) {
                std::thread::yield_now();
            }
            Ok(())
        }));
    });
    hang.store(true, Ordering::Relaxed);
    let (first, second) = (w.spool().commit(vec![Tx::one(big(&w))]), w.spool().commit(vec![Tx::one(big(&w))]));
    assert!(matches!(w.block_on(first), Err(SpoolError::TooSlow { waited_ms }) if waited_ms >= 50));
    assert!(matches!(w.block_on(second), Err(SpoolError::TooSlow { .. })), "one that waits for its turn is told too");
    hang.store(false, Ordering::Relaxed);
    w.one(big(&w));
    assert_eq!(w.depth("c:a").unwrap().ready, 2, "the first was committed after all, the second never queued");
}

#[test]
fn more_than_may_wait_waits_outside_and_all_of_it_is_committed() {
    let w = World::with(|c| {
        c.queued_bytes = 4096;
        c.sync = false;
    });
    let spool = w.embedded.clone().unwrap();
    w.block_on(async {
        let mut tasks = Vec::new();
        for _ in 0..50 {
            let batch = (0..20).map(|_| Tx::one(Op::Accept(w.entry("c:a", "g", &"x".repeat(200))))).collect::<Vec<_>>();
            tasks.push(tokio::spawn(spool.commit(batch)));
        }
        for task in tasks {
            assert!(task.await.unwrap().unwrap().iter().all(Result::is_ok));
        }
    });
    assert_eq!(w.depth("c:a").unwrap().ready, 1000);
}

#[test]
fn a_batch_larger_than_several_log_files_is_committed_in_order() {
    let w = World::with(|c| c.sync = false);
    let txs = (0..200).map(|n| Tx::one(Op::Accept(w.entry("c:a", "g", &format!("{n:04}{}", "x".repeat(2000)))))).collect();
    let results = w.block_on(w.spool().commit(txs)).unwrap();
    let ids: Vec<MsgId> = results.into_iter().map(|r| r.unwrap().accepted[0].id()).collect();
    assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
    let bodies = w.bodies("c:a", 200);
    assert!(bodies.iter().enumerate().all(|(n, body)| body.starts_with(&format!("{n:04}"))));
    assert!(w.spool().stats().segments > 6);
}

#[test]
fn a_transaction_larger_than_a_log_file_is_refused_without_harm_to_its_neighbours() {
    let w = World::new();
    let accept = |size: usize| Tx::one(Op::Accept(w.entry("c:a", "g", &"x".repeat(size))));
    let results = w.block_on(w.spool().commit(vec![accept(10), accept(200 << 10), accept(17 << 10), accept(15 << 10)])).unwrap();
    assert_eq!(results.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, false, true]);
    assert_eq!(w.spool().unhealthy(), None);
}

#[test]
fn what_a_crash_left_half_made_is_cleaned_up_and_a_closed_folder_is_free() {
    let mut w = World::new();
    let spool = w.embedded.take().unwrap();
    spool.close();
    let half = w.dir.path().join("segments/spare-9.tmp");
    std::fs::write(&half, b"half").unwrap();
    w.open();
    assert!(!half.exists());
    drop(spool);
}

#[test]
fn closing_commits_what_was_queued_and_refuses_what_comes_later() {
    let mut w = World::new();
    let pending: Vec<_> = (0..20).map(|_| w.spool().commit(vec![Tx::one(big(&w))])).collect();
    let spool = w.embedded.take().unwrap();
    spool.close();
    for commit in pending {
        assert!(w.block_on(commit).unwrap()[0].is_ok());
    }
    assert_eq!(w.block_on(spool.commit(vec![Tx::default()])), Err(SpoolError::Closing));
    assert!(spool.claim(QueueId(0), 1, LEASE).is_empty());
    drop(spool);
    w.open();
    assert_eq!(w.depth("c:a").unwrap().ready, 20);
}

#[test]
fn an_inline_commit_needs_no_other_task_to_run() {
    let w = World::with(|c| c.wait_inline = true);
    let commit = w.spool().commit(vec![Tx::one(big(&w))]);
    assert_eq!(w.depth("c:a").unwrap().ready, 1, "done before anybody awaits it");
    w.block_on(async {
        tokio::time::pause();
        assert!(tokio::time::timeout(Duration::from_millis(1), commit).await.unwrap().unwrap()[0].is_ok());
    });
}

#[test]
fn claims_settles_accepts_and_restarts_from_many_threads_lose_and_double_nothing() {
    let mut w = World::with(|c| {
        c.sync = false;
        c.readers = vec!["ledger".into()];
    });
    let (producers, each) = (4, 300);
    for _ in 0..3 {
        let spool = w.embedded.clone().unwrap();
        let handled = Arc::new(AtomicU32::new(0));
        let entry = w.entry("c:a", "g", "x");
        let queue = w.q("c:a");
        let rt = tokio::runtime::Builder::new_multi_thread().worker_threads(3).enable_all().build().unwrap();
        rt.block_on(async {
            let mut tasks = Vec::new();
            for p in 0..producers {
                let (spool, mut entry) = (Arc::clone(&spool), entry.clone());
                entry.group = spool.group(&format!("g{p}"));
                tasks.push(tokio::spawn(async move {
                    for _ in 0..each / 10 {
                        let txs = (0..10).map(|_| Tx::one(Op::Accept(entry.clone()))).collect();
                        assert!(spool.commit(txs).await.unwrap().iter().all(Result::is_ok));
                    }
                }));
            }
            for _ in 0..2 {
                let (spool, handled) = (Arc::clone(&spool), Arc::clone(&handled));
                tasks.push(tokio::spawn(async move {
                    while handled.load(Ordering::Relaxed) < producers * each {
                        let ready = spool.ready(queue);
                        let claimed = spool.claim(queue, 7, LEASE);
                        if claimed.is_empty() {
                            let _ = tokio::time::timeout(Duration::from_millis(50), ready).await;
                            continue;
                        }
                        let txs = claimed.iter().map(|c| Tx::one(settle(c.lease, Outcome::Done))).collect();
                        let results = spool.commit(txs).await.unwrap();
                        assert!(results.iter().all(Result::is_ok));
                        handled.fetch_add(results.len() as u32, Ordering::Relaxed);
                    }
                }));
            }
            for task in tasks {
                task.await.unwrap();
            }
        });
        assert_eq!(handled.load(Ordering::Relaxed), producers * each);
        assert_eq!(spool.stats().messages, 0);
        drop(spool);
        w.reopen();
        assert_eq!(w.spool().stats().messages, 0);
    }
    let events = w.events();
    assert_eq!(events.len() as u32, 2 * 3 * producers * each);
    let mut open = std::collections::HashSet::new();
    for event in events {
        match event {
            Event::Accepted { id, .. } => assert!(open.insert(id)),
            Event::Settled { id, .. } => assert!(open.remove(&id)),
            other => panic!("{other:?}"),
        }
    }
    assert!(open.is_empty());
}

#[test]
fn a_configuration_that_cannot_work_is_refused() {
    let w = World::new();
    let try_open = |change: fn(&mut waxwing_spool::log::SpoolConfig)| {
        let mut config = w.config();
        change(&mut config);
        EmbeddedSpool::open(config).map(|_| ())
    };
    assert!(try_open(|c| c.segment_size = 5000).is_err());
    assert!(try_open(|c| c.max_tx = c.segment_size).is_err());
    assert!(try_open(|c| c.spares = 0).is_err());
}
