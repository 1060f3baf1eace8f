//! A spool under load that may be killed, or lose its power, at any moment; and the check afterwards that nothing acknowledged is gone.
//!
//!     spool_torture run DIR ACKFILE [--no-sync]     until killed
//!     spool_torture check DIR ACKFILE               exit 0 if every promise was kept
//!
//! ACKFILE has to lie outside DIR, where the crash does not reach it. Before a change is committed the intent is written there, after
//! it the acknowledgement; so at any moment a message is either as last acknowledged or as last intended. `--no-sync` is the control:
//! with it a check after a power cut has to fail, or the test proves nothing. Runs may follow each other on the same folder.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr)]

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use waxwing_spool::log::{EmbeddedSpool, SpoolConfig};
use waxwing_spool::*;

const LEASE: Duration = Duration::from_secs(20);
const QUEUE: &str = "connector:torture";
/// Producers wait while more messages than this are queued.
const BACKLOG: u64 = 20_000;
const RECORD: usize = 24;

/// Where a message stands by the records; as a number in the ACKFILE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum State {
    Queued = 1,
    Awaiting = 2,
    Dead = 3,
    Gone = 4,
}

/// What a record says.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Kind {
    /// This is about to be committed.
    Intent = 0,
    /// It was committed.
    Acked = 1,
    /// The message was accepted. May be written after it has been claimed, and more.
    Accepted = 2,
}

/// The ACKFILE: records of kind, state, attempts, id, and the key that the body is made from.
struct Acks(Mutex<File>);

impl Acks {
    fn open(path: &str) -> Acks {
        Acks(Mutex::new(OpenOptions::new().create(true).append(true).open(path).unwrap()))
    }

    fn note(&self, kind: Kind, list: &[(MsgId, u64, State, u16)]) {
        let mut out = Vec::with_capacity(list.len() * RECORD);
        for (id, key, state, attempts) in list {
            out.extend_from_slice(&[kind as u8, *state as u8, attempts.to_le_bytes()[0], attempts.to_le_bytes()[1], 0, 0, 0, 0]);
            out.extend_from_slice(&id.0.to_le_bytes());
            out.extend_from_slice(&key.to_le_bytes());
        }
        self.0.lock().write_all(&out).unwrap();
    }
}

/// A body that can be told from any other: its key, and octets that follow from it.
fn body(key: u64) -> Bytes {
    let mut rng = fastrand::Rng::with_seed(key);
    let mut body = key.to_le_bytes().to_vec();
    body.extend((0..rng.usize(40..600)).map(|_| rng.u8(..)));
    body.into()
}

fn key(body: &[u8]) -> u64 {
    u64::from_le_bytes(body[..8].try_into().unwrap())
}

fn remote(id: MsgId) -> Bytes {
    Bytes::from(format!("remote-{id}"))
}

fn config(dir: &str) -> SpoolConfig {
    SpoolConfig {
        segment_size: 4 << 20,
        max_tx: 1 << 20,
        compact_slack: 24 << 20,
        min_free: 0,
        max_dead: 5_000,
        readers: vec!["torture".into()],
        ..SpoolConfig::new(dir)
    }
}

/// Ends quietly when the disk is gone: that is what the power cut looks like from inside.
fn or_end<T>(result: Result<T, SpoolError>) -> T {
    result.unwrap_or_else(|error| {
        eprintln!("ended: {error}");
        std::process::exit(3)
    })
}

