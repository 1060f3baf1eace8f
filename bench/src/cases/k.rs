//! Case k: the message centre. Phones hand messages in, are told of them by SMS over a carrier that takes everything, fetch and acknowledge.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::Ctx;
use super::flow::WAXWING;
use crate::gateway::{Gateway, Setup};
use crate::http::{Answered, HttpLoad};
use crate::process::{Usage, resident_peak};
use crate::report::Report;
use crate::sink::{Behaviour, Receipts, Sink, Token};
use crate::worker::Worker;

const CASE: &str = "k";
/// Connections of phones, and of the proxies that they come through.
const CONNECTIONS: usize = 64;

struct Variant {
    name: &'static str,
    /// Octets of the picture.
    size: usize,
    /// Messages that are handed in at the most.
    most: u64,
}

const VARIANTS: [Variant; 2] =
    [Variant { name: "2 kB", size: 2_000, most: 200_000 }, Variant { name: "50 kB", size: 50_000, most: 60_000 }];

/// Runs the case.
///
/// # Errors
/// When something cannot be started.
pub fn run(ctx: &Ctx, report: &mut Report) -> io::Result<()> {
    report.note(
        CASE,
        "m-send-req with a text and a picture, every one another, to one number each, over 64 connections that stay open; \"accepted/s\" are \
         m-send-confs, each after content and message were durable, while notifications go out. \"notified/s\" are notifications, of two SMS \
         each, from the first acceptance to the last at the carrier, which takes everything at once. Then every message is fetched \
         (\"fetched/s\"), and then acknowledged (\"acknowledged/s\").",
    );
    report.note(
        CASE,
        "Figures to hold them against, from another measurement on the same kind of machine and not run here: Mbuni accepted 1,060 to 1,240/s and \
         gave out about 1,000/s at 2 kB, 409 and 752 at 50 kB, and sent 105 notifications/s.",
    );
    for _ in 0..ctx.runs {
        for variant in VARIANTS.iter().filter(|v| ctx.wants(v.name)) {
            rates(ctx, report, variant)?;
        }
    }
    for _ in 0..ctx.runs {
        if ctx.wants("due at once") {
            due(ctx, report)?;
        }
    }
    if ctx.wants("waiting") {
        waiting(ctx, report)?;
    }
    Ok(())
}

fn start(ctx: &Ctx, sink: &Sink) -> io::Result<Gateway> {
    let setup = Setup {
        more:
            "[mmsc]\nlisten = \"127.0.0.1:0\"\npublic_url = \"http://mms.example.net\"\ndomain = \"mms.example.net\"\nunknown = \"phone\"\n\
               trusted = [\"127.0.0.1/32\"]\nauto_provision = true\nnotify_again = [\"1h\"]\n"
                .to_owned(),
        ..Setup::new(sink.address(), 4, 256)
    };
    Gateway::start(&ctx.binary, &ctx.tmp, &setup)
}

fn rates(ctx: &Ctx, report: &mut Report, variant: &Variant) -> io::Result<()> {
    let sink = Sink::start(Behaviour { receipts: Receipts::AtOnce, ..Behaviour::default() })?;
    sink.collect_notifications();
    let gateway = start(ctx, &sink)?;
    let to = gateway.mmsc()?;
    let time = Duration::from_secs(ctx.pick(12, 2));

    let who = [(WAXWING, gateway.who()), ("sink", sink.who())];
    let usage = Usage::begin(&who);
    let begin = Instant::now();
    let sent = load(to, time, ctx.pick(variant.most, 5_000), send(variant.size, 0))?;
    let accepted = sent.accepted;
    let told = wait_notified(&sink, accepted);
    let notified = begin.elapsed();
    let used = usage.end();
    let tokens = Arc::new(sink.take_notifications());
    let count = tokens.len() as u64;

    let fetched = load(to, Duration::from_secs(600), count, fetch(&tokens))?;
    let acknowledged = load(to, Duration::from_secs(600), count, acknowledge(&tokens))?;

    let memory = match gateway.who() {
        crate::process::Who::Process(pid) => resident_peak(pid) as f64 / 1e6,
        crate::process::Who::Thread(_) => 0.0,
    };
    let values = [
        ("accepted/s", sent.rate()),
        ("answer p50 ms", sent.latency_ms(0.5)),
        ("answer p99 ms", sent.latency_ms(0.99)),
        ("notified/s", told as f64 / notified.as_secs_f64()),
        ("CPU µs/message", used.micros_each(WAXWING, accepted)),
        ("fetched/s", fetched.rate()),
        ("fetch p99 ms", fetched.latency_ms(0.99)),
        ("acknowledged/s", acknowledged.rate()),
        ("memory MB", memory),
    ];
    report.add(CASE, variant.name, WAXWING, &values);
    report.limit(CASE, variant.name, WAXWING, used.bottleneck());
    for (what, seen, expected) in
        [("handed in", &sent, sent.requests), ("fetched", &fetched, count), ("acknowledged", &acknowledged, count)]
    {
        if seen.accepted < expected {
            report.note(CASE, format!("{}: {} of {expected} were {what}.", variant.name, seen.accepted));
        }
        if let Some(trouble) = seen.trouble() {
            report.note(CASE, format!("{}, {what}: {trouble}.", variant.name));
        }
    }
    if told < accepted {
        report.note(CASE, format!("{}: {told} of {accepted} were notified.", variant.name));
    }
    Ok(())
}

