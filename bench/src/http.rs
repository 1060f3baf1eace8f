//! HTTP/1.1 load: connections that are kept alive, one request at a time on each, answers and latencies counted.
//!
//! The client is our own, so that it costs less than what it measures: two system calls a request and no allocation.

mod frame;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use hdrhistogram::Histogram;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

pub(crate) use frame::{Kind, frame};

/// How much, and how long.
#[derive(Clone, Debug)]
pub struct HttpLoad {
    /// Where to.
    pub to: SocketAddr,
    /// Connections, each with one request under way at a time.
    pub connections: usize,
    /// No request begins later than this after the first.
    pub time: Duration,
    /// Requests at most, all connections together.
    pub most: u64,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answered {
    /// Requests that were answered.
    pub requests: u64,
    /// Messages that the answers said were accepted.
    pub accepted: u64,
    /// Answers by their status.
    pub by_status: BTreeMap<u16, u64>,
    /// Connections that could not be made, or broke with a request unanswered.
    pub broken: u64,
    /// The first reason for one of those.
    pub why: Option<String>,
    /// Connections that the server ended in order after an answer.
    pub closed: u64,
    /// Pauses after an answer that said "later" (429 or 503).
    pub pauses: u64,
    /// From the first octet of a request to the last of its answer, microseconds.
    pub latency: Histogram<u64>,
    /// From the beginning to the last answer.
    pub time: Duration,
}

/// Pause of a connection after an answer that says "later", or when it broke.
const PAUSE: Duration = Duration::from_millis(50);
/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

// === impl HttpLoad ===

impl HttpLoad {
    /// Runs the load to its end. `build` appends a whole request to the buffer; `accepted` says how many messages an answer (its status
    /// and body) has accepted.
    pub async fn run<B, A>(self, build: B, accepted: A) -> Answered
    where
        B: Fn(&mut Vec<u8>) + Clone + Send + Sync + 'static,
        A: Fn(u16, &[u8]) -> u64 + Clone + Send + Sync + 'static,
    {
        let begun = Arc::new(AtomicU64::new(0));
        let begin = Instant::now();
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..self.connections {
            let client = Client { load: self.clone(), begin, begun: begun.clone(), seen: Answered::none() };
            tasks.spawn(client.run(build.clone(), accepted.clone()));
        }
        let mut all = Answered::none();
        while let Some(done) = tasks.join_next().await {
            match done {
                Ok(seen) => all.add(&seen),
                Err(e) => {
                    all.broken += 1;
                    all.why.get_or_insert(e.to_string());
                }
            }
        }
        all
    }
}

// === impl Answered ===

impl Answered {
    fn none() -> Answered {
        let latency = Histogram::new_with_bounds(1, 60_000_000, 2).expect("these bounds are valid");
        Answered {
            requests: 0,
            accepted: 0,
            by_status: BTreeMap::new(),
            broken: 0,
            why: None,
            closed: 0,
            pauses: 0,
            latency,
            time: Duration::ZERO,
        }
    }

    fn add(&mut self, other: &Answered) {
        self.requests += other.requests;
        self.accepted += other.accepted;
        for (status, n) in &other.by_status {
            *self.by_status.entry(*status).or_default() += n;
        }
        self.broken += other.broken;
        if self.why.is_none() {
            self.why.clone_from(&other.why);
        }
        self.closed += other.closed;
        self.pauses += other.pauses;
        // Both have the same bounds.
        let _ = self.latency.add(&other.latency);
        self.time = self.time.max(other.time);
    }

    /// Messages accepted a second.
    pub fn rate(&self) -> f64 {
        self.accepted as f64 / self.time.as_secs_f64().max(1e-9)
    }

    /// A latency that this share (0 to 1) of the answers did not exceed, milliseconds.
    pub fn latency_ms(&self, share: f64) -> f64 {
        self.latency.value_at_quantile(share) as f64 / 1000.0
    }

