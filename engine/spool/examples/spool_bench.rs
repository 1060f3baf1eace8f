//! How fast a spool is on this machine: durable accepts, whole lives, memory with a backlog, time to open it.
//!
//!     spool_bench DIR [MESSAGES]     backlog of so many (1,000,000), then everything else
//!     spool_bench DIR fill MESSAGES  only the backlog, left there
//!     spool_bench DIR open           only opens what is there
//!
//! Figures are for comparison within one run on one machine. Bodies are 300 octets.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use waxwing_spool::log::{Clock, EmbeddedSpool, SpoolConfig};
use waxwing_spool::*;

const LEASE: Duration = Duration::from_secs(60);
const DAY: u64 = 86_400_000;

fn entry(spool: &EmbeddedSpool, queue: &str, group: u64) -> NewEntry {
    NewEntry {
        queue: spool.queue(queue),
        group: spool.group(&format!("account-{group}")),
        priority: 1,
        due: 0,
        expires: Clock::default().now() + DAY,
        dedup: None,
        body: Bytes::from(vec![b'x'; 300]),
    }
}

/// Resident memory, octets.
fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4096
}

/// CPU time of this process so far, seconds.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|f| f.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

async fn accepts(spool: &Arc<EmbeddedSpool>, producers: u64, batch: u64, time: Duration) {
    let done = Arc::new(AtomicU64::new(0));
    let (began, used) = (Instant::now(), cpu());
    let mut tasks = tokio::task::JoinSet::new();
    for p in 0..producers {
        let (spool, done) = (Arc::clone(spool), Arc::clone(&done));
        tasks.spawn(async move {
            let entry = entry(&spool, "c:accepts", p);
            let mut slowest = Vec::new();
            while began.elapsed() < time {
                let at = Instant::now();
                let txs = (0..batch).map(|_| Tx::one(Op::Accept(entry.clone()))).collect();
                spool.commit(txs).await.unwrap();
                slowest.push(at.elapsed());
                done.fetch_add(batch, Ordering::Relaxed);
            }
            slowest
        });
    }
    let mut waits: Vec<Duration> = tasks.join_all().await.into_iter().flatten().collect();
    waits.sort_unstable();
    let n = done.load(Ordering::Relaxed);
    println!(
        "accepts, {producers} producers, batches of {batch}: {:.0}/s, p50 {:?}, p99 {:?}, {:.1} us of CPU each",
        n as f64 / began.elapsed().as_secs_f64(),
        waits[waits.len() / 2],
        waits[waits.len() * 99 / 100],
        (cpu() - used) * 1e6 / n as f64
    );
}

async fn drain(spool: &EmbeddedSpool, queue: &str) -> u64 {
    let queue = spool.queue(queue);
    let mut n = 0;
    loop {
        let claimed = spool.claim(queue, 1000, LEASE);
        if claimed.is_empty() {
            return n;
        }
        n += claimed.len() as u64;
        let txs = claimed.iter().map(|c| Tx::one(Op::Settle { lease: c.lease, outcome: Outcome::Done, note: Bytes::new() })).collect();
        spool.commit(txs).await.unwrap();
    }
}

