//! The carrier is back: how fast the queue empties, and how long a fresh message of high priority takes meanwhile.

use std::io;
use std::time::Duration;

use hdrhistogram::Histogram;

use super::{CASE, PROBES, US};
use crate::cases::Ctx;
use crate::cases::path::{BINDS, Path, WINDOW, amount, wait_until};
use crate::esme::{Client, End, Load, Pace, Sent};
use crate::process::Used;
use crate::report::Report;
use crate::sink::Behaviour;
use crate::stamp;

/// The most time that a drain may take.
const LIMIT: Duration = Duration::from_secs(1800);
/// How long the gateway may take to notice that the carrier is back.
const BACK: Duration = Duration::from_secs(60);

/// What became of the probes.
pub(super) struct Probe {
    sent: Sent,
    carrier: Histogram<u64>,
}

/// Probes with nothing else to do: what a fresh message takes at least.
pub(super) fn probe_alone(path: &Path, time: Duration) -> io::Result<(Probe, Used)> {
    let before = path.sink.taken();
    drop(path.sink.take_latency());
    let (sent, used) = path.run(Load { end: End::After(time), ..probes(path)? })?;
    path.sink.wait_taken(before + sent.accepted, BACK)?;
    Ok((Probe { sent, carrier: path.sink.take_latency() }, used))
}

/// Lets the carrier come back and drains all of it.
pub(super) fn all(report: &mut Report, path: &Path, queued: u64) -> io::Result<()> {
    let before = path.sink.taken();
    path.sink.set_away(false);
    wait_until("messages drained", before + 1, BACK, || path.sink.taken())?;
    let begin = stamp::micros();
    let head = path.sink.taken();
    // Connections come up one after another; the probes are to meet a drain under way.
    wait_until("messages drained", before + queued / 50, LIMIT, || path.sink.taken())?;
    let client = Client::start(probes(path)?)?;
    let usage = path.usage(&client);
    wait_until("messages drained", before + queued / 10 * 9, LIMIT, || path.sink.taken())?;
    let used = usage.end();
    client.stop();
    let sent = client.wait()?;
    let probe = Probe { sent, carrier: path.sink.take_latency() };
    let all = before + queued + probe.sent.accepted;
    let last = path.sink.wait_taken(all, LIMIT)?;
    let rate = (all - head) as f64 / (last.saturating_sub(begin).max(1) as f64 / 1e6);
    // Time for what should not come.
    std::thread::sleep(Duration::from_millis(500));
    let variant = format!("drain of {}", amount(queued));
    if path.sink.taken() > all {
        report.note(CASE, format!("{variant}: {} messages came twice.", path.sink.taken() - all));
    }
    let drained = rate * used.wall;
    let mut values = vec![("drained/s", rate), ("CPU µs/drained message", used.cpu("gateway") * 1e6 / drained.max(1.0))];
    values.extend(probe.values());
    values.push(("turn of the window ms", turn(WINDOW, rate)));
    report.add(CASE, &variant, US, &values);
    report.limit(CASE, &variant, US, used.bottleneck());
    probe.note(report, &variant);
    Ok(())
}

/// A drain that goes on for longer than it is looked at.
pub(super) struct Slow<'a> {
    pub(super) variant: &'a str,
    /// Of each of the binds to the carrier.
    pub(super) window: u32,
    pub(super) behaviour: Behaviour,
    /// Further lines of the connector's table.
    pub(super) connector: &'a str,
    /// Messages a second that the carrier takes.
    pub(super) rate: f64,
    /// How long it is looked at.
    pub(super) time: Duration,
}

impl Slow<'_> {
    /// Queues more than the carrier takes in the time, and looks at the probes.
    pub(super) fn run(self, ctx: &Ctx, report: &mut Report) -> io::Result<()> {
        let path = Path::start(ctx, self.window, self.behaviour, self.connector)?;
        path.sink.set_away(true);
        let count = (self.rate * (self.time.as_secs_f64() * 1.5 + 10.0)) as u64;
        path.run(Load { end: End::Count(count), receipts: false, ..path.load(LIMIT)? })?;
        path.rest(report, CASE)?;
        path.sink.set_away(false);
        wait_until("messages drained", 1 + self.rate as u64 / 2, BACK, || path.sink.taken())?;
        let (before, begin) = (path.sink.taken(), stamp::micros());
        drop(path.sink.take_latency());
        let client = Client::start(Load { end: End::After(self.time), ..probes(&path)? })?;
        let sent = client.wait()?;
        let rate = (path.sink.taken() - before) as f64 * 1e6 / (stamp::micros() - begin).max(1) as f64;
        // Probes that are still on their way count with the time that they have had; there are only few of them, and only on a line
        // where they stand behind others.
        let came = path.sink.take_latency();
        let missing = sent.accepted.saturating_sub(came.len());
        let probe = Probe { sent, carrier: came };
        let mut values = vec![("drained/s", rate)];
        values.extend(probe.values());
        values.push(("turn of the window ms", turn(self.window, rate)));
        report.add(CASE, self.variant, US, &values);
        if missing > 0 {
            report.note(
                CASE,
                format!("{}: {missing} of {} probes had not left when the last was answered.", self.variant, probe.sent.accepted),
            );
        }
        probe.note(report, self.variant);
        Ok(())
    }
}

fn probes(path: &Path) -> io::Result<Load> {
    Ok(Load {
        binds: 1,
        window: 1000,
        pace: Pace::Rate(PROBES),
        receipts: false,
        high: true,
        stamped: true,
        limit: LIMIT + BACK,
        ..path.load(LIMIT)?
    })
}

/// How long the carrier takes for as many messages as all windows hold, milliseconds.
fn turn(window: u32, rate: f64) -> f64 {
    f64::from(BINDS * window) * 1000.0 / rate.max(1e-9)
}

impl Probe {
    pub(super) fn values(&self) -> Vec<(&'static str, f64)> {
        let ms = |share: f64| self.carrier.value_at_quantile(share) as f64 / 1000.0;
        vec![
            ("p50 ms", ms(0.5)),
            ("p99 ms", ms(0.99)),
            ("p99.9 ms", ms(0.999)),
            ("answer p50 ms", self.sent.response_ms(0.5)),
            ("answer p99 ms", self.sent.response_ms(0.99)),
            ("probes", self.carrier.len() as f64),
        ]
    }

    /// Says what became of probes that were not taken at once.
    fn note(&self, report: &mut Report, variant: &str) {
        if self.sent.pauses + self.sent.failed > 0 {
            let Sent { accepted, pauses, failed, .. } = &self.sent;
            report.note(CASE, format!("{variant}: {pauses} probes were told to come later, {failed} failed, {accepted} were accepted."));
        }
    }
}
