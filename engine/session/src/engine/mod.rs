//! The session as a pure state machine: octets in, events out; requests in, octets out; time in, timers out.
//!
//! It has no socket, no clock and no task. The order of use, which [`Link`](crate::Link) follows:
//! 1. octets from the peer go into [`Engine::input`], then [`Engine::received`] (or [`Engine::receive`] for both);
//! 2. [`Engine::poll_event`] until it gives `None`: frames are cut here, one at a time, and no sooner, so that what the
//!    owner does with one event (accept a login, hold an answer back) governs the next;
//! 3. [`Engine::output`] is sent, and [`Engine::sent`] says how much was taken;
//! 4. at [`Engine::poll_timeout`], [`Engine::handle_timeout`]; then from 2 again.
//!
//! Client and server are the same machine: one sends the login and the other decides about it.

mod clock;
mod ending;
mod input;
mod tap;
mod timers;
mod window;

use std::collections::VecDeque;
use std::time::Instant;

use bytes::{Buf, BytesMut};

use crate::dialect::Dialect;
use crate::event::{CloseReason, Counters, Event, Refused, State};
use crate::options::Options;
use clock::Clock;
pub use tap::{Direction, Tap};
use window::Window;

/// Which side of the login this is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Role {
    /// Sends the login.
    Client,
    /// Receives it.
    Server,
}

/// One session. See the module's head for the order of the calls.
pub struct Engine<D: Dialect> {
    clock: Clock,
    counters: Counters,
    /// When the present state ends by itself, in real time.
    deadline: Option<Instant>,
    /// A login or its answer waits for the owner; nothing is cut meanwhile.
    deciding: bool,
    dialect: D,
    /// What to report once the output is out or the unbind is done.
    ending: CloseReason,
    eof: bool,
    events: VecDeque<Event<D::Pdu>>,
    /// Since when the frame at the front of the input is incomplete, in active time.
    frame_since: Option<Instant>,
    input: BytesMut,
    keep_alive: Option<KeepAlive>,
    /// The last traffic other than keep-alives, in active time.
    last_activity: Instant,
    /// The last octets from the peer, in active time.
    last_received: Instant,
    login_seq: u32,
    options: Options,
    output: BytesMut,
    /// Since when the peer has taken nothing, in real time; `None` while there is nothing to take.
    output_since: Option<Instant>,
    prev_seq: u32,
    refuse_incoming: bool,
    role: Role,
    state: State,
    tap: Option<Box<dyn Tap>>,
    unanswered: u32,
    unbind: Unbind<D::Pdu>,
    window: Window,
}

struct KeepAlive {
    /// In active time.
    deadline: Instant,
    /// How often it may still go out.
    left: u32,
    seq: u32,
}

enum Unbind<P> {
    None,
    Received(P),
    Sent { answered: bool, seq: u32 },
}

impl<D: Dialect> Engine<D> {
    /// The side that connects and logs in.
    pub fn client(dialect: D, options: Options, now: Instant) -> Self {
        Self::new(Role::Client, dialect, options, now)
    }

    /// The side that listens.
    pub fn server(dialect: D, options: Options, now: Instant) -> Self {
        Self::new(Role::Server, dialect, options, now)
    }

    fn new(role: Role, dialect: D, options: Options, now: Instant) -> Self {
        Self {
            clock: Clock::new(now),
            counters: Counters::default(),
            deadline: Some(now + options.login_timeout),
            deciding: false,
            dialect,
            ending: CloseReason::Aborted,
            eof: false,
            events: VecDeque::new(),
            frame_since: None,
            input: BytesMut::new(),
            keep_alive: None,
            last_activity: now,
            last_received: now,
            login_seq: 0,
            options,
            output: BytesMut::new(),
            output_since: None,
            prev_seq: 0,
            refuse_incoming: false,
            role,
            state: State::Open,
            tap: None,
            unanswered: 0,
            unbind: Unbind::None,
            window: Window::default(),
        }
    }

    // Looking.

    /// What was counted so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// The dialect.
    pub fn dialect(&self) -> &D {
        &self.dialect
    }

