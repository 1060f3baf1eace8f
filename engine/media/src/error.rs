//! What can go wrong.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

/// Why a content could not be stored or read.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum MediaError {
    /// Larger than any content may be.
    #[error("the content has {len} octets, at most {max} can be stored")]
    TooLarge {
        /// Its octets.
        len: u64,
        /// The most.
        max: u64,
    },
    /// No room on the disk.
    #[error("the disk of {} has {free} octets left, and {reserve} have to stay free; make room on it", folder.display())]
    Full {
        /// Where.
        folder: PathBuf,
        /// What is free.
        free: u64,
        /// What has to stay free.
        reserve: u64,
    },
    /// Too much waits to be written.
    #[error("the disk is too slow: {0} ms have passed and the content could not be queued for writing")]
    TooSlow(u64),
    /// Another process has it.
    #[error("{} is in use by another process: is this gateway running already? Stop it, or give another data folder", .0.display())]
    Locked(PathBuf),
    /// The system said no.
    #[error("{action} {}: {error}", path.display())]
    Io {
        /// What was done.
        action: &'static str,
        /// To what.
        path: PathBuf,
        /// What the system said.
        error: Arc<io::Error>,
    },
    /// What was read is not what was written.
    #[error("{} is damaged at offset {offset}; the content is lost", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where.
        offset: u64,
    },
    /// A sync failed earlier: nobody knows what the disk has.
    #[error("the media store has stopped: {0}; mend the disk and start the gateway again")]
    Stopped(String),
}

impl MediaError {
    pub(crate) fn io(action: &'static str, path: &Path, error: io::Error) -> MediaError {
        MediaError::Io { action, path: path.to_owned(), error: Arc::new(error) }
    }
}
