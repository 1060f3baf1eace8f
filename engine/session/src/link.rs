//! The tokio driver: one [`Engine`] on one connection.
//!
//! The owner is one task per connection, which loops over `select! { link.events(&mut batch), durable commits, claimed
//! messages }`. So there is no task per message; everything answered since the last call leaves in one write; and an
//! owner that does not come back leaves the peer's octets in the socket, where TCP holds the peer off.

use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, Sleep, sleep_until, timeout};

use crate::dialect::Dialect;
use crate::engine::Engine;
use crate::event::{Counters, Event, Refused, State};

/// A session on a connection.
pub struct Link<D: Dialect, T> {
    /// Octets to ask for in the next read.
    chunk: usize,
    engine: Engine<D>,
    io: T,
    over: bool,
    /// Reads since the timers had their turn.
    reads: u32,
    sleep: Pin<Box<Sleep>>,
    /// When `sleep` fires; `None` once it has fired.
    sleep_at: Option<Instant>,
    unflushed: bool,
}

/// Why [`Link::events`] has nothing to say.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum LinkError {
    /// The session is over: [`Event::Closed`] was given before.
    #[error("the session is over; drop the link after Event::Closed")]
    Closed,
}

/// A read smaller than this is not worth a system call: a new block is taken first.
const MIN_READ: usize = 2048;

/// While the socket has octets, answers may wait there unread, so the timers wait; but for no more reads than this.
const MAX_READS: u32 = 64;

impl<D: Dialect, T: AsyncRead + AsyncWrite + Unpin> Link<D, T> {
    /// Puts `engine` on the connection `io`. Must be called within a tokio runtime.
    pub fn new(engine: Engine<D>, io: T) -> Self {
        let chunk = engine.options().read_chunk.max(MIN_READ) / 8;
        let now = Instant::now();
        Self {
            chunk: chunk.max(MIN_READ),
            engine,
            io,
            over: false,
            reads: 0,
            sleep: Box::pin(sleep_until(now)),
            sleep_at: None,
            unflushed: false,
        }
    }

    /// Sends what is to be sent, waits for input or a timer, and appends what happened to `out`: at least one event,
    /// at most [`Options::max_batch`](crate::Options::max_batch). Cancel-safe: an event is either in `out` or still to
    /// come. After [`Event::Closed`] it fails.
    pub async fn events(&mut self, out: &mut Vec<Event<D::Pdu>>) -> Result<(), LinkError> {
        poll_fn(|cx| self.poll_events(cx, out)).await
    }

    /// The form of [`events`](Self::events) for hand-written futures.
    pub fn poll_events(&mut self, cx: &mut Context<'_>, out: &mut Vec<Event<D::Pdu>>) -> Poll<Result<(), LinkError>> {
        if self.over {
            return Poll::Ready(Err(LinkError::Closed));
        }
        let before = out.len();
        let mut timers = false;
        loop {
            self.flush(cx);
            self.collect(out, before);
            if std::mem::take(&mut timers) && out.len() < self.limit(before) {
                self.reads = 0;
                self.engine.handle_timeout(now());
                self.collect(out, before);
            }
            // The engine may have answered by itself, and what leaves now can free it to go on.
            if self.flush(cx) {
                continue;
            }
            if self.over {
                // A farewell for TLS; the connection is dropped by the owner whether or not it gets through.
                let _ = Pin::new(&mut self.io).poll_shutdown(cx);
            }
            if out.len() > before {
                return Poll::Ready(Ok(()));
            }
            if self.engine.wants_input() {
                match self.read(cx) {
                    Poll::Ready(enough) => {
                        timers = enough;
                        continue;
                    }
                    Poll::Pending => self.reads = 0,
                }
            }
            if self.timer_is_due(cx) {
                timers = true;
                continue;
            }
            return Poll::Pending;
        }
    }

    /// Unbinds, gives everything up to `grace` to end well, and returns what still happened: answers to requests in
    /// flight, [`Event::Lost`] for the others, [`Event::Closed`] last. The peer's new requests are turned away.
    pub async fn close(mut self, grace: Duration) -> Vec<Event<D::Pdu>> {
        let mut last = Vec::new();
        if !self.over {
            self.engine.refuse_incoming();
            self.unbind(grace);
            let rest = self.engine.options().unbind_timeout;
            let ends_by_itself = async { while self.events(&mut last).await.is_ok() {} };
            if timeout(grace + rest, ends_by_itself).await.is_err() {
                self.engine.abort_now(now());
                self.collect(&mut last, 0);
            }
        }
        self.linger().await;
        last
    }

    /// Waits, a bounded time, until the peer closes as well, so that the last octets are not lost to a reset.
    async fn linger(&mut self) {
        let limit = self.engine.options().close_linger;
        let mut scratch = BytesMut::with_capacity(MIN_READ);
        let io = &mut self.io;
        let goodbye = async {
            io.shutdown().await?;
            while io.read_buf(&mut scratch).await? > 0 {
                scratch.clear();
            }
            io::Result::Ok(())
        };
        if timeout(limit, goodbye).await.is_err() {
            tracing::debug!("the peer kept the connection open after the end of the session");
        }
    }

    fn collect(&mut self, out: &mut Vec<Event<D::Pdu>>, before: usize) {
        while out.len() < self.limit(before) {
            let Some(event) = self.engine.poll_event() else { break };
            self.over |= matches!(event, Event::Closed { .. });
            out.push(event);
        }
    }

    /// How long a batch that began at `before` may become.
    fn limit(&self, before: usize) -> usize {
        before.saturating_add(self.engine.options().max_batch.max(1))
    }

