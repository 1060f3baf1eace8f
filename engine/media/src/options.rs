//! How contents are stored.

use std::path::PathBuf;
use std::time::Duration;

/// How contents are stored.
#[derive(Clone, Debug)]
pub struct MediaOptions {
    /// Where.
    pub folder: PathBuf,
    /// Octets of a pack, about: after that a new one is begun. 64 MiB unless changed.
    pub pack_size: u64,
    /// Largest content, octets. 64 MiB unless changed.
    pub max_blob: u64,
    /// Octets that may wait to be written. 64 MiB unless changed.
    pub pending: usize,
    /// How long a content may wait for its turn to be queued. 10 s unless changed.
    pub deadline: Duration,
    /// Octets that have to stay free on the disk. 64 MiB unless changed.
    pub reserve: u64,
    /// How often packs are looked through for what is dead. 5 s unless changed.
    pub care: Duration,
    /// For the control run of durability tests: `false` acknowledges what a power cut can lose.
    pub sync: bool,
}

impl MediaOptions {
    /// The usual, in this folder.
    pub fn new(folder: impl Into<PathBuf>) -> MediaOptions {
        MediaOptions {
            folder: folder.into(),
            pack_size: 64 << 20,
            max_blob: 64 << 20,
            pending: 64 << 20,
            deadline: Duration::from_secs(10),
            reserve: 64 << 20,
            care: Duration::from_secs(5),
            sync: true,
        }
    }
}
