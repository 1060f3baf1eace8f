//! What each event makes of a message.
#![allow(clippy::unwrap_used)]

mod common;

use bytes::Bytes;
use common::*;
use waxwing_core::{Address, History, Kind, Message, MsgId, State};
use waxwing_ledger::{Day, EventKind, Ledger, LedgerOptions, Life, Query};
use waxwing_spool::{Event, Outcome, SentPart};

async fn life(ledger: &Ledger, id: u64) -> Life {
    settled(ledger).await;
    ledger.get(MsgId(id)).await.unwrap().unwrap()
}

fn kinds(l: &Life) -> Vec<EventKind> {
    l.events.iter().map(|e| e.kind).collect()
}

#[tokio::test]
async fn a_message_is_accepted_sent_and_delivered() {
    let dir = tempfile::tempdir().unwrap();
    let feed = FakeFeed::default();
    let t = day0() + 9 * HOUR;
    let mut m = mt("Shop", "+44 7778 001210", "Hello");
    (m.reference, m.submitted_from) = ("order-1".into(), "127.0.0.1:5".into());
    feed.tx(t, vec![accept(&feed, 7, "shop", "connector:carrier-a", &m, t + HOUR)]);
    let ledger = open(dir.path(), &feed).await;
    let l = life(&ledger, 7).await;
    assert_eq!((l.message.state, l.message.connector.as_str(), l.message.attempts), (State::Queued, "carrier-a", 0));
    assert_eq!((l.message.account.as_str(), l.message.door.as_str(), l.message.kind), ("shop", "smpp", Kind::Mt));
    assert_eq!((l.message.source.clone(), l.message.destination.clone()), (m.source.clone(), m.destination.clone()));
    assert_eq!((l.message.text.as_deref(), l.message.octets), (Some("Hello"), 5));
    assert_eq!((l.message.reference.as_str(), l.message.submitted_from.as_str()), ("order-1", "127.0.0.1:5"));
    assert_eq!((l.message.accepted, l.message.expires, l.message.sent, l.message.done), (t, t + HOUR, None, None));

    feed.tx(t + 1, vec![sent(7, "carrier-a", &["AB12"], 1)]);
    let l = life(&ledger, 7).await;
    assert_eq!((l.message.state, l.message.sent, l.message.remote_id.as_str()), (State::Enroute, Some(t + 1), "AB12"));
    assert_eq!((l.message.attempts, l.message.done), (1, None));

    feed.tx(t + 2, vec![accept(&feed, 8, "shop", "account:shop", &receipt_for(7), t + HOUR), receipt(7, 0, State::Delivered, true, "000")]);
    feed.tx(t + 3, vec![settle(8, Outcome::Done, note("account", "", "", State::Delivered))]);
    let l = life(&ledger, 7).await;
    assert_eq!((l.message.state, l.message.done, l.message.error.as_str()), (State::Delivered, Some(t + 2), ""));
    assert_eq!(kinds(&l), [EventKind::Accepted, EventKind::Sent, EventKind::Receipt, EventKind::ReceiptSent]);
    assert_eq!((l.events[1].code.as_str(), l.events[1].connector.as_str()), ("AB12", "carrier-a"));
    assert_eq!((l.events[2].state, l.events[2].part, l.events[2].words.as_str()), (Some(State::Delivered), Some(0), "DELIVRD"));
    assert_eq!(l.events.iter().map(|e| e.at).collect::<Vec<_>>(), [t, t + 1, t + 2, t + 3]);
    assert!(ledger.get(MsgId(8)).await.unwrap().is_none(), "a receipt is no message");
    assert!(ledger.get(MsgId(9)).await.unwrap().is_none());
}

