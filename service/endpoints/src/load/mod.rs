//! Load over SMPP or CMPP: clients that keep their window full, or send at a steady rate.
//!
//! `waxwing bench` is this on the command line, and the project's own measurements stand on it. Each connection is a task with a
//! [`Link`](waxwing_session::Link), made of the gateway's codec and session engine, so that a load costs little; on a runtime with one
//! thread it leaves the other cores to what it measures. A [`Protocol`] says what is sent.

mod client;
pub mod cmpp;
mod matching;
mod protocol;
mod shared;
pub mod smpp;
pub mod stamp;

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hdrhistogram::Histogram;
use waxwing_session::CloseReason;

pub use matching::Matched;
pub use protocol::{Answer, Protocol, Received, Writer};
use shared::Shared;

/// What to send, whatever is spoken.
#[derive(Clone, Debug)]
pub struct Load {
    /// Where to: `host:port`.
    pub to: String,
    /// Connections.
    pub links: u32,
    /// Unanswered submissions on each.
    pub window: u32,
    /// When the next one is sent.
    pub pace: Pace,
    /// When no more are sent.
    pub end: End,
    /// Wait for the receipts: one for each recipient of each accepted submission. The [`Protocol`] asks for them.
    pub receipts: bool,
    /// How many receipts are waited for instead: none where the carrier withholds them, more where it sends those of earlier loads.
    pub expect: Option<u64>,
    /// Look for the message of each receipt. It costs some 100 octets of memory for each that is outstanding.
    pub matching: bool,
    /// Begin the texts with the time of sending, for a sink that reads it ([`stamp`]).
    pub stamped: bool,
    /// The most time it may take in all, the wait for answers and receipts included.
    pub limit: Duration,
}

/// When the next message is sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// As soon as the window has a place.
    Window,
    /// So many submissions a second over all links, whether or not answers come. What has to wait for a place in the window counts from
    /// the time when it was due.
    Rate(f64),
}

/// When no more are sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum End {
    /// After so many submissions; a long message that was begun is sent whole.
    Count(u64),
    /// After so much time, or [`Progress::stop`].
    After(Duration),
}

/// What was sent, in submissions: a long message counts as its parts, one to several recipients once.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Accepted by the gateway.
    pub accepted: u64,
    /// Refused for the moment (queue full, throttled), each followed by a pause of its link and sent again if a count is to be reached.
    pub pauses: u64,
    /// Refused for another reason, or not answered.
    pub failed: u64,
    /// How often each code came that was not "ok"; `None` = no answer.
    pub codes: BTreeMap<Option<u32>, u64>,
    /// Receipts received.
    pub receipts: u64,
    /// Messages of handsets received.
    pub messages: u64,
    /// Whether receipts and messages belong together, with [`Load::matching`].
    pub matched: Matched,
    /// Accepted and receipts as long as messages were sent: with [`End::After`] what counts for rates.
    pub in_time: (u64, u64),
    /// How long messages were sent: until the last of a count was answered.
    pub sending: Duration,
    /// Until the last answer or receipt.
    pub whole: Duration,
    /// From a submission to its response, microseconds.
    pub response: Histogram<u64>,
    /// All answers and receipts came.
    pub complete: bool,
}

/// Looks at a load that runs, and ends it.
#[derive(Clone, Debug)]
pub struct Progress(Arc<Shared>);

/// Why a load was broken off.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// No connection.
    #[error("cannot connect to {to}: {source}")]
    Connect {
        /// Where to.
        to: String,
        /// Why.
        source: std::io::Error,
    },
    /// The other side refused the login, or did not answer it.
    #[error("the login was not accepted: {0}")]
    Login(String),
    /// A connection ended.
    #[error("a connection ended: {0}")]
    Closed(CloseReason),
    /// The message cannot be encoded.
    #[error("the message cannot be sent: {0}")]
    Message(String),
}

/// Starts a load: the future does the work, and has the result.
pub fn start<P: Protocol>(load: Load, protocol: P) -> (Progress, impl Future<Output = Result<Sent, LoadError>> + Send + 'static) {
    let shared = Arc::new(Shared::new(load, protocol.receipts_each()));
    (Progress(shared.clone()), run(shared, Arc::new(protocol)))
}

async fn run<P: Protocol>(shared: Arc<Shared>, protocol: Arc<P>) -> Result<Sent, LoadError> {
    let mut clients = tokio::task::JoinSet::new();
    for number in 0..shared.load.links.max(1) {
        clients.spawn(client::run(shared.clone(), protocol.clone(), number));
    }
    let all = async {
        while let Some(result) = clients.join_next().await {
            // A task that panicked is a mistake in this program; its message is on standard error.
            result.unwrap_or_else(|e| Err(LoadError::Message(e.to_string())))?;
        }
        Ok(())
    };
    let in_time = match tokio::time::timeout(shared.load.limit, all).await {
        Ok(result) => result.map(|()| true)?,
        Err(_) => false,
    };
    Ok(shared.result(in_time))
}

/// For microseconds up to an hour, with 3 digits.
pub fn histogram() -> Histogram<u64> {
    let mut histogram = Histogram::new_with_bounds(1, 3_600_000_000, 3).unwrap_or_else(|_| unreachable!("the bounds are valid"));
    histogram.auto(true);
    histogram
}

impl Progress {
    /// Accepted so far.
    pub fn accepted(&self) -> u64 {
        self.0.accepted.load(Ordering::Relaxed)
    }

    /// Answered so far, whatever the answer, without those that are sent again.
    pub fn answered(&self) -> u64 {
        self.accepted() + self.0.failed.load(Ordering::Relaxed)
    }

    /// Receipts so far.
    pub fn receipts(&self) -> u64 {
        self.0.receipts.load(Ordering::Relaxed)
    }

    /// Since everybody is logged in; zero before.
    pub fn elapsed(&self) -> Duration {
        if self.0.begin.load(Ordering::Relaxed) == 0 { Duration::ZERO } else { self.0.since_begin() }
    }

    /// Sends no more; answers and receipts are still waited for.
    pub fn stop(&self) {
        self.0.stop.store(true, Ordering::Relaxed);
    }

    /// Sends no more, and waits for nothing any more.
    pub fn give_up(&self) {
        self.stop();
        self.0.given_up.store(true, Ordering::Relaxed);
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