    /// The dialect, to tell it what the login settled.
    pub fn dialect_mut(&mut self) -> &mut D {
        &mut self.dialect
    }

    /// Requests of this side that wait for an answer.
    pub fn in_flight(&self) -> usize {
        self.window.len()
    }

    /// The bounds in force.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Where the session stands.
    pub fn state(&self) -> State {
        self.state
    }

    /// Requests of the peer that wait for the owner's answer.
    pub fn unanswered(&self) -> u32 {
        self.unanswered
    }

    /// How many requests would be taken now; 0 unless bound.
    pub fn window_free(&self) -> usize {
        match self.may_request() {
            Ok(()) => self.options.window as usize - self.window.len(),
            Err(_) => 0,
        }
    }

    // Setting.

    /// Changes the bounds; timers that run keep the times they have.
    pub fn set_options(&mut self, options: Options) {
        self.options = options;
    }

    /// Lets a trace see the frames.
    pub fn set_tap(&mut self, tap: Box<dyn Tap>) {
        self.tap = Some(tap);
    }

    /// Changes how many requests may be unanswered. Those above a smaller number stay in flight.
    pub fn set_window(&mut self, window: u32) {
        self.options.window = window;
    }

    // Logging in.

    /// Client: sends the login (a whole frame; its sequence number is set here) and returns that number.
    pub fn login(&mut self, frame: &[u8], now: Instant) -> Result<u32, Refused> {
        self.tick(now);
        match (self.role, self.state) {
            (Role::Client, State::Open) => {}
            (_, State::Closing | State::Closed) => return Err(Refused::Closing),
            _ => return Err(Refused::NotBound),
        }
        let seq = self.allot_seq().ok_or(Refused::WindowFull)?;
        self.login_seq = seq;
        self.state = State::LoggingIn;
        self.put(|_, out| {
            let start = out.len();
            out.extend_from_slice(frame);
            D::set_seq(&mut out[start..], seq);
        });
        Ok(seq)
    }

    /// Client: the answer in [`Event::LoginResponse`] accepts; requests may flow. For a refusal call
    /// [`abort`](Self::abort).
    pub fn bound(&mut self, now: Instant) {
        self.tick(now);
        if self.role == Role::Client && self.state == State::LoggingIn && self.deciding {
            self.enter_bound();
        }
    }

    /// Server: sends the answer that accepts the login in [`Event::Login`].
    pub fn accept_login(&mut self, frame: &[u8], now: Instant) {
        self.tick(now);
        if self.role == Role::Server && self.state == State::LoggingIn {
            self.put(|_, out| out.extend_from_slice(frame));
            self.enter_bound();
        }
    }

    /// Server: sends the answer that refuses the login in [`Event::Login`], and closes.
    pub fn refuse_login(&mut self, frame: &[u8], now: Instant) {
        self.tick(now);
        if self.role == Role::Server && self.state == State::LoggingIn {
            self.put(|_, out| out.extend_from_slice(frame));
            self.close_after_output(CloseReason::LoginRefused);
        }
    }

    // Traffic.

    /// Sends a request (a whole frame; its sequence number is set here) and returns that number. `token` comes back
    /// exactly once: in [`Event::Response`], [`Event::TimedOut`] or [`Event::Lost`].
    pub fn request(&mut self, frame: &[u8], token: u64, now: Instant) -> Result<u32, Refused> {
        self.request_with(token, now, |seq, out| {
            let start = out.len();
            out.extend_from_slice(frame);
            D::set_seq(&mut out[start..], seq);
        })
    }

    /// Like [`request`](Self::request), for an encoder that appends the frame with the given sequence number itself.
    pub fn request_with(&mut self, token: u64, now: Instant, encode: impl FnOnce(u32, &mut BytesMut)) -> Result<u32, Refused> {
        self.tick(now);
        self.may_request()?;
        let seq = self.allot_seq().ok_or(Refused::WindowFull)?;
        self.window.insert(seq, token, self.clock.active() + self.options.response_timeout);
        self.last_activity = self.clock.active();
        let start = self.output.len();
        self.put(|_, out| encode(seq, out));
        if self.options.sends > 1 {
            self.window.keep(seq, &self.output[start..], self.options.sends - 1);
        }
        Ok(seq)
    }

