//! Case c: messages from handsets (MO), from a carrier's SMPP to a webhook and to a bound receiver; beside Kannel's get-url.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::Ctx;
use super::rig::{Between, Served, begin, check, costs, serve, until, webhook};
use crate::gateway::{Gateway, Setup};
use crate::kannel::{self, Kannel, KannelOptions, Store};
use crate::marks::Marks;
use crate::mo::{self, MoLoad, MoSource, NUMBER};
use crate::process::Who;
use crate::report::Report;
use crate::webhook::Webhook;

const CASE: &str = "c";
/// Unanswered messages on each bind, on both sides.
const WINDOW: u32 = 256;
/// How long binds may take to come up.
const BOUND: Duration = Duration::from_secs(10);

/// Who takes what handsets send.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum To {
    /// An application that answers after so long.
    Webhook(Duration),
    /// An SMPP client.
    Receiver,
}

#[derive(Clone, Copy, Debug)]
struct Variant {
    to: To,
    /// Messages a second; without it as many as are answered.
    rate: Option<u32>,
    count: u64,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Subject {
    Waxwing,
    Kannel(Store),
}

/// Messages from handsets as one likes them, for looking at one thing.
#[derive(Clone, Debug, clap::Args)]
pub struct Mo {
    /// The gateway.
    #[arg(long, default_value = "target/release/waxwing")]
    binary: PathBuf,
    /// Kannel with its file store instead of the gateway.
    #[arg(long)]
    kannel: bool,
    /// To a bound receiver instead of a webhook; only the gateway can.
    #[arg(long, conflicts_with = "kannel")]
    receiver: bool,
    /// How long the webhook takes to answer, milliseconds.
    #[arg(long, default_value_t = 0)]
    delay: u64,
    /// Messages a run.
    #[arg(long, default_value_t = 100_000)]
    count: u64,
    /// Messages a second; without it as many as are answered.
    #[arg(long)]
    rate: Option<u32>,
    /// Runs.
    #[arg(long, default_value_t = 3)]
    runs: u32,
    /// Folder for data, on the disk to be measured.
    #[arg(long, default_value = "target/bench")]
    tmp: PathBuf,
}

/// Runs the case.
///
/// # Errors
/// When something cannot be started.
pub fn run(ctx: &Ctx, report: &mut Report) -> io::Result<()> {
    report.compare(CASE, "delivered/s", Subject::Waxwing.name(), Subject::Kannel(Store::File).name());
    report.note(
        CASE,
        format!(
            "One bind to the carrier with {WINDOW} unanswered deliver_sm. The gateway answers them after fsync; Kannel syncs nothing with \
             any store. \"delivered/s\" counts up to the last message; each has to arrive exactly once. Latency is from the carrier's \
             deliver_sm to the application; where more comes than can be handed on, it is mostly the queue."
        ),
    );
    report.note(CASE, "Kannel has no SMPP server of its own that a receiver could bind to (OpenSMPPBox is an add-on).");
    let mut subjects = vec![Subject::Waxwing];
    match kannel::missing() {
        None => subjects.extend([Subject::Kannel(Store::File), Subject::Kannel(Store::None)]),
        Some(why) => report.note(CASE, why),
    }
    let flood = ctx.pick(100_000, 10_000);
    let slow = Duration::from_millis(20);
    let paced = |rate: u32| (Some(rate), u64::from(rate) * ctx.pick(10, 2));
    let variants = [
        (To::Webhook(Duration::ZERO), (None, flood)),
        (To::Webhook(slow), (None, ctx.pick(10_000, 2000))),
        (To::Webhook(Duration::ZERO), paced(1000)),
        (To::Receiver, (None, flood)),
        (To::Receiver, paced(1000)),
    ]
    .map(|(to, (rate, count))| Variant { to, rate, count });
    for run in 0..ctx.runs {
        for variant in variants.iter().filter(|v| ctx.wants(&v.name())) {
            for n in 0..subjects.len() {
                let subject = subjects[(n + run as usize) % subjects.len()];
                if variant.to != To::Receiver || subject == Subject::Waxwing {
                    one(ctx, report, *variant, subject)?;
                }
            }
        }
    }
    Ok(())
}

impl Mo {
    /// Runs it and says what it saw on standard error.
    ///
    /// # Errors
    /// When something cannot be started.
    pub fn run(&self) -> io::Result<()> {
        std::fs::create_dir_all(&self.tmp)?;
        let to = if self.receiver { To::Receiver } else { To::Webhook(Duration::from_millis(self.delay)) };
        let subject = if self.kannel { Subject::Kannel(Store::File) } else { Subject::Waxwing };
        let ctx =
            Ctx { binary: self.binary.canonicalize()?, runs: self.runs, quick: true, tmp: self.tmp.canonicalize()?, only: String::new() };
        let mut report = Report::default();
        (0..self.runs).try_for_each(|_| one(&ctx, &mut report, Variant { to, rate: self.rate, count: self.count }, subject))
    }
}

impl Subject {
    fn name(self) -> &'static str {
        match self {
            Subject::Waxwing => "waxwing",
            Subject::Kannel(Store::File) => "Kannel, file store",
            Subject::Kannel(Store::None) => "Kannel, no store",
            Subject::Kannel(Store::Spool) => "Kannel, spool store",
        }
    }
}

