//! Everything that happens because time passes.

use std::time::Instant;

use super::window::Expired;
use super::{Engine, KeepAlive};
use crate::dialect::Dialect;
use crate::event::{CloseReason, Event, State};

impl<D: Dialect> Engine<D> {
    /// When [`handle_timeout`](Self::handle_timeout) is to be called next, if nothing else happens before.
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.state == State::Closed {
            return None;
        }
        let real = [self.deadline, self.stall_due()];
        let active = [self.window_due(), self.keep_alive_due(), self.frame_due(), self.inactivity_due()];
        let active = active.into_iter().flatten().min().filter(|_| !self.is_held()).map(|due| self.clock.real(due));
        real.into_iter().flatten().chain(active).min()
    }

    /// Does what is due at `now`. Calling it early is harmless.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.tick(now);
        if self.state == State::Closed {
            return;
        }
        let now = self.clock.now();
        if self.stall_due().is_some_and(|due| due <= now) {
            return self.close(CloseReason::WriteStalled);
        }
        if self.deadline.is_some_and(|due| due <= now) {
            self.leave_state();
        }
        if self.is_held() {
            return;
        }
        let active = self.clock.active();
        if self.frame_due().is_some_and(|due| due <= active) {
            return self.close(CloseReason::FrameTimeout);
        }
        let may_again = self.options.sends > 1 && matches!(self.state, State::Bound | State::Draining);
        let again = may_again.then(|| active + self.options.response_timeout);
        while let Some(expired) = self.window.expire(active, again) {
            match expired {
                Expired::Again { frame } => {
                    self.counters.resent += 1;
                    self.last_activity = active;
                    self.put(|_, out| out.extend_from_slice(&frame));
                    if self.is_held() {
                        // The others' time stands still with the output.
                        return;
                    }
                }
                Expired::ForGood { seq, token } => {
                    self.counters.timed_out += 1;
                    self.events.push_back(Event::TimedOut { seq, token });
                }
            }
        }
        if self.keep_alive_due().is_some_and(|due| due <= active) {
            self.check_keep_alive(active);
        }
        if self.inactivity_due().is_some_and(|due| due <= active) {
            self.ending = CloseReason::Inactive;
            self.enter_draining(self.options.unbind_grace);
        }
        self.advance();
    }

    /// The present state has lasted as long as it may.
    fn leave_state(&mut self) {
        match self.state {
            State::Open | State::LoggingIn => self.close(CloseReason::LoginTimeout),
            State::Draining => self.send_unbind(),
            State::Unbinding => self.close_after_output(CloseReason::UnbindTimeout),
            State::PeerUnbinding => self.answer_unbind(),
            State::Closing => self.close(self.ending.clone()),
            State::Bound | State::Closed => self.deadline = None,
        }
    }

    fn check_keep_alive(&mut self, active: Instant) {
        let deadline = active + self.options.response_timeout;
        if let Some(sent) = &mut self.keep_alive {
            let seq = sent.seq;
            match sent.left.checked_sub(1) {
                Some(left) => {
                    (sent.left, sent.deadline) = (left, deadline);
                    self.counters.resent += 1;
                    self.put(|dialect, out| dialect.keep_alive(seq, out));
                }
                None => self.close(CloseReason::KeepAliveTimeout),
            }
            return;
        }
        let Some(seq) = self.allot_seq() else {
            // The protocol's whole range is in flight: that traffic has timeouts of its own, look again later.
            self.last_received = active;
            return;
        };
        self.keep_alive = Some(KeepAlive { deadline, left: self.options.sends.saturating_sub(1), seq });
        self.counters.keep_alives_sent += 1;
        self.put(|dialect, out| dialect.keep_alive(seq, out));
    }

    /// When the peer will have taken nothing for too long, in real time.
    fn stall_due(&self) -> Option<Instant> {
        self.output_since.map(|since| since + self.options.write_stall_timeout)
    }

    // In active time:

    fn window_due(&self) -> Option<Instant> {
        self.window.next_deadline()
    }

    /// When to send a keep-alive or, with one unanswered, to give up. Anything received counts as an answer: a peer
    /// that is busy answering requests is alive.
    fn keep_alive_due(&self) -> Option<Instant> {
        if self.state != State::Bound {
            return None;
        }
        match &self.keep_alive {
            Some(sent) => Some(sent.deadline),
            None => self.options.keep_alive_interval.filter(|i| !i.is_zero()).map(|interval| self.last_received + interval),
        }
    }

    fn frame_due(&self) -> Option<Instant> {
        self.frame_since.map(|since| since + self.options.frame_timeout)
    }

    fn inactivity_due(&self) -> Option<Instant> {
        let timeout = self.options.inactivity_timeout.filter(|_| self.state == State::Bound)?;
        Some(self.last_activity + timeout)
    }
}