/// Messages that are queued, as last counted.
async fn count(spool: Arc<EmbeddedSpool>, queued: Arc<AtomicU64>) {
    loop {
        queued.store(spool.depths().iter().map(|d| d.ready + d.deferred).sum(), Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn produce(spool: Arc<EmbeddedSpool>, acks: Arc<Acks>, queued: Arc<AtomicU64>, number: u64) {
    let (queue, group) = (spool.queue(QUEUE), spool.group(&format!("account-{number}")));
    loop {
        while queued.load(Ordering::Relaxed) > BACKLOG {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let keys: Vec<u64> = (0..fastrand::usize(1..16)).map(|_| fastrand::u64(..)).collect();
        let now = waxwing_spool::log::Clock::default().now();
        let accept = |key: u64| {
            let due = if key.is_multiple_of(7) { now + key % 3000 } else { 0 };
            Op::Accept(NewEntry { queue, group, priority: (key % 4) as u8, due, expires: now + 86_400_000, dedup: None, body: body(key) })
        };
        let results = or_end(spool.commit(keys.iter().map(|k| Tx::one(accept(*k))).collect()).await);
        let ids = results.into_iter().map(|r| r.unwrap().accepted[0].id());
        acks.note(Kind::Accepted, &ids.zip(keys).map(|(id, key)| (id, key, State::Queued, 0)).collect::<Vec<_>>());
    }
}

async fn consume(spool: Arc<EmbeddedSpool>, acks: Arc<Acks>, sent: tokio::sync::mpsc::Sender<(MsgId, u64, u16)>) {
    let queue = spool.queue(QUEUE);
    loop {
        let ready = spool.ready(queue);
        let claimed = spool.claim(queue, 32, LEASE);
        if claimed.is_empty() {
            let _ = tokio::time::timeout(Duration::from_millis(100), ready).await;
            continue;
        }
        let now = waxwing_spool::log::Clock::default().now();
        let mut txs = Vec::new();
        let mut notes = Vec::new();
        for c in &claimed {
            let key = key(&c.body);
            assert_eq!(c.body, body(key), "a claimed body is not what was accepted");
            let (outcome, state) = match fastrand::u32(..100) {
                0..60 => {
                    let parts = vec![SentPart { part: 0, remote: remote(c.lease.id) }];
                    (Outcome::Sent { parts, total: 1, await_until: Some(now + 86_400_000) }, State::Awaiting)
                }
                60..80 => (Outcome::Retry { at: now + fastrand::u64(..2000), queue: None, count: true, sent: vec![] }, State::Queued),
                80..82 => (Outcome::Failed, State::Dead),
                _ => (Outcome::Done, State::Gone),
            };
            notes.push((c.lease.id, key, state, c.attempts + u16::from(state == State::Queued)));
            txs.push(Tx::one(Op::Settle { lease: c.lease, outcome, note: Bytes::new() }));
        }
        acks.note(Kind::Intent, &notes);
        let results = or_end(spool.commit(txs).await);
        assert!(results.iter().all(Result::is_ok), "a lease that was held is stale");
        acks.note(Kind::Acked, &notes);
        for (id, key, state, attempts) in notes {
            if state == State::Awaiting && key % 10 < 9 {
                let _ = sent.try_send((id, key, attempts));
            }
        }
    }
}

async fn receipts(spool: Arc<EmbeddedSpool>, acks: Arc<Acks>, mut sent: tokio::sync::mpsc::Receiver<(MsgId, u64, u16)>) {
    let queue = spool.queue(QUEUE);
    let mut list = Vec::new();
    loop {
        list.clear();
        sent.recv_many(&mut list, 64).await;
        let mut txs = Vec::new();
        let mut notes = Vec::new();
        for (id, key, attempts) in &list {
            let RemoteLookup::Found(found) = spool.find_remote(queue, &remote(*id)) else {
                or_end(spool.read_body(*id));
                panic!("{id} has no remote id")
            };
            assert_eq!((found.id, &found.body), (*id, &body(*key)));
            notes.push((*id, *key, State::Gone, *attempts));
            txs.push(Tx::one(Op::Receipt { id: *id, part: 0, expect: found.version, state: 1, done: true, note: Bytes::new() }));
        }
        acks.note(Kind::Intent, &notes);
        assert!(or_end(spool.commit(txs).await).iter().all(Result::is_ok));
        acks.note(Kind::Acked, &notes);
    }
}

/// Messages that were sent in an earlier run and still wait for their receipt.
fn unfinished(spool: &EmbeddedSpool) -> Vec<(MsgId, u64, u16)> {
    let waiting = spool.list(None, None, usize::MAX).into_iter().filter(|s| s.stage == Stage::Awaiting);
    let all = waiting.map(|s| (s.id, key(&or_end(spool.read_body(s.id)).unwrap()), s.attempts));
    all.filter(|(_, key, _)| key % 10 < 9).collect()
}

/// Reads the feed and acknowledges it, so that the log moves on.
fn follow(spool: &EmbeddedSpool) {
    let mut at = spool.feed_register("torture", None);
    loop {
        let items = or_end(spool.feed(at, 1 << 20));
        match items.last() {
            Some(last) => {
                at = last.cursor;
                spool.feed_ack("torture", at);
            }
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    }
}

fn run(dir: &str, ackfile: &str, sync: bool) {
    let spool = EmbeddedSpool::open(SpoolConfig { sync, ..config(dir) }).unwrap();
    let acks = Arc::new(Acks::open(ackfile));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let follower = Arc::clone(&spool);
    std::thread::spawn(move || follow(&follower));
    runtime.block_on(async {
        let (sender, receiver) = tokio::sync::mpsc::channel(100_000);
        for one in unfinished(&spool) {
            let _ = sender.try_send(one);
        }
        let queued = Arc::new(AtomicU64::new(0));
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..16 {
            tasks.spawn(produce(Arc::clone(&spool), Arc::clone(&acks), Arc::clone(&queued), number));
        }
        tasks.spawn(count(Arc::clone(&spool), queued));
        for _ in 0..4 {
            tasks.spawn(consume(Arc::clone(&spool), Arc::clone(&acks), sender.clone()));
        }
        tasks.spawn(receipts(spool, acks, receiver));
        // Tasks end only by a broken promise.
        let broken = tasks.join_next().await;
        eprintln!("{broken:?}");
        std::process::exit(2);
    });
}

/// What the records say of a message. Two tasks may write theirs in another order than they committed: the next claimer may be quicker
/// than the acknowledgement of the one before. So intents are kept in order, and an acknowledgement is that of its intent.
#[derive(Default)]
struct Record {
    key: u64,
    accepted: bool,
    intents: Vec<(u8, u16)>,
    /// How many intents there are up to the last that was acknowledged.
    acked: usize,
}

impl Record {
    fn note(&mut self, kind: u8, state: (u8, u16)) {
        match kind {
            0 => self.intents.push(state),
            1 => self.acked = self.intents.iter().rposition(|i| *i == state).map_or(self.acked, |at| self.acked.max(at + 1)),
            _ => self.accepted = true,
        }
    }

    /// States that the message may be in; none if it was never acknowledged.
    fn allowed(&self) -> Vec<(u8, u16)> {
        match self.acked {
            0 if self.accepted => std::iter::once((State::Queued as u8, 0)).chain(self.intents.iter().copied()).collect(),
            0 => Vec::new(),
            acked => self.intents[acked - 1..].to_vec(),
        }
    }
}

fn check(dir: &str, ackfile: &str) -> Result<(), String> {
    let bytes = std::fs::read(ackfile).map_err(|e| e.to_string())?;
    let mut records: HashMap<u64, Record> = HashMap::new();
    for r in bytes.chunks_exact(RECORD) {
        let id = u64::from_le_bytes(r[8..16].try_into().unwrap());
        let record = records.entry(id).or_default();
        record.key = u64::from_le_bytes(r[16..24].try_into().unwrap());
        record.note(r[0], (r[1], u16::from_le_bytes([r[2], r[3]])));
    }
    let began = std::time::Instant::now();
    let spool = EmbeddedSpool::open(config(dir)).map_err(|e| e.to_string())?;
    let opened = began.elapsed();
    let queue = spool.queue(QUEUE);
    let (mut wrong, mut lost) = (0u64, 0u64);
    let mut tell = |what: String| {
        wrong += 1;
        if wrong <= 5 {
            eprintln!("{what}");
        }
    };
    let max_dead = config(dir).max_dead;
    let dead = spool.list(None, None, usize::MAX).iter().filter(|s| s.stage == Stage::Dead).count();
    for (id, record) in &records {
        let id = MsgId(*id);
        let mut allowed = record.allowed();
        if allowed.is_empty() {
            continue;
        }
        let state = spool.get(id);
        let is = match state.as_ref().map(|s| s.stage) {
            Some(Stage::Queued | Stage::Leased) => State::Queued,
            Some(Stage::Awaiting) => State::Awaiting,
            Some(Stage::Dead) => State::Dead,
            None => State::Gone,
        } as u8;
        if allowed.iter().any(|(s, _)| *s == State::Dead as u8) && dead + 1000 >= max_dead {
            allowed.push((State::Gone as u8, 0));
        }
        let fits = allowed.iter().any(|(s, n)| *s == is && (is != State::Queued as u8 || state.as_ref().is_some_and(|s| s.attempts == *n)));
        if !fits {
            lost += u64::from(is == State::Gone as u8);
            tell(format!("{id} is {state:?}, allowed {allowed:?}"));
            continue;
        }
        if is != State::Gone as u8 && spool.read_body(id) != Ok(Some(body(record.key))) {
            tell(format!("{id} has another body"));
        }
        if is == State::Awaiting as u8 && !matches!(spool.find_remote(queue, &remote(id)), RemoteLookup::Found(found) if found.id == id) {
            tell(format!("{id} is not found by its remote id"));
        }
    }
    let stats = spool.stats();
    println!(
        "{} messages acknowledged, {} in the spool, {} log files, opened in {opened:?}: {wrong} wrong, {lost} of them lost",
        records.values().filter(|r| !r.allowed().is_empty()).count(),
        stats.messages,
        stats.segments,
    );
    if wrong > 0 { Err(format!("{wrong} promises broken")) } else { Ok(()) }
}

fn main() -> std::process::ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["run", dir, acks] => run(dir, acks, true),
        ["run", dir, acks, "--no-sync"] => run(dir, acks, false),
        ["check", dir, acks] => {
            if let Err(error) = check(dir, acks) {
                eprintln!("{error}");
                return std::process::ExitCode::FAILURE;
            }
        }
        _ => {
            eprintln!("spool_torture run DIR ACKFILE [--no-sync] | check DIR ACKFILE");
            return std::process::ExitCode::from(64);
        }
    }
    std::process::ExitCode::SUCCESS
}
