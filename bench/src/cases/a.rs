//! Case a: SMPP in, spool, SMPP out, receipts back to the submitter; beside the bare relay, a relay on node, and Kannel from HTTP to SMPP.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::b::requests::{Request, accepted};
use super::flow::{self, LAG, NODE, RELAY, Variant, WAXWING, Watched, warm};
use super::{Ctx, rig};
use crate::esme::Pace;
use crate::http::HttpLoad;
use crate::kannel::{self, Kannel, KannelOptions, Store};
use crate::metrics;
use crate::node;
use crate::process::{Who, resident_peak};
use crate::report::Report;
use crate::sink::{Behaviour, Sink};
use crate::worker::Worker;

const CASE: &str = "a";
/// The peer in the table: it has no SMPP server that keeps up, so its messages come in by HTTP.
const KANNEL: &str = "Kannel, HTTP in, file store";

/// Connections of its load.
const CONNECTIONS: usize = 16;

/// Runs the case.
///
/// # Errors
/// When something cannot be started.
pub fn run(ctx: &Ctx, report: &mut Report) -> io::Result<()> {
    heads(report);
    for run in 0..ctx.runs as usize {
        for variant in variants(ctx) {
            let mut subjects = vec![WAXWING, RELAY];
            if variant.window == node::WINDOW {
                subjects.extend([KANNEL, NODE]);
            }
            each(ctx, report, run, &variant, &subjects)?;
        }
        each(ctx, report, run, &line(ctx), &[WAXWING, RELAY, KANNEL])?;
        held(ctx, report)?;
    }
    Ok(())
}

fn heads(report: &mut Report) {
    for other in [RELAY, KANNEL, NODE] {
        report.compare(CASE, "receipts/s", WAXWING, other);
    }
    report.note(
        CASE,
        "As many binds to the carrier as from the clients, with the same window. Every message asks for a receipt, which the carrier sends \
         right behind its response; all are messages of 76 characters to random recipients. The gateway answers after fsync; the relays \
         keep nothing, Kannel syncs nothing. Rates are those of an interval in the middle of the load; \"receipts/s\", at the submitter, is \
         what counts. CPU is a delivered message's, with everything that belongs to it.",
    );
    report.note(
        CASE,
        "Kannel gets its messages over HTTP (sendsms, 16 connections) and tells receipts to a dlr-url: that is the fastest way \
         through it. Its \"answer\" times are those of HTTP.",
    );
}

fn variants(ctx: &Ctx) -> Vec<Variant> {
    let time = Duration::from_secs(ctx.pick(8, 2));
    let mut variants = Vec::new();
    for binds in [1, 4, 16] {
        for window in [32, 256] {
            variants.push(Variant::new(binds, window, time));
        }
    }
    variants
}

/// A line with a round trip of 20 ms and a window of 10 on one bind, a little more than it can carry coming in.
fn line(ctx: &Ctx) -> Variant {
    let delay = Duration::from_millis(20);
    Variant {
        name: "line of 20 ms round trip, 1 bind, window 10".to_owned(),
        carrier_window: 10,
        behaviour: Behaviour { delay, ..Behaviour::default() },
        pace: Pace::Rate(550.0),
        ..Variant::new(1, 1000, Duration::from_secs(ctx.pick(8, 2)))
    }
}

/// Another order in every run: who comes first may find the disk in another state.
fn each(ctx: &Ctx, report: &mut Report, run: usize, variant: &Variant, subjects: &[&str]) -> io::Result<()> {
    if !ctx.wants(&variant.name) {
        return Ok(());
    }
    for n in 0..subjects.len() {
        match subjects[(n + run) % subjects.len()] {
            KANNEL => kannel(ctx, report, variant)?,
            subject => flow::run(ctx, report, CASE, subject, variant, &mut |_| {})?,
        }
    }
    Ok(())
}

/// A minute at full load, in which the ledger must not fall further and further behind.
fn held(ctx: &Ctx, report: &mut Report) -> io::Result<()> {
    let time = Duration::from_secs(ctx.pick(60, 5));
    let variant = Variant { name: format!("4 binds, window 256, held for {} s", time.as_secs()), ..Variant::new(4, 256, time) };
    if !ctx.wants(&variant.name) {
        return Ok(());
    }
    let mut lags = Vec::new();
    flow::run(ctx, report, CASE, WAXWING, &variant, &mut |http| {
        let text = http.and_then(|http| metrics::read(http).ok());
        lags.extend(text.map(|t| metrics::sum(&t, LAG, "")));
    })?;
    let most = lags.iter().copied().fold(0.0, f64::max);
    report.add(CASE, &variant.name, WAXWING, &[("ledger's lag, most", most)]);
    Ok(())
}

fn kannel(ctx: &Ctx, report: &mut Report, variant: &Variant) -> io::Result<()> {
    if let Some(why) = kannel::missing() {
        report.note(CASE, why);
        return Ok(());
    }
    let sink = Sink::start(variant.behaviour)?;
    let hook = rig::webhook(Duration::ZERO, None)?;
    let options =
        KannelOptions { carrier: sink.address(), binds: variant.binds, window: variant.carrier_window, store: Store::File, mo: None };
    let kannel = Kannel::start(&ctx.tmp, &options)?;
    let whole = warm(ctx) + variant.time + Duration::from_millis(500);
    let load = http_load(kannel.sendsms(), whole, hook.address())?;
    let mut parts = kannel.who();
    parts.extend([("load", load.who()), ("sink", sink.who()), ("webhook", hook.who())]);
    let counters: [&dyn Fn() -> u64; 2] = [&|| sink.taken(), &|| hook.seen().calls.load(Ordering::Relaxed)];
    let Watched { grown, used } = flow::watch(&parts, &counters, warm(ctx), variant.time, &mut || {});
    let own = kannel.who();
    let memory: u64 = own.iter().map(|(_, who)| if let Who::Process(pid) = who { resident_peak(*pid) } else { 0 }).sum();
    let seen = load.wait(whole + Duration::from_secs(60))?;
    let rate = |n: u64| n as f64 / used.wall;
    let cpu: f64 = own.iter().map(|(name, _)| used.micros_each(name, grown[0])).sum();
    let values = [
        ("accepted/s", seen.rate()),
        ("delivered/s", rate(grown[0])),
        ("receipts/s", rate(grown[1])),
        ("answer p50 ms", seen.latency_ms(0.5)),
        ("answer p99 ms", seen.latency_ms(0.99)),
        ("CPU µs/message", cpu),
        ("load CPU µs/message", used.micros_each("load", grown[0]) + used.micros_each("webhook", grown[0])),
        ("sink CPU µs/message", used.micros_each("sink", grown[0])),
        ("memory MB", memory as f64 / 1e6),
    ];
    report.add(CASE, &variant.name, KANNEL, &values);
    report.limit(CASE, &variant.name, KANNEL, used.bottleneck());
    if let Some(trouble) = seen.trouble() {
        report.note(CASE, format!("{}, {KANNEL}: {trouble}.", variant.name));
    }
    Ok(())
}

fn http_load(to: SocketAddr, time: Duration, receipts: SocketAddr) -> io::Result<Worker<crate::http::Answered>> {
    let request = Arc::new(Request::sendsms(Some(receipts)));
    Worker::start("load", move || async move {
        let build = move |out: &mut Vec<u8>| request.put(out);
        Ok(HttpLoad { to, connections: CONNECTIONS, time, most: u64::MAX }.run(build, |status, body| accepted(1, status, body)).await)
    })
}
