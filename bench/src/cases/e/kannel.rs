//! Kannel's part of case e.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::{CASE, variant};
use crate::cases::Ctx;
use crate::cases::b::requests::{Request, accepted};
use crate::cases::path::{WINDOW, wait_until};
use crate::cases::rig::webhook;
use crate::http::{Answered, HttpLoad};
use crate::kannel::{Kannel, KannelOptions, Store, missing};
use crate::process::Usage;
use crate::report::Report;
use crate::sink::{Behaviour, Receipts, Sink};
use crate::worker::Worker;

const KANNEL: &str = "Kannel, HTTP in, file store";
const CONNECTIONS: usize = 16;
/// The most time that filling up may take.
const LIMIT: Duration = Duration::from_secs(600);

/// Every level in a Kannel of its own: what it cannot handle while it is measured stays in its queue for long. Nothing is released: its
/// list of receipts would take hours.
pub(super) fn run(ctx: &Ctx, report: &mut Report, levels: &[u64]) -> io::Result<()> {
    if let Some(why) = missing() {
        report.note(CASE, why);
        return Ok(());
    }
    report.note(
        CASE,
        "Kannel's receipts are kept in its internal store, and told to a dlr-url; it gets its messages on 16 connections over HTTP.",
    );
    let mut alone = None;
    for level in levels.iter().copied() {
        let rate = one(ctx, report, level, alone)?;
        alone.get_or_insert(rate);
    }
    Ok(())
}

fn one(ctx: &Ctx, report: &mut Report, level: u64, alone: Option<f64>) -> io::Result<f64> {
    let receipts = |receipts| Behaviour { receipts, ..Behaviour::default() };
    let sink = Sink::start(receipts(Receipts::Withheld))?;
    let hook = webhook(Duration::ZERO, None)?;
    let kannel =
        Kannel::start(&ctx.tmp, &KannelOptions { carrier: sink.address(), binds: 1, window: WINDOW, store: Store::File, mo: None })?;
    let request = Arc::new(Request::sendsms(Some(hook.address())));
    let load = |time: Duration, most: u64| {
        let (to, request) = (kannel.sendsms(), request.clone());
        Worker::start("load", move || async move {
            let build = move |out: &mut Vec<u8>| request.put(out);
            Ok(HttpLoad { to, connections: CONNECTIONS, time, most }.run(build, |status, body| accepted(1, status, body)).await)
        })
    };
    if level > 0 {
        let filled: Answered = load(LIMIT, level)?.wait(LIMIT)?;
        wait_until("messages filled up", filled.accepted, LIMIT, || sink.taken())?;
    }
    sink.set_behaviour(receipts(Receipts::OnlyNew));
    let calls = || hook.seen().calls.load(Ordering::Relaxed);
    let time = Duration::from_secs(ctx.pick(10, 2));
    let (taken, told) = (sink.taken(), calls());
    let worker = load(time, u64::MAX)?;
    let parts: Vec<_> = kannel.who().into_iter().chain([("load", worker.who()), ("sink", sink.who())]).collect();
    let (usage, begin) = (Usage::begin(&parts), Instant::now());
    std::thread::sleep(time);
    let (taken, told, seconds) = (sink.taken() - taken, calls() - told, begin.elapsed().as_secs_f64());
    let used = usage.end();
    let seen = worker.wait(LIMIT)?;
    let rate = told as f64 / seconds;
    let own: f64 = kannel.who().iter().map(|(name, _)| used.cpu(name)).sum();
    let values = [
        ("receipts/s", rate),
        ("accepted/s", seen.rate()),
        ("taken by the carrier/s", taken as f64 / seconds),
        ("share of the rate with none", alone.map_or(1.0, |alone| rate / alone)),
        ("Kannel CPU µs/message", own * 1e6 / taken.max(1) as f64),
    ];
    report.add(CASE, &variant(level), KANNEL, &values);
    report.limit(CASE, &variant(level), KANNEL, used.bottleneck());
    Ok(rate)
}
