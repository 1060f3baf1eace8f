//! Retention, counters, what is told about the lag, damaged files.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeMap;
use std::time::Duration;

use common::*;
use waxwing_core::{Clock, Counts, Kind, MsgId, State, Usage, day_and_month};
use waxwing_ledger::{Day, Lag, LagLimit, Ledger, LedgerOptions, Query};

fn day(n: u64) -> Day {
    Day::of(day0() + n * 24 * HOUR)
}

#[tokio::test]
async fn counters_are_what_counting_rows_would_give() {
    let dir = tempfile::tempdir().unwrap();
    let feed = FakeFeed::default();
    lives(&feed, 400, 21);
    let ledger = open(dir.path(), &feed).await;
    let mut want: BTreeMap<_, (u64, u64)> = BTreeMap::new();
    for m in ledger.search(Query { limit: 1000, ..Query::default() }).await.unwrap().messages {
        let n = want.entry((Day::of(m.accepted), m.kind, m.account, m.connector, m.state)).or_default();
        *n = (n.0 + 1, n.1 + u64::from(m.parts));
    }
    let counts = ledger.counters(day(0), day(2)).await.unwrap();
    let got: BTreeMap<_, _> =
        counts.into_iter().map(|c| ((c.day, c.kind, c.account, c.connector, c.state), (c.messages, c.parts))).collect();
    assert!(want.len() > 50);
    assert_eq!(got, want);
    let one = ledger.counters(day(1), day(1)).await.unwrap();
    assert!(!one.is_empty() && one.iter().all(|c| c.day == day(1)));
}

#[tokio::test]
async fn usage_is_restored_exactly_even_when_days_of_the_month_were_deleted() {
    let dir = tempfile::tempdir().unwrap();
    let feed = FakeFeed::default();
    lives(&feed, 400, 22);
    let ledger = open(dir.path(), &feed).await;
    let all = ledger
        .search(Query { limit: 1000, account: Some("shop".into()), kind: Some(Kind::Mt), ..Query::default() })
        .await
        .unwrap()
        .messages;
    let now = day(2).start() + HOUR;
    let today = all.iter().filter(|m| Day::of(m.accepted) == day(2)).count() as u64;
    ledger.close();
    // Only today is kept.
    let ledger = Ledger::open(LedgerOptions { retention_days: 1, ..options(dir.path()) }, feed.clone()).unwrap();
    settled(&ledger).await;
    ledger.close();
    let files: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap()).collect();
    assert!(
        files.contains(&"2026-11-22.db".to_owned()) && !files.iter().any(|f| f.starts_with("2026-11-21") || f.starts_with("2026-11-20")),
        "{files:?}"
    );

    let ledger = Ledger::open(LedgerOptions { retention_days: 1, ..options(dir.path()) }, feed.clone()).unwrap();
    settled(&ledger).await;
    let shop = ledger.usage(now).await.unwrap().into_iter().find(|(name, _)| name == "shop").unwrap().1;
    let (d, month) = day_and_month(now);
    assert_eq!(shop, Counts { day: d, today, month, this_month: all.len() as u64 });
    let usage = Usage::default();
    usage.restore(shop);
    assert_eq!(usage.counts(now), shop);
    assert_eq!(usage.take(1, Some(today), None, now).0, 0, "the limit of the day is used up");
}

#[tokio::test]
async fn old_days_go_and_what_still_happens_to_their_messages_is_let_go_too() {
    let dir = tempfile::tempdir().unwrap();
    let feed = FakeFeed::default();
    for n in 0..3 {
        let at = day(n).start() + HOUR;
        feed.tx(at, vec![accept(&feed, n + 1, "shop", "connector:a", &mt("S", "+441", "x"), at + HOUR)]);
    }
    let time = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(day(2).start()));
    let clock = {
        let time = time.clone();
        Clock::new(move || time.load(std::sync::atomic::Ordering::Relaxed))
    };
    let ledger = Ledger::open(LedgerOptions { retention_days: 3, clock, ..options(dir.path()) }, feed.clone()).unwrap();
    settled(&ledger).await;
    let ids = async |l: &Ledger| l.search(Query::default()).await.unwrap().messages.iter().map(|m| m.id.0).collect::<Vec<_>>();
    assert_eq!(ids(&ledger).await, [3, 2, 1]);
    time.store(day(4).start(), std::sync::atomic::Ordering::Relaxed);
    // The first pass after midnight sweeps when it has told that it caught up, so two of them.
    settled(&ledger).await;
    settled(&ledger).await;
    assert_eq!(ids(&ledger).await, [3]);
    assert!(ledger.get(MsgId(1)).await.unwrap().is_none());
    feed.tx(day(4).start(), vec![sent(1, "a", &["r"], 1), sent(3, "a", &["r"], 1)]);
    settled(&ledger).await;
    assert_eq!(ids(&ledger).await, [3]);
    assert_eq!(ledger.counters(day(0), day(4)).await.unwrap().iter().map(|c| c.messages).sum::<u64>(), 3, "the counters stay");
    drop(ledger);
    std::fs::remove_dir_all(dir.path()).unwrap();
    std::fs::create_dir(dir.path()).unwrap();
    let ledger = Ledger::open(LedgerOptions { retention_days: 1, ..options(dir.path()) }, feed.clone()).unwrap();
    settled(&ledger).await;
    assert_eq!(ids(&ledger).await, [3], "days that are too old are not written anew");
}

