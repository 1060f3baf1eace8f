//! The token tables of the document types.

mod co;
mod emn;
mod ota;
mod provisioning;
mod rights;
mod si;
mod sl;

pub use co::CO;
pub use emn::EMN;
pub use ota::OTA;
pub use provisioning::PROVISIONING;
pub use rights::RIGHTS;
pub use si::SI;
pub use sl::SL;

use super::Language;

/// Every language known here.
pub const ALL: [&Language; 7] = [&SI, &SL, &CO, &EMN, &PROVISIONING, &RIGHTS, &OTA];
