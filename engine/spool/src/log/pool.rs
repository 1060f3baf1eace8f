//! Prepared log files: zero-filled and synced in advance by a thread of their own, so that a commit never allocates on the disk.
//!
//! A full disk shows here and nowhere else: no spare file can be made. The last one in hand is only for outcomes.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use super::folder::{Folder, create_private, io_error};
use crate::SpoolError;

/// How often a full disk is looked at again.
const RETRY: Duration = Duration::from_millis(500);
/// Under load files come back about as fast as they are taken: so many more than are made are kept then, so that none has to be made. After
/// a minute in which none was taken or came back, they go, one by one.
const RETURNED: usize = 6;
const RESTING: Duration = Duration::from_secs(60);

/// The pool; the thread that fills it runs [`Pool::fill`].
#[derive(Debug)]
pub(crate) struct Pool {
    folder: Folder,
    size: u32,
    /// Files in hand beside the reserve.
    target: usize,
    min_free: u64,
    max_disk: Option<u64>,
    free: AtomicU64,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    spares: Vec<PathBuf>,
    next: u64,
    /// Log files that are not spare.
    used: u64,
    /// Why no file could be made at the last try.
    short: Option<SpoolError>,
    stop: bool,
}

impl Pool {
    /// Takes over spare files found in the folder.
    pub(crate) fn new(folder: Folder, config: &super::SpoolConfig, found: Vec<PathBuf>) -> Pool {
        let mut state = State::default();
        for path in found {
            let whole = fs::metadata(&path).is_ok_and(|m| m.len() == u64::from(config.segment_size));
            if whole && state.spares.len() <= config.spares {
                let number = path.file_stem().and_then(|s| s.to_str()?.strip_prefix("spare-")?.parse::<u64>().ok());
                state.next = state.next.max(number.unwrap_or(0) + 1);
                state.spares.push(path);
            } else {
                let _ = fs::remove_file(&path);
            }
        }
        let free = AtomicU64::new(folder.free());
        Pool {
            folder,
            size: config.segment_size,
            target: config.spares + 1,
            min_free: config.min_free,
            max_disk: config.max_disk,
            free,
            state: Mutex::new(state),
            changed: Condvar::new(),
        }
    }

    /// Sets the number of log files in use.
    pub(crate) fn set_used(&self, used: u64) {
        self.state.lock().used = used;
    }

    /// Why new messages have to be refused, if the pool is down to its reserve.
    pub(crate) fn short(&self) -> Option<SpoolError> {
        let state = self.state.lock();
        if state.spares.len() > 1 { None } else { state.short.clone() }
    }

    /// Looks how much is free.
    pub(crate) fn look(&self) -> u64 {
        let free = self.folder.free();
        self.free.store(free, Ordering::Relaxed);
        free
    }

    /// Octets free, as last looked at.
    pub(crate) fn free(&self) -> u64 {
        self.free.load(Ordering::Relaxed)
    }

    /// A file, renamed to `to`. Waits for the thread that makes them; fails when it cannot. The last one only with `reserve`.
    pub(crate) fn take(&self, to: &Path, reserve: bool) -> Result<File, SpoolError> {
        let keep = usize::from(!reserve);
        let mut state = self.state.lock();
        let path = loop {
            if state.spares.len() > keep
                && let Some(path) = state.spares.pop()
            {
                break path;
            }
            if let Some(error) = &state.short {
                return Err(error.clone());
            }
            if state.stop {
                return Err(SpoolError::Closing);
            }
            self.changed.wait(&mut state);
        };
        state.used += 1;
        self.changed.notify_all();
        drop(state);
        fs::rename(&path, to).map_err(|e| io_error("rename", &path, &e))?;
        self.folder.sync(&self.folder.segments())?;
        OpenOptions::new().read(true).write(true).open(to).map_err(|e| io_error("open", to, &e))
    }