    /// Writes what the connection takes; true if it took something.
    fn flush(&mut self, cx: &mut Context<'_>) -> bool {
        let mut wrote = false;
        while !self.engine.output().is_empty() {
            match Pin::new(&mut self.io).poll_write(cx, self.engine.output()) {
                Poll::Pending => return wrote,
                Poll::Ready(Ok(0)) => {
                    self.fail(&io::ErrorKind::WriteZero.into());
                    return true;
                }
                Poll::Ready(Ok(octets)) => {
                    self.engine.sent(octets, now());
                    self.unflushed = true;
                    wrote = true;
                }
                Poll::Ready(Err(error)) => {
                    self.fail(&error);
                    return true;
                }
            }
        }
        if self.unflushed {
            match Pin::new(&mut self.io).poll_flush(cx) {
                Poll::Pending => {}
                Poll::Ready(Ok(())) => self.unflushed = false,
                Poll::Ready(Err(error)) => {
                    self.unflushed = false;
                    self.fail(&error);
                    return true;
                }
            }
        }
        wrote
    }

    /// Reads once. `Ready(true)` if so much was read in a row that the timers must have their turn.
    fn read(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        let limit = self.engine.options().read_chunk.max(MIN_READ);
        self.chunk = self.chunk.min(limit);
        let input = self.engine.input();
        if input.capacity() - input.len() < MIN_READ {
            input.reserve(self.chunk);
        }
        let room = input.capacity() - input.len();
        let result = ready!(pin!(self.io.read_buf(input)).poll(cx));
        let now = now();
        match result {
            Ok(0) => self.engine.received_eof(now),
            Ok(octets) => {
                self.engine.received(octets, now);
                if octets >= room {
                    self.chunk = (self.chunk * 2).min(limit);
                }
            }
            Err(error) => self.fail(&error),
        }
        self.reads += 1;
        Poll::Ready(self.reads >= MAX_READS)
    }

    fn fail(&mut self, error: &io::Error) {
        self.engine.connection_failed(error, now());
    }

    /// Whether a timer is due; otherwise the task will be woken when it is.
    fn timer_is_due(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(due) = self.engine.poll_timeout().map(Instant::from_std) else { return false };
        if due <= Instant::now() {
            return true;
        }
        // The next deadline moves with every answer, mostly to later: firing early once is cheaper than setting the
        // timer anew for each.
        if self.sleep_at.is_none_or(|at| due < at) {
            self.sleep.as_mut().reset(due);
            self.sleep_at = Some(due);
        }
        if self.sleep.as_mut().poll(cx).is_ready() {
            self.sleep_at = None;
            return true;
        }
        false
    }

    // The engine's calls, with the time filled in.

    /// See [`Engine::abort`]; call [`events`](Self::events) until [`Event::Closed`] afterwards.
    pub fn abort(&mut self) {
        self.engine.abort(now());
    }

    /// See [`Engine::accept_login`].
    pub fn accept_login(&mut self, frame: &[u8]) {
        self.engine.accept_login(frame, now());
    }

    /// See [`Engine::bound`].
    pub fn bound(&mut self) {
        self.engine.bound(now());
    }

    /// See [`Engine::counters`].
    pub fn counters(&self) -> Counters {
        self.engine.counters()
    }

    /// The engine, to look at.
    pub fn engine(&self) -> &Engine<D> {
        &self.engine
    }

    /// The engine, to change its bounds or its dialect.
    pub fn engine_mut(&mut self) -> &mut Engine<D> {
        &mut self.engine
    }

    /// The connection.
    pub fn io(&self) -> &T {
        &self.io
    }

    /// See [`Engine::login`].
    pub fn login(&mut self, frame: &[u8]) -> Result<u32, Refused> {
        self.engine.login(frame, now())
    }

    /// See [`Engine::notice`].
    pub fn notice(&mut self, frame: &[u8]) -> Result<(), Refused> {
        self.engine.notice(frame, now())
    }

    /// See [`Engine::refuse_login`].
    pub fn refuse_login(&mut self, frame: &[u8]) {
        self.engine.refuse_login(frame, now());
    }

    /// See [`Engine::request`].
    pub fn request(&mut self, frame: &[u8], token: u64) -> Result<u32, Refused> {
        self.engine.request(frame, token, now())
    }

    /// See [`Engine::request_with`].
    pub fn request_with(&mut self, token: u64, encode: impl FnOnce(u32, &mut BytesMut)) -> Result<u32, Refused> {
        self.engine.request_with(token, now(), encode)
    }

    /// See [`Engine::respond`].
    pub fn respond(&mut self, frame: &[u8]) {
        self.engine.respond(frame);
    }

    /// See [`Engine::respond_with`].
    pub fn respond_with(&mut self, encode: impl FnOnce(&mut BytesMut)) {
        self.engine.respond_with(encode);
    }

    /// See [`Engine::set_window`].
    pub fn set_window(&mut self, window: u32) {
        self.engine.set_window(window);
    }

    /// See [`Engine::state`].
    pub fn state(&self) -> State {
        self.engine.state()
    }

    /// See [`Engine::unbind`]; go on calling [`events`](Self::events) until [`Event::Closed`].
    pub fn unbind(&mut self, grace: Duration) {
        self.engine.unbind(grace, now());
    }

    /// See [`Engine::window_free`].
    pub fn window_free(&self) -> usize {
        self.engine.window_free()
    }
}

fn now() -> std::time::Instant {
    Instant::now().into_std()
}
