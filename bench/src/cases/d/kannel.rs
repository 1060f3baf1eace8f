//! Kannel's part of case d.

use std::io;

use crate::cases::Ctx;
use crate::report::Report;

pub(super) fn run(_: &Ctx, _: &mut Report) -> io::Result<()> {
    Ok(())
}
