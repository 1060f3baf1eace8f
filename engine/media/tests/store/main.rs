//! The promises of the media store.
#![allow(clippy::unwrap_used)]

mod harness;

mod basics;
mod crash;
mod damage;
mod model;
mod races;
mod space;
mod trouble;
