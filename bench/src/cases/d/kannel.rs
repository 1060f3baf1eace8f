//! Kannel's part of case d.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::CASE;
use crate::cases::Ctx;
use crate::cases::b::requests::{Request, accepted};
use crate::cases::path::{WINDOW, amount, wait_until};
use crate::http::{Answered, HttpLoad};
use crate::kannel::{Kannel, KannelOptions, Store, missing};
use crate::process::{Usage, Who, resident};
use crate::report::Report;
use crate::sink::{Behaviour, Receipts, Sink};
use crate::stamp;
use crate::worker::Worker;

const KANNEL: &str = "Kannel, HTTP in, file store";
const CONNECTIONS: usize = 16;
/// The most time that each part may take.
const LIMIT: Duration = Duration::from_secs(900);

/// A backlog in Kannel, from its beginning to its end.
pub(super) fn run(ctx: &Ctx, report: &mut Report) -> io::Result<()> {
    if let Some(why) = missing() {
        report.note(CASE, why);
        return Ok(());
    }
    let count: u64 = ctx.pick(500_000, 20_000);
    let sink = Sink::start(Behaviour { receipts: Receipts::Never, ..Behaviour::default() })?;
    let mut kannel =
        Kannel::start(&ctx.tmp, &KannelOptions { carrier: sink.address(), binds: 1, window: WINDOW, store: Store::File, mo: None })?;
    sink.set_away(true);
    let base = memory(&kannel);
    let (to, request) = (kannel.sendsms(), Arc::new(Request::sendsms(None)));
    let worker = Worker::start("load", move || async move {
        let build = move |out: &mut Vec<u8>| request.put(out);
        let load = HttpLoad { to, connections: CONNECTIONS, time: LIMIT, most: count };
        Ok(load.run(build, |status, body| accepted(1, status, body)).await)
    })?;
    let seen: Answered = worker.wait(LIMIT)?;
    let full = memory(&kannel);
    let restart = kannel.kill_and_restart(seen.accepted, LIMIT)?;
    let variant = format!("{} queued", amount(count));
    let values = [
        ("memory B/message", full.saturating_sub(base) as f64 / seen.accepted.max(1) as f64),
        ("memory MB", full as f64 / 1e6),
        ("restart s", restart.as_secs_f64()),
        ("memory MB after it", memory(&kannel) as f64 / 1e6),
    ];
    report.add(CASE, &variant, KANNEL, &values);
    report.add(CASE, &format!("growing to {}", amount(count)), KANNEL, &[("accepted/s", seen.rate())]);
    if let Some(trouble) = seen.trouble() {
        report.note(CASE, format!("{KANNEL}, {variant}: {trouble}."));
    }

    let before = sink.taken();
    sink.set_away(false);
    wait_until("messages drained by Kannel", before + 1, LIMIT, || sink.taken())?;
    let (begin, head) = (stamp::micros(), sink.taken());
    let usage = Usage::begin(&[kannel.who(), vec![("sink", sink.who())]].concat());
    wait_until("messages drained by Kannel", before + seen.accepted, LIMIT, || sink.taken())?;
    let used = usage.end();
    let time = sink.last_taken().saturating_sub(begin).max(1) as f64 / 1e6;
    let variant = format!("drain of {}", amount(count));
    report.add(CASE, &variant, KANNEL, &[("drained/s", (sink.taken() - head) as f64 / time)]);
    report.limit(CASE, &variant, KANNEL, used.bottleneck());
    Ok(())
}

/// Resident memory of both processes, octets.
fn memory(kannel: &Kannel) -> u64 {
    let each = |(_, who)| match who {
        Who::Process(pid) => resident(pid),
        Who::Thread(_) => 0,
    };
    kannel.who().into_iter().map(each).sum()
}