    /// What was not as it should be, in words; `None` where nothing was.
    pub fn trouble(&self) -> Option<String> {
        let mut said = Vec::new();
        for (status, n) in self.by_status.iter().filter(|(s, _)| !(200..300).contains(*s)) {
            said.push(format!("{n} answers {status}"));
        }
        if self.broken > 0 {
            said.push(format!("{} broken connections ({})", self.broken, self.why.as_deref().unwrap_or("no reason")));
        }
        if self.closed > 0 {
            said.push(format!("{} connections ended by the server", self.closed));
        }
        (!said.is_empty()).then(|| said.join(", "))
    }
}

struct Client {
    load: HttpLoad,
    begin: Instant,
    begun: Arc<AtomicU64>,
    seen: Answered,
}

/// How a connection ended.
enum Ended {
    /// There is nothing more to ask for.
    Done,
    /// The server closed it after an answer.
    Closed,
}

impl Client {
    async fn run<B, A>(mut self, build: B, accepted: A) -> Answered
    where
        B: Fn(&mut Vec<u8>),
        A: Fn(u16, &[u8]) -> u64,
    {
        loop {
            match self.connection(&build, &accepted).await {
                Ok(Ended::Done) => return self.seen,
                Ok(Ended::Closed) => self.seen.closed += 1,
                Err(e) => {
                    self.seen.broken += 1;
                    self.seen.why.get_or_insert(e.to_string());
                    if self.begin.elapsed() >= self.load.time {
                        return self.seen;
                    }
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    async fn connection<B, A>(&mut self, build: &B, accepted: &A) -> io::Result<Ended>
    where
        B: Fn(&mut Vec<u8>),
        A: Fn(u16, &[u8]) -> u64,
    {
        let mut stream = TcpStream::connect(self.load.to).await?;
        stream.set_nodelay(true)?;
        let (mut request, mut buf) = (Vec::with_capacity(1024), BytesMut::with_capacity(16 * 1024));
        loop {
            if self.begin.elapsed() >= self.load.time || self.begun.fetch_add(1, Ordering::Relaxed) >= self.load.most {
                return Ok(Ended::Done);
            }
            request.clear();
            build(&mut request);
            let asked = Instant::now();
            stream.write_all(&request).await?;
            let read = tokio::time::timeout(PATIENCE, answer(&mut stream, &mut buf)).await;
            let framed = read.map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "no answer within 30 s"))??;
            let now = Instant::now();
            self.seen.latency.saturating_record(u64::try_from((now - asked).as_micros()).unwrap_or(u64::MAX).max(1));
            self.seen.requests += 1;
            self.seen.accepted += accepted(framed.status, &framed.content(&buf));
            *self.seen.by_status.entry(framed.status).or_default() += 1;
            self.seen.time = now - self.begin;
            let _ = buf.split_to(framed.end);
            if framed.close {
                return Ok(Ended::Closed);
            }
            if matches!(framed.status, 429 | 503) {
                self.seen.pauses += 1;
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Reads until a final answer stands at the beginning of the buffer.
async fn answer(stream: &mut TcpStream, buf: &mut BytesMut) -> io::Result<frame::Framed> {
    let mut ended = false;
    loop {
        match frame(buf, Kind::Response { ended })? {
            // An interim answer: the final one follows.
            Some(framed) if framed.status < 200 => {
                let _ = buf.split_to(framed.end);
            }
            Some(framed) => return Ok(framed),
            None if ended => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the server ended the connection without an answer")),
            None => ended = stream.read_buf(buf).await? == 0,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::webhook::Webhook;

    #[tokio::test]
    async fn every_request_is_answered_and_counted() {
        let webhook = Webhook::start(Duration::ZERO, None).await.unwrap();
        let load = HttpLoad { to: webhook.address, connections: 3, time: Duration::from_secs(30), most: 50 };
        let seen = load
            .run(
                |out| out.extend_from_slice(b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"),
                |status, body| u64::from(status == 200 && body.is_empty()),
            )
            .await;
        assert_eq!((seen.requests, seen.accepted, seen.trouble()), (50, 50, None));
        assert_eq!((webhook.seen.calls.load(Ordering::Relaxed), webhook.seen.connections.load(Ordering::Relaxed)), (50, 3));
        assert_eq!(seen.latency.len(), 50);
    }
}
