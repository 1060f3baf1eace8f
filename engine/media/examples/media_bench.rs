//! How fast a media store is on this machine: puts, gets, memory a content, time to open it.
//!
//!     media_bench DIR [SIZE COUNT]...     (2048 100000, then 51200 20000)
//!
//! 64 callers at a time, then 256, each with its next content as soon as its last is durable, all contents different. Figures are for comparison
//! within one run on one machine. Memory is what the process grew by: less than it takes where it had some left over.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use waxwing_media::{MediaId, MediaOptions, MediaStore, Owner};

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

/// Contents of one size: a number, then the same octets in all of them.
#[derive(Clone)]
struct Contents(Bytes);

impl Contents {
    fn parts(&self, n: u64) -> Vec<Bytes> {
        vec![Bytes::copy_from_slice(&n.to_le_bytes()), self.0.slice(8..)]
    }

    fn id(&self, n: u64) -> MediaId {
        MediaId::of(&self.parts(n).concat())
    }
}

async fn puts(store: &Arc<MediaStore>, contents: &Contents, callers: u64, count: Range<u64>) {
    let (next, end) = (Arc::new(AtomicU64::new(count.start)), count.end);
    let count = count.end - count.start;
    let (began, used, before) = (Instant::now(), cpu(), store.stats());
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..callers {
        let (store, contents, next) = (Arc::clone(store), contents.clone(), Arc::clone(&next));
        tasks.spawn(async move {
            let mut waits = Vec::new();
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                if n >= end {
                    return waits;
                }
                let at = Instant::now();
                let pin = store.put_parts(contents.parts(n)).await.unwrap();
                pin.hold(Owner(n));
                waits.push(at.elapsed());
            }
        });
    }
    let mut waits: Vec<Duration> = tasks.join_all().await.into_iter().flatten().collect();
    waits.sort_unstable();
    let (secs, after) = (began.elapsed().as_secs_f64(), store.stats());
    println!(
        "puts, {callers} callers: {:.0}/s, {:.0} MB/s, p50 {:.1?}, p99 {:.1?}, {:.1} us of CPU each, {:.1} a sync",
        count as f64 / secs,
        (after.written - before.written) as f64 / secs / 1e6,
        waits[waits.len() / 2],
        waits[waits.len() * 99 / 100],
        (cpu() - used) * 1e6 / count as f64,
        count as f64 / (after.syncs - before.syncs) as f64
    );
}

fn gets(store: &Arc<MediaStore>, ids: &[MediaId], what: &str, of: usize) {
    let (count, threads) = (40_000, 2);
    let (began, used) = (Instant::now(), cpu());
    std::thread::scope(|scope| {
        for t in 0..threads {
            scope.spawn(move || {
                let mut rng = fastrand::Rng::with_seed(t);
                (0..count / threads).for_each(|_| assert!(store.get(&ids[rng.usize(..of)]).unwrap().is_some()));
            });
        }
    });
    println!(
        "gets, {what}: {:.0}/s, {:.1} us of CPU each",
        count as f64 / began.elapsed().as_secs_f64(),
        (cpu() - used) * 1e6 / count as f64
    );
}

fn bench(dir: &str, size: usize, count: u64) {
    println!("-- {count} contents of {size} octets");
    let folder = format!("{dir}/media-bench-{size}");
    let contents = Contents(std::iter::repeat_with(|| fastrand::u8(..)).take(size).collect());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let store = MediaStore::open(MediaOptions::new(&folder)).unwrap();
    runtime.block_on(puts(&store, &contents, 64, 0..count / 2));
    runtime.block_on(puts(&store, &contents, 256, count / 2..count));
    let ids: Vec<MediaId> = (0..count).map(|n| contents.id(n)).collect();
    gets(&store, &ids, "any of them", ids.len());
    gets(&store, &ids, "100 of them", 100);
    drop(store);
    let (began, before) = (Instant::now(), resident());
    let store = MediaStore::open(MediaOptions::new(&folder)).unwrap();
    let opened = began.elapsed();
    assert!(ids.iter().zip(0..).all(|(id, n)| store.hold(id, Owner(n))));
    println!("opened in {opened:.1?}; {} octets of memory a content with its owner", resident().saturating_sub(before) / count);
    store.recovered();
    let (began, used) = (Instant::now(), cpu());
    store.sweep(&|owner| owner.0.is_multiple_of(10));
    let swept = began.elapsed();
    while store.stats().disk_octets > store.stats().octets * 5 + (100 << 20) {
        store.maintain().unwrap();
    }
    let stats = store.stats();
    println!(
        "nine in ten let go in {swept:.1?}; {} packs removed, {:.0} MB copied in {:.1?}, {:.2} s of CPU",
        stats.dropped,
        stats.copied as f64 / 1e6,
        began.elapsed() - swept,
        cpu() - used
    );
    drop(store);
    std::fs::remove_dir_all(&folder).unwrap();
}

/// How fast names are made: whether the processor's instructions for it are used.
fn names() {
    let (content, used) = (vec![1; 256 << 20], cpu());
    let id = MediaId::of(&content);
    println!("SHA-256: {:.0} MB a second of CPU ({id})", content.len() as f64 / (cpu() - used).max(0.01) / 1e6);
}

fn main() {
    names();
    let args: Vec<String> = std::env::args().skip(1).collect();
    let dir = args.first().expect("media_bench DIR [SIZE COUNT]...");
    let pairs: Vec<(usize, u64)> = args[1..].chunks_exact(2).map(|p| (p[0].parse().unwrap(), p[1].parse().unwrap())).collect();
    let pairs = if pairs.is_empty() { vec![(2048, 100_000), (51_200, 20_000)] } else { pairs };
    pairs.into_iter().for_each(|(size, count)| bench(dir, size, count));
}
