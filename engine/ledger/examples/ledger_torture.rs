//! A ledger under load that may be killed, or lose its power, at any moment; and the check afterwards that nothing is missing or there
//! twice.
//!
//! * `ledger_torture run DIR RECORD`: stores made-up lives in DIR without end. RECORD, which has to be on another disk, says up to where the
//!   feed was told that its records are no longer needed.
//! * `ledger_torture check DIR RECORD [control]`: goes on with a feed that no longer has those records, and compares every message with what
//!   it has to be. With `control` the feed lacks what was stored but not yet said to be durable as well: after a power cut that check has
//!   to fail, or the test proves nothing.
//!
//! Runs may follow each other on the same folder.
#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs)]

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use prost::Message as _;
use waxwing_core::{Address, CarrierReceipt, Message, OutcomeNote, State};
use waxwing_ledger::{Feed, Ledger, LedgerOptions, Query};
use waxwing_spool::{BoxFuture, Cursor, Event, FeedItem, GroupId, MsgId, NewEntry, Outcome, QueueId, SentPart, SpoolError};

/// Steps from acceptance to the carrier, and to the receipt. A day has 43,200.
const SENT: u64 = 1_000;
const DELIVERED: u64 = 50_000;
const STEP_MS: u64 = 2_000;
const START: u64 = 20_000 * 86_400_000;

/// A feed that is made up as it is read: step `n` accepts message `n + 1`, sends one and delivers one.
struct Made {
    /// Steps before this one are gone.
    trimmed: u64,
    /// The feed ends before this step.
    end: u64,
    /// Where it is recorded what was acknowledged (the first eight octets) and what was stored (the next).
    record: Option<File>,
}

fn step(n: u64, out: &mut Vec<FeedItem>) {
    let cursor = Cursor { segment: 1, offset: n + 1 };
    let at = START + n * STEP_MS;
    let mut put = |event| out.push(FeedItem { cursor, at, event });
    let message = Message::new_text(Address::parse("Shop"), Address::parse(&format!("+4477{:08}", n % 100_000)), format!("Message {n}"));
    let (queue, group) = (QueueId(0), GroupId(0));
    let entry = NewEntry { queue, group, priority: 1, due: 0, expires: at * 2, dedup: None, body: message.to_bytes() };
    put(Event::Accepted { id: MsgId(n + 1), entry });
    if let Some(m) = n.checked_sub(SENT) {
        let outcome =
            Outcome::Sent { parts: vec![SentPart { part: 0, remote: Bytes::from(m.to_string()) }], total: 1, await_until: Some(u64::MAX) };
        let note = OutcomeNote { place: "carrier".into(), state: State::Enroute as i32, ..OutcomeNote::default() };
        put(Event::Settled { id: MsgId(m + 1), queue, outcome, note: note.encode_to_vec().into() });
    }
    if let Some(m) = n.checked_sub(DELIVERED) {
        let note = CarrierReceipt { state: State::Delivered as i32, ..CarrierReceipt::default() }.encode_to_vec().into();
        put(Event::Receipt { id: MsgId(m + 1), part: 0, state: State::Delivered.code(), done: true, note });
    }
}

/// The state of message `n + 1` when the feed has `end` steps.
fn state(n: u64, end: u64) -> State {
    match end - n - 1 {
        age if age >= DELIVERED => State::Delivered,
        age if age >= SENT => State::Enroute,
        _ => State::Queued,
    }
}

impl Feed for Made {
    fn read(&self, after: Cursor, max_bytes: usize) -> Result<Vec<FeedItem>, SpoolError> {
        if let Some(f) = &self.record {
            f.write_all_at(&after.offset.to_le_bytes(), 8).unwrap();
        }
        let first = after.offset.max(self.trimmed);
        let mut out = Vec::new();
        for n in (first..self.end).take(max_bytes / 1000) {
            step(n, &mut out);
        }
        Ok(out)
    }
    fn ready(&self, _: Cursor) -> BoxFuture<'static, ()> {
        Box::pin(std::future::pending())
    }
    fn ack(&self, _: &str, upto: Cursor) {
        if let Some(f) = &self.record {
            f.write_all_at(&upto.offset.to_le_bytes(), 0).unwrap();
        }
    }
    fn register(&self, _: &str, at: Option<Cursor>) -> Cursor {
        at.unwrap_or_default().max(Cursor { segment: 1, offset: self.trimmed })
    }
    fn queue(&self, _: QueueId) -> Option<Arc<str>> {
        Some("connector:carrier".into())
    }
    fn group(&self, _: GroupId) -> Option<Arc<str>> {
        Some("shop".into())
    }
    fn accepted(&self) -> u64 {
        0
    }
    fn behind(&self, _: Cursor) -> Option<u64> {
        None
    }
}

