//! Mailboxes on the network (MMBox, MMS 1.2): messages that subscribers keep with the message centre.
//!
//! What is in a mailbox is in one SQLite file, `<data>/mmsc.db`; contents are in the media store, which they share with messages that wait.
//! First the content is durable, then its entry, then the answer: a crash in between leaves a content that nobody needs, which the media
//! store drops.
//!
//! One thread writes, and syncs once for all that queued up meanwhile. It alone tells the media store who needs what, so that an entry and
//! its content come and go in one order. Reading is done on connections of its own, which writing does not hold up.

mod error;
mod file;
mod model;
mod sql;
mod store;
#[cfg(test)]
mod tests;
mod writer;

pub use error::MailboxError;
pub use model::Quota;
pub use store::Mailboxes;

pub(crate) use model::{Change, Entry, FlagChange, NewEntry, Query, Whose, is_owner};
