//! Case d: messages queue up while the carrier is away, the gateway is killed and started again, and the carrier comes back.

mod accept;
mod drain;
mod kannel;

use std::io;
use std::time::Duration;

use super::Ctx;
use super::path::{BINDS, Path, WINDOW, amount};
use crate::esme::Load;
use crate::report::Report;
use crate::sink::{Behaviour, Receipts};

const CASE: &str = "d";
const US: &str = "waxwing";
/// High-priority messages a second.
const PROBES: f64 = 50.0;

/// Runs the case.
///
/// # Errors
/// When something cannot be started, or a connection breaks.
pub fn run(ctx: &Ctx, report: &mut Report) -> io::Result<()> {
    report.note(
        CASE,
        format!(
            "{BINDS} binds with a window of {WINDOW} on both sides, no receipts. Bursts are accepted with the ledger at rest, so that they \
             can be compared; while the queue grows, the ledger's lag may hold the doors back (pauses). Memory a \
             message is what the process has more than after the same load without a queue, with the ledger at rest; after the restart, more \
             than one has that was just started with nothing queued."
        ),
    );
    report.note(
        CASE,
        format!(
            "During a drain one more client submits {PROBES} messages a second with the highest priority (SMPP priority_flag 3); p50, p99 \
             and p99.9 are from its submit_sm to submit_sm at the carrier, \"answer\" to its submit_sm_resp. A turn of the window is the \
             time in which the carrier answers as many messages as all windows hold: what is in them already goes first."
        ),
    );
    let most = ctx.pick(&[1_000_000, 10_000_000][..], &[100_000]);
    for run in 0..ctx.runs {
        // Ten million take long.
        for count in most.iter().take(if run == 0 { most.len() } else { 1 }).filter(|count| ctx.wants(&amount(**count))) {
            backlog(ctx, report, *count)?;
        }
        lines(ctx, report)?;
        if ctx.wants("Kannel") {
            kannel::run(ctx, report)?;
        }
    }
    Ok(())
}

/// One backlog from its beginning to its end.
fn backlog(ctx: &Ctx, report: &mut Report, count: u64) -> io::Result<()> {
    let mut path = Path::start(ctx, WINDOW, Behaviour { receipts: Receipts::Never, ..Behaviour::default() }, "")?;
    let fresh = path.gateway.resident();
    let time = Duration::from_secs(ctx.pick(5, 2));
    let (probe, _) = drain::probe_alone(&path, time)?;
    report.add(CASE, "high priority, nothing queued", US, &probe.values());
    // Buffers grow to what the load needs whether or not a queue does: they are not to be charged to it.
    let before = path.sink.taken();
    let (sent, _) = path.run(Load { receipts: false, ..path.load(time)? })?;
    path.sink.wait_taken(before + sent.accepted, Duration::from_secs(120))?;
    path.rest(report, CASE)?;
    path.sink.set_away(true);
    let base = path.gateway.resident();
    accept::grow(ctx, report, &path, count)?;

    path.rest(report, CASE)?;
    let each = |now: u64, before: u64| now.saturating_sub(before) as f64 / count as f64;
    let resident = path.gateway.resident();
    // Until the ledger has made its last rows durable: else it does them again after the restart, and its buffers count as memory of the
    // queue.
    std::thread::sleep(Duration::from_secs(2));
    let restart = path.gateway.kill_and_restart()?;
    let after = path.gateway.resident();
    let variant = format!("{} queued", amount(count));
    let values = [
        ("memory B/message", each(resident, base)),
        ("memory MB", resident as f64 / 1e6),
        ("restart s", restart.as_secs_f64()),
        ("memory MB after it", after as f64 / 1e6),
        ("memory B/message after it", each(after, fresh)),
    ];
    report.add(CASE, &variant, US, &values);
    drain::all(report, &path, count)
}

/// Drains that something slower than the gateway holds up: a long line, and a carrier's limit. Where do fresh messages of high priority
/// stand then?
fn lines(ctx: &Ctx, report: &mut Report) -> io::Result<()> {
    let line = Behaviour { delay: Duration::from_millis(20), receipts: Receipts::Never };
    let quick = Behaviour { receipts: Receipts::Never, ..Behaviour::default() };
    let time = Duration::from_secs(ctx.pick(15, 4));
    let slow = [
        drain::Slow {
            variant: "drain over a line with 20 ms round trip, window 10",
            window: 10,
            behaviour: line,
            connector: "",
            rate: f64::from(BINDS) * 10.0 / 0.020,
            time,
        },
        drain::Slow {
            variant: "drain at 1,000/s, the connector's rate",
            window: WINDOW,
            behaviour: quick,
            connector: "rate = 1000",
            rate: 1000.0,
            time,
        },
    ];
    for slow in slow.into_iter().filter(|s| ctx.wants(s.variant)) {
        slow.run(ctx, report)?;
    }
    Ok(())
}
