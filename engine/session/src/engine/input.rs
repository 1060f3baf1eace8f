//! Cutting frames and deciding what each means in the present state.

use std::time::Instant;

use bytes::BytesMut;

use super::{Direction, Engine, Role, Unbind};
use crate::dialect::{Class, Dialect, Reject};
use crate::event::{CloseReason, Event, State};

/// What became of an attempt to cut a frame.
enum Step<P> {
    Event(Event<P>),
    /// Dealt with inside the engine.
    Handled,
    NeedsMore,
}

impl<D: Dialect> Engine<D> {
    /// The buffer to read into: append, then call [`received`](Self::received).
    pub fn input(&mut self) -> &mut BytesMut {
        &mut self.input
    }

    /// Whether to read at all: false while the owner must first decide or answer, the peer must first take output, or
    /// the session is over.
    pub fn wants_input(&self) -> bool {
        !self.eof && !self.is_held() && !matches!(self.state, State::Closing | State::Closed) && self.input.len() < self.options.max_input
    }

    /// `octets` were appended to the input.
    pub fn received(&mut self, octets: usize, now: Instant) {
        self.tick(now);
        self.counters.octets_received += octets as u64;
        self.last_received = self.clock.active();
        self.keep_alive = None;
        if matches!(self.state, State::Closing | State::Closed) {
            self.input.clear();
        }
    }

    /// Appends `octets` to the input.
    pub fn receive(&mut self, octets: &[u8], now: Instant) {
        self.input.extend_from_slice(octets);
        self.received(octets.len(), now);
    }

    /// The peer will send nothing more. What it sent is still worked through.
    pub fn received_eof(&mut self, now: Instant) {
        self.tick(now);
        self.eof = true;
    }

    /// The next event, if there is one. Call it until it gives `None`, after every other call that changes something.
    pub fn poll_event(&mut self) -> Option<Event<D::Pdu>> {
        loop {
            self.advance();
            if let Some(event) = self.events.pop_front() {
                return Some(event);
            }
            if self.is_held() || matches!(self.state, State::Closing | State::Closed) {
                return None;
            }
            match self.step() {
                Step::Event(event) => return Some(event),
                Step::Handled => {}
                // Answers that are ready still leave, for a peer that closed its sending side only.
                Step::NeedsMore if self.eof => self.close_after_output(match self.state {
                    State::PeerUnbinding => CloseReason::PeerUnbound,
                    State::Unbinding => self.ending.clone(),
                    _ => CloseReason::PeerClosed,
                }),
                Step::NeedsMore => return None,
            }
        }
    }

    fn step(&mut self) -> Step<D::Pdu> {
        let pdu = match self.dialect.next_pdu(&mut self.input) {
            Ok(Some(pdu)) => pdu,
            Ok(None) if self.input.len() >= self.options.max_input => {
                let reason = format!("a frame is longer than the input buffer of {} octets", self.options.max_input);
                self.close_after_output(CloseReason::Framing(reason));
                return Step::Handled;
            }
            Ok(None) => {
                if self.input.is_empty() {
                    self.frame_since = None;
                } else {
                    self.frame_since.get_or_insert(self.clock.active());
                }
                return Step::NeedsMore;
            }
            Err(fault) => {
                self.put(|_, out| out.extend_from_slice(&fault.answer));
                self.close_after_output(CloseReason::Framing(fault.reason));
                return Step::Handled;
            }
        };
        self.frame_since = None;
        self.counters.frames_received += 1;
        if let Some(tap) = self.tap.as_mut().filter(|tap| tap.is_on()) {
            tap.frame(Direction::Received, self.dialect.octets(&pdu));
        }
        self.dispatch(pdu)
    }

