//! A program to be killed, or to lose its disk: it puts contents and says which are stored; `check` looks whether they are there.
//!
//!     media_torture run FOLDER SEED [nosync]     prints `n LEN` for each content that was acknowledged, until it is killed
//!     media_torture check FOLDER < LINES         reads such lines; prints how many were acknowledged, lost and wrong
//!     media_torture bench FOLDER LEN COUNT       puts and gets a second, with 64 callers
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::io::{BufRead as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use waxwing_media::{MediaId, MediaOptions, MediaStore, Owner};

fn content(n: u64, len: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(n);
    let mut out = vec![0; len];
    random.fill(&mut out);
    out
}

fn open(folder: &str, sync: bool) -> Arc<MediaStore> {
    MediaStore::open(MediaOptions { pack_size: 2 << 20, care: Duration::from_millis(20), reserve: 0, sync, ..MediaOptions::new(folder) })
        .unwrap()
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    match words[1..] {
        ["run", folder, seed, ref more @ ..] => runtime.block_on(run(folder, seed.parse().unwrap(), more.is_empty())),
        ["check", folder] => check(folder),
        ["bench", folder, len, count] => runtime.block_on(bench(folder, len.parse().unwrap(), count.parse().unwrap())),
        _ => panic!("run FOLDER SEED [nosync] | check FOLDER | bench FOLDER LEN COUNT"),
    }
}

/// Sixteen callers. Each lets go of every other content after a while, so that packs are copied and deleted all the time.
async fn run(folder: &str, seed: u64, sync: bool) {
    let store = open(folder, sync);
    // Those of earlier runs have no owner here; they are checked as well and must stay.
    let next = Arc::new(AtomicU64::new(seed << 32));
    let callers = (0..16).map(|_| {
        let (store, next) = (store.clone(), next.clone());
        tokio::spawn(async move {
            let mut old = std::collections::VecDeque::new();
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                let len = 200 + (n % 37) as usize * 500;
                let pin = store.put(Bytes::from(content(n, len))).await.unwrap();
                store.hold(pin.id(), Owner(n));
                // Contents with odd numbers are let go of later, and are not promised.
                if n % 2 == 0 {
                    println!("{n} {len}");
                } else {
                    old.push_back((*pin.id(), n));
                }
                if old.len() > 100 {
                    let (id, n) = old.pop_front().unwrap();
                    store.release(&id, Owner(n));
                }
            }
        })
    });
    let callers: Vec<_> = callers.collect();
    if std::env::var_os("MEDIA_TORTURE_FORGET").is_some() {
        store.recovered();
    }
    // For ever: they end with the process.
    std::future::pending::<()>().await;
    drop(callers);
}

fn check(folder: &str) {
    let store = open(folder, true);
    let (mut all, mut lost, mut wrong) = (0, 0, 0);
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        // The last line may be torn.
        let Some((n, len)) = line.split_once(' ').and_then(|(n, len)| Some((n.parse::<u64>().ok()?, len.parse::<usize>().ok()?))) else {
            continue;
        };
        if len != 200 + (n % 37) as usize * 500 {
            continue;
        }
        all += 1;
        let expected = content(n, len);
        match store.get(&MediaId::of([&expected[..]])) {
            Ok(Some(c)) if c == expected => {}
            Ok(None) => lost += 1,
            _ => wrong += 1,
        }
    }
    println!("{all} acknowledged, {lost} lost, {wrong} wrong");
    std::io::stdout().flush().unwrap();
    std::process::exit(i32::from(lost + wrong > 0));
}

async fn bench(folder: &str, len: usize, count: u64) {
    let store = MediaStore::open(MediaOptions::new(folder)).unwrap();
    let contents: Vec<Bytes> = (0..count).map(|n| Bytes::from(content(n, len))).collect();
    let contents = Arc::new(contents);
    let next = Arc::new(AtomicU64::new(0));
    let begun = Instant::now();
    let callers: Vec<_> = (0..64)
        .map(|_| {
            let (store, contents, next) = (store.clone(), contents.clone(), next.clone());
            tokio::spawn(async move {
                while let Some(c) = contents.get(next.fetch_add(1, Ordering::Relaxed) as usize) {
                    let pin = store.put(c.clone()).await.unwrap();
                    store.hold(pin.id(), Owner(1));
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    let took = begun.elapsed().as_secs_f64();
    println!("{:.0} puts/s of {len} octets, {} syncs", count as f64 / took, store.stats().syncs);
    let ids: Vec<MediaId> = contents.iter().map(|c| MediaId::of([&c[..]])).collect();
    let begun = Instant::now();
    for id in &ids {
        store.get(id).unwrap().unwrap();
    }
    println!("{:.0} gets/s (one caller)", count as f64 / begun.elapsed().as_secs_f64());
}
