//! The directory of gateways (GNS): which gateway serves a handset, and which one an SP (CMPP 2.0 sections 7.5 and 7.6, 3.0 sections 8.5
//! and 8.6).
//!
//! A gateway asks it over short connections: CONNECT, one operation, close. What it says is kept ([`book`]); [`directory`] fetches all of it
//! at start and now and then, asks for what is missing, and guides messages by it; the GNS tells of changes at our listener. No other
//! implementation of a GNS was there to be tried with: the tables of the standard are all that stands behind the layouts.

mod book;
mod directory;
mod door;
mod link;
mod route;

pub use directory::{GnsConfig, start_directory};
pub use route::{MoEntry, MtEntry};

pub(crate) use directory::Directory;
pub(super) use door::{pushed_mo, pushed_mt};
pub(crate) use link::{Once, ask, read};
pub(crate) use route::{TellsMo, TellsMt, place, refused, update, written};