fn options(folder: &Path) -> LedgerOptions {
    LedgerOptions { retention_days: 1_000_000, search_time: Duration::from_secs(60), ..LedgerOptions::new(folder.join("ledger")) }
}

/// What is wrong, at most ten lines.
async fn check(ledger: &Ledger, end: u64) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut query = Query { limit: 1000, ..Query::default() };
    let mut expected = end;
    loop {
        let page = ledger.search(query.clone()).await.unwrap();
        for m in page.messages {
            while expected > 0 && m.id.0 < expected {
                wrong.push(format!("message {expected} is missing"));
                expected -= 1;
            }
            if m.id.0 > expected || m.state != state(m.id.0 - 1, end) {
                wrong.push(format!("message {}: {:?}, expected {:?}", m.id.0, m.state, state(m.id.0 - 1, end)));
            }
            // Every event, but not for every message.
            if m.id.0 % 97 == 0 {
                let events = ledger.get(m.id).await.unwrap().map_or(0, |l| l.events.len());
                let want = match m.state {
                    State::Delivered => 3,
                    State::Enroute => 2,
                    _ => 1,
                };
                if events != want {
                    wrong.push(format!("message {}: {events} events, expected {want}", m.id.0));
                }
            }
            expected = m.id.0.saturating_sub(1);
            if wrong.len() > 10 {
                return wrong;
            }
        }
        match page.next {
            Some(next) => query.after = Some(next),
            None => break,
        }
    }
    if expected != 0 {
        wrong.push(format!("messages 1 to {expected} are missing"));
    }
    let counts = ledger.counters("2000-01-01".parse().unwrap(), "2999-01-01".parse().unwrap()).await.unwrap();
    for (s, want) in [
        (State::Delivered, end.saturating_sub(DELIVERED)),
        (State::Enroute, end.saturating_sub(SENT) - end.saturating_sub(DELIVERED)),
        (State::Queued, end.min(SENT)),
    ] {
        let got: u64 = counts.iter().filter(|c| c.state == s).map(|c| c.messages).sum();
        if got != want {
            wrong.push(format!("{got} messages are counted as {}, expected {want}", s.name()));
        }
    }
    wrong
}

fn number(record: &File, at: u64) -> u64 {
    let mut octets = [0; 8];
    record.read_exact_at(&mut octets, at).map_or(0, |()| u64::from_le_bytes(octets))
}

#[tokio::main]
async fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [verb, folder, record, rest @ ..] = args.as_slice() else {
        println!("usage: ledger_torture run|check DIR RECORD [control]");
        return ExitCode::from(2);
    };
    let record = File::options().read(true).write(true).create(true).truncate(false).open(record).unwrap();
    let folder = Path::new(folder);
    if verb == "run" {
        let ledger = Ledger::open(options(folder), Made { trimmed: 0, end: u64::MAX, record: Some(record) }).unwrap();
        std::future::pending::<()>().await;
        ledger.close();
        return ExitCode::SUCCESS;
    }
    let (acknowledged, stored) = (number(&record, 0), number(&record, 8));
    let trimmed = if rest.iter().any(|a| a == "control") { stored } else { acknowledged };
    let end = stored + 20_000;
    let ledger = Ledger::open(options(folder), Made { trimmed, end, record: None }).unwrap();
    assert!(ledger.caught_up(Duration::from_secs(600)).await);
    let wrong = check(&ledger, end).await;
    ledger.close();
    println!("acknowledged {acknowledged}, stored {stored}, checked {end}: {}", if wrong.is_empty() { "all there, once" } else { "WRONG" });
    wrong.iter().for_each(|w| println!("  {w}"));
    if wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
