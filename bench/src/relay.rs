//! The bare relay: one connection in, one out, of the same codec and session engine, with no spool, routing or ledger. It is the floor
//! under the path of an SMS: what moving its PDUs costs, and nothing else.
//!
//! It runs as a process of its own, so that what it costs can be told.

use std::collections::VecDeque;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use bytes::BytesMut;
use tokio::net::{TcpListener, TcpStream};
use waxwing_endpoints::smpp::dialect::{Frame, Smpp};
use waxwing_session::{Engine, Event, Link, Options};
use waxwing_smpp::{CommandStatus, Decoder, encode};

use crate::process::{Who, resident};

/// A relay as a process of its own. It is killed when this is dropped.
#[derive(Debug)]
pub struct Relay {
    address: SocketAddr,
    child: Child,
}

/// What the process is told.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct RelayArgs {
    /// The carrier's SMPP server.
    #[arg(long)]
    to: SocketAddr,
    /// Unanswered submit_sm on each connection to it.
    #[arg(long, default_value_t = 256)]
    window: u32,
}

/// One connection in and its connection out.
struct Pair {
    /// From the submitter.
    inner: Link<Smpp, TcpStream>,
    /// To the carrier.
    outer: Link<Smpp, TcpStream>,
    /// Messages that the window to the carrier has no place for; at most one batch.
    forth: VecDeque<(u32, Frame)>,
    /// Receipts that the window to the submitter has no place for; at most one batch.
    back: VecDeque<(u32, Frame)>,
}

/// Unanswered receipts towards the submitter, as the gateway's account has it in every case.
const BACK_WINDOW: u32 = 1000;

// === impl Relay ===

impl Relay {
    /// Starts this program again as a relay.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(carrier: SocketAddr, window: u32) -> io::Result<Relay> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["relay", "--to", &carrier.to_string(), "--window", &window.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        if let Some(out) = child.stdout.take() {
            BufReader::new(out).read_line(&mut line)?;
        }
        match line.trim().parse() {
            Ok(address) => Ok(Relay { address, child }),
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                Err(io::Error::other(format!("the relay did not say where it listens but {line:?}: {error}")))
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

    /// Resident memory, octets.
    pub fn resident(&self) -> u64 {
        resident(self.child.id())
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl RelayArgs {
    /// Is the relay: says where it listens on standard output and never ends. Its runtime has a thread for every core, as the
    /// gateway's.
    ///
    /// # Errors
    /// When there is no port to be had.
    pub fn run(&self) -> io::Result<()> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            writeln!(io::stdout(), "{}", listener.local_addr()?)?;
            serve(listener, *self).await
        })
    }
}

async fn serve(listener: TcpListener, args: RelayArgs) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(async move {
            // Whoever broke it off knows; there is nobody else to tell.
            let _ = relay(stream, args).await;
        });
    }
}

async fn relay(stream: TcpStream, args: RelayArgs) -> io::Result<()> {
    let now = std::time::Instant::now();
    let bounds = |window| Options { window, max_unanswered: 1000, ..Options::default() };
    let inner = Link::new(Engine::server(Smpp::new(70_000), bounds(BACK_WINDOW), now), stream);
    let outer = TcpStream::connect(args.to).await?;
    outer.set_nodelay(true)?;
    let outer = Link::new(Engine::client(Smpp::new(70_000), bounds(args.window), now), outer);
    let mut pair = Pair { inner, outer, forth: VecDeque::new(), back: VecDeque::new() };
    let mut from_inner: Vec<Event<Frame>> = Vec::new();
    let mut from_outer: Vec<Event<Frame>> = Vec::new();
    loop {
        // What waits for a place holds its side off; answers always pass, since they make the place.
        tokio::select! {
            result = pair.inner.events(&mut from_inner), if pair.forth.is_empty() || !pair.back.is_empty() => result.map_err(io::Error::other)?,
            result = pair.outer.events(&mut from_outer), if pair.back.is_empty() || !pair.forth.is_empty() => result.map_err(io::Error::other)?,
        }
        for event in from_inner.drain(..) {
            pair.inner_event(event)?;
        }
        for event in from_outer.drain(..) {
            pair.outer_event(event)?;
        }
        while pair.outer.window_free() > 0
            && let Some((seq, frame)) = pair.forth.pop_front()
        {
            pass(&frame, |make| pair.outer.request_with(seq.into(), make).map(|_| ()).map_err(io::Error::other))?;
        }
        while pair.inner.window_free() > 0
            && let Some((seq, frame)) = pair.back.pop_front()
        {
            pass(&frame, |make| pair.inner.request_with(seq.into(), make).map(|_| ()).map_err(io::Error::other))?;
        }
    }
}

