//! SMPP 3.3, 3.4 and 5.0, both sides.
//!
//! A session is one task that owns one [`Link`](waxwing_session::Link). What it does is apart by concern: [`dialect`] frames,
//! `inward` and `outward` translate, `flight` keeps what is unanswered, `held` what is answered after a
//! pause, `server` and `client` are the two loops, `listener` and
//! `connector` bring sessions about.

mod client;
mod config;
mod connector;
mod deliver;
pub mod dialect;
pub(crate) mod flight;
mod held;
mod id;
pub(crate) mod inward;
mod listener;
pub(crate) mod outward;
mod requests;
mod server;
mod status;

pub use config::{BindKind, ConnectorConfig, IdSpelling, ListenerConfig, LongMessages, RequestReceipts};
pub use connector::start_connector;
pub use listener::{OpenError, start_listener};