/// How fast notifications leave when nothing else happens: of messages whose X-Mms-Delivery-Time is one and the same.
fn due(ctx: &Ctx, report: &mut Report) -> io::Result<()> {
    let sink = Sink::start(Behaviour { receipts: Receipts::AtOnce, ..Behaviour::default() })?;
    sink.collect_notifications();
    let gateway = start(ctx, &sink)?;
    let to = gateway.mmsc()?;
    let time = Duration::from_secs(ctx.pick(10, 2));
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_err(io::Error::other)?.as_secs();
    let at = now + time.as_secs() + 5;
    let sent = load(to, time, ctx.pick(200_000, 5_000), send_at(2_000, 0, u32::try_from(at).ok()))?;
    let who = [(WAXWING, gateway.who()), ("sink", sink.who())];
    while sink.notifications() == 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
    let (usage, begin, early) = (Usage::begin(&who), Instant::now(), sink.notifications());
    let told = wait_notified(&sink, sent.accepted);
    let (took, used) = (begin.elapsed(), usage.end());
    let values = [
        ("waiting", sent.accepted as f64),
        ("notified/s", (told - early) as f64 / took.as_secs_f64()),
        ("SMS/s", 2.0 * (told - early) as f64 / took.as_secs_f64()),
        ("CPU µs/message", used.micros_each(WAXWING, told - early)),
    ];
    report.add(CASE, "2 kB, due at once", WAXWING, &values);
    report.limit(CASE, "2 kB, due at once", WAXWING, used.bottleneck());
    if told < sent.accepted {
        report.note(CASE, format!("Due at once: {told} of {} were notified.", sent.accepted));
    }
    Ok(())
}

/// How much memory messages take that wait to be fetched.
fn waiting(ctx: &Ctx, report: &mut Report) -> io::Result<()> {
    let sink = Sink::start(Behaviour { receipts: Receipts::AtOnce, ..Behaviour::default() })?;
    sink.collect_notifications();
    let mut gateway = start(ctx, &sink)?;
    let to = gateway.mmsc()?;
    let most = ctx.pick(100_000, 2_000);
    let mut seen = Vec::new();
    let mut accepted = 0;
    for step in 0..5 {
        let sent = load(to, Duration::from_secs(900), most / 5, send(50_000, 1 + step))?;
        accepted += sent.accepted;
        wait_notified(&sink, accepted);
        std::thread::sleep(Duration::from_secs(2));
        seen.push(gateway.resident() as f64 / 1e6);
    }
    let on_disk = octets(&gateway.folder().join("data/media"))? as f64 / 1e6;
    let restart = gateway.kill_and_restart()?;
    let first = seen.first().copied().unwrap_or_default();
    let last = seen.last().copied().unwrap_or_default();
    let values = [
        ("waiting", accepted as f64),
        ("memory MB, a fifth of them", first),
        ("memory MB, all", last),
        ("octets a message beyond the first fifth", (last - first) * 1e6 / (accepted as f64 * 0.8).max(1.0)),
        ("media on the disk MB", on_disk),
        ("restart after kill -9 s", restart.as_secs_f64()),
    ];
    report.add(CASE, "50 kB, waiting", WAXWING, &values);
    Ok(())
}

fn octets(folder: &Path) -> io::Result<u64> {
    let of = |e: std::fs::DirEntry| if e.file_type()?.is_dir() { octets(&e.path()) } else { e.metadata().map(|m| m.len()) };
    std::fs::read_dir(folder)?.map(|e| e.and_then(of)).sum()
}

