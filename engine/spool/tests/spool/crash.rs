//! The process is killed at any moment, again and again. (What that does not prove, that data has reached the disk, needs a power cut:
//! the same program, `spool_torture`, is made for that too.)

#![allow(clippy::print_stdout)]

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Cargo builds examples together with tests, beside the folder of the tests.
fn torture() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    tests.parent().unwrap().parent().unwrap().join("examples/spool_torture")
}

#[test]
fn killed_again_and_again_it_keeps_every_promise() {
    let program = torture();
    if !program.exists() {
        let _ = writeln!(std::io::stderr(), "SKIPPED killed_again_and_again_it_keeps_every_promise: {} is not built", program.display());
        return;
    }
    let kills = std::env::var("WAXWING_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(3);
    let dir = TempDir::new().unwrap();
    let (data, acks) = (dir.path().join("data"), dir.path().join("acks"));
    let size = || fs::metadata(&acks).map_or(0, |m| m.len());
    for _ in 0..kills {
        let enough = size() + fastrand::u64(24_000..500_000);
        let mut run = Command::new(&program).arg("run").args([&data, &acks]).spawn().unwrap();
        let began = Instant::now();
        while size() < enough {
            assert!(run.try_wait().unwrap().is_none(), "it ended by itself");
            assert!(began.elapsed() < Duration::from_secs(60), "no progress: {} of {enough}", size());
            std::thread::sleep(Duration::from_millis(1));
        }
        run.kill().unwrap();
        run.wait().unwrap();
        let check = Command::new(&program).arg("check").args([&data, &acks]).stdout(Stdio::null()).status().unwrap();
        assert!(check.success());
    }
}
