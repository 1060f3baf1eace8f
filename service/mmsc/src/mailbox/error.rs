//! What can go wrong with mailboxes.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

/// Why a mailbox could not be read or changed.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum MailboxError {
    /// It holds as much as it may.
    #[error("the mailbox is full: it may hold {messages} messages and {octets} octets; delete some")]
    Full {
        /// Most messages.
        messages: u64,
        /// Most octets.
        octets: u64,
    },
    /// More keywords, or longer ones, than an entry takes.
    #[error("a message may have {0} keywords of {1} octets each")]
    Flags(usize, usize),
    /// The system has no random numbers.
    #[error("the system has no random numbers")]
    Random,
    /// The file was written by a newer version.
    #[error("{} has version {found}, and this program knows {known}; run the newer one", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// SQLite says no.
    #[error("{doing} {}: {source}", path.display())]
    Sqlite {
        /// What was being done.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: Arc<rusqlite::Error>,
    },
    /// The file cannot be prepared.
    #[error("{doing} {}: {source}", path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// Which file.
        path: PathBuf,
        /// Why.
        source: Arc<std::io::Error>,
    },
    /// It ended, or was ended.
    #[error("the mailboxes are not written any more: {0}")]
    Stopped(String),
}

impl MailboxError {
    pub(super) fn sqlite(doing: &'static str, path: &Path, source: rusqlite::Error) -> MailboxError {
        MailboxError::Sqlite { doing, path: path.to_owned(), source: Arc::new(source) }
    }

    pub(super) fn io(doing: &'static str, path: &Path, source: std::io::Error) -> MailboxError {
        MailboxError::Io { doing, path: path.to_owned(), source: Arc::new(source) }
    }

    /// The disk did not do what it has to; what it holds is not known any more.
    pub(super) fn is_fatal(&self) -> bool {
        matches!(self, MailboxError::Sqlite { source, .. }
            if matches!(source.sqlite_error_code(), Some(rusqlite::ErrorCode::SystemIoFailure | rusqlite::ErrorCode::DatabaseCorrupt)))
    }
}
