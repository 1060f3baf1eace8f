//! What every codec of the house tells of a PDU: a tree with names, as indented text for people and as JSON for machines.
//!
//! The codecs know fields and meanings, and make [`Value`]s of them. How those look, and what becomes of octets that are no PDU, is
//! written here once, so that every protocol is described alike.
//!
//! * [`Value`] is the tree.
//! * [`Description`] is what some octets are: PDUs, and why the rest is none. [`Description::of_frames`] makes it where PDUs stand
//!   back to back.
//! * [`quirks!`] makes the set of oddities that a decoder tolerates; [`oddities`] describes one.
//!
//! No input or output, no clock. Nothing panics on what a network may bring; trees are rendered by recursion, so a codec whose PDUs can
//! be nested bounds their depth.

mod description;
mod hex;
mod quirks;
mod value;

pub use description::{Description, Framed};
pub use hex::hex;
pub use quirks::oddities;
pub use value::Value;
