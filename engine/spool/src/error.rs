//! What can go wrong in a spool, named so that every door can answer its peer honestly.

use thiserror::Error;

/// Why a spool refused or failed.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum SpoolError {
    /// The disk (or the share of it that the spool may use) is full. New messages are refused; outcomes are still recorded.
    #[error("the spool's disk is full: {free} octets free in {path}, {needed} needed; free some space or lower [spool] min_free")]
    DiskFull {
        /// Folder of the spool.
        path: String,
        /// Octets that are free.
        free: u64,
        /// Octets that have to be free.
        needed: u64,
    },
    /// As many messages are queued as the memory limit allows.
    #[error("{queued} messages are queued, the limit ([spool] max_messages) is {limit}")]
    QueueFull {
        /// Messages held now.
        queued: u64,
        /// The limit.
        limit: u64,
    },
    /// The committer did not make the batch durable in the time allowed; it is not known to be stored.
    #[error("the spool did not commit within {waited_ms} ms; its disk is too slow or hangs")]
    TooSlow {
        /// How long the caller waited, milliseconds.
        waited_ms: u64,
    },
    /// A write or a sync failed. The spool has stopped accepting for good: a disk that failed a sync cannot be trusted until restart.
    #[error("the spool stopped after an I/O error at {place}: {error}; check the disk and restart")]
    Failed {
        /// What was being done, on which file.
        place: String,
        /// The system's words.
        error: String,
    },
    /// A file of the spool is damaged in a place that no crash explains.
    #[error("{file} is damaged at octet {offset}: {what}; restore the folder, or move that file away to go on without it")]
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
    /// The spool is shutting down.
    #[error("the spool is closing")]
    Closing,
}
