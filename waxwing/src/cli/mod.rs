//! The command line: what each command is called and takes. What it does is in the module of its name.

mod account;
mod bench;
mod check;
mod client;
mod decode;
mod gns;
mod mmscomp;
mod out;
mod send;
mod serve;
mod sim;
mod special;
mod spool;
mod subscriber;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{self, Config};

pub use client::Target;

/// An SMS and MMS gateway: SMPP, CMPP and HTTP doors, a durable queue, connectors to carriers, a message centre.
#[derive(Debug, Parser)]
#[command(name = "waxwing", version, arg_required_else_help = true, max_term_width = 110)]
pub struct Cli {
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the gateway; without a configuration, a complete demonstration
    Serve(serve::Serve),
    /// Check a configuration file and name every mistake
    Check(check::Check),
    /// Send messages through a running gateway
    Send(send::Send),
    /// Manage accounts
    Account(account::Accounts),
    /// Manage the phones that the message centre serves
    Subscriber(subscriber::Subscribers),
    /// Print any PDU as a person reads it
    Decode(decode::Decode),
    /// Make a multimedia message of files, or take one apart
    Mmscomp(mmscomp::Mmscomp),
    /// Be a carrier for somebody's tests
    Sim(sim::Sim),
    /// Put load on an ISMG or an SMSC, and measure it
    Bench(bench::Bench),
    /// Look into the queue, replay dead letters
    Spool(spool::Spool),
}

/// Where a configuration comes from.
#[derive(Clone, Debug, clap::Args)]
pub struct ConfigFile {
    /// Configuration file
    #[arg(short, long, global = true, value_name = "FILE", env = "WAXWING_CONFIG")]
    pub config: Option<PathBuf>,
}

/// Why a command did not do its work.
#[derive(Debug)]
pub enum Failure {
    /// It was told something that cannot be: exit code 64.
    Usage(String),
    /// It failed: exit code 1.
    Failed(String),
    /// It failed and has said so already: exit code 1.
    Said,
}

/// Reads the arguments and does what they say.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => {
            let help = !e.use_stderr();
            // Nothing can be done where even that cannot be printed.
            let _ = e.print();
            return if help { ExitCode::SUCCESS } else { ExitCode::from(USAGE) };
        }
    };
    let result = match cli.command {
        Command::Serve(c) => serve::run(&c),
        Command::Check(c) => check::run(&c),
        Command::Send(c) => send::run(&c),
        Command::Account(c) => account::run(&c),
        Command::Subscriber(c) => subscriber::run(&c),
        Command::Decode(c) => decode::run(&c),
        Command::Mmscomp(c) => mmscomp::run(&c),
        Command::Sim(c) => sim::run(&c),
        Command::Bench(c) => bench::run(&c),
        Command::Spool(c) => spool::run(&c),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Said) => ExitCode::FAILURE,
        Err(Failure::Failed(message)) => {
            out::error(&message);
            ExitCode::FAILURE
        }
        Err(Failure::Usage(message)) => {
            out::error(&message);
            ExitCode::from(USAGE)
        }
    }
}

/// EX_USAGE of sysexits.h: wrong arguments or a wrong configuration.
const USAGE: u8 = 64;

// === impl ConfigFile ===

impl ConfigFile {
    /// The configuration given, or the demonstration's, if it is there.
    fn load(&self) -> Result<Option<Config>, Failure> {
        let demo = std::path::Path::new(crate::node::DEMO_FILE);
        match &self.config {
            Some(path) => Ok(Some(config::load(path)?)),
            None if demo.exists() => Ok(Some(config::load(demo)?)),
            None => Ok(None),
        }
    }
}

// === impl Failure ===

impl Failure {
    /// A failure from anything that can be shown.
    pub fn of(e: impl std::fmt::Display) -> Failure {
        Failure::Failed(e.to_string())
    }
}

impl From<crate::config::Problems> for Failure {
    fn from(p: crate::config::Problems) -> Failure {
        Failure::Usage(p.to_string())
    }
}

impl From<std::io::Error> for Failure {
    fn from(e: std::io::Error) -> Failure {
        Failure::Failed(e.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_arguments_hold_together() {
        Cli::command().debug_assert();
    }
}
