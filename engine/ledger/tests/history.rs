//! What the gateway asks of the ledger: messages by their references, and what became of a day's messages.
#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use waxwing_core::{History, LifeCounts, Message, MsgId, State};
use waxwing_ledger::{Day, Ledger, LedgerOptions, Query};
use waxwing_spool::{Event, Outcome};

fn referenced(reference: &str) -> Message {
    Message { reference: reference.into(), ..mt("S", "+441", "x") }
}

fn ids(found: Vec<MsgId>) -> Vec<u64> {
    found.into_iter().map(|id| id.0).collect()
}

#[tokio::test]
async fn a_message_is_found_by_any_word_of_its_reference_near_its_time() {
    let dir = tempfile::tempdir().unwrap();
    let feed = FakeFeed::default();
    // Around midnight, over several slices.
    let t = day0() + 24 * HOUR;
    let one = |id: u64, account: &str, reference: &str, at: u64| {
        feed.tx(at, vec![accept(&feed, id, account, "connector:a", &referenced(reference), at + HOUR)]);
    };
    one(10, "shop", "700", t - 610_000);
    one(20, "shop", "100 101 102", t - 590_000);
    one(70_000, "shop", "", t - 3_000);
    one(70_001, "bank", "200", t - 2_000);
    one(70_002, "shop", "200", t - 2_000);
    one(140_000, "shop", "200", t + 3_000);
    one(140_001, "shop", "200", t + 50_000);
    one(210_000, "shop", "300", t + 1_700_000);
    one(210_001, "shop", "1000", t + 1_700_000);
    let ledger = open(dir.path(), &feed).await;
    let find = |reference: &'static str, around: u64| ledger.find_reference("shop", reference, around);
    for word in ["100", "101", "102", "100 101 102"] {
        assert_eq!(ids(find(word, t).await), [20], "{word}");
    }
    for word in ["10", "1", "", "10%", "7001", "100 102"] {
        assert!(find(word, t).await.is_empty(), "{word:?}");
    }
    assert!(find("700", t).await.is_empty(), "too early");
    assert_eq!(ids(find("700", t - 10_000).await), [10]);
    assert_eq!(ids(find("200", t).await), [70_002, 140_000], "the nearest, and nobody else's");
    assert_eq!(ids(find("200", t + 40_000).await), [70_002, 140_000, 140_001]);
    assert_eq!(ids(find("300", t).await), [210_000], "it had waited for parts that did not come");
    assert!(find("300", t + 1_700_000 + 600_001).await.is_empty());
    assert_eq!(ids(ledger.find_reference("bank", "200", t).await), [70_001]);
    assert!(find("200", u64::MAX).await.is_empty() && find("200", 0).await.is_empty());
    let q = Query { reference: Some("101".into()), ..Query::default() };
    assert_eq!(ledger.search(q).await.unwrap().messages[0].reference, "100 101 102");
}

#[tokio::test]
async fn what_was_accepted_just_now_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let feed = FakeFeed::default();
    let options = LedgerOptions { linger: std::time::Duration::from_millis(200), ..options(dir.path()) };
    let ledger = Ledger::open(options, feed.clone()).unwrap();
    settled(&ledger).await;
    feed.tx(day0(), vec![accept(&feed, 1, "shop", "connector:a", &referenced("8"), day0() + HOUR)]);
    assert_eq!(ids(ledger.find_reference("shop", "8", day0()).await), [1]);
}

