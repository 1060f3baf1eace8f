//! What can go wrong with the ledger and the accounts file.

use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why the ledger could not be opened, written or asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// A folder or file cannot be made, listed, moved or synced.
    #[error("{doing} {path}: {error}; check that the folder exists and that the gateway's user may write there")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// On which file.
        path: PathBuf,
        /// The system's words.
        error: std::io::Error,
    },
    /// SQLite refused.
    #[error("{doing} {path}: {error}")]
    Sqlite {
        /// What was being done.
        doing: &'static str,
        /// On which file.
        path: PathBuf,
        /// SQLite's words.
        error: rusqlite::Error,
    },
    /// The file was written by a newer version.
    #[error("{path} has schema version {found}, this version knows {known}; use the newer gateway or move the file away")]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// The file was written by a development version from before the first release.
    #[error("{path} has schema version {found}, which was never released; this version knows {known}: move the file away")]
    Older {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// The spool's feed cannot be read.
    #[error("the spool's feed cannot be read: {0}")]
    Feed(waxwing_spool::SpoolError),
    /// A search took longer than it may, or no reader became free in time.
    #[error("the search took longer than {0} ms; ask for a shorter time, or for a number or account")]
    Timeout(u64),
    /// The ledger is shutting down.
    #[error("the ledger is closing")]
    Closing,
}

impl LedgerError {
    pub(crate) fn io(doing: &'static str, path: &Path, error: std::io::Error) -> LedgerError {
        LedgerError::Io { doing, path: path.to_owned(), error }
    }

    pub(crate) fn sqlite(doing: &'static str, path: &Path, error: rusqlite::Error) -> LedgerError {
        LedgerError::Sqlite { doing, path: path.to_owned(), error }
    }

    /// The file itself is damaged, so that trying again cannot help.
    pub(crate) fn is_damage(&self) -> bool {
        use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
        matches!(self, LedgerError::Sqlite { error, .. } if matches!(error.sqlite_error_code(), Some(DatabaseCorrupt | NotADatabase)))
    }
}
