//! The bare ISMG: CONNECT and SUBMIT are answered, and reports sent to those who ask for them, with the gateway's codec and session engine
//! and nothing else: no spool, no routing, no ledger. It is the floor under a gateway that speaks CMPP, and a carrier for one.
//!
//! As a floor it runs as a process of its own, as a carrier on a thread, so that what it costs can be told.

use std::collections::VecDeque;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::{Bytes, BytesMut};
use parking_lot::Mutex;
use tokio::net::{TcpListener, TcpStream};
use waxwing_cmpp::{ConnectResp, Deliver, MsgId, Pdu, Report, Submit, SubmitResp, Version, decode, encode};
use waxwing_endpoints::cmpp::dialect::{Cmpp, Frame};
use waxwing_endpoints::cmpp::{CHINA, LocalTime, MsgIds};
use waxwing_session::{Engine, Event, Link, Options};

use crate::process::{Who, resident_peak};
use crate::worker::Worker;

/// As a process. It is killed when this is dropped.
#[derive(Debug)]
pub struct Ismg {
    address: SocketAddr,
    child: Child,
}

/// What the process is told: nothing.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct IsmgArgs {}

/// As a carrier on a thread. It ends when this is dropped.
#[derive(Debug)]
pub struct IsmgSink {
    address: SocketAddr,
    shared: Arc<Shared>,
    worker: Worker<()>,
}

#[derive(Debug)]
struct Shared {
    ids: Mutex<MsgIds>,
    taken: AtomicU64,
}

struct Session {
    link: Link<Cmpp, TcpStream>,
    shared: Arc<Shared>,
    /// Reports that the window had no place for.
    reports: VecDeque<Bytes>,
    out: BytesMut,
    /// The time of a batch of events, and its minute as reports have it.
    now: u64,
    minute: [u8; 10],
}

/// One code gives 65,536 ids a second.
const GATEWAYS: u32 = 64;

// === impl Ismg ===

impl Ismg {
    /// Starts one of this program on a port of its own.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start() -> io::Result<Ismg> {
        let mut child = Command::new(std::env::current_exe()?).arg("ismg").stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        if let Some(out) = child.stdout.take() {
            BufReader::new(out).read_line(&mut line)?;
        }
        match line.trim().parse() {
            Ok(address) => Ok(Ismg { address, child }),
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                Err(io::Error::other(format!("the bare ISMG did not say where it listens but {line:?}: {error}")))
            }
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process, for [`Usage`](crate::process::Usage).
    pub fn who(&self) -> Who {
        Who::Process(self.child.id())
    }

    /// The most resident memory that it has had, octets.
    pub fn resident_peak(&self) -> u64 {
        resident_peak(self.child.id())
    }
}

impl Drop for Ismg {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl IsmgArgs {
    /// Is the bare ISMG: says where it listens on standard output and never ends. Its runtime has a thread for every core, as the
    /// gateway's.
    ///
    /// # Errors
    /// When there is no port to be had.
    pub fn run(&self) -> io::Result<()> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            writeln!(io::stdout(), "{}", listener.local_addr()?)?;
            serve(listener, Arc::new(Shared::new())).await
        })
    }
}

// === impl IsmgSink ===

impl IsmgSink {
    /// Starts one on a port of its own.
    ///
    /// # Errors
    /// When no port or no thread can be had.
    pub fn start() -> io::Result<IsmgSink> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::new());
        let theirs = shared.clone();
        let worker = Worker::start("sink", move || async move { serve(TcpListener::from_std(listener)?, theirs).await })?;
        Ok(IsmgSink { address, shared, worker })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its thread, for [`Usage`](crate::process::Usage).
    pub fn who(&self) -> Who {
        self.worker.who()
    }

    /// SUBMITs taken so far.
    pub fn taken(&self) -> u64 {
        self.shared.taken.load(Ordering::Relaxed)
    }
}

impl Shared {
    fn new() -> Shared {
        Shared { ids: Mutex::new(MsgIds::new((1..=GATEWAYS).collect(), CHINA)), taken: AtomicU64::new(0) }
    }

    /// None when a second's ids are all gone.
    fn id(&self, now: u64, count: usize) -> Option<MsgId> {
        self.ids.lock().take(now, u16::try_from(count).unwrap_or(u16::MAX))
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(session(stream, shared.clone()));
    }
}

