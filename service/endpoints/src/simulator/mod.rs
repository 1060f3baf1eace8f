//! A carrier on this machine: as a connector inside the gateway, and as an SMSC, an ISMG or a GNS for anybody's tests.

mod centre;
mod connector;
mod gns;
mod ismg;
mod smsc;

pub use centre::{CentreConfig, Incoming};
pub use connector::{SimulatorConfig, start_simulator};
pub use gns::{GnsConfig, GnsGateway, start_gns};
pub use ismg::{IsmgConfig, start_ismg};
pub use smsc::{SmscConfig, start_smsc};
