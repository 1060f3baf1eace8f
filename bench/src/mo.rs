//! Messages from handsets (MO): an SMSC that delivers them, and a bound receiver that takes them.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use waxwing_endpoints::smpp::dialect::{Frame, Smpp};
use waxwing_session::{Engine, Event, Link, Options};
use waxwing_smpp::{
    Address, BindTransceiver, BindTransceiverResp, CommandStatus, DeliverSm, DeliverSmResp, Npi, SubmitSmResp, Ton, encode,
};

use crate::marks::Marks;

/// The number that all of them are sent to.
pub const NUMBER: &str = "12345";

/// What to deliver.
#[derive(Clone, Debug)]
pub struct MoLoad {
    /// Messages in all.
    pub count: u64,
    /// Unanswered ones on each bind.
    pub window: u32,
    /// Messages a second over all binds; without it as fast as they are answered.
    pub rate: Option<u32>,
}

/// An SMSC that delivers messages once it is told to.
#[derive(Debug)]
pub struct MoSource {
    load: MoLoad,
    marks: Arc<Marks>,
    /// Binds that are up.
    pub binds: AtomicU64,
    /// Deliveries answered with ESME_ROK.
    pub answered: AtomicU64,
    /// Deliveries answered with an error; each was made again.
    pub refused: AtomicU64,
    /// Microseconds from the start to the last good answer.
    pub answered_at: AtomicU64,
    next: AtomicU64,
    started: AtomicBool,
    start: Notify,
    begin: std::sync::OnceLock<Instant>,
}

/// Pause of a bind after a delivery was refused.
const PAUSE: Duration = Duration::from_millis(50);
/// How often a paced bind looks whether something is due.
const TICK: Duration = Duration::from_millis(1);

// === impl MoSource ===

impl MoSource {
    /// Listens for binds on a port of its own, in the runtime of the caller.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn listen(load: MoLoad, marks: Arc<Marks>) -> io::Result<(SocketAddr, Arc<MoSource>)> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let source = Arc::new(MoSource {
            load,
            marks,
            binds: AtomicU64::new(0),
            answered: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            answered_at: AtomicU64::new(0),
            next: AtomicU64::new(0),
            started: AtomicBool::new(false),
            start: Notify::new(),
            begin: std::sync::OnceLock::new(),
        });
        let shared = source.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = stream.set_nodelay(true);
                tokio::spawn(session(shared.clone(), stream));
            }
        });
        Ok((address, source))
    }

    /// Begins to deliver on all binds that are up.
    pub fn start(&self) {
        let _ = self.begin.set(Instant::now());
        self.started.store(true, Ordering::Release);
        self.start.notify_waiters();
    }

    fn elapsed(&self) -> Duration {
        self.begin.get().map_or(Duration::ZERO, Instant::elapsed)
    }

    /// The next message that is due, if there is one.
    fn take(&self) -> Option<u64> {
        let due = match self.load.rate {
            Some(rate) => (self.elapsed().as_secs_f64() * f64::from(rate)) as u64,
            None => u64::MAX,
        };
        // All binds run on one thread: nobody comes in between.
        let next = self.next.load(Ordering::Relaxed);
        (next < self.load.count.min(due)).then(|| {
            self.next.store(next + 1, Ordering::Relaxed);
            next
        })
    }
}

