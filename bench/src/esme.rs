//! SMPP clients that keep their window full, or send at a steady rate.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use hdrhistogram::Histogram;
use parking_lot::Mutex;
use tokio::sync::Barrier;

use crate::process::Who;
use crate::sink::histogram;
use crate::stamp;
use crate::worker::Worker;

mod body;
mod client;

pub use body::Body;

/// What to send.
#[derive(Clone, Debug)]
pub struct Load {
    /// Where the gateway listens.
    pub to: SocketAddr,
    /// The account.
    pub system_id: String,
    /// Its password.
    pub password: String,
    /// Connections.
    pub binds: u32,
    /// Unanswered submit_sm, each bind.
    pub window: u32,
    /// When the next one is sent.
    pub pace: Pace,
    /// When no more are sent.
    pub end: End,
    /// Ask for receipts, and wait for them.
    pub receipts: bool,
    /// How many receipts are waited for, if not one for each accepted message: none where the carrier withholds them, more where it
    /// sends those of earlier loads.
    pub expect: Option<u64>,
    /// What messages look like.
    pub body: Body,
    /// Ask for the highest priority.
    pub high: bool,
    /// Begin the text with the time of sending, for the sink's histogram ([`Body::Text`] and [`Body::Long`] only).
    pub stamped: bool,
    /// The most time it may take in all, the wait for answers and receipts included.
    pub limit: Duration,
}

/// When the next message is sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// As soon as the window has a place.
    Window,
    /// So many submit_sm a second over all binds, whether or not answers come. What has to wait for a place in the window counts from
    /// the time when it was due.
    Rate(f64),
}

/// When no more are sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum End {
    /// After so many submit_sm; a long message that was begun is sent whole.
    Count(u64),
    /// After so much time, or [`Client::stop`].
    After(Duration),
}

/// What was sent, in submit_sm: a long message counts as its parts.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Accepted by the gateway.
    pub accepted: u64,
    /// Refused for the moment (queue full, throttled), each followed by a pause of its bind and sent again if a count is to be reached.
    pub pauses: u64,
    /// Refused for another reason, or not answered.
    pub failed: u64,
    /// Receipts received.
    pub receipts: u64,
    /// Accepted and receipts as long as messages were sent: with [`End::After`] what counts for rates.
    pub in_time: (u64, u64),
    /// How long messages were sent: until the last of a count was answered.
    pub sending: Duration,
    /// Until the last answer or receipt.
    pub whole: Duration,
    /// From submit_sm to its response, microseconds.
    pub response: Histogram<u64>,
    /// All answers and receipts came.
    pub complete: bool,
}

/// Clients at work on a thread of their own. They end when this is dropped.
#[derive(Debug)]
pub struct Client {
    limit: Duration,
    shared: Arc<Shared>,
    worker: Worker<Sent>,
}

#[derive(Debug)]
struct Shared {
    load: Load,
    /// Everybody is bound when this opens.
    ready: Barrier,
    /// In the count of [`stamp::micros`], from when everybody is bound.
    begin: AtomicU64,
    stop: AtomicBool,
    begun: AtomicU64,
    submitted: AtomicU64,
    accepted: AtomicU64,
    accepted_in_time: AtomicU64,
    pauses: AtomicU64,
    failed: AtomicU64,
    receipts: AtomicU64,
    receipts_in_time: AtomicU64,
    last_answer: AtomicU64,
    finished: AtomicU64,
    response: Mutex<Histogram<u64>>,
}

impl Load {
    /// Short texts over so many binds with such a window, as fast as it goes for so long, with receipts; change what is to be different.
    pub fn new(to: SocketAddr, binds: u32, window: u32, time: Duration) -> Load {
        Load {
            to,
            system_id: "bench".to_owned(),
            password: "bench".to_owned(),
            binds,
            window,
            pace: Pace::Window,
            end: End::After(time),
            receipts: true,
            expect: None,
            body: Body::Text,
            high: false,
            stamped: false,
            limit: time + Duration::from_secs(60),
        }
    }
}

// === impl Client ===

impl Client {
    /// Starts the load.
    ///
    /// # Errors
    /// When no thread can be had; that a bind failed is told by [`Client::wait`].
    pub fn start(load: Load) -> io::Result<Client> {
        let limit = load.limit;
        let shared = Arc::new(Shared::new(load));
        let theirs = shared.clone();
        let worker = Worker::start("load", move || run(theirs))?;
        Ok(Client { limit, shared, worker })
    }

    /// Its thread, for [`Usage`](crate::process::Usage).
    pub fn who(&self) -> Who {
        self.worker.who()
    }

