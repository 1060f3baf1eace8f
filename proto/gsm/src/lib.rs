//! GSM alphabets, data coding, user data headers, segmentation and reassembly of short messages.

pub mod alphabet;
pub mod charset;
pub mod dcs;
mod text;
pub mod udh;

pub use self::text::{Decoded, Encoded, Unencodable};
