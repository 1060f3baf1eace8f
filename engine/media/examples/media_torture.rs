//! A media store under load that may be killed, or lose its power, at any moment; and the check afterwards that nothing is gone that was
//! acknowledged and is needed.
//!
//!     media_torture run DIR ACKFILE [--no-sync]     until killed
//!     media_torture check DIR ACKFILE               exit 0 if every promise was kept
//!
//! ACKFILE has to lie outside DIR, where the crash does not reach it. After a content was stored that is written there; before it is let
//! go of, too. `--no-sync` is the control: with it a check after a power cut has to fail, or the test proves nothing. Runs may follow each
//! other on the same folder.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr)]

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use waxwing_media::{MediaError, MediaId, MediaOptions, MediaStore, Owner};

/// Octets of a record: what happened, then the key.
const RECORD: usize = 9;
const STORED: u8 = 1;
const LET_GO: u8 = 2;
/// Contents that are needed at a time.
const NEEDED: usize = 3000;
const TASKS: u64 = 24;

/// A content that can be told from any other: octets that follow from its key.
fn content(key: u64) -> Bytes {
    let mut rng = fastrand::Rng::with_seed(key);
    let len = match key % 50 {
        0 => rng.usize(50_000..400_000),
        1 => rng.usize(..10),
        _ => rng.usize(100..6000),
    };
    let mut content = vec![0; len];
    rng.fill(&mut content);
    content.extend_from_slice(&key.to_le_bytes());
    content.into()
}

fn options(dir: &str) -> MediaOptions {
    MediaOptions {
        pack_size: 1 << 20,
        min_free: 0,
        compact_slack: 2 << 20,
        group_octets: 512 << 10,
        open_files: 4,
        ..MediaOptions::new(dir)
    }
}

/// Ends quietly when the disk is gone: that is what the power cut looks like from inside.
fn or_end<T>(result: Result<T, MediaError>) -> T {
    result.unwrap_or_else(|error| {
        eprintln!("ended: {error}");
        std::process::exit(3)
    })
}

/// By key, whether it is needed.
fn read(ackfile: &str) -> HashMap<u64, bool> {
    let bytes = std::fs::read(ackfile).unwrap_or_default();
    let records = bytes.chunks_exact(RECORD);
    records.map(|r| (u64::from_le_bytes(r[1..].try_into().unwrap()), r[0] == STORED)).collect()
}

struct World {
    store: Arc<MediaStore>,
    acks: Mutex<File>,
    needed: Mutex<Vec<u64>>,
}

impl World {
    fn note(&self, what: u8, key: u64) {
        let mut record = [what; RECORD];
        record[1..].copy_from_slice(&key.to_le_bytes());
        self.acks.lock().write_all(&record).unwrap();
    }

    async fn store(&self, key: u64) {
        let content = content(key);
        let middle = content.len() / 2;
        let pin = or_end(self.store.put_parts(vec![content.slice(..middle), content.slice(middle..)]).await);
        self.note(STORED, key);
        pin.hold(Owner(key));
        drop(pin);
        self.needed.lock().push(key);
    }

    /// Takes one that is needed out of the list: from now on it is this task's.
    fn pick(&self) -> u64 {
        let mut needed = self.needed.lock();
        let at = fastrand::usize(..needed.len());
        needed.swap_remove(at)
    }

    async fn go_on(self: Arc<World>) {
        loop {
            self.store(fastrand::u64(..)).await;
            while self.needed.lock().len() > NEEDED {
                let key = self.pick();
                let id = MediaId::of(&content(key));
                assert!(or_end(self.store.get(&id)) == Some(content(key)), "{key} is not what was stored");
                self.note(LET_GO, key);
                self.store.release(&id, Owner(key));
                if key.is_multiple_of(3) {
                    self.store(key).await;
                }
            }
        }
    }
}

fn run(dir: &str, ackfile: &str, sync: bool) {
    let store = MediaStore::open(MediaOptions { sync, ..options(dir) }).unwrap();
    let needed: Vec<u64> = read(ackfile).into_iter().filter_map(|(key, needed)| needed.then_some(key)).collect();
    for key in &needed {
        assert!(store.hold(&MediaId::of(&content(*key)), Owner(*key)), "{key} is lost");
    }
    store.recovered();
    let acks = Mutex::new(OpenOptions::new().create(true).append(true).open(ackfile).unwrap());
    let world = Arc::new(World { store, acks, needed: Mutex::new(needed) });
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        (0..TASKS).for_each(|_| drop(tasks.spawn(Arc::clone(&world).go_on())));
        // Tasks end only by a broken promise.
        let broken = tasks.join_next().await;
        eprintln!("{broken:?}");
        std::process::exit(2);
    });
}

/// How many contents are missing, and how many are wrong.
fn compare(store: &MediaStore, records: &HashMap<u64, bool>) -> (u64, u64) {
    let (mut lost, mut wrong) = (0, 0);
    for (key, needed) in records {
        let expected = content(*key);
        match store.get(&MediaId::of(&expected)) {
            Ok(None) => lost += u64::from(*needed),
            Ok(Some(is)) => wrong += u64::from(is != expected),
            Err(error) => {
                eprintln!("{error}");
                wrong += 1;
            }
        }
    }
    (lost, wrong)
}

fn check(dir: &str, ackfile: &str) -> Result<(), String> {
    let records = read(ackfile);
    let needed = records.values().filter(|needed| **needed).count();
    let began = std::time::Instant::now();
    let store = MediaStore::open(options(dir)).map_err(|e| e.to_string())?;
    let opened = began.elapsed();
    let found = store.stats();
    let (lost, wrong) = compare(&store, &records);
    for key in records.iter().filter_map(|(key, needed)| needed.then_some(*key)) {
        store.hold(&MediaId::of(&content(key)), Owner(key));
    }
    store.recovered();
    store.maintain().map_err(|e| e.to_string())?;
    let (lost_later, wrong_later) = compare(&store, &records);
    println!(
        "{} contents acknowledged, {needed} of them needed; {} found in {} packs, opened in {opened:?}: {lost} lost, {wrong} wrong; {} \
         packs after tidying, {lost_later} lost, {wrong_later} wrong",
        records.len(),
        found.blobs,
        found.packs,
        store.stats().packs,
    );
    if lost + wrong + lost_later + wrong_later > 0 { Err("promises broken".into()) } else { Ok(()) }
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
            eprintln!("media_torture run DIR ACKFILE [--no-sync] | check DIR ACKFILE");
            return std::process::ExitCode::from(64);
        }
    }
    std::process::ExitCode::SUCCESS
}
