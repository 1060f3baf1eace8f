//! The ways in which a session ends: drained and unbound by either side, aborted, or cut off.

use std::time::{Duration, Instant};

use super::{Engine, Unbind};
use crate::dialect::Dialect;
use crate::event::{CloseReason, Event, State};

impl<D: Dialect> Engine<D> {
    /// Takes no more requests of this side, waits up to `grace` for the answers to those in flight, unbinds and
    /// closes. The peer's requests are still given to the owner until the unbind is sent.
    pub fn unbind(&mut self, grace: Duration, now: Instant) {
        self.tick(now);
        match self.state {
            State::Bound => {
                self.ending = CloseReason::Unbound;
                self.enter_draining(grace);
            }
            State::Open | State::LoggingIn => self.close_after_output(CloseReason::Aborted),
            _ => {}
        }
    }

    /// Turns the peer's requests away from now on; for an owner that goes before the session does.
    pub fn refuse_incoming(&mut self) {
        self.refuse_incoming = true;
    }

    /// Ends the session without an unbind, after what is in the output.
    pub fn abort(&mut self, now: Instant) {
        self.tick(now);
        self.close_after_output(CloseReason::Aborted);
    }

    /// Ends the session with what is in the output unsent.
    pub fn abort_now(&mut self, now: Instant) {
        self.tick(now);
        self.close(CloseReason::Aborted);
    }

    /// The connection failed.
    pub fn connection_failed(&mut self, error: &std::io::Error, now: Instant) {
        self.tick(now);
        self.close(CloseReason::Io(error.to_string()));
    }

    pub(super) fn enter_draining(&mut self, grace: Duration) {
        self.state = State::Draining;
        self.deadline = Some(self.clock.now() + grace);
    }

    /// Sends the unbind and waits for its answer.
    pub(super) fn send_unbind(&mut self) {
        let Some(seq) = self.allot_seq() else { return self.close_after_output(self.ending.clone()) };
        if !self.put(|dialect, out| dialect.unbind(seq, out)) {
            return self.close_after_output(self.ending.clone());
        }
        self.unbind = Unbind::Sent { answered: false, seq };
        self.state = State::Unbinding;
        self.deadline = Some(self.clock.now() + self.options.unbind_timeout);
    }

    /// Answers the peer's unbind and closes.
    pub(super) fn answer_unbind(&mut self) {
        if let Unbind::Received(pdu) = std::mem::replace(&mut self.unbind, Unbind::None) {
            self.put(|dialect, out| dialect.unbind_resp(&pdu, out));
        }
        self.close_after_output(CloseReason::PeerUnbound);
    }

    pub(super) fn close_after_output(&mut self, reason: CloseReason) {
        if matches!(self.state, State::Closing | State::Closed) {
            return;
        }
        self.ending = reason;
        self.deciding = false;
        self.frame_since = None;
        self.state = State::Closing;
        self.deadline = Some(self.clock.now() + self.options.unbind_timeout);
    }

    pub(super) fn close(&mut self, reason: CloseReason) {
        if self.state == State::Closed {
            return;
        }
        self.state = State::Closed;
        self.deadline = None;
        self.deciding = false;
        self.unanswered = 0;
        self.input.clear();
        self.output.clear();
        self.output_since = None;
        while let Some((_, token)) = self.window.pop_oldest() {
            self.events.push_back(Event::Lost { token });
        }
        self.events.push_back(Event::Closed { reason });
    }

    /// Moves on from a state whose condition is met.
    pub(super) fn advance(&mut self) {
        if self.state == State::Draining && self.window.is_empty() {
            self.send_unbind();
        }
        if self.state == State::Unbinding && self.unanswered == 0 && matches!(self.unbind, Unbind::Sent { answered: true, .. }) {
            self.close_after_output(self.ending.clone());
        }
        if self.state == State::PeerUnbinding && self.unanswered == 0 {
            self.answer_unbind();
        }
        if self.state == State::Closing && self.output.is_empty() {
            self.close(self.ending.clone());
        }
    }
}
