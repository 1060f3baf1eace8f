//! What the media store can be told.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::MediaError;

/// Smallest pack that makes sense, octets.
const MIN_PACK: u32 = 4096;
/// Largest pack and largest content, octets.
const MAX_PACK: u32 = 1 << 30;

/// Options of a [`MediaStore`](crate::MediaStore). [`MediaOptions::new`] gives the defaults.
#[derive(Clone)]
pub struct MediaOptions {
    /// Folder of the store; made if missing.
    pub folder: PathBuf,
    /// Octets of a pack file, 4 KiB to 1 GiB; a content that is larger has a pack of its own. Default 64 MiB.
    pub pack_size: u32,
    /// Largest content, octets, at most 1 GiB. Default 32 MiB.
    pub max_blob: u32,
    /// Octets of contents that may wait for the disk; beyond, callers wait. Default 64 MiB.
    pub pending_octets: usize,
    /// How long a put may wait before [`MediaError::TooSlow`]; looked at four times in that time. Default 10 s.
    pub deadline: Duration,
    /// Octets written with one sync, at most, but for a single content that is larger. Default 8 MiB.
    pub group_octets: usize,
    /// Octets that have to stay free on the disk; only copying forward, which frees space, may use them. Default 256 MiB.
    pub min_free: u64,
    /// A pack is copied forward when less than this share of it is needed, percent. Default 25.
    pub compact_percent: u32,
    /// Packs are copied forward, too, when all of them are larger than twice what is needed in them plus this, octets. Default 256 MiB.
    pub compact_slack: u64,
    /// Pack files held open for reading, at most. Default 128.
    pub open_files: usize,
    /// Whether to sync before acknowledging. `false` is only for the control run of a durability test, which must then fail.
    pub sync: bool,
    /// Let [`MediaStore::put`](crate::MediaStore::put) wait on the calling thread instead of in its future. Only for tests on tokio's
    /// paused clock, which runs ahead whenever a task waits for another thread.
    pub wait_inline: bool,
    /// Fault injection for tests.
    pub fault: Option<Fault>,
}

/// Fault injection for tests: asked before every write (`"write"`) and sync (`"sync"`) of a pack; an error is taken for the disk's.
#[derive(Clone)]
pub struct Fault(Arc<Ask>);

type Ask = dyn Fn(&str) -> io::Result<()> + Send + Sync;

impl Fault {
    /// A fault of the caller's.
    pub fn new(ask: impl Fn(&str) -> io::Result<()> + Send + Sync + 'static) -> Fault {
        Fault(Arc::new(ask))
    }

    pub(crate) fn ask(&self, step: &str) -> io::Result<()> {
        (self.0)(step)
    }
}

impl MediaOptions {
    /// The defaults for a folder.
    pub fn new(folder: impl Into<PathBuf>) -> MediaOptions {
        MediaOptions {
            folder: folder.into(),
            pack_size: 64 << 20,
            max_blob: 32 << 20,
            pending_octets: 64 << 20,
            deadline: Duration::from_secs(10),
            group_octets: 8 << 20,
            min_free: 256 << 20,
            compact_percent: 25,
            compact_slack: 256 << 20,
            open_files: 128,
            sync: true,
            wait_inline: false,
            fault: None,
        }
    }

    /// Options for tests: tiny packs, no reserve of free space, and limits to match.
    pub fn small(folder: impl Into<PathBuf>) -> MediaOptions {
        MediaOptions {
            pack_size: 16 << 10,
            max_blob: 64 << 10,
            min_free: 0,
            compact_slack: 32 << 10,
            open_files: 2,
            ..MediaOptions::new(folder)
        }
    }

    /// Checks ranges, with the mend in the words of the error.
    pub(crate) fn check(&self) -> Result<(), MediaError> {
        let bad = |what: &str| Err(MediaError::Options(what.into()));
        if !(MIN_PACK..=MAX_PACK).contains(&self.pack_size) {
            return bad("pack_size has to be 4 KiB to 1 GiB");
        }
        if !(1..=MAX_PACK).contains(&self.max_blob) {
            return bad("max_blob has to be 1 octet to 1 GiB");
        }
        if self.pending_octets == 0 || self.group_octets == 0 || self.open_files == 0 || self.deadline.is_zero() {
            return bad("pending_octets, group_octets, open_files and deadline must not be 0");
        }
        if self.compact_percent > 90 {
            return bad("compact_percent has to be at most 90, or packs would be copied for nothing");
        }
        Ok(())
    }
}

impl fmt::Debug for MediaOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MediaOptions")
            .field("folder", &self.folder)
            .field("pack_size", &self.pack_size)
            .field("max_blob", &self.max_blob)
            .field("sync", &self.sync)
            .finish_non_exhaustive()
    }
}
