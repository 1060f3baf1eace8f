//! Case b: messages come in over HTTP, one or a thousand a request, and leave over SMPP; beside Kannel's sendsms.

pub(super) mod requests;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use self::requests::{Request, accepted};
use super::Ctx;
use super::rig::{Between, begin, check, costs, until, webhook};
use crate::gateway::{Gateway, Setup};
use crate::http::{Answered, HttpLoad};
use crate::kannel::{self, Kannel, KannelOptions, Store};
use crate::process::Who;
use crate::report::{Report, figure};
use crate::sink::{Behaviour, Sink};
use crate::worker::Worker;

const CASE: &str = "b";
/// Unanswered messages towards the carrier, on one bind.
const WINDOW: u32 = 256;
/// Messages of one request where it is not one.
const BATCH: usize = 1000;
/// Requests that go before a measurement, so that connections are up and code and files are warm.
const WARM_UP: u64 = 400;
/// How long the answers may take after the last request.
const ANSWERS: Duration = Duration::from_secs(60);

/// Who is asked, and at which door.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Door {
    Rest,
    Sendsms,
    Kannel(Store),
    /// A server that answers and does nothing: what the load generator can do.
    Bare,
}

#[derive(Clone, Copy, Debug)]
struct Variant {
    connections: usize,
    batch: usize,
    receipts: bool,
    time: Duration,
}

/// Load over HTTP as one likes it, for looking at one thing.
#[derive(Clone, Debug, clap::Args)]
pub struct Http {
    /// The gateway.
    #[arg(long, default_value = "target/release/waxwing")]
    binary: PathBuf,
    /// Which door: the gateway's `/api/v1` or sendsms, Kannel's sendsms, or a bare server.
    #[arg(long, value_enum, default_value = "rest")]
    door: DoorName,
    /// Connections.
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Messages of one request; only `/api/v1` takes more than one.
    #[arg(long, default_value_t = 1)]
    batch: usize,
    /// Seconds a run.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Runs.
    #[arg(long, default_value_t = 3)]
    runs: u32,
    /// With receipts, told to a webhook or a dlr-url.
    #[arg(long)]
    receipts: bool,
    /// Folder for data, on the disk to be measured.
    #[arg(long, default_value = "target/bench")]
    tmp: PathBuf,
}

/// The doors by the names of the command line.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum DoorName {
    Rest,
    Sendsms,
    KannelFile,
    KannelNone,
    Bare,
}

/// Runs the case.
///
/// # Errors
/// When something cannot be started.
pub fn run(ctx: &Ctx, report: &mut Report) -> io::Result<()> {
    heads(report);
    let mut doors = vec![Door::Rest, Door::Sendsms];
    match kannel::missing() {
        None => doors.extend([Door::Kannel(Store::File), Door::Kannel(Store::None)]),
        Some(why) => report.note(CASE, why),
    }
    let time = Duration::from_millis(ctx.pick(5000, 1000));
    let mut variants = Vec::new();
    for receipts in [false, true] {
        for connections in [1, 16, 64] {
            variants.push((Variant { connections, batch: 1, receipts, time }, doors.clone()));
        }
        for connections in [1, 4] {
            variants.push((Variant { connections, batch: BATCH, receipts, time }, vec![Door::Rest]));
        }
    }
    for (variant, doors) in &mut variants {
        if !variant.receipts {
            doors.push(Door::Bare);
        }
    }
    for run in 0..ctx.runs {
        for (variant, doors) in variants.iter().filter(|(v, _)| ctx.wants(&v.name())) {
            // Another order in every run: who comes first may find the disk in another state.
            for n in 0..doors.len() {
                one(ctx, report, *variant, doors[(n + run as usize) % doors.len()])?;
            }
        }
    }
    Ok(())
}

fn heads(report: &mut Report) {
    for name in ["accepted/s", "delivered/s"] {
        for ours in [Door::Rest, Door::Sendsms] {
            report.compare(CASE, name, ours.name(), Door::Kannel(Store::File).name());
        }
    }
    report.note(
        CASE,
        format!(
            "One bind with a window of {WINDOW} to a carrier that answers at once; recipients are random. The gateway answers after fsync; \
             Kannel syncs nothing with any store. \"delivered/s\" counts what the carrier took, up to the last message; every accepted \
             message has to arrive there. With receipts, each message's receipt is told by HTTP (webhook, dlr-url), and \"receipts/s\" \
             counts up to the last one."
        ),
    );
    report.note(CASE, "\"bare\" is a server that answers the same requests and does nothing: the most that the load generator can do.");
}

impl Http {
    /// Runs it and says what it saw on standard error.
    ///
    /// # Errors
    /// When something cannot be started.
    pub fn run(&self) -> io::Result<()> {
        std::fs::create_dir_all(&self.tmp)?;
        let door = match self.door {
            DoorName::Rest => Door::Rest,
            DoorName::Sendsms => Door::Sendsms,
            DoorName::KannelFile => Door::Kannel(Store::File),
            DoorName::KannelNone => Door::Kannel(Store::None),
            DoorName::Bare => Door::Bare,
        };
        let ctx =
            Ctx { binary: self.binary.canonicalize()?, runs: self.runs, quick: true, tmp: self.tmp.canonicalize()?, only: String::new() };
        let time = Duration::from_secs(self.seconds);
        let variant = Variant { connections: self.connections, batch: self.batch.max(1), receipts: self.receipts, time };
        let mut report = Report::default();
        (0..self.runs).try_for_each(|_| one(&ctx, &mut report, variant, door))
    }
}