impl Variant {
    fn name(&self) -> String {
        let to = match self.to {
            To::Webhook(Duration::ZERO) => "webhook".to_owned(),
            To::Webhook(delay) => format!("webhook that answers after {} ms", delay.as_millis()),
            To::Receiver => "bound receiver".to_owned(),
        };
        match self.rate {
            None => format!("{to}, as fast as it goes"),
            Some(rate) => format!("{to}, {rate} messages/s"),
        }
    }
}

/// One run of one subject.
fn one(ctx: &Ctx, report: &mut Report, variant: Variant, subject: Subject) -> io::Result<()> {
    let marks = Arc::new(Marks::new(variant.count));
    let load = MoLoad { count: variant.count, window: WINDOW, rate: variant.rate };
    let for_source = marks.clone();
    let source = serve("carrier", move || MoSource::listen(load, for_source))?;
    let (carrier, mo) = (source.it.0, source.it.1.clone());
    let delay = if let To::Webhook(delay) = variant.to { delay } else { Duration::ZERO };
    let hook = webhook(delay, Some(marks.clone()))?;
    let between = match subject {
        Subject::Waxwing => {
            let mut account = format!("numbers = [\"{NUMBER}\"]\n");
            if variant.to != To::Receiver {
                account.push_str(&format!("webhook = \"http://{}/hook\"", hook.address()));
            }
            Between::Waxwing(Gateway::start(&ctx.binary, &ctx.tmp, &Setup { account, ..Setup::new(carrier, 1, WINDOW) })?)
        }
        Subject::Kannel(store) => {
            let options = KannelOptions { carrier, binds: 1, window: WINDOW, store, mo: Some(hook.address()) };
            Between::Kannel(Kannel::start(&ctx.tmp, &options)?)
        }
    };
    let receiver = match &between {
        Between::Waxwing(gateway) if variant.to == To::Receiver => Some(receiver(gateway, &marks)?),
        _ => None,
    };
    up("the bind to the carrier", || mo.binds.load(Ordering::Relaxed) > 0)?;
    let application: (&str, Who) = match &receiver {
        Some(receiver) => ("receiver", receiver.who()),
        None => ("webhook", hook.who()),
    };
    let usage = begin(&between, &[("carrier", source.who()), application]);
    let begun = marks.now();
    mo.start();
    until(&[(variant.count, &|| marks.arrived()), (variant.count, &|| mo.answered.load(Ordering::Relaxed))]);
    let used = usage.end();
    let seconds = |time: Duration| time.as_secs_f64().max(1e-9);
    let answered = mo.answered.load(Ordering::Relaxed);
    let answered_in = Duration::from_micros(mo.answered_at.load(Ordering::Relaxed));
    let mut values = vec![
        ("accepted/s".to_owned(), answered as f64 / seconds(answered_in)),
        ("delivered/s".to_owned(), marks.arrived() as f64 / seconds(marks.last().saturating_sub(begun))),
        ("p50 ms".to_owned(), marks.latency_ms(0.5)),
        ("p99 ms".to_owned(), marks.latency_ms(0.99)),
    ];
    values.extend(costs(&used, &between, variant.count));
    if receiver.is_none() {
        values.extend(calls(&hook));
    }
    let values: Vec<(&str, f64)> = values.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    report.add(CASE, &variant.name(), subject.name(), &values);
    report.limit(CASE, &variant.name(), subject.name(), used.bottleneck());
    let place = format!("{}, {}", variant.name(), subject.name());
    check(report, CASE, &place, "accepted", variant.count, answered);
    check(report, CASE, &place, "delivered", variant.count, marks.arrived() + marks.again());
    let (again, refused) = (marks.again(), mo.refused.load(Ordering::Relaxed));
    if again + refused > 0 {
        report.note(CASE, format!("{place}: {again} came twice; {refused} were refused at first and sent again."));
    }
    Ok(())
}

/// How the webhook was called.
fn calls(hook: &Served<Webhook>) -> Vec<(String, f64)> {
    let seen = hook.seen();
    [("connections", &seen.connections), ("calls at once", &seen.at_once)]
        .map(|(name, count)| (name.to_owned(), count.load(Ordering::Relaxed) as f64))
        .to_vec()
}

/// An SMPP client, bound.
fn receiver(gateway: &Gateway, marks: &Arc<Marks>) -> io::Result<Served<()>> {
    let (to, marks, bound) = (gateway.smpp()?, marks.clone(), Arc::new(AtomicU64::new(0)));
    let its = bound.clone();
    let receiver = serve("receiver", move || async move {
        // What ends it early shows in what it has not received.
        tokio::spawn(mo::receiver(to, "bench", "bench", marks, its));
        Ok(())
    })?;
    up("the receiver's bind", || bound.load(Ordering::Relaxed) > 0)?;
    Ok(receiver)
}

fn up(what: &str, is: impl Fn() -> bool) -> io::Result<()> {
    let begin = std::time::Instant::now();
    while !is() {
        if begin.elapsed() > BOUND {
            return Err(io::Error::new(io::ErrorKind::TimedOut, format!("{what} is not up after {BOUND:?}")));
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(())
}