#[tokio::test]
async fn a_day_is_counted_by_what_was_handed_over() {
    let dir = tempfile::tempdir().unwrap();
    let feed = FakeFeed::default();
    let t = day0();
    let service = |name: &str| Message { service_type: name.into(), ..mt("S", "+441", "x") };
    let mut id = 0;
    let mut submit = |m: &Message, account: &str, at: u64| {
        id += 30_000;
        feed.tx(at, vec![accept(&feed, id, account, "connector:a", m, at + HOUR)]);
        id
    };
    let [queued, sent_, delivered, undelivered, refused, cancelled, retried] = [(); 7].map(|()| submit(&service("HELP"), "shop", t));
    submit(&service("NEWS"), "shop", t);
    submit(&service(""), "shop", t);
    submit(&service("HELP"), "bank", t);
    submit(&service("HELP"), "shop", t + 24 * HOUR);
    let [mo_queued, mo_done, mo_expired] = [(); 3].map(|()| submit(&mo("a", "+441", "12345", "x"), "shop", t));
    feed.tx(t + 1, vec![sent(sent_, "a", &["1"], 1)]);
    feed.tx(t + 1, vec![sent(delivered, "a", &["2"], 1)]);
    feed.tx(t + 1, vec![sent(undelivered, "a", &["3"], 1)]);
    feed.tx(t + 1, vec![settle(refused, Outcome::Failed, note("a", "10", "", State::Rejected))]);
    feed.tx(t + 1, vec![Event::Cancelled { id: MsgId(cancelled), note: "cancelled by shop".into() }]);
    let again = Outcome::Retry { at: t + 9, queue: None, count: true, sent: vec![] };
    feed.tx(t + 1, vec![settle(retried, again, note("a", "9", "", State::Queued))]);
    feed.tx(t + 1, vec![settle(mo_done, Outcome::Done, note("account", "", "", State::Delivered))]);
    let ledger = open(dir.path(), &feed).await;
    // What was counted before changes later, also on another day, and after a restart.
    feed.tx(t + 2, vec![settle(mo_expired, Outcome::Expired, note("account", "", "", State::Expired))]);
    feed.tx(t + 30 * HOUR, vec![receipt(delivered, 0, State::Delivered, true, "")]);
    settled(&ledger).await;
    drop(ledger);
    feed.tx(t + 31 * HOUR, vec![receipt(undelivered, 0, State::Undeliverable, true, "")]);
    let ledger = open(dir.path(), &feed).await;
    let help = LifeCounts { mt_messages: 7, mt_recipients: 7, mt_sent: 3, mt_waiting: 2, mt_failed: 2, ..LifeCounts::default() };
    assert_eq!(ledger.counts("shop", (t, t + 24 * HOUR), Some("HELP")).await, help);
    let news = LifeCounts { mt_messages: 1, mt_recipients: 1, mt_waiting: 1, ..LifeCounts::default() };
    assert_eq!(ledger.counts("shop", (t, t + 24 * HOUR), Some("NEWS")).await, news);
    let all = LifeCounts { mt_messages: 9, mt_recipients: 9, mt_waiting: 4, mo_delivered: 1, mo_waiting: 1, mo_failed: 1, ..help };
    assert_eq!(ledger.counts("shop", (t, t + 24 * HOUR), None).await, all);
    assert_eq!(ledger.counts("shop", (t + 24 * HOUR, t + 48 * HOUR), None).await, news);
    // A day of another zone has some of both; what lies at the end of it is told apart within its slice.
    assert_eq!(ledger.counts("shop", (t + 8 * HOUR, t + 32 * HOUR), None).await, news);
    submit(&service("NEWS"), "shop", t + 31 * HOUR);
    id -= 29_999;
    feed.tx(t + 33 * HOUR, vec![accept(&feed, id, "shop", "connector:a", &service("NEWS"), t + 34 * HOUR)]);
    settled(&ledger).await;
    let two = LifeCounts { mt_messages: 2, mt_recipients: 2, mt_waiting: 2, ..LifeCounts::default() };
    assert_eq!(ledger.counts("shop", (t + 8 * HOUR, t + 32 * HOUR), None).await, two);
    for time in [(t + 48 * HOUR, t + 72 * HOUR), (t, t), (t + 1, t), (0, 1), (u64::MAX - 1, u64::MAX)] {
        assert_eq!(ledger.counts("shop", time, None).await, LifeCounts::default());
    }
    assert_eq!((queued, mo_queued), (30_000, 12 * 30_000));
    let record = ledger.get(MsgId(queued)).await.unwrap().unwrap().message;
    assert_eq!(record.service_type, "HELP");
    // The counters agree with the rows.
    let counters = ledger.counters(Day::of(t), Day::of(t)).await.unwrap();
    let of = |account: &str| counters.iter().filter(|c| c.account == account).fold((0, 0), |n, c| (n.0 + c.messages, n.1 + c.sent));
    assert_eq!((of("shop"), of("bank")), ((12, 3), (1, 0)));
}
