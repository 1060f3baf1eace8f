//! SMPP 3.3, 3.4 and 5.0, both sides.
//!
//! What a session does is [`crate::door`]'s and [`crate::line`]'s; here is what its PDUs are: [`dialect`] frames, `inward` and `outward`
//! translate, `deliver` writes what clients get, `server` and `client` are the two sides, `listener` and `connector` bring them about.

mod client;
mod config;
mod connector;
mod deliver;
pub mod dialect;
mod id;
pub(crate) mod inward;
mod listener;
pub(crate) mod outward;
mod requests;
mod server;
mod status;

pub use config::{BindKind, ConnectorConfig, IdSpelling, ListenerConfig, LongMessages, RequestReceipts};
pub use connector::start_connector;
pub use listener::start_listener;
