//! Case d.

use std::io;

use super::Ctx;
use crate::report::Report;

/// Runs the case.
///
/// # Errors
/// Always: it is not written yet.
pub fn run(_: &Ctx, _: &mut Report) -> io::Result<()> {
    Err(io::Error::other("not written yet"))
}
