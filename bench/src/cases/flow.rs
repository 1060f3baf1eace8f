//! The variant of an SMS under full load: clients, what is between, and a carrier, watched for a while in which nothing begins or ends.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::Ctx;
use crate::esme::{Body, Client, Load, Pace, Sent};
use crate::gateway::{Gateway, Setup};
use crate::metrics;
use crate::node::{self, NodeRelay};
use crate::process::{Usage, Used, Who, resident_peak};
use crate::relay::Relay;
use crate::report::Report;
use crate::sink::{Behaviour, Sink};

/// Our name in tables.
pub(super) const WAXWING: &str = "waxwing";
/// The floor's.
pub(super) const RELAY: &str = "bare relay";
/// That of the relay made with node's module.
pub(super) const NODE: &str = "node smpp relay";

/// How many records the ledger is behind: what it has not done yet is in nobody's processor time.
pub(super) const LAG: &str = "waxwing_ledger_lag_records";

/// What messages come by and go by.
#[derive(Clone, Debug)]
pub(super) struct Variant {
    /// Name of the variant in the report.
    pub(super) name: String,
    /// Binds on both sides.
    pub(super) binds: u32,
    /// Window of each client's bind.
    pub(super) window: u32,
    /// Window of each bind to the carrier.
    pub(super) carrier_window: u32,
    /// The carrier.
    pub(super) behaviour: Behaviour,
    /// The messages.
    pub(super) body: Body,
    /// How fast they come.
    pub(super) pace: Pace,
    /// How long is watched.
    pub(super) time: Duration,
}

/// What is between clients and carrier.
enum Between {
    Waxwing(Gateway),
    Relay(Relay),
    Node(NodeRelay),
}

/// What was seen of an interval.
pub(super) struct Watched {
    /// How much each counter grew.
    pub(super) grown: Vec<u64>,
    /// Who used the processor.
    pub(super) used: Used,
}

impl Variant {
    /// Short messages in as many binds as out, everything as fast as it goes, with receipts.
    pub(super) fn new(binds: u32, window: u32, time: Duration) -> Variant {
        let plural = if binds == 1 { "" } else { "s" };
        Variant {
            name: format!("{binds} bind{plural}, window {window}"),
            binds,
            window,
            carrier_window: window,
            behaviour: Behaviour::default(),
            body: Body::Text,
            pace: Pace::Window,
            time,
        }
    }
}

/// Time before the interval that is watched: connections are up and files have their size then.
pub(super) fn warm(ctx: &Ctx) -> Duration {
    Duration::from_millis(ctx.pick(1500, 500))
}

/// Runs one subject once and adds what it showed to the report; `each_second` is called with the gateway's HTTP door, if it has one, while
/// it is watched, and gives further values at the end.
///
/// # Errors
/// When something does not start or a connection breaks. A relay of node that is not installed is a note in the report instead.
pub(super) fn run(
    ctx: &Ctx,
    report: &mut Report,
    case: &str,
    subject: &str,
    variant: &Variant,
    each_second: &mut dyn FnMut(Option<SocketAddr>),
) -> io::Result<()> {
    let sink = Sink::start(variant.behaviour)?;
    let between = match Between::start(ctx, subject, variant, &sink) {
        Err(error) if subject == NODE && error.kind() == io::ErrorKind::NotFound => {
            report.note(case, format!("{NODE} was left out: {error}."));
            return Ok(());
        }
        other => other?,
    };
    let load = Load::new(between.smpp()?, variant.binds, variant.window, warm(ctx) + variant.time + Duration::from_secs(60));
    let client = Client::start(Load { body: variant.body, pace: variant.pace, limit: load.limit + Duration::from_secs(60), ..load })?;
    let http = between.http();
    let parts = [(subject, between.who()), ("load", client.who()), ("sink", sink.who())];
    let counters: [&dyn Fn() -> u64; 3] = [&|| client.accepted(), &|| sink.taken(), &|| client.receipts()];
    let watched = watch(&parts, &counters, warm(ctx), variant.time, &mut || each_second(http));
    let lag = http.and_then(|http| metrics::read(http).ok()).map(|text| metrics::sum(&text, LAG, ""));
    client.stop();
    let memory = between.memory();
    // Not before the interval is over: the rest of the receipts is no part of it, but all must come.
    let sent = client.wait()?;
    let Watched { grown, used } = watched;
    let rate = |n: u64| n as f64 / used.wall / variant.body.parts() as f64;
    let messages = grown[1] / variant.body.parts();
    let mut values = vec![("accepted/s", rate(grown[0])), ("delivered/s", rate(grown[1])), ("receipts/s", rate(grown[2]))];
    if variant.body.parts() > 1 {
        values.push(("parts/s", rate(grown[1]) * variant.body.parts() as f64));
    }
    values.extend([("answer p50 ms", sent.response_ms(0.5)), ("answer p99 ms", sent.response_ms(0.99))]);
    values.push(("CPU µs/message", used.micros_each(subject, messages)));
    values.push(("load CPU µs/message", used.micros_each("load", messages)));
    values.push(("sink CPU µs/message", used.micros_each("sink", messages)));
    values.push(("memory MB", memory));
    values.push(("\"queue full\"/s", sent.pauses as f64 / sent.whole.as_secs_f64().max(1e-9)));
    values.extend(lag.map(|lag| ("ledger's lag, at the end", lag)));
    report.add(case, &variant.name, subject, &values);
    report.limit(case, &variant.name, subject, used.bottleneck());
    check(report, case, subject, variant, &sent, sink.taken());
    Ok(())
}

