//! CMPP 2.0 and 3.0, both sides.
//!
//! A session is one task that owns one [`Link`](waxwing_session::Link); [`dialect`] frames.

mod client;
mod config;
mod connector;
mod deliver;
pub mod dialect;
mod exchange;
mod forward;
pub mod gns;
mod ids;
mod inward;
mod listener;
mod native;
mod outward;
mod recent;
mod requests;
mod results;
mod server;
mod split;

pub use config::*;
pub use connector::start_connector;
pub use exchange::Exchange;
pub(crate) use forward::{code, gateway};
pub use ids::{LocalTime, MsgIds};
pub use listener::start_listener;
