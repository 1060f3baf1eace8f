//! Live sessions: the doors through which others connect to us and the lines that we open to others, a folder a protocol.
//!
//! An endpoint translates and nothing else: what comes in becomes a submission, a receipt or a received message for `waxwing-core`; what
//! goes out is taken from an `Outbox` and settled there. Windows, timers, keep-alives and reconnecting are `waxwing-session`'s.

pub mod cmpp;
mod endpoint;
pub mod simulator;
pub mod smpp;

pub use endpoint::{Endpoint, Stopping};
