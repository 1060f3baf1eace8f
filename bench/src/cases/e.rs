//! Case e: messages that were sent and wait for their receipts, and the rate of fresh ones beside them.

mod kannel;
mod waxwing;

use std::io;

use super::Ctx;
use crate::report::Report;

const CASE: &str = "e";

/// Runs the case.
///
/// # Errors
/// When something cannot be started, or a connection breaks.
pub fn run(ctx: &Ctx, report: &mut Report) -> io::Result<()> {
    report.note(
        CASE,
        "Messages are sent whose receipts the carrier withholds. When the ledger is at rest, fresh messages are sent whose receipts come at \
         once. The share is that of the same run's rate with none outstanding. At last the carrier releases all receipts, and every one of \
         them has to reach the submitter.",
    );
    for run in 0..ctx.runs {
        // Ten million take long; their rate is compared with that of none in the same run.
        let most = if run == 0 { &[0, 50_000, 1_000_000, 10_000_000][..] } else { &[0, 50_000, 1_000_000] };
        let wanted = |levels: &[u64]| levels.iter().copied().filter(|n| *n == 0 || ctx.wants(&variant(*n))).collect::<Vec<u64>>();
        let ours = wanted(ctx.pick(most, &[0, 5_000, 50_000]));
        let theirs = wanted(ctx.pick(&[0, 10_000, 50_000], &[0, 2_000]));
        if run % 2 == 0 {
            waxwing::run(ctx, report, &ours)?;
            kannel::run(ctx, report, &theirs)?;
        } else {
            kannel::run(ctx, report, &theirs)?;
            waxwing::run(ctx, report, &ours)?;
        }
    }
    Ok(())
}

/// The row of so many outstanding receipts.
fn variant(outstanding: u64) -> String {
    format!("{} outstanding", super::path::amount(outstanding))
}