    /// Sends the answer to one [`Event::Request`], a whole frame. Any order is fine; once for each request. After the
    /// end of the session it does nothing.
    pub fn respond(&mut self, frame: &[u8]) {
        self.respond_with(|out| out.extend_from_slice(frame));
    }

    /// Like [`respond`](Self::respond), for an encoder that appends the frame itself.
    pub fn respond_with(&mut self, encode: impl FnOnce(&mut BytesMut)) {
        self.unanswered = self.unanswered.saturating_sub(1);
        if !matches!(self.state, State::Closing | State::Closed) {
            self.last_activity = self.clock.active();
            self.put(|_, out| encode(out));
        }
    }

    /// Sends a one-way PDU, a whole frame as it is. Allowed before the login (SMPP outbind).
    pub fn notice(&mut self, frame: &[u8], now: Instant) -> Result<(), Refused> {
        self.tick(now);
        match self.state {
            State::Bound | State::Open | State::LoggingIn if self.output.len() >= self.options.max_output => Err(Refused::OutputFull),
            State::Bound | State::Open | State::LoggingIn => {
                self.last_activity = self.clock.active();
                self.put(|_, out| out.extend_from_slice(frame));
                Ok(())
            }
            _ => Err(Refused::Closing),
        }
    }

    // Output.

    /// What is to be sent.
    pub fn output(&self) -> &[u8] {
        &self.output
    }

    /// The connection took the first `octets` of the output.
    pub fn sent(&mut self, octets: usize, now: Instant) {
        self.tick(now);
        let octets = octets.min(self.output.len());
        self.output.advance(octets);
        self.counters.octets_sent += octets as u64;
        self.output_since = (!self.output.is_empty()).then(|| self.clock.now());
    }

    // Parts that the other files of this module share.

    fn tick(&mut self, now: Instant) {
        let stopped = self.is_held();
        self.clock.tick(now, stopped);
    }

    /// Whether no frame may be cut for now: backpressure, or a login to decide about.
    fn is_held(&self) -> bool {
        self.deciding || self.unanswered >= self.options.max_unanswered.max(1) || self.output.len() >= self.options.max_output
    }

    fn may_request(&self) -> Result<(), Refused> {
        match self.state {
            State::Open | State::LoggingIn => Err(Refused::NotBound),
            State::Bound if self.window.len() >= self.options.window as usize => Err(Refused::WindowFull),
            State::Bound if self.output.len() >= self.options.max_output => Err(Refused::OutputFull),
            State::Bound => Ok(()),
            _ => Err(Refused::Closing),
        }
    }

    /// The next sequence number that no unanswered PDU of this side has; `None` if the protocol's whole range is taken.
    fn allot_seq(&mut self) -> Option<u32> {
        for _ in 0..self.window.len() + 2 {
            self.prev_seq = D::next_seq(self.prev_seq);
            let taken = self.window.contains(self.prev_seq) || self.keep_alive.as_ref().is_some_and(|k| k.seq == self.prev_seq);
            if !taken {
                return Some(self.prev_seq);
            }
        }
        None
    }

    /// Lets `encode` append one frame to the output; returns whether it did.
    fn put(&mut self, encode: impl FnOnce(&mut D, &mut BytesMut)) -> bool {
        let start = self.output.len();
        encode(&mut self.dialect, &mut self.output);
        if self.output.len() == start {
            return false;
        }
        self.counters.frames_sent += 1;
        if start == 0 {
            self.output_since = Some(self.clock.now());
        }
        self.clock.set_stopped(self.is_held());
        if let Some(tap) = self.tap.as_mut().filter(|tap| tap.is_on()) {
            tap.frame(Direction::Sent, &self.output[start..]);
        }
        true
    }

    fn enter_bound(&mut self) {
        self.deciding = false;
        self.state = State::Bound;
        self.deadline = None;
        self.clock.set_stopped(self.is_held());
        self.last_received = self.clock.active();
        self.last_activity = self.clock.active();
    }
}
