//! Message lives and search, as a projection of the spool's feed; and the accounts file.
//!
//! The [`Ledger`] keeps every message, what happened to it, and counters, in SQLite files, one a UTC day: dropping a file is retention.
//! It is never on the way of an acknowledgement. A thread of its own reads the feed and writes batches; how far it got is stored with the
//! rows, so that a crash costs nothing but reading a little of the feed again. Its tables are a public interface
//! (docs/reference/ledger.md): anybody may read them while they are written.
//!
//! The [`AccountStore`] is the other way round: a small file that is the truth about accounts made at the command line or in the console,
//! about the message centre's subscribers, and about who is signed in, written durably at each change. The [`Directory`] has the subscribers
//! in memory.

mod accounts;
mod batch;
mod day;
mod dayfile;
mod error;
mod feed;
mod files;
mod history;
mod lag;
mod ledger;
mod life;
mod options;
mod park;
mod projector;
mod query;
mod readers;
mod record;
mod schema;
mod search;
mod stats;
mod totals;

pub use accounts::*;
pub use day::{Day, DayError};
pub use error::LedgerError;
pub use feed::Feed;
pub use lag::{Lag, LagLimit};
pub use ledger::{Ledger, LedgerStats};
pub use options::LedgerOptions;
pub use query::{NumberQuery, Page, PageKey, PageKeyError, Query, Side};
pub use record::{EventKind, EventRecord, Life, MessageRecord};
pub use schema::VERSION as SCHEMA_VERSION;
pub use stats::DayCount;
