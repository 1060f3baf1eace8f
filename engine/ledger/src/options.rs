//! Settings of the ledger.

use std::path::PathBuf;
use std::time::Duration;

use waxwing_core::Clock;

use crate::LagLimit;

/// Settings of the ledger.
#[derive(Clone, Debug)]
pub struct LedgerOptions {
    /// Its folder (`<data>/ledger`); made where it is not there.
    pub folder: PathBuf,
    /// Days that are kept, today included; at least 1.
    pub retention_days: u32,
    /// Keep the texts of messages.
    pub keep_text: bool,
    /// Events after which a batch is written.
    pub batch: usize,
    /// Time after which a batch is written in any case. Messages that are final by then are written once; larger batches would keep the
    /// disk busy for longer at a time.
    pub linger: Duration,
    /// When to push back.
    pub lag: LagLimit,
    /// Searches at the same time; others wait for their turn.
    pub readers: usize,
    /// Longest time that a search may take. One that has to look through too many rows answers with what it has and where to go on.
    pub search_time: Duration,
    /// The time, for retention.
    pub clock: Clock,
}

impl LedgerOptions {
    /// The usual ones: 90 days, with texts, batches of 65,536 events or 100 ms, 4 readers, 5 s a search.
    pub fn new(folder: impl Into<PathBuf>) -> LedgerOptions {
        LedgerOptions {
            folder: folder.into(),
            retention_days: 90,
            keep_text: true,
            batch: 65_536,
            linger: Duration::from_millis(100),
            lag: LagLimit::default(),
            readers: 4,
            search_time: Duration::from_secs(5),
            clock: Clock::system(),
        }
    }
}
