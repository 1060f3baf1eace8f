//! A carrier to test against: yours on a laptop, ours in our own tests.
//!
//! [`Carrier`] is the behaviour alone, without sockets or clock: it takes messages and gives back responses, receipts and replies at the
//! times it was told to, the same ones for the same seed. The simulator connector runs it inside the gateway, `waxwing sim smsc` puts an
//! SMPP face on it, `waxwing sim ismg` a CMPP face.

mod carrier;
mod codes;
mod config;

pub use carrier::{Carrier, CarrierEvent, FinalState, Submitted};
pub use codes::Codes;
pub use config::{CarrierConfig, IdFormat};
