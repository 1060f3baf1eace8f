//! Case i: the floors under the other cases, and what share of them was reached.

mod shares;

use std::io;
use std::time::Duration;

use super::Ctx;
use super::flow::{self, RELAY, Variant, WAXWING};
use crate::disk;
use crate::esme::{Client, Load};
use crate::gateway::{Gateway, Setup};
use crate::metrics;
use crate::process::Usage;
use crate::report::Report;
use crate::sink::{Behaviour, Sink};

const CASE: &str = "i";
const ACCEPT: &str = "accepting only, 4 binds, window 256, carrier away";
const ROW: &str = "256 MiB in a row, fdatasync at the end";
const DISK: &str = "disk";

/// Runs the case.
///
/// # Errors
/// When something cannot be started.
pub fn run(ctx: &Ctx, report: &mut Report) -> io::Result<()> {
    report.compare(CASE, "receipts/s", WAXWING, RELAY);
    report.note(
        CASE,
        "The disk bounds what is accepted: a sync makes a group of messages durable, and the groups of all binds leave together. The bare relay \
         bounds what is carried: it moves the same PDUs with the same codec and session engine and does nothing else.",
    );
    for _ in 0..ctx.runs {
        disk_floor(ctx, report)?;
        let variant = Variant::new(4, 256, Duration::from_secs(ctx.pick(8, 2)));
        for subject in [RELAY, WAXWING] {
            flow::run(ctx, report, CASE, subject, &variant, &mut |_| {})?;
        }
        accept(ctx, report)?;
    }
    for share in shares::of(report) {
        share.put(report);
    }
    Ok(())
}

fn disk_floor(ctx: &Ctx, report: &mut Report) -> io::Result<()> {
    for s in disk::synced(&ctx.tmp, Duration::from_millis(ctx.pick(3000, 500)))? {
        let time = |share| s.time.value_at_quantile(share) as f64 / 1000.0;
        report.add(CASE, s.name, DISK, &[("syncs/s", s.rate), ("sync p50 ms", time(0.5)), ("sync p99 ms", time(0.99))]);
    }
    report.add(CASE, ROW, DISK, &[("MB/s", disk::bandwidth(&ctx.tmp)? / 1e6)]);
    Ok(())
}

/// What is only made durable and not sent on, beside what the disk does.
fn accept(ctx: &Ctx, report: &mut Report) -> io::Result<()> {
    let sink = Sink::start(Behaviour::default())?;
    sink.set_away(true);
    let gateway = Gateway::start(&ctx.binary, &ctx.tmp, &Setup::new(sink.address(), 4, 256))?;
    let http = gateway.http()?;
    let time = Duration::from_secs(ctx.pick(5, 2));
    let client =
        Client::start(Load { receipts: false, ..Load::new(gateway.smpp()?, 4, 256, flow::warm(ctx) + time + Duration::from_secs(60)) })?;
    let spool = |name| metrics::read(http).map(|text| metrics::sum(&text, name, "")).unwrap_or(0.0);
    std::thread::sleep(flow::warm(ctx));
    let before = (client.accepted(), spool("waxwing_spool_syncs"), spool("waxwing_spool_written_octets"));
    let usage = Usage::begin(&[(WAXWING, gateway.who()), ("load", client.who())]);
    std::thread::sleep(time);
    let used = usage.end();
    let accepted = client.accepted() - before.0;
    let syncs = spool("waxwing_spool_syncs") - before.1;
    let octets = spool("waxwing_spool_written_octets") - before.2;
    let values = [
        ("accepted/s", accepted as f64 / used.wall),
        ("syncs/s", syncs / used.wall),
        ("MB/s", octets / used.wall / 1e6),
        ("messages/sync", accepted as f64 / syncs.max(1.0)),
        ("CPU µs/message", used.micros_each(WAXWING, accepted)),
    ];
    report.add(CASE, ACCEPT, WAXWING, &values);
    report.limit(CASE, ACCEPT, WAXWING, used.bottleneck());
    Ok(())
}
