//! What phones ask of the message centre (MM1), each behaviour by itself: the phones are made by hand, octet by octet; tshark, curl,
//! ImageMagick and ffprobe judge what they get.
#![allow(clippy::unwrap_used)]

mod common;
mod delivery;
mod fitting;
mod identity;
mod log;