async fn lives(spool: &Arc<EmbeddedSpool>, messages: u64) {
    let finished = Arc::new(AtomicU64::new(0));
    let (began, used, written, syncs) = (Instant::now(), cpu(), spool.stats().written, spool.stats().syncs);
    let mut tasks = tokio::task::JoinSet::new();
    let producers = 64;
    for p in 0..producers {
        let (spool, finished) = (Arc::clone(spool), Arc::clone(&finished));
        tasks.spawn(async move {
            let entry = entry(&spool, "c:lives", p);
            for n in 0..messages / producers / 16 {
                while n * 16 * producers > finished.load(Ordering::Relaxed) + 50_000 {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                let txs = (0..16).map(|_| Tx::one(Op::Accept(entry.clone()))).collect();
                spool.commit(txs).await.unwrap();
            }
        });
    }
    let all = messages / producers / 16 * 16 * producers;
    for _ in 0..4 {
        let (spool, finished) = (Arc::clone(spool), Arc::clone(&finished));
        tasks.spawn(async move {
            let queue = spool.queue("c:lives");
            while finished.load(Ordering::Relaxed) < all {
                let ready = spool.ready(queue);
                let claimed = spool.claim(queue, 256, LEASE);
                if claimed.is_empty() {
                    let _ = tokio::time::timeout(Duration::from_millis(20), ready).await;
                    continue;
                }
                let remote = |id: MsgId| Bytes::from(id.to_string());
                let until = Some(Clock::default().now() + DAY);
                let sent = |c: &Claimed| Outcome::Sent {
                    parts: vec![SentPart { part: 0, remote: remote(c.lease.id) }],
                    total: 1,
                    await_until: until,
                };
                let txs = claimed.iter().map(|c| Tx::one(Op::Settle { lease: c.lease, outcome: sent(c), note: Bytes::new() })).collect();
                spool.commit(txs).await.unwrap();
                let receipt = |c: &Claimed| match spool.find_remote(queue, &remote(c.lease.id)) {
                    RemoteLookup::Found(f) => {
                        Tx::one(Op::Receipt { id: f.id, part: 0, expect: f.version, state: 1, done: true, note: Bytes::new() })
                    }
                    other => panic!("{other:?}"),
                };
                let txs: Vec<Tx> = claimed.iter().map(receipt).collect();
                let results = spool.commit(txs).await.unwrap();
                finished.fetch_add(results.len() as u64, Ordering::Relaxed);
            }
        });
    }
    tasks.join_all().await;
    let (secs, stats) = (began.elapsed().as_secs_f64(), spool.stats());
    println!(
        "whole lives (accept, claim, sent, receipt): {:.0}/s, {:.1} us of CPU each, {} octets of log each, {} syncs, {} log files left",
        all as f64 / secs,
        (cpu() - used) * 1e6 / all as f64,
        (stats.written - written) / all,
        stats.syncs - syncs,
        stats.segments
    );
}

async fn backlog(spool: &Arc<EmbeddedSpool>, messages: u64) {
    let before = resident();
    let began = Instant::now();
    let entries: Vec<NewEntry> = (0..50).map(|g| entry(spool, "c:backlog", g)).collect();
    for n in 0..messages / 1000 {
        let txs = (0..1000).map(|i| Tx::one(Op::Accept(entries[(n * 7 + i) as usize % entries.len()].clone()))).collect();
        spool.commit(txs).await.unwrap();
    }
    println!(
        "backlog: {messages} accepted at {:.0}/s, {} octets of memory each, {} log files",
        messages as f64 / began.elapsed().as_secs_f64(),
        resident().saturating_sub(before) / messages,
        spool.stats().segments
    );
}

fn open(dir: &str) -> Arc<EmbeddedSpool> {
    let (began, before) = (Instant::now(), resident());
    let spool = EmbeddedSpool::open(SpoolConfig::new(dir)).unwrap();
    let (took, messages) = (began.elapsed().as_secs_f64(), spool.stats().messages);
    println!("opened with {messages} messages in {took:.2} s, {} octets of memory each", (resident() - before) / messages.max(1));
    let began = Instant::now();
    let claimed = spool.claim(spool.queue("c:backlog"), 100, LEASE);
    println!("first claim of {} in {:?}", claimed.len(), began.elapsed());
    claimed.iter().for_each(|c| assert!(spool.release(&c.lease)));
    spool
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let fill = |dir: &str, messages: u64| {
        let spool = EmbeddedSpool::open(SpoolConfig::new(dir)).unwrap();
        runtime.block_on(backlog(&spool, messages));
        spool.maintain().unwrap();
    };
    let (dir, messages) = match args[..] {
        [dir, "open"] => {
            open(dir);
            return;
        }
        [dir, "fill", messages] => return fill(dir, messages.parse().unwrap()),
        [dir, messages] => (dir, messages.parse().unwrap()),
        [dir] => (dir, 1_000_000),
        _ => panic!("spool_bench DIR [MESSAGES | fill MESSAGES | open]"),
    };
    fill(dir, messages);
    let spool = open(dir);
    runtime.block_on(async {
        let began = Instant::now();
        let n = drain(&spool, "c:backlog").await;
        println!("drain: {:.0} claimed and settled a second", n as f64 / began.elapsed().as_secs_f64());
        for (producers, batch) in [(1, 1), (16, 1), (256, 1), (16, 100)] {
            accepts(&spool, producers, batch, Duration::from_secs(3)).await;
        }
        drain(&spool, "c:accepts").await;
        lives(&spool, messages.min(1_000_000)).await;
    });
}
