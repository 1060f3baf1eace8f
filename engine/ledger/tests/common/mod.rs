//! A small feed in memory, and lives to put into it.
#![allow(dead_code, clippy::unwrap_used, missing_docs, unreachable_pub)]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use prost::Message as _;
use tokio::sync::watch;
use waxwing_core::{Address, CarrierReceipt, Clock, Door, Kind, Message, MsgId, OutcomeNote, Receipt, State};
use waxwing_ledger::{Day, Feed, Ledger, LedgerOptions};
use waxwing_spool::{BoxFuture, Cursor, Event, FeedItem, GroupId, NewEntry, Outcome, QueueId, SentPart, SpoolError};

pub const HOUR: u64 = 3_600_000;

/// 2026-11-20, 00:00 UTC.
pub fn day0() -> u64 {
    "2026-11-20".parse::<Day>().unwrap().start()
}

#[derive(Clone, Default)]
pub struct FakeFeed(Arc<Inner>);

#[derive(Default)]
struct Inner {
    state: Mutex<State_>,
    grown: watch::Sender<u64>,
    reads: AtomicU64,
}

#[derive(Default)]
struct State_ {
    items: Vec<FeedItem>,
    next: u64,
    names: Vec<Arc<str>>,
    acked: Option<Cursor>,
    accepted: u64,
    /// Nothing beyond this transaction is shown.
    shown: Option<u64>,
    /// Nothing up to this transaction is kept.
    trimmed: u64,
    failing: bool,
}

impl FakeFeed {
    pub fn queue_id(&self, name: &str) -> QueueId {
        QueueId(self.name(name))
    }

    pub fn group_id(&self, name: &str) -> GroupId {
        GroupId(self.name(name))
    }

    fn name(&self, name: &str) -> u32 {
        let mut s = self.0.state.lock();
        let at = s.names.iter().position(|n| **n == *name).unwrap_or_else(|| {
            s.names.push(name.into());
            s.names.len() - 1
        });
        at as u32
    }

    /// One transaction.
    pub fn tx(&self, at: u64, events: Vec<Event>) -> Cursor {
        let mut s = self.0.state.lock();
        s.next += 1;
        let cursor = Cursor { segment: 1 + s.next / 100, offset: s.next };
        s.accepted += events.iter().filter(|e| matches!(e, Event::Accepted { .. })).count() as u64;
        s.items.extend(events.into_iter().map(|event| FeedItem { cursor, at, event }));
        drop(s);
        self.0.grown.send_modify(|n| *n += 1);
        cursor
    }

    pub fn show(&self, transactions: Option<u64>) {
        self.0.state.lock().shown = transactions;
        self.0.grown.send_modify(|n| *n += 1);
    }

    pub fn trim(&self, transactions: u64) {
        self.0.state.lock().trimmed = transactions;
    }

    pub fn fail(&self, failing: bool) {
        self.0.state.lock().failing = failing;
        self.0.grown.send_modify(|n| *n += 1);
    }

    pub fn transactions(&self) -> u64 {
        self.0.state.lock().next
    }

    pub fn acked(&self) -> Option<Cursor> {
        self.0.state.lock().acked
    }

    pub fn reads(&self) -> u64 {
        self.0.reads.load(Ordering::Relaxed)
    }
}

impl Feed for FakeFeed {
    fn read(&self, after: Cursor, max_bytes: usize) -> Result<Vec<FeedItem>, SpoolError> {
        self.0.reads.fetch_add(1, Ordering::Relaxed);
        let s = self.0.state.lock();
        if s.failing {
            return Err(SpoolError::Closing);
        }
        let start = s.items.partition_point(|i| i.cursor <= after || i.cursor.offset <= s.trimmed);
        let shown = s.shown.unwrap_or(u64::MAX);
        let mut out: Vec<FeedItem> = Vec::new();
        for i in s.items[start..].iter().take_while(|i| i.cursor.offset <= shown) {
            if out.len() >= max_bytes / 300 && out.last().is_some_and(|l| l.cursor != i.cursor) {
                break;
            }
            out.push(i.clone());
        }
        Ok(out)
    }

    fn ready(&self, after: Cursor) -> BoxFuture<'static, ()> {
        let this = self.clone();
        let mut grown = this.0.grown.subscribe();
        Box::pin(async move {
            while this.read(after, 1).is_ok_and(|i| i.is_empty()) {
                if grown.changed().await.is_err() {
                    return;
                }
            }
        })
    }

    fn ack(&self, reader: &str, upto: Cursor) {
        assert_eq!(reader, "ledger");
        self.0.state.lock().acked = Some(upto);
    }

    fn register(&self, reader: &str, at: Option<Cursor>) -> Cursor {
        assert_eq!(reader, "ledger");
        let s = self.0.state.lock();
        let oldest = s.items.iter().rev().find(|i| i.cursor.offset <= s.trimmed).map_or(Cursor::default(), |i| i.cursor);
        let end = s.items.last().map_or(Cursor::default(), |i| i.cursor);
        // As the embedded spool does it: what lies behind the end is a place in another log.
        at.filter(|at| *at <= end).unwrap_or_default().max(oldest)
    }

    fn queue(&self, id: QueueId) -> Option<Arc<str>> {
        self.0.state.lock().names.get(id.0 as usize).cloned()
    }

    fn group(&self, id: GroupId) -> Option<Arc<str>> {
        self.0.state.lock().names.get(id.0 as usize).cloned()
    }

    fn accepted(&self) -> u64 {
        self.0.state.lock().accepted
    }

    fn behind(&self, _: Cursor) -> Option<u64> {
        None
    }
}

