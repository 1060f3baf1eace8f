//! A disk that can lose its power: ext4 on a loop device, shut down without flushing its log.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::peer::scripts;

/// Size of the image; it is sparse.
const SIZE: &str = "2G";

/// A mounted file system of its own.
#[derive(Debug)]
pub struct Disk {
    folder: TempDir,
}

impl Disk {
    /// Makes and mounts one, or says why this machine cannot: no root, no loop devices, no ext4 tools.
    pub fn new() -> Result<Self, String> {
        if !rustix::process::geteuid().is_root() {
            return Err("mounting a loop device needs root".into());
        }
        let folder = tempfile::Builder::new().prefix("waxwing-disk-").tempdir().map_err(|error| error.to_string())?;
        let disk = Self { folder };
        std::fs::create_dir(disk.mount_point()).map_err(|error| error.to_string())?;
        run("truncate", &["-s", SIZE], &disk.image())?;
        run("mkfs.ext4", &["-q", "-E", "lazy_itable_init=1,lazy_journal_init=1"], &disk.image())?;
        disk.mount()?;
        Ok(disk)
    }

    /// Where it is mounted.
    pub fn mount_point(&self) -> PathBuf {
        self.folder.path().join("mnt")
    }

    /// Octets that are free for everybody on the file system of a folder.
    pub fn free(folder: &Path) -> u64 {
        let output = Command::new("df").args(["--output=avail", "-B1"]).arg(folder).output().expect("df runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.lines().last().and_then(|line| line.trim().parse().ok()).expect("a number of octets")
    }

    fn image(&self) -> PathBuf {
        self.folder.path().join("disk.img")
    }

    /// Cuts the power: what was not synced is gone, and every access fails from now on. To be followed by [`Disk::power_on`] once
    /// nobody holds a file open any more.
    pub fn power_off(&self) {
        run("python3", &[&scripts().join("shutdown_ext4.py").to_string_lossy()], &self.mount_point()).expect("the file system shuts down");
    }

    /// Mounts what is left, replaying the journal as after a power cut.
    pub fn power_on(&self) {
        run("umount", &[], &self.mount_point()).expect("nobody uses the disk any more");
        self.mount().expect("the disk mounts again");
    }

    fn mount(&self) -> Result<(), String> {
        let mount_point = self.mount_point();
        run("mount", &["-o", "loop", &self.image().to_string_lossy()], &mount_point)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: where a test failed, somebody may still hold a file.
        let _ = run("umount", &["--lazy"], &self.mount_point());
    }
}

fn run(program: &str, arguments: &[&str], last: &Path) -> Result<(), String> {
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new(program).env("PATH", format!("{path}:/usr/sbin:/sbin")).args(arguments).arg(last).output();
    let output = output.map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() { Ok(()) } else { Err(format!("{program}: {}", String::from_utf8_lossy(&output.stderr).trim())) }
}