    /// Takes a log file back. `reuse`: nobody reads it any more, so it may be overwritten.
    pub(crate) fn give_back(&self, from: &Path, reuse: bool) -> Result<(), SpoolError> {
        let mut state = self.state.lock();
        let spare = self.folder.spare(state.next);
        let whole = fs::metadata(from).is_ok_and(|m| m.len() == u64::from(self.size));
        if reuse && whole && state.spares.len() < self.target + RETURNED && self.may_keep(state.used) {
            state.next += 1;
            fs::rename(from, &spare).map_err(|e| io_error("rename", from, &e))?;
            self.folder.sync(&self.folder.segments())?;
            state.spares.push(spare);
        } else {
            fs::remove_file(from).map_err(|e| io_error("remove", from, &e))?;
            self.folder.sync(&self.folder.segments())?;
        }
        state.used = state.used.saturating_sub(1);
        state.short = None;
        self.changed.notify_all();
        Ok(())
    }

    /// Makes files until told to stop.
    pub(crate) fn fill(&self) {
        let mut state = self.state.lock();
        while !state.stop {
            if state.spares.len() > self.target {
                if self.changed.wait_for(&mut state, RESTING).timed_out()
                    && state.spares.len() > self.target
                    && let Some(path) = state.spares.pop()
                {
                    let _ = fs::remove_file(&path);
                }
                continue;
            }
            if state.spares.len() == self.target {
                self.changed.wait(&mut state);
                continue;
            }
            let path = self.folder.spare(state.next);
            state.next += 1;
            let files = state.used + state.spares.len() as u64;
            drop(state);
            let made = self.room(files).and_then(|()| self.make(&path));
            state = self.state.lock();
            match made {
                Ok(()) => {
                    state.short = None;
                    state.spares.push(path);
                    self.changed.notify_all();
                }
                Err(error) => {
                    if state.short.is_none() {
                        tracing::warn!(%error, "No spare log file can be made.");
                    }
                    state.short = Some(error);
                    self.changed.notify_all();
                    if !state.stop {
                        self.changed.wait_for(&mut state, RETRY);
                    }
                }
            }
        }
    }

    pub(crate) fn stop(&self) {
        self.state.lock().stop = true;
        self.changed.notify_all();
    }

    /// Makes the first file at once, where there is none, whatever `min_free` says: without it nothing can be opened.
    pub(crate) fn ensure_one(&self) -> Result<(), SpoolError> {
        let mut state = self.state.lock();
        if state.spares.is_empty() {
            let path = self.folder.spare(state.next);
            state.next += 1;
            self.make(&path)?;
            state.spares.push(path);
        }
        Ok(())
    }

    /// Whether there is room on the disk for files beyond those that are needed.
    fn may_keep(&self, used: u64) -> bool {
        let size = u64::from(self.size);
        let all = (used + (self.target + RETURNED) as u64) * size;
        self.look() > self.min_free + 2 * size && self.max_disk.is_none_or(|max| all < max)
    }

    fn room(&self, files: u64) -> Result<(), SpoolError> {
        let size = u64::from(self.size);
        let free = self.look();
        let mut limits = vec![(free, self.min_free + size)];
        limits.extend(self.max_disk.map(|max| (max.saturating_sub(files * size), size)));
        for (free, needed) in limits {
            if free < needed {
                return Err(SpoolError::DiskFull { path: self.folder.root().display().to_string(), free, needed });
            }
        }
        Ok(())
    }

    fn make(&self, path: &Path) -> Result<(), SpoolError> {
        let raw = path.with_extension("tmp");
        let zeros = vec![0u8; 256 * 1024];
        let filled = create_private(&raw).and_then(|mut file| {
            let mut left = self.size as usize;
            while left > 0 {
                let n = left.min(zeros.len());
                file.write_all(&zeros[..n])?;
                left -= n;
            }
            file.sync_all()
        });
        if let Err(error) = filled {
            let _ = fs::remove_file(&raw);
            if error.kind() == std::io::ErrorKind::StorageFull {
                let (path, free) = (self.folder.root().display().to_string(), self.folder.free());
                return Err(SpoolError::DiskFull { path, free, needed: u64::from(self.size) });
            }
            return Err(io_error("fill", &raw, &error));
        }
        fs::rename(&raw, path).map_err(|e| io_error("rename", &raw, &e))?;
        self.folder.sync(&self.folder.segments())
    }
}