impl Door {
    fn name(self) -> &'static str {
        match self {
            Door::Rest => "waxwing /api/v1",
            Door::Sendsms => "waxwing sendsms",
            Door::Kannel(Store::File) => "Kannel, file store",
            Door::Kannel(Store::None) => "Kannel, no store",
            Door::Kannel(Store::Spool) => "Kannel, spool store",
            Door::Bare => "bare",
        }
    }
}

impl Variant {
    fn name(&self) -> String {
        let a_request = match self.batch {
            1 => "1 message a request".to_owned(),
            n => format!("{} messages a request", figure(n as f64)),
        };
        let connections = if self.connections == 1 { "1 connection".to_owned() } else { format!("{} connections", self.connections) };
        format!("{a_request}, {connections}, {}", if self.receipts { "receipts" } else { "no receipts" })
    }
}

/// One run of one subject.
fn one(ctx: &Ctx, report: &mut Report, variant: Variant, door: Door) -> io::Result<()> {
    let sink = Sink::start(Behaviour::default())?;
    let hook = webhook(Duration::ZERO, None)?;
    let carrier = sink.address();
    let (between, to) = match door {
        Door::Rest | Door::Sendsms => {
            let account = format!("webhook = \"http://{}/hook\"", hook.address());
            let gateway = Gateway::start(&ctx.binary, &ctx.tmp, &Setup { account, ..Setup::new(carrier, 1, WINDOW) })?;
            let to = gateway.http()?;
            (Between::Waxwing(gateway), to)
        }
        Door::Kannel(store) => {
            let options = KannelOptions { carrier, binds: 1, window: WINDOW, store, mo: None };
            let kannel = Kannel::start(&ctx.tmp, &options)?;
            let to = kannel.sendsms();
            (Between::Kannel(kannel), to)
        }
        Door::Bare => (Between::Nothing, hook.address()),
    };
    let request = match door {
        Door::Rest | Door::Bare => Request::rest(variant.batch, variant.receipts),
        Door::Sendsms | Door::Kannel(_) => Request::sendsms(variant.receipts.then(|| hook.address())),
    };
    let request = Arc::new(request);
    let taken = || if door == Door::Bare { 0 } else { sink.taken() };
    let calls = || hook.seen().calls.load(Ordering::Relaxed);

    let mut warm = load(to, 4, Duration::from_secs(5), WARM_UP.div_ceil(variant.batch as u64), &request)?;
    let warm = warm.run()?.accepted;
    let mut counts: Vec<(&str, &dyn Fn() -> u64)> = Vec::new();
    if door != Door::Bare {
        counts.push(("delivered/s", &taken));
        if variant.receipts {
            counts.push(("receipts/s", &calls));
        }
    }
    let targets: Vec<(u64, &dyn Fn() -> u64)> = counts.iter().map(|(_, count)| (warm, *count)).collect();
    until(&targets);
    let before: Vec<u64> = counts.iter().map(|(_, count)| count()).collect();

    let mut load = load(to, variant.connections, variant.time, u64::MAX, &request)?;
    let usage = begin(&between, &[("load", load.who()), ("sink", sink.who()), ("webhook", hook.who())]);
    let begun = Instant::now();
    let seen = load.run()?;
    let loaded = begun.elapsed();
    let targets: Vec<(u64, &dyn Fn() -> u64)> =
        counts.iter().zip(&before).map(|((_, count), before)| (before + seen.accepted, *count)).collect();
    let ends = until(&targets);
    let used = usage.end();
    let mut values = vec![("accepted/s".to_owned(), seen.rate())];
    for (((name, count), before), end) in counts.iter().zip(&before).zip(ends) {
        let time = end.map_or(seen.time, |end| loaded + end);
        values.push(((*name).to_owned(), (count() - before) as f64 / time.as_secs_f64().max(1e-9)));
    }
    values.extend([("p50 ms".to_owned(), seen.latency_ms(0.5)), ("p99 ms".to_owned(), seen.latency_ms(0.99))]);
    values.extend(costs(&used, &between, seen.accepted));
    let place = format!("{}, {}", variant.name(), door.name());
    let values: Vec<(&str, f64)> = values.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    report.add(CASE, &variant.name(), door.name(), &values);
    report.limit(CASE, &variant.name(), door.name(), used.bottleneck());
    for ((name, count), before) in counts.iter().zip(&before) {
        check(report, CASE, &place, name.trim_end_matches("/s"), seen.accepted, count() - before);
    }
    if let Some(trouble) = seen.trouble() {
        report.note(CASE, format!("{place}: {trouble}."));
    }
    Ok(())
}

/// A load that waits for the word to go.
struct Load {
    worker: Worker<Answered>,
    go: Option<oneshot::Sender<()>>,
    limit: Duration,
}

fn load(to: SocketAddr, connections: usize, time: Duration, most: u64, request: &Arc<Request>) -> io::Result<Load> {
    let (go, gone) = oneshot::channel();
    let request = request.clone();
    let worker = Worker::start("load", move || async move {
        gone.await.map_err(io::Error::other)?;
        let batch = request.batch();
        let build = move |out: &mut Vec<u8>| request.put(out);
        Ok(HttpLoad { to, connections, time, most }.run(build, move |status, body| accepted(batch, status, body)).await)
    })?;
    Ok(Load { worker, go: Some(go), limit: time + ANSWERS })
}

impl Load {
    fn who(&self) -> Who {
        self.worker.who()
    }

    /// Lets it go and waits for its end.
    fn run(&mut self) -> io::Result<Answered> {
        if let Some(go) = self.go.take() {
            let _ = go.send(());
        }
        self.worker.wait(self.limit)
    }
}
