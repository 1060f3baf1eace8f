//! The harness of the whole-system tests: it runs the real binary as a process of its own, against peers that others wrote.
//!
//! Nothing here knows the gateway from inside. What it says to it goes through sockets, and the SMPP and CMPP that it writes itself
//! ([`smpp`], [`cmpp`]) shares no code with the gateway's own codec, so that a mistake in that codec cannot hide.
//!
//! The peers are installed by `scripts/install-test-peers.sh`. A peer that is missing fails its test; only what needs powers that a
//! machine may not give (root, loop devices) is skipped, with a line that says so ([`skip`]).

mod wait;

pub mod binary;
pub mod carrier;
pub mod certificates;
pub mod client;
pub mod cmpp;
pub mod cmpp_client;
pub mod config;
pub mod disk;
pub mod gateway;
pub mod http;
pub mod kannel;
pub mod load;
pub mod mail;
pub mod mm1;
pub mod mms;
pub mod peer;
pub mod phone;
pub mod push;
pub mod relay;
pub mod sim;
pub mod smpp;
pub mod tshark;

pub use carrier::Carrier;
pub use config::Config;
pub use gateway::Gateway;
pub use relay::{cmpp_relay, cmpp_relay_with, relay, relay_with, to_ismg};
pub use sim::Sim;
pub use wait::{until, until_some};

use std::io::Write as _;

/// Says that a test did not run and why, past the test runner's capture, in the form that `scripts/test.sh` counts.
pub fn skip(test: &str, why: &str) {
    let _ = writeln!(std::io::stderr().lock(), "SKIPPED {test}: {why}");
}

/// Writes a line past the test runner's capture: for figures that are worth reading when the test passes (rounds, duplicates).
pub fn say(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// A number from the environment: how many rounds the crash tests make, for example. Panics where it is set to something else.
pub fn rounds(variable: &str, default: usize) -> usize {
    match std::env::var(variable) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{variable}={text} is not a number")),
        Err(_) => default,
    }
}