impl Pair {
    fn inner_event(&mut self, event: Event<Frame>) -> io::Result<()> {
        match event {
            Event::Login { pdu, .. } => self.outer.login(&pdu.octets).map(|_| ()).map_err(io::Error::other),
            Event::Request { seq, pdu } => {
                self.forth.push_back((seq, pdu));
                Ok(())
            }
            Event::Response { pdu, token, .. } => {
                let seq = u32::try_from(token).unwrap_or(0);
                pass(&pdu, |make| {
                    self.outer.respond_with(|out| make(seq, out));
                    Ok(())
                })
            }
            Event::Closed { reason } => Err(io::Error::other(reason)),
            _ => Ok(()),
        }
    }

    fn outer_event(&mut self, event: Event<Frame>) -> io::Result<()> {
        match event {
            Event::LoginResponse { pdu } => {
                self.outer.bound();
                // The submitter's bind had the first sequence number as ours.
                self.inner.accept_login(&pdu.octets);
                Ok(())
            }
            Event::Request { seq, pdu } => {
                self.back.push_back((seq, pdu));
                Ok(())
            }
            Event::Response { pdu, token, .. } => {
                let seq = u32::try_from(token).unwrap_or(0);
                pass(&pdu, |make| {
                    self.inner.respond_with(|out| make(seq, out));
                    Ok(())
                })
            }
            Event::Closed { reason } => Err(io::Error::other(reason)),
            _ => Ok(()),
        }
    }
}

/// Decodes the PDU and gives a function that encodes it again, under another sequence number.
fn pass(frame: &Frame, send: impl FnOnce(&dyn Fn(u32, &mut BytesMut)) -> io::Result<()>) -> io::Result<()> {
    let decoded = Decoder::new().decode(&frame.octets).map_err(io::Error::other)?;
    let status: CommandStatus = frame.header.command_status;
    send(&|seq, out| {
        let _ = encode(&decoded.pdu, status, seq, out);
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::time::Duration;

    use super::*;
    use crate::esme::{Body, Client, End, Load};
    use crate::sink::{Behaviour, Receipts, Sink};
    use crate::worker::Worker;

    fn load(sink: &Sink, window: u32) -> (Worker<()>, Load) {
        let (tell, told) = std::sync::mpsc::channel();
        let args = RelayArgs { to: sink.address(), window };
        let worker = Worker::start("relay", move || async move {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            tell.send(listener.local_addr()?).map_err(io::Error::other)?;
            serve(listener, args).await
        })
        .unwrap();
        let to = told.recv().unwrap();
        (worker, Load { end: End::Count(300), limit: Duration::from_secs(60), ..Load::new(to, 3, 20, Duration::from_secs(60)) })
    }

    #[test]
    fn messages_go_through_and_receipts_come_back() {
        let sink = Sink::start(Behaviour::default()).unwrap();
        let (_relay, load) = load(&sink, 7);
        let client = Client::start(Load { body: Body::Long, stamped: true, ..load }).unwrap();
        let sent = client.wait().unwrap();
        assert!(sent.complete, "{sent:?}");
        // Each bind may be inside its last message when there are enough.
        assert!((300..309).contains(&sent.accepted) && sent.accepted.is_multiple_of(3), "{sent:?}");
        assert_eq!((sent.receipts, sent.failed, sink.taken()), (sent.accepted, 0, sent.accepted));
        assert_eq!(sink.take_latency().len(), sent.accepted);
    }

    #[test]
    fn withheld_receipts_come_when_they_are_let_go() {
        let sink = Sink::start(Behaviour { receipts: Receipts::Withheld, ..Behaviour::default() }).unwrap();
        let (_relay, load) = load(&sink, 7);
        let client = Client::start(load).unwrap();
        sink.wait_taken(300, Duration::from_secs(60)).unwrap();
        assert_eq!((sink.withheld(), client.receipts()), (300, 0));
        sink.set_behaviour(Behaviour::default());
        let sent = client.wait().unwrap();
        assert_eq!((sent.receipts, sent.complete), (300, true));
    }

    #[test]
    fn a_long_line_delays_every_answer() {
        let delay = Duration::from_millis(20);
        let sink = Sink::start(Behaviour { delay, receipts: Receipts::Never }).unwrap();
        let (_relay, load) = load(&sink, 7);
        let sent = Client::start(Load { receipts: false, ..load }).unwrap().wait().unwrap();
        assert_eq!(sent.accepted, 300);
        assert!(sent.response.min() >= 19_000, "{} µs", sent.response.min());
        // 300 messages, 3 binds, 7 at a time, 20 ms each time.
        assert!(sent.sending >= delay * 14, "{:?}", sent.sending);
    }

    #[test]
    fn a_steady_rate_is_kept() {
        let sink = Sink::start(Behaviour::default()).unwrap();
        let (_relay, load) = load(&sink, 7);
        let pace = crate::esme::Pace::Rate(1000.0);
        let sent = Client::start(Load { pace, ..load }).unwrap().wait().unwrap();
        assert!(sent.sending >= Duration::from_millis(290), "{:?}", sent.sending);
        assert_eq!((sent.accepted, sent.complete), (300, true));
    }
}
