//! What the disk can do: the floor under everything that is made durable.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use waxwing_endpoints::load::histogram;

use crate::report::{figure, progress};

/// Writes that are each made durable before the next.
#[derive(Clone, Debug)]
pub struct Synced {
    /// What was written, and how.
    pub name: &'static str,
    /// Writes a second.
    pub rate: f64,
    /// Time of a write with its fdatasync, microseconds.
    pub time: Histogram<u64>,
}

/// What to measure.
#[derive(Clone, Debug, clap::Args)]
pub struct Disk {
    /// Seconds for each kind of writing.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// Folder on the disk.
    #[arg(long, default_value = "target/bench")]
    tmp: PathBuf,
}

/// Size of a file that is overwritten, and of one that is written in a row.
const FILE: u64 = 256 << 20;

impl Disk {
    /// Measures and says what it saw on standard error.
    ///
    /// # Errors
    /// The disk's.
    pub fn run(&self) -> io::Result<()> {
        std::fs::create_dir_all(&self.tmp)?;
        for s in synced(&self.tmp, Duration::from_secs_f64(self.seconds))? {
            let time = |share| figure(s.time.value_at_quantile(share) as f64);
            progress(&format!("{}: {}/s, p50 {} µs, p99 {} µs", s.name, figure(s.rate), time(0.5), time(0.99)));
        }
        progress(&format!("in a row: {} MB/s", figure(bandwidth(&self.tmp)? / 1e6)));
        Ok(())
    }
}

/// Writes of 4 KiB that make a file longer, and of 4 and 64 KiB over what was there: each kind for so long.
///
/// # Errors
/// The disk's.
pub fn synced(folder: &Path, time: Duration) -> io::Result<Vec<Synced>> {
    let folder = tempfile::Builder::new().prefix("disk-").tempdir_in(folder)?;
    let longer = File::create_new(folder.path().join("longer"))?;
    let appended = repeat("4 KiB appended, fdatasync", &longer, 4 << 10, u64::MAX, time)?;
    let mut filled = File::create_new(folder.path().join("filled"))?;
    let zeros = vec![0; 1 << 20];
    for _ in 0..FILE / (1 << 20) {
        filled.write_all(&zeros)?;
    }
    filled.sync_all()?;
    let small = repeat("4 KiB overwritten, fdatasync", &filled, 4 << 10, FILE, time)?;
    let large = repeat("64 KiB overwritten, fdatasync", &filled, 64 << 10, FILE, time)?;
    Ok(vec![appended, small, large])
}

/// Octets a second of a file written from beginning to end, with one sync behind it.
///
/// # Errors
/// The disk's.
pub fn bandwidth(folder: &Path) -> io::Result<f64> {
    let folder = tempfile::Builder::new().prefix("disk-").tempdir_in(folder)?;
    let mut file = File::create_new(folder.path().join("row"))?;
    let chunk = noise(1 << 20);
    let begin = Instant::now();
    for _ in 0..FILE / (1 << 20) {
        file.write_all(&chunk)?;
    }
    file.sync_data()?;
    Ok(FILE as f64 / begin.elapsed().as_secs_f64())
}

fn repeat(name: &'static str, file: &File, size: usize, length: u64, limit: Duration) -> io::Result<Synced> {
    let chunk = noise(size);
    let mut time = histogram();
    let begin = Instant::now();
    let mut at = 0;
    while begin.elapsed() < limit {
        let before = Instant::now();
        file.write_all_at(&chunk, at)?;
        file.sync_data()?;
        time.saturating_record(u64::try_from(before.elapsed().as_micros()).unwrap_or(u64::MAX).max(1));
        at = (at + size as u64) % length;
    }
    Ok(Synced { name, rate: time.len() as f64 / begin.elapsed().as_secs_f64(), time })
}

/// Octets that a disk cannot make small.
fn noise(size: usize) -> Vec<u8> {
    std::iter::repeat_with(|| fastrand::u8(..)).take(size).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_write_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let file = File::create_new(folder.path().join("f")).unwrap();
        let seen = repeat("f", &file, 100, u64::MAX, Duration::from_millis(50)).unwrap();
        assert_eq!(file.metadata().unwrap().len(), 100 * seen.time.len());
        assert!(seen.rate > 0.0);
    }
}