/// Waits for `warm`, then sees how much the counters grow in `time`, and who used the processor meanwhile.
pub(super) fn watch(
    parts: &[(&str, Who)],
    counters: &[&dyn Fn() -> u64],
    warm: Duration,
    time: Duration,
    each_second: &mut dyn FnMut(),
) -> Watched {
    std::thread::sleep(warm);
    let usage = Usage::begin(parts);
    let before: Vec<u64> = counters.iter().map(|c| c()).collect();
    let begin = Instant::now();
    while let Some(rest) = time.checked_sub(begin.elapsed()).filter(|r| !r.is_zero()) {
        std::thread::sleep(rest.min(Duration::from_secs(1)));
        each_second();
    }
    let grown = counters.iter().zip(before).map(|(c, b)| c() - b).collect();
    Watched { grown, used: usage.end() }
}

fn check(report: &mut Report, case: &str, subject: &str, variant: &Variant, sent: &Sent, taken: u64) {
    let mut trouble = Vec::new();
    if sent.failed > 0 {
        trouble.push(format!("{} submit_sm failed", sent.failed));
    }
    if taken < sent.accepted {
        trouble.push(format!("the carrier got {taken} of {} messages", sent.accepted));
    }
    if !sent.complete {
        trouble.push(format!("{} receipts of {} came within {} s", sent.receipts, sent.accepted, sent.whole.as_secs()));
    }
    if !trouble.is_empty() {
        report.note(case, format!("{}, {subject}: {}.", variant.name, trouble.join(", ")));
    }
}

impl Between {
    fn start(ctx: &Ctx, subject: &str, variant: &Variant, sink: &Sink) -> io::Result<Between> {
        let carrier = sink.address();
        match subject {
            WAXWING => {
                Gateway::start(&ctx.binary, &ctx.tmp, &Setup::new(carrier, variant.binds, variant.carrier_window)).map(Between::Waxwing)
            }
            RELAY => Relay::start(carrier, variant.carrier_window).map(Between::Relay),
            NODE if variant.carrier_window == node::WINDOW => NodeRelay::start(carrier, variant.binds).map(Between::Node),
            _ => Err(io::Error::other(format!("no {subject} with a window of {}", variant.carrier_window))),
        }
    }

    fn smpp(&self) -> io::Result<SocketAddr> {
        match self {
            Between::Waxwing(gateway) => gateway.smpp(),
            Between::Relay(relay) => Ok(relay.address()),
            Between::Node(node) => Ok(node.smpp()),
        }
    }

    fn http(&self) -> Option<SocketAddr> {
        match self {
            Between::Waxwing(gateway) => gateway.http().ok(),
            Between::Relay(_) | Between::Node(_) => None,
        }
    }

    fn who(&self) -> Who {
        match self {
            Between::Waxwing(gateway) => gateway.who(),
            Between::Relay(relay) => relay.who(),
            Between::Node(node) => Who::Process(node.pid()),
        }
    }

    /// The most resident memory that it has had, MB.
    fn memory(&self) -> f64 {
        match self.who() {
            Who::Process(pid) => resident_peak(pid) as f64 / 1e6,
            Who::Thread(_) => 0.0,
        }
    }
}
