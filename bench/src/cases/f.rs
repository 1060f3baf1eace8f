//! Case f: what messages are made of: short, full in the GSM alphabet, UCS-2, and long in three parts.

use std::io;
use std::time::Duration;

use super::Ctx;
use super::flow::{self, RELAY, Variant, WAXWING};
use crate::esme::Body;
use crate::report::Report;

const CASE: &str = "f";

/// Runs the case.
///
/// # Errors
/// When something cannot be started.
pub fn run(ctx: &Ctx, report: &mut Report) -> io::Result<()> {
    report.compare(CASE, "receipts/s", WAXWING, RELAY);
    report.note(
        CASE,
        "4 binds with a window of 256 on both sides, receipts for all. A long message is three submit_sm with a user data header and has three \
         receipts; its rates are those of whole messages, \"parts/s\" those of submit_sm.",
    );
    let bodies = [
        ("GSM 7-bit, 76 characters", Body::Text),
        ("GSM 7-bit, 160 characters", Body::Gsm7),
        ("UCS-2, 70 characters", Body::Ucs2),
        ("GSM 7-bit, 3 parts of 153 characters", Body::Long),
    ];
    let time = Duration::from_secs(ctx.pick(8, 2));
    for run in 0..ctx.runs {
        for (name, body) in bodies.into_iter().filter(|(name, _)| ctx.wants(name)) {
            let variant = Variant { name: name.to_owned(), body, ..Variant::new(4, 256, time) };
            let mut subjects = [WAXWING, RELAY];
            subjects.rotate_left(run as usize % 2);
            for subject in subjects {
                flow::run(ctx, report, CASE, subject, &variant, &mut |_| {})?;
            }
        }
    }
    Ok(())
}
