//! A clock that stands still while this side does not read.
//!
//! While the owner holds too many unanswered requests, or the peer takes no output, the engine reads nothing: an answer
//! may well be there, unread. Counting that time against the peer would turn slowness on this side into "timed out",
//! which is a message in doubt and perhaps sent twice. So the timers that wait for the peer run on this clock.

use std::time::{Duration, Instant};

#[derive(Debug)]
pub(super) struct Clock {
    lag: Duration,
    now: Instant,
    stopped: bool,
}

impl Clock {
    pub(super) fn new(now: Instant) -> Self {
        Self { lag: Duration::ZERO, now, stopped: false }
    }

    /// Moves to `now` (never back); `stopped` says whether the time from here on counts.
    pub(super) fn tick(&mut self, now: Instant, stopped: bool) {
        let now = now.max(self.now);
        if self.stopped {
            self.lag += now - self.now;
        }
        self.now = now;
        self.stopped = stopped;
    }

    /// Says, between two ticks, whether the time from the last one on counts.
    pub(super) fn set_stopped(&mut self, stopped: bool) {
        self.stopped = stopped;
    }

    /// The latest time told.
    pub(super) fn now(&self) -> Instant {
        self.now
    }

    /// The time on the clock that stands still.
    pub(super) fn active(&self) -> Instant {
        self.now.checked_sub(self.lag).unwrap_or(self.now)
    }

    /// When a deadline of that clock comes, if it does not stop before.
    pub(super) fn real(&self, active: Instant) -> Instant {
        active + self.lag
    }
}
