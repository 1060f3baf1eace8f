//! The roof: configuration, command line, wiring, reload and drain of the `waxwing` program.
//!
//! It is a library so that tests, tools and the book's reference pages can read configurations without starting the program.

pub mod cli;
pub mod config;
pub mod node;
