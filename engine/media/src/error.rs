//! What can go wrong in the media store, named so that every door can answer its peer honestly.

use thiserror::Error;

/// Why the media store refused or failed.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum MediaError {
    /// The disk is full. New contents are refused; what is stored can be read.
    #[error("the media store's disk is full: {free} octets free in {path}, {needed} needed; free some space or lower [spool] min_free")]
    DiskFull {
        /// Folder of the store.
        path: String,
        /// Octets that are free.
        free: u64,
        /// Octets that have to be free.
        needed: u64,
    },
    /// The content is larger than the store takes.
    #[error("the content has {len} octets, the limit (max_blob) is {limit}")]
    TooLarge {
        /// Octets of the content.
        len: u64,
        /// Octets allowed.
        limit: u64,
    },
    /// The content was not durable in the time allowed; it is not known to be stored.
    #[error("the media store did not store a content within {waited_ms} ms; its disk is too slow or hangs")]
    TooSlow {
        /// How long the caller waited, milliseconds.
        waited_ms: u64,
    },
    /// A write or a sync failed. The store has stopped taking contents for good: a disk that failed a sync cannot be trusted until
    /// restart. What is stored can still be read.
    #[error("the media store stopped after an I/O error at {place}: {error}; check the disk and restart")]
    Failed {
        /// What was being done, on which file.
        place: String,
        /// The system's words.
        error: String,
    },
    /// A file of the store is damaged in a place that no crash explains.
    #[error("{file} is damaged at octet {offset}: {what}; restore the file, or move it away to go on without it")]
    Corrupt {
        /// The file.
        file: String,
        /// Where in it.
        offset: u64,
        /// What was found.
        what: String,
    },
    /// Another process holds the folder.
    #[error("{path} is in use by another process (lock held); stop it first")]
    Locked {
        /// The folder.
        path: String,
    },
    /// An option is out of its range.
    #[error("the media store's options: {0}")]
    Options(String),
    /// The store is shutting down.
    #[error("the media store is closing")]
    Closing,
}
