//! A carrier on this machine: as a connector inside the gateway, and as an SMSC for anybody's tests.

mod connector;
mod smsc;

pub use connector::{SimulatorConfig, start_simulator};
pub use smsc::{SmscConfig, start_smsc};
