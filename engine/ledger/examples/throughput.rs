//! How many message lives a second the ledger stores.
//!
//! `cargo run --release -p waxwing-ledger --example throughput [LIVES [LATE]]`: a feed in memory brings LIVES lives (500,000) of the usual
//! shape: accepted, sent, delivered, the receipt queued for and handed to its submitter. Events come LATE messages (20,000) after the
//! acceptance, so that most rows are written in one batch and changed in a later one.
#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use prost::Message as _;
use waxwing_core::{Address, CarrierReceipt, Kind, Message, OutcomeNote, Receipt, State};
use waxwing_ledger::{Feed, Ledger, LedgerOptions, NumberQuery, Query};
use waxwing_spool::{BoxFuture, Cursor, Event, FeedItem, GroupId, MsgId, NewEntry, Outcome, QueueId, SentPart, SpoolError};

/// Makes up its records when they are asked for.
struct Made {
    lives: u64,
    late: u64,
    start: u64,
}

impl Made {
    fn at(&self, n: u64) -> u64 {
        // A thousand messages a second.
        self.start + n
    }

    /// The transactions of step `n`: a message is accepted, and older ones get on.
    fn step(&self, n: u64, out: &mut Vec<FeedItem>) {
        let cursor = Cursor { segment: 1, offset: n + 1 };
        let at = self.at(n);
        let mut put = |event| out.push(FeedItem { cursor, at, event });
        if n < self.lives {
            put(Event::Accepted { id: MsgId(2 * n + 1), entry: entry(n, 0, &mt(n)) });
        }
        let note = |place: &str, state: State| {
            Bytes::from(OutcomeNote { place: place.into(), state: state as i32, ..OutcomeNote::default() }.encode_to_vec())
        };
        if let Some(m) = n.checked_sub(self.late / 4).filter(|m| *m < self.lives) {
            let parts = vec![SentPart { part: 0, remote: Bytes::from(format!("{m:016x}")) }];
            let outcome = Outcome::Sent { parts, total: 1, await_until: Some(at + 1) };
            put(Event::Settled { id: MsgId(2 * m + 1), queue: QueueId(0), outcome, note: note("carrier-a", State::Enroute) });
        }
        if let Some(m) = n.checked_sub(self.late).filter(|m| *m < self.lives) {
            let receipt =
                CarrierReceipt { state: State::Delivered as i32, error: "000".into(), stat: "DELIVRD".into(), ..CarrierReceipt::default() };
            put(Event::Accepted { id: MsgId(2 * n + 2), entry: entry(m, 1, &receipt_for(m)) });
            put(Event::Receipt {
                id: MsgId(2 * m + 1),
                part: 0,
                state: State::Delivered.code(),
                done: true,
                note: receipt.encode_to_vec().into(),
            });
            put(Event::Settled {
                id: MsgId(2 * n + 2),
                queue: QueueId(1),
                outcome: Outcome::Done,
                note: note("account", State::Delivered),
            });
        }
    }
}

fn entry(n: u64, queue: u32, m: &Message) -> NewEntry {
    let group = GroupId((n % 20) as u32);
    NewEntry { queue: QueueId(queue), group, priority: 1, due: 0, expires: u64::MAX / 4, dedup: None, body: m.to_bytes() }
}

fn number(n: u64) -> String {
    format!("+4477{:08}", n.wrapping_mul(2_654_435_761) % 30_000_000)
}

fn mt(n: u64) -> Message {
    let text = format!("Your order {n} has been sent and will be with you tomorrow between 9 and 12. Questions? Call 0800 123456.");
    Message::new_text(Address::parse("Shop"), Address::parse(&number(n)), text)
}

fn receipt_for(n: u64) -> Message {
    let receipt = Some(Box::new(Receipt { id: 2 * n + 1, ..Receipt::default() }));
    Message { kind: Kind::Receipt as i32, receipt, ..Message::default() }
}

impl Feed for Made {
    fn read(&self, after: Cursor, max_bytes: usize) -> Result<Vec<FeedItem>, SpoolError> {
        let mut out = Vec::new();
        let mut n = after.offset;
        while n < self.lives + self.late && out.len() < max_bytes / 300 {
            self.step(n, &mut out);
            n += 1;
        }
        Ok(out)
    }
    fn ready(&self, _: Cursor) -> BoxFuture<'static, ()> {
        Box::pin(std::future::pending())
    }
    fn ack(&self, _: &str, _: Cursor) {}
    fn register(&self, _: &str, at: Option<Cursor>) -> Cursor {
        at.unwrap_or_default()
    }
    fn queue(&self, id: QueueId) -> Option<Arc<str>> {
        Some(["connector:carrier-a", "account:shop"][id.0 as usize].into())
    }
    fn group(&self, id: GroupId) -> Option<Arc<str>> {
        Some(format!("account-{}", id.0).into())
    }
    fn accepted(&self) -> u64 {
        0
    }
    fn behind(&self, _: Cursor) -> Option<u64> {
        None
    }
}

/// CPU time of the process, seconds: user and system, from /proc.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks: u64 =
        stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2).filter_map(|t| t.parse::<u64>().ok()).sum();
    ticks as f64 / 100.0
}

#[tokio::main]
async fn main() {
    let mut args = std::env::args().skip(1).filter_map(|a| a.parse().ok());
    let (lives, late) = (args.next().unwrap_or(500_000), args.next().unwrap_or(20_000));
    let folder = std::env::var("WAXWING_BENCH_FOLDER").unwrap_or_else(|_| "target/ledger-throughput".into());
    let _ = std::fs::remove_dir_all(&folder);
    let feed = Made { lives, late, start: 20_000 * 86_400_000 };
    let mut items = Vec::new();
    let begun = Instant::now();
    (0..1000.min(lives)).for_each(|n| feed.step(n, &mut items));
    let making = begun.elapsed().as_secs_f64() / 1000.0;
    let options = LedgerOptions { retention_days: 1_000_000, ..LedgerOptions::new(&folder) };
    let (begun, cpu0) = (Instant::now(), cpu());
    let ledger = Ledger::open(options, feed).unwrap();
    assert!(ledger.caught_up(Duration::from_secs(3600)).await);
    let (took, used) = (begun.elapsed().as_secs_f64(), cpu() - cpu0);
    let events = ledger.stats().events;
    println!("{lives} lives ({events} records) in {took:.1} s: {:.0} lives/s, {:.0} records/s", lives as f64 / took, events as f64 / took);
    println!("{:.1} us CPU a life (making up the feed alone: about {:.1} us an acceptance)", used * 1e6 / lives as f64, making * 1e6);
    let ask = async |what: &str, q: Query| {
        let mut times = Vec::new();
        for _ in 0..100 {
            let begun = Instant::now();
            ledger.search(q.clone()).await.unwrap();
            times.push(begun.elapsed());
        }
        times.sort();
        println!("{what}: p50 {:?}, p99 {:?}", times[50], times[99]);
    };
    ask("newest 50", Query::default()).await;
    ask("by number", Query { number: Some(NumberQuery::parse(&number(lives / 2))), ..Query::default() }).await;
    ask("by number's first ten digits", Query { number: Some(NumberQuery::parse("+4477123456*")), ..Query::default() }).await;
    ask("by account, newest 50", Query { account: Some("account-7".into()), ..Query::default() }).await;
    ask("failed, none there", Query { state: Some(State::Failed), ..Query::default() }).await;
    ledger.close();
    let size: u64 = std::fs::read_dir(&folder).unwrap().flatten().filter_map(|f| f.metadata().ok()).map(|m| m.len()).sum();
    println!("{} octets a life on the disk", size / lives);
}
