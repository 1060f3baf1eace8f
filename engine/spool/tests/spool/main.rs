//! The promises of the spool, kept by any engine: all of it goes through `dyn Spool`, but what is about files.
#![allow(clippy::unwrap_used)]

mod harness;

mod batching;
mod claiming;
mod crash;
mod damage;
mod deadletters;
mod deduplication;
mod feeding;
mod indexing;
mod model;
mod receipts;
mod rewriting;
mod trouble;
