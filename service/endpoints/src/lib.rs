//! Live sessions: the doors through which others connect to us and the lines that we open to others, a folder a protocol.
//!
//! An endpoint translates and nothing else: what comes in becomes a submission, a receipt or a received message for `waxwing-core`; what
//! goes out is taken from an `Outbox` and settled there. Windows, timers and keep-alives are `waxwing-session`'s; what the sessions of all
//! protocols do is in `door` (others connect to us) and `line` (we connect to others).

pub mod cmpp;
mod door;
mod endpoint;
mod flight;
mod line;
pub mod load;
pub mod simulator;
pub mod smpp;

pub use door::OpenError;
pub use endpoint::{Endpoint, Stopping};
