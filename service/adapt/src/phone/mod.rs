//! What a phone can do, and who says so.

mod accept;
mod agents;
mod cache;
mod capabilities;
mod profile;
mod references;
mod soup;
mod uaprof;

pub use agents::AgentRule;
pub use cache::{Known, ProfileCache};
pub use capabilities::{Capabilities, Sources};
pub use profile::{MmsVersion, Profile, Size};
pub use references::{References, profile_diff, profile_references};
pub use uaprof::{PROFILE_MOST, ProfileError};
