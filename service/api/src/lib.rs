//! The HTTP doors: REST with OpenAPI, NowSMS's URL parameters, Kannel's sendsms, metrics; and the way back, webhooks.
//!
//! The edges only translate: each door makes [`waxwing_core::Submission`]s of what it reads and gives back what
//! [`waxwing_core::Gateway::submit`] answers. [`Hooks`] takes receipts and received messages from the accounts' queues and posts them.

mod auth;
mod body;
mod content;
mod fetch;
mod health;
mod hooks;
mod hot;
mod html;
mod kannel;
mod mms;
mod nowsms;
mod pap;
mod params;
mod problem;
mod provision;
mod push;
mod registry;
mod rest;
mod server;
mod state;

use axum::Router;
use axum::routing::get;

pub use body::read as read_body;
pub use fetch::WebFetch;
pub use hooks::*;
pub use html::escape;
pub use mms::{
    Delivery, MmsClass, MmsDoor, MmsOutcome, MmsPart, MmsReceived, MmsRequest, MmsStep, Protection, mms_steps, multimedia_queue,
};
pub use problem::Problem;
pub use push::compose as compose_push;
pub use registry::{AccountCheck, Registry, Subscribers};
pub use server::{ServeOptions, serve, serve_with};
pub use state::{ApiOptions, ApiState, DEFAULT_BODY_LIMIT, Peer, peer_of};

/// All doors: `/api/v1`, `/cgi-bin/sendsms`, `/pap`, `/provision`, `/metrics`, `/healthz`, `/readyz`, and NowSMS's parameters on every other
/// path. Merge the console's router with it; its paths then come before NowSMS's.
pub fn router(state: ApiState) -> Router {
    rest::router()
        .route("/cgi-bin/sendsms", get(kannel::sendsms).post(kannel::sendsms))
        .route("/pap", axum::routing::any(pap::pap))
        .route("/provision", axum::routing::any(provision::provision))
        .route("/metrics", get(health::metrics))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .fallback(nowsms::any_path)
        .with_state(state)
}