    /// Accepted so far.
    pub fn accepted(&self) -> u64 {
        self.shared.accepted.load(Ordering::Relaxed)
    }

    /// Receipts so far.
    pub fn receipts(&self) -> u64 {
        self.shared.receipts.load(Ordering::Relaxed)
    }

    /// Sends no more; answers and receipts are still waited for.
    pub fn stop(&self) {
        self.shared.stop.store(true, Ordering::Relaxed);
    }

    /// Waits for the end, and at most until the load's limit.
    ///
    /// # Errors
    /// When a bind failed or broke, or when the result was taken before.
    pub fn wait(&self) -> io::Result<Sent> {
        self.worker.wait(self.limit + Duration::from_secs(10))
    }
}

impl Sent {
    /// Accepted a second, as long as messages were sent.
    pub fn accept_rate(&self) -> f64 {
        self.in_time.0 as f64 / self.sending.as_secs_f64().max(1e-9)
    }

    /// Receipts a second: of a load with an end by time those that came in that time, of a count all, until the last came.
    pub fn receipt_rate(&self, end: End) -> f64 {
        match end {
            End::After(_) => self.in_time.1 as f64 / self.sending.as_secs_f64().max(1e-9),
            End::Count(_) => self.receipts as f64 / self.whole.as_secs_f64().max(1e-9),
        }
    }

    /// The time to the response that this share (0 to 1) did not exceed, milliseconds.
    pub fn response_ms(&self, share: f64) -> f64 {
        self.response.value_at_quantile(share) as f64 / 1000.0
    }
}

// === impl Shared ===

impl Shared {
    fn new(load: Load) -> Shared {
        Shared {
            ready: Barrier::new(load.binds.max(1) as usize),
            load,
            begin: AtomicU64::new(0),
            stop: AtomicBool::new(false),
            begun: AtomicU64::new(0),
            submitted: AtomicU64::new(0),
            accepted: AtomicU64::new(0),
            accepted_in_time: AtomicU64::new(0),
            pauses: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            receipts: AtomicU64::new(0),
            receipts_in_time: AtomicU64::new(0),
            last_answer: AtomicU64::new(0),
            finished: AtomicU64::new(0),
            response: Mutex::new(histogram()),
        }
    }

    fn since_begin(&self) -> Duration {
        Duration::from_micros(stamp::micros().saturating_sub(self.begin.load(Ordering::Relaxed)))
    }

    /// Whether no more are to be sent now.
    fn enough(&self, elapsed: Duration) -> bool {
        self.stop.load(Ordering::Relaxed)
            || match self.load.end {
                End::Count(count) => self.begun.load(Ordering::Relaxed) >= count,
                End::After(time) => elapsed >= time,
            }
    }

    /// Whether every answer and every receipt has come.
    fn settled(&self) -> bool {
        let accepted = self.accepted.load(Ordering::Relaxed);
        let answered = accepted + self.pauses.load(Ordering::Relaxed) + self.failed.load(Ordering::Relaxed);
        let expected = self.load.expect.unwrap_or(if self.load.receipts { accepted } else { 0 });
        answered >= self.submitted.load(Ordering::Relaxed) && self.receipts.load(Ordering::Relaxed) >= expected
    }

    fn result(&self, complete: bool) -> Sent {
        let get = |n: &AtomicU64| n.load(Ordering::Relaxed);
        let since = |at: u64| Duration::from_micros(at.saturating_sub(get(&self.begin)));
        let whole = if complete { since(get(&self.finished)) } else { self.since_begin() };
        let (in_time, sending) = match self.load.end {
            End::Count(_) => ((get(&self.accepted), get(&self.receipts)), since(get(&self.last_answer))),
            End::After(time) => ((get(&self.accepted_in_time), get(&self.receipts_in_time)), time.min(whole)),
        };
        Sent {
            accepted: get(&self.accepted),
            pauses: get(&self.pauses),
            failed: get(&self.failed),
            receipts: get(&self.receipts),
            in_time,
            sending,
            whole,
            response: self.response.lock().clone(),
            complete,
        }
    }
}

async fn run(shared: Arc<Shared>) -> io::Result<Sent> {
    let mut clients = tokio::task::JoinSet::new();
    for number in 0..shared.load.binds.max(1) {
        clients.spawn(client::run(shared.clone(), number));
    }
    let all = async {
        while let Some(result) = clients.join_next().await {
            result.map_err(io::Error::other)??;
        }
        io::Result::Ok(())
    };
    let complete = match tokio::time::timeout(shared.load.limit, all).await {
        Ok(result) => result.map(|()| true)?,
        Err(_) => false,
    };
    Ok(shared.result(complete))
}
