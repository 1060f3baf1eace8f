//! Load for the gateway and what swallows it: SMPP clients that keep their window full, and an SMSC that answers at once.
//!
//! Both are made of the gateway's own codec and session engine, so that they cost little beside it on the same two cores.

mod esme;
mod gateway;
mod sink;

pub use esme::{Load, Sent, run_clients};
pub use gateway::Gateway;
pub use sink::{Sink, start_sink};
