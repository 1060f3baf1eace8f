//! What the tests of the codecs share: an independent dissector as a judge of what they write, and damage to what they read.
//!
//! For tests only, never for a product: it starts programs, and panics where a test has to fail.

mod damage;
mod hex;
mod tshark;

pub use damage::{Damaged, mended};
pub use hex::octets;
pub use tshark::Capture;