#[tokio::test]
async fn failures_moves_and_second_lives_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let feed = FakeFeed::default();
    let t = day0();
    feed.tx(t, vec![accept(&feed, 1, "shop", "connector:a", &mt("S", "+441", "x"), t + HOUR)]);
    let part = |part, remote: &'static str| SentPart { part, remote: Bytes::from_static(remote.as_bytes()) };
    let retry = Outcome::Retry { at: t + 90, queue: None, count: true, sent: vec![part(0, "p0")] };
    feed.tx(t + 1, vec![settle(1, retry, note("a", "ESME_RSYSERR", "system error", State::Queued))]);
    let ledger = open(dir.path(), &feed).await;
    let l = life(&ledger, 1).await;
    assert_eq!((l.message.state, l.message.due, l.message.attempts), (State::Queued, Some(t + 90), 1));
    assert_eq!((l.message.error.as_str(), l.message.reason.as_str()), ("ESME_RSYSERR", "system error"));

    let moved = Outcome::Retry { at: t + 2, queue: Some(feed.queue_id("connector:b")), count: false, sent: vec![] };
    feed.tx(t + 2, vec![settle(1, moved, note("a", "", "away", State::Queued))]);
    feed.tx(t + 3, vec![settle(1, Outcome::Failed, note("b", "11", "bad number", State::Rejected))]);
    let l = life(&ledger, 1).await;
    assert_eq!((l.message.state, l.message.connector.as_str(), l.message.done), (State::Rejected, "b", Some(t + 3)));
    assert_eq!((l.message.error.as_str(), l.message.attempts, l.message.remote_id.as_str()), ("11", 2, "p0"));

    feed.tx(t + 4, vec![Event::Replayed { id: MsgId(1), queue: feed.queue_id("connector:c") }]);
    let l = life(&ledger, 1).await;
    assert_eq!((l.message.state, l.message.connector.as_str(), l.message.done, l.message.attempts), (State::Queued, "c", None, 0));
    assert_eq!((l.message.error.as_str(), l.message.reason.as_str()), ("", ""));

    feed.tx(
        t + 5,
        vec![Event::Replaced { id: MsgId(1), body: mt("S", "+441", "other text").to_bytes(), due: None, expires: Some(t + 2 * HOUR) }],
    );
    feed.tx(t + 6, vec![Event::Note { id: Some(MsgId(1)), kind: 99, note: "a remark".into() }]);
    feed.tx(t + 7, vec![Event::Cancelled { id: MsgId(1), note: "cancelled by shop".into() }]);
    let l = life(&ledger, 1).await;
    assert_eq!(
        (l.message.state, l.message.reason.as_str(), l.message.text.as_deref()),
        (State::Deleted, "cancelled by shop", Some("other text"))
    );
    assert_eq!((l.message.octets, l.message.expires), (10, t + 2 * HOUR));
    use EventKind::*;
    assert_eq!(kinds(&l), [Accepted, Retry, Moved, Failed, Replayed, Replaced, Note, Cancelled]);
    assert_eq!((l.events[2].connector.as_str(), l.events[6].words.as_str(), l.events[6].code.as_str()), ("b", "a remark", "99"));
}

#[tokio::test]
async fn the_parts_of_a_message_are_folded_into_one_state() {
    let dir = tempfile::tempdir().unwrap();
    let feed = FakeFeed::default();
    let t = day0();
    for id in [1, 2, 3] {
        feed.tx(t, vec![accept(&feed, id, "shop", "connector:a", &mt("S", "+441", "long"), t + HOUR), sent(id, "a", &["x", "y", "z"], 3)]);
    }
    let ledger = open(dir.path(), &feed).await;
    feed.tx(t + 1, vec![receipt(1, 2, State::Delivered, false, "000"), receipt(1, 0, State::Undeliverable, false, "011")]);
    let l = life(&ledger, 1).await;
    assert_eq!((l.message.state, l.message.parts, l.message.done), (State::Enroute, 3, None));
    assert_eq!(l.message.part_states, [Some(State::Undeliverable), None, Some(State::Delivered)]);
    feed.tx(t + 2, vec![receipt(1, 1, State::Delivered, true, "000")]);
    let l = life(&ledger, 1).await;
    assert_eq!((l.message.state, l.message.error.as_str(), l.message.done), (State::Undeliverable, "011", Some(t + 2)));

    feed.tx(t + 3, (0..3).map(|p| receipt(2, p, State::Delivered, p == 2, "000")).collect());
    assert_eq!(life(&ledger, 2).await.message.state, State::Delivered);
    feed.tx(t + 4, vec![receipt(3, 0, State::Delivered, false, ""), Event::GaveUp { id: MsgId(3) }]);
    let l = life(&ledger, 3).await;
    assert_eq!((l.message.state, l.message.reason.as_str()), (State::Sent, "no receipt came in time"));
}

