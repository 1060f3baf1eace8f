//! Mail against programs that others wrote: swaks, Python's smtplib and email, aiosmtpd; and against sockets that do what none of those
//! would.
#![allow(clippy::unwrap_used)]

mod door;
mod limits;
mod machine;
mod mime;
mod mutations;
mod peer;
mod relay;
mod report;
mod smtplib;
mod smuggling;
mod swaks;
mod wire;