/// Waits until so many were notified, or none have been for five seconds. How many it is.
fn wait_notified(sink: &Sink, most: u64) -> u64 {
    let (mut seen, mut since) = (0, Instant::now());
    loop {
        let now = sink.notifications();
        if now >= most || (now == seen && since.elapsed() > Duration::from_secs(5)) {
            return now;
        }
        if now != seen {
            (seen, since) = (now, Instant::now());
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

type Build = Box<dyn Fn(&mut Vec<u8>) + Send + Sync>;
type Judge = fn(u16, &[u8]) -> u64;

/// Puts the load on, on a thread of its own.
fn load(to: SocketAddr, time: Duration, most: u64, (build, judge): (Build, Judge)) -> io::Result<Answered> {
    let load = HttpLoad { to, connections: CONNECTIONS, time, most };
    let build = Arc::new(build);
    let worker = Worker::start("phones", move || async move { Ok(load.run(move |out| build(out), judge).await) })?;
    worker.wait(time + Duration::from_secs(60))
}

/// m-send-req: From to be inserted, one recipient, a subject, a text and a picture of random octets.
fn send(size: usize, seed: u64) -> (Build, Judge) {
    send_at(size, seed, None)
}

/// The same, not to be delivered before a moment, seconds since 1970.
fn send_at(size: usize, seed: u64, moment: Option<u32>) -> (Build, Judge) {
    let next = AtomicU64::new(seed << 40);
    let mut picture = vec![0; size];
    fastrand::Rng::with_seed(seed).fill(&mut picture);
    let build = move |out: &mut Vec<u8>| {
        let n = next.fetch_add(1, Ordering::Relaxed);
        let head = format!("\u{1}T{n:x}\0\u{2}+4477{:08}/TYPE=PLMN\0\u{3}Greetings\0", n % 100_000_000);
        let mut parts = head.split(['\u{1}', '\u{2}', '\u{3}']).skip(1);
        let mut pdu = Vec::with_capacity(size + 256);
        pdu.extend_from_slice(&[0x8c, 0x80, 0x98]);
        pdu.extend_from_slice(parts.next().unwrap_or_default().as_bytes());
        pdu.extend_from_slice(&[0x8d, 0x92, 0x89, 0x01, 0x81, 0x97]);
        pdu.extend_from_slice(parts.next().unwrap_or_default().as_bytes());
        if let Some(moment) = moment {
            pdu.extend_from_slice(&[0x87, 6, 0x80, 4]);
            pdu.extend_from_slice(&moment.to_be_bytes());
        }
        pdu.push(0x96);
        pdu.extend_from_slice(parts.next().unwrap_or_default().as_bytes());
        // A multipart of two: text/plain; charset=utf-8, and image/jpeg.
        pdu.extend_from_slice(&[0x84, 0xa3, 2, 4, 5, 3, 0x83, 0x81, 0xea]);
        pdu.extend_from_slice(b"Hello");
        pdu.push(1);
        uintvar(size, &mut pdu);
        pdu.push(0x9e);
        let at = pdu.len();
        pdu.extend_from_slice(&picture);
        // Begins as a JPEG does, and is another each time.
        pdu[at..at + 4].copy_from_slice(&[0xff, 0xd8, 0xff, 0xe0]);
        pdu[at + 4..at + 12].copy_from_slice(&n.to_be_bytes());
        out.extend_from_slice(
            b"POST / HTTP/1.1\r\nHost: mms.example.net\r\nContent-Type: application/vnd.wap.mms-message\r\nX-MSISDN: 447700900123\r\n",
        );
        out.extend_from_slice(format!("Content-Length: {}\r\n\r\n", pdu.len()).as_bytes());
        out.extend_from_slice(&pdu);
    };
    // X-Mms-Response-Status: Ok.
    (Box::new(build), |status, body| u64::from(status == 200 && body.windows(2).any(|w| w == [0x92, 0x80])))
}

fn uintvar(value: usize, out: &mut Vec<u8>) {
    for shift in (0..5).rev().map(|n| n * 7).filter(|shift| *shift == 0 || value >> shift > 0) {
        out.push((value >> shift & 0x7f) as u8 | if shift > 0 { 0x80 } else { 0 });
    }
}

/// GET of each message, once. The phone is one that takes anything.
fn fetch(tokens: &Arc<Vec<Token>>) -> (Build, Judge) {
    let (tokens, next) = (tokens.clone(), AtomicU64::new(0));
    let build = move |out: &mut Vec<u8>| {
        let n = next.fetch_add(1, Ordering::Relaxed) as usize % tokens.len().max(1);
        out.extend_from_slice(b"GET /m/");
        out.extend_from_slice(tokens.get(n).map_or(&[], |t| &t[..]));
        out.extend_from_slice(b" HTTP/1.1\r\nHost: mms.example.net\r\nAccept: */*\r\nUser-Agent: bench\r\n\r\n");
    };
    (Box::new(build), |status, body| u64::from(status == 200 && body.len() > 1000))
}

/// m-notifyresp-ind of each message: retrieved.
fn acknowledge(tokens: &Arc<Vec<Token>>) -> (Build, Judge) {
    let (tokens, next) = (tokens.clone(), AtomicU64::new(0));
    let build = move |out: &mut Vec<u8>| {
        let n = next.fetch_add(1, Ordering::Relaxed) as usize % tokens.len().max(1);
        out.extend_from_slice(
            b"POST / HTTP/1.1\r\nHost: mms.example.net\r\nContent-Type: application/vnd.wap.mms-message\r\nContent-Length: 30\r\n\r\n",
        );
        out.extend_from_slice(&[0x8c, 0x83, 0x98]);
        out.extend_from_slice(tokens.get(n).map_or(&[], |t| &t[..]));
        out.extend_from_slice(&[0, 0x8d, 0x92, 0x95, 0x81]);
    };
    (Box::new(build), |status, _| u64::from(status == 200))
}
