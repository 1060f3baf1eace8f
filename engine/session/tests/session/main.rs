//! The session engine and its driver, tried with a toy protocol.

#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs, unreachable_pub)]

mod backpressure;
mod connections;
mod framing;
mod keep_alive;
mod link;
mod login;
mod pair;
mod properties;
mod resend;
mod tls;
mod toy;
mod trace;
mod unbind;
mod window;