#[tokio::test]
async fn there_may_be_more_days_than_are_held_open() {
    let dir = tempfile::tempdir().unwrap();
    let feed = FakeFeed::default();
    let now = day(19).end();
    let options = || LedgerOptions { clock: Clock::new(move || now), batch: 3, ..options(dir.path()) };
    for n in 0..20 {
        let at = day(n).start() + HOUR;
        feed.tx(at, vec![accept(&feed, n + 1, "shop", "connector:a", &mt("S", "+441", "x"), at + HOUR), sent(n + 1, "a", &["r"], 1)]);
    }
    let ledger = Ledger::open(options(), feed.clone()).unwrap();
    for n in (0..20).rev() {
        feed.tx(now, vec![receipt(n + 1, 0, State::Delivered, true, "")]);
        settled(&ledger).await;
        assert_eq!(ledger.get(MsgId(n + 1)).await.unwrap().unwrap().message.state, State::Delivered);
    }
    ledger.close();
    let ledger = Ledger::open(options(), feed.clone()).unwrap();
    for _ in 0..2 {
        let page = ledger.search(Query { state: Some(State::Delivered), ..Query::default() }).await.unwrap();
        assert_eq!(page.messages.iter().map(|m| m.id.0).collect::<Vec<_>>(), (1..=20).rev().collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_lost_folder_and_damaged_files_are_written_anew() {
    let feed = FakeFeed::default();
    lives(&feed, 300, 23);
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("ledger");
    open(&folder, &feed).await.close();
    let want = dump(&folder);
    std::fs::remove_dir_all(&folder).unwrap();
    open(&folder, &feed).await.close();
    assert_eq!(dump(&folder), want);

    let victim = folder.join("2026-11-21.db");
    std::fs::write(&victim, b"this is no database, but it is long enough to be taken for a damaged one").unwrap();
    open(&folder, &feed).await.close();
    assert_eq!(dump(&folder), want);
    assert!(folder.join("2026-11-21.db.damaged").exists());

    // Damaged inside: found when it is written to.
    let mut octets = std::fs::read(&victim).unwrap();
    let end = octets.len();
    octets[4096..end].fill(0xA5);
    std::fs::write(&victim, &octets).unwrap();
    open(&folder, &feed).await.close();
    feed.tx(day(2).start() + 23 * HOUR, vec![]);
    let ledger = open(&folder, &feed).await;
    // Found when it is read.
    for _ in 0..3 {
        let _ = ledger.search(Query { limit: 1000, ..Query::default() }).await;
        settled(&ledger).await;
    }
    settled(&ledger).await;
    ledger.close();
    assert_eq!(dump(&folder), want);
    assert!(folder.join("2026-11-21.db.damaged-1").exists());

    std::fs::write(folder.join("totals.db"), b"no database either, and long enough as well, as long as it takes").unwrap();
    open(&folder, &feed).await.close();
    assert_eq!(dump(&folder), want);
}

#[tokio::test]
async fn a_day_that_is_damaged_while_it_is_written_is_written_anew() {
    let feed = FakeFeed::default();
    lives(&feed, 300, 24);
    let dir = tempfile::tempdir().unwrap();
    open(dir.path(), &feed).await.close();
    let want = dump(dir.path());
    let again = tempfile::tempdir().unwrap();
    feed.show(Some(feed.transactions() / 2));
    open(again.path(), &feed).await.close();
    let victim = again.path().join("2026-11-21.db");
    let mut octets = std::fs::read(&victim).unwrap();
    octets[4096..].fill(0x5A);
    std::fs::write(&victim, &octets).unwrap();
    feed.show(None);
    open(again.path(), &feed).await.close();
    assert_eq!(dump(again.path()), want);
    assert!(again.path().join("2026-11-21.db.damaged").exists());
}

#[tokio::test]
async fn what_the_log_no_longer_has_is_missing_and_the_rest_is_there() {
    let feed = FakeFeed::default();
    lives(&feed, 200, 25);
    feed.trim(feed.transactions() / 2);
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path(), &feed).await;
    let n = ledger.search(Query { limit: 1000, ..Query::default() }).await.unwrap().messages.len();
    assert!((20..180).contains(&n), "{n}");
    assert_eq!(ledger.stats().errors, 0);
}

#[tokio::test]
async fn it_pushes_back_when_it_is_too_far_behind_and_lets_go_when_it_has_caught_up() {
    let feed = FakeFeed::default();
    let dir = tempfile::tempdir().unwrap();
    let t = day0();
    let lag = LagLimit { messages: 100, octets: 1 << 30 };
    let ledger = Ledger::open(LedgerOptions { lag, ..options(dir.path()) }, feed.clone()).unwrap();
    settled(&ledger).await;
    let mut pressure = ledger.pressure();
    assert_eq!(*pressure.borrow_and_update(), None);
    feed.fail(true);
    for id in 1..=200 {
        feed.tx(t, vec![accept(&feed, id, "shop", "connector:a", &mt("S", "+441", "x"), t + HOUR)]);
    }
    tokio::time::timeout(Duration::from_secs(30), pressure.changed()).await.unwrap().unwrap();
    assert_eq!(*pressure.borrow_and_update(), Some("the ledger is too far behind"));
    // It is measured at each attempt, and the first may have come before the last message.
    let whole = Lag { messages: Some(200), octets: None };
    let measured = async {
        while ledger.stats().lag != whole {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), measured).await.unwrap();
    assert!(ledger.stats().errors > 0);
    feed.fail(false);
    tokio::time::timeout(Duration::from_secs(30), pressure.changed()).await.unwrap().unwrap();
    assert_eq!(*pressure.borrow_and_update(), None);
    settled(&ledger).await;
    assert_eq!(ledger.search(Query { limit: 1000, ..Query::default() }).await.unwrap().messages.len(), 200);
}
