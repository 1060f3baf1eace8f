//! The machine in the middle: what a message is, who may submit it, where it goes, what becomes of it.
//!
//! Doors (listeners) translate what they receive into a [`Submission`] and call [`Gateway::submit`]; lines (connectors) take messages
//! from an [`Outbox`], tell what came of each, and hand in receipts ([`Gateway::carrier_receipts`]) and received messages
//! ([`Gateway::inbound`]). Everything between is here, and nothing here knows a protocol.
//!
//! A message's life: `submit` normalises its numbers, checks rights and limits, picks a route and commits it to the spool; a connector
//! claims it, sends it, and settles it, together with whatever receipt its submitter asked for, in one transaction; a receipt from the
//! carrier finds it by (connector, remote id), is folded over its parts, and is queued for the submitter in the transaction that settles it.

mod account;
mod address;
mod binds;
mod clock;
mod composed;
pub mod content;
mod gateway;
mod health;
mod inbound;
mod janitor;
mod limit;
mod loglimit;
mod message;
mod metrics;
mod outbox;
mod parts;
mod query;
mod receipt;
mod retry;
mod route;
mod stored;
mod submit;

pub use account::*;
pub use address::*;
pub use binds::BindPlace;
pub use clock::*;
pub use composed::*;
pub use gateway::*;
pub use health::*;
pub use inbound::*;
pub use limit::*;
pub use loglimit::*;
pub use message::*;
pub use metrics::*;
pub use outbox::*;
pub use query::*;
pub use receipt::*;
pub use retry::*;
pub use route::*;
pub use submit::*;

pub use waxwing_spool::MsgId;