/// Options for tests: nothing lingers, and it is the evening of the third day.
pub fn options(folder: &Path) -> LedgerOptions {
    LedgerOptions { linger: Duration::ZERO, clock: Clock::new(|| day0() + 2 * 24 * HOUR + 20 * HOUR), ..LedgerOptions::new(folder) }
}

/// Opens it and waits until everything is stored.
pub async fn open(folder: &Path, feed: &FakeFeed) -> Arc<Ledger> {
    let ledger = Ledger::open(options(folder), feed.clone()).unwrap();
    settled(&ledger).await;
    ledger
}

pub async fn settled(ledger: &Ledger) {
    assert!(ledger.caught_up(Duration::from_secs(60)).await, "the ledger does not catch up");
}

pub fn note(place: &str, code: &str, reason: &str, state: State) -> Bytes {
    OutcomeNote { place: place.into(), code: code.into(), reason: reason.into(), state: state as i32 }.encode_to_vec().into()
}

pub fn mt(from: &str, to: &str, text: &str) -> Message {
    Message {
        kind: Kind::Mt as i32,
        door: Door::Smpp as i32,
        source: Address::parse(from),
        destination: Address::parse(to),
        text: Some(text.to_owned()),
        ..Message::default()
    }
}

pub fn mo(connector: &str, from: &str, to: &str, text: &str) -> Message {
    let (kind, door) = (Kind::Mo as i32, Door::Connector as i32);
    Message { kind, door, connector: connector.to_owned(), ..mt(from, to, text) }
}

pub fn receipt_for(id: u64) -> Message {
    let receipt = Some(Box::new(Receipt { id, state: State::Delivered as i32, ..Receipt::default() }));
    Message { kind: Kind::Receipt as i32, receipt, ..mt("4477", "12345", "") }
}

pub fn accept(feed: &FakeFeed, id: u64, account: &str, queue: &str, m: &Message, expires: u64) -> Event {
    let entry = NewEntry {
        queue: feed.queue_id(queue),
        group: feed.group_id(account),
        priority: 1,
        due: 0,
        expires,
        dedup: None,
        body: m.to_bytes(),
    };
    Event::Accepted { id: MsgId(id), entry }
}

pub fn settle(id: u64, outcome: Outcome, note: Bytes) -> Event {
    Event::Settled { id: MsgId(id), queue: QueueId(0), outcome, note }
}

pub fn sent(id: u64, connector: &str, remotes: &[&str], total: u8) -> Event {
    let parts = remotes.iter().enumerate().map(|(n, r)| SentPart { part: n as u8, remote: Bytes::copy_from_slice(r.as_bytes()) }).collect();
    settle(id, Outcome::Sent { parts, total, await_until: Some(u64::MAX) }, note(connector, "", "", State::Enroute))
}

pub fn receipt(id: u64, part: u8, state: State, done: bool, error: &str) -> Event {
    let r = CarrierReceipt {
        state: state as i32,
        error: error.to_owned().into(),
        stat: state.stat().into(),
        raw: "text:secret".into(),
        ..CarrierReceipt::default()
    };
    Event::Receipt { id: MsgId(id), part, state: state.code(), done, note: r.encode_to_vec().into() }
}

/// Numbers that look random and are the same in every run.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

/// Puts lives of `n` messages into a feed, over three days, interleaved, with everything that can happen.
pub fn lives(feed: &FakeFeed, n: u64, seed: u64) {
    let mut dice = Dice(seed);
    let (mut at, mut id) = (day0(), 100);
    let step = 3 * 24 * HOUR / (n * 4);
    let mut living: Vec<(u64, u8)> = Vec::new();
    let mut born = 0;
    while born < n || !living.is_empty() {
        at += step * 2 * dice.roll(2);
        let at = at.min(day0() + 3 * 24 * HOUR - 1);
        if born < n && (living.len() < 20 || dice.roll(3) == 0) {
            // Far enough apart that there are many slices.
            id += 1 + dice.roll(3) * 20_000;
            born += 1;
            feed.tx(at, birth(feed, &mut dice, id, at));
            living.push((id, 0));
            continue;
        }
        let which = dice.roll(living.len() as u64) as usize;
        let (m, stage) = living[which];
        match next(feed, &mut dice, &mut id, m, stage, at) {
            Some((events, stage)) => {
                feed.tx(at, events);
                living[which].1 = stage;
            }
            None => {
                living.swap_remove(which);
            }
        }
    }
}

