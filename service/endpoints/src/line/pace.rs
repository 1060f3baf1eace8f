//! How fast a line may send: its rate, and the pauses that the other side asks for.

use std::time::{Duration, Instant};

use parking_lot::Mutex;
use waxwing_session::TokenBucket;

/// Shared by all sessions of a line.
pub(super) struct Pace(Mutex<State>);

struct State {
    bucket: Option<TokenBucket>,
    paused_until: Option<Instant>,
}

impl Pace {
    pub(super) fn new(rate: Option<f64>) -> Pace {
        let bucket = rate.map(|rate| TokenBucket::new(rate, (rate / 10.0).ceil().max(1.0) as u32, Instant::now()));
        Pace(Mutex::new(State { bucket, paused_until: None }))
    }

    /// How many requests may leave now, at most `wanted`; they are taken from the rate.
    pub(super) fn allowance(&self, wanted: usize) -> usize {
        let now = Instant::now();
        let mut state = self.0.lock();
        if state.paused_until.is_some_and(|t| t > now) {
            return 0;
        }
        match &mut state.bucket {
            None => wanted,
            Some(b) => {
                let n = b.available(now).min(u32::try_from(wanted).unwrap_or(u32::MAX));
                if n > 0 && b.take(n, now) { n as usize } else { 0 }
            }
        }
    }

    /// How many of `wanted` messages are worth claiming: those that may leave now. What is claimed earlier stands before a message of
    /// higher priority, or of another account, that comes while it waits for the rate.
    pub(super) fn due(&self, wanted: usize) -> usize {
        match &mut self.0.lock().bucket {
            None => wanted,
            Some(b) => wanted.min(b.available(Instant::now()).max(1) as usize),
        }
    }

    /// Gives back what was not used.
    pub(super) fn give_back(&self, n: usize) {
        if n > 0
            && let Some(b) = &mut self.0.lock().bucket
        {
            b.give_back(u32::try_from(n).unwrap_or(u32::MAX));
        }
    }

    /// When something may leave again, if it may not now.
    pub(super) fn resumes_at(&self) -> Option<Instant> {
        let now = Instant::now();
        let mut state = self.0.lock();
        let pause = state.paused_until.filter(|t| *t > now);
        let rate = state.bucket.as_mut().and_then(|b| (b.available(now) == 0).then(|| b.next_at(now)));
        pause.max(rate)
    }

    /// Nothing leaves for so long.
    pub(super) fn pause(&self, time: Duration) {
        self.0.lock().paused_until = Some(Instant::now() + time);
    }
}
