//! What is measured: one module for each case, each with its own alternation of subjects.

use std::io;
use std::path::PathBuf;

use crate::report::Report;

pub mod a;
pub mod b;
pub mod c;
pub mod d;
pub mod e;
pub mod f;
mod flow;
pub mod g;
pub mod h;
pub mod i;
pub mod j;
pub mod k;
mod path;
mod rig;

/// What every case is told.
#[derive(Clone, Debug)]
pub struct Ctx {
    /// The gateway's program.
    pub binary: PathBuf,
    /// Runs of every subject, at least 1.
    pub runs: u32,
    /// A few seconds for each variant, to see that it works: the figures say little.
    pub quick: bool,
    /// A folder on the disk to be measured; every subject makes a folder of its own in it.
    pub tmp: PathBuf,
    /// Of cases a to f, only variants whose name holds this; empty for all.
    pub only: String,
}

impl Ctx {
    /// The first for a true measurement, the second for a quick one.
    pub fn pick<T>(&self, full: T, quick: T) -> T {
        if self.quick { quick } else { full }
    }

    /// Whether a variant of this name is to be run.
    pub fn wants(&self, variant: &str) -> bool {
        variant.contains(&self.only)
    }
}

/// A case: its letter, what it is, and the function that runs it.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// By which it is chosen on the command line.
    pub letter: &'static str,
    /// The head of its part of the report.
    pub title: &'static str,
    /// Runs it and adds what it saw to the report.
    pub run: fn(&Ctx, &mut Report) -> io::Result<()>,
}

/// All cases in the order in which they run: the floors last, since they refer to the others.
pub const ALL: [Case; 11] = [
    Case { letter: "a", title: "SMPP in, spool, SMPP out, receipts back", run: a::run },
    Case { letter: "b", title: "HTTP in, SMPP out", run: b::run },
    Case { letter: "c", title: "Messages from handsets, to a webhook and to a bound receiver", run: c::run },
    Case { letter: "d", title: "A backlog while the carrier is away", run: d::run },
    Case { letter: "e", title: "Many receipts outstanding", run: e::run },
    Case { letter: "f", title: "Long messages and character sets", run: f::run },
    Case { letter: "g", title: "Latency", run: g::run },
    Case { letter: "h", title: "The codec alone", run: h::run },
    Case { letter: "j", title: "CMPP in, spool, CMPP out, reports back", run: j::run },
    Case { letter: "k", title: "The multimedia message centre", run: k::run },
    Case { letter: "i", title: "The floors", run: i::run },
];