async fn session(source: Arc<MoSource>, stream: TcpStream) {
    let options = Options { window: source.load.window, max_unanswered: 100_000, max_output: 4 << 20, ..Options::default() };
    let mut link = Link::new(Engine::server(Smpp::new(70_000), options, Instant::now()), stream);
    let mut batch: Vec<Event<Frame>> = Vec::new();
    let mut out = BytesMut::new();
    let mut again: Vec<u64> = Vec::new();
    let mut resume: Option<tokio::time::Instant> = None;
    let mut bound = false;
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let start = source.start.notified();
        let paced = source.load.rate.is_some() && source.started.load(Ordering::Acquire);
        if bound && resume.is_none() && source.started.load(Ordering::Acquire) {
            while link.window_free() > 0 {
                let Some(number) = again.pop().or_else(|| source.take()) else { break };
                out.clear();
                deliver(number, &mut out);
                source.marks.sent(number);
                if link.request(&out, number).is_err() {
                    again.push(number);
                    break;
                }
            }
        }
        let paused = async {
            match resume {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            r = link.events(&mut batch) => if r.is_err() { break },
            () = start, if !source.started.load(Ordering::Acquire) => {}
            _ = tick.tick(), if paced => {}
            () = paused => resume = None,
        }
        for event in batch.drain(..) {
            match event {
                Event::Login { pdu, .. } => {
                    out.clear();
                    let answer = BindTransceiverResp { system_id: b"mo", ..Default::default() };
                    let _ = encode(&answer, CommandStatus::ESME_ROK, pdu.header.sequence_number, &mut out);
                    link.accept_login(&out);
                    bound = true;
                    source.binds.fetch_add(1, Ordering::Relaxed);
                }
                Event::Response { pdu, .. } if pdu.header.command_status.is_ok() => {
                    source.answered.fetch_add(1, Ordering::Relaxed);
                    source.answered_at.store(u64::try_from(source.elapsed().as_micros()).unwrap_or(0), Ordering::Relaxed);
                }
                Event::Response { token, .. } => {
                    source.refused.fetch_add(1, Ordering::Relaxed);
                    again.push(token);
                    resume = Some(tokio::time::Instant::now() + PAUSE);
                }
                Event::TimedOut { token, .. } => again.push(token),
                // A reply to a handset; there are none, but whoever sends one is answered.
                Event::Request { seq, .. } => link.respond_with(|o| {
                    let _ = encode(&SubmitSmResp { message_id: Some(b"1"), ..Default::default() }, CommandStatus::ESME_ROK, seq, o);
                }),
                _ => {}
            }
        }
    }
    if bound {
        source.binds.fetch_sub(1, Ordering::Relaxed);
    }
}

fn deliver(number: u64, out: &mut BytesMut) {
    let handset = format!("4477{:08}", fastrand::u32(..100_000_000));
    let text = format!("{} Is there a table for two at eight tonight? Thank you.", Marks::words(number));
    let body = DeliverSm {
        source_addr: Address::new(Ton(1), Npi(1), handset.as_bytes()),
        destination_addr: Address::new(Ton(0), Npi(1), NUMBER.as_bytes()),
        short_message: text.as_bytes(),
        ..Default::default()
    };
    // All fields are short enough.
    let _ = encode(&body, CommandStatus::ESME_ROK, 0, out);
}

/// Binds as a transceiver and takes what is delivered until the other side closes.
///
/// # Errors
/// When the bind fails.
pub async fn receiver(to: SocketAddr, name: &str, password: &str, marks: Arc<Marks>, bound: Arc<AtomicU64>) -> io::Result<()> {
    let stream = TcpStream::connect(to).await?;
    stream.set_nodelay(true)?;
    let options = Options { max_unanswered: 100_000, ..Options::default() };
    let mut link = Link::new(Engine::client(Smpp::new(70_000), options, Instant::now()), stream);
    let mut out = BytesMut::new();
    let bind = BindTransceiver { system_id: name.as_bytes(), password: password.as_bytes(), ..Default::default() };
    encode(&bind, CommandStatus::ESME_ROK, 0, &mut out).map_err(io::Error::other)?;
    link.login(&out).map_err(io::Error::other)?;
    let mut batch: Vec<Event<Frame>> = Vec::new();
    loop {
        if link.events(&mut batch).await.is_err() {
            return Ok(());
        }
        for event in batch.drain(..) {
            match event {
                Event::LoginResponse { pdu } if pdu.header.command_status.is_ok() => {
                    link.bound();
                    bound.fetch_add(1, Ordering::Relaxed);
                }
                Event::LoginResponse { pdu } => {
                    return Err(io::Error::other(format!("the bind was refused with {:?}", pdu.header.command_status)));
                }
                Event::Request { seq, pdu } => {
                    marks.seen(&pdu.octets);
                    link.respond_with(|o| {
                        let _ = encode(&DeliverSmResp { message_id: Some(b""), ..Default::default() }, CommandStatus::ESME_ROK, seq, o);
                    });
                }
                _ => {}
            }
        }
    }
}
