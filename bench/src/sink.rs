//! An SMSC that takes everything: it answers at once or as over a long line, and sends receipts at once, later or never.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use parking_lot::Mutex;
use tokio::net::TcpListener;
use tokio::sync::watch;
use waxwing_endpoints::load::histogram;

use crate::process::Who;
use crate::worker::Worker;

mod session;

/// How the sink behaves.
#[derive(Clone, Copy, Debug)]
pub struct Behaviour {
    /// From a submit_sm to its response: a line with a round trip of so much. The runtime's timers count milliseconds.
    pub delay: Duration,
    /// When receipts are sent to those who asked for one.
    pub receipts: Receipts,
}

/// When receipts are sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Receipts {
    /// Behind the response; and all that were withheld before.
    AtOnce,
    /// Behind the response; what was withheld before still is.
    OnlyNew,
    /// Not before the sink is set to [`Receipts::AtOnce`]; it keeps 16 octets of memory for each.
    Withheld,
    /// Never.
    Never,
}

/// An SMSC on a thread of its own. It ends when this is dropped.
#[derive(Debug)]
pub struct Sink {
    address: SocketAddr,
    orders: watch::Sender<Orders>,
    shared: Arc<Shared>,
    worker: Worker<()>,
}

/// What sessions are told while they run.
#[derive(Clone, Copy, Debug)]
struct Orders {
    away: bool,
    behaviour: Behaviour,
}

#[derive(Debug)]
struct Shared {
    /// Messages that asked for a receipt and got none yet: id and recipient's number.
    withheld: Mutex<VecDeque<(u64, u64)>>,
    last_taken: AtomicU64,
    latency: Mutex<Histogram<u64>>,
    next_id: AtomicU64,
    receipts: AtomicU64,
    taken: AtomicU64,
    /// Transaction ids of MMS notifications, where they are collected.
    notified: Mutex<Option<Vec<Token>>>,
}

/// The transaction id of a notification of the message centre, which is what its message is fetched by.
pub type Token = [u8; 22];

impl Default for Behaviour {
    fn default() -> Behaviour {
        Behaviour { delay: Duration::ZERO, receipts: Receipts::AtOnce }
    }
}

// === impl Sink ===

impl Sink {
    /// Starts one on a port of its own.
    ///
    /// # Errors
    /// When no port or no thread can be had.
    pub fn start(behaviour: Behaviour) -> io::Result<Sink> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            withheld: Mutex::default(),
            last_taken: AtomicU64::new(0),
            latency: Mutex::new(histogram()),
            next_id: AtomicU64::new(0),
            receipts: AtomicU64::new(0),
            taken: AtomicU64::new(0),
            notified: Mutex::default(),
        });
        let (orders, told) = watch::channel(Orders { away: false, behaviour });
        let for_sessions = shared.clone();
        let worker = Worker::start("sink", move || serve(listener, for_sessions, told))?;
        Ok(Sink { address, orders, shared, worker })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its thread, for [`Usage`](crate::process::Usage).
    pub fn who(&self) -> Who {
        self.worker.who()
    }

    /// Goes away: connections are closed, and new ones as soon as they come; or comes back.
    pub fn set_away(&self, away: bool) {
        self.orders.send_modify(|o| o.away = away);
    }

    /// Changes its behaviour from now on. Set to [`Receipts::AtOnce`] it also sends what it has withheld.
    pub fn set_behaviour(&self, behaviour: Behaviour) {
        self.orders.send_modify(|o| o.behaviour = behaviour);
    }

    /// submit_sm taken so far.
    pub fn taken(&self) -> u64 {
        self.shared.taken.load(Ordering::Relaxed)
    }

    /// When the last of them came, in the count of [`stamp::micros`](crate::stamp::micros); 0 if there was none.
    pub fn last_taken(&self) -> u64 {
        self.shared.last_taken.load(Ordering::Relaxed)
    }

    /// Receipts that were answered so far.
    pub fn receipts(&self) -> u64 {
        self.shared.receipts.load(Ordering::Relaxed)
    }

    /// Receipts that it keeps back.
    pub fn withheld(&self) -> usize {
        self.shared.withheld.lock().len()
    }

    /// How long stamped messages were on their way, microseconds, since the last call.
    pub fn take_latency(&self) -> Histogram<u64> {
        std::mem::replace(&mut self.shared.latency.lock(), histogram())
    }

    /// Collects the transaction ids of MMS notifications from now on.
    pub fn collect_notifications(&self) {
        *self.shared.notified.lock() = Some(Vec::new());
    }

    /// How many there are.
    pub fn notifications(&self) -> u64 {
        self.shared.notified.lock().as_ref().map_or(0, |n| n.len() as u64)
    }

    /// Those that were collected.
    pub fn take_notifications(&self) -> Vec<Token> {
        self.shared.notified.lock().replace(Vec::new()).unwrap_or_default()
    }

    /// Waits until it has taken so many, and gives the moment when the last of them came, in the count of [`stamp::micros`](crate::stamp::micros).
    ///
    /// # Errors
    /// When they do not come in the time given.
    pub fn wait_taken(&self, count: u64, limit: Duration) -> io::Result<u64> {
        let begin = Instant::now();
        while self.taken() < count {
            if begin.elapsed() > limit {
                return Err(io::Error::other(format!("the carrier has {} of {count} messages after {limit:?}", self.taken())));
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(self.last_taken())
    }
}

async fn serve(listener: std::net::TcpListener, shared: Arc<Shared>, orders: watch::Receiver<Orders>) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        if !orders.borrow().away {
            tokio::spawn(session::run(shared.clone(), stream, orders.clone()));
        }
    }
}
