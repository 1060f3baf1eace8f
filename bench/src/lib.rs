//! Measures the gateway beside its peers and beside the floors that the machine sets.
//!
//! Load and sinks are made of the gateway's own codec and session engine, so that they cost little on the cores that they
//! share with it, and each runs on a thread of its own, so that what they cost can be told. The cases of
//! [`cases`] decide what runs beside what; [`report`] gathers the figures of all runs and writes them down.

pub mod cases;
pub mod disk;
pub mod esme;
pub mod gateway;
pub mod http;
pub mod ismg;
pub mod kannel;
pub mod marks;
pub mod metrics;
pub mod mo;
pub mod node;
pub mod process;
pub mod relay;
pub mod report;
pub mod sink;
pub mod smpp;
pub mod webhook;
pub mod worker;

pub use waxwing_endpoints::load::stamp;
