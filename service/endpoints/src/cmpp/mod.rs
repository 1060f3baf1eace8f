//! CMPP 2.0 and 3.0, both sides.
//!
//! A session is one task that owns one [`Link`](waxwing_session::Link); [`dialect`] frames.

mod config;
pub mod dialect;
mod ids;

pub use config::*;
pub use ids::{LocalTime, MsgIds};
