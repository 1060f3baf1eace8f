//! The process is killed at any moment, again and again; and the power of the disk is cut, since a kill alone proves nothing about syncs:
//! the page cache outlives the process.
#![allow(clippy::print_stdout)]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tempfile::TempDir;
use waxwing_media::{MediaError, MediaId, MediaOptions, MediaStore, Owner};

use super::harness::{block_on, content, until};

/// Cargo builds examples together with tests, beside the folder of the tests.
fn torture() -> Result<PathBuf, String> {
    let tests = std::env::current_exe().unwrap();
    let program = tests.parent().unwrap().parent().unwrap().join("examples/media_torture");
    if program.exists() { Ok(program) } else { Err(format!("{} is not built", program.display())) }
}

fn skip(test: &str, why: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED {test}: {why}");
}

fn rounds(variable: &str, default: usize) -> usize {
    std::env::var(variable).ok().and_then(|n| n.parse().ok()).unwrap_or(default)
}

fn size(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |m| m.len())
}

/// Runs it until so much has been acknowledged.
fn run(program: &Path, data: &Path, acks: &Path, more: &[&str], octets: u64) -> Child {
    let enough = size(acks) + octets;
    let mut run = Command::new(program).arg("run").args([data, acks]).args(more).spawn().unwrap();
    let began = Instant::now();
    while size(acks) < enough {
        assert!(run.try_wait().unwrap().is_none(), "it ended by itself");
        assert!(began.elapsed() < Duration::from_secs(120), "no progress: {} of {enough}", size(acks));
        std::thread::sleep(Duration::from_millis(1));
    }
    run
}

fn check(program: &Path, data: &Path, acks: &Path) -> bool {
    let output = Command::new(program).arg("check").args([data, acks]).stderr(Stdio::inherit()).output().unwrap();
    let _ = write!(std::io::stderr(), "{}", String::from_utf8_lossy(&output.stdout));
    output.status.success()
}

#[test]
fn killed_again_and_again_it_keeps_every_promise() {
    let program = match torture() {
        Ok(program) => program,
        Err(why) => return skip("killed_again_and_again_it_keeps_every_promise", &why),
    };
    let dir = TempDir::new().unwrap();
    let (data, acks) = (dir.path().join("data"), dir.path().join("acks"));
    for _ in 0..rounds("WAXWING_KILLS", 4) {
        let mut run = run(&program, &data, &acks, &[], fastrand::u64(9_000..80_000));
        run.kill().unwrap();
        run.wait().unwrap();
        assert!(check(&program, &data, &acks));
    }
}

/// ext4 on a loop device, which can be shut down without flushing anything.
struct Disk {
    folder: TempDir,
}

impl Disk {
    fn new(size: &str) -> Result<Disk, String> {
        let disk = Disk { folder: TempDir::new().map_err(|e| e.to_string())? };
        fs::create_dir(disk.mount_point()).map_err(|e| e.to_string())?;
        system("truncate", &["-s", size], &disk.image())?;
        system("mkfs.ext4", &["-q", "-E", "lazy_itable_init=1,lazy_journal_init=1"], &disk.image())?;
        disk.mount()?;
        Ok(disk)
    }

    fn mount_point(&self) -> PathBuf {
        self.folder.path().join("mnt")
    }

    fn image(&self) -> PathBuf {
        self.folder.path().join("disk.img")
    }

    fn mount(&self) -> Result<(), String> {
        system("mount", &["-o", "loop", &self.image().to_string_lossy()], &self.mount_point())
    }

    /// What was not synced is gone, and every access fails from now on.
    fn power_off(&self) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/peers/shutdown_ext4.py");
        system("python3", &[&script.to_string_lossy()], &self.mount_point()).unwrap();
    }

    fn power_on(&self) {
        system("umount", &[], &self.mount_point()).unwrap();
        self.mount().unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = system("umount", &["--lazy"], &self.mount_point());
    }
}

fn system(program: &str, arguments: &[&str], last: &Path) -> Result<(), String> {
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new(program).env("PATH", format!("{path}:/usr/sbin:/sbin")).args(arguments).arg(last).output();
    let output = output.map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() { Ok(()) } else { Err(format!("{program}: {}", String::from_utf8_lossy(&output.stderr).trim())) }
}

/// Rounds of load and power cut. Whether all promises were kept each time.
fn cut(cuts: usize, more: &[&str]) -> Result<bool, String> {
    let program = torture()?;
    let disk = Disk::new("1G")?;
    let (data, acks) = (disk.mount_point().join("data"), disk.folder.path().join("acks"));
    for _ in 0..cuts {
        let mut run = run(&program, &data, &acks, more, fastrand::u64(9_000..80_000));
        disk.power_off();
        let _ = run.kill();
        run.wait().unwrap();
        disk.power_on();
        if !check(&program, &data, &acks) {
            return Ok(false);
        }
    }
    Ok(true)
}

#[test]
fn a_power_cut_loses_nothing_acknowledged() {
    match cut(rounds("WAXWING_POWER_CUTS", 4), &[]) {
        Ok(kept) => assert!(kept),
        Err(why) => skip("a_power_cut_loses_nothing_acknowledged", &why),
    }
}

#[test]
fn without_syncing_a_power_cut_loses_contents() {
    match cut(1, &["--no-sync"]) {
        Ok(kept) => assert!(!kept, "nothing was lost without syncing: the power cut of this test cuts nothing"),
        Err(why) => skip("without_syncing_a_power_cut_loses_contents", &why),
    }
}

#[test]
fn a_disk_filled_to_the_last_octet_refuses_loses_nothing_and_recovers() {
    let disk = match Disk::new("64M") {
        Ok(disk) => disk,
        Err(why) => return skip("a_disk_filled_to_the_last_octet_refuses_loses_nothing_and_recovers", &why),
    };
    let options = || MediaOptions { pack_size: 4 << 20, ..MediaOptions::small(disk.mount_point().join("data")) };
    let number = |n: u64| content(n, 40_000 + n as usize % 1000);
    let mut store = MediaStore::open(options()).unwrap();
    let mut stored: Vec<(u64, MediaId)> = Vec::new();
    for round in 0..3 {
        let refused = (stored.len() as u64 + round * 10_000..).find_map(|n| match block_on(store.put(Bytes::from(number(n)))) {
            Ok(pin) => {
                pin.hold(Owner(n));
                stored.push((n, *pin.id()));
                None
            }
            Err(error) => Some(error),
        });
        assert!(matches!(refused, Some(MediaError::DiskFull { .. })), "{refused:?}");
        assert!(stored.len() > 500, "{}", stored.len());
        drop(store);
        store = MediaStore::open(options()).unwrap();
        for (n, id) in &stored {
            assert!(store.hold(id, Owner(*n)));
            assert_eq!(store.get(id).unwrap().unwrap(), number(*n));
        }
        store.recovered();
        // Half of it goes: the first packs, so that there is room at once.
        let gone: Vec<(u64, MediaId)> = stored.drain(..stored.len() / 2).collect();
        gone.iter().for_each(|(n, id)| store.release(id, Owner(*n)));
        until("room", || store.maintain().is_ok() && store.stats().disk_octets < 40 << 20);
    }
}
