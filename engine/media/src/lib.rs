//! Media by content hash: the contents of multimedia messages, stored once however many recipients they have, durable before the message
//! that needs them is accepted, and gone when the last message that needs them is.
//!
//! A file and a sync for each content could not carry the load of a message centre, so contents are appended to **packs**, large files
//! that many share, by one thread that syncs for all who wait at once. What is where is known in memory.
//!
//! * `put`: name and checksum, in the caller's task; `committer`, `writer`: the one thread that writes;
//! * `index`: where each content is and who needs it, about 75 octets a content with one owner;
//! * `frame`: the octets; `files`: reading them; `scan`, `recover`: from packs to index;
//! * `caretaker`: removes packs in which nothing is needed, and copies what is needed out of those that are mostly dead.
//!
//! Who needs a content is known by its owners and [`Pin`]s, and both are in memory only. At start the caller, who knows from its own
//! durable records, tells all owners again with [`MediaStore::hold`], then says [`MediaStore::recovered`]; before that nothing is removed.
//! So a removal needs no record: a content that comes back after a crash has no owner, and goes again.
//!
//! # The files
//!
//! `packs/NNNNNNNNNN.pack`: a header, frames, and, when the pack is full, a list of the frames and a trailer that says where the list is,
//! so that opening reads some 40 octets a content and not the contents. `LOCK` keeps a second process out. Packs are not filled in advance:
//! that would write everything twice. Nor are contents kept in memory: to read one from the system's cache takes some microseconds.
//!
//! # Damage
//!
//! A torn tail of the last pack, which a crash explains, is cut off. A content that is damaged in the middle is lost alone, and told by
//! [`MediaStore::get`], naming file and offset. Where it cannot be known which contents a pack had, [`MediaStore::open`] fails, naming
//! file and offset: in a full pack that takes damage to both the list and a head.
//!
//! A failed write or sync stops the store for good, because after a failed sync nobody knows what the disk has.

mod caretaker;
mod committer;
mod error;
mod files;
mod folder;
mod frame;
mod index;
mod options;
mod pin;
mod put;
mod recover;
mod scan;
mod shared;
mod store;
mod types;
mod writer;

pub use error::MediaError;
pub use options::{Fault, MediaOptions};
pub use pin::Pin;
pub use store::{BoxFuture, MediaStore};
pub use types::{BadMediaId, MediaId, MediaStats, Owner};