const ACCOUNTS: [&str; 3] = ["shop", "bank", "school"];
const CONNECTORS: [&str; 3] = ["carrier-a", "carrier-b", "modem-1"];

fn birth(feed: &FakeFeed, dice: &mut Dice, id: u64, at: u64) -> Vec<Event> {
    let account = ACCOUNTS[dice.roll(3) as usize];
    let number = format!("4477780012{:02}", dice.roll(40));
    let expires = at + 48 * HOUR;
    if dice.roll(5) == 0 {
        let m = mo(CONNECTORS[dice.roll(3) as usize], &number, "12345", "yes PLEASE");
        vec![accept(feed, id, account, &format!("account:{account}"), &m, expires)]
    } else {
        let queue = format!("connector:{}", CONNECTORS[dice.roll(3) as usize]);
        let sender = ["Shop", "12345", "Bank"][dice.roll(3) as usize];
        let mut m = mt(sender, &number, &format!("Your code is {:04}", dice.roll(10_000)));
        m.reference = ["", "order", "order 7", "11 order-7 12"][dice.roll(4) as usize].to_owned();
        m.service_type = ["", "", "WAP"][dice.roll(3) as usize].to_owned();
        vec![accept(feed, id, account, &queue, &m, expires)]
    }
}

/// What happens next to a message. Stages: 0 queued, 1 sent in two parts, 2 first part delivered, 3 final with a receipt under way.
fn next(feed: &FakeFeed, dice: &mut Dice, id: &mut u64, m: u64, stage: u8, at: u64) -> Option<(Vec<Event>, u8)> {
    let connector = CONNECTORS[dice.roll(3) as usize];
    Some(match (stage, dice.roll(12)) {
        (0, 0) => (vec![settle(m, Outcome::Failed, note(connector, "ESME_RINVDSTADR", "bad number", State::Rejected))], 4),
        (0, 1) => (vec![Event::Cancelled { id: MsgId(m), note: "cancelled by shop".into() }], 5),
        (0, 2) => (vec![settle(m, Outcome::Expired, note(connector, "", "validity ended", State::Expired))], 5),
        (0, 3) => {
            let outcome = Outcome::Retry { at: at + 30_000, queue: None, count: true, sent: Vec::new() };
            (vec![settle(m, outcome, note(connector, "ESME_RSYSERR", "system error", State::Queued))], 0)
        }
        (0, 4) => {
            let outcome =
                Outcome::Retry { at, queue: Some(feed.queue_id(&format!("connector:{connector}"))), count: false, sent: Vec::new() };
            (vec![settle(m, outcome, note("carrier-a", "", "moved", State::Queued))], 0)
        }
        (0, 5) => {
            let body = mt("Shop", "447778001299", "Another text").to_bytes();
            (vec![Event::Replaced { id: MsgId(m), body, due: Some(at + 5), expires: None }], 0)
        }
        (0, 6) => (vec![settle(m, Outcome::Done, note("account", "", "", State::Delivered))], 5),
        (0, _) => (vec![sent(m, connector, &[&format!("{m:x}a"), &format!("{m:x}b")], 2)], 1),
        (1, 0) => (vec![Event::GaveUp { id: MsgId(m) }], 5),
        (1, _) => (vec![receipt(m, 0, State::Delivered, false, "000")], 2),
        (2, r) => {
            *id += 1;
            let state = if r < 3 { State::Undeliverable } else { State::Delivered };
            let to = receipt_for(m);
            let told = accept(feed, *id, "shop", "account:shop", &to, at + 72 * HOUR);
            let told_id = *id;
            let mut events = vec![told, receipt(m, 1, state, true, "011")];
            if r > 6 {
                events.push(settle(told_id, Outcome::Done, note("account", "", "", State::Delivered)));
            }
            (events, 5)
        }
        (4, 0) => (vec![Event::Buried { id: MsgId(m) }], 5),
        (4, 1) => (vec![Event::Replayed { id: MsgId(m), queue: feed.queue_id("connector:carrier-b") }], 0),
        (4, _) | (3, _) => return None,
        _ => return None,
    })
}

/// Every row of every table of every day, as text; but not which receipts are still on their way, since that says which batch they were in.
pub fn dump(folder: &Path) -> Vec<String> {
    let mut days: Vec<_> = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    days.retain(|p| p.file_name().unwrap().to_str().unwrap().ends_with(".db") && !p.ends_with("totals.db"));
    days.sort();
    let mut out = Vec::new();
    for path in days {
        let conn = rusqlite::Connection::open(&path).unwrap();
        for table in ["message", "event", "slice", "service", "counter"] {
            let mut stmt = conn.prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2")).unwrap();
            let columns = stmt.column_count();
            let mut rows = stmt.query([]).unwrap();
            while let Some(r) = rows.next().unwrap() {
                let row: Vec<String> = (0..columns).map(|c| format!("{:?}", r.get_ref(c).unwrap())).collect();
                out.push(format!("{} {table} {}", path.file_stem().unwrap().to_str().unwrap(), row.join("|")));
            }
        }
    }
    out.sort();
    out
}