#[tokio::test]
async fn received_messages_are_rows_and_their_parts_are_not() {
    let dir = tempfile::tempdir().unwrap();
    let feed = FakeFeed::default();
    let t = day0();
    let ucs2 = Message {
        text: None,
        data_coding: 8,
        payload: Bytes::from_static(b"\x4e\x2d\x65\x87"),
        ..mo("carrier-a", "+4915112345", "12345", "")
    };
    let binary =
        Message { text: None, data_coding: 4, payload: Bytes::from_static(b"\x01\x02\x03"), ..mo("carrier-a", "+4915112345", "12345", "") };
    let part = Message { kind: Kind::MoPart as i32, ..mo("carrier-a", "+4915112345", "12345", "half") };
    feed.tx(t, vec![accept(&feed, 1, "shop", "account:shop", &ucs2, t + HOUR)]);
    feed.tx(t, vec![accept(&feed, 2, "", "inbox:", &binary, t + HOUR)]);
    feed.tx(t, vec![accept(&feed, 3, "", "parts:", &part, t + HOUR), Event::Cancelled { id: MsgId(3), note: "joined".into() }]);
    let submitted = Message { kind: Kind::MtPart as i32, ..mt("S", "+441", "half") };
    feed.tx(t, vec![accept(&feed, 4, "shop", "parts:", &submitted, t + HOUR)]);
    feed.tx(t + 1, vec![settle(1, Outcome::Done, note("webhook", "", "", State::Delivered))]);
    let ledger = open(dir.path(), &feed).await;
    let l = life(&ledger, 1).await;
    assert_eq!((l.message.kind, l.message.connector.as_str(), l.message.text.as_deref()), (Kind::Mo, "carrier-a", Some("中文")));
    assert_eq!((l.message.state, l.message.done, l.message.octets), (State::Delivered, Some(t + 1), 4));
    assert_eq!((kinds(&l).as_slice(), l.events[1].connector.as_str()), ([EventKind::Accepted, EventKind::Delivered].as_slice(), "webhook"));
    let l = life(&ledger, 2).await;
    assert_eq!((l.message.text, l.message.account.as_str(), l.message.state), (None, "", State::Queued));
    assert!(ledger.get(MsgId(3)).await.unwrap().is_none());
    // In a later batch than the part itself.
    feed.tx(t + 2, vec![Event::Cancelled { id: MsgId(4), note: "joined".into() }]);
    settled(&ledger).await;
    assert!(ledger.get(MsgId(4)).await.unwrap().is_none());
}

#[tokio::test]
async fn what_becomes_of_receipts_to_the_submitter_is_told_with_the_message() {
    let dir = tempfile::tempdir().unwrap();
    let feed = FakeFeed::default();
    let t = day0() + 23 * HOUR;
    feed.tx(t, vec![accept(&feed, 1, "shop", "connector:a", &mt("S", "+441", "x"), t + HOUR)]);
    let ledger = open(dir.path(), &feed).await;
    // The receipt is accepted on the next day, and settled on the day after that.
    feed.tx(t + 2 * HOUR, vec![accept(&feed, 2, "shop", "hook:shop", &receipt_for(1), t + 72 * HOUR)]);
    settled(&ledger).await;
    let retry = |count| Outcome::Retry { at: t, queue: None, count, sent: vec![] };
    feed.tx(t + 3 * HOUR, vec![settle(2, retry(true), note("webhook", "HTTP 500", "oops", State::Queued))]);
    feed.tx(t + 3 * HOUR, vec![settle(2, retry(false), note("webhook", "", "", State::Queued))]);
    feed.tx(t + 26 * HOUR, vec![settle(2, Outcome::Expired, note("webhook", "", "validity ended", State::Expired))]);
    let l = life(&ledger, 1).await;
    assert_eq!(kinds(&l), [EventKind::Accepted, EventKind::ReceiptRetry, EventKind::ReceiptExpired]);
    assert_eq!((l.events[1].code.as_str(), l.events[1].words.as_str()), ("HTTP 500", "oops"));
    assert_eq!(l.message.state, State::Queued);
}

#[tokio::test]
async fn events_for_older_days_go_to_the_older_file() {
    let dir = tempfile::tempdir().unwrap();
    let feed = FakeFeed::default();
    let t = day0() + 23 * HOUR;
    feed.tx(t, vec![accept(&feed, 1, "shop", "connector:a", &mt("S", "+441", "x"), t + HOUR), sent(1, "a", &["r"], 1)]);
    feed.tx(t + 2 * HOUR, vec![accept(&feed, 2, "shop", "connector:a", &mt("S", "+442", "x"), t + HOUR)]);
    feed.tx(t + 3 * HOUR, vec![receipt(1, 0, State::Delivered, true, ""), sent(2, "a", &["q"], 1)]);
    let ledger = open(dir.path(), &feed).await;
    assert_eq!(life(&ledger, 1).await.message.state, State::Delivered);
    assert_eq!(life(&ledger, 2).await.message.state, State::Enroute);
    drop(ledger);
    let rows = dump(dir.path());
    let of = |day: &str, table: &str| rows.iter().filter(|r| r.starts_with(&format!("{day} {table}"))).count();
    assert_eq!((of("2026-11-20", "message"), of("2026-11-20", "event")), (1, 2));
    assert_eq!((of("2026-11-21", "message"), of("2026-11-21", "event")), (1, 1));
}

