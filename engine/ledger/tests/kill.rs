//! kill -9 in a loop: nothing is missing afterwards and nothing is there twice. (That proves recovery but nothing about syncing; for
//! power cuts see the example `ledger_torture`.)
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Cargo builds examples together with tests, beside the folder of the tests.
fn torture() -> PathBuf {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    path.join("examples/ledger_torture")
}

/// Steps that the ledger has stored, by its own record.
fn stored(record: &Path) -> u64 {
    let octets = std::fs::read(record).unwrap_or_default();
    octets.get(8..16).map_or(0, |o| u64::from_le_bytes(o.try_into().unwrap()))
}

#[test]
fn killed_at_any_moment_it_has_everything_once() {
    let program = torture();
    if !program.exists() {
        let _ = writeln!(std::io::stderr(), "SKIPPED killed_at_any_moment_it_has_everything_once: {} is not built", program.display());
        return;
    }
    let kills = std::env::var("WAXWING_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(4);
    let dir = tempfile::tempdir().unwrap();
    let (folder, record) = (dir.path().join("data"), dir.path().join("record"));
    let mut dice = 99_u64;
    for _ in 0..kills {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let begun = stored(&record);
        let mut run = Command::new(&program).arg("run").arg(&folder).arg(&record).spawn().unwrap();
        let (wanted, deadline) = (begun + 1 + (dice >> 33) % 15_000, Instant::now() + Duration::from_secs(120));
        while stored(&record) < wanted {
            assert!(Instant::now() < deadline && run.try_wait().unwrap().is_none(), "it gets no further than {}", stored(&record));
            std::thread::sleep(Duration::from_millis(1));
        }
        run.kill().unwrap();
        run.wait().unwrap();
        let check = Command::new(&program).arg("check").arg(&folder).arg(&record).output().unwrap();
        assert!(check.status.success(), "{}{}", String::from_utf8_lossy(&check.stdout), String::from_utf8_lossy(&check.stderr));
    }
}
