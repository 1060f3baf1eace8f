//! How fast messages are accepted while the queue grows.

use std::io;
use std::time::{Duration, Instant};

use super::{CASE, US};
use crate::cases::Ctx;
use crate::cases::path::{Path, amount};
use crate::esme::{Client, End, Load};
use crate::process::Usage;
use crate::report::Report;

/// The most time that it may take.
const LIMIT: Duration = Duration::from_secs(3600);

/// Queues so many: a burst, a growth that is told step by step, and a burst again.
pub(super) fn grow(ctx: &Ctx, report: &mut Report, path: &Path, count: u64) -> io::Result<()> {
    let first = burst(ctx, report, path, 0, None)?;
    let burst_size = ctx.pick(200_000, 20_000);
    let step = ctx.pick(1_000_000, 25_000).min(count / 4);
    steps(report, path, count - 2 * burst_size, burst_size, step, count)?;
    path.rest(report, CASE)?;
    burst(ctx, report, path, count - burst_size, Some(first))?;
    Ok(())
}

/// Accepts a burst with the ledger at rest; gives its rate.
fn burst(ctx: &Ctx, report: &mut Report, path: &Path, queued: u64, first: Option<f64>) -> io::Result<f64> {
    let count = ctx.pick(200_000, 20_000);
    let load = Load { end: End::Count(count), receipts: false, ..path.load(LIMIT)? };
    let (sent, used) = path.run(load)?;
    let rate = sent.accept_rate();
    // With this share less than one million counts as "about a million".
    let variant = format!("burst of {} with {} queued", amount(count), amount(queued + if queued > 0 { count } else { 0 }));
    let values = [
        ("accepted/s", rate),
        ("pauses", sent.pauses as f64),
        ("share of the burst with none queued", first.map_or(1.0, |first| rate / first)),
        ("CPU µs/accepted message", used.micros_each("gateway", count)),
    ];
    report.add(CASE, &variant, US, &values);
    report.limit(CASE, &variant, US, used.bottleneck());
    Ok(rate)
}

/// Accepts `count` more behind the `before` that are queued, and tells every `step`.
fn steps(report: &mut Report, path: &Path, count: u64, before: u64, step: u64, all: u64) -> io::Result<()> {
    let load = Load { end: End::Count(count), receipts: false, limit: LIMIT, ..path.load(LIMIT)? };
    let client = Client::start(load)?;
    let usage = || Usage::begin(&[("gateway", path.gateway.who())]);
    let mut done = 0;
    while done < count {
        // What is left of a last step is not worth a line of its own.
        let next = if count - done < 2 * step { count } else { done + step };
        let (used, begin) = (usage(), Instant::now());
        while client.accepted() < next {
            if begin.elapsed() > LIMIT {
                return Err(io::Error::other(format!("{} of {count} messages accepted after {LIMIT:?}", client.accepted())));
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        let (time, used) = (begin.elapsed().as_secs_f64(), used.end());
        let values = [
            ("accepted/s", (next - done) as f64 / time),
            ("CPU µs/accepted message", used.micros_each("gateway", next - done)),
            ("MB so far", path.gateway.resident() as f64 / 1e6),
        ];
        report.add(CASE, &format!("growing to {}: from {} to {}", amount(all), amount(before + done), amount(before + next)), US, &values);
        done = next;
    }
    client.wait().map(drop)
}