#[tokio::test]
async fn what_cannot_be_read_or_is_unknown_stops_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let feed = FakeFeed::default();
    let t = day0();
    let mut broken = accept(&feed, 1, "shop", "connector:a", &mt("S", "+441", "x"), t + HOUR);
    if let Event::Accepted { entry, .. } = &mut broken {
        entry.body = Bytes::from_static(b"\xff\xff\xff");
    }
    feed.tx(t, vec![broken, Event::Parked { source: feed.queue_id("connector:a"), remote: "x".into(), body: "y".into() }]);
    feed.tx(t, vec![Event::Unparked { key: 1 }, Event::GaveUp { id: MsgId(500) }, receipt(1, 0, State::Delivered, true, "")]);
    feed.tx(t, vec![Event::Note { id: None, kind: 1, note: Bytes::new() }, settle(1, Outcome::Failed, Bytes::from_static(b"\xff"))]);
    feed.tx(t, vec![accept(&feed, 2, "shop", "connector:a", &mt("S", "+441", "x"), t + HOUR)]);
    // A note that is none: the outcome alone decides.
    feed.tx(t, vec![settle(2, Outcome::Failed, Bytes::from_static(b"\xff"))]);
    let ledger = open(dir.path(), &feed).await;
    assert!(ledger.get(MsgId(1)).await.unwrap().is_none());
    assert_eq!(life(&ledger, 2).await.message.state, State::Failed);
    assert_eq!(ledger.stats().errors, 0);
}

#[tokio::test]
async fn texts_are_not_kept_where_that_is_wished() {
    let dir = tempfile::tempdir().unwrap();
    let feed = FakeFeed::default();
    let t = day0();
    feed.tx(t, vec![accept(&feed, 1, "shop", "connector:a", &mt("S", "+441", "secret one"), t + HOUR)]);
    feed.tx(t, vec![Event::Replaced { id: MsgId(1), body: mt("S", "+441", "secret two").to_bytes(), due: None, expires: None }]);
    feed.tx(t, vec![sent(1, "a", &["r"], 1), receipt(1, 0, State::Delivered, true, "")]);
    let ledger = Ledger::open(LedgerOptions { keep_text: false, ..options(dir.path()) }, feed.clone()).unwrap();
    let l = life(&ledger, 1).await;
    assert_eq!((l.message.text, l.message.octets), (None, 10));
    ledger.close();
    for row in dump(dir.path()) {
        assert!(!row.contains("secret"), "{row}");
    }
}

#[tokio::test]
async fn history_tells_what_has_left_the_spool() {
    let dir = tempfile::tempdir().unwrap();
    let feed = FakeFeed::default();
    let t = day0();
    let latin = Message { source: Address::new(5, 0, Bytes::from_static(b"Caf\xe9")), ..mt("", "+441", "x") };
    let shop = Address::parse("Shop");
    feed.tx(t, vec![accept(&feed, 1, "shop", "connector:a", &latin, t + HOUR)]);
    let ledger = Ledger::open(LedgerOptions { linger: std::time::Duration::from_secs(3600), ..options(dir.path()) }, feed.clone()).unwrap();
    // What happened a moment ago is waited for, although the ledger lingers.
    feed.tx(t + 5, vec![settle(1, Outcome::Failed, note("a", "77", "no", State::Rejected))]);
    let s = ledger.find(MsgId(1)).await.unwrap();
    assert_eq!((s.id, &*s.account, s.state, s.done, s.error.as_str()), (MsgId(1), "shop", State::Rejected, Some(t + 5), "77"));
    assert_eq!((s.source, s.destination), (latin.source.clone(), latin.destination.clone()));
    assert_eq!(ledger.find(MsgId(2)).await, None);

    for (id, account, from, to) in
        [(3, "shop", "Shop", "+441"), (4, "bank", "Shop", "+441"), (5, "shop", "Bank", "+441"), (6, "shop", "Shop", "+442")]
    {
        feed.tx(t + id, vec![accept(&feed, id, account, "connector:a", &mt(from, to, "x"), t + HOUR)]);
    }
    feed.tx(t + 25 * HOUR, vec![accept(&feed, 7, "shop", "connector:a", &mt("Shop", "+441", "x"), t + 26 * HOUR)]);
    let to = Address::parse("+441");
    assert_eq!(ledger.queued_between("shop", &shop, &to).await, [MsgId(3), MsgId(7)]);
    feed.tx(t + 26 * HOUR, vec![sent(3, "a", &["r"], 1)]);
    assert_eq!(ledger.queued_between("shop", &shop, &to).await, [MsgId(7)]);
    assert_eq!(ledger.search(Query::default()).await.unwrap().messages.len(), 6);
    assert_eq!(Day::of(t + 25 * HOUR).to_string(), "2026-11-21");
}
