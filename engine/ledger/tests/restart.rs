//! Wherever it is broken off: in the end the files say the same.
#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use waxwing_core::MsgId;
use waxwing_ledger::{Day, Ledger, LedgerOptions, Query};

/// The files as they are when nothing goes wrong.
async fn reference(feed: &FakeFeed) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path(), feed).await;
    drop(ledger);
    dump(dir.path())
}

#[tokio::test]
async fn broken_off_between_batches_it_goes_on_as_if_nothing_had_been() {
    let feed = FakeFeed::default();
    lives(&feed, 300, 1);
    let want = reference(&feed).await;
    assert!(want.len() > 1000, "{}", want.len());
    let dir = tempfile::tempdir().unwrap();
    let mut dice = Dice(7);
    let mut shown = 0;
    while shown < feed.transactions() {
        shown += 1 + dice.roll(120);
        feed.show(Some(shown));
        let ledger = Ledger::open(LedgerOptions { batch: 1 + dice.roll(40) as usize, ..options(dir.path()) }, feed.clone()).unwrap();
        settled(&ledger).await;
        if dice.roll(3) == 0 {
            ledger.close();
        }
        drop(ledger); // mostly without having made anything durable, or having told the feed
    }
    assert_eq!(dump(dir.path()), want);
}

#[tokio::test]
async fn broken_off_at_any_moment_it_goes_on_as_if_nothing_had_been() {
    let feed = FakeFeed::default();
    lives(&feed, 300, 2);
    let want = reference(&feed).await;
    let dir = tempfile::tempdir().unwrap();
    for _ in 0..20 {
        // Dropped wherever the thread happens to be.
        drop(Ledger::open(LedgerOptions { batch: 50, ..options(dir.path()) }, feed.clone()).unwrap());
    }
    drop(open(dir.path(), &feed).await);
    assert_eq!(dump(dir.path()), want);
}

#[tokio::test]
async fn a_file_that_fell_back_behind_the_others_catches_up() {
    // After a power cut each file may have lost its last batches, the one more, the other fewer.
    let feed = FakeFeed::default();
    lives(&feed, 300, 3);
    let want = reference(&feed).await;
    let (dir, old) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let copy = |name: &str, from: &std::path::Path, to: &std::path::Path| std::fs::copy(from.join(name), to.join(name)).unwrap();
    feed.show(Some(feed.transactions() * 2 / 3));
    open(dir.path(), &feed).await.close();
    for name in ["2026-11-20.db", "2026-11-21.db", "totals.db"] {
        copy(name, dir.path(), old.path());
    }
    feed.show(None);
    open(dir.path(), &feed).await.close();
    assert_eq!(dump(dir.path()), want);
    copy("2026-11-20.db", old.path(), dir.path());
    copy("totals.db", old.path(), dir.path());
    assert_ne!(dump(dir.path()), want);
    drop(open(dir.path(), &feed).await);
    assert_eq!(dump(dir.path()), want);
}

#[tokio::test]
async fn the_feed_is_told_only_what_is_durable_and_only_once_it_is() {
    let feed = FakeFeed::default();
    let dir = tempfile::tempdir().unwrap();
    let t = day0();
    let last = feed.tx(t, vec![accept(&feed, 1, "shop", "connector:a", &mt("S", "+441", "x"), t + HOUR)]);
    let ledger = open(dir.path(), &feed).await;
    drop(ledger);
    assert!(feed.acked().is_none_or(|c| c == last));
    let ledger = open(dir.path(), &feed).await;
    ledger.close();
    assert_eq!(feed.acked(), Some(last));
    let totals = rusqlite::Connection::open(dir.path().join("totals.db")).unwrap();
    let at: (i64, i64) = totals.query_row("SELECT segment, offset FROM position", [], |r| Ok((r.get(0)?, r.get(1)?))).unwrap();
    assert_eq!(at, (last.segment as i64, last.offset as i64));
}

#[tokio::test]
async fn a_transaction_is_never_divided() {
    let feed = FakeFeed::default();
    let t = day0();
    feed.tx(t, (1..=30).map(|id| accept(&feed, id, "shop", "connector:a", &mt("S", "+441", "x"), t + HOUR)).collect());
    let last = feed.tx(t, (1..=30).map(|id| sent(id, "a", &["r"], 1)).collect());
    let want = reference(&feed).await;
    let dir = tempfile::tempdir().unwrap();
    for _ in 0..3 {
        let ledger = Ledger::open(LedgerOptions { batch: 7, ..options(dir.path()) }, feed.clone()).unwrap();
        settled(&ledger).await;
        ledger.close();
        assert_eq!(feed.acked(), Some(last));
    }
    assert_eq!(dump(dir.path()), want);
}

#[tokio::test]
async fn with_another_log_it_begins_anew_and_keeps_the_days_before() {
    let dir = tempfile::tempdir().unwrap();
    let t = day0();
    let message = |feed: &FakeFeed, at: u64, id: u64, text: &str| {
        feed.tx(at, vec![accept(feed, id, "shop", "connector:a", &mt("S", "+441", text), at + HOUR)])
    };
    let old = FakeFeed::default();
    message(&old, t, 1, "old, of the day before");
    for id in 2..=6 {
        message(&old, t + 24 * HOUR, id, "old");
        old.tx(t + 24 * HOUR, vec![sent(id, "a", &["r"], 1)]);
    }
    open(dir.path(), &old).await.close();
    let new = FakeFeed::default();
    message(&new, t + 25 * HOUR, 2, "new");
    new.tx(t + 25 * HOUR, vec![sent(2, "a", &["q"], 2)]);
    open(dir.path(), &new).await.close();
    message(&new, t + 25 * HOUR, 3, "new");
    let ledger = open(dir.path(), &new).await;
    let all = ledger.search(Query::default()).await.unwrap().messages;
    let texts: Vec<_> = all.iter().map(|m| (m.id.0, m.text.as_deref().unwrap_or_default())).collect();
    assert_eq!(texts, [(6, "old"), (5, "old"), (4, "old"), (3, "new"), (2, "new"), (1, "old, of the day before")]);
    let life = ledger.get(MsgId(2)).await.unwrap().unwrap();
    assert_eq!(life.events.iter().map(|e| e.code.as_str()).collect::<Vec<_>>(), ["smpp", "q"]);
    let counts = ledger.counters(Day::of(t), Day::of(t + 24 * HOUR)).await.unwrap();
    assert_eq!(counts.iter().map(|c| (c.messages, c.parts)).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1)), (6, 7));
}
