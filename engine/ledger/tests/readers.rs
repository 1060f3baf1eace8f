//! Reading while it is written: by ourselves, and by others who know nothing but the schema.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod common;

use std::io::Write as _;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use common::*;
use waxwing_core::{MsgId, State};
use waxwing_ledger::{EventKind, Query};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_see_whole_lives_while_the_writer_writes() {
    let dir = tempfile::tempdir().unwrap();
    let feed = FakeFeed::default();
    let ledger = open(dir.path(), &feed).await;
    let done = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let (ledger, done) = (ledger.clone(), done.clone());
            tokio::spawn(async move {
                let mut seen = 0;
                while !done.load(Ordering::Relaxed) || seen == 0 {
                    let page = ledger.search(Query { limit: 20, ..Query::default() }).await.unwrap();
                    assert!(page.messages.is_sorted_by(|a, b| (a.accepted, a.id) > (b.accepted, b.id)));
                    for m in page.messages {
                        let l = ledger.get(m.id).await.unwrap().unwrap();
                        // The row and its events are of one moment.
                        let sent = l.events.iter().any(|e| e.kind == EventKind::Sent);
                        assert_eq!(l.message.state == State::Enroute, sent);
                        seen += 1;
                    }
                }
                seen
            })
        })
        .collect();
    let t = day0();
    for id in 1..=3000 {
        feed.tx(t + id, vec![accept(&feed, id, "shop", "connector:a", &mt("S", "+441", "x"), t + HOUR)]);
        feed.tx(t + id, vec![sent(id, "a", &["r"], 1)]);
        if id % 500 == 0 {
            settled(&ledger).await;
        }
    }
    settled(&ledger).await;
    done.store(true, Ordering::Relaxed);
    for r in readers {
        assert!(r.await.unwrap() > 0);
    }
    assert!(ledger.get(MsgId(3000)).await.unwrap().is_some());
    assert_eq!(ledger.stats().errors, 0);
}

#[tokio::test]
async fn other_programs_read_it_with_plain_sql_while_it_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let feed = FakeFeed::default();
    lives(&feed, 300, 31);
    let ledger = open(dir.path(), &feed).await;
    let file = dir.path().join("2026-11-21.db");
    let rows = ledger
        .search(Query { limit: 1000, from: Some(day0() + 24 * HOUR), to: Some(day0() + 48 * HOUR), ..Query::default() })
        .await
        .unwrap();
    // The ledger is open: its write-ahead log has rows that the file itself has not.
    for (program, script) in [
        (
            "python3",
            "import sqlite3,sys; c=sqlite3.connect('file:'+sys.argv[1]+'?mode=ro',uri=True)\nfor r in c.execute(sys.argv[2]): print('|'.join(map(str,r)))",
        ),
        ("sqlite3", ""),
    ] {
        let sql = "SELECT count(*), (SELECT sum(messages) FROM counter), (SELECT count(*) FROM life WHERE kind = 'accepted'), \
                   (SELECT count(DISTINCT message) FROM event WHERE message NOT IN (SELECT id FROM message)), \
                   (SELECT user_version FROM pragma_user_version) FROM message";
        let mut c = Command::new(program);
        if program == "python3" {
            c.arg("-c").arg(script).arg(&file).arg(sql)
        } else {
            c.arg("-readonly").arg(&file).arg(sql)
        };
        let Ok(out) = c.output() else {
            let _ = writeln!(std::io::stderr(), "SKIPPED reading with {program}: it is not installed");
            continue;
        };
        assert!(out.status.success(), "{program}: {}", String::from_utf8_lossy(&out.stderr));
        let n = rows.messages.len();
        assert_eq!(String::from_utf8_lossy(&out.stdout).trim(), format!("{n}|{n}|{n}|0|{}", waxwing_ledger::SCHEMA_VERSION), "{program}");
        let mut c = Command::new(program);
        let sql = "PRAGMA integrity_check";
        if program == "python3" {
            c.arg("-c").arg(script).arg(&file).arg(sql)
        } else {
            c.arg("-readonly").arg(&file).arg(sql)
        };
        assert_eq!(String::from_utf8_lossy(&c.output().unwrap().stdout).trim(), "ok");
    }
    // They held no lock that lasts: the ledger goes on.
    feed.tx(day0() + 40 * HOUR, vec![accept(&feed, 999_999, "shop", "connector:a", &mt("S", "+441", "x"), day0() + 50 * HOUR)]);
    settled(&ledger).await;
    assert!(ledger.get(MsgId(999_999)).await.unwrap().is_some());
}
