//! Media by content hash: the contents of multimedia messages, stored once, durable before anything that needs them is accepted, and gone
//! when nothing needs them any more.
//!
//! One file and one sync for each content would be a thousand a second at best. So contents are appended to **pack files** by one thread,
//! which writes all that has queued up during the last sync in one go; the answer comes after the next sync. The index is in memory, some
//! hundred octets a content, and is built at the start from the heads of the records, without reading the contents.
//!
//! Who needs a content is known in memory alone: its owners are numbers that the caller gives, and tells anew after a start, from its own
//! durable records. Until it has, nothing is removed. A removal need not be durable: a content that comes back after a crash has no owner,
//! and goes again.
//!
//! * A pack in which nothing lives is deleted; of one in which most is dead, the rest is copied into the newest, in bounded time.
//! * A failed write (a full disk) refuses those contents; a failed sync stops the store for good, since nobody knows what the disk has.
//! * The end of the newest pack that a crash has torn off is cut off at the start: it was never acknowledged. Damage in the middle costs the
//!   contents that it hits, and is told with file and offset.

mod committer;
mod error;
mod id;
mod index;
mod options;
mod pack;
mod record;
mod recover;
mod store;

pub use error::MediaError;
pub use id::{MediaId, Owner};
pub use options::MediaOptions;
pub use store::{BoxFuture, MediaStats, MediaStore, Pin};