async fn session(stream: TcpStream, shared: Arc<Shared>) {
    let options = Options { window: 100_000, max_unanswered: 100_000, max_output: 4 << 20, ..Options::default() };
    let link = Link::new(Engine::server(Cmpp::new(waxwing_cmpp::frame::DEFAULT_MAX_LEN), options, std::time::Instant::now()), stream);
    let mut session = Session { link, shared, reports: VecDeque::new(), out: BytesMut::new(), now: 0, minute: [b'0'; 10] };
    let mut batch: Vec<Event<Frame>> = Vec::new();
    // Whoever broke it off knows; there is nobody else to tell.
    while session.link.events(&mut batch).await.is_ok() {
        session.handle(&mut batch);
    }
}

impl Session {
    fn handle(&mut self, batch: &mut Vec<Event<Frame>>) {
        let version = self.link.engine().dialect().version();
        self.now = now();
        self.minute = LocalTime::at(self.now, CHINA).minutes();
        let mut taken = 0;
        for event in batch.drain(..) {
            match event {
                Event::Login { pdu, .. } => self.connect(&pdu),
                Event::Request { seq, pdu } => match decode(&pdu.octets, version).map(|d| d.pdu) {
                    Ok(Pdu::Submit(p)) => {
                        taken += 1;
                        self.take(version, seq, &p);
                    }
                    _ => self.link.respond_with(|_| {}),
                },
                _ => {}
            }
        }
        self.shared.taken.fetch_add(taken, Ordering::Relaxed);
        while let Some(report) = self.reports.front() {
            if self.link.request(report, 0).is_err() {
                return;
            }
            self.reports.pop_front();
        }
    }

    fn connect(&mut self, pdu: &Frame) {
        let Ok(Pdu::Connect(c)) = decode(&pdu.octets, Version::V2).map(|d| d.pdu) else { return self.link.abort() };
        let version = Version::of_byte(c.version);
        self.out.clear();
        let _ = encode(&ConnectResp { version: version.byte(), ..Default::default() }, version, pdu.header.sequence_id, &mut self.out);
        self.link.engine_mut().dialect_mut().set_version(version);
        self.link.accept_login(&self.out);
    }

    fn take(&mut self, version: Version, seq: u32, p: &Submit<'_>) {
        let Some(msg_id) = self.shared.id(self.now, p.dest_terminal_id.len()) else {
            let body = SubmitResp { result: waxwing_cmpp::result::FLOW_CONTROL, ..Default::default() };
            return self.link.respond_with(|out| {
                let _ = encode(&body, version, seq, out);
            });
        };
        self.link.respond_with(|out| {
            let _ = encode(&SubmitResp { msg_id, result: 0 }, version, seq, out);
        });
        if p.registered_delivery != 1 {
            return;
        }
        for (nth, phone) in (0..).zip(p.dest_terminal_id.iter()) {
            let Some(own) = self.shared.id(self.now, 1) else { return };
            let mut content = BytesMut::with_capacity(71);
            let (submit_time, done_time) = (&self.minute[..], &self.minute[..]);
            let report =
                Report { msg_id: msg_id.nth(nth), stat: b"DELIVRD", submit_time, done_time, dest_terminal_id: phone, ..Default::default() };
            self.out.clear();
            let deliver = |content: &[u8], out: &mut BytesMut| {
                let body = Deliver {
                    msg_id: own,
                    dest_id: p.src_id,
                    src_terminal_id: phone,
                    registered_delivery: 1,
                    msg_content: content,
                    ..Default::default()
                };
                encode(&body, version, 0, out).is_ok()
            };
            if report.encode(version, &mut content).is_err() || !deliver(&content, &mut self.out) {
                continue;
            }
            if !self.reports.is_empty() || self.link.request(&self.out, 0).is_err() {
                self.reports.push_back(self.out.split().freeze());
            }
        }
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |t| u64::try_from(t.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::time::Duration;

    use waxwing_endpoints::load::cmpp::Sp;
    use waxwing_endpoints::load::{End, Load, Matched, Pace};

    use super::*;
    use crate::esme::Client;

    #[test]
    fn everything_is_answered_and_reported() {
        for version in [Version::V2, Version::V3] {
            let sink = IsmgSink::start().unwrap();
            let load = Load {
                to: sink.address().to_string(),
                links: 3,
                window: 20,
                pace: Pace::Window,
                end: End::Count(300),
                receipts: true,
                expect: None,
                matching: true,
                stamped: false,
                limit: Duration::from_secs(60),
            };
            let sp = Sp { recipients: 2, ..Sp::new("901234", "secret", version) };
            let sent = Client::speaking(load, sp).unwrap().wait().unwrap();
            assert_eq!((sent.accepted, sent.receipts, sent.complete, sink.taken()), (300, 600, true, 300));
            assert_eq!(sent.matched, Matched { matched: 600, ..Matched::default() });
        }
    }
}
