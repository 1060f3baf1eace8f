//! The gateway's part of case e.

use std::io;
use std::time::Duration;

use super::{CASE, variant};
use crate::cases::Ctx;
use crate::cases::path::{Path, WINDOW, amount, wait_until};
use crate::esme::{Client, End, Load, Sent};
use crate::report::{Report, progress};
use crate::sink::{Behaviour, Receipts};

const US: &str = "waxwing, SMPP";
/// The most time that filling up or releasing may take.
const LIMIT: Duration = Duration::from_secs(3600);

/// All levels, rising, in one gateway; then the release.
pub(super) fn run(ctx: &Ctx, report: &mut Report, levels: &[u64]) -> io::Result<()> {
    let path = Path::start(ctx, WINDOW, receipts(Receipts::OnlyNew), "")?;
    // So that the first measurement meets warm code and files.
    path.run(path.load(Duration::from_secs(ctx.pick(3, 1)))?)?;
    path.rest(report, CASE)?;
    let mut base = 0;
    let mut outstanding = 0;
    let mut alone = None;
    for level in levels.iter().copied() {
        fill(&path, level - outstanding)?;
        outstanding = level;
        path.rest(report, CASE)?;
        let memory = path.gateway.resident().saturating_sub(base) as f64;
        let rate = measure(ctx, report, &path, &variant(level), alone, (level > 0).then(|| memory / level as f64))?;
        if alone.is_none() {
            alone = Some(rate);
            path.rest(report, CASE)?;
            // Buffers have grown to what the load needs by now.
            base = path.gateway.resident();
        }
    }
    release(report, &path, outstanding)?;
    path.rest(report, CASE)?;
    measure(ctx, report, &path, &format!("none outstanding any more after {}", amount(outstanding)), alone, None)?;
    Ok(())
}

fn receipts(receipts: Receipts) -> Behaviour {
    Behaviour { receipts, ..Behaviour::default() }
}

/// Sends so many messages whose receipts do not come.
fn fill(path: &Path, count: u64) -> io::Result<()> {
    if count == 0 {
        return Ok(());
    }
    let before = path.sink.taken();
    path.sink.set_behaviour(receipts(Receipts::Withheld));
    let load = Load { end: End::Count(count), expect: Some(0), limit: LIMIT, ..path.load(LIMIT)? };
    let client = Client::start(load)?;
    wait_until("messages filled up", before + count, LIMIT, || path.sink.taken())?;
    let sent = client.wait()?;
    progress(&format!("    {count} filled up at {:.0}/s, {} pauses", sent.accept_rate(), sent.pauses));
    path.sink.set_behaviour(receipts(Receipts::OnlyNew));
    Ok(())
}

/// The rate of fresh messages; gives the receipts a second.
fn measure(ctx: &Ctx, report: &mut Report, path: &Path, variant: &str, alone: Option<f64>, memory: Option<f64>) -> io::Result<f64> {
    let load = path.load(Duration::from_secs(ctx.pick(20, 3)))?;
    let end = load.end;
    let (sent, used) = path.run(load)?;
    let rate = sent.receipt_rate(end);
    let mut values = vec![("receipts/s", rate), ("accepted/s", sent.accept_rate()), ("pauses", sent.pauses as f64)];
    values.push(("share of the rate with none", alone.map_or(1.0, |alone| rate / alone)));
    values.extend(
        ["gateway", "load", "sink"]
            .into_iter()
            .zip(["gateway CPU µs/message", "load CPU µs/message", "sink CPU µs/message"])
            .map(|(part, name)| (name, used.micros_each(part, sent.accepted))),
    );
    values.extend(memory.map(|octets| ("memory B/waiting message", octets)));
    report.add(CASE, variant, US, &values);
    report.limit(CASE, variant, US, used.bottleneck());
    let Sent { accepted, receipts, failed, complete, .. } = sent;
    if !complete || failed > 0 || receipts != accepted {
        report.note(CASE, format!("{variant}: of {accepted} accepted messages {receipts} receipts came; {failed} submissions failed."));
    }
    Ok(rate)
}

/// Lets all withheld receipts come, and counts those that reach the submitter.
fn release(report: &mut Report, path: &Path, count: u64) -> io::Result<()> {
    let withheld = path.sink.withheld() as u64;
    if withheld != count {
        report.note(CASE, format!("The carrier withheld {withheld} receipts instead of {count}: messages came twice, or not at all."));
    }
    let load = Load { end: End::Count(0), expect: Some(count), limit: LIMIT, ..path.load(LIMIT)? };
    let client = Client::start(load)?;
    let usage = path.usage(&client);
    path.sink.set_behaviour(receipts(Receipts::AtOnce));
    // What is too many would come within this time, too: the count below is taken at its end.
    wait_until("receipts released", count, LIMIT, || client.receipts())?;
    let sent = client.wait()?;
    let used = usage.end();
    let variant = format!("release of {}", amount(count));
    let values = [
        ("receipts/s", count as f64 / sent.whole.as_secs_f64().max(1e-9)),
        ("gateway CPU µs/message", used.micros_each("gateway", count)),
        ("came, of all %", 100.0 * sent.receipts as f64 / count.max(1) as f64),
    ];
    report.add(CASE, &variant, US, &values);
    report.limit(CASE, &variant, US, used.bottleneck());
    if sent.receipts != count {
        report.note(CASE, format!("{variant}: {} receipts reached the submitter.", sent.receipts));
    }
    Ok(())
}
