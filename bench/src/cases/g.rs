//! Case g: how long a message takes, at a steady rate below the highest.

use std::io;
use std::time::Duration;

use super::Ctx;
use super::path::{BINDS, Path, WINDOW};
use crate::disk::synced;
use crate::esme::{End, Load, Pace, Sent};
use crate::process::Used;
use crate::report::{Report, progress};
use crate::sink::Behaviour;

const CASE: &str = "g";
const US: &str = "waxwing";
/// Window of the load: large enough that the rate holds while answers are late.
const WIDE: u32 = 1000;
const TOP: &str = "as fast as it goes";
/// The writes of the disk that the spool's come closest to: over what was there.
const OVERWRITTEN: &str = "4 KiB overwritten, fdatasync";

/// Runs the case.
///
/// # Errors
/// When something cannot be started, or a connection breaks.
pub fn run(ctx: &Ctx, report: &mut Report) -> io::Result<()> {
    report.note(
        CASE,
        format!(
            "{BINDS} binds on both sides, receipts back. The highest rate is what a window of {WINDOW} on each bind gets through with all \
             receipts (\"{TOP}\"). At a share of it messages are sent by the clock, whether or not answers come, and what waits for a \
             place in the window counts from when it was due; the load's own lateness of up to 2 ms does not count. Times are from \
             submit_sm at the client to submit_sm at the carrier; those named \"answer\" to submit_sm_resp at the client, behind the sync. \
             \"above the disk\" is p99 to the carrier less p99 of the disk's own sync ({OVERWRITTEN}), measured before it on the same \
             file system at rest."
        ),
    );
    for run in 0..ctx.runs {
        one(ctx, report, run)?;
    }
    Ok(())
}

fn one(ctx: &Ctx, report: &mut Report, run: u32) -> io::Result<()> {
    let disk = disk(ctx, report)?;
    let path = Path::start(ctx, WINDOW, Behaviour::default(), "")?;
    let time = Duration::from_secs(ctx.pick(2, 1));
    path.run(path.load(time)?)?;
    path.rest(report, CASE)?;

    let time = Duration::from_secs(ctx.pick(40, 3));
    let load = path.load(time)?;
    let end = load.end;
    let (sent, used) = path.run(load)?;
    // Accepting alone is faster for a while: what has come back is what the gateway can hold up.
    let highest = sent.receipt_rate(end);
    report.add(CASE, TOP, US, &[("receipts/s", highest), ("accepted/s", sent.accept_rate()), ("pauses", sent.pauses as f64)]);
    tell_limit(report, TOP, &used);

    let mut shares = [10, 50, 90];
    shares.rotate_left(run as usize % 3);
    for share in shares {
        path.rest(report, CASE)?;
        at(ctx, report, &path, highest * f64::from(share) / 100.0, share, disk)?;
    }
    Ok(())
}

/// One share of the highest rate.
fn at(ctx: &Ctx, report: &mut Report, path: &Path, rate: f64, share: u32, disk: f64) -> io::Result<()> {
    let variant = format!("at {share} % of that");
    let time = Duration::from_secs(ctx.pick(20, 3));
    let load = Load { window: WIDE, pace: Pace::Rate(rate), end: End::After(time), stamped: true, ..path.load(time)? };
    drop(path.sink.take_latency());
    let (sent, used) = path.run(load)?;
    let carrier = path.sink.take_latency();
    let ms = |share: f64| carrier.value_at_quantile(share) as f64 / 1000.0;
    let values = [
        ("receipts/s", sent.in_time.1 as f64 / sent.sending.as_secs_f64().max(1e-9)),
        ("accepted/s", sent.accept_rate()),
        ("pauses", sent.pauses as f64),
        ("p50 ms", ms(0.5)),
        ("p99 ms", ms(0.99)),
        ("p99.9 ms", ms(0.999)),
        ("most ms", carrier.max() as f64 / 1000.0),
        ("answer p50 ms", sent.response_ms(0.5)),
        ("answer p99 ms", sent.response_ms(0.99)),
        ("answer p99.9 ms", sent.response_ms(0.999)),
        ("p99 above the disk ms", ms(0.99) - disk),
        ("gateway CPU µs/message", used.micros_each("gateway", sent.accepted)),
    ];
    report.add(CASE, &variant, US, &values);
    tell_limit(report, &variant, &used);
    if sent.failed > 0 || !sent.complete || sent.receipts != sent.accepted {
        let Sent { accepted, receipts, failed, .. } = sent;
        report.note(CASE, format!("{variant}: of {accepted} accepted messages {receipts} receipts came; {failed} submissions failed."));
    }
    Ok(())
}

/// The disk's sync time by itself; p99 in milliseconds.
fn disk(ctx: &Ctx, report: &mut Report) -> io::Result<f64> {
    let mut found = 0.0;
    for s in synced(&ctx.tmp, Duration::from_millis(ctx.pick(3000, 500)))? {
        let ms = |share: f64| s.time.value_at_quantile(share) as f64 / 1000.0;
        report.add(CASE, s.name, "the disk", &[("sync p50 ms", ms(0.5)), ("sync p99 ms", ms(0.99)), ("sync p99.9 ms", ms(0.999))]);
        if s.name == OVERWRITTEN {
            found = ms(0.99);
        }
    }
    progress(&format!("    the disk's p99: {found:.2} ms"));
    Ok(found)
}

fn tell_limit(report: &mut Report, variant: &str, used: &Used) {
    report.limit(CASE, variant, US, used.bottleneck());
}