    fn dispatch(&mut self, pdu: D::Pdu) -> Step<D::Pdu> {
        match self.dialect.classify(&pdu) {
            Class::KeepAlive => {
                self.put(|dialect, out| dialect.keep_alive_resp(&pdu, out));
                Step::Handled
            }
            Class::KeepAliveResp { .. } => Step::Handled,
            Class::Login { seq } => self.on_login(seq, pdu),
            Class::LoginResp { seq } if self.state == State::LoggingIn => self.on_login_response(seq, pdu),
            Class::LoginResp { seq } => self.on_response(seq, pdu),
            Class::Malformed { answer, reason } => {
                self.counters.malformed += 1;
                self.put(|_, out| out.extend_from_slice(&answer));
                Step::Event(Event::Malformed { pdu, reason })
            }
            Class::Notice => {
                self.last_activity = self.clock.active();
                Step::Event(Event::Notice { pdu })
            }
            Class::Request { seq } => self.on_request(seq, pdu),
            Class::Response { seq } => self.on_response(seq, pdu),
            Class::Unbind => self.on_unbind(pdu),
            Class::UnbindResp { seq } => self.on_unbind_response(seq, pdu),
        }
    }

    fn on_login(&mut self, seq: u32, pdu: D::Pdu) -> Step<D::Pdu> {
        if self.role == Role::Client || self.state != State::Open {
            return self.reject(pdu, Reject::AlreadyBound);
        }
        self.state = State::LoggingIn;
        self.deciding = true;
        Step::Event(Event::Login { seq, pdu })
    }

    fn on_login_response(&mut self, seq: u32, pdu: D::Pdu) -> Step<D::Pdu> {
        if self.role == Role::Server {
            return self.orphan(seq, pdu);
        }
        self.deciding = true;
        Step::Event(Event::LoginResponse { pdu })
    }

    fn on_request(&mut self, seq: u32, pdu: D::Pdu) -> Step<D::Pdu> {
        match self.state {
            State::Open | State::LoggingIn => self.reject(pdu, Reject::NotBound),
            State::Bound | State::Draining if !self.refuse_incoming => {
                self.unanswered += 1;
                self.clock.set_stopped(self.is_held());
                self.last_activity = self.clock.active();
                Step::Event(Event::Request { seq, pdu })
            }
            _ => self.reject(pdu, Reject::Closing),
        }
    }

    fn on_response(&mut self, seq: u32, pdu: D::Pdu) -> Step<D::Pdu> {
        if let Some(token) = self.window.remove(seq) {
            self.last_activity = self.clock.active();
            return Step::Event(Event::Response { pdu, seq, token });
        }
        // A generic refusal may answer a login or an unbind as well.
        match &self.unbind {
            Unbind::Sent { seq: sent, .. } if *sent == seq => self.on_unbind_response(seq, pdu),
            _ if self.state == State::LoggingIn && self.login_seq == seq => self.on_login_response(seq, pdu),
            _ => self.orphan(seq, pdu),
        }
    }

    fn on_unbind(&mut self, pdu: D::Pdu) -> Step<D::Pdu> {
        match self.state {
            // Both sides unbind at once: each answers the other and awaits its own answer.
            State::Unbinding => {
                self.put(|dialect, out| dialect.unbind_resp(&pdu, out));
                Step::Handled
            }
            State::PeerUnbinding => Step::Handled,
            _ => {
                self.unbind = Unbind::Received(pdu);
                self.state = State::PeerUnbinding;
                self.deadline = Some(self.clock.now() + self.options.unbind_grace);
                Step::Event(Event::PeerUnbound)
            }
        }
    }

    fn on_unbind_response(&mut self, seq: u32, pdu: D::Pdu) -> Step<D::Pdu> {
        match &mut self.unbind {
            Unbind::Sent { answered, .. } => {
                *answered = true;
                Step::Handled
            }
            _ => self.orphan(seq, pdu),
        }
    }

    fn orphan(&mut self, seq: u32, pdu: D::Pdu) -> Step<D::Pdu> {
        self.counters.orphans += 1;
        Step::Event(Event::Orphan { seq, pdu })
    }

    fn reject(&mut self, pdu: D::Pdu, why: Reject) -> Step<D::Pdu> {
        self.counters.rejected += 1;
        self.put(|dialect, out| dialect.reject(&pdu, why, out));
        Step::Event(Event::Rejected { pdu, why })
    }
}
