//! What the cases over HTTP share: servers on threads of their own, the gateway or Kannel between them, and the figures of a run.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::gateway::Gateway;
use crate::kannel::Kannel;
use crate::marks::Marks;
use crate::process::{Usage, Used, Who, resident_peak};
use crate::report::Report;
use crate::webhook::{Seen, Webhook};
use crate::worker::Worker;

/// A server on a thread of its own, until it is dropped.
pub(super) struct Served<T> {
    /// What belongs to it.
    pub(super) it: T,
    worker: Worker<()>,
    _stop: oneshot::Sender<()>,
}

/// What carries the messages.
pub(super) enum Between {
    /// Ours.
    Waxwing(Gateway),
    /// The peer.
    Kannel(Kannel),
    /// Nothing: the load speaks to the sink, as a floor.
    Nothing,
}

/// How long nothing may come before the rest counts as lost.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long is waited, when all is there, for what should not come.
const MORE: Duration = Duration::from_millis(50);
const POLL: Duration = Duration::from_millis(1);

/// Runs `make` on a thread of that name and keeps the thread, and what was spawned there, at work.
pub(super) fn serve<T, F, M>(name: &str, make: M) -> io::Result<Served<T>>
where
    T: Send + 'static,
    F: Future<Output = io::Result<T>>,
    M: FnOnce() -> F + Send + 'static,
{
    let (tell, told) = channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let worker = Worker::start(name, move || async move {
        let _ = tell.send(make().await);
        let _ = stopped.await;
        Ok(())
    })?;
    let it = told.recv().map_err(io::Error::other)??;
    Ok(Served { it, worker, _stop: stop })
}

/// A webhook on a thread of its own.
pub(super) fn webhook(delay: Duration, marks: Option<Arc<Marks>>) -> io::Result<Served<Webhook>> {
    serve("webhook", move || Webhook::start(delay, marks))
}

/// Waits until each count has come to its target, or nothing at all has come for ten seconds. How long it took until the last of each
/// came; `None` where all was there at the first look.
pub(super) fn until(targets: &[(u64, &dyn Fn() -> u64)]) -> Vec<Option<Duration>> {
    let begin = Instant::now();
    let mut last = Duration::ZERO;
    let mut seen: Vec<(u64, Option<Duration>)> = targets.iter().map(|(_, count)| (count(), None)).collect();
    while seen.iter().zip(targets).any(|((now, _), (target, _))| now < target) && begin.elapsed() < last + PATIENCE {
        std::thread::sleep(POLL);
        for ((now, at), (_, count)) in seen.iter_mut().zip(targets) {
            let came = count();
            if came != *now {
                last = begin.elapsed();
                (*now, *at) = (came, Some(last));
            }
        }
    }
    std::thread::sleep(MORE);
    seen.into_iter().map(|(_, at)| at).collect()
}

/// Says in the report what came too little or too much.
pub(super) fn check(report: &mut Report, case: &str, place: &str, what: &str, expected: u64, came: u64) {
    if came < expected {
        report.note(case, format!("{place}: {what} {came} of {expected}, {} missing.", expected - came));
    }
    if came > expected {
        report.note(case, format!("{place}: {what} {came}, {} more than were accepted.", came - expected));
    }
}

/// Processor time of all parts for each message, and what limited the run.
pub(super) fn costs(used: &Used, between: &Between, messages: u64) -> Vec<(String, f64)> {
    let own: f64 = between.who().iter().map(|(name, _)| used.micros_each(name, messages)).sum();
    let mut values = Vec::new();
    if !between.who().is_empty() {
        values.push(("CPU µs/message".to_owned(), own));
    }
    for (name, _) in used.cpu.iter().filter(|(name, _)| name != "gateway") {
        values.push((format!("{name} CPU µs/message"), used.micros_each(name, messages)));
    }
    if let Some(memory) = between.memory() {
        values.push(("memory MB".to_owned(), memory));
    }
    values
}

/// Begins to measure what is between and these others.
pub(super) fn begin(between: &Between, others: &[(&'static str, Who)]) -> Usage {
    let parts: Vec<(&str, Who)> = between.who().into_iter().chain(others.iter().copied()).collect();
    Usage::begin(&parts)
}

// === impl Served ===

impl<T> Served<T> {
    /// Its thread.
    pub(super) fn who(&self) -> Who {
        self.worker.who()
    }
}

impl Served<Webhook> {
    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.it.address
    }

    /// What it has seen.
    pub(super) fn seen(&self) -> &Seen {
        &self.it.seen
    }
}

// === impl Between ===

impl Between {
    /// Its processes.
    pub(super) fn who(&self) -> Vec<(&'static str, Who)> {
        match self {
            Between::Waxwing(gateway) => vec![("gateway", gateway.who())],
            Between::Kannel(kannel) => kannel.who(),
            Between::Nothing => Vec::new(),
        }
    }

    /// The most resident memory of all its processes, MB.
    fn memory(&self) -> Option<f64> {
        let processes: Vec<u32> = self
            .who()
            .into_iter()
            .filter_map(|(_, who)| match who {
                Who::Process(pid) => Some(pid),
                Who::Thread(_) => None,
            })
            .collect();
        (!processes.is_empty()).then(|| processes.into_iter().map(resident_peak).sum::<u64>() as f64 / 1e6)
    }
}
